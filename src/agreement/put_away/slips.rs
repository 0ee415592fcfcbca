//! The slips that are put away: contributions, claims of artifacts, benefits, reversals and sheets, each with what the law
//! needs of it. What statements say besides stands in their entries.

use dashu_int::UBig;
use serde::{Deserialize, Serialize};

use crate::{
    agreement::{
        Agreement,
        attestation::Judgement,
        benefit::{BenefitSlot, ReversalPlace, ReversalSlot},
        claimed::{Brief, Claimed},
        contribution::{Claims, Decided, Outcome, Slot},
        put_away::form::{Number, Stated, exact, number, ratio, stated},
        settle::{
            CameIn,
            pending::{Came, Change, FlowKey, Pending, Sheet, Sums},
        },
        work::challenge::ChallengeMark,
    },
    digest::Digest,
    statement::{
        ArtifactDigest, Verdict,
        id::StatementId,
        terms::{Name, Terms},
    },
    time::Timestamp,
};

#[derive(Serialize, Deserialize)]
enum ArtifactForm {
    Sha256([u8; 32]),
    GitSha1([u8; 20]),
}

#[derive(Serialize, Deserialize)]
enum VerdictForm {
    Accepted(Stated, bool),
    Rejected,
    ChangesRequested,
}

#[derive(Serialize, Deserialize)]
enum OutcomeForm {
    Claimed,
    Accepted { at: u64, points: Number },
    Rejected,
    ChangesRequested,
}

/// See [`Slot`].
#[derive(Serialize, Deserialize)]
pub(super) struct ContributionForm {
    party: usize,
    unit: usize,
    quantity: Stated,
    artifacts: Vec<(ArtifactForm, Stated)>,
    /// Party, entry, verdict.
    judgements: Vec<(usize, u64, VerdictForm)>,
    outcome: OutcomeForm,
    withdrawn: Option<u64>,
    task: Option<Name>,
    accepted: Option<Timestamp>,
    challenges: Vec<ChallengeMark>,
    admitted: Timestamp,
    /// The entry that decided what it counts; for whom, and how many points.
    decided: Option<(u64, Option<(usize, Number)>)>,
}

impl ContributionForm {
    pub(super) fn of(slot: &Slot) -> Self {
        let artifacts = slot.claimed.artifacts().map(|(artifact, fraction)| {
            let artifact = match artifact {
                ArtifactDigest::Sha256(digest) => ArtifactForm::Sha256(*digest.as_bytes()),
                ArtifactDigest::GitSha1(bytes) => ArtifactForm::GitSha1(bytes),
            };
            (artifact, stated(fraction))
        });
        let judgements = slot.judgements.iter().map(|judgement| {
            let verdict = match judgement.verdict {
                Verdict::Accepted { quality, unplanned } => VerdictForm::Accepted(stated(quality), unplanned),
                Verdict::Rejected => VerdictForm::Rejected,
                Verdict::ChangesRequested => VerdictForm::ChangesRequested,
            };
            (judgement.party, judgement.index, verdict)
        });
        Self {
            party: slot.party,
            unit: slot.unit,
            quantity: stated(slot.claimed.quantity()),
            artifacts: artifacts.collect(),
            judgements: judgements.collect(),
            outcome: match &slot.outcome {
                Outcome::Claimed => OutcomeForm::Claimed,
                Outcome::Accepted { at, points } => OutcomeForm::Accepted { at: *at, points: number(points) },
                Outcome::Rejected => OutcomeForm::Rejected,
                Outcome::ChangesRequested => OutcomeForm::ChangesRequested,
            },
            withdrawn: slot.withdrawn,
            task: slot.task.clone(),
            accepted: slot.accepted,
            challenges: slot.challenges.clone(),
            admitted: slot.admitted,
            decided: slot.decided.as_ref().map(|decided| {
                let counts = decided.counts.as_ref().map(|(party, points)| (*party, number(points)));
                (decided.at, counts)
            }),
        }
    }

