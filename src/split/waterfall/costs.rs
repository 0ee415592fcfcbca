//! Recoupment: confirmed costs are paid back first, in proportion to what is outstanding.

use dashu_int::{
    IBig, UBig,
    ops::{BitTest, Gcd},
};

use crate::split::{ENTITLEMENT_DENOMINATOR_BITS_MAX, Exact, Fractions, Ratio, SplitError};

/// What was confirmed as recoupable, and what of it is outstanding.
///
/// Recoupment in proportion leaves the proportions as they are: only the total moves, until a new cost is confirmed. So
/// the fractions become no finer by the number of instalments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::split::waterfall) struct Costs {
    /// By party, minor units.
    pub(in crate::split::waterfall) confirmed: Vec<u64>,
    /// In what proportion the outstanding costs are; they sum to 0 only while nothing is outstanding.
    pub(in crate::split::waterfall) weights: Vec<IBig>,
    pub(in crate::split::waterfall) outstanding: Exact,
}

impl Costs {
    pub(in crate::split::waterfall) fn new(parties: usize) -> Self {
        Self { confirmed: vec![0; parties], weights: vec![IBig::ZERO; parties], outstanding: Exact::ZERO }
    }

    pub(in crate::split::waterfall) fn widen(&mut self, parties: usize) {
        if self.confirmed.len() < parties {
            self.confirmed.resize(parties, 0);
            self.weights.resize(parties, IBig::ZERO);
        }
    }

    /// Takes in newly confirmed costs by party.
    pub(in crate::split::waterfall) fn confirm(&mut self, costs: &[u64]) -> Result<(), SplitError> {
        if costs.len() != self.confirmed.len() {
            return Err(SplitError::LengthDiffers { expected: self.confirmed.len(), found: costs.len() });
        }
        if costs.iter().all(|cost| *cost == 0) {
            return Ok(());
        }
        for (sum, cost) in self.confirmed.iter_mut().zip(costs) {
            *sum = sum.checked_add(*cost).ok_or(SplitError::AmountTooLarge)?;
        }
        if self.outstanding.is_zero() {
            self.weights = costs.iter().copied().map(IBig::from).collect();
        } else {
            // outstanding * weight / sum + cost, all times the sum and the denominator of what is outstanding.
            let scale = self.weights.iter().sum::<IBig>() * self.outstanding.denominator();
            for (weight, cost) in self.weights.iter_mut().zip(costs) {
                *weight = &*weight * self.outstanding.numerator() + &scale * IBig::from(*cost);
            }
            self.reduce_weights();
        }
        self.outstanding += Exact::from(costs.iter().copied().map(IBig::from).sum::<IBig>());
        let bits = self.weights.iter().sum::<IBig>().bit_len();
        if bits > ENTITLEMENT_DENOMINATOR_BITS_MAX {
            return Err(SplitError::EntitlementTooFine { bits });
        }
        Ok(())
    }

    fn reduce_weights(&mut self) {
        let mut divisor = UBig::ZERO;
        for weight in self.weights.iter().filter(|weight| !weight.is_zero()) {
            divisor = if divisor.is_zero() { weight.clone().into_parts().1 } else { divisor.gcd(weight) };
            if divisor.is_one() {
                return;
            }
        }
        if !divisor.is_zero() {
            self.weights.iter_mut().for_each(|weight| *weight /= &divisor);
        }
    }

    /// Pays costs back from `corridor` of `base` minor units: returns how much, and of it what each party has.
    pub(in crate::split::waterfall) fn recoup(&mut self, corridor: Option<Ratio>, base: u64) -> (Exact, Fractions) {
        let most = corridor.unwrap_or(Ratio::ZERO).exact() * Exact::from(base);
        let total = most.min(self.outstanding.clone());
        if total.is_zero() {
            return (Exact::ZERO, zeros(self.weights.len()));
        }
        let sum = self.weights.iter().sum::<IBig>().into_parts().1;
        let parts = self.weights.iter().map(|weight| weight * total.numerator()).collect();
        let parts = Fractions::reduced(sum * total.denominator(), parts);
        self.outstanding -= &total;
        (total, parts)
    }

    /// What is outstanding by party.
    pub(in crate::split::waterfall) fn outstanding(&self) -> Fractions {
        if self.outstanding.is_zero() {
            return zeros(self.weights.len());
        }
        let sum = self.weights.iter().sum::<IBig>().into_parts().1;
        let parts = self.weights.iter().map(|weight| weight * self.outstanding.numerator()).collect();
        Fractions::reduced(sum * self.outstanding.denominator(), parts)
    }

    /// What was paid back so far by party.
    pub(in crate::split::waterfall) fn recouped(&self) -> Fractions {
        let outstanding = self.outstanding();
        let denominator = outstanding.denominator();
        let parts = self.confirmed.iter().zip(outstanding.numerators());
        let parts = parts.map(|(confirmed, left)| denominator.as_ibig() * IBig::from(*confirmed) - left).collect();
        Fractions::reduced(denominator.clone(), parts)
    }
}

fn zeros(parties: usize) -> Fractions {
    Fractions::reduced(UBig::ONE, vec![IBig::ZERO; parties])
}

#[cfg(test)]
mod tests {
    use super::Costs;
    use crate::split::{Fractions, Ratio, exact_text};

    fn texts(fractions: &Fractions) -> Vec<String> {
        fractions.iter().map(|number| exact_text(&number)).collect()
    }

    #[test]
    fn what_is_outstanding_is_paid_back_in_proportion() {
        let mut costs = Costs::new(3);
        costs.confirm(&[100, 300, 0]).unwrap();
        let (total, parts) = costs.recoup(Ratio::new(1, 2).ok(), 201);
        assert_eq!(
            (exact_text(&total).as_str(), texts(&parts)),
            ("201/2", ["201/8", "603/8", "0"].map(str::to_owned).into())
        );
        // 599/8, 1797/8 and now 100.
        costs.confirm(&[0, 0, 100]).unwrap();
        assert_eq!(texts(&costs.outstanding()), ["599/8", "1797/8", "100"]);
        assert_eq!(texts(&costs.recouped()), ["201/8", "603/8", "0"]);
        let (total, _) = costs.recoup(Some(Ratio::ONE), 1_000_000);
        assert_eq!(exact_text(&total), "799/2");
        assert_eq!(texts(&costs.recouped()), ["100", "300", "100"]);
        assert_eq!(texts(&costs.outstanding()), ["0", "0", "0"]);
        costs.confirm(&[1, 0, 0]).unwrap();
        assert_eq!(texts(&costs.recoup(Some(Ratio::ONE), 5).1), ["1", "0", "0"]);
        assert!(costs.recoup(Some(Ratio::ONE), 5).0.is_zero());
        assert!(costs.recoup(None, 5).0.is_zero());
    }
}
