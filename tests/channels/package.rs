//! Packages for people who upload by hand.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use loa::article::{Article, Revision};
use loa::channel::{Channel, Item, Progress, SendError};
use loa::delivery::{Action, Live, Receipt};

use super::bench::{self, Album, create, item, update, withdraw};
use crate::sample::article;

struct Bench {
    folder: tempfile::TempDir,
    channel: Arc<dyn Channel>,
    album: Arc<Album>,
    article: Article,
}

fn on_bench(more: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let channel = bench::open(folder.path(), "package", &format!("folder = \"goi\"\n{more}"))
        .unwrap_or_else(|error| panic!("{error}"));
    let mut album = Album::default();
    let images = vec![album.picture(1, "Trụ sở \"xã\""), album.picture(2, "Bản đồ")];
    Bench { folder, channel, album: Arc::new(album), article: Article { images, ..article("Lịch tiếp dân/CON") } }
}

impl Bench {
    async fn advance(&self, item: Item) -> Result<Progress, SendError> {
        let mut job = bench::with_pictures(&*self.channel, item, Arc::clone(&self.album) as _);
        match self.channel.advance(&job).await {
            Ok(Progress::Staged(remote_id)) => {
                job.items[0].live = Live::Staged { revision: job.items[0].revision, remote_id };
                self.channel.advance(&job).await
            }
            other => other,
        }
    }

    async fn live(&self, item: Item) -> Receipt {
        match self.advance(item).await {
            Ok(Progress::Live(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }

    fn create(&self) -> Item {
        create(self.article.clone())
    }

    /// The next revision, with a body of its own.
    fn update(&self, receipt: &Receipt) -> Item {
        update(
            Article {
                body_text: "Đã sửa.".to_owned(), body_html: "<p>Đã sửa.</p>".to_owned(), ..self.article.clone()
            },
            receipt,
        )
    }

    /// Names below the folder.
    fn names(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, names: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() {
                    walk(&entry.path(), root, names)
                } else {
                    names.push(entry.path().strip_prefix(root).unwrap().display().to_string());
                }
            }
        }
        let (root, mut names) = (self.folder.path().join("goi"), Vec::new());
        walk(&root, &root, &mut names);
        names.sort();
        names
    }

    fn slug(&self) -> String {
        self.create().slug()
    }
}

fn unzipped(path: &str) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(path).unwrap()).unwrap();
    let read = |at: usize, zip: &mut zip::ZipArchive<std::fs::File>| {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        (file.name().unwrap().into_owned(), bytes)
    };
    (0..zip.len()).map(|at| read(at, &mut zip)).collect()
}

#[tokio::test]
async fn a_package_holds_page_text_pictures_and_what_machines_want() {
    let bench = on_bench("");
    let receipt = bench.live(bench.create()).await;
    let parts = unzipped(&receipt.remote_id);
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["anh/1.png", "anh/2.png", "bai.html", "bai.txt", "thong-tin.json"]);
    assert_eq!(parts["anh/1.png"], bench.album.bytes_of(&bench.article.images[0]));
    let text = |name: &str| String::from_utf8(parts[name].clone()).unwrap();
    assert!(text("bai.html").contains("<img src=\"anh/1.png\" alt=\"Trụ sở &quot;xã&quot;\">"), "{}", text("bai.html"));
    for name in ["bai.html", "bai.txt"] {
        for words in [bench.article.title.as_str(), "7 giờ 30", "Nguồn: UBND xã An Bình", bench::LINK, "Bản đồ"]
        {
            assert!(text(name).contains(words), "{name} lacks {words}:\n{}", text(name));
        }
    }
    let about: serde_json::Value = serde_json::from_str(&text("thong-tin.json")).unwrap();
    assert_eq!((&about["revision"], &about["pictures"][1]["alt"]), (&1.into(), &"Bản đồ".into()));
    assert_eq!(about["source"], "UBND xã An Bình");
}

