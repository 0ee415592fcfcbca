//! Histories nobody thought of: random statements by random parties about random objects, in any order.
//!
//! The oracle computes an account from the list of entries alone, in the plainest way, and shares nothing with the books
//! but the arithmetic of `split`.

use std::collections::BTreeMap;

use counterfoil::{
    agreement::{Agreement, refusal::Refusal, settle::Account},
    digest::Digest,
    split::{DimensionInput, Entitlements, Exact, Fractions, Instalment, Ratio, largest_remainder, shares},
    statement::{
        Artifact, ArtifactDigest, ArtifactKind, Attestation, Benefit, Body, Contribution, Signed, Verdict,
        id::StatementId, terms::Terms,
    },
    time::Timestamp,
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest},
    sample::Index,
};

use crate::{
    common::cases,
    law::{
        Law, START_MS, accept, confirm, confirm_reversal, contribution, hours, ms, reverse, sales, sign, terms,
        withdraw,
    },
};

const PARTIES: [&str; 3] = ["community", "enterprise", "foundation"];

const HEAD: &str = "
    party community kappa 3/2
    party enterprise
    party foundation
    currency EUR 2
    currency JPY 0
    dimension T weight 2/3 mass 20 defaults 1/2,3/10,1/5 coefficients 1,5/4,1
    dimension S weight 1/3 mass none defaults 1/3,1/3,1/3
    unit hour T 3/2
    unit dataset S 7 attestations 2
    stream sales enterprise 1/3
    stream support community 1";

#[derive(Clone, Debug)]
pub(super) enum Step {
    Contribute { party: usize, dataset: bool, quantity: u64, artifact: Option<(u8, u64)> },
    Withdraw { party: usize, of: Index },
    Attest { party: usize, of: Vec<Index>, verdict: Verdict },
    Report { support: bool, yen: bool, amount: u64 },
    Confirm { party: usize, of: Index },
    Reverse { of: Index, amount: u64 },
    ConfirmReversal { party: usize, of: Index },
    Settle { party: usize, entries_back: u64 },
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let any = || proptest::prelude::any::<Index>();
    let verdict = prop_oneof![
        6 => (1..=3_u64).prop_map(|parts| Verdict::Accepted { quality: Ratio::reduced(parts, 3).unwrap(), unplanned: false }),
        1 => Just(Verdict::Rejected),
        1 => Just(Verdict::ChangesRequested),
    ];
    let artifact = proptest::option::of((0..4_u8, 1..=6_u64));
    prop_oneof![
        4 => (0..3_usize, proptest::bool::ANY, 1..20_u64, artifact).prop_map(|(party, dataset, quantity, artifact)| {
            Step::Contribute { party, dataset, quantity, artifact }
        }),
        1 => (0..3_usize, any()).prop_map(|(party, of)| Step::Withdraw { party, of }),
        6 => (0..3_usize, vec(any(), 1..4), verdict).prop_map(|(party, of, verdict)| {
            Step::Attest { party, of, verdict }
        }),
        3 => (proptest::bool::ANY, proptest::bool::ANY, 0..1_000_u64).prop_map(|(support, yen, amount)| {
            Step::Report { support, yen, amount }
        }),
        3 => (0..3_usize, any()).prop_map(|(party, of)| Step::Confirm { party, of }),
        2 => (any(), 1..600_u64).prop_map(|(of, amount)| Step::Reverse { of, amount }),
        2 => (0..3_usize, any()).prop_map(|(party, of)| Step::ConfirmReversal { party, of }),
        2 => (0..3_usize, 0..6_u64).prop_map(|(party, entries_back)| Step::Settle { party, entries_back }),
    ]
}

/// What happened: every entry, and the agreement after each.
pub(super) struct History {
    pub(super) start: Law,
    pub(super) law: Law,
    /// Everything that was said, when, and what became of it.
    pub(super) attempts: Vec<(Signed, Timestamp, Result<StatementId, Refusal>)>,
    entries: Vec<Signed>,
    pub(super) after: Vec<Agreement>,
    contributions: Vec<StatementId>,
    benefits: Vec<StatementId>,
    reversals: Vec<StatementId>,
}

impl History {
    pub(super) fn of(steps: &[Step]) -> Self {
        let law = Law::in_force(&terms(HEAD));
        let (proposal, agreement) = (law.proposal.clone(), law.agreement.clone());
        let mut history = Self {
            start: law.clone(),
            law,
            attempts: Vec::new(),
            // The acceptances change no account: the proposal stands for them.
            entries: vec![proposal; 3],
            after: vec![agreement; 3],
            contributions: Vec::new(),
            benefits: Vec::new(),
            reversals: Vec::new(),
        };
        steps.iter().for_each(|step| history.take(step));
        history
    }

