//! Categories and tags: found by name, or made.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::super::failure::{Attention, Class, SendError};
use super::answer::{Refused, Stage};
use super::{Known, Portal};
use crate::text;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Taxonomy {
    Categories,
    Tags,
}

impl Taxonomy {
    fn route(self) -> &'static str {
        match self {
            Self::Categories => "wp/v2/categories",
            Self::Tags => "wp/v2/tags",
        }
    }
}

impl Portal {
    /// The term of this name; made if there is none.
    pub(super) async fn term(&self, taxonomy: Taxonomy, name: &str, now: DateTime<Utc>) -> Result<u64, SendError> {
        let key = (taxonomy, name.to_owned());
        if let Some(id) = self.known().terms.get(&key) {
            return Ok(*id);
        }
        let id = match self.find_term(taxonomy, name, now).await? {
            Some(id) => id,
            None => self.make_term(taxonomy, name, now).await?,
        };
        self.known().terms.insert(key, id);
        Ok(id)
    }

    /// Wherever it stands among its like: a category below another one is not found by making it at the top.
    async fn find_term(&self, taxonomy: Taxonomy, name: &str, now: DateTime<Utc>) -> Result<Option<u64>, SendError> {
        let query = [("search", name), ("per_page", "100"), ("_fields", "id,name")];
        let found = self.api.get(taxonomy.route(), &query, now).await?;
        let same = |term: &&serde_json::Value| term["name"].as_str().is_some_and(|there| same_name(there, name));
        Ok(found.as_array().and_then(|terms| terms.iter().find(same)).and_then(|term| term["id"].as_u64()))
    }

    async fn make_term(&self, taxonomy: Taxonomy, name: &str, now: DateTime<Utc>) -> Result<u64, SendError> {
        // A repeat is told `term_exists`, with the id.
        let made = self.api.post(taxonomy.route(), &[], &json!({ "name": name }), Stage::Write, now).await;
        let id = match made {
            Ok(made) => made["id"].as_u64(),
            Err(refused) if refused.is("term_exists") => refused.term_id,
            Err(Refused {
                error: SendError { class: Class::NeedsAttention(Attention::Misconfigured), .. }, ..
            }) => {
                return Err(SendError::attention(
                    Attention::Misconfigured,
                    text!(
                        "trang chưa có chuyên mục “{name}” và tài khoản của loa không được tạo. Tạo chuyên mục đó trên trang",
                        "the site has no category “{name}”, and loa's account may not make one. Make it on the site"
                    ),
                ));
            }
            Err(refused) => return Err(refused.error),
        };
        id.ok_or_else(|| {
            SendError::transient(text!(
                "trang không cho biết mã của chuyên mục “{name}”",
                "the site does not tell the number of the term “{name}”"
            ))
        })
    }
}

impl Known {
    /// Forgets what may be wrong: somebody has deleted a term or a picture.
    pub(super) fn forget(&mut self) {
        self.terms.clear();
        self.pictures.clear();
    }
}

/// Names come back with their entities.
fn same_name(there: &str, name: &str) -> bool {
    let readable = there.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    readable.to_lowercase() == name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::same_name;

    #[test]
    fn names_are_compared_as_people_read_them() {
        assert!(same_name("Y tế &amp; giáo dục", "Y TẾ & giáo dục"));
        assert!(!same_name("Y tế", "Y tế công cộng"));
    }
}
