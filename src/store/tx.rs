//! One transaction, as decisions see it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::ceiling::{Ceiling, Leaves, Level};
use super::contents::{Contents, Found, Which};
use super::db::{Arg, Connection, Sql, args};
use super::deliveries::{load, versions};
use crate::delivery::{Delivery, DeliveryId};
use crate::queue::StoreError;

/// Wakes the workers of every channel.
pub(super) const EVERY_CHANNEL: &str = "";

/// Most deliveries that are remembered; what never came back is forgotten.
const REMEMBERED: usize = 4_096;

/// The connection, and what follows once the transaction is on disk.
pub(super) struct Tx {
    pub(super) connection: Connection,
    pub(super) contents: Contents,
    /// How far a file may grow.
    ceiling: Option<Arc<Ceiling>>,
    /// There was so much room when the transaction began that nobody has to look again.
    roomy: bool,
    /// What this process has leased, as it was then.
    leased: HashMap<DeliveryId, Delivery>,
    /// Channels with something new.
    pub(super) woken: BTreeSet<String>,
    /// Channels whose worker waited in line and has an answer: it need not be woken.
    pub(super) called: BTreeSet<String>,
    /// Decisions that were written and are not in the chain yet.
    pub(super) recorded: BTreeSet<i64>,
}

impl Tx {
    pub(super) fn new(connection: Connection, contents: Contents, ceiling: Option<Arc<Ceiling>>) -> Self {
        Self {
            connection,
            contents,
            ceiling,
            roomy: false,
            leased: HashMap::new(),
            woken: BTreeSet::new(),
            called: BTreeSet::new(),
            recorded: BTreeSet::new(),
        }
    }

    /// What these revisions say.
    pub(super) async fn contents(&mut self, which: impl IntoIterator<Item = Which>) -> Result<Found, StoreError> {
        self.contents.get(&mut self.connection, which).await
    }

    /// Remembers what is leased: most of it comes back unchanged, to be settled.
    pub(super) fn remember(&mut self, leased: &Delivery) {
        if self.leased.len() >= REMEMBERED {
            self.leased.clear();
        }
        self.leased.insert(leased.id, leased.clone());
    }

    /// Those of `ids` that there are, by number, as [`load`] has them; what is remembered is not read again if nobody has
    /// changed it since.
    pub(super) async fn recall(&mut self, ids: &[DeliveryId]) -> Result<Vec<Delivery>, StoreError> {
        let remembered: HashMap<_, _> = ids.iter().filter_map(|id| self.leased.remove_entry(id)).collect();
        let versions = versions(&mut self.connection, remembered.keys()).await?;
        let unchanged = |one: &Delivery| versions.get(&one.id) == Some(&one.version);
        let mut known: Vec<Delivery> = remembered.into_values().filter(unchanged).collect();
        let has: HashSet<DeliveryId> = known.iter().map(|one| one.id).collect();
        let others: Vec<DeliveryId> = ids.iter().copied().filter(|id| !has.contains(id)).collect();
        if !others.is_empty() {
            known.extend(load(&mut self.connection, &others).await?);
        }
        known.sort_unstable_by_key(|one| one.id);
        Ok(known)
    }

    /// Forgets what an undone transaction may have left.
    pub(super) fn forget(&mut self) {
        self.contents.forget();
        self.leased.clear();
    }

    /// At the beginning of a transaction: whether anybody has to mind how full the file is.
    pub(super) async fn look_around(&mut self) -> Result<(), StoreError> {
        if let Some(ceiling) = &self.ceiling {
            self.roomy = ceiling.is_roomy(&mut self.connection).await?;
        }
        Ok(())
    }

    /// How full a file is by now, where that matters; a server minds its own disk.
    pub(super) async fn level(&mut self) -> Result<Option<Level>, StoreError> {
        if self.ceiling.is_none() || self.roomy {
            return Ok(None);
        }
        Ceiling::level(&mut self.connection).await.map(Some)
    }

    /// [`StoreError::Full`] when what was done since `before` does not leave what it has to.
    pub(super) async fn check(&mut self, before: Option<Level>, leaves: &[Leaves]) -> Result<(), StoreError> {
        let (Some(ceiling), Some(before)) = (&self.ceiling, before) else { return Ok(()) };
        ceiling.check(&mut self.connection, before, leaves).await
    }

    /// How many tries more there is room for.
    pub(super) async fn tries(&mut self) -> Result<usize, StoreError> {
        let Some(ceiling) = self.ceiling.as_ref().filter(|_| !self.roomy) else { return Ok(usize::MAX) };
        ceiling.tries(&mut self.connection).await
    }

    /// Before a transaction begins.
    pub(super) async fn mind_the_disk(&mut self) -> Result<(), StoreError> {
        let Some(ceiling) = self.ceiling.as_ref().filter(|_| !self.roomy) else { return Ok(()) };
        ceiling.mind_the_disk(&mut self.connection).await
    }

    /// There may be something new for this channel's workers, here and on other machines.
    pub(super) fn wake(&mut self, channel: &str) {
        if !self.woken.contains(channel) {
            self.woken.insert(channel.to_owned());
        }
    }

    /// Wakes the other machines' workers, once this is committed; `name` says who did.
    pub(super) async fn tell_others(&mut self, name: &str) -> Result<(), StoreError> {
        const TELL: Sql =
            Sql::both("SELECT pg_notify('loa', $2 || ' ' || value) FROM json_array_elements_text($1::json)");
        if self.connection.is_shared() && !self.woken.is_empty() {
            let woken: Vec<&str> = self.woken.iter().map(String::as_str).collect();
            self.connection.execute(TELL, vec![Arg::rows(&woken)?, name.into()]).await?;
        }
        Ok(())
    }

    /// Makes sure that nobody else leases on this channel until the transaction ends; false when somebody does at this
    /// moment. Nobody waits, so nobody waits for each other.
    pub(super) async fn alone_on(&mut self, channel: &str) -> Result<bool, StoreError> {
        const ALONE: Sql =
            Sql::both("SELECT pg_try_advisory_xact_lock(1819238755, hashtext($1))::int::bigint AS alone");
        if !self.connection.is_shared() {
            return Ok(true);
        }
        let row = self.connection.first(ALONE, args![channel]).await?;
        row.map_or(Ok(false), |row| row.flag("alone"))
    }

    /// Waits until nobody else is at this article.
    pub(super) async fn alone_at(&mut self, article: &str) -> Result<(), StoreError> {
        const ALONE: Sql = Sql::both("SELECT pg_advisory_xact_lock(1819238756, hashtext($1))");
        if self.connection.is_shared() {
            self.connection.execute(ALONE, args![article]).await?;
        }
        Ok(())
    }
}
