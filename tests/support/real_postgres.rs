//! A real PostgreSQL on loopback, one for the whole run: a cluster of its own in a temporary folder, a database for each
//! test. It ends with the test process, however that ends: a shell waits for its end of a pipe to close.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use loa::channel::Secret;
use loa::store::PostgresOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _};

use super::process::within;

/// Starts the cluster, waits until standard input ends, stops it at once and takes the folder away. PostgreSQL refuses to
/// be root.
const KEEPER: &str = r#"
set -e
dir=$0 bin=$1 port=$2
as=
if [ "$(id -u)" = 0 ]; then
    user=nobody
    if id -u postgres >/dev/null 2>&1; then user=postgres; fi
    chown -R "$user" "$dir"
    as="setpriv --reuid=$user --regid=$(id -g "$user") --clear-groups"
fi
$as "$bin/initdb" -D "$dir/data" -U loa -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C.UTF-8 \
    >"$dir/initdb.log" 2>&1
$as "$bin/postgres" -D "$dir/data" -k "$dir" -p "$port" -c listen_addresses=127.0.0.1 -c max_connections=400 \
    -c fsync=on -c log_min_messages=warning >"$dir/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT "$server"
wait "$server" || true
rm -rf "$dir"
"#;

/// The running cluster.
pub(crate) struct Cluster {
    folder: PathBuf,
    port: u16,
    made: AtomicUsize,
    /// Closed by the end of this process.
    _leash: ChildStdin,
}

/// The cluster of this run, started when it is needed first.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(Cluster::start)
}

impl Cluster {
    fn start() -> Self {
        // The keeper takes it away.
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        std::fs::write(folder.join("password"), "mật-khẩu của loa").expect("a password file");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("its number").port();
        drop(listener);
        let keeper = Command::new("sh")
            .arg("-c")
            .arg(KEEPER)
            .args([folder.as_path(), &binaries()])
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let leash = keeper.expect("a shell").stdin.take().expect("its standard input");
        let cluster = Self { folder, port, made: AtomicUsize::new(0), _leash: leash };
        let ready = || {
            let mut ask = Command::new(binaries().join("pg_isready"));
            let asked = ask.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status().ok()?;
            asked.success().then_some(())
        };
        let said = |name: &str| std::fs::read_to_string(cluster.folder.join(name)).unwrap_or_default();
        within(1_600, ready).unwrap_or_else(|| unreachable!("no PostgreSQL: {}{}", said("initdb.log"), said("log")));
        cluster
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where the password of the user `loa` is.
    pub(crate) fn password_file(&self) -> PathBuf {
        self.folder.join("password")
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        let password = std::fs::read_to_string(self.password_file()).expect("the password");
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(self.port).username("loa");
        options.password(&password).database(database).disable_statement_logging()
    }

    /// A new, empty database.
    pub(crate) async fn database(&self) -> Database {
        let name = format!("loa_{}", self.made.fetch_add(1, Ordering::Relaxed));
        let mut admin = self.options("postgres").connect().await.expect("the cluster answers");
        let create = format!("CREATE DATABASE {name}");
        sqlx::query(AssertSqlSafe(create)).execute(&mut admin).await.expect("a new database");
        sqlx::Connection::close(admin).await.expect("closed");
        Database { name }
    }
}

/// The newest version's programs.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed: tests/run does it");
    let bin = |version: std::fs::DirEntry| version.path().join("bin");
    let found = versions.map(|version| bin(version.expect("a folder"))).filter(|bin| bin.join("initdb").exists());
    found.max_by_key(|bin| version_of(bin)).expect("a PostgreSQL server")
}

fn version_of(bin: &Path) -> u32 {
    let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str()?.parse().ok());
    version.unwrap_or_default()
}

/// One test's database.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// How loa is told of it, reached on another port than its own where there is a door in between.
    pub(crate) fn url(&self, port: u16) -> String {
        format!("postgres://loa@127.0.0.1:{port}/{}", self.name)
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        let password = Secret::File(cluster().password_file());
        PostgresOptions::new(&self.url(cluster().port()), Some(password)).expect("an address")
    }

    /// A connection of the test's own.
    pub(crate) async fn connect(&self) -> PgConnection {
        cluster().options(&self.name).connect().await.expect("a connection")
    }
}
