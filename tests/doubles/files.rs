//! The oracle over folders.

use std::fs;

use tempfile::TempDir;

use crate::support::files::Folder;
use crate::support::oracle::Wanted;

const TITLE: &str = "Lịch tiếp công dân & \"định kỳ\" tháng 12";

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a subfolder");
        fs::write(path, bytes).expect("a file");
    }
    folder
}

fn page(heading: &str, body: &str) -> String {
    let heading = heading.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<!doctype html><html><head><title>{heading}</title></head><body><h1 class=\"t\">\n <a>{heading}</a> </h1>{body}</body></html>\n"
    )
}

#[test]
fn titles_are_counted_in_editions() {
    let wrapped = TITLE.replace(" công", "\r\n   công");
    let folder = folder_with(&[
        ("sang.txt", format!("\u{feff}Bản tin\n\n{TITLE}\nNội dung.\n").as_bytes()),
        ("2026/chieu.txt", format!("{wrapped}\n{TITLE}\n").as_bytes()),
        ("ghi-chu.md", TITLE.as_bytes()),
        (".tmp-toi.txt", TITLE.as_bytes()),
    ]);
    let editions = Folder::of_editions(folder.path());
    let standing = editions.standing(TITLE);
    assert_eq!((standing.copies, standing.copied_in.len(), editions.count()), (3, 2, 2));
    assert_eq!(editions.clone().without("chieu").copies_of(TITLE), 1);
    assert_eq!(editions.copies_of("Bài khác"), 0);
    assert_eq!(Folder::of_editions(folder.path().join("không có")).copies_of(TITLE), 0);
}

#[test]
fn pages_are_copies_and_indexes_are_mentions() {
    let index =
        page("Tin mới", &format!("<a href=\"a.html\">{}</a>", TITLE.replace('&', "&#38;").replace("&#38;", "&amp;")));
    let folder = folder_with(&[("tin/a.html", page(TITLE, "").as_bytes()), ("index.html", index.as_bytes())]);
    let standing = Folder::of_pages(folder.path()).standing(TITLE);
    assert_eq!((standing.copies, standing.mentioned_in.len()), (1, 2));
}

#[test]
fn a_verdict_over_a_folder_names_the_files() {
    let folder = folder_with(&[
        ("a.html", page("Một", "").as_bytes()),
        ("b.html", page("Một", "").as_bytes()),
        ("c.html", page("Hai", "").as_bytes()),
        ("d.html", page("Bốn", "").as_bytes()),
    ]);
    let (shown, withdrawn) = (Wanted::Revision(1), Wanted::Withdrawn);
    let expected = [("Một", shown), ("Hai", withdrawn), ("Ba", shown), ("Bốn", shown), ("Năm", withdrawn)];
    let verdict = Folder::of_pages(folder.path()).verdict("trang", expected);
    assert_eq!(
        verdict.to_string(),
        "1 lost, 1 doubled, 1 stale, 0 unexpected\n  lost: Ba on trang: it stands in no file\n  \
         doubled: Một on trang: 2 copies, in a.html, b.html\n  stale: Hai on trang: withdrawn, still in c.html"
    );
}

#[test]
fn what_a_kill_left_is_found() {
    let whole = page("Một", "");
    let cut: String = whole.chars().take(80).collect();
    let folder = folder_with(&[
        ("whole.html", whole.as_bytes()),
        ("cut.html", cut.as_bytes()),
        ("empty.html", b""),
        ("zeros.html", &[0; 16]),
        ("half.html", &"Một</html>".as_bytes()[..2]),
        ("a.html.tmp123", b"x"),
        (".tmpAbC", b"x"),
        ("style.css", b""),
    ]);
    let site = Folder::of_pages(folder.path());
    let found: Vec<_> = site
        .half_written()
        .iter()
        .map(|file| file.to_string().rsplit('/').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        found,
        [
            ".tmpAbC: a temporary file was left",
            "a.html.tmp123: a temporary file was left",
            "cut.html: its end is missing",
            "empty.html: it is empty",
            "half.html: it is not UTF-8",
            "zeros.html: it contains zero bytes",
        ]
    );
    let editions = folder_with(&[("sang.txt", "Xin chào.\nHết.\n".as_bytes())]);
    Folder::of_editions(editions.path()).ending_with("Hết.").assert_whole();
    assert_eq!(Folder::of_editions(editions.path()).ending_with("Kết thúc.").half_written().len(), 1);
}

#[test]
#[should_panic(expected = "a.tmp: a temporary file was left")]
fn a_half_written_file_is_named_in_the_panic() {
    Folder::of_editions(folder_with(&[("a.tmp", b"x")]).path()).assert_whole();
}
