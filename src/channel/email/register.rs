//! Puts letters on record as begun, those of all sessions together: each waits for one commit, and no commit is for one
//! letter only while others wait.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use crate::channel::{Copies, CopyChange, Departures, Leave, SendError};
use crate::text;

/// Letters that may wait for one commit; there are never more sessions.
const MOST: usize = 64;

/// Where sessions ask whether their next letter may leave.
pub(super) struct Register(mpsc::Sender<Departing>);

struct Departing {
    recipient: String,
    news: Vec<(String, CopyChange)>,
    answer: oneshot::Sender<Result<Leave, SendError>>,
}

impl Register {
    /// For one round; `withdraw`: its letters say that the article is withdrawn.
    pub(super) fn open(copies: Arc<dyn Copies>, withdraw: bool) -> Self {
        let (ask, asked) = mpsc::channel(MOST);
        tokio::spawn(keep(copies, withdraw, asked));
        Self(ask)
    }

    /// Whether this letter may leave now; what has become of others is on disk by then.
    pub(super) async fn begin(&self, recipient: &str, news: Vec<(String, CopyChange)>) -> Result<Leave, SendError> {
        let (answer, answered) = oneshot::channel();
        let departing = Departing { recipient: recipient.to_owned(), news, answer };
        let gone = || SendError::transient(text!("sổ thư đã đóng", "the register of letters is closed"));
        self.0.send(departing).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

async fn keep(copies: Arc<dyn Copies>, withdraw: bool, mut asked: mpsc::Receiver<Departing>) {
    while let Some(first) = asked.recv().await {
        let mut together = vec![first];
        while let Ok(next) = asked.try_recv() {
            together.push(next);
        }
        let mut departures = Departures { withdraw, ..Departures::default() };
        for departing in &mut together {
            departures.recipients.push(departing.recipient.clone());
            departures.news.append(&mut departing.news);
        }
        // A session that does not wait any more is at its end: its letter is on record as begun.
        match copies.begin(departures).await {
            Ok(leaves) => {
                for (departing, leave) in together.into_iter().zip(leaves) {
                    drop(departing.answer.send(Ok(leave)));
                }
            }
            Err(error) => {
                for departing in together {
                    drop(departing.answer.send(Err(error.clone())));
                }
            }
        }
    }
}
