//! Explanations: every number of an account is said with where it comes from.

use counterfoil::{
    agreement::{calendar::period_at, explain::StepKind},
    cli::statement_of_account,
    split::Ratio,
    statement::{
        Body, Verdict,
        change::{Amendment, Exit},
        dispute::{Dispute, Offer, Outcome, Remedy},
        rules::{Calendar, ExitTerms},
        terms::Currency,
    },
};

use crate::{
    law::{
        Law, MINUTE_MS,
        abuse::disputes,
        accept, confirm, confirm_reversal, hours, judge,
        money::{PARTIES, THREE as MONTHLY, closing_of},
        ms, reverse, sales, terms, withdraw,
        work::agree,
    },
    stories::secret,
};

/// 100.00 EUR, settled while the community had 3/2 of 10 points; then 50.00 EUR, and 40.00 EUR given back.
fn law() -> Law {
    let mut law = Law::in_force(&terms("stream sales enterprise 1/2"));
    let claim = law.say("community", hours("community", 3)).unwrap(); // entry 2
    law.say("enterprise", judge(claim, Verdict::Accepted { quality: "1/2".parse().unwrap(), unplanned: false }))
        .unwrap();
    let benefit = law.say("enterprise", sales(10_000)).unwrap(); // entry 4
    law.say("community", confirm(benefit)).unwrap();
    law.settle("enterprise"); // entry 6
    let reversal = law.say("enterprise", reverse(benefit, 4_000)).unwrap();
    law.say("community", confirm_reversal(reversal)).unwrap(); // entry 8
    let claim = law.say("enterprise", hours("enterprise", 17)).unwrap();
    law.say("community", accept(claim)).unwrap(); // entry 10
    let benefit = law.say("enterprise", sales(5_001)).unwrap();
    law.say("community", confirm(benefit)).unwrap(); // entry 12
    law
}

fn lines(law: &Law, party: usize, tree_size: u64) -> Vec<String> {
    let explanation = law.agreement.explain(party, 0, tree_size).unwrap();
    explanation.steps.iter().map(|step| format!("{}: {} {:?}", step.kind, step.text, step.indexes)).collect()
}

#[test]
fn every_step_from_the_items_to_the_due_is_said() {
    let law = law();
    let expected = [
        "item: 3 hour x 1 points x quality 1/2 (attested by enterprise) = 3/2 points of T [2, 3]",
        "dimension: T (T): 3/2 points x coefficient 1 = 3/2 of 37/2 in all = 3/37 []",
        "blend: 1 x 3/37 of T = 3/37 []",
        "pool: sales, collected by enterprise: 1/2 of 110.01 EUR gross = 55.00 EUR pooled [4, 5, 7, 8, 11, 12]",
        "entitlement: settlement of 6 entries: 149/200 of 30.00 EUR = 22.35 EUR [6]",
        "entitlement: settlement of 13 entries: 3/37 of 25.00 EUR = 2.02 EUR and 26/37 minor units []",
        "entitlement: entitled to 24.37 EUR and 26/37 minor units in all []",
        "rounding: 24.37 EUR whole; remainder 26/37 is number 1 of all; left over: 1, one each to community: one comes here = 24.38 EUR []",
        "due: 24.38 EUR allocated, less 37.25 EUR before = -12.87 EUR due [6]",
    ];
    assert_eq!(lines(&law, 0, 13), expected);
    let enterprise = lines(&law, 1, 13);
    assert!(
        enterprise.iter().any(|line| line.contains("one each to community: none comes here = ")),
        "{enterprise:#?}"
    );
}

#[test]
fn below_the_floor_mass_the_default_shares_are_named() {
    let law = law();
    let expected = [
        "item: 3 hour x 1 points x quality 1/2 (attested by enterprise) = 3/2 points of T [2, 3]",
        "dimension: T (T): below the floor mass 10: (3/2 points x coefficient 1 + 17/2 unfilled x default share 7/10) / 10 = 149/200 []",
    ];
    // The last settlement is still explained, though the ledger has grown.
    let found = lines(&law, 0, 6);
    assert_eq!(found[..2], expected);
    assert_eq!(found.last().unwrap(), "due: 37.25 EUR allocated, less 0.00 EUR before = 37.25 EUR due []");
}

