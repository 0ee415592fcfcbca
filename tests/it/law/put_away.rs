//! Agreements that forget: whatever was put away, and whenever, they say what they would have said with everything at hand.

use std::{fs, path::PathBuf};

use counterfoil::{
    agreement::{
        Agreement,
        put_away::{PutAwayError, Wanted},
    },
    digest::Digest,
    split::Ratio,
    statement::{Attestation, Body, Contribution, Verdict, change::Amendment, id::StatementId},
};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest},
    test_runner::TestCaseError,
};

use crate::{
    common::cases,
    keeper::{Keeper, views},
    law::{
        Law, accept, confirm, confirm_reversal, contribution,
        history::{History, step},
        hours, ms, reverse, sales, terms, withdraw,
        work::agree,
    },
    stories::secret,
};

/// What a keeper does between two statements.
#[derive(Clone, Copy, Debug)]
enum Pause {
    Nothing,
    PutAway { newest: usize },
    Forget { keep: usize },
    ForgetRecalled,
    Restore,
}

fn pause() -> impl Strategy<Value = Pause> {
    prop_oneof![
        4 => Just(Pause::Nothing),
        1 => (1..6_usize).prop_map(|newest| Pause::PutAway { newest }),
        3 => (0..4_usize).prop_map(|keep| Pause::Forget { keep }),
        2 => Just(Pause::ForgetRecalled),
        1 => Just(Pause::Restore),
    ]
}

fn take_a(pause: Pause, keeper: &mut Keeper) {
    match pause {
        Pause::Nothing => {}
        Pause::PutAway { newest } => keeper.put_away(newest),
        Pause::Forget { keep } => {
            keeper.put_away(1);
            keeper.agreement.forget(keep);
        }
        Pause::ForgetRecalled => keeper.agreement.forget_recalled(),
        Pause::Restore => keeper.restore(),
    }
}

