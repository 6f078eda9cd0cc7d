//! The one transition function. Pure; an exhaustive test walks it, the store compares and swaps its result.

use chrono::{DateTime, Utc};

use super::event::{Event, Outcome, Sighting, Unclear};
use super::person::{approve, missed, release, resolve, send_again, send_back};
use super::state::{Errand, Hold, Job, Lease, State, Why};
use super::told::{begun, is_told};
use super::{Action, Delivery, Live, Plan, Receipt, Wanted};
use crate::text;
use crate::text::Text;

/// The event does not fit the state it met; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state is not one in which this can happen.
    #[error("the delivery is not in a state in which this can happen")]
    WrongState,
    /// The answer belongs to a lease that is over.
    #[error("the answer belongs to an earlier lease")]
    Fenced,
    /// An older revision cannot replace a newer one.
    #[error("an older revision cannot replace a newer one")]
    Stale,
}

/// What a delivery becomes when `event` happens to it.
///
/// # Errors
/// [`Refused`] when the event cannot happen in the delivery's state; the delivery then stays as it was.
pub fn apply(delivery: &Delivery, event: Event) -> Result<Delivery, Refused> {
    let mut next = delivery.clone();
    match event {
        Event::Want(wanted, plan) => want(&mut next, wanted, plan)?,
        Event::Replan(plan) => replan(&mut next, plan)?,
        Event::Lease { node, since, until, rehearsal, job } => {
            let attempt = next.attempt + 1;
            lease(&mut next, Lease { attempt, node, since, until, rehearsal }, job)?;
        }
        Event::LeaseLook { node, since, until } => {
            let attempt = next.attempt + 1;
            lease_look(&mut next, Lease { attempt, node, since, until, rehearsal: false })?;
        }
        Event::Renew { attempt, until } => held_lease(&mut next, attempt)?.0.until = until,
        Event::Settle { attempt, outcome } => {
            let Errand::Send(job) = *held_lease(&mut next, attempt)?.1 else { return Err(Refused::WrongState) };
            settle(&mut next, job, outcome);
        }
        Event::Sighted { attempt, sighting } => {
            let Errand::LookUp(job, looks) = *held_lease(&mut next, attempt)?.1 else {
                return Err(Refused::WrongState);
            };
            sighted(&mut next, job, looks, sighting);
        }
        Event::LeaseLost(unclear) => lease_lost(&mut next, unclear)?,
        Event::Restored(unclear) => {
            waiting(&next)?;
            let job = Job { action: next.needed().ok_or(Refused::WrongState)?, edition: next.plan.edition };
            unclear_job(&mut next, job, unclear);
        }
        Event::Postpone { due, why } => {
            waiting(&next)?;
            next.state = State::Waiting { due, why };
        }
        Event::Hold(why) => {
            waiting(&next)?;
            next.state = State::Held { why };
        }
        Event::Unrehearse => {
            waiting(&next)?;
            // A copy that the public sees is never forgotten.
            if !next.live.receipt().is_some_and(|receipt| receipt.rehearsal) {
                return Err(Refused::WrongState);
            }
            next.live = Live::Nothing;
            wait_or_settle(&mut next);
        }
        Event::Release(plan) => release(&mut next, plan)?,
        Event::Missed { action, plan } => missed(&mut next, action, plan)?,
        Event::Resolve { went_out, plan } => resolve(&mut next, went_out, plan)?,
        Event::Approve { plan, .. } => approve(&mut next, plan)?,
        Event::SendBack { who, word } => send_back(&mut next, who, word)?,
        Event::SendAgain { plan, .. } => send_again(&mut next, plan)?,
    }
    next.version += 1;
    Ok(next)
}

fn waiting(delivery: &Delivery) -> Result<(), Refused> {
    match delivery.state {
        State::Waiting { .. } => Ok(()),
        _ => Err(Refused::WrongState),
    }
}

