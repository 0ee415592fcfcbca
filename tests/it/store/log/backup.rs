//! Backups: incremental, beside a log that is written, interrupted at every call, and never over what is no backup of this log.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use bytes::Bytes;
use counterfoil::{
    merkle::index::TreeSize,
    store::{
        Store as _, StoreError,
        disk::{
            Disk,
            folder::FolderDisk,
            memory::{Fault, MemoryDisk},
        },
        log::{
            LogConfig, LogId, LogStore, Position,
            backup::{Backup, BackupError, backup},
            index::memory::MemoryIndex,
            roots::{Asked, stand},
            walk::Walker,
        },
    },
};
use tempfile::tempdir;

use crate::store::{
    log::{config, open, open_in_memory, try_open_in_memory},
    model::{Model, leaf},
};

const MARK: &str = "high-water";

fn disk(disk: &MemoryDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

fn copy(from: &MemoryDisk, to: &MemoryDisk) -> Result<Backup, BackupError> {
    backup(&disk(from), &disk(to))
}

/// A log that grows, and what it holds.
struct Growing {
    disk: MemoryDisk,
    store: LogStore,
    models: Vec<Model>,
    said: u64,
}

impl Growing {
    fn begin() -> Self {
        let disk = MemoryDisk::new();
        let store = open_in_memory(&disk, &MemoryIndex::new());
        Self { disk, store, models: vec![Model::new("one"), Model::new("two")], said: 0 }
    }

    /// So many frames: over the end of a file and not.
    fn grow(&mut self, frames: u64) {
        for _ in 0..frames {
            self.said += 1;
            let number = self.said << 16;
            let model = &mut self.models[usize::from(self.said.is_multiple_of(3))];
            let append = model.append((0..1 + self.said % 4).map(|at| leaf(number | at, 1_900)));
            self.store.commit(vec![append]).unwrap()[0].as_ref().unwrap();
        }
    }
}

/// What is in a backup, as far as its mark says: that is what is restored.
fn restored(from: &MemoryDisk) -> (LogStore, Position) {
    let fresh = MemoryDisk::new();
    let end = copy(from, &fresh).unwrap().standings.end;
    (try_open_in_memory(&fresh, &MemoryIndex::new(), config()).unwrap(), end)
}

fn check(models: &[Model], store: &LogStore) {
    models.iter().for_each(|model| model.check(store));
}

#[test]
fn each_backup_copies_only_what_is_new_and_opens_as_the_log_was() {
    let (mut log, to) = (Growing::begin(), MemoryDisk::new());
    let mut before = Position::start();
    for frames in [0, 1, 0, 1, 2, 7, 0, 30, 1] {
        log.grow(frames);
        let done = copy(&log.disk, &to).unwrap();
        assert_eq!((done.before, done.standings.end), (before, log.store.position().unwrap()));
        let new = done.standings.end.offset - before.offset;
        assert!(done.bytes >= new && done.bytes <= new + 108, "{} of {new} bytes", done.bytes);
        assert_eq!(done.standings.entries(), log.models.iter().map(Model::size).sum::<u64>());
        // The very bytes of the log, but for the zeros written ahead.
        for (name, bytes) in to.files().into_iter().filter(|(name, _)| name.ends_with(".log")) {
            let of = log.disk.files().into_iter().find(|(of, _)| *of == name).unwrap().1;
            assert!(of.starts_with(&bytes) && of[bytes.len()..].iter().all(|byte| *byte == 0), "{name}");
        }
        check(&log.models, &try_open_in_memory(&to.copy(), &MemoryIndex::new(), config()).unwrap());
        check(&log.models, &restored(&to).0);
        before = done.standings.end;
    }
    assert!(to.files().len() > 4, "it goes over several files");
    let mut walker = Walker::open(disk(&to)).unwrap();
    let mut walked: Vec<Bytes> = Vec::new();
    while let Some(frame) = walker.next_frame().unwrap() {
        for append in frame.appends.into_iter().filter(|append| append.ledger == log.models[1].id) {
            assert_eq!(append.before.get(), u64::try_from(walked.len()).unwrap());
            walked.extend(append.leaves.into_iter().map(|(_, leaf)| leaf));
        }
    }
    assert_eq!((walked, walker.position()), (log.models[1].leaves.clone(), before));
}

#[test]
fn a_backup_beside_a_writer_is_whole_every_time() {
    let (folder, target) = (tempdir().unwrap(), tempdir().unwrap());
    let small = LogConfig { segment_bytes: 60_000, ahead_bytes: 30_000, ..LogConfig::new(LogId([9; 8])) };
    let source: Arc<dyn Disk> = Arc::new(FolderDisk::at(folder.path()));
    let store = LogStore::open_on(Arc::clone(&source), || Ok(Box::new(MemoryIndex::new())), small).unwrap();
    let to: Arc<dyn Disk> = Arc::new(FolderDisk::at(target.path()));
    let over = AtomicBool::new(false);
    let mut model = Model::new("written");
    let (mut backups, mut last) = (0, Position::start());
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..300 {
                let append = model.append((0..3).map(|at| leaf(number << 8 | at, 1_500)));
                store.commit(vec![append]).unwrap()[0].as_ref().unwrap();
            }
            over.store(true, Ordering::SeqCst);
        });
        while !over.load(Ordering::SeqCst) {
            let done = backup(&source, &to).unwrap();
            assert!(done.standings.end.sequence >= last.sequence && done.before == last);
            (backups, last) = (backups + 1, done.standings.end);
        }
    });
    assert!(backups > 1 && last.sequence > 0, "{backups} backups up to frame {}", last.sequence);
    backup(&source, &to).unwrap();
    drop(store);
    model.check(&open(target.path()));
}

