//! A real Postfix on loopback, with a configuration, a queue and mailboxes of its own in a temporary folder. It ends when
//! it is dropped, after a panic too.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use super::process::eventually;

/// The parts that receive mail and put it into mailboxes.
const MASTER: &str = "cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
tlsmgr unix - - n 1000? 1 tlsmgr
";

/// The running server. Mail to `…@example.vn` is delivered; recipients that begin with `chan` do not exist, and those
/// that begin with `xam` are put off once.
pub(crate) struct RealPostfix {
    master: Child,
    folder: TempDir,
    port: u16,
    tls_port: u16,
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

impl RealPostfix {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let home = folder.path().display();
        let (port, tls_port, policy) = (free_port(), free_port(), greylisting());
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("Postfix may enter");
        for name in ["conf", "queue", "data", "mail"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let owned = |user: &str, name: &str| {
            let done = Command::new("chown").arg(user).arg(folder.path().join(name)).status();
            assert!(done.is_ok_and(|status| status.success()), "tests with a real Postfix need root");
        };
        owned("postfix", "data");
        owned("65534:65534", "mail");
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {home}/queue\ndata_directory = {home}/data\n\
             command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n\
             setgid_group = postdrop\nmyhostname = mx.example.vn\nmydestination =\nmynetworks = 127.0.0.0/8\n\
             inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nalias_maps =\nalias_database =\n\
             local_recipient_maps =\nvirtual_mailbox_domains = example.vn\nvirtual_mailbox_base = {home}/mail\n\
             virtual_mailbox_maps = static:all/\nvirtual_minimum_uid = 1\nvirtual_uid_maps = static:65534\n\
             virtual_gid_maps = static:65534\nvirtual_transport = virtual\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\n\
             smtpd_recipient_restrictions = check_recipient_access regexp:{home}/conf/rejects, \
             check_policy_service inet:127.0.0.1:{policy}, permit\n\
             smtpd_peername_lookup = no\nsmtpd_tls_security_level = may\nsmtpd_tls_received_header = yes\n\
             smtpd_tls_cert_file = {home}/conf/server.pem\nsmtpd_tls_key_file = {home}/conf/server.key\n\
             maillog_file = {home}/queue/log\nmaillog_file_prefixes = {home}\n"
        );
        let files = [
            ("main.cf", main),
            (
                "master.cf",
                format!(
                    "127.0.0.1:{port} inet n - n - - smtpd\n\
                     127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n{MASTER}"
                ),
            ),
            ("rejects", "/^chan/ 550 5.1.1 No such person\n".to_owned()),
        ];
        for (name, text) in files {
            std::fs::write(folder.path().join("conf").join(name), text).expect("a file");
        }
        certify(&folder.path().join("conf"));
        let mut command = Command::new("postfix");
        command.arg("-c").arg(folder.path().join("conf")).arg("start-fg");
        let master = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let started = Self { master: master.expect("Postfix starts"), folder, port, tls_port };
        eventually("Postfix listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        started
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where it speaks TLS from the first byte.
    pub(crate) fn tls_port(&self) -> u16 {
        self.tls_port
    }

    /// Who vouches for it: it is `localhost`.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("conf/authority.pem")
    }

    /// What was delivered, as it was.
    pub(crate) fn raw_letters(&self) -> Vec<String> {
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).expect("a letter")).into_owned();
        self.letters().into_iter().map(read).collect()
    }

    fn letters(&self) -> Vec<PathBuf> {
        let all = self.folder.path().join("mail/all");
        let inside = |name: &str| std::fs::read_dir(all.join(name)).into_iter().flatten();
        inside("new").chain(inside("cur")).map(|entry| entry.expect("an entry").path()).collect()
    }

    /// How many letters were delivered.
    pub(crate) fn delivered(&self) -> usize {
        self.letters().len()
    }

    /// The `Message-ID`s that each recipient has.
    pub(crate) fn mailboxes(&self) -> BTreeMap<String, Vec<String>> {
        let mut boxes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for letter in self.raw_letters() {
            let header =
                |name: &str| letter.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
            boxes.entry(header("Delivered-To:").to_owned()).or_default().push(header("Message-ID:").to_owned());
        }
        boxes
    }

    /// Waits until nothing is in its queue any more.
    pub(crate) fn settle(&self) {
        eventually("Postfix has delivered everything", || {
            let waiting = ["incoming", "active", "maildrop"].iter().any(|name| {
                let folder = self.folder.path().join("queue").join(name);
                std::fs::read_dir(folder).into_iter().flatten().next().is_some()
            });
            (!waiting).then_some(())
        });
    }
}

impl Drop for RealPostfix {
    fn drop(&mut self) {
        let mut stop = Command::new("postfix");
        stop.arg("-c").arg(self.folder.path().join("conf")).arg("abort").stdout(Stdio::null()).stderr(Stdio::null());
        // It may have ended already.
        drop(stop.status());
        drop(self.master.kill());
        drop(self.master.wait());
    }
}

/// A certificate for `localhost`, and an authority of its own that vouches for it.
fn certify(folder: &Path) {
    let openssl = |arguments: &str| {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect("openssl");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -keyout authority.key -out authority.pem -days 2 -subj /CN=Authority \
         -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign",
    );
    openssl("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost");
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
        .expect("a file");
    openssl(
        "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out server.pem -days 2 \
         -extfile names",
    );
}

/// A greylisting service in Postfix's policy protocol: puts a recipient that begins with `xam` off the first time.
fn greylisting() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let seen = Arc::clone(&seen);
            std::thread::spawn(move || judge(&stream, &seen));
        }
    });
    port
}

fn judge(stream: &TcpStream, seen: &Mutex<BTreeSet<String>>) {
    let mut recipient = String::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(named) = line.strip_prefix("recipient=") {
            named.clone_into(&mut recipient);
        }
        if line.is_empty() {
            let new = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(recipient.clone());
            let put_off = new && recipient.starts_with("xam");
            let action = if put_off { "DEFER_IF_PERMIT 4.7.1 Greylisted" } else { "DUNNO" };
            let mut stream = stream;
            // Postfix may have hung up; it asks again then.
            if write!(stream, "action={action}\n\n").is_err() {
                return;
            }
        }
    }
}