/// The lease and errand under `attempt`, if it is the one in force.
fn held_lease(delivery: &mut Delivery, attempt: u32) -> Result<(&mut Lease, &mut Errand), Refused> {
    match &mut delivery.state {
        State::Sending { lease, errand } if lease.attempt == attempt => Ok((lease, errand)),
        State::Sending { .. } => Err(Refused::Fenced),
        _ if attempt <= delivery.attempt => Err(Refused::Fenced),
        _ => Err(Refused::WrongState),
    }
}

fn want(next: &mut Delivery, wanted: Wanted, plan: Plan) -> Result<(), Refused> {
    if let (Wanted::Revision(now), Wanted::Revision(then)) = (next.wanted, wanted)
        && then <= now
    {
        return Err(Refused::Stale);
    }
    next.wanted = wanted;
    // An open repeat keeps its own hour and edition: it is the earlier promise that has to be kept first.
    if matches!((&next.state, &next.live), (State::Waiting { .. }, Live::Maybe(_))) && wanted != Wanted::Withdrawn {
        return Ok(());
    }
    let plan = Plan { again: next.plan.again, ..plan };
    next.plan = match (wanted, &next.live) {
        (Wanted::Withdrawn, _) => plan,
        // First the others get what some have had.
        (_, Live::Maybe(_)) => next.in_its_form(plan),
        _ => next.outlasting(plan),
    };
    next.tries = 0;
    match next.state {
        // What is on its way, or may have arrived, has to be known before anything else is sent.
        State::Sending { .. } => {}
        State::Uncertain { job, .. } if !is_told(&next.live, job) => {}
        // A far side that needs time still needs it, whatever is wanted of it then.
        State::Waiting { due: asked, why: Why::Retry { .. } } => {
            let retry = next.state.clone();
            wait_or_settle(next);
            if let State::Waiting { due, .. } = next.state
                && due < asked
            {
                next.state = retry;
            }
        }
        // Single copies in doubt keep nobody from the next word: it goes to them as well.
        State::Settled
        | State::Waiting { .. }
        | State::Uncertain { .. }
        | State::Held { .. }
        | State::Failed { .. } => wait_or_settle(next),
    }
    Ok(())
}

fn replan(next: &mut Delivery, plan: Plan) -> Result<(), Refused> {
    match &next.state {
        State::Waiting { .. } => {}
        // Once it is known that it has not arrived, it goes by the plan; until then it stays as it is.
        State::Uncertain { job: Job { edition: None, .. }, .. }
        | State::Sending { errand: Errand::Send(Job { edition: None, .. }), .. }
            if next.live == Live::Nothing =>
        {
            plan_again(next, plan);
            return Ok(());
        }
        _ => return Err(Refused::WrongState),
    }
    let plan = next.outlasting(plan);
    plan_again(next, plan);
    // What was approved was approved as of its hour; an edition has its own.
    if let (Some(approved), None) = (&next.plan.approved, next.plan.edition) {
        next.plan.planned = approved.at;
    }
    match &mut next.state {
        // A far side that needs time still needs it, where the plan does not give it.
        State::Waiting { due, why: Why::Retry { .. } } if next.plan.due <= *due => {}
        _ => wait_or_settle(next),
    }
    Ok(())
}

fn lease(next: &mut Delivery, lease: Lease, job: Job) -> Result<(), Refused> {
    waiting(next)?;
    if next.needed() != Some(job.action) {
        return Err(Refused::WrongState);
    }
    next.attempt = lease.attempt;
    next.state = State::Sending { lease, errand: Errand::Send(job) };
    Ok(())
}

fn lease_look(next: &mut Delivery, lease: Lease) -> Result<(), Refused> {
    let State::Uncertain { job, looks, look: Some(_), .. } = &next.state else { return Err(Refused::WrongState) };
    let errand = Errand::LookUp(*job, *looks);
    next.attempt = lease.attempt;
    next.state = State::Sending { lease, errand };
    Ok(())
}

