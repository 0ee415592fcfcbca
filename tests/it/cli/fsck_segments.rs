//! `fsck` on a log of many segments: whichever of them is hurt or gone, each ledger's first bad entry and last good checkpoint are named.

use std::{collections::BTreeMap, fs, sync::Arc};

use counterfoil::{
    digest::Digest,
    envelope::Envelope,
    keys::SecretKey,
    sequencer::{Sequencer, SequencerConfig},
    split::Ratio,
    statement::{
        Artifact, ArtifactDigest, ArtifactKind, Attestation, Body, Verdict,
        id::{AgreementId, StatementId},
    },
    store::{
        Store,
        disk::{Disk, folder::FolderDisk},
        log::{
            LogConfig, LogId, LogStore, Settling,
            index::{Index, sled::SledIndex},
            walk::Walker,
        },
    },
};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    cli::machine::World,
    sequencer::{
        NOON_MS,
        deal::{Deal, hour},
        ms, submit,
    },
};

/// A frame of the log: one entry of one ledger.
#[derive(Clone, Debug)]
struct Frame {
    file: String,
    /// Where in the file, and how long.
    offset: usize,
    length: usize,
    sequence: u64,
    ledger: String,
    entry: u64,
}

/// A store of several small segments, and how it stands there.
struct Spread {
    world: World,
    key: String,
    frames: Vec<Frame>,
    files: Vec<String>,
}

const SEGMENT_BYTES: u64 = 4_000;

impl Spread {
    fn new() -> Self {
        let world = World::new();
        let key = SecretKey::from_seed(&[9; 32]);
        tokio::runtime::Runtime::new().unwrap().block_on(fill(&world, &key));
        let mut spread = Self { key: key.public().to_string(), world, frames: Vec::new(), files: Vec::new() };
        let disk: Arc<dyn Disk> = Arc::new(FolderDisk::at(&spread.world.path("store")));
        let mut starts: Vec<(u64, String)> = disk.list().unwrap().into_iter().filter_map(start).collect();
        starts.sort();
        let mut walker = Walker::open(disk).unwrap();
        while let Some(frame) = walker.next_frame().unwrap() {
            let [append] = frame.appends.as_slice() else { panic!("one statement at a time") };
            let (start, file) = starts.iter().rfind(|(start, _)| *start <= frame.offset).unwrap();
            spread.frames.push(Frame {
                file: file.clone(),
                offset: usize::try_from(frame.offset - start).unwrap(),
                length: usize::try_from(frame.end.offset - frame.offset).unwrap(),
                sequence: frame.end.sequence,
                ledger: AgreementId::from_digest(append.ledger.digest()).to_string(),
                entry: append.before.get(),
            });
        }
        spread.files = starts.into_iter().map(|(_, file)| file).collect();
        assert!(spread.files.len() >= 6, "{:?}", spread.files);
        spread
    }

    fn in_file(&self, place: usize) -> Vec<&Frame> {
        self.frames.iter().filter(|frame| frame.file == self.files[place]).collect()
    }

    fn frame(&self, place: usize) -> Frame {
        let frames = self.in_file(place);
        frames[frames.len() / 2].clone()
    }