    fn take(&mut self, step: &Step) {
        let pick = |of: &Index, among: &[StatementId]| (!among.is_empty()).then(|| *of.get(among));
        let (party, body) = match step {
            Step::Contribute { party, dataset, quantity, artifact } => {
                (*party, claim(PARTIES[*party], *dataset, *quantity, *artifact))
            }
            Step::Withdraw { party, of } => match pick(of, &self.contributions) {
                Some(contribution) => (*party, withdraw(contribution)),
                None => return,
            },
            Step::Attest { party, of, verdict } => {
                let mut contributions: Vec<_> = of.iter().filter_map(|of| pick(of, &self.contributions)).collect();
                contributions.sort();
                contributions.dedup();
                if contributions.is_empty() {
                    return;
                }
                let reason = "a reason".to_owned();
                (*party, Body::Attestation(Attestation { contributions, verdict: *verdict, reason }))
            }
            Step::Report { support, yen, amount } => (usize::from(!support), report(*support, *yen, *amount)),
            Step::Confirm { party, of } => match pick(of, &self.benefits) {
                Some(benefit) => (*party, confirm(benefit)),
                None => return,
            },
            Step::Reverse { of, amount } => match pick(of, &self.benefits) {
                Some(benefit) => (self.law.agreement.benefit(&benefit).unwrap().reporter, reverse(benefit, *amount)),
                None => return,
            },
            Step::ConfirmReversal { party, of } => match pick(of, &self.reversals) {
                Some(reversal) => (*party, confirm_reversal(reversal)),
                None => return,
            },
            Step::Settle { party, entries_back } => {
                let tree_size = self.law.agreement.size() - entries_back.min(&(self.law.agreement.size() - 1));
                match self.law.agreement.account_at(tree_size) {
                    Ok(account) => (*party, Body::Settlement(account.settlement)),
                    Err(refusal) => {
                        assert_eq!(refusal.reason(), "SETTLEMENT_TOO_OLD");
                        return;
                    }
                }
            }
        };
        let signed = self.law.sign(PARTIES[party], body);
        let entered = self.law.enter(&signed);
        self.attempts.push((signed.clone(), self.law.clock, entered.clone()));
        let Ok(id) = entered else { return };
        assert!(self.law.enter(&signed).is_err(), "the same statement entered twice");
        match &signed.statement().body {
            Body::Contribution(_) => self.contributions.push(id),
            Body::Benefit(_) => self.benefits.push(id),
            Body::Reversal(_) => self.reversals.push(id),
            _ => {}
        }
        self.entries.push(signed);
        self.after.push(self.law.agreement.clone());
    }
}

fn claim(party: &str, dataset: bool, quantity: u64, artifact: Option<(u8, u64)>) -> Body {
    let artifacts = artifact.into_iter().map(|(name, sixths)| Artifact {
        kind: ArtifactKind::Other,
        digest: ArtifactDigest::Sha256(Digest::of(&[&[name]])),
        media_type: String::new(),
        uri: String::new(),
        fraction: Ratio::reduced(sixths, 6).unwrap(),
    });
    Body::Contribution(Contribution {
        unit: if dataset { "dataset" } else { "hour" }.parse().unwrap(),
        artifacts: artifacts.collect(),
        ..contribution(party, Ratio::reduced(quantity, 4).unwrap())
    })
}

fn report(support: bool, yen: bool, amount: u64) -> Body {
    let Body::Benefit(benefit) = sales(amount) else { unreachable!("sales are a benefit") };
    Body::Benefit(Benefit {
        stream: if support { "support" } else { "sales" }.parse().unwrap(),
        currency: if yen { "JPY" } else { "EUR" }.parse().unwrap(),
        ..benefit
    })
}

/// What the entries say, in the plainest form.
#[derive(Default)]
pub(crate) struct Oracle {
    /// Party, dimension, points; counted from, counted until.
    counted: Vec<(usize, usize, Exact, usize, usize)>,
    /// Currency, stream, amount, confirmed at; reversals: amount and confirmed at.
    benefits: BTreeMap<StatementId, (usize, usize, u64, usize, Vec<(u64, usize)>)>,
    cuts: Vec<usize>,
}

