//! Counts what the public saw against what it should see.
//!
//! ```ignore
//! let mut oracle = Oracle::new();
//! oracle.expect("bai-1", Wanted::Revision(2)).expect("bai-2", Wanted::Withdrawn);
//! oracle.board("webhook", far.sightings("webhook"));
//! oracle.letters("email", ["a@x.vn"], mail.sightings("email"));
//! oracle.undecided(loa_says_uncertain_or_held);
//! oracle.verdict().assert_clean();
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub(crate) use super::public::{Board, Event, Medium, Shown, Sighting, Stale};

/// What the office wants the public to see of an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// This revision, once.
    Revision(u64),
    /// Nothing: withdrawn, or cancelled before it went out.
    Withdrawn,
}

impl From<Option<u64>> for Wanted {
    fn from(latest: Option<u64>) -> Self {
        latest.map_or(Self::Withdrawn, Self::Revision)
    }
}

/// One delivery: the channel's name and the article's key.
pub(crate) type Delivery = (String, String);

/// What should be public, what was, and what loa admits not to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    everywhere: BTreeMap<String, Wanted>,
    by_channel: BTreeMap<Delivery, Option<Wanted>>,
    channels: Vec<Far>,
    undecided: BTreeSet<Delivery>,
    may_double: BTreeSet<Delivery>,
}

#[derive(Clone, Debug)]
struct Far {
    channel: String,
    medium: Medium,
    audience: Vec<String>,
    history: Vec<Sighting>,
}

impl Oracle {
    /// Expects nothing yet, knows no channel yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Every channel should show this.
    pub(crate) fn expect(&mut self, article: impl Into<String>, wanted: impl Into<Wanted>) -> &mut Self {
        self.everywhere.insert(article.into(), wanted.into());
        self
    }

    /// Every channel should show these: key → `Some(latest revision)`, or `None` when withdrawn.
    pub(crate) fn expect_all<K: Into<String>>(
        &mut self,
        articles: impl IntoIterator<Item = (K, Option<u64>)>,
    ) -> &mut Self {
        for (article, latest) in articles {
            self.expect(article, latest);
        }
        self
    }

    /// This channel should show this, whatever the others do.
    pub(crate) fn expect_on(&mut self, channel: &str, article: &str, wanted: impl Into<Wanted>) -> &mut Self {
        self.by_channel.insert(delivery(channel, article), Some(wanted.into()));
        self
    }

    /// This channel must never show the article: not routed, rehearsal, refused for good.
    pub(crate) fn never_on(&mut self, channel: &str, article: &str) -> &mut Self {
        self.by_channel.insert(delivery(channel, article), None);
        self
    }

    /// Adds a channel that everybody sees alike.
    pub(crate) fn board(&mut self, channel: &str, history: Vec<Sighting>) -> &mut Self {
        self.far_side(channel, Medium::Board, [""], history)
    }

    /// Adds a channel of letters, where each of `audience` should get everything.
    pub(crate) fn letters<A: Into<String>>(
        &mut self,
        channel: &str,
        audience: impl IntoIterator<Item = A>,
        history: Vec<Sighting>,
    ) -> &mut Self {
        self.far_side(channel, Medium::Letters, audience, history)
    }

    /// Adds a channel of any medium.
    pub(crate) fn far_side<A: Into<String>>(
        &mut self,
        channel: &str,
        medium: Medium,
        audience: impl IntoIterator<Item = A>,
        history: Vec<Sighting>,
    ) -> &mut Self {
        let audience = audience.into_iter().map(Into::into).collect();
        self.channels.push(Far { channel: channel.to_owned(), medium, audience, history });
        self
    }

    /// Deliveries that loa itself reports as uncertain or held: not being there, or not being up to
    /// date, is explained. A double is not, nor is an older revision put over a newer one.
    pub(crate) fn undecided(&mut self, deliveries: impl IntoIterator<Item = Delivery>) -> &mut Self {
        self.undecided.extend(deliveries);
        self
    }

    /// Deliveries for which loa recorded that a double is possible (mail lost after its final dot).
    pub(crate) fn may_have_doubled(&mut self, deliveries: impl IntoIterator<Item = Delivery>) -> &mut Self {
        self.may_double.extend(deliveries);
        self
    }

    /// Compares. Reads only what it was given, so it can be asked again after more was added.
    pub(crate) fn verdict(&self) -> Verdict {
        let mut verdict = Verdict::default();
        for far in &self.channels {
            self.judge(far, &mut verdict);
        }
        verdict
    }

    fn wanted_on(&self, channel: &str, article: &str) -> Option<Wanted> {
        let everywhere = self.everywhere.get(article).copied();
        self.by_channel.get(&delivery(channel, article)).copied().unwrap_or(everywhere)
    }

    fn articles_on(&self, channel: &str) -> BTreeMap<&str, Wanted> {
        let here = self.by_channel.keys().filter(|(on, _)| on == channel).map(|(_, article)| article);
        let articles = self.everywhere.keys().chain(here);
        articles.filter_map(|article| Some((article.as_str(), self.wanted_on(channel, article)?))).collect()
    }

