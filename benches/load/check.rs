//! What is believed of an answer: the same as the client believes, with one memory for all callers of the tool.
//!
//! The leaf is built from the envelope that was sent; its hash and the path of the receipt lead to the root that the log
//! has signed. A signature over a note that was verified already, by whichever caller, is not verified again.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use counterfoil::{
    checkpoint::{Checkpoint, SignedCheckpoint, note::NoteVerifier},
    client::Client,
    digest::Digest,
    keys::KnownKeys,
    ledger::{entry::Entry, receipt::Receipt},
    merkle::{hash::leaf_hash, index::TreeSize, proof::check_inclusion},
    proto::counterfoil::v1,
    time::Timestamp,
};
use tokio::task::JoinSet;

use crate::{
    parties::{Agreement, Failed},
    work::Item,
};

/// A statement is in its ledger.
pub struct Proved {
    pub index: u64,
}

/// A checkpoint that the log signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    agreement: usize,
    size: u64,
    root: [u8; 32],
}

/// Checks receipts, and remembers the checkpoints they came with.
pub struct Checker {
    verifiers: Vec<NoteVerifier>,
    /// By the digest of the note, in parts so that callers hardly wait for each other.
    known: Vec<Mutex<HashMap<Digest, Known>>>,
    keys: KnownKeys,
    notes: AtomicUsize,
}

const PARTS: usize = 64;

impl Checker {
    /// Checks receipts of `agreements`, whose log names its key.
    pub async fn new(client: &mut Client, agreements: &[Agreement]) -> Result<Self, Failed> {
        let first = agreements.first().ok_or("there is no agreement")?;
        let named = client.log_key(first.id).await?;
        let operator = named.name().strip_suffix(&format!("/ledger/{}", first.id)).ok_or("the log has another name")?;
        let verifier =
            |agreement: &Agreement| NoteVerifier::new(&format!("{operator}/ledger/{}", agreement.id), named.key());
        let verifiers = agreements.iter().map(verifier).collect::<Result<_, _>>()?;
        let known = (0..PARTS).map(|_| Mutex::default()).collect();
        Ok(Self { verifiers, known, keys: KnownKeys::default(), notes: AtomicUsize::new(0) })
    }

    /// Checks that a receipt proves what was sent.
    pub fn check(&self, item: &Item, receipt: &v1::Receipt) -> Result<Proved, Failed> {
        let admitted = Timestamp::from_ms(receipt.admitted_time_ms)?;
        let leaf = Entry { admitted, envelope: item.envelope.clone() }.encode();
        let proof = Receipt::parse(&receipt.tlog_proof)?;
        let known = self.open(item.agreement, &proof.note)?;
        let size = TreeSize::new(known.size).ok_or("a size that no ledger has")?;
        check_inclusion(proof.index, size, &leaf_hash(&leaf), &proof.path, &Digest::from_bytes(known.root))?;
        Ok(Proved { index: proof.index.get() })
    }

    fn open(&self, agreement: usize, note: &str) -> Result<Known, Failed> {
        let digest = Digest::of(&[&agreement.to_be_bytes(), note.as_bytes()]);
        let part = &self.known[usize::from(digest.as_bytes()[0]) % PARTS];
        if let Some(known) = lock(part).get(&digest) {
            return Ok(*known);
        }
        let opened = SignedCheckpoint::open_with(note, &self.verifiers[agreement], &self.keys)?;
        let Checkpoint { size, root, .. } = opened.checkpoint();
        let known = Known { agreement, size: size.get(), root: *root.as_bytes() };
        if lock(part).insert(digest, known).is_none() {
            self.notes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(known)
    }

    /// How many checkpoints came with receipts so far.
    pub fn notes(&self) -> usize {
        self.notes.load(Ordering::Relaxed)
    }

    /// Forgets the checkpoints, so that a long run takes no more memory than a short one.
    pub fn forget(&self) {
        self.known.iter().for_each(|part| lock(part).clear());
    }

    /// Checks that no ledger had two roots of one size, and has the server prove that its ledgers continue those of at most
    /// `max` of the checkpoints seen. Returns how many were proved, and how many there are.
    pub async fn everything_stands(&self, client: &Client, max: usize) -> Result<(usize, usize), Failed> {
        let mut seen: Vec<Known> =
            self.known.iter().flat_map(|part| lock(part).values().copied().collect::<Vec<_>>()).collect();
        seen.sort_unstable();
        if let Some(fork) =
            seen.windows(2).find(|two| (two[0].agreement, two[0].size) == (two[1].agreement, two[1].size))
        {
            return Err(format!("a ledger had two roots of the size {}", fork[0].size).into());
        }
        let step = seen.len().div_ceil(max.max(1)).max(1);
        let chosen: Vec<Known> = seen.iter().step_by(step).copied().collect();
        let mut asking = JoinSet::new();
        for part in chosen.chunks(chosen.len().div_ceil(ASKED_AT_ONCE).max(1)) {
            let (mut client, part) = (client.clone(), part.to_vec());
            let verifiers: Vec<NoteVerifier> =
                part.iter().map(|known| self.verifiers[known.agreement].clone()).collect();
            let agreements: Vec<_> = verifiers.iter().map(agreement_of).collect::<Result<_, _>>()?;
            asking.spawn(async move {
                for ((known, verifier), agreement) in part.iter().zip(&verifiers).zip(agreements) {
                    let size = TreeSize::new(known.size).ok_or("a size that no ledger has")?;
                    let root = Digest::from_bytes(known.root);
                    let checkpoint = Checkpoint { origin: verifier.name().to_owned(), size, root };
                    client.prove_consistency(agreement, &checkpoint, Some(verifier)).await?;
                }
                Ok::<_, Failed>(())
            });
        }
        while let Some(asked) = asking.join_next().await {
            asked??;
        }
        Ok((chosen.len(), seen.len()))
    }
}

const ASKED_AT_ONCE: usize = 32;

fn agreement_of(verifier: &NoteVerifier) -> Result<counterfoil::statement::id::AgreementId, Failed> {
    let (_, id) = verifier.name().rsplit_once('/').ok_or("the log has another name")?;
    Ok(id.parse()?)
}

fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked while holding it has ended the run.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}
