//! Claims that nobody has decided. Silence is neither yes nor no: a claim that not enough parties judged within the attest
//! window is disputed, and what it may count is held, until it is judged or withdrawn after all.
//!
//! Where the terms have such a window, so many claims of a party may be open and no more: that also answers who floods an agreement
//! with contributions. Others reject a thousand at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry,
        contribution::Slot,
        refusal::work::WorkRefusal,
        settle::doubt::{Doubt, PointsDoubt},
        tally::Tally,
    },
    split::Ratio,
    time::Timestamp,
};

/// How many claims of one party may wait for judgement at once, where the terms have an attest window.
pub const OPEN_CLAIMS_MAX: usize = 5_000;

/// Claims that wait for judgement, where the terms at their place have an attest window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(in crate::agreement) struct OpenClaims {
    /// By the days of the window, then by entry. Windows of as many days end in the order they began, however long the
    /// agreement stood still between: so only the first of each has to be looked at.
    waiting: BTreeMap<u32, BTreeMap<u64, OpenClaim>>,
    /// By entry: what is held, and from which entry on.
    held: BTreeMap<u64, (OpenClaim, u64)>,
    /// By claiming party: how many there are.
    count: Tally,
}

/// What is needed of a claim that may be put away: what it may count.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct OpenClaim {
    pub(in crate::agreement) admitted: Timestamp,
    pub(in crate::agreement) party: usize,
    pub(in crate::agreement) unit: usize,
    pub(in crate::agreement) dimension: usize,
    pub(in crate::agreement) quantity: Ratio,
}

/// A claim that waits for judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenClaimView {
    /// The index of its entry.
    pub index: u64,
    /// The position of the claiming party.
    pub party: usize,
    /// The position of its dimension.
    pub dimension: usize,
    /// Until when it should be judged; none while the agreement stands still.
    pub until: Option<Timestamp>,
    /// Whether that is over.
    pub overdue: bool,
    /// The entry from which on it is disputed and held.
    pub held_from: Option<u64>,
}

impl OpenClaims {
    fn open(&mut self, index: u64, days: u32, claim: OpenClaim) {
        self.count.add(claim.party, 1);
        self.waiting.entry(days).or_default().insert(index, claim);
    }

    /// Takes out what is decided; whether it was held.
    fn close(&mut self, index: u64, days: u32) -> bool {
        if let Some(waiting) = self.waiting.get_mut(&days) {
            if let Some(claim) = waiting.remove(&index) {
                self.count.take(claim.party, 1);
            }
            if waiting.is_empty() {
                self.waiting.remove(&days);
            }
        }
        let held = self.held.remove(&index);
        held.inspect(|(claim, _)| self.count.take(claim.party, 1)).is_some()
    }
}

impl Agreement {
    /// Returns every claim that waits for judgement under terms with an attest window, in ledger order.
    #[must_use]
    pub fn open_claims_at(&self, now: Timestamp) -> Vec<OpenClaimView> {
        let OpenClaims { waiting, held, .. } = &self.work.claims;
        let waiting = waiting.values().flatten().map(|(index, claim)| (index, claim, None));
        let held = held.iter().map(|(index, (claim, from))| (index, claim, Some(*from)));
        let mut views: Vec<OpenClaimView> = waiting
            .chain(held)
            .map(|(index, claim, held_from)| {
                let days = self.terms_at(*index).windows.attest;
                OpenClaimView {
                    index: *index,
                    party: claim.party,
                    dimension: claim.dimension,
                    until: self.course.window_end(claim.admitted, days),
                    overdue: self.course.window_over(claim.admitted, days, now),
                    held_from,
                }
            })
            .collect();
        views.sort_by_key(|view| view.index);
        views
    }

    pub(in crate::agreement) fn check_open_claims(&self, party: usize) -> Result<(), WorkRefusal> {
        if self.terms().windows.attest > 0 && self.work.claims.count.of(party) >= OPEN_CLAIMS_MAX {
            return Err(WorkRefusal::TooManyOpenClaims { party: self.party_name(party), max: OPEN_CLAIMS_MAX });
        }
        Ok(())
    }

    pub(in crate::agreement) fn open_claim(&mut self, entry: Entry, claim: OpenClaim) {
        let days = self.terms().windows.attest;
        if days > 0 {
            self.work.claims.open(entry.index, days, claim);
        }
    }

    /// The claim in entry `index` is decided or withdrawn by `entry`: there is nothing to wait for.
    pub(in crate::agreement) fn close_claim(&mut self, entry: Entry, index: u64) {
        let days = self.terms_at(index).windows.attest;
        if self.work.claims.close(index, days) {
            self.undoubt(entry, index);
        }
    }

    /// There is nothing any more that this room doubts about the contribution in entry `subject`. What is disputed stays in doubt.
    pub(super) fn undoubt(&mut self, entry: Entry, subject: u64) {
        if !self.disputes.disputed.contains_key(&subject) {
            self.books.no_doubt(entry.index, subject);
        }
    }

    /// Puts the contribution in entry `subject` in doubt again, from entry `index` on: a dispute about it ended without a decision.
    pub(in crate::agreement) fn doubt_again(&mut self, index: u64, subject: u64) {
        if let Some((claim, _)) = self.work.claims.held.get(&subject).copied() {
            self.hold(index, subject, claim);
        } else if self.contributions.slots.get(&subject).is_some_and(Slot::is_challenged) {
            self.doubt_challenged(index, subject);
        }
    }

    fn hold(&mut self, index: u64, subject: u64, claim: OpenClaim) {
        let Some((unit, _)) = self.versions.unit(subject, claim.unit) else { return };
        let may_count = claim.quantity.exact() * unit.points.exact();
        let may = vec![None, Some((claim.party, may_count))];
        let doubt = PointsDoubt { dimension: claim.dimension, from: None, stands: None, may };
        self.books.doubt(index, subject, Doubt::Points(doubt));
    }

    /// Whether a claim is overdue at `at`, and no entry has shown it yet.
    pub(in crate::agreement) fn claims_run_out(&self, at: Timestamp) -> bool {
        let first =
            self.work.claims.waiting.iter().filter_map(|(days, waiting)| Some((days, waiting.values().next()?)));
        first.into_iter().any(|(days, claim)| self.course.window_over(claim.admitted, *days, at))
    }

    /// Holds what nobody attested in time, from entry `index` on.
    pub(in crate::agreement) fn hold_overdue(&mut self, index: u64, at: Timestamp) {
        let mut over = Vec::new();
        for (days, waiting) in &mut self.work.claims.waiting {
            while let Some(first) = waiting.first_entry()
                && self.course.window_over(first.get().admitted, *days, at)
            {
                over.push(first.remove_entry());
            }
        }
        self.work.claims.waiting.retain(|_, waiting| !waiting.is_empty());
        for (subject, claim) in over {
            if !self.disputes.disputed.contains_key(&subject) {
                self.hold(index, subject, claim);
            }
            self.work.claims.held.insert(subject, (claim, index));
        }
    }
}
