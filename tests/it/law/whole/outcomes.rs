//! The interval theorem in agreements: beside every ruling that may come, the limits of an account are what the least and the
//! greatest of them leave each party, exactly where nothing bounds the shares, and around them otherwise.

use std::array::from_fn;

use counterfoil::{
    agreement::settle::Account,
    digest::Digest,
    split::{Exact, Ratio},
    statement::{
        Benefit, Body, Contribution, Kind, Verdict,
        dispute::{Dispute, Outcome, Remedy, Ruling},
        id::StatementId,
        money::{Cost, CostConfirmation},
    },
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, proptest},
};

use super::{exact, world::World};
use crate::{
    common::cases,
    law::{confirm, contribution, judge, sales},
};

const PARTIES: [&str; 4] = ["community", "enterprise", "foundation", "guest"];

const FOUR: &str = "
    party community
    party enterprise
    party foundation
    party guest
    dimension T weight 3/5 mass 12 defaults 1/2,1/4,1/8,1/8 coefficients 1,3/2,1,2
    dimension S weight 2/5 mass none defaults 1/4,1/4,1/4,1/4 coefficients 1,1,1/2,1
    unit hour T 1
    unit talk S 1
    stream sales enterprise 1
    mediator mediator
    fee card 1/50 EUR
    recoups compute
    corridor 1/2";

#[derive(Clone, Copy, Debug)]
enum Said {
    Work { party: usize, talk: bool, quantity: u64, judged: usize },
    Sales(u64),
    Cost { party: usize, amount: u64 },
    Settle,
}

fn said() -> impl Strategy<Value = Said> {
    let work = (0..4_usize, any::<bool>(), 1..30_u64, 0..4_usize);
    proptest::prelude::prop_oneof![
        6 => work.prop_map(|(party, talk, quantity, judged)| Said::Work { party, talk, quantity, judged }),
        2 => (1..50_000_u64).prop_map(Said::Sales),
        1 => (0..4_usize, 1..9_000_u64).prop_map(|(party, amount)| Said::Cost { party, amount }),
        1 => proptest::prelude::Just(Said::Settle),
    ]
}

/// What may be disputed: who it belongs to, and whether it was accepted.
#[derive(Clone, Copy)]
enum Item {
    Work { id: StatementId, party: usize, accepted: bool },
    Money { id: StatementId },
}

fn begin(head: &str, history: &[Said]) -> (World, Vec<Item>) {
    let mut world = World::under(head);
    let mut items = Vec::new();
    for said in history {
        match *said {
            Said::Work { party, talk, quantity, judged } => {
                let body = Contribution {
                    unit: if talk { "talk" } else { "hour" }.parse().unwrap(),
                    ..contribution(PARTIES[party], Ratio::reduced(quantity, 2).unwrap())
                };
                let id = world.say(PARTIES[party], Body::Contribution(body)).unwrap();
                let verdict = match judged {
                    0 => Verdict::Rejected,
                    halves => Verdict::Accepted {
                        quality: Ratio::reduced(u64::try_from(halves.min(2)).unwrap(), 2).unwrap(),
                        unplanned: false,
                    },
                };
                world.say(PARTIES[(party + 1) % 4], judge(id, verdict)).unwrap();
                items.push(Item::Work { id, party, accepted: judged > 0 });
            }
            Said::Sales(amount) => {
                let Body::Benefit(body) = sales(amount) else { unreachable!("sales are a benefit") };
                let id = world.say("enterprise", Body::Benefit(Benefit { amount, ..body })).unwrap();
                world.say("community", confirm(id)).unwrap();
                items.push(Item::Money { id });
            }
            Said::Cost { party, amount } => {
                let (category, currency) = ("compute".parse().unwrap(), "EUR".parse().unwrap());
                let invoice = Digest::of(&[&world.law.spoken.to_be_bytes()]);
                let cost = Cost { category, currency, amount, invoice, note: String::new() };
                let id = world.say(PARTIES[party], Body::Cost(cost)).unwrap();
                let costs = vec![id];
                world.say(PARTIES[(party + 1) % 4], Body::CostConfirmation(CostConfirmation { costs })).unwrap();
                items.push(Item::Money { id });
            }
            Said::Settle => {
                let settlement = world.law.settlement(world.agreement().size());
                world.say("guest", Body::Settlement(settlement)).unwrap();
            }
        }
    }
    (world, items)
}

