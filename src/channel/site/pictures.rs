//! The pictures of a page: files of its own beside the pages, and gone when it no longer shows them.

use std::path::Path;

use super::super::files::{self, FileError};
use super::super::pictures::Fit;
use super::super::{Item, Job, SendError};
use crate::article::Image;
use crate::delivery::Action;

/// The folder beside `bai/`.
pub(super) const FOLDER: &str = "anh";
/// Good on a large screen, light on a phone.
const FIT: Fit = Fit { bytes: 1 << 20, edge: 1600, jpeg: true };

/// The file of a picture that the intake has kept.
pub(super) fn file_name(slug: &str, image: &Image) -> Option<String> {
    let stem: String = image.kept.as_ref()?.hash.chars().take(16).collect();
    Some(format!("{slug}-{stem}.jpg"))
}

/// Writes what the page shows, and removes what it showed before.
pub(super) async fn write(site: &Path, job: &Job, item: &Item) -> Result<(), SendError> {
    let (folder, slug) = (site.join(FOLDER), item.slug());
    let mut shown = Vec::new();
    let images: &[Image] = if item.action == Action::Withdraw { &[] } else { &item.article.images };
    for image in images {
        let Some(name) = file_name(&slug, image) else { continue };
        let Some(picture) = job.picture(image, FIT).await? else { continue };
        files::write(&folder.join(&name), &picture.bytes).await.map_err(FileError::into_send_error)?;
        shown.push(name);
    }
    for path in files::list(&folder, "jpg").await.map_err(FileError::into_send_error)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let own = name.strip_prefix(&format!("{slug}-")).is_some_and(|rest| rest.len() == "0123456789abcdef.jpg".len());
        if own && !shown.contains(&name) {
            files::remove(&path).await.map_err(FileError::into_send_error)?;
        }
    }
    Ok(())
}
