//! The same portal on a real WordPress, of the version that Debian ships.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use loa::channel::{Channel, Progress};
use loa::delivery::{Action, Event, Hold, Live, State};
use loa::intake::Order;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::wordpress::{CREATE, advance, hand_over, job, key, office, parse, picture, pictured, row_of, shown};
use crate::support::doorway::Doorway;
use crate::support::http_request::{Pace, Reader};
use crate::support::process::eventually;
use crate::support::real_wordpress::RealWordPress;
use crate::support::world::{Inside, World};

/// Stands between loa and the site, and loses as many answers to changes as it is told to.
struct Leak {
    door: Doorway,
    losing: Arc<AtomicU32>,
    _releases: watch::Sender<u64>,
}

impl Leak {
    fn before(site: SocketAddr) -> Self {
        let (losing, releases) = (Arc::new(AtomicU32::new(0)), watch::channel(0).0);
        let (lose, hurry) = (Arc::clone(&losing), releases.subscribe());
        let door = Doorway::open("leak", move |stream| pass(stream, site, Arc::clone(&lose), hurry.clone()));
        Self { door, losing, _releases: releases }
    }

    fn url(&self) -> String {
        format!("http://{}", self.door.address())
    }

    fn lose(&self, answers: u32) {
        self.losing.store(answers, Ordering::SeqCst);
    }

    fn lost_all(&self) -> bool {
        self.losing.load(Ordering::SeqCst) == 0
    }
}

/// One request and its answer; PHP's server closes after each.
async fn pass(mut stream: TcpStream, site: SocketAddr, losing: Arc<AtomicU32>, hurry: watch::Receiver<u64>) {
    let mut reader = Reader::new(&mut stream, Pace::brisk(hurry));
    let Ok(head) = reader.head().await else { return };
    let Ok(body) = reader.body(&head).await else { return };
    let mut request = format!("{} {} HTTP/1.1\r\nhost: {site}\r\nconnection: close\r\n", head.method, head.path);
    for (name, value) in head.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "host" | "connection")) {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let Ok(mut upstream) = TcpStream::connect(site).await else { return };
    let mut answer = Vec::new();
    let asked = async {
        upstream.write_all(format!("{request}\r\n").as_bytes()).await?;
        upstream.write_all(&body).await?;
        upstream.read_to_end(&mut answer).await
    };
    if asked.await.is_err() {
        return;
    }
    let loses = |left: u32| left.checked_sub(1);
    if head.method != "GET" && head.method != "HEAD" {
        let lost = losing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, loses);
        if lost.is_ok() {
            drop(stream.set_zero_linger());
            return;
        }
    }
    // The client may be gone; that is its own affair.
    drop(stream.write_all(&answer).await);
}

/// An office whose portal is this site, behind this leak.
fn portal(site: &RealWordPress, leak: &Leak, more: &str) -> World {
    let world = World::bare();
    world.write("portal-secret", &site.new_password());
    let secret = toml::Value::String(world.path("portal-secret").display().to_string());
    let url = leak.url();
    world.write(
        "channels/portal.toml",
        &format!(
            "kind = \"wordpress\"\n[limits]\ntimeout = \"20s\"\n[retry]\nattempts = 12\nfirst = \"1s\"\nlongest = \"2s\"\n\
             [settings]\nurl = \"{url}\"\nuser = \"loa\"\npassword = {{ file = {secret} }}\n{more}\n"
        ),
    );
    world
}

