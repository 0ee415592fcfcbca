//! Bundles by bytes: what is written reads back, and whatever is changed is refused or shows.

use std::io::{self, Read};

use proptest::{collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest, sample::Index};

use super::{BundleError, BundleReader, BundleWriteError, BundleWriter, Part};
use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteSigner},
    keys::SecretKey,
    ledger::entry::ENTRY_BYTES_MAX,
    merkle::{hash::leaf_hash, tree::Frontier},
};

fn signer() -> NoteSigner {
    NoteSigner::new("log.example", SecretKey::from_seed(&[7; 32])).unwrap()
}

fn checkpoint(leaves: &[Vec<u8>]) -> SignedCheckpoint {
    let mut frontier = Frontier::empty();
    leaves.iter().for_each(|leaf| frontier.push(leaf_hash(leaf), |_, _| ()));
    let origin = "log.example".to_owned();
    SignedCheckpoint::sign(Checkpoint { origin, size: frontier.size(), root: frontier.root() }, &signer())
}

fn write(leaves: &[Vec<u8>]) -> Vec<u8> {
    let count = u64::try_from(leaves.len()).unwrap();
    let mut writer = BundleWriter::begin(Vec::new(), &signer().verifier(), count).unwrap();
    leaves.iter().for_each(|leaf| writer.entry(leaf).unwrap());
    writer.finish(&checkpoint(leaves)).unwrap()
}

/// Reads a bundle to its end and returns its leaves and its note, with whether every leaf hash is right.
fn read(bundle: impl Read) -> Result<(Vec<Vec<u8>>, String, bool), BundleError> {
    let mut reader = BundleReader::open(bundle)?;
    let (mut leaves, mut right) = (Vec::new(), reader.vkey() == signer().verifier().vkey());
    while let Some(entry) = reader.next_entry()? {
        right &= leaf_hash(&entry.leaf) == entry.leaf_hash;
        leaves.push(entry.leaf);
    }
    Ok((leaves, reader.finish()?, right))
}

fn small() -> Vec<Vec<u8>> {
    vec![b"one".to_vec(), Vec::new(), vec![3; 300]]
}

/// Hands out one byte at a time, with interruptions.
struct Dripping<'a>(&'a [u8], bool);

impl Read for Dripping<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let length = buffer.len().min(1);
        self.0.read(&mut buffer[..length])
    }
}

#[test]
fn a_bundle_is_laid_out_as_documented() {
    let leaves = small();
    let vkey = signer().verifier().vkey();
    let note = checkpoint(&leaves).note().to_owned();
    let mut expected = b"counterfoil/bundle/v1\n".to_vec();
    expected.extend([0, u8::try_from(vkey.len()).unwrap()]);
    expected.extend(vkey.as_bytes());
    expected.extend([0, 0, 0, 0, 0, 0, 0, 3]);
    for leaf in &leaves {
        expected.extend(u32::try_from(leaf.len()).unwrap().to_be_bytes());
        expected.extend(leaf);
        expected.extend(leaf_hash(leaf).as_bytes());
    }
    expected.extend([0, 0, 0, u8::try_from(note.len()).unwrap()]);
    expected.extend(note.as_bytes());
    assert_eq!(write(&leaves), expected);
}

#[test]
fn a_bundle_reads_back_from_any_reader() {
    let bundle = write(&small());
    let note = checkpoint(&small()).note().to_owned();
    assert_eq!(read(bundle.as_slice()).unwrap(), (small(), note.clone(), true));
    assert_eq!(read(Dripping(&bundle, false)).unwrap(), (small(), note, true));
}

#[test]
fn every_truncation_is_an_error_that_says_where() {
    let bundle = write(&small());
    for length in 0..bundle.len() {
        let error = read(&bundle[..length]).unwrap_err();
        let BundleError::Truncated { part, at } = error else { panic!("{length}: {error}") };
        assert_eq!(at, u64::try_from(length).unwrap(), "{part}");
    }
    // The second entry: behind the head, and the first entry with its length and its hash.
    let second = 22 + 2 + signer().verifier().vkey().len() + 8 + 4 + 3 + 32;
    let error = read(&bundle[..second + 1]).unwrap_err();
    assert!(matches!(error, BundleError::Truncated { part: Part::Entry { index: 1 }, .. }), "{error}");
    assert_eq!(error.entry(), Some(1));
}