/// What is sought for an item: none where nothing fits.
fn sought(item: Item, choice: u64, with_money: bool) -> Option<Outcome> {
    Some(match item {
        Item::Work { id, party, accepted } => {
            let other = PARTIES[(party + 1 + usize::try_from(choice % 3).unwrap()) % 4].parse().unwrap();
            let remedy = match choice % 5 {
                0 if accepted => Remedy::Reject,
                0 | 1 => Remedy::Quality(Ratio::reduced(if accepted { 1 } else { 3 }, 4).unwrap()),
                _ => Remedy::Reassign(other),
            };
            Outcome { subject: id, remedy }
        }
        Item::Money { id } if with_money => Outcome { subject: id, remedy: Remedy::Amount(choice * 211) },
        Item::Money { .. } => return None,
    })
}

/// Opens one dispute about the items; none where there is nothing to dispute.
fn dispute(world: &mut World, outcomes: Vec<Outcome>) -> Option<StatementId> {
    if outcomes.is_empty() {
        return None;
    }
    world.say("guest", Body::Dispute(Dispute { outcomes, reason: "a reason".to_owned() })).ok()
}

/// What each party has at least and at most over all rulings, by currency; and one of the rulings, in bits.
fn brute_force(world: &World, dispute: StatementId, items: usize) -> Vec<(Vec<Exact>, Vec<Exact>)> {
    let mut found: Option<Vec<(Vec<Exact>, Vec<Exact>)>> = None;
    for bits in 0..1_u64 << items {
        let outcomes = world.between(dispute, bits).unwrap();
        let after = exact(&world.agreement().effect(dispute, &outcomes, world.law.clock).unwrap().after);
        let Some(found) = &mut found else {
            found = Some(after.iter().map(|exact| (exact.clone(), exact.clone())).collect());
            continue;
        };
        for ((least, most), exact) in found.iter_mut().zip(after) {
            for (party, exact) in exact.into_iter().enumerate() {
                least[party] = exact.clone().min(least[party].clone());
                most[party] = exact.max(most[party].clone());
            }
        }
    }
    found.unwrap()
}

fn account(world: &World) -> Account {
    world.agreement().account_at(world.agreement().size()).unwrap()
}

/// Opens a dispute about at most `most` of the items, as `choices` say.
fn disputed(
    world: &mut World,
    items: &[Item],
    choices: &[(u16, u64)],
    most: usize,
    with_money: bool,
) -> Option<(StatementId, usize)> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (of, choice) in choices {
        let item = items.get(usize::from(*of) % items.len().max(1))?;
        let Some(outcome) = sought(*item, *choice, with_money) else { continue };
        if outcomes.len() < most && outcomes.iter().all(|other| other.subject != outcome.subject) {
            // One that seeks nothing, or too little, would be refused, and all others with it.
            if dispute(&mut world.clone(), vec![outcome.clone()]).is_some() {
                outcomes.push(outcome);
            }
        }
    }
    let items = outcomes.len();
    Some((dispute(world, outcomes)?, items))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 400, ..cases(40) })]

    #[test]
    fn the_limits_are_what_the_worst_and_the_best_ruling_leave_each_party(
        history in vec(said(), 3..22),
        choices in vec((any::<u16>(), 0..60_u64), 1..8),
    ) {
        let (mut world, items) = begin(FOUR, &history);
        let Some((dispute, items)) = disputed(&mut world, &items, &choices, 6, false) else { return Ok(()) };
        let limits = account(&world).figures[0].limits.clone().unwrap();
        let found = &brute_force(&world, dispute, items)[0];
        prop_assert_eq!(&limits.0, &found.0, "at least");
        prop_assert_eq!(&limits.1, &found.1, "at most");
    }

    #[test]
    fn the_limits_hold_every_ruling_about_money_under_bounds_and_guarantees(
        history in vec(said(), 3..22),
        choices in vec((any::<u16>(), 0..60_u64), 1..8),
        more in proptest::sample::select(vec![
            "",
            "bound guest EUR cap 1/5 floor 10.00",
            "guarantee guest community 20.00 EUR",
            "bound enterprise EUR cap 1/4\nguarantee foundation enterprise 9.00 EUR\nguarantee guest enterprise 3.00 EUR",
            "share-policy true-up",
        ]),
    ) {
        let (mut world, items) = begin(&format!("{FOUR}\n{more}"), &history);
        let Some((dispute, items)) = disputed(&mut world, &items, &choices, 5, true) else { return Ok(()) };
        let Some(limits) = account(&world).figures[0].limits.clone() else { return Ok(()) };
        let (least, most) = &brute_force(&world, dispute, items)[0];
        for party in 0..PARTIES.len() {
            // Pools and fees are whole units: see `world`.
            let off = Exact::from(world.agreement().settlement_places().len());
            let (low, high) = (&(&limits.0[party] - &off), &(&limits.1[party] + &off));
            prop_assert!(low <= &least[party], "party {} may have {} and not {}", party, least[party], low);
            prop_assert!(high >= &most[party], "party {} may have {} and not {}", party, most[party], high);
        }
    }

    #[test]
    fn a_ruling_does_what_its_effect_says(
        history in vec(said(), 3..22),
        choices in vec((any::<u16>(), 0..60_u64), 1..8),
        bits in any::<u64>(),
    ) {
        let (mut world, items) = begin(FOUR, &history);
        let Some((dispute, _)) = disputed(&mut world, &items, &choices, 8, true) else { return Ok(()) };
        let outcomes = world.between(dispute, bits).unwrap();
        let effect = world.agreement().effect(dispute, &outcomes, world.law.clock).unwrap();
        let reasons = Digest::of(&[]);
        world.say("mediator", Body::Ruling(Ruling { dispute, outcomes, effect: effect.digest, reasons })).unwrap();
        prop_assert_eq!(account(&world).settlement.accounts, effect.after.settlement.accounts);
        prop_assert!(world.named[&Kind::Dispute].contains(&dispute));
    }
}

