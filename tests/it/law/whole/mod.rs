//! Histories over every kind of statement: what must hold after every entry (see [`world`]), for every reader, for a benefit that
//! is given back, and for whatever is decided.

mod act;
mod moves;
mod order;
mod outcomes;
pub(crate) mod world;

use std::collections::BTreeSet;

use counterfoil::{
    agreement::{Agreement, settle::Account},
    split::Exact,
    statement::{Benefit, Body, Kind},
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest},
    sample::Index,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

pub(crate) use self::{
    act::{ACTS, Act, MOTIONS, Step, step},
    world::World,
};

use crate::{
    common::cases,
    keeper::{Keeper, views},
    law::{confirm, confirm_reversal, reverse, sales, work::feedback},
};

use self::world::HEADS;

/// Plays a history to its end.
pub(crate) fn played(head: usize, steps: &[Step]) -> World {
    let mut world = World::begin(head);
    steps.iter().for_each(|step| world.play(*step));
    world.look_back();
    world
}

/// Folds the entries of a world anew.
pub(crate) fn folded(world: &World) -> Agreement {
    let (founding, at) = &world.entries[0];
    let mut again = Agreement::found(founding, *at).unwrap();
    for (signed, at) in &world.entries[1..] {
        let admission = again.admit(signed, *at).unwrap();
        again.apply(admission);
    }
    again
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 600, ..cases(64) })]

    #[test]
    fn whatever_is_said_every_account_adds_up_and_whoever_forgets_says_the_same(
        head in 0..HEADS.len(),
        steps in vec(step(), 1..110),
        pauses in vec(0..6_u8, 7..23),
    ) {
        let world = played(head, &steps);
        let again = folded(&world);
        prop_assert!(again.is_like(world.agreement()), "the fold is a function of the entries");
        let mut keeper = Keeper::of(world.start.clone(), world.law.proposal.clone());
        for ((signed, at, expected), pause) in world.attempts.iter().zip(pauses.iter().cycle()) {
            let found = keeper.enter(signed, *at).map(|_| signed.id()).map_err(|refusal| refusal.reason());
            prop_assert_eq!(&found, expected, "{:?}", signed.statement().body);
            match pause {
                0 => keeper.restore(),
                1 => {
                    keeper.put_away(1);
                    keeper.agreement.forget(0);
                }
                _ => {}
            }
        }
        let size = world.agreement().size();
        prop_assert_eq!(keeper.views_at(size), views(world.agreement()));
        for size in 1..=size {
            prop_assert_eq!(keeper.account_at(size), world.agreement().account_at(size), "at {}", size);
        }
        prop_assert_eq!(keeper.agreement.balances(), world.agreement().balances());
        prop_assert_eq!(keeper.agreement.periods(world.law.clock), world.agreement().periods(world.law.clock));
        let cases = |agreement: &Agreement| format!("{:?}", agreement.disputes().collect::<Vec<_>>());
        prop_assert_eq!(cases(&keeper.agreement), cases(world.agreement()));
    }

    #[test]
    fn a_benefit_that_is_wholly_given_back_leaves_what_was_without_it(
        head in 0..HEADS.len(),
        steps in vec(step(), 4..80),
        amount in 2..100_000_u64,
        places in vec(any::<Index>(), 3),
    ) {
        let mut places: Vec<_> = places.iter().map(|place| place.index(steps.len())).collect();
        places.sort_unstable();
        let (Some(with), Some(without)) =
            (beside(head, &steps, &places, Some(amount)), beside(head, &steps, &places, None)) else { return Ok(()) };
        let size = with.agreement().size();
        let kinds = |world: &World| world.entries.iter().map(|(signed, _)| signed.statement().body.kind()).collect::<Vec<_>>();
        let beside = [Kind::Benefit, Kind::BenefitConfirmation, Kind::Reversal, Kind::ReversalConfirmation, Kind::Feedback];
        let same = kinds(&with).into_iter().zip(kinds(&without));
        let same = same.filter(|(with, without)| !(beside.contains(with) && beside.contains(without)));
        // A retroactive amendment is accepted only as long as its effect is the same, which the benefit moves.
        if size != without.agreement().size() || same.into_iter().any(|(with, without)| with != without) {
            return Ok(());
        }
        let account = |world: &World| world.agreement().account_at(size).unwrap();
        let (with, without) = (account(&with), account(&without));
        prop_assert_eq!(&with.shares, &without.shares);
        prop_assert_eq!(exact(&with), exact(&without));
        for (with, without) in with.figures.iter().zip(&without.figures) {
            prop_assert_eq!(&with.limits, &without.limits);
            prop_assert_eq!(with.fees.iter().sum::<u64>(), without.fees.iter().sum::<u64>());
            prop_assert_eq!(&with.recouped, &without.recouped);
        }
        // What is paid while something is in doubt depends on what was paid before.
        if with.figures.iter().all(|figures| figures.limits.is_none()) && !HEADS[head].1.contains("never-negative") {
            let paid = |account: &Account| account.figures.iter().map(|of| of.allocations.clone()).collect::<Vec<_>>();
            prop_assert_eq!(paid(&with), paid(&without));
            prop_assert_eq!(with.nets, without.nets);
        }
    }

    #[test]
    fn every_decision_leaves_each_party_between_what_it_has_at_least_and_at_most(
        head in 0..HEADS.len(),
        steps in vec(step(), 30..130),
        bits in any::<u64>(),
    ) {
        let mut world = played(head, &steps);
        // Nothing but the decision comes between.
        (world.pace, world.law.clock) = (0, world.agreement().last_admitted());
        let cases: Vec<_> = world.agreement().disputes().map(|case| case.id).collect();
        for (dispute, bits) in cases.into_iter().zip([bits, bits >> 16, bits >> 32, bits >> 48].into_iter().cycle()) {
            let size = world.agreement().size();
            let before = world.agreement().account_at(size).unwrap();
            let stakes = world.agreement().at_stake(world.agreement().dispute(&dispute).unwrap(), world.law.clock).unwrap();
            let pools = before.settlement.accounts.iter().map(|account| account.pool);
            prop_assert!(stakes.iter().zip(pools).all(|(stake, pool)| *stake <= pool));
            let outcomes = world.between(dispute, bits).unwrap();
            let effect = world.agreement().effect(dispute, &outcomes, world.law.clock).unwrap();
            let limits = limits(&before);
            let off = Exact::from(world.agreement().settlement_places().len());
            prop_assert!(lies_between(&effect.after, &limits, &off), "{:?} beyond {:?}", exact(&effect.after), limits);
            world.named.entry(Kind::Dispute).or_default().push(dispute);
            world.rule(0, bits);
            if world.agreement().dispute(&dispute).is_none() {
                let after = world.agreement().account_at(world.agreement().size()).unwrap();
                prop_assert!(exact(&after) == exact(&effect.after), "what was computed beforehand comes about");
                prop_assert!(lies_between(&after, &limits, &off));
                let paid = |account: &Account| account.settlement.accounts.clone();
                prop_assert_eq!(paid(&after), paid(&effect.after));
            }
        }
    }
}

