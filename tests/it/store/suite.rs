//! What every store must do.

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::{LedgerId, entry::ENTRY_BYTES_MAX},
    merkle::index::{LeafIndex, NodeIndex, TreeSize},
    store::{Append, CommitError, KEY_BYTES_MAX, Moved, NotAppended, Store, StoreError},
};

use crate::store::model::{Model, leaf};

/// Runs every check of the suite; `run` may give each a store of its own, or all the same.
pub(super) fn all(run: impl Fn(&dyn Fn(&dyn Store))) {
    run(&an_unknown_ledger_is_empty);
    run(&what_was_committed_is_read_back_whatever_the_batches);
    run(&large_leaves_are_kept_beside_small_ones);
    run(&a_page_of_leaves_ends_at_its_limits);
    run(&one_commit_takes_many_ledgers);
    run(&a_ledger_that_moved_is_left_alone_and_the_others_are_written);
    run(&a_malformed_append_keeps_the_whole_commit_out);
    run(&an_append_whose_root_nobody_signs_is_left_out_and_the_others_are_written);
    run(&what_is_kept_beside_a_ledger_is_read_back);
    run(&ledgers_are_listed_in_the_order_of_their_ids);
    run(&readers_beside_a_writer_see_a_prefix);
}

fn put(store: &dyn Store, append: Append) {
    assert!(matches!(store.commit(vec![append]).unwrap().as_slice(), [Ok(_)]));
}

fn an_unknown_ledger_is_empty(store: &dyn Store) {
    let unknown = Model::new("unknown");
    unknown.check(store);
    assert!(store.nodes(unknown.id, &[NodeIndex { level: 0, index: 0 }]).is_err());
    assert_eq!(store.commit(Vec::new()).unwrap(), []);
}

fn what_was_committed_is_read_back_whatever_the_batches(store: &dyn Store) {
    for batch in [1_u64, 2, 7, 12, 13, 64, 257] {
        let mut model = Model::new(&format!("batches of {batch}"));
        let mut next = 0;
        while next < 300 {
            let leaves = next..(next + batch);
            next = leaves.end;
            let append = model.append(leaves.map(|number| leaf(number, usize::try_from(number * 37 % 900).unwrap())));
            put(store, append);
            if model.size().is_multiple_of(5) {
                model.check(store);
            }
        }
        model.check(store);
    }
}

fn large_leaves_are_kept_beside_small_ones(store: &dyn Store) {
    let mut model = Model::new("large");
    let sizes = [8, ENTRY_BYTES_MAX, 400, 5_996, 5_997, 6_000, 6_001, 8, 12_000, 11_996, ENTRY_BYTES_MAX, 400, 20_000];
    for (round, number) in (0..4).zip([0, 100, 200, 300]) {
        for (place, bytes) in (0..).zip(sizes) {
            // Odd rounds leave the size of the batch to chance as well.
            let also = (round % 2 == 1).then(|| leaf(number + 50 + place, 300));
            let append = model.append([leaf(number + place, bytes)].into_iter().chain(also));
            put(store, append);
        }
        let append = model.append((0..).zip(sizes).map(|(place, bytes)| leaf(number + 25 + place, bytes)));
        put(store, append);
        model.check(store);
    }
}

fn a_page_of_leaves_ends_at_its_limits(store: &dyn Store) {
    let mut model = Model::new("pages");
    let append = model.append((0..100).map(|number| leaf(number, 100)));
    put(store, append);
    let page = |from: u64, max: usize, bytes_max: usize| {
        let page = store.leaves(model.id, LeafIndex::new(from), max, bytes_max).unwrap();
        let from = usize::try_from(from).unwrap().min(100);
        assert_eq!(page, model.leaves[from..from + page.len()]);
        page.len()
    };
    assert_eq!(page(0, 100, usize::MAX), 100);
    assert_eq!(page(0, 1_000, usize::MAX), 100);
    assert_eq!(page(95, 100, usize::MAX), 5);
    assert_eq!(page(100, 100, usize::MAX), 0);
    assert_eq!(page(u64::MAX, 100, usize::MAX), 0);
    assert_eq!(page(3, 0, usize::MAX), 0);
    assert_eq!(page(3, 7, usize::MAX), 7);
    assert_eq!(page(3, 100, 1), 1, "the first is given whatever its size");
    assert_eq!(page(3, 100, 250), 3, "no further one once there are so many bytes");
}

fn one_commit_takes_many_ledgers(store: &dyn Store) {
    let mut models: Vec<_> = (0..50).map(|number| Model::new(&format!("one of many {number}"))).collect();
    for round in 0..5_u64 {
        let appends: Vec<_> = models
            .iter_mut()
            .zip(0_u64..)
            .map(|(model, number)| {
                let leaves = 1 + (number + round) % 4;
                model.append((0..leaves).map(|place| leaf((number << 32) + (round << 16) + place, 200)))
            })
            .collect();
        assert!(store.commit(appends).unwrap().iter().all(Result::is_ok));
    }
    models.iter().for_each(|model| model.check(store));
}

