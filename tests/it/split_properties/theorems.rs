//! The theorems of `formula.md` 7: negative lines, the price of never having one, and the interval of a dispute.

use counterfoil::split::{Entitlements, Exact, largest_deficit_first};
use proptest::{prelude::*, sample::Index};

use super::model::{agreement, events, exact, fractions, points};

/// H_n - 1: what largest deficit first may come to owe one of `parties`.
fn bound(parties: usize) -> Exact {
    (2..=u64::try_from(parties).unwrap()).fold(Exact::ZERO, |sum, k| sum + exact(1, k))
}

proptest! {
    #[test]
    fn theorem_a_a_line_is_minus_one_at_worst_and_only_for_less_than_a_unit(events in events()) {
        let parties = events[0].1.len();
        let (mut entitlements, mut before) = (Entitlements::new(parties), vec![0; parties]);
        for (pool, shares) in &events {
            entitlements.add(&fractions(shares), i64::try_from(*pool).unwrap()).unwrap();
            let now = entitlements.largest_remainder().unwrap();
            for party in 0..parties {
                let due = now[party] - before[party];
                prop_assert!(due >= -1);
                prop_assert!(due >= 0 || &shares[party] * Exact::from(*pool) < Exact::ONE);
            }
            before = now;
        }
    }

    #[test]
    fn theorem_b_largest_deficit_first_never_takes_back_and_owes_at_most_the_bound(events in events()) {
        let parties = events[0].1.len();
        let most_paid_ahead = Exact::ONE - exact(1, u64::try_from(parties).unwrap());
        let mut residuals = vec![Exact::ZERO; parties];
        for (pool, shares) in &events {
            let paid = largest_deficit_first(&mut residuals, *pool, shares).unwrap();
            prop_assert!(paid.iter().all(|units| *units >= 0));
            prop_assert_eq!(paid.iter().sum::<i64>(), i64::try_from(*pool).unwrap());
            for residual in &residuals {
                prop_assert!(*residual <= bound(parties));
                prop_assert!(-residual.clone() <= most_paid_ahead);
            }
        }
    }

    #[test]
    fn theorem_c_the_worst_of_a_dispute_is_ones_own_rejected_and_all_others_accepted(
        agreement in agreement(), disputed in proptest::collection::vec((any::<Index>(), any::<Index>(), points()), 1..5),
    ) {
        let share = |party: usize, counted: &dyn Fn(usize, usize) -> bool| {
            let mut outcome = agreement.clone();
            for (item, (by, at, points)) in disputed.iter().enumerate() {
                let (by, at) = (by.index(agreement.parties()), at.index(agreement.dimensions.len()));
                if counted(item, by) {
                    outcome.dimensions[at].points[by] += points;
                }
            }
            outcome.split().shares.get(party).unwrap()
        };
        for party in 0..agreement.parties() {
            let worst = share(party, &|_, by| by != party);
            let best = share(party, &|_, by| by == party);
            for outcome in 0..1_usize << disputed.len() {
                let share = share(party, &|item, _| outcome >> item & 1 == 1);
                prop_assert!(worst <= share && share <= best);
            }
        }
    }
}

#[test]
fn theorem_b_the_bound_is_reached_by_pools_of_one_among_the_unpaid() {
    for parties in 2..=12 {
        let mut residuals = vec![Exact::ZERO; parties];
        for round in 0..parties - 1 {
            let unpaid = u64::try_from(parties - round).unwrap();
            let shares: Vec<Exact> =
                (0..parties).map(|party| if party < round { Exact::ZERO } else { exact(1, unpaid) }).collect();
            let paid = largest_deficit_first(&mut residuals, 1, &shares).unwrap();
            assert_eq!(paid[round], 1);
        }
        assert_eq!(residuals[parties - 1], bound(parties));
        assert_eq!(bound(parties) < Exact::ONE, parties <= 3, "{parties}");
    }
}

#[test]
fn theorem_b_no_rule_that_never_takes_back_keeps_four_parties_within_a_unit() {
    // Against every way to pay three pools of one, shared by those not paid yet.
    for payments in 0..4_usize.pow(3) {
        let mut residuals = vec![Exact::ZERO; 4];
        let mut paid = [false; 4];
        let mut furthest = Exact::ZERO;
        for round in 0..3_u32 {
            let unpaid = paid.iter().filter(|paid| !**paid).count();
            for (residual, _) in residuals.iter_mut().zip(&paid).filter(|(_, paid)| !**paid) {
                *residual += exact(1, u64::try_from(unpaid).unwrap());
            }
            let payee = payments / 4_usize.pow(round) % 4;
            residuals[payee] -= Exact::ONE;
            paid[payee] = true;
            for residual in &residuals {
                furthest = furthest.max(residual.clone()).max(-residual.clone());
            }
        }
        assert!(furthest >= Exact::ONE, "{payments}");
    }
}