    /// Flips a byte within a frame, or takes a file away, and puts things back afterwards.
    fn hurt<R>(&self, hurts: &[Hurt<'_>], look: impl FnOnce() -> R) -> R {
        let path = |file: &str| self.world.path("store").join(file);
        let files: Vec<&String> = hurts.iter().map(Hurt::file).collect();
        let before: Vec<Vec<u8>> = files.iter().map(|file| fs::read(path(file)).unwrap()).collect();
        for hurt in hurts {
            match hurt {
                Hurt::Flip(frame, at) => {
                    let mut bytes = fs::read(path(&frame.file)).unwrap();
                    bytes[frame.offset + at] ^= 0x10;
                    fs::write(path(&frame.file), bytes).unwrap();
                }
                Hurt::Gone(file) => fs::remove_file(path(file)).unwrap(),
            }
        }
        let seen = look();
        files.iter().zip(before).for_each(|(file, bytes)| fs::write(path(file), bytes).unwrap());
        seen
    }

    fn fsck(&self, code: i32) -> (Value, String) {
        let run = |more: &[&str]| {
            let args = ["fsck", "--store", "store", "--no-guard", "--log-key", &self.key];
            let run = self.world.run("server", &[&args[..], more].concat());
            assert_eq!(run.code, code, "{}{}", run.out, run.err);
            run.out
        };
        (serde_json::from_str(&run(&["--json"])).unwrap(), run(&[]))
    }

    /// What must be said of the ledgers when these frames are bad or gone: of each the first bad entry, and the size of the last good
    /// checkpoint. A ledger of which nothing stands behind what is gone may have had no entry there, for all that anybody can see.
    fn expected(&self, bad: &[&Frame], gone: &[&Frame]) -> BTreeMap<String, (u64, Option<u64>)> {
        let mut hurt = BTreeMap::new();
        let last = |ledger: &str| {
            let of = self.frames.iter().filter(|frame| frame.ledger == ledger && !is_in(gone, frame));
            of.map(|frame| frame.sequence).max()
        };
        for frame in self.frames.iter().filter(|frame| is_in(bad, frame) || is_in(gone, frame)) {
            if is_in(bad, frame) || last(&frame.ledger) > Some(frame.sequence) {
                hurt.entry(frame.ledger.clone()).or_insert((frame.entry, Some(frame.entry).filter(|size| *size > 0)));
            }
        }
        hurt
    }

    /// Checks what is said, in both forms.
    fn check(&self, hurts: &[Hurt<'_>], expected: &BTreeMap<String, (u64, Option<u64>)>) {
        let (report, text) = self.hurt(hurts, || self.fsck(11));
        let found: BTreeMap<String, (u64, Option<u64>)> = report["hurt"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hurt| {
                let bad = hurt["first_bad_entry"].as_u64().unwrap();
                (hurt["agreement"].as_str().unwrap().to_owned(), (bad, hurt["last_good"]["size"].as_u64()))
            })
            .collect();
        assert_eq!(&found, expected, "{hurts:?}\n{report:#}");
        let first = hurts.iter().map(|hurt| hurt.first(self)).min_by_key(|frame| frame.sequence).unwrap();
        let finding = &report["findings"][0];
        assert_eq!(
            json!([finding["rule"], finding["frame"]]),
            json!(["FRAME_DAMAGED", first.sequence]),
            "{hurts:?}\n{report:#}"
        );
        for hurt in report["hurt"].as_array().unwrap() {
            let (agreement, good) = (hurt["agreement"].as_str().unwrap(), &hurt["last_good"]);
            assert!(
                text.contains(&format!("hurt: {agreement}\n   first bad entry: {} (frame", hurt["first_bad_entry"]))
            );
            if let Some(size) = good["size"].as_u64() {
                let root = good["root"].as_str().unwrap();
                assert!(text.contains(&format!("last good checkpoint: {size} entries, root {root}")), "{text}");
                assert!(good["note"].as_str().unwrap().contains(agreement), "{report:#}");
            }
            // Where: in the frame of that entry, or where the file was that is gone.
            let (entry, frame) = (hurt["first_bad_entry"].as_u64().unwrap(), hurt["frame"].as_u64().unwrap());
            let of_entry = self.frames.iter().find(|frame| frame.ledger == agreement && frame.entry == entry).unwrap();
            let gone = hurts.iter().filter(|hurt| matches!(hurt, Hurt::Gone(_))).map(|hurt| hurt.first(self).sequence);
            assert!(gone.chain([of_entry.sequence]).any(|known| known == frame), "{frame} {hurts:?}\n{report:#}");
        }
    }
}

#[derive(Clone, Debug)]
enum Hurt<'a> {
    Flip(&'a Frame, usize),
    Gone(&'a String),
}

impl Hurt<'_> {
    fn file(&self) -> &String {
        match self {
            Self::Flip(frame, _) => &frame.file,
            Self::Gone(file) => file,
        }
    }

    fn first<'a>(&self, spread: &'a Spread) -> &'a Frame {
        let hurt = |frame: &&Frame| match self {
            Self::Flip(flipped, _) => flipped.sequence == frame.sequence,
            Self::Gone(file) => frame.file == **file,
        };
        spread.frames.iter().find(hurt).unwrap()
    }
}

