//! The office's Mastodon account.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use loa::article::Article;
use loa::channel::{Channel, Class, Item, Progress, Repeat, Seen, SendError};
use loa::delivery::{Receipt, State};
use serde_json::json;

use super::bench::{self, Album, create, job, update, withdraw};
use crate::matrix::{Case, every_step_every_fault};
use crate::sample::article;
use crate::support::far::mastodon::Mastodon;
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::http_fault::Fault;
use crate::support::world::{Inside, World};

const TOKEN: &str = "ma-mastodon-rat-bi-mat";

fn settings(server: &str, token: &std::path::Path) -> String {
    let token = toml::Value::String(token.display().to_string());
    format!("server = \"{server}\"\naccess_token = {{ file = {token} }}\n")
}

fn account(world: &World) -> HostileApi<Mastodon> {
    let far = HostileApi::start(Mastodon::new(TOKEN));
    world.write("token", TOKEN);
    world.channel("mastodon", "mastodon", &settings(&far.url(), &world.path("token")), "");
    far
}

pub(super) const CASE: Case = Case { channel: "mastodon", decidable: true, start: |world| Box::new(account(world)) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_resolved_by_reading_the_own_statuses() {
    every_step_every_fault(&CASE).await;
}

struct Bench {
    far: HostileApi<Mastodon>,
    channel: Arc<dyn Channel>,
    _folder: tempfile::TempDir,
}

fn on_bench(more: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    let far = HostileApi::start(Mastodon::new(TOKEN));
    let settings = settings(&far.url(), &folder.path().join("token")) + more;
    let channel = bench::open(folder.path(), "mastodon", &settings).unwrap_or_else(|error| panic!("{error}"));
    Bench { far, channel, _folder: folder }
}

impl Bench {
    async fn advance(&self, item: Item) -> Result<Progress, SendError> {
        self.channel.advance(&job(&*self.channel, item)).await
    }

    async fn look(&self, item: Item) -> Result<Seen, SendError> {
        self.channel.look_up(&job(&*self.channel, item)).await
    }

    async fn live(&self, item: Item) -> Receipt {
        match self.advance(item).await {
            Ok(Progress::Live(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }
}

fn changed() -> Article {
    Article { title: "Tiêu đề mới".to_owned(), ..article("1") }
}

#[tokio::test]
async fn a_status_is_posted_edited_and_deleted() {
    let bench = on_bench("visibility = \"unlisted\"");
    assert_eq!(bench.channel.repeat(), Repeat::AfterLookup);
    let receipt = bench.live(create(article("1"))).await;
    assert_eq!(receipt.url, Some(format!("https://mastodon.example.vn/@anbinh/{}", receipt.remote_id)));
    let status = bench.far.look(|far| far.statuses[0].clone());
    assert_eq!((status.language.as_str(), status.visibility.as_str()), ("vi", "unlisted"));
    for words in [article("1").title.as_str(), "7 giờ 30", "Nguồn: UBND xã An Bình", bench::LINK, "#CảiCáchHànhChính"]
    {
        assert!(status.text.contains(words), "{}", status.text);
    }
    let sent = bench.far.requests().remove(0);
    assert_eq!(sent.header("idempotency-key"), Some(job(&*bench.channel, create(article("1"))).key.as_str()));
    let later = bench.live(update(changed(), &receipt)).await;
    assert_eq!((&later.remote_id, &later.url), (&receipt.remote_id, &receipt.url));
    assert_ne!(later.seen, receipt.seen);
    let status = bench.far.look(|far| far.statuses[0].clone());
    assert!(status.text.starts_with("[ĐÍNH CHÍNH] Tiêu đề mới"), "{}", status.text);
    assert_eq!((status.edits, status.visibility.as_str()), (1, "unlisted"));
    assert_eq!(bench.advance(withdraw(article("1"), &later)).await, Ok(Progress::Gone));
    assert!(bench.far.public().is_empty());
    // A person was quicker.
    assert_eq!(bench.advance(withdraw(article("1"), &later)).await, Ok(Progress::Gone));
}

#[tokio::test]
async fn a_repeat_within_the_hour_is_the_same_status_and_later_the_account_is_read() {
    let bench = on_bench("");
    let first = bench.live(create(article("1"))).await;
    assert_eq!(bench.live(create(article("1"))).await.remote_id, first.remote_id);
    assert_eq!(bench.far.public().len(), 1);
    // The key is forgotten: only looking helps, and it finds the status among others, on the second page too.
    bench.far.change(|far| {
        far.now += TimeDelta::minutes(61);
        for number in 0..45 {
            far.add(&format!("Bài viết tay số {number}"));
        }
    });
    let Ok(Seen::Present(found)) = bench.look(create(article("1"))).await else { panic!() };
    assert_eq!(found, first);
    assert_eq!(
        bench.live(create(article("1"))).await.remote_id,
        (110_000 + 47).to_string(),
        "a blind repeat would double it"
    );
}

#[tokio::test]
async fn absent_is_said_only_when_the_account_was_read_far_enough() {
    let bench = on_bench("");
    assert_eq!(bench.look(create(article("1"))).await, Ok(Seen::NotYet));
    bench.far.change(|far| far.late = 1);
    bench.live(create(article("1"))).await;
    assert_eq!(bench.look(create(article("1"))).await, Ok(Seen::NotYet), "shown late");
    assert!(matches!(bench.look(create(article("1"))).await, Ok(Seen::Present(_))));
    // Older statuses than the article cannot be ours: what is before them is not read.
    let old = on_bench("");
    old.far.change(|far| {
        far.now -= TimeDelta::hours(5);
        for number in 0..100 {
            far.add(&format!("Bài cũ {number}"));
        }
    });
    assert_eq!(old.look(create(article("1"))).await, Ok(Seen::NotYet));
    assert_eq!(old.far.requests().len(), 2, "the account, and one page");
    // Too many to read.
    let busy = on_bench("");
    busy.far.change(|far| (0..250).for_each(|number| drop(far.add(&format!("Bài mới {number}")))));
    assert!(matches!(busy.look(create(article("1"))).await, Ok(Seen::Unknown(_))));
    // An edit or a deletion is simply done again.
    let receipt = old.live(create(article("1"))).await;
    assert_eq!(old.look(update(article("1"), &receipt)).await, Ok(Seen::Absent));
    assert_eq!(old.look(withdraw(article("1"), &receipt)).await, Ok(Seen::Absent));
}

#[tokio::test]
async fn what_a_person_has_edited_is_not_overwritten_unasked() {
    let bench = on_bench("");
    let receipt = bench.live(create(article("1"))).await;
    bench.far.change(|far| far.statuses[0].text = "Chị Lan viết lại & thêm <điều này>".to_owned());
    let error = bench.advance(update(changed(), &receipt)).await.unwrap_err();
    let Class::Edited { seen } = error.class.clone() else { panic!("{error}") };
    assert!(error.note.vi.contains("Chị Lan viết lại & thêm"), "{error}");
    let allowed = Receipt { seen: Some(seen), ..receipt.clone() };
    let later = bench.live(update(changed(), &allowed)).await;
    // An edit whose answer was lost is not taken for somebody's.
    bench.live(update(changed(), &allowed)).await;
    // A deleted one is not posted again.
    bench.far.change(|far| far.statuses.clear());
    assert_eq!(bench.advance(update(changed(), &later)).await.unwrap_err().class_name(), "permanent");
    assert!(bench.far.public().is_empty());
}

#[tokio::test]
async fn pictures_go_along_with_their_alternative_text_and_stay_through_an_edit() {
    let bench = on_bench("");
    let mut album = Album::default();
    let images: Vec<_> = (1..=5).map(|number| album.picture(number, &format!("Ảnh {number}"))).collect();
    let album: Arc<Album> = Arc::new(album);
    let made = Article { images: images.clone(), ..article("1") };
    let send = async |item: Item| {
        let job = bench::with_pictures(&*bench.channel, item, Arc::clone(&album) as _);
        bench.channel.advance(&job).await
    };
    let Ok(Progress::Live(receipt)) = send(create(made.clone())).await else { panic!() };
    let media = bench.far.look(|far| far.media.clone());
    let words: Vec<&str> = media.iter().map(|(_, words, _)| words.as_str()).collect();
    assert_eq!(words, ["Ảnh 1", "Ảnh 2", "Ảnh 3", "Ảnh 4"], "four at most");
    assert_eq!(media[0].2, album.bytes_of(&images[0]));
    let Ok(Progress::Live(receipt)) = send(update(made.clone(), &receipt)).await else { panic!() };
    assert_eq!(bench.far.look(|far| (far.media.len(), far.statuses[0].media.len())), (4, 4));
    let fewer = Article { images: images[..1].to_vec(), ..made.clone() };
    let Ok(Progress::Live(_)) = send(update(fewer, &receipt)).await else { panic!() };
    assert_eq!(bench.far.look(|far| (far.media.len(), far.statuses[0].media.len())), (5, 1));
    // Still being worked on: nothing is posted without it.
    bench.far.change(|far| far.working = 1);
    let other = create(Article { images, ..article("2") });
    assert_eq!(send(other.clone()).await.unwrap_err().class_name(), "transient");
    assert!(matches!(send(other).await, Ok(Progress::Live(_))));
    // A lost answer to an upload is no lost status.
    bench.far.script(vec![Fault::PostThen500]);
    assert_eq!(
        send(create(Article { images: made.images, ..article("3") })).await.unwrap_err().class_name(),
        "transient"
    );
}

#[tokio::test]
async fn every_answer_has_its_class() {
    let table = [
        (400, "permanent", "permanent"),
        (401, "needs_attention", "needs_attention"),
        (403, "needs_attention", "needs_attention"),
        (404, "needs_attention", "permanent"),
        (405, "needs_attention", "needs_attention"),
        (422, "permanent", "permanent"),
        (429, "throttled", "throttled"),
        (500, "ambiguous", "transient"),
        (503, "ambiguous", "transient"),
        (302, "needs_attention", "needs_attention"),
    ];
    let bench = on_bench("");
    let receipt = bench.live(create(article("1"))).await;
    for (status, created, edited) in table {
        bench.far.change(|far| far.refuse = Some(Reply::json(status, &json!({ "error": "lý do của họ" }))));
        for (item, expected) in [(create(article("2")), created), (update(changed(), &receipt), edited)] {
            let error = bench.advance(item).await.unwrap_err();
            assert_eq!(error.class_name(), expected, "{status}: {error}");
        }
        match bench.advance(withdraw(article("1"), &receipt)).await {
            Ok(done) => assert_eq!((status, done), (404, Progress::Gone)),
            Err(error) => assert_eq!(error.class_name(), edited, "{status}: {error}"),
        }
    }
    bench.far.change(|far| far.refuse = Some(Reply::html(404, "<html>nginx</html>")));
    assert_eq!(bench.advance(withdraw(article("1"), &receipt)).await.unwrap_err().class_name(), "needs_attention");
    bench.far.change(|far| far.refuse = Some(Reply::html(200, "<html>Hãy đăng nhập mạng</html>")));
    assert_eq!(bench.advance(create(article("2"))).await.unwrap_err().class_name(), "ambiguous");
    assert_eq!(bench.far.public().len(), 1);
}

#[tokio::test]
async fn what_the_server_refuses_for_its_length_is_said_in_its_words() {
    let bench = on_bench("text_limit = 600");
    let long = Article { body_text: "Nội dung dài ".repeat(100), ..article("1") };
    let error = bench.advance(create(long.clone())).await.unwrap_err();
    assert_eq!(error.class_name(), "permanent");
    assert!(error.note.vi.contains("character limit of 500"), "{error}");
    assert!(bench.channel.probe().await.unwrap().note.vi.contains("text_limit = 500"));
    // The usual limit is kept, links counted as the server counts them.
    let bench = on_bench("");
    let linked = Item { link: Some(format!("https://anbinh.example.vn/{}", "a".repeat(200))), ..create(long) };
    bench.live(linked).await;
    let text = bench.far.public().remove(0);
    assert!(text.chars().count() > 600 && text.contains('…'), "{}", text.chars().count());
}

#[tokio::test]
async fn the_servers_count_of_requests_is_handed_on() {
    let bench = on_bench("");
    assert_eq!(bench.channel.allowance(), None);
    bench.live(create(article("1"))).await;
    assert_eq!(bench.channel.allowance().unwrap().used, 0);
    bench.far.change(|far| far.remaining = 12);
    bench.live(create(article("2"))).await;
    let allowance = bench.channel.allowance().unwrap();
    assert_eq!(allowance.used, 96);
    assert!(allowance.regained_in.is_some_and(|regained| regained.as_secs().abs_diff(300) < 30), "{allowance:?}");
    // A 429 without Retry-After: until the window begins anew.
    bench.far.change(|far| far.refuse = Some(Reply::json(429, &json!({ "error": "Too many requests" }))));
    let error = bench.advance(create(article("3"))).await.unwrap_err();
    let Class::Throttled { retry_after: Some(after) } = error.class else { panic!("{error}") };
    assert!(after > Duration::from_secs(270) && after < Duration::from_secs(330), "{after:?}");
}

#[tokio::test]
async fn the_probe_names_the_account_and_never_the_token() {
    let bench = on_bench("");
    let health = bench.channel.probe().await.unwrap();
    assert!(health.proven && health.note.vi.contains("@anbinh"), "{health:?}");
    bench.far.change(|far| far.token = "khác".to_owned());
    let error = bench.channel.probe().await.unwrap_err();
    assert!(error.class_name() == "needs_attention" && !error.note.vi.contains(TOKEN), "{error}");
    let payload = String::from_utf8(job(&*bench.channel, create(article("1"))).payload.bytes.into()).unwrap();
    assert!(!payload.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_pauses_without_spending_tries_and_a_new_one_lets_all_go_in_order() {
    let world = World::bare();
    let far = account(&world);
    far.change(|far| far.token = "moi".to_owned());
    let inside = Inside::start(&world).await;
    for id in ["mot", "hai", "ba"] {
        inside.publish(&world.article(id, &format!("Bài {id}"), "Nội dung.")).await;
    }
    let rows = inside.drain().await;
    assert_eq!(inside.app.ledger().pauses().await.unwrap().len(), 1);
    assert!(rows.iter().all(|row| row.delivery.tries == 0), "{rows:#?}");
    inside.stop().await;
    world.write("token", "moi");
    let inside = Inside::start(&world).await;
    while !inside.app.ledger().pauses().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let titles: Vec<String> = far.public().iter().map(|text| text.lines().next().unwrap().to_owned()).collect();
    assert_eq!(titles, ["Bài mot", "Bài hai", "Bài ba"]);
    inside.stop().await;
    let store = std::fs::read(world.path("loa.db")).unwrap();
    assert!(!store.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes()));
}

#[test]
fn settings_are_checked_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let token = "access_token = { env = \"X\" }";
    for (settings, line, words) in [
        (format!("server = \"mastodon\"\n{token}"), 5, "https://mastodon.example.vn"),
        (format!("server = \"https://a.vn\"\n{token}\ntext_limit = 20"), 7, "200"),
        ("server = \"https://a.vn\"\naccess_token = \"abc\"".to_owned(), 6, "đừng ghi thẳng bí mật"),
        (format!("server = \"https://a.vn\"\n{token}\nvisibility = \"all\""), 7, "unlisted"),
        (format!("server = \"https://a.vn\"\n{token}"), 6, "biến môi trường X"),
    ] {
        let error = bench::open(folder.path(), "mastodon", &settings).err().unwrap();
        assert!(error.text.vi.contains(words), "{settings}: {error}");
        assert_eq!(error.line, Some(line), "{settings}: {error}");
    }
}
