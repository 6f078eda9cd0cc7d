//! Writing articles by hand.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use futures_util::future::BoxFuture;

use super::thumbnail::thumbnail;
use crate::app::App;
use crate::article::{Article, ArticleId, Kept, sha256_hex};
use crate::channel::ascii;
use crate::console::{Begun, HandedOver, Mistake, Preview, Unable, Writing};
use crate::intake::{Draft, DraftContext, IntakeError, Order, Picture, Seen, as_markdown, pasted};
use crate::ledger::ArticleRow;
use crate::queue::{By, Manuscript, Manuscripts as _, PictureFile, StoreError, Written, WrittenPicture};
use crate::text;
use crate::text::Text;

/// The source of what is written in the console.
const SOURCE: &str = "office";
/// Where pictures are that the public cannot reach: no name that leads anywhere.
const NOWHERE: &str = "http://loa.local";
/// As browsers write a time without a zone.
const WALL: &str = "%Y-%m-%dT%H:%M";
/// Longest readable part of an external id.
const LONGEST_NAME: usize = 60;

/// An article that is corrected.
pub(super) struct Known {
    pub(super) row: ArticleRow,
    pub(super) article: Arc<Article>,
    pub(super) first_accepted: DateTime<Utc>,
}

impl From<IntakeError> for Unable {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Store(error) => Self::Store(error),
            other => Self::Refused(other.text()),
        }
    }
}

impl App {
    /// The article that a manuscript corrects.
    pub(super) async fn known(&self, id: ArticleId) -> Result<Known, Unable> {
        let row = self.ledger().article(id).await?.ok_or(Unable::Missing)?;
        let article = self.ledger().content(id).await?;
        let first_accepted = self.store.first_accepted(id).await?.ok_or(Unable::Missing)?;
        Ok(Known { row, article, first_accepted })
    }

    fn wall(&self, at: Option<DateTime<Utc>>) -> String {
        at.map(|at| at.with_timezone(&self.config.office.timezone).format(WALL).to_string()).unwrap_or_default()
    }

    /// What was typed, or the very instant that is shown so to the minute.
    fn instant(&self, typed: &str, known: Option<DateTime<Utc>>) -> Option<String> {
        match known.filter(|known| self.wall(Some(*known)) == typed) {
            Some(known) => Some(known.to_rfc3339()),
            None => Some(typed.to_owned()).filter(|typed| !typed.trim().is_empty()),
        }
    }

    /// What is typed, as it is handed over.
    pub(super) fn draft(&self, manuscript: &Manuscript, known: Option<&Known>) -> Draft {
        let written = &manuscript.written;
        let article = known.map(|known| &*known.article);
        // A body that nobody has touched stays as it came, whatever Markdown makes of it.
        let untouched = article.filter(|article| as_markdown(&article.body_html) == written.body.replace("\r\n", "\n"));
        let external_id = article.map_or_else(|| external_id(manuscript), |article| article.key.external_id.clone());
        Draft {
            source: Some(article.map_or_else(|| SOURCE.to_owned(), |article| article.key.source.clone())),
            external_id: Some(external_id),
            revision: manuscript.corrects.map(|(_, base)| base.next().0),
            title: Some(written.title.clone()),
            summary: Some(written.summary.clone()),
            body_html: untouched.map(|article| article.body_html.clone()),
            body_markdown: untouched.is_none().then(|| written.body.clone()),
            body_text: None,
            byline: Some(written.byline.clone()),
            canonical_url: Some(written.canonical_url.trim().to_owned()).filter(|url| !url.is_empty()),
            published_at: article.and_then(|article| article.published_at).map(|at| at.to_rfc3339()),
            embargo_until: self.instant(&written.embargo, article.and_then(|article| article.embargo_until)),
            expires_at: self.instant(&written.expires, article.and_then(|article| article.expires_at)),
            language: article.map(|article| article.language.clone()),
            topics: written.topics.clone(),
            organisation: article.and_then(|article| article.organisation.clone()),
            priority: written.priority,
            images: written.pictures.iter().map(|picture| self.image(picture)).collect(),
        }
    }

