//! The life of one delivery: every reachable state is visited, beside a far side that keeps the true list of
//! what the public sees.

use std::collections::{BTreeSet, HashMap, VecDeque};

use chrono::{DateTime, TimeDelta, Utc};
use loa::article::{ArticleId, ArticleKey, Revision};
use loa::delivery::{
    Action, Approved, Delivery, DeliveryId, Errand, Event, Hold, Job, Live, Outcome, Plan, Receipt, Refused, Sighting,
    State, Unclear, Wanted, Why, apply, job_key, needed,
};
use loa::text::Text;
use proptest::prelude::*;

/// What the far side is like: the three ways of `Repeat`, the safe one in both of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// Ignores a request whose id it has seen (a Standard Webhooks receiver).
    SafeById,
    /// The same request writes the same place again (a website's page).
    SafeByPlace,
    /// Can be asked; makes a hidden copy first, if it likes.
    AfterLookup,
    /// Can neither be asked nor be told twice.
    Never,
}

const KINDS: [Kind; 4] = [Kind::SafeById, Kind::SafeByPlace, Kind::AfterLookup, Kind::Never];

/// The truth out there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Far {
    /// Revisions that the public sees; more than one is a double post.
    copies: Vec<u32>,
    /// Ids it has seen.
    seen: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    kind: Kind,
    delivery: Delivery,
    far: Far,
    /// The newest revision the office has published.
    newest: u32,
    /// Counts withdrawals: each one is an order of its own.
    withdrawals: u32,
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn note() -> Text {
    Text::same("note")
}

fn plan(approval: bool) -> Plan {
    Plan { approval, ..Plan::at_once(at(0)) }
}

fn approved(hash: &str) -> Plan {
    let approved = Approved { hash: hash.to_owned(), at: at(0), edition: None };
    Plan { approved: Some(approved), ..plan(false) }
}

fn receipt(rehearsal: bool) -> Receipt {
    Receipt { remote_id: "r".to_owned(), url: None, payload_hash: String::new(), rehearsal, seen: None }
}

fn key() -> ArticleKey {
    ArticleKey { source: "cms".to_owned(), external_id: "1".to_owned() }
}

fn rehearsed(live: &Live) -> bool {
    live.receipt().is_some_and(|receipt| receipt.rehearsal)
}

impl World {
    fn new(kind: Kind) -> Self {
        let wanted = Wanted::Revision(Revision::FIRST);
        let delivery = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", wanted, plan(false));
        Self { kind, delivery, far: Far::default(), newest: 1, withdrawals: 0 }
    }

    /// The same world with what only counts upwards folded together.
    fn folded(mut self) -> Self {
        let delivery = &mut self.delivery;
        delivery.version = 0;
        delivery.tries = delivery.tries.min(1);
        if delivery.attempt > 0 {
            delivery.attempt = 1;
        }
        match &mut delivery.state {
            State::Sending { lease, errand } => {
                lease.attempt = 1;
                if let Errand::LookUp(_, looks) = errand {
                    *looks = (*looks).min(1);
                }
            }
            State::Uncertain { looks, .. } => *looks = (*looks).min(1),
            _ => {}
        }
        self
    }

    fn unclear(&self) -> Unclear {
        match self.kind {
            Kind::SafeById | Kind::SafeByPlace => Unclear::Repeat { at: at(1), note: note() },
            Kind::AfterLookup => Unclear::LookUp { at: at(2), note: note() },
            Kind::Never => Unclear::Ask(note()),
        }
    }

    /// The far side takes a job. `None`: it cannot be done there.
    fn taken(&self, job: Job) -> Option<Far> {
        let live = &self.delivery.live;
        let mut far = self.far.clone();
        if rehearsed(live) {
            return Some(far);
        }
        if self.kind == Kind::SafeById {
            let updated = at(i64::from(self.withdrawals));
            if !far.seen.insert(key_of(job.action, live, updated)) {
                return Some(far);
            }
        }
        match (self.kind, job.action, live) {
            (_, Action::Withdraw, _) => far.copies.clear(),
            (Kind::SafeByPlace, Action::Create(revision) | Action::Update(revision), _)
            | (Kind::SafeById, Action::Update(revision), _)
            // The hidden copy is one object: showing it twice shows it once.
            | (_, Action::Create(revision), Live::Staged { .. }) => far.copies = vec![revision.0],
            (_, Action::Create(revision), _) => far.copies.push(revision.0),
            (_, Action::Update(revision), _) => match far.copies.last_mut() {
                Some(copy) => *copy = revision.0,
                None => return None,
            },
        }
        Some(far)
    }

    /// Whether the far side shows that `job` was done.
    fn is_done(&self, job: Job) -> bool {
        match job.action {
            Action::Create(_) => !self.far.copies.is_empty(),
            Action::Update(revision) => self.far.copies == [revision.0],
            Action::Withdraw => self.far.copies.is_empty(),
        }
    }