fn is_in(some: &[&Frame], frame: &Frame) -> bool {
    some.iter().any(|other| other.sequence == frame.sequence)
}

fn start((name, _): (String, u64)) -> Option<(u64, String)> {
    let digits = name.strip_suffix(".log")?;
    Some((u64::from_str_radix(digits, 16).unwrap(), name))
}

/// Two ledgers that go on side by side; one that is quiet in the middle; and one that ends early.
async fn fill(world: &World, key: &SecretKey) {
    let store = make_store(world, SEGMENT_BYTES);
    let sequencer = open(&store, key).await;
    let deals: Vec<Deal> = (0..4).map(Deal::new).collect();
    let mut said: Vec<_> = deals.iter().flat_map(Deal::opening).collect();
    for round in 1..=12 {
        said.extend([0, 1].map(|deal| deals[deal].contribution(round)));
        if round == 1 || round == 12 {
            said.push(deals[2].contribution(round));
        }
    }
    for envelope in said {
        submit(&sequencer, envelope).await.unwrap();
    }
    sequencer.shut_down().await;
    store.settle();
}

/// A log of such segments as a server keeps it, with its index.
fn make_store(world: &World, segment_bytes: u64) -> Arc<LogStore> {
    let usual = LogConfig::new(LogId([7; 8]));
    let config = LogConfig { segment_bytes, ahead_bytes: 0, settling: Settling::Behind, ..usual };
    let path = world.path("store");
    let disk: Arc<dyn Disk> = Arc::new(FolderDisk::make(&path).unwrap());
    let index = || {
        let index: Box<dyn Index> = Box::new(SledIndex::open(&path.join("index"), 1 << 20)?);
        Ok(index)
    };
    Arc::new(LogStore::open_on(disk, index, config).unwrap())
}

async fn open(store: &Arc<LogStore>, key: &SecretKey) -> Sequencer {
    let config = SequencerConfig::new("log.example", key.clone(), Arc::new(|| ms(NOON_MS)));
    let store: Arc<dyn Store> = store.clone();
    Sequencer::open(store, config).await.unwrap()
}

#[test]
fn many_segments_that_are_whole_are_sound() {
    let spread = Spread::new();
    let (report, text) = spread.fsck(0);
    assert_eq!(report["entries"].as_u64(), Some(u64::try_from(spread.frames.len()).unwrap()));
    assert!(text.starts_with("sound:"), "{text}");
}

#[test]
fn a_byte_flipped_in_any_segment_is_named() {
    let spread = Spread::new();
    for place in [0, spread.files.len() / 2, spread.files.len() - 1] {
        let frame = spread.frame(place);
        // In the leaf, and in the note.
        for at in [frame.length / 2, frame.length - 60] {
            spread.check(&[Hurt::Flip(&frame, at)], &spread.expected(&[&frame], &[]));
        }
        // In the frame's own check, on which the one behind it rests.
        let next = spread.frames.iter().find(|next| next.sequence == frame.sequence + 1);
        let bad: Vec<&Frame> = [&frame].into_iter().chain(next).collect();
        spread.check(&[Hurt::Flip(&frame, frame.length - 3)], &spread.expected(&bad, &[]));
    }
    let (report, _) = spread.fsck(0);
    assert_eq!(report["sound"], true, "all is as it was");
}

#[test]
fn a_segment_that_is_gone_is_named_with_the_ledgers_that_had_entries_there() {
    let spread = Spread::new();
    for place in [0, spread.files.len() / 2, spread.files.len() - 1] {
        let gone = spread.in_file(place);
        spread.check(&[Hurt::Gone(&spread.files[place])], &spread.expected(&[], &gone));
    }
}

