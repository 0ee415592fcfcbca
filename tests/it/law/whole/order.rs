//! Statements that do not touch each other may enter in any order: the settlement is the same.

use counterfoil::{
    digest::Digest,
    split::Ratio,
    statement::{
        Body, Signed, Verdict,
        dispute::{Dispute, Outcome, Remedy},
        id::StatementId,
        money::{Cost, CostConfirmation},
        work::Ground,
    },
};
use proptest::{
    collection::vec,
    prelude::{any, prop_assert_eq, proptest},
    sample::Index,
};

use super::world::{PARTIES, World};
use crate::{
    common::cases,
    law::{
        accept, confirm, confirm_reversal, hours, judge, reverse, sales, withdraw,
        work::{challenge, take_back},
    },
};

/// The statements about one object, in their order, signed beforehand.
fn line(world: &mut World, party: usize, number: u64, kind: u8) -> Vec<Signed> {
    let (own, other, third) = (PARTIES[party], PARTIES[(party + 1) % 3], PARTIES[(party + 2) % 3]);
    let mut signed: Vec<Signed> = Vec::new();
    let mut say = |world: &mut World, who: &str, body: Body| -> StatementId {
        signed.push(world.sign(who, body));
        signed[signed.len() - 1].id()
    };
    match kind {
        0..=4 => {
            let claim = say(world, own, hours(own, number));
            let quality = Ratio::reduced(number % 3 + 1, 3).unwrap();
            let verdict = if kind == 4 { Verdict::Rejected } else { Verdict::Accepted { quality, unplanned: false } };
            say(world, other, judge(claim, verdict));
            let outcomes =
                vec![Outcome { subject: claim, remedy: Remedy::Reassign(PARTIES[(party + 2) % 4].parse().unwrap()) }];
            match kind {
                1 => drop(say(world, own, withdraw(claim))),
                2 => drop(say(world, third, challenge(&[claim], Ground::NotDone))),
                3 | 4 => {
                    let reason = "a reason".to_owned();
                    let dispute = say(world, third, Body::Dispute(Dispute { outcomes, reason }));
                    if number.is_multiple_of(2) {
                        say(world, third, take_back(dispute));
                    }
                }
                _ => {}
            }
        }
        5 | 6 => {
            let benefit = say(world, "enterprise", sales(number * 100));
            say(world, "community", confirm(benefit));
            if kind == 6 {
                let reversal = say(world, "enterprise", reverse(benefit, number * 30));
                say(world, "foundation", confirm_reversal(reversal));
            }
        }
        7 => {
            let (category, currency) = ("compute".parse().unwrap(), "EUR".parse().unwrap());
            let invoice = Digest::of(&[&world.law.spoken.to_be_bytes()]);
            let cost = Cost { category, currency, amount: number * 7, invoice, note: String::new() };
            let cost = say(world, own, Body::Cost(cost));
            say(world, other, Body::CostConfirmation(CostConfirmation { costs: vec![cost] }));
        }
        _ => {
            let claim = say(world, own, hours(own, number));
            say(world, other, accept(claim));
        }
    }
    signed
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn the_order_of_parallel_statements_before_one_cut_off_changes_nothing(
        head in 0..5_usize,
        lines in vec((0..3_usize, 1..40_u64, 0..9_u8), 2..10),
        order in vec(any::<Index>(), 48),
        other in vec(any::<Index>(), 48),
    ) {
        let mut start = World::begin(if head == 1 { 6 } else { head });
        start.pace = 0;
        let lines: Vec<Vec<Signed>> =
            lines.iter().map(|(party, number, kind)| line(&mut start, *party, *number, *kind)).collect();
        let run = |order: &[Index]| {
            let (mut law, mut lines) = (start.law.clone(), lines.clone());
            for index in order.iter().cycle() {
                lines.retain(|line| !line.is_empty());
                if lines.is_empty() {
                    break;
                }
                let place = index.index(lines.len());
                // What the terms do not foresee is refused in every order.
                let _ = law.enter(&lines[place].remove(0));
            }
            let account = law.agreement.account_at(law.agreement.size()).unwrap();
            (account.settlement, account.figures, account.nets)
        };
        prop_assert_eq!(run(&order), run(&other));
    }
}
