//! Ghost over its Admin API.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use loa::article::{Article, Image};
use loa::channel::{Channel, Class, Progress, Seen, SendError};
use loa::delivery::{Action, Live, Receipt, State};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::single::{self, CREATE, NOW, UPDATE, corrected, job, published, shown, staged, through};
use crate::matrix::{Case, FarSide, every_step_every_fault};
use crate::sample::article;
use crate::support::far::ghost::{Ghost, KEY, NEW_KEY, error};
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::http_fault::Fault;
use crate::support::world::{Inside, World};

fn settings(key_file: &Path, url: &str, more: &str) -> String {
    format!("url = \"{url}\"\nadmin_api_key = {{ file = {:?} }}\n{more}", key_file.display().to_string())
}

fn in_world(world: &World, far: &HostileApi<Ghost>) {
    world.write("ghost-key", KEY);
    world.channel("ghost", "ghost", &settings(&world.path("ghost-key"), &far.url(), ""), "");
}

fn start(world: &World) -> Box<dyn FarSide> {
    let far = HostileApi::start(Ghost::new());
    in_world(world, &far);
    Box::new(far)
}

pub(super) const CASE: Case = Case { channel: "ghost", decidable: true, start };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_survives_every_fault() {
    every_step_every_fault(&CASE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stormy_evening_ends_well() {
    super::stormy::every_article_ends_as_it_should(&CASE, 1..6).await;
}

struct Bench {
    far: HostileApi<Ghost>,
    folder: TempDir,
    channel: Arc<dyn Channel>,
}

fn bench(more: &str) -> Bench {
    let (far, folder) = (HostileApi::start(Ghost::new()), tempfile::tempdir().unwrap());
    far.change(|ghost| ghost.clock = Some(NOW));
    let key = folder.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let channel = single::open(folder.path(), "ghost", &settings(&key, &far.url(), more));
    Bench { far, folder, channel }
}

impl Bench {
    /// `"PUT /ghost/api/admin/posts/65a…/"` and so on, from request number `from` on.
    fn lines(&self, from: usize) -> Vec<String> {
        self.far.requests().iter().skip(from).map(|request| request.line()).collect()
    }

    async fn publish(&self) -> Receipt {
        published(&*self.channel, article("1")).await
    }

    async fn correct(&self, receipt: &Receipt) -> Result<Progress, SendError> {
        let job = job(&*self.channel, corrected(article("1")), UPDATE, shown(receipt));
        through(&*self.channel, job).await
    }

    async fn withdraw(&self, live: Live) -> Result<Progress, SendError> {
        through(&*self.channel, job(&*self.channel, article("1"), Action::Withdraw, live)).await
    }

    async fn look_up(&self, action: Action, live: Live) -> Result<Seen, SendError> {
        let article = if action == UPDATE { corrected(article("1")) } else { article("1") };
        self.channel.look_up(&job(&*self.channel, article, action, live)).await
    }
}

#[tokio::test]
async fn a_draft_comes_first_and_says_already_what_will_be_public() {
    let bench = bench("");
    let job = job(&*bench.channel, article("1"), CREATE, Live::Nothing);
    let Ok(Progress::Staged(id)) = bench.channel.advance(&job).await else { panic!() };
    assert!(bench.far.public().is_empty(), "nobody sees a draft");
    let draft = bench.far.change(|ghost| ghost.only().clone());
    assert_eq!((draft.id.as_str(), draft.status.as_str()), (id.as_str(), "draft"));
    assert!(
        draft.html.contains("Thời gian: 7 giờ 30.") && draft.html.contains("Nguồn: UBND xã An Bình"),
        "{}",
        draft.html
    );
    assert!(draft.html.trim_start().starts_with("<!--kg-card-begin: html-->"), "kept to the letter: {}", draft.html);
    let payload: Value = serde_json::from_slice(&job.payload.bytes).unwrap();
    assert_eq!(draft.html.trim(), payload["posts"][0]["html"], "what was previewed is what is there");
    assert_eq!(draft.fields["tags"], json!([{ "name": "thông báo" }, { "name": "cải cách hành chính" }]));
    assert_eq!(draft.fields["canonical_url"], "https://anbinh.example.vn/bai/1.html");
    assert_eq!(draft.fields["custom_excerpt"], "Chủ tịch UBND xã tiếp công dân vào sáng thứ năm.");
    let requests = bench.far.requests();
    let post = requests.iter().find(|request| request.head.method == "POST").unwrap();
    assert_eq!((post.path(), post.query("source").as_deref()), ("/ghost/api/admin/posts/", Some("html")));
    for request in &requests {
        assert_eq!(request.header("accept-version"), Some("v5.0"));
        assert!(request.path().ends_with('/'), "{}", request.line());
        assert!(!format!("{request:?}").contains(KEY.split_once(':').unwrap().1), "the secret itself travels");
    }
    let receipt = match through(&*bench.channel, job).await.unwrap() {
        Progress::Live(receipt) => receipt,
        other => panic!("{other:?}"),
    };
    assert_eq!(bench.far.public().len(), 1);
    assert_eq!(receipt.url.as_deref(), Some(format!("https://ghost.example.vn/{}/", draft.slug).as_str()));
}

#[tokio::test]
async fn a_draft_that_is_there_already_is_adopted() {
    let bench = bench("");
    let create = || job(&*bench.channel, article("1"), CREATE, Live::Nothing);
    bench.far.script(vec![Fault::PostThenReset]);
    assert_eq!(bench.channel.advance(&create()).await.unwrap_err().class_name(), "ambiguous");
    let id = bench.far.change(|ghost| ghost.only().id.clone());
    assert_eq!(bench.look_up(CREATE, Live::Nothing).await, Ok(Seen::Staged(id.clone())));
    assert_eq!(bench.channel.advance(&create()).await, Ok(Progress::Staged(id)));
    assert_eq!(bench.publish().await.remote_id, bench.far.change(|ghost| ghost.only().id.clone()));
}

#[tokio::test]
async fn a_withdrawn_draft_is_used_again_when_the_article_comes_back() {
    let bench = bench("");
    let first = bench.publish().await;
    assert_eq!(bench.withdraw(shown(&first)).await, Ok(Progress::Gone));
    assert!(bench.far.public().is_empty());
    let again = bench.publish().await;
    assert_eq!(again.remote_id, first.remote_id);
    assert_eq!(bench.far.public().len(), 1);
}

#[tokio::test]
async fn a_page_with_the_same_slug_makes_ours_a_second_one_that_is_still_found() {
    let bench = bench("");
    let job = job(&*bench.channel, article("1"), CREATE, Live::Nothing);
    let slug = job.items[0].slug();
    bench.far.change(|ghost| ghost.add_page(&slug));
    let Ok(Progress::Staged(id)) = bench.channel.advance(&job).await else { panic!() };
    assert!(bench.far.look(|ghost| ghost.posts.iter().any(|post| post.id == id && post.slug == format!("{slug}-2"))));
    assert_eq!(bench.look_up(CREATE, Live::Nothing).await, Ok(Seen::Staged(id)));
}

#[tokio::test]
async fn nothing_there_is_believed_only_from_ghost_itself() {
    let bench = bench("");
    assert_eq!(bench.look_up(CREATE, Live::Nothing).await, Ok(Seen::NotYet));
    for (reply, class) in [
        (Reply::html(404, "<h1>Not found</h1>"), "needs_attention"),
        (Reply::html(200, "<h1>Đăng nhập Wi-Fi</h1>"), "transient"),
        (Reply::empty(503), "transient"),
        (error(403, "NoPermissionError", None, "Authorization failed"), "needs_attention"),
    ] {
        bench.far.change(|ghost| ghost.refusals = vec![reply.clone()]);
        let seen = bench.look_up(CREATE, Live::Nothing).await;
        assert_eq!(seen.clone().unwrap_err().class_name(), class, "{reply:?}: {seen:?}");
    }
}

#[tokio::test]
async fn what_ghost_answers_is_put_into_its_class() {
    let credential = "needs_attention";
    let table: [(Reply, &str, &str); 20] = [
        (error(400, "BadRequestError", Some("INVALID_JWT"), "Invalid token"), credential, credential),
        (error(400, "BadRequestError", Some("MISSING_ADMIN_API_KID"), "kid"), credential, credential),
        (error(400, "BadRequestError", None, "Bad"), "permanent", "permanent"),
        (error(401, "UnauthorizedError", Some("UNKNOWN_ADMIN_API_KEY"), "Unknown"), credential, credential),
        (error(401, "UnauthorizedError", Some("INVALID_API_KEY_TYPE"), "Type"), credential, credential),
        (error(401, "UnauthorizedError", Some("INVALID_AUTH_HEADER"), "Header"), credential, credential),
        (
            error(401, "UnauthorizedError", Some("INVALID_JWT"), "Invalid token: invalid signature"),
            credential,
            credential,
        ),
        (error(403, "NoPermissionError", None, "Authorization failed"), credential, credential),
        (error(404, "NotFoundError", None, "Resource not found"), "needs_attention", "edited"),
        (Reply::html(404, "nginx"), "needs_attention", "needs_attention"),
        (error(405, "MethodNotAllowedError", None, "No"), "needs_attention", "needs_attention"),
        (error(406, "RequestNotAcceptableError", None, "Version"), "needs_attention", "needs_attention"),
        (error(413, "RequestEntityTooLargeError", None, "Large"), "permanent", "permanent"),
        (error(422, "ValidationError", None, "Validation error"), "permanent", "permanent"),
        (error(429, "TooManyRequestsError", None, "Slow").header("Retry-After", "120"), "throttled", "throttled"),
        (error(503, "MaintenanceError", None, "Back soon").header("Retry-After", "120"), "throttled", "throttled"),
        (Reply::empty(503), "ambiguous", "transient"),
        (error(500, "InternalServerError", None, "Oops"), "ambiguous", "transient"),
        (Reply::html(502, "<h1>Bad gateway</h1>"), "ambiguous", "transient"),
        (Reply::empty(301).header("Location", "https://www.example.vn/"), "needs_attention", "needs_attention"),
    ];
    let bench = bench("");
    let receipt = bench.publish().await;
    let create = job(&*bench.channel, article("2"), CREATE, Live::Nothing);
    for (reply, creating, changing) in table {
        let absent = error(404, "NotFoundError", None, "Post not found.");
        bench.far.change(|ghost| ghost.refusals = vec![absent, reply.clone()]);
        let refused = bench.channel.advance(&create).await.unwrap_err();
        assert_eq!(refused.class_name(), creating, "creating: {reply:?}: {refused:?}");
        if creating == "throttled" {
            assert_eq!(refused.class, Class::Throttled { retry_after: Some(Duration::from_secs(120)) });
        }
        bench.far.change(|ghost| ghost.refusals = vec![reply.clone()]);
        let refused = bench.correct(&receipt).await.unwrap_err();
        assert_eq!(refused.class_name(), changing, "correcting: {reply:?}: {refused:?}");
    }
    assert_eq!(bench.far.look(|ghost| ghost.posts.len()), 1, "nothing was made");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_says_where_it_leads() {
    let bench = bench("");
    bench.far.always(Fault::Redirect301);
    let create = job(&*bench.channel, article("1"), CREATE, Live::Nothing);
    let refused = bench.channel.advance(&create).await.unwrap_err();
    assert_eq!(refused.class_name(), "needs_attention");
    assert!(refused.note.vi.contains("/elsewhere") && refused.note.vi.contains("url"), "{}", refused.note.vi);
    assert!(bench.far.requests().iter().all(|request| request.path() != "/elsewhere"));
}

#[tokio::test]
async fn a_clock_that_is_slow_is_made_up_for_once_by_the_far_sides_own() {
    let bench = bench("");
    // This machine is ten minutes behind.
    let late = |mut job: loa::channel::Job| {
        job.now -= chrono::TimeDelta::minutes(10);
        job
    };
    let create = late(job(&*bench.channel, article("1"), CREATE, Live::Nothing));
    let done = through(&*bench.channel, create).await;
    assert!(matches!(done, Ok(Progress::Live(_))), "{done:?}");
    // A far side whose own date is wrong too: said once, and not tried for ever.
    bench.far.change(|ghost| ghost.clock = Some(NOW + 86_400));
    let before = bench.far.requests().len();
    let refused = bench.publish_error().await;
    assert_eq!(refused.class_name(), "needs_attention");
    assert!(refused.note.vi.contains("đồng hồ"), "{}", refused.note.vi);
    assert_eq!(bench.lines(before).len(), 2, "{:?}", bench.lines(before));
}

impl Bench {
    async fn publish_error(&self) -> SendError {
        let create = job(&*self.channel, article("2"), CREATE, Live::Nothing);
        self.channel.advance(&create).await.unwrap_err()
    }
}

#[tokio::test]
async fn every_request_has_a_token_of_its_own_hour() {
    let bench = bench("");
    let receipt = bench.publish().await;
    let hour = 3_600;
    bench.far.change(|ghost| ghost.clock = Some(NOW + hour));
    let before = bench.far.requests().len();
    let update = job(&*bench.channel, corrected(article("1")), UPDATE, shown(&receipt));
    let done = through(&*bench.channel, single::later(update, 1)).await;
    assert!(matches!(done, Ok(Progress::Live(_))), "{done:?}");
    assert_eq!(bench.lines(before).len(), 2, "read and set, nothing refused: {:?}", bench.lines(before));
}

#[tokio::test]
async fn a_correction_changes_the_same_post_and_says_that_it_is_one() {
    let bench = bench("");
    let first = bench.publish().await;
    let Ok(Progress::Live(second)) = bench.correct(&first).await else { panic!() };
    assert_eq!(second.remote_id, first.remote_id);
    assert_eq!(second.url, first.url);
    assert_ne!(second.seen, first.seen);
    let public = bench.far.public();
    assert_eq!(public.len(), 1);
    assert!(public[0].contains("Nội dung đã sửa.") && public[0].contains("Đính chính:"), "{public:?}");
}

#[tokio::test]
async fn an_update_whose_answer_was_lost_is_seen_to_have_landed() {
    let bench = bench("");
    let first = bench.publish().await;
    bench.far.script(vec![Fault::PostThen500]);
    assert_eq!(bench.correct(&first).await.unwrap_err().class_name(), "transient");
    let Ok(Seen::Present(found)) = bench.look_up(UPDATE, shown(&first)).await else { panic!() };
    let before = bench.far.requests().len();
    let Ok(Progress::Live(second)) = bench.correct(&first).await else { panic!() };
    assert_eq!((second.remote_id.as_str(), &second.seen), (first.remote_id.as_str(), &found.seen));
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
        far.only().html = far.only().html.replace("7 giờ 30", "8 giờ");
    });
    assert_eq!(bench.correct(&first).await.unwrap_err().class_name(), "edited");
}

#[tokio::test]
async fn what_a_person_edited_is_not_overwritten_unasked() {
    let bench = bench("");
    let mut receipt = bench.publish().await;
    bench.far.change(|ghost| ghost.only().edit("Tiêu đề do người sửa"));
    let held = bench.correct(&receipt).await.unwrap_err();
    let Class::Edited { seen } = held.class else { panic!("{held:?}") };
    assert!(held.note.vi.contains("tiêu đề nay là “Tiêu đề do người sửa”"), "{}", held.note.vi);
    assert!(!held.note.vi.contains("tóm tắt"), "only what changed: {}", held.note.vi);
    assert!(bench.far.public()[0].contains("Tiêu đề do người sửa"));
    // The person says go on.
    receipt.seen = Some(seen);
    let done = bench.correct(&receipt).await;
    assert!(matches!(done, Ok(Progress::Live(_))), "{done:?}");
    assert!(bench.far.public()[0].contains("Nội dung đã sửa."));
}

#[tokio::test]
async fn a_collision_is_read_again_and_judged_by_what_is_there() {
    let bench = bench("");
    let receipt = bench.publish().await;
    // Somebody saved without changing anything: ours to repeat.
    bench.far.change(|ghost| ghost.meanwhile = Some(|post| post.edit(&post.title.clone())));
    let Ok(Progress::Live(second)) = bench.correct(&receipt).await else { panic!() };
    let sets = bench.lines(0).iter().filter(|line| line.starts_with("PUT")).count();
    assert_eq!(sets, 3, "publish, collision, repeat");
    // Somebody changed it in the very moment.
    bench.far.change(|ghost| ghost.meanwhile = Some(|post| post.edit("Sửa đúng lúc đó")));
    let job = job(&*bench.channel, article("1"), UPDATE, shown(&second));
    let held = through(&*bench.channel, job).await.unwrap_err();
    assert_eq!(held.class_name(), "edited");
    assert!(bench.far.public()[0].contains("Sửa đúng lúc đó"));
}

#[tokio::test]
async fn a_post_that_was_deleted_comes_back_only_when_a_person_wants_it() {
    let bench = bench("");
    let mut receipt = bench.publish().await;
    bench.far.change(|ghost| ghost.posts.clear());
    let held = bench.correct(&receipt).await.unwrap_err();
    let Class::Edited { seen } = held.class else { panic!("{held:?}") };
    assert!(bench.far.public().is_empty());
    receipt.seen = Some(seen);
    let done = bench.correct(&receipt).await;
    assert!(matches!(done, Ok(Progress::Live(_))), "{done:?}");
    assert_eq!(bench.far.public().len(), 1);
}

#[tokio::test]
async fn a_staged_draft_that_vanished_is_made_again() {
    let bench = bench("");
    let create = job(&*bench.channel, article("1"), CREATE, staged("65a000000000000000000999"));
    let Ok(Progress::Staged(id)) = bench.channel.advance(&create).await else { panic!() };
    assert_eq!(bench.far.change(|ghost| ghost.only().id.clone()), id);
}

#[tokio::test]
async fn a_withdrawal_leaves_a_draft_or_nothing_as_the_office_wants() {
    for (more, left) in [("", 1), ("withdrawal = \"draft\"", 1), ("withdrawal = \"delete\"", 0)] {
        let bench = bench(more);
        let receipt = bench.publish().await;
        assert_eq!(bench.look_up(Action::Withdraw, shown(&receipt)).await, Ok(Seen::Absent));
        // A person's edit does not keep it there.
        bench.far.change(|ghost| ghost.only().edit("Tiêu đề do người sửa"));
        assert_eq!(bench.withdraw(shown(&receipt)).await, Ok(Progress::Gone), "{more}");
        assert!(bench.far.public().is_empty());
        assert_eq!(bench.far.look(|ghost| ghost.posts.len()), left, "{more}");
        assert!(matches!(bench.look_up(Action::Withdraw, shown(&receipt)).await, Ok(Seen::Present(_))));
        // Again, after a lost answer: nothing is left to do.
        assert_eq!(bench.withdraw(shown(&receipt)).await, Ok(Progress::Gone), "{more}");
        // A copy of which only a person knows is found by its slug.
        let unknown = Receipt { remote_id: String::new(), ..receipt };
        let again = bench.publish().await;
        assert_eq!(bench.withdraw(shown(&unknown)).await, Ok(Progress::Gone), "{more}");
        assert!(bench.far.public().is_empty(), "{again:?}");
    }
}

#[tokio::test]
async fn the_first_picture_is_uploaded_once_and_its_description_goes_along() {
    let bench = bench("");
    let second = Image {
        kept: None,
        url: "https://anbinh.example.vn/anh/2.jpg".to_owned(),
        ..single::kept_image("image/png", 1_600)
    };
    let with =
        |article: Article| Article { images: vec![single::kept_image("image/png", 1_600), second.clone()], ..article };
    let receipt = published(&*bench.channel, with(article("1"))).await;
    assert_eq!(bench.far.look(|ghost| ghost.pictures.len()), 1);
    let post = bench.far.change(|ghost| ghost.only().clone());
    let url = post.fields["feature_image"].as_str().unwrap();
    assert!(url.starts_with("https://ghost.example.vn/content/images/"), "{url}");
    assert_eq!(post.fields["feature_image_alt"], "Toàn cảnh hồ");
    assert_eq!(post.fields["feature_image_caption"], "Hồ &amp; đồi");
    assert!(post.html.contains("anh/2.jpg") && post.html.contains("alt=\"Toàn cảnh hồ\""), "{}", post.html);
    let update = job(&*bench.channel, with(corrected(article("1"))), UPDATE, shown(&receipt));
    assert!(matches!(through(&*bench.channel, update).await, Ok(Progress::Live(_))));
    assert_eq!(bench.far.look(|ghost| ghost.pictures.len()), 1, "the same picture is not uploaded again");
}

#[tokio::test]
async fn long_words_fit_and_internal_tags_are_not_made() {
    let bench = bench("");
    let long = Article {
        title: "chữ ".repeat(200),
        summary: Some("tóm ".repeat(200)),
        topics: vec!["#nội bộ".to_owned(), " # ".to_owned()],
        ..article("1")
    };
    published(&*bench.channel, long).await;
    let post = bench.far.change(|ghost| ghost.only().clone());
    assert!(post.title.chars().count() <= 255);
    assert!(post.fields["custom_excerpt"].as_str().unwrap().chars().count() <= 300);
    assert_eq!(post.fields["tags"], json!([{ "name": "nội bộ" }]));
}

#[tokio::test]
async fn a_probe_proves_the_key_by_the_sites_own_clock() {
    let bench = bench("");
    let health = bench.channel.probe().await.unwrap();
    assert!(health.proven && health.credential_ends.is_none());
    assert!(health.note.vi.contains("v5.130"), "{}", health.note.vi);
    bench.far.change(|ghost| ghost.key = NEW_KEY.to_owned());
    assert_eq!(bench.channel.probe().await.unwrap_err().class_name(), "needs_attention");
    // A key that is replaced is used at once.
    std::fs::write(bench.folder.path().join("key"), format!("{NEW_KEY}\n")).unwrap();
    assert!(bench.channel.probe().await.unwrap().proven);
}

#[test]
fn settings_that_cannot_work_are_refused_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    for (url, more, words, says) in [
        ("ftp://tin.example.vn", "", KEY, "url phải là"),
        ("tin.example.vn", "", KEY, "url phải là"),
        ("https://tin.example.vn", "api_version = \"5\"", KEY, "api_version"),
        ("https://tin.example.vn", "withdrawal = \"drafts\"", KEY, "draft"),
        ("https://tin.example.vn", "newsletter = true", KEY, "newsletter"),
        ("https://tin.example.vn", "", "chỉ-một-khúc-bí-mật", "id:secret"),
    ] {
        std::fs::write(&key, words).unwrap();
        let said = single::try_open(folder.path(), "ghost", &settings(&key, url, more)).err().unwrap();
        let vietnamese = said.contains(says) || said.contains("id:secret") || said.contains("url has to");
        assert!(vietnamese, "{url} {more}: {said}");
        assert!(!said.contains("chỉ-một-khúc-bí-mật"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_key_pauses_without_spending_tries_and_the_queue_goes_out_in_order() {
    let world = World::bare();
    let far = HostileApi::start(Ghost::new());
    in_world(&world, &far);
    far.change(|ghost| ghost.key = NEW_KEY.to_owned());
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
    assert_eq!(channel, "ghost");
    assert!(pause.note.vi.contains("Settings → Integrations"), "{}", pause.note.vi);
    inside.stop().await;
    // The office puts the new key where the old one was.
    world.write("ghost-key", NEW_KEY);
    let inside = Inside::start(&world).await;
    far.look(|_| ());
    let rows = loop {
        let rows = inside.drain().await;
        if inside.app.ledger().pauses().await.unwrap().is_empty()
            && rows.iter().all(|row| row.delivery.state == State::Settled)
        {
            break rows;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(rows.len(), 3);
    let titles: Vec<String> = far.look(|ghost| ghost.posts.iter().map(|post| post.title.clone()).collect());
    assert_eq!(titles, ["Thông báo bai-1", "Thông báo bai-2", "Thông báo bai-3"]);
    inside.stop().await;
    for kept in [std::fs::read(world.path("loa.db")).unwrap(), world.log().into_bytes()] {
        for key in [KEY, NEW_KEY] {
            let secret = key.split_once(':').unwrap().1.as_bytes();
            assert!(!kept.windows(secret.len()).any(|window| window == secret), "a secret is in the store or the log");
        }
    }
}
