//! Limits: what every party has at least and at most while something is in doubt, whatever is decided about it.
//!
//! No doubt makes an account uncomputable: where numbers that somebody seeks outgrow their limits, nobody is sure of anything in
//! that currency at that end, and what may come of it is held.

use std::collections::BTreeMap;

use crate::{
    agreement::settle::{
        Books, Limits,
        doubt::{Doubt, Open, Ranges},
        instalment::Instalments,
        outlook::Plan,
        replay::{Replay, Sharings, bounds_over},
    },
    split::{End, Exact, Intervals, SplitError},
    statement::terms::Name,
};

/// For whom the worst or the best is looked for.
#[derive(Clone, Copy)]
struct View {
    /// One who paid a cost in doubt; none: all who paid none.
    payer: Option<usize>,
    end: End,
}

/// What parties have at one end, as long as it can be computed.
type AtEnd = Option<Ends>;

/// What each party has at one end, minor units.
#[derive(Clone)]
struct Ends {
    /// Before guarantees.
    entitled: Vec<Exact>,
    /// After guarantees.
    owed: Vec<Exact>,
}

/// What is guaranteed by a guarantor to a party over all instalments, minor units.
type Granted = BTreeMap<(usize, usize), Exact>;

impl Books {
    /// Returns by currency what every party gets at least and at most, where there are doubts.
    pub(super) fn limits(&self, plan: &Plan<'_>) -> Result<Option<Limits>, SplitError> {
        let open: Vec<&Open> = self.doubts.values().filter(|open| open.is_open_at(plan.tree_size)).collect();
        if open.is_empty() {
            return Ok(None);
        }
        let ranges = Ranges::of(&open, &plan.instalments, |at| self.instalment_of(at))?;
        let sharings = self.sharings(plan, self.events.iter().chain(&plan.events), Some(&ranges))?;
        let mut payers: Vec<usize> = open.iter().filter_map(|open| payer(&open.doubt)).collect();
        payers.sort_unstable();
        payers.dedup();
        let about_money = open.iter().any(|open| !matches!(open.doubt, Doubt::Points(_)));
        let (parties, currencies) = (plan.terms.parties.len(), plan.terms.currencies.len());
        let zeros = || vec![Exact::ZERO; parties];
        let nothing = || vec![Some(Ends { entitled: zeros(), owed: zeros() }); currencies];
        let (mut lows, mut highs) = (nothing(), nothing());
        // Who paid a cost that is in doubt is worst off without it, and all others with it.
        for payer in payers.iter().copied().map(Some).chain([None]) {
            let concerns = |party: usize| match payer {
                Some(payer) => party == payer,
                None => !payers.contains(&party),
            };
            for end in [End::Low, End::High] {
                if end == End::High && !about_money {
                    break;
                }
                let bounds = self.bounds(plan, &open, View { payer, end }, &sharings);
                for (currency, bounds) in bounds.iter().enumerate() {
                    if end == End::Low {
                        limit(&mut lows[currency], bounds.as_ref(), End::Low, !about_money, concerns);
                    }
                    if end == End::High || !about_money {
                        limit(&mut highs[currency], bounds.as_ref(), End::High, !about_money, concerns);
                    }
                }
            }
        }
        let limits = lows.into_iter().zip(highs).enumerate().map(|(currency, (low, high))| {
            let granted = self.granted(plan, currency);
            let borne = if about_money { borne_at_ends(low.as_ref(), high.as_ref(), &granted) } else { Vec::new() };
            let unsure = |end| self.unsure(plan, &open, (currency, &granted), end);
            let mut low = low.map_or_else(|| unsure(End::Low), |low| low.owed);
            let mut high = high.map_or_else(|| unsure(End::High), |high| high.owed);
            for (guarantor, [most, least]) in borne {
                low[guarantor] -= most;
                high[guarantor] -= least;
            }
            (low, high)
        });
        Ok(Some(limits.collect()))
    }

    /// Returns by currency between what every party is in a view; none where that cannot be computed.
    fn bounds(&self, plan: &Plan<'_>, open: &[&Open], view: View, sharings: &Sharings) -> Vec<Option<Intervals>> {
        let currencies = plan.terms.currencies.len();
        let mut instalments = plan.instalments.clone();
        if self.doubt_money(&mut instalments, open, view).is_err() {
            return vec![None; currencies];
        }
        let replay = Replay { instalments: &instalments, ..self.replay(plan, sharings) };
        let events = || self.events.iter().chain(&plan.events).copied();
        match bounds_over(&replay, events()) {
            Ok(bounds) => bounds.into_iter().map(Some).collect(),
            // What is too much in one currency is none of the others' business.
            Err(_) => (0..currencies)
                .map(|currency| {
                    let alone = Replay { only: Some(currency), ..replay };
                    bounds_over(&alone, events()).ok().and_then(|bounds| bounds.into_iter().nth(currency))
                })
                .collect(),
        }
    }

