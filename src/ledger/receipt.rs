//! Receipts: `c2sp.org/tlog-proof@v1`. Index, inclusion path and checkpoint of one entry, in one text.
//!
//! A receipt is checked against the leaf bytes that its holder has; the hash of a leaf is never taken from it.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    checkpoint::{
        SignedCheckpoint,
        note::{NOTE_BYTES_MAX, Note, NoteError, NoteVerifier},
        parse_decimal, parse_digest,
    },
    digest::Digest,
    ledger::entry::ENTRY_BYTES_MAX,
    merkle::{
        hash::leaf_hash,
        index::LeafIndex,
        proof::{PROOF_HASHES_MAX, ProofError, check_inclusion},
    },
};

/// That an entry is in a ledger; nothing in it is checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Application data that nobody trusts. Ours: the leaf bytes, so that one file is enough to check.
    pub extra: Option<Vec<u8>>,
    /// The index.
    pub index: LeafIndex,
    /// The inclusion path, leaf side first.
    pub path: Vec<Digest>,
    /// The checkpoint's note, verbatim.
    pub note: String,
}

impl Receipt {
    /// Writes the file.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(self.extra.as_deref(), self.index, &self.path, &self.note)
    }

    /// Reads the file. Its note must be one, but nothing is verified.
    ///
    /// Errors: [`ReceiptError`], for the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        if text.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::TooLarge { bytes: text.len() });
        }
        // No line of the proof is empty, so the first empty line is where the note begins.
        let (proof, note) = text.split_once("\n\n").ok_or(ReceiptError::NoNote)?;
        let mut lines = proof.split('\n').zip(1..).peekable();
        if lines.next().is_none_or(|(header, _)| header != HEADER) {
            return Err(ReceiptError::Header);
        }
        let mut extra = None;
        if let Some((line, number)) = lines.next_if(|(line, _)| line.starts_with(EXTRA)) {
            let decoded = line.strip_prefix(EXTRA).and_then(|extra| STANDARD.decode(extra).ok());
            let decoded = decoded.filter(|extra| extra.len() <= ENTRY_BYTES_MAX);
            extra = Some(decoded.ok_or(ReceiptError::Line { number })?);
        }
        let (line, number) = lines.next().ok_or(ReceiptError::NoIndex)?;
        let index = line.strip_prefix(INDEX).and_then(parse_decimal).ok_or(ReceiptError::Line { number })?;
        let mut path = Vec::new();
        for (line, number) in lines {
            if path.len() == PROOF_HASHES_MAX {
                return Err(ReceiptError::Proof { source: ProofError::TooLong { found: path.len() + 1 } });
            }
            path.push(parse_digest(line).ok_or(ReceiptError::Line { number })?);
        }
        Note::parse(note).map_err(|source| ReceiptError::Checkpoint { source })?;
        Ok(Self { extra, index: LeafIndex::new(index), path, note: note.to_owned() })
    }

    /// Checks that `leaf` stands at `index` in the ledger whose log key is `verifier`.
    ///
    /// The checkpoint comes first: size and root are believed only from a note that the log signed.
    ///
    /// Errors: [`ReceiptError::Checkpoint`] or [`ReceiptError::Proof`].
    pub fn check(&self, leaf: &[u8], verifier: &NoteVerifier) -> Result<SignedCheckpoint, ReceiptError> {
        let signed =
            SignedCheckpoint::open(&self.note, verifier).map_err(|source| ReceiptError::Checkpoint { source })?;
        let checkpoint = signed.checkpoint();
        check_inclusion(self.index, checkpoint.size, &leaf_hash(leaf), &self.path, &checkpoint.root)
            .map_err(|source| ReceiptError::Proof { source })?;
        Ok(signed)
    }
}

