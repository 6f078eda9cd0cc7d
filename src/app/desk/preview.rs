//! An article as every channel will show it: the bytes that each adapter will send, made by the same `render`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SubsecRound as _, Utc};

use super::shown::{Dress, payload_view};
use super::thumbnail::thumbnail;
use super::writing::Known;
use crate::app::App;
use crate::article::{Article, Revision};
use crate::channel::{Item, RenderContext};
use crate::config::ChannelSpec;
use crate::console::{ChannelView, Outlook, PayloadView, Preview, Unable};
use crate::delivery::{Action, Delivery, Live, Plan, Wanted, needed};
use crate::intake::Prepared;
use crate::ledger::Filter;
use crate::queue::{Manuscript, Pause};
use crate::schedule::Change;
use crate::text;
use crate::text::Text;

/// What all channels are asked about.
struct Question {
    app: App,
    article: Arc<Article>,
    revision: Revision,
    /// When the article was first published.
    published: DateTime<Utc>,
    now: DateTime<Utc>,
    deliveries: Vec<Delivery>,
    pauses: Vec<(String, Pause)>,
    dress: Dress,
}

impl App {
    pub(super) async fn preview_at(
        &self,
        manuscript: Manuscript,
        only: Option<String>,
        at: DateTime<Utc>,
    ) -> Result<Preview, Unable> {
        let known = match manuscript.corrects {
            Some((id, _)) => Some(self.known(id).await?),
            None => None,
        };
        let draft = self.draft(&manuscript, known.as_ref());
        let Prepared { article, revision, missing_pictures } =
            self.intake().prepare(draft, &self.draft_context()).await?;
        let now = at.min(self.clock.now()).trunc_subsecs(3);
        let deliveries = match &known {
            Some(known) => {
                let filter = Filter { article: Some(known.row.id), ..Filter::default() };
                self.ledger().deliveries(filter).await?.into_iter().map(|row| row.delivery).collect()
            }
            None => Vec::new(),
        };
        // The pictures stand in the frames, which are fetched one by one.
        let dress = if only.is_some() { self.dress(&article).await? } else { Dress::default() };
        let first = known.as_ref().map(|Known { first_accepted, .. }| *first_accepted);
        let question = Question {
            app: self.clone(),
            published: article.published_at.or(first).unwrap_or(now),
            article: Arc::new(article),
            revision: revision.unwrap_or(Revision::FIRST),
            now,
            deliveries,
            pauses: self.ledger().pauses().await?,
            dress,
        };
        // Speech takes its time: not where others wait.
        let asked = tokio::task::spawn_blocking(move || question.of_all(only.as_deref())).await;
        let channels = asked.map_err(|error| Unable::Refused(Text::same(error.to_string())))?;
        let overtaken = manuscript.corrects.zip(known.as_ref()).map(|((_, base), known)| (base, known.row.revision));
        Ok(Preview {
            at: now,
            withdrawn: known.as_ref().and_then(|known| known.row.withdrawn_at),
            overtaken: overtaken.filter(|(base, newest)| newest > base).map(|(_, newest)| newest),
            channels,
            missing_pictures,
        })
    }

    /// The pictures of an article, for frames that may fetch nothing.
    pub(super) async fn dress(&self, article: &Article) -> Result<Dress, Unable> {
        let mut dress = Dress::default();
        let pictures = self.queue().pictures();
        for image in &article.images {
            let Some(kept) = &image.kept else { continue };
            let bytes = pictures.bytes(&kept.hash).await.map_err(|error| Unable::Refused(error.note))?;
            if let Some(bytes) = bytes
                && let Some(small) = thumbnail(bytes).await
            {
                let address = format!("data:image/jpeg;base64,{}", STANDARD.encode(small));
                dress.pictures.push((image.url.clone(), kept.hash.clone(), address));
            }
        }
        Ok(dress)
    }
}

impl Question {
    fn of_all(&self, only: Option<&str>) -> Vec<ChannelView> {
        let specs = self.app.specs();
        let asked = specs.iter().filter(|spec| only.is_none_or(|only| spec.channel == only));
        asked.map(|spec| self.of(spec, &specs)).collect()
    }

    fn of(&self, spec: &ChannelSpec, all: &[ChannelSpec]) -> ChannelView {
        let (outlook, notes, payload) = self.answer(spec, all);
        ChannelView {
            channel: spec.channel.clone(),
            name: spec.name.clone(),
            about: (spec.kind.about)(),
            outlook,
            notes,
            payload,
        }
    }

