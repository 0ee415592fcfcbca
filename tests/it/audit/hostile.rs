//! Bundles of dishonest servers and of dishonest couriers: each with its finding, and all findings, not the first.

use counterfoil::{
    audit::{KeySource, Options, audit, audit_each},
    checkpoint::cosignature::{CosignatureTime, Cosigner},
    envelope::Envelope,
    keys::SecretKey,
    ledger::{bundle::BundleWriter, entry::Entry},
    statement::{Body, Statement, wire},
    time::Timestamp,
};

use crate::audit::{audited, bundle, checkpoint, export, found, knowing_the_log, leaves, log_key, signer, story};
use crate::stories::secret;

const STORY: &str = "a_refund_takes_back_with_the_original_shares 1";
/// The statements of [`STORY`] that another party confirms.
const CONTRIBUTION: usize = 5;
const ATTESTATION: usize = 6;

fn honest() -> Vec<Entry> {
    let entries = story(STORY);
    assert_eq!(entries.len(), 12);
    entries
}

/// A bundle whose leaf hashes are right and whose checkpoint is of other entries: what a courier without the log's key
/// can make.
fn carried(entries: &[Entry], signed: &[Entry]) -> Vec<u8> {
    let signer = signer(signed, log_key());
    let bundle = bundle(entries);
    let own = checkpoint(&leaves(entries), &signer);
    let behind = bundle.len() - own.note().len() - 4;
    let note = checkpoint(&leaves(signed), &signer).note().to_owned();
    let length = u32::try_from(note.len()).unwrap().to_be_bytes();
    [&bundle[..behind], &length, note.as_bytes()].concat()
}

#[test]
fn an_honest_ledger_is_sound() {
    let audit = audited(&bundle(&honest()));
    assert_eq!(found(&audit), []);
    let report = &audit.report;
    assert_eq!((report.entries, report.signatures, report.settlements), (12, 12, 2));
    assert_eq!(report.key_source, Some(KeySource::Reader(log_key().public())));
    assert_eq!(audit.checkpoint.unwrap().checkpoint().root, report.root);
    assert_eq!(audit.agreement.unwrap().size(), 12);
}

#[test]
fn every_entry_is_shown_in_order_with_what_it_says() {
    let mut entries = honest();
    entries[ATTESTATION].envelope.signature[0] ^= 1;
    let mut shown = Vec::new();
    let audit = audit_each(bundle(&entries).as_slice(), &knowing_the_log(), |audited| {
        assert_eq!(audited.entry, &entries[shown.len()]);
        shown.push((audited.index, audited.signed.is_some(), audited.admitted));
    });
    let refused: Vec<_> = found(&audit).iter().filter_map(|(entry, _)| *entry).collect();
    // What rests on the entry without effect is refused in its turn: the second settlement says other shares.
    assert_eq!(refused, [6, 11]);
    let expected: Vec<_> = (0..12).map(|index| (index, index != 6, !refused.contains(&index))).collect();
    assert_eq!(shown, expected);
}

#[test]
fn reordered_dropped_and_added_entries_do_not_hash_to_the_signed_root() {
    let entries = honest();
    let mut reordered = entries.clone();
    // Same time for both, so that the law alone would not object.
    reordered.swap(CONTRIBUTION, CONTRIBUTION - 1);
    let audit = audited(&carried(&reordered, &entries));
    assert!(found(&audit).contains(&(None, "ROOT_MISMATCH")), "{}", audit.report);
    let audit = audited(&carried(&entries[..11], &entries));
    assert_eq!(found(&audit), [(None, "SIZE_MISMATCH")]);
    let audit = audited(&carried(&entries, &entries[..11]));
    assert_eq!(found(&audit), [(None, "SIZE_MISMATCH")]);
}

