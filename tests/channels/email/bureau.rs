//! An office that sends letters: templates beside its channel file, a real store, pictures, and a public address.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use loa::article::{Article, ArticleId, Image, Kept, Revision, sha256_hex};
use loa::channel::{Channel, Item, Job, Office, Pictures, Progress, RenderContext, SendError};
use loa::clock::Clock;
use loa::config::{ChannelSpec, ConfigError};
use loa::delivery::{Action, Live, job_key};
use loa::queue::{About, Queue as _};
use loa::store::{SqliteOptions, Store};
use serde_json::Value;
use tempfile::TempDir;

use super::desk::TO_FILES;
use crate::channels::bench;
use crate::sample::{HANOI, utc};

pub(super) const PUBLIC: &str = "https://tin.anbinh.example.vn";
pub(super) const LAN: &str = "lan@example.vn, Nguyễn Thị Hoàng Lan";

pub(super) struct Bureau {
    pub(super) folder: TempDir,
    office: Office,
    channel: Option<Arc<dyn Channel>>,
    pictures: Arc<Album>,
}

#[derive(Default)]
pub(super) struct Album(std::sync::Mutex<BTreeMap<String, Vec<u8>>>);

impl Pictures for Album {
    fn bytes<'a>(&'a self, hash: &'a str) -> futures_util::future::BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        Box::pin(async { Ok(self.0.lock().unwrap().get(hash).cloned()) })
    }
}

impl Bureau {
    pub(super) fn new(public_url: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("channels/templates")).expect("a folder");
        let office = Office { public_url: public_url.map(str::to_owned), ..bench::office() };
        Self { folder, office, channel: None, pictures: Arc::default() }
    }

    /// An office that writes letters to Lan and to Minh, with these settings.
    pub(super) fn with(public_url: Option<&str>, settings: &str) -> Self {
        let mut bureau = Self::new(public_url);
        bureau.set_up(settings).unwrap_or_else(|error| panic!("{error}"));
        bureau
    }

    /// Opens the channel anew, as after an edit.
    pub(super) fn set_up(&mut self, settings: &str) -> Result<(), ConfigError> {
        std::fs::write(self.folder.path().join("nguoi-nhan.csv"), format!("{LAN}\nminh@example.vn\n")).unwrap();
        let source = format!("kind = \"email\"\n[settings]\nrecipients = \"nguoi-nhan.csv\"\n{TO_FILES}\n{settings}\n");
        let spec = ChannelSpec::parse(&self.folder.path().join("channels/ban-tin.toml"), &source, HANOI)?;
        self.channel = Some(spec.open(&self.office, self.folder.path(), true)?);
        Ok(())
    }

    pub(super) fn channel(&self) -> &dyn Channel {
        &**self.channel.as_ref().expect("a channel that is set up")
    }

    /// Writes a template of the office's own.
    pub(super) fn template(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join("channels/templates").join(name), text).expect("a template");
    }

    pub(super) fn job(&self, items: Vec<Item>) -> Job {
        let at = items[0].updated;
        let edition = (items.len() > 1).then_some(at);
        let cx = RenderContext { office: self.office.clone(), at, edition };
        let payload = self.channel().render(&items, &cx).unwrap_or_else(|error| panic!("{error}"));
        let first = &items[0];
        let key = job_key("ban-tin", &first.article.key, first.action, &first.live, first.updated, first.again);
        let pictures = Arc::clone(&self.pictures) as Arc<dyn Pictures>;
        Job {
            key,
            items,
            edition,
            hash: payload.hash(),
            payload,
            now: at,
            copies: Arc::new(loa::channel::NoCopies),
            pictures,
            halt: tokio_util::sync::CancellationToken::new(),
        }
    }

    /// Sends the job, and reads what each recipient gets: the first letter is Lan's, the second Minh's.
    pub(super) async fn send(&self, items: Vec<Item>) -> Vec<Vec<u8>> {
        let mut job = self.job(items);
        let path = self.folder.path().join("loa.db");
        let store = Store::open(SqliteOptions { path, max_size: None }).await.expect("a store");
        let clock = Clock::still_at(job.now);
        job.copies = store.copies("ban-tin", &job.key, About::Article(ArticleId(1)), &clock);
        let before = self.files();
        let done = self.channel().advance(&job).await.unwrap_or_else(|error| panic!("{error}"));
        assert!(matches!(done, Progress::Live(_) | Progress::Gone), "{done:?}");
        let new = self.files().into_iter().filter(|path| !before.contains(path));
        let mut letters: Vec<Vec<u8>> = new.map(|path| std::fs::read(path).expect("a letter")).collect();
        letters.sort_by_key(|letter| !String::from_utf8_lossy(letter).contains("lan@example.vn"));
        assert_eq!(letters.len(), 2);
        letters
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("thu"));
        entries.map_or_else(|_| Vec::new(), |found| found.map(|entry| entry.expect("an entry").path()).collect())
    }

    /// Keeps a picture as the intake does; `kept: false` forgets its bytes afterwards, as upkeep may.
    pub(super) fn picture(&self, bytes: Vec<u8>, alt: &str, caption: Option<&str>) -> Image {
        let size = image::load_from_memory(&bytes).expect("a picture");
        let hash = sha256_hex(&bytes);
        let kept =
            Kept { hash: hash.clone(), media_type: "image/png".to_owned(), width: size.width(), height: size.height() };
        let url = format!("https://cms.example.vn/{}.png?a=1&b=2", &hash[..8]);
        self.pictures.0.lock().unwrap().insert(hash, bytes);
        Image { url, alt: alt.to_owned(), caption: caption.map(str::to_owned), kept: Some(kept) }
    }

    pub(super) fn forget_pictures(&self) {
        self.pictures.0.lock().unwrap().clear();
    }
}