fn address(site: &RealWordPress) -> SocketAddr {
    let port = site.url().rsplit_once(':').expect("a port").1.parse().expect("a number");
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

async fn settled(inside: &Inside, id: &str) {
    inside.drain().await;
    let row = row_of(inside, id).await;
    let attempts = inside.app.ledger().attempts(row.delivery.id).await.expect("the ledger");
    assert_eq!(row.delivery.state, State::Settled, "{id}: {attempts:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_wordpress_shows_one_newest_copy_whatever_happens_to_it() {
    let mut site = RealWordPress::start(true);
    let leak = Leak::before(address(&site));
    let world = portal(&site, &leak, "category = \"Tin tức\"\n[settings.categories]\n\"thông báo\" = \"Thông báo\"");
    let inside = Inside::start(&world).await;
    let shows = |site: &RealWordPress, words: &[&str]| {
        let public = site.public();
        assert_eq!(public.len(), words.len(), "{public:#?}");
        for words in words {
            assert_eq!(public.iter().filter(|copy| copy.contains(words)).count(), 1, "{words}: {public:#?}");
        }
    };

    // Published, corrected.
    hand_over(&world, &inside, "mot", "Một lần đầu.", Order::Publish).await;
    settled(&inside, "mot").await;
    shows(&site, &["Một lần đầu."]);
    hand_over(&world, &inside, "mot", "Một đã sửa.", Order::Publish).await;
    settled(&inside, "mot").await;
    shows(&site, &["Một đã sửa."]);

    // A person edits: held, then released.
    site.php(
        "$post = get_posts(['numberposts' => 1])[0];
         wp_update_post(['ID' => $post->ID, 'post_content' => str_replace('Một đã sửa.', 'Người sửa.', $post->post_content)]);",
    );
    hand_over(&world, &inside, "mot", "Một sửa lần nữa.", Order::Publish).await;
    inside.drain().await;
    let row = row_of(&inside, "mot").await;
    let State::Held { why: Hold::Edited { note, .. } } = &row.delivery.state else { panic!("{:?}", row.delivery) };
    assert!(note.vi.contains("“Người sửa.”"), "{}", note.vi);
    shows(&site, &["Người sửa."]);
    let release = Event::Release(row.delivery.plan.clone());
    let released = inside.app.queue().decide(row.delivery.id, release, "Lan".to_owned(), inside.clock.now()).await;
    released.expect("the store").expect("a released delivery");
    settled(&inside, "mot").await;
    shows(&site, &["Một sửa lần nữa."]);

    // Every answer to a change is lost once, on the way through a whole life.
    for (order, body) in [(Order::Publish, "Hai lần đầu."), (Order::Publish, "Hai đã sửa.")] {
        leak.lose(2);
        hand_over(&world, &inside, "hai", body, order).await;
        settled(&inside, "hai").await;
        assert!(leak.lost_all());
        shows(&site, &["Một sửa lần nữa.", body]);
    }
    leak.lose(2);
    inside.withdraw(&key("hai")).await;
    settled(&inside, "hai").await;
    shows(&site, &["Một sửa lần nữa."]);
    leak.lose(1);
    hand_over(&world, &inside, "hai", "Hai trở lại.", Order::PublishAgain).await;
    settled(&inside, "hai").await;
    shows(&site, &["Một sửa lần nữa.", "Hai trở lại."]);

    // The web server is killed when the draft is made and its answer is not yet given.
    site.withhold(true);
    hand_over(&world, &inside, "ba", "Ba.", Order::Publish).await;
    eventually("the draft is there", || site.all().iter().any(|post| post == "Bài ba. draft").then_some(()));
    site.kill();
    site.withhold(false);
    site.serve();
    settled(&inside, "ba").await;
    shows(&site, &["Một sửa lần nữa.", "Hai trở lại.", "Ba."]);

    // The password is revoked: the channel pauses, spends no try, and goes on when there is a new one.
    site.revoke();
    hand_over(&world, &inside, "bon", "Bốn.", Order::Publish).await;
    inside.withdraw(&key("ba")).await;
    inside.drain().await;
    assert!(inside.app.queue().paused("portal".to_owned()).await.expect("the store").is_some());
    assert!(inside.rows().await.iter().all(|row| row.delivery.tries == 0));
    shows(&site, &["Một sửa lần nữa.", "Hai trở lại.", "Ba."]);
    world.write("portal-secret", &site.new_password());
    let spec = inside.app.specs().iter().find(|spec| spec.channel == "portal").cloned().expect("the portal");
    let channel = spec.open(&office(), &world.path(""), true).expect("an open channel");
    let health = channel.probe().await.expect("a well channel");
    assert!(health.proven && health.note.vi.contains("vai trò editor"), "{}", health.note.vi);
    // Unless loa has noticed the new password by itself before.
    inside.app.queue().resume("portal".to_owned(), "loa".to_owned(), inside.clock.now()).await.expect("the store");
    assert_eq!(inside.app.queue().paused("portal".to_owned()).await.expect("the store"), None);
    settled(&inside, "bon").await;
    settled(&inside, "ba").await;
    shows(&site, &["Một sửa lần nữa.", "Hai trở lại.", "Bốn."]);

    // No copy is left over, not even a hidden one.
    assert_eq!(site.all(), ["Bài mot. publish", "Bài hai. publish", "Bài ba. trash", "Bài bon. publish"]);
    inside.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_hang_on_a_real_wordpress_without_permalinks() {
    let site = RealWordPress::start(false);
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, site.new_password()).expect("a secret");
    let (url, secret) = (site.url(), secret.display());
    let open = |more: &str| -> Arc<dyn Channel> {
        let spec = parse(&format!(
            "kind = \"wordpress\"\n[limits]\ntimeout = \"20s\"\n[settings]\nurl = \"{url}\"\nuser = \"loa\"\n\
             password = {{ file = \"{secret}\" }}\n{more}\n"
        ));
        spec.open(&office(), folder.path(), true).unwrap_or_else(|error| panic!("{error}"))
    };
    let (channel, album) = (open(""), vec![picture(1), picture(2)]);
    let create = || job(&*channel, pictured("1", &album), CREATE, Live::Nothing, album.clone());
    let Progress::Live(receipt) = advance(&*channel, create()).await.expect("published") else { panic!("not live") };
    assert!(receipt.url.as_deref().is_some_and(|url| url.contains("?p=")), "{receipt:?}");
    let hung = site.php(
        "$post = get_posts(['numberposts' => 1])[0];
         $all = get_posts(['post_type' => 'attachment', 'post_status' => 'inherit', 'numberposts' => -1, 'order' => 'ASC', 'orderby' => 'ID']);
         foreach ($all as $one) {
             echo get_post_meta($one->ID, '_wp_attachment_image_alt', true), '|', $one->post_excerpt, '|',
                 get_post_thumbnail_id($post->ID) == $one->ID ? 'featured' : 'placed', '|',
                 substr_count($post->post_content, wp_get_attachment_url($one->ID)), \"\\n\";
         }",
    );
    assert_eq!(hung, "Ảnh số 0|Chú thích 0|featured|0\nẢnh số 1|Chú thích 1|placed|1\n");
    // Opened anew, it finds them by their names; the post as well.
    let again = open("");
    let (_, live) = (advance(&*again, create()).await.expect("published"), shown(&receipt));
    let count =
        "echo count(get_posts(['post_type' => ['post', 'attachment'], 'post_status' => 'any', 'numberposts' => -1]));";
    assert_eq!(site.php(count), "3");
    // Taken back as a draft.
    let draft = open("withdraw = \"draft\"");
    let withdraw = job(&*draft, pictured("1", &album), Action::Withdraw, live, Vec::new());
    assert_eq!(advance(&*draft, withdraw).await, Ok(Progress::Gone));
    assert_eq!(site.all().len(), 1);
    assert!(site.public().is_empty() && site.all()[0].ends_with(" draft"));
}