#[test]
fn what_follows_is_refused() {
    let mut bundle = write(&small());
    let length = u64::try_from(bundle.len()).unwrap();
    bundle.push(0);
    assert!(matches!(read(bundle.as_slice()), Err(BundleError::Trailing { at }) if at == length));
}

#[test]
fn lengths_beyond_their_limit_are_refused_before_anything_is_read() {
    let head = &write(&[])[..22 + 2 + signer().verifier().vkey().len()];
    let one_entry = [head, &[0, 0, 0, 0, 0, 0, 0, 1]].concat();
    let entry = [one_entry.as_slice(), &[0, 1, 0, 0]].concat();
    let found = read(entry.as_slice());
    assert!(matches!(found, Err(BundleError::TooLarge { part: Part::Entry { index: 0 }, bytes: 65_536, .. })));
    let note = [head, &[0, 0, 0, 0, 0, 0, 0, 0], &[0xff; 4]].concat();
    assert!(matches!(read(note.as_slice()), Err(BundleError::TooLarge { part: Part::Checkpoint, .. })));
    let vkey = [b"counterfoil/bundle/v1\n".as_slice(), &[0xff; 2]].concat();
    assert!(matches!(read(vkey.as_slice()), Err(BundleError::TooLarge { part: Part::Vkey, bytes: 65_535, .. })));
    let many = [head, &[0xff; 8]].concat();
    assert!(matches!(read(many.as_slice()), Err(BundleError::Truncated { part: Part::Entry { index: 0 }, .. })));
}

#[test]
fn the_writer_keeps_its_word() {
    let begin = |count| BundleWriter::begin(Vec::new(), &signer().verifier(), count).unwrap();
    let reason = |error: io::Error| error.downcast::<BundleWriteError>().unwrap();
    let empty = checkpoint(&[]);
    let error = begin(1).finish(&empty).unwrap_err();
    assert_eq!(reason(error), BundleWriteError::Count { announced: 1, written: 0 });
    let error = begin(0).entry(b"").unwrap_err();
    assert_eq!(reason(error), BundleWriteError::Count { announced: 0, written: 1 });
    let error = begin(1).entry(&[0; ENTRY_BYTES_MAX + 1]).unwrap_err();
    assert_eq!(reason(error), BundleWriteError::EntryTooLarge { bytes: 65_536 });
    let error = begin(0).finish(&checkpoint(&small())).unwrap_err();
    assert_eq!(reason(error), BundleWriteError::CheckpointSize { size: 3, written: 0 });
}

#[test]
fn the_checkpoint_is_not_read_before_the_entries() {
    let bundle = write(&small());
    let found = BundleReader::open(bundle.as_slice()).unwrap().finish();
    assert!(matches!(found, Err(BundleError::Unread { next: 0, count: 3 })));
}

#[test]
fn each_changed_byte_shows_when_read() {
    let bundle = write(&small());
    let good = read(bundle.as_slice()).unwrap();
    for at in 0..bundle.len() {
        let mut changed = bundle.clone();
        changed[at] ^= 0x01;
        assert!(read(changed.as_slice()).ok().as_ref() != Some(&good), "byte {at}");
    }
}

proptest! {
    #[test]
    fn any_leaves_read_back(leaves in vec(vec(any::<u8>(), 0..400), 0..12)) {
        let (read, _, right) = read(write(&leaves).as_slice()).unwrap();
        prop_assert_eq!(read, leaves);
        prop_assert!(right);
    }

    #[test]
    fn mutated_bundles_are_read_without_panic_and_never_as_the_same(from in any::<Index>(), to in any::<Index>(), put in vec(any::<u8>(), 0..12)) {
        let bundle = write(&small());
        let from = from.index(bundle.len());
        let to = (from + to.index(60)).min(bundle.len());
        let mut changed = bundle.clone();
        changed.splice(from..to, put);
        let found = read(changed.as_slice()).ok();
        prop_assert_eq!(found.is_some() && found == read(bundle.as_slice()).ok(), changed == bundle);
    }
}
