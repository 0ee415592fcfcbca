//! What parties say about the agreement itself: other terms, keys, the mediator, trial, standstill and end.

use serde::{Deserialize, Serialize};

use crate::{
    digest::Digest,
    keys::{PublicKey, Signature},
    statement::{
        id::{AgreementId, StatementId},
        rules::Mediator,
        terms::{Name, Scope, Terms},
    },
    time::Timestamp,
};

/// Puts other terms in the place of the live proposal's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterProposal {
    /// The live proposal or counter-proposal.
    pub proposal: StatementId,
    /// The terms proposed.
    pub terms: Terms,
}

/// The mediator consents to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediatorConsent {
    /// What names the mediator.
    pub proposal: StatementId,
    /// Conflicts of interest, for people; empty: none.
    pub conflicts: String,
}

/// Takes back something the signer's party has said and that is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// A challenge, a dispute, an offer or a motion.
    pub statement: StatementId,
    /// Why, for people.
    pub reason: String,
}

/// Moves other terms for an agreement that is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amendment {
    /// The proposal, counter-proposal or amendment whose terms are in force.
    pub replaces: StatementId,
    /// The new terms.
    pub terms: Terms,
    /// From when on; without, from the entry on that completes it.
    pub effective: Option<Timestamp>,
    /// Covers the recomputed effect, if what was settled is shared anew.
    pub retroactive: Option<Digest>,
}

/// Moves that a party has one more key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyGrant {
    /// The new key.
    pub key: PublicKey,
    /// What it may sign, ascending.
    pub scopes: Vec<Scope>,
    /// Until when it signs.
    pub expires: Option<Timestamp>,
    /// How many statements it may sign in a day.
    pub daily_max: Option<u32>,
    /// The new key's own signature over the grant.
    pub proof: Signature,
}

/// Returns the message that a new key signs over its grant, [`KeyGrant::proof`]: that its holder wants it granted so, to this
/// party of this agreement: another party that sees the grant cannot grant the key to itself. `scopes` must ascend.
/// `proto/README.md`, section 17.
#[must_use]
pub fn key_grant_message(
    agreement: AgreementId,
    party: &Name,
    key: PublicKey,
    scopes: &[Scope],
    expires: Option<Timestamp>,
    daily_max: Option<u32>,
) -> Vec<u8> {
    let agreement = agreement.digest();
    let scopes: Vec<u8> = scopes.iter().map(|scope| scope.number()).collect();
    let parts: [&[u8]; 8] = [
        b"counterfoil key grant v1\n",
        agreement.as_bytes(),
        party.as_str().as_bytes(),
        b"\n",
        key.as_bytes(),
        &scopes,
        &expires.map_or(0, Timestamp::as_ms).to_be_bytes(),
        &daily_max.unwrap_or(0).to_be_bytes(),
    ];
    parts.concat()
}

impl KeyGrant {
    /// Returns the message that [`Self::proof`] must be a signature of where `party` grants; see [`key_grant_message`].
    #[must_use]
    pub fn message(&self, agreement: AgreementId, party: &Name) -> Vec<u8> {
        key_grant_message(agreement, party, self.key, &self.scopes, self.expires, self.daily_max)
    }
}

/// Moves that a key of a party signs nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRevocation {
    /// The key.
    pub key: PublicKey,
    /// Why, for people.
    pub reason: String,
}

/// A party leaves under the exit terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When it leaves.
    pub leaves: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// Moves how the trial came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialResult {
    /// How.
    pub verdict: TrialVerdict,
    /// SHA-256 of the evidence.
    pub evidence: Digest,
}

/// How a trial came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrialVerdict {
    /// The agreement is in force.
    Passed,
    /// It is wound down.
    Failed,
    /// The trial goes on.
    Extended {
        /// Until when.
        until: Timestamp,
    },
}

/// Moves that the agreement stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Why, for people; not empty.
    pub reason: String,
}

/// Moves that the agreement goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumption {
    /// Why, for people.
    pub reason: String,
}

/// Moves another mediator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediatorReplacement {
    /// The new mediator.
    pub mediator: Mediator,
}

/// Moves that the agreement ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// Why, for people.
    pub reason: String,
}
