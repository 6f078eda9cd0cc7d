//! Where each page of the console can be looked at: something that is there stands in the places of its address.

/// What stands there.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// An article.
    pub(crate) article: i64,
    /// A delivery that waits for approval.
    pub(crate) held: i64,
    /// One that is uncertain.
    pub(crate) uncertain: i64,
    /// One that failed.
    pub(crate) failed: i64,
    /// One that went out.
    pub(crate) out: i64,
    /// A draft's token.
    pub(crate) draft: String,
    /// A channel.
    pub(crate) channel: &'static str,
    /// A channel that writes to subscribers.
    pub(crate) letters: &'static str,
}

impl Places {
    /// The address of a route's page. `None`: no page that is opened by itself, but a file, a part of a page, a stream.
    pub(crate) fn of(&self, path: &str) -> Option<String> {
        let id = |id: i64| path.replace("{id}", &id.to_string());
        let named = |name: &str| path.replace("{name}", name);
        let address = match path {
            "/static/{name}"
            | "/anh/{name}"
            | "/set-up/{token}"
            | "/set-up"
            | "/sign-in"
            | "/events"
            | "/today/board"
            | "/articles/matrix"
            | "/articles/list"
            | "/articles/{id}/standing"
            | "/approvals/list"
            | "/approvals/{id}/payload"
            | "/approvals/{id}/frame/{place}"
            | "/write/picture/{name}"
            | "/write/{token}/frame/{name}/{id}"
            | "/templates/frame/{id}"
            | "/lexicon/versions/{id}"
            | "/templates/{name}/versions/{id}"
            | "/channels/{name}/history/{id}"
            | "/ledger/month"
            | "/ledger/article"
            | "/subscribers/{channel}/export" => return None,
            "/people/{id}" | "/people/{id}/disable" => id(2),
            "/approvals/{id}" => id(self.held),
            "/deliveries/{id}/resolve" => id(self.uncertain),
            "/deliveries/{id}/retry" => id(self.failed),
            "/deliveries/{id}/again" | "/deliveries/{id}/missed" => id(self.out),
            "/templates/{name}" => named("email.html"),
            "/channels/{name}/set" => format!("{}?key=enabled&value=false", named(self.channel)),
            "/subscribers/{channel}" => path.replace("{channel}", self.letters),
            "/subscribers/{channel}/remove" => {
                format!("{}?address=thon.dong@example.vn", path.replace("{channel}", self.letters))
            }
            _ if path.starts_with("/articles/{id}") => id(self.article),
            _ if path.starts_with("/write/{token}") => path.replace("{token}", &self.draft),
            _ if path.starts_with("/channels/{name}") => named(self.channel),
            _ => path.to_owned(),
        };
        assert!(!address.contains('{'), "what stands in the places of {path}?");
        Some(address)
    }
}
