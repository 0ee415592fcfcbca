//! What the waterfall promises: nothing is lost on the way down, and the way does not matter where it should not.

use counterfoil::split::{
    Entitlements, Exact, Inflow, RoundingRule, SplitError, Step, Tiers, TiersForm, Waterfall, clamp,
    largest_deficit_first,
};
use proptest::{collection::vec, option, prelude::*, sample::Index};

use super::{
    model::{exact, fractions, sum},
    money::{Allowed, Book, Instalment, clamped, history, instalments, lay, release, waterfall},
};

fn list(entitlements: &Entitlements) -> Vec<Exact> {
    entitlements.iter().collect()
}

/// Everything that came in is somewhere, exactly and in whole units.
fn nothing_is_lost(tiers: &Tiers) -> Result<(), TestCaseError> {
    let fees: u64 = tiers.fees().iter().map(|fee| fee.charged()).sum();
    let held: u64 = tiers.held().map(|(_, held)| held.left).sum();
    let owed = sum(&list(&tiers.owed()));
    prop_assert_eq!(&owed, &sum(&list(tiers.entitlements())));
    prop_assert_eq!(owed + Exact::from(fees + held) + tiers.reserve(), Exact::from(tiers.pooled()));
    let units: i64 = tiers.allocations().unwrap().iter().sum();
    prop_assert_eq!(units, i64::try_from(tiers.pooled() - fees - held).unwrap());
    let costs: u64 = tiers.confirmed_costs().iter().sum();
    prop_assert_eq!(tiers.recouped_costs().sum() + tiers.outstanding_costs().sum(), Exact::from(costs));
    prop_assert!(tiers.top_ups().all(|(_, _, amount)| amount >= Exact::ZERO));
    prop_assert!(tiers.outstanding_costs().iter().chain(tiers.recouped_costs().iter()).all(|cost| cost >= Exact::ZERO));
    Ok(())
}

fn balances(step: &Step) -> Result<(), TestCaseError> {
    let above = Exact::from(step.fees.iter().sum::<u64>() + step.held) + step.recouped.sum();
    prop_assert_eq!(Exact::from(step.pool + step.released), &above + &step.remainder);
    prop_assert_eq!(step.parts.sum() + &step.reserve, step.remainder.clone());
    Ok(())
}

