//! Why the agreement itself may not be changed so: motions, terms, keys, the mediator, trial and exit.

use crate::{
    digest::Digest,
    keys::PublicKey,
    statement::{Kind, id::StatementId, terms::Name},
    time::Timestamp,
};

/// Why the agreement itself may not be changed so now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeRefusal {
    /// The signer is not the mediator that is named.
    #[error("signer {signer} is not the mediator")]
    NotMediator {
        /// Who signed.
        signer: PublicKey,
    },
    /// The terms name no mediator.
    #[error("the terms name no mediator")]
    NoMediator,
    /// The mediator has consented.
    #[error("the mediator has already consented")]
    AlreadyConsented,
    /// A mediator is no party.
    #[error("key {key} of the mediator is a party's")]
    MediatorIsParty {
        /// The key.
        key: PublicKey,
    },
    /// No such motion waits.
    #[error("nothing named {motion} waits for acceptance")]
    UnknownMotion {
        /// The motion named.
        motion: StatementId,
    },
    /// The motion does not need the signer's party.
    #[error("{motion} does not need {party}")]
    NotAsked {
        /// The motion.
        motion: StatementId,
        /// The party of the signer.
        party: Name,
    },
    /// Too many motions of the party wait.
    #[error("{max} motions of {party} wait already")]
    TooManyMotions {
        /// The party.
        party: Name,
        /// How many may wait.
        max: usize,
    },
    /// The party has moved as much as it may.
    #[error("{party} has made {max} motions, no more are taken in")]
    MotionsUsedUp {
        /// The party.
        party: Name,
        /// How many there may be.
        max: usize,
    },
    /// There is nothing of that id to take back.
    #[error("{statement} is no open challenge, dispute, offer or motion")]
    NothingToTakeBack {
        /// The statement named.
        statement: StatementId,
    },
    /// Another party said it.
    #[error("{party} did not say {statement}")]
    NotYours {
        /// The statement named.
        statement: StatementId,
        /// The party of the signer.
        party: Name,
    },
    /// The amendment replaces other terms than those in force.
    #[error("the terms in force are those of {live}, not of {named}")]
    TermsReplaced {
        /// What proposed the terms in force.
        live: StatementId,
        /// What the amendment replaces.
        named: StatementId,
    },
    /// Accepted terms wait for their date.
    #[error("the terms of {pending} are accepted and not in force yet")]
    AmendmentPending {
        /// The amendment.
        pending: StatementId,
    },
    /// The terms would be in force before they are accepted.
    #[error("the terms would be in force from {effective}, before {at}")]
    EffectiveInPast {
        /// From when on.
        effective: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
    /// What the books keep by its place changes its place.
    #[error("the {what} do not go on where those of the present terms are")]
    TermsNotContinued {
        /// What is not the same.
        what: &'static str,
    },
    /// The statement does not carry the digest of what it does.
    #[error("the effect stated is {stated}; the rule gives {computed}")]
    EffectMismatch {
        /// What the statement says.
        stated: Digest,
        /// What the rule gives.
        computed: Digest,
    },
    /// A key belongs to one party for ever.
    #[error("key {key} is or was in use")]
    KeyUsed {
        /// The key.
        key: PublicKey,
    },
    /// The new key has not signed its grant.
    #[error("key {key} has not signed its own grant")]
    KeyProofInvalid {
        /// The key.
        key: PublicKey,
    },
    /// The party was granted too many keys.
    #[error("{max} keys were granted to {party} already")]
    TooManyKeys {
        /// The party.
        party: Name,
        /// How many may be granted.
        max: usize,
    },
    /// The key would be expired.
    #[error("the key would expire at {expires}, before {at}")]
    ExpiryInPast {
        /// When it would expire.
        expires: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
    /// The key is not the party's.
    #[error("key {key} is not one of {party}")]
    KeyNotYours {
        /// The key.
        key: PublicKey,
        /// The party of the signer.
        party: Name,
    },
    /// The party could accept nothing any more.
    #[error("{party} would have {left} keys that govern and needs {needed}")]
    KeysTooFew {
        /// The party.
        party: Name,
        /// How many would be left.
        left: usize,
        /// Its threshold.
        needed: u32,
    },
    /// The key is revoked.
    #[error("key {key} is revoked")]
    KeyRevoked {
        /// The key.
        key: PublicKey,
    },
    /// The key has expired.
    #[error("key {key} expired at {expires}")]
    KeyExpired {
        /// The key.
        key: PublicKey,
        /// When.
        expires: Timestamp,
    },
    /// The key has signed as much as it may in a day.
    #[error("key {key} has signed {max} statements on the day {day} after 1970-01-01")]
    KeyDailyLimit {
        /// The key.
        key: PublicKey,
        /// How many it may sign in a day.
        max: u32,
        /// The day.
        day: u64,
    },
    /// The key has claimed as much as the terms allow in a day.
    #[error("key {key} has claimed {max} contributions today")]
    DailyClaims {
        /// The key.
        key: PublicKey,
        /// How many the terms allow.
        max: u32,
    },
    /// The terms do not say what leaving means.
    #[error("the terms do not say what leaving means")]
    NoExitTerms,
    /// The party leaves already.
    #[error("{party} leaves or has left")]
    AlreadyLeaving {
        /// The party.
        party: Name,
    },
    /// Nobody leaves in the past.
    #[error("the party would leave at {leaves}, before {at}")]
    LeavesInPast {
        /// When.
        leaves: Timestamp,
        /// The admission time.
        at: Timestamp,
    },
    /// The party has left.
    #[error("{party} has left")]
    PartyLeft {
        /// The party.
        party: Name,
    },
    /// The trial is over and nobody has said how it came out.
    #[error("the trial ended at {until}; before {}, all must say how it came out", .kind.with_article())]
    TrialOver {
        /// The end of the trial.
        until: Timestamp,
        /// What was said.
        kind: Kind,
    },
    /// The extension extends nothing.
    #[error("the trial lasts until {until}; an extension must end later")]
    ExtensionNotLater {
        /// The end of the trial.
        until: Timestamp,
    },
    /// Disputes are open.
    #[error("{}", open_text(*.disputes))]
    DisputesOpen {
        /// How many.
        disputes: usize,
    },
}

impl ChangeRefusal {
    /// Returns the reason code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotMediator { .. } => "NOT_MEDIATOR",
            Self::NoMediator => "NO_MEDIATOR",
            Self::AlreadyConsented => "ALREADY_CONSENTED",
            Self::MediatorIsParty { .. } => "MEDIATOR_IS_PARTY",
            Self::UnknownMotion { .. } => "UNKNOWN_MOTION",
            Self::NotAsked { .. } => "NOT_ASKED",
            Self::TooManyMotions { .. } => "TOO_MANY_MOTIONS",
            Self::MotionsUsedUp { .. } => "MOTIONS_USED_UP",
            Self::NothingToTakeBack { .. } => "NOTHING_TO_TAKE_BACK",
            Self::NotYours { .. } => "NOT_YOURS",
            Self::TermsReplaced { .. } => "TERMS_REPLACED",
            Self::AmendmentPending { .. } => "AMENDMENT_PENDING",
            Self::EffectiveInPast { .. } => "EFFECTIVE_IN_PAST",
            Self::TermsNotContinued { .. } => "TERMS_NOT_CONTINUED",
            Self::EffectMismatch { .. } => "EFFECT_MISMATCH",
            Self::KeyUsed { .. } => "KEY_USED",
            Self::KeyProofInvalid { .. } => "KEY_PROOF_INVALID",
            Self::TooManyKeys { .. } => "TOO_MANY_KEYS",
            Self::ExpiryInPast { .. } => "EXPIRY_IN_PAST",
            Self::KeyNotYours { .. } => "KEY_NOT_YOURS",
            Self::KeysTooFew { .. } => "KEYS_TOO_FEW",
            Self::KeyRevoked { .. } => "KEY_REVOKED",
            Self::KeyExpired { .. } => "KEY_EXPIRED",
            Self::KeyDailyLimit { .. } => "KEY_DAILY_LIMIT",
            Self::DailyClaims { .. } => "DAILY_CLAIMS",
            Self::NoExitTerms => "NO_EXIT_TERMS",
            Self::AlreadyLeaving { .. } => "ALREADY_LEAVING",
            Self::LeavesInPast { .. } => "LEAVES_IN_PAST",
            Self::PartyLeft { .. } => "PARTY_LEFT",
            Self::TrialOver { .. } => "TRIAL_OVER",
            Self::ExtensionNotLater { .. } => "EXTENSION_NOT_LATER",
            Self::DisputesOpen { .. } => "DISPUTES_OPEN",
        }
    }
}

fn open_text(disputes: usize) -> String {
    if disputes == 1 { "a dispute is open".to_owned() } else { format!("{disputes} disputes are open") }
}