    fn image(&self, picture: &WrittenPicture) -> Picture {
        let own = |kept: &Kept| {
            let base = self.config.office.public_url.as_deref().unwrap_or(NOWHERE);
            let ending = kept.media_type.rsplit('/').next().unwrap_or_default().replace("jpeg", "jpg");
            format!("{base}/anh/{}.{ending}", kept.hash)
        };
        Picture {
            url: picture.url.clone().or_else(|| picture.kept.as_ref().map(own)).unwrap_or_default(),
            alt: if picture.decorative { String::new() } else { picture.alt.clone() },
            caption: Some(picture.caption.clone()),
            kept: picture.kept.clone(),
        }
    }

    pub(super) fn draft_context(&self) -> DraftContext<'static> {
        DraftContext { source: SOURCE, external_id: None, zone: self.config.office.timezone }
    }

    /// The mistakes of one field: everything else is as it should be.
    fn fault(&self, field: &'static str, draft: Draft) -> Option<Mistake> {
        let good = |given: Option<String>| given.or_else(|| Some("x".to_owned()));
        let bodiless = draft.body_html.is_none() && draft.body_markdown.is_none();
        let draft = Draft {
            external_id: good(draft.external_id.clone()),
            title: good(draft.title.clone()),
            body_text: bodiless.then(|| "x".to_owned()),
            ..draft
        };
        draft
            .into_article(&self.draft_context())
            .err()
            .map(|error| Mistake { field: field.to_owned(), text: error.text() })
    }
}

/// Readable, and the same however often the form is sent.
fn external_id(manuscript: &Manuscript) -> String {
    let name: String = ascii(&manuscript.written.title).chars().take(LONGEST_NAME).collect();
    let drawn: String = manuscript.token.chars().take(8).collect();
    format!("{}-{drawn}", name.trim_matches('-')).trim_matches('-').to_owned()
}

fn mistake(field: &str, text: Text) -> Mistake {
    Mistake { field: field.to_owned(), text }
}

