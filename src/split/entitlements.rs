//! Entitlements: what each party is owed, exactly: the sum of its shares of every pool.

use dashu_int::{IBig, UBig, ops::BitTest};

use crate::split::{Apportionment, Exact, Fractions, Ratio, SplitError, fractions::joint_denominator, pools};

/// Bits that the common denominator of the entitlements of one currency may have.
pub const ENTITLEMENT_DENOMINATOR_BITS_MAX: usize = 262_144;

/// What one settlement took in: the shares at its cut-off, and the net gross of its benefits by stream, minor units.
///
/// A reversal reduces the gross of the instalment that took its benefit in, so that it is shared as the benefit was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instalment {
    /// The shares of the parties.
    pub shares: Fractions,
    /// The net gross by stream.
    pub gross: Vec<u64>,
}

/// The exact entitlements of the parties, cumulative, in minor units of one currency.
///
/// Kept as integers over one common denominator: the least common multiple of the denominators of all shares added,
/// whatever was added and taken back. Adding shares whose denominator is in there already costs a multiplication and
/// an addition for each party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlements {
    denominator: UBig,
    numerators: Vec<IBig>,
}

impl Entitlements {
    /// Returns those of so many parties that are owed nothing yet.
    #[must_use]
    pub fn new(parties: usize) -> Self {
        Self { denominator: UBig::ONE, numerators: vec![IBig::ZERO; parties] }
    }

    /// Takes entitlements that were written down before: [`Self::denominator`] and [`Self::numerators`]. `None` if the
    /// denominator is zero.
    #[must_use]
    pub fn from_parts(denominator: UBig, numerators: Vec<IBig>) -> Option<Self> {
        (!denominator.is_zero()).then_some(Self { denominator, numerators })
    }

    /// Returns the common denominator, at least 1.
    #[must_use]
    pub const fn denominator(&self) -> &UBig {
        &self.denominator
    }

    /// Returns the numerators over [`Self::denominator`].
    #[must_use]
    pub fn numerators(&self) -> &[IBig] {
        &self.numerators
    }

    /// Returns the entitlements from all `instalments`, in their order, under the pool rates of the streams.
    ///
    /// Errors: as [`pools`] and [`Self::add`].
    pub fn from_instalments(parties: usize, rates: &[Ratio], instalments: &[Instalment]) -> Result<Self, SplitError> {
        let pools = pools(rates, instalments.iter().map(|instalment| instalment.gross.as_slice()))?;
        let parts: Vec<(&Fractions, i64)> = instalments
            .iter()
            .zip(pools)
            .map(|(instalment, pools)| {
                let pool = pools.into_iter().try_fold(0, i64::checked_add).ok_or(SplitError::AmountTooLarge)?;
                Ok((&instalment.shares, pool))
            })
            .collect::<Result<_, _>>()?;
        Self::sum(parties, &parts)
    }

    /// Sums in halves: numbers of equal size multiply much faster than one that grows with many that do not.
    fn sum(parties: usize, parts: &[(&Fractions, i64)]) -> Result<Self, SplitError> {
        if parts.len() > 1 {
            let (first, second) = parts.split_at(parts.len() / 2);
            return Self::sum(parties, first)?.plus(Self::sum(parties, second)?);
        }
        let mut entitlements = Self::new(parties);
        for (shares, pool) in parts {
            entitlements.add(shares, *pool)?;
        }
        Ok(entitlements)
    }

    fn plus(mut self, mut other: Self) -> Result<Self, SplitError> {
        let denominator = joint_denominator(&self.denominator, &other.denominator);
        self.refine(denominator.clone())?;
        other.refine(denominator)?;
        for (sum, numerator) in self.numerators.iter_mut().zip(other.numerators) {
            *sum += numerator;
        }
        Ok(self)
    }

    /// Writes the same numbers over `denominator`, a multiple of their own.
    fn refine(&mut self, denominator: UBig) -> Result<(), SplitError> {
        if denominator.bit_len() > ENTITLEMENT_DENOMINATOR_BITS_MAX {
            return Err(SplitError::EntitlementTooFine { bits: denominator.bit_len() });
        }
        if denominator != self.denominator {
            let factor = &denominator / &self.denominator;
            self.numerators.iter_mut().for_each(|numerator| *numerator *= &factor);
            self.denominator = denominator;
        }
        Ok(())
    }