/// Writes the file of a receipt from its parts.
#[must_use]
pub fn write(extra: Option<&[u8]>, index: LeafIndex, path: &[Digest], note: &str) -> String {
    let extra_bytes = extra.map_or(0, |extra| EXTRA.len() + extra.len().div_ceil(3) * 4 + 1);
    let mut text = String::with_capacity(HEADER.len() + 32 + extra_bytes + path.len() * HASH_LINE_BYTES + note.len());
    text.push_str(HEADER);
    text.push('\n');
    if let Some(extra) = extra {
        text.push_str(EXTRA);
        STANDARD.encode_string(extra, &mut text);
        text.push('\n');
    }
    writeln!(text, "{INDEX}{index}").expect("a String takes all that is written to it");
    for sibling in path {
        STANDARD.encode_string(sibling.as_bytes(), &mut text);
        text.push('\n');
    }
    text.push('\n');
    text.push_str(note);
    text
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
/// A hash in base64, and the end of its line.
const HASH_LINE_BYTES: usize = 45;

/// The most bytes a receipt may have: each of its parts at its own limit, with room for the lines' words.
pub const RECEIPT_BYTES_MAX: usize =
    100 + ENTRY_BYTES_MAX.div_ceil(3) * 4 + PROOF_HASHES_MAX * HASH_LINE_BYTES + NOTE_BYTES_MAX;

/// Why a receipt does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// It is too large.
    #[error("the receipt has {bytes} bytes, at most {RECEIPT_BYTES_MAX} are allowed")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// Its first line is another.
    #[error("not a receipt: the first line is not `{HEADER}`")]
    Header,
    /// It has no index line.
    #[error("not a receipt: the index is missing")]
    NoIndex,
    /// It has no empty line with a note behind it.
    #[error("not a receipt: no empty line with a checkpoint behind it")]
    NoNote,
    /// A line is malformed.
    #[error("not a receipt: line {number} is malformed")]
    Line {
        /// Which, from 1.
        number: usize,
    },
    /// The checkpoint is not believed.
    #[error("the checkpoint in the receipt is not believed")]
    Checkpoint {
        /// Why.
        #[source]
        source: NoteError,
    },
    /// The entry is not where the receipt says.
    #[error("the receipt does not lead from the entry to the checkpoint")]
    Proof {
        /// Why.
        #[source]
        source: ProofError,
    },
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::any, proptest, sample::Index};

    use super::{RECEIPT_BYTES_MAX, Receipt, ReceiptError};
    use crate::{
        checkpoint::{
            Checkpoint, SignedCheckpoint,
            note::{NoteError, NoteSigner},
        },
        digest::Digest,
        keys::SecretKey,
        merkle::{
            hash::leaf_hash,
            index::LeafIndex,
            overlay::Overlay,
            proof::{ProofError, prove_inclusion},
            tree::Frontier,
        },
    };

    fn signer() -> NoteSigner {
        NoteSigner::new("log.example", SecretKey::from_seed(&[7; 32])).unwrap()
    }

    /// A receipt for leaf 3 of five leaves that are one byte each.
    fn receipt() -> Receipt {
        let (mut frontier, mut overlay) = (Frontier::empty(), Overlay::default());
        for leaf in 0..5_u8 {
            frontier.push(leaf_hash(&[leaf]), |node, digest| overlay.insert(node, digest));
        }
        let origin = "log.example".to_owned();
        let checkpoint = Checkpoint { origin, size: frontier.size(), root: frontier.root() };
        let index = LeafIndex::new(3);
        let path = prove_inclusion(&overlay, index, frontier.size()).unwrap();
        let note = SignedCheckpoint::sign(checkpoint, &signer()).note().to_owned();
        Receipt { extra: Some(vec![3]), index, path, note }
    }

    #[test]
    fn a_receipt_reads_back_and_holds_for_its_leaf_alone() {
        let receipt = Receipt::parse(&receipt().to_text()).unwrap();
        assert_eq!(receipt, self::receipt());
        let signed = receipt.check(&[3], &signer().verifier()).unwrap();
        assert_eq!(signed.checkpoint().size.get(), 5);
        let elsewhere = Receipt { index: LeafIndex::new(2), ..receipt.clone() };
        for found in [receipt.check(&[2], &signer().verifier()), elsewhere.check(&[3], &signer().verifier())] {
            assert_eq!(found, Err(ReceiptError::Proof { source: ProofError::WrongRoot }));
        }
        let other = NoteSigner::new("log.example", SecretKey::from_seed(&[8; 32])).unwrap();
        let found = receipt.check(&[3], &other.verifier());
        assert_eq!(found, Err(ReceiptError::Checkpoint { source: NoteError::Unsigned }));
    }

    #[test]
    fn a_receipt_without_extra_and_without_path_reads_back() {
        let receipt = Receipt { extra: None, path: Vec::new(), ..receipt() };
        assert_eq!(Receipt::parse(&receipt.to_text()), Ok(receipt));
    }

    #[test]
    fn a_receipt_cut_anywhere_is_refused() {
        let text = receipt().to_text();
        for (at, _) in text.char_indices() {
            assert!(Receipt::parse(&text[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn each_wrong_line_has_its_reason() {
        let good = receipt().to_text();
        let error = |from: &str, to: &str| Receipt::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error("proof@v1", "proof@v2"), ReceiptError::Header);
        assert_eq!(error("extra Aw==", "extra Aw="), ReceiptError::Line { number: 2 });
        assert_eq!(error("extra Aw==", "extra Ax=="), ReceiptError::Line { number: 2 });
        assert_eq!(error("index 3", "index 03"), ReceiptError::Line { number: 3 });
        assert_eq!(error("index 3\n", ""), ReceiptError::Line { number: 3 });
        assert_eq!(error("=\n", "\n"), ReceiptError::Line { number: 2 });
        let long = Receipt { path: vec![Digest::of(&[]); 64], ..receipt() }.to_text();
        assert_eq!(Receipt::parse(&long), Err(ReceiptError::Proof { source: ProofError::TooLong { found: 64 } }));
        let large = "x".repeat(RECEIPT_BYTES_MAX + 1);
        assert!(matches!(Receipt::parse(&large), Err(ReceiptError::TooLarge { .. })));
    }

    #[test]
    fn every_changed_byte_is_noticed_or_lies_in_extra() {
        let text = receipt().to_text();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut changed = text.clone().into_bytes();
                changed[at] ^= 1 << bit;
                let Ok(changed) = String::from_utf8(changed) else { continue };
                let Ok(changed) = Receipt::parse(&changed) else { continue };
                let holds = changed.check(&[3], &signer().verifier()).is_ok();
                assert_eq!(holds, changed.extra != Some(vec![3]), "byte {at}, bit {bit}");
            }
        }
    }

    proptest! {
        #[test]
        fn mutated_receipts_are_read_without_panic(at in any::<Index>(), text in ".{0,40}", cut in any::<Index>()) {
            let mut letters: Vec<char> = receipt().to_text().chars().collect();
            let at = at.index(letters.len());
            let end = (at + cut.index(50)).min(letters.len());
            letters.splice(at..end, text.chars());
            let _ = Receipt::parse(&letters.into_iter().collect::<String>());
        }
    }
}
