//! Opening: every ledger folds to its last checkpoint, or the first entry that is bad has a name.

use std::{fs, path::Path, sync::Arc};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    keys::SecretKey,
    merkle::index::LeafIndex,
    sequencer::{OpenError, Sequencer, SequencerConfig},
    store::{StoreError, log::LogStore, memory::MemoryStore},
};

use crate::sequencer::{
    Hands, NOON_MS, config,
    deal::Deal,
    open, submit, try_open,
    watched::{Spoil, Watched},
};

const SIZE: u64 = 40;

/// Three ledgers, the second of `SIZE` entries; what is done to it must be seen.
async fn kept() -> (Arc<MemoryStore>, Deal) {
    let store = Arc::new(MemoryStore::new());
    let sequencer = open(&store).await;
    for number in [1, 3] {
        submit(&sequencer, Deal::new(number).proposal).await.unwrap();
    }
    let deal = Deal::new(2);
    for envelope in deal.opening().into_iter().chain((2..SIZE).map(|number| deal.contribution(number))) {
        submit(&sequencer, envelope).await.unwrap();
    }
    sequencer.shut_down().await;
    (store, deal)
}

/// Which entry a spoilt store is not opened for.
async fn first_bad(kept: &Arc<MemoryStore>, deal: &Deal, spoil: impl FnOnce(&mut Watched)) -> u64 {
    let mut store = Watched::over(Arc::clone(kept));
    spoil(&mut store);
    match try_open(&Arc::new(store)).await.err() {
        Some(OpenError::Entry { agreement, index, .. }) if agreement == deal.id => index,
        other => panic!("{other:?}"),
    }
}

fn missing(what: u64) -> StoreError {
    let ledger = counterfoil::ledger::LedgerId::new(Digest::of(&[]));
    StoreError::Damaged { ledger, what: format!("entry {what}") }
}

#[tokio::test]
async fn a_spoilt_entry_is_named_whichever_it_is() {
    let (kept, deal) = kept().await;
    let mine = deal.id.digest();
    for bad in 0..SIZE {
        for bit in [0_usize, 77, 8 * 60, 8 * 200 + 3] {
            let flip: Spoil<(u64, Bytes)> = Box::new(move |ledger, (index, leaf)| {
                let mut leaf = leaf.to_vec();
                if index == bad && ledger.digest() == mine {
                    leaf[bit / 8] ^= 1 << (bit % 8);
                }
                Ok((index, leaf.into()))
            });
            assert_eq!(first_bad(&kept, &deal, |store| store.spoil_leaf = Some(flip)).await, bad);
        }
        let unreadable: Spoil<(u64, Bytes)> =
            Box::new(
                move |ledger, (index, leaf)| {
                    if index == bad && ledger.digest() == mine { Err(missing(index)) } else { Ok((index, leaf)) }
                },
            );
        assert_eq!(first_bad(&kept, &deal, |store| store.spoil_leaf = Some(unreadable)).await, bad);
    }
}

#[tokio::test]
async fn a_spoilt_node_is_named_by_the_entry_that_completes_it() {
    let (kept, deal) = kept().await;
    let mine = deal.id.digest();
    for (level, node, bad) in [(0, 0, 0), (0, 17, 17), (1, 0, 1), (1, 8, 17), (3, 1, 15), (5, 0, 31), (3, 4, 39)] {
        for lost in [false, true] {
            let spoil: Spoil<_> =
                Box::new(move |ledger, (index, digest): (counterfoil::merkle::index::NodeIndex, _)| {
                    let hit = ledger.digest() == mine && (index.level, index.index) == (level, node);
                    match (hit, lost) {
                        (false, _) => Ok((index, digest)),
                        (true, false) => Ok((index, Digest::of(&[b"another"]))),
                        (true, true) => Err(missing(node)),
                    }
                });
            assert_eq!(first_bad(&kept, &deal, |store| store.spoil_node = Some(spoil)).await, bad);
        }
    }
}

/// With the id of an agreement it must fit the name of a key; that is found out at the start, or never.
#[tokio::test]
async fn an_operator_whose_name_is_too_long_is_told_so_at_the_start() {
    let mut opened = Vec::new();
    for letters in [10, 150, 180, 190, 201, 240, 250, 400] {
        let store: Arc<dyn counterfoil::store::Store> = Arc::new(MemoryStore::new());
        let operator = "o".repeat(letters);
        let config = SequencerConfig { operator, ..config(&Hands::at(NOON_MS)) };
        match Sequencer::open(store, config).await {
            Ok(sequencer) => {
                let name = sequencer.verifier(Deal::new(1).id).name().to_owned();
                assert!(name.starts_with(&"o".repeat(letters)));
                opened.push(letters);
            }
            Err(OpenError::Operator { .. }) => {}
            Err(other) => panic!("{letters}: {other}"),
        }
    }
    assert_eq!(opened, [10, 150, 180]);
}

