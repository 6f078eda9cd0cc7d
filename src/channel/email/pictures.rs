//! Pictures in letters: shown from their public address, or carried along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::Deserialize;

use super::manner::Manner;
use super::quoted;
use super::render::related_end;
use crate::article::Image;
use crate::channel::pictures::{Fit, Picture};
use crate::channel::{Item, Job, SendError};
use crate::delivery::Action;

/// Good on any screen, light in a mailbox.
const FIT: Fit = Fit { bytes: 300 << 10, edge: 1200, jpeg: true };
/// A letter carries at most so many pictures; more are shown from their addresses.
const MOST_CARRIED: usize = 10;
/// Names that end like this are no address for the public.
const PRIVATE: [&str; 9] =
    ["localhost", "local", "lan", "internal", "intranet", "home", "corp", "noi-bo", "localdomain"];

/// How letters show pictures.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Images {
    /// From their public addresses. One that has none is carried along.
    #[default]
    Linked,
    /// Carried along, where the intake has kept them.
    Inline,
    /// Not at all.
    None,
}

/// A picture that a letter shows.
pub(super) struct Shown<'a> {
    pub(super) image: &'a Image,
    /// What `src` says: an address, or `cid:` and the name of a part.
    pub(super) src: String,
}

/// The pictures that each item shows, in order.
pub(super) fn shown<'a>(manner: &Manner, items: &'a [Item]) -> Vec<Vec<Shown<'a>>> {
    let mut carried = BTreeSet::new();
    let mut source = |image: &Image| {
        let public = is_public(&image.url);
        let kept = image.kept.as_ref().filter(|_| manner.images == Images::Inline || !public);
        match kept.filter(|kept| carried.contains(&kept.hash) || carried.len() < MOST_CARRIED) {
            Some(kept) => {
                carried.insert(kept.hash.clone());
                Some(format!("cid:{}", content_id(&kept.hash, manner.domain())))
            }
            None => public.then(|| image.url.clone()),
        }
    };
    let one = |item: &'a Item| {
        let none = manner.images == Images::None || item.action == Action::Withdraw;
        let images: &[Image] = if none { &[] } else { &item.article.images };
        images.iter().filter_map(|image| Some(Shown { src: source(image)?, image })).collect()
    };
    items.iter().map(one).collect()
}

/// The payload of `job` with the pictures that it carries.
pub(super) async fn carry(manner: &Manner, job: &Job) -> Result<Vec<u8>, SendError> {
    let mut payload = job.payload.bytes.to_vec();
    let mut parts = Vec::new();
    let mut done = BTreeSet::new();
    for shown in shown(manner, &job.items).into_iter().flatten() {
        let Some(id) = shown.src.strip_prefix("cid:") else { continue };
        if !done.insert(id.to_owned()) {
            continue;
        }
        match job.picture(shown.image, FIT).await? {
            Some(picture) => parts.push((id.to_owned(), picture)),
            // No longer kept: from its address, where the public reaches it. Otherwise its words stand for it.
            None if is_public(&shown.image.url) => {
                payload = quoted::replace(&payload, &shown.src, &escaped(&shown.image.url));
            }
            None => {}
        }
    }
    let Some((end, boundary)) = related_end(&payload).filter(|_| !parts.is_empty()) else { return Ok(payload) };
    let mut carried = Vec::new();
    for (id, picture) in parts {
        part(&mut carried, &boundary, &id, &picture);
    }
    payload.splice(end..end, carried);
    Ok(payload)
}

fn part(out: &mut Vec<u8>, boundary: &str, id: &str, picture: &Picture) {
    let Picture { bytes, media_type, file_name } = picture;
    let head = format!(
        "--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{id}>\r\n\
         Content-Disposition: inline; filename=\"{file_name}\"\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
    // 57 bytes make a line of 76 characters.
    for line in bytes.chunks(57) {
        out.extend_from_slice(STANDARD.encode(line).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// A part is named after the picture's content.
fn content_id(hash: &str, domain: &str) -> String {
    format!("{}@{domain}", hash.get(..32).unwrap_or(hash))
}

fn escaped(url: &str) -> String {
    url.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

/// Whether a reader's mail program may fetch it: not from a machine that only the office can reach.
fn is_public(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.split(']').next()) {
        return v6.parse().is_ok_and(|address: std::net::Ipv6Addr| {
            !(address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local())
        });
    }
    let host = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            !(address.is_loopback() || address.is_private() || address.is_link_local() || address.is_unspecified())
        }
        _ => host.rsplit_once('.').is_some_and(|(_, last)| !last.is_empty() && !PRIVATE.contains(&last)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_public;

    #[test]
    fn only_what_the_public_reaches_is_public() {
        for url in ["https://anbinh.gov.vn/a.jpg", "http://cms.example.vn:8080/x?y#z", "https://[2001:db8::1]/a"] {
            assert!(is_public(url), "{url}");
        }
        for url in [
            "http://192.168.1.5/a.jpg",
            "http://10.0.0.1:80/a",
            "http://cms/a.jpg",
            "http://cms.noi-bo/a",
            "https://[::1]/a",
            "http://u@localhost:80/a",
            "https://cms.LAN/a",
            "file:///a.jpg",
            "data:image/png;base64,AA",
            "",
        ] {
            assert!(!is_public(url), "{url}");
        }
    }
}