    /// Everything that can happen here, each with what it does to the far side.
    fn moves(&self, most_revision: u32) -> Vec<(Event, Far)> {
        let same = |event| (event, self.far.clone());
        let mut moves = Vec::new();
        for approval in [false, true] {
            let wants = |wanted| same(Event::Want(wanted, plan(approval)));
            moves.push(wants(Wanted::Withdrawn));
            if self.newest < most_revision {
                moves.push(wants(Wanted::Revision(Revision(self.newest + 1))));
            }
            // An older one coming late. (After a withdrawal the intake itself refuses it.)
            if let Wanted::Revision(now) = self.delivery.wanted {
                moves.extend((1..=now.0).map(|revision| wants(Wanted::Revision(Revision(revision)))));
            }
            moves.push(same(Event::Replan(plan(approval))));
        }
        let (node, until) = ("node".to_owned(), at(3));
        let actions = (1..=self.newest)
            .flat_map(|n| [Action::Create(Revision(n)), Action::Update(Revision(n))])
            .chain([Action::Withdraw]);
        moves.extend(actions.map(|action| {
            same(Event::Lease {
                node: node.clone(),
                since: at(0),
                until,
                rehearsal: false,
                job: Job { action, edition: None },
            })
        }));
        moves.push(same(Event::LeaseLook { node, since: at(0), until }));
        moves.push(same(Event::Postpone { due: at(4), why: Why::Quiet }));
        moves.push(same(Event::Hold(Hold::Late { planned: at(0) })));
        moves.push(same(Event::Unrehearse));
        moves.push(same(Event::Release(plan(false))));
        moves.push(same(Event::Approve { plan: approved("hash"), by_another: false }));
        moves.push(same(Event::SendBack { who: "Lan".to_owned(), word: "sai".to_owned() }));
        let now = self.delivery.attempt;
        for attempt in [now.wrapping_sub(1), now, now + 1] {
            moves.push(same(Event::Renew { attempt, until: at(5) }));
            self.answers(attempt, &mut moves);
            self.sights(attempt, &mut moves);
        }
        match &self.delivery.state {
            State::Sending { errand: Errand::Send(job), .. } => {
                moves.push(same(Event::LeaseLost(self.unclear())));
                moves.extend(self.taken(*job).map(|far| (Event::LeaseLost(self.unclear()), far)));
            }
            State::Uncertain { job, .. } => {
                for went_out in [true, false] {
                    // People tell the truth.
                    if went_out == self.is_done(*job) {
                        moves.push(same(Event::Resolve { went_out, plan: plan(false) }));
                    }
                }
            }
            _ => {
                moves.push(same(Event::Restored(self.unclear())));
                // The backup is older than what the public sees.
                if let (State::Waiting { .. }, Some(action)) = (&self.delivery.state, self.delivery.needed())
                    && let Some(far) = self.taken(Job { action, edition: None })
                {
                    moves.push((Event::Restored(self.unclear()), far));
                }
                moves.push(same(Event::LeaseLost(self.unclear())));
                moves.push(same(Event::Resolve { went_out: true, plan: plan(false) }));
            }
        }
        moves
    }

    fn answers(&self, attempt: u32, moves: &mut Vec<(Event, Far)>) {
        let same = |outcome| (Event::Settle { attempt, outcome }, self.far.clone());
        moves.push(same(Outcome::NotTaken { retry_at: at(1), note: note() }));
        moves.push(same(Outcome::ChannelPaused));
        moves.push(same(Outcome::Unapproved(note())));
        moves.push(same(Outcome::Throttled { until: at(4), note: note() }));
        moves.push(same(Outcome::Edited { seen: "other".to_owned(), note: note() }));
        moves.push(same(Outcome::Refused(note())));
        moves.push(same(Outcome::Unclear(self.unclear())));
        let State::Sending { errand: Errand::Send(job), .. } = &self.delivery.state else {
            moves.push(same(Outcome::Shown(receipt(false))));
            moves.push(same(Outcome::Gone));
            return;
        };
        let live = &self.delivery.live;
        if self.kind == Kind::AfterLookup && matches!(live, Live::Nothing) && matches!(job.action, Action::Create(_)) {
            moves.push(same(Outcome::Staged("draft".to_owned())));
        }
        if let Some(far) = self.taken(*job) {
            let outcome = match job.action {
                Action::Withdraw => Outcome::Gone,
                _ => Outcome::Shown(receipt(rehearsed(live))),
            };
            moves.push((Event::Settle { attempt, outcome }, far.clone()));
            moves.push((Event::Settle { attempt, outcome: Outcome::Unclear(self.unclear()) }, far));
        }
        // The channel rehearses: nobody sees anything.
        if matches!((job.action, live), (Action::Create(_), Live::Nothing)) {
            moves.push(same(Outcome::Shown(receipt(true))));
        }
    }

    fn sights(&self, attempt: u32, moves: &mut Vec<(Event, Far)>) {
        let same = |sighting| (Event::Sighted { attempt, sighting }, self.far.clone());
        moves.push(same(Sighting::Unknown { again: Some(at(2)), note: note() }));
        moves.push(same(Sighting::Unknown { again: None, note: note() }));
        let job = match &self.delivery.state {
            State::Sending { errand, .. } => errand.job(),
            _ => Job { action: Action::Create(Revision(1)), edition: None },
        };
        // The create got as far as a hidden copy.
        if self.kind == Kind::AfterLookup && matches!(job.action, Action::Create(_)) && !self.is_done(job) {
            moves.push(same(Sighting::Staged("draft".to_owned())));
        }
        if self.is_done(job) {
            moves.push(same(Sighting::Present(receipt(false))));
        } else {
            moves.push(same(Sighting::Absent { again: at(6) }));
            moves.push(same(Sighting::GivenUp(note())));
        }
    }

