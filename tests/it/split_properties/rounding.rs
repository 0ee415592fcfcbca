//! What the largest remainder and the pools promise, beside rounding done one unit after the other.

use counterfoil::split::{
    Entitlements, Exact, Fractions, Instalment, Ratio, largest_deficit_first, largest_remainder, pool, pools,
};
use proptest::{collection::vec, prelude::*};

use super::model::{
    deficits_one_by_one, entitlements, events, exact, fractions, parts_of_one, positive, sum, units_one_by_one,
};

/// Settlements with their own shares: the parties and the streams do not change.
fn instalments() -> impl Strategy<Value = (Vec<Ratio>, Vec<Instalment>)> {
    (1..=5_usize, 1..=3_usize).prop_flat_map(|(parties, streams)| {
        let rates = vec((0..=10_u64, 10..30_u64).prop_map(|(a, b)| Ratio::reduced(a, b).unwrap()), streams);
        let shares = vec(1..30_u64, parties)
            .prop_map(|parts| fractions(&parts_of_one(&parts).into_iter().map(Ratio::exact).collect::<Vec<_>>()));
        let instalment = (shares, vec(0..1_000_u64, streams)).prop_map(|(shares, gross)| Instalment { shares, gross });
        (rates, vec(instalment, 1..8))
    })
}

