//! Logs on disks that hold anything: files that somebody spoilt, cut off, swapped, or wrote with every check right.

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use counterfoil::{
    digest::Digest,
    ledger::LedgerId,
    merkle::{
        hash::leaf_hash,
        index::{LeafIndex, NodeIndex},
        tree::Frontier,
    },
    store::{
        Append, Store, StoreError,
        disk::{Disk, memory::MemoryDisk},
        log::{LogConfig, LogId, LogStore, Position, Settling, index::memory::MemoryIndex, walk::Walker},
    },
};

use super::feed::Feed;

const LOG: LogId = LogId([7; 8]);
const MARK: &str = "high-water";
const NAMES: [&str; 5] =
    ["0000000000000000.log", MARK, "00000000000007d0.log", "ffffffffffffffff.log", "something.else"];

/// Begins with one of a few honest logs, changes what the bytes say, and opens what became of it.
pub fn log(bytes: &[u8]) {
    let mut feed = Feed::new(bytes);
    let (disk, index) = feed.one_of(HONEST.as_slice());
    let (disk, index) = (disk.copy(), if feed.byte().is_multiple_of(2) { index.copy() } else { MemoryIndex::new() });
    for _ in 0..EDITS_MAX {
        if feed.is_empty() {
            break;
        }
        edit(&disk, &index, &mut feed);
    }
    walk(&disk);
    let Ok(store) = open(&disk, &index) else { return };
    let ledgers = read(&store);
    let committed = commit(&store);
    store.settle();
    read(&store);
    drop(store);
    // What was opened once can be opened again, and says the same.
    let store = open(&disk, &index).unwrap();
    let again = read(&store);
    if let Some(ledgers) = ledgers {
        let again = again.unwrap();
        assert!(ledgers.iter().all(|ledger| again.contains(ledger)));
        assert_eq!(again.len(), ledgers.len() + usize::from(committed));
    }
    drop(store);
    // To an index that knows nothing it says the same, unless what is spoilt is so old that only reading all of it shows that.
    let Ok(store) = open(&disk, &MemoryIndex::new()) else { return };
    assert_eq!(head(&store, ledger(NEW)).is_some(), committed);
}

const EDITS_MAX: usize = 8;
/// The ledger that is begun in what could be opened.
const NEW: u8 = 250;

fn ledger(number: u8) -> LedgerId {
    LedgerId::new(Digest::of(&[b"ledger", &[number]]))
}

fn open(disk: &MemoryDisk, index: &MemoryIndex) -> Result<LogStore, StoreError> {
    let config =
        LogConfig { segment_bytes: 2_000, ahead_bytes: 0, settling: Settling::WhenAsked, ..LogConfig::new(LOG) };
    let index = index.clone();
    LogStore::open_on(Arc::new(disk.clone()), move || Ok(Box::new(index)), config)
}

/// An append of new leaves to a ledger as it stands in a list.
fn append(number: u8, frontier: &mut Frontier, leaves: u8) -> Append {
    let before = frontier.clone();
    let (mut new, mut nodes) = (Vec::new(), Vec::new());
    for place in 0..leaves {
        let leaf = Bytes::from(vec![place; usize::from(number) * 10 + 8]);
        frontier.push(leaf_hash(&leaf), |node, digest| nodes.push((node, digest)));
        new.push((Digest::of(&[b"envelope", &[number, place]]), leaf));
    }
    let note = format!("{} leaves\n", frontier.size());
    Append { ledger: ledger(number), before, leaves: new, nodes, sign: Box::new(move |_, _| Some(note)) }
}

/// Nothing at all, a log of no frame, one of a few, and one of several files.
static HONEST: LazyLock<Vec<(MemoryDisk, MemoryIndex)>> = LazyLock::new(|| {
    let mut honest = vec![(MemoryDisk::new(), MemoryIndex::new())];
    for frames in [0, 3, 12] {
        let (disk, index) = (MemoryDisk::new(), MemoryIndex::new());
        let store = open(&disk, &index).unwrap();
        let mut frontiers = [Frontier::empty(), Frontier::empty()];
        for frame in 0..frames {
            let [first, second] = &mut frontiers;
            let appends = vec![append(1, first, frame + 1), append(20, second, 1)];
            assert!(store.commit(appends).unwrap().iter().all(Result::is_ok));
        }
        store.settle();
        drop(store);
        honest.push((disk, index));
    }
    honest
});

