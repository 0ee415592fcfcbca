//! Items that are disputed between parties: exactly one outcome comes true.

use std::collections::BTreeMap;

use dashu_int::IBig;

use crate::split::Exact;

/// An item of which it is disputed whose it is: exactly one outcome comes true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusive {
    /// In which dimension.
    pub dimension: usize,
    /// Whose it may be, and how many points it is then, not below zero; `None`: nobody's.
    pub outcomes: Vec<Option<(usize, Exact)>>,
}

/// What exclusive items come to, by party.
pub(in crate::split) struct Contested {
    pub(in crate::split) own: Vec<IBig>,
    pub(in crate::split) others_most: Vec<IBig>,
    pub(in crate::split) others_least: Vec<IBig>,
}

impl Contested {
    /// The cost grows with parties and outcomes, not with their product.
    pub(in crate::split) fn of(
        parties: usize,
        items: &[&Exclusive],
        weight: impl Fn(&(usize, Exact)) -> (usize, IBig),
    ) -> Self {
        let zeros = || vec![IBig::ZERO; parties];
        let (mut own, mut others_most, mut others_least) = (zeros(), zeros(), zeros());
        let (mut all_most, mut all_least) = (IBig::ZERO, IBig::ZERO);
        for item in items {
            let mut most: BTreeMap<usize, IBig> = BTreeMap::new();
            let mut least: Option<IBig> = item.outcomes.contains(&None).then_some(IBig::ZERO);
            for outcome in item.outcomes.iter().flatten() {
                let (party, weight) = weight(outcome);
                least = Some(least.map_or_else(|| weight.clone(), |least| least.min(weight.clone())));
                let sum = most.entry(party).or_default();
                *sum = weight.max(std::mem::take(sum));
            }
            let least = least.unwrap_or_default();
            let best = most.values().max().cloned().unwrap_or_default();
            for (party, weight) in &most {
                own[*party] += weight;
                let others = most.iter().filter(|(other, _)| *other != party).map(|(_, weight)| weight).max();
                others_most[*party] += others.cloned().unwrap_or_default() - &best;
                others_least[*party] -= &least;
            }
            all_most += best;
            all_least += least;
        }
        others_most.iter_mut().for_each(|most| *most += &all_most);
        others_least.iter_mut().for_each(|least| *least += &all_least);
        Self { own, others_most, others_least }
    }
}
