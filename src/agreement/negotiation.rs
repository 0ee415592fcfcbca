//! From proposal to agreement: acceptance by k of n keys of every party, decline, withdrawal, expiry.
//!
//! The proposal is the acceptance of the key that signed it. A key accepts once and is bound by it: it cannot decline
//! afterwards. A key that has declined may still accept, unless the terms say that a decline ends the negotiation.

use std::collections::BTreeSet;

use crate::{
    agreement::{Said, directory::Speaker, refusal::Refusal, state::Phase},
    keys::PublicKey,
    statement::{
        Acceptance, Decline, ProposalWithdrawal,
        id::StatementId,
        terms::{Party, Terms},
    },
    time::Timestamp,
};

/// Who has accepted and who has not.
#[derive(Clone, Debug)]
pub(super) struct Negotiation {
    pub(super) proposal: StatementId,
    pub(super) proposer: usize,
    /// By party: the keys that have accepted, in ledger order.
    pub(super) accepted: Vec<Vec<PublicKey>>,
    pub(super) declined: BTreeSet<PublicKey>,
    /// As far as entries say; a deadline may have passed since.
    pub(super) phase: Phase,
}

#[derive(Debug)]
pub(super) enum Change {
    Accepted { party: usize, key: PublicKey },
    Declined { key: PublicKey, lapses: bool },
    Withdrawn,
}

impl Negotiation {
    pub(super) fn open(terms: &Terms, proposal: StatementId, proposer: Speaker<'_>) -> Self {
        let mut accepted = vec![Vec::new(); terms.parties.len()];
        accepted[proposer.party].push(proposer.key);
        Self { proposal, proposer: proposer.party, accepted, declined: BTreeSet::new(), phase: Phase::Negotiating }
    }

    pub(super) fn phase_at(&self, now: Timestamp, terms: &Terms) -> Phase {
        if self.expired(now, terms).is_some() { Phase::Lapsed } else { self.phase }
    }

    /// Returns the deadline if it is what ended the negotiation.
    pub(super) fn expired(&self, now: Timestamp, terms: &Terms) -> Option<Timestamp> {
        terms.acceptance_deadline.filter(|deadline| self.phase == Phase::Negotiating && *deadline < now)
    }

    pub(super) fn accepted_by(&self, party: usize) -> &[PublicKey] {
        &self.accepted[party]
    }

    pub(super) fn declined(&self) -> impl ExactSizeIterator<Item = PublicKey> {
        self.declined.iter().copied()
    }

    pub(super) fn accept(&self, said: Said<'_>, body: &Acceptance) -> Result<Change, Refusal> {
        self.check_proposal(body.proposal)?;
        self.check_not_accepted(said.speaker)?;
        Ok(Change::Accepted { party: said.speaker.party, key: said.speaker.key })
    }

    pub(super) fn decline(&self, said: Said<'_>, body: &Decline, terms: &Terms) -> Result<Change, Refusal> {
        self.check_proposal(body.proposal)?;
        self.check_not_accepted(said.speaker)?;
        if self.declined.contains(&said.speaker.key) {
            return Err(Refusal::AlreadyDeclined { signer: said.speaker.key });
        }
        Ok(Change::Declined { key: said.speaker.key, lapses: terms.lapses_on_decline })
    }

    pub(super) fn withdraw(&self, said: Said<'_>, body: &ProposalWithdrawal, terms: &Terms) -> Result<Change, Refusal> {
        self.check_proposal(body.proposal)?;
        if said.speaker.party != self.proposer {
            let name = |party: usize| terms.parties[party].name.clone();
            return Err(Refusal::NotProposer { party: name(said.speaker.party), proposer: name(self.proposer) });
        }
        Ok(Change::Withdrawn)
    }

    pub(super) fn apply(&mut self, change: Change, terms: &Terms) {
        match change {
            Change::Accepted { party, key } => {
                self.accepted[party].push(key);
                self.declined.remove(&key);
                let enough = |party: &Party, keys: &[PublicKey]| {
                    u32::try_from(keys.len()).is_ok_and(|keys| keys >= party.govern_threshold)
                };
                if terms.parties.iter().zip(&self.accepted).all(|(party, keys)| enough(party, keys)) {
                    self.phase = Phase::InForce;
                }
            }
            Change::Declined { key, lapses } => {
                self.declined.insert(key);
                if lapses {
                    self.phase = Phase::Lapsed;
                }
            }
            Change::Withdrawn => self.phase = Phase::Lapsed,
        }
    }

    fn check_proposal(&self, named: StatementId) -> Result<(), Refusal> {
        if named == self.proposal { Ok(()) } else { Err(Refusal::OtherProposal { live: self.proposal, named }) }
    }

    fn check_not_accepted(&self, speaker: Speaker<'_>) -> Result<(), Refusal> {
        if self.accepted[speaker.party].contains(&speaker.key) {
            return Err(Refusal::AlreadyAccepted { signer: speaker.key });
        }
        Ok(())
    }
}
