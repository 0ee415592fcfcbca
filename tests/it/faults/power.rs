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
        promises::{Failures, Promises, connect},
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
    failures: Failures,
    /// From starting the server to its being ready, after each cut.
    opened: Vec<Duration>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cutting_the_power_under_load_takes_nothing_back() {
    let wanted: Option<usize> = env::var("COUNTERFOIL_CUTS").ok().map(|cuts| cuts.parse().unwrap());
    let mut chance = Chance::new("power cuts");
    let (mut seen, until) = (Seen::default(), Instant::now() + SAMPLE);
    let goes_on = |seen: &Seen| match wanted {
        Some(wanted) => seen.cuts() < wanted,
        None => Instant::now() < until,
    };
    while goes_on(&seen) {
        let Some(disk) = CutDisk::make() else { return };
        let (mut promises, mut cuts) = (Promises::default(), 0);
        let mut whole = true;
        while whole && (cuts == 0 || goes_on(&seen) && cuts < CUTS_OF_A_DISK) {
            let cut = cut_once(&disk, &mut promises, &mut chance, &mut seen).await;
            let (place, mut promised) = (place_on(&disk), promises.clone());
            let begun = Instant::now();
            let held = tokio::spawn(async move {
                let running = place.must_start();
                let opened = begun.elapsed();
                let client = connect(&running.url, running.log_key).await.unwrap();
                promised.hold(&client, running.log_key).await;
                running.kill();
                (promised, opened)
            });
            match held.await {
                Ok((held, opened)) => {
                    promises = held;
                    seen.opened.push(opened);
                }
                Err(panicked) => {
                    seen.failures.took(&format!("{cut:?}"), panicked);
                    whole = false;
                }
            }
            cuts += 1;
        }
        seen.settled += promises.settled;
        for (reason, count) in promises.reasons {
            *seen.reasons.entry(reason).or_default() += count;
        }
    }
    seen.tell();
    assert!(seen.failures.are_none(), "what was promised is not kept");
    assert!(seen.answered > seen.cuts(), "there was hardly any load");
}

/// Load, cut, and power again.
async fn cut_once(disk: &CutDisk, promises: &mut Promises, chance: &mut Chance, seen: &mut Seen) -> Cut {
    let place = place_on(disk);
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
    cut
}

fn place_on(disk: &CutDisk) -> Place {
    let place = Place { folder: disk.path().join("server"), said: disk.beside().join("said") };
    std::fs::create_dir_all(place.folder.join("home")).unwrap();
    place
}

impl Seen {
    fn cuts(&self) -> usize {
        self.cuts.values().sum()
    }

    fn tell(&self) {
        let mut opened = self.opened.clone();
        opened.sort_unstable();
        let median = opened.get(opened.len() / 2).copied().unwrap_or_default();
        let longest = opened.last().copied().unwrap_or_default();
        eprintln!(
            "{} power cuts {:?}, {} of them while starting: {} statements acknowledged under load, {} unanswered submitted \
             again; {}; ready after {median:.0?} (median), {longest:.0?} (longest)",
            self.cuts(),
            self.cuts,
            self.cuts_while_starting,
            self.answered,
            self.settled,
            self.failures,
        );
        eprintln!("  answers beside receipts: {:?}", self.reasons);
    }
}
