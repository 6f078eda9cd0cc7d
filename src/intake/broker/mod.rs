//! A message broker: each message is an article, or the order to withdraw one. It is acknowledged once the article is
//! on disk; one that is delivered again changes nothing.
//!
//! Another broker is one more file beside `nats`: something that can [`Reach`] it, and a [`Broker`].

#[cfg(feature = "nats")]
mod nats;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::accept::{Intake, Order};
use super::draft::{DraftContext, one_line};
use super::error::IntakeError;
use super::format::{Format, parse};
use crate::article::ArticleKey;
use crate::clock::Clock;
use crate::text;
use crate::text::Text;

#[cfg(feature = "nats")]
pub use nats::{Credentials, Login, Nats};

/// The header that says what a message asks for; without it, to publish or correct.
pub(super) const ACTION: &str = "Loa-Action";
/// The longest wait for a broker, or for the store.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How often the broker hears that a message is worked at: fetching pictures takes a while.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// When a message comes again that could not be parked.
const NOT_PARKED: Duration = Duration::from_secs(30);

/// What went wrong with a broker, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BrokerError(pub Text);

/// A way to a broker.
pub trait Reach: Send + Sync {
    /// Connects, and makes sure that everything is there.
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Broker>, BrokerError>>;
}

/// A broker, connected.
pub trait Broker: Send {
    /// The next message; `None`: there is none for now. May be dropped at any moment: no message is lost by it.
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Message>, BrokerError>>;
}

/// A message, delivered and not yet answered.
pub struct Message {
    /// What is in it.
    pub payload: Vec<u8>,
    /// What it asks for, if it says so.
    pub action: Option<String>,
    /// What people find it by, for the log.
    pub place: String,
    /// The way to answer it.
    pub answer: Box<dyn Answer>,
}

/// The answer to one message. Without any it comes again by itself.
pub trait Answer: Send + Sync {
    /// It was taken.
    fn done(&self) -> BoxFuture<'_, Result<(), BrokerError>>;
    /// It is still being worked at.
    fn working(&self) -> BoxFuture<'_, Result<(), BrokerError>>;
    /// It has to come again.
    fn later(&self, after: Duration) -> BoxFuture<'_, Result<(), BrokerError>>;
    /// It can never be taken: it is kept where people find it, with the reason, and does not come again.
    fn park<'a>(&'a self, payload: &'a [u8], reason: &'a Text) -> BoxFuture<'a, Result<(), BrokerError>>;
}

/// What the broker's way in needs.
#[derive(Clone)]
pub struct BrokerIntake {
    /// The way to the broker.
    pub reach: Arc<dyn Reach>,
    /// Source of articles that name none.
    pub source: String,
    /// Where articles go.
    pub intake: Intake,
    /// The hour.
    pub clock: Clock,
}

