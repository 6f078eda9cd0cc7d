//! A portal of any make: what is configured is asked, and what its answers mean.

use loa::article::{Article, ArticleKey};
use loa::channel::{Progress, Repeat, Seen};
use loa::delivery::{Action, Live, Receipt, State};
use serde_json::json;

use super::bench::{self, Album, create, item, job, update, withdraw};
use crate::matrix::{Case, FarSide, every_step_every_fault};
use crate::sample::article;
use crate::support::far::any_portal::AnyPortal;
use crate::support::hostile_api::{HostileApi, Reply};
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::world::{Inside, World};

const TOKEN: &str = "ma-truy-cap-rat-bi-mat";

const CREATE: &str = r#"
[settings.create]
url  = "{{ base }}/api/articles"
json = '{ "code": {{ slug }}, "title": {{ article.title }}, "content": {{ article.body_html }} }'
answer = { id = "/data/id", url = "/data/url" }
"#;
const CORRECT: &str = r#"
[settings.correct]
url  = "{{ base }}/api/articles/{{ remote_id }}"
json = '{ "title": {{ "Đính chính: " ~ article.title }}, "content": {{ article.body_html }} }'
"#;
const WITHDRAW: &str = r#"
[settings.withdraw]
url = "{{ base }}/api/articles/{{ remote_id }}"
"#;
const LOOK_UP: &str = r#"
[settings.look_up]
url    = "{{ base }}/api/articles?code={{ slug }}"
found  = "/data"
match  = { "/code" = "{{ slug }}" }
answer = { id = "/id", url = "/url" }
"#;
const PROBE: &str = r#"
[settings.probe]
url = "{{ base }}/api/me"
"#;

/// A draft that a second request makes public.
const DRAFTS: &str = r#"
[settings.create]
url  = "{{ base }}/api/articles"
json = '{ "code": {{ slug }}, "title": {{ article.title }}, "content": {{ article.body_html }}, "draft": true }'
answer = { id = "/data/id" }
[settings.reveal]
url = "{{ base }}/api/articles/{{ remote_id }}/public"
answer = { url = "/data/url" }
"#;

/// The far side takes the name that we give.
const BY_CODE: &str = r#"
[settings.create]
method = "PUT"
url  = "{{ base }}/api/code/{{ slug }}"
json = '{ "title": {{ article.title }}, "content": {{ article.body_html }} }'
safe_to_repeat = true
[settings.correct]
url  = "{{ base }}/api/code/{{ slug }}"
json = '{ "title": {{ article.title }}, "content": {{ article.body_html }} }'
[settings.withdraw]
url  = "{{ base }}/api/code/{{ slug }}"
"#;

fn settings(base: &str, secret: &std::path::Path, tables: &[&str]) -> String {
    let secret = toml::Value::String(secret.display().to_string());
    format!(
        "base = \"{base}\"\nheaders = {{ Authorization = {{ file = {secret}, prefix = \"Bearer \" }} }}\n{}",
        tables.concat()
    )
}

fn start(world: &World, tables: &[&str]) -> Box<dyn FarSide> {
    Box::new(portal(world, tables))
}

fn portal(world: &World, tables: &[&str]) -> HostileApi<AnyPortal> {
    let far = HostileApi::start(AnyPortal::with_token(TOKEN));
    world.write("token", TOKEN);
    world.channel("cong", "http", &settings(&far.url(), &world.path("token"), tables), "");
    far
}

