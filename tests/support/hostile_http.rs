//! A Standard Webhooks receiver that misbehaves as scripted and keeps the true list of what the public saw.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use super::doorway::Doorway;
use super::http_request::Head;
use super::http_session::serve;
use super::public::{Board, Sighting};
use super::script::Script;
use super::signature::Secret;
use super::watched::Watched;

pub(crate) use super::http_fault::{Fault, RetryAfter};
pub(crate) use super::signature::Disbelief;

/// The far side. It stops, with all its connections, when it is dropped.
pub(crate) struct HostileHttp {
    doorway: Doorway,
    far: Far,
}

/// What the far side's connections share.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) state: Watched<HttpState>,
    pub(super) settings: Arc<Mutex<Settings>>,
    /// Counts the releases of whoever hangs.
    pub(super) releases: watch::Sender<u64>,
}

pub(super) struct Settings {
    pub(super) script: Script<Fault>,
    pub(super) honours_id: bool,
    pub(super) secret: Secret,
    pub(super) clock: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// Everything that happened at the far side so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpState {
    /// Every POST that was read, in the order in which the faults were dealt out.
    pub(crate) requests: Vec<SeenRequest>,
    /// What the public sees now, with the doubles and stale sightings on the way.
    pub(crate) board: Board,
    /// The true list: everything the public saw, in order; the channel is left empty.
    pub(crate) sightings: Vec<Sighting>,
    /// Bodies by the `webhook-id` they were applied under.
    pub(crate) applied: BTreeMap<String, Vec<u8>>,
    /// Requests that came again under an id already applied and changed nothing.
    pub(crate) repeats: usize,
    /// Ids that came again with another body.
    pub(crate) ids_reused_for_other_bodies: Vec<String>,
    /// Requests answered 401, with the reason.
    pub(crate) disbelieved: Vec<Disbelief>,
    /// Believed bodies that are no event of ours, answered 400.
    pub(crate) malformed: Vec<String>,
    /// Visits to the place that [`Fault::Redirect301`] points to.
    pub(crate) redirects_followed: usize,
    /// Requests that were not POST, answered 405.
    pub(crate) probes: usize,
    /// Connections accepted.
    pub(crate) connections: usize,
    /// Connections reset before anything was read.
    pub(crate) reset_unread: usize,
    /// POSTs being handled now, and the most there were at once.
    pub(crate) in_flight: usize,
    /// The most POSTs that were handled at once.
    pub(crate) most_in_flight: usize,
    /// Requests that hang now.
    pub(crate) hanging: usize,
}

/// One POST as it arrived.
#[derive(Clone)]
pub(crate) struct SeenRequest {
    /// Its head.
    pub(crate) head: Head,
    /// Its raw body.
    pub(crate) body: Vec<u8>,
    /// The fault it met.
    pub(crate) fault: Fault,
    /// What the far side did with it.
    pub(crate) outcome: Outcome,
    /// The status it was answered with; none while it hangs or when it was cut.
    pub(crate) answered: Option<u16>,
}

/// What became of a request, apart from its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The public saw it.
    Applied,
    /// It came again under a known `webhook-id`; nothing changed.
    Repeat,
    /// The fault kept it from being taken.
    NotTaken,
    /// Wrong signature or time.
    Disbelieved,
    /// Not an event of ours.
    Malformed,
}

impl fmt::Debug for SeenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, body, fault, outcome, answered } = self;
        let id = head.header("webhook-id").unwrap_or("-");
        let body: String = String::from_utf8_lossy(body).chars().take(200).collect();
        write!(f, "{id} met {fault:?}: {outcome:?}, answered {answered:?}; {body}")
    }
}

impl HostileHttp {
    /// Starts a receiver that trusts `secret` (`whsec_…`) and answers 200 until it is told otherwise.
    pub(crate) fn start(secret: &str) -> Self {
        let settings = Settings {
            script: Script::always(Fault::Ok200),
            honours_id: true,
            secret: Secret::parse(secret),
            clock: Arc::new(system_time),
        };
        let far = Far {
            state: Watched::new(HttpState::default()),
            settings: Arc::new(Mutex::new(settings)),
            releases: watch::channel(0).0,
        };
        let shared = far.clone();
        let doorway = Doorway::open("hostile-http", move |stream| serve(stream, shared.clone()));
        Self { doorway, far }
    }

    /// Where to send webhooks.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address())
    }

    /// The socket it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.doorway.address()
    }

    /// Appends faults; each POST consumes one, in order.
    pub(crate) fn script(&self, faults: Vec<Fault>) -> &Self {
        self.far.settings().script.then(faults);
        self
    }

    /// What every POST meets when the script is used up.
    pub(crate) fn always(&self, fault: Fault) -> &Self {
        self.far.settings().script.afterwards(fault);
        self
    }

    /// When the script is used up, draws by weight; the same seed gives the same sequence.
    pub(crate) fn random(&self, seed: u64, weights: Vec<(Fault, u32)>) -> &Self {
        self.far.settings().script.afterwards_at_random(seed, weights);
        self
    }

    /// How many scripted faults no request has met yet.
    pub(crate) fn script_left(&self) -> usize {
        self.far.settings().script.left()
    }

    /// Whether a repeated `webhook-id` changes nothing (the default) or is applied again.
    pub(crate) fn honours_id(&self, honours: bool) -> &Self {
        self.far.settings().honours_id = honours;
        self
    }

    /// Replaces the clock; it returns unix seconds.
    pub(crate) fn clock(&self, now: impl Fn() -> i64 + Send + Sync + 'static) -> &Self {
        self.far.settings().clock = Arc::new(now);
        self
    }

    /// The system's clock, this many seconds wrong.
    pub(crate) fn clock_off_by(&self, seconds: i64) -> &Self {
        self.clock(move || system_time() + seconds)
    }

    /// Trusts another secret from now on.
    pub(crate) fn trust(&self, secret: &str) -> &Self {
        self.far.settings().secret = Secret::parse(secret);
        self
    }

    /// Cuts every connection and refuses new ones, as a machine does that was switched off.
    pub(crate) fn go_offline(&self) {
        self.doorway.shut();
    }

    /// Listens again on the same port.
    pub(crate) fn come_back(&self) {
        self.doorway.reopen();
    }

    /// Lets whoever hangs go on to a late 200, and ends the pauses of slow reads.
    pub(crate) fn release(&self) {
        self.far.releases.send_modify(|releases| *releases += 1);
    }

    /// The state, to read or wait for.
    pub(crate) fn state(&self) -> &Watched<HttpState> {
        &self.far.state
    }

    /// Waits until the state satisfies `reached`; panics with the state after ten seconds.
    pub(crate) async fn wait_until(&self, goal: &str, reached: impl Fn(&HttpState) -> bool) {
        self.far.state.wait_until(goal, reached).await;
    }

    /// The true list, under the channel's name.
    pub(crate) fn sightings(&self, channel: &str) -> Vec<Sighting> {
        let named = |seen: &Sighting| Sighting { channel: channel.to_owned(), ..seen.clone() };
        self.far.state.look(|state| state.sightings.iter().map(named).collect())
    }

    /// What the public sees now.
    pub(crate) fn board(&self) -> Board {
        self.far.state.look(|state| state.board.clone())
    }
}

impl Far {
    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        // Called outside the lock: a test's clock may itself read this far side.
        let clock = Arc::clone(&self.settings().clock);
        clock()
    }
}

fn system_time() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the double lives in real time unless it is told otherwise")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the system's clock is past 1970");
    i64::try_from(since.as_secs()).expect("the system's clock is within the calendar")
}