#[test]
fn a_rewritten_ledger_needs_the_logs_key_and_only_the_readers_own_copy_of_it_shows_that() {
    let entries = honest();
    let rewritten = export(&leaves(&entries[..7]), &signer(&entries, SecretKey::from_seed(&[201; 32])));
    let audit = audited(&rewritten);
    assert_eq!(found(&audit), [(None, "LOG_KEY_DIFFERS"), (None, "CHECKPOINT_INVALID")]);
    assert!(audit.checkpoint.is_none());
    let believing = counterfoil::audit::audit(rewritten.as_slice(), &Options::default());
    assert!(believing.report.is_sound());
    let other = SecretKey::from_seed(&[201; 32]).public();
    assert_eq!(believing.report.key_source, Some(KeySource::Bundle(other)));
    assert!(believing.report.to_string().contains("by the bundle's own word"));
}

#[test]
fn time_that_runs_back_is_named() {
    let mut entries = honest();
    let before = entries[3].admitted.as_ms() - 1;
    entries[4].admitted = Timestamp::from_ms(before).unwrap();
    let audit = audited(&bundle(&entries));
    assert_eq!(found(&audit)[0], (Some(4), "TIME_RAN_BACK"), "{}", audit.report);
}

#[test]
fn a_statement_that_stands_twice_is_named_whatever_it_says() {
    let entries = honest();
    for index in 0..entries.len() {
        let mut doubled = entries.clone();
        let mut again = entries[index].clone();
        again.admitted = entries[11].admitted;
        doubled.push(again);
        let audit = audited(&bundle(&doubled));
        assert_eq!(found(&audit), [(Some(12), "ENTRY_REPEATED")], "entry {index} again");
    }
}

#[test]
fn a_settlement_that_moves_a_cent_is_shown_with_both_figures_and_whose_the_cent_is() {
    let mut entries = story("cents_go_round_over_the_settlements 1");
    let is_settlement = |entry: &Entry| matches!(statement(entry).body, Body::Settlement(_));
    let index = entries.iter().position(is_settlement).unwrap();
    entries.truncate(index + 1);
    let mut moved = statement(&entries[index]);
    let Body::Settlement(settlement) = &mut moved.body else { panic!("found as a settlement") };
    let parties = &mut settlement.accounts[0].parties;
    let richest = (0..parties.len()).max_by_key(|party| parties[*party].due).unwrap();
    let poorest = (0..parties.len()).min_by_key(|party| parties[*party].due).unwrap();
    for (party, cents) in [(richest, -1), (poorest, 1)] {
        parties[party].due += cents;
        parties[party].allocation += cents;
    }
    let key = secret("community");
    moved.signer = key.public();
    entries[index].envelope = Envelope::sign(wire::encode(&moved), &key);
    let audit = audited(&bundle(&entries));
    assert_eq!(found(&audit), [(Some(u64::try_from(index).unwrap()), "SPLIT_MISMATCH")]);
    let text = audit.report.to_string();
    for shown in [
        "unsound: entry 5 does not follow from the entries before it\n",
        "   rule: SPLIT_MISMATCH   settlement pays community 0.33 EUR; the rule gives 0.34 EUR\n",
        "  shows: community: settlement of 5 entries: 1/3 of 1.00 EUR = 0.33 EUR and 1/3 minor units; ",
        "0.33 EUR whole; remainder 1/3 is number 1 of all; left over: 1, one each to community: one comes here = 0.34 EUR; ",
        "   look: counterfoil split ledger.counterfoil --at 5\n",
    ] {
        assert!(text.contains(shown), "{shown} is not in\n{text}");
    }
}

fn statement(entry: &Entry) -> Statement {
    wire::open(&entry.envelope).unwrap().statement().clone()
}

#[test]
fn what_nobody_signed_is_named_in_a_ledger_that_the_server_signed() {
    let mut entries = honest();
    entries[11].envelope.signature[5] ^= 1;
    assert_eq!(found(&audited(&bundle(&entries))), [(Some(11), "SIGNATURE_INVALID")]);
    let mut entries = honest();
    let mut payload = entries[11].envelope.payload.to_vec();
    *payload.last_mut().unwrap() ^= 1;
    entries[11].envelope.payload = payload.into();
    assert_eq!(found(&audited(&bundle(&entries))), [(Some(11), "SIGNATURE_INVALID")]);
}