/// What ends a negotiation has no history behind it.
const NOT_IN_A_HISTORY: [Kind; 1] = [Kind::ProposalWithdrawal];

#[test]
fn every_kind_of_statement_enters_in_these_histories() {
    let mut chance = TestRunner::deterministic();
    let mut entered = BTreeSet::new();
    for head in 0..10 * HEADS.len() {
        let steps = vec(step(), 110).new_tree(&mut chance).unwrap().current();
        let world = played(head, &steps);
        entered.extend(world.entries.iter().map(|(signed, _)| signed.statement().body.kind()));
    }
    let missing: Vec<Kind> =
        Kind::ALL.into_iter().filter(|kind| !entered.contains(kind) && !NOT_IN_A_HISTORY.contains(kind)).collect();
    assert!(missing.is_empty(), "never entered: {missing:?}");
}

type Limits = Vec<(Vec<Exact>, Vec<Exact>)>;

fn exact(account: &Account) -> Vec<Vec<Exact>> {
    account.entitlements.iter().map(|exact| exact.iter().collect()).collect()
}

fn limits(account: &Account) -> Limits {
    let exact = exact(account);
    let figures = account.figures.iter().zip(exact);
    figures.map(|(figures, exact)| figures.limits.clone().unwrap_or((exact.clone(), exact))).collect()
}

/// Whether everything an account may still come to lies within the limits there were, or so little `off`: pools and fees are whole
/// units, which another amount may move from one settlement to another.
fn lies_between(account: &Account, before: &Limits, off: &Exact) -> bool {
    limits(account).iter().zip(before).all(|((low, high), (least, most))| {
        let bounds = low.iter().zip(high).zip(least.iter().zip(most));
        bounds.into_iter().all(|((low, high), (least, most))| &(least - off) <= low && high <= &(most + off))
    })
}

/// Plays a history with a benefit beside it that is given back in two parts, or with something in its place that moves nothing.
/// None: something of it was refused.
fn beside(head: usize, steps: &[Step], places: &[usize], amount: Option<u64>) -> Option<World> {
    let mut world = World::begin(head);
    let mut benefit = None;
    for (place, step) in steps.iter().enumerate() {
        for (part, _) in places.iter().enumerate().filter(|(_, at)| **at == place) {
            let number = 5_000 + u64::try_from(part).unwrap();
            let Some(amount) = amount else {
                world.say_aside("community", feedback(number)).ok()?;
                world.say_aside("community", feedback(number + 100)).ok()?;
                continue;
            };
            let reversal = |benefit, amount| reverse(benefit, amount);
            match (part, benefit) {
                (0, _) => {
                    let Body::Benefit(body) = sales(amount) else { unreachable!("sales are a benefit") };
                    let (period_start, period_end) = (world.law.clock, world.law.clock);
                    let stream = "support".parse().unwrap();
                    let body = Body::Benefit(Benefit { stream, period_start, period_end, ..body });
                    let said = world.say_aside("community", body).ok()?;
                    world.say_aside("enterprise", confirm(said)).ok()?;
                    benefit = Some(said);
                }
                (_, Some(benefit)) => {
                    let half = if part == 1 { amount / 2 } else { amount - amount / 2 };
                    let said = world.say_aside("community", reversal(benefit, half)).ok()?;
                    world.say_aside("enterprise", confirm_reversal(said)).ok()?;
                }
                _ => return None,
            }
        }
        // Payments follow balances, which the benefit moves.
        if !matches!(step.act, Act::Pay | Act::ConfirmPayment | Act::Acknowledge | Act::Feedback | Act::Answer) {
            world.play(*step);
        }
    }
    Some(world)
}
