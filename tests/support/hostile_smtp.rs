//! A mail server that misbehaves as scripted and keeps the true list of what its recipients read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::doorway::Doorway;
use super::public::Sighting;
use super::script::Script;
use super::smtp_session::serve;
use super::watched::Watched;

pub(crate) use super::letter::Letter;
pub(crate) use super::smtp_fault::{Extension, OnConnection, OnMessage, OnRecipient};

/// The far side. It stops, with all its connections, when it is dropped.
pub(crate) struct HostileSmtp {
    doorway: Doorway,
    far: Far,
}

/// What the far side's connections share.
#[derive(Clone)]
pub(super) struct Far {
    pub(super) state: Watched<SmtpState>,
    pub(super) settings: Arc<Mutex<Settings>>,
    /// Counts the releases of whoever hangs.
    pub(super) releases: watch::Sender<u64>,
}

pub(super) struct Settings {
    pub(super) connections: Script<OnConnection>,
    pub(super) messages: Script<OnMessage>,
    pub(super) recipients: BTreeMap<String, Script<OnRecipient>>,
    pub(super) everyone: OnRecipient,
    pub(super) greylisted: BTreeSet<String>,
    pub(super) extensions: Vec<Extension>,
    pub(super) login: Option<(String, String)>,
}

/// Everything that happened at the far side so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct SmtpState {
    /// The true list: every message that was stored, in order.
    pub(crate) letters: Vec<Letter>,
    /// Messages that met each fault, in order of their `DATA`.
    pub(crate) messages: Vec<OnMessage>,
    /// Recipients refused at `RCPT TO`, with the code.
    pub(crate) refused_recipients: Vec<(String, u16)>,
    /// Connections accepted.
    pub(crate) connections: usize,
    /// Logins that succeeded.
    pub(crate) logins: usize,
    /// Logins answered 535.
    pub(crate) failed_logins: usize,
    /// Sessions ended by 421.
    pub(crate) thrown_out: usize,
    /// Commands that were followed by another before their reply.
    pub(crate) ahead: usize,
    /// Messages whose 250 is still held back.
    pub(crate) hanging: usize,
    /// Where the client broke the protocol: bare line feeds, lines over 998 bytes, commands out of order.
    pub(crate) violations: Vec<String>,
}

impl HostileSmtp {
    /// Starts a server that accepts everything, offers every [`Extension`] and asks for no login.
    pub(crate) fn start() -> Self {
        let settings = Settings {
            connections: Script::always(OnConnection::Welcome),
            messages: Script::always(OnMessage::Accept),
            recipients: BTreeMap::new(),
            everyone: OnRecipient::Accept,
            greylisted: BTreeSet::new(),
            extensions: vec![
                Extension::Pipelining,
                Extension::Size(10 * 1024 * 1024),
                Extension::EightBitMime,
                Extension::AuthPlain,
                Extension::AuthLogin,
            ],
            login: None,
        };
        let far = Far {
            state: Watched::new(SmtpState::default()),
            settings: Arc::new(Mutex::new(settings)),
            releases: watch::channel(0).0,
        };
        let shared = far.clone();
        let doorway = Doorway::open("hostile-smtp", move |stream| serve(stream, shared.clone()));
        Self { doorway, far }
    }

    /// The socket it listens on.
    pub(crate) fn address(&self) -> SocketAddr {
        self.doorway.address()
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.address().port()
    }

    /// Appends faults for messages; each `DATA` consumes one, in order.
    pub(crate) fn script(&self, faults: Vec<OnMessage>) -> &Self {
        self.far.settings().messages.then(faults);
        self
    }

    /// What every message meets when the script is used up.
    pub(crate) fn always(&self, fault: OnMessage) -> &Self {
        self.far.settings().messages.afterwards(fault);
        self
    }

