//! What the speech check flags in the editions to come, looked at once for each article and each state of the files.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::shown::{Dress, payload_view};
use crate::app::App;
use crate::article::{Article, Revision};
use crate::channel::{Item, RenderContext};
use crate::config::ChannelSpec;
use crate::console::{Doubt, Flagged};
use crate::delivery::{Action, Live, Slot};
use crate::ledger::Ledger as _;
use crate::queue::{Editions as _, StoreError};

/// So many items of an edition are looked at.
const LOOKED_AT: u32 = 20;
/// So many articles are remembered.
const REMEMBERED: usize = 500;

/// The doubts of articles on channels, by channel and content.
#[derive(Default)]
pub(super) struct Flags {
    /// The files that they were read with.
    specs: Option<Arc<[ChannelSpec]>>,
    known: HashMap<(String, String), Vec<Doubt>>,
}

impl App {
    pub(super) async fn flagged_now(&self) -> Result<Vec<Flagged>, StoreError> {
        let specs = self.specs();
        let mut flagged = Vec::new();
        for spec in specs.iter().filter(|spec| spec.enabled && spec.kind.spoken) {
            for edition in self.store.coming(spec.channel.clone(), 1, LOOKED_AT).await? {
                for item in edition.items.iter().filter(|item| item.action != Action::Withdraw.name()) {
                    let article = self.store.content(item.article).await?;
                    let doubts = self.doubts_of(&specs, spec, article, edition.slot).await;
                    if !doubts.is_empty() {
                        let (title, channel) = (item.title.clone(), spec.name.clone());
                        flagged.push(Flagged { article: item.article, title, channel, slot: edition.slot, doubts });
                    }
                }
            }
        }
        Ok(flagged)
    }

    async fn doubts_of(
        &self,
        specs: &Arc<[ChannelSpec]>,
        spec: &ChannelSpec,
        article: Arc<Article>,
        slot: Slot,
    ) -> Vec<Doubt> {
        let key = (spec.channel.clone(), article.content_hash());
        {
            let mut flags = self.hands.flags.lock().unwrap_or_else(PoisonError::into_inner);
            // With other files everything may be read otherwise.
            if flags.specs.as_ref().is_none_or(|before| !Arc::ptr_eq(before, specs)) || flags.known.len() >= REMEMBERED
            {
                *flags = Flags { specs: Some(Arc::clone(specs)), known: HashMap::new() };
            }
            if let Some(doubts) = flags.known.get(&key) {
                return doubts.clone();
            }
        }
        let (config, spec) = (Arc::clone(&self.config), spec.clone());
        let read = move || {
            let channel = spec.open(&config.office, &config.base, false).ok()?;
            let item = Item {
                revision: Revision::FIRST,
                action: Action::Create(Revision::FIRST),
                live: Live::Nothing,
                published: article.published_at.unwrap_or(slot),
                updated: slot,
                link: article.canonical_url.clone(),
                again: None,
                article,
            };
            let cx = RenderContext { office: config.office.clone(), at: slot, edition: Some(slot) };
            let payload = channel.render(&[item], &cx).ok()?;
            Some(payload_view(&payload, None, &Dress::default()).doubts)
        };
        // What cannot be read aloud at all is told elsewhere: when it is previewed, and when it fails.
        let doubts = tokio::task::spawn_blocking(read).await.ok().flatten().unwrap_or_default();
        let mut flags = self.hands.flags.lock().unwrap_or_else(PoisonError::into_inner);
        if flags.specs.as_ref().is_some_and(|now| Arc::ptr_eq(now, specs)) {
            flags.known.insert(key, doubts.clone());
        }
        doubts
    }
}