proptest! {
    #[test]
    fn quota_every_allocation_is_within_a_unit_and_the_sum_is_kept(entitlements in entitlements()) {
        let units = largest_remainder(&entitlements).unwrap();
        prop_assert_eq!(Exact::from(units.iter().sum::<i64>()), sum(&entitlements));
        for (units, exact) in units.iter().zip(&entitlements) {
            let deviation = Exact::from(*units) - exact;
            prop_assert!(deviation < Exact::ONE && deviation > -Exact::ONE);
            // A whole entitlement is its own allocation.
            prop_assert!(!exact.denominator().is_one() || deviation.is_zero());
        }
    }

    #[test]
    fn units_are_those_handed_out_one_by_one_and_a_refund_mirrors_them(entitlements in entitlements()) {
        let units = largest_remainder(&entitlements).unwrap();
        prop_assert_eq!(&units, &units_one_by_one(&entitlements));
        let mirror: Vec<Exact> = entitlements.iter().map(|exact| -exact.clone()).collect();
        if !sum(&entitlements).is_zero() {
            prop_assert_eq!(largest_remainder(&mirror).unwrap(), units.iter().map(|units| -units).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_unit_has_its_reason(events in events(), taken_back: bool) {
        let mut entitlements = Entitlements::new(events[0].1.len());
        for (pool, shares) in &events {
            let pool = i64::try_from(*pool).unwrap();
            entitlements.add(&fractions(shares), if taken_back { -pool } else { pool }).unwrap();
        }
        let apportionment = entitlements.apportion().unwrap();
        let roundings: Vec<_> =
            (0..entitlements.parties()).map(|party| apportionment.rounding(party).unwrap()).collect();
        prop_assert_eq!(
            roundings.iter().map(|rounding| rounding.unit.abs()).sum::<i64>(),
            i64::try_from(apportionment.left_over()).unwrap()
        );
        for (party, rounding) in roundings.iter().enumerate() {
            let sign = if rounding.entitlement < Exact::ZERO { -Exact::ONE } else { Exact::ONE };
            prop_assert_eq!(Some(rounding.entitlement.clone()), entitlements.exact(party));
            prop_assert_eq!(Exact::from(rounding.whole) + sign * &rounding.remainder, rounding.entitlement.clone());
            prop_assert!(rounding.remainder >= Exact::ZERO && rounding.remainder < Exact::ONE);
            prop_assert_eq!(rounding.whole + rounding.unit, rounding.allocation);
            prop_assert_eq!(rounding.unit != 0, rounding.rank <= rounding.left_over);
            for (other, before) in roundings.iter().enumerate().filter(|(_, other)| other.rank < rounding.rank) {
                let tie = before.remainder == rounding.remainder;
                prop_assert!(before.remainder > rounding.remainder || tie && other < party);
            }
        }
    }

    #[test]
    fn pools_of_instalments_are_the_pool_of_their_sum_and_never_negative((rates, instalments) in instalments()) {
        let added = pools(&rates, instalments.iter().map(|instalment| instalment.gross.as_slice())).unwrap();
        for (stream, rate) in rates.iter().enumerate() {
            let gross: u64 = instalments.iter().map(|instalment| instalment.gross[stream]).sum();
            let by_instalment: Vec<i64> = added.iter().map(|pools| pools[stream]).collect();
            prop_assert_eq!(by_instalment.iter().sum::<i64>(), pool(*rate, gross).unwrap());
            prop_assert!(by_instalment.iter().all(|pool| *pool >= 0));
        }
    }

    #[test]
    fn a_full_refund_leaves_nothing_of_its_benefit((rates, mut instalments) in instalments(), at in any::<prop::sample::Index>()) {
        let at = at.index(instalments.len());
        let parties = instalments[0].shares.len();
        instalments[at].gross.fill(0);
        let refunded = Entitlements::from_instalments(parties, &rates, &instalments).unwrap();
        instalments.remove(at);
        let never = Entitlements::from_instalments(parties, &rates, &instalments).unwrap();
        prop_assert_eq!(refunded, never);
    }

    #[test]
    fn a_running_account_is_the_one_rebuilt((rates, instalments) in instalments(), at in any::<prop::sample::Index>()) {
        let parties = instalments[0].shares.len();
        let added = |instalments: &[Instalment]| -> Vec<i64> {
            let pools = pools(&rates, instalments.iter().map(|instalment| instalment.gross.as_slice())).unwrap();
            pools.iter().map(|pools| pools.iter().sum()).collect()
        };
        let mut running = Entitlements::new(parties);
        for (instalment, pool) in instalments.iter().zip(added(&instalments)) {
            running.add(&instalment.shares, pool).unwrap();
        }
        let rebuilt = Entitlements::from_instalments(parties, &rates, &instalments).unwrap();
        prop_assert_eq!(&running, &rebuilt);
        // A refund in the past, by what it changes in each instalment's pool.
        let mut after = instalments.clone();
        let at = at.index(after.len());
        after[at].gross[0] /= 2;
        for (instalment, (was, is)) in instalments.iter().zip(added(&instalments).into_iter().zip(added(&after))) {
            running.add(&instalment.shares, is - was).unwrap();
        }
        let rebuilt = Entitlements::from_instalments(parties, &rates, &after).unwrap();
        prop_assert_eq!(running.iter().collect::<Vec<_>>(), rebuilt.iter().collect::<Vec<_>>());
        prop_assert_eq!(running.largest_remainder(), rebuilt.largest_remainder());
    }

    #[test]
    fn largest_deficit_first_in_closed_form_is_unit_by_unit(events in events()) {
        let parties = events[0].1.len();
        let (mut closed, mut stepped) = (vec![Exact::ZERO; parties], vec![Exact::ZERO; parties]);
        for (pool, shares) in &events {
            let paid = largest_deficit_first(&mut closed, *pool, shares).unwrap();
            prop_assert_eq!(paid, deficits_one_by_one(&mut stepped, *pool, shares));
            prop_assert_eq!(&closed, &stepped);
        }
    }

    #[test]
    fn equal_numbers_are_equal_fractions(parts in vec((0..50_u64, positive()), 1..8)) {
        let numbers: Vec<Exact> = parts.iter().map(|(part, of)| Exact::from(*part) * of.exact()).collect();
        let fractions = Fractions::of(&numbers);
        prop_assert_eq!(fractions.iter().collect::<Vec<_>>(), numbers);
        // Twice each and half of it again: over a finer denominator on the way, over the same one in the end.
        let half: Vec<Exact> = fractions.iter().map(|number| number * exact(1, 2)).collect();
        let again: Vec<Exact> = Fractions::of(&half).iter().map(|number| number * exact(2, 1)).collect();
        prop_assert_eq!(Fractions::of(&again), fractions);
    }
}

#[test]
fn refuted_stateless_rounding_is_additive() {
    let third = fractions(&[exact(1, 3), exact(1, 3), exact(1, 3)]);
    let units = |pool: i64| {
        let mut entitlements = Entitlements::new(3);
        entitlements.add(&third, pool).unwrap();
        entitlements.largest_remainder().unwrap()
    };
    // Twelve times one, each rounded alone, against twelve at once: eight too many for the first.
    assert_eq!(units(100).iter().map(|units| units * 12).collect::<Vec<_>>(), [408, 396, 396]);
    assert_eq!(units(1_200), [400, 400, 400]);
}