    /// Adds to each party its share of `pool` minor units; a negative pool takes back. On an error nothing is changed.
    ///
    /// Errors: [`SplitError::LengthDiffers`]; [`SplitError::Unbalanced`] if the shares do not sum to 1;
    /// [`SplitError::EntitlementTooFine`].
    pub fn add(&mut self, shares: &Fractions, pool: i64) -> Result<(), SplitError> {
        if shares.len() != self.numerators.len() {
            return Err(SplitError::LengthDiffers { expected: self.numerators.len(), found: shares.len() });
        }
        if !shares.sum_is_one() {
            return Err(SplitError::Unbalanced);
        }
        // Nothing to share must not make the numbers finer.
        if pool == 0 {
            return Ok(());
        }
        self.refine(joint_denominator(&self.denominator, shares.denominator()))?;
        let factor = &self.denominator / shares.denominator() * IBig::from(pool);
        for (sum, share) in self.numerators.iter_mut().zip(shares.numerators()) {
            *sum += share * &factor;
        }
        Ok(())
    }

    /// Makes room for parties that came later, who are owed nothing yet.
    pub(in crate::split) fn widen(&mut self, parties: usize) {
        if self.numerators.len() < parties {
            self.numerators.resize(parties, IBig::ZERO);
        }
    }

    /// Adds to each party its number of `numbers`, which are as many as there are parties.
    pub(in crate::split) fn add_numbers(&mut self, numbers: &Fractions) -> Result<(), SplitError> {
        if numbers.numerators().iter().all(IBig::is_zero) {
            return Ok(());
        }
        self.refine(joint_denominator(&self.denominator, numbers.denominator()))?;
        let factor = &self.denominator / numbers.denominator();
        for (sum, number) in self.numerators.iter_mut().zip(numbers.numerators()) {
            *sum += number * &factor;
        }
        Ok(())
    }

    /// Moves `amount / denominator` from one party to another.
    pub(in crate::split) fn shift(&mut self, from: usize, to: usize, amount: &IBig) {
        self.numerators[from] -= amount;
        self.numerators[to] += amount;
    }

    /// Returns how many parties there are.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.numerators.len()
    }

    /// Returns the exact entitlement of `party` in lowest terms, if there is such a party.
    #[must_use]
    pub fn exact(&self, party: usize) -> Option<Exact> {
        let numerator = self.numerators.get(party)?;
        Some(Exact::from_parts(numerator.clone(), self.denominator.clone()))
    }

    /// Returns every exact entitlement, in the order of the parties. Each costs a greatest common divisor.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Exact> {
        self.numerators.iter().map(|numerator| Exact::from_parts(numerator.clone(), self.denominator.clone()))
    }

    /// Returns the bits of the common denominator.
    #[must_use]
    pub fn denominator_bits(&self) -> usize {
        self.denominator.bit_len()
    }

    /// Rounds to whole minor units by the largest remainder.
    ///
    /// Errors: [`SplitError::AmountTooLarge`]. The sum is whole by construction.
    pub fn apportion(&self) -> Result<Apportionment, SplitError> {
        Apportionment::of(&self.denominator, &self.numerators)
    }

    /// Rounds to whole minor units by the largest remainder, together with a last line that is nobody's: with it the sum is whole.
    ///
    /// Errors: [`SplitError::AmountTooLarge`].
    pub fn apportion_with(&self, rest: &Exact) -> Result<Apportionment, SplitError> {
        let denominator = joint_denominator(&self.denominator, rest.denominator());
        let factor = &denominator / &self.denominator;
        let rest = rest.numerator() * (&denominator / rest.denominator());
        let lines: Vec<IBig> = self.numerators.iter().map(|numerator| numerator * &factor).chain([rest]).collect();
        Apportionment::of(&denominator, &lines)
    }

    /// Returns the whole minor units of [`Self::apportion`], in the order of the parties.
    ///
    /// Errors: as [`Self::apportion`].
    pub fn largest_remainder(&self) -> Result<Vec<i64>, SplitError> {
        self.apportion().map(Apportionment::into_allocations)
    }
}
