//! `loa demo`, as a newcomer runs it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use mail_parser::MessageParser;
use serde_json::Value;

fn demo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
    command.arg("demo").args(arguments).env("LOA_LANG", "en");
    command.output().expect("loa runs")
}

fn files(folder: &Path, ending: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_demo_leaves_the_site_the_signed_posts_the_mails_and_the_radio_scripts() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let folder = folder.path().join("demo");
    let shown = folder.display().to_string();
    let output = demo(&["--once", "--dir", &shown]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(&format!("The results are in {shown}")), "{}", said(&output));

    let pages: Vec<String> = files(&folder.join("site/bai"), "html")
        .into_iter()
        .map(|(_, page)| String::from_utf8(page).expect("UTF-8"))
        .collect();
    assert_eq!(pages.len(), 3);
    let with = |words: &str| pages.iter().filter(|page| page.contains(words)).count();
    assert_eq!(with("Đính chính"), 1, "the corrected page says so");
    assert_eq!(with("thu hồi"), 1, "the withdrawn page is a notice");
    let index = std::fs::read_to_string(folder.join("site/index.html")).expect("an index");
    assert!(!index.contains("cat-nuoc-thon-doai"), "the withdrawn article is not in the index");

    let posts: Vec<Value> = files(&folder.join("webhook"), "json")
        .iter()
        .map(|(_, post)| serde_json::from_slice(post).expect("JSON"))
        .collect();
    let of_type = |name: &str| posts.iter().filter(|post| post["type"] == name).count();
    assert_eq!(
        (of_type("article.published"), of_type("article.corrected"), of_type("article.withdrawn")),
        (3, 1, 1),
        "the receiver keeps only what is signed"
    );
    let corrected = posts.iter().find(|post| post["type"] == "article.corrected").expect("a correction");
    let text = corrected["data"]["text"].as_str().expect("a text");
    assert!(text.starts_with("[ĐÍNH CHÍNH] "), "{text}");

    let mails = files(&folder.join("mail"), "eml");
    assert_eq!(mails.len(), 10, "five letters to each of two people");
    let subjects: Vec<String> = mails
        .iter()
        .map(|(_, mail)| MessageParser::default().parse(mail).expect("a mail").subject().expect("a subject").to_owned())
        .collect();
    let about = |words: &str| subjects.iter().filter(|subject| subject.to_lowercase().contains(words)).count();
    assert_eq!((about("đính chính"), about("thu hồi")), (2, 2), "{subjects:?}");

    let scripts: Vec<String> = files(&folder.join("radio"), "txt")
        .into_iter()
        .map(|(_, text)| String::from_utf8(text).expect("UTF-8"))
        .collect();
    let [morning, afternoon] = scripts.as_slice() else { unreachable!("{} scripts", scripts.len()) };
    assert!(morning.contains("Trong bản tin hôm nay có những nội dung chính sau:"), "{morning}");
    assert!(afternoon.contains("Đính chính: ") && afternoon.contains("Thông báo thu hồi: "), "{afternoon}");
}

#[test]
fn a_second_demo_in_the_same_folder_is_refused_and_the_first_one_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("loa.db"), "một lần chạy thử").expect("a file");
    let shown = folder.path().display().to_string();
    for (language, words) in [
        ("en", "holds an earlier demo; choose an empty one"),
        ("vi", "đã có một lần chạy thử; hãy chọn thư mục trống khác"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
        let output =
            command.args(["demo", "--once", "--dir", &shown]).env("LOA_LANG", language).output().expect("loa runs");
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains(words), "{}", said(&output));
    }
    assert_eq!(files(folder.path(), "db"), [(folder.path().join("loa.db"), "một lần chạy thử".as_bytes().to_vec())]);
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "nothing was written beside it");
}

#[test]
fn a_demo_without_a_folder_keeps_one_and_says_where() {
    let room = tempfile::tempdir().expect("a temporary folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_loa"));
    let output =
        command.args(["demo", "--once"]).env("LOA_LANG", "vi").env("TMPDIR", room.path()).output().expect("loa runs");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let said = said(&output);
    let kept = said.lines().find_map(|line| line.strip_prefix("Xem kết quả trong ")?.strip_suffix(':')).expect("where");
    assert!(Path::new(kept).starts_with(room.path()), "{kept}");
    assert!(Path::new(kept).join("site/index.html").exists(), "{kept} is still there");
}

#[test]
fn a_demo_that_cannot_write_says_so() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("tep");
    std::fs::write(&file, "").expect("a file");
    let output = demo(&["--once", "--dir", &file.join("demo").display().to_string()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("cannot write into"), "{}", said(&output));
}