/// Takes over messages until `stop`; the one in hand is finished first. A broker that is away is waited for.
pub async fn watch_broker(settings: BrokerIntake, stop: CancellationToken) {
    let (mut wait, mut trouble) = (FIRST_WAIT, None);
    while !stop.is_cancelled() {
        let error = tokio::select! {
            connected = settings.reach.connect() => match connected {
                Ok(mut broker) => {
                    tracing::info!("the broker is connected");
                    (wait, trouble) = (FIRST_WAIT, None);
                    settings.take_all(&mut *broker, &stop).await
                }
                Err(error) => Some(error),
            },
            () = stop.cancelled() => None,
        };
        let Some(error) = error else { continue };
        // What is wrong stays wrong for many tries: say so once.
        if trouble.as_ref() != Some(&error) {
            tracing::error!(%error, "the broker cannot be used; it is tried again");
        }
        trouble = Some(error);
        settings.rest(wait, &stop).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// A message that is no article.
enum Refusal {
    Poison(Text),
    /// loa stops before the store is back.
    Stopped,
}

/// Which article is to be withdrawn.
#[derive(Deserialize)]
struct Which {
    source: Option<String>,
    external_id: String,
}

impl BrokerIntake {
    async fn rest(&self, span: Duration, stop: &CancellationToken) {
        tokio::select! {
            () = self.clock.sleep(span) => {}
            () = stop.cancelled() => {}
        }
    }

    /// Until loa stops (`None`) or the broker fails.
    async fn take_all(&self, broker: &mut dyn Broker, stop: &CancellationToken) -> Option<BrokerError> {
        loop {
            let next = tokio::select! {
                next = broker.next() => next,
                () = stop.cancelled() => return None,
            };
            match next {
                Ok(Some(message)) => self.take(&message, stop).await,
                Ok(None) => {}
                Err(error) => return Some(error),
            }
        }
    }

    /// One message, to its end. Nothing else is asked for meanwhile.
    async fn take(&self, message: &Message, stop: &CancellationToken) {
        let (answer, place) = (&message.answer, &message.place);
        let handed_over = tokio::select! {
            handed_over = self.hand_over(message, stop) => handed_over,
            never = self.stay_alive(message) => match never {},
        };
        let answered = match handed_over {
            Ok(()) => answer.done().await,
            Err(Refusal::Stopped) => answer.later(Duration::ZERO).await,
            Err(Refusal::Poison(reason)) => {
                tracing::warn!(message = %place, %reason, "a message was refused and is parked");
                let parked = answer.park(&message.payload, &reason).await;
                if let Err(error) = &parked {
                    tracing::error!(message = %place, %error, "the message could not be parked; it comes again");
                    drop(answer.later(NOT_PARKED).await);
                }
                parked
            }
        };
        if let Err(error) = answered {
            // It comes again, and changes nothing.
            tracing::debug!(message = %place, %error, "the broker did not hear the answer");
        }
    }

    /// Keeps the message ours for as long as it is worked at.
    async fn stay_alive(&self, message: &Message) -> std::convert::Infallible {
        loop {
            self.clock.sleep(SIGN_OF_LIFE).await;
            if let Err(error) = message.answer.working().await {
                tracing::debug!(message = %message.place, %error, "the broker did not hear that a message is worked at");
            }
        }
    }

    /// Hands the message over; a store that is away is waited for with the message in hand.
    async fn hand_over(&self, message: &Message, stop: &CancellationToken) -> Result<(), Refusal> {
        let (mut wait, mut told) = (FIRST_WAIT, false);
        loop {
            let error = match self.accept(message).await {
                Ok(()) => return Ok(()),
                Err(IntakeError::Store(error)) => error,
                Err(error) => return Err(Refusal::Poison(error.text())),
            };
            if !std::mem::replace(&mut told, true) {
                tracing::error!(message = %message.place, %error, "the store took nothing; the broker is asked for nothing more until it does");
            }
            self.rest(wait, stop).await;
            if stop.is_cancelled() {
                return Err(Refusal::Stopped);
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn accept(&self, message: &Message) -> Result<(), IntakeError> {
        let order = match message.action.as_deref() {
            None | Some("publish") => Order::Publish,
            Some("publish-again") => Order::PublishAgain,
            Some("withdraw") => {
                let which: Which = serde_json::from_slice(&message.payload).map_err(|error| {
                    IntakeError::Invalid(text!(
                        "thu hồi cần external_id, và source nếu có: {error}",
                        "a withdrawal needs external_id, and source if there is one: {error}"
                    ))
                })?;
                let source = one_line(which.source.as_ref().unwrap_or(&self.source));
                let key = ArticleKey { source, external_id: one_line(&which.external_id) };
                return self.intake.withdraw(key, &self.source).await.map(drop);
            }
            Some(other) => {
                return Err(IntakeError::Invalid(text!(
                    "{ACTION} \"{other}\" không có; hợp lệ: publish, publish-again, withdraw",
                    "there is no {ACTION} \"{other}\"; valid: publish, publish-again, withdraw"
                )));
            }
        };
        let draft = parse(&message.payload, Format::Json)?;
        let cx = DraftContext { source: &self.source, external_id: None, zone: self.intake.zone() };
        self.intake.accept(draft, &cx, order, &self.source, None).await.map(drop)
    }
}