/// Nothing works any more from one call on, for every call; then the power comes back, or the disk, and what was there is there.
#[test]
fn a_backup_interrupted_anywhere_leaves_the_one_before_and_is_finished_by_the_next() {
    let mut log = Growing::begin();
    log.grow(5);
    let good = MemoryDisk::new();
    copy(&log.disk, &good).unwrap();
    let (models, end) = (log.models.clone(), log.store.position().unwrap());
    log.grow(9);
    let calls = {
        let whole = good.copy();
        copy(&log.disk, &whole).unwrap();
        whole.calls()
    };
    let mut finished = 0;
    for call in 0..calls {
        let mut spoil: Vec<Box<dyn Fn(&MemoryDisk)>> = vec![
            Box::new(move |disk| disk.plan(call, Fault::Fails(ErrorKind::Other))),
            Box::new(move |disk| disk.plan(call, Fault::Tears(ErrorKind::StorageFull))),
        ];
        for _ in 0..6 {
            spoil.push(Box::new(move |disk| disk.die_at(call)));
        }
        for (seed, spoil) in (call * 100..).zip(spoil) {
            let to = good.copy();
            spoil(&to);
            let done = copy(&log.disk, &to);
            if seed % 100 < 2 {
                to.kill()
            } else {
                to.crash(seed)
            }
            let what = format!("call {call}, seed {seed}");
            // The mark is the last that is written: torn, it says what it said before, or all of the new.
            let (store, restored) = restored(&to);
            assert!(restored == end || restored == log.store.position().unwrap(), "{what}");
            assert!(done.is_err() || restored != end, "{what}: said to be done");
            check(if restored == end { &models } else { &log.models }, &store);
            finished += u64::from(restored != end);
            assert_eq!(copy(&log.disk, &to).unwrap().standings.end, log.store.position().unwrap(), "{what}");
            check(&log.models, &self::restored(&to).0);
            check(&log.models, &try_open_in_memory(&to, &MemoryIndex::new(), config()).unwrap());
        }
    }
    assert!(finished > 0, "some were finished before the power went");
}