pub(super) const CASE: Case =
    Case { channel: "cong", decidable: true, start: |world| start(world, &[CREATE, CORRECT, WITHDRAW, LOOK_UP]) };

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_resolved_where_the_portal_can_be_looked_up() {
    every_step_every_fault(&CASE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_resolved_where_drafts_are_revealed() {
    let start = |world: &World| start(world, &[DRAFTS, CORRECT, WITHDRAW, LOOK_UP]);
    every_step_every_fault(&Case { channel: "cong", decidable: true, start }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_is_resolved_where_a_repeat_is_safe() {
    let start = |world: &World| start(world, &[BY_CODE]);
    every_step_every_fault(&Case { channel: "cong", decidable: true, start }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_cannot_be_asked_never_shows_two_copies() {
    let start = |world: &World| start(world, &[CREATE, CORRECT, WITHDRAW]);
    every_step_every_fault(&Case { channel: "cong", decidable: false, start }).await;
}

/// One far side and one channel without an office.
struct Bench {
    far: HostileApi<AnyPortal>,
    channel: std::sync::Arc<dyn loa::channel::Channel>,
    _folder: tempfile::TempDir,
}

fn on_bench(tables: &[&str]) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    let far = HostileApi::start(AnyPortal::with_token(TOKEN));
    let settings = settings(&far.url(), &folder.path().join("token"), tables);
    let channel = bench::open(folder.path(), "http", &settings).unwrap_or_else(|error| panic!("{error}"));
    Bench { far, channel, _folder: folder }
}

const ALL: [&str; 5] = [CREATE, CORRECT, WITHDRAW, LOOK_UP, PROBE];

impl Bench {
    async fn advance(&self, item: loa::channel::Item) -> Result<Progress, loa::channel::SendError> {
        self.channel.advance(&job(&*self.channel, item)).await
    }

    async fn look(&self, item: loa::channel::Item) -> Result<Seen, loa::channel::SendError> {
        self.channel.look_up(&job(&*self.channel, item)).await
    }

    async fn live(&self, article: Article) -> Receipt {
        match self.advance(create(article)).await {
            Ok(Progress::Live(receipt)) => receipt,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_article_lives_on_a_portal_that_was_only_configured() {
    let bench = on_bench(&ALL);
    let receipt = bench.live(article("1")).await;
    assert_eq!((receipt.remote_id.as_str(), receipt.url), ("1", Some(format!("{}/tin/1", bench.far.url()))));
    let shown = bench.far.look(|portal| portal.articles[0].clone());
    assert_eq!(shown.title, article("1").title);
    assert_eq!(shown.content, article("1").body_html);
    let receipt = bench.live(article("2")).await;
    let Ok(Progress::Live(later)) = bench.advance(update(article("2"), &receipt)).await else { panic!() };
    // The answer to the correction tells no address: the known one stays.
    assert_eq!((later.remote_id, later.url), (receipt.remote_id.clone(), receipt.url.clone()));
    assert!(bench.far.look(|portal| portal.articles[1].title.starts_with("Đính chính: ")));
    assert_eq!(bench.advance(withdraw(article("2"), &receipt)).await, Ok(Progress::Gone));
    assert_eq!(bench.far.public().len(), 1);
    // Deleted by somebody else already: that is what was wanted.
    assert_eq!(bench.advance(withdraw(article("2"), &receipt)).await, Ok(Progress::Gone));
}

#[tokio::test]
async fn values_are_quoted_for_where_they_stand() {
    let nasty = Article {
        title: "Giá \"điện\"\n{{ slug }} \\ & <nước> 'tăng'".to_owned(),
        body_html: "<p>\"một\"\t— “hai”</p>".to_owned(),
        ..article("a/b?c#d")
    };
    for tables in [
        [CREATE, CORRECT].concat(),
        CREATE.replace("/api/articles", "/api/form").replace(
            "json = '{ \"code\": {{ slug }}, \"title\": {{ article.title }}, \"content\": {{ article.body_html }} }'",
            "form = { code = \"{{ slug }}\", title = \"{{ article.title }}\", content = \"{{ article.body_html }}\" }",
        ),
        CREATE.replace("/api/articles", "/api/upload").replace(
            "json = '{ \"code\": {{ slug }}, \"title\": {{ article.title }}, \"content\": {{ article.body_html }} }'",
            "multipart = { code = \"{{ slug }}\", title = \"{{ article.title }}\", content = \"{{ article.body_html }}\" }",
        ),
    ] {
        let bench = on_bench(&[&tables]);
        bench.live(nasty.clone()).await;
        let shown = bench.far.look(|portal| portal.articles[0].clone());
        assert_eq!((shown.title, shown.content), (nasty.title.clone(), nasty.body_html.clone()), "{tables}");
    }
    // In an address nothing leads out of its place.
    let bench = on_bench(&[r#"
[settings.create]
url  = "{{ base }}/api/articles?code={{ article.title }}"
json = '{{ images | tojson }}'
"#]);
    drop(bench.advance(create(nasty.clone())).await);
    let asked = bench.far.requests().remove(0);
    assert_eq!(asked.query("code"), Some(nasty.title));
    assert_eq!(asked.path(), "/api/articles");
}

#[tokio::test]
async fn pictures_go_along_with_their_alternative_text() {
    let bench = on_bench(&[r#"
[settings.create]
url  = "{{ base }}/api/upload"
multipart = { code = "{{ slug }}", title = "{{ article.title }}" }
pictures  = { field = "hinh[]", alt = "hinh_mo_ta[]", most = 2 }
answer = { id = "header:Location", url = "header:Location" }
"#]);
    let mut album = Album::default();
    let images = vec![album.picture(1, "Trụ sở xã"), album.picture(2, "Bản đồ"), album.picture(3, "Thừa")];
    let first = album.bytes_of(&images[0]).to_vec();
    let made = Article { images, ..article("1") };
    let job = bench::with_pictures(&*bench.channel, create(made), std::sync::Arc::new(album));
    let Ok(Progress::Live(receipt)) = bench.channel.advance(&job).await else { panic!() };
    assert_eq!((receipt.remote_id.as_str(), receipt.url), ("/tin/1", Some(format!("{}/tin/1", bench.far.url()))));
    let parts = bench.far.look(|portal| portal.parts.clone());
    let named =
        |name: &str| parts.iter().filter(|(head, _)| head.contains(&format!("name=\"{name}\""))).collect::<Vec<_>>();
    assert_eq!(named("hinh[]").len(), 2);
    assert_eq!(named("hinh[]")[0].1, first);
    assert!(named("hinh[]")[0].0.contains("image/png"), "{}", named("hinh[]")[0].0);
    let words: Vec<&[u8]> = named("hinh_mo_ta[]").iter().map(|(_, bytes)| bytes.as_slice()).collect();
    assert_eq!(words, ["Trụ sở xã".as_bytes(), "Bản đồ".as_bytes()]);
}

#[tokio::test]
async fn a_key_makes_a_repeat_harmless() {
    let keyed =
        CREATE.replace("answer =", "headers = { Idempotency-Key = \"{{ key }}\" }\nsafe_to_repeat = true\nanswer =");
    let bench = on_bench(&[&keyed, CORRECT, WITHDRAW]);
    assert_eq!(bench.channel.repeat(), Repeat::Safe);
    let first = bench.live(article("1")).await;
    assert_eq!(bench.live(article("1")).await.remote_id, first.remote_id);
    assert_eq!(bench.far.public().len(), 1);
    let sent = bench.far.requests().remove(0);
    assert_eq!(sent.header("idempotency-key"), Some(job(&*bench.channel, create(article("1"))).key.as_str()));
}

#[tokio::test]
async fn a_draft_is_hidden_until_it_is_revealed_and_an_old_one_is_corrected_first() {
    let bench = on_bench(&[DRAFTS, CORRECT, WITHDRAW, LOOK_UP]);
    let staged = bench.advance(create(article("1"))).await;
    assert_eq!(staged, Ok(Progress::Staged("1".to_owned())));
    assert_eq!(bench.far.public(), Vec::<String>::new());
    // What a look-up finds is not public yet.
    assert_eq!(bench.look(create(article("1"))).await, Ok(Seen::Staged("1".to_owned())));
    let hidden = |revision| Live::Staged { revision: loa::article::Revision(revision), remote_id: "1".to_owned() };
    let newer = Article { title: "Tiêu đề mới".to_owned(), ..article("1") };
    let newer = item(newer, Action::Create(loa::article::Revision(2)), hidden(1));
    let Ok(Progress::Live(receipt)) = bench.advance(newer).await else { panic!() };
    assert_eq!(receipt.url, Some(format!("{}/tin/1", bench.far.url())));
    assert!(bench.far.public()[0].contains("Tiêu đề mới"), "{:?}", bench.far.public());
    // A draft that cannot be revealed yet is not made twice.
    bench.far.change(|portal| portal.refuse = Some(Reply::json(404, &json!({ "message": "not yet" }))));
    let early = item(article("1"), Action::Create(loa::article::Revision(1)), hidden(1));
    assert_eq!(bench.advance(early).await.unwrap_err().class_name(), "transient");
    bench.far.change(|portal| portal.refuse = None);
    assert_eq!(bench.far.look(|portal| portal.articles.len()), 1);
    // A draft that somebody deleted is made again.
    bench.far.change(|portal| portal.articles.clear());
    let again = item(article("1"), Action::Create(loa::article::Revision(1)), hidden(1));
    assert_eq!(bench.advance(again).await, Ok(Progress::Staged("2".to_owned())));
    // And a withdrawal takes a draft that was never revealed.
    let taken = item(
        article("1"),
        Action::Withdraw,
        Live::Staged { revision: loa::article::Revision(1), remote_id: "2".to_owned() },
    );
    assert_eq!(bench.advance(taken).await, Ok(Progress::Gone));
    assert!(bench.far.look(|portal| portal.articles.is_empty()));
}

#[tokio::test]
async fn a_look_up_says_absent_only_when_it_may_be_believed() {
    let bench = on_bench(&ALL);
    let mine = || create(article("1"));
    // Nothing there: but it may come late, so twice.
    assert_eq!(bench.look(mine()).await, Ok(Seen::NotYet));
    bench.far.change(|portal| portal.late = 1);
    let receipt = bench.live(article("1")).await;
    assert_eq!(bench.look(mine()).await, Ok(Seen::NotYet));
    let Ok(Seen::Present(found)) = bench.look(mine()).await else { panic!() };
    assert_eq!((found.remote_id, found.url), (receipt.remote_id, receipt.url));
    // The filter does nothing and other articles are there: somebody else's is not adopted, and ours may be further down.
    bench.far.change(|portal| {
        portal.articles.clear();
        portal.add("cua-nguoi-khac", "Bài của người khác");
        portal.filter_ignored = true;
    });
    assert!(matches!(bench.look(mine()).await, Ok(Seen::Unknown(_))));
    // Two copies: a person has to choose.
    let code = mine().slug();
    bench.far.change(|portal| {
        portal.add(&code, "một");
        portal.add(&code, "hai");
    });
    assert!(matches!(bench.look(mine()).await, Ok(Seen::Unknown(_))));
    // A captive portal, and a dead token.
    bench.far.change(|portal| portal.captive = true);
    assert_eq!(bench.look(mine()).await.unwrap_err().class_name(), "transient");
    bench.far.change(|portal| (portal.captive, portal.token) = (false, "khác".to_owned()));
    assert_eq!(bench.look(mine()).await.unwrap_err().class_name(), "needs_attention");
    // What is not what was described.
    let odd = on_bench(&[CREATE, CORRECT, WITHDRAW, &LOOK_UP.replace("\"/data\"", "\"/items\"")]);
    assert_eq!(odd.look(mine()).await.unwrap_err().class_name(), "transient");
    // 404 from the API itself says that there is none.
    let by_name = LOOK_UP.replace("articles?code={{ slug }}", "articles/999");
    assert_eq!(on_bench(&[CREATE, CORRECT, WITHDRAW, &by_name]).look(mine()).await, Ok(Seen::NotYet));
    // Lists of the newest hold others' articles too.
    let scan = on_bench(&[CREATE, CORRECT, WITHDRAW, &format!("{LOOK_UP}scan = true\n")]);
    scan.far.change(|portal| {
        portal.add("khac", "Khác");
        portal.filter_ignored = true;
    });
    assert_eq!(scan.look(mine()).await, Ok(Seen::NotYet));
}

#[tokio::test]
async fn after_a_kill_setting_and_deleting_are_simply_done_again() {
    let bench = on_bench(&ALL);
    let receipt = bench.live(article("1")).await;
    assert_eq!(bench.look(update(article("1"), &receipt)).await, Ok(Seen::Absent));
    assert_eq!(bench.look(withdraw(article("1"), &receipt)).await, Ok(Seen::Absent));
    // Unless the office said that a repeat does harm.
    let careful = CORRECT.replace("json =", "method = \"POST\"\nsafe_to_repeat = false\njson =");
    let bench = on_bench(&[CREATE, &careful, WITHDRAW, LOOK_UP]);
    assert!(matches!(bench.look(update(article("1"), &receipt)).await, Ok(Seen::Unknown(_))));
}

#[tokio::test]
async fn a_copy_whose_name_was_lost_is_found_by_its_code() {
    let bench = on_bench(&ALL);
    let known = bench.live(article("1")).await;
    let lost = Receipt { remote_id: String::new(), url: None, ..known };
    assert!(
        matches!(bench.advance(update(article("1"), &lost)).await, Ok(Progress::Live(receipt)) if receipt.remote_id == "1")
    );
    assert_eq!(bench.advance(withdraw(article("1"), &lost)).await, Ok(Progress::Gone));
    assert!(bench.far.public().is_empty());
    // Nobody can be asked: a person is.
    let deaf = on_bench(&[CREATE, CORRECT, WITHDRAW]);
    assert_eq!(deaf.advance(withdraw(article("1"), &lost)).await.unwrap_err().class_name(), "permanent");
}

#[tokio::test]
async fn every_answer_has_its_class() {
    // What the far side answers, and the class of a create, of a correction, of a withdrawal.
    let table = [
        (400, "permanent", "permanent", "permanent"),
        (401, "needs_attention", "needs_attention", "needs_attention"),
        (403, "needs_attention", "needs_attention", "needs_attention"),
        (404, "needs_attention", "permanent", "gone"),
        (405, "needs_attention", "needs_attention", "needs_attention"),
        (408, "transient", "transient", "transient"),
        (409, "ambiguous", "transient", "transient"),
        (410, "needs_attention", "permanent", "gone"),
        (413, "permanent", "permanent", "permanent"),
        (415, "permanent", "permanent", "permanent"),
        (422, "permanent", "permanent", "permanent"),
        (425, "transient", "transient", "transient"),
        (429, "throttled", "throttled", "throttled"),
        (500, "ambiguous", "transient", "transient"),
        (502, "ambiguous", "transient", "transient"),
        (503, "ambiguous", "transient", "transient"),
        (301, "needs_attention", "needs_attention", "needs_attention"),
    ];
    let bench = on_bench(&ALL);
    let receipt = bench.live(article("1")).await;
    for (status, created, corrected, withdrawn) in table {
        bench.far.change(|portal| portal.refuse = Some(Reply::json(status, &json!({ "message": "lý do của họ" }))));
        let steps = [
            (create(article("2")), created),
            (update(article("1"), &receipt), corrected),
            (withdraw(article("1"), &receipt), withdrawn),
        ];
        for (item, expected) in steps {
            let action = item.action;
            match bench.advance(item).await {
                Ok(Progress::Gone) => assert_eq!(expected, "gone", "{status} {action:?}"),
                Err(error) => {
                    assert_eq!(error.class_name(), expected, "{status} {action:?}: {error}");
                    let said = error.note.vi.contains("lý do của họ");
                    assert!(said || status == 301 || expected == "permanent" && matches!(status, 404 | 410), "{error}");
                }
                other => panic!("{status} {action:?}: {other:?}"),
            }
        }
    }
    assert_eq!(bench.far.public().len(), 1, "nothing of this was taken");
    // A 429 says until when.
    bench.far.change(|portal| portal.refuse = None);
    bench.far.script(vec![Fault::StatusRetryAfter(429, RetryAfter::Seconds(77))]);
    let error = bench.advance(create(article("3"))).await.unwrap_err();
    assert_eq!(error.class, loa::channel::Class::Throttled { retry_after: Some(std::time::Duration::from_secs(77)) });
}

#[tokio::test]
async fn a_captive_portal_has_not_taken_anything() {
    let bench = on_bench(&ALL);
    let receipt = bench.live(article("1")).await;
    bench.far.change(|portal| portal.captive = true);
    assert_eq!(bench.advance(create(article("2"))).await.unwrap_err().class_name(), "ambiguous");
    assert_eq!(bench.advance(update(article("1"), &receipt)).await.unwrap_err().class_name(), "transient");
    assert_eq!(bench.advance(withdraw(article("1"), &receipt)).await.unwrap_err().class_name(), "transient");
    assert_eq!(bench.channel.probe().await.unwrap_err().class_name(), "transient");
}

#[tokio::test]
async fn the_probe_proves_the_account_where_one_is_configured() {
    let bench = on_bench(&ALL);
    assert!(bench.channel.probe().await.unwrap().proven);
    bench.far.change(|portal| portal.token = "khác".to_owned());
    let error = bench.channel.probe().await.unwrap_err();
    assert_eq!(error.class_name(), "needs_attention");
    // The far side repeated the token; loa does not.
    assert!(!error.note.vi.contains(TOKEN) && error.note.vi.contains("***"), "{}", error.note.vi);
    assert!(!on_bench(&[CREATE]).channel.probe().await.unwrap().proven);
}

#[tokio::test]
async fn a_channel_that_cannot_correct_says_so() {
    let bench = on_bench(&[CREATE]);
    let receipt = bench.live(article("1")).await;
    let cx = loa::channel::RenderContext {
        office: bench::office(),
        at: crate::sample::utc("2026-11-24T09:00:00+07:00"),
        edition: None,
    };
    for item in [update(article("1"), &receipt), withdraw(article("1"), &receipt)] {
        let error = bench.channel.render(&[item], &cx).unwrap_err();
        assert!(error.0.vi.contains("thêm [settings."), "{error}");
    }
}

fn key(id: &str) -> ArticleKey {
    ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_pauses_without_spending_tries_and_a_new_one_lets_all_go_in_order() {
    let world = World::bare();
    let far = portal(&world, &ALL);
    far.change(|portal| portal.token = "moi".to_owned());
    let inside = Inside::start(&world).await;
    for id in ["mot", "hai", "ba"] {
        inside.publish(&world.article(id, &format!("Bài {id}"), "Nội dung.")).await;
    }
    let rows = inside.drain().await;
    assert_eq!(inside.app.ledger().pauses().await.unwrap().len(), 1);
    assert!(
        rows.iter().all(|row| row.delivery.tries == 0 && !matches!(row.delivery.state, State::Failed { .. })),
        "{rows:#?}"
    );
    inside.stop().await;
    world.write("token", "moi");
    let inside = Inside::start(&world).await;
    while !inside.app.ledger().pauses().await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let titles: Vec<String> = far.look(|portal| portal.articles.iter().map(|record| record.title.clone()).collect());
    assert_eq!(titles, ["Bài mot", "Bài hai", "Bài ba"]);
    inside.withdraw(&key("hai")).await;
    inside.drain().await;
    assert_eq!(far.public().len(), 2);
    inside.stop().await;
    for file in std::fs::read_dir(world.path("")).unwrap().flatten().filter(|file| file.file_name() != "token") {
        let bytes = if file.path().is_file() { std::fs::read(file.path()).unwrap() } else { continue };
        let found = bytes.windows(TOKEN.len()).any(|window| window == TOKEN.as_bytes());
        assert!(!found, "the token is in {}", file.path().display());
    }
}

#[tokio::test]
async fn the_payload_shows_the_requests_without_their_secrets() {
    let bench = on_bench(&[DRAFTS, CORRECT, WITHDRAW]);
    let payload = job(&*bench.channel, create(article("1"))).payload;
    let text = String::from_utf8(payload.bytes.into()).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["create"]["body"]["json"]["title"], article("1").title);
    assert_eq!(shown["create"]["headers"]["Authorization"], "***");
    assert!(shown["reveal"]["url"].as_str().unwrap().ends_with("/api/articles/REMOTE_ID/public"), "{text}");
    assert!(!text.contains(TOKEN));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_portal_that_was_down_shows_everything_once_when_it_is_back() {
    let world = World::bare();
    let far = portal(&world, &[DRAFTS, CORRECT, WITHDRAW, LOOK_UP]);
    far.go_offline();
    let inside = Inside::start(&world).await;
    let (one, two) = (world.article("mot", "Bài một", "Cũ."), world.article("hai", "Bài hai", "Nội dung."));
    inside.publish(&one).await;
    inside.publish(&two).await;
    let tried = |row: &loa::ledger::DeliveryRow| row.delivery.tries > 1;
    while !inside.rows().await.iter().all(tried) {
        let due = inside.rows().await.iter().filter_map(|row| row.delivery.state.due()).min();
        due.into_iter().for_each(|due| inside.clock.advance_to(due));
        tokio::task::yield_now().await;
    }
    world.article("mot", "Bài một", "Mới.");
    inside.publish(&one).await;
    inside.withdraw(&key("hai")).await;
    far.come_back();
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let public = far.public();
    assert!(public.len() == 1 && public[0].contains("Mới."), "{public:?}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evening_of_random_faults_leaves_one_copy_of_each_article() {
    let world = World::bare();
    let far = portal(&world, &[CREATE, CORRECT, WITHDRAW, LOOK_UP]);
    far.random(
        7,
        vec![
            (Fault::Ok200, 5),
            (Fault::PostThen500, 2),
            (Fault::PostThenReset, 2),
            (Fault::Status(503), 2),
            (Fault::TruncatedAnswer, 2),
            (Fault::CloseKeepAlive, 1),
        ],
    );
    let inside = Inside::start(&world).await;
    let titles: Vec<String> = (0..12).map(|number| format!("Bài số {number:02}")).collect();
    for (number, title) in titles.iter().enumerate() {
        inside.publish(&world.article(&format!("bai{number}"), title, "Nội dung.")).await;
    }
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let mut public: Vec<String> = far.public().iter().map(|copy| copy.lines().next().unwrap().to_owned()).collect();
    public.sort();
    assert_eq!(public, titles);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_reaches_the_portals_of_many_communes_each_with_its_own_row() {
    let world = World::bare();
    let communes = ["xa-an-binh", "xa-tan-phu", "xa-dong-son"];
    let portals = communes.map(|id| HostileApi::start(AnyPortal::with_token(id)));
    let mut file = format!(
        "name = \"Trang các xã\"\nkind = \"http\"\n[limits]\ntimeout = \"1s\"\n[retry]\nattempts = 3\nfirst = \"1s\"\n\
         [settings]\nheaders = {{ Authorization = {{ env = \"XA_TOKEN\", prefix = \"Bearer \" }} }}\n{BY_CODE}"
    );
    for (id, portal) in communes.iter().zip(&portals) {
        world.write(&format!("token-{id}"), id);
        let secret = toml::Value::String(world.path(&format!("token-{id}")).display().to_string());
        file.push_str(&format!(
            "[[targets]]\nid = \"{id}\"\n[targets.settings]\nbase = \"{}\"\n\
             headers = {{ Authorization = {{ file = {secret}, prefix = \"Bearer \" }} }}\n",
            portal.url()
        ));
    }
    world.write("channels/trang-xa.toml", &file);
    let inside = Inside::start(&world).await;
    portals[1].go_offline();
    inside.publish(&world.article("bai", "Lịch tiêm chủng", "Nội dung.")).await;
    let rows = inside.drain().await;
    let state = |id: &str| {
        let channel = format!("trang-xa.{id}");
        let row = rows.iter().find(|row| row.delivery.channel == channel).expect("a row of its own");
        row.delivery.state.name()
    };
    assert_eq!(communes.map(state), ["settled", "failed", "settled"], "{rows:#?}");
    assert_eq!([0, 1, 2].map(|one: usize| portals[one].public().len()), [1, 0, 1]);
    portals[1].come_back();
    inside.publish(&world.article("bai", "Lịch tiêm chủng", "Nội dung đã sửa.")).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    for portal in &portals {
        assert!(portal.public().len() == 1 && portal.public()[0].contains("đã sửa"), "{:?}", portal.public());
    }
    inside.stop().await;
}