fn a_ledger_that_moved_is_left_alone_and_the_others_are_written(store: &dyn Store) {
    let (mut first, mut second, mut third) = (Model::new("m1"), Model::new("m2"), Model::new("m3"));
    for model in [&mut first, &mut second] {
        put(store, model.append((0..5).map(|number| leaf(number, 50))));
    }
    let size = |size| TreeSize::new(size).unwrap();
    // Too far behind, too far ahead, and founded twice.
    let mut behind = first.clone();
    put(store, first.append([leaf(5, 50)]));
    let behind = behind.append([leaf(66, 50)]);
    let mut ahead = second.clone();
    ahead.append([leaf(77, 50)]);
    let ahead = ahead.append([leaf(78, 50)]);
    let outcomes = store.commit(vec![behind, ahead, third.append([leaf(0, 50)])]).unwrap();
    let moved = |expected, found| Err(NotAppended::Moved(Moved { expected: size(expected), found: size(found) }));
    assert_eq!(outcomes, [moved(5, 6), moved(6, 5), Ok(third.note.clone())]);
    let again = Model::new("m3").append([leaf(9, 50)]);
    assert_eq!(store.commit(vec![again]).unwrap(), [moved(0, 1)]);
    [&first, &second, &third].iter().for_each(|model| model.check(store));
}

fn a_malformed_append_keeps_the_whole_commit_out(store: &dyn Store) {
    let mut there = Model::new("well formed");
    put(store, there.append((0..3).map(|number| leaf(number, 50))));
    let good = || there.clone().append((3..8).map(|number| leaf(number, 50)));
    let spoilt: [fn(&mut Append); 6] = [
        |append| append.leaves.clear(),
        |append| append.leaves[4].1 = leaf(7, ENTRY_BYTES_MAX + 1),
        |append| _ = append.nodes.remove(1),
        |append| _ = append.nodes.pop(),
        |append| append.nodes.push((NodeIndex { level: 0, index: 8 }, Digest::of(&[]))),
        |append| append.nodes[1].0.index += 1,
    ];
    let mut bystander = Model::new("bystander");
    let beside = || bystander.clone().append([leaf(1, 50)]);
    let refused = |appends: Vec<Append>| match store.commit(appends) {
        Err(CommitError::NotWritten { source: StoreError::AppendMalformed { ledger, .. } }) => {
            assert_eq!(ledger, there.id)
        }
        other => panic!("{other:?}"),
    };
    for spoil in spoilt {
        let mut append = good();
        spoil(&mut append);
        refused(vec![beside(), append]);
    }
    refused(vec![beside(), good(), good()]);
    [&there, &bystander].iter().for_each(|model| model.check(store));
    put(store, bystander.append([leaf(1, 50)]));
    put(store, good());
}

/// A bit may flip in memory or on the way to the disk, and two computations may differ: then nothing is signed, nothing is
/// kept, and the others of the commit are.
fn an_append_whose_root_nobody_signs_is_left_out_and_the_others_are_written(store: &dyn Store) {
    let mut there = Model::new("with another root");
    put(store, there.append((0..3).map(|number| leaf(number, 50))));
    let spoilt: [fn(&mut Append); 4] = [
        |append| append.leaves[2].1 = leaf(99, 50),
        |append| append.nodes[0].1 = Digest::of(&[]),
        |append| append.nodes.last_mut().unwrap().1 = Digest::of(&[]),
        |append| append.sign = Box::new(|_, _| None),
    ];
    let mut beside = [Model::new("the one before"), Model::new("the one behind")];
    for (round, spoil) in (0..).zip(spoilt) {
        let mut append = there.clone().append((3..8).map(|number| leaf(number, 50)));
        spoil(&mut append);
        let [before, behind] = &mut beside;
        let appends = vec![before.append([leaf(round, 50)]), append, behind.append([leaf(round, 50)])];
        let outcomes = store.commit(appends).unwrap();
        assert_eq!((&outcomes[0], &outcomes[2]), (&Ok(before.note.clone()), &Ok(behind.note.clone())));
        let of_eight =
            |differs: &NotAppended| matches!(differs, NotAppended::RootDiffers { size, .. } if size.get() == 8);
        assert!(outcomes[1].as_ref().is_err_and(of_eight), "{outcomes:?}");
        beside.iter().chain([&there]).for_each(|model| model.check(store));
    }
    put(store, there.append((3..8).map(|number| leaf(number, 50))));
    there.check(store);
}