/// Else the statement could be taken in a second time.
#[tokio::test]
async fn an_entry_that_is_not_found_under_its_id_is_named() {
    let (kept, deal) = kept().await;
    let mine = deal.id.digest();
    for bad in [0, 1, 20, SIZE - 1] {
        for instead in [None, Some(LeafIndex::new(SIZE)), Some(LeafIndex::new(5))] {
            let spoil: Spoil<Option<LeafIndex>> = Box::new(move |ledger, found| {
                let hit = ledger.digest() == mine && found == Some(LeafIndex::new(bad));
                Ok(if hit { instead } else { found })
            });
            assert_eq!(first_bad(&kept, &deal, |store| store.spoil_place = Some(spoil)).await, bad);
        }
    }
}

#[tokio::test]
async fn entries_that_are_missing_at_the_end_are_named() {
    let (kept, deal) = kept().await;
    let mine = deal.id.digest();
    for bad in [1, 20, SIZE - 1] {
        let ends: Spoil<(u64, Bytes)> =
            Box::new(
                move |ledger, (index, leaf)| {
                    if index >= bad && ledger.digest() == mine { Err(missing(index)) } else { Ok((index, leaf)) }
                },
            );
        assert_eq!(first_bad(&kept, &deal, |store| store.spoil_leaf = Some(ends)).await, bad);
    }
}

#[tokio::test]
async fn a_head_that_does_not_cover_its_entries_keeps_the_store_closed() {
    let (kept, deal) = kept().await;
    let mine = deal.id.digest();
    let notes = {
        let sequencer = open(&kept).await;
        let earlier = sequencer.checkpoint_at(deal.id, 10).await.unwrap().note().to_owned();
        let other = sequencer.checkpoint(Deal::new(1).id).await.unwrap().note().to_owned();
        [earlier, other, "no note".to_owned(), String::new()]
    };
    for note in notes {
        let mut store = Watched::over(Arc::clone(&kept));
        store.spoil_head = Some(Box::new(move |ledger, mut head| {
            if ledger.digest() == mine {
                head.note.clone_from(&note);
            }
            Ok(head)
        }));
        match try_open(&Arc::new(store)).await.err() {
            Some(OpenError::Root { agreement, .. } | OpenError::Checkpoint { agreement, .. }) => {
                assert_eq!(agreement, deal.id);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_store_of_another_log_key_or_operator_is_not_opened() {
    let (kept, _) = kept().await;
    let mut other_key = config(&Hands::at(NOON_MS));
    other_key.log_key = SecretKey::from_seed(&[8; 32]);
    let mut other_name = config(&Hands::at(NOON_MS));
    other_name.operator = "other.example".into();
    for config in [other_key, other_name] {
        let found = Sequencer::open(kept.clone(), config).await.err();
        assert!(matches!(found, Some(OpenError::Checkpoint { .. })), "{found:?}");
    }
    let mut no_name = config(&Hands::at(NOON_MS));
    no_name.operator = "two words".into();
    let found = Sequencer::open(kept, no_name).await.err();
    assert!(matches!(found, Some(OpenError::Operator { .. })), "{found:?}");
}

/// Whether the index is there or has to be made anew: signing on from a shorter ledger would fork it.
#[tokio::test(flavor = "multi_thread")]
async fn a_bit_that_flipped_on_disk_never_leaves_a_shorter_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good");
    let deal = Deal::new(1);
    let sequencer = open(&Arc::new(LogStore::open(&path, 1 << 24).unwrap())).await;
    for envelope in deal.opening().into_iter().chain((2..60).map(|number| deal.contribution(number))) {
        submit(&sequencer, envelope).await.unwrap();
    }
    let note = sequencer.checkpoint(deal.id).await.unwrap().note().to_owned();
    sequencer.shut_down().await;
    drop(sequencer);
    let file = fs::read(path.join(LOG)).unwrap();
    // Behind the frames are zeros.
    let end = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let (mut damaged, mut refused, mut whole) = (0, 0, 0);
    let flipped = (0..60).map(|step| Some(step * end / 60 + 7));
    for (number, flipped) in flipped.chain([None]).enumerate() {
        let spoilt = folder.path().join(number.to_string());
        copy(&path, &spoilt);
        let mut bytes = file.clone();
        if let Some(place) = flipped {
            bytes[place] ^= 0x10;
        }
        fs::write(spoilt.join(LOG), bytes).unwrap();
        for indexed in [number % 2 == 0, false] {
            if indexed {
                copy(&path.join("tables"), &spoilt.join("tables"));
            } else {
                let _ = fs::remove_dir_all(spoilt.join("tables"));
            }
            match LogStore::open(&spoilt, 1 << 24) {
                Ok(store) => match try_open(&Arc::new(store)).await {
                    Ok(sequencer) => {
                        assert_eq!(sequencer.checkpoint(deal.id).await.unwrap().note(), note, "{flipped:?}");
                        sequencer.shut_down().await;
                        whole += 1;
                    }
                    Err(_) => refused += 1,
                },
                Err(StoreError::LogDamaged(found)) => {
                    assert!(found.durable == 60 && found.sequence <= 60 && found.file == LOG, "{found}");
                    damaged += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    eprintln!("of 60 flipped bits: {damaged} damaged, {refused} refused when folded, {whole} whole");
    assert!(
        damaged >= 60 && whole >= 2,
        "without its index every copy is read through, and the last was left as it was"
    );
}

const LOG: &str = "0000000000000000.log";

/// Copies a store that is not open.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|file| file.path().is_file()) {
        fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
