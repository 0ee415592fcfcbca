//! Abuses of doubt: what one party disputes or claims makes no account uncomputable, for itself or for others.

use std::slice::from_ref;

use counterfoil::{
    agreement::settle::Account,
    split::{Exact, Ratio},
    statement::{Body, change::Amendment, dispute::Remedy, id::StatementId, money::CostConfirmation, work::Ground},
};

use super::{
    disputes::{dispute, law, offer, quality},
    refused,
};
use crate::{
    keeper::Keeper,
    law::{
        Law, accept, add_guest, confirm, contribution, hours, judge,
        money::cost,
        sales, terms,
        work::{THREE, agree, challenge, feedback},
    },
};

/// Primes of 64 bits: five of them have no common multiple within 256 bits.
const PRIMES: [u64; 5] = [
    18_446_744_073_709_551_557,
    18_446_744_073_709_551_533,
    18_446_744_073_709_551_521,
    18_446_744_073_709_551_437,
    18_446_744_073_709_551_427,
];

const MOST: u64 = 9_223_372_036_854_775_806;

fn account(law: &Law) -> Account {
    law.agreement.account_at(law.agreement.size()).unwrap()
}

/// All that is shared of the first currency is allocated or held as disputed.
fn adds_up(law: &Law) -> Account {
    let account = account(law);
    let lines = &account.settlement.accounts[0];
    let sum: i128 = lines.parties.iter().map(|line| i128::from(line.allocation)).sum();
    let kept = [lines.disputed, lines.fees, lines.held_back, lines.reserve].map(i128::from);
    assert_eq!(sum + kept.into_iter().sum::<i128>(), i128::from(lines.pool));
    account
}

