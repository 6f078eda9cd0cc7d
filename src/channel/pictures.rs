//! Pictures: fetched once at the door, kept by their content, fitted to what each far side takes.

use std::io::Cursor;

use futures_util::future::BoxFuture;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageFormat, ImageReader};

use super::Job;
use super::failure::SendError;
use crate::article::Image;
use crate::text;

/// Reads pictures that the intake has kept.
pub trait Pictures: Send + Sync {
    /// The bytes with this SHA-256; `None` when they are not kept.
    fn bytes<'a>(&'a self, hash: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>>;
}

/// Keeps none: for previews.
pub struct NoPictures;

impl Pictures for NoPictures {
    fn bytes<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, SendError>> {
        Box::pin(async { Ok(None) })
    }
}

/// What a far side takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// Most bytes.
    pub(crate) bytes: usize,
    /// Longest edge, in pixels.
    pub(crate) edge: u32,
    /// Whether it has to be a JPEG; otherwise JPEG, PNG, GIF and WebP pass as they are.
    pub(crate) jpeg: bool,
}

/// A picture ready to be sent.
#[derive(Clone, Debug)]
pub(crate) struct Picture {
    pub(crate) bytes: Vec<u8>,
    /// Such as `image/jpeg`.
    pub(crate) media_type: &'static str,
    /// Named after its content: the same picture always has the same name.
    pub(crate) file_name: String,
}

impl Job {
    /// `image` as `fit` wants it; `None` when only its address is known.
    ///
    /// # Errors
    /// A permanent failure for bytes that are no picture; a transient one when the store cannot be read.
    pub(crate) async fn picture(&self, image: &Image, fit: Fit) -> Result<Option<Picture>, SendError> {
        let Some(kept) = &image.kept else { return Ok(None) };
        let Some(bytes) = self.pictures.bytes(&kept.hash).await? else { return Ok(None) };
        let stem: String = kept.hash.chars().take(16).collect();
        let fitted = tokio::task::spawn_blocking(move || fitted(bytes, fit, &stem)).await;
        let bad = |detail: String| {
            SendError::permanent(text!("không đọc được ảnh: {detail}", "a picture cannot be read: {detail}"))
        };
        fitted.map_err(|error| bad(error.to_string()))?.map(Some).map_err(|error| bad(error.to_string()))
    }
}

/// Scales down and compresses until the picture fits; one that fits already is left as it is.
fn fitted(bytes: Vec<u8>, fit: Fit, stem: &str) -> Result<Picture, image::ImageError> {
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format()?;
    let format = reader.format();
    let picture = reader.decode()?;
    let (media_type, ending) = match format {
        Some(ImageFormat::Png) => ("image/png", "png"),
        Some(ImageFormat::Gif) => ("image/gif", "gif"),
        Some(ImageFormat::WebP) => ("image/webp", "webp"),
        _ => ("image/jpeg", "jpg"),
    };
    let edge = picture.width().max(picture.height());
    if bytes.len() <= fit.bytes && edge <= fit.edge && (!fit.jpeg || ending == "jpg") {
        return Ok(Picture { bytes, media_type, file_name: format!("{stem}.{ending}") });
    }
    let mut edge = edge.min(fit.edge).max(1);
    loop {
        let scaled = picture.resize(edge, edge, FilterType::Triangle);
        let jpeg = jpeg(&scaled)?;
        if jpeg.len() <= fit.bytes || edge <= SMALLEST_EDGE {
            return Ok(Picture { bytes: jpeg, media_type: "image/jpeg", file_name: format!("{stem}.jpg") });
        }
        edge = edge / 4 * 3;
    }
}

/// Smaller than this nobody recognises anything.
const SMALLEST_EDGE: u32 = 64;
const QUALITY: u8 = 85;

fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    // JPEG knows no transparency: what shines through is white, as on the page.
    let mut page = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut page, &picture.to_rgba8(), 0, 0);
    let page = DynamicImage::ImageRgba8(page).to_rgb8();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(&page)?;
    Ok(bytes)
}