/// What is done with an article, as the first letter or in answer to one.
pub(super) fn item(article: Article, action: Action) -> Item {
    let receipt = loa::delivery::Receipt {
        remote_id: "loa_0000".to_owned(),
        url: None,
        payload_hash: "0".repeat(64),
        rehearsal: false,
        seen: None,
    };
    let live = match action {
        Action::Create(_) => Live::Nothing,
        _ => Live::Shown { revision: Revision(1), receipt },
    };
    bench::item_of(article, action, live, utc("2026-11-24T09:00:05+07:00"))
}

/// What Python's own mail package, a second reading of the same standards, makes of a letter.
pub(super) fn read_by_python(folder: &Path, letter: &[u8]) -> Value {
    python(folder, READER, letter)
}

/// Runs a script of ours with `input`; it prints JSON.
pub(super) fn python(folder: &Path, script: &str, input: &[u8]) -> Value {
    let (program, data) = (folder.join("doc.py"), folder.join("doc.eml"));
    std::fs::write(&program, script).expect("a script");
    std::fs::write(&data, input).expect("its input");
    let ran = Command::new("/usr/bin/python3").arg(&program).arg(&data).stdin(Stdio::null()).output();
    let ran = ran.expect("Debian's Python; tests/run installs it");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("JSON")
}

const READER: &str = r"
import email, email.policy, hashlib, json, sys
raw = open(sys.argv[1], 'rb').read()
message = email.message_from_bytes(raw, policy=email.policy.default)
parts = [part for part in message.walk() if not part.is_multipart()]
images = [part for part in parts if part.get_content_maintype() == 'image']
body = lambda kind: message.get_body((kind,)).get_content().replace('\r\n', '\n')
print(json.dumps({
    'headers': {name.lower(): str(value) for name, value in message.items()},
    'names': [name for name, _ in message.items()],
    'to_name': message['to'].addresses[0].display_name,
    'from_name': message['from'].addresses[0].display_name,
    'date': message['date'].datetime.isoformat(),
    'plain': body('plain'),
    'html': body('html'),
    'types': [part.get_content_type() for part in message.walk()],
    'images': [{'cid': part['content-id'], 'type': part.get_content_type(), 'name': part.get_filename(),
                'sha256': hashlib.sha256(part.get_content()).hexdigest(), 'disposition': part.get_content_disposition()}
               for part in images],
    'defects': [str(defect) for part in message.walk() for defect in part.defects]
             + [str(defect) for value in message.values() for defect in value.defects],
}))
";