    fn judge(&self, far: &Far, verdict: &mut Verdict) {
        let board = Board::replayed(far.medium, &far.history);
        let about = |audience: &str, article: &str, what: String| Finding {
            channel: far.channel.clone(),
            audience: audience.to_owned(),
            article: article.to_owned(),
            what,
        };
        for (article, wanted) in self.articles_on(&far.channel) {
            if self.undecided.contains(&delivery(&far.channel, article)) {
                continue;
            }
            for audience in &far.audience {
                let shown = board.shown(audience, article);
                match out_of_line(far.medium, wanted, &shown) {
                    None => {}
                    Some(Mismatch::Lost(what)) => verdict.lost.push(about(audience, article, what)),
                    Some(Mismatch::Stale(what)) => {
                        verdict.stale.push(about(audience, article, what));
                    }
                }
            }
        }
        for double in &board.doubles {
            if !self.may_double.contains(&delivery(&far.channel, &double.article)) {
                let what = format!("{} again at revision {}", double.event, double.revision);
                verdict.doubled.push(about(&double.audience, &double.article, what));
            }
        }
        for Stale { sighting, newest, withdrawn } in &board.stale {
            let before = if *withdrawn { "withdrawn at revision" } else { "already at revision" };
            let what = format!("{} revision {} when it was {before} {newest}", sighting.event, sighting.revision);
            verdict.stale.push(about(&sighting.audience, &sighting.article, what));
        }
        for (audience, article) in board.ever_seen() {
            if self.wanted_on(&far.channel, article).is_none() {
                verdict.unexpected.push(about(audience, article, "nobody asked for it here".to_owned()));
            } else if !far.audience.iter().any(|known| known == audience) {
                verdict.unexpected.push(about(audience, article, "not in this audience".to_owned()));
            }
        }
    }
}

enum Mismatch {
    Lost(String),
    Stale(String),
}

fn out_of_line(medium: Medium, wanted: Wanted, shown: &Shown) -> Option<Mismatch> {
    match (wanted, shown.copies.iter().min()) {
        (Wanted::Revision(revision), None) => {
            let instead = if shown.withdrawn { "it was withdrawn" } else { "nothing is there" };
            Some(Mismatch::Lost(format!("wanted revision {revision}, {instead}")))
        }
        (Wanted::Revision(revision), Some(oldest)) if *oldest != revision => {
            Some(Mismatch::Stale(format!("wanted revision {revision}, revision {oldest} is shown")))
        }
        (Wanted::Withdrawn, Some(oldest)) if medium != Medium::LettersWithoutRecall => {
            Some(Mismatch::Stale(format!("wanted it withdrawn, revision {oldest} is still shown")))
        }
        _ => None,
    }
}

fn delivery(channel: &str, article: &str) -> Delivery {
    (channel.to_owned(), article.to_owned())
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The channel's name.
    pub(crate) channel: String,
    /// The recipient, or `""` on a board.
    pub(crate) audience: String,
    /// The article's key, or its title in a folder.
    pub(crate) article: String,
    /// What is wrong with it.
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, audience, article, what } = self;
        let to = if audience.is_empty() { String::new() } else { format!(" to {audience}") };
        write!(f, "{article} on {channel}{to}: {what}")
    }
}

/// Everything that is not as it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Wanted and not there.
    pub(crate) lost: Vec<Finding>,
    /// There more than once.
    pub(crate) doubled: Vec<Finding>,
    /// Older than what is wanted, or than what had been there.
    pub(crate) stale: Vec<Finding>,
    /// There, and nobody asked for it.
    pub(crate) unexpected: Vec<Finding>,
}

impl Verdict {
    /// Whether the promises hold.
    pub(crate) fn is_clean(&self) -> bool {
        self.parts().iter().all(|(_, findings)| findings.is_empty())
    }

    /// Panics with every finding unless the promises hold.
    pub(crate) fn assert_clean(&self) {
        assert!(self.is_clean(), "{self}");
    }

    /// Puts two verdicts together, for instance of channels and of folders.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.stale.extend(other.stale);
        self.unexpected.extend(other.unexpected);
        self
    }

    fn parts(&self) -> [(&str, &[Finding]); 4] {
        [("lost", &self.lost), ("doubled", &self.doubled), ("stale", &self.stale), ("unexpected", &self.unexpected)]
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_clean() {
            return f.write_str("nothing lost, nothing doubled, nothing stale, nothing unexpected");
        }
        let counts: Vec<_> = self.parts().iter().map(|(name, found)| format!("{} {name}", found.len())).collect();
        write!(f, "{}", counts.join(", "))?;
        for (name, findings) in self.parts() {
            for finding in findings {
                write!(f, "\n  {name}: {finding}")?;
            }
        }
        Ok(())
    }
}
