//! The abuses that `agreement.md` lists: each is tried here, and gains nothing. What claims and their judgement are abused for
//! stands in this file; money, disputes, keys and the agreement itself in files of their own.

pub(super) mod disputes;
mod doubts;
mod keys;
mod leavers;
mod limits;
mod money;
mod work;

use counterfoil::{
    digest::Digest,
    split::Ratio,
    statement::{
        Acceptance, Artifact, ArtifactDigest, ArtifactKind, Body, Verdict,
        change::{KeyGrant, key_grant_message},
        id::StatementId,
        terms::Scope,
    },
};

use crate::stories::terms::secret;

use crate::law::{Law, START_MS, accept, confirm, contribution, hours, judge, ms, sales, sign, terms};

fn refused(found: Result<StatementId, counterfoil::agreement::refusal::Refusal>) -> &'static str {
    found.unwrap_err().reason()
}

#[test]
fn self_attestation_is_refused_for_every_key_of_the_party() {
    let mut law = Law::in_force(&terms("party community keys 3\nparty enterprise"));
    let claim = law.say("community.1", hours("community", 1)).unwrap();
    for key in ["community.1", "community.2", "community.3"] {
        assert_eq!(refused(law.say(key, accept(claim))), "OWN_CONTRIBUTION");
    }
}

#[test]
fn sybil_contributors_do_not_move_the_split() {
    let mut one = Law::in_force(&terms("party community keys 9\nparty enterprise"));
    let mut many = one.clone();
    let claim = one.say("community", hours("community", 9)).unwrap();
    one.say("enterprise", accept(claim)).unwrap();
    for key in 1..=9 {
        let claim = many.say(&format!("community.{key}"), hours("community", 1)).unwrap();
        many.say("enterprise", accept(claim)).unwrap();
    }
    assert_eq!(one.shares(), many.shares());
}

#[test]
fn the_same_work_twice_is_held_not_shared_out() {
    let artifact = |fraction| Artifact {
        kind: ArtifactKind::GitCommit,
        digest: ArtifactDigest::GitSha1([7; 20]),
        media_type: String::new(),
        uri: String::new(),
        fraction,
    };
    let claim = |party: &str, fraction| {
        let artifacts = vec![artifact(fraction)];
        Body::Contribution(counterfoil::statement::Contribution { artifacts, ..contribution(party, Ratio::ONE) })
    };
    let mut law = Law::in_force(&terms(""));
    let third = Ratio::new(1, 3).unwrap();
    law.say("community", claim("community", Ratio::new(2, 3).unwrap())).unwrap();
    for party in ["community", "enterprise"] {
        assert_eq!(refused(law.say(party, claim(party, Ratio::ONE))), "OVERCLAIM");
        assert_eq!(refused(law.say(party, claim(party, Ratio::new(1_000_001, 3_000_000).unwrap()))), "OVERCLAIM");
    }
    law.say("enterprise", claim("enterprise", third)).unwrap();
}

#[test]
fn back_dating_changes_nothing_but_ledger_order_does() {
    let settled = |work_end, late: bool| {
        let mut law = Law::in_force(&terms(""));
        let claim = counterfoil::statement::Contribution {
            work_start: ms(0),
            work_end: ms(work_end),
            ..contribution("community", Ratio::new(10, 1).unwrap())
        };
        let claim = law.say("community", Body::Contribution(claim)).unwrap();
        if !late {
            law.say("enterprise", accept(claim)).unwrap();
        }
        let benefit = law.say("enterprise", sales(10_000)).unwrap();
        law.say("community", confirm(benefit)).unwrap();
        law.settle("community");
        if late {
            law.say("enterprise", accept(claim)).unwrap();
        }
        let account = law.agreement.last_account().unwrap();
        account.settlement.accounts[0].parties.iter().map(|party| party.allocation).collect::<Vec<_>>()
    };
    assert_eq!(settled(START_MS, false), [10_000, 0]);
    assert_eq!(settled(0, false), [10_000, 0]);
    assert_eq!(settled(0, true), [7_000, 3_000]);
}

#[test]
fn contribution_spam_counts_nothing_and_one_statement_deals_with_it() {
    let mut law = Law::in_force(&terms(""));
    let mut spam = Vec::new();
    for _ in 0..200 {
        spam.push(law.say("community", hours("community", 1_000)).unwrap());
    }
    assert_eq!(law.shares(), ["7/10", "3/10"]);
    let body = counterfoil::statement::Attestation {
        contributions: spam.clone(),
        verdict: Verdict::Rejected,
        reason: "spam".to_owned(),
    };
    law.say("enterprise", Body::Attestation(body)).unwrap();
    assert_eq!(refused(law.say("enterprise", accept(spam[7]))), "ALREADY_ATTESTED");
    assert_eq!(law.shares(), ["7/10", "3/10"]);
}