#[test]
fn bytes_that_are_no_entry_are_named() {
    let entries = honest();
    let mut leaves = leaves(&entries);
    leaves.push(b"no entry".to_vec());
    let audit = audited(&export(&leaves, &signer(&entries, log_key())));
    assert_eq!(found(&audit), [(Some(12), "ENTRY_MALFORMED")]);
}

#[test]
fn another_ledgers_checkpoint_is_named() {
    let entries = honest();
    let other = story("three_sums_make_one_split 1");
    let audit = audited(&export(&leaves(&entries), &signer(&other, log_key())));
    assert_eq!(found(&audit), [(None, "ORIGIN_MISMATCH")]);
}

#[test]
fn entries_of_another_agreement_are_named() {
    let mut entries = honest();
    let mut strange = story("three_sums_make_one_split 1").remove(2);
    strange.admitted = entries[11].admitted;
    entries.push(strange);
    assert_eq!(found(&audited(&bundle(&entries))), [(Some(12), "OTHER_AGREEMENT")]);
}

#[test]
fn a_ledger_that_nothing_founds_is_named() {
    let entries = honest();
    let named = signer(&entries, log_key());
    let audit = audited(&export(&leaves(&entries[1..3]), &named));
    assert!(found(&audit).contains(&(Some(0), "NOT_FOUNDED")), "{}", audit.report);
    let audit = audited(&export(&[], &named));
    assert_eq!(found(&audit), [(None, "LEDGER_EMPTY")]);
    for input in [b"".as_slice(), b"counterfoil/bundle/v2\n", b"\x1f\x8b\x08\x00"] {
        assert_eq!(found(&audited(input))[0], (None, "BUNDLE_MALFORMED"));
    }
}

#[test]
fn a_head_that_counts_wrong_is_named() {
    let entries = honest();
    let good = bundle(&entries);
    let count = 22 + 2 + signer(&entries, log_key()).verifier().vkey().len() + 7;
    for announced in [11, 13] {
        let mut changed = good.clone();
        assert_eq!(changed[count], 12);
        changed[count] = announced;
        assert!(!audited(&changed).report.is_sound(), "{announced}");
    }
}

#[test]
fn all_findings_are_told_and_none_hides_another() {
    let mut entries = honest();
    entries[9].envelope.signature[0] ^= 1;
    entries[ATTESTATION].envelope.key = [0; 32];
    let mut leaves = leaves(&entries);
    leaves[2][0] = 9;
    let audit = audited(&export(&leaves, &signer(&entries, log_key())));
    let named: Vec<_> = found(&audit).iter().filter_map(|(entry, _)| *entry).collect();
    for entry in [2, 6, 9] {
        assert!(named.contains(&entry), "entry {entry} is not named:\n{}", audit.report);
    }
    let json = audit.report.to_json();
    let text = audit.report.to_string();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), audit.report.findings.len());
    assert_eq!(text.matches("unsound: ").count(), findings.len());
    assert!(text.contains(&format!("{} findings", findings.len())));
    for finding in findings {
        for field in ["rule", "detail", "shows", "look"] {
            let line = finding[field].as_str().unwrap();
            assert!(!line.is_empty() && text.contains(line), "{field} of the text and of the JSON are the same");
        }
    }
    assert_eq!(json["sound"], false);
}

#[test]
fn lines_of_unknown_witnesses_are_ignored() {
    let entries = honest();
    let (leaves, signer) = (leaves(&entries), signer(&entries, log_key()));
    let signed = checkpoint(&leaves, &signer);
    let witness = Cosigner::new("witness.example", SecretKey::from_seed(&[202; 32])).unwrap();
    let line = witness.cosign(&signed, CosignatureTime::from_seconds(1).unwrap());
    let mut bundle = BundleWriter::begin(Vec::new(), &signer.verifier(), 12).unwrap();
    leaves.iter().for_each(|leaf| bundle.entry(leaf).unwrap());
    let bundle = bundle.finish(&signed.with_signature(&line).unwrap()).unwrap();
    assert!(audit(bundle.as_slice(), &knowing_the_log()).report.is_sound());
}
