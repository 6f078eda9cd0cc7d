//! Pictures are fetched once, at the door: bounded in size and time, from public addresses only.

use std::io::Cursor;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use image::{ImageFormat, ImageReader};
use reqwest::{Client, Url, redirect};

use super::error::IntakeError;
use super::web::{Private, builder, is_private, may_visit, root};
use crate::article::{Image, Kept, sha256_hex};
use crate::text;
use crate::text::Text;

/// Which pictures are fetched.
#[derive(Clone, Debug)]
pub struct PictureRules {
    /// Whether any are; otherwise copies carry their addresses alone.
    pub fetch: bool,
    /// Most bytes of one picture.
    pub most_bytes: u64,
    /// Hosts that may stand at a private address, such as the office's own CMS.
    pub allow: Vec<String>,
}

impl Default for PictureRules {
    fn default() -> Self {
        Self { fetch: true, most_bytes: 20 << 20, allow: Vec::new() }
    }
}

/// Most pixels: what a picture unpacks to is bounded as well.
const MOST_PIXELS: u64 = 50_000_000;
const TIMEOUT: Duration = Duration::from_secs(10);
const MOST_REDIRECTS: usize = 3;
const AT_ONCE: usize = 4;

/// A picture that was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// What it is.
    pub kept: Kept,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why a picture was not fetched.
enum Missing {
    /// It must not be used: the article is refused.
    Refused(Text),
    /// It cannot be had now: the article goes without it.
    Unreachable(Text),
}

/// Fetches pictures.
#[derive(Clone)]
pub struct Fetcher {
    rules: Arc<PictureRules>,
    client: Arc<OnceLock<Option<Client>>>,
}

impl Fetcher {
    /// A fetcher by these rules. The process has to have a TLS implementation by the time it fetches.
    #[must_use]
    pub fn new(rules: PictureRules) -> Self {
        Self { rules: Arc::new(rules), client: Arc::default() }
    }

    /// Whether pictures are fetched at all.
    pub(super) fn fetches(&self) -> bool {
        self.rules.fetch
    }

    /// Fetches each picture once; `None` for those that cannot be had now.
    ///
    /// # Errors
    /// [`IntakeError::Invalid`] for the first that must not be used.
    pub(super) async fn fetch(&self, images: &[Image]) -> Result<Vec<Option<Fetched>>, IntakeError> {
        if !self.rules.fetch {
            return Ok(images.iter().map(|_| None).collect());
        }
        let urls: Vec<String> = images.iter().map(|image| image.url.clone()).collect();
        let fetching = urls.into_iter().map(|url| self.clone().one(url));
        let all: Vec<_> = futures_util::stream::iter(fetching).buffered(AT_ONCE).collect().await;
        all.into_iter()
            .map(|one| match one {
                Ok(fetched) => Ok(Some(fetched)),
                Err(Missing::Unreachable(note)) => {
                    tracing::warn!(%note, "a picture could not be fetched; the article goes without it");
                    Ok(None)
                }
                Err(Missing::Refused(note)) => Err(IntakeError::Invalid(note)),
            })
            .collect()
    }

    /// Judges the bytes of a picture that somebody brings.
    ///
    /// # Errors
    /// [`IntakeError::Invalid`] for what is no picture or is too large.
    pub(super) async fn judge(&self, name: &str, bytes: Vec<u8>) -> Result<Fetched, IntakeError> {
        let most = self.rules.most_bytes;
        if bytes.len() as u64 > most {
            let most = most >> 20;
            return Err(IntakeError::Invalid(text!(
                "ảnh {name} lớn hơn {most} MB; thu nhỏ rồi gửi lại",
                "the picture {name} is larger than {most} MB; make it smaller and try again"
            )));
        }
        let judged = name.to_owned();
        let failed = |error: tokio::task::JoinError| IntakeError::Invalid(Text::same(error.to_string()));
        match tokio::task::spawn_blocking(move || inspect(&judged, bytes)).await.map_err(failed)? {
            Ok(fetched) => Ok(fetched),
            Err(Missing::Refused(note) | Missing::Unreachable(note)) => Err(IntakeError::Invalid(note)),
        }
    }

