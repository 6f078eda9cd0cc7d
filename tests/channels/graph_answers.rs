//! Graph's answers: every code, the usage headers, the probe, the settings.

use std::time::Duration;

use loa::channel::{Attention, Class};
use loa::delivery::{Action, Live};
use serde_json::json;

use super::graph::{WITH_APP, alone};
use super::single_jobs::{CREATE, Single, UPDATE};
use crate::sample::article;
use crate::support::far::graph::{APP, PAGE, TOKEN, Token};
use crate::support::far::graph_answers::Wrong;
use crate::support::http_fault::{Fault, RetryAfter};

/// What each code means when a post is made.
#[rustfmt::skip]
const CODES: &[(i64, Option<i64>, &str)] = &[
    (1, None, "ambiguous"), (2, None, "ambiguous"), (3, None, "misconfigured"), (4, None, "throttled"),
    (10, None, "credential"), (12, None, "misconfigured"), (17, Some(2_446_079), "throttled"), (32, None, "throttled"),
    (80_001, None, "throttled"), (341, None, "throttled"), (613, None, "throttled"), (100, None, "permanent"),
    (100, Some(33), "permanent"), (102, None, "credential"), (105, None, "permanent"), (190, None, "credential"),
    (190, Some(458), "credential"), (190, Some(459), "credential"), (190, Some(460), "credential"),
    (190, Some(463), "credential"), (190, Some(464), "credential"), (190, Some(467), "credential"),
    (190, Some(492), "credential"), (197, None, "permanent"), (200, None, "credential"), (283, None, "credential"),
    (299, None, "credential"), (368, None, "throttled"), (368, Some(1_390_008), "throttled"),
    (368, Some(4_854_002), "credential"),
    // The same text as before, which is nowhere to be found: it counts only until something else is posted.
    (368, Some(1_404_082), "transient"), (506, None, "transient"),
    (1_500, None, "permanent"), (1_609_005, None, "transient"), (5_101, None, "permanent"),
    // Not in the table.
    (99_999, None, "permanent"),
];

fn name(class: &Class) -> &'static str {
    match class {
        Class::NeedsAttention(Attention::Credential) => "credential",
        Class::NeedsAttention(Attention::Misconfigured) => "misconfigured",
        Class::NeedsAttention(_) => "attention",
        Class::Throttled { .. } => "throttled",
        Class::Transient { .. } => "transient",
        Class::Ambiguous { .. } => "ambiguous",
        Class::Permanent => "permanent",
        Class::Partial { .. } | Class::PutOff { .. } | Class::Interrupted(_) | Class::Edited { .. } => "another",
    }
}