fn settle(next: &mut Delivery, job: Job, outcome: Outcome) {
    match outcome {
        // The lease goes on: what was staged is kept before the reveal is tried.
        Outcome::Staged(remote_id) => stage(next, job, remote_id),
        Outcome::Shown(receipt) => done(next, job, Some(receipt)),
        Outcome::InDoubt { receipt, note } => in_doubt(next, job, receipt, note),
        Outcome::Gone => done(next, job, None),
        Outcome::NotTaken { retry_at, note } => {
            next.tries += 1;
            try_again(next, job, retry_at, note);
            cancel_if_nothing_left(next);
        }
        Outcome::Moved(plan) => {
            next.plan.begun = false;
            plan_again(next, plan);
            wait_or_settle(next);
        }
        Outcome::Unapproved(note) => {
            if next.needed() == Some(job.action) {
                next.plan.approved = None;
                next.plan.approval = true;
                next.state = State::Held { why: Hold::Approval { note: Some(note) } };
            } else {
                wait_or_settle(next);
            }
        }
        Outcome::ChannelPaused => {
            next.state = State::Waiting { due: next.plan.due, why: Why::Paused };
            cancel_if_nothing_left(next);
        }
        Outcome::Throttled { until, note } => {
            try_again(next, job, until, note);
            cancel_if_nothing_left(next);
        }
        Outcome::Edited { seen, note } => {
            if next.needed() == Some(job.action) {
                next.state = State::Held { why: Hold::Edited { seen, note } };
            } else {
                wait_or_settle(next);
            }
        }
        Outcome::Refused(why) => {
            // A newer revision that came meanwhile is a new payload: it gets its own chance. But not before it
            // is known whether the first try of a refused repeat arrived.
            if matches!((&next.live, job.action), (Live::Maybe(_), Action::Create(_))) {
                next.state = State::Uncertain { job, look: None, looks: 0, note: why };
            } else if next.needed() == Some(job.action) {
                next.state = State::Failed { why };
            } else {
                wait_or_settle(next);
            }
        }
        Outcome::Unclear(unclear) => unclear_job(next, job, unclear),
    }
}

/// A hidden copy of the job's revision exists. Where a copy is public already there is nothing to hide.
fn stage(next: &mut Delivery, job: Job, remote_id: String) {
    if let (Action::Create(revision), Live::Nothing | Live::Staged { .. }) = (job.action, &next.live) {
        next.live = Live::Staged { revision, remote_id };
    }
}

/// The job was done: `receipt` is the public copy, `None` means that there is none any more.
pub(super) fn done(next: &mut Delivery, job: Job, receipt: Option<Receipt>) {
    next.tries = 0;
    next.plan.begun = false;
    next.live = match (job.action, receipt) {
        (Action::Create(revision) | Action::Update(revision), Some(receipt)) => Live::Shown { revision, receipt },
        (Action::Withdraw, _) | (_, None) => Live::Nothing,
    };
    wait_or_settle(next);
}

/// Everybody was told, but whether a few have it only a person can find out. What is wanted by now does not wait for that.
fn in_doubt(next: &mut Delivery, job: Job, receipt: Receipt, note: Text) {
    next.tries = 0;
    next.plan.begun = false;
    if let Some(revision) = job.action.revision() {
        next.live = Live::Shown { revision, receipt };
    }
    if next.needed().is_none_or(|needed| needed == job.action) {
        next.state = State::Uncertain { job, look: None, looks: 0, note };
    } else {
        wait_or_settle(next);
    }
}

/// The same job goes again at that hour; what is wanted instead by now, or goes in another edition, no sooner than planned.
fn try_again(next: &mut Delivery, job: Job, at: DateTime<Utc>, note: Text) {
    let same = next.needed() == Some(job.action) && next.plan.edition == job.edition;
    let due = if same { at } else { at.max(next.plan.due) };
    next.state = State::Waiting { due, why: Why::Retry { note } };
}

