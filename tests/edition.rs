//! Editions of the radio: what fits, in the right order, and nothing lost on the way.

use loa::delivery::State;
use serde_json::Value;

use crate::support::world::{Inside, World};

const SLOT_SECONDS: f64 = 900.0;

/// The editions of the radio in order of their slots: their metadata.
fn editions(world: &World) -> Vec<Value> {
    let mut editions: Vec<Value> = std::fs::read_dir(world.path("radio/may-doc"))
        .expect("a folder for machines")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"))
        .map(|entry| serde_json::from_slice(&std::fs::read(entry.path()).expect("metadata")).expect("JSON"))
        .collect();
    editions.sort_by_key(|edition| edition["slot"].as_str().unwrap_or_default().to_owned());
    editions
}

fn ids(edition: &Value) -> Vec<String> {
    let items = edition["items"].as_array().expect("items");
    items.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_evening_of_forty_items_makes_editions_that_fit_in_order_with_nothing_lost() {
    let world = World::new("\"immediate\"");
    world.write(
        "channels/radio.toml",
        "kind = \"radio\"\n[schedule]\ntiming = [\"0 * * * *\"]\ngrace = \"2d\"\n[settings]\nfolder = \"radio\"\nslot = \"15m\"\n",
    );
    let inside = Inside::start(&world).await;
    let sentence = "Ủy ban nhân dân xã thông báo để bà con trong toàn xã được biết và cùng nhau thực hiện cho tốt. ";
    for number in 0..40 {
        let file =
            world.article(&format!("bai-{number:02}"), &format!("Bài {number}"), &sentence.repeat(4 + number % 5));
        if number == 25 || number == 33 {
            let urgent = std::fs::read_to_string(&file).expect("the article").replacen(
                "title",
                "priority = \"urgent\"\ntitle",
                1,
            );
            std::fs::write(&file, urgent).expect("an urgent article");
        }
        inside.publish(&file).await;
    }
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "everything has been on the air");

    let editions = editions(&world);
    assert!(editions.len() > 1, "forty items are more than a quarter of an hour");
    for edition in &editions {
        let seconds = edition["seconds"].as_f64().expect("seconds");
        assert!(seconds <= SLOT_SECONDS, "an edition of {seconds} s: {edition}");
    }
    // Urgent ones first, then in the order in which they came; each once.
    let urgent = ["cli/bai-25".to_owned(), "cli/bai-33".to_owned()];
    let others = (0..40).filter(|number| ![25, 33].contains(number)).map(|number| format!("cli/bai-{number:02}"));
    let expected: Vec<String> = urgent.into_iter().chain(others).collect();
    let aired: Vec<String> = editions.iter().flat_map(ids).collect();
    assert_eq!(aired, expected);

    // The ledger says of each item how often it had to wait for another edition.
    let last = rows.iter().find(|row| row.delivery.channel == "radio" && row.key.external_id == "bai-39");
    let attempts = inside.app.ledger().attempts(last.expect("the last item").delivery.id).await.expect("the ledger");
    let moved = attempts.iter().filter(|attempt| attempt.outcome.as_deref() == Some("moved")).count();
    assert_eq!(moved, editions.len() - 1, "{attempts:#?}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_notice_is_read_first_and_twice() {
    let world = World::new("[\"0 * * * *\"]");
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("thuong", "Tin thường", "Nội dung thường.")).await;
    let file = world.article("khan", "Tin bão khẩn cấp", "Bão đang vào bờ.");
    let urgent =
        std::fs::read_to_string(&file).expect("the article").replacen("title", "priority = \"urgent\"\ntitle", 1);
    std::fs::write(&file, urgent).expect("an urgent article");
    inside.publish(&file).await;
    inside.drain().await;
    let edition = editions(&world).remove(0);
    assert_eq!(ids(&edition), ["cli/khan", "cli/thuong"]);
    let script = std::fs::read_dir(world.path("radio"))
        .expect("scripts")
        .flatten()
        .find(|entry| entry.path().is_file())
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a script"))
        .expect("a script");
    assert_eq!(script.matches("Bão đang vào bờ.").count(), 2, "{script}");
    assert!(script.contains("Xin nhắc lại. Tin bão khẩn cấp."), "{script}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_withdrawn_before_it_is_read_is_not_read_and_what_was_read_is_taken_back_in_words() {
    let world = World::new("[\"0 * * * *\"]");
    let inside = Inside::start(&world).await;
    let key = |id: &str| loa::article::ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() };
    inside.publish(&world.article("truoc", "Bài rút trước", "Nội dung.")).await;
    inside.publish(&world.article("sau", "Bài rút sau", "Nội dung.")).await;
    inside.withdraw(&key("truoc")).await;
    inside.drain().await;
    inside.withdraw(&key("sau")).await;
    inside.drain().await;
    let editions = editions(&world);
    let told: Vec<Vec<(String, String)>> = editions
        .iter()
        .map(|edition| {
            let items = edition["items"].as_array().expect("items");
            let told = |item: &Value| {
                (
                    item["id"].as_str().unwrap_or_default().to_owned(),
                    item["kind"].as_str().unwrap_or_default().to_owned(),
                )
            };
            items.iter().map(told).collect()
        })
        .collect();
    let item = |kind: &str| vec![("cli/sau".to_owned(), kind.to_owned())];
    assert_eq!(told, [item("new"), item("withdrawal")]);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_item_longer_than_the_slot_loses_paragraphs_from_its_end_and_the_script_says_which() {
    let world = World::new("\"immediate\"");
    world.write(
        "channels/radio.toml",
        "kind = \"radio\"\n[schedule]\ntiming = [\"0 * * * *\"]\ngrace = \"2d\"\n[settings]\nfolder = \"radio\"\nslot = \"2m\"\n",
    );
    let inside = Inside::start(&world).await;
    let sentence = "Bà con trong toàn xã chú ý theo dõi và cùng nhau thực hiện cho tốt. ";
    let paragraphs: Vec<String> = (1..=8).map(|number| format!("Đoạn thứ {number}. {}", sentence.repeat(4))).collect();
    inside.publish(&world.article("dai", "Thông báo rất dài", &paragraphs.join("\n\n"))).await;
    inside.publish(&world.article("ngan", "Thông báo ngắn", sentence)).await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let editions = editions(&world);
    let [first, second] = editions.as_slice() else { panic!("two editions, not {}", editions.len()) };
    assert!(first["seconds"].as_f64().expect("seconds") <= 120.0, "{first}");
    let cut = first["items"][0]["cut"].as_array().expect("what was cut");
    assert!(!cut.is_empty() && cut.len() < 8, "{cut:?}");
    assert!(cut.last().expect("a paragraph").as_str().expect("text").starts_with("Đoạn thứ 8."), "{cut:?}");
    assert_eq!(ids(second), ["cli/ngan"], "the next item is in the next edition");
    let scripts = std::fs::read_dir(world.path("radio")).expect("the radio's folder").flatten();
    let scripts = scripts.filter(|entry| entry.path().is_file());
    let script = scripts
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a script"))
        .find(|text| text.contains("ĐÃ BỚT"))
        .expect("a script that says so");
    let (head, body) = script.split_once("[NHẠC HIỆU]").expect("a head and a body");
    assert!(head.contains("Đoạn thứ 8.") && !body.contains("Đoạn thứ tám"), "{script}");
    let cut = rows.iter().find(|row| row.key.external_id == "dai" && row.delivery.channel == "radio").expect("a row");
    let attempts = inside.app.ledger().attempts(cut.delivery.id).await.expect("the ledger");
    let notes: Vec<&str> = attempts.iter().filter_map(|attempt| Some(attempt.note.as_ref()?.vi.as_str())).collect();
    assert!(notes.iter().any(|note| note.contains("cho vừa thời lượng")), "the ledger says so: {notes:?}");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_urgent_notice_that_fits_once_is_read_whole_and_once() {
    let world = World::new("\"immediate\"");
    world.write(
        "channels/radio.toml",
        "kind = \"radio\"\n[schedule]\ntiming = [\"0 * * * *\"]\ngrace = \"2d\"\n[settings]\nfolder = \"radio\"\nslot = \"2m\"\n",
    );
    let inside = Inside::start(&world).await;
    let file = world.article("bao", "Tin bão khẩn cấp", &"Bà con khẩn trương chằng chống nhà cửa. ".repeat(20));
    let urgent =
        std::fs::read_to_string(&file).expect("the article").replacen("title", "priority = \"urgent\"\ntitle", 1);
    std::fs::write(&file, urgent).expect("an urgent article");
    inside.publish(&file).await;
    inside.drain().await;
    let editions = editions(&world);
    assert_eq!(editions[0]["items"][0]["cut"].as_array().map(Vec::len), Some(0), "{editions:?}");
    assert!(editions[0]["seconds"].as_f64().expect("seconds") <= 120.0, "{editions:?}");
    inside.stop().await;
}

/// Approves a delivery as it would be shown now.
async fn approve(inside: &Inside, id: loa::delivery::DeliveryId, who: &str) {
    use loa::console::Decisions as _;
    let by = loa::queue::By { who: who.to_owned(), at: inside.clock.now() };
    let seen = by.at;
    let proof = inside.app.proof(id, seen, false).await.expect("the store").expect("a payload");
    inside.app.approve(id, proof.view.hash, seen, by).await.expect("the store").expect("an approval");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_article_of_an_edition_is_approved_for_itself_and_what_is_not_waits() {
    let world = World::new("[\"0 * * * *\"]\napproval = true");
    let inside = Inside::start(&world).await;
    for number in 1..=3 {
        inside.publish(&world.article(&format!("bai-{number}"), &format!("Tin {number}"), "Nội dung.")).await;
    }
    let waiting = inside.app.archive().unapproved(None, 10).await.expect("the store");
    let radio: Vec<_> = waiting.iter().filter(|row| row.delivery.channel == "radio").collect();
    assert_eq!(radio.len(), 3, "{waiting:#?}");
    // Two are approved apart, and go out together; the third is on nobody's air.
    approve(&inside, radio[0].delivery.id, "Lan").await;
    approve(&inside, radio[2].delivery.id, "Bình").await;
    inside.drain().await;
    let first = editions(&world);
    assert_eq!(first.iter().map(ids).collect::<Vec<_>>(), [["cli/bai-1".to_owned(), "cli/bai-3".to_owned()]]);
    // Approved later, it is in a later edition: the slot is not what was approved.
    inside.clock.advance(chrono::TimeDelta::hours(3));
    approve(&inside, radio[1].delivery.id, "Lan").await;
    let rows = inside.drain().await;
    assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
    let aired: Vec<String> = editions(&world).iter().flat_map(ids).collect();
    assert_eq!(aired, ["cli/bai-1", "cli/bai-3", "cli/bai-2"]);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_letter_is_sent_with_the_date_that_was_approved_and_after_another_channel_only_once_that_is_there() {
    let world = World::new("[\"0 * * * *\"]");
    let path = world.path("channels/email.toml");
    let file = std::fs::read_to_string(&path).expect("the channel's file");
    world.write("channels/email.toml", &format!("{file}\n[schedule]\napproval = true\nafter = \"portal\"\n"));
    let inside = Inside::start(&world).await;
    inside
        .app
        .queue()
        .pause(
            "portal".to_owned(),
            loa::queue::Pause {
                cause: loa::queue::PauseCause::Person("Lan".to_owned()),
                since: inside.clock.now(),
                note: loa::text::Text::same("nghỉ"),
            },
        )
        .await
        .expect("the store");
    inside.publish(&world.article("bai", "Tin", "Nội dung.")).await;
    let waiting = inside.app.archive().unapproved(None, 10).await.expect("the store");
    let id = waiting[0].delivery.id;
    use loa::console::Decisions as _;
    let by = || loa::queue::By { who: "Lan".to_owned(), at: inside.clock.now() };
    let seen = inside.clock.now();
    let proof = inside.app.proof(id, seen, false).await.expect("the store").expect("a payload");
    assert!(proof.not_yet.is_some(), "its link is not known yet");
    let refused = inside.app.approve(id, proof.view.hash, seen, by()).await.expect("the store").unwrap_err();
    assert!(refused.en.contains("portal"), "{refused:?}");
    inside.app.queue().resume("portal".to_owned(), "Lan".to_owned(), inside.clock.now()).await.expect("the store");
    inside.drain().await;
    // What is looked at now and approved in a while is sent as it was shown.
    let seen = inside.clock.now();
    let proof = inside.app.proof(id, seen, false).await.expect("the store").expect("a payload");
    inside.clock.advance(chrono::TimeDelta::minutes(40));
    let other = inside.app.proof(id, inside.clock.now(), false).await.expect("the store").expect("a payload");
    assert_ne!(proof.view.hash, other.view.hash, "a letter carries its date");
    inside.app.approve(id, proof.view.hash.clone(), seen, by()).await.expect("the store").expect("an approval");
    let rows = inside.drain().await;
    let email = rows.iter().find(|row| row.delivery.channel == "email").expect("the letter");
    assert_eq!(email.delivery.state, State::Settled, "{email:#?}");
    assert_eq!(email.delivery.live.receipt().expect("a receipt").payload_hash, proof.view.hash);
    inside.stop().await;
}
