//! A real NATS server with `JetStream` on loopback, one for each test, with an account and a folder of its own. It can be
//! stopped and started again with what it has kept, and ends when it is dropped.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use async_nats::jetstream::consumer::Info;
use async_nats::jetstream::{self, stream};
use tempfile::TempDir;

use super::nats_accounts;
use super::process::eventually;

/// The account's password.
pub(crate) const PASSWORD: &str = "mật-khẩu-của-loa";
/// Where articles are published.
pub(crate) const SUBJECT: &str = "loa.bai";

pub(crate) struct RealNats {
    folder: TempDir,
    port: u16,
    guard: Guard,
    server: Option<Child>,
    runtime: tokio::runtime::Runtime,
}

/// How the server knows whom it speaks with.
enum Guard {
    /// By a password.
    Password,
    /// By a password, behind TLS.
    Tls,
    /// By the credentials of an account: what a `.creds` file holds.
    Accounts(String),
}

/// What is published: an action, if it is not just an article, and a payload.
pub(crate) type Letter<'a> = (Option<&'a str>, String);

impl RealNats {
    /// Starts a server with a stream `LOA` for [`SUBJECT`].
    pub(crate) fn start() -> Self {
        Self::start_with(|_| (String::new(), Guard::Password))
    }

    /// The same behind TLS, with a certificate of the office's own authority: [`Self::ca`].
    pub(crate) fn start_behind_tls() -> Self {
        Self::start_with(|folder| (tls_of(folder), Guard::Tls))
    }

    /// The same for whoever has an account's credentials: [`Self::credentials`].
    pub(crate) fn start_with_accounts() -> Self {
        Self::start_with(|_| {
            let (config, credentials) = nats_accounts::made();
            (config, Guard::Accounts(credentials))
        })
    }

    fn start_with(guarded: impl FnOnce(&Path) -> (String, Guard)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        drop(listener);
        let store = folder.path().join("data").display().to_string();
        let (mut config, guard) = guarded(folder.path());
        config += &format!("listen: \"127.0.0.1:{port}\"\njetstream {{ store_dir: \"{store}\" }}\n");
        if !matches!(guard, Guard::Accounts(_)) {
            config += &format!("authorization {{ user: \"loa\", password: \"{PASSWORD}\" }}\n");
        }
        std::fs::write(folder.path().join("nats.conf"), config).expect("a configuration");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let mut nats = Self { folder, port, guard, server: None, runtime: runtime.expect("a runtime") };
        nats.go_on();
        nats.runtime.block_on(async {
            let context = nats.context().await;
            let subjects = vec![SUBJECT.to_owned()];
            let config = stream::Config { name: "LOA".to_owned(), subjects, ..stream::Config::default() };
            context.create_stream(config).await.expect("a stream");
        });
        nats
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if matches!(self.guard, Guard::Tls) { "tls" } else { "nats" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The certificate of whoever vouches for the server.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What stands in a `.creds` file.
    pub(crate) fn credentials(&self) -> &str {
        match &self.guard {
            Guard::Accounts(credentials) => credentials,
            Guard::Password | Guard::Tls => panic!("this server knows a password"),
        }
    }

    /// Starts it again with what it has kept.
    pub(crate) fn go_on(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.path().join("log"));
        // Debian puts it where only root looks.
        let debian = std::path::Path::new("/usr/sbin/nats-server");
        let mut command = Command::new(if debian.exists() { debian } else { std::path::Path::new("nats-server") });
        command.arg("-c").arg(self.folder.path().join("nats.conf")).stdin(Stdio::null()).stdout(Stdio::null());
        let server = command.stderr(log.expect("a log file")).spawn();
        self.server = Some(server.expect("nats-server is installed: tests/run does it"));
        eventually("the NATS server listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok());
    }

    /// Stops it in order.
    pub(crate) fn stop(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        let sent = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &server.id().to_string()]).status();
        assert!(sent.expect("a shell").success(), "SIGTERM reaches the server");
        eventually("the NATS server ends", || server.try_wait().expect("a child"));
    }

    /// Ends it without a farewell.
    pub(crate) fn kill(&mut self) {
        let Some(mut server) = self.server.take() else { return };
        server.kill().expect("it runs");
        server.wait().expect("it ends");
    }

    async fn context(&self) -> jetstream::Context {
        let by_password = || async_nats::ConnectOptions::with_user_and_password("loa".to_owned(), PASSWORD.to_owned());
        let options = match &self.guard {
            Guard::Password => by_password(),
            Guard::Tls => by_password().require_tls(true).add_root_certificates(self.ca()),
            Guard::Accounts(credentials) => {
                async_nats::ConnectOptions::with_credentials(credentials).expect("credentials")
            }
        };
        jetstream::new(options.connect(self.url()).await.expect("a connection"))
    }

    /// Publishes, and returns once the server has it.
    pub(crate) fn publish<'a>(&self, letters: impl IntoIterator<Item = Letter<'a>>) {
        self.runtime.block_on(async {
            let context = self.context().await;
            for (action, payload) in letters {
                let mut headers = async_nats::HeaderMap::new();
                if let Some(action) = action {
                    headers.insert("Loa-Action", action);
                }
                let kept = context.publish_with_headers(SUBJECT, headers, payload.into()).await.expect("a question");
                kept.await.expect("the server keeps it");
            }
        });
    }

    /// What the server knows of loa's consumer.
    pub(crate) fn consumer(&self) -> Info {
        self.runtime.block_on(async {
            let stream = self.context().await.get_stream("LOA").await.expect("the stream");
            stream.consumer_info("loa").await.expect("the consumer")
        })
    }

    /// Whether every message was answered for good.
    pub(crate) fn is_done(&self) -> bool {
        let info = self.consumer();
        info.num_pending == 0 && info.num_ack_pending == 0
    }

    /// The messages that are parked: reason and payload.
    pub(crate) fn parked(&self) -> Vec<(String, String)> {
        self.runtime.block_on(async {
            let Ok(mut stream) = self.context().await.get_stream("LOA_REFUSED").await else { return Vec::new() };
            let last = stream.info().await.expect("the stream").state.last_sequence;
            let mut found = Vec::new();
            for number in 1..=last {
                let message = stream.get_raw_message(number).await.expect("a parked message");
                let reason = message.headers.get("Loa-Reason-En").map(ToString::to_string).unwrap_or_default();
                found.push((reason, String::from_utf8_lossy(&message.payload).into_owned()));
            }
            found
        })
    }
}

/// Makes an authority and a certificate for 127.0.0.1, and says so in the server's words.
fn tls_of(folder: &Path) -> String {
    std::fs::write(folder.join("names"), "subjectAltName = IP:127.0.0.1\nbasicConstraints = CA:FALSE\n")
        .expect("a file");
    for words in [
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=anbinh -keyout ca.key -out ca.pem",
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=nats -keyout nats.key -out nats.csr",
        "x509 -req -days 30 -in nats.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out nats.pem",
    ] {
        let made = Command::new("openssl").args(words.split(' ')).current_dir(folder).output();
        let made = made.expect("openssl is installed: tests/run does it");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let path = |name: &str| folder.join(name).display().to_string();
    format!("tls {{ cert_file: \"{}\", key_file: \"{}\" }}\n", path("nats.pem"), path("nats.key"))
}

impl Drop for RealNats {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill();
        }
    }
}
