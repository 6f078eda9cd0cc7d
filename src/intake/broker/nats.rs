//! NATS `JetStream`: a durable pull consumer on one subject of a stream, which may be shared by several machines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Batch, Config as ConsumerConfig};
use async_nats::jetstream::consumer::{AckPolicy, Consumer};
use async_nats::jetstream::{self, AckKind, Context, Message as Delivered, stream};
use async_nats::{ConnectErrorKind, ConnectOptions, Event, HeaderMap, HeaderValue};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};

use super::{ACTION, Answer, Broker, BrokerError, Message, Reach};
use crate::text;
use crate::text::Text;

/// A message of which nothing was heard for this long comes again.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How many messages are fetched at once. They are taken one after the other: of more, some would only wait, and wait long
/// if this process ends.
const BATCH: usize = 1;
/// How long one question for messages stays open.
const OPEN: Duration = Duration::from_secs(5);
/// For connecting, and for each question.
const PATIENCE: Duration = Duration::from_secs(5);

/// What loa shows to the server.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nothing.
    None,
    /// A user and a password.
    Password(String, SecretString),
    /// A token.
    Token(SecretString),
    /// The content of a `.creds` file.
    Creds(SecretString),
}

/// Reads the credentials, again for each connection: they may have been renewed.
pub type Login = Arc<dyn Fn() -> Result<Credentials, Text> + Send + Sync>;

/// The way to a NATS server.
#[derive(Clone)]
pub struct Nats {
    /// Such as `nats://127.0.0.1:4222` or `tls://…`.
    pub url: String,
    /// The stream.
    pub stream: String,
    /// Which of its messages.
    pub subject: String,
    /// The consumer's name; machines that share the work have the same.
    pub durable: String,
    /// Where messages are parked that can never be taken.
    pub refused: String,
    /// A certificate authority of the office's own.
    pub ca: Option<PathBuf>,
    /// What loa shows to the server.
    pub login: Login,
}

impl Reach for Nats {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn Broker>, BrokerError>> {
        Box::pin(async move {
            let mut context = jetstream::new(self.client().await?);
            context.set_timeout(PATIENCE);
            let stream = &self.stream;
            let found = context.get_stream(stream).await.map_err(|error| {
                let detail = error.to_string();
                BrokerError(text!(
                    "không mở được stream {stream}: {detail}. Kiểm tra broker.stream và quyền của tài khoản",
                    "the stream {stream} cannot be opened: {detail}. Check broker.stream and what the account may do"
                ))
            })?;
            let config = ConsumerConfig {
                durable_name: Some(self.durable.clone()),
                filter_subject: self.subject.clone(),
                ack_policy: AckPolicy::Explicit,
                ack_wait: ACK_WAIT,
                ..ConsumerConfig::default()
            };
            let consumer = found.create_consumer(config).await.map_err(|error| {
                let (durable, detail) = (&self.durable, error.to_string());
                BrokerError(text!(
                    "không tạo được consumer {durable} trên stream {stream}: {detail}. Kiểm tra broker.durable, broker.subject và quyền của tài khoản",
                    "the consumer {durable} cannot be made on the stream {stream}: {detail}. Check broker.durable, broker.subject and what the account may do"
                ))
            })?;
            self.provide_parking(&context).await?;
            let broker = Connected { consumer, context, batch: None, refused: self.refused.clone() };
            Ok(Box::new(broker) as Box<dyn Broker>)
        })
    }
}

impl Nats {
    async fn client(&self) -> Result<async_nats::Client, BrokerError> {
        let mut options = ConnectOptions::new()
            .name("loa")
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .require_tls(self.url.starts_with("tls://"))
            .event_callback(async |event| heard(&event));
        if let Some(ca) = &self.ca {
            options = options.add_root_certificates(ca.clone());
        }
        options = match (self.login)().map_err(BrokerError)? {
            Credentials::None => options,
            Credentials::Password(user, password) => {
                options.user_and_password(user, password.expose_secret().to_owned())
            }
            Credentials::Token(token) => options.token(token.expose_secret().to_owned()),
            // The file ends with a line that is whole; a secret is read without its last line break.
            Credentials::Creds(creds) => {
                options.credentials(&format!("{}\n", creds.expose_secret())).map_err(|_| {
                    // What is wrong with it may show what is in it.
                    BrokerError(text!(
                        "broker.credentials không phải tệp .creds của NATS",
                        "broker.credentials is not a .creds file of NATS"
                    ))
                })?
            }
        };
        options.connect(self.url.as_str()).await.map_err(|error| BrokerError(not_connected(&self.url, &error)))
    }

    /// What is parked has to be kept: if no stream takes it, one is made.
    async fn provide_parking(&self, context: &Context) -> Result<(), BrokerError> {
        let refused = &self.refused;
        if context.stream_by_subject(refused.as_str()).await.is_ok() {
            return Ok(());
        }
        let name = format!("{}_REFUSED", self.stream);
        let config =
            stream::Config { name: name.clone(), subjects: vec![refused.clone()], ..stream::Config::default() };
        context.create_stream(config).await.map(drop).map_err(|error| {
            let detail = error.to_string();
            BrokerError(text!(
                "không có stream nào giữ tin bị từ chối ({refused}), và không tạo được {name}: {detail}. Hãy tạo stream đó, hoặc cho tài khoản quyền tạo",
                "no stream keeps what is refused ({refused}), and {name} cannot be made: {detail}. Make that stream, or let the account make it"
            ))
        })
    }
}