    pub(super) fn read(self, index: u64, agreement: &Agreement) -> Option<Slot> {
        let terms = agreement.terms();
        let (_, entry) = agreement.versions.unit(index, self.unit)?;
        let dimension = entry.dimension;
        let artifacts = self.artifacts.into_iter().map(|(artifact, fraction)| {
            let artifact = match artifact {
                ArtifactForm::Sha256(bytes) => ArtifactDigest::Sha256(Digest::from_bytes(bytes)),
                ArtifactForm::GitSha1(bytes) => ArtifactDigest::GitSha1(bytes),
            };
            Some((artifact, ratio(fraction)?))
        });
        let brief = Brief { quantity: ratio(self.quantity)?, artifacts: artifacts.collect::<Option<_>>()? };
        let judgements = self.judgements.into_iter().map(|(party, index, verdict)| {
            let verdict = match verdict {
                VerdictForm::Accepted(quality, unplanned) => Verdict::Accepted { quality: ratio(quality)?, unplanned },
                VerdictForm::Rejected => Verdict::Rejected,
                VerdictForm::ChangesRequested => Verdict::ChangesRequested,
            };
            Some(Judgement { party: position(party, &terms.parties)?, index, verdict })
        });
        let decided = match self.decided {
            None => None,
            Some((at, None)) => Some(Box::new(Decided { at, counts: None })),
            Some((at, Some((party, points)))) => {
                let counts = Some((position(party, &terms.parties)?, exact(points)?));
                Some(Box::new(Decided { at, counts }))
            }
        };
        Some(Slot {
            party: position(self.party, &terms.parties)?,
            unit: self.unit,
            dimension,
            claimed: Claimed::Brief(Box::new(brief)),
            judgements: judgements.collect::<Option<_>>()?,
            outcome: match self.outcome {
                OutcomeForm::Claimed => Outcome::Claimed,
                OutcomeForm::Accepted { at, points } => Outcome::Accepted { at, points: exact(points)? },
                OutcomeForm::Rejected => Outcome::Rejected,
                OutcomeForm::ChangesRequested => Outcome::ChangesRequested,
            },
            withdrawn: self.withdrawn,
            task: self.task,
            accepted: self.accepted,
            challenges: self.challenges,
            admitted: self.admitted,
            decided,
        })
    }
}

/// See [`Claims`].
#[derive(Serialize, Deserialize)]
pub(super) struct ClaimsForm {
    sum: Number,
    denominator: UBig,
}

impl ClaimsForm {
    pub(super) fn of(claims: &Claims) -> Self {
        Self { sum: number(&claims.sum), denominator: claims.denominator.clone() }
    }

    pub(super) fn read(self) -> Option<Claims> {
        let sum = exact(self.sum)?;
        (!self.denominator.is_zero()).then_some(Claims { sum, denominator: self.denominator })
    }
}

/// See [`BenefitSlot`].
#[derive(Serialize, Deserialize)]
pub(super) struct BenefitForm {
    reporter: usize,
    stream: usize,
    currency: usize,
    amount: u64,
    confirmed: Option<u64>,
    reversed: u64,
    admitted: Timestamp,
    decided: Option<u64>,
}

impl BenefitForm {
    pub(super) const fn of(slot: &BenefitSlot) -> Self {
        let BenefitSlot { reporter, stream, currency, amount, confirmed, reversed, admitted, decided, .. } = *slot;
        Self { reporter, stream, currency, amount, confirmed, reversed, admitted, decided }
    }

    pub(super) fn read(self, terms: &Terms) -> Option<BenefitSlot> {
        Some(BenefitSlot {
            reporter: position(self.reporter, &terms.parties)?,
            stream: position(self.stream, &terms.streams)?,
            currency: position(self.currency, &terms.currencies)?,
            amount: self.amount,
            confirmed: self.confirmed,
            reversed: self.reversed,
            admitted: self.admitted,
            decided: self.decided,
            whole: None,
        })
    }
}

/// See [`ReversalSlot`].
#[derive(Serialize, Deserialize)]
pub(super) struct ReversalForm {
    /// The index of the benefit's entry.
    benefit: u64,
    id: [u8; 32],
    admitted_ms: u64,
    reporter: usize,
    came_in: CameInForm,
    amount: u64,
    confirmed: Option<u64>,
}

impl ReversalForm {
    pub(super) fn of(benefit: u64, slot: &ReversalSlot) -> Self {
        Self {
            benefit,
            id: *slot.id.digest().as_bytes(),
            admitted_ms: slot.admitted.as_ms(),
            reporter: slot.reporter,
            came_in: CameInForm::of(slot.came_in),
            amount: slot.amount,
            confirmed: slot.confirmed,
        }
    }

