//! What the public saw, and what it can see now: a history of sightings and its replay.

use std::collections::BTreeMap;
use std::fmt;

/// One thing that became visible to someone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    /// The channel's name, as the test calls it.
    pub(crate) channel: String,
    /// Who saw it: an email recipient, or `""` where everybody looks at the same board.
    pub(crate) audience: String,
    /// The article's key.
    pub(crate) article: String,
    /// The revision that was shown.
    pub(crate) revision: u64,
    /// What was done to the public copy.
    pub(crate) event: Event,
}

/// What a sighting did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Event {
    /// A new copy appeared.
    Published,
    /// Existing copies changed.
    Corrected,
    /// The copies were taken back.
    Withdrawn,
}

impl Event {
    /// Reads `article.published`, `published` and so on.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name.strip_prefix("article.").unwrap_or(name) {
            "published" => Some(Self::Published),
            "corrected" => Some(Self::Corrected),
            "withdrawn" => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
        })
    }
}

impl fmt::Display for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, audience, article, revision, event } = self;
        write!(f, "{channel}: {article} revision {revision} {event}")?;
        if audience.is_empty() { Ok(()) } else { write!(f, " to {audience}") }
    }
}

/// How a channel shows things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Medium {
    /// One place that everybody looks at; copies can be changed and removed, repeating a change is harmless.
    #[default]
    Board,
    /// Letters: what was sent stays sent, so the same correction twice is a double, and a withdrawal is a letter too.
    Letters,
    /// Letters of an office that sends no recalls: a withdrawn article may stay in the mailboxes.
    LettersWithoutRecall,
}

/// What stands in public now, for one channel, with everything that went wrong on the way there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board {
    medium: Medium,
    shown: BTreeMap<(String, String), Shown>,
    /// Copies or letters that came a second time.
    pub(crate) doubles: Vec<Sighting>,
    /// Sightings that put something older over something newer, or over a withdrawal.
    pub(crate) stale: Vec<Stale>,
    /// Corrections that met no copy.
    pub(crate) corrected_without_copy: Vec<Sighting>,
}

/// The public copies of one article for one audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The revision of each visible copy; empty when nothing is visible.
    pub(crate) copies: Vec<u64>,
    /// The newest revision that was ever visible or withdrawn.
    pub(crate) newest: u64,
    /// Whether the last word was a withdrawal.
    pub(crate) withdrawn: bool,
}

/// An older revision that came after a newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stale {
    /// What came late.
    pub(crate) sighting: Sighting,
    /// The revision that the public had already seen.
    pub(crate) newest: u64,
    /// Whether that revision had been withdrawn.
    pub(crate) withdrawn: bool,
}

impl Board {
    /// An empty board or an empty pile of letters.
    pub(crate) fn new(medium: Medium) -> Self {
        Self { medium, ..Self::default() }
    }

    /// Replays a whole history.
    pub(crate) fn replayed<'a>(medium: Medium, history: impl IntoIterator<Item = &'a Sighting>) -> Self {
        let mut board = Self::new(medium);
        for sighting in history {
            board.apply(sighting);
        }
        board
    }

    /// Lets the public see one more thing, as obediently as a far side does: late or not, it is shown.
    pub(crate) fn apply(&mut self, sighting: &Sighting) {
        let key = (sighting.audience.clone(), sighting.article.clone());
        let shown = self.shown.entry(key).or_default();
        let older = sighting.revision < shown.newest;
        let comes_back = shown.withdrawn && sighting.event != Event::Withdrawn && sighting.revision <= shown.newest;
        if older || comes_back {
            let (newest, withdrawn) = (shown.newest, shown.withdrawn);
            self.stale.push(Stale { sighting: sighting.clone(), newest, withdrawn });
        }
        let letters = self.medium != Medium::Board;
        let doubled = match sighting.event {
            Event::Published => !shown.copies.is_empty(),
            Event::Corrected => letters && shown.copies.contains(&sighting.revision),
            Event::Withdrawn => letters && shown.withdrawn,
        };
        if doubled {
            self.doubles.push(sighting.clone());
        }
        match sighting.event {
            Event::Published => {
                shown.copies.push(sighting.revision);
                shown.withdrawn = false;
            }
            Event::Corrected if shown.copies.is_empty() => {
                self.corrected_without_copy.push(sighting.clone());
                // A board has nothing to change; a letter is read all the same.
                if letters {
                    shown.copies.push(sighting.revision);
                    shown.withdrawn = false;
                }
            }
            Event::Corrected => shown.copies.iter_mut().for_each(|copy| *copy = sighting.revision),
            Event::Withdrawn => {
                shown.copies.clear();
                shown.withdrawn = true;
            }
        }
        shown.newest = shown.newest.max(sighting.revision);
    }

    /// What one audience sees of one article now; use `""` for a board.
    pub(crate) fn shown(&self, audience: &str, article: &str) -> Shown {
        self.shown.get(&(audience.to_owned(), article.to_owned())).cloned().unwrap_or_default()
    }

    /// How many public copies of the article stand now, over all audiences.
    pub(crate) fn copies_of(&self, article: &str) -> usize {
        self.shown.iter().filter(|((_, key), _)| key == article).map(|(_, shown)| shown.copies.len()).sum()
    }

    /// The articles that were ever seen, with the audience that saw them.
    pub(crate) fn ever_seen(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shown.keys().map(|(audience, article)| (audience.as_str(), article.as_str()))
    }
}