fn earned(law: &mut Law, amount: u64) -> StatementId {
    let benefit = law.say("enterprise", sales(amount)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    benefit
}

fn worked(law: &mut Law, who: &str, other: &str) -> StatementId {
    let claim = law.say(who, hours(who, 1)).unwrap();
    law.say(other, accept(claim)).unwrap();
    claim
}

/// All agree that a guest joins.
fn join(law: &mut Law) {
    let mut terms = law.agreement.terms().clone();
    add_guest(&mut terms);
    let replaces = law.agreement.terms_id();
    let amendment = Amendment { replaces, terms, effective: None, retroactive: None };
    let motion = law.all_agree("community", Body::Amendment(amendment));
    law.say("guest", agree(motion)).unwrap();
}

#[test]
fn work_of_before_is_not_reassigned_to_who_joined_later() {
    let (mut law, accepted) = law();
    let rejected = law.say("community", hours("community", 3)).unwrap();
    law.say("enterprise", judge(rejected, counterfoil::statement::Verdict::Rejected)).unwrap();
    law.settle("community");
    join(&mut law);
    let to_guest = || Remedy::Reassign("guest".parse().unwrap());
    for subject in [rejected, accepted] {
        assert_eq!(refused(law.say("foundation", dispute(&[(subject, to_guest())]))), "REMEDY_UNFIT");
    }
    let opened = law.say("foundation", dispute(&[(rejected, quality("1"))])).unwrap();
    assert_eq!(refused(law.say("foundation", offer(opened, &[(rejected, to_guest())]))), "REMEDY_UNFIT");
    // What was done since may be the guest's.
    earned(&mut law, 1_000);
    let later = worked(&mut law, "community", "enterprise");
    law.say("foundation", dispute(&[(later, to_guest())])).unwrap();
    let limits = adds_up(&law).figures[0].limits.clone().unwrap();
    assert!(limits.0[3] == Exact::ZERO && limits.1[3] > Exact::ZERO, "the guest may have some of what came in since");
}

#[test]
fn disputed_fractions_that_have_no_common_denominator_hold_no_more_than_hangs_on_them() {
    let (mut law, _) = law();
    let claims: Vec<StatementId> = PRIMES.iter().map(|_| worked(&mut law, "community", "enterprise")).collect();
    let sought: Vec<_> = claims
        .iter()
        .zip(PRIMES)
        .map(|(claim, prime)| (*claim, Remedy::Quality(Ratio::new(1, prime).unwrap())))
        .collect();
    assert_eq!(refused(law.say("community", dispute(&sought))), "POINTS_TOO_FINE");
    let plain: Vec<_> = claims.iter().map(|claim| (*claim, Remedy::Reject)).collect();
    let mut other = law.clone();
    let opened: Vec<_> = sought.iter().map(|of| law.say("community", dispute(from_ref(of))).unwrap()).collect();
    for of in &plain {
        other.say("community", dispute(from_ref(of))).unwrap();
    }
    // Next to nothing is sought for each: as much is held as if nothing were.
    let held = |law: &Law| adds_up(law).settlement.accounts[0].disputed;
    assert_eq!(held(&law), held(&other));
    law.settle("foundation");
    // By offers, too, the points stay as fine as can be computed.
    let mut ends = Vec::new();
    for (opened, of) in opened.into_iter().zip(sought) {
        let answer = law.say("community", offer(opened, &[of])).map(|offered| {
            for other in ["enterprise", "foundation"] {
                drop(law.say(other, agree(offered)));
            }
        });
        ends.push(answer.map_or_else(|refusal| refusal.reason(), |()| "SETTLED"));
        adds_up(&law);
    }
    assert_eq!(ends, ["SETTLED", "SETTLED", "SETTLED", "SETTLED", "POINTS_TOO_FINE"]);
    law.settle("foundation");
}

#[test]
fn claims_that_nobody_judged_hold_no_more_than_hangs_on_them() {
    let (mut law, _) = law();
    for prime in PRIMES {
        law.say("community", Body::Contribution(contribution("community", Ratio::new(1, prime).unwrap()))).unwrap();
    }
    law.day_comes(11);
    law.say("enterprise", feedback(1)).unwrap();
    assert!(adds_up(&law).settlement.accounts[0].disputed <= 3, "less than a unit for each party hangs on them");
    law.settle("foundation");
}

#[test]
fn amounts_beyond_all_bounds_are_refused_or_hold_nothing_of_what_others_are_sure_of() {
    let (mut law, _) = law();
    let benefits = [1, 2, 3].map(|amount| earned(&mut law, amount));
    law.settle("community");
    let before = adds_up(&law);
    let sought = benefits.map(|benefit| (benefit, Remedy::Amount(MOST)));
    assert_eq!(refused(law.say("enterprise", dispute(&sought))), "AMOUNT_UNFIT");
    let opened: Vec<_> =
        sought.iter().take(2).map(|of| law.say("enterprise", dispute(from_ref(of))).unwrap_err().reason()).collect();
    assert_eq!(opened, ["AMOUNT_UNFIT"; 2], "with what came in it would be too much");
    let sought = benefits.map(|benefit| (benefit, Remedy::Amount(MOST / 2)));
    let opened: Vec<_> = sought.iter().map(|of| law.say("enterprise", dispute(from_ref(of))).unwrap()).collect();
    let account = adds_up(&law);
    assert_eq!(account.settlement.accounts[0].parties, before.settlement.accounts[0].parties, "nobody has less");
    law.settle("community");
    let offers: Vec<_> = opened
        .iter()
        .zip(&sought)
        .map(|(opened, of)| law.say("community", offer(*opened, from_ref(of))).unwrap())
        .collect();
    let mut ends = Vec::new();
    for offered in offers {
        law.say("enterprise", agree(offered)).unwrap();
        ends.push(law.say("foundation", agree(offered)).map_or_else(|refusal| refusal.reason(), |_| "SETTLED"));
        adds_up(&law);
    }
    assert_eq!(ends, ["SETTLED", "AMOUNT_UNFIT", "AMOUNT_UNFIT"]);
    law.settle("community");
}

#[test]
fn costs_beyond_all_bounds_are_refused() {
    let mut law = Law::in_force(&terms(&format!("{THREE}\nstream sales enterprise 1\nrecoups compute")));
    earned(&mut law, 96_000);
    let costs = ["a", "b", "c"].map(|invoice| {
        let spent = law.say("community", cost(100, invoice)).unwrap();
        law.say("enterprise", Body::CostConfirmation(CostConfirmation { costs: vec![spent] })).unwrap();
        spent
    });
    let much = |cost: StatementId| (cost, Remedy::Amount(MOST - 1_000));
    assert_eq!(refused(law.say("community", dispute(&[much(costs[0]), much(costs[1])]))), "AMOUNT_UNFIT");
    law.say("community", dispute(&[much(costs[0])])).unwrap();
    assert_eq!(refused(law.say("community", dispute(&[much(costs[1])]))), "AMOUNT_UNFIT");
    law.say("community", dispute(&[(costs[2], Remedy::Amount(500))])).unwrap();
    adds_up(&law);
    law.settle("enterprise");
}

/// Fees are whole units: of a little less there may be a unit more to share.
#[test]
fn a_unit_that_several_are_sure_of_is_taken_back() {
    let mut law = Law::in_force(&terms(
        "party community\nparty enterprise\ndimension T mass none defaults 1/3,2/3\nstream sales enterprise 1\n\
         fee one 1/10 EUR\nfee two 1/10 EUR",
    ));
    let benefit = earned(&mut law, 1_000_000);
    law.settle("community");
    let paid = |account: &Account| account.figures[0].allocations.clone();
    assert_eq!(paid(&adds_up(&law)), [266_667, 533_333]);
    law.say("community", dispute(&[(benefit, Remedy::Amount(999_999))])).unwrap();
    let account = adds_up(&law);
    // Each is sure of its part of 800,001, but 800,000 are there.
    assert_eq!(account.figures[0].limits.clone().unwrap().0, [Exact::from(266_667), Exact::from(533_334)]);
    assert_eq!((paid(&account), account.figures[0].disputed), (vec![266_667, 533_333], 0));
    law.settle("community");
}

#[test]
fn guarantees_as_large_as_can_be_said_are_summed_up() {
    let mut law = Law::in_force(&terms(
        "party community\nparty enterprise\nparty foundation\nparty guest\nwindow challenge 10\n\
         dimension T mass none defaults 1/4,1/4,1/4,1/4\nstream sales enterprise 1\n\
         guarantee community foundation 92233720368547758.07 EUR\nguarantee enterprise guest 92233720368547758.07 EUR",
    ));
    earned(&mut law, 1_000);
    let claim = worked(&mut law, "community", "enterprise");
    law.say("foundation", challenge(&[claim], Ground::NotDone)).unwrap();
    law.settle("community");
    let mut keeper = Keeper::of(law.agreement.clone(), law.proposal.clone());
    keeper.put_away(1);
    keeper.restore();
    assert_eq!(keeper.agreement.last_account(), law.agreement.last_account());
}