    pub(super) fn read(self, index: u64, terms: &Terms) -> Option<(ReversalPlace, ReversalSlot)> {
        let slot = ReversalSlot {
            id: StatementId::from_digest(Digest::from_bytes(self.id)),
            admitted: Timestamp::from_ms(self.admitted_ms).ok()?,
            reporter: position(self.reporter, &terms.parties)?,
            came_in: self.came_in.read(terms)?,
            amount: self.amount,
            confirmed: self.confirmed,
        };
        Some(((self.benefit, index), slot))
    }
}

/// Currency, stream, and the entry that confirmed it.
#[derive(Serialize, Deserialize)]
pub(super) struct CameInForm(usize, usize, u64);

impl CameInForm {
    pub(super) const fn of(CameIn { currency, stream, at }: CameIn) -> Self {
        Self(currency, stream, at)
    }

    pub(super) fn read(self, terms: &Terms) -> Option<CameIn> {
        let Self(currency, stream, at) = self;
        let (currency, stream) = flow((currency, stream), terms)?;
        Some(CameIn { currency, stream, at })
    }
}

/// See [`Sums`].
#[derive(Serialize, Deserialize)]
pub(super) struct SumsForm {
    points: Vec<Vec<Number>>,
    came: Vec<(FlowKey, u64, u128)>,
}

impl SumsForm {
    pub(super) fn of(sums: &Sums) -> Self {
        Self {
            points: sums.points.iter().map(|points| points.iter().map(number).collect()).collect(),
            came: sums.came.iter().map(|(flow, came)| (*flow, came.times, came.sum)).collect(),
        }
    }

    pub(super) fn read(self, terms: &Terms) -> Option<Sums> {
        let (dimensions, parties) = (terms.dimensions.len(), terms.parties.len());
        // Fewer: written before others came.
        if self.points.len() > dimensions || self.points.iter().any(|points| points.len() > parties) {
            return None;
        }
        let points = self.points.into_iter().map(|points| points.into_iter().map(exact).collect());
        let came = self.came.into_iter();
        let came = came.map(|(key, times, sum)| Some((flow(key, terms)?, Came { times, sum })));
        let mut sums = Sums { points: points.collect::<Option<_>>()?, came: came.collect::<Option<_>>()? };
        sums.widen(dimensions, parties);
        Some(sums)
    }
}

#[derive(Serialize, Deserialize)]
enum ChangeForm {
    /// Dimension, party.
    Points(usize, usize, Number),
    In(FlowKey, u64),
}

/// Changes in the order of their entries; see [`Pending`].
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ChangesForm(Vec<(u64, ChangeForm)>);

impl ChangesForm {
    pub(super) fn of(changes: &[Pending]) -> Self {
        let changes = changes.iter().map(|pending| {
            let change = match &pending.change {
                Change::Points { dimension, party, points } => ChangeForm::Points(*dimension, *party, number(points)),
                Change::In { flow, amount } => ChangeForm::In(*flow, *amount),
            };
            (pending.at, change)
        });
        Self(changes.collect())
    }

    pub(super) fn read(self, terms: &Terms) -> Option<Vec<Pending>> {
        let changes = self.0.into_iter().map(|(at, change)| {
            let change = match change {
                ChangeForm::Points(dimension, party, points) => Change::Points {
                    dimension: position(dimension, &terms.dimensions)?,
                    party: position(party, &terms.parties)?,
                    points: exact(points)?,
                },
                ChangeForm::In(key, amount) => Change::In { flow: flow(key, terms)?, amount },
            };
            Some(Pending { at, change })
        });
        changes.collect::<Option<Vec<_>>>().filter(|changes| changes.is_sorted_by_key(|pending| pending.at))
    }
}

/// See [`Sheet`].
#[derive(Serialize, Deserialize)]
pub(super) struct SheetForm {
    before: SumsForm,
    changes: ChangesForm,
    upto: u64,
}

impl SheetForm {
    pub(super) fn of(sheet: &Sheet) -> Self {
        Self { before: SumsForm::of(&sheet.before), changes: ChangesForm::of(&sheet.changes), upto: sheet.upto }
    }

    pub(super) fn read(self, terms: &Terms) -> Option<Sheet> {
        Some(Sheet { before: self.before.read(terms)?, changes: self.changes.read(terms)?, upto: self.upto })
    }
}

/// Returns a position if there is something at it.
pub(super) fn position<T>(position: usize, of: &[T]) -> Option<usize> {
    (position < of.len()).then_some(position)
}

pub(super) fn flow((currency, stream): FlowKey, terms: &Terms) -> Option<FlowKey> {
    Some((position(currency, &terms.currencies)?, position(stream, &terms.streams)?))
}