    /// The world after a move, or why there is none. Checks every promise on the way.
    fn step(&self, event: Event, far: Far) -> Result<Self, Refused> {
        let before = &self.delivery;
        let result = apply(before, event.clone());
        let context = || format!("{self:#?}\n{event:?}\n→ {result:#?}");
        check_refusals(before, &event, result.as_ref(), &context);
        let after = result.clone()?;
        check_change(before, &event, &after, &context);
        let mut next = Self { delivery: after, far, ..self.clone() };
        match event {
            Event::Want(Wanted::Revision(revision), _) => next.newest = next.newest.max(revision.0),
            // An order to withdraw what is withdrawn already changes nothing.
            Event::Want(Wanted::Withdrawn, _) if before.wanted != Wanted::Withdrawn => next.withdrawals += 1,
            _ => {}
        }
        next.check_public(&context);
        Ok(next)
    }

    /// What the public sees agrees with what loa believes.
    fn check_public(&self, context: &dyn Fn() -> String) {
        let Self { delivery, far, .. } = self;
        assert!(far.copies.len() <= 1, "two public copies\n{}", context());
        if delivery.state != State::Settled || rehearsed(&delivery.live) {
            return;
        }
        match delivery.wanted {
            Wanted::Revision(revision) => {
                assert_eq!(far.copies, [revision.0], "settled, but the public sees something else\n{}", context());
            }
            Wanted::Withdrawn => assert!(far.copies.is_empty(), "withdrawn, but still public\n{}", context()),
        }
    }
}

/// The id under which a job goes out.
fn key_of(action: Action, live: &Live, updated: DateTime<Utc>) -> String {
    job_key("kênh", &key(), action, live, updated, None)
}

/// What must not be possible.
fn check_refusals(before: &Delivery, event: &Event, result: Result<&Delivery, &Refused>, context: &dyn Fn() -> String) {
    let in_force = match &before.state {
        State::Sending { lease, .. } => Some(lease.attempt),
        _ => None,
    };
    match event {
        Event::Settle { attempt, .. } | Event::Sighted { attempt, .. } | Event::Renew { attempt, .. }
            if in_force != Some(*attempt) =>
        {
            assert!(result.is_err(), "an answer under another lease was taken\n{}", context());
            if in_force.is_some() || *attempt <= before.attempt {
                assert_eq!(result, Err(&Refused::Fenced), "{}", context());
            }
        }
        Event::Lease { .. } | Event::LeaseLook { .. } if in_force.is_some() => {
            assert!(result.is_err(), "leased twice\n{}", context());
        }
        Event::Lease { job, .. } => {
            let may = matches!(before.state, State::Waiting { .. }) && before.needed() == Some(job.action);
            assert_eq!(result.is_ok(), may, "a lease for something else than what is left to do\n{}", context());
        }
        Event::Want(Wanted::Revision(then), _) => {
            if let Wanted::Revision(now) = before.wanted {
                assert_eq!(result.is_err(), *then <= now, "{}", context());
            }
        }
        Event::Release(_) if waits_for_approval(before) => {
            assert!(result.is_err(), "let go without an approval\n{}", context());
        }
        Event::Approve { .. } => {
            assert_eq!(result.is_ok(), waits_for_approval(before), "{}", context());
        }
        Event::Unrehearse if !rehearsed(&before.live) => {
            assert!(result.is_err(), "a real copy was forgotten\n{}", context());
        }
        _ => {}
    }
}

fn waits_for_approval(delivery: &Delivery) -> bool {
    matches!(delivery.state, State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } })
}

/// What must hold of every change.
fn check_change(before: &Delivery, event: &Event, after: &Delivery, context: &dyn Fn() -> String) {
    assert_eq!(after.version, before.version + 1, "{}", context());
    assert!(after.attempt >= before.attempt, "{}", context());
    // A reason, and a next time or a person.
    let (reason, timed) = match &after.state {
        State::Settled => {
            assert_eq!(after.needed(), None, "settled with work left\n{}", context());
            ("settled".to_owned(), true)
        }
        State::Waiting { why, .. } => {
            assert!(after.needed().is_some(), "waits for nothing\n{}", context());
            (why.text().vi, after.state.due().is_some())
        }
        State::Sending { lease, .. } => {
            assert_eq!(lease.attempt, after.attempt, "{}", context());
            (lease.node.clone(), after.state.due().is_some())
        }
        State::Uncertain { look, note, .. } => (note.vi.clone(), look.is_none() || after.state.due() == *look),
        State::Held { why } => {
            assert!(after.needed().is_some(), "a person is asked about nothing\n{}", context());
            (why.text().vi, true)
        }
        State::Failed { why } => {
            assert!(after.needed().is_some(), "failed with nothing left to do\n{}", context());
            (why.vi.clone(), true)
        }
    };
    assert!(!reason.is_empty() && timed, "no reason or no next time\n{}", context());
    // What was approved is wanted still; it becomes approved by a person alone.
    if let Some(approved) = &after.plan.approved {
        assert!(!after.plan.approval, "approved, and yet to be approved\n{}", context());
        assert!(
            matches!(event, Event::Approve { .. }) || before.plan.approved.as_ref() == Some(approved),
            "approved by nobody\n{}",
            context()
        );
        assert!(before.wanted == after.wanted || before.live != Live::Nothing, "{}", context());
    }
    // `wanted` moves by Want alone, and never down.
    if before.wanted != after.wanted {
        assert!(matches!(event, Event::Want(..)), "{}", context());
        if let (Wanted::Revision(was), Wanted::Revision(is)) = (before.wanted, after.wanted) {
            assert!(was < is, "wanted went down\n{}", context());
        }
    }
    if let (Live::Shown { revision: was, .. }, Live::Shown { revision: is, .. }) = (&before.live, &after.live) {
        assert!(was <= is, "an older revision replaced a newer one\n{}", context());
    }
    let never_sent = before.live == Live::Nothing
        && matches!(before.state, State::Waiting { .. } | State::Held { .. } | State::Failed { .. });
    if matches!(event, Event::Want(Wanted::Withdrawn, _)) && never_sent {
        assert_eq!(after.state, State::Settled, "a withdrawal of nothing was queued\n{}", context());
    }
    if let Live::Maybe(sent) = after.live {
        let may = [Action::Create(sent), Action::Withdraw];
        assert!(after.needed().is_some_and(|action| may.contains(&action)), "{}", context());
    }
    check_doubt(before, event, after, context);
}

