//! An evening of articles, corrections and withdrawals, one upon the other, while the far side fails at random.

use loa::article::ArticleKey;
use loa::delivery::State;

use crate::matrix::Case;
use crate::support::http_fault::Fault;
use crate::support::world::{Inside, World};

/// Half of all requests go well; nothing hangs, for that costs time and no more, and nothing is throttled, for then
/// what is due waits for a clock that nobody moves.
fn weights() -> Vec<(Fault, u32)> {
    let bad = [
        Fault::PostThen500,
        Fault::PostThenReset,
        Fault::ResetBeforeRead,
        Fault::Html502,
        Fault::Status(503),
        Fault::TruncatedAnswer,
        Fault::CloseKeepAlive,
    ];
    let mut weights = vec![(Fault::Ok200, 8)];
    weights.extend(bad.map(|fault| (fault, 1)));
    weights
}

/// Every article ends as it should, and no person is asked.
pub(crate) async fn every_article_ends_as_it_should(case: &Case, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let world = World::bare();
        let far = (case.start)(&world);
        let inside = Inside::start(&world).await;
        far.random(seed, weights());
        for number in 0..4 {
            let (id, title) = (format!("bai-{number}"), format!("Thông báo số {number}"));
            for revision in 1..=3 {
                let words = format!("Lời của bài {number}, bản {revision}.");
                let file = format!("{id}.md");
                let link = format!("https://anbinh.example.vn/bai/{number}.html");
                world.write(&file, &format!("+++\ntitle = \"{title}\"\ncanonical_url = \"{link}\"\n+++\n\n{words}\n"));
                inside.publish(&world.path(&file)).await;
                // Some corrections meet a copy at rest, others one that is on its way.
                if (seed + revision + number).is_multiple_of(2) {
                    inside.drain().await;
                }
            }
            if number.is_multiple_of(2) {
                inside.withdraw(&ArticleKey { source: "cli".to_owned(), external_id: id }).await;
            }
        }
        let rows = inside.drain().await;
        let public = far.public();
        for number in 0..4_u64 {
            let copies: Vec<&String> =
                public.iter().filter(|copy| copy.contains(&format!("Lời của bài {number},"))).collect();
            let row = rows.iter().find(|row| row.key.external_id == format!("bai-{number}")).expect("a delivery");
            let what = format!("seed {seed}, article {number}: {:?}\n{copies:#?}", row.delivery.state);
            assert_eq!(row.delivery.state, State::Settled, "{what}");
            assert_eq!(copies.len(), usize::from(!number.is_multiple_of(2)), "{what}");
            assert!(copies.iter().all(|copy| copy.contains("bản 3.")), "{what}");
        }
        inside.stop().await;
    }
}
