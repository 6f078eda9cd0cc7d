//! Writing an article, or its correction. What is typed is kept with every press of a button, mistakes and all.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{Route, act, look};
use crate::article::{ArticleId, Priority, Revision};
use crate::console::guard::{Form, Guest, Officer, Stop, Upload, redirect};
use crate::console::{Face, Mistake, Unable};
use crate::people::{Notice, Role, Token};
use crate::queue::{Manuscript, Written, WrittenPicture};
use crate::text;
use crate::text::Text;

pub(super) const NEW: &str = "/write";
/// So many unfinished manuscripts are listed.
const LISTED: u32 = 20;
/// So many known topics are offered.
const OFFERED: usize = 30;
/// Most pictures of one article.
const MOST_PICTURES: usize = 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        look(NEW, Role::Editor, begin),
        act(NEW, Role::Editor, keep),
        look("/write/{token}", Role::Editor, go_on),
        act("/write/{token}/throw-away", Role::Editor, throw_away),
        act("/write/{token}/newest", Role::Editor, follow_newest),
        act("/write/pasted", Role::Editor, pasted),
    ]
}

/// The manuscript of this token; one that was handed over leads to its article.
pub(super) async fn open(face: &Face, token: &str) -> Result<Manuscript, Stop> {
    let token = Token::brought(token).ok_or(Stop::NotFound)?.reveal().to_owned();
    let manuscript = face.console.desk.manuscripts.manuscript(token).await?.ok_or(Stop::NotFound)?;
    match manuscript.became {
        Some(article) => Err(Stop::Elsewhere(article_page(article))),
        None => Ok(manuscript),
    }
}

/// Where an article is looked at.
pub(super) fn article_page(id: ArticleId) -> String {
    format!("/articles/{id}")
}

fn title(corrects: bool) -> Text {
    if corrects { text!("Đính chính", "Correct an article") } else { text!("Viết bài", "Write an article") }
}

async fn begin(State(face): State<Arc<Face>>, guest: Guest, officer: Officer) -> Result<Response, Stop> {
    let token = Token::new()?.reveal().to_owned();
    let mut manuscript = fresh(&officer, token);
    if let Ok(id) = guest.query.get("article").parse() {
        let begun = face.console.desk.writing.begin(ArticleId(id)).await?;
        manuscript.corrects = Some((ArticleId(id), begun.revision));
        manuscript.written = begun.written;
    }
    let context = context(&face, &manuscript, &[], true).await?;
    officer.page("write.html", &title(manuscript.corrects.is_some()), context)
}

fn fresh(officer: &Officer, token: String) -> Manuscript {
    let by = officer.by();
    let (writers, written) = (Vec::new(), Written::default());
    Manuscript { token, who: by.who, writers, saved_at: by.at, corrects: None, written, became: None }
}

async fn go_on(
    State(face): State<Arc<Face>>,
    guest: Guest,
    officer: Officer,
    Path(token): Path<String>,
) -> Result<Response, Stop> {
    let manuscript = open(&face, &token).await?;
    let checked = !guest.query.get("check").is_empty();
    let mistakes = if checked { face.console.desk.writing.check(&manuscript.written) } else { Vec::new() };
    let context = context(&face, &manuscript, &mistakes, false).await?;
    officer.page("write.html", &title(manuscript.corrects.is_some()), context)
}

/// What the form shows: everything as it was typed, and what is wrong beside its field.
async fn context(face: &Face, manuscript: &Manuscript, mistakes: &[Mistake], new: bool) -> Result<Value, Stop> {
    let desk = &face.console.desk;
    let written = &manuscript.written;
    let known = desk.writing.topics().await?;
    let has = |topic: &str| written.topics.iter().any(|own| own.to_lowercase() == topic.to_lowercase());
    let offered: Vec<Value> =
        known.iter().take(OFFERED).map(|topic| json!({ "name": topic, "chosen": has(topic) })).collect();
    let offers = |topic: &String| known.iter().take(OFFERED).any(|one| one.to_lowercase() == topic.to_lowercase());
    let others: Vec<&str> = written.topics.iter().filter(|topic| !offers(topic)).map(String::as_str).collect();
    let unfinished = if new && manuscript.corrects.is_none() {
        let list = desk.manuscripts.unfinished(LISTED).await?;
        let shown = list.iter().map(|one| {
            json!({
                "token": one.token, "title": one.written.title, "who": one.who, "at": one.saved_at,
                "corrects": one.corrects.is_some(),
            })
        });
        shown.collect()
    } else {
        Vec::new()
    };
    let pictures = written.pictures.iter().map(|picture| {
        json!({
            "name": name(picture),
            "src": picture.kept.as_ref().map(|kept| format!("/write/picture/{}", kept.hash)),
            "url": picture.url,
            "alt": picture.alt,
            "caption": picture.caption,
            "decorative": picture.decorative,
        })
    });
    let wrong: HashMap<&str, &Text> = mistakes.iter().map(|mistake| (mistake.field.as_str(), &mistake.text)).collect();
    Ok(json!({
        "token": manuscript.token,
        "article": manuscript.corrects.map(|(id, _)| id),
        "base": manuscript.corrects.map(|(_, base)| base),
        "written": written,
        "offered": offered,
        "others": others.join(", "),
        "pictures": pictures.collect::<Vec<_>>(),
        "reachable": face.console.public_url.is_some(),
        "wrong": wrong,
        "mistakes": mistakes.len(),
        "unfinished": unfinished,
        "kept": !new,
        "saved_at": manuscript.saved_at.timestamp_millis(),
        "overwrites": null,
        "now": face.console.clock.now(),
    }))
}