/// Doubt ends only by knowledge.
fn check_doubt(before: &Delivery, event: &Event, after: &Delivery, context: &dyn Fn() -> String) {
    let still_in_doubt =
        matches!(after.state, State::Uncertain { .. } | State::Sending { errand: Errand::LookUp(..), .. });
    match &before.state {
        State::Uncertain { .. } => {
            let knows = matches!(event, Event::Resolve { .. });
            assert!(knows || still_in_doubt, "doubt went away by itself\n{}", context());
        }
        State::Sending { errand: Errand::LookUp(..), .. } => {
            let seen = |sighting: &Sighting| !matches!(sighting, Sighting::Unknown { .. });
            let knows = matches!(event, Event::Sighted { sighting, .. } if seen(sighting));
            assert!(knows || still_in_doubt, "doubt went away by itself\n{}", context());
        }
        _ => {}
    }
}

struct Walk {
    states: usize,
    changes: usize,
    refusals: usize,
}

/// Visits every world that can be reached with revisions up to `most_revision`.
fn walk(kind: Kind, most_revision: u32) -> Walk {
    let first = World::new(kind).folded();
    let mut number: HashMap<World, usize> = HashMap::from([(first.clone(), 0)]);
    let mut backwards: Vec<Vec<usize>> = vec![Vec::new()];
    let mut at_rest = Vec::new();
    let mut open = VecDeque::from([first]);
    let (mut changes, mut refusals) = (0, 0);
    while let Some(world) = open.pop_front() {
        let here = number[&world];
        if world.delivery.state == State::Settled {
            at_rest.push(here);
        }
        for (event, far) in world.moves(most_revision) {
            let Ok(next) = world.step(event, far) else {
                refusals += 1;
                continue;
            };
            changes += 1;
            // Orders to withdraw differ only while they are on their way.
            if next.withdrawals > most_revision {
                continue;
            }
            let next = next.folded();
            let there = *number.entry(next.clone()).or_insert_with(|| {
                open.push_back(next);
                backwards.push(Vec::new());
                backwards.len() - 1
            });
            backwards[there].push(here);
        }
    }
    // Nothing is lost: from everywhere there is a way to rest.
    let mut reaches = vec![false; backwards.len()];
    let mut open = at_rest;
    while let Some(here) = open.pop() {
        if !std::mem::replace(&mut reaches[here], true) {
            open.extend(&backwards[here]);
        }
    }
    let stuck = number.iter().find(|(_, number)| !reaches[**number]);
    assert!(stuck.is_none(), "no way to rest from {stuck:#?}");
    Walk { states: number.len(), changes, refusals }
}

#[test]
fn every_reachable_state_keeps_every_promise() {
    let mut states = 0;
    for kind in KINDS {
        let walk = walk(kind, 3);
        println!("{kind:?}: {} states, {} changes, {} refusals", walk.states, walk.changes, walk.refusals);
        assert!(walk.states > 100 && walk.refusals > walk.changes / 10, "the walk did not get anywhere");
        states += walk.states;
    }
    println!("states walked: {states}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_random_lives_keep_every_promise(kind in 0..KINDS.len(), picks in prop::collection::vec(any::<u32>(), 1..120)) {
        let mut world = World::new(KINDS[kind]);
        for pick in picks {
            // Moves that change nothing would fill most lives: only those that are possible are drawn.
            let moves = world.moves(9);
            let possible: Vec<World> =
                moves.into_iter().filter_map(|(event, far)| world.step(event, far).ok()).collect();
            prop_assert!(!possible.is_empty(), "nothing can happen any more in {world:?}");
            let pick = usize::try_from(pick).unwrap_or(0) % possible.len();
            world = possible[pick].clone();
        }
    }
}

#[test]
fn the_table_of_what_is_left_to_do() {
    let shown = |n| Live::Shown { revision: Revision(n), receipt: receipt(false) };
    let staged = Live::Staged { revision: Revision(1), remote_id: "draft".to_owned() };
    let rows = [
        (Wanted::Revision(Revision(2)), Live::Nothing, Some(Action::Create(Revision(2)))),
        (Wanted::Revision(Revision(2)), staged.clone(), Some(Action::Create(Revision(2)))),
        (Wanted::Revision(Revision(2)), Live::Maybe(Revision(1)), Some(Action::Create(Revision(1)))),
        (Wanted::Revision(Revision(2)), shown(1), Some(Action::Update(Revision(2)))),
        (Wanted::Revision(Revision(2)), shown(2), None),
        (Wanted::Withdrawn, Live::Nothing, None),
        (Wanted::Withdrawn, staged, Some(Action::Withdraw)),
        (Wanted::Withdrawn, Live::Maybe(Revision(1)), Some(Action::Withdraw)),
        (Wanted::Withdrawn, shown(2), Some(Action::Withdraw)),
    ];
    for (wanted, live, expected) in rows {
        assert_eq!(needed(wanted, &live), expected, "{wanted:?} with {live:?}");
    }
}

