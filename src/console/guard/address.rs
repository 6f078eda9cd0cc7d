//! Where a request comes from: which page, and which machine.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, header};

fn said<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a request that changes something comes from a page of our own, as far as the browser says. Old browsers say
/// nothing; the form's token stands against those.
pub(in crate::console) fn from_our_own_page(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    if said(headers, "sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    let Some(origin) = said(headers, header::ORIGIN.as_str()) else { return true };
    if public_url.is_some_and(|url| url.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = said(headers, header::HOST.as_str()).unwrap_or_default();
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    !host.is_empty() && authority.eq_ignore_ascii_case(host)
}

/// The machine that asks. Behind a proxy it is the last address that the proxy added; nobody else's word counts.
pub(super) fn address(request: &Request, proxy: bool) -> String {
    let near = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    let forwarded = request.headers().get_all("x-forwarded-for").iter().next_back();
    let forwarded = forwarded.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
    let forwarded = forwarded.map(str::trim).and_then(|address| address.parse::<std::net::IpAddr>().ok());
    match forwarded.filter(|_| proxy) {
        Some(far) => far.to_string(),
        None => near.unwrap_or_else(|| "?".to_owned()),
    }
}
