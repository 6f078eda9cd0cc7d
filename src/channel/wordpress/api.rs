//! The site's REST API: where it is, and one request to it.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use md5::{Digest as _, Md5};
use reqwest::header::{HeaderMap, LINK};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::Value;

use super::super::failure::{Attention, SendError};
use super::super::{Secret, client};
use super::answer::{self, Refused, Stage};
use crate::text;

/// How the REST API is addressed.
#[derive(Clone, Copy, Default, Deserialize)]
pub(super) enum Routes {
    /// As the site itself says.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// `/wp-json/wp/v2/…`
    #[serde(rename = "wp-json")]
    Pretty,
    /// `/?rest_route=/wp/v2/…`, which works without permalinks.
    #[serde(rename = "rest_route")]
    Plain,
}

/// Where the API's root is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Root {
    Pretty(Url),
    Plain(Url),
}

impl Root {
    fn pretty(site: &Url) -> Option<Self> {
        site.join("wp-json/").ok().map(Self::Pretty)
    }

    fn plain(site: &Url) -> Self {
        Self::Plain(site.clone())
    }

    /// What the site's `Link` header says (`rel="https://api.w.org/"`). Only path and query are taken from it: the
    /// password goes to no other host than the one that the office wrote down.
    fn linked(headers: &HeaderMap, site: &Url) -> Option<Self> {
        let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
        let link = links.flat_map(|line| line.split(", ")).find(|link| link.contains("https://api.w.org/"))?;
        let told = Url::parse(link.split_once('<')?.1.split_once('>')?.0).ok()?;
        let mut root = site.clone();
        root.set_path(told.path());
        root.set_query(None);
        let plain = told.query_pairs().any(|(name, _)| name == "rest_route");
        Some(if plain { Self::Plain(root) } else { Self::Pretty(root) })
    }

