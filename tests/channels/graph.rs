//! The Fanpage over the Graph API: what its far side demands, and what people do there.

use loa::article::{Article, Image};
use loa::channel::{Class, Progress, Seen};
use loa::delivery::{Action, Event, Hold, Live, State};
use loa::queue::PauseCause;

use super::single_jobs::{CREATE, LINK, Single, UPDATE, picture, shown};
use crate::matrix::{Case, every_step_every_fault};
use crate::sample::article;
use crate::support::far::graph::{APP, Graph, PAGE, START, TOKEN, Token};
use crate::support::far::graph_answers::Wrong;
use crate::support::hostile_api::HostileApi;
use crate::support::http_fault::Fault;
use crate::support::world::{Inside, World};

pub(super) const CASE: Case = Case {
    channel: "trang",
    decidable: true,
    start: |world| {
        let far = HostileApi::start(Graph::new());
        set_up(world, &far, "");
        Box::new(far)
    },
};

/// Writes the channel's file and the token's.
pub(super) fn set_up(world: &World, far: &HostileApi<Graph>, more: &str) {
    world.write("token", TOKEN);
    world.write("app-secret", APP.1);
    let file = |name: &str| toml::Value::String(world.path(name).display().to_string());
    let (url, token) = (far.url(), file("token"));
    let settings = format!(
        "transport = \"graph\"\npage_id = \"{PAGE}\"\nbase_url = \"{url}\"\naccess_token = {{ file = {token} }}\n{more}"
    );
    world.channel(
        "trang",
        "fanpage",
        &settings.replace("secret(app)", &format!("{{ file = {} }}", file("app-secret"))),
        "",
    );
}

/// The channel alone, and its far side.
pub(super) fn alone(more: &str) -> (Single, HostileApi<Graph>) {
    let far = HostileApi::start(Graph::new());
    let url = far.url();
    let settings = format!(
        "transport = \"graph\"\npage_id = \"{PAGE}\"\nbase_url = \"{url}\"\naccess_token = secret(token)\n{more}"
    );
    (Single::open("fanpage", &settings, &[("token", TOKEN), ("app", APP.1)]), far)
}

pub(super) const WITH_APP: &str = "app_id = \"987654321\"\napp_secret = secret(app)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_graph_does_the_public_sees_one_newest_copy() {
    every_step_every_fault(&CASE).await;
}

#[tokio::test]
async fn a_post_is_made_hidden_then_revealed_and_its_own_address_is_kept() {
    let (page, far) = alone("");
    let Progress::Staged(id) = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap() else { panic!() };
    assert!(far.public().is_empty(), "nobody sees it yet");
    far.look(|graph| assert_eq!(graph.post(&id).link.as_deref(), Some(LINK)));
    let staged = Live::Staged { revision: loa::article::Revision(1), remote_id: id.clone() };
    for _ in 0..2 {
        let Progress::Live(receipt) = page.advance(&article("1"), CREATE, staged.clone()).await.unwrap() else {
            panic!()
        };
        assert_eq!(receipt.remote_id, id);
        // The number in the address is the profile's: it is told, never built.
        let number = id.rsplit('_').next().unwrap();
        assert_eq!(receipt.url, Some(format!("https://www.facebook.com/61550000000001/posts/{number}")));
        assert!(receipt.seen.is_some());
    }
    let public = far.public();
    assert_eq!(public.len(), 1, "revealing twice reveals once");
    assert!(
        public[0].contains("tiếp công dân") && public[0].contains("Nguồn: UBND xã An Bình") && public[0].contains(LINK)
    );
}

