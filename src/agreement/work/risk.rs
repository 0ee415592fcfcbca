//! The register of risks: how large each is, who watches it, and what was missed in maintenance.
//!
//! What a risk says besides its title stands in its entry.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement, Entry, Said,
        refusal::{Refusal, benefit::BenefitRefusal, work::WorkRefusal},
        tally::Tally,
        work::Change,
    },
    digest::Digest,
    split::Exact,
    statement::{
        id::StatementId,
        terms::CurrencyCode,
        work::{Assessment, Risk, RiskAssessment},
    },
    time::Timestamp,
};

/// How many risks that one party put on the register may be open at once.
pub const RISKS_MAX: usize = 250;

/// How many risks one party may put on the register over the life of an agreement.
pub const RISKS_EVER_MAX: usize = 2_500;

/// How many risks that are over are still listed.
pub const CLOSED_RISKS_MAX: usize = 1_000;

/// Every risk of an agreement.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Risks {
    listed: BTreeMap<StatementId, Entered>,
    /// Those that are over, by the entry that closed them: the oldest is dropped first.
    closed: BTreeSet<(u64, StatementId)>,
    /// Statement and entry of those that were dropped.
    dropped: BTreeMap<StatementId, u64>,
    /// By who put them on the register: those that are open, and all that there ever were.
    open: Tally,
    made: Tally,
}

/// A risk on the register.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::agreement) struct Entered {
    index: u64,
    /// Who put it on the register.
    raiser: usize,
    title: String,
    owner: usize,
    assessment: Assessment,
    plan: Option<Digest>,
    closed: Option<u64>,
}

/// Where a risk comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RiskSource {
    /// A party put it on the register.
    Register {
        /// The statement id.
        id: StatementId,
        /// The index of its entry.
        index: u64,
    },
    /// A date of a maintenance commitment was missed.
    Maintenance {
        /// The commitment.
        commitment: StatementId,
        /// The date.
        due: Timestamp,
    },
}

/// How large a risk is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Likelihood times impact: 1 to 25.
    Graded(u32),
    /// Probability times amount, minor units, exact.
    Valued {
        /// The currency.
        currency: CurrencyCode,
        /// What is to be expected.
        amount: Exact,
    },
    /// Nobody has said.
    Unassessed,
}

/// A risk, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskView<'a> {
    /// Where it comes from.
    pub source: RiskSource,
    /// Its title; that of the commitment.
    pub title: &'a str,
    /// The position of the party that watches it; that has committed itself.
    pub owner: usize,
    /// How large it is.
    pub exposure: Exposure,
    /// Covers the plan for the case that it comes, if there is one.
    pub plan: Option<Digest>,
    /// The entry that closed it.
    pub closed: Option<u64>,
}

impl Exposure {
    fn of(assessment: &Assessment) -> Self {
        match assessment {
            Assessment::Graded { likelihood, impact } => Self::Graded(likelihood.saturating_mul(*impact)),
            Assessment::Valued { probability, currency, amount } => {
                Self::Valued { currency: currency.clone(), amount: probability.exact() * Exact::from(*amount) }
            }
        }
    }
}

impl Risks {
    pub(super) fn index_of(&self, id: StatementId) -> Option<u64> {
        self.listed.get(&id).map(|risk| risk.index).or_else(|| self.dropped.get(&id).copied())
    }

    pub(super) fn enter(&mut self, entry: Entry, risk: Entered) {
        self.open.add(risk.raiser, 1);
        self.made.add(risk.raiser, 1);
        self.listed.insert(entry.id, Entered { index: entry.index, ..risk });
    }

    fn find(&self, risk: StatementId) -> Result<&Entered, WorkRefusal> {
        match self.listed.get(&risk) {
            Some(found) if found.closed.is_none() => Ok(found),
            None if !self.dropped.contains_key(&risk) => Err(WorkRefusal::UnknownRisk { risk }),
            _ => Err(WorkRefusal::RiskClosed { risk }),
        }
    }

    fn close(&mut self, entry: Entry, id: StatementId) {
        let Some(risk) = self.listed.get_mut(&id) else { return };
        risk.closed = Some(entry.index);
        self.open.take(risk.raiser, 1);
        self.closed.insert((entry.index, id));
        if self.closed.len() > CLOSED_RISKS_MAX
            && let Some((_, oldest)) = self.closed.pop_first()
            && let Some(dropped) = self.listed.remove(&oldest)
        {
            self.dropped.insert(oldest, dropped.index);
        }
    }
}

impl Agreement {
    /// Returns every risk as it stands at `now`: those on the register in ledger order, those that are over included, then
    /// one for each date of maintenance that was missed.
    #[must_use]
    pub fn risks_at(&self, now: Timestamp) -> Vec<RiskView<'_>> {
        let mut listed: Vec<_> = self.work.risks.listed.iter().collect();
        listed.sort_by_key(|(_, risk)| risk.index);
        let listed = listed.into_iter().map(|(id, risk)| RiskView {
            source: RiskSource::Register { id: *id, index: risk.index },
            title: &risk.title,
            owner: risk.owner,
            exposure: Exposure::of(&risk.assessment),
            plan: risk.plan,
            closed: risk.closed,
        });
        listed.chain(self.missed_at(now)).collect()
    }

    pub(super) fn raise_risk(&self, said: Said<'_>, body: &Risk) -> Result<Change, Refusal> {
        self.check_size(&body.assessment)?;
        let Some(owner) = self.directory().party(&body.owner) else {
            return Err(WorkRefusal::RiskOwnerUnknown { owner: body.owner.clone() }.into());
        };
        self.check_stays(owner)?;
        let raiser = said.speaker.party;
        let Risks { open, made, .. } = &self.work.risks;
        if open.of(raiser) >= RISKS_MAX || made.of(raiser) >= RISKS_EVER_MAX {
            let party = self.party_name(raiser);
            return Err(WorkRefusal::TooManyRisks { party, max: RISKS_MAX, ever: RISKS_EVER_MAX }.into());
        }
        let (title, assessment) = (body.title.clone(), body.assessment.clone());
        let risk = Entered { index: 0, raiser, title, owner, assessment, plan: body.plan, closed: None };
        Ok(Change::RiskRaised(Box::new(risk)))
    }

    fn check_size(&self, assessment: &Assessment) -> Result<(), BenefitRefusal> {
        match assessment {
            Assessment::Valued { currency, .. } if self.directory().currency(currency).is_none() => {
                Err(BenefitRefusal::UnknownCurrency { currency: currency.clone() })
            }
            Assessment::Valued { .. } | Assessment::Graded { .. } => Ok(()),
        }
    }

    /// Checks that a risk is open and that `party` may decide about it: its owner, or anybody once that has left.
    pub(super) fn check_risk_owner(&self, party: usize, risk: StatementId) -> Result<(), WorkRefusal> {
        let owner = self.work.risks.find(risk)?.owner;
        if owner == party || self.has_left(owner) {
            return Ok(());
        }
        Err(WorkRefusal::NotRiskOwner { risk, owner: self.party_name(owner), party: self.party_name(party) })
    }

    pub(in crate::agreement) fn check_assessment(&self, mover: usize, body: &RiskAssessment) -> Result<(), Refusal> {
        self.check_risk_owner(mover, body.risk)?;
        Ok(self.check_size(&body.assessment)?)
    }

    pub(in crate::agreement) fn assess(&mut self, entry: Entry, body: RiskAssessment) {
        if let Some(risk) = self.work.risks.listed.get_mut(&body.risk) {
            risk.assessment = body.assessment;
            if body.closed {
                self.work.risks.close(entry, body.risk);
            }
        }
    }
}
