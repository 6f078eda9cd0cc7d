//! `WebSub`: telling hubs that a topic has changed (`hub.mode=publish`, as the hubs in use take it). A ping may be
//! repeated freely.

use chrono::{DateTime, Utc};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, StatusCode, Url};

use super::super::client;
use super::super::failure::{Class, SendError};
use crate::text;

/// Tells every hub about these topics. The feed is public already: what fails here is finished later.
pub(super) async fn ping(
    client: &Client,
    hubs: &[Url],
    topics: &[String],
    now: DateTime<Utc>,
) -> Result<(), SendError> {
    let mut failed = None;
    for hub in hubs {
        if let Err(error) = ping_one(client, hub, topics, now).await {
            // A hub that can be asked again comes before one that never will take it: that one is told last.
            failed = match failed {
                Some(SendError { class: Class::Partial { retry_after }, note }) => {
                    Some(SendError::partial(note).after(retry_after))
                }
                _ => Some(error),
            };
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn ping_one(client: &Client, hub: &Url, topics: &[String], now: DateTime<Utc>) -> Result<(), SendError> {
    let host = hub.host_str().unwrap_or_default();
    let request = client.post(hub.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body(topics));
    let answer = client::send(request, now).await.map_err(|error| {
        let (vi, en) = (error.note.vi, error.note.en);
        SendError::partial(text!(
            "nguồn tin đã ghi, nhưng chưa báo được cho hub {host}: {vi}",
            "the feed is written, but the hub {host} could not be told: {en}"
        ))
    })?;
    let (status, code) = (answer.status, answer.status.as_u16());
    if status.is_success() {
        return Ok(());
    }
    let later = status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY);
    if later {
        let note = text!(
            "nguồn tin đã ghi, nhưng hub {host} trả lời {code}; sẽ báo lại",
            "the feed is written, but the hub {host} answered {code}; it will be told again"
        );
        return Err(SendError::partial(note).after(answer.retry_after));
    }
    Err(SendError::permanent(text!(
        "nguồn tin đã ghi, nhưng hub {host} không nhận ({code}). Kiểm tra hubs và base_url, rồi: loa retry SỐ",
        "the feed is written, but the hub {host} does not take it ({code}). Check hubs and base_url, then: loa retry ID"
    )))
}

fn body(topics: &[String]) -> String {
    let mut form = String::from("hub.mode=publish");
    for topic in topics {
        // The URL standard's own encoding of a query.
        let mut url = Url::parse("http://form.invalid/").ok();
        let pair = url.as_mut().map(|url| {
            url.query_pairs_mut().append_pair("hub.url", topic);
            url.query().unwrap_or_default().to_owned()
        });
        form.push('&');
        form.push_str(&pair.unwrap_or_default());
    }
    form
}