#[test]
fn a_first_backup_interrupted_anywhere_is_begun_again() {
    let mut log = Growing::begin();
    log.grow(4);
    let calls = {
        let whole = MemoryDisk::new();
        copy(&log.disk, &whole).unwrap();
        whole.calls()
    };
    for (call, seed) in (0..calls).flat_map(|call| (0..4).map(move |seed| (call, call * 10 + seed))) {
        let to = MemoryDisk::new();
        to.die_at(call);
        copy(&log.disk, &to).unwrap_err();
        to.crash(seed);
        let done = copy(&log.disk, &to).unwrap_or_else(|error| panic!("call {call}, seed {seed}: {error}"));
        assert_eq!(done.standings.end, log.store.position().unwrap());
        check(&log.models, &restored(&to).0);
    }
}

#[test]
fn what_is_no_backup_of_this_log_is_refused_and_left_as_it_is() {
    let mut log = Growing::begin();
    log.grow(3);
    let older = log.disk.copy();
    log.grow(5);
    let refused = |from: &MemoryDisk, to: &MemoryDisk| {
        let before = to.files();
        let error = copy(from, to).unwrap_err();
        assert!(to.files() == before, "{error}");
        error
    };
    // Somebody's files, and a log whose mark is gone.
    let files = MemoryDisk::new();
    files.put("holiday.jpg", b"sun");
    assert!(matches!(refused(&log.disk, &files), BackupError::NotABackup { .. }));
    let unmarked = log.disk.copy();
    unmarked.remove(MARK).unwrap();
    assert!(matches!(refused(&log.disk, &unmarked), BackupError::NotABackup { .. }));
    // Another log.
    let other = MemoryDisk::new();
    let mut model = Model::new("one");
    let another = LogConfig { log: LogId([8; 8]), ..config() };
    let store = try_open_in_memory(&other, &MemoryIndex::new(), another).unwrap();
    store.commit(vec![model.append([leaf(1, 100)])]).unwrap();
    drop(store);
    assert!(matches!(refused(&log.disk, &other), BackupError::NotABackup { problem: "it is of another log", .. }));
    // A backup that has more than the store: who restored the older one must not lose the newer.
    let newer = MemoryDisk::new();
    copy(&log.disk, &newer).unwrap();
    match refused(&older, &newer) {
        BackupError::StoreOlder { held: 8, found: 3, .. } => {}
        other => panic!("{other}"),
    }
    // The older one was signed over: two histories.
    let mut models = [Model::new("third")];
    let store = try_open_in_memory(&older, &MemoryIndex::new(), config()).unwrap();
    for number in 0..9 {
        store.commit(vec![models[0].append([leaf(number, 100)])]).unwrap();
    }
    match refused(&older, &newer) {
        BackupError::Forked { sequence: 8, .. } => {}
        other => panic!("{other}"),
    }
    // So it is when the frames that differ are behind the mark of the target, where a server wrote them before the power went.
    let unmarked = log.disk.copy();
    let first = MemoryDisk::new();
    let mark = |disk: &MemoryDisk| disk.files().into_iter().find(|(name, _)| name == MARK).unwrap().1;
    drop(open_in_memory(&first, &MemoryIndex::new()));
    unmarked.put(MARK, &mark(&first));
    assert!(matches!(refused(&older, &unmarked), BackupError::Forked { .. }));
    // A file of it is gone, or changed.
    let name = newer.files().into_iter().filter(|(name, _)| name.ends_with(".log")).nth(1).unwrap().0;
    let gone = newer.copy();
    gone.remove(&name).unwrap();
    assert!(matches!(refused(&log.disk, &gone), BackupError::NotABackup { .. }));
    drop(store);
}

