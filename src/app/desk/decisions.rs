//! Deciding about articles and deliveries.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;

use super::shown::{Dress, payload_view};
use crate::app::App;
use crate::article::ArticleId;
use crate::channel::RenderContext;
use crate::console::{Decisions, Proof, Unable};
use crate::delivery::{Approved, Delivery, DeliveryId, Event, Hold, Plan, State, Why};
use crate::dispatch::item;
use crate::intake::IntakeError;
use crate::queue::{Answer, By, Refusable};
use crate::schedule::{Approval, Change};
use crate::text;
use crate::text::Text;

/// What was shown this long ago is looked at again before it is approved.
const FRESH: TimeDelta = TimeDelta::hours(12);
/// Longest word of an officer, in characters.
const LONGEST: usize = 500;

fn unknown(id: DeliveryId) -> Text {
    text!("không có lượt phát số {id}", "there is no delivery {id}")
}

/// An officer's own words: there are some, and not too many.
fn words(written: &str) -> Result<String, Text> {
    let words = written.trim();
    match words.chars().count() {
        0 => Err(text!("hãy ghi một lời", "say why")),
        1..=LONGEST => Ok(words.to_owned()),
        _ => Err(text!("dài quá {LONGEST} chữ", "this is longer than {LONGEST} characters")),
    }
}

impl App {
    /// When a delivery goes on: at once, or at the channel's next slot. Lateness is counted from now.
    async fn plan_of(&self, id: DeliveryId) -> Refusable<(Delivery, Plan)> {
        let Some(row) = self.ledger().delivery(id).await? else { return Ok(Err(unknown(id))) };
        let article = self.ledger().content(row.delivery.article).await?;
        let plan = self.plan(&row.delivery, &article);
        Ok(Ok((row.delivery, plan)))
    }

    /// What would be sent, and by which plan; `dressed`: to be seen, with its pictures.
    async fn proof_of(&self, id: DeliveryId, seen: DateTime<Utc>, dressed: bool) -> Refusable<(Proof, Plan)> {
        let Some(row) = self.ledger().delivery(id).await? else { return Ok(Err(unknown(id))) };
        let waits = matches!(row.delivery.state, State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } });
        if !waits {
            return Ok(Err(text!("lượt phát {id} không chờ duyệt", "delivery {id} does not wait for approval")));
        }
        let name = &row.delivery.channel;
        let specs = self.specs();
        let Some(spec) = specs.iter().find(|spec| spec.channel == *name) else {
            return Ok(Err(text!(
                "kênh {name} không còn tệp trong channels/",
                "channel {name} has no file in channels/ any more"
            )));
        };
        let after = spec.schedule.after.clone();
        let considered = self.queue().consider(id, after.clone()).await?;
        let Some((considered, revision)) = considered.and_then(|one| one.item.action.revision().map(|r| (one, r)))
        else {
            return Ok(Err(text!("lượt phát {id} không chờ duyệt", "delivery {id} does not wait for approval")));
        };
        let by_schedule = || spec.schedule.plan(&considered.item.article, Change::Content, seen);
        let plan = considered.delivery.going_on(seen).unwrap_or_else(by_schedule);
        let channel = match spec.open(&self.config.office, &self.config.base, false) {
            Ok(channel) => channel,
            Err(error) => return Ok(Err(error.text)),
        };
        let cx = RenderContext { office: self.config.office.clone(), at: plan.planned, edition: plan.edition };
        let payload = match channel.render(&[item(&considered.item)], &cx) {
            Ok(payload) => payload,
            Err(error) => return Ok(Err(error.0)),
        };
        let not_yet = after.filter(|_| !considered.after_ready).map(|after| {
            text!(
                "kênh {after} chưa có địa chỉ công khai của bài, nên nội dung còn thay đổi; duyệt sau khi kênh đó đã phát",
                "{after} has no public address for it yet, so the payload will change; approve it once {after} shows it"
            )
        });
        let dress = if dressed { self.dress(&considered.item.article).await } else { Ok(Dress::default()) };
        let dress = match dress {
            Ok(dress) => dress,
            Err(Unable::Store(error)) => return Err(error),
            Err(Unable::Refused(text)) => return Ok(Err(text)),
            Err(Unable::Missing) => return Ok(Err(unknown(id))),
        };
        let proof = Proof {
            view: payload_view(&payload, channel.style(), &dress),
            delivery: considered.delivery,
            revision,
            extension: payload.extension,
            bytes: payload.bytes.into(),
            due: plan.due,
            not_yet,
            by_another: spec.schedule.approval == Approval::ByAnother,
        };
        Ok(Ok((proof, plan)))
    }

    async fn approve_now(&self, id: DeliveryId, hash: &str, seen: DateTime<Utc>, by: By) -> Refusable<Delivery> {
        let (proof, plan) = match self.proof_of(id, seen, false).await? {
            Ok(found) => found,
            Err(refused) => return Ok(Err(refused)),
        };
        let old = seen > by.at || by.at - seen > FRESH || (plan.why == Why::Slot && plan.due <= by.at);
        if old || proof.view.hash != hash {
            return Ok(Err(text!(
                "nội dung đã đổi hoặc trang mở quá lâu; chưa duyệt. Hãy xem lại rồi duyệt",
                "the payload has changed or was shown too long ago; nothing was approved. Look at it again"
            )));
        }
        if let Some(not_yet) = proof.not_yet {
            return Ok(Err(not_yet));
        }
        let approved = Approved { hash: proof.view.hash, at: plan.planned, edition: plan.edition };
        let plan = Plan { approval: false, approved: Some(approved), ..plan };
        let event = Event::Approve { plan, by_another: proof.by_another };
        self.queue().decide(id, event, by.who, by.at).await
    }
}