    /// The address of `route`, such as `wp/v2/posts`.
    fn at(&self, route: &str, query: &[(&str, &str)]) -> Url {
        let mut url = match self {
            Self::Pretty(root) | Self::Plain(root) => root.clone(),
        };
        match self {
            Self::Pretty(root) => url.set_path(&format!("{}/{route}", root.path().trim_end_matches('/'))),
            Self::Plain(_) => drop(url.query_pairs_mut().append_pair("rest_route", &format!("/{route}"))),
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// What a request carries.
pub(super) enum Body<'a> {
    Nothing,
    Json(&'a Value),
    /// A file, raw: PHP's limit for uploaded files does not touch it.
    File {
        bytes: Vec<u8>,
        media_type: &'a str,
        name: &'a str,
    },
}

/// The site.
pub(super) struct Api {
    pub(super) client: Client,
    /// The site's own address, with a slash at its end.
    pub(super) site: Url,
    pub(super) routes: Routes,
    pub(super) user: String,
    pub(super) password: Secret,
    root: Mutex<Option<Root>>,
}

impl Api {
    pub(super) fn new(client: Client, site: Url, routes: Routes, user: String, password: Secret) -> Self {
        let root = match routes {
            Routes::Auto => None,
            Routes::Pretty => Root::pretty(&site),
            Routes::Plain => Some(Root::plain(&site)),
        };
        Self { client, site, routes, user, password, root: Mutex::new(root) }
    }

    /// Reads.
    pub(super) async fn get(&self, route: &str, query: &[(&str, &str)], now: DateTime<Utc>) -> Result<Value, Refused> {
        self.call(Method::GET, route, query, Body::Nothing, Stage::Read, now).await
    }

    /// Sends JSON.
    pub(super) async fn post(
        &self,
        route: &str,
        query: &[(&str, &str)],
        body: &Value,
        stage: Stage,
        now: DateTime<Utc>,
    ) -> Result<Value, Refused> {
        self.call(Method::POST, route, query, Body::Json(body), stage, now).await
    }

    /// One request, its answer read and classified.
    pub(super) async fn call(
        &self,
        method: Method,
        route: &str,
        query: &[(&str, &str)],
        body: Body<'_>,
        stage: Stage,
        now: DateTime<Utc>,
    ) -> Result<Value, Refused> {
        let root = self.root(now).await?;
        // Read at every request: a new password in the file works without a restart.
        let password = self.password.read().map_err(|error| SendError::attention(Attention::Credential, error.0))?;
        let request = self.client.request(method, root.at(route, query));
        let request =
            request.basic_auth(&self.user, Some(password.expose_secret())).header("accept", "application/json");
        let answer = client::send(dress(request, body), now).await.map_err(|error| stage.lost(error))?;
        let read = answer::read(&answer, stage);
        if let Err(refused) = &read
            && refused.elsewhere
        {
            self.forget();
        }
        read
    }

    /// Where the API is, as the setting or the site says.
    async fn root(&self, now: DateTime<Utc>) -> Result<Root, SendError> {
        if let Some(root) = self.known().clone() {
            return Ok(root);
        }
        let root = self.discover(now).await?;
        *self.known() = Some(root.clone());
        Ok(root)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Option<Root>> {
        self.root.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was discovered has proved wrong: permalinks were changed.
    fn forget(&self) {
        if matches!(self.routes, Routes::Auto) {
            *self.known() = None;
        }
    }

    /// The site's `Link` header, or else whichever form answers as an API. The password is not sent along.
    async fn discover(&self, now: DateTime<Utc>) -> Result<Root, SendError> {
        let front =
            client::send(self.client.head(self.site.clone()), now).await.map_err(|error| Stage::Read.lost(error))?;
        if let Some(root) = Root::linked(&front.headers, &self.site) {
            return Ok(root);
        }
        let status = front.status;
        if status.is_redirection() || status.is_server_error() || status.as_u16() == 429 {
            return Err(answer::refuse(&front, None, Stage::Read).error);
        }
        for root in Root::pretty(&self.site).into_iter().chain([Root::plain(&self.site)]) {
            let index = self.client.get(root.at("", &[("_fields", "namespaces")]));
            let index = client::send(index, now).await.map_err(|error| Stage::Read.lost(error))?;
            let names = index.json().and_then(|index| index.get("namespaces").cloned());
            if names.is_some_and(|names| names.as_array().is_some_and(|names| names.contains(&"wp/v2".into()))) {
                return Ok(root);
            }
        }
        Err(SendError::attention(
            Attention::Misconfigured,
            text!(
                "không thấy REST API của WordPress ở địa chỉ này. Kiểm tra url; REST API có thể bị một plugin bảo mật tắt",
                "there is no WordPress REST API at this address. Check url; a security plugin may have switched it off"
            ),
        ))
    }
}

fn dress(request: RequestBuilder, body: Body<'_>) -> RequestBuilder {
    match body {
        Body::Nothing => request,
        Body::Json(value) => request.header("content-type", "application/json").body(value.to_string()),
        Body::File { bytes, media_type, name } => {
            let md5 = hex::encode(Md5::digest(&bytes));
            request
                .header("content-type", media_type)
                .header("content-disposition", format!("attachment; filename=\"{name}\""))
                // In hexadecimal, as WordPress compares it: an integrity check for nothing.
                .header("content-md5", md5)
                .body(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Tested = Result<(), Box<dyn std::error::Error>>;

    const SITE: &str = "https://anbinh.example.vn/";

    fn linked(value: &str) -> Result<Option<Root>, Box<dyn std::error::Error>> {
        let mut headers = HeaderMap::new();
        headers.append(LINK, value.parse()?);
        Ok(Root::linked(&headers, &Url::parse(SITE)?))
    }

    #[test]
    fn both_forms_of_address_carry_route_and_query() -> Tested {
        let pretty = Root::pretty(&Url::parse(SITE)?).ok_or("no root")?.at("wp/v2/posts", &[("slug", "a,b")]);
        assert_eq!(pretty.as_str(), "https://anbinh.example.vn/wp-json/wp/v2/posts?slug=a%2Cb");
        let plain = Root::plain(&Url::parse(SITE)?).at("wp/v2/posts", &[("slug", "a")]);
        assert_eq!(plain.as_str(), "https://anbinh.example.vn/?rest_route=%2Fwp%2Fv2%2Fposts&slug=a");
        Ok(())
    }

    #[test]
    fn the_link_header_leads_to_the_api_and_never_to_another_host() -> Tested {
        let rel = "rel=\"https://api.w.org/\"";
        let own = linked(&format!("<https://anbinh.example.vn/wp-json/>; {rel}"))?;
        assert_eq!(own, Root::pretty(&Url::parse(SITE)?));
        let elsewhere = linked(&format!("<https://evil.example/x>; rel=\"next\", <https://evil.example/api/>; {rel}"))?;
        let root = elsewhere.ok_or("no root")?.at("", &[]);
        assert_eq!((root.host_str(), root.path()), (Some("anbinh.example.vn"), "/api/"));
        let plain = linked(&format!("<http://anbinh.example.vn/index.php?rest_route=/>; {rel}"))?;
        assert_eq!(
            plain.ok_or("no root")?.at("wp/v2/posts", &[]).as_str(),
            "https://anbinh.example.vn/index.php?rest_route=%2Fwp%2Fv2%2Fposts"
        );
        assert_eq!(linked("<https://anbinh.example.vn/>; rel=\"shortlink\"")?, None);
        Ok(())
    }
}