    fn one(self, address: String) -> BoxFuture<'static, Result<Fetched, Missing>> {
        Box::pin(async move {
            let unreachable =
                |why: &str| Missing::Unreachable(text!("ảnh {address}: {why}", "the picture {address}: {why}"));
            let url = Url::parse(&address).map_err(|error| unreachable(&error.to_string()))?;
            if !may_visit(&url, &self.rules.allow) {
                return Err(private(&address));
            }
            let client = self.client().ok_or_else(|| unreachable("HTTP"))?;
            let mut response = client.get(url).send().await.map_err(|error| {
                let error = error.without_url();
                if is_private(&error) { private(&address) } else { unreachable(&root(&error)) }
            })?;
            if !response.status().is_success() {
                return Err(unreachable(response.status().as_str()));
            }
            let most = self.rules.most_bytes;
            let mut bytes = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&root(&error.without_url())))? {
                bytes.extend_from_slice(&chunk);
                if bytes.len() as u64 > most {
                    let most = most >> 20;
                    return Err(Missing::Refused(text!(
                        "ảnh {address} lớn hơn {most} MB; thu nhỏ rồi gửi lại",
                        "the picture {address} is larger than {most} MB; make it smaller and hand the article over again"
                    )));
                }
            }
            // Unpacking a large picture takes a while: not where others wait.
            let judged = address.clone();
            let inspected = tokio::task::spawn_blocking(move || inspect(&judged, bytes)).await;
            inspected.map_err(|error| unreachable(&error.to_string()))?
        })
    }

    fn client(&self) -> Option<Client> {
        self.client.get_or_init(|| build(&self.rules.allow)).clone()
    }
}

fn build(allow: &[String]) -> Option<Client> {
    let hops = allow.to_vec();
    let policy = redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > MOST_REDIRECTS {
            attempt.error("it redirects too often")
        } else if may_visit(attempt.url(), &hops) {
            attempt.follow()
        } else {
            attempt.error(Private)
        }
    });
    builder(allow, TIMEOUT)
        .redirect(policy)
        .build()
        .inspect_err(|error| tracing::error!(%error, "pictures cannot be fetched"))
        .ok()
}

/// Type and dimensions of the bytes themselves; nothing that a server says about them counts.
fn inspect(address: &str, bytes: Vec<u8>) -> Result<Fetched, Missing> {
    let refused = |vi: &str, en: &str| {
        Missing::Refused(Text { vi: format!("ảnh {address} {vi}"), en: format!("the picture {address} {en}") })
    };
    let no_picture = || refused("không phải ảnh JPEG, PNG, GIF hay WebP", "is no JPEG, PNG, GIF or WebP");
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|_| no_picture())?;
    let media_type = match reader.format() {
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::Gif) => "image/gif",
        Some(ImageFormat::WebP) => "image/webp",
        _ => return Err(no_picture()),
    };
    let (width, height) = reader.into_dimensions().map_err(|_| no_picture())?;
    let too_many = u64::from(width) * u64::from(height) > MOST_PIXELS;
    if !too_many
        && ImageReader::new(Cursor::new(&bytes)).with_guessed_format().is_ok_and(|reader| reader.decode().is_err())
    {
        return Err(refused(
            "bị hỏng, không mở được; xuất lại ảnh rồi gửi lại",
            "is damaged and cannot be opened; save it again and hand the article over again",
        ));
    }
    if too_many {
        return Err(refused(
            "có quá nhiều điểm ảnh; thu nhỏ rồi gửi lại",
            "has too many pixels; make it smaller and hand the article over again",
        ));
    }
    let kept = Kept { hash: sha256_hex(&bytes), media_type: media_type.to_owned(), width, height };
    Ok(Fetched { kept, bytes })
}

fn private(address: &str) -> Missing {
    Missing::Refused(text!(
        "ảnh {address} nằm ở địa chỉ nội bộ; nếu đúng là máy của cơ quan, thêm tên máy vào intake.pictures.allow trong config.toml",
        "the picture {address} is at a private address; if that is the office's own machine, add its name to intake.pictures.allow in config.toml"
    ))
}