#[test]
fn two_corrections_while_a_channel_is_down_become_one_update() {
    let mut world = World::new(Kind::SafeByPlace);
    world.delivery.live = Live::Shown { revision: Revision(1), receipt: receipt(false) };
    world.delivery.state = State::Settled;
    let mut delivery = world.delivery;
    for revision in [2, 3] {
        delivery = apply(&delivery, Event::Want(Wanted::Revision(Revision(revision)), plan(false))).unwrap();
    }
    assert_eq!(delivery.needed(), Some(Action::Update(Revision(3))));
}

/// A mailing of revision 1 of which some copies are in doubt.
fn told_but_for_a_few() -> Delivery {
    let first = Delivery::new(DeliveryId(1), ArticleId(1), "thư", Wanted::Revision(Revision::FIRST), plan(false));
    let job = Job { action: Action::Create(Revision::FIRST), edition: None };
    let leased =
        apply(&first, Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job })
            .unwrap();
    let outcome = Outcome::InDoubt { receipt: receipt(false), note: note() };
    let after = apply(&leased, Event::Settle { attempt: 1, outcome }).unwrap();
    assert_eq!(after.state, State::Uncertain { job, look: None, looks: 0, note: note() });
    after
}

#[test]
fn single_copies_in_doubt_keep_no_correction_and_no_withdrawal_from_the_others() {
    let corrected =
        apply(&told_but_for_a_few(), Event::Want(Wanted::Revision(Revision(2)), plan(false))).expect("a correction");
    assert!(matches!(corrected.state, State::Waiting { .. }), "{corrected:?}");
    assert_eq!(corrected.needed(), Some(Action::Update(Revision(2))));
    let withdrawn = apply(&told_but_for_a_few(), Event::Want(Wanted::Withdrawn, plan(false))).expect("a withdrawal");
    assert!(matches!(withdrawn.state, State::Waiting { .. }), "{withdrawn:?}");
    assert_eq!(withdrawn.needed(), Some(Action::Withdraw));
}

#[test]
fn a_correction_that_came_while_the_first_letters_left_follows_them_though_some_are_in_doubt() {
    let first = Delivery::new(DeliveryId(1), ArticleId(1), "thư", Wanted::Revision(Revision::FIRST), plan(false));
    let job = Job { action: Action::Create(Revision::FIRST), edition: None };
    let leased =
        apply(&first, Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job })
            .unwrap();
    let wanted = apply(&leased, Event::Want(Wanted::Revision(Revision(2)), plan(false))).unwrap();
    let outcome = Outcome::InDoubt { receipt: receipt(false), note: note() };
    let after = apply(&wanted, Event::Settle { attempt: 1, outcome }).unwrap();
    assert!(matches!(after.state, State::Waiting { .. }), "{after:?}");
    assert_eq!(after.needed(), Some(Action::Update(Revision(2))));
}

#[test]
fn what_a_person_says_of_copies_in_doubt_ends_the_doubt() {
    let resolve = |went_out| apply(&told_but_for_a_few(), Event::Resolve { went_out, plan: plan(false) }).unwrap();
    let there = resolve(true);
    assert_eq!((&there.state, there.live.receipt()), (&State::Settled, Some(&receipt(false))));
    // Nobody has it: the whole job is done again, as new.
    let absent = resolve(false);
    assert_eq!((&absent.live, absent.needed()), (&Live::Nothing, Some(Action::Create(Revision::FIRST))));
    // Some do not have it: the job is finished for them, and until then it is not over.
    let action = Action::Create(Revision::FIRST);
    let missed = apply(&told_but_for_a_few(), Event::Missed { action, plan: plan(false) }).unwrap();
    assert_eq!((&missed.live, missed.needed()), (&Live::Maybe(Revision::FIRST), Some(action)));
}

#[test]
fn a_withdrawal_that_a_few_may_not_have_had_waits_for_a_person() {
    let withdrawn = apply(&told_but_for_a_few(), Event::Want(Wanted::Withdrawn, plan(false))).unwrap();
    let job = Job { action: Action::Withdraw, edition: None };
    let leased =
        apply(&withdrawn, Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job })
            .unwrap();
    let outcome = Outcome::InDoubt { receipt: receipt(false), note: note() };
    let after = apply(&leased, Event::Settle { attempt: 2, outcome }).unwrap();
    assert!(matches!(after.state, State::Uncertain { .. }), "{after:?}");
    let known = apply(&after, Event::Resolve { went_out: true, plan: plan(false) }).unwrap();
    assert_eq!((known.state, known.live), (State::Settled, Live::Nothing));
}

