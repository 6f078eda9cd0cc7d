//! The HTTP face: the JSON API for machines, and the pages on which officers work.
//!
//! ```text
//! api      what machines call, behind bearer tokens
//! guard    who is there: sessions, roles, forms that come from our own pages
//! pages    one file per page; each names its routes and the least role that may use them
//! view     how a page looks: layout, words, signs, assets
//! desk     what officers can do, as asked of the rest of loa
//! ```

mod api;
mod chain;
mod counts;
mod csv;
mod desk;
mod guard;
mod pages;
mod unsubscribe;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use chrono_tz::Tz;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::ledger::{Archive, Board, Books, Ledger};
use crate::people::Role;
use crate::queue::{People, Queue, Requests, Subscribers};
use crate::text::{Language, Text};

pub use api::{Caller, Problem, Token, attempt_json, channel_json, delivery_json, pause_of, reason, stops};
pub use desk::{
    Answered, Begun, ChannelCare, ChannelFiles, ChannelForm, ChannelSummary, ChannelView, ChannelWeek, Channels,
    CheckUp, Collision, Day, Decisions, Desk, Difference, Doubt, Editions, FileChange, FileMistake, Flagged, FormField,
    FormGroup, FoundReadings, HandedOver, KindLine, ListPlace, Mistake, Outlook, Part, PartBody, PayloadView, Preview,
    Proof, ReadingChange, ReadingEntry, Readings, Routed, Sample, Samples, Saved, Shift, Standing, TemplateChange,
    TemplateView, Templates, Timetable, Trial, Tried, Unable, Used, Version, Writing,
};
pub use guard::{SETUP_HOURS, Stop};

use chain::Chain;
use counts::Counts;
use guard::Attempts;
use pages::Trials;
use view::View;

/// Passwords hashed at the same time: each takes 19 MiB.
const HASHING: usize = 2;
/// Pages that are kept up to date at the same time.
const STREAMS: usize = 100;

/// What the HTTP face needs.
#[derive(Clone)]
pub struct Console {
    /// What can be asked.
    pub ledger: Arc<dyn Ledger>,
    /// What needs a person, and what each channel does.
    pub board: Arc<dyn Board>,
    /// What was published, for people who look for it.
    pub archive: Arc<dyn Archive>,
    /// Who decided what, beside what was tried.
    pub books: Arc<dyn Books>,
    /// What still has to be done.
    pub queue: Arc<dyn Queue>,
    /// Requests of machines that may come twice.
    pub requests: Arc<dyn Requests>,
    /// Officers' accounts.
    pub people: Arc<dyn People>,
    /// Who may be written to.
    pub subscribers: Arc<dyn Subscribers>,
    /// What officers can do.
    pub desk: Desk,
    /// The office's name.
    pub office: String,
    /// Where its day begins and ends.
    pub zone: Tz,
    /// What the public opens; with `https` cookies go over nothing else.
    pub public_url: Option<String>,
    /// Whether a proxy stands before loa and names the address that a request comes from.
    pub proxy: bool,
    /// Who may call.
    pub tokens: Arc<[Token]>,
    /// The language of answers.
    pub language: Language,
    /// The hour.
    pub clock: Clock,
    /// Ends what would go on for ever.
    pub stop: CancellationToken,
}

/// What every page has at hand.
struct Face {
    console: Console,
    view: View,
    attempts: Attempts,
    counts: Counts,
    trials: Trials,
    chain: Chain,
    hashing: Semaphore,
    streams: Arc<Semaphore>,
}

/// All routes: `articles` are the intake's, behind the API's tokens. The page to unsubscribe and `open` need none.
///
/// # Errors
/// What is wrong with a page's template.
pub fn router(console: Console, articles: Router, open: Router) -> Result<Router, Text> {
    let view = View::new(&console.office, console.zone).map_err(|error| Text::same(error.to_string()))?;
    let console = Arc::new(console);
    let face = Arc::new(Face {
        console: Console::clone(&console),
        view,
        attempts: Attempts::default(),
        counts: Counts::default(),
        trials: Trials::default(),
        chain: Chain::default(),
        hashing: Semaphore::new(HASHING),
        streams: Arc::new(Semaphore::new(STREAMS)),
    });
    let open = api::routes(&face, articles).merge(unsubscribe::routes(console)).merge(open);
    Ok(open.merge(pages::router(face)))
}

/// What machines can call, but for the ways in of articles: method and address.
#[must_use]
pub fn api_routes() -> Vec<(Method, &'static str)> {
    api::table().into_iter().map(|route| (route.method, route.path)).collect()
}

/// Every page: method, address, and the least role that may use it; `None`: whoever comes.
#[must_use]
pub fn routes() -> Vec<(Method, &'static str, Option<Role>)> {
    pages::table().into_iter().map(|route| (route.method, route.path, route.least)).collect()
}
