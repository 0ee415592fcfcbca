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

/// Returns the scope a key needs for a kind of statement; none where any key of any party may sign, or a key of the mediator.
#[must_use]
pub const fn scope_needed(kind: Kind) -> Option<Scope> {
    match kind {
        Kind::Proposal
        | Kind::Acceptance
        | Kind::Decline
        | Kind::ProposalWithdrawal
        | Kind::CounterProposal
        | Kind::Plan
        | Kind::Withdrawal
        | Kind::Closing
        | Kind::Acknowledgement
        | Kind::Dispute
        | Kind::Offer
        | Kind::Amendment
        | Kind::KeyGrant
        | Kind::KeyRevocation
        | Kind::Exit
        | Kind::RiskAssessment
        | Kind::Contingency
        | Kind::TrialResult
        | Kind::FeedbackResponse
        | Kind::MaintenanceCommitment
        | Kind::Suspension
        | Kind::Resumption
        | Kind::MediatorReplacement
        | Kind::Close => Some(Scope::Govern),
        Kind::Contribution | Kind::ContributionWithdrawal => Some(Scope::Claim),
        Kind::Attestation | Kind::Challenge => Some(Scope::Attest),
        Kind::Benefit
        | Kind::BenefitConfirmation
        | Kind::Reversal
        | Kind::ReversalConfirmation
        | Kind::Cost
        | Kind::CostConfirmation
        | Kind::NilReport
        | Kind::Payment
        | Kind::PaymentConfirmation => Some(Scope::Report),
        Kind::Settlement
        | Kind::MediatorConsent
        | Kind::Needs
        | Kind::Evidence
        | Kind::Ruling
        | Kind::Risk
        | Kind::Feedback
        | Kind::MaintenanceFulfilment => None,
    }
}

/// Whether a key of the mediator signs a kind of statement, and no party's.
#[must_use]
pub const fn is_mediators(kind: Kind) -> bool {
    matches!(kind, Kind::MediatorConsent | Kind::Ruling)
}

/// Returns what becomes of a kind of statement in a phase.
#[must_use]
pub fn in_phase(kind: Kind, phase: Phase) -> Outcome {
    let row = PHASES.iter().find(|(listed, _)| *listed == kind);
    let place = Phase::ALL.iter().position(|listed| *listed == phase);
    row.zip(place).map_or(NO, |((_, outcomes), place)| outcomes[place])
}

const FOUNDED: Outcome = Refused("ALREADY_FOUNDED");
const OVER: Outcome = Refused("NOT_NEGOTIATING");
const NO: Outcome = Refused("NOT_IN_FORCE");
const STILL: Outcome = Refused("SUSPENDED");
const ENDING: Outcome = Refused("WINDING_DOWN");
const CLOSED: Outcome = Refused("CLOSED");
const NO_TRIAL: Outcome = Refused("NOT_IN_TRIAL");
const GOING: Outcome = Refused("NOT_SUSPENDED");

/// Everything that is said of work to be done.
const WORK: [Outcome; 7] = [NO, Enters, Enters, STILL, ENDING, CLOSED, NO];
/// Everything that is said of work that was done, and of what came in.
const LEFT: [Outcome; 7] = [NO, Enters, Enters, STILL, Enters, CLOSED, NO];
/// Statements of account, which no trial pays.
const PAID: [Outcome; 7] = [NO, NO, Enters, STILL, Enters, CLOSED, NO];
/// What was stated of account, and is paid whether or not the agreement stands still.
const OWED: [Outcome; 7] = [NO, NO, Enters, Enters, Enters, CLOSED, NO];
/// Everything that parties talk about as long as there is an agreement.
const TALK: [Outcome; 7] = [NO, Enters, Enters, Enters, Enters, CLOSED, NO];
/// As [`TALK`], and before, too.
const EVER: [Outcome; 7] = [Enters, Enters, Enters, Enters, Enters, CLOSED, NO];

