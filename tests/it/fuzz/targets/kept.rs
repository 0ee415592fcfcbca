//! What is kept of the law beside a ledger: bytes that may be anything, under a seal that fits them or not, are restored and
//! recalled, or refused.

use std::sync::OnceLock;

use counterfoil::{
    agreement::{
        Agreement,
        put_away::{PutAway, Wanted},
    },
    digest::Digest,
    statement::{ArtifactDigest, Body, Signed, Statement, wire},
    time::Timestamp,
};

use super::feed::Feed;
use crate::stories::terms;

/// The terms that the frozen example of what is put away was put away under.
const HEAD: &str = "
    party community
    party enterprise
    currency EUR 2
    unit hour T 1
    stream sales enterprise 1/2";
/// How much is kept of a large agreement, in its summary and in its largest slip.
const BYTES_MAX: usize = 8_192;

/// First what it is, then where it is kept, then the bytes.
pub fn kept(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let (what, sealed) = (feed.byte(), !feed.byte().is_multiple_of(8));
    if what.is_multiple_of(2) {
        let value = feed.take(BYTES_MAX);
        let summary = if sealed { [&[1], &seal(&[], value)[..]].concat() } else { value.to_vec() };
        restore(&summary);
        return;
    }
    let mut agreement = whole().clone();
    let PutAway { summary, .. } = agreement.put_away(1);
    let restored = Agreement::restore(founding(), &summary);
    let mut agreement = restored.expect("what was put away is restored");
    for _ in 0..4 {
        recall(&mut agreement, &mut feed);
    }
    speak(&agreement);
}

fn restore(summary: &[u8]) {
    let Ok(mut agreement) = Agreement::restore(founding(), summary) else { return };
    speak(&agreement);
    // What could be read can be put away again, and is then read as the same.
    let again = agreement.put_away(usize::MAX).summary;
    let same = Agreement::restore(founding(), &again).expect("what was restored is put away and restored again");
    assert!(same.is_like(&agreement));
}

fn recall(agreement: &mut Agreement, feed: &mut Feed<'_>) {
    let id = founding().id();
    let wanted = match feed.below(5) {
        0 => Wanted::Contribution(id),
        1 => Wanted::Benefit(id),
        2 => Wanted::Reversal(id),
        3 => Wanted::Claims(ArtifactDigest::Sha256(Digest::of(&[b"an artifact"]))),
        _ => Wanted::Sheet(0..feed.number()),
    };
    let key = match &wanted {
        Wanted::Contribution(_) => [&b"c"[..], &feed.number().to_be_bytes()].concat(),
        Wanted::Benefit(_) => [&b"b"[..], &feed.number().to_be_bytes()].concat(),
        Wanted::Reversal(_) => [&b"r"[..], &feed.number().to_be_bytes()].concat(),
        Wanted::Claims(artifact) => [&b"a"[..], artifact.as_bytes()].concat(),
        Wanted::Sheet(_) => [&b"s"[..], &feed.number().to_be_bytes()].concat(),
    };
    let (there, sealed, length) = (feed.byte(), feed.byte(), usize::from(feed.short()) % BYTES_MAX);
    let value = feed.take(length);
    let slip = if sealed.is_multiple_of(8) { value.to_vec() } else { seal(&key, value) };
    let found = (!there.is_multiple_of(16)).then_some((key.as_slice(), slip.as_slice()));
    let before = agreement.size();
    let _ = agreement.recall(&wanted, found);
    assert_eq!(agreement.size(), before);
}

/// Whatever was restored says what it has to say, or that it cannot.
fn speak(agreement: &Agreement) {
    let _ = (agreement.size(), agreement.last_admitted(), agreement.last_account(), agreement.changed());
    let _ = (agreement.acceptances().count(), agreement.settlement_places());
    for size in [0, 1, agreement.size() / 2, agreement.size(), agreement.size().saturating_add(1)] {
        let _ = agreement.wanted_at(size);
    }
}

/// What is kept under a key, with the seal that fits it.
fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    let seal = Digest::of(&[b"counterfoil put away\n", &[1], key, value]);
    [value, &seal.as_bytes()[..4]].concat()
}

/// The statement that founded the agreement that is restored.
pub fn founding() -> &'static Signed {
    static FOUNDING: OnceLock<Signed> = OnceLock::new();
    FOUNDING.get_or_init(|| {
        let lines: Vec<Vec<&str>> = HEAD.lines().map(|line| line.split_whitespace().collect()).collect();
        let terms = terms::read(lines.iter().map(Vec::as_slice).filter(|line| !line.is_empty())).unwrap();
        let (key, claimed_time) = (terms::secret("community"), Timestamp::from_ms(1_767_268_800_000).unwrap());
        let body = Body::Proposal(terms);
        let said = Statement { agreement: None, signer: key.public(), nonce: [0; 16], claimed_time, seen: None, body };
        wire::open(&wire::sign(&said, &key).unwrap()).unwrap()
    })
}

/// The agreement with nothing but its founding.
pub fn whole() -> &'static Agreement {
    static WHOLE: OnceLock<Agreement> = OnceLock::new();
    WHOLE.get_or_init(|| Agreement::found(founding(), founding().statement().claimed_time).unwrap())
}
