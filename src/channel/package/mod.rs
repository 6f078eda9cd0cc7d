//! A package per article in a folder, for closed systems that a person uploads to by hand.

mod form;
mod render;
mod store;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::failure::{RenderError, SendError};
use super::files::FileError;
use super::pictures::Fit;
use super::{
    Channel, Health, Item, Job, Keys, Kind, OpenContext, Payload, Progress, RenderContext, Repeat, Seen, Settings,
    SettingsError, files,
};
use crate::article::Revision;
use crate::delivery::{Action, Live, Receipt};
use crate::text;
use render::{Press, Shape, picture_file};
use store::{Form, Parts, There};

pub(super) const KIND: Kind = Kind {
    name: "package",
    about: || {
        text!(
            "Gói bài (ZIP hoặc thư mục) để người tải lên bằng tay",
            "A package per article (ZIP or folder) to be uploaded by hand"
        )
    },
    example: include_str!("example.toml"),
    fields: form::FIELDS,
    keys: || Keys::of::<Table>(),
    bundles: false,
    letters: false,
    removes_quietly: true,
    audience: false,
    spoken: false,
    open,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    folder: PathBuf,
    #[serde(default)]
    form: Form,
    #[serde(default)]
    windows: bool,
    #[serde(default = "yes")]
    pictures: bool,
}

fn yes() -> bool {
    true
}

/// Where superseded packages go.
const OLD: &str = "cu";
/// Pictures go in as they are.
const FIT: Fit = Fit { bytes: usize::MAX, edge: u32::MAX, jpeg: false };

struct Package {
    place: Place,
    pictures: bool,
    press: Press,
}

/// What work on the disk has to know.
#[derive(Clone)]
struct Place {
    folder: PathBuf,
    form: Form,
}

impl Place {
    fn package(&self, slug: &str, revision: Revision) -> PathBuf {
        self.form.path(&self.folder, &format!("{slug}.{revision}"))
    }

    /// What a withdrawal leaves behind.
    fn note(&self, slug: &str) -> PathBuf {
        self.folder.join(format!("{slug}.thu-hoi.txt"))
    }

    /// Moves a package to the superseded ones, if it is there.
    fn supersede(&self, path: &Path) -> io::Result<()> {
        match store::there(path)? {
            There::Nothing => Ok(()),
            There::Package(_) => store::set_aside(path, &self.folder.join(OLD)),
        }
    }
}

fn open(settings: Settings<'_>, cx: &OpenContext<'_>) -> Result<Arc<dyn Channel>, SettingsError> {
    let table: Table = settings.parse()?;
    let shape = Shape { windows: table.windows, pictures: table.pictures };
    Ok(Arc::new(Package {
        place: Place { folder: cx.path(&table.folder), form: table.form },
        pictures: table.pictures,
        press: Press::new(shape).map_err(|error| SettingsError::new(error.0))?,
    }))
}

impl Channel for Package {
    /// What is there already is compared, never written again.
    fn repeat(&self) -> Repeat {
        Repeat::Safe
    }

    fn render(&self, items: &[Item], cx: &RenderContext) -> Result<Payload, RenderError> {
        self.press.package(items, cx)
    }

    fn advance<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Result<Progress, SendError>> {
        Box::pin(async move {
            let item = job.first()?;
            match item.action {
                Action::Create(revision) => self.create(job, revision).await,
                Action::Update(_) => self.replace(job).await,
                Action::Withdraw => self.withdraw(job).await,
            }
        })
    }

    fn look_up<'a>(&'a self, _: &'a Job) -> BoxFuture<'a, Result<Seen, SendError>> {
        Box::pin(async { Ok(Seen::Absent) })
    }

    fn probe(&self) -> BoxFuture<'_, Result<Health, SendError>> {
        Box::pin(files::probe(&self.place.folder))
    }
}

fn receipt(job: &Job, path: &Path, seen: String) -> Receipt {
    Receipt { seen: Some(seen), ..job.receipt(path.display().to_string(), None) }
}

impl Package {
    /// Where the package of the copy that is there now stands. Receipts show people the whole path; its name alone
    /// counts, since the office's folder may have moved.
    fn standing(&self, item: &Item) -> PathBuf {
        let receipt = item.live.receipt().map(|receipt| Path::new(&receipt.remote_id));
        match receipt.and_then(Path::file_name) {
            Some(name) => self.place.folder.join(name),
            None => self.place.package(&item.slug(), item.live.revision().unwrap_or(item.revision)),
        }
    }