#[test]
fn a_party_alone_amends_nothing() {
    let mut law = Law::in_force(&terms(""));
    let mut changed = terms("dimension T mass 10 defaults 1/10,9/10");
    changed.title = law.agreement.terms().title.clone();
    let amended = sign("enterprise", None, 1, Body::Proposal(changed));
    assert_eq!(refused(law.enter(&amended)), "OTHER_AGREEMENT");
    assert_eq!(refused(law.say("enterprise", law.acceptance())), "NOT_NEGOTIATING");
    assert_eq!(law.shares(), ["7/10", "3/10"]);
}

#[test]
fn one_judge_cannot_vote_twice_with_two_keys() {
    let three = "
        party community
        party enterprise keys 2
        party foundation
        unit hour T 1 attestations 2
        dimension T mass 10 defaults 1/2,3/10,1/5";
    let mut law = Law::in_force(&terms(three));
    let claim = law.say("community", hours("community", 1)).unwrap();
    law.say("enterprise.1", accept(claim)).unwrap();
    assert_eq!(refused(law.say("enterprise.2", accept(claim))), "ALREADY_ATTESTED");
}

#[test]
fn an_acceptance_names_every_byte_of_the_terms() {
    let mut law = Law::proposed(&terms(""));
    let mut other = Law::proposed(&terms("licence code MIT"));
    let named = other.acceptance();
    assert_eq!(refused(law.say("enterprise", named)), "OTHER_PROPOSAL");
    let signed = law.sign("enterprise", law.acceptance());
    assert_eq!(refused(other.enter(&signed)), "OTHER_AGREEMENT");
}

#[test]
fn huge_numbers_are_exact_or_refused() {
    let mut law = Law::in_force(&terms("unit hour T 18446744073709551615"));
    let largest = Ratio::new(u64::MAX, 1).unwrap();
    let claim = law.say("community", Body::Contribution(contribution("community", largest))).unwrap();
    let quality = Ratio::new(u64::MAX - 1, u64::MAX).unwrap();
    law.say("enterprise", judge(claim, Verdict::Accepted { quality, unplanned: false })).unwrap();
    let points = law.agreement.contribution(&claim).unwrap().points.unwrap().clone();
    assert_eq!(points, counterfoil::split::Exact::from(u64::MAX) * counterfoil::split::Exact::from(u64::MAX - 1));
    // One part in 2^128 for the other: the share is as exact as that.
    let claim = law.say("enterprise", hours("enterprise", 1)).unwrap();
    law.say("community", accept(claim)).unwrap();
    assert_eq!(law.shares(), ["18446744073709551614/18446744073709551615", "1/18446744073709551615"]);
    let benefit = law.say("enterprise", sales(u64::MAX >> 1)).unwrap();
    law.say("community", confirm(benefit)).unwrap();
    law.settle("enterprise");
    let benefit = law.say("enterprise", sales(1)).unwrap();
    assert_eq!(refused(law.say("community", confirm(benefit))), "AMOUNT_TOO_LARGE");
    assert_eq!(refused(law.say("enterprise", sales(u64::MAX))), "AMOUNT_TOO_LARGE");
}

#[test]
fn a_settlement_of_another_ledger_is_no_settlement_of_this_one() {
    let mut law = Law::in_force(&terms(""));
    let mut forged = law.settlement(law.agreement.size());
    forged.shares = Digest::of(&[b"counterfoil shares v1\n1\n0\n"]);
    assert_eq!(refused(law.say("community", Body::Settlement(forged))), "SPLIT_MISMATCH");
    let found = law.agreement.settlements();
    assert!(found.is_empty());
}

#[test]
fn a_key_that_one_party_is_about_to_grant_is_not_taken_by_another() {
    let mut law = Law::in_force(&terms("party community keys 2 threshold 2\nparty enterprise"));
    law.say("community.2", law.acceptance()).unwrap();
    let (new, scopes) = (secret("newcomer"), vec![Scope::Claim]);
    let community = law.agreement.terms().parties[0].name.clone();
    let proof = new.sign(&key_grant_message(law.agreement.id(), &community, new.public(), &scopes, None, None));
    let grant = Body::KeyGrant(KeyGrant { key: new.public(), scopes, expires: None, daily_max: None, proof });
    // It waits for the second key, for all to see.
    let open = law.say("community.1", grant.clone()).unwrap();
    assert_eq!(refused(law.say("enterprise", grant)), "KEY_PROOF_INVALID");
    law.say("community.2", Body::Acceptance(Acceptance { proposal: open })).unwrap();
    assert_eq!(law.agreement.party_of(new.public()), Some(0));
}
