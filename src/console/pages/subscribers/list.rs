//! Lists: looking, searching, adding somebody, taking somebody off.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::{ALL, about, address, person, title, unprocessable, with, with_audience};
use crate::audience::{Address, Entry, Standing};
use crate::console::guard::{Form, Guest, Officer, Stop};
use crate::console::{ChannelSummary, Face};
use crate::people::Notice;
use crate::queue::NewStanding;
use crate::text;
use crate::text::Text;

/// People on one page.
const SHOWN: usize = 50;
/// More than this many are not counted.
const COUNTED: u32 = 100_000;

/// Every channel that writes letters.
pub(super) async fn all(State(face): State<Arc<Face>>, officer: Officer) -> Result<Response, Stop> {
    let mut lists = Vec::new();
    for summary in face.console.desk.channels.summaries().into_iter().filter(|one| one.audience.is_some()) {
        let number = face.console.subscribers.how_many(summary.channel.clone(), COUNTED).await?;
        lists.push(with(
            about(&summary, &officer, face.console.clock.now()),
            json!({ "number": number, "many": number >= COUNTED }),
        ));
    }
    officer.page("subscribers.html", &title(), json!({ "lists": lists }))
}

pub(super) async fn one(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    Path(channel): Path<String>,
) -> Result<Response, Stop> {
    let summary = with_audience(&face, &channel)?;
    let context = seen(&face, &summary, &officer, &guest.query).await?;
    officer.page("subscribers_list.html", &Text::same(&summary.name), context)
}

async fn seen(face: &Face, summary: &ChannelSummary, officer: &Officer, asked: &Form) -> Result<Value, Stop> {
    let words = asked.trimmed("q");
    let after: Option<Address> = asked.trimmed("after").parse().ok();
    let subscribers = &face.console.subscribers;
    let found = subscribers.search(summary.channel.clone(), words.to_owned(), after.clone(), SHOWN).await?;
    let older = found.looked_until.as_ref().map(|until| part(&summary.channel, words, Some(until)));
    let number = subscribers.how_many(summary.channel.clone(), COUNTED).await?;
    Ok(with(
        about(summary, officer, face.console.clock.now()),
        json!({
            "people": found.people.iter().map(person).collect::<Vec<_>>(),
            "words": words,
            "number": number,
            "many": number >= COUNTED,
            "paging": { "newer": after.map(|_| part(&summary.channel, words, None)), "older": older },
            "address": "",
            "person_name": "",
            "trouble": null,
            "again": false,
        }),
    ))
}

/// The address of a part of the list: of those with these words, after somebody.
fn part(channel: &str, words: &str, after: Option<&Address>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let fields = [("q", words), ("after", after.map_or("", Address::as_str))];
    let query = query.extend_pairs(fields.into_iter().filter(|(_, value)| !value.is_empty())).finish();
    if query.is_empty() { address(channel) } else { format!("{}?{query}", address(channel)) }
}

pub(super) async fn add(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(channel): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let summary = with_audience(&face, &channel)?;
    let trouble = match put(&face, &summary, &officer, &form).await? {
        Ok(notice) => return officer.on_to(&address(&channel), Notice::done(notice)).await,
        Err(trouble) => trouble,
    };
    let context = with(
        seen(&face, &summary, &officer, &Form::default()).await?,
        json!({
            "address": form.trimmed("address"),
            "person_name": form.trimmed("name"),
            "trouble": trouble.0,
            "again": trouble.1,
        }),
    );
    officer.page_again("subscribers_list.html", &Text::same(&summary.name), context)
}

/// Puts somebody on the list; or says why not, and whether their own request would change that.
async fn put(
    face: &Face,
    summary: &ChannelSummary,
    officer: &Officer,
    form: &Form,
) -> Result<Result<Text, (Text, bool)>, Stop> {
    let address: Address = match form.get("address").parse() {
        Ok(address) => address,
        Err(trouble) => return Ok(Err((trouble, false))),
    };
    let (entry, by) = (Entry::new(address.clone(), form.get("name")), officer.by());
    let again = form.get("again") == "yes";
    let done = face.console.subscribers.import(summary.channel.clone(), vec![entry], again, by.who, by.at).await?;
    Ok(if done.kept_out > 0 {
        let trouble = text!(
            "{address} đã hủy nhận thư hoặc hộp thư không nhận được, nên chưa thêm. Chỉ thêm lại khi chính người đó yêu cầu",
            "{address} unsubscribed, or their mailbox refuses, and was not added. Add them only at their own request"
        );
        Err((trouble, true))
    } else if done.added > 0 {
        Ok(text!("đã thêm {address}", "{address} was added"))
    } else {
        Ok(text!("{address} đã có trong danh sách", "{address} is on the list already"))
    })
}

/// A second look, with both ways to take somebody off.
pub(super) async fn ask_remove(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    Path(channel): Path<String>,
) -> Result<Response, Stop> {
    let summary = with_audience(&face, &channel)?;
    let address: Address = guest.query.get("address").parse().map_err(unprocessable)?;
    let context =
        with(about(&summary, &officer, face.console.clock.now()), json!({ "address": address.as_str(), "all": ALL }));
    officer.page("subscribers_remove.html", &text!("Bỏ người nhận", "Take somebody off"), context)
}

pub(super) async fn remove(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(channel): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let summary = with_audience(&face, &channel)?;
    let address: Address = form.get("address").parse().map_err(unprocessable)?;
    let (shown, by, subscribers) = (address.clone(), officer.by(), &face.console.subscribers);
    let notice = if form.get("for_good") == "yes" {
        let reason = text!("cơ quan ghi theo yêu cầu", "recorded by the office");
        let reason = Some(reason.get(face.console.language).to_owned());
        let new = NewStanding { standing: Standing::Unsubscribed, reason, who: by.who, at: by.at };
        subscribers.stand(summary.channel.clone(), address, new).await?;
        Notice::done(text!("từ nay không gửi thư cho {shown} nữa", "{shown} is not written to any more"))
    } else if subscribers.remove(summary.channel.clone(), address, by.who, by.at).await? {
        Notice::done(text!("đã bỏ {shown} khỏi danh sách", "{shown} was taken off the list"))
    } else {
        Notice::refused(text!("{shown} không có trong danh sách", "{shown} is not on the list"))
    };
    officer.on_to(&super::address(&channel), notice).await
}
