//! The queue's methods: each is one piece of work for the writer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::Store;
use super::copies::JobCopies;
use super::db::{Sql, args};
use super::people::{self, Decision};
use super::pictures::{self, KeptPictures};
use super::single_copies::{self, Answering};
use super::sweep::{self, Sweep};
use super::{accept, judge, missed, settle};
use crate::article::Kept;
use crate::channel::{Copies, Pictures};
use crate::clock::Clock;
use crate::delivery::{Delivery, DeliveryId, Event, Plan};
use crate::queue::{
    About, Answer, Ask, Considered, Decide, Handover, Leased, OnLost, Pause, Planner, Queue, Settlement, StoreError,
    Verdict, Waiting,
};
use crate::text::Text;

impl Queue for Store {
    fn accept(&self, handover: Handover, decide: Decide) -> BoxFuture<'_, Result<Verdict, StoreError>> {
        Box::pin(
            self.writer
                .record((handover, decide), |tx, (handover, decide)| Box::pin(accept::accept(tx, handover, decide))),
        )
    }

    fn lease(&self, ask: Ask) -> BoxFuture<'_, Result<Leased, StoreError>> {
        Box::pin(self.writer.lease(ask))
    }

    fn wait(&self, channel: &str, ask: Ask) -> Waiting {
        self.writer.line.join(channel.to_owned(), ask)
    }

    fn renew(&self, held: Vec<(DeliveryId, u32)>, until: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.writer.record((held, until), |tx, (held, until)| Box::pin(settle::renew(tx, held, *until))))
    }

    fn settle(&self, settlements: Vec<Settlement>) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.writer.settle(settlements))
    }

    fn sweep(
        &self,
        now: DateTime<Utc>,
        not_of: Option<String>,
        on_lost: OnLost,
    ) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(self.writer.record(Sweep { now, not_of, on_lost }, |tx, asked| Box::pin(sweep::sweep(tx, asked))))
    }

    fn replan(&self, channel: String, schedule: String, planner: Planner) -> BoxFuture<'_, Result<usize, StoreError>> {
        Box::pin(sweep::replan(self, channel, schedule, planner))
    }

    fn planned_by(&self, channel: String) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        Box::pin(sweep::planned_by(self, channel))
    }

    fn decide(
        &self,
        delivery: DeliveryId,
        event: Event,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>> {
        let decision = Decision { id: delivery, event, who, now };
        Box::pin(self.writer.record(decision, |tx, decision| Box::pin(people::decide(tx, decision))))
    }

    fn consider(
        &self,
        delivery: DeliveryId,
        after: Option<String>,
    ) -> BoxFuture<'_, Result<Option<Considered>, StoreError>> {
        Box::pin(
            self.writer
                .record((delivery, after), |tx, (id, after)| Box::pin(judge::consider(tx, *id, after.as_deref()))),
        )
    }

    fn answer(
        &self,
        delivery: DeliveryId,
        answer: Answer,
        plan: Plan,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<Delivery, Text>, StoreError>> {
        let answering = Answering { id: delivery, answer, plan, who, now };
        Box::pin(self.writer.record(answering, |tx, answering| Box::pin(single_copies::answer(tx, answering))))
    }

    fn resend_missed(
        &self,
        delivery: DeliveryId,
        who: String,
        now: DateTime<Utc>,
    ) -> BoxFuture<'_, Result<Result<usize, Text>, StoreError>> {
        Box::pin(self.writer.record((delivery, who, now), |tx, (delivery, who, now)| {
            Box::pin(missed::resend(tx, *delivery, who, *now))
        }))
    }

    fn pause(&self, channel: String, pause: Pause) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(
            self.writer.record((channel, pause), |tx, (channel, pause)| Box::pin(people::pause(tx, channel, pause))),
        )
    }

    fn show_pause(&self, channel: String) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.record(channel, |tx, channel| Box::pin(people::show_pause(tx, channel))))
    }

    fn resume(&self, channel: String, who: String, now: DateTime<Utc>) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(
            self.writer.record((channel, who, now), |tx, (channel, who, now)| {
                Box::pin(people::resume(tx, channel, who, *now))
            }),
        )
    }

    fn throttle(&self, channel: String, until: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(
            self.writer
                .record((channel, until), |tx, (channel, until)| Box::pin(people::throttle(tx, channel, *until))),
        )
    }

    fn paused(&self, channel: String) -> BoxFuture<'_, Result<Option<Pause>, StoreError>> {
        const PAUSE: Sql = Sql::both(
            "SELECT pause, 0 AS id FROM pauses WHERE channel = $1 UNION ALL SELECT pause, id FROM restores \
             WHERE NOT EXISTS (SELECT 1 FROM let_go WHERE channel = $1) ORDER BY id DESC LIMIT 1",
        );
        Box::pin(async move {
            let row = self.readers.first(PAUSE, args![channel]).await?;
            row.map(|row| row.json("pause")).transpose()
        })
    }

    fn copies(&self, channel: &str, job_key: &str, about: About, clock: &Clock) -> Arc<dyn Copies> {
        let (channel, job_key) = (channel.to_owned(), job_key.to_owned());
        let (article, articles) = match about {
            About::Article(id) => (Some(id), vec![id]),
            About::Edition(articles) => (None, articles),
        };
        Arc::new(JobCopies { store: self.clone(), clock: clock.clone(), channel, job_key, article, articles })
    }

    fn keep_picture(&self, kept: Kept, bytes: Vec<u8>, now: DateTime<Utc>) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(
            self.writer
                .run((kept, bytes, now), |tx, (kept, bytes, now)| Box::pin(pictures::keep(tx, kept, bytes, *now))),
        )
    }

    fn pictures(&self) -> Arc<dyn Pictures> {
        Arc::new(KeptPictures(self.clone()))
    }

    fn bell(&self, channel: &str) -> Arc<Notify> {
        self.bells.of(channel)
    }
}