#[test]
fn what_was_taken_back_is_no_item_from_its_entry_on() {
    let mut law = Law::in_force(&terms(""));
    let claim = law.say("community", hours("community", 3)).unwrap(); // entry 2
    law.say("enterprise", accept(claim)).unwrap();
    law.say("community", withdraw(claim)).unwrap(); // entry 4
    let items = |tree_size| {
        let steps = law.agreement.explain(0, 0, tree_size).unwrap().steps;
        steps.iter().filter(|step| step.kind == StepKind::Item).count()
    };
    assert_eq!([3, 4, 5].map(items), [0, 1, 0]);
}

#[test]
fn the_explained_values_add_up() {
    let law = law();
    for party in 0..2 {
        let explanation = law.agreement.explain(party, 0, 13).unwrap();
        let value = |kind| {
            let last = explanation.steps.iter().rev().find(|step| step.kind == kind);
            last.unwrap().value.clone()
        };
        let account = law.agreement.account_at(13).unwrap();
        let line = account.settlement.accounts[0].parties[party];
        let exact = |number| counterfoil::split::exact_text(&number);
        assert_eq!(value(StepKind::Entitlement), exact(account.entitlements[0].exact(party).unwrap()));
        assert_eq!(value(StepKind::Blend), exact(account.shares.shares.get(party).unwrap()));
        assert_eq!(value(StepKind::Rounding), line.allocation.to_string());
        assert_eq!(value(StepKind::Due), line.due.to_string());
    }
}

/// Everything that an account is said by changes: rates, weights, coefficients, masses; a dimension, a party and a currency more.
fn amended(law: &mut Law) {
    let mut terms = law.agreement.terms().clone();
    terms.streams[0].pool_rate = "1/5".parse().unwrap();
    terms.parties[0].coefficient = "2".parse().unwrap();
    let mut guest = terms.parties[1].clone();
    guest.name = "guest".parse().unwrap();
    guest.keys[0].key = secret("guest").public();
    terms.parties.push(guest);
    terms.dimensions[0].weight = "1/3".parse().unwrap();
    terms.dimensions[0].floor_mass = "1000".parse().unwrap();
    terms.dimensions[0].coefficients[1] = "7".parse().unwrap();
    let mut more = terms.dimensions[0].clone();
    (more.name, more.weight) = ("U".parse().unwrap(), "2/3".parse().unwrap());
    terms.dimensions.push(more);
    for dimension in &mut terms.dimensions {
        dimension.default_shares = ["1/5", "4/5", "0"].map(|share| share.parse().unwrap()).to_vec();
        dimension.coefficients.push(Ratio::ONE);
    }
    terms.currencies.push(Currency { code: "USD".parse().unwrap(), exponent: 2 });
    let amendment = Amendment { replaces: law.agreement.terms_id(), terms, effective: None, retroactive: None };
    let amendment = law.say("community", Body::Amendment(amendment)).unwrap();
    for party in ["enterprise", "guest"] {
        law.say(party, agree(amendment)).unwrap();
    }
    assert_eq!(law.agreement.terms_id(), amendment);
}