#[test]
fn of_two_damages_each_ledger_is_named_with_its_first() {
    let spread = Spread::new();
    let (early, late) = (1, spread.files.len() - 2);
    let frames = [spread.frame(early), spread.frame(late)];
    let flips: Vec<Hurt<'_>> = frames.iter().map(|frame| Hurt::Flip(frame, frame.length / 2)).collect();
    spread.check(&flips, &spread.expected(&[&frames[0], &frames[1]], &[]));
    // One flipped, one gone: either way round, and both gone.
    let gone = |place: usize| (spread.in_file(place), Hurt::Gone(&spread.files[place]));
    let (late_gone, hurt) = gone(late);
    spread.check(&[flips[0].clone(), hurt.clone()], &spread.expected(&[&frames[0]], &late_gone));
    let (early_gone, early_hurt) = gone(early);
    spread.check(&[early_hurt.clone(), flips[1].clone()], &spread.expected(&[&frames[1]], &early_gone));
    let both = [&early_gone[..], &late_gone].concat();
    spread.check(&[early_hurt, hurt], &spread.expected(&[], &both));
}

/// Says much in one ledger: work with an artifact each, half of it accepted long after it was claimed.
async fn fill_with(world: &World, key: &SecretKey, contributions: u64) -> u64 {
    let store = make_store(world, 64 << 20);
    let sequencer = open(&store, key).await;
    let deal = Deal::new(1);
    for envelope in deal.opening() {
        submit(&sequencer, envelope).await.unwrap();
    }
    let mut claims = Vec::new();
    for first in (0..contributions).step_by(100) {
        let said: Vec<Envelope> = (first..first + 100).map(|number| shown(&deal, number)).collect();
        claims.extend(said.iter().map(|envelope| StatementId::from_digest(envelope.id())));
        let mut at_once = JoinSet::new();
        for envelope in said {
            let sequencer = sequencer.clone();
            at_once.spawn(async move { submit(&sequencer, envelope).await.map(drop) });
        }
        at_once.join_all().await.into_iter().for_each(Result::unwrap);
    }
    let verdict = Verdict::Accepted { quality: Ratio::ONE, unplanned: false };
    for (number, claims) in (0..).zip(claims[..claims.len() / 2].chunks(50)) {
        let body = Attestation { contributions: claims.to_vec(), verdict, reason: String::new() };
        submit(&sequencer, deal.say("enterprise", 1_000 + number, None, Body::Attestation(body))).await.unwrap();
    }
    let size = sequencer.checkpoint(deal.id).await.unwrap().checkpoint().size.get();
    sequencer.shut_down().await;
    store.settle();
    size
}

fn shown(deal: &Deal, number: u64) -> Envelope {
    let artifact = Artifact {
        kind: ArtifactKind::PullRequest,
        digest: ArtifactDigest::Sha256(Digest::of(&[&number.to_be_bytes()])),
        media_type: String::new(),
        uri: "https://example.org/of-which-the-law-needs-nothing".into(),
        fraction: Ratio::ONE,
    };
    deal.say("community", number, None, Body::Contribution(hour("community", vec![artifact])))
}

#[test]
fn what_is_remembered_of_many_entries_is_on_disk_and_removed() {
    let (world, key) = (World::new(), SecretKey::from_seed(&[9; 32]));
    let size = tokio::runtime::Runtime::new().unwrap().block_on(fill_with(&world, &key, 1_600));
    let key = key.public().to_string();
    let report = world.json("server", &["fsck", "--store", "store", "--no-guard", "--log-key", &key]);
    assert_eq!((report["entries"].as_u64(), &report["sound"]), (Some(size), &json!(true)), "{report:#}");
    // What the server has put away is, slip by slip, what the check has.
    assert_eq!((&report["kept"]["hold"], &report["kept"]["not_used"]), (&json!(1), &json!([])), "{report:#}");
    let left: Vec<_> = fs::read_dir(world.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("fsck")), "{left:?}");
}
