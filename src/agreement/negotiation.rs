//! From proposal to agreement: acceptance by k of n keys of every party, decline, withdrawal, expiry.
//!
//! The proposal is the acceptance of the key that signed it. A key accepts once and is bound by it: it cannot decline
//! afterwards. A key that has declined may still accept, unless the terms say that a decline ends the negotiation.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{Said, directory::Speaker, refusal::Refusal},
    keys::PublicKey,
    statement::{
        Acceptance, Decline, ProposalWithdrawal,
        id::StatementId,
        terms::{Party, Terms},
    },
};

/// Who has accepted and who has not.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Negotiation {
    pub(super) proposal: StatementId,
    pub(super) proposer: usize,
    /// By party: the keys that have accepted, in ledger order.
    pub(super) accepted: Vec<Vec<PublicKey>>,
    pub(super) declined: BTreeSet<PublicKey>,
}

#[derive(Debug)]
pub(super) enum Change {
    Accepted { party: usize, key: PublicKey },
    Declined { key: PublicKey, lapses: bool },
    Withdrawn,
}

impl Negotiation {
    pub(super) fn open(terms: &Terms, proposal: StatementId, proposer: usize, key: PublicKey) -> Self {
        let mut accepted = vec![Vec::new(); terms.parties.len()];
        accepted[proposer].push(key);
        Self { proposal, proposer, accepted, declined: BTreeSet::new() }
    }

    /// Returns the keys of a party that have accepted; none of a party that joined later, by an amendment that it accepted.
    pub(super) fn accepted_by(&self, party: usize) -> &[PublicKey] {
        self.accepted.get(party).map_or(&[], Vec::as_slice)
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

    /// Whether every party has accepted with as many keys as it must.
    pub(super) fn all_accepted(&self, terms: &Terms) -> bool {
        let enough = |party: &Party, keys: &[PublicKey]| {
            u32::try_from(keys.len()).is_ok_and(|keys| keys >= party.govern_threshold)
        };
        terms.parties.iter().zip(&self.accepted).all(|(party, keys)| enough(party, keys))
    }

    /// Takes in what was said; returns whether that ends the negotiation in nothing.
    pub(super) fn apply(&mut self, change: Change) -> bool {
        match change {
            Change::Accepted { party, key } => {
                self.accepted[party].push(key);
                self.declined.remove(&key);
                false
            }
            Change::Declined { key, lapses } => {
                self.declined.insert(key);
                lapses
            }
            Change::Withdrawn => true,
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