#[tokio::test]
async fn every_code_is_put_into_its_class_with_its_trace_and_their_own_words() {
    let (page, far) = alone("");
    let mut traces = std::collections::BTreeSet::new();
    for (code, subcode, class) in CODES {
        far.change(|graph| graph.say.push_back(Some(Wrong::new(*code, *subcode, &format!("refused {TOKEN}")))));
        let error = page.advance(&article(&code.to_string()), CREATE, Live::Nothing).await.unwrap_err();
        assert_eq!(name(&error.class), *class, "{code}/{subcode:?}: {error:?}");
        let note = &error.note.vi;
        assert!(note.contains("Yêu cầu không thực hiện được") && note.contains(&code.to_string()), "{note}");
        let trace = note.split("fbtrace_id ").nth(1).and_then(|rest| rest.split(')').next()).expect(note);
        assert!(traces.insert(trace.to_owned()), "{trace} again");
    }
    // A code that says of itself that it passes is not final.
    let passing = Wrong { transient: true, ..Wrong::new(99_998, None, "later") };
    far.change(|graph| graph.say.push_back(Some(passing)));
    let error = page.advance(&article("passing"), CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(name(&error.class), "ambiguous");
}

#[tokio::test]
async fn a_token_that_they_repeat_in_their_answer_is_not_shown() {
    let (page, far) = alone("");
    page.secret("token", "EAAunknown");
    far.change(|graph| graph.tokens.clear());
    let error = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(name(&error.class), "credential");
    let all = format!("{error:?}");
    assert!(!all.contains("EAAunknown"), "{all}");
}

#[tokio::test]
async fn what_is_lost_is_looked_up_for_a_new_post_and_repeated_for_a_withdrawal() {
    let (page, far) = alone("");
    let live = page.publish(&article("1")).await;
    for fault in [Fault::Html502, Fault::Status(503), Fault::TruncatedAnswer, Fault::GzipAnswer, Fault::ResetBeforeRead]
    {
        far.script(vec![fault.clone()]);
        let other = article(&format!("{fault:?}"));
        let other = loa::article::Article { title: format!("{fault:?}"), ..other };
        let error = page.advance(&other, CREATE, Live::Nothing).await.unwrap_err();
        assert_eq!(name(&error.class), "ambiguous", "{fault:?}");
        // Lost once more, it waits longer and longer: hidden posts shall not pile up.
        far.script(vec![fault.clone()]);
        let again = page.advance(&other, CREATE, Live::Nothing).await.unwrap_err();
        assert_eq!(name(&again.class), "transient", "{fault:?}");
        far.script(vec![fault.clone()]);
        match page.advance(&article("1"), Action::Withdraw, live.clone()).await {
            Ok(done) => panic!("{fault:?}: {done:?}"),
            Err(error) => assert_eq!(name(&error.class), "transient", "{fault:?}"),
        }
    }
    let other = article("other");
    far.script(vec![Fault::StatusRetryAfter(429, RetryAfter::Seconds(77))]);
    let error = page.advance(&other, CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(error.class, Class::Throttled { retry_after: Some(Duration::from_secs(77)) });
    far.script(vec![Fault::Redirect301]);
    let error = page.advance(&other, CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(name(&error.class), "misconfigured");
    drop(far);
    let (page, far) = alone("");
    far.go_offline();
    let error = page.advance(&other, CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(name(&error.class), "transient", "nothing left this machine");
}

#[tokio::test]
async fn a_limit_says_in_minutes_when_to_come_back() {
    let (page, far) = alone("");
    far.change(|graph| graph.calls_left = Some(0));
    let error = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(error.class, Class::Throttled { retry_after: Some(Duration::from_secs(7 * 60)) });
    let allowance = page.channel.allowance().expect("an allowance");
    assert_eq!((allowance.used, allowance.regained_in), (100, Some(Duration::from_secs(7 * 60))));
    far.change(|graph| graph.limit_header = "{\"nửa".to_owned());
    let error = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(
        error.class,
        Class::Throttled { retry_after: Some(Duration::from_secs(15 * 60)) },
        "a header that is no JSON"
    );
}

#[tokio::test]
async fn the_worst_of_the_usage_headers_counts_and_rubbish_in_them_harms_nobody() {
    let (page, far) = alone("");
    for (headers, used) in [
        (vec![("X-App-Usage", "{\"call_count\":16,\"total_cputime\":15,\"total_time\":12}")], Some(16)),
        (
            vec![("X-App-Usage", "{\"call_count\":16}"), ("X-Page-Usage", "{\"call_count\":2,\"total_time\":76.5}")],
            Some(76),
        ),
        (
            vec![(
                "X-Business-Use-Case-Usage",
                "{\"1\":[{\"type\":\"pages\",\"call_count\":96}],\"2\":[{\"call_count\":3}]}",
            )],
            Some(96),
        ),
        (vec![("X-App-Usage", "{\"call_count\":400}")], Some(255)),
        (vec![("X-App-Usage", "đầy"), ("X-Page-Usage", "[1,2]"), ("X-Business-Use-Case-Usage", "{\"1\":{}}")], None),
        (vec![], None),
    ] {
        far.change(|graph| {
            graph.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        });
        page.channel.probe().await.unwrap();
        assert_eq!(page.channel.allowance().map(|allowance| allowance.used), used, "{headers:?}");
    }
}

#[tokio::test]
async fn the_probe_says_how_long_the_token_lasts_or_what_is_wrong_with_it() {
    let (page, far) = alone(WITH_APP);
    let health = page.channel.probe().await.unwrap();
    assert!(health.proven && health.credential_ends.is_none() && health.note.vi.contains("không có hạn"), "{health:?}");
    far.change(|graph| graph.debug = json!({ "expires_at": 1_800_000_000, "data_access_expires_at": 1_799_000_000 }));
    let health = page.channel.probe().await.unwrap();
    assert_eq!(health.credential_ends.map(|ends| ends.timestamp()), Some(1_799_000_000), "the earlier of the two");
    for (debug, said) in [
        (json!({ "type": "USER" }), "USER"),
        (json!({ "is_valid": false }), "không còn hiệu lực"),
        (json!({ "scopes": ["pages_read_engagement"] }), "pages_manage_posts"),
        (json!({ "granular_scopes": [{ "scope": "pages_manage_posts", "target_ids": ["1"] }] }), PAGE),
    ] {
        far.change(|graph| graph.debug = debug);
        let error = page.channel.probe().await.unwrap_err();
        assert_eq!(name(&error.class), "credential");
        assert!(error.note.vi.contains(said), "{error:?}");
    }
    far.change(|graph| graph.debug = json!({ "granular_scopes": [{ "scope": "pages_manage_posts" }] }));
    assert!(page.channel.probe().await.unwrap().proven, "no targets named means all");
    // Without the app, reading the page is proof enough; a new token is taken from its file.
    let (page, far) = alone("");
    far.change(|graph| graph.tokens.insert(TOKEN.to_owned(), Token::Dead(460)));
    assert_eq!(name(&page.channel.probe().await.unwrap_err().class), "credential");
    far.change(|graph| graph.tokens.insert("EAAnew".to_owned(), Token::Good));
    page.secret("token", "EAAnew");
    let health = page.channel.probe().await.unwrap();
    assert!(health.proven && health.note.vi.contains("UBND xã An Bình"), "{health:?}");
    page.secret("token", "");
    assert_eq!(name(&page.channel.probe().await.unwrap_err().class), "credential", "an empty file");
}

#[test]
fn mistakes_in_the_settings_are_named_where_they_stand() {
    let good = format!("transport = \"graph\"\npage_id = \"{PAGE}\"\naccess_token = secret(token)");
    let secrets = [("token", TOKEN), ("app", APP.1)];
    for (settings, said) in [
        (good.replace(PAGE, "an-binh"), "6: page_id"),
        (good.replace("\"graph\"", "\"rss\""), "5: transport"),
        (format!("{good}\ngraph_version = \"26\""), "8: graph_version"),
        (format!("{good}\nbase_url = \"facebook\""), "8: base_url"),
        (format!("{good}\nmost_photos = 11"), "8: most_photos"),
        (format!("{good}\ntext_limit = 99999"), "8: text_limit"),
        (format!("{good}\napp_id = \"12\""), "8: có app_id"),
        (format!("{good}\nurl = \"https://x.example.vn\""), "8: \"url\" chỉ dùng với transport = \"webhook\""),
        (format!("{good}\nreceiver_honours_id = true"), "8: \"receiver_honours_id\""),
        (
            good.replace("transport = \"graph\"\n", "url = \"https://x.example.vn\"\nsecret = secret(token)\n"),
            "\"page_id\" chỉ dùng với transport = \"graph\"",
        ),
        (format!("{good}\npage = \"1\""), "8: không có trường \"page\""),
    ] {
        let error = Single::try_open("fanpage", &settings, &secrets).err().unwrap_or_else(|| panic!("{settings}"));
        assert!(error.contains(said), "{said}: {error}");
    }
    Single::open("fanpage", &format!("{good}\n{WITH_APP}"), &secrets);
    let missing = good.replace("secret(token)", "{ env = \"LOA_TEST_KHONG_CO\" }");
    assert!(Single::try_open("fanpage", &missing, &secrets).err().unwrap().contains("LOA_TEST_KHONG_CO"));
}

#[test]
fn the_graph_lines_of_the_example_are_right() {
    let example = loa::channel::kind("fanpage").unwrap().example;
    let settings: Vec<&str> = example.lines().filter_map(|line| line.strip_prefix("#| ")).collect();
    assert!(settings.len() > 6, "{settings:?}");
    let settings = settings.join("\n").replace("{ file = \"/run/secrets/fanpage\" }", "secret(token)");
    let settings = settings.replace("{ env = \"FANPAGE_APP_SECRET\" }", "secret(app)");
    Single::open("fanpage", &settings, &[("token", TOKEN), ("app", APP.1)]);
}

#[tokio::test]
async fn a_correction_that_is_throttled_rests_and_a_dead_token_pauses_at_every_step() {
    let (page, far) = alone("");
    let live = page.publish(&article("1")).await;
    let newer = loa::article::Article { body_text: "Khác.".to_owned(), ..article("1") };
    for (action, text) in [(UPDATE, &newer), (Action::Withdraw, &newer)] {
        far.change(|graph| graph.say.push_back(Some(Wrong::new(32, None, "limit"))));
        assert_eq!(name(&page.advance(text, action, live.clone()).await.unwrap_err().class), "throttled");
        far.change(|graph| graph.say.push_back(Some(Wrong::new(190, Some(463), "dead"))));
        assert_eq!(name(&page.advance(text, action, live.clone()).await.unwrap_err().class), "credential");
    }
}