    /// Lets benefits in doubt have brought the least, or the most, that they may; and costs in doubt be as they are the worst, or the
    /// best, for a payer, or for all who paid none.
    fn doubt_money(&self, instalments: &mut Instalments<'_>, open: &[&Open], view: View) -> Result<(), SplitError> {
        let least = view.end == End::Low;
        for open in open {
            match open.doubt {
                Doubt::Points(_) => {}
                Doubt::Benefit { came_in, stands, may } => {
                    let instalment = instalments.change(self.instalment_of(came_in.at));
                    let wanted = if least { stands.min(may) } else { stands.max(may) };
                    instalment.take((came_in.currency, came_in.stream), i128::from(stands) - i128::from(wanted))?;
                }
                Doubt::Cost { from, currency, party, stands, may } => {
                    let instalment = instalments.change(self.instalment_of(from));
                    let small = (view.payer == Some(party)) == least;
                    let wanted = if small { stands.min(may) } else { stands.max(may) };
                    let sum = instalment.costs.entry((currency, party)).or_default();
                    *sum = sum.saturating_sub(stands).checked_add(wanted).ok_or(SplitError::AmountTooLarge)?;
                }
            }
        }
        Ok(())
    }

    /// Returns what is guaranteed in a currency over all instalments.
    fn granted(&self, plan: &Plan<'_>, currency: usize) -> Granted {
        let terms = &plan.terms;
        let position = |name: &Name| terms.parties.iter().position(|party| party.name == *name);
        let mut granted = Granted::new();
        for place in 0..=plan.instalments.last() {
            let guarantees = &self.terms[plan.instalments.get(place).version].1.waterfall.guarantees;
            for guarantee in guarantees.iter().filter(|of| of.currency == terms.currencies[currency].code) {
                if let (Some(party), Some(guarantor)) = (position(&guarantee.party), position(&guarantee.guarantor)) {
                    *granted.entry((party, guarantor)).or_insert(Exact::ZERO) += Exact::from(guarantee.amount);
                }
            }
        }
        granted
    }

    /// Returns what parties have who are not sure of anything: at least nothing, and at most everything; and what guarantees may move.
    fn unsure(&self, plan: &Plan<'_>, open: &[&Open], (currency, granted): (usize, &Granted), end: End) -> Vec<Exact> {
        let of_currency = |place: usize| {
            let net = plan.instalments.get(place).net.iter();
            net.filter(|((of, _), _)| *of == currency).map(|(_, net)| *net).sum::<u128>()
        };
        let mut all: u128 = (0..=plan.instalments.last()).map(of_currency).sum();
        for open in open {
            if let Doubt::Benefit { came_in, stands, may } = open.doubt
                && came_in.currency == currency
            {
                all += u128::from(may.saturating_sub(stands));
            }
        }
        let start = if end == End::Low { Exact::ZERO } else { Exact::from(all) };
        let mut limits = vec![start; plan.terms.parties.len()];
        for ((party, guarantor), amount) in granted {
            match end {
                End::Low => limits[*guarantor] -= amount,
                End::High => limits[*party] += amount,
            }
        }
        limits
    }
}

/// Adds to the limits what the parties that are `concerned` have at an end. `bearing`: and takes from guarantors what they bear for
/// those: what is the worst for a guarantor depends on what is the worst for whom it guarantees.
fn limit(limits: &mut AtEnd, bounds: Option<&Intervals>, end: End, bearing: bool, concerned: impl Fn(usize) -> bool) {
    let (Some(all), Some(bounds)) = (limits.as_mut(), bounds) else {
        *limits = None;
        return;
    };
    let both = bounds.entitled(end).into_iter().zip(bounds.before_bearing(end)).enumerate();
    for (party, (entitled, owed)) in both.filter(|(party, _)| concerned(*party)) {
        all.entitled[party] += entitled;
        all.owed[party] += owed;
    }
    for (_, guarantor, borne) in bounds.borne(end).filter(|(party, _, _)| bearing && concerned(*party)) {
        all.owed[guarantor] -= borne;
    }
}

/// Returns for each guarantee who bears it, and at most and at least how much, where amounts are in doubt: money that comes in
/// earlier may let the guaranteed party have less of later instalments, by costs that it has back already, so that neither the
/// least nor the most of it is the worst for the guarantor. But more never lowers what is guaranteed, nor what is entitled to.
fn borne_at_ends(low: Option<&Ends>, high: Option<&Ends>, granted: &Granted) -> Vec<(usize, [Exact; 2])> {
    let bears = |((party, guarantor), amount): (&(usize, usize), &Exact)| {
        let (Some(low), Some(high)) = (low, high) else {
            // Who is not sure of anything has all guarantees in its limits.
            let most = if low.is_some() { amount.clone() } else { Exact::ZERO };
            return (*guarantor, [most, Exact::ZERO]);
        };
        let most = (&high.owed[*party] - &low.entitled[*party]).max(Exact::ZERO).min(amount.clone());
        let alone = granted.range((*party, 0)..(*party + 1, 0)).count() == 1;
        let least = if alone { (&low.owed[*party] - &high.entitled[*party]).max(Exact::ZERO) } else { Exact::ZERO };
        (*guarantor, [most, least])
    };
    granted.iter().map(bears).collect()
}

fn payer(doubt: &Doubt) -> Option<usize> {
    match doubt {
        Doubt::Cost { party, .. } => Some(*party),
        Doubt::Points(_) | Doubt::Benefit { .. } => None,
    }
}
