//! What Graph's double says: parameters read in every encoding, errors in Graph's form.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::hostile_api::{Reply, Request};

/// The parameters of a request, from its query and its body in whatever encoding; a file as its bytes' length.
pub(crate) fn parameters(request: &Request) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    if let Some((_, query)) = request.head.path.split_once('?') {
        found.extend(pairs(query));
    }
    let kind = request.header("content-type").unwrap_or_default();
    if kind.starts_with("application/json") {
        found.extend(request.json().as_object().cloned().unwrap_or_default());
    } else if kind.starts_with("application/x-www-form-urlencoded") {
        let form: BTreeMap<String, Value> = pairs(&String::from_utf8_lossy(&request.body)).collect();
        // attached_media[0]={"media_fbid":"…"}
        let attached: Vec<Value> = (0..)
            .map_while(|number| form.get(&format!("attached_media[{number}]")))
            .filter_map(|one| serde_json::from_str(one.as_str()?).ok())
            .collect();
        found.extend(form);
        if !attached.is_empty() {
            found.insert("attached_media".to_owned(), attached.into());
        }
    } else if kind.starts_with("multipart/form-data") {
        for (head, bytes) in request.parts() {
            let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let value = if head.contains("filename=") {
                json!({ "bytes": bytes.len(), "type": head.to_lowercase().contains("content-type: image/") })
            } else {
                Value::String(String::from_utf8_lossy(&bytes).into_owned())
            };
            found.insert(name.to_owned(), value);
        }
    }
    found
}

fn pairs(encoded: &str) -> impl Iterator<Item = (String, Value)> + use<> {
    let url = reqwest::Url::parse(&format!("http://x/?{encoded}")).expect("a query");
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect::<Vec<_>>()
        .into_iter()
}

/// A parameter that may be a boolean or the word for one.
pub(crate) fn truth(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| value.as_str() == Some("true"))
}

/// An error, before it is given a trace.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    pub(crate) status: u16,
    pub(crate) code: i64,
    pub(crate) subcode: Option<i64>,
    pub(crate) message: String,
    pub(crate) transient: bool,
    pub(crate) headers: Vec<(String, String)>,
}

impl Wrong {
    pub(crate) fn new(code: i64, subcode: Option<i64>, message: &str) -> Self {
        let status = match code {
            1 | 2 => 500,
            4 | 10 | 200..=299 => 403,
            _ => 400,
        };
        Self { status, code, subcode, message: message.to_owned(), transient: code == 2, headers: Vec::new() }
    }

    pub(crate) fn missing(method: &str) -> Self {
        let message = format!("Unsupported {} request. Object does not exist", method.to_lowercase());
        Self::new(100, Some(33), &message)
    }

    pub(crate) fn reply(&self, trace: u64, locale: Option<&str>) -> Reply {
        let kind = if self.subcode == Some(33) { "GraphMethodException" } else { "OAuthException" };
        let mut error = json!({
            "message": self.message, "type": kind, "code": self.code, "fbtrace_id": format!("Atrace{trace}Z"),
        });
        if let Some(subcode) = self.subcode {
            error["error_subcode"] = subcode.into();
        }
        if self.transient {
            error["is_transient"] = true.into();
        }
        if locale == Some("vi_VN") {
            error["error_user_title"] = "Không thực hiện được".into();
            error["error_user_msg"] = format!("Yêu cầu không thực hiện được, mã {}.", self.code).into();
        }
        self.headers.iter().fold(Reply::json(self.status, &json!({ "error": error })), |reply, (name, value)| {
            reply.header(name, value)
        })
    }
}
