//! What every kind of statement does in every phase, and to every object in every state: the law in one table.
//!
//! The rows say what happens when everything else about the statement is in order; a test drives each of them against
//! the fold. What else may be wrong with a statement is in [`super::refusal::reasons`].

use crate::{
    agreement::state::{BenefitState, ContributionState, Phase},
    statement::{Kind, terms::Scope},
};

/// What becomes of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It enters.
    Enters,
    /// It is refused for this reason.
    Refused(&'static str),
}

use Outcome::{Enters, Refused};

/// Returns the scope a key needs for a kind of statement; none where any key of any party may sign.
#[must_use]
pub const fn scope_needed(kind: Kind) -> Option<Scope> {
    match kind {
        Kind::Proposal | Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal => Some(Scope::Govern),
        Kind::Contribution | Kind::ContributionWithdrawal => Some(Scope::Claim),
        Kind::Attestation => Some(Scope::Attest),
        Kind::Benefit | Kind::BenefitConfirmation | Kind::Reversal | Kind::ReversalConfirmation => Some(Scope::Report),
        Kind::Settlement => None,
    }
}

/// Every phase and kind of statement.
///
/// A proposal founds an agreement of its own; what comes back to its agreement is the founding proposal itself.
pub const PHASES: [(Phase, Kind, Outcome); 36] = [
    (Phase::Negotiating, Kind::Proposal, Refused("ALREADY_FOUNDED")),
    (Phase::Negotiating, Kind::Acceptance, Enters),
    (Phase::Negotiating, Kind::Decline, Enters),
    (Phase::Negotiating, Kind::ProposalWithdrawal, Enters),
    (Phase::Negotiating, Kind::Contribution, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::ContributionWithdrawal, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::Attestation, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::Benefit, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::BenefitConfirmation, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::Reversal, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::ReversalConfirmation, Refused("NOT_IN_FORCE")),
    (Phase::Negotiating, Kind::Settlement, Refused("NOT_IN_FORCE")),
    (Phase::InForce, Kind::Proposal, Refused("ALREADY_FOUNDED")),
    (Phase::InForce, Kind::Acceptance, Refused("NOT_NEGOTIATING")),
    (Phase::InForce, Kind::Decline, Refused("NOT_NEGOTIATING")),
    (Phase::InForce, Kind::ProposalWithdrawal, Refused("NOT_NEGOTIATING")),
    (Phase::InForce, Kind::Contribution, Enters),
    (Phase::InForce, Kind::ContributionWithdrawal, Enters),
    (Phase::InForce, Kind::Attestation, Enters),
    (Phase::InForce, Kind::Benefit, Enters),
    (Phase::InForce, Kind::BenefitConfirmation, Enters),
    (Phase::InForce, Kind::Reversal, Enters),
    (Phase::InForce, Kind::ReversalConfirmation, Enters),
    (Phase::InForce, Kind::Settlement, Enters),
    (Phase::Lapsed, Kind::Proposal, Refused("ALREADY_FOUNDED")),
    (Phase::Lapsed, Kind::Acceptance, Refused("NOT_NEGOTIATING")),
    (Phase::Lapsed, Kind::Decline, Refused("NOT_NEGOTIATING")),
    (Phase::Lapsed, Kind::ProposalWithdrawal, Refused("NOT_NEGOTIATING")),
    (Phase::Lapsed, Kind::Contribution, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::ContributionWithdrawal, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::Attestation, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::Benefit, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::BenefitConfirmation, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::Reversal, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::ReversalConfirmation, Refused("NOT_IN_FORCE")),
    (Phase::Lapsed, Kind::Settlement, Refused("NOT_IN_FORCE")),
];

/// Where a key of a party stands towards the live proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It has said nothing.
    Silent,
    /// It has accepted.
    Accepted,
    /// It has declined, and the terms do not end the negotiation for that.
    Declined,
    /// It made the proposal.
    Proposed,
}

