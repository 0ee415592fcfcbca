//! What all outcomes of one statement come to together: no decision makes an account too large or too fine to be computed.

use std::collections::BTreeMap;

use dashu_int::UBig;

use crate::{
    agreement::{
        Agreement,
        benefit::GROSS_MAX,
        dispute::subject::{After, Stands},
        refusal::{Refusal, dispute::DisputeRefusal},
    },
    statement::id::StatementId,
};

/// What the outcomes of a statement bring.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// By dimension, where it grew: the common denominator of the points.
    denominators: Vec<(usize, UBig)>,
    /// By currency: how much more all benefits are, minor units, and which was the last that brings more.
    benefits: BTreeMap<usize, (i128, Option<StatementId>)>,
    /// The same of costs.
    costs: BTreeMap<usize, (i128, Option<StatementId>)>,
    /// By party and currency: how much more its costs may be.
    raised: BTreeMap<(usize, usize), (i128, Option<StatementId>)>,
}

impl Agreement {
    /// Checks one outcome beside those before it.
    pub(super) fn check_outcome(
        &self,
        (id, index): (StatementId, u64),
        stands: &Stands,
        after: &After,
        together: &mut Together,
    ) -> Result<(), Refusal> {
        match (stands, after) {
            // Who joined later was not there when it was done, nor when it was first shared.
            (Stands::Contribution { .. }, After::Points(Some((to, _))))
                if *to >= self.terms_at(index).parties.len() =>
            {
                Err(DisputeRefusal::RemedyUnfit { subject: id }.into())
            }
            (Stands::Contribution { dimension, .. }, After::Points(Some((_, points)))) => {
                Ok(self.check_fineness(id, *dimension, points, &mut together.denominators)?)
            }
            (Stands::Benefit { reversed, .. }, After::Amount(after)) if after < reversed => {
                Err(DisputeRefusal::AmountUnfit { subject: id }.into())
            }
            (Stands::Benefit { came_in, amount, .. }, After::Amount(after)) => {
                add(together.benefits.entry(came_in.currency).or_default(), id, *amount, *after);
                Ok(())
            }
            (Stands::Cost { party, currency, amount, .. }, After::Amount(after)) => {
                add(together.costs.entry(*currency).or_default(), id, *amount, *after);
                if after > amount {
                    add(together.raised.entry((*party, *currency)).or_default(), id, *amount, *after);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Checks that all benefits, and all costs, of a currency stay within their limit.
    pub(super) fn check_sums(&self, together: &Together) -> Result<(), DisputeRefusal> {
        for (currency, more) in &together.benefits {
            within(self.benefits.confirmed[*currency], more)?;
        }
        for (currency, more) in &together.costs {
            within(self.money.costs.confirmed_in(*currency), more)?;
        }
        Ok(())
    }

    /// Checks that the costs of a party stay within their limit if all that is sought for them comes true: what is the worst for
    /// the others rests on it.
    pub(super) fn check_raised(&self, together: &Together) -> Result<(), DisputeRefusal> {
        let open = || self.disputes.open.values().flat_map(|case| &case.subjects);
        for (whose, (more, last)) in &together.raised {
            let others = open().filter_map(|subject| match &subject.stands {
                Stands::Cost { party, currency, amount, .. } if (*party, *currency) == *whose => {
                    match subject.stands.after(&subject.sought, self.terms()) {
                        Some(After::Amount(sought)) => Some(i128::from(sought.saturating_sub(*amount))),
                        _ => None,
                    }
                }
                _ => None,
            });
            let all = more + others.sum::<i128>();
            within(self.money.costs.confirmed_in(whose.1), &(all, *last))?;
        }
        Ok(())
    }
}

fn add(sum: &mut (i128, Option<StatementId>), id: StatementId, before: u64, after: u64) {
    sum.0 += i128::from(after) - i128::from(before);
    if after > before {
        sum.1 = Some(id);
    }
}

fn within(confirmed: u64, (more, last): &(i128, Option<StatementId>)) -> Result<(), DisputeRefusal> {
    match last {
        Some(subject) if i128::from(confirmed) + more > i128::from(GROSS_MAX) => {
            Err(DisputeRefusal::AmountUnfit { subject: *subject })
        }
        _ => Ok(()),
    }
}