#[test]
fn what_part_of_the_audience_has_is_finished_or_taken_back_after_a_look_and_never_forgotten() {
    let first = Delivery::new(DeliveryId(1), ArticleId(1), "thư", Wanted::Revision(Revision::FIRST), plan(false));
    let job = Job { action: Action::Create(Revision::FIRST), edition: Some(at(9)) };
    let leased =
        apply(&first, Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job })
            .unwrap();
    let lost = apply(&leased, Event::LeaseLost(Unclear::LookUp { at: at(4), note: note() })).unwrap();
    let looked = |lost: &Delivery| {
        let looking = apply(lost, Event::LeaseLook { node: "node".to_owned(), since: at(0), until: at(5) }).unwrap();
        apply(&looking, Event::Sighted { attempt: looking.attempt, sighting: Sighting::Begun { again: at(6) } })
            .unwrap()
    };
    let after = looked(&lost);
    assert_eq!((&after.live, after.needed()), (&Live::Maybe(Revision::FIRST), Some(job.action)));
    assert!(matches!(after.state, State::Waiting { due, .. } if due == at(6)));
    let withdrawn = looked(&apply(&lost, Event::Want(Wanted::Withdrawn, plan(false))).unwrap());
    assert_eq!(withdrawn.needed(), Some(Action::Withdraw), "those who have it are told");
}

/// A delivery on a channel that asks for approval.
fn to_be_approved() -> Delivery {
    Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(true))
}

#[test]
fn an_approval_holds_for_one_payload_of_one_revision_and_outlives_what_is_only_planned_again() {
    let waits = to_be_approved();
    assert!(waits_for_approval(&waits));
    assert_eq!(apply(&waits, Event::Release(plan(true))), Err(Refused::WrongState), "nobody is passed over");
    let event = Event::Approve { plan: plan(false), by_another: false };
    assert_eq!(apply(&waits, event), Err(Refused::WrongState), "it has to be said what was approved");
    let goes = apply(&waits, Event::Approve { plan: approved("one"), by_another: false }).unwrap();
    assert!(matches!(goes.state, State::Waiting { .. }));

    // The channel's file was changed, or there was no room: the hash still decides.
    let planned = apply(&goes, Event::Replan(Plan { planned: at(9), due: at(9), ..plan(true) })).unwrap();
    assert_eq!((planned.state.due(), planned.plan.planned), (Some(at(9)), at(0)), "made as of the hour it was shown");
    assert_eq!(planned.plan.approved, approved("one").approved);

    // What would be sent is something else: a person is asked again, and told why.
    let job = Job { action: Action::Create(Revision::FIRST), edition: None };
    let leased =
        apply(&planned, Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job })
            .unwrap();
    let outcome = Outcome::Unapproved(note());
    let held = apply(&leased, Event::Settle { attempt: leased.attempt, outcome }).unwrap();
    assert_eq!(held.state, State::Held { why: Hold::Approval { note: Some(note()) } });
    assert_eq!(held.plan.approved, None);

    // A correction is another payload.
    let corrected = apply(&goes, Event::Want(Wanted::Revision(Revision(2)), plan(true))).unwrap();
    assert!(waits_for_approval(&corrected) && corrected.plan.approved.is_none());
    // A withdrawal needs nobody.
    let gone = apply(&waits, Event::Want(Wanted::Withdrawn, plan(false))).unwrap();
    assert_eq!(gone.state, State::Settled);
}

#[test]
fn what_is_sent_back_stays_until_it_is_corrected_or_approved_after_all() {
    let back = || Event::SendBack { who: "Lan".to_owned(), word: "sai ngày".to_owned() };
    let returned = apply(&to_be_approved(), back()).unwrap();
    let State::Held { why } = &returned.state else { panic!("{returned:?}") };
    assert!(why.text().vi.contains("Lan") && why.text().vi.contains("sai ngày"));
    // Also where it was approved and has not left.
    let goes = apply(&returned, Event::Approve { plan: approved("one"), by_another: false }).unwrap();
    let returned = apply(&goes, back()).unwrap();
    assert!(waits_for_approval(&returned) && returned.plan.approved.is_none());
    let corrected = apply(&returned, Event::Want(Wanted::Revision(Revision(2)), plan(true))).unwrap();
    assert_eq!(corrected.state, State::Held { why: Hold::Approval { note: None } });
    // What nobody approved is not sent back.
    let free = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(false));
    assert_eq!(apply(&free, back()), Err(Refused::WrongState));
}

#[test]
fn another_copy_is_made_only_of_what_is_shown_and_is_another_job() {
    let again =
        |minutes| Event::SendAgain { plan: Plan { again: Some(at(minutes)), ..plan(false) }, why: "mất".to_owned() };
    let mut shown = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(false));
    let waiting = shown.clone();
    shown.live = Live::Shown { revision: Revision::FIRST, receipt: receipt(false) };
    shown.state = State::Settled;
    let next = apply(&shown, again(5)).unwrap();
    assert_eq!((next.needed(), &next.live), (Some(Action::Create(Revision::FIRST)), &Live::Nothing));
    let key = |delivery: &Delivery| {
        job_key("kênh", &key(), Action::Create(Revision::FIRST), &Live::Nothing, at(0), delivery.plan.again)
    };
    assert_ne!(key(&shown), key(&next), "a far side that ignores repeats takes it");
    let later = apply(&next, Event::Replan(plan(false))).unwrap();
    assert_eq!(key(&next), key(&later), "and every try of it is the same job");
    // Not where a retry is what is meant, nor where nobody knows.
    let uncertain = State::Uncertain {
        job: Job { action: Action::Create(Revision::FIRST), edition: None },
        look: None,
        looks: 0,
        note: note(),
    };
    let corrected = Delivery { wanted: Wanted::Revision(Revision(2)), ..shown.clone() };
    for other in [
        waiting,
        Delivery { state: uncertain, ..shown.clone() },
        Delivery { state: State::Failed { why: note() }, ..shown.clone() },
        corrected,
        Delivery { live: Live::Nothing, wanted: Wanted::Withdrawn, ..shown.clone() },
    ] {
        assert_eq!(apply(&other, again(5)), Err(Refused::WrongState), "{other:?}");
    }
    let without = Event::SendAgain { plan: plan(false), why: "mất".to_owned() };
    assert_eq!(apply(&shown, without), Err(Refused::WrongState), "it would be the same job");
    // The channel asks for approval: the second copy does, too.
    let plan = Plan { again: Some(at(5)), ..plan(true) };
    assert!(waits_for_approval(&apply(&shown, Event::SendAgain { plan, why: "mất".to_owned() }).unwrap()));
}