#[test]
fn what_was_settled_is_explained_by_the_terms_it_was_settled_under() {
    let mut law = law();
    law.settle("enterprise");
    let size = law.agreement.last_account().unwrap().settlement.tree_size;
    let shown = |law: &Law| {
        let account = law.agreement.last_account().unwrap();
        let statement = (statement_of_account::words(account), statement_of_account::json(account));
        ([0, 1].map(|party| lines(law, party, size)), statement)
    };
    let before = shown(&law);
    amended(&mut law);
    assert_eq!(shown(&law), before);
    // What came in since came in under another rate.
    let benefit = law.say("enterprise", sales(10_000)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    let pool =
        |law: &Law| lines(law, 0, law.agreement.size()).into_iter().find(|line| line.starts_with("pool")).unwrap();
    let said = "pool: sales, collected by enterprise: 1/2 of 110.01 EUR + 1/5 of 100.00 EUR gross = 75.00 EUR pooled";
    assert!(pool(&law).starts_with(said), "{}", pool(&law));
    law.settle("enterprise");
    assert!(pool(&law).starts_with(said), "{}", pool(&law));
    let words = statement_of_account::words(law.agreement.last_account().unwrap());
    assert!(words.contains("W = c1*P1 = 1/2*110.01 + 1/5*100.00 = 75.00 EUR, each part cut"), "{words}");
}

#[test]
fn what_a_dispute_decided_is_not_explained_by_what_was_attested() {
    let (mut law, claim) = disputes::law();
    let before = law.agreement.size();
    let outcome = [(claim, Remedy::Quality("1/4".parse().unwrap()))];
    let dispute = law.say("enterprise", disputes::dispute(&outcome)).unwrap();
    let ruling = disputes::ruling(&law, dispute, &outcome);
    law.say("mediator", ruling).unwrap(); // entry 9
    let said = "item: 8 hour x 1 points x quality 1/2 (attested by enterprise) = 4 points of T [4, 5]";
    assert_eq!(lines(&law, 0, before)[0], said);
    assert_eq!(
        lines(&law, 0, law.agreement.size())[0],
        "item: 8 hour x 1 points x quality 1/4 (decided by entry 9) = 2 points of T [4, 5, 9]"
    );
}

#[test]
fn what_a_dispute_decided_is_said_of_its_item() {
    let mut law = law();
    let mut decided = |hours_of: u64, remedy: Remedy| {
        let claim = law.say("community", hours("community", hours_of)).unwrap();
        law.say("enterprise", accept(claim)).unwrap();
        let outcomes = vec![Outcome { subject: claim, remedy }];
        let dispute = Dispute { outcomes: outcomes.clone(), reason: "a reason".to_owned() };
        let dispute = law.say("enterprise", Body::Dispute(dispute)).unwrap();
        let offer = law.say("community", Body::Offer(Offer { dispute, outcomes })).unwrap();
        law.say("enterprise", agree(offer)).unwrap();
    };
    decided(8, Remedy::Quality("1/4".parse().unwrap())); // entries 13 to 17
    decided(5, Remedy::Reassign("enterprise".parse().unwrap())); // entries 18 to 22
    let size = law.agreement.size();
    let said = lines(&law, 0, size);
    assert_eq!(said[1], "item: 8 hour x 1 points x quality 1/4 (decided by entry 17) = 2 points of T [13, 14, 17]");
    let said = lines(&law, 1, size);
    let item =
        "item: 5 hour x 1 points x quality 1 (decided by entry 22, claimed by community) = 5 points of T [18, 19, 22]";
    assert_eq!(said[1], item);
    // Before it was decided it was what the other side had attested.
    let before = lines(&law, 0, 15);
    assert!(before[1].starts_with("item: 8 hour x 1 points x quality 1 (attested by enterprise) = 8"), "{before:#?}");
}

#[test]
fn what_has_decayed_and_what_a_leaver_leaves_are_steps() {
    let mut agreed = terms(MONTHLY);
    agreed.decay = "1/10".parse().unwrap();
    let half: Ratio = "1/2".parse().unwrap();
    agreed.exit = Some(ExitTerms { notice_days: 0, factor: half, factor_without_notice: half });
    let mut law = Law::in_force(&agreed);
    let claim = law.say("community", hours("community", 10)).unwrap();
    law.say("enterprise", accept(claim)).unwrap();
    let close = |law: &mut Law, parties: &[&str], month: &str, after: &str| {
        law.clock = after.parse().unwrap();
        for party in parties {
            let closing = closing_of(law, party, period_at(Calendar::Month, month.parse().unwrap()));
            law.enter(&closing).unwrap();
        }
    };
    close(&mut law, &PARTIES, "2026-01-01", "2026-02-01");
    law.settle("enterprise");
    let leaves = ms(law.clock.as_ms() + 60 * MINUTE_MS);
    law.say("community", Body::Exit(Exit { leaves, reason: String::new() })).unwrap();
    close(&mut law, &PARTIES[1..2], "2026-02-01", "2026-03-01");
    let said = lines(&law, 0, law.agreement.size());
    let expected = [
        "dimension: T: 10 points of items, less what has decayed since they were settled = 9 points []",
        "dimension: T: 9 points x 1/2, the part that counts since it has left = 9/2 points []",
    ];
    assert_eq!(said[1..3], expected);
    assert!(said[3].contains("9/2 points x coefficient 1"), "{}", said[3]);
}
