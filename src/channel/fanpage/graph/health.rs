//! Whether the token is in order, and for how long.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::answer::Step;
use super::api::{Call, incomplete};
use crate::channel::Health;
use crate::channel::failure::{Attention, SendError};
use crate::text;
use crate::text::Text;

/// What posting and looking posts up needs.
const SCOPES: [&str; 2] = ["pages_manage_posts", "pages_read_engagement"];

impl Call<'_> {
    /// Proves the token, by what Facebook says of it where the app's id and secret are known, otherwise by
    /// reading the page.
    pub(super) async fn health(&self) -> Result<Health, SendError> {
        let spoken_of = self.spoken_of().await?;
        let page = self.page().await?;
        let (credential_ends, proven_scopes) = match &spoken_of {
            Some(data) => (ends(data), true),
            None => (None, false),
        };
        let note = match (credential_ends, proven_scopes) {
            (Some(until), _) => {
                let day = until.format("%d/%m/%Y");
                text!("Trang “{page}”: mã truy cập dùng được đến {day}", "page “{page}”: the token is good until {day}")
            }
            (None, true) => {
                text!("Trang “{page}”: mã truy cập không có hạn", "page “{page}”: the token does not expire")
            }
            (None, false) => text!(
                "Trang “{page}” đọc được; muốn biết hạn của mã truy cập thì khai app_id và app_secret",
                "page “{page}” can be read; with app_id and app_secret loa would know how long the token lasts"
            ),
        };
        Ok(Health { proven: true, credential_ends, note })
    }

    /// Fails when the token is not in order.
    pub(super) async fn alive(&self) -> Result<(), SendError> {
        self.spoken_of().await?;
        self.page().await.map(drop)
    }

    /// Whether the token is known to have every permission; false where that cannot be asked.
    pub(super) async fn reaches_far_enough(&self) -> Result<bool, SendError> {
        Ok(self.spoken_of().await?.is_some())
    }

    async fn page(&self) -> Result<String, SendError> {
        let failed = |failure: super::answer::Failure| failure.into_send_error(Step::Repeatable);
        let found = match self.get(&self.graph.page, &[("fields", "id,name")]).await {
            Err(failure) if failure.is_gone() => {
                let page = &self.graph.page;
                return Err(SendError::attention(
                    Attention::Misconfigured,
                    text!(
                        "mã truy cập không thấy Trang {page}. Kiểm tra page_id và mã truy cập",
                        "the token does not see page {page}. Check page_id and the token"
                    ),
                ));
            }
            found => found.map_err(failed)?,
        };
        found.get("id").ok_or_else(|| SendError::transient(incomplete("id")))?;
        Ok(found.get("name").and_then(Value::as_str).unwrap_or(&self.graph.page).to_owned())
    }

    /// What Facebook says of the token, checked; `None` where the app's id or secret is not configured.
    async fn spoken_of(&self) -> Result<Option<Value>, SendError> {
        let (Some(id), Some(secret)) = (&self.graph.app_id, &self.keys.app_secret) else { return Ok(None) };
        let app_token = SecretString::from(format!("{id}|{}", secret.expose_secret()));
        let query = [("input_token", self.keys.token.expose_secret())];
        let answer = self
            .get_as_app("debug_token", &query, &app_token)
            .await
            .map_err(|failure| failure.into_send_error(Step::Repeatable))?;
        let data = answer.get("data").ok_or_else(|| SendError::transient(incomplete("data")))?;
        check(data, &self.graph.page, self.now)?;
        Ok(Some(data.clone()))
    }
}

fn check(data: &Value, page: &str, now: DateTime<Utc>) -> Result<(), SendError> {
    let bad = |what: Text| {
        let then = text!(
            "Lấy mã truy cập Trang mới, ghi vào chỗ giữ bí mật; loa tự chạy tiếp",
            "Put a new Page token where the secret is kept; loa then goes on by itself"
        );
        let note = Text { vi: format!("{}. {}", what.vi, then.vi), en: format!("{}. {}", what.en, then.en) };
        Err(SendError::attention(Attention::Credential, note))
    };
    if data.get("is_valid").and_then(Value::as_bool) != Some(true) {
        return bad(text!("mã truy cập không còn hiệu lực", "the token is not valid any more"));
    }
    let kind = data.get("type").and_then(Value::as_str).unwrap_or("?");
    if kind != "PAGE" {
        return bad(text!(
            "đây là mã loại {kind}, phải là mã của Trang",
            "this is a token of type {kind}, not a Page's"
        ));
    }
    if ends(data).is_some_and(|ends| ends <= now) {
        return bad(text!("mã truy cập đã hết hạn", "the token has expired"));
    }
    let words = |value: Option<&Value>| -> Vec<String> {
        let all = value.and_then(Value::as_array).into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let scopes = words(data.get("scopes"));
    if let Some(missing) = SCOPES.iter().find(|scope| !scopes.iter().any(|held| held == *scope)) {
        return bad(text!("mã truy cập thiếu quyền {missing}", "the token lacks the permission {missing}"));
    }
    // A permission that names its targets reaches those only; one that names none reaches all.
    for granted in data.get("granular_scopes").and_then(Value::as_array).into_iter().flatten() {
        let scope = granted.get("scope").and_then(Value::as_str).unwrap_or_default();
        let targets = words(granted.get("target_ids"));
        if SCOPES.contains(&scope) && !targets.is_empty() && !targets.iter().any(|target| target == page) {
            return bad(text!(
                "quyền {scope} của mã truy cập không gồm Trang {page}",
                "the token's permission {scope} does not reach page {page}"
            ));
        }
    }
    Ok(())
}

/// The earlier of the token's end and of its access to data; 0 means never.
fn ends(data: &Value) -> Option<DateTime<Utc>> {
    ["expires_at", "data_access_expires_at"]
        .iter()
        .filter_map(|name| data.get(*name)?.as_i64())
        .filter(|seconds| *seconds > 0)
        .filter_map(|seconds| DateTime::from_timestamp(seconds, 0))
        .min()
}
