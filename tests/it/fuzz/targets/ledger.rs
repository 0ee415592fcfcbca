//! What somebody keeps of a ledger, or carries: entries, receipts, proofs, bundles.

use counterfoil::{
    audit::{Options, audit, audit_each},
    digest::Digest,
    keys::SecretKey,
    ledger::{bundle::BundleReader, entry::Entry, receipt::Receipt},
    merkle::{
        index::{LeafIndex, TreeSize},
        proof::{check_consistency, check_inclusion},
    },
};

use super::{feed::Feed, notes::verifiers};

/// Leaf bytes.
pub fn entry(bytes: &[u8]) {
    match Entry::decode(bytes) {
        Ok(entry) => assert_eq!(entry.encode(), bytes, "a value has one encoding"),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A receipt, as a text.
pub fn receipt(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let receipt = match Receipt::parse(text) {
        Ok(receipt) => receipt,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    assert_eq!(Receipt::parse(&receipt.to_text()).unwrap(), receipt);
    let leaf = receipt.extra.as_deref().unwrap_or_default();
    for verifier in verifiers() {
        if let Ok(signed) = receipt.check(leaf, &verifier) {
            assert!(receipt.index.get() < signed.checkpoint().size.get());
        }
    }
}

/// Proofs by somebody who knows neither tree nor limits.
pub fn proof(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let (index, first, second) = (feed.number(), feed.number(), feed.number());
    let (leaf, root) = (Digest::from_bytes(feed.array()), Digest::from_bytes(feed.array()));
    let mut path = Vec::new();
    while !feed.is_empty() {
        path.push(Digest::from_bytes(feed.array()));
    }
    let (Some(first), Some(second)) = (TreeSize::new(first), TreeSize::new(second)) else { return };
    if check_inclusion(LeafIndex::new(index), second, &leaf, &path, &root).is_ok() {
        assert!(index < second.get());
    }
    if check_consistency(first, &leaf, second, &root, &path).is_ok() {
        assert!(first <= second);
    }
}

/// A bundle: read by itself and audited, by who knows the log's key and by who does not.
pub fn bundle(bytes: &[u8]) {
    let mut whole = false;
    if let Ok(mut reader) = BundleReader::open(bytes) {
        let mut read = 0;
        while let Ok(Some(entry)) = reader.next_entry() {
            read += 1;
            assert!(reader.offset() <= u64::try_from(bytes.len()).unwrap() && entry.leaf.len() <= bytes.len());
        }
        whole = read == reader.count() && reader.finish().is_ok();
    }
    let knowing = Options { log_key: Some(SecretKey::from_seed(&[200; 32]).public()), file: "fuzz".into() };
    let mut shown = 0;
    let own = audit_each(bytes, &knowing, |audited| {
        assert!(audited.index >= shown);
        shown = audited.index + 1;
    });
    let believing = audit(bytes, &Options::default());
    for audit in [&own, &believing] {
        let (text, json) = (audit.report.to_string(), audit.report.to_json());
        assert!(!text.is_empty());
        assert_eq!(json["sound"], audit.report.is_sound());
        assert_eq!(audit.report.findings.is_empty(), audit.report.is_sound());
        assert!(whole || !audit.report.is_sound(), "what cannot be read is not sound");
        if audit.report.is_sound() {
            assert_eq!(audit.checkpoint.as_ref().unwrap().checkpoint().root, audit.report.root);
            assert_eq!(audit.agreement.as_ref().unwrap().size(), audit.report.entries);
        }
    }
    // Whoever knows the key is at least as hard to please.
    assert!(believing.report.is_sound() || !own.report.is_sound());
}