fn check_same(keeper: &mut Keeper, whole: &Agreement) -> Result<(), TestCaseError> {
    prop_assert_eq!(keeper.agreement.size(), whole.size());
    prop_assert_eq!(keeper.agreement.last_admitted(), whole.last_admitted());
    prop_assert_eq!(keeper.agreement.last_account(), whole.last_account());
    prop_assert_eq!(keeper.agreement.settlement_places(), whole.settlement_places());
    for size in 0..=whole.size() + 1 {
        prop_assert_eq!(keeper.account_at(size), whole.account_at(size), "at {}", size);
    }
    prop_assert_eq!(keeper.views_at(whole.size()), views(whole));
    let settled = whole.last_account().map_or(1, |account| account.settlement.tree_size);
    for (party, size) in [(0, whole.size()), (1, settled), (2, settled + (whole.size() - settled) / 2)] {
        for currency in 0..2 {
            prop_assert_eq!(keeper.explain(party, currency, size), whole.explain(party, currency, size));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn whoever_forgets_says_what_whoever_remembers_says(
        steps in vec(step(), 1..140),
        pauses in vec(pause(), 16..64),
    ) {
        let History { start, law, attempts, after, .. } = History::of(&steps);
        let mut keeper = Keeper::of(start.agreement, start.proposal);
        for ((place, (signed, at, expected)), pause) in attempts.iter().enumerate().zip(pauses.iter().cycle()) {
            prop_assert_eq!(&keeper.enter(signed, *at).map(|_| signed.id()), expected);
            take_a(*pause, &mut keeper);
            if place % 29 == 28 {
                let whole = &after[usize::try_from(keeper.agreement.size()).unwrap() - 1];
                check_same(&mut keeper, whole)?;
            }
        }
        check_same(&mut keeper, &law.agreement)?;
        // Slips that are newer than what is asked for say what older ones would have said.
        for whole in after.iter().step_by(5) {
            prop_assert_eq!(keeper.views_at(whole.size()), views(whole), "at {}", whole.size());
        }
    }
}

const HEAD: &str = "
    dimension T weight 1/2 mass 10 defaults 7/10,3/10
    dimension S weight 1/2 mass none defaults 1/2,1/2
    unit hour T 1
    unit talk S 1/3
    stream sales enterprise 1/2";

pub(super) fn keeper(head: &str) -> (Keeper, Law) {
    let law = Law::in_force(&terms(head));
    (Keeper::of(law.agreement.clone(), law.proposal.clone()), law)
}

/// Lets the same in here and there.
pub(super) fn both(keeper: &mut Keeper, law: &mut Law, who: &str, body: Body) -> StatementId {
    let signed = law.sign(who, body);
    let id = law.enter(&signed).unwrap();
    keeper.enter(&signed, law.clock).unwrap();
    id
}

#[test]
fn an_older_size_is_settled_from_its_sheet() {
    let (mut keeper, mut law) = keeper(HEAD);
    let mut benefits = Vec::new();
    for number in 1..120_u64 {
        let claim = both(&mut keeper, &mut law, "community", hours("community", number));
        both(&mut keeper, &mut law, "enterprise", accept(claim));
        if number % 10 == 0 {
            let benefit = both(&mut keeper, &mut law, "enterprise", sales(number * 1_000));
            both(&mut keeper, &mut law, "community", confirm(benefit));
            benefits.push(benefit);
        }
        if number % 7 == 0 {
            keeper.put_away(3);
            keeper.agreement.forget(0);
        }
    }
    let reversal = both(&mut keeper, &mut law, "enterprise", reverse(benefits[2], 777));
    both(&mut keeper, &mut law, "community", confirm_reversal(reversal));
    keeper.restore();
    assert!(keeper.slips.keys().filter(|key| key.starts_with(b"s")).count() > 10, "sheets were written");
    for size in 1..=law.agreement.size() {
        assert_eq!(keeper.account_at(size), law.agreement.account_at(size), "at {size}");
        keeper.restore();
    }
    // Settled one after the other at sizes that only sheets tell, with the benefit of the reversal before, in and after them.
    for size in [50, 51, 90, 140, 200, 255] {
        keeper.restore();
        let settlement = Body::Settlement(law.settlement(size));
        both(&mut keeper, &mut law, "enterprise", settlement);
        for size in 1..=law.agreement.size() {
            assert_eq!(keeper.account_at(size), law.agreement.account_at(size), "at {size}");
            keeper.agreement.forget(0);
        }
    }
    assert!(keeper.recalled.iter().filter(|wanted| matches!(wanted, Wanted::Sheet(_))).count() > 100);
}

/// Contributions of a thousand hours each, ten to an attestation, each with an artifact of its own.
fn grow(keeper: &mut Keeper, law: &mut Law, contributions: u64) {
    for number in 0..contributions / 10 {
        let claims: Vec<StatementId> = (0..10)
            .map(|place| {
                let mut said = contribution("community", "1000".parse().unwrap());
                said.artifacts = vec![artifact(law.spoken, "1")];
                let said = Contribution { unit: if place % 2 == 0 { "hour" } else { "talk" }.parse().unwrap(), ..said };
                enter(keeper, law, "community", Body::Contribution(said))
            })
            .collect();
        let verdict = Verdict::Accepted { quality: "1/2".parse().unwrap(), unplanned: false };
        let body = Attestation { contributions: claims, verdict, reason: String::new() };
        enter(keeper, law, "enterprise", Body::Attestation(body));
        if number % 10 == 0 {
            let benefit = enter(keeper, law, "enterprise", sales(1_000));
            enter(keeper, law, "community", confirm(benefit));
        }
        if number % 5 == 0 {
            keeper.put_away(64);
            keeper.agreement.forget(16);
        }
    }
    keeper.put_away(64);
}

fn enter(keeper: &mut Keeper, law: &mut Law, who: &str, body: Body) -> StatementId {
    let signed = law.sign(who, body);
    keeper.enter(&signed, law.clock).unwrap();
    keeper.entries.clear();
    signed.id()
}

pub(super) fn artifact(number: u64, fraction: &str) -> counterfoil::statement::Artifact {
    counterfoil::statement::Artifact {
        kind: counterfoil::statement::ArtifactKind::PullRequest,
        digest: counterfoil::statement::ArtifactDigest::Sha256(Digest::of(&[&number.to_be_bytes()])),
        media_type: "application/json".into(),
        uri: "https://example.org/of-which-the-law-needs-nothing".into(),
        fraction: fraction.parse().unwrap(),
    }
}

#[test]
fn the_summary_does_not_grow_with_entries_and_slips_are_slim() {
    let (mut keeper, mut law) = keeper(HEAD);
    grow(&mut keeper, &mut law, 500);
    let small = keeper.summary.as_ref().unwrap().len();
    grow(&mut keeper, &mut law, 4_000);
    let large = keeper.summary.as_ref().unwrap().len();
    // A few digits more in the sums; the newest changes vary between the limit and twice that.
    assert!(large < small + 64 * 24, "{small} bytes after 500 contributions, {large} after 4,500");
    let of = |kind: &[u8]| {
        let slips = keeper.slips.iter().filter(|(key, _)| key.starts_with(kind));
        slips.fold((0, 0), |(count, bytes), (key, slip)| (count + 1, bytes + key.len() + slip.len()))
    };
    let (contributions, bytes) = of(b"c");
    assert_eq!(contributions, 4_500);
    assert!(bytes / contributions <= 80, "{} bytes for a contribution", bytes / contributions);
    let (sheets, sheet_bytes) = of(b"s");
    assert!(sheets > 0 && sheet_bytes / contributions <= 12, "{sheet_bytes} bytes of sheets");
    eprintln!("summary {small}, then {large}; contribution {}, sheets {sheet_bytes}", bytes / contributions);
}

#[test]
fn what_is_wanted_must_be_recalled_before_anything_is_judged() {
    let (mut keeper, mut law) = keeper("");
    let claim = both(&mut keeper, &mut law, "community", hours("community", 3));
    let benefit = both(&mut keeper, &mut law, "enterprise", sales(100));
    keeper.put_away(1);
    keeper.agreement.forget(0);
    for (body, wanted) in [
        (accept(claim), Wanted::Contribution(claim)),
        (withdraw(claim), Wanted::Contribution(claim)),
        (confirm(benefit), Wanted::Benefit(benefit)),
        (reverse(benefit, 1), Wanted::Benefit(benefit)),
        (confirm_reversal(benefit), Wanted::Reversal(benefit)),
    ] {
        let signed = law.sign("community", body);
        assert_eq!(keeper.agreement.wanted(&signed, law.clock), [wanted]);
        let agreement = keeper.agreement.clone();
        let judged =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| agreement.admit(&signed, law.clock).is_ok()));
        assert!(judged.is_err(), "{signed:?} was judged");
        let nobodys = crate::law::sign("nobody", Some(agreement.id()), 1, signed.statement().body.clone());
        assert_eq!(keeper.agreement.wanted(&nobodys, law.clock), []);
    }
    // Whoever has forgotten nothing wants nothing.
    let signed = law.sign("enterprise", accept(claim));
    assert_eq!(law.agreement.wanted(&signed, law.clock), []);
}

