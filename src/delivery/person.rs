//! What people decide about a delivery; [`super::apply`] calls it.

use super::apply::{Refused, done, plan_again, wait_or_settle};
use super::state::{Hold, State};
use super::told::{is_told, untold};
use super::{Action, Delivery, Live, Plan, Receipt, Wanted};

/// What was approved goes on by its plan, which says what that is.
pub(super) fn approve(next: &mut Delivery, plan: Plan) -> Result<(), Refused> {
    match next.state {
        State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } } if plan.approved.is_some() => {
            next.plan = Plan { approval: false, again: next.plan.again, ..next.in_its_form(plan) };
            next.tries = 0;
            wait_or_settle(next);
            Ok(())
        }
        _ => Err(Refused::WrongState),
    }
}

/// It does not go out like this; also where it was approved and has not left yet.
pub(super) fn send_back(next: &mut Delivery, who: String, word: String) -> Result<(), Refused> {
    match next.state {
        State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } } => {}
        State::Waiting { .. } if next.plan.approved.is_some() => {}
        _ => return Err(Refused::WrongState),
    }
    next.plan.approval = true;
    next.plan.approved = None;
    next.state = State::Held { why: Hold::Returned { who, word } };
    Ok(())
}

/// Forgets the copy that is there and makes another one.
pub(super) fn send_again(next: &mut Delivery, plan: Plan) -> Result<(), Refused> {
    let Live::Shown { revision, .. } = &next.live else { return Err(Refused::WrongState) };
    if next.state != State::Settled || next.wanted != Wanted::Revision(*revision) || plan.again.is_none() {
        return Err(Refused::WrongState);
    }
    next.live = Live::Nothing;
    next.plan = plan;
    next.tries = 0;
    wait_or_settle(next);
    Ok(())
}

/// Lets it go on. What waits for an approval is approved, not let go.
pub(super) fn release(next: &mut Delivery, plan: Plan) -> Result<(), Refused> {
    match next.state {
        State::Settled
        | State::Sending { .. }
        | State::Uncertain { .. }
        | State::Held { why: Hold::Approval { .. } | Hold::Returned { .. } } => Err(Refused::WrongState),
        State::Held { .. } | State::Failed { .. } | State::Waiting { .. } => {
            // The person has seen what stands there now: that, and nothing later, may be overwritten.
            if let (State::Held { why: Hold::Edited { seen, .. } }, Live::Shown { receipt, .. }) =
                (&next.state, &mut next.live)
            {
                receipt.seen = Some(seen.clone());
            }
            plan_again(next, plan);
            next.tries = 0;
            wait_or_settle(next);
            Ok(())
        }
    }
}

/// Goes back to before `action`, for those who missed it: the others have their copy on record and get no second one.
pub(super) fn missed(next: &mut Delivery, action: Action, plan: Plan) -> Result<(), Refused> {
    match next.state {
        State::Settled => {
            let Live::Shown { revision, .. } = &next.live else { return Err(Refused::WrongState) };
            if next.wanted != Wanted::Revision(*revision) || action.revision() != Some(*revision) {
                return Err(Refused::WrongState);
            }
            next.live = untold(&next.live, action);
        }
        State::Uncertain { job, .. } if job.action == action => {
            if let (Action::Create(revision), Live::Nothing) = (action, &next.live) {
                next.live = Live::Maybe(revision);
            } else if is_told(&next.live, job) {
                next.live = untold(&next.live, action);
            }
        }
        State::Failed { .. } => {}
        _ => return Err(Refused::WrongState),
    }
    let edition = plan.edition;
    plan_again(next, plan);
    // Some have it already.
    (next.plan.edition, next.plan.begun) = (edition, true);
    next.tries = 0;
    wait_or_settle(next);
    Ok(())
}

pub(super) fn resolve(next: &mut Delivery, went_out: bool, plan: Plan) -> Result<(), Refused> {
    let State::Uncertain { job, .. } = next.state else { return Err(Refused::WrongState) };
    if !went_out {
        if is_told(&next.live, job) {
            next.live = untold(&next.live, job.action);
        }
        if let Live::Maybe(_) = next.live {
            next.live = Live::Nothing;
        }
        next.plan.begun = false;
    }
    plan_again(next, plan);
    if went_out {
        // A person saw it, but no receipt came back: the copy is known, its address is not.
        let receipt = match &next.live {
            Live::Shown { receipt, .. } => receipt.clone(),
            Live::Staged { remote_id, .. } => unseen_receipt(remote_id.clone()),
            Live::Nothing | Live::Maybe(_) => unseen_receipt(String::new()),
        };
        done(next, job, Some(receipt));
    } else {
        next.tries = 0;
        wait_or_settle(next);
    }
    Ok(())
}

fn unseen_receipt(remote_id: String) -> Receipt {
    Receipt { remote_id, url: None, payload_hash: String::new(), rehearsal: false, seen: None }
}