fn not_connected(url: &str, error: &async_nats::ConnectError) -> Text {
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => text!(
            "máy chủ NATS từ chối tài khoản của loa; kiểm tra user, password, token hoặc credentials trong mục [broker]",
            "the NATS server refuses loa's account; check user, password, token or credentials in [broker]"
        ),
        ConnectErrorKind::Tls => text!(
            "kết nối TLS đến {url} không thành: {error}; kiểm tra broker.ca",
            "no TLS connection to {url}: {error}; check broker.ca"
        ),
        _ => text!("không kết nối được {url}: {error}", "cannot connect to {url}: {error}"),
    }
}

/// The client connects again by itself.
fn heard(event: &Event) {
    match event {
        Event::Disconnected => tracing::warn!("the NATS server is away; loa connects again by itself"),
        Event::Connected => tracing::info!("the NATS server is there"),
        Event::ServerError(_) | Event::ClientError(_) | Event::SlowConsumer(_) => {
            tracing::warn!(%event, "the NATS server says");
        }
        _ => tracing::debug!(%event, "the NATS server says"),
    }
}

struct Connected {
    consumer: Consumer<ConsumerConfig>,
    context: Context,
    /// The question that is open, and what came of it.
    batch: Option<Batch>,
    refused: String,
}

fn failed(error: &impl ToString) -> BrokerError {
    BrokerError(Text::same(error.to_string()))
}

impl Broker for Connected {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<Message>, BrokerError>> {
        Box::pin(async move {
            if self.batch.is_none() {
                let batch = self.consumer.batch().max_messages(BATCH).expires(OPEN).messages().await;
                self.batch = Some(batch.map_err(|error| failed(&error))?);
            }
            let Some(batch) = &mut self.batch else { return Ok(None) };
            match batch.next().await {
                Some(Ok(delivered)) => Ok(Some(self.message(delivered))),
                Some(Err(error)) => Err(failed(&error)),
                None => {
                    self.batch = None;
                    Ok(None)
                }
            }
        })
    }
}

impl Connected {
    fn message(&self, delivered: Delivered) -> Message {
        let header =
            |name: &str| delivered.headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string);
        let place = delivered.info().map(|info| format!("{}:{}", info.stream, info.stream_sequence));
        let place = place.unwrap_or_else(|_| delivered.subject.to_string());
        Message {
            payload: delivered.payload.to_vec(),
            action: header(ACTION),
            answer: Box::new(OneAnswer {
                context: self.context.clone(),
                refused: self.refused.clone(),
                place: place.clone(),
                delivered,
            }),
            place,
        }
    }
}

struct OneAnswer {
    delivered: Delivered,
    context: Context,
    refused: String,
    place: String,
}

impl Answer for OneAnswer {
    fn done(&self) -> BoxFuture<'_, Result<(), BrokerError>> {
        Box::pin(async { self.delivered.double_ack().await.map_err(|error| failed(&error)) })
    }

    fn working(&self) -> BoxFuture<'_, Result<(), BrokerError>> {
        Box::pin(async { self.delivered.ack_with(AckKind::Progress).await.map_err(|error| failed(&error)) })
    }

    fn later(&self, after: Duration) -> BoxFuture<'_, Result<(), BrokerError>> {
        // Answered, so that it is out before loa is.
        Box::pin(async move {
            let kind = AckKind::Nak((!after.is_zero()).then_some(after));
            self.delivered.double_ack_with(kind).await.map_err(|error| failed(&error))
        })
    }

    fn park<'a>(&'a self, payload: &'a [u8], reason: &'a Text) -> BoxFuture<'a, Result<(), BrokerError>> {
        Box::pin(async move {
            let mut headers = HeaderMap::new();
            let subject = self.delivered.subject.as_str();
            // The server takes the same id once: a message that is parked again because the answer got lost is there once.
            for (name, value) in [
                ("Nats-Msg-Id", self.place.as_str()),
                ("Loa-Message", self.place.as_str()),
                ("Loa-Subject", subject),
                ("Loa-Reason", reason.vi.as_str()),
                ("Loa-Reason-En", reason.en.as_str()),
            ] {
                let line = value.split_whitespace().collect::<Vec<_>>().join(" ");
                headers.insert(name, line.parse::<HeaderValue>().map_err(|error| failed(&error))?);
            }
            let kept = self.context.publish_with_headers(self.refused.clone(), headers, payload.to_vec().into()).await;
            kept.map_err(|error| failed(&error))?.await.map_err(|error| failed(&error))?;
            self.delivered.double_ack_with(AckKind::Term).await.map_err(|error| failed(&error))
        })
    }
}