#[test]
fn what_a_party_wants_that_joins_when_time_comes_is_recalled_for_its_first_word() {
    let (mut keeper, mut law) = keeper("");
    let claim = both(&mut keeper, &mut law, "community", hours("community", 3));
    let mut terms = law.agreement.terms().clone();
    let mut guest = terms.parties[1].clone();
    guest.name = "guest".parse().unwrap();
    guest.keys[0].key = secret("guest").public();
    terms.parties.push(guest);
    for dimension in &mut terms.dimensions {
        dimension.default_shares.push(Ratio::ZERO);
        dimension.coefficients.push(Ratio::ONE);
    }
    let comes = ms(law.clock.as_ms() + 86_400_000);
    let effective = Some(comes);
    let amendment = Amendment { replaces: law.agreement.terms_id(), terms, effective, retroactive: None };
    let amendment = both(&mut keeper, &mut law, "community", Body::Amendment(amendment));
    both(&mut keeper, &mut law, "enterprise", agree(amendment));
    both(&mut keeper, &mut law, "guest", agree(amendment));
    keeper.put_away(1);
    keeper.agreement.forget(0);
    let early = law.sign("guest", accept(claim));
    assert_eq!(keeper.agreement.wanted(&early, law.clock), [], "before its time it is nobody");
    law.clock = comes;
    both(&mut keeper, &mut law, "guest", accept(claim));
    assert_eq!(keeper.recalled, [Wanted::Contribution(claim)]);
}