#[test]
fn damage_in_the_log_or_in_the_backup_is_not_copied_over() {
    let mut log = Growing::begin();
    log.grow(12);
    let to = MemoryDisk::new();
    copy(&log.disk, &to).unwrap();
    let first = "0000000000000000.log";
    let spoil = |disk: &MemoryDisk, name: &str, at: usize| {
        let mut bytes = disk.files().into_iter().find(|(of, _)| of == name).unwrap().1;
        bytes[at] ^= 4;
        disk.put(name, &bytes);
    };
    // Rot in the old part of the backup is found by the next, which changes nothing.
    let rotten = to.copy();
    spoil(&rotten, first, 700);
    match copy(&log.disk, &rotten).unwrap_err() {
        BackupError::Copy { source: StoreError::LogDamaged(damage), .. } => assert_eq!(damage.sequence, 1),
        other => panic!("{other}"),
    }
    // Damage in the new part of the log is named where it is; the backup stays.
    let end = log.store.position().unwrap();
    log.grow(3);
    let last = log.disk.files().into_iter().rfind(|(name, _)| name.ends_with(".log")).unwrap();
    let damaged = log.disk.copy();
    spoil(&damaged, &last.0, last.1.len() - 60);
    match copy(&damaged, &to).unwrap_err() {
        BackupError::Store(StoreError::LogDamaged(damage)) => assert_eq!((damage.sequence, damage.file), (15, last.0)),
        other => panic!("{other}"),
    }
    assert_eq!(restored(&to).1, end);
    // Without a mark nobody knows how much of the log there is to copy; without room there is no beginning.
    let unmarked = log.disk.copy();
    unmarked.remove(MARK).unwrap();
    assert!(matches!(copy(&unmarked, &to), Err(BackupError::Store(StoreError::Unopenable { .. }))));
    to.set_free_bytes(10_000);
    assert!(matches!(copy(&log.disk, &to), Err(BackupError::Store(StoreError::DiskFull { .. }))));
    // Two at once would write into each other's file.
    let held = to.lock().unwrap();
    assert!(matches!(copy(&log.disk, &to), Err(BackupError::Store(StoreError::InUse { .. }))));
    drop(held);
}

/// A frame can be whole, and what is in it wrong all the same: every root is made anew.
#[test]
fn a_checkpoint_that_its_leaves_do_not_make_is_named() {
    let (at, mut model) = (MemoryDisk::new(), Model::new("signed wrongly"));
    let store = open_in_memory(&at, &MemoryIndex::new());
    store.commit(vec![model.append([leaf(1, 100)])]).unwrap();
    let mut append = model.append([leaf(2, 100)]);
    let note = model.note.replacen("\n2\n", "\n3\n", 1);
    append.sign = Box::new(move |_, _| Some(note));
    store.commit(vec![append]).unwrap()[0].as_ref().unwrap();
    match copy(&at, &MemoryDisk::new()).unwrap_err() {
        BackupError::Copy { source: StoreError::Damaged { ledger, what }, .. } => {
            assert_eq!((ledger, what.as_str()), (model.id, "the checkpoint of 2 entries"));
        }
        other => panic!("{other}"),
    }
}

#[test]
fn the_roots_at_the_sizes_asked_for_are_told() {
    let mut log = Growing::begin();
    let size = |size| TreeSize::new(size).unwrap();
    log.grow(10);
    let model = log.models[0].clone();
    log.grow(10);
    let now = log.models[0].size();
    let asked: Asked = BTreeMap::from([(model.id, [0, model.size(), now, now + 1].map(size).into())]);
    let standings = stand(&disk(&log.disk), &asked).unwrap();
    let standing = &standings.ledgers[&model.id];
    assert_eq!((standing.size, standing.origin.as_str()), (size(now), model.note.lines().next().unwrap()));
    assert_eq!(standing.roots.keys().map(|size| size.get()).collect::<Vec<_>>(), [0, model.size(), now]);
    let root = counterfoil::checkpoint::Checkpoint::parse(
        model.note.split_inclusive('\n').take(3).collect::<String>().as_str(),
    );
    assert_eq!(standing.roots[&size(model.size())], root.unwrap().root);
    assert!(standings.ledgers[&log.models[1].id].roots.is_empty());
}