#[test]
fn work_of_which_four_may_be_the_author_is_worst_where_it_weighs_most() {
    let work = |party| Said::Work { party, talk: false, quantity: 20, judged: 3 };
    let (mut world, items) = begin(FOUR, &[work(0), work(1), work(2), Said::Sales(70_000), work(3), Said::Settle]);
    let names: [_; 4] = from_fn(|place| PARTIES[place].parse().unwrap());
    let claims: Vec<StatementId> = items
        .iter()
        .filter_map(|item| match item {
            Item::Work { id, .. } => Some(*id),
            Item::Money { .. } => None,
        })
        .collect();
    let to = |place: usize, other: usize| Outcome {
        subject: claims[place],
        remedy: Remedy::Reassign(Clone::clone(&names[other])),
    };
    let dispute = dispute(&mut world, vec![to(0, 3), to(1, 2), to(2, 0), to(3, 1)]).unwrap();
    let limits = account(&world).figures[0].limits.clone().unwrap();
    assert_eq!(limits, brute_force(&world, dispute, 4)[0]);
}

#[test]
fn what_is_the_worst_for_a_guarantor_follows_whom_it_guarantees_and_not_who_paid_nothing() {
    let work = |quantity, judged| Said::Work { party: 1, talk: false, quantity, judged };
    let history = [work(10, 1), work(11, 2), Said::Cost { party: 3, amount: 1 }, Said::Sales(1)];
    let (mut world, items) = begin(&format!("{FOUR}\nguarantee guest community 20.00 EUR"), &history);
    let sought = [sought(items[0], 0, true), sought(items[2], 0, true)];
    let dispute = dispute(&mut world, sought.into_iter().flatten().collect()).unwrap();
    let (low, high) = account(&world).figures[0].limits.clone().unwrap();
    let (least, most) = &brute_force(&world, dispute, 2)[0];
    for party in 0..PARTIES.len() {
        assert!(low[party] <= least[party] && most[party] <= high[party], "party {party}");
    }
}

#[test]
fn a_guarantor_may_bear_more_where_more_came_in_early() {
    let work = |party, talk, quantity, judged| Said::Work { party, talk, quantity, judged };
    let history = [
        work(3, true, 1, 0),
        work(0, false, 1, 0),
        Said::Cost { party: 2, amount: 1_396 },
        work(3, false, 12, 2),
        Said::Cost { party: 0, amount: 674 },
        Said::Sales(1),
        Said::Settle,
        work(0, false, 1, 0),
        Said::Sales(2_730),
        work(0, false, 1, 0),
    ];
    let more =
        "bound enterprise EUR cap 1/4\nguarantee foundation enterprise 9.00 EUR\nguarantee guest enterprise 3.00 EUR";
    let (mut world, items) = begin(&format!("{FOUR}\n{more}"), &history);
    let (dispute, items) = disputed(&mut world, &items, &[(3_492, 39), (18_320, 20)], 5, true).unwrap();
    let limits = account(&world).figures[0].limits.clone().unwrap();
    let (least, most) = &brute_force(&world, dispute, items)[0];
    for party in 0..PARTIES.len() {
        let off = Exact::from(world.agreement().settlement_places().len());
        assert!(&limits.0[party] - &off <= least[party] && &limits.1[party] + &off >= most[party], "party {party}");
    }
}
