//! Leasing for several channels at once. What the channels ask for while a transaction commits is found, judged and put on
//! record together: on PostgreSQL in a few exchanges for all of them instead of a few for each.

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::ceiling::Leaves;
use super::due::{Due, Most, due};
use super::judge::{Docket, take};
use super::lease::{alone, lease};
use super::people::standings;
use super::tx::Tx;
use super::writer::Piece;
use crate::delivery::Delivery;
use crate::queue::{LeaseRequest, Leased, StoreError};

/// What one channel asks for.
pub(super) struct Lease {
    pub(super) request: LeaseRequest,
    pub(super) leased: Leased,
    pub(super) answer: oneshot::Sender<Result<Leased, StoreError>>,
}

impl Piece for Lease {
    fn run<'c>(&'c mut self, tx: &'c mut Tx) -> BoxFuture<'c, Result<(), StoreError>> {
        Box::pin(async move {
            self.keep_to(tx.tries().await?);
            self.leased = lease(tx, &self.request).await?;
            Ok(())
        })
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let Self { leased, answer, .. } = *self;
        drop(answer.send(committed.map(|()| leased)));
    }

    fn leaves(&self) -> Leaves {
        if self.leased.work.is_empty() { Leaves::Nothing } else { Leaves::RoomForResults }
    }

    fn lease(&mut self) -> Option<&mut Lease> {
        // Where tries are counted, or an edition is made, the channel is looked at alone.
        (self.request.rate.is_none() && !self.request.gate.bundles()).then_some(self)
    }
}

impl Lease {
    /// Asks for no more than there is room for. One is asked for in any case: that there is none is said when it is taken.
    fn keep_to(&mut self, tries: usize) {
        self.request.most = self.request.most.min(tries.max(1));
    }
}

/// Leases for all of them, each of which is about another channel. One that cannot be done together with the others is
/// done alone.
pub(super) async fn lease_together(tx: &mut Tx, asked: &mut [&mut Lease]) -> Result<(), StoreError> {
    let tries = tx.tries().await? / asked.len().max(1);
    for one in asked.iter_mut() {
        one.keep_to(tries);
    }
    let now = asked.iter().map(|one| one.request.now).min().unwrap_or_default();
    let channels: Vec<String> = asked.iter().map(|one| one.request.channel.clone()).collect();
    let standing = standings(&mut tx.connection, &channels, now).await?;
    let most = asked.iter().map(|one| one.request.most).max().unwrap_or_default();
    let names: Vec<&str> = channels.iter().map(String::as_str).collect();
    let mut due = due(&mut tx.connection, &names, now, Most { waiting: most, uncertain: 1 }).await?;
    let (mut dockets, mut places, mut alone_then) = (Vec::new(), Vec::new(), Vec::new());
    for (place, one) in asked.iter_mut().enumerate() {
        let request = &one.request;
        let Due { mut waiting, uncertain } = due.remove(&request.channel).unwrap_or_default();
        waiting.truncate(request.most);
        match standing.get(&request.channel) {
            Some(standing) => one.leased = standing.keeps_back(),
            // A look-up is due, or an edition, or nothing is.
            _ if waiting.is_empty() || !uncertain.is_empty() || waiting.iter().any(Delivery::is_begun_edition) => {
                alone_then.push(place);
            }
            _ => {
                places.push(place);
                dockets.push((place, waiting));
            }
        }
    }
    let dockets = dockets
        .into_iter()
        .filter_map(|(place, due)| Some(Docket { request: &asked.get(place)?.request, due, edition: None }));
    let taken = take(tx, dockets.collect()).await?;
    for (place, taken) in places.into_iter().zip(taken) {
        let Some(one) = asked.get_mut(place) else { continue };
        if taken.is_empty() {
            // All were moved out of the way: there may be others behind them.
            alone_then.push(place);
        }
        one.leased = Leased { work: alone(taken).collect(), next: None };
    }
    for place in alone_then {
        let Some(one) = asked.get_mut(place) else { continue };
        one.leased = lease(tx, &one.request).await?;
    }
    Ok(())
}