/// What the form calls a picture: its content, or its address.
fn name(picture: &WrittenPicture) -> String {
    let kept = picture.kept.as_ref().map(|kept| kept.hash.clone());
    kept.or_else(|| picture.url.clone()).unwrap_or_default()
}

/// Keeps what is typed, then does what the button says.
async fn keep(State(face): State<Arc<Face>>, officer: Officer, form: Form) -> Result<Response, Stop> {
    let desk = &face.console.desk;
    let Some(token) = Token::brought(form.get("token")) else {
        return Err(Stop::refused(text!("trang này đã cũ; mở lại trang Viết bài", "open the page Write again")));
    };
    let token = token.reveal().to_owned();
    let known = desk.manuscripts.manuscript(token.clone()).await?;
    let replaces = known.as_ref().map(|known| known.saved_at);
    let before = match known {
        Some(Manuscript { became: Some(article), .. }) => return too_late(&officer, article).await,
        Some(known) => known,
        None => {
            let mut new = fresh(&officer, token.clone());
            if let (Ok(id), Ok(base)) = (form.get("article").parse(), form.get("base").parse()) {
                new.corrects = Some((ArticleId(id), Revision(base)));
                new.written.pictures = desk.writing.begin(ArticleId(id)).await?.written.pictures;
            }
            new
        }
    };
    let (mut written, mut mistakes) = (typed(&form, &before.written.pictures), Vec::new());
    for Upload { name, bytes } in form.files() {
        if written.pictures.len() >= MOST_PICTURES {
            let text =
                text!("nhiều nhất {MOST_PICTURES} ảnh một bài", "at most {MOST_PICTURES} pictures in one article");
            mistakes.push(Mistake { field: "pictures".to_owned(), text });
            break;
        }
        match desk.writing.keep_picture(name.clone(), bytes.to_vec()).await {
            Ok(kept) if written.pictures.iter().any(|one| one.kept.as_ref() == Some(&kept)) => {}
            Ok(kept) => written.pictures.push(WrittenPicture { kept: Some(kept), ..WrittenPicture::default() }),
            Err(Unable::Refused(text)) => mistakes.push(Mistake { field: "pictures".to_owned(), text }),
            Err(other) => return Err(other.into()),
        }
    }
    let by = officer.by();
    let opened = form.get("kept").parse::<i64>();
    if before.who != by.who && opened.is_ok_and(|opened| opened != before.saved_at.timestamp_millis()) {
        return overwrites(&face, &officer, before, written, &mistakes).await;
    }
    let mut writers = before.writers.clone();
    if writers.is_empty() && before.written != Written::default() {
        writers.push(before.who.clone());
    }
    if written != before.written && !writers.contains(&by.who) {
        writers.push(by.who.clone());
    }
    let manuscript = Manuscript { who: by.who, writers, saved_at: by.at, written, ..before };
    if !desk.manuscripts.save(manuscript.clone(), replaces).await? {
        // Somebody was quicker by a moment.
        return match desk.manuscripts.manuscript(token).await?.ok_or(Stop::NotFound)? {
            Manuscript { became: Some(article), .. } => too_late(&officer, article).await,
            theirs => overwrites(&face, &officer, theirs, manuscript.written, &mistakes).await,
        };
    }
    let goes_on = form.get("do") == "preview";
    if goes_on {
        mistakes.extend(desk.writing.check(&manuscript.written));
    }
    if !mistakes.is_empty() {
        let context = context(&face, &manuscript, &mistakes, false).await?;
        return officer.page_again("write.html", &title(manuscript.corrects.is_some()), context);
    }
    if goes_on {
        return Ok(redirect(&format!("{NEW}/{token}/preview")));
    }
    let notice = Notice::done(text!("đã lưu bản nháp", "the draft is kept"));
    officer.on_to(&format!("{NEW}/{token}"), notice).await
}

