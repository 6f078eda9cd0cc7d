//! Pictures are fetched once, at the door: bounded in size and time, from public addresses only.

use std::io::Cursor;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use image::{ImageFormat, ImageReader};
use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Client, Url, redirect};

use super::error::IntakeError;
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
    let (hops, names) = (allow.to_vec(), Arc::new(allow.to_vec()));
    let policy = redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > MOST_REDIRECTS {
            attempt.error("it redirects too often")
        } else if may_visit(attempt.url(), &hops) {
            attempt.follow()
        } else {
            attempt.error(Private)
        }
    });
    #[expect(
        clippy::disallowed_methods,
        reason = "pictures are fetched by rules of their own: redirects and addresses"
    )]
    let builder = Client::builder();
    builder
        .redirect(policy)
        .dns_resolver(Arc::new(Public { allow: names }))
        .no_proxy()
        .timeout(TIMEOUT)
        .user_agent(concat!("loa/", env!("CARGO_PKG_VERSION")))
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

/// An address that is written as a number is judged here; a name, when it is resolved.
fn may_visit(url: &Url, allow: &[String]) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_matches(['[', ']']);
    // RFC 6761: these names are this machine, whatever a resolver says.
    let here = bare == "localhost" || bare.ends_with(".localhost");
    matches!(url.scheme(), "http" | "https")
        && (allow.iter().any(|name| name == bare) || !here && bare.parse::<IpAddr>().map_or(true, is_public))
}

/// A name leads to a private address.
#[derive(Debug, thiserror::Error)]
#[error("it is at a private address")]
struct Private;

fn is_private(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<Private>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Resolves names, and leaves out private addresses.
struct Public {
    allow: Arc<Vec<String>>,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = Arc::clone(&self.allow);
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = allow.iter().any(|allowed| allowed == name.as_str());
            let usable: Vec<_> = found.into_iter().filter(|address| allowed || is_public(address.ip())).collect();
            if usable.is_empty() {
                return Err(Private.into());
            }
            let addresses: Box<dyn Iterator<Item = std::net::SocketAddr> + Send> = Box::new(usable.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the public internet (IANA special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let special = matches!((a, b), (100, 64..=127) | (198, 18 | 19)) || (a, b, c) == (192, 0, 0);
            !(v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation()
                || special
                || a == 0
                || a >= 240)
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped().or_else(|| embedded(v6)) {
            Some(v4) => is_public(IpAddr::V4(v4)),
            None => {
                let first = v6.segments()[0];
                let local = (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80;
                !(v6.is_loopback() || v6.is_unspecified() || v6.is_multicast() || local)
            }
        },
    }
}

/// The IPv4 address inside NAT64 (`64:ff9b::/96`) and 6to4 (`2002::/16`).
fn embedded(v6: Ipv6Addr) -> Option<std::net::Ipv4Addr> {
    let octets = v6.octets();
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            let [.., a, b, c, d] = octets;
            Some([a, b, c, d].into())
        }
        [0x2002, ..] => {
            let [_, _, a, b, c, d, ..] = octets;
            Some([a, b, c, d].into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_every_dress() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "::ffff:10.0.0.1",
            "fd00::1",
            "fe80::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
        ] {
            assert!(private.parse().is_ok_and(|address| !is_public(address)), "{private}");
        }
        for public in ["203.162.4.190", "8.8.8.8", "2001:4860:4860::8888"] {
            assert!(public.parse().is_ok_and(is_public), "{public}");
        }
    }
}