#[tokio::test]
async fn the_same_article_gives_the_same_bytes_anywhere() {
    let (one, two) = (on_bench(""), on_bench(""));
    let read = |receipt: Receipt| std::fs::read(receipt.remote_id).unwrap();
    let bytes = read(one.live(one.create()).await);
    assert_eq!(bytes, read(two.live(two.create()).await));
    // A repeat, after a crash, is the same job: nothing is written twice.
    let path = one.live(one.create()).await.remote_id;
    assert_eq!(std::fs::read(path).unwrap(), bytes);
    assert_eq!(one.names().len(), 1);
}

#[tokio::test]
async fn a_correction_is_a_new_package_and_the_old_one_moves_aside() {
    for form in ["zip", "folder"] {
        let bench = on_bench(&format!("form = \"{form}\""));
        let first = bench.live(bench.create()).await;
        let second = bench.live(bench.update(&first)).await;
        assert!(Path::new(&second.remote_id).exists() && !Path::new(&first.remote_id).exists(), "{form}");
        let old = bench.folder.path().join("goi/cu").join(Path::new(&first.remote_id).file_name().unwrap());
        assert!(old.exists(), "{form}: {:?}", bench.names());
        // Done again, it changes nothing.
        let names = bench.names();
        assert_eq!(bench.live(bench.update(&first)).await, second);
        assert_eq!(bench.names(), names);
        assert_eq!(bench.advance(withdraw(bench.article.clone(), &second)).await, Ok(Progress::Gone));
        assert!(!Path::new(&second.remote_id).exists());
        let note = bench.folder.path().join("goi").join(format!("{}.thu-hoi.txt", bench.slug()));
        let note = std::fs::read_to_string(note).unwrap();
        assert!(note.contains(&bench.article.title) && note.contains("hãy gỡ bài ở đó"), "{note}");
        assert!(!note.contains("Đã sửa"), "{note}");
        // Published again: the note is over.
        bench.live(item(bench.article.clone(), Action::Create(Revision(3)), Live::Nothing)).await;
        assert!(!bench.names().iter().any(|name| name.ends_with("thu-hoi.txt")), "{:?}", bench.names());
    }
}

#[tokio::test]
async fn what_a_person_has_edited_is_neither_overwritten_nor_lost() {
    for form in ["zip", "folder"] {
        let bench = on_bench(&format!("form = \"{form}\""));
        let first = bench.live(bench.create()).await;
        let edit = |path: &str| {
            let file = if form == "zip" { path.to_owned() } else { format!("{path}/bai.txt") };
            std::fs::write(file, "Chị Lan sửa").unwrap();
        };
        edit(&first.remote_id);
        // The same job again does not write over it.
        let error = bench.advance(bench.create()).await.unwrap_err();
        assert_eq!(error.class_name(), "permanent", "{error}");
        // A correction asks, and once it is allowed keeps the edited one.
        let error = bench.advance(bench.update(&first)).await.unwrap_err();
        let loa::channel::Class::Edited { seen } = error.class.clone() else { panic!("{error}") };
        assert!(Path::new(&first.remote_id).exists());
        let allowed = Receipt { seen: Some(seen), ..first.clone() };
        let second = bench.live(bench.update(&allowed)).await;
        let old = bench.folder.path().join("goi/cu").join(Path::new(&first.remote_id).file_name().unwrap());
        let words = std::fs::read_to_string(if form == "zip" { old.clone() } else { old.join("bai.txt") }).unwrap();
        assert_eq!(words, "Chị Lan sửa", "{form}");
        // A withdrawal does not ask, but an edited package is set aside, not deleted.
        edit(&second.remote_id);
        bench.advance(withdraw(bench.article.clone(), &second)).await.unwrap();
        assert!(!Path::new(&second.remote_id).exists());
        assert_eq!(
            bench.names().iter().filter(|name| name.starts_with("cu/")).count(),
            if form == "zip" { 2 } else { 10 }
        );
    }
}

