//! The guards that every statement passes first: who speaks, with what leave, and whether it is the time for it.

use crate::{
    agreement::{
        Agreement,
        directory::Speaker,
        refusal::{Refusal, change::ChangeRefusal},
        state::Phase,
        table::{self, Outcome},
    },
    statement::{
        Acceptance, Body, Decline, Kind, Statement,
        terms::{Scope, Terms},
    },
    time::Timestamp,
};

impl Agreement {
    pub(super) fn check_phase(&self, kind: Kind, at: Timestamp) -> Result<(), Refusal> {
        let phase = self.phase_at(at);
        let Outcome::Refused(_) = table::in_phase(kind, phase) else { return self.check_trial(kind, phase, at) };
        let negotiates = matches!(
            kind,
            Kind::Acceptance | Kind::Decline | Kind::ProposalWithdrawal | Kind::CounterProposal | Kind::MediatorConsent
        );
        Err(match phase {
            _ if kind == Kind::Proposal => Refusal::AlreadyFounded,
            _ if negotiates => match self.course.expired(at, self.terms()) {
                Some(deadline) => Refusal::ProposalExpired { kind, deadline, at },
                None => Refusal::NotNegotiating { kind, phase },
            },
            Phase::Closed => Refusal::Closed { kind },
            _ if kind == Kind::TrialResult => Refusal::NotInTrial { phase },
            Phase::WindingDown => Refusal::WindingDown { kind },
            _ if kind == Kind::Resumption && phase != Phase::Negotiating && phase != Phase::Lapsed => {
                Refusal::NotSuspended { phase }
            }
            Phase::Suspended => Refusal::Suspended { kind },
            _ => Refusal::NotInForce { kind, phase },
        })
    }

    /// When a trial is over, nothing is worked on until all have said how it came out.
    fn check_trial(&self, kind: Kind, phase: Phase, at: Timestamp) -> Result<(), Refusal> {
        match self.course.trial_until {
            Some(until)
                if phase == Phase::Trial && until < at && table::in_phase(kind, Phase::Suspended) == STANDS_STILL =>
            {
                Err(ChangeRefusal::TrialOver { until, kind }.into())
            }
            _ => Ok(()),
        }
    }

    /// Returns who speaks, if it may say such a thing.
    pub(super) fn speaker_of<'a>(&'a self, statement: &Statement, at: Timestamp) -> Result<Speaker<'a>, Refusal> {
        let (signer, kind) = (statement.signer, statement.body.kind());
        if table::is_mediators(kind) {
            // Which mediator it must be is asked later: several may be named at once.
            return Ok(Speaker { key: signer, party: usize::MAX, scopes: &[] });
        }
        let known = self.keyring.speaker(self.directory(), signer).or_else(|| match &statement.body {
            Body::Acceptance(Acceptance { proposal }) | Body::Decline(Decline { proposal, .. }) => {
                let party = self.newcomer(signer, *proposal)?;
                Some(Speaker { key: signer, party, scopes: &[Scope::Govern] })
            }
            Body::Evidence(_) if self.mediates(signer) => Some(Speaker { key: signer, party: usize::MAX, scopes: &[] }),
            _ => None,
        });
        let speaker = known.ok_or(Refusal::SignerNotParty { signer })?;
        self.keyring.check(signer, at)?;
        check_scope(self.terms(), speaker, kind)?;
        Ok(speaker)
    }
}

/// What an agreement that stands still says to whatever waits.
const STANDS_STILL: Outcome = Outcome::Refused("SUSPENDED");

pub(super) fn check_scope(terms: &Terms, speaker: Speaker<'_>, kind: Kind) -> Result<(), Refusal> {
    match table::scope_needed(kind) {
        Some(scope) if !speaker.scopes.contains(&scope) => {
            let party = terms.parties[speaker.party].name.clone();
            Err(Refusal::ScopeMissing { signer: speaker.key, party, scope, kind })
        }
        _ => Ok(()),
    }
}