proptest! {
    #[test]
    fn every_unit_that_came_in_is_somewhere(
        (parties, waterfall, instalments) in history(Allowed::ALL),
        releases in vec(option::of((any::<Index>(), 0..=4_u64)), 7),
        never_negative: bool,
    ) {
        let rounding = if never_negative { RoundingRule::NeverNegative } else { RoundingRule::LargestRemainder };
        let waterfall = Waterfall { rounding, ..waterfall };
        let mut tiers = Tiers::new(parties);
        for (instalment, back) in instalments.iter().zip(releases) {
            let before = tiers.clone();
            let step = tiers.take(&instalment.inflow(&waterfall)).unwrap();
            balances(&step)?;
            nothing_is_lost(&tiers)?;
            let rise = tiers.allocations().unwrap().into_iter().zip(before.allocations().unwrap());
            prop_assert!(!never_negative || rise.into_iter().all(|(now, was)| now >= was));
            if let Some((at, quarters)) = back {
                let at = at.index(tiers.instalments());
                let released = tiers.held_of(at) * quarters / 4;
                let step = release(&mut tiers, at, released, &instalments[at], &waterfall).unwrap();
                balances(&step)?;
                nothing_is_lost(&tiers)?;
            }
            // What was written down is read again, and goes on as it would have.
            let bytes = postcard::to_stdvec(&tiers.to_form()).unwrap();
            let form: TiersForm = postcard::from_bytes(&bytes).unwrap();
            prop_assert_eq!(Tiers::from_form(parties, form.clone()), Some(tiers.clone()));
            prop_assert_eq!(Tiers::from_form(parties + 1, form), None);
        }
    }

    #[test]
    fn tiers_are_those_of_the_book((parties, waterfall, instalments) in history(Allowed { fees: 1, ..Allowed::ALL })) {
        let (mut tiers, mut book) = (Tiers::new(parties), Book::new(parties, &waterfall));
        for instalment in &instalments {
            tiers.take(&instalment.inflow(&waterfall)).unwrap();
            book.take(&waterfall, instalment);
            prop_assert_eq!(list(tiers.entitlements()), book.entitlements.clone());
            prop_assert_eq!(list(&tiers.owed()), book.owed(&waterfall));
            prop_assert_eq!(tiers.reserve(), &book.reserve);
            let fees = tiers.fees().iter().map(|fee| i64::try_from(fee.charged()).unwrap());
            prop_assert_eq!(fees.collect::<Vec<_>>(), book.fees.clone());
            let held: u64 = tiers.held().map(|(_, held)| held.left).sum();
            prop_assert_eq!(i64::try_from(held).unwrap(), book.held);
        }
    }

    #[test]
    fn without_a_waterfall_everything_is_as_it_was((parties, _, instalments) in history(Allowed::NOTHING)) {
        let waterfall = Waterfall::default();
        let (mut tiers, mut entitlements) = (Tiers::new(parties), Entitlements::new(parties));
        let mut residuals = vec![Exact::ZERO; parties];
        let (mut never, mut paid) = (Tiers::new(parties), vec![0; parties]);
        for instalment in &instalments {
            tiers.take(&instalment.inflow(&waterfall)).unwrap();
            entitlements.add(&instalment.shares, instalment.pool).unwrap();
            // To the bit: over the same denominator.
            prop_assert_eq!(tiers.entitlements(), &entitlements);
            let mut units = tiers.allocations().unwrap();
            prop_assert_eq!(units.pop(), Some(0));
            prop_assert_eq!(units, entitlements.largest_remainder().unwrap());

            let rule = Waterfall { rounding: RoundingRule::NeverNegative, ..Waterfall::default() };
            never.take(&instalment.inflow(&rule)).unwrap();
            let shares: Vec<Exact> = instalment.shares.iter().collect();
            let pool = u64::try_from(instalment.pool).unwrap();
            let pay = largest_deficit_first(&mut residuals, pool, &shares).unwrap();
            paid.iter_mut().zip(pay).for_each(|(sum, units)| *sum += units);
            let mut units = never.allocations().unwrap();
            prop_assert_eq!(units.pop(), Some(0));
            prop_assert_eq!(&units, &paid);
        }
    }

    #[test]
    fn instalments_do_not_matter_under_the_same_shares_and_costs(
        (parties, waterfall, instalments) in history(Allowed { fees: 1, costs: true, ..Allowed::NOTHING }),
    ) {
        let mut instalments = instalments;
        let (shares, none) = (instalments[0].shares.clone(), vec![0; parties]);
        for instalment in &mut instalments[1..] {
            instalment.shares = shares.clone();
            instalment.costs.clone_from(&none);
        }
        let mut at_once = instalments[0].clone();
        at_once.pool = instalments.iter().map(|instalment| instalment.pool).sum();
        let (many, one) = (lay(parties, &waterfall, &instalments), lay(parties, &waterfall, &[at_once]));
        prop_assert_eq!(list(many.entitlements()), list(one.entitlements()));
        prop_assert_eq!(many.allocations(), one.allocations());
        prop_assert_eq!(many.outstanding_costs(), one.outstanding_costs());
        prop_assert_eq!(many.fees().first().map(|fee| fee.charged()), one.fees().first().map(|fee| fee.charged()));
    }

    #[test]
    fn what_is_held_back_and_released_at_once_was_never_held_back(
        (parties, waterfall, instalments) in history(Allowed { guarantees: false, ..Allowed::ALL }),
        first_part in 0..=4_u64,
    ) {
        let without = Waterfall { holdback: None, ..waterfall.clone() };
        let (mut held, mut never) = (Tiers::new(parties), Tiers::new(parties));
        for (at, instalment) in instalments.iter().enumerate() {
            let step = held.take(&instalment.inflow(&waterfall)).unwrap();
            let first = step.held * first_part / 4;
            for released in [first, step.held - first] {
                release(&mut held, at, released, instalment, &waterfall).unwrap();
            }
            never.take(&instalment.inflow(&without)).unwrap();
            prop_assert_eq!(list(held.entitlements()), list(never.entitlements()));
            prop_assert_eq!(held.reserve(), never.reserve());
            prop_assert_eq!(held.outstanding_costs(), never.outstanding_costs());
        }
    }

    #[test]
    fn a_full_refund_leaves_nothing_of_its_benefit(
        (parties, waterfall, mut instalments) in history(Allowed { guarantees: false, ..Allowed::ALL }), at in any::<Index>(),
    ) {
        let at = at.index(instalments.len());
        instalments[at].pool = 0;
        // Costs are confirmed all the same.
        instalments[at].costs.fill(0);
        let refunded = lay(parties, &waterfall, &instalments);
        instalments.remove(at);
        let never = lay(parties, &waterfall, &instalments);
        prop_assert_eq!(refunded.entitlements(), never.entitlements());
        prop_assert_eq!(refunded.allocations(), never.allocations());
        prop_assert_eq!(refunded.reserve(), never.reserve());
        prop_assert_eq!(refunded.recouped_costs(), never.recouped_costs());
    }

    #[test]
    fn what_fails_changes_nothing((parties, waterfall, instalments) in history(Allowed::ALL), at in any::<Index>()) {
        let mut tiers = lay(parties, &waterfall, &instalments);
        let before = tiers.clone();
        let last = instalments.last().unwrap();
        let bad: [(Instalment, SplitError); 4] = [
            (Instalment { pool: -1, ..last.clone() }, SplitError::BelowZero { party: None }),
            (Instalment { pool: i64::MAX, ..last.clone() }, SplitError::AmountTooLarge),
            (Instalment { costs: vec![], ..last.clone() }, SplitError::LengthDiffers { expected: parties, found: 0 }),
            (
                Instalment { shares: fractions(&vec![exact(2, 1); parties]), ..last.clone() },
                SplitError::Unbalanced,
            ),
        ];
        for (instalment, error) in bad {
            if before.pooled() > 0 || error != SplitError::AmountTooLarge {
                prop_assert_eq!(tiers.take(&instalment.inflow(&waterfall)), Err(error));
                prop_assert_eq!(&tiers, &before);
            }
        }
        let at = at.index(instalments.len());
        let left = tiers.held_of(at);
        let refused = release(&mut tiers, at, left + 1, &instalments[at], &waterfall);
        prop_assert_eq!(refused, Err(SplitError::ReleaseTooLarge { held: at, left, released: left + 1 }));
        let of = instalments.len();
        let refused = release(&mut tiers, of, 0, last, &waterfall);
        prop_assert_eq!(refused, Err(SplitError::PositionUnknown { position: of, of }));
        prop_assert_eq!(tiers, before);
    }

    #[test]
    fn limits_are_kept_and_the_level_is_the_one_that_spends_the_pool(
        parties in vec((0..30_i64, 1..5_u64, 0..40_u64, option::of((0..60_i64, 1..4_u64))), 1..8), pool in (0..200_i64, 1..4_u64),
    ) {
        let weights: Vec<Exact> = parties.iter().map(|party| exact(party.0, party.1)).collect();
        let floors: Vec<Exact> = parties.iter().map(|party| Exact::from(party.2)).collect();
        let caps: Vec<Option<Exact>> = parties.iter().map(|party| party.3.map(|(cap, of)| exact(cap, of))).collect();
        let pool = exact(pool.0, pool.1);
        let now = clamp(&fractions(&weights), &pool, &floors, &caps).unwrap();
        let parts: Vec<Exact> = now.parts.iter().collect();
        prop_assert_eq!(sum(&parts) + &now.reserve, pool.clone());
        prop_assert_eq!(&parts, &clamped(&weights, &pool, &floors, &caps));
        prop_assert!(now.reserve >= Exact::ZERO);
        if let Some(level) = &now.level {
            for (party, part) in parts.iter().enumerate() {
                let most = caps[party].clone().map(|cap| cap.max(floors[party].clone()));
                let free = (level * &weights[party]).max(floors[party].clone());
                prop_assert_eq!(part, &most.map_or(free.clone(), |most| free.min(most)));
            }
        }
        // More of a pool lowers nobody, and more weight lowers nobody's own.
        let more = clamp(&fractions(&weights), &(&pool + exact(7, 3)), &floors, &caps).unwrap();
        prop_assert!(more.parts.iter().zip(&parts).all(|(more, part)| more >= *part));
        let mut heavier = weights.clone();
        heavier[0] += Exact::ONE;
        let heavier = clamp(&fractions(&heavier), &pool, &floors, &caps).unwrap().parts;
        prop_assert!(heavier.get(0).unwrap() >= parts[0]);
        prop_assert!(heavier.iter().zip(&parts).skip(1).all(|(heavier, part)| heavier <= *part));
    }

    #[test]
    fn a_minimum_is_kept_whatever_comes_in(
        (waterfall, instalments) in (waterfall(3, Allowed { guarantees: true, ..Allowed::NOTHING }), instalments(3, false)),
    ) {
        let mut tiers = Tiers::new(3);
        for (count, instalment) in (1_u64..).zip(&instalments) {
            tiers.take(&instalment.inflow(&waterfall)).unwrap();
            let borne: Vec<(usize, usize, Exact)> = tiers.top_ups().collect();
            for guarantee in &waterfall.guarantees {
                let has = borne.iter().filter(|(party, _, _)| *party == guarantee.party).map(|(_, _, amount)| amount);
                let has = sum(has) + tiers.entitlements().exact(guarantee.party).unwrap();
                prop_assert!(has >= Exact::from(count * guarantee.amount));
            }
        }
    }
}