/// It was published before this was typed.
async fn too_late(officer: &Officer, article: ArticleId) -> Result<Response, Stop> {
    let notice = Notice::refused(text!(
        "bài này đã đăng, nên phần vừa gõ chưa lưu ở đâu; muốn sửa thì bấm Đính chính",
        "it is published already, so what you typed just now is not kept; to change it, correct the article"
    ));
    officer.on_to(&article_page(article), notice).await
}

/// Somebody else has saved it since this form was opened: what is typed here stands on the form alone, until its writer has
/// said that it counts.
async fn overwrites(
    face: &Face,
    officer: &Officer,
    theirs: Manuscript,
    written: Written,
    mistakes: &[Mistake],
) -> Result<Response, Stop> {
    let said = json!({ "who": theirs.who, "at": theirs.saved_at });
    let manuscript = Manuscript { written, ..theirs };
    let mut context = context(face, &manuscript, mistakes, false).await?;
    if let Some(fields) = context.as_object_mut() {
        fields.insert("overwrites".to_owned(), said);
    }
    officer.page_again("write.html", &title(manuscript.corrects.is_some()), context)
}

fn typed(form: &Form, known: &[WrittenPicture]) -> Written {
    let mut topics = form.all("topic");
    topics.extend(form.get("topics").split([',', ';']).map(|topic| topic.trim().to_owned()));
    topics.retain(|topic| !topic.is_empty());
    let pictures = form.all("picture").into_iter().enumerate().filter_map(|(place, named)| {
        let field = |name: &str| form.trimmed(&format!("{name}-{place}")).to_owned();
        // Only pictures that are known: what a form says of one is not believed.
        let known = known.iter().find(|picture| name(picture) == named)?;
        let stays = field("remove").is_empty();
        let decorative = !field("decorative").is_empty();
        stays.then(|| WrittenPicture { alt: field("alt"), caption: field("caption"), decorative, ..known.clone() })
    });
    Written {
        title: form.trimmed("title").to_owned(),
        summary: form.trimmed("summary").to_owned(),
        body: form.get("body").replace("\r\n", "\n"),
        topics,
        priority: match form.get("priority") {
            "urgent" => Priority::Urgent,
            "low" => Priority::Low,
            _ => Priority::Normal,
        },
        embargo: form.trimmed("embargo").to_owned(),
        expires: form.trimmed("expires").to_owned(),
        byline: form.trimmed("byline").to_owned(),
        canonical_url: form.trimmed("canonical_url").to_owned(),
        pictures: pictures.collect(),
    }
}

/// The correction is to follow the newest revision, whatever that says: its writer has seen it.
async fn follow_newest(
    State(face): State<Arc<Face>>,
    _: Officer,
    Path(token): Path<String>,
    form: Form,
) -> Result<Response, Stop> {
    let manuscript = open(&face, &token).await?;
    let Some((id, base)) = manuscript.corrects else { return Err(Stop::NotFound) };
    // No further than what was shown: one that came meanwhile is shown first.
    let newest = face.console.desk.writing.begin(id).await?.revision;
    let shown = form.get("newest").parse().map_or(base, Revision);
    let corrects = Some((id, shown.min(newest).max(base)));
    let replaces = Some(manuscript.saved_at);
    // Where somebody was quicker, the preview asks again.
    face.console.desk.manuscripts.save(Manuscript { corrects, ..manuscript }, replaces).await?;
    Ok(redirect(&format!("{NEW}/{token}/preview")))
}

async fn throw_away(
    State(face): State<Arc<Face>>,
    officer: Officer,
    Path(token): Path<String>,
) -> Result<Response, Stop> {
    let notice = if face.console.desk.manuscripts.throw_away(token).await? {
        Notice::done(text!("đã bỏ bản nháp", "the draft is gone"))
    } else {
        Notice::refused(text!("không còn bản nháp này", "there is no such draft any more"))
    };
    officer.on_to(NEW, notice).await
}

/// What was pasted from a word processor, cleaned, as Markdown: asked for by the page's script.
async fn pasted(State(face): State<Arc<Face>>, _: Officer, form: Form) -> Response {
    match face.console.desk.writing.pasted(form.get("html")) {
        Ok(markdown) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], markdown).into_response(),
        // The browser pastes the plain words.
        Err(_) => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

/// To the form, with what is wrong beside the fields.
pub(super) fn back_to_mistakes(token: &str) -> Response {
    redirect(&format!("{NEW}/{token}?check=1"))
}