#[test]
fn a_rejected_claim_gives_its_put_away_artifact_back() {
    let (mut keeper, mut law) = keeper("");
    let mut said = contribution("community", "3".parse().unwrap());
    said.artifacts = vec![artifact(1, "2/3")];
    let claim = both(&mut keeper, &mut law, "community", Body::Contribution(said.clone()));
    keeper.restore();
    let again = law.sign("community", Body::Contribution(said.clone()));
    let refusal = keeper.enter(&again, law.clock).unwrap_err();
    assert_eq!((refusal.reason(), Err(refusal)), ("OVERCLAIM", law.enter(&again)));
    keeper.restore();
    both(&mut keeper, &mut law, "enterprise", crate::law::judge(claim, Verdict::Rejected));
    keeper.restore();
    assert!(!keeper.slips.keys().any(|key| key.starts_with(b"a")), "the slip of its claims is gone");
    both(&mut keeper, &mut law, "community", Body::Contribution(said));
}

/// Something of every kind: what is frozen, and what is damaged.
fn kept() -> (Keeper, Law) {
    let (mut keeper, mut law) = keeper("stream sales enterprise 1/2");
    let mut said = contribution("community", "7/2".parse().unwrap());
    said.artifacts = vec![artifact(1, "2/3"), artifact(2, "1")];
    let claim = both(&mut keeper, &mut law, "community", Body::Contribution(said));
    both(&mut keeper, &mut law, "enterprise", accept(claim));
    let benefit = both(&mut keeper, &mut law, "enterprise", sales(10_001));
    both(&mut keeper, &mut law, "community", confirm(benefit));
    let settlement = Body::Settlement(law.settlement(law.agreement.size()));
    both(&mut keeper, &mut law, "enterprise", settlement);
    let reversal = both(&mut keeper, &mut law, "enterprise", reverse(benefit, 77));
    both(&mut keeper, &mut law, "community", confirm_reversal(reversal));
    for number in 1..9 {
        let claim = both(&mut keeper, &mut law, "enterprise", hours("enterprise", number));
        both(&mut keeper, &mut law, "community", accept(claim));
    }
    keeper.put_away(2);
    (keeper, law)
}

