//! The watched folder: claim by rename, take over, move to `done/`, or to `refused/` with the reason beside it.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono_tz::Tz;
use tokio_util::sync::CancellationToken;
use unicode_normalization::UnicodeNormalization as _;

use super::accept::{Intake, Order};
use super::draft::DraftContext;
use super::error::IntakeError;
use super::format::read;
use crate::clock::Clock;
use crate::text;
use crate::text::{Language, Text};

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Articles from the folder that name no source of their own.
const SOURCE: &str = "folder";

/// A watched folder.
#[derive(Clone, Debug)]
pub struct FolderIntake {
    /// The folder; made if it is missing.
    pub folder: PathBuf,
    /// Language of the reasons written beside refused files.
    pub language: Language,
}

/// Size and time of a file: when they stay the same from one look to the next, the file is complete.
type Stamp = (u64, Option<SystemTime>);

/// Takes over files until `stop`. Files that were claimed when an earlier process died are taken first.
///
/// # Errors
/// When the folders cannot be made.
pub async fn watch_folder(
    settings: FolderIntake,
    intake: Intake,
    clock: Clock,
    stop: CancellationToken,
) -> io::Result<()> {
    let folder = Folder::open(settings)?;
    folder.take_back_claimed()?;
    let mut seen: HashMap<PathBuf, Stamp> = HashMap::new();
    let mut trouble = None;
    while !stop.is_cancelled() {
        let look = folder.look(&mut seen, &intake).await;
        // A share that is gone stays gone for many looks: say so once.
        let now = look.err().map(|error| error.to_string());
        if now.is_some() && now != trouble {
            let folder = folder.settings.folder.display();
            tracing::warn!(%folder, error = now.as_deref(), "the watched folder cannot be read");
        }
        trouble = now;
        tokio::select! {
            () = clock.sleep(LOOK_EVERY) => {}
            () = stop.cancelled() => {}
        }
    }
    Ok(())
}

struct Folder {
    settings: FolderIntake,
    claimed: PathBuf,
    done: PathBuf,
    refused: PathBuf,
}

impl Folder {
    fn open(settings: FolderIntake) -> io::Result<Self> {
        let [claimed, done, refused] = ["claimed", "done", "refused"].map(|name| settings.folder.join(name));
        for folder in [&claimed, &done, &refused] {
            std::fs::create_dir_all(folder)?;
        }
        Ok(Self { settings, claimed, done, refused })
    }

    /// Puts back what a dead process had claimed. Taking it over again changes nothing if it was taken.
    fn take_back_claimed(&self) -> io::Result<()> {
        for path in files(&self.claimed)? {
            if let Some(name) = path.file_name() {
                std::fs::rename(&path, free_name(&self.settings.folder, Path::new(name)))?;
            }
        }
        Ok(())
    }

    async fn look(&self, seen: &mut HashMap<PathBuf, Stamp>, intake: &Intake) -> io::Result<()> {
        let mut now = HashMap::new();
        let mut complete = Vec::new();
        for path in files(&self.settings.folder)? {
            let Ok(meta) = std::fs::metadata(&path) else { continue };
            let stamp = (meta.len(), meta.modified().ok());
            if seen.get(&path) == Some(&stamp) {
                complete.push(path);
            } else {
                now.insert(path, stamp);
            }
        }
        *seen = now;
        complete.sort();
        for path in complete {
            if let Err(error) = self.take(&path, intake).await {
                let file = path.display();
                tracing::warn!(%file, %error, "a file could not be moved");
            }
        }
        Ok(())
    }

    async fn take(&self, path: &Path, intake: &Intake) -> io::Result<()> {
        let Some(name) = path.file_name().map(Path::new) else { return Ok(()) };
        let claimed = self.claimed.join(name);
        std::fs::rename(path, &claimed)?;
        match self.hand_over(&claimed, intake).await {
            Ok(missing) => self.done(&claimed, name, missing),
            // The store's trouble is not the file's: it goes back and is tried again.
            Err(IntakeError::Store(error)) => {
                let file = name.display();
                tracing::error!(%file, %error, "the store took nothing; the file stays in the folder");
                std::fs::rename(&claimed, free_name(&self.settings.folder, name))
            }
            Err(error) => self.refuse(&claimed, name, &error.text()),
        }
    }

    /// How many of its pictures could not be fetched.
    async fn hand_over(&self, path: &Path, intake: &Intake) -> Result<usize, IntakeError> {
        let draft = read(path)?;
        let stem = stem(path);
        let cx = context(&stem, intake.zone());
        let accepted = intake.accept(draft, &cx, Order::Publish, SOURCE, None).await?;
        Ok(accepted.missing_pictures)
    }

    /// A file that was taken; what its author has to know stands beside it.
    fn done(&self, claimed: &Path, name: &Path, missing: usize) -> io::Result<()> {
        let to = free_name(&self.done, name);
        if missing > 0 {
            let note = text!(
                "Bài đã nhận và vẫn đi, nhưng {missing} ảnh chưa tải được: các kênh chỉ kèm địa chỉ ảnh. Tải được rồi thì thả lại tệp này.",
                "The article was taken and goes out, but {missing} pictures could not be fetched: copies carry their addresses alone. Drop this file again once they can be."
            );
            let mut beside = to.clone().into_os_string();
            beside.push(".note.txt");
            std::fs::write(beside, format!("{}\n", note.get(self.settings.language)))?;
        }
        std::fs::rename(claimed, to)
    }

    /// The reason goes first: a refused file without one would tell nobody anything.
    fn refuse(&self, claimed: &Path, name: &Path, reason: &Text) -> io::Result<()> {
        let to = free_name(&self.refused, name);
        let mut beside = to.clone().into_os_string();
        beside.push(".reason.txt");
        std::fs::write(beside, format!("{}\n", reason.get(self.settings.language)))?;
        let file = name.display();
        tracing::warn!(%file, %reason, "a file was refused");
        std::fs::rename(claimed, to)
    }
}

fn context(stem: &str, zone: Tz) -> DraftContext<'_> {
    DraftContext { source: SOURCE, external_id: Some(stem), zone }
}

/// The file's name without its ending: what the office calls the article.
fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().nfc().collect()).unwrap_or_default()
}

/// The files in a folder that are not hidden, temporary or folders themselves.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let passing =
            name.starts_with(['.', '~']) || name.ends_with(['~']) || name.ends_with(".tmp") || name.ends_with(".part");
        if entry.file_type()?.is_file() && !passing {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// `name` in `folder`, with a number when that is taken, so that nothing is overwritten.
fn free_name(folder: &Path, name: &Path) -> PathBuf {
    let stem = name.file_stem().unwrap_or_default().to_string_lossy();
    let ending = name.extension().map(|ending| format!(".{}", ending.to_string_lossy())).unwrap_or_default();
    let numbered = (2..).map(|number| folder.join(format!("{stem}-{number}{ending}")));
    let mut names = std::iter::once(folder.join(name)).chain(numbered);
    names.find(|path| !path.exists()).unwrap_or_else(|| folder.join(name))
}
