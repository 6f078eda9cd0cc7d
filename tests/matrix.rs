//! Every adapter × publish, correct, withdraw × every fault of its far side: the public sees exactly one copy of
//! the newest revision, none after a withdrawal, or a person has been told.

use loa::article::ArticleKey;
use loa::delivery::State;
use loa::ledger::DeliveryRow;

use crate::support::hostile_api::{Api, HostileApi};
use crate::support::http_fault::{Fault, RetryAfter};
use crate::support::world::{Inside, World};

/// An adapter with its far side.
pub(crate) struct Case {
    /// The name of the channel's file.
    pub(crate) channel: &'static str,
    /// Whether whatever happens can be found out, so that no person is ever asked.
    pub(crate) decidable: bool,
    /// Starts the far side and writes the channel's file.
    pub(crate) start: fn(&World) -> Box<dyn FarSide>,
}

/// A far side, as far as the matrix has to know it.
pub(crate) trait FarSide {
    fn script(&self, faults: Vec<Fault>);
    fn random(&self, seed: u64, weights: Vec<(Fault, u32)>);
    fn public(&self) -> Vec<String>;
}

impl<A: Api> FarSide for HostileApi<A> {
    fn script(&self, faults: Vec<Fault>) {
        Self::script(self, faults);
    }

    fn random(&self, seed: u64, weights: Vec<(Fault, u32)>) {
        Self::random(self, seed, weights);
    }

    fn public(&self) -> Vec<String> {
        Self::public(self)
    }
}

/// What any far side may do to a request.
fn faults() -> Vec<Fault> {
    vec![
        Fault::PostThen500,
        Fault::PostThenHang,
        Fault::PostThenReset,
        Fault::ResetBeforeRead,
        Fault::Html502,
        Fault::Status(503),
        Fault::Status(504),
        Fault::StatusRetryAfter(429, RetryAfter::Seconds(120)),
        Fault::StatusRetryAfter(503, RetryAfter::DateIn(60)),
        Fault::TruncatedAnswer,
        Fault::GzipAnswer,
        Fault::Huge,
        Fault::CloseKeepAlive,
    ]
}

const TITLE: &str = "Thông báo tiêm chủng";
const FIRST: &str = "Nội dung lần đầu.";
const SECOND: &str = "Nội dung đã sửa.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Publish,
    Correct,
    Withdraw,
}

const STEPS: [Step; 3] = [Step::Publish, Step::Correct, Step::Withdraw];

fn key(id: &str) -> ArticleKey {
    ArticleKey { source: "cli".to_owned(), external_id: id.to_owned() }
}

/// What is wrong with what the public sees of one article, if anything. `step` is the last one done.
fn complaint(public: &[String], step: Step, row: &DeliveryRow, decidable: bool) -> Option<String> {
    let count = |words: &str| public.iter().filter(|copy| copy.contains(words)).count();
    let (first, second) = (count(FIRST), count(SECOND));
    if first + second > 1 {
        return Some(format!("{} public copies", first + second));
    }
    if !decidable && matches!(row.delivery.state, State::Uncertain { .. } | State::Held { .. } | State::Failed { .. }) {
        return None;
    }
    let fits = match step {
        Step::Publish => (first, second) == (1, 0),
        Step::Correct => (first, second) == (0, 1),
        Step::Withdraw => (first, second) == (0, 0),
    };
    let settled = row.delivery.state == State::Settled;
    (!fits || !settled).then(|| format!("{first} old and {second} new copies, {:?}", row.delivery.state))
}

async fn live(case: &Case, fault: &Fault, trouble: Step, times: usize) {
    let world = World::bare();
    let far = (case.start)(&world);
    let inside = Inside::start(&world).await;
    for step in STEPS {
        if step == trouble {
            far.script(vec![fault.clone(); times]);
        }
        match step {
            Step::Publish => inside.publish(&world.article("bai", TITLE, FIRST)).await,
            Step::Correct => inside.publish(&world.article("bai", TITLE, SECOND)).await,
            Step::Withdraw => inside.withdraw(&key("bai")).await,
        }
        let rows = inside.drain().await;
        let row = rows.iter().find(|row| row.delivery.channel == case.channel).expect("a delivery");
        if let Some(complaint) = complaint(&far.public(), step, row, case.decidable) {
            let attempts = inside.app.ledger().attempts(row.delivery.id).await.expect("the ledger");
            panic!(
                "{} after {step:?}, {fault:?} ×{times} at {trouble:?}: {complaint}\n{:#?}\n{attempts:#?}",
                case.channel,
                far.public()
            );
        }
        if !matches!(row.delivery.state, State::Settled) {
            break;
        }
    }
    inside.stop().await;
}

/// A correction or a withdrawal that comes while the first copy is half made: the far side takes `taken` requests of
/// the create and refuses those after it, until the office has changed its mind.
async fn overtaken(case: &Case, taken: usize, step: Step) {
    const REFUSALS: usize = 3;
    let world = World::bare();
    let far = (case.start)(&world);
    let inside = Inside::start(&world).await;
    let mut script = vec![Fault::Ok200; taken];
    script.extend(vec![Fault::Status(503); REFUSALS]);
    far.script(script);
    inside.publish(&world.article("bai", TITLE, FIRST)).await;
    let row = || async {
        let rows = inside.rows().await;
        rows.into_iter().find(|row| row.delivery.channel == case.channel).expect("a delivery")
    };
    let tried = async {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(5));
        while row().await.delivery.attempt == 0 || matches!(row().await.delivery.state, State::Sending { .. }) {
            every.tick().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), tried).await.expect("a first try");
    match step {
        Step::Withdraw => inside.withdraw(&key("bai")).await,
        _ => inside.publish(&world.article("bai", TITLE, SECOND)).await,
    }
    inside.drain().await;
    let row = row().await;
    if let Some(complaint) = complaint(&far.public(), step, &row, case.decidable) {
        let attempts = inside.app.ledger().attempts(row.delivery.id).await.expect("the ledger");
        let public = far.public();
        panic!("{}: {taken} taken, then {step:?}: {complaint}\n{public:#?}\n{attempts:#?}", case.channel);
    }
    inside.stop().await;
}

/// One adapter through the whole table.
pub(crate) async fn every_step_every_fault(case: &Case) {
    for taken in 0..4 {
        for step in [Step::Correct, Step::Withdraw] {
            overtaken(case, taken, step).await;
        }
    }
    for fault in faults() {
        for step in STEPS {
            for times in [1, 2] {
                live(case, &fault, step, times).await;
            }
        }
    }
}