    async fn create(&self, job: &Job, revision: Revision) -> Result<Progress, SendError> {
        let item = job.first()?;
        let known = matches!(&item.live, Live::Staged { revision: staged, .. } if *staged == revision);
        if !known {
            // An earlier revision that was perhaps begun. The new one's place is remembered before it is written:
            // whatever fails then, a withdrawal finds it.
            if item.live != Live::Nothing {
                let earlier = self.standing(item);
                self.disk(move |place| place.supersede(&earlier)).await?;
            }
            return Ok(Progress::Staged(item.slug()));
        }
        let (path, seen) = self.put(job).await?;
        // Published again after a withdrawal: the note of that is over.
        let slug = item.slug();
        self.disk(move |place| store::remove(&place.note(&slug))).await?;
        Ok(Progress::Live(receipt(job, &path, seen)))
    }

    async fn replace(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        let old = self.standing(item);
        self.unedited(item, &old).await?;
        let (path, seen) = self.put(job).await?;
        if old != path {
            self.disk(move |place| place.supersede(&old)).await?;
        }
        Ok(Progress::Live(receipt(job, &path, seen)))
    }

    /// The note first: who sees the package vanish finds out why.
    async fn withdraw(&self, job: &Job) -> Result<Progress, SendError> {
        let item = job.first()?;
        let path = self.standing(item);
        let note = self.place.note(&item.slug());
        files::write(&note, &job.payload.bytes).await.map_err(FileError::into_send_error)?;
        let expected = item.live.receipt().and_then(|receipt| receipt.seen.clone());
        self.disk(move |place| match store::there(&path)? {
            There::Nothing => Ok(()),
            There::Package(now) if expected.is_some_and(|expected| expected != now) => place.supersede(&path),
            There::Package(_) => store::remove(&path),
        })
        .await?;
        Ok(Progress::Gone)
    }

    /// Writes the job's package, unless it is there already. Its place and its fingerprint.
    async fn put(&self, job: &Job) -> Result<(PathBuf, String), SendError> {
        let item = job.first()?;
        let path = self.place.package(&item.slug(), item.revision);
        let parts = self.parts(job).await?;
        let at = path.clone();
        let (there, ours) = self
            .disk(move |place| {
                let ours = place.form.fingerprint(&parts)?;
                let there = store::there(&at)?;
                if there == There::Nothing {
                    place.form.write(&at, &parts)?;
                }
                Ok((there, ours))
            })
            .await?;
        match there {
            There::Package(other) if other != ours => {
                let file = path.display();
                Err(SendError::permanent(text!(
                    "{file} đã có và khác với bản loa soạn (có người đã sửa?); loa không ghi đè. Đổi tên tệp đó rồi: loa retry SỐ",
                    "{file} is there and differs from what loa made (has somebody edited it?); it was not overwritten. \
                     Rename it, then: loa retry ID"
                )))
            }
            _ => Ok((path, ours)),
        }
    }

    async fn parts(&self, job: &Job) -> Result<Parts, SendError> {
        let item = job.first()?;
        let mut parts = vec![("bai.html".to_owned(), job.payload.bytes.to_vec())];
        for (ending, bytes) in &job.payload.beside {
            let name = if *ending == "json" { "thong-tin.json" } else { "bai.txt" };
            parts.push((name.to_owned(), bytes.clone()));
        }
        for (at, image) in item.article.images.iter().enumerate().filter(|_| self.pictures) {
            let Some(name) = picture_file(at, image) else { continue };
            let picture = job.picture(image, FIT).await?.ok_or_else(|| {
                SendError::transient(text!("ảnh chưa đọc được từ kho", "a picture is not in the store yet"))
            })?;
            parts.push((name, picture.bytes));
        }
        Ok(parts)
    }

    /// A package that a person has edited is not superseded without being asked.
    async fn unedited(&self, item: &Item, old: &Path) -> Result<(), SendError> {
        let Some(expected) = item.live.receipt().and_then(|receipt| receipt.seen.clone()) else { return Ok(()) };
        let place = old.to_owned();
        match self.disk(move |_| store::there(&place)).await? {
            There::Package(now) if now != expected => {
                let file = old.display();
                let note = text!(
                    "{file} đã được sửa sau khi loa ghi; nếu bản mới vẫn thay được nó thì: loa retry (bản đã sửa được giữ trong {OLD})",
                    "{file} was edited after loa wrote it; if the new one may replace it: loa retry (the edited one is kept in {OLD})"
                );
                Err(SendError::edited(now, note))
            }
            _ => Ok(()),
        }
    }

    /// Works on the disk without holding up others.
    async fn disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Place) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SendError> {
        let (place, folder) = (self.place.clone(), self.place.folder.clone());
        let done = tokio::task::spawn_blocking(move || work(&place)).await;
        done.map_err(io::Error::other).flatten().map_err(|source| FileError::new(folder, source).into_send_error())
    }
}
