//! Articles of a Zalo Official Account, and the tokens that they need.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use loa::article::Article;
use loa::channel::{Channel, Class, Job, Progress, Seen, SendError};
use loa::delivery::{Action, Live, Receipt, State};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::single::{self, CREATE, NOW, UPDATE, corrected, job, later, published, shown, staged, through};
use crate::matrix::{Case, FarSide, every_step_every_fault};
use crate::sample::article;
use crate::support::far::zalo::{APP_SECRET, FIRST_ACCESS, FIRST_REFRESH, OAUTH, Zalo, error};
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::http_fault::Fault;
use crate::support::world::{Inside, World};

const COVER: &str = "default_cover = \"https://anbinh.example.vn/anh-bia.jpg\"\n";

fn settings(base: &Path, url: &str, more: &str) -> String {
    std::fs::write(base.join("zalo-secret"), APP_SECRET).unwrap();
    let secret = base.join("zalo-secret").display().to_string();
    format!(
        "app_id = \"1234567890\"\napp_secret = {{ file = {secret:?} }}\ntoken_file = \"zalo-token.json\"\n\
         api_url = \"{url}/v2.0\"\noauth_url = \"{url}{OAUTH}\"\n{COVER}{more}"
    )
}

/// A pair as loa keeps it, issued `hours` before [`NOW`].
fn pair(hours: i64) -> String {
    let issued = (single::now() - chrono::TimeDelta::hours(hours)).to_rfc3339();
    json!({ "access_token": FIRST_ACCESS, "refresh_token": FIRST_REFRESH, "expires_in": 90_000, "issued_at": issued })
        .to_string()
}

fn in_world(world: &World, far: &HostileApi<Zalo>) {
    world.write("zalo-token.json", &pair(0));
    world.channel("zalo", "zalo", &settings(&world.path(""), &far.url(), ""), "");
}

fn start_with(world: &World, slow: u32) -> Box<dyn FarSide> {
    let far = HostileApi::start(Zalo::new());
    far.change(|zalo| zalo.slow = slow);
    in_world(world, &far);
    Box::new(far)
}