#[tokio::test]
async fn the_token_is_never_in_an_address_and_its_proof_is_the_published_vector() {
    let (page, far) = alone(WITH_APP);
    far.change(|graph| graph.needs_proof = true);
    let live = page.publish(&article("1")).await;
    page.advance(&article("1"), UPDATE, live.clone()).await.unwrap();
    page.advance(&article("1"), Action::Withdraw, live).await.unwrap();
    assert!(far.public().is_empty());
    let mut proofs = 0;
    for request in far.requests() {
        assert!(!request.head.path.contains(TOKEN) && !request.head.path.contains(APP.1), "{}", request.head.path);
        assert_eq!(request.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
        assert_eq!(request.query("locale").as_deref(), Some("vi_VN"));
        let body = request.json()["appsecret_proof"].as_str().map(str::to_owned);
        let proof = body.or(request.query("appsecret_proof")).expect("a proof with every call");
        assert_eq!(proof, "558080b299ccfabcdbfaf45bd3a4f6c06b5703c83f3c6d3023c8efc960fef88b");
        proofs += 1;
    }
    assert!(proofs > 5);
}

fn with_images(images: Vec<Image>) -> Article {
    Article { images, ..article("1") }
}

#[tokio::test]
async fn pictures_are_uploaded_hidden_with_their_descriptions_and_attached_in_order() {
    for count in [1, 3] {
        let (page, far) = alone("");
        page.publish(&with_images((0..count).map(picture).collect())).await;
        far.look(|graph| {
            let post = graph.posts.last().unwrap();
            let ids: Vec<&str> = graph.photos.iter().map(|photo| photo.id.as_str()).collect();
            assert_eq!(post.photos, ids);
            assert_eq!(post.link, None, "beside pictures the link is in the text");
            assert!(post.message.contains(LINK));
            for (number, photo) in graph.photos.iter().enumerate() {
                assert_eq!(photo.alt.as_deref(), Some(format!("Ảnh số {number}").as_str()));
                assert!(photo.bytes > 0);
            }
        });
    }
}

#[tokio::test]
async fn a_picture_known_by_its_address_is_fetched_there_and_one_that_cannot_be_had_is_left_out() {
    let (page, far) = alone("");
    let unkept = |name: &str| Image { url: format!("https://anh.example.vn/{name}.jpg"), kept: None, ..picture(0) };
    far.change(|graph| graph.fetchable.insert("https://anh.example.vn/co.jpg".to_owned()));
    page.publish(&with_images(vec![unkept("khong-co"), unkept("co")])).await;
    far.look(|graph| {
        let urls: Vec<_> = graph.photos.iter().map(|photo| photo.url.clone()).collect();
        assert_eq!(urls, [Some("https://anh.example.vn/co.jpg".to_owned())]);
        assert_eq!(graph.posts.last().unwrap().photos.len(), 1);
    });
}

#[tokio::test]
async fn the_cap_on_pictures_is_a_setting_and_too_much_data_means_fewer_pictures() {
    let long = Article {
        summary: None,
        body_text: "Bà con chú ý. ".repeat(120),
        ..with_images((0..8).map(picture).collect())
    };
    let (page, far) = alone("");
    page.publish(&long).await;
    far.look(|graph| assert_eq!(graph.posts.last().unwrap().photos.len(), 4, "the default"));
    let (page, far) = alone("most_photos = 7");
    page.publish(&long).await;
    far.look(|graph| {
        assert_eq!(graph.photos.len(), 7);
        assert_eq!((graph.posts.len(), graph.posts[0].photos.len()), (1, 4), "one post, with as many as were taken");
    });
    // The same words without that text are no reason.
    let (page, far) = alone("");
    far.change(|graph| graph.say.extend([None, Some(Wrong::new(1, None, "An unknown error occurred"))]));
    let error = page.advance(&with_images(vec![picture(0)]), CREATE, Live::Nothing).await.unwrap_err();
    assert!(matches!(error.class, Class::Ambiguous { .. }), "{error:?}");
}

#[tokio::test]
async fn a_link_that_cannot_be_previewed_is_tried_thrice_and_then_posted_without_preview() {
    let (page, far) = alone("");
    let slow = || Some(Wrong::new(1_609_005, None, "The link could not be scraped"));
    far.change(|graph| graph.say.extend([slow(), slow(), slow()]));
    for _ in 0..2 {
        let error = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap_err();
        assert!(matches!(error.class, Class::Transient { .. }), "{error:?}");
    }
    assert!(matches!(page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap(), Progress::Staged(_)));
    far.look(|graph| assert_eq!((graph.posts.len(), &graph.posts[0].link), (1, &None)));
}

#[tokio::test]
async fn a_lost_create_is_found_hidden_or_public_and_absent_only_after_two_looks() {
    for lists_hidden in [true, false] {
        let (page, far) = alone("");
        far.change(|graph| {
            graph.lists_hidden = lists_hidden;
            graph.done_then_down = 1;
        });
        let job = page.job(&article("1"), CREATE, Live::Nothing);
        assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::NotYet, "nothing there: look again");
        let error = page.channel.advance(&job).await.unwrap_err();
        assert!(matches!(error.class, Class::Ambiguous { .. }), "{error:?}");
        let id = far.look(|graph| graph.posts[0].id.clone());
        let seen = page.channel.look_up(&job).await.unwrap();
        assert_eq!(seen, if lists_hidden { Seen::Staged(id.clone()) } else { Seen::NotYet });
        // Somebody published the very post by hand.
        far.change(|graph| graph.posts[0].published = true);
        let Seen::Present(receipt) = page.channel.look_up(&job).await.unwrap() else { panic!() };
        assert_eq!(receipt.remote_id, id);
        // Older than the article, it is another one.
        far.change(|graph| {
            graph.hour(|| START - 86_400);
            graph.posts.clear();
        });
        let payload: serde_json::Value = serde_json::from_slice(&job.payload.bytes).unwrap();
        far.change(|graph| graph.stranger(payload["message"].as_str().unwrap()));
        assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::NotYet);
        // What cannot be read proves nothing.
        far.change(|graph| graph.broken_reads = 1);
        assert!(page.channel.look_up(&job).await.is_err());
    }
}

