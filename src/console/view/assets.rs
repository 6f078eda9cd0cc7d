//! Style, script and library, from the binary itself. Their addresses carry their hashes, so browsers keep them for good.

use std::sync::OnceLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::article::sha256_hex;
use crate::console::guard::Stop;

const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// What is served: name, type, bytes.
const ASSETS: &[(&str, &str, &[u8])] = &[
    ("console.css", "text/css; charset=utf-8", include_bytes!("../static/console.css")),
    ("console.js", "text/javascript; charset=utf-8", include_bytes!("../static/console.js")),
    ("htmx.js", "text/javascript; charset=utf-8", include_bytes!("../static/vendor/htmx-4.0.1.min.js")),
    ("icon.svg", "image/svg+xml", include_bytes!("../static/icon.svg")),
];

/// The names under which they are served, in their order.
fn served() -> &'static [String] {
    static SERVED: OnceLock<Vec<String>> = OnceLock::new();
    SERVED.get_or_init(|| {
        let name = |(name, _, bytes): &(&str, &str, &[u8])| {
            let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
            let hash: String = sha256_hex(bytes).chars().take(12).collect();
            format!("{stem}.{hash}.{ending}")
        };
        ASSETS.iter().map(name).collect()
    })
}

/// The address of an asset.
pub(super) fn url(name: &str) -> Result<String, minijinja::Error> {
    let place = ASSETS.iter().position(|(known, ..)| *known == name);
    let served = place.and_then(|place| served().get(place)).map(|served| format!("/static/{served}"));
    served.ok_or_else(|| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, format!("no asset {name}")))
}

/// `GET /static/{name}`.
pub(in crate::console) async fn asset(Path(name): Path<String>) -> Response {
    let place = served().iter().position(|served| *served == name);
    match place.and_then(|place| ASSETS.get(place)) {
        Some((_, kind, bytes)) => {
            ([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, FOR_GOOD)], *bytes).into_response()
        }
        None => Stop::NotFound.into_response(),
    }
}