#[tokio::test]
async fn a_package_that_was_taken_away_is_not_missed() {
    let bench = on_bench("");
    let first = bench.live(bench.create()).await;
    std::fs::remove_file(&first.remote_id).unwrap();
    let second = bench.live(bench.update(&first)).await;
    std::fs::remove_file(&second.remote_id).unwrap();
    assert_eq!(bench.advance(withdraw(bench.article.clone(), &second)).await, Ok(Progress::Gone));
}

#[tokio::test]
async fn a_folder_that_has_moved_still_holds_its_packages() {
    let bench = on_bench("");
    let first = bench.live(bench.create()).await;
    let name = Path::new(&first.remote_id).file_name().unwrap().to_str().unwrap().to_owned();
    let moved = Receipt { remote_id: format!("/noi/cu/{name}"), ..first.clone() };
    let second = bench.live(bench.update(&moved)).await;
    assert!(!Path::new(&first.remote_id).exists() && Path::new(&second.remote_id).exists(), "{:?}", bench.names());
}

#[tokio::test]
async fn what_a_kill_left_half_written_is_made_anew_and_what_was_begun_is_taken_back() {
    let bench = on_bench("form = \"folder\"");
    let slug = bench.slug();
    let half = bench.folder.path().join(format!("goi/.{slug}.1.tmp/anh"));
    std::fs::create_dir_all(&half).unwrap();
    std::fs::write(half.join("rac.png"), "half").unwrap();
    let receipt = bench.live(bench.create()).await;
    assert!(!bench.names().iter().any(|name| name.contains("rac.png") || name.contains(".tmp")), "{:?}", bench.names());
    // Written, but the word of it was lost: the withdrawal finds it by what was remembered before.
    let begun = Live::Staged { revision: Revision(1), remote_id: slug.clone() };
    assert_eq!(bench.advance(item(bench.article.clone(), Action::Withdraw, begun.clone())).await, Ok(Progress::Gone));
    assert!(!Path::new(&receipt.remote_id).exists());
    // And a newer revision does not leave a begun older one standing.
    bench.live(bench.create()).await;
    bench.live(item(bench.article.clone(), Action::Create(Revision(2)), begun)).await;
    let standing: Vec<String> =
        bench.names().into_iter().filter(|name| name.ends_with("bai.html") && !name.starts_with("cu/")).collect();
    assert_eq!(standing, [format!("{slug}.2/bai.html")]);
}

#[tokio::test]
async fn names_are_safe_on_windows_whatever_the_article_is_called() {
    for id in ["CON", "aux.txt", "a:b*c?d\"e<f>g|h\\i/j", "  ", "trailing. ", &"dài".repeat(200)] {
        let bench = Bench { article: Article { images: Vec::new(), ..article(id) }, ..on_bench("") };
        let receipt = bench.live(bench.create()).await;
        let name = Path::new(&receipt.remote_id).file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.len() < 100 && name.ends_with(".1.zip"), "{name}");
        let stem = name.trim_end_matches(".1.zip");
        assert!(stem.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
        assert!(!["con", "prn", "aux", "nul", "com1", "lpt1"].contains(&stem), "{name}");
    }
}

#[tokio::test]
async fn old_machines_get_their_byte_order_mark_and_line_ends() {
    let bench = on_bench("windows = true\npictures = false");
    let parts = unzipped(&bench.live(bench.create()).await.remote_id);
    let text = String::from_utf8(parts["bai.txt"].clone()).unwrap();
    assert!(text.starts_with('\u{feff}') && text.contains("\r\n") && !text.replace("\r\n", "").contains('\n'));
    assert!(!parts.keys().any(|name| name.starts_with("anh/")));
    assert!(text.contains("https://cms.example.vn/anh-1.png"), "{text}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_the_channels_trouble() {
    let bench = on_bench("");
    assert!(bench.channel.probe().await.unwrap().proven);
    let bench = on_bench("");
    std::fs::write(bench.folder.path().join("goi"), "a file").unwrap();
    assert_eq!(bench.advance(bench.create()).await.unwrap_err().class_name(), "needs_attention");
    assert!(bench.channel.probe().await.is_err());
}