#[tokio::test]
async fn what_is_looked_for_is_found_beyond_the_first_page_without_following_addresses() {
    let (page, far) = alone("");
    let live = page.publish(&article("1")).await;
    let Live::Shown { receipt, .. } = live else { panic!() };
    far.change(|graph| (0..60).for_each(|number| drop(graph.stranger(&format!("Tin {number}")))));
    let job = page.job(&article("1"), CREATE, Live::Nothing);
    let Seen::Present(found) = page.channel.look_up(&job).await.unwrap() else { panic!() };
    assert_eq!(found, receipt);
}

#[tokio::test]
async fn the_same_text_again_is_adopted_when_it_is_ours() {
    for again in [(506, None), (368, Some(1_404_082))] {
        let (page, far) = alone("");
        far.change(|graph| graph.again = again);
        let Live::Shown { receipt, .. } = page.publish(&article("1")).await else { panic!() };
        let Progress::Live(adopted) = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap() else {
            panic!()
        };
        assert_eq!(adopted, receipt);
        far.change(|graph| graph.posts[0].published = false);
        let staged = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap();
        assert_eq!(staged, Progress::Staged(receipt.remote_id));
        assert_eq!(far.look(|graph| graph.posts.len()), 1);
    }
}

#[tokio::test]
async fn a_correction_edits_the_text_keeps_the_address_in_it_and_has_the_link_read_again() {
    let (page, far) = alone("");
    let live = page.publish(&article("1")).await;
    let edited = Article { body_text: "Dời sang 8 giờ.".to_owned(), ..article("1") };
    far.change(|graph| graph.say.extend([None, Some(Wrong::new(1_609_005, None, "could not be scraped"))]));
    let Progress::Live(receipt) = page.advance(&edited, UPDATE, live.clone()).await.unwrap() else { panic!() };
    assert!(far.public()[0].starts_with("[ĐÍNH CHÍNH]") && far.public()[0].contains(LINK), "{:?}", far.public());
    assert!(far.look(|graph| graph.scraped.is_empty()), "that the link was not read again is no failure");
    // The same again, after a lost answer: it is there, and not taken for a person's.
    let Progress::Live(again) = page.advance(&edited, UPDATE, live).await.unwrap() else { panic!() };
    assert_eq!(again, receipt);
    let more = Article { body_text: "Dời sang 9 giờ.".to_owned(), ..article("1") };
    page.advance(&more, UPDATE, shown(receipt)).await.unwrap();
    assert_eq!(far.look(|graph| graph.scraped.clone()), [LINK]);
}

#[tokio::test]
async fn a_post_that_a_person_has_edited_or_hidden_is_not_overwritten_without_asking() {
    for hide in [false, true] {
        let (page, far) = alone("");
        let Live::Shown { receipt, .. } = page.publish(&article("1")).await else { panic!() };
        far.change(|graph| match hide {
            true => graph.posts[0].published = false,
            false => graph.posts[0].message = "Sửa tay trên Fanpage".to_owned(),
        });
        let edited = Article { body_text: "Dời sang 8 giờ.".to_owned(), ..article("1") };
        let error = page.advance(&edited, UPDATE, shown(receipt.clone())).await.unwrap_err();
        let Class::Edited { seen } = error.class else { panic!("{error:?}") };
        assert!(error.note.vi.contains(if hide { "ẩn" } else { "Sửa tay trên Fanpage" }), "{}", error.note.vi);
        // A person lets it go on: that version may be overwritten, a later one not.
        let allowed = loa::delivery::Receipt { seen: Some(seen), ..receipt };
        far.change(|graph| graph.posts[0].message.push('!'));
        assert!(page.advance(&edited, UPDATE, shown(allowed.clone())).await.is_err());
        far.change(|graph| graph.posts[0].message.pop());
        page.advance(&edited, UPDATE, shown(allowed)).await.unwrap();
        assert_eq!(far.public().len(), 1);
        assert!(far.public()[0].contains("8 giờ"));
    }
}

