//! Multiples of a point, found beforehand: a product with a scalar is then one addition for each window of it, and no
//! doubling. The additions are the library's, which are complete: the product is the same point, whatever the point.

use std::fmt;

use curve25519_dalek::{edwards::EdwardsPoint, scalar::Scalar};

/// For each window of a scalar, lowest first, the multiples of the point that the window can stand for, from 1 to half of
/// what it holds: a window above half is taken away from the next one's first multiple, which is added.
pub(super) struct Multiples {
    window_bits: usize,
    /// `1 << (window_bits - 1)` of them for each window.
    points: Box<[EdwardsPoint]>,
}

/// The bits of a scalar below the order of the group, 253, and one for what the last window but one hands on.
const SCALAR_BITS: usize = 254;

impl Multiples {
    /// Finds them: points of 160 bytes, with one addition each. 816 for windows of 5 bits, 4,096 for windows of 8.
    ///
    /// Panics unless a window has 2 to 8 bits.
    pub(super) fn of(point: &EdwardsPoint, window_bits: usize) -> Self {
        assert!((2..=8).contains(&window_bits), "a window lies in two bytes, and has a half");
        let (windows, half) = (SCALAR_BITS.div_ceil(window_bits), 1 << (window_bits - 1));
        let mut points = Vec::with_capacity(windows * half);
        let mut first = *point;
        for _ in 0..windows {
            let mut multiple = first;
            points.push(multiple);
            for _ in 1..half {
                multiple += &first;
                points.push(multiple);
            }
            first = multiple + multiple;
        }
        Self { window_bits, points: points.into() }
    }

    /// Returns `sum` and the product of the point with `scalar`. In a time that depends on the scalar: for what is public.
    pub(super) fn add_product(&self, mut sum: EdwardsPoint, scalar: &Scalar) -> EdwardsPoint {
        let (half, whole) = (1_u16 << (self.window_bits - 1), 1_u16 << self.window_bits);
        let mut handed_on = 0;
        for (row, first_bit) in self.points.chunks_exact(half.into()).zip((0..).step_by(self.window_bits)) {
            let digit = (bits_from(scalar.as_bytes(), first_bit) & (whole - 1)) + handed_on;
            handed_on = u16::from(digit > half);
            if digit > half {
                if let Some(index) = (whole - digit).checked_sub(1) {
                    sum -= &row[usize::from(index)];
                }
            } else if let Some(index) = digit.checked_sub(1) {
                sum += &row[usize::from(index)];
            }
        }
        // A scalar is below the order of the group, so its last window is below half.
        debug_assert_eq!(handed_on, 0);
        sum
    }
}

/// The bits from `first` on, at least nine of them where there are so many.
fn bits_from(bytes: &[u8; 32], first: usize) -> u16 {
    let byte = |index| bytes.get(index).copied().unwrap_or(0);
    u16::from_le_bytes([byte(first / 8), byte(first / 8 + 1)]) >> (first % 8)
}

impl fmt::Debug for Multiples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multiples").field("window_bits", &self.window_bits).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::{
        constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
        scalar::Scalar,
        traits::Identity as _,
    };
    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::{EdwardsPoint, Multiples};

    fn product(multiples: &Multiples, scalar: &Scalar) -> EdwardsPoint {
        multiples.add_product(EdwardsPoint::identity(), scalar)
    }

    #[test]
    fn scalars_at_the_borders_of_windows_have_their_product() {
        let mut scalars = vec![-Scalar::ONE, Scalar::ZERO];
        let two = Scalar::from(2_u8);
        let mut power = Scalar::ONE;
        for _ in 0..252 {
            scalars.extend([power - Scalar::ONE, power, power + Scalar::ONE, -power]);
            power *= two;
        }
        for bits in 2..=8 {
            // With a part of small order, which a product keeps.
            let point = ED25519_BASEPOINT_POINT + EIGHT_TORSION[1];
            let multiples = Multiples::of(&point, bits);
            for scalar in &scalars {
                assert_eq!(product(&multiples, scalar), scalar * point, "{bits} bits, {scalar:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_scalar_has_its_product(scalar in any::<[u8; 32]>(), other in any::<[u8; 32]>(), torsion in 0..8_usize, bits in 2..=8_usize) {
            let [scalar, other] = [scalar, other].map(Scalar::from_bytes_mod_order);
            let point = other * ED25519_BASEPOINT_POINT + EIGHT_TORSION[torsion];
            prop_assert_eq!(product(&Multiples::of(&point, bits), &scalar), scalar * point);
        }
    }
}