fn edit(disk: &MemoryDisk, index: &MemoryIndex, feed: &mut Feed<'_>) {
    let kind = feed.byte() % 12;
    match kind {
        0..6 => file(disk, kind, feed),
        6 | 7 => frame(disk, kind == 6, feed),
        8 => segment(disk, feed),
        9 => mark(disk, feed),
        _ => {
            let (place, value) = (feed.below(64), (!feed.byte().is_multiple_of(3)).then(|| feed.part().to_vec()));
            index.spoil(|keys| {
                let key = keys.keys().nth(place % keys.len().max(1)).cloned();
                match (key, value) {
                    (Some(key), Some(value)) => drop(keys.insert(key, value.into())),
                    (Some(key), None) => drop(keys.remove(&key)),
                    (None, _) => {}
                }
            });
        }
    }
}

/// Changes one file without knowing what it is.
fn file(disk: &MemoryDisk, kind: u8, feed: &mut Feed<'_>) {
    let files = disk.files();
    let new = *feed.one_of(&NAMES);
    let place = feed.below(files.len());
    let Some((name, mut bytes)) = files.get(place).cloned() else {
        disk.put(new, feed.part());
        return;
    };
    let at = usize::from(feed.short()) % (bytes.len() + 1);
    match kind {
        0 => return disk.put(new, feed.part()),
        1 => {
            let over = feed.part();
            bytes.resize(bytes.len().max(at + over.len()), 0);
            bytes[at..at + over.len()].copy_from_slice(over);
        }
        2 => bytes.truncate(at),
        3 => bytes.extend_from_slice(feed.part()),
        4 => return disk.put(new, &bytes),
        _ => return disk.remove(&name).unwrap(),
    }
    disk.put(&name, &bytes);
}

/// Where the log on a disk ends, as far as it can be read.
fn end(disk: &MemoryDisk) -> Option<(LogId, Position)> {
    let mut walker = Walker::open(Arc::new(disk.clone())).ok()?;
    while let Ok(Some(_)) = walker.next_frame() {}
    Some((walker.log(), walker.position()))
}

/// The last file of the log that begins at or before an offset.
fn file_at(disk: &MemoryDisk, offset: u64) -> Option<(u64, String, Vec<u8>)> {
    let start = |name: &str| u64::from_str_radix(name.strip_suffix(".log")?, 16).ok();
    let files = disk.files().into_iter().filter_map(|(name, bytes)| Some((start(&name)?, name, bytes)));
    files.filter(|(start, ..)| *start <= offset).max_by_key(|(start, ..)| *start)
}

/// Puts a frame behind the last, whose check is right whatever it says.
fn frame(disk: &MemoryDisk, plausible: bool, feed: &mut Feed<'_>) {
    let Some((log, last)) = end(disk) else { return };
    let Some((start, name, mut bytes)) = file_at(disk, last.offset) else { return };
    let (body, notes) =
        if plausible { (body(feed), self::notes(feed)) } else { (feed.part().to_vec(), feed.part().to_vec()) };
    let lengths = [body.len(), notes.len()].map(|length| u32::try_from(length).unwrap().to_be_bytes());
    let sequence = (last.sequence + 1).to_be_bytes();
    let covered = [&MAGIC[..], &log.0, &sequence, &lengths[0], &body, &lengths[1], &notes].concat();
    let check = Digest::of(&[last.check.as_bytes(), &covered]);
    let Ok(at) = usize::try_from(last.offset - start) else { return };
    bytes.truncate(at.max(HEADER_BYTES));
    bytes.extend_from_slice(&covered);
    bytes.extend_from_slice(check.as_bytes());
    disk.put(&name, &bytes);
}

/// Of a frame.
const MAGIC: [u8; 4] = [0xff, b'c', b'f', 0x01];
/// Of a segment.
const HEADER_BYTES: usize = 108;

/// Appends that look like ours: counts that fit, and anything in between.
fn body(feed: &mut Feed<'_>) -> Vec<u8> {
    let count = u32::from(feed.byte() % 4);
    let mut body = count.to_be_bytes().to_vec();
    for _ in 0..count {
        body.extend_from_slice(ledger(feed.byte() % 3).digest().as_bytes());
        let (before, leaves) = (feed.number(), u32::from(feed.byte() % 24));
        body.extend_from_slice(&before.to_be_bytes());
        body.extend_from_slice(&leaves.to_be_bytes());
        let nodes_of = |size: u64| size.wrapping_mul(2).wrapping_sub(u64::from(size.count_ones()));
        let mut done = 0;
        while done < leaves {
            let run = (leaves - done).min(u32::from(feed.byte() % 17));
            let lengths: Vec<u16> = (0..run).map(|_| u16::from(feed.byte() % 9)).collect();
            body.extend_from_slice(&u16::try_from(run).unwrap().to_be_bytes());
            lengths.iter().for_each(|length| body.extend_from_slice(&length.to_be_bytes()));
            let from = before.wrapping_add(u64::from(done));
            let nodes = nodes_of(from.wrapping_add(u64::from(run))).wrapping_sub(nodes_of(from)).min(100);
            for _ in 0..nodes + u64::from(run) {
                body.extend_from_slice(&[feed.byte(); 32]);
            }
            lengths.iter().for_each(|length| body.extend_from_slice(&vec![feed.byte(); usize::from(*length)]));
            if run == 0 {
                break;
            }
            done += run;
        }
    }
    body
}