#[tokio::test]
async fn an_edit_of_our_own_without_answer_is_recognised_before_the_next_correction() {
    let (page, far) = alone("");
    let Live::Shown { receipt, .. } = page.publish(&article("1")).await else { panic!() };
    let second = Article { body_text: "Dời sang 8 giờ.".to_owned(), ..article("1") };
    far.script(vec![Fault::PostThenReset]);
    let job = page.job(&second, UPDATE, shown(receipt.clone()));
    let error = page.channel.advance(&job).await.unwrap_err();
    assert!(matches!(error.class, Class::Ambiguous { .. }), "looked up, not repeated: {error:?}");
    let Seen::Present(receipt) = page.channel.look_up(&job).await.unwrap() else { panic!() };
    let third = Article { body_text: "Dời sang 9 giờ.".to_owned(), ..article("1") };
    page.advance(&third, Action::Update(loa::article::Revision(3)), shown(receipt)).await.unwrap();
    assert!(far.public()[0].contains("9 giờ"));
}

#[tokio::test]
async fn a_post_that_somebody_deleted_is_said_for_a_correction_and_done_for_a_withdrawal() {
    let (page, far) = alone("");
    let live = page.publish(&article("1")).await;
    far.change(|graph| graph.posts.clear());
    let error = page.advance(&article("1"), UPDATE, live.clone()).await.unwrap_err();
    assert!(error.class == Class::Permanent && error.note.vi.contains("có người đã xóa"), "{error:?}");
    assert_eq!(page.advance(&article("1"), Action::Withdraw, live.clone()).await.unwrap(), Progress::Gone);
    // For a token that is dead, everything looks gone: then nothing is believed.
    far.change(|graph| graph.say.push_back(Some(Wrong::missing("DELETE"))));
    far.change(|graph| graph.tokens.insert(TOKEN.to_owned(), Token::Dead(463)));
    let error = page.advance(&article("1"), Action::Withdraw, live).await.unwrap_err();
    assert!(matches!(error.class, Class::NeedsAttention(_)), "{error:?}");
}

#[tokio::test]
async fn a_hidden_copy_that_vanished_or_is_out_of_date_is_made_anew() {
    let (page, far) = alone("");
    let Progress::Staged(id) = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap() else { panic!() };
    let staged = |id: &str| Live::Staged { revision: loa::article::Revision(1), remote_id: id.to_owned() };
    far.change(|graph| graph.posts.clear());
    let Progress::Staged(second) = page.advance(&article("1"), CREATE, staged(&id)).await.unwrap() else { panic!() };
    assert_ne!(second, id);
    // A correction came before the reveal: what nobody saw is replaced.
    let newer = Article { body_text: "Dời sang 8 giờ.".to_owned(), ..article("1") };
    let action = Action::Create(loa::article::Revision(2));
    let Progress::Staged(third) = page.advance(&newer, action, staged(&second)).await.unwrap() else { panic!() };
    assert!(matches!(page.advance(&newer, action, staged(&third)).await.unwrap(), Progress::Live(_)));
    // Revealed without an answer, then corrected: the public copy is edited, no other is made.
    let newest = Article { body_text: "Dời sang 9 giờ.".to_owned(), ..article("1") };
    let action = Action::Create(loa::article::Revision(3));
    assert!(matches!(page.advance(&newest, action, staged(&third)).await.unwrap(), Progress::Live(_)));
    far.look(|graph| assert_eq!(graph.posts.len(), 1));
    assert!(far.public()[0].contains("9 giờ"));
}