impl Oracle {
    pub(crate) fn of(terms: &Terms, entries: &[Signed]) -> Self {
        let mut oracle = Self::default();
        let mut claims: BTreeMap<StatementId, (&Contribution, Vec<Ratio>, Option<usize>)> = BTreeMap::new();
        let mut reversals = BTreeMap::new();
        for (at, signed) in entries.iter().enumerate() {
            match &signed.statement().body {
                Body::Contribution(body) => drop(claims.insert(signed.id(), (body, Vec::new(), None))),
                Body::Attestation(body) => {
                    let Verdict::Accepted { quality, .. } = body.verdict else { continue };
                    for id in &body.contributions {
                        let (claim, qualities, place) = claims.get_mut(id).unwrap();
                        qualities.push(quality);
                        let unit = terms.units.iter().find(|unit| unit.name == claim.unit).unwrap();
                        if qualities.len() == usize::try_from(unit.attestations).unwrap() {
                            let least = qualities.iter().map(|quality| quality.exact()).min().unwrap();
                            let points = claim.quantity.exact() * unit.points.exact() * least;
                            let party = terms.parties.iter().position(|party| party.name == claim.party).unwrap();
                            let dimension = terms.dimensions.iter().position(|of| of.name == unit.dimension).unwrap();
                            *place = Some(oracle.counted.len());
                            oracle.counted.push((party, dimension, points, at, usize::MAX));
                        }
                    }
                }
                Body::ContributionWithdrawal(body) => {
                    if let Some(place) = claims[&body.contribution].2 {
                        oracle.counted[place].4 = at;
                    }
                }
                Body::Benefit(body) => {
                    let stream = terms.streams.iter().position(|stream| stream.name == body.stream).unwrap();
                    let currency = terms.currencies.iter().position(|of| of.code == body.currency).unwrap();
                    let benefit = (currency, stream, body.amount, usize::MAX, Vec::new());
                    oracle.benefits.insert(signed.id(), benefit);
                }
                Body::BenefitConfirmation(body) => {
                    body.benefits.iter().for_each(|id| oracle.benefits.get_mut(id).unwrap().3 = at);
                }
                Body::Reversal(body) => drop(reversals.insert(signed.id(), body)),
                Body::ReversalConfirmation(body) => {
                    for reversal in &body.reversals {
                        let reversal = reversals[reversal];
                        oracle.benefits.get_mut(&reversal.benefit).unwrap().4.push((reversal.amount, at));
                    }
                }
                Body::Settlement(body) => oracle.cuts.push(usize::try_from(body.tree_size).unwrap()),
                _ => {}
            }
        }
        oracle
    }

    fn shares(&self, terms: &Terms, cut: usize) -> Fractions {
        let mut points = vec![vec![Exact::ZERO; terms.parties.len()]; terms.dimensions.len()];
        for (party, dimension, counted, from, until) in &self.counted {
            if *from < cut && *until >= cut {
                points[*dimension][*party] += counted;
            }
        }
        let dimensions: Vec<_> = terms
            .dimensions
            .iter()
            .zip(&points)
            .map(|(terms, points)| DimensionInput {
                weight: terms.weight,
                floor_mass: terms.floor_mass,
                default_shares: &terms.default_shares,
                coefficients: &terms.coefficients,
                points,
            })
            .collect();
        let kappa: Vec<_> = terms.parties.iter().map(|party| party.coefficient).collect();
        shares(&dimensions, &kappa).unwrap().shares
    }

    /// The entitlements of one currency at `tree_size`.
    fn entitlements(&self, terms: &Terms, currency: usize, tree_size: usize) -> Vec<Exact> {
        let mut instalments = Vec::new();
        let mut from = 0;
        for cut in self.cuts.iter().copied().filter(|cut| *cut < tree_size).chain([tree_size]) {
            let mut gross = vec![0; terms.streams.len()];
            for (of, stream, amount, confirmed, reversals) in self.benefits.values() {
                if *of == currency && (from..cut).contains(confirmed) {
                    let back: u64 = reversals.iter().filter(|(_, at)| *at < tree_size).map(|(amount, _)| amount).sum();
                    gross[*stream] += amount - back;
                }
            }
            instalments.push(Instalment { shares: self.shares(terms, cut), gross });
            from = cut;
        }
        let rates: Vec<_> = terms.streams.iter().map(|stream| stream.pool_rate).collect();
        Entitlements::from_instalments(terms.parties.len(), &rates, &instalments).unwrap().iter().collect()
    }
}