/// Whether it is a time as browsers or people write one.
fn is_time(typed: &str) -> bool {
    let forms = [WALL, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M"];
    forms.iter().any(|form| NaiveDateTime::parse_from_str(typed.trim(), form).is_ok())
}

impl Writing for App {
    fn topics(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let mut topics = self.routed_topics();
            for topic in self.store.recent_topics().await? {
                if !topics.iter().any(|known| known.to_lowercase() == topic.to_lowercase()) {
                    topics.push(topic);
                }
            }
            Ok(topics)
        })
    }

    fn routed_topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = Vec::new();
        for topic in self.specs().iter().flat_map(|spec| spec.route.topics.iter().chain(&spec.route.except)) {
            if !topics.iter().any(|known| known.to_lowercase() == topic.to_lowercase()) {
                topics.push(topic.clone());
            }
        }
        topics
    }

    fn begin(&self, article: ArticleId) -> BoxFuture<'_, Result<Begun, Unable>> {
        Box::pin(async move {
            let Known { row, article, .. } = self.known(article).await?;
            let pictures = article.images.iter().map(|image| WrittenPicture {
                kept: image.kept.clone(),
                url: Some(image.url.clone()),
                alt: image.alt.clone(),
                caption: image.caption.clone().unwrap_or_default(),
                decorative: image.alt.is_empty(),
            });
            let written = Written {
                title: article.title.clone(),
                summary: article.summary.clone().unwrap_or_default(),
                body: as_markdown(&article.body_html),
                topics: article.topics.clone(),
                priority: article.priority,
                embargo: self.wall(article.embargo_until),
                expires: self.wall(article.expires_at),
                byline: article.byline.clone().unwrap_or_default(),
                canonical_url: article.canonical_url.clone().unwrap_or_default(),
                pictures: pictures.collect(),
            };
            Ok(Begun { written, revision: row.revision, withdrawn: row.withdrawn_at })
        })
    }

    fn check(&self, written: &Written) -> Vec<Mistake> {
        let some = |words: &str| Some(words.to_owned()).filter(|words| !words.trim().is_empty());
        let mut found = Vec::new();
        if written.title.trim().is_empty() {
            found.push(mistake("title", text!("hãy viết tiêu đề", "write a title")));
        } else {
            found.extend(self.fault("title", Draft { title: some(&written.title), ..Draft::default() }));
        }
        if written.body.trim().is_empty() {
            found.push(mistake("body", text!("hãy viết nội dung", "write a body")));
        } else {
            found.extend(self.fault("body", Draft { body_markdown: some(&written.body), ..Draft::default() }));
        }
        for (field, typed) in [("embargo", &written.embargo), ("expires", &written.expires)] {
            if !typed.trim().is_empty() && !is_time(typed) {
                let text =
                    text!("ngày giờ chưa đúng; viết như 23/11/2026 07:30", "no time; write it like 23/11/2026 07:30");
                found.push(mistake(field, text));
            }
        }
        if !found.iter().any(|mistake| matches!(mistake.field.as_str(), "embargo" | "expires")) {
            let times =
                Draft { embargo_until: some(&written.embargo), expires_at: some(&written.expires), ..Draft::default() };
            if self.fault("expires", times).is_some() {
                let text = text!("giờ hết hạn phải sau giờ được đăng", "this has to be later than when it may go out");
                found.push(mistake("expires", text));
            }
        }
        if let Some(url) = some(&written.canonical_url)
            && self.fault("canonical_url", Draft { canonical_url: Some(url), ..Draft::default() }).is_some()
        {
            let text =
                text!("địa chỉ phải bắt đầu bằng https:// hoặc http://", "the address begins with https:// or http://");
            found.push(mistake("canonical_url", text));
        }
        for (number, picture) in written.pictures.iter().enumerate() {
            if picture.alt.trim().is_empty() && !picture.decorative {
                let text = text!(
                    "hãy tả ảnh cho người không nhìn thấy, hoặc đánh dấu ảnh trang trí",
                    "say what it shows, for those who do not see it, or mark it as an ornament"
                );
                found.push(mistake(&format!("alt-{number}"), text));
            }
        }
        found
    }

    fn keep_picture(&self, name: String, bytes: Vec<u8>) -> BoxFuture<'_, Result<Kept, Unable>> {
        Box::pin(async move { Ok(self.intake().keep_upload(&name, bytes).await?) })
    }

    fn picture(&self, hash: String) -> BoxFuture<'_, Result<PictureFile, Unable>> {
        Box::pin(async move {
            let pictures = self.queue().pictures();
            let bytes = pictures.bytes(&hash).await.map_err(|error| Unable::Refused(error.note))?;
            let small = thumbnail(bytes.ok_or(Unable::Missing)?).await.ok_or(Unable::Missing)?;
            Ok(("image/jpeg".to_owned(), small))
        })
    }

    fn pasted(&self, html: &str) -> Result<String, Text> {
        pasted(html).map_err(|error| error.text())
    }

    fn preview(
        &self,
        manuscript: Manuscript,
        only: Option<String>,
        at: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Preview, Unable>> {
        Box::pin(self.preview_at(manuscript, only, at))
    }

    fn hand_over(
        &self,
        manuscript: Manuscript,
        by: By,
        seen: DateTime<Utc>,
        again: bool,
    ) -> BoxFuture<'_, Result<HandedOver, Unable>> {
        Box::pin(async move {
            let known = match manuscript.corrects {
                Some((id, _)) => Some(self.known(id).await?),
                None => None,
            };
            let order = match &known {
                Some(known) if known.row.withdrawn_at.is_some() && !again => {
                    return Err(Unable::Refused(text!(
                        "bài này vừa được thu hồi nên chưa đăng; xem lại, rồi bấm Đăng lại nếu vẫn muốn đăng",
                        "the article has just been withdrawn, so nothing was published; look again, and publish it again if you still want to"
                    )));
                }
                Some(known) if known.row.withdrawn_at.is_some() => Order::PublishAgain,
                Some(_) => Order::Correct,
                None => Order::Publish,
            };
            let writers = match manuscript.writers.as_slice() {
                [] => vec![manuscript.who.clone()],
                writers => writers.to_vec(),
            };
            let seen = Seen { at: seen, writers };
            let typed = serde_json::to_vec(&manuscript.written).unwrap_or_default();
            let request = (format!("console {}", manuscript.token), sha256_hex(&typed));
            let draft = self.draft(&manuscript, known.as_ref());
            let (cx, request) = (self.draft_context(), Some(request));
            let accepted = self.intake().accept_as_seen(draft, &cx, order, &by.who, request, seen).await?;
            self.store.handed_over(manuscript.token, accepted.id, by.at).await?;
            Ok(HandedOver {
                article: accepted.id,
                revision: accepted.revision,
                changed: accepted.changed,
                channels: accepted.deliveries,
                missing_pictures: accepted.missing_pictures,
            })
        })
    }
}
