//! Work on every core, taken in order. Knows nothing of what is worked on.

use std::{
    collections::BTreeMap,
    num::NonZero,
    panic::{self, AssertUnwindSafe},
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

/// Works on what `source` gives on every core, and hands what comes of it to `sink` in the order of the source, on the
/// caller's thread, while the next is being worked on. Ends with the source, or when `sink` says `false`.
///
/// Memory is that of two pieces for each core. A piece should be worth more than the few microseconds it costs to hand over.
/// A panic in `work` is the caller's.
pub fn in_order<I: Send, O: Send>(
    mut source: impl FnMut() -> Option<I>,
    work: impl Fn(I) -> O + Sync,
    mut sink: impl FnMut(O) -> bool,
) {
    // Threads are for what comes in more than one piece.
    let Some(first) = source() else { return };
    let Some(second) = source() else {
        sink(work(first));
        return;
    };
    let cores = cores();
    let (to_work, waiting) = mpsc::channel::<(u64, I)>();
    let (worked, done) = mpsc::channel();
    let waiting = Mutex::new(waiting);
    thread::scope(|scope| {
        // Dropped when this closure ends, however it does: then the threads end, too.
        let to_work = to_work;
        for _ in 0..cores {
            let (worked, waiting, work) = (worked.clone(), &waiting, &work);
            scope.spawn(move || {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((number, piece)) = next else { return };
                    let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(piece)));
                    if worked.send((number, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(worked);
        let mut begun = [first, second].into_iter().map(Some).chain(std::iter::from_fn(|| Some(source())));
        let (mut sent, mut taken, mut ended) = (0_u64, 0_u64, false);
        let mut early = BTreeMap::new();
        let ahead = u64::try_from(2 * cores).unwrap_or(2);
        loop {
            while !ended && sent - taken < ahead {
                match begun.next().flatten() {
                    // The threads wait for as long as the sender is there.
                    Some(piece) => drop(to_work.send((sent, piece))),
                    None => {
                        ended = true;
                        break;
                    }
                }
                sent += 1;
            }
            if sent == taken {
                return;
            }
            let outcome = loop {
                if let Some(outcome) = early.remove(&taken) {
                    break outcome;
                }
                let Ok((number, outcome)) = done.recv() else { return };
                early.insert(number, outcome);
            };
            taken += 1;
            if !sink(outcome.unwrap_or_else(|panicked| panic::resume_unwind(panicked))) {
                return;
            }
        }
    });
}

/// Works on every item on every core, and returns what comes of them in order.
pub fn map<T: Sync, O: Send>(items: &[T], work: impl Fn(&T) -> O + Sync) -> Vec<O> {
    // Several pieces for each core, so that none waits long for another; none so small that handing it over is felt.
    let piece = items.len().div_ceil(4 * cores()).max(PIECE_ITEMS_MIN);
    let mut outcomes = Vec::with_capacity(items.len());
    let mut pieces = items.chunks(piece);
    in_order(
        || pieces.next(),
        |piece| piece.iter().map(&work).collect::<Vec<O>>(),
        |piece| {
            outcomes.extend(piece);
            true
        },
    );
    outcomes
}

/// A signature takes some 30 microseconds.
const PIECE_ITEMS_MIN: usize = 16;

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

#[cfg(test)]
mod tests {
    use std::{
        panic,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::{cores, in_order, map};

    #[test]
    fn what_comes_of_the_pieces_is_taken_in_the_order_of_the_source() {
        for count in [0, 1, 2, 3, 500_u64] {
            let (mut next, mut taken) = (0, Vec::new());
            in_order(
                || {
                    next += 1;
                    (next <= count).then_some(next)
                },
                |piece| {
                    // The first of each ten takes longest.
                    std::thread::sleep(std::time::Duration::from_micros(if piece % 10 == 1 { 500 } else { 1 }));
                    piece * 2
                },
                |outcome| {
                    taken.push(outcome);
                    true
                },
            );
            assert_eq!(taken, (1..=count).map(|piece| piece * 2).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_more_pieces_are_asked_for_than_two_for_each_core_ahead_of_the_sink() {
        let (asked, mut taken) = (AtomicUsize::new(0), 0);
        in_order(
            || (asked.fetch_add(1, Ordering::Relaxed) < 200).then_some(()),
            |()| (),
            |()| {
                taken += 1;
                assert!(asked.load(Ordering::Relaxed) <= taken + 2 * cores() + 1);
                true
            },
        );
        assert_eq!(taken, 200);
    }

    #[test]
    fn it_ends_when_the_sink_has_enough() {
        let mut taken = 0;
        in_order(
            || Some(()),
            |()| (),
            |()| {
                taken += 1;
                taken < 3
            },
        );
        assert_eq!(taken, 3);
    }

    #[test]
    fn a_panic_in_the_work_is_the_callers() {
        let items: Vec<u32> = (0..1_000).collect();
        let worked = panic::catch_unwind(|| map(&items, |item| assert_ne!(*item, 700)));
        assert!(worked.is_err());
        assert_eq!(map(&items, |item| item + 1), (1..=1_000).collect::<Vec<_>>());
    }
}