/// Some may have it: the same job is finished in the form in which it was begun. What is wanted instead by now has its own.
fn go_on(next: &mut Delivery, job: Job) {
    next.live = begun(&next.live, job);
    if next.needed() == Some(job.action) {
        next.plan.edition = job.edition;
        next.plan.begun = true;
    }
}

fn unclear_job(next: &mut Delivery, job: Job, unclear: Unclear) {
    next.tries += 1;
    match unclear {
        Unclear::Repeat { at, note } => {
            go_on(next, job);
            try_again(next, job, at, note);
        }
        Unclear::LookUp { at, note } => {
            next.state = State::Uncertain { job, look: Some(at), looks: 0, note };
        }
        Unclear::Ask(note) => next.state = State::Uncertain { job, look: None, looks: 0, note },
    }
}

fn lease_lost(next: &mut Delivery, unclear: Unclear) -> Result<(), Refused> {
    match &next.state {
        State::Sending { errand: Errand::Send(_), lease } if lease.rehearsal => {
            next.tries += 1;
            wait_or_settle(next);
            Ok(())
        }
        State::Sending { errand: Errand::Send(job), .. } => {
            let job = *job;
            unclear_job(next, job, unclear);
            Ok(())
        }
        State::Sending { errand: Errand::LookUp(job, looks), lease } => {
            let note = text!("việc kiểm tra bị gián đoạn", "the look-up was interrupted");
            next.state = State::Uncertain { job: *job, look: Some(lease.until), looks: *looks, note };
            Ok(())
        }
        _ => Err(Refused::WrongState),
    }
}

fn sighted(next: &mut Delivery, job: Job, looks: u32, sighting: Sighting) {
    match sighting {
        Sighting::Present(receipt) => done(next, job, Some(receipt)),
        Sighting::Staged(remote_id) => {
            stage(next, job, remote_id);
            wait_or_settle(next);
        }
        Sighting::Absent { again } => {
            let note = text!("lần trước chưa đến nơi", "the last try did not arrive");
            next.plan.begun = false;
            wait_or_settle(next);
            if let State::Waiting { due, why } = &mut next.state
                && *due < again
            {
                (*due, *why) = (again, Why::Retry { note });
            }
        }
        Sighting::Begun { again } => {
            go_on(next, job);
            let note = text!("đã gửi được một phần", "part of it has been sent");
            wait_or_settle(next);
            if let State::Waiting { due, why } = &mut next.state
                && *due < again
            {
                (*due, *why) = (again, Why::Retry { note });
            }
        }
        Sighting::GivenUp(why) => {
            // What is wanted by now may be something else: that gets its own chance.
            if next.needed() == Some(job.action) {
                next.state = State::Failed { why };
            } else {
                wait_or_settle(next);
            }
        }
        Sighting::Unknown { again, note } => {
            next.state = State::Uncertain { job, look: again, looks: looks + 1, note };
        }
    }
}

/// Plans again what is wanted already: what a person has approved of it stays approved, and what was begun keeps its form.
pub(super) fn plan_again(next: &mut Delivery, plan: Plan) {
    let (approved, again) = (next.plan.approved.take(), next.plan.again);
    let plan = next.in_its_form(plan);
    next.plan = Plan { again: plan.again.or(again), ..plan };
    if approved.is_some() {
        next.plan.approval = false;
        next.plan.approved = approved;
    }
}

/// Goes on to what is still to be done, or settles.
pub(super) fn wait_or_settle(next: &mut Delivery) {
    next.state = match next.needed() {
        Some(_) => next.plan.opening_state(),
        None => State::Settled,
    };
}

/// A withdrawal overtakes what was never sent.
fn cancel_if_nothing_left(next: &mut Delivery) {
    if next.needed().is_none() {
        next.state = State::Settled;
    }
}
