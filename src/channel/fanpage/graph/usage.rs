//! How much of the allowance is used, from the headers in which Graph says so.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::channel::Allowance;

/// Each holds JSON text: one object of percentages, or objects in lists by account.
const HEADERS: [&str; 3] = ["x-app-usage", "x-page-usage", "x-business-use-case-usage"];
const PERCENTAGES: [&str; 3] = ["call_count", "total_cputime", "total_time"];

/// The worst of what the headers say; `None` where there are none, as on a page with little traffic, or where
/// they cannot be read.
pub(super) fn allowance(headers: &HeaderMap) -> Option<Allowance> {
    let mut found: Option<Allowance> = None;
    for name in HEADERS {
        for value in headers.get_all(name) {
            let Some(said) = value.to_str().ok().and_then(|words| serde_json::from_str::<Value>(words).ok()) else {
                continue;
            };
            read(&said, &mut found);
        }
    }
    found
}

fn read(said: &Value, found: &mut Option<Allowance>) {
    match said {
        Value::Array(all) => all.iter().for_each(|one| read(one, found)),
        Value::Object(fields) => {
            let used = PERCENTAGES.iter().filter_map(|name| fields.get(*name)?.as_f64()).reduce(f64::max);
            if let Some(used) = used {
                // Beyond 255 % it makes no difference.
                let percent = (0..=u8::MAX).rev().find(|percent| f64::from(*percent) <= used).unwrap_or(0);
                let minutes = fields.get("estimated_time_to_regain_access").and_then(Value::as_u64);
                let regained_in = minutes
                    .filter(|minutes| *minutes > 0)
                    .map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
                let so_far = found.get_or_insert(Allowance { used: 0, regained_in: None });
                so_far.used = so_far.used.max(percent);
                so_far.regained_in = so_far.regained_in.max(regained_in);
                return;
            }
            fields.values().for_each(|one| read(one, found));
        }
        _ => {}
    }
}