#[test]
fn a_top_up_is_had_back_as_the_entitlement_catches_up() {
    let guarantee = counterfoil::split::Guarantee { party: 1, guarantor: 0, amount: 100 };
    let waterfall = Waterfall { guarantees: vec![guarantee], ..Waterfall::default() };
    let shares = fractions(&[exact(3, 4), exact(1, 4)]);
    let mut tiers = Tiers::new(2);
    let mut owed = Vec::new();
    for pool in [40, 0, 2_000] {
        tiers.take(&Inflow { shares: &shares, pool, costs: &[0, 0], waterfall: &waterfall }).unwrap();
        owed.push(tiers.allocations().unwrap());
    }
    // Entitled to 10, then 10, then 510: 90, 190 and then nothing is borne.
    assert_eq!(owed, [[-60, 100, 0], [-160, 200, 0], [1_530, 510, 0]]);
    // A guarantee that ended grows no more, and is still had back.
    let mut tiers = Tiers::new(2);
    let step = |tiers: &mut Tiers, pool, waterfall: &Waterfall| {
        tiers.take(&Inflow { shares: &shares, pool, costs: &[0, 0], waterfall }).unwrap();
        tiers.allocations().unwrap()
    };
    assert_eq!(step(&mut tiers, 40, &waterfall), [-60, 100, 0]);
    assert_eq!(step(&mut tiers, 40, &Waterfall::default()), [-20, 100, 0]);
    assert_eq!(step(&mut tiers, 400, &Waterfall::default()), [360, 120, 0]);
}

