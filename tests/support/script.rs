//! What happens next: a list of faults in order, then a rule for the rest.

use std::collections::VecDeque;

/// Faults consumed one by one, and what follows when the list is used up.
#[derive(Clone, Debug)]
pub(crate) struct Script<F> {
    next: VecDeque<F>,
    rest: Rest<F>,
}

#[derive(Clone, Debug)]
enum Rest<F> {
    Always(F),
    Random { dice: Dice, weights: Vec<(F, u32)> },
}

impl<F: Clone> Script<F> {
    /// Nothing scripted: `usual` for ever.
    pub(crate) fn always(usual: F) -> Self {
        Self { next: VecDeque::new(), rest: Rest::Always(usual) }
    }

    /// Appends faults to the list.
    pub(crate) fn then(&mut self, faults: impl IntoIterator<Item = F>) {
        self.next.extend(faults);
    }

    /// Sets what happens after the list.
    pub(crate) fn afterwards(&mut self, fault: F) {
        self.rest = Rest::Always(fault);
    }

    /// After the list, draws by weight; the same seed draws the same faults in the same order.
    pub(crate) fn afterwards_at_random(&mut self, seed: u64, weights: Vec<(F, u32)>) {
        assert!(weights.iter().any(|(_, weight)| *weight > 0), "every fault weighs nothing");
        self.rest = Rest::Random { dice: Dice(seed), weights };
    }

    /// The fault that the next request would meet, when that is already decided.
    pub(crate) fn peek(&self) -> Option<&F> {
        match (self.next.front(), &self.rest) {
            (Some(fault), _) | (None, Rest::Always(fault)) => Some(fault),
            (None, Rest::Random { .. }) => None,
        }
    }

    /// Takes the next fault.
    pub(crate) fn take(&mut self) -> F {
        if let Some(fault) = self.next.pop_front() {
            return fault;
        }
        match &mut self.rest {
            Rest::Always(fault) => fault.clone(),
            Rest::Random { dice, weights } => dice.draw(weights),
        }
    }

    /// How many scripted faults are still to come.
    pub(crate) fn left(&self) -> usize {
        self.next.len()
    }
}

/// `SplitMix64`: small, seeded, and the same on every machine.
#[derive(Clone, Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn draw<F: Clone>(&mut self, weights: &[(F, u32)]) -> F {
        let total: u64 = weights.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut point = self.roll() % total;
        for (fault, weight) in weights {
            let weight = u64::from(*weight);
            if point < weight {
                return fault.clone();
            }
            point -= weight;
        }
        unreachable!("the point lies within the total of the weights")
    }
}