#[test]
fn damaged_bytes_are_an_error_whatever_is_damaged() {
    let (keeper, law) = kept();
    let summary = keeper.summary.unwrap();
    let restore = |bytes: &[u8]| Agreement::restore(&law.proposal, bytes).map(|agreement| agreement.size());
    assert_eq!(restore(&summary), Ok(law.agreement.size()));
    let damaged = Err(PutAwayError::Damaged { key: Vec::new() });
    for place in 1..summary.len() {
        let mut bytes = summary.clone();
        bytes[place] ^= 0x10;
        assert_eq!(restore(&bytes), damaged, "byte {place}");
        assert_eq!(restore(&summary[..place]), damaged, "the first {place} bytes");
    }
    assert_eq!(restore(&[]), damaged);
    let mut newer = summary.clone();
    newer[0] += 1;
    assert_eq!(restore(&newer), Err(PutAwayError::Format { found: newer[0] }));
    let other = crate::law::sign("community", None, 9, Body::Proposal(law.agreement.terms().clone()));
    assert_eq!(Agreement::restore(&other, &summary).map(|_| ()), Err(PutAwayError::Damaged { key: Vec::new() }));
    for (key, slip) in keeper.slips {
        let wanted = match key[0] {
            b'c' => Wanted::Contribution(law.proposal.id()),
            b'b' => Wanted::Benefit(law.proposal.id()),
            b'r' => Wanted::Reversal(law.proposal.id()),
            b'a' => Wanted::Claims(artifact(1, "1").digest),
            b's' => Wanted::Sheet(0..u64::from_be_bytes(key[1..].try_into().unwrap()) + 1),
            _ => continue,
        };
        let mut agreement = Agreement::restore(&law.proposal, &summary).unwrap();
        for place in 0..slip.len() {
            let mut bytes = slip.clone();
            bytes[place] ^= 0x01;
            let damaged = Err(PutAwayError::Damaged { key: key.clone() });
            assert_eq!(agreement.recall(&wanted, Some((&key, &bytes))), damaged);
            assert_eq!(agreement.recall(&wanted, Some((&key, &slip[..place]))), damaged);
        }
        let mut elsewhere = key.clone();
        *elsewhere.last_mut().unwrap() ^= 1;
        assert!(agreement.recall(&wanted, Some((&elsewhere, &slip))).is_err(), "{wanted:?} under another key");
        assert_eq!(agreement.recall(&wanted, Some((&key, &slip))), Ok(()));
    }
}

proptest! {
    #![proptest_config(cases(512))]

    /// A seal is no signature: what carries one is read with the same care.
    #[test]
    fn sealed_nonsense_is_read_or_refused(changes in vec((0..4_096_usize, 0..=255_u8), 1..4), cut in 0..400_usize) {
        let (keeper, law) = kept();
        let spoil = |key: &[u8], bytes: &[u8]| {
            let mut value = bytes[..bytes.len() - 4].to_vec();
            for (place, byte) in &changes {
                let place = place % value.len();
                value[place] = *byte;
            }
            value.truncate(value.len().max(cut + 1) - cut);
            let seal = Digest::of(&[b"counterfoil put away\n", &[1], key, &value]);
            value.extend_from_slice(&seal.as_bytes()[..4]);
            value
        };
        let summary = keeper.summary.unwrap();
        let spoilt = [&summary[..1], &spoil(&[], &summary[1..])].concat();
        let _ = Agreement::restore(&law.proposal, &spoilt);
        for (key, slip) in &keeper.slips {
            let bytes = spoil(key, slip);
            let wanted = match key[0] {
                b'c' => Wanted::Contribution(law.proposal.id()),
                b'b' => Wanted::Benefit(law.proposal.id()),
                b'r' => Wanted::Reversal(law.proposal.id()),
                b'a' => Wanted::Claims(artifact(1, "1").digest),
                b's' => Wanted::Sheet(0..100),
                _ => continue,
            };
            let _ = Agreement::restore(&law.proposal, &summary).unwrap().recall(&wanted, Some((key, &bytes)));
        }
    }
}

/// What this release puts away is what is frozen, and that is read for as long as the format has this number. It is written
/// when that is asked for by `COUNTERFOIL_FREEZE_FORMATS`, and never over what is there.
#[test]
fn what_is_put_away_is_frozen() {
    let (keeper, law) = kept();
    let lines = |name: &[u8], bytes: &[u8]| format!("{} {}\n", hex::encode(name), hex::encode(bytes));
    let slips: String = keeper.slips.iter().map(|(key, slip)| lines(key, slip)).collect();
    let written = lines(b"summary", keeper.summary.as_ref().unwrap()) + &slips;
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1/put-away.txt");
    if !path.exists() && std::env::var_os("COUNTERFOIL_FREEZE_FORMATS").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let frozen = fs::read_to_string(path).unwrap();
    assert_eq!(frozen, written, "what is put away is not what it was: give it another number");
    let (_, summary) = frozen.lines().next().unwrap().split_once(' ').unwrap();
    let restored = Agreement::restore(&law.proposal, &hex::decode(summary).unwrap()).unwrap();
    assert_eq!(restored.last_account(), law.agreement.last_account());
}