#[test]
fn what_terms_cannot_say_is_refused() {
    use counterfoil::split::{Bounds, Fee, Guarantee, Ratio, TermsPart};
    let ratio = Ratio::new(3, 2).unwrap();
    let none = Waterfall::default();
    let above = |part| Err(SplitError::PartAboveOne { part, ratio });
    let fees = vec![Fee { rate: ratio, cap: None }];
    assert_eq!(Waterfall { fees, ..none.clone() }.check(2), above(TermsPart::FeeRate { position: 0 }));
    assert_eq!(Waterfall { holdback: Some(ratio), ..none.clone() }.check(2), above(TermsPart::Holdback));
    assert_eq!(Waterfall { corridor: Some(ratio), ..none.clone() }.check(2), above(TermsPart::Corridor));
    let bounds = vec![Bounds::default(), Bounds { cap: Some(ratio), floor: 0 }];
    assert_eq!(Waterfall { bounds: bounds.clone(), ..none.clone() }.check(2), above(TermsPart::Cap { party: 1 }));
    let differs = Err(SplitError::LengthDiffers { expected: 2, found: 1 });
    assert_eq!(Waterfall { bounds: bounds[..1].to_vec(), ..none.clone() }.check(2), differs);
    let guarantees = |party, guarantor| vec![Guarantee { party, guarantor, amount: 1 }];
    let unknown = Err(SplitError::PositionUnknown { position: 2, of: 2 });
    assert_eq!(Waterfall { guarantees: guarantees(0, 2), ..none.clone() }.check(2), unknown);
    let own = Err(SplitError::OwnGuarantor { party: 1 });
    assert_eq!(Waterfall { guarantees: guarantees(1, 1), ..none }.check(2), own);
}
