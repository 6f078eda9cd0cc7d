//! Pictures: looked up by the name of their content before they are uploaded, so that each is there once.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Job;
use super::super::failure::SendError;
use super::super::pictures::{Fit, Picture};
use super::Portal;
use super::answer::Stage;
use super::api::Body;
use crate::article::Image;
use crate::text;

/// WordPress itself scales down what is longer than 2560 pixels.
const FIT: Fit = Fit { bytes: 5 * 1024 * 1024, edge: 2_560, jpeg: false };
const ROUTE: &str = "wp/v2/media";
const FIELDS: (&str, &str) = ("_fields", "id,slug,source_url,alt_text,caption.raw");

/// A picture on the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hung {
    pub(super) id: u64,
    pub(super) url: String,
}

#[derive(Deserialize)]
struct Media {
    id: u64,
    slug: String,
    source_url: String,
    #[serde(default)]
    alt_text: String,
    #[serde(default)]
    caption: Caption,
}

#[derive(Default, Deserialize)]
struct Caption {
    #[serde(default)]
    raw: String,
}

impl Portal {
    /// The picture on the site; `None` when only its address is known.
    pub(super) async fn hang(&self, job: &Job, image: &Image) -> Result<Option<Hung>, SendError> {
        let Some(kept) = &image.kept else { return Ok(None) };
        let known = self.known().pictures.get(&kept.hash).cloned();
        if let Some((alt, hung)) = known
            && alt == image.alt
        {
            return Ok(Some(hung));
        }
        let Some(picture) = job.picture(image, FIT).await? else { return Ok(None) };
        let name = format!("loa-{}", picture.file_name);
        let slug = name.split('.').next().unwrap_or(&name).to_owned();
        let media = match self.find_media(&slug, job.now).await? {
            Some(media) => media,
            None => self.upload(picture, &name, &slug, job.now).await?,
        };
        self.caption(&media, image, job.now).await?;
        let hung = Hung { id: media.id, url: media.source_url };
        self.known().pictures.insert(kept.hash.clone(), (image.alt.clone(), hung.clone()));
        Ok(Some(hung))
    }

    /// The oldest picture of this name.
    async fn find_media(&self, slug: &str, now: DateTime<Utc>) -> Result<Option<Media>, SendError> {
        let query = [("slug", slug), ("context", "edit"), ("orderby", "id"), ("order", "asc"), FIELDS];
        let found = self.api.get(ROUTE, &query, now).await?;
        let first = found.as_array().and_then(|rows| rows.first()).cloned();
        first.map(read).transpose()
    }

    async fn upload(&self, picture: Picture, name: &str, slug: &str, now: DateTime<Utc>) -> Result<Media, SendError> {
        let body = Body::File { bytes: picture.bytes, media_type: picture.media_type, name };
        let made = self.api.call(Method::POST, ROUTE, &[FIELDS], body, Stage::Write, now).await?;
        let made = read(made)?;
        if made.slug == slug {
            return Ok(made);
        }
        // An earlier upload, whose answer was lost, came first: that one is used.
        let Some(first) = self.find_media(slug, now).await? else { return Ok(made) };
        let route = format!("{ROUTE}/{}", made.id);
        match self.api.call(Method::DELETE, &route, &[("force", "true")], Body::Nothing, Stage::Write, now).await {
            Err(refused) if !refused.gone() => Err(refused.error),
            _ => Ok(first),
        }
    }

    /// What the picture shows, for those who do not see it, and the line under it.
    async fn caption(&self, media: &Media, image: &Image, now: DateTime<Utc>) -> Result<(), SendError> {
        let caption = image.caption.as_deref().unwrap_or_default();
        if (image.alt.is_empty() || media.alt_text == image.alt) && media.caption.raw == caption {
            return Ok(());
        }
        let mut words = json!({ "alt_text": image.alt, "caption": caption });
        if let (false, Some(words)) = (image.alt.is_empty(), words.as_object_mut()) {
            words.insert("title".to_owned(), Value::String(image.alt.clone()));
        }
        self.api.post(&format!("{ROUTE}/{}", media.id), &[("_fields", "id")], &words, Stage::Write, now).await?;
        Ok(())
    }
}

fn read(row: Value) -> Result<Media, SendError> {
    serde_json::from_value(row).map_err(|_| {
        SendError::transient(text!(
            "trang không cho biết ảnh đã tải lên nằm ở đâu",
            "the site does not tell where the uploaded picture is"
        ))
    })
}
