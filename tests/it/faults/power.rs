//! The power goes while a real server is under load: whatever it acknowledged is there when the power is back, and nothing else is
//! in its place.
//!
//! The ordinary run cuts a few times where a file system may be mounted; `COUNTERFOIL_CUTS=200` cuts so often.

use std::{
    collections::BTreeMap,
    env,
    time::{Duration, Instant},
};

use crate::{
    common::Chance,
    faults::{
        disk::{Cut, CutDisk},
        promises::{Promises, connect},
        server::Place,
    },
};

/// How long the ordinary run goes on cutting.
const SAMPLE: Duration = Duration::from_secs(15);
/// After so many cuts a disk is replaced by a new one, so that founding and a young store are cut, too.
const CUTS_OF_A_DISK: usize = 8;
const WRITERS: usize = 9;
const AGREEMENTS: usize = 3;

/// What was seen in all cuts.
#[derive(Default)]
struct Seen {
    cuts: BTreeMap<Cut, usize>,
    cuts_while_starting: usize,
    answered: usize,
    settled: usize,
    reasons: BTreeMap<String, usize>,
    /// From starting the server to its being ready, after each cut.
    opened: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cutting_the_power_under_load_takes_nothing_back() {
    let wanted: Option<usize> = env::var("COUNTERFOIL_CUTS").ok().map(|cuts| cuts.parse().unwrap());
    let mut chance = Chance::new("power cuts");
    let (mut seen, until) = (Seen::default(), Instant::now() + SAMPLE);
    let goes_on = |seen: &Seen| match wanted {
        Some(wanted) => seen.opened.len() < wanted,
        None => Instant::now() < until,
    };
    while goes_on(&seen) {
        let Some(disk) = CutDisk::make() else { return };
        let (mut promises, mut cuts) = (Promises::default(), 0);
        while cuts == 0 || goes_on(&seen) && cuts < CUTS_OF_A_DISK {
            cut_once(&disk, &mut promises, &mut chance, &mut seen).await;
            cuts += 1;
        }
        seen.settled += promises.settled;
        for (reason, count) in promises.reasons {
            *seen.reasons.entry(reason).or_default() += count;
        }
    }
    seen.tell();
    assert!(seen.answered > seen.opened.len(), "there was hardly any load");
}

/// Load, cut, power again, and the server held to all it promised.
async fn cut_once(disk: &CutDisk, promises: &mut Promises, chance: &mut Chance, seen: &mut Seen) {
    let place = Place { folder: disk.path().join("server"), said: disk.beside().join("said") };
    std::fs::create_dir_all(place.folder.join("home")).unwrap();
    let cut = Cut::ALL[chance.below(2)];
    *seen.cuts.entry(cut).or_default() += 1;
    let running = place.must_start();
    if promises.receipts() > 0 && chance.below(4) == 0 {
        // Right at the start, while it may still be writing what it found out by opening.
        disk.cut(cut);
        seen.cuts_while_starting += 1;
        running.kill();
    } else {
        let client = connect(&running.url, running.log_key).await.unwrap();
        if promises.receipts() == 0 {
            for _ in 0..AGREEMENTS {
                promises.found(&client).await;
            }
        }
        let after = Duration::from_millis(20 + chance.next() % 400);
        let load = promises.load(&client, WRITERS, async {
            tokio::time::sleep(after).await;
            disk.cut(cut);
            // Answers that the cut met on their way must not be promises that nobody keeps.
            tokio::time::sleep(Duration::from_millis(30)).await;
            running.kill();
        });
        seen.answered += load.await;
    }
    disk.mount_again();
    let begun = Instant::now();
    let running = place.start(&[]).unwrap_or_else(|ended| panic!("did not open after a cut of {cut:?}: {ended:?}"));
    seen.opened.push(begun.elapsed());
    let client = connect(&running.url, running.log_key).await.unwrap();
    promises.hold(&client, running.log_key).await;
    running.kill();
}

impl Seen {
    fn tell(&self) {
        let mut opened = self.opened.clone();
        opened.sort_unstable();
        let (median, longest) = (opened[opened.len() / 2], opened[opened.len() - 1]);
        eprintln!(
            "{} power cuts {:?}, {} of them while starting: {} statements acknowledged under load, {} unanswered submitted \
             again, 0 lost, 0 forked, 0 stores that did not open; ready after {median:.0?} (median), {longest:.0?} (longest)",
            self.opened.len(),
            self.cuts,
            self.cuts_while_starting,
            self.answered,
            self.settled,
        );
        eprintln!("  answers beside receipts: {:?}", self.reasons);
    }
}