#[tokio::test]
async fn a_post_that_may_not_be_deleted_goes_down_the_ladder_and_then_to_a_person() {
    let rungs = ["delete", "is_published", "is_hidden", "message"];
    for forbidden in 1..=rungs.len() {
        let (page, far) = alone(WITH_APP);
        let live = page.publish(&article("1")).await;
        far.change(|graph| graph.forbidden = rungs[..forbidden].iter().map(|rung| (*rung, (200, None))).collect());
        let progress = page.advance(&article("1"), Action::Withdraw, live.clone()).await;
        match forbidden {
            1 | 2 => {
                assert_eq!(progress.unwrap(), Progress::Gone);
                assert!(far.public().is_empty());
            }
            3 => {
                assert_eq!(progress.unwrap(), Progress::Notice);
                assert!(
                    far.public()[0].starts_with("Bài đăng này đã được thu hồi")
                        && !far.public()[0].contains("7 giờ 30")
                );
            }
            _ => {
                let error = progress.unwrap_err();
                assert!(error.class == Class::Permanent && error.note.vi.contains("Gỡ bằng tay"), "{error:?}");
                // A token that has lost the permission altogether is the channel's trouble, not the post's.
                far.change(|graph| graph.tokens.insert(TOKEN.to_owned(), Token::Without(200)));
                let error = page.advance(&article("1"), Action::Withdraw, live).await.unwrap_err();
                assert!(matches!(error.class, Class::NeedsAttention(_)), "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_post_of_another_app_is_refused_alone_when_the_token_is_known_to_be_in_order() {
    let (page, far) = alone(WITH_APP);
    let live = page.publish(&article("1")).await;
    far.change(|graph| graph.posts[0].foreign = true);
    let error = page.advance(&Article { title: "Khác".to_owned(), ..article("1") }, UPDATE, live).await.unwrap_err();
    assert_eq!(error.class, Class::Permanent, "{error:?}");
}

#[tokio::test]
async fn a_copy_that_a_person_vouched_for_is_found_by_its_link() {
    let (page, far) = alone("");
    let Live::Shown { receipt, .. } = page.publish(&article("1")).await else { panic!() };
    let unknown = loa::delivery::Receipt { remote_id: String::new(), seen: None, ..receipt };
    let newer = Article { body_text: "Dời sang 8 giờ.".to_owned(), ..article("1") };
    page.advance(&newer, UPDATE, shown(unknown.clone())).await.unwrap();
    assert!(far.public()[0].contains("8 giờ"));
    far.change(|graph| graph.stranger(&format!("Chia sẻ lại {LINK}")));
    let job = page.job(&newer, Action::Withdraw, shown(unknown));
    assert!(
        matches!(page.channel.advance(&job).await.unwrap_err().class, Class::Ambiguous { .. }),
        "which of the two?"
    );
    assert!(matches!(page.channel.look_up(&job).await.unwrap(), Seen::Unknown(_)));
}

#[test]
fn channels_probe_tells_the_days_left() {
    let world = World::bare();
    let far = HostileApi::start(Graph::new());
    set_up(&world, &far, WITH_APP);
    #[expect(clippy::disallowed_methods, reason = "the program itself lives in real time")]
    let ends = chrono::Utc::now().timestamp() + 9 * 86_400 + 3_600;
    far.change(|graph| graph.debug = serde_json::json!({ "expires_at": ends }));
    let probed = world.run(&["channels", "--probe"]);
    let said = String::from_utf8_lossy(&probed.stdout);
    assert_eq!(probed.status.code(), Some(0), "{probed:?}");
    assert!(said.contains("the credential has 9 days left"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_dies_is_noticed_before_an_article_has_to_find_out() {
    let world = World::bare();
    let far = HostileApi::start(Graph::new());
    set_up(&world, &far, "");
    let config = std::fs::read_to_string(world.path("config.toml")).unwrap();
    world.write("config.toml", &format!("{config}[upkeep]\ncheck_every = \"1s\"\n"));
    let inside = Inside::start(&world).await;
    far.change(|graph| graph.tokens.insert(TOKEN.to_owned(), Token::Dead(463)));
    let noticed = async {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(20));
        loop {
            every.tick().await;
            if let Some(pause) = inside.app.queue().paused("trang".to_owned()).await.unwrap() {
                return pause;
            }
        }
    };
    let pause = tokio::time::timeout(std::time::Duration::from_secs(20), noticed).await.expect("it is noticed");
    assert_eq!(pause.cause, PauseCause::Attention("credential".to_owned()));
    assert!(inside.rows().await.is_empty(), "no article was needed");
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_token_pauses_without_spending_tries_and_everything_goes_out_in_order_after_a_new_one() {
    for (subcode, by_start) in [(463, false), (460, true), (492, false)] {
        let world = World::bare();
        let far = HostileApi::start(Graph::new());
        set_up(&world, &far, "");
        far.change(|graph| graph.tokens.insert(TOKEN.to_owned(), Token::Dead(subcode)));
        let mut inside = Inside::start(&world).await;
        for number in 1..=3 {
            inside.publish(&world.article(&format!("bai-{number}"), &format!("Bài số {number}"), "Nội dung.")).await;
            inside.drain().await;
        }
        let rows = inside.rows().await;
        assert!(rows.iter().all(|row| row.delivery.tries == 0), "{subcode} spent tries: {rows:#?}");
        assert!(rows.iter().all(|row| matches!(row.delivery.state, State::Waiting { .. })), "{rows:#?}");
        let paused = inside.app.queue().paused("trang".to_owned()).await.unwrap().expect("a paused channel");
        assert_eq!(paused.cause, PauseCause::Attention("credential".to_owned()));
        assert!(
            paused.note.vi.contains(&format!("190/{subcode}")) && paused.note.vi.contains("fbtrace_id"),
            "{paused:?}"
        );
        assert!(
            paused.note.vi.contains("Yêu cầu không thực hiện được"),
            "their words in the office's language: {paused:?}"
        );
        // A new token in the file, and nothing else.
        far.change(|graph| graph.tokens.insert("EAAnew".to_owned(), Token::Good));
        world.write("token", "EAAnew\n");
        // A running daemon sees it by itself; one that starts probes what is paused.
        if by_start {
            inside.stop().await;
            inside = Inside::start(&world).await;
        }
        let resumed = async {
            while inside.app.queue().paused("trang".to_owned()).await.unwrap().is_some() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), resumed).await.expect("the channel goes on by itself");
        let rows = inside.drain().await;
        assert!(rows.iter().all(|row| row.delivery.state == State::Settled), "{rows:#?}");
        let order: Vec<bool> =
            (1..=3).map(|number| far.public()[number - 1].contains(&format!("Bài số {number}"))).collect();
        assert_eq!((far.public().len(), order), (3, vec![true; 3]));
        inside.stop().await;
        for part in ["loa.db", "loa.db-wal", "log"] {
            let bytes = std::fs::read(world.path(part)).unwrap_or_default();
            for secret in [TOKEN, "EAAnew", APP.1] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "a secret is in {part}");
            }
        }
    }
}

#[tokio::test]
async fn a_look_after_a_killed_reveal_tells_hidden_from_public_and_looks_further_when_it_vanished() {
    let (page, far) = alone("");
    let Progress::Staged(id) = page.advance(&article("1"), CREATE, Live::Nothing).await.unwrap() else { panic!() };
    let staged = Live::Staged { revision: loa::article::Revision(1), remote_id: id.clone() };
    let job = page.job(&article("1"), CREATE, staged);
    assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::Staged(id.clone()));
    far.change(|graph| graph.posts[0].published = true);
    let Seen::Present(receipt) = page.channel.look_up(&job).await.unwrap() else { panic!() };
    assert_eq!(receipt.remote_id, id);
    far.change(|graph| graph.posts.clear());
    assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::NotYet);
    // A withdrawal that was cut off may be done again; a correction is compared.
    let job = page.job(&article("1"), Action::Withdraw, shown(receipt.clone()));
    assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::Absent);
    let job = page.job(&article("1"), UPDATE, shown(receipt));
    assert_eq!(page.channel.look_up(&job).await.unwrap(), Seen::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_persons_edit_holds_the_correction_until_somebody_lets_it_go_on() {
    let world = World::bare();
    let far = HostileApi::start(Graph::new());
    set_up(&world, &far, "");
    let inside = Inside::start(&world).await;
    inside.publish(&world.article("bai", "Lịch tiêm", "Lần một.")).await;
    inside.drain().await;
    far.change(|graph| graph.posts[0].message.push_str(" (đã gọi điện hỏi lại)"));
    inside.publish(&world.article("bai", "Lịch tiêm", "Lần hai.")).await;
    let rows = inside.drain().await;
    let State::Held { why: why @ Hold::Edited { .. } } = &rows[0].delivery.state else { panic!("{rows:#?}") };
    assert!(why.text().vi.contains("đã gọi điện hỏi lại") && why.text().vi.contains("loa retry"), "{why:?}");
    assert!(far.public()[0].contains("Lần một."), "nothing was overwritten");
    let release = Event::Release(rows[0].delivery.plan.clone());
    let (queue, now) = (inside.app.queue(), inside.clock.now());
    queue.decide(rows[0].delivery.id, release, "test".to_owned(), now).await.unwrap().unwrap();
    let rows = inside.drain().await;
    assert_eq!(rows[0].delivery.state, State::Settled);
    assert!(far.public().len() == 1 && far.public()[0].contains("Lần hai."), "{:?}", far.public());
    inside.stop().await;
}
