//! Pictures at the door: fetched once, judged by their bytes, from public addresses unless the office says otherwise.

use loa::article::ArticleKey;
use loa::intake::{Draft, DraftContext, IntakeError, Order, Picture};
use loa::queue::Accepted;

use crate::support::hostile_api::{Api, HostileApi, Reply, Request};
use crate::support::world::{Inside, World};

/// A server of files.
#[derive(Debug)]
struct Album;

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 90]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .expect("a picture");
    bytes.into_inner()
}

impl Api for Album {
    fn answer(&mut self, request: &Request) -> Reply {
        match request.path() {
            "/anh.png" => Reply { status: 200, headers: Vec::new(), body: png(40, 30) },
            "/trang.png" => Reply::html(200, "<html>Đăng nhập</html>"),
            "/nua.png" => Reply { status: 200, headers: Vec::new(), body: png(400, 300)[..600].to_vec() },
            "/to.png" => Reply { status: 200, headers: Vec::new(), body: vec![0; 3 << 20] },
            "/chuyen" => Reply::empty(302).header("Location", "/anh.png"),
            "/ra-ngoai" => Reply::empty(302).header("Location", "http://10.0.0.1/anh.png"),
            _ => Reply::empty(404),
        }
    }

    fn public(&self) -> Vec<String> {
        Vec::new()
    }
}

fn office(allow: &str) -> World {
    let world = World::bare();
    world.channel("portal", "site", "folder = \"site\"", "");
    let config = std::fs::read_to_string(world.path("config.toml")).expect("the configuration");
    world.write("config.toml", &format!("{config}[intake.pictures]\nmax_size = \"2MB\"\nallow = [{allow}]\n"));
    world
}

async fn publish(inside: &Inside, url: &str) -> Result<Accepted, IntakeError> {
    let draft = Draft {
        title: Some("Bài có ảnh".to_owned()),
        body_text: Some("Nội dung.".to_owned()),
        images: vec![Picture { url: url.to_owned(), alt: "Hội trường".to_owned(), caption: None, kept: None }],
        ..Draft::default()
    };
    let zone = inside.app.config().office.timezone;
    let cx = DraftContext { source: "cli", external_id: Some("bai"), zone };
    inside.app.intake().accept(draft, &cx, Order::Publish, "test", None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_fetched_once_and_kept_with_the_article() {
    let album = HostileApi::start(Album);
    let world = office("\"127.0.0.1\"");
    let inside = Inside::start(&world).await;
    for path in ["/anh.png", "/chuyen"] {
        let accepted = publish(&inside, &format!("{}{path}", album.url())).await.expect("an article with a picture");
        assert_eq!(accepted.missing_pictures, 0, "{path}");
    }
    inside.drain().await;
    assert_eq!(album.requests().len(), 3, "one visit, and one that was sent on; no channel fetched it again");
    let pictures = || std::fs::read_dir(world.path("site/anh")).into_iter().flatten().flatten().count();
    let page = || {
        let pages = std::fs::read_dir(world.path("site/bai")).expect("pages").flatten();
        pages.map(|page| std::fs::read_to_string(page.path()).expect("a page")).collect::<String>()
    };
    assert_eq!(pictures(), 1, "one file of its own");
    assert!(page().contains("src=\"../anh/") && page().contains("alt=\"Hội trường\""), "{}", page());
    let key = ArticleKey { source: "cli".to_owned(), external_id: "bai".to_owned() };
    let found = inside.app.ledger().find(&key.to_string()).await.expect("the ledger");
    assert_eq!(found.len(), 1);
    let kept = loa::article::sha256_hex(&png(40, 30));
    let bytes = inside.app.queue().pictures().bytes(&kept).await.expect("the store").expect("the picture is kept");
    assert_eq!(bytes, png(40, 30));
    inside.withdraw(&key).await;
    inside.drain().await;
    assert_eq!(pictures(), 0, "the picture is withdrawn with its page");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_picture_or_too_large_or_private_is_refused_with_the_reason() {
    let album = HostileApi::start(Album);
    let world = office("\"127.0.0.1\"");
    let inside = Inside::start(&world).await;
    let cases = [
        (format!("{}/trang.png", album.url()), "không phải ảnh"),
        (format!("{}/nua.png", album.url()), "bị hỏng"),
        (format!("{}/to.png", album.url()), "lớn hơn 2 MB"),
        ("http://10.0.0.1/anh.png".to_owned(), "địa chỉ nội bộ"),
        ("http://[::1]:9/anh.png".to_owned(), "địa chỉ nội bộ"),
        ("http://localhost:9/anh.png".to_owned(), "địa chỉ nội bộ"),
        (format!("{}/ra-ngoai", album.url()), "địa chỉ nội bộ"),
    ];
    for (url, reason) in cases {
        let refused = publish(&inside, &url).await.expect_err(&url);
        let IntakeError::Invalid(text) = refused else { panic!("{url}: {refused:?}") };
        assert!(text.vi.contains(reason) && !text.en.is_empty(), "{url}: {text:?}");
    }
    assert!(inside.rows().await.is_empty(), "nothing was taken");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_that_cannot_be_had_now_does_not_stop_the_article() {
    let album = HostileApi::start(Album);
    let world = office("\"127.0.0.1\"");
    let inside = Inside::start(&world).await;
    let accepted = publish(&inside, &format!("{}/mat.png", album.url())).await.expect("the article goes on");
    assert_eq!((accepted.deliveries, accepted.missing_pictures), (1, 1));
    album.go_offline();
    let again = publish(&inside, &format!("{}/anh.png", album.url())).await.expect("the article goes on");
    assert_eq!(again.missing_pictures, 1);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_in_the_body_is_fetched_and_judged_like_any_other() {
    let album = HostileApi::start(Album);
    let world = office("\"127.0.0.1\"");
    let inside = Inside::start(&world).await;
    let body = |url: &str| format!("Mở đầu.\n\n![Hội trường xã]({url})\n\nKết thúc.");
    inside.publish(&world.article("bai", "Bài có ảnh trong lời", &body(&format!("{}/anh.png", album.url())))).await;
    inside.drain().await;
    let page = std::fs::read_dir(world.path("site/bai")).expect("pages").flatten().next().expect("a page");
    let page = std::fs::read_to_string(page.path()).expect("a page");
    assert!(page.contains("src=\"../anh/") && page.contains("alt=\"Hội trường xã\""), "{page}");
    assert!(!page.contains("127.0.0.1"), "{page}");
    let draft =
        Draft {
            title: Some("Bài".to_owned()), body_markdown: Some(body("http://10.0.0.1/x.png")), ..Draft::default()
        };
    let cx = DraftContext { source: "cli", external_id: Some("khac"), zone: inside.app.config().office.timezone };
    let refused = inside.app.intake().accept(draft, &cx, Order::Publish, "test", None).await.expect_err("refused");
    assert!(refused.text().vi.contains("địa chỉ nội bộ"), "{refused:?}");
    inside.stop().await;
}
