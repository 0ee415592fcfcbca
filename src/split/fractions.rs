//! Many exact numbers over one common denominator: sums and products of them cost no greatest common divisor.

use dashu_int::{
    IBig, UBig,
    ops::{BitTest, Gcd},
};

use crate::split::{Exact, Ratio};

/// Exact numbers over their least common denominator, one for each party; equal numbers are equal fractions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fractions {
    denominator: UBig,
    numerators: Vec<IBig>,
}

impl Fractions {
    /// Writes any exact numbers over their least common denominator. Without numbers it is 1.
    ///
    /// The denominator is as fine as the numbers make it: who takes numbers from outside bounds it first.
    #[must_use]
    pub fn of(numbers: &[Exact]) -> Self {
        let denominator =
            numbers.iter().fold(UBig::ONE, |common, number| joint_denominator(&common, number.denominator()));
        let numerators =
            numbers.iter().map(|number| number.numerator() * (&denominator / number.denominator())).collect();
        Self { denominator, numerators }
    }

    /// Writes `numerators / denominator` over their least common denominator. `denominator` is not zero.
    pub(in crate::split) fn reduced(denominator: UBig, numerators: Vec<IBig>) -> Self {
        // The divisor shrinks to its last value within a few numbers; from then on each step is one division.
        let mut divisor = denominator.clone();
        for numerator in &numerators {
            if divisor.is_one() {
                return Self { denominator, numerators };
            }
            if !(numerator % &divisor).is_zero() {
                divisor = divisor.gcd(numerator);
            }
        }
        if divisor.is_one() {
            return Self { denominator, numerators };
        }
        let numerators = numerators.into_iter().map(|numerator| numerator / &divisor).collect();
        Self { denominator: denominator / divisor, numerators }
    }

    /// Returns the same numbers, followed by zeros up to so many.
    #[must_use]
    pub fn widened(mut self, len: usize) -> Self {
        if self.numerators.len() < len {
            self.numerators.resize(len, IBig::ZERO);
        }
        self
    }

    /// Returns how many numbers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numerators.len()
    }

    /// Whether there are no numbers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numerators.is_empty()
    }

    /// Returns the common denominator, at least 1.
    #[must_use]
    pub const fn denominator(&self) -> &UBig {
        &self.denominator
    }

    /// Returns the bits of the common denominator.
    #[must_use]
    pub fn denominator_bits(&self) -> usize {
        self.denominator.bit_len()
    }

    /// Returns the numerators over [`Self::denominator`].
    #[must_use]
    pub fn numerators(&self) -> &[IBig] {
        &self.numerators
    }

    /// Returns the number at `position` in lowest terms, if there is one.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<Exact> {
        self.numerators.get(position).map(|numerator| self.over_denominator(numerator))
    }

    /// Returns every number in lowest terms, in order. Each costs a greatest common divisor: for what is shown.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Exact> {
        self.numerators.iter().map(|numerator| self.over_denominator(numerator))
    }

    /// Returns the sum of all.
    #[must_use]
    pub fn sum(&self) -> Exact {
        self.over_denominator(&self.numerators.iter().sum())
    }

    /// Returns what is left of each after the one at its place in `others`, of which there are as many.
    pub(in crate::split) fn minus(&self, others: &Self) -> Self {
        let denominator = joint_denominator(&self.denominator, &others.denominator);
        let (first, second) = (&denominator / &self.denominator, &denominator / &others.denominator);
        let numbers = self.numerators.iter().zip(&others.numerators);
        let numerators = numbers.map(|(number, other)| number * &first - other * &second).collect();
        Self::reduced(denominator, numerators)
    }

    /// Whether all of them together are exactly 1, as the shares of all parties are.
    pub(in crate::split) fn sum_is_one(&self) -> bool {
        self.numerators.iter().sum::<IBig>() == *self.denominator.as_ibig()
    }

    fn over_denominator(&self, numerator: &IBig) -> Exact {
        Exact::from_parts(numerator.clone(), self.denominator.clone())
    }
}

/// Returns the least common multiple of two denominators, neither zero.
#[must_use]
pub fn joint_denominator(a: &UBig, b: &UBig) -> UBig {
    // The parties of an agreement mostly count in the same few fractions; a division tells it without a divisor.
    if b.is_one() || (a % b).is_zero() {
        return a.clone();
    }
    a / a.gcd(b) * b
}

/// Returns the bits of the least common denominator of `numbers`; 1 for whole numbers.
#[must_use]
pub fn common_denominator_bits<'a>(numbers: impl IntoIterator<Item = &'a Exact>) -> usize {
    numbers.into_iter().fold(UBig::ONE, |common, number| joint_denominator(&common, number.denominator())).bit_len()
}

/// Returns the least common multiple of `denominators`, or, as soon as it has more than `bits_max` bits, its bits.
pub(in crate::split) fn common_denominator(
    denominators: impl IntoIterator<Item = UBig>,
    bits_max: usize,
) -> Result<UBig, usize> {
    let mut common = UBig::ONE;
    for denominator in denominators {
        // Before the multiplication: a single hostile number must not cost more than reading it.
        if denominator.bit_len() > bits_max {
            return Err(denominator.bit_len());
        }
        common = joint_denominator(&common, &denominator);
        if common.bit_len() > bits_max {
            return Err(common.bit_len());
        }
    }
    Ok(common)
}

/// Returns the stated `ratios` over their least common denominator, or its bits if they are more than `bits_max`.
pub(in crate::split) fn ratios_within(ratios: &[Ratio], bits_max: usize) -> Result<(UBig, Vec<UBig>), usize> {
    let denominator = common_denominator(ratios.iter().map(|ratio| UBig::from(ratio.denominator())), bits_max)?;
    let numerators = ratios.iter().map(|ratio| &denominator / ratio.denominator() * ratio.numerator()).collect();
    Ok((denominator, numerators))
}

/// Returns a number without its sign.
pub(in crate::split) fn magnitude(number: IBig) -> UBig {
    number.into_parts().1
}

/// Writes an exact number as a fraction in lowest terms: `7/12`, `1`, `0`, `-3/2`.
#[must_use]
pub fn exact_text(number: &Exact) -> String {
    if number.denominator().is_one() {
        number.numerator().to_string()
    } else {
        format!("{}/{}", number.numerator(), number.denominator())
    }
}