impl Decisions for App {
    fn withdraw(&self, article: ArticleId, by: By) -> BoxFuture<'_, Refusable<()>> {
        Box::pin(async move {
            let Some(row) = self.ledger().article(article).await? else {
                return Ok(Err(text!("không có bài số {article}", "there is no article {article}")));
            };
            match self.intake().withdraw(row.key, &by.who).await {
                Ok(_) => Ok(Ok(())),
                Err(IntakeError::Store(error)) => Err(error),
                Err(refused) => Ok(Err(refused.text())),
            }
        })
    }

    fn retry(&self, delivery: DeliveryId, by: By) -> BoxFuture<'_, Refusable<Delivery>> {
        Box::pin(async move {
            match self.plan_of(delivery).await? {
                Ok((waits, plan)) => {
                    let plan = waits.going_on(by.at).unwrap_or(plan);
                    self.queue().decide(delivery, Event::Release(plan), by.who, by.at).await
                }
                Err(refused) => Ok(Err(refused)),
            }
        })
    }

    fn resolve(
        &self,
        delivery: DeliveryId,
        went_out: bool,
        recipients: Vec<String>,
        by: By,
    ) -> BoxFuture<'_, Refusable<Delivery>> {
        Box::pin(async move {
            let plan = match self.plan_of(delivery).await? {
                Ok((_, plan)) => plan,
                Err(refused) => return Ok(Err(refused)),
            };
            if recipients.is_empty() {
                return self.queue().decide(delivery, Event::Resolve { went_out, plan }, by.who, by.at).await;
            }
            let recipients = recipients.iter().map(|address| address.trim().to_lowercase()).collect();
            self.queue().answer(delivery, Answer { recipients, went_out }, plan, by.who, by.at).await
        })
    }

    fn resend_missed(&self, delivery: DeliveryId, by: By) -> BoxFuture<'_, Refusable<usize>> {
        Box::pin(async move { self.queue().resend_missed(delivery, by.who, by.at).await })
    }

    fn send_again(&self, delivery: DeliveryId, why: String, by: By) -> BoxFuture<'_, Refusable<Delivery>> {
        Box::pin(async move {
            let why = match words(&why) {
                Ok(why) => why,
                Err(refused) => return Ok(Err(refused)),
            };
            let Some(row) = self.ledger().delivery(delivery).await? else { return Ok(Err(unknown(delivery))) };
            let article = self.ledger().content(row.delivery.article).await?;
            let specs = self.specs();
            let spec = specs.iter().find(|spec| spec.channel == row.delivery.channel);
            let plan = spec.map(|spec| spec.schedule.plan(&article, Change::Content, by.at));
            let plan = Plan { again: Some(by.at), ..plan.unwrap_or_else(|| Plan::at_once(by.at)) };
            self.queue().decide(delivery, Event::SendAgain { plan, why }, by.who, by.at).await
        })
    }

    fn proof(&self, delivery: DeliveryId, seen: DateTime<Utc>, dressed: bool) -> BoxFuture<'_, Refusable<Proof>> {
        Box::pin(async move { Ok(self.proof_of(delivery, seen, dressed).await?.map(|(proof, _)| proof)) })
    }

    fn approve(
        &self,
        delivery: DeliveryId,
        hash: String,
        seen: DateTime<Utc>,
        by: By,
    ) -> BoxFuture<'_, Refusable<Delivery>> {
        Box::pin(async move { self.approve_now(delivery, &hash, seen, by).await })
    }

    fn send_back(&self, delivery: DeliveryId, word: String, by: By) -> BoxFuture<'_, Refusable<Delivery>> {
        Box::pin(async move {
            let word = match words(&word) {
                Ok(word) => word,
                Err(refused) => return Ok(Err(refused)),
            };
            let event = Event::SendBack { who: by.who.clone(), word };
            self.queue().decide(delivery, event, by.who, by.at).await
        })
    }
}
