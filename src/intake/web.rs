//! The web beyond this machine, as the ways in see it: public addresses only, unless the office says otherwise, and no
//! proxy in between that would hide an address.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};

/// A client that reaches public addresses, and the hosts in `allow`. Addresses written as numbers have to be asked about
/// before ([`may_visit`]), for each redirect as well.
pub(super) fn builder(allow: &[String], timeout: Duration) -> ClientBuilder {
    #[expect(
        clippy::disallowed_methods,
        reason = "what comes in is fetched by rules of its own: redirects and addresses"
    )]
    let builder = Client::builder();
    builder
        .dns_resolver(Arc::new(Public { allow: allow.to_vec() }))
        .no_proxy()
        .timeout(timeout)
        .user_agent(concat!("loa/", env!("CARGO_PKG_VERSION")))
}

/// An address that is written as a number is judged here; a name, when it is resolved.
pub(super) fn may_visit(url: &Url, allow: &[String]) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_matches(['[', ']']);
    // RFC 6761: these names are this machine, whatever a resolver says.
    let here = bare == "localhost" || bare.ends_with(".localhost");
    matches!(url.scheme(), "http" | "https")
        && (allow.iter().any(|name| name == bare) || !here && bare.parse::<IpAddr>().map_or(true, is_public))
}

/// An address or a name leads to a private address.
#[derive(Debug, thiserror::Error)]
#[error("it is at a private address")]
pub(super) struct Private;

pub(super) fn is_private(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<Private>() {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(super) fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Resolves names, and leaves out private addresses.
struct Public {
    allow: Vec<String>,
}

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        let allow = self.allow.clone();
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
