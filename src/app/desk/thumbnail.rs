//! Pictures small enough for a form or a preview.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageReader};

/// Longest edge, in pixels.
const EDGE: u32 = 480;
const QUALITY: u8 = 75;

/// A small JPEG of a picture; `None` where it cannot be read.
pub(super) async fn thumbnail(bytes: Vec<u8>) -> Option<Vec<u8>> {
    tokio::task::spawn_blocking(move || small(&bytes)).await.ok()?
}

fn small(bytes: &[u8]) -> Option<Vec<u8>> {
    let picture = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?.decode().ok()?;
    let picture = picture.thumbnail(EDGE, EDGE);
    // JPEG knows no transparency: what shines through is white, as on a page.
    let mut page = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    image::imageops::overlay(&mut page, &picture.to_rgba8(), 0, 0);
    let mut small = Vec::new();
    let page = DynamicImage::ImageRgba8(page).to_rgb8();
    JpegEncoder::new_with_quality(&mut small, QUALITY).encode_image(&page).ok()?;
    Some(small)
}
