//! Looking: whether the account is recognised, which copies are there, and which of them is the one.

use chrono::{DateTime, Utc};
use reqwest::Method;
use serde_json::Value;

use super::super::failure::{Attention, SendError};
use super::super::{Health, Job, Seen};
use super::Portal;
use super::answer::{Refused, Stage};
use super::api::Body;
use super::copy::{Copy, FIELDS, Print};
use super::render::{Name, Post};
use crate::delivery::Receipt;
use crate::text;

/// `any` would leave out the trash. An anonymous caller is refused these.
const EVERY_STATUS: &str = "publish,future,draft,pending,private,trash";

/// What an account has to be able to do.
const NEEDED: [&str; 4] = ["publish_posts", "edit_published_posts", "delete_published_posts", "upload_files"];

impl Portal {
    /// Proves the credential. WordPress treats a wrong password as no password at all, and answers look-ups with
    /// what the public sees: only after this may a look-up say that something is not there.
    pub(super) async fn check(&self, now: DateTime<Utc>) -> Result<(), SendError> {
        let me = self.api.get("wp/v2/users/me", &[("context", "edit"), ("_fields", "id")], now).await?;
        me["id"].as_u64().map(drop).ok_or_else(unreadable)
    }

    /// The copies of an article, oldest first: by the name in their address, or else by what is hidden in their text.
    pub(super) async fn find(&self, name: &Name, now: DateTime<Utc>) -> Result<Vec<Copy>, SendError> {
        let found = self.find_by_slug(name, now).await?;
        if !found.is_empty() {
            return Ok(found);
        }
        let mut found = self.list(&[("search", &name.hidden)], now).await?;
        found.retain(|copy| copy.carries(&name.hidden));
        Ok(found)
    }

    pub(super) async fn find_by_slug(&self, name: &Name, now: DateTime<Utc>) -> Result<Vec<Copy>, SendError> {
        let trashed = format!("{}__trashed", name.slug);
        let mut found = self.list(&[("slug", &format!("{},{trashed}", name.slug))], now).await?;
        found.retain(|copy| copy.slug == name.slug || (copy.slug == trashed && copy.in_trash()));
        Ok(found)
    }

    async fn list(&self, which: &[(&str, &str)], now: DateTime<Utc>) -> Result<Vec<Copy>, SendError> {
        let mut query = vec![
            ("status", EVERY_STATUS),
            ("context", "edit"),
            ("orderby", "id"),
            ("order", "asc"),
            ("per_page", "100"),
            FIELDS,
        ];
        query.extend(which);
        let rows = self.api.get("wp/v2/posts", &query, now).await?;
        let Value::Array(rows) = rows else { return Err(unreadable()) };
        rows.into_iter().map(|row| Copy::read(row).ok_or_else(unreadable)).collect()
    }

    /// The copy of this number; `None` when there is none.
    pub(super) async fn read(&self, id: u64, now: DateTime<Utc>) -> Result<Option<Copy>, SendError> {
        let route = format!("wp/v2/posts/{id}");
        match self.api.get(&route, &[("context", "edit"), FIELDS], now).await {
            Ok(row) => Copy::read(row).map(Some).ok_or_else(unreadable),
            Err(refused) if refused.gone() => Ok(None),
            Err(refused) => Err(refused.error),
        }
    }

    /// Leaves one of several copies. WordPress gives two posts the same name in their address when they are made at
    /// the same moment; the oldest stays. What a person may have made, under another name, is not touched.
    pub(super) async fn one_of(
        &self,
        name: &Name,
        found: Vec<Copy>,
        now: DateTime<Utc>,
    ) -> Result<Option<Copy>, SendError> {
        let (trashed, mut there): (Vec<Copy>, Vec<Copy>) = found.into_iter().partition(Copy::in_trash);
        if there.is_empty() {
            return Ok(trashed.into_iter().next());
        }
        let first = there.remove(0);
        for other in there.iter().filter(|other| other.slug == name.slug && first.slug == name.slug) {
            self.destroy(other.id, now).await?;
        }
        Ok(Some(first))
    }

    /// Deletes a surplus copy for good.
    pub(super) async fn destroy(&self, id: u64, now: DateTime<Utc>) -> Result<(), SendError> {
        let route = format!("wp/v2/posts/{id}");
        let deleted =
            self.api.call(Method::DELETE, &route, &[("force", "true")], Body::Nothing, Stage::Write, now).await;
        match deleted {
            Err(refused) if !refused.gone() => Err(refused.error),
            _ => Ok(()),
        }
    }

    /// How far a create got whose answer was lost.
    pub(super) async fn created(&self, job: &Job, post: &Post, name: &Name) -> Result<Seen, SendError> {
        self.check(job.now).await?;
        let found = self.find(name, job.now).await?;
        Ok(match self.one_of(name, found, job.now).await? {
            // A slow server may still be at work on the lost request.
            None => Seen::NotYet,
            Some(copy) if copy.status == "publish" && copy.carries(&post.marker) => Seen::Present(receipt(job, &copy)),
            Some(copy) => Seen::Staged(copy.id.to_string()),
        })
    }

    /// Whether the site takes application passwords, knows this one, and lets its owner do what is needed.
    pub(super) async fn examine(&self) -> Result<Health, SendError> {
        // Nothing that a probe meets tells a time that has to be measured.
        let now = DateTime::UNIX_EPOCH;
        let index = self.api.get("", &[("_fields", "authentication")], now).await?;
        let query = [("context", "edit"), ("_fields", "id,name,roles,capabilities")];
        let me = self.api.get("wp/v2/users/me", &query, now).await.map_err(|refused| {
            let offered = index.pointer("/authentication/application-passwords").is_some();
            if offered { refused } else { not_offered(refused) }
        })?;
        me["id"].as_u64().ok_or_else(unreadable)?;
        let able = |what: &&&str| me["capabilities"][**what].as_bool() == Some(true);
        let roles: Vec<&str> = me["roles"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let roles = roles.join(", ");
        if let Some(missing) = NEEDED.iter().find(|what| !able(what)) {
            return Err(SendError::attention(
                Attention::Misconfigured,
                text!(
                    "vai trò “{roles}” thiếu quyền {missing}. Đổi vai trò thành Biên tập viên (Editor)",
                    "the role “{roles}” lacks {missing}. Give the account the role Editor"
                ),
            ));
        }
        let who = me["name"].as_str().unwrap_or_default();
        Ok(Health {
            proven: true,
            credential_ends: None,
            note: text!("đăng nhập được: {who}, vai trò {roles}", "logged in as {who}, role {roles}"),
        })
    }
}

/// A receipt that remembers how the copy looks now.
pub(super) fn receipt(job: &Job, copy: &Copy) -> Receipt {
    let mut receipt = job.receipt(copy.id.to_string(), Some(copy.link.clone()));
    receipt.seen = Some(Print::of(copy).write());
    receipt
}

pub(super) fn unreadable() -> SendError {
    SendError::transient(text!(
        "trang trả lời khác với WordPress; chưa tin được",
        "the site does not answer as WordPress does; it is not trusted"
    ))
}

fn not_offered(refused: Refused) -> Refused {
    let error = match refused.error {
        SendError { class: super::super::failure::Class::NeedsAttention(_), .. } => SendError::attention(
            Attention::Misconfigured,
            text!(
                "trang không bật mật khẩu ứng dụng (WordPress chỉ bật khi trang chạy https; plugin bảo mật cũng có thể tắt)",
                "the site does not offer application passwords (it needs https, and a security plugin may switch them off)"
            ),
        ),
        other => other,
    };
    Refused { error, ..refused }
}