#[test]
fn a_retry_waits_for_the_far_side_and_for_an_hour_of_the_schedule_no_longer_than_that_stands() {
    let plan_at = |minutes, why| Plan::waiting(at(minutes), why);
    let mut waits = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(false));
    waits.state = State::Waiting { due: at(5), why: Why::Retry { note: note() } };
    let replanned = |delivery: &Delivery, plan| apply(delivery, Event::Replan(plan)).unwrap();
    assert_eq!(replanned(&waits, plan_at(2, Why::Turn)).state, waits.state, "it was asked for");
    let slot = replanned(&waits, plan_at(600, Why::Slot));
    assert_eq!(slot.state, State::Waiting { due: at(600), why: Why::Slot });
    assert_eq!(replanned(&slot, plan_at(3, Why::Turn)).state.due(), Some(at(3)), "the mistake is undone");
}

#[test]
fn what_turns_out_not_to_have_arrived_goes_by_the_schedule_of_that_time() {
    let mut doubtful =
        Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(false));
    let job = Job { action: Action::Create(Revision::FIRST), edition: None };
    doubtful.state = State::Uncertain { job, look: Some(at(1)), looks: 0, note: note() };
    let into = Plan { edition: Some(at(600)), ..Plan::waiting(at(600), Why::Slot) };
    let replanned = apply(&doubtful, Event::Replan(into.clone())).unwrap();
    assert_eq!(replanned.state, doubtful.state, "first it is looked up");
    let (node, attempt) = ("node".to_owned(), doubtful.attempt + 1);
    let looked = apply(&replanned, Event::LeaseLook { node, since: at(1), until: at(2) }).unwrap();
    let sighted = |sighting| apply(&looked, Event::Sighted { attempt, sighting }).unwrap();
    assert_eq!(sighted(Sighting::Absent { again: at(2) }).state, State::Waiting { due: at(600), why: Why::Slot });
    let begun = sighted(Sighting::Begun { again: at(2) });
    assert_eq!((begun.live, begun.plan.edition), (Live::Maybe(Revision::FIRST), None), "finished as it was begun");
    // What may be in an edition, or is public, is not planned by a file.
    let edition = Some(at(10));
    let of_edition = State::Uncertain { job: Job { edition, ..job }, look: Some(at(1)), looks: 0, note: note() };
    let live = Live::Shown { revision: Revision::FIRST, receipt: receipt(false) };
    for other in [Delivery { state: of_edition, ..doubtful.clone() }, Delivery { live, ..doubtful.clone() }] {
        assert_eq!(apply(&other, Event::Replan(into.clone())), Err(Refused::WrongState));
    }
}

#[test]
fn a_rehearsal_that_broke_off_is_done_again_and_nobody_is_in_doubt() {
    let delivery = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), plan(false));
    let job = Job { action: Action::Create(Revision::FIRST), edition: None };
    for unclear in [Unclear::Repeat { at: at(1), note: note() }, Unclear::Ask(note())] {
        let lost = |rehearsal| {
            let lease = Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal, job };
            apply(&apply(&delivery, lease).unwrap(), Event::LeaseLost(unclear.clone())).unwrap()
        };
        let rehearsed = lost(true);
        assert_eq!((&rehearsed.live, &rehearsed.state, rehearsed.tries), (&Live::Nothing, &delivery.state, 1));
        assert_ne!(lost(false).state, rehearsed.state, "the public may have it");
    }
}

#[test]
fn what_was_begun_keeps_its_form_until_it_is_over() {
    let (ten, eleven) = (Some(at(600)), Some(at(660)));
    let into = |edition| Plan { edition, ..Plan::waiting(at(700), Why::Slot) };
    let mut delivery = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision(2)), into(ten));
    delivery.live = Live::Shown { revision: Revision(1), receipt: receipt(false) };
    let job = Job { action: Action::Update(Revision(2)), edition: ten };
    let leased = |before: &Delivery| {
        let lease = Event::Lease { node: "node".to_owned(), since: at(0), until: at(3), rehearsal: false, job };
        apply(before, lease).unwrap()
    };
    let settled = |before: &Delivery, outcome| {
        let leased = leased(before);
        apply(&leased, Event::Settle { attempt: leased.attempt, outcome }).unwrap()
    };
    let some = || Outcome::Unclear(Unclear::Repeat { at: at(1), note: note() });
    let begun = settled(&delivery, some());
    assert!(begun.is_begun_edition());
    for event in [Event::Replan(into(eleven)), Event::Release(into(None))] {
        let after = apply(&begun, event).unwrap();
        assert_eq!((after.plan.edition, after.plan.due, after.is_begun()), (ten, at(700), true));
    }
    assert!(settled(&begun, Outcome::NotTaken { retry_at: at(2), note: note() }).is_begun(), "still");
    assert!(!settled(&begun, Outcome::Shown(receipt(false))).is_begun(), "everybody has it");
    assert!(!settled(&begun, Outcome::Moved(into(eleven))).is_begun(), "it was not in it");
    // What is wanted by now is another job.
    let newer = apply(&begun, Event::Want(Wanted::Revision(Revision(3)), into(eleven))).unwrap();
    assert_eq!((newer.is_begun(), newer.plan.edition), (false, eleven));
    let meanwhile = apply(&leased(&delivery), Event::Want(Wanted::Withdrawn, into(None))).unwrap();
    let event = Event::Settle { attempt: meanwhile.attempt, outcome: some() };
    assert_eq!(apply(&meanwhile, event).unwrap().plan, into(None));
}