fn what_is_kept_beside_a_ledger_is_read_back(store: &dyn Store) {
    let mut models = [Model::new("kept beside"), Model::new("kept beside another")];
    let [here, other] = [models[0].id, models[1].id];
    let none = store.keep(here, Bytes::new(), Vec::new());
    assert!(matches!(none, Err(StoreError::NoLedger { ledger }) if ledger == here), "{none:?}");
    models.iter_mut().for_each(|model| put(store, model.append([leaf(0, 50)])));
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    assert_eq!(store.snapshot(here).unwrap(), None);
    assert_eq!(store.records(here, &[bytes("a")]).unwrap(), [None]);
    let put = |key: &str, value: &str| (bytes(key), Some(bytes(value)));
    store.keep(here, bytes("first"), vec![put("a", "1"), put("ab", "2"), put("b", ""), put("c", "4")]).unwrap();
    store.keep(other, bytes("another"), vec![put("a", "another")]).unwrap();
    let list = |from: &str, upto: &str, reverse, max| {
        let listed = store.list_records(here, from.as_bytes(), upto.as_bytes(), reverse, max).unwrap();
        let keys: Vec<_> = listed.iter().map(|(key, _)| String::from_utf8(key.to_vec()).unwrap()).collect();
        keys.join(" ")
    };
    assert_eq!(store.snapshot(here).unwrap(), Some(bytes("first")));
    let read = store.records(here, &["c", "b", "", "a", "zz"].map(bytes)).unwrap();
    assert_eq!(read, [Some(bytes("4")), Some(bytes("")), None, Some(bytes("1")), None]);
    assert_eq!(list("", "z", false, 9), "a ab b c");
    assert_eq!(list("", "z", true, 3), "c b ab");
    assert_eq!(list("ab", "c", false, 9), "ab b", "from is in, upto is not");
    assert_eq!(list("ab", "c", true, 1), "b");
    assert_eq!((list("b", "b", false, 9), list("c", "a", true, 9), list("a", "z", false, 0)), Default::default());
    // Longer than any value that the database takes in one piece, then shorter, then nothing.
    for length in [100_000, 6_001, 6_000, 5, 0] {
        let snapshot = Bytes::from((0_u8..=255).cycle().take(length).collect::<Vec<_>>());
        store.keep(here, snapshot.clone(), vec![(bytes("ab"), None), (bytes("absent"), None)]).unwrap();
        assert_eq!(store.snapshot(here).unwrap(), Some(snapshot));
    }
    assert_eq!(list("", "z", false, 9), "a b c");
    let longest = Bytes::from(vec![b'k'; KEY_BYTES_MAX]);
    let long = Bytes::from(vec![7; 20_000]);
    store.keep(here, bytes("last"), vec![(longest.clone(), Some(long.clone())), put("a", "5")]).unwrap();
    assert_eq!(store.records(here, &[longest, bytes("a")]).unwrap(), [Some(long), Some(bytes("5"))]);
    let too_long = vec![put("b", "6"), (Bytes::from(vec![b'k'; KEY_BYTES_MAX + 1]), None)];
    assert!(matches!(store.keep(here, bytes("never"), too_long), Err(StoreError::KeyTooLong { bytes: 513, .. })));
    assert_eq!(store.snapshot(here).unwrap(), Some(bytes("last")));
    assert_eq!(store.records(here, &[bytes("b")]).unwrap(), [Some(bytes(""))]);
    assert_eq!(store.records(other, &[bytes("a")]).unwrap(), [Some(bytes("another"))]);
}

fn ledgers_are_listed_in_the_order_of_their_ids(store: &dyn Store) {
    for number in 0..25_u8 {
        put(store, Model::new(&format!("listed {number}")).append([leaf(u64::from(number), 60)]));
    }
    let all = store.ledgers(None, usize::MAX).unwrap();
    assert!(all.len() >= 25 && all.is_sorted_by(|(a, _), (b, _)| a < b));
    let mut paged: Vec<(LedgerId, _)> = Vec::new();
    loop {
        let page = store.ledgers(paged.last().map(|(id, _)| *id), 7).unwrap();
        assert!(page.len() <= 7);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert_eq!(paged, all);
    for (id, head) in &all {
        assert_eq!(store.head(*id).unwrap().as_ref(), Some(head));
    }
    assert_eq!(store.ledgers(None, 0).unwrap(), []);
}

fn readers_beside_a_writer_see_a_prefix(store: &dyn Store) {
    let mut model = Model::new("read while written");
    put(store, model.append([leaf(0, 300)]));
    let expected: Vec<_> = (0..2_000).map(|number| leaf(number, 300)).collect();
    let (id, expected) = (model.id, &expected);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut size = 0;
                    while size < expected.len() {
                        let head = store.head(id).unwrap().unwrap();
                        let known = usize::try_from(head.size.get()).unwrap();
                        assert!(known >= size && head.note.lines().nth(1) == Some(&known.to_string()));
                        let from = known.saturating_sub(30);
                        let read = store.leaves(id, LeafIndex::new(from.try_into().unwrap()), 30, usize::MAX).unwrap();
                        assert!(read.len() >= known - from && read == expected[from..from + read.len()]);
                        size = known;
                    }
                })
            })
            .collect();
        for part in expected[1..].chunks(25) {
            put(store, model.append(part.iter().cloned()));
        }
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    model.check(store);
}
