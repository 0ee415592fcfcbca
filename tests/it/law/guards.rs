//! Guards that no session with one server shows, and the order in which guards speak.

use counterfoil::{
    agreement::{
        Agreement,
        refusal::{Refusal, reasons, terms::TermsFault},
        terms::check,
    },
    statement::{Body, id::AgreementId},
    time::Timestamp,
};

use crate::law::{Law, START_MS, accept, hours, ms, sales, sign, terms, unknown};

fn reason<T: std::fmt::Debug>(found: Result<T, Refusal>) -> &'static str {
    found.unwrap_err().reason()
}

#[test]
fn a_ledger_begins_with_a_proposal() {
    let other = AgreementId::from(unknown());
    let claim = sign("community", Some(other), 1, hours("community", 1));
    assert_eq!(reason(Agreement::found(&claim, ms(START_MS))), "NOT_FOUNDED");
}

#[test]
fn an_agreement_is_founded_once() {
    let mut law = Law::proposed(&terms(""));
    let proposal = law.proposal.clone();
    assert_eq!(reason(law.enter(&proposal)), "ALREADY_FOUNDED");
    // Another proposal of the same terms founds another agreement.
    let second = sign("community", None, 1, Body::Proposal(terms("")));
    assert_eq!(reason(law.enter(&second)), "OTHER_AGREEMENT");
}

#[test]
fn a_statement_is_not_replayed_into_another_agreement() {
    let (mut law, mut other) = (Law::in_force(&terms("")), Law::in_force(&terms("licence code MIT")));
    let claim = law.sign("community", hours("community", 1));
    other.clock = law.clock;
    assert_eq!(reason(other.enter(&claim)), "OTHER_AGREEMENT");
    law.enter(&claim).unwrap();
}

#[test]
fn a_claim_a_benefit_and_a_reversal_are_recorded_once() {
    let mut law = Law::in_force(&terms(""));
    for (who, body) in [("community", hours("community", 1)), ("enterprise", sales(100))] {
        let signed = law.sign(who, body);
        let index = law.agreement.size();
        let statement = law.enter(&signed).unwrap();
        assert_eq!(law.enter(&signed), Err(Refusal::AlreadyRecorded { statement, index }));
    }
}

#[test]
fn admission_times_do_not_run_back() {
    let mut law = Law::in_force(&terms(""));
    let claim = law.sign("community", hours("community", 1));
    let last = law.agreement.last_admitted();
    let early = ms(last.as_ms() - 1);
    assert_eq!(law.agreement.admit(&claim, early).unwrap_err(), Refusal::TimeRanBack { at: early, last });
    // Many entries of one batch have the same time.
    assert!(law.agreement.admit(&claim, last).is_ok());
}

#[test]
fn guards_speak_in_their_order() {
    let mut law = Law::proposed(&terms("key enterprise.1 GOVERN,ATTEST,REPORT"));
    let last = law.agreement.last_admitted();
    let other = AgreementId::from(unknown());
    // Everything is wrong; each step mends what was refused.
    let ask = |who: &str, agreement, at: Timestamp, law: &mut Law| {
        let claim = sign(who, Some(agreement), 1, hours("community", 1));
        law.agreement.admit(&claim, at).map(drop)
    };
    let id = law.agreement.id();
    assert_eq!(reason(ask("stranger", other, ms(0), &mut law)), "OTHER_AGREEMENT");
    assert_eq!(reason(ask("stranger", id, ms(0), &mut law)), "TIME_RAN_BACK");
    assert_eq!(reason(ask("stranger", id, last, &mut law)), "SIGNER_NOT_PARTY");
    assert_eq!(reason(ask("enterprise", id, last, &mut law)), "SCOPE_MISSING");
    assert_eq!(reason(ask("community", id, last, &mut law)), "NOT_IN_FORCE");
    law.say("enterprise", law.acceptance()).unwrap();
    let clock = law.clock;
    assert_eq!(ask("community", id, clock, &mut law), Ok(()));
}

#[test]
fn what_was_admitted_must_be_applied_before_anything_else() {
    let mut law = Law::in_force(&terms(""));
    let (first, second) = (law.sign("community", hours("community", 1)), law.sign("community", hours("community", 1)));
    let (first, second) =
        (law.agreement.admit(&first, law.clock).unwrap(), law.agreement.admit(&second, law.clock).unwrap());
    law.agreement.apply(first);
    let late = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| law.agreement.apply(second)));
    assert!(late.is_err());
}

#[test]
fn who_passes_over_an_entry_keeps_the_positions_of_the_others() {
    let mut law = Law::in_force(&terms(""));
    law.agreement.pass_over();
    let claim = law.say("community", hours("community", 10)).unwrap();
    assert_eq!(law.agreement.contribution(&claim).unwrap().index, 3);
    law.say("enterprise", accept(claim)).unwrap();
    assert_eq!(law.shares(), ["1", "0"]);
    law.settle("community");
    assert_eq!(law.agreement.size(), 6);
}

#[test]
fn terms_have_a_limit_of_parties_times_currencies() {
    let mut many = terms("currency EUR 2\ncurrency USD 2");
    let party = many.parties[0].clone();
    many.parties = (0..1_001)
        .map(|number| {
            let mut party = party.clone();
            party.name = format!("p{number}").parse().unwrap();
            party.keys[0].key = crate::stories::terms::secret(&format!("p{number}")).public();
            party
        })
        .collect();
    let fault = TermsFault::AccountLinesTooMany { parties: 1_001, currencies: 2, max: 2_000 };
    assert_eq!(check(&many), Err(fault));
    many.parties.truncate(1);
    assert_eq!(check(&many), Err(TermsFault::PartiesTooFew { found: 1 }));
}

#[test]
fn a_key_that_accepts_has_not_declined() {
    let three = "party community\nparty enterprise\nparty foundation\ndimension T mass 10 defaults 1/2,3/10,1/5";
    let mut law = Law::proposed(&terms(three));
    law.say("enterprise", law.decline()).unwrap();
    law.say("foundation", law.decline()).unwrap();
    law.say("enterprise", law.acceptance()).unwrap();
    let declined: Vec<_> = law.agreement.declined().collect();
    assert_eq!(declined, [crate::stories::terms::secret("foundation").public()]);
    let accepted: Vec<_> = law.agreement.acceptances().map(|party| party.keys.len()).collect();
    assert_eq!(accepted, [1, 1, 0]);
}

#[test]
fn every_reason_is_listed_once_and_in_words() {
    for (place, reason) in reasons::all().enumerate() {
        assert!(reasons::all().take(place).all(|other| other.code != reason.code), "{} is listed twice", reason.code);
        for text in [reason.when, reason.remedy] {
            assert!(!text.is_empty() && !text.ends_with('.'), "{}: {text}", reason.code);
        }
    }
}