/// Every kind of statement, and what becomes of it in every phase, in the order of [`Phase::ALL`]: negotiating, trial, in force,
/// suspended, winding down, closed, lapsed.
///
/// A proposal founds an agreement of its own; what comes back to its agreement is the founding proposal itself.
pub const PHASES: [(Kind, [Outcome; 7]); 45] = [
    (Kind::Proposal, [FOUNDED; 7]),
    (Kind::Acceptance, [Enters, Enters, Enters, Enters, Enters, OVER, OVER]),
    (Kind::Decline, [Enters, Enters, Enters, Enters, Enters, OVER, OVER]),
    (Kind::ProposalWithdrawal, [Enters, OVER, OVER, OVER, OVER, OVER, OVER]),
    (Kind::Contribution, WORK),
    (Kind::ContributionWithdrawal, LEFT),
    (Kind::Attestation, LEFT),
    (Kind::Benefit, LEFT),
    (Kind::BenefitConfirmation, LEFT),
    (Kind::Reversal, LEFT),
    (Kind::ReversalConfirmation, LEFT),
    (Kind::Settlement, PAID),
    (Kind::CounterProposal, [Enters, OVER, OVER, OVER, OVER, OVER, OVER]),
    (Kind::MediatorConsent, [Enters, Enters, Enters, Enters, Enters, OVER, OVER]),
    (Kind::Needs, EVER),
    (Kind::Plan, WORK),
    (Kind::Challenge, LEFT),
    (Kind::Withdrawal, TALK),
    (Kind::Cost, LEFT),
    (Kind::CostConfirmation, LEFT),
    (Kind::NilReport, LEFT),
    (Kind::Closing, LEFT),
    (Kind::Acknowledgement, OWED),
    (Kind::Payment, OWED),
    (Kind::PaymentConfirmation, OWED),
    (Kind::Dispute, TALK),
    (Kind::Evidence, TALK),
    (Kind::Offer, TALK),
    (Kind::Ruling, TALK),
    (Kind::Amendment, [NO, Enters, Enters, Enters, ENDING, CLOSED, NO]),
    (Kind::KeyGrant, TALK),
    (Kind::KeyRevocation, TALK),
    (Kind::Exit, WORK),
    (Kind::Risk, EVER),
    (Kind::RiskAssessment, TALK),
    (Kind::Contingency, WORK),
    (Kind::TrialResult, [NO_TRIAL, Enters, NO_TRIAL, NO_TRIAL, NO_TRIAL, CLOSED, NO_TRIAL]),
    (Kind::Feedback, EVER),
    (Kind::FeedbackResponse, EVER),
    (Kind::MaintenanceCommitment, LEFT),
    (Kind::MaintenanceFulfilment, LEFT),
    (Kind::Suspension, WORK),
    (Kind::Resumption, [NO, GOING, GOING, Enters, ENDING, CLOSED, NO]),
    (Kind::MediatorReplacement, TALK),
    (Kind::Close, [NO, Enters, Enters, Enters, ENDING, CLOSED, NO]),
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
pub const CONTRIBUTIONS: [(Option<ContributionState>, Kind, Outcome); 24] = [
    (None, Kind::Attestation, Refused("UNKNOWN_CONTRIBUTION")),
    (Some(ContributionState::Claimed), Kind::Attestation, Enters),
    (Some(ContributionState::Accepted), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Rejected), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::ChangesRequested), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Withdrawn), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Final), Kind::Attestation, Refused("NOT_CLAIMED")),
    (Some(ContributionState::Corrected), Kind::Attestation, Refused("NOT_CLAIMED")),
    (None, Kind::ContributionWithdrawal, Refused("UNKNOWN_CONTRIBUTION")),
    (Some(ContributionState::Claimed), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Accepted), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Rejected), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_GONE")),
    (Some(ContributionState::ChangesRequested), Kind::ContributionWithdrawal, Enters),
    (Some(ContributionState::Withdrawn), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_GONE")),
    (Some(ContributionState::Final), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_FINAL")),
    (Some(ContributionState::Corrected), Kind::ContributionWithdrawal, Refused("CONTRIBUTION_FINAL")),
    (None, Kind::Challenge, Refused("UNKNOWN_CONTRIBUTION")),
    (Some(ContributionState::Claimed), Kind::Challenge, Refused("NOT_ACCEPTED")),
    (Some(ContributionState::Accepted), Kind::Challenge, Enters),
    (Some(ContributionState::Rejected), Kind::Challenge, Refused("NOT_ACCEPTED")),
    (Some(ContributionState::ChangesRequested), Kind::Challenge, Refused("NOT_ACCEPTED")),
    (Some(ContributionState::Withdrawn), Kind::Challenge, Refused("NOT_ACCEPTED")),
    (Some(ContributionState::Final), Kind::Challenge, Enters),
    (Some(ContributionState::Corrected), Kind::Challenge, Refused("NOT_ACCEPTED")),
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