pub(crate) fn check_account(
    account: &Account,
    oracle: &Oracle,
    terms: &Terms,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let tree_size = usize::try_from(account.settlement.tree_size).unwrap();
    prop_assert_eq!(&account.shares.shares, &oracle.shares(terms, tree_size));
    for (currency, lines) in account.settlement.accounts.iter().enumerate() {
        let expected = oracle.entitlements(terms, currency, tree_size);
        let exact: Vec<_> = account.entitlements[currency].iter().collect();
        prop_assert_eq!(&exact, &expected, "at {}", tree_size);
        let allocations: Vec<_> = lines.parties.iter().map(|line| line.allocation).collect();
        prop_assert_eq!(&allocations, &largest_remainder(&expected).unwrap());
        prop_assert_eq!(allocations.iter().sum::<i64>(), i64::try_from(lines.pool).unwrap());
        prop_assert_eq!(account.nets[currency].iter().sum::<i64>(), 0);
        for (exact, allocation) in exact.iter().zip(&allocations) {
            let off = exact - Exact::from(*allocation);
            prop_assert!(off < Exact::ONE && off > -Exact::ONE);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_history_is_split_as_its_entries_say(steps in vec(step(), 1..90)) {
        let History { law, entries, after, .. } = History::of(&steps);
        let terms = law.agreement.terms();
        // At every size since the last cut-off, now and as it was computed when the ledger was that large.
        for size in 1..=law.agreement.size() {
            let Ok(now) = law.agreement.account_at(size) else { continue };
            let place = usize::try_from(size).unwrap();
            prop_assert_eq!(&now.settlement.shares, &after[place - 1].account_at(size).unwrap().settlement.shares);
            check_account(&now, &Oracle::of(terms, &entries), terms)?;
        }
        // And every settlement, as it stood after it entered.
        for (place, agreement) in after.iter().enumerate() {
            if matches!(entries[place].statement().body, Body::Settlement(_)) {
                check_account(agreement.last_account().unwrap(), &Oracle::of(terms, &entries[..place]), terms)?;
            }
        }
    }

    #[test]
    fn what_touches_different_objects_may_come_in_any_order(
        lives in vec((0..3_usize, 1..40_u64, 0..4_u8), 2..8),
        order in vec(proptest::prelude::any::<Index>(), 32),
        other in vec(proptest::prelude::any::<Index>(), 32),
    ) {
        let start = Law::in_force(&terms("
            party community
            party enterprise
            party foundation
            dimension T mass 20 defaults 1/2,3/10,1/5
            stream sales enterprise 2/3"));
        // Each object has its own line of statements, signed beforehand.
        let lines: Vec<Vec<Signed>> = lives
            .iter()
            .zip(1..)
            .map(|((party, number, kind), line)| object(&start, line, *party, *number, *kind))
            .collect();
        let run = |order: &[Index]| {
            let (mut law, mut lines) = (start.clone(), lines.clone());
            law.clock = ms(START_MS * 2);
            for index in order.iter().cycle() {
                lines.retain(|line| !line.is_empty());
                if lines.is_empty() {
                    break;
                }
                let place = index.index(lines.len());
                law.enter(&lines[place].remove(0)).unwrap();
            }
            law.settlement(law.agreement.size())
        };
        prop_assert_eq!(run(&order), run(&other));
    }
}

/// The statements about one object, in their order.
fn object(law: &Law, line: u64, party: usize, number: u64, kind: u8) -> Vec<Signed> {
    let (id, judge) = (Some(law.agreement.id()), PARTIES[(party + 1) % 3]);
    let mut signed: Vec<Signed> = Vec::new();
    let mut say = |who: &str, body: &dyn Fn(StatementId) -> Body| {
        let first = signed.first().map_or(StatementId::from_digest(Digest::of(&[])), Signed::id);
        let place = u64::try_from(signed.len()).unwrap();
        signed.push(sign(who, id, line * 1_000 + place, body(first)));
    };
    match kind {
        0 | 1 => {
            say(PARTIES[party], &|_| hours(PARTIES[party], number));
            say(judge, &accept);
            if kind == 1 {
                say(PARTIES[party], &withdraw);
            }
        }
        _ => {
            say("enterprise", &|_| sales(number));
            say("community", &confirm);
            if kind == 3 {
                say("enterprise", &|benefit| reverse(benefit, number / 2 + 1));
                let reversal = signed[2].id();
                let place = sign("foundation", id, line * 1_000 + 3, confirm_reversal(reversal));
                signed.push(place);
            }
        }
    }
    signed
}