fn notes(feed: &mut Feed<'_>) -> Vec<u8> {
    let mut notes = Vec::new();
    for _ in 0..feed.byte() % 4 {
        let note = feed.take(8);
        notes.extend_from_slice(&u16::try_from(note.len()).unwrap().to_be_bytes());
        notes.extend_from_slice(note);
    }
    notes
}

/// Begins a file where the log ends, with a header that is right but for one number.
fn segment(disk: &MemoryDisk, feed: &mut Feed<'_>) {
    let Some((log, last)) = end(disk) else { return };
    let (offset, sequence) = match feed.byte() {
        0 => (feed.number(), last.sequence + 1),
        1 => (last.offset, feed.number()),
        _ => (last.offset, last.sequence + 1),
    };
    let covered =
        [b"counterfoil-log\n", &1_u32.to_be_bytes()[..], &log.0, &offset.to_be_bytes(), &sequence.to_be_bytes()]
            .concat();
    let check = Digest::of(&[&covered, last.check.as_bytes()]);
    let header = [&covered[..], check.as_bytes(), last.check.as_bytes(), feed.part()].concat();
    disk.put(&format!("{offset:016x}.log"), &header);
}

/// Writes a mark whose check is right.
fn mark(disk: &MemoryDisk, feed: &mut Feed<'_>) {
    let Some((log, last)) = end(disk) else { return };
    let (offset, sequence) = match feed.byte() % 3 {
        0 => (last.offset, last.sequence),
        1 => (feed.number(), last.sequence),
        _ => (last.offset, feed.number()),
    };
    let log = if feed.byte().is_multiple_of(4) { [feed.byte(); 8] } else { log.0 };
    let said = [&log[..], &offset.to_be_bytes(), &sequence.to_be_bytes(), last.check.as_bytes()].concat();
    let check = Digest::of(&[b"counterfoil/store/high-water/v2\n", &said]);
    let mut file = [&said[..], check.as_bytes()].concat();
    file.resize(8_192, 0);
    disk.put(MARK, &file);
}

fn walk(disk: &MemoryDisk) {
    let disk: Arc<dyn Disk> = Arc::new(disk.clone());
    let Ok(mut walker) = Walker::open(disk) else { return };
    let mut before = walker.position();
    while let Ok(Some(frame)) = walker.next_frame() {
        assert!(frame.end.offset > before.offset && frame.end.sequence == before.sequence + 1);
        before = frame.end;
    }
}

fn head(store: &LogStore, ledger: LedgerId) -> Option<String> {
    Some(format!("{:?}", store.head(ledger).ok()??))
}

/// Reads whatever can be read; the ledgers and their heads, unless the store says that they are damaged.
fn read(store: &LogStore) -> Option<Vec<(LedgerId, String)>> {
    let mut found = Vec::new();
    for (ledger, head) in store.ledgers(None, 100).ok()? {
        found.push((ledger, self::head(store, ledger)?));
        let size = head.size.get();
        for from in [0, size / 2, size.saturating_sub(1), size, u64::MAX] {
            let leaves = store.leaves(ledger, LeafIndex::new(from), 100, 10_000);
            assert!(leaves.is_err() || leaves.unwrap().len() <= 100);
        }
        let nodes = [(0, 0), (0, size), (1, 0), (3, 0), (62, 0), (255, u64::MAX)];
        for (level, index) in nodes {
            let _ = store.nodes(ledger, &[NodeIndex { level, index }]);
        }
        let _ = store.find(ledger, Digest::of(&[b"envelope", &[1, 0]]));
        let _ = (store.snapshot(ledger), store.list_records(ledger, b"", b"\xff", false, 10));
    }
    Some(found)
}

fn commit(store: &LogStore) -> bool {
    let done = store.commit(vec![append(NEW, &mut Frontier::empty(), 3)]);
    done.is_ok_and(|notes| notes.iter().all(Result::is_ok))
}