pub(super) const SWIFT: Case = Case { channel: "zalo", decidable: true, start: |world| start_with(world, 0) };
const SLOW: Case = Case { channel: "zalo", decidable: true, start: |world| start_with(world, 3) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_survives_every_fault() {
    every_step_every_fault(&SWIFT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_survives_every_fault_while_articles_are_processed() {
    every_step_every_fault(&SLOW).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stormy_evening_ends_well() {
    super::stormy::every_article_ends_as_it_should(&SLOW, 1..6).await;
}

struct Bench {
    far: HostileApi<Zalo>,
    folder: TempDir,
    channel: Arc<dyn Channel>,
}

fn bench(more: &str) -> Bench {
    let (far, folder) = (HostileApi::start(Zalo::new()), tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("zalo-token.json"), pair(0)).unwrap();
    let channel = single::open(folder.path(), "zalo", &settings(folder.path(), &far.url(), more));
    Bench { far, folder, channel }
}

impl Bench {
    fn lines(&self, from: usize) -> Vec<String> {
        self.far.requests().iter().skip(from).map(|request| request.line()).collect()
    }

    fn again(&self) -> Arc<dyn Channel> {
        single::open(self.folder.path(), "zalo", &settings(self.folder.path(), &self.far.url(), ""))
    }

    fn create(&self) -> Job {
        job(&*self.channel, article("1"), CREATE, Live::Nothing)
    }

    async fn publish(&self) -> Receipt {
        published(&*self.channel, article("1")).await
    }

    async fn correct(&self, receipt: &Receipt) -> Result<Progress, SendError> {
        through(&*self.channel, job(&*self.channel, corrected(article("1")), UPDATE, shown(receipt))).await
    }

    async fn withdraw(&self, live: Live) -> Result<Progress, SendError> {
        through(&*self.channel, job(&*self.channel, article("1"), Action::Withdraw, live)).await
    }

    async fn look_up(&self, action: Action, live: Live) -> Result<Seen, SendError> {
        let article = if action == UPDATE { corrected(article("1")) } else { article("1") };
        self.channel.look_up(&job(&*self.channel, article, action, live)).await
    }

    fn token_file(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.path().join("zalo-token.json")).unwrap()).unwrap()
    }

    fn write_token_file(&self, words: &str) {
        std::fs::write(self.folder.path().join("zalo-token.json"), words).unwrap();
    }
}

#[tokio::test]
async fn an_article_is_handed_in_hidden_and_shown_once_it_has_an_id() {
    let bench = bench("");
    let create = bench.create();
    let Ok(Progress::Staged(token)) = bench.channel.advance(&create).await else { panic!() };
    assert!(token.starts_with("token:"), "{token}");
    let at = |remote_id: &str| job(&*bench.channel, article("1"), CREATE, staged(remote_id));
    let Ok(Progress::Staged(id)) = bench.channel.advance(&at(&token)).await else { panic!() };
    assert!(id.starts_with("id:"), "{id}");
    assert!(bench.far.public().is_empty(), "nobody sees it yet");
    let Ok(Progress::Live(receipt)) = bench.channel.advance(&at(&id)).await else { panic!() };
    assert_eq!(format!("id:{}", receipt.remote_id), id);
    assert_eq!(receipt.url, Some(format!("https://oa.zalo.example/detail?id={}", receipt.remote_id)));
    let record = bench.far.change(|zalo| zalo.only().clone());
    let payload: Value = serde_json::from_slice(&create.payload.bytes).unwrap();
    for field in ["title", "author", "description", "cover", "body", "status", "comment"] {
        assert_eq!(record.data[field], payload[field], "{field}: what was previewed is what is there");
    }
    let body = record.data["body"].to_string();
    assert!(
        body.contains("7 giờ 30") && body.contains("Nguồn: UBND xã An Bình") && body.contains("bai/1.html"),
        "{body}"
    );
    assert_eq!((&record.data["author"], &record.data["comment"]), (&json!("UBND xã An Bình"), &json!("hide")));
}

#[tokio::test]
async fn processing_takes_its_time_and_the_token_is_not_lost() {
    let bench = bench("");
    bench.far.change(|zalo| zalo.slow = 3);
    let Ok(Progress::Staged(token)) = bench.channel.advance(&bench.create()).await else { panic!() };
    let at = job(&*bench.channel, article("1"), CREATE, staged(&token));
    for _ in 0..2 {
        let waiting = bench.channel.advance(&at).await.unwrap_err();
        assert_eq!(waiting.class_name(), "transient");
        assert!(waiting.note.vi.contains("đang xử lý"), "{}", waiting.note.vi);
    }
    let Ok(Progress::Staged(id)) = bench.channel.advance(&at).await else { panic!() };
    // The reveal is processed too: the article itself tells when that is done, and it is not sent twice.
    let at = job(&*bench.channel, article("1"), CREATE, staged(&id));
    assert_eq!(bench.channel.advance(&at).await.unwrap_err().class_name(), "transient");
    while bench.far.public().is_empty() {
        let _ = bench.far.look(|zalo| zalo.slow);
        drop(bench.look_up(CREATE, Live::Nothing).await);
    }
    let before = bench.far.requests().len();
    assert!(matches!(bench.channel.advance(&at).await, Ok(Progress::Live(_))));
    assert!(bench.lines(before).iter().all(|line| line.starts_with("GET")), "{:?}", bench.lines(before));
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_found_by_its_words() {
    let bench = bench("");
    bench.far.change(|zalo| {
        // Older ones of the same title, and enough others for a second page.
        zalo.add(&article("1").title, NOW - 86_400);
        (0..12).for_each(|number| zalo.add(&format!("Bài khác {number}"), NOW + 60));
    });
    assert_eq!(bench.look_up(CREATE, Live::Nothing).await, Ok(Seen::NotYet));
    bench.far.script(vec![Fault::PostThenReset]);
    assert_eq!(bench.channel.advance(&bench.create()).await.unwrap_err().class_name(), "ambiguous");
    let Ok(Seen::Staged(id)) = bench.look_up(CREATE, Live::Nothing).await else { panic!() };
    let at = job(&*bench.channel, article("1"), CREATE, staged(&id));
    let Ok(Progress::Live(receipt)) = through(&*bench.channel, at).await else { panic!() };
    let Ok(Seen::Present(found)) = bench.look_up(CREATE, Live::Nothing).await else { panic!() };
    assert_eq!(found, receipt);
    // Another article of the same title is not taken for it.
    let other = job(&*bench.channel, corrected(article("2")), CREATE, Live::Nothing);
    assert_eq!(bench.channel.look_up(&other).await, Ok(Seen::NotYet));
}

#[tokio::test]
async fn a_token_that_zalo_has_forgotten_is_made_up_for_by_the_list_or_by_another_hidden_article() {
    let bench = bench("");
    let Ok(Progress::Staged(token)) = bench.channel.advance(&bench.create()).await else { panic!() };
    bench.far.change(Zalo::forget_tokens);
    let at = job(&*bench.channel, article("1"), CREATE, staged(&token));
    let id = bench.far.change(|zalo| zalo.only().id.clone());
    assert_eq!(bench.channel.advance(&at).await, Ok(Progress::Staged(format!("id:{id}"))));
    bench.far.change(|zalo| zalo.articles.clear());
    let again = bench.channel.advance(&at).await;
    assert!(matches!(&again, Ok(Progress::Staged(new)) if new.starts_with("token:") && *new != token), "{again:?}");
    // And one whose hidden article a person has removed.
    let at = job(&*bench.channel, article("1"), CREATE, staged("id:art9999"));
    assert!(matches!(through(&*bench.channel, at).await, Ok(Progress::Live(_))));
    assert_eq!(bench.far.public().len(), 1);
}

#[tokio::test]
async fn a_correction_replaces_the_same_article_whole() {
    let bench = bench("comments = true");
    let first = bench.publish().await;
    let Ok(Progress::Live(second)) = bench.correct(&first).await else { panic!() };
    assert_eq!((&second.remote_id, &second.url), (&first.remote_id, &first.url));
    let record = bench.far.change(|zalo| zalo.only().clone());
    let body = record.data["body"].to_string();
    assert!(body.contains("Nội dung đã sửa.") && body.contains("Đính chính:"), "{body}");
    assert_eq!((&record.data["status"], &record.data["comment"]), (&json!("show"), &json!("show")));
    assert!(record.data["cover"]["photo_url"].is_string() && record.data["author"].is_string(), "nothing disappeared");
}

#[tokio::test]
async fn an_update_that_is_processed_slowly_is_seen_to_have_landed() {
    let bench = bench("");
    let first = bench.publish().await;
    bench.far.change(|zalo| zalo.slow = 2);
    assert_eq!(bench.correct(&first).await.unwrap_err().class_name(), "transient");
    let before = bench.far.requests().len();
    let Ok(Seen::Present(found)) = bench.look_up(UPDATE, shown(&first)).await else { panic!() };
    let Ok(Progress::Live(second)) = bench.correct(&first).await else { panic!() };
    assert_eq!(second.seen, found.seen);
    assert!(bench.lines(before).iter().all(|line| line.starts_with("GET")), "{:?}", bench.lines(before));
}

#[tokio::test]
async fn an_earlier_correction_of_ours_is_not_taken_for_a_persons() {
    let bench = bench("");
    let first = bench.publish().await;
    // The second revision arrives, its answer does not; the third is wanted meanwhile.
    bench.far.script(vec![Fault::PostThenReset]);
    assert_eq!(bench.correct(&first).await.unwrap_err().class_name(), "transient");
    assert!(bench.far.public()[0].contains("Nội dung đã sửa."));
    let third = Article { title: "Tiêu đề bản ba".to_owned(), ..article("1") };
    let update = || job(&*bench.channel, third.clone(), Action::Update(loa::article::Revision(3)), shown(&first));
    let Ok(Progress::Live(_)) = through(&*bench.channel, update()).await else { panic!() };
    assert!(bench.far.public()[0].contains("Tiêu đề bản ba"));
    // Once a person has touched it, it is not ours any more.
    bench.far.change(|far| {
        far.only().data["description"] = json!("Mô tả do người sửa");
    });
    assert_eq!(bench.correct(&first).await.unwrap_err().class_name(), "edited");
}

#[tokio::test]
async fn what_a_person_edited_is_not_overwritten_unasked() {
    let bench = bench("");
    let mut receipt = bench.publish().await;
    bench.far.change(|zalo| zalo.only().data["title"] = json!("Tiêu đề do người sửa"));
    let held = bench.correct(&receipt).await.unwrap_err();
    let Class::Edited { seen } = held.class else { panic!("{held:?}") };
    assert!(held.note.vi.contains("tiêu đề nay là “Tiêu đề do người sửa”"), "{}", held.note.vi);
    assert!(!held.note.vi.contains("ảnh bìa"), "its address changes at every look: {}", held.note.vi);
    receipt.seen = Some(seen);
    assert!(matches!(bench.correct(&receipt).await, Ok(Progress::Live(_))));
    assert!(bench.far.public()[0].contains("Nội dung đã sửa."));
}

#[tokio::test]
async fn an_article_that_was_removed_comes_back_only_when_a_person_wants_it() {
    let bench = bench("");
    let mut receipt = bench.publish().await;
    bench.far.change(|zalo| zalo.articles.clear());
    let held = bench.correct(&receipt).await.unwrap_err();
    let Class::Edited { seen } = held.class else { panic!("{held:?}") };
    receipt.seen = Some(seen);
    assert!(matches!(bench.correct(&receipt).await, Ok(Progress::Live(_))));
    assert_eq!(bench.far.public().len(), 1);
}

#[tokio::test]
async fn a_withdrawal_removes_or_hides_as_the_office_wants() {
    for (more, left) in [("", 0), ("withdrawal = \"remove\"", 0), ("withdrawal = \"hide\"", 1)] {
        let bench = bench(more);
        let receipt = bench.publish().await;
        assert_eq!(bench.look_up(Action::Withdraw, shown(&receipt)).await, Ok(Seen::Absent));
        assert_eq!(bench.withdraw(shown(&receipt)).await, Ok(Progress::Gone), "{more}");
        assert!(bench.far.public().is_empty());
        assert_eq!(bench.far.look(|zalo| zalo.articles.len()), left, "{more}");
        assert!(matches!(bench.look_up(Action::Withdraw, shown(&receipt)).await, Ok(Seen::Present(_))));
        assert_eq!(bench.withdraw(shown(&receipt)).await, Ok(Progress::Gone), "again, after a lost answer: {more}");
        // A hidden one goes too, and one of which only a person knows.
        let Ok(Progress::Staged(token)) = bench.channel.advance(&bench.create()).await else { panic!() };
        assert_eq!(bench.withdraw(staged(&token)).await, Ok(Progress::Gone), "{more}");
        bench.publish().await;
        let unknown = Receipt { remote_id: String::new(), ..receipt };
        assert_eq!(bench.withdraw(shown(&unknown)).await, Ok(Progress::Gone), "{more}");
        assert!(bench.far.public().is_empty(), "{more}");
        assert_eq!(bench.far.look(|zalo| zalo.broadcasts), 0);
    }
}

#[tokio::test]
async fn a_withdrawal_overtakes_a_reveal_that_is_still_processed() {
    for more in ["withdrawal = \"remove\"", "withdrawal = \"hide\""] {
        let bench = bench(more);
        let Ok(Progress::Staged(token)) = bench.channel.advance(&bench.create()).await else { panic!() };
        let at = |remote_id: &str| job(&*bench.channel, article("1"), CREATE, staged(remote_id));
        let Ok(Progress::Staged(id)) = bench.channel.advance(&at(&token)).await else { panic!() };
        bench.far.change(|zalo| zalo.slow = 4);
        assert_eq!(bench.channel.advance(&at(&id)).await.unwrap_err().class_name(), "transient");
        assert!(bench.far.public().is_empty(), "the reveal has arrived and is not processed yet");
        for _ in 0..8 {
            match bench.withdraw(staged(&id)).await {
                Ok(gone) => assert_eq!(gone, Progress::Gone),
                Err(waiting) => assert_eq!(waiting.class_name(), "transient"),
            }
        }
        assert_eq!(bench.withdraw(staged(&id)).await, Ok(Progress::Gone), "{more}");
        assert!(bench.far.public().is_empty(), "{more}");
    }
}

#[tokio::test]
async fn what_zalo_answers_is_put_into_its_class() {
    let attention = "needs_attention";
    let table: [(i64, &str); 32] = [
        (-32, "throttled"),
        (-100, "transient"),
        (-200, "ambiguous"),
        (-201, "permanent"),
        (-204, attention),
        (-205, attention),
        (-209, attention),
        (-210, "permanent"),
        (-211, "throttled"),
        (-212, attention),
        (-213, "permanent"),
        (-214, "transient"),
        (-217, "permanent"),
        (-218, "permanent"),
        (-219, attention),
        (-221, attention),
        (-223, attention),
        (-224, attention),
        (-227, "permanent"),
        (-230, "permanent"),
        (-232, "permanent"),
        (-233, "permanent"),
        (-234, "throttled"),
        (-235, "permanent"),
        (-240, "permanent"),
        (-242, attention),
        (-244, "permanent"),
        (-248, "permanent"),
        (-320, attention),
        (-321, attention),
        (-9_999, "permanent"),
        (1_000, "permanent"),
    ];
    let bench = bench("");
    for (code, class) in table {
        bench.far.change(|zalo| zalo.refusals = vec![error(code, "lời của Zalo")]);
        let refused = bench.channel.advance(&bench.create()).await.unwrap_err();
        assert_eq!(refused.class_name(), class, "{code}: {refused:?}");
        assert!(
            refused.note.vi.contains(&code.to_string()) && refused.note.vi.contains("lời của Zalo"),
            "{}",
            refused.note.vi
        );
        let rest = match refused.class {
            Class::Throttled { retry_after } => retry_after,
            _ => continue,
        };
        // It is nine in the morning at the office.
        let expected = match code {
            -32 => 60,
            -211 => 15 * 3_600,
            _ => 21 * 3_600,
        };
        assert_eq!(rest, Some(Duration::from_secs(expected)), "{code}");
    }
    for (reply, creating, changing) in [
        (Reply::html(502, "<h1>Bad gateway</h1>"), "ambiguous", "transient"),
        (Reply::html(200, "<h1>Wi-Fi</h1>"), "ambiguous", "transient"),
        (Reply::json(200, &json!({ "error": 0, "message": "Success" })), "ambiguous", "transient"),
        (Reply::empty(503), "ambiguous", "transient"),
        (Reply::empty(429).header("Retry-After", "120"), "throttled", "throttled"),
        (Reply::html(404, "nginx"), attention, attention),
        (Reply::empty(302).header("Location", "https://example.vn/"), attention, attention),
        (Reply::html(413, "nginx"), "permanent", "permanent"),
    ] {
        bench.far.change(|zalo| zalo.refusals = vec![reply.clone()]);
        let refused = bench.channel.advance(&bench.create()).await.unwrap_err();
        assert_eq!(refused.class_name(), creating, "creating: {reply:?}");
        bench.far.change(|zalo| zalo.refusals = vec![reply.clone()]);
        let at = job(&*bench.channel, article("1"), CREATE, staged("id:art0001"));
        assert_eq!(bench.channel.advance(&at).await.unwrap_err().class_name(), changing, "{reply:?}");
    }
    assert_eq!(bench.far.look(|zalo| zalo.articles.len()), 0, "nothing was made");
}

#[tokio::test]
async fn zalos_own_limits_are_kept() {
    let bench = bench("");
    let long = Article {
        title: "chữ ".repeat(200),
        summary: Some("tóm ".repeat(200)),
        byline: Some("tên ".repeat(40)),
        ..article("1")
    };
    published(&*bench.channel, long).await;
    let record = bench.far.change(|zalo| zalo.only().clone());
    let length = |field: &str| record.data[field].as_str().unwrap().chars().count();
    assert!(length("title") <= 150 && length("author") <= 50 && length("description") <= 300);
}

#[tokio::test]
async fn the_cover_is_a_picture_that_zalo_takes_or_the_offices_own() {
    let bench = bench("");
    for (media_type, width, cover) in [
        ("image/jpeg", 1_280, "https://anbinh.example.vn/anh/ho-ba-be.jpg"),
        ("image/jpeg", 1_281, "https://anbinh.example.vn/anh-bia.jpg"),
        ("image/png", 800, "https://anbinh.example.vn/anh-bia.jpg"),
    ] {
        let with = Article { images: vec![single::kept_image(media_type, width)], ..article("1") };
        let job = job(&*bench.channel, with, CREATE, Live::Nothing);
        let payload: Value = serde_json::from_slice(&job.payload.bytes).unwrap();
        assert_eq!(payload["cover"]["photo_url"], cover, "{media_type} {width}");
    }
    // Further pictures stand in the body, with what they show.
    let images = vec![single::kept_image("image/jpeg", 900), single::kept_image("image/jpeg", 901)];
    let job = job(&*bench.channel, Article { images, ..article("1") }, CREATE, Live::Nothing);
    let payload: Value = serde_json::from_slice(&job.payload.bytes).unwrap();
    assert_eq!(payload["body"][1]["caption"], "Hồ & đồi");
}

#[tokio::test]
async fn a_pair_is_renewed_after_twenty_hours_and_is_on_disk_before_it_is_used() {
    let bench = bench("");
    let at = |hours: i64| {
        bench.far.change(|zalo| zalo.clock = NOW + hours * 3_600);
        later(job(&*bench.channel, article(&hours.to_string()), CREATE, Live::Nothing), hours)
    };
    bench.channel.advance(&at(19)).await.unwrap();
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 0);
    bench.channel.advance(&at(20)).await.unwrap();
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
    let file = bench.token_file();
    assert_eq!((&file["access_token"], &file["refresh_token"]), (&json!("access-1"), &json!("refresh-1")));
    assert_eq!(file["issued_at"], "2026-11-24T22:00:00Z");
    let mode = std::fs::metadata(bench.folder.path().join("zalo-token.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    bench.channel.advance(&at(39)).await.unwrap();
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
}

#[tokio::test]
async fn a_pair_as_a_person_saved_it_is_renewed_at_once() {
    let bench = bench("");
    bench.write_token_file(&format!(
        "{{\"access_token\":\"{FIRST_ACCESS}\",\"refresh_token\":\"{FIRST_REFRESH}\",\"expires_in\":\"90000\"}}\n"
    ));
    bench.publish().await;
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
    assert_eq!(bench.token_file()["refresh_token"], "refresh-1");
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once_whatever_way_zalo_says_so() {
    for by_status in [false, true] {
        let bench = bench("");
        bench.far.change(|zalo| {
            zalo.by_status = by_status;
            zalo.access = "thu hồi sớm".to_owned();
        });
        bench.publish().await;
        assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
        // Refused again though it is new: a person is asked, and no further pair is spent.
        bench.far.change(|zalo| zalo.refusals = vec![error(-216, "no"), error(-216, "no")]);
        let refused = bench.channel.advance(&bench.create()).await.unwrap_err();
        assert_eq!(refused.class_name(), "needs_attention", "{refused:?}");
        assert_eq!(bench.far.look(|zalo| zalo.renewals), 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workers_that_renew_at_once_use_one_renewal() {
    let bench = bench("");
    bench.far.change(|zalo| zalo.clock = NOW + 21 * 3_600);
    let second = bench.again();
    let jobs: Vec<Job> = (0..4)
        .map(|number| later(job(&*bench.channel, article(&number.to_string()), CREATE, Live::Nothing), 21))
        .collect();
    let (a, b, c, d) = tokio::join!(
        bench.channel.advance(&jobs[0]),
        second.advance(&jobs[1]),
        bench.channel.advance(&jobs[2]),
        second.advance(&jobs[3]),
    );
    for progress in [a, b, c, d] {
        assert!(matches!(progress, Ok(Progress::Staged(_))), "{progress:?}");
    }
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
}

#[tokio::test]
async fn a_process_that_ends_between_renewal_and_use_has_lost_nothing() {
    let bench = bench("");
    bench.far.change(|zalo| zalo.clock = NOW + 21 * 3_600);
    // The renewal is done, then the call that wanted it never leaves this machine.
    bench.far.script(vec![Fault::Ok200, Fault::ResetBeforeRead]);
    let lost = bench.channel.advance(&later(bench.create(), 21)).await.unwrap_err();
    assert_eq!(lost.class_name(), "ambiguous", "{lost:?}");
    let next = bench.again();
    let done = through(&*next, later(bench.create(), 21)).await;
    assert!(matches!(done, Ok(Progress::Live(_))), "{done:?}");
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
}

#[tokio::test]
async fn a_renewal_that_is_dropped_half_way_is_finished_all_the_same() {
    let bench = bench("");
    bench.far.change(|zalo| zalo.clock = NOW + 21 * 3_600);
    let create = later(bench.create(), 21);
    // Dropped as soon as the request is under way.
    let mut trying = bench.channel.advance(&create);
    while bench.far.requests().is_empty() {
        assert!(futures_util::FutureExt::now_or_never(&mut trying).is_none(), "it came to an end");
        tokio::task::yield_now().await;
    }
    drop(trying);
    while bench.token_file()["access_token"] != "access-1" {
        tokio::task::yield_now().await;
    }
    assert!(matches!(through(&*bench.channel, create).await, Ok(Progress::Live(_))));
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
}

#[tokio::test]
async fn a_renewal_whose_answer_was_lost_is_tried_once_more_and_then_a_person_is_told() {
    // Lost before it was done: the same token works.
    let bench = bench("");
    bench.far.change(|zalo| zalo.clock = NOW + 21 * 3_600);
    let create = || later(bench.create(), 21);
    bench.far.script(vec![Fault::Html502]);
    let lost = bench.channel.advance(&create()).await.unwrap_err();
    assert_eq!(lost.class_name(), "transient", "{lost:?}");
    assert_eq!(bench.token_file()["asked"], 1, "remembered, whatever becomes of this process");
    assert!(matches!(through(&*bench.again(), create()).await, Ok(Progress::Live(_))));
    assert_eq!((bench.far.look(|zalo| zalo.renewals), &bench.token_file()["asked"]), (1, &Value::Null));

    // Lost after it was done: the second try is told so.
    bench.far.change(|zalo| zalo.clock = NOW + 42 * 3_600);
    bench.far.script(vec![Fault::PostThenReset]);
    let create = || later(bench.create(), 42);
    assert_eq!(bench.channel.advance(&create()).await.unwrap_err().class_name(), "transient");
    let told = bench.channel.advance(&create()).await.unwrap_err();
    assert_eq!(told.class_name(), "needs_attention");
    assert!(
        told.note.vi.contains("đã mất trên đường về") && told.note.vi.contains("cấp quyền lại"),
        "{}",
        told.note.vi
    );
    for words in ["refresh-1", "refresh-2", APP_SECRET] {
        assert!(!told.note.vi.contains(words) && !told.note.en.contains(words), "{}", told.note.vi);
    }
}

#[tokio::test]
async fn two_lost_answers_stop_the_tries_and_a_probe_may_still_find_zalo_well_again() {
    let bench = bench("");
    bench.far.change(|zalo| {
        zalo.clock = NOW + 26 * 3_600;
    });
    let create = || later(bench.create(), 26);
    bench.far.script(vec![Fault::Html502, Fault::Html502]);
    assert_eq!(bench.channel.advance(&create()).await.unwrap_err().class_name(), "transient");
    assert_eq!(bench.channel.advance(&create()).await.unwrap_err().class_name(), "needs_attention");
    let before = bench.far.requests().len();
    assert_eq!(bench.channel.advance(&create()).await.unwrap_err().class_name(), "needs_attention");
    assert_eq!(bench.lines(before), Vec::<String>::new(), "not a third time");
    assert!(bench.channel.probe().await.unwrap().proven);
    assert!(matches!(through(&*bench.channel, create()).await, Ok(Progress::Live(_))));
}

#[tokio::test]
async fn a_renewal_that_never_left_does_not_count() {
    let bench = bench("");
    bench.far.go_offline();
    for _ in 0..3 {
        let refused = bench.channel.advance(&later(bench.create(), 21)).await.unwrap_err();
        assert_eq!(refused.class_name(), "transient", "{refused:?}");
        assert_eq!(bench.token_file()["asked"], Value::Null);
    }
    bench.far.come_back();
    assert!(matches!(bench.channel.advance(&later(bench.create(), 21)).await, Ok(Progress::Staged(_))));
}

#[tokio::test]
async fn a_probe_says_when_the_grant_ends() {
    let bench = bench("");
    let health = bench.channel.probe().await.unwrap();
    assert!(health.proven);
    assert_eq!(health.credential_ends, Some(single::now() + chrono::TimeDelta::days(90)));
    assert!(health.note.vi.contains("22/02/2027"), "{}", health.note.vi);
    // A token that has run out is renewed, by the hour that Zalo tells.
    bench.write_token_file(&pair(30));
    bench.far.change(|zalo| zalo.access = "đã khác".to_owned());
    let health = bench.channel.probe().await.unwrap();
    assert_eq!(health.credential_ends, Some(single::now() + chrono::TimeDelta::days(90)));
    assert_eq!(bench.far.look(|zalo| zalo.renewals), 1);
    // Without a file, or with rubbish in it, it says what to do.
    for rubbish in [Some("không phải JSON"), Some("{\"access_token\":\"a\"}"), None] {
        match rubbish {
            Some(words) => bench.write_token_file(words),
            None => std::fs::remove_file(bench.folder.path().join("zalo-token.json")).unwrap(),
        }
        let refused = bench.channel.probe().await.unwrap_err();
        assert_eq!(refused.class_name(), "needs_attention");
        assert!(refused.note.vi.contains("zalo-token.json"), "{}", refused.note.vi);
    }
}

#[tokio::test]
async fn the_calls_of_a_minute_are_counted_as_zalo_says() {
    let bench = bench("");
    assert_eq!(bench.channel.allowance(), None);
    bench.far.change(|zalo| zalo.calls = Some((4_000, 400)));
    bench.publish().await;
    assert_eq!(bench.channel.allowance().unwrap().used, 90);
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let good = settings(folder.path(), "http://127.0.0.1:9", "");
    assert!(single::try_open(folder.path(), "zalo", &good).is_ok(), "the token file is not needed yet");
    for (from, to, says) in [
        ("app_id = \"1234567890\"", "app_id = \"ứng dụng\"", "app_id"),
        ("api_url = \"http", "api_url = \"gopher", "api_url"),
        ("default_cover = \"https", "default_cover = \"file", "default_cover"),
        ("token_file", "tokenfile", "token_file"),
        ("app_secret = {", "app_secret = { env = \"X\", ", "secret"),
    ] {
        let said = single::try_open(folder.path(), "zalo", &good.replace(from, to)).err().unwrap();
        assert!(said.contains(says), "{to}: {said}");
    }
}

#[test]
fn an_article_without_a_cover_is_refused_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let bare = settings(folder.path(), "http://127.0.0.1:9", "").replace(COVER, "");
    let channel = single::open(folder.path(), "zalo", &bare);
    let refused =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&*channel, article("1"), CREATE, Live::Nothing)));
    assert!(refused.is_err());
    let with = Article { images: vec![single::kept_image("image/jpeg", 900)], ..article("1") };
    job(&*channel, with, CREATE, Live::Nothing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_grant_pauses_the_channel_and_a_new_pair_lets_the_queue_go_out_in_order() {
    let world = World::bare();
    let far = HostileApi::start(Zalo::new());
    in_world(&world, &far);
    world.write("zalo-token.json", &pair(100 * 24));
    far.change(|zalo| {
        zalo.refresh = "cấp lại".to_owned();
        zalo.access = "chưa cấp".to_owned();
    });
    let inside = Inside::start(&world).await;
    for id in ["bai-1", "bai-2", "bai-3"] {
        inside.publish(&world.article(id, &format!("Thông báo {id}"), "Nội dung.")).await;
        inside.drain().await;
    }
    let rows = inside.rows().await;
    assert!(
        rows.iter().all(|row| row.delivery.tries == 0 && matches!(row.delivery.state, State::Waiting { .. })),
        "{rows:#?}"
    );
    let pauses = inside.app.ledger().pauses().await.unwrap();
    let [(channel, pause)] = &pauses[..] else { panic!("{pauses:?}") };
    assert_eq!(channel, "zalo");
    assert!(pause.note.vi.contains("Quản trị OA cấp quyền lại"), "{}", pause.note.vi);
    inside.stop().await;
    // The administrator authorises the app again.
    far.change(|zalo| {
        zalo.refresh = "refresh-moi".to_owned();
        zalo.access = "access-moi".to_owned();
    });
    world.write(
        "zalo-token.json",
        r#"{"access_token":"access-moi","refresh_token":"refresh-moi","expires_in":"90000"}"#,
    );
    let inside = Inside::start(&world).await;
    loop {
        let rows = inside.drain().await;
        if rows.iter().all(|row| row.delivery.state == State::Settled) {
            assert_eq!(rows.len(), 3);
            break;
        }
        tokio::task::yield_now().await;
    }
    let titles: Vec<Value> =
        far.look(|zalo| zalo.articles.iter().map(|article| article.data["title"].clone()).collect());
    assert_eq!(titles, ["Thông báo bai-1", "Thông báo bai-2", "Thông báo bai-3"]);
    inside.stop().await;
    let store = std::fs::read(world.path("loa.db")).unwrap();
    for secret in ["access-moi", "refresh-moi", "access-1", "refresh-1", APP_SECRET] {
        assert!(!store.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is in the store");
    }
}
