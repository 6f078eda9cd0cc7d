//! Telegram: what its far side demands, and what cannot be known there.

use std::time::Duration;

use loa::article::{Article, Image};
use loa::channel::{Attention, Class, Progress, Repeat, Seen};
use loa::delivery::{Action, Live, State};
use serde_json::{Value, json};

use super::single_jobs::{CREATE, LINK, Single, UPDATE, picture, shown};
use crate::matrix::{Case, every_step_every_fault};
use crate::sample::article;
use crate::support::far::telegram::{CHAT, TOKEN, Telegram};
use crate::support::hostile_api::HostileApi;
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::world::{Inside, World};

pub(super) const CASE: Case = Case {
    channel: "telegram",
    decidable: false,
    start: |world| {
        let far = HostileApi::start(Telegram::new());
        set_up(world, &far);
        Box::new(far)
    },
};

fn set_up(world: &World, far: &HostileApi<Telegram>) {
    world.write("bot-token", TOKEN);
    let (url, token) = (far.url(), toml::Value::String(world.path("bot-token").display().to_string()));
    let settings = format!("chat_id = {CHAT}\nbase_url = \"{url}\"\nbot_token = {{ file = {token} }}");
    world.channel("telegram", "telegram", &settings, "");
}

fn alone(more: &str) -> (Single, HostileApi<Telegram>) {
    let far = HostileApi::start(Telegram::new());
    let chat = if more.contains("chat_id") { String::new() } else { format!("chat_id = {CHAT}\n") };
    let settings = format!("{chat}base_url = \"{}\"\nbot_token = secret(bot)\n{more}", far.url());
    (Single::open("telegram", &settings, &[("bot", TOKEN)]), far)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_telegram_does_nothing_is_doubled_and_what_cannot_be_known_is_asked() {
    every_step_every_fault(&CASE).await;
}

#[tokio::test]
async fn a_message_names_its_source_links_back_and_is_edited_and_deleted_by_its_number() {
    let (channel, far) = alone("");
    let nasty = Article { title: "Giá \"điện\" & <nước> tăng".to_owned(), ..article("1") };
    let live = channel.publish(&nasty).await;
    let Live::Shown { receipt, .. } = &live else { panic!() };
    let id = far.look(|telegram| telegram.messages[0].id);
    assert!(id > i64::from(u32::MAX));
    assert_eq!(receipt.remote_id, format!("{CHAT}:{id}"));
    assert_eq!(receipt.url, Some(format!("https://t.me/anbinh/{id}")));
    let text = far.public()[0].clone();
    assert!(text.starts_with("Giá \"điện\" & <nước> tăng\n\n"), "{text}");
    assert!(text.contains("Nguồn: UBND xã An Bình\n") && text.contains(LINK), "{text}");
    for _ in 0..2 {
        // The second time it is "not modified", which is done.
        let Progress::Live(edited) = channel.advance(&nasty, UPDATE, live.clone()).await.unwrap() else { panic!() };
        assert_eq!((edited.remote_id, edited.url), (receipt.remote_id.clone(), receipt.url.clone()));
        assert!(far.public()[0].starts_with("[ĐÍNH CHÍNH] Giá"));
    }
    for _ in 0..2 {
        assert_eq!(channel.advance(&nasty, Action::Withdraw, live.clone()).await.unwrap(), Progress::Gone);
        assert!(far.public().is_empty());
    }
    let error = channel.advance(&nasty, UPDATE, live).await.unwrap_err();
    assert!(error.class == Class::Permanent && error.note.vi.contains("có người đã xóa"), "{error:?}");
}

#[tokio::test]
async fn a_chat_without_a_public_name_has_a_private_address_and_a_name_can_stand_for_its_number() {
    let (channel, far) = alone("");
    far.change(|telegram| telegram.username = None);
    let Live::Shown { receipt, .. } = channel.publish(&article("1")).await else { panic!() };
    let id = far.look(|telegram| telegram.messages[0].id);
    assert_eq!(receipt.url, Some(format!("https://t.me/c/1234567890/{id}")));
    let (channel, _far) = alone("chat_id = \"@anbinh\"");
    let Live::Shown { receipt, .. } = channel.publish(&article("1")).await else { panic!() };
    assert!(receipt.remote_id.starts_with(&format!("{CHAT}:")), "the number is kept, names change");
}

#[tokio::test]
async fn pictures_go_as_a_photo_or_an_album_and_every_message_of_it_is_deleted() {
    for count in [1, 3] {
        let (channel, far) = alone("");
        let with = Article { images: (0..count).map(picture).collect(), ..article("1") };
        let live = channel.publish(&with).await;
        let Live::Shown { receipt, .. } = &live else { panic!() };
        far.look(|telegram| {
            assert_eq!(telegram.messages.len(), usize::from(count));
            assert!(
                telegram
                    .messages
                    .iter()
                    .all(|message| message.photo.as_deref().is_some_and(|photo| photo.ends_with("bytes")))
            );
            let ids: Vec<String> = telegram.messages.iter().map(|message| message.id.to_string()).collect();
            assert_eq!(receipt.remote_id, format!("{CHAT}:{}:photo", ids.join(",")));
            assert!(telegram.messages[0].text.contains("tiếp công dân"));
            assert!(telegram.messages[1..].iter().all(|message| message.text.is_empty()), "one caption for the album");
        });
        channel.advance(&with, UPDATE, live.clone()).await.unwrap();
        assert!(far.public()[0].starts_with("[ĐÍNH CHÍNH]"));
        assert_eq!(channel.advance(&with, Action::Withdraw, live).await.unwrap(), Progress::Gone);
        assert!(far.look(|telegram| telegram.messages.is_empty()));
    }
}

#[tokio::test]
async fn a_picture_by_address_is_fetched_and_one_that_cannot_be_does_not_keep_the_news_back() {
    let (channel, far) = alone("");
    let unkept = Image { url: "https://anh.example.vn/co.jpg".to_owned(), kept: None, ..picture(0) };
    let with = Article { images: vec![unkept], ..article("1") };
    channel.publish(&with).await;
    far.change(|telegram| telegram.fetchable.insert("https://anh.example.vn/co.jpg".to_owned()));
    channel.publish(&with).await;
    far.look(|telegram| {
        let photos: Vec<bool> = telegram.messages.iter().map(|message| message.photo.is_some()).collect();
        assert_eq!(photos, [false, true]);
        assert!(telegram.messages.iter().all(|message| message.text.contains("tiếp công dân")));
    });
}

#[tokio::test]
async fn a_text_is_counted_in_utf_16_and_cut_between_words() {
    for (images, most) in [(0_u8, 4_096), (2, 1_024)] {
        let (channel, far) = alone("");
        let long = Article {
            title: "Cảnh báo 🌊 ".repeat(400),
            summary: None,
            body_text: "Nước 🌊🌊 lên & <nhanh>. ".repeat(2_000),
            images: (0..images).map(picture).collect(),
            ..article("1")
        };
        channel.publish(&long).await;
        let text = far.public()[0].clone();
        let units = text.encode_utf16().count();
        assert!(units <= most && units + 40 > most, "{units} of {most}");
        assert!(text.contains(LINK) && text.contains('…'), "{text}");
    }
}

#[tokio::test]
async fn after_two_days_the_notice_takes_the_texts_place() {
    for count in [0_u8, 2] {
        let (channel, far) = alone("");
        let with = Article { images: (0..count).map(picture).collect(), ..article("1") };
        let live = channel.publish(&with).await;
        far.change(|telegram| telegram.now += 48 * 3_600);
        for _ in 0..2 {
            let progress = channel.advance(&with, Action::Withdraw, live.clone()).await.unwrap();
            assert_eq!(progress, Progress::Notice);
        }
        let public = far.public();
        assert!(
            public[0].starts_with("Tin này đã được thu hồi.") && public[0].contains("UBND xã An Bình"),
            "{public:?}"
        );
        assert!(public.iter().all(|text| !text.contains("tiếp công dân")), "{public:?}");
    }
}

#[tokio::test]
async fn what_telegram_answers_is_put_into_its_class() {
    let misconfigured = Class::NeedsAttention(Attention::Misconfigured);
    let credential = Class::NeedsAttention(Attention::Credential);
    let none = Value::Null;
    for (code, description, parameters, class, said) in [
        (401, "Unauthorized", none.clone(), credential.clone(), "@BotFather"),
        (404, "Not Found", none.clone(), credential, "@BotFather"),
        (403, "Forbidden: bot was kicked from the channel chat", none.clone(), misconfigured.clone(), "kicked"),
        (
            403,
            "Forbidden: bot is not a member of the channel chat",
            none.clone(),
            misconfigured.clone(),
            "not a member",
        ),
        (
            400,
            "Bad Request: need administrator rights in the channel chat",
            none.clone(),
            misconfigured.clone(),
            "rights",
        ),
        (400, "Bad Request: chat not found", none.clone(), misconfigured.clone(), "chat_id"),
        (
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            json!({ "migrate_to_chat_id": -1_009_999_999_999_i64 }),
            misconfigured,
            "chat_id = -1009999999999",
        ),
        (400, "Bad Request: message is too long", none.clone(), Class::Permanent, "too long"),
        (400, "Bad Request: can't parse entities: bad tag", none.clone(), Class::Permanent, "entities"),
        (
            429,
            "Too Many Requests: retry after 7",
            json!({ "retry_after": 7 }),
            Class::Throttled { retry_after: Some(Duration::from_secs(7)) },
            "chậm lại",
        ),
        (500, "Internal Server Error", none.clone(), Class::Ambiguous { retry_after: None }, "500"),
    ] {
        let (channel, far) = alone("");
        far.change(|telegram| telegram.say.push_back((code, description.to_owned(), parameters.clone())));
        let error = channel.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
        assert_eq!(error.class, class, "{description}");
        assert!(error.note.vi.contains(said), "{description}: {}", error.note.vi);
        assert!(!format!("{error:?}").contains(TOKEN));
    }
    let (channel, far) = alone("");
    for fault in [Fault::Html502, Fault::PostThenReset, Fault::PostThen500, Fault::TruncatedAnswer, Fault::Huge] {
        far.script(vec![fault.clone()]);
        let error = channel.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
        assert!(matches!(error.class, Class::Ambiguous { .. }), "{fault:?}: {error:?}");
    }
    let live = channel.publish(&article("1")).await;
    for action in [UPDATE, Action::Withdraw] {
        far.script(vec![Fault::PostThenReset]);
        let error = channel.advance(&article("1"), action, live.clone()).await.unwrap_err();
        assert!(matches!(error.class, Class::Transient { .. }), "may be repeated: {error:?}");
    }
    far.script(vec![Fault::StatusRetryAfter(429, RetryAfter::Seconds(9))]);
    let error = channel.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
    assert_eq!(error.class, Class::Throttled { retry_after: Some(Duration::from_secs(9)) });
    let (channel, far) = alone("");
    far.go_offline();
    let error = channel.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
    assert!(matches!(error.class, Class::Transient { .. }) && !format!("{error:?}").contains(TOKEN), "{error:?}");
}

#[tokio::test]
async fn a_message_without_answer_is_never_sent_again_but_edits_and_deletions_are() {
    let (channel, _far) = alone("");
    assert_eq!(channel.channel.repeat(), Repeat::AfterLookup);
    let unknown = channel.channel.look_up(&channel.job(&article("1"), CREATE, Live::Nothing)).await.unwrap();
    assert!(matches!(unknown, Seen::Unknown(_)), "{unknown:?}");
    let live = channel.publish(&article("1")).await;
    for action in [UPDATE, Action::Withdraw] {
        assert_eq!(
            channel.channel.look_up(&channel.job(&article("1"), action, live.clone())).await.unwrap(),
            Seen::Absent
        );
    }
    // A person saw it go out: its number is not known, and a person has to change it.
    let Live::Shown { receipt, .. } = live else { panic!() };
    let vouched = shown(loa::delivery::Receipt { remote_id: String::new(), ..receipt });
    for action in [UPDATE, Action::Withdraw] {
        let job = channel.job(&article("1"), action, vouched.clone());
        assert!(matches!(channel.channel.advance(&job).await.unwrap_err().class, Class::Ambiguous { .. }));
        assert!(matches!(channel.channel.look_up(&job).await.unwrap(), Seen::Unknown(_)));
    }
}

#[tokio::test]
async fn the_probe_proves_that_the_bot_may_post_there() {
    let (channel, far) = alone("");
    let health = channel.channel.probe().await.unwrap();
    assert!(
        health.proven && health.note.vi.contains("@anbinh_bot") && health.note.vi.contains("An Bình"),
        "{health:?}"
    );
    far.change(|telegram| telegram.status = "left");
    assert!(matches!(
        channel.channel.probe().await.unwrap_err().class,
        Class::NeedsAttention(Attention::Misconfigured)
    ));
    far.change(|telegram| {
        telegram.status = "administrator";
        telegram.token = "9:new".to_owned();
    });
    assert!(matches!(channel.channel.probe().await.unwrap_err().class, Class::NeedsAttention(Attention::Credential)));
    channel.secret("bot", "9:new");
    assert!(channel.channel.probe().await.unwrap().proven);
    channel.secret("bot", "9:new/../x");
    assert!(matches!(channel.channel.probe().await.unwrap_err().class, Class::NeedsAttention(Attention::Credential)));
}

#[test]
fn mistakes_in_the_settings_are_named_and_the_example_is_switched_off() {
    let good = format!("chat_id = {CHAT}\nbot_token = secret(bot)");
    for (settings, said) in [
        (good.replace(&CHAT.to_string(), "\"anbinh\""), "5: chat_id"),
        (good.replace(&CHAT.to_string(), "true"), "5: chat_id"),
        (format!("{good}\ntext_limit = 5000"), "7: text_limit"),
        (format!("{good}\nbase_url = \"telegram\""), "7: base_url"),
    ] {
        let error =
            Single::try_open("telegram", &settings, &[("bot", TOKEN)]).err().unwrap_or_else(|| panic!("{settings}"));
        assert!(error.contains(said), "{said}: {error}");
    }
    let example = loa::channel::kind("telegram").unwrap().example;
    assert!(example.contains("\nenabled = false") && example.contains("LƯU Ý PHÁP LÝ"));
    let settings = example.split("[settings]").nth(1).and_then(|rest| rest.split("\n[").next()).unwrap();
    Single::open("telegram", &settings.replace("{ env = \"TELEGRAM_BOT_TOKEN\" }", "secret(bot)"), &[("bot", TOKEN)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_pauses_without_spending_tries_and_is_written_down_nowhere() {
    let world = World::bare();
    let far = HostileApi::start(Telegram::new());
    set_up(&world, &far);
    far.change(|telegram| telegram.token = "77:AAnew".to_owned());
    let inside = Inside::start(&world).await;
    for number in 1..=3 {
        inside.publish(&world.article(&format!("bai-{number}"), &format!("Bài số {number}"), "Nội dung.")).await;
        inside.drain().await;
    }
    let rows = inside.rows().await;
    assert!(
        rows.iter().all(|row| row.delivery.tries == 0 && matches!(row.delivery.state, State::Waiting { .. })),
        "{rows:#?}"
    );
    let paused = inside.app.queue().paused("telegram".to_owned()).await.unwrap().expect("a paused channel");
    assert!(paused.note.vi.contains("@BotFather"), "{paused:?}");
    inside.stop().await;
    world.write("bot-token", "77:AAnew\n");
    let inside = Inside::start(&world).await;
    let resumed = async {
        while inside.app.queue().paused("telegram".to_owned()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), resumed).await.expect("the channel goes on by itself");
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let public = far.public();
    assert!((1..=3).all(|number| public[number - 1].starts_with(&format!("Bài số {number}"))), "{public:?}");
    inside.stop().await;
    for part in ["loa.db", "loa.db-wal", "log"] {
        let bytes = std::fs::read(world.path(part)).unwrap_or_default();
        for secret in [TOKEN, "77:AAnew"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "the token is in {part}");
        }
    }
}