/// Every state of a key and kind of statement about a proposal, while the agreement is NEGOTIATING.
pub const KEYS: [(KeyState, Kind, Outcome); 12] = [
    (KeyState::Silent, Kind::Acceptance, Enters),
    (KeyState::Silent, Kind::Decline, Enters),
    (KeyState::Silent, Kind::ProposalWithdrawal, Refused("NOT_PROPOSER")),
    (KeyState::Accepted, Kind::Acceptance, Refused("ALREADY_ACCEPTED")),
    (KeyState::Accepted, Kind::Decline, Refused("ALREADY_ACCEPTED")),
    (KeyState::Accepted, Kind::ProposalWithdrawal, Refused("NOT_PROPOSER")),
    (KeyState::Declined, Kind::Acceptance, Enters),
    (KeyState::Declined, Kind::Decline, Refused("ALREADY_DECLINED")),
    (KeyState::Declined, Kind::ProposalWithdrawal, Refused("NOT_PROPOSER")),
    (KeyState::Proposed, Kind::Acceptance, Refused("ALREADY_ACCEPTED")),
    (KeyState::Proposed, Kind::Decline, Refused("ALREADY_ACCEPTED")),
    (KeyState::Proposed, Kind::ProposalWithdrawal, Enters),
];

/// Every state of a contribution, none included, and kind of statement that names one.
pub const CONTRIBUTIONS: [(Option<ContributionState>, Kind, Outcome); 14] = [
    (None, Kind::Attestation, Refused("UNKNOWN_CONTRIBUTION")),
    (Some(ContributionState::Claimed), Kind::Attestation, Enters),
    (Some(ContributionState::Accepted), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Rejected), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::ChangesRequested), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Withdrawn), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Final), Kind::Attestation, Refused("NOT_CLAIMED")),
    (None, Kind::ContributionWithdrawal, Refused("UNKNOWN_CONTRIBUTION")),
    (Some(ContributionState::Claimed), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Accepted), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Rejected), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_GONE")),
    (Some(ContributionState::ChangesRequested), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Withdrawn), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_GONE")),
    (Some(ContributionState::Final), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_FINAL")),
];

/// Every state of a benefit, none included, and kind of statement that names one.
pub const BENEFITS: [(Option<BenefitState>, Kind, Outcome); 8] = [
    (None, Kind::BenefitConfirmation, Refused("UNKNOWN_BENEFIT")),
    (Some(BenefitState::Reported), Kind::BenefitConfirmation, Enters),
    (Some(BenefitState::Confirmed), Kind::BenefitConfirmation, Refused("ALREADY_CONFIRMED")),
    (Some(BenefitState::Settled), Kind::BenefitConfirmation, Refused("ALREADY_CONFIRMED")),
    (None, Kind::Reversal, Refused("UNKNOWN_BENEFIT")),
    (Some(BenefitState::Reported), Kind::Reversal, Refused("BENEFIT_NOT_CONFIRMED")),
    (Some(BenefitState::Confirmed), Kind::Reversal, Enters),
    (Some(BenefitState::Settled), Kind::Reversal, Enters),
];

/// Every state of a reversal, none included, and the kind of statement that names one.
pub const REVERSALS: [(Option<BenefitState>, Kind, Outcome); 4] = [
    (None, Kind::ReversalConfirmation, Refused("UNKNOWN_REVERSAL")),
    (Some(BenefitState::Reported), Kind::ReversalConfirmation, Enters),
    (Some(BenefitState::Confirmed), Kind::ReversalConfirmation, Refused("REVERSAL_ALREADY_CONFIRMED")),
    (Some(BenefitState::Settled), Kind::ReversalConfirmation, Refused("REVERSAL_ALREADY_CONFIRMED")),
];

/// How the size a settlement names lies to the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As large as the last settlement's, or smaller.
    NotNew,
    /// Larger than the last settlement's, with entries after it.
    Past,
    /// All entries there are.
    Now,
    /// Beyond the last entry.
    Beyond,
}

/// Every place of a settlement's cut-off.
pub const CUTS: [(Cut, Outcome); 4] = [
    (Cut::NotNew, Refused("SETTLEMENT_TOO_OLD")),
    (Cut::Past, Enters),
    (Cut::Now, Enters),
    (Cut::Beyond, Refused("SETTLEMENT_TOO_NEW")),
];