#[test]
fn a_correction_waits_until_the_others_have_had_what_was_begun() {
    let (ten, eleven) = (Some(at(600)), Some(at(660)));
    let into = |edition| Plan { edition, ..Plan::waiting(at(660), Why::Slot) };
    let mut begun = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), into(ten));
    begun.live = Live::Maybe(Revision::FIRST);
    begun.plan.begun = true;
    for state in [begun.state.clone(), State::Held { why: Hold::RehearsalOfLive }, State::Failed { why: note() }] {
        let before = Delivery { state, ..begun.clone() };
        let corrected = apply(&before, Event::Want(Wanted::Revision(Revision(2)), into(eleven))).unwrap();
        assert_eq!((corrected.is_begun_edition(), corrected.plan.edition), (true, ten));
        let withdrawn = apply(&before, Event::Want(Wanted::Withdrawn, into(eleven))).unwrap();
        assert_eq!((withdrawn.is_begun(), withdrawn.plan.edition), (false, eleven), "that is another job");
    }
}

#[test]
fn what_is_wanted_instead_does_not_go_before_its_own_hour() {
    let into = |minutes| Plan { edition: Some(at(minutes)), ..Plan::waiting(at(minutes), Why::Slot) };
    let first = Delivery::new(DeliveryId(1), ArticleId(1), "kênh", Wanted::Revision(Revision::FIRST), into(10));
    let job = Job { action: Action::Create(Revision::FIRST), edition: Some(at(10)) };
    let lease = Event::Lease { node: "node".to_owned(), since: at(10), until: at(13), rehearsal: false, job };
    let leased = apply(&first, lease).unwrap();
    let some = Outcome::Unclear(Unclear::Repeat { at: at(12), note: note() });
    let none = Outcome::NotTaken { retry_at: at(12), note: note() };
    let full = Outcome::Throttled { until: at(12), note: note() };
    let due_after = |wanted: Option<Wanted>, outcome: &Outcome| {
        let now = wanted.map_or(leased.clone(), |wanted| apply(&leased, Event::Want(wanted, into(60))).unwrap());
        let event = Event::Settle { attempt: now.attempt, outcome: outcome.clone() };
        apply(&now, event).unwrap().state.due()
    };
    for outcome in [&some, &none, &full] {
        assert_eq!(due_after(None, outcome), Some(at(12)), "{outcome:?}");
    }
    let corrected = Some(Wanted::Revision(Revision(2)));
    assert_eq!(due_after(corrected, &some), Some(at(12)), "the others get what some have had");
    assert_eq!(due_after(corrected, &none), Some(at(60)));
    assert_eq!(due_after(corrected, &full), Some(at(60)));
    assert_eq!(due_after(Some(Wanted::Withdrawn), &some), Some(at(60)));
    assert_eq!(due_after(Some(Wanted::Withdrawn), &none), None, "nobody has had it");
}

#[test]
fn an_edition_that_a_person_chose_outlasts_an_earlier_one_and_no_later_one() {
    let into = |minutes, why| Plan { edition: Some(at(minutes)), ..Plan::waiting(at(minutes), why) };
    let first = Wanted::Revision(Revision(1));
    let waits = Delivery::new(DeliveryId(1), ArticleId(1), "radio", first, into(10, Why::Slot));
    let moved = apply(&waits, Event::Replan(into(20, Why::Chosen))).unwrap();
    let edition = |delivery: &Delivery| delivery.plan.edition;
    let replanned = |delivery: &Delivery, plan| apply(delivery, Event::Replan(plan)).unwrap();
    assert_eq!(edition(&replanned(&moved, into(10, Why::Slot))), Some(at(20)));
    assert_eq!(edition(&replanned(&moved, into(30, Why::Slot))), Some(at(30)));
    assert_eq!(edition(&replanned(&moved, into(10, Why::Chosen))), Some(at(10)), "the person chose again");
    assert_eq!(edition(&replanned(&moved, plan(false))), None, "the channel has no editions any more");
    let corrected = apply(&moved, Event::Want(Wanted::Revision(Revision(2)), into(10, Why::Slot))).unwrap();
    assert_eq!((edition(&corrected), corrected.wanted), (Some(at(20)), Wanted::Revision(Revision(2))));
    let shown = Live::Shown { revision: Revision(1), receipt: receipt(false) };
    let public = Delivery { live: shown, ..moved };
    let withdrawn = apply(&public, Event::Want(Wanted::Withdrawn, into(10, Why::Slot))).unwrap();
    assert_eq!(edition(&withdrawn), Some(at(10)), "a withdrawal does not wait for a choice that was made before");
}