    fn answer(&self, spec: &ChannelSpec, all: &[ChannelSpec]) -> (Outlook, Vec<Text>, Option<PayloadView>) {
        let bare = |outlook| (outlook, Vec::new(), None);
        let there = self.deliveries.iter().find(|delivery| delivery.channel == spec.channel);
        if !spec.enabled {
            return bare(Outlook::Off);
        }
        if there.is_none() {
            match spec.route.refusal(&self.article) {
                Ok(None) => {}
                Ok(Some(why)) => return bare(Outlook::Refuses { why }),
                Err(error) => return bare(Outlook::Fails { why: error.0 }),
            }
        }
        let plan = spec.schedule.plan(&self.article, Change::Content, self.now);
        let live = there.map_or(Live::Nothing, |delivery| delivery.live.clone());
        let wanted = Wanted::Revision(self.revision);
        let action = needed(wanted, &live).unwrap_or(Action::Create(self.revision));
        let outlook = if spec.rehearsal {
            Outlook::Rehearses
        } else {
            let corrects = matches!(action, Action::Update(_));
            Outlook::Sends { at: plan.due, now: plan.due <= self.now, corrects }
        };
        let link = self.link(spec);
        let notes = self.notes(spec, all, &plan, link.is_none());
        let item = Item {
            article: Arc::clone(&self.article),
            revision: self.revision,
            action,
            live,
            published: self.published,
            updated: self.now,
            link: link.or_else(|| self.article.canonical_url.clone()),
            again: None,
        };
        match self.payload(spec, &plan, item) {
            Ok(payload) => (outlook, notes, Some(payload)),
            Err(why) => (Outlook::Fails { why }, notes, None),
        }
    }

    /// The public address on the channel that this one follows, where there is one already.
    fn link(&self, spec: &ChannelSpec) -> Option<String> {
        let after = spec.schedule.after.as_ref()?;
        let followed = self.deliveries.iter().find(|delivery| delivery.channel == *after)?;
        followed.live.receipt()?.url.clone()
    }

    fn payload(&self, spec: &ChannelSpec, plan: &Plan, item: Item) -> Result<PayloadView, Text> {
        let config = self.app.config();
        let channel = spec.open(&config.office, &config.base, false).map_err(|error| error.text)?;
        let cx = RenderContext { office: config.office.clone(), at: plan.planned, edition: plan.edition };
        let payload = channel.render(&[item], &cx).map_err(|error| error.0)?;
        Ok(payload_view(&payload, channel.style(), &self.dress))
    }

    fn notes(&self, spec: &ChannelSpec, all: &[ChannelSpec], plan: &Plan, unlinked: bool) -> Vec<Text> {
        let mut notes = Vec::new();
        if let Some((_, pause)) = self.pauses.iter().find(|(channel, _)| *channel == spec.channel) {
            let Text { vi, en } = &pause.note;
            notes.push(Text {
                vi: format!("Kênh đang tạm dừng: {vi}. Bài chờ đến khi kênh chạy lại."),
                en: format!("The channel is paused: {en}. The article waits until it goes on."),
            });
        }
        if plan.approval {
            notes.push(text!(
                "Kênh này cần người duyệt trước khi phát.",
                "Somebody has to approve it before it goes out here."
            ));
        }
        if plan.edition.is_some() {
            notes.push(text!(
                "Bài vào một bản tin; bản tin có thể còn bài khác. Ở đây chỉ xem phần của bài này.",
                "It goes into an edition, perhaps with others; here it stands alone."
            ));
        }
        if self.article.expires_at.is_some_and(|at| at <= plan.due) {
            notes.push(text!(
                "Bài hết hạn trước giờ phát, nên sẽ được giữ lại chờ người quyết định.",
                "It expires before it would go out, so it will be held."
            ));
        }
        let after = spec.schedule.after.as_ref().filter(|_| unlinked);
        if let Some(followed) = after.and_then(|after| all.iter().find(|other| other.channel == *after)) {
            let name = &followed.name;
            notes.push(text!(
                "Địa chỉ dẫn về {name} được điền khi kênh đó đăng xong.",
                "The link to {name} is put in when the article stands there."
            ));
        }
        notes
    }
}