    /// When the script is used up, draws by weight; the same seed gives the same sequence.
    pub(crate) fn random(&self, seed: u64, weights: Vec<(OnMessage, u32)>) -> &Self {
        self.far.settings().messages.afterwards_at_random(seed, weights);
        self
    }

    /// Appends faults for connections; each connection consumes one, in order.
    pub(crate) fn connections(&self, faults: Vec<OnConnection>) -> &Self {
        self.far.settings().connections.then(faults);
        self
    }

    /// What every connection meets when the list is used up.
    pub(crate) fn connections_always(&self, fault: OnConnection) -> &Self {
        self.far.settings().connections.afterwards(fault);
        self
    }

    /// Appends faults for one recipient; each `RCPT TO` of it consumes one, then it meets what everyone does.
    pub(crate) fn recipient(&self, address: &str, faults: Vec<OnRecipient>) -> &Self {
        let mut settings = self.far.settings();
        let usual = Script::always(OnRecipient::Accept);
        settings.recipients.entry(address.to_lowercase()).or_insert(usual).then(faults);
        drop(settings);
        self
    }

    /// What a recipient meets that nothing (more) was scripted for.
    pub(crate) fn everyone(&self, fault: OnRecipient) -> &Self {
        self.far.settings().everyone = fault;
        self
    }

    /// What `EHLO` offers.
    pub(crate) fn extensions(&self, offered: Vec<Extension>) -> &Self {
        self.far.settings().extensions = offered;
        self
    }

    /// Asks for this login before any `MAIL`, and answers any other with 535.
    pub(crate) fn requires_login(&self, user: &str, password: &str) -> &Self {
        self.far.settings().login = Some((user.to_owned(), password.to_owned()));
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

    /// Lets whoever hangs go on to a late 250, and ends slow replies.
    pub(crate) fn release(&self) {
        self.far.releases.send_modify(|releases| *releases += 1);
    }

    /// The state, to read or wait for.
    pub(crate) fn state(&self) -> &Watched<SmtpState> {
        &self.far.state
    }

    /// Waits until the state satisfies `reached`; panics with the state after ten seconds.
    pub(crate) async fn wait_until(&self, goal: &str, reached: impl Fn(&SmtpState) -> bool) {
        self.far.state.wait_until(goal, reached).await;
    }

    /// The true list under the channel's name: one sighting for each recipient of each stored message.
    pub(crate) fn sightings(&self, channel: &str) -> Vec<Sighting> {
        self.far.state.look(|state| state.letters.iter().flat_map(|letter| letter.sightings(channel)).collect())
    }

    /// The stored messages that this address received.
    pub(crate) fn letters_to(&self, address: &str) -> Vec<Letter> {
        let to_them = |letter: &&Letter| letter.recipients.iter().any(|to| to == address);
        self.far.state.look(|state| state.letters.iter().filter(to_them).cloned().collect())
    }
}

impl Far {
    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn offers(&self, extension: Extension) -> bool {
        self.settings().extensions.contains(&extension)
    }

    pub(super) fn size_limit(&self) -> Option<usize> {
        self.settings().extensions.iter().find_map(|extension| match extension {
            Extension::Size(limit) => Some(*limit),
            _ => None,
        })
    }

    /// The reply to a `RCPT TO`; `None`: a refusal that repeats the sender.
    pub(super) fn judge_recipient(&self, address: &str) -> Option<(u16, &'static str)> {
        let mut settings = self.settings();
        let address = address.to_lowercase();
        let scripted = settings.recipients.get_mut(&address).filter(|script| script.left() > 0).map(Script::take);
        match scripted.unwrap_or_else(|| settings.everyone.clone()) {
            OnRecipient::Rcpt(code, text) => Some((code, text)),
            OnRecipient::Greylist if settings.greylisted.insert(address) => {
                Some((450, "4.2.0 Greylisted, try again later"))
            }
            OnRecipient::Accept | OnRecipient::Greylist => Some((250, "2.1.5 Ok")),
            OnRecipient::RepeatSender => None,
        }
    }
}
