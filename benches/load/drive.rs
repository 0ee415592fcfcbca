//! Closed and open loops, whatever it is that is called.
//!
//! In a closed loop each caller calls again when its last call is answered. In an open loop calls are due at fixed times,
//! whether or not the others have been answered, and each waits from when it was due: a server that stalls cannot hide it.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{runtime::Handle, task::JoinSet};

use crate::parties::Failed;

/// What became of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was answered, and the answer holds.
    Proved,
    /// The server was busy.
    Refused,
    /// There was nobody to answer.
    None,
}

/// What a loop measured.
pub struct Timed {
    /// How many calls were answered.
    pub count: usize,
    pub took: Duration,
    /// Microseconds of each answered call.
    pub latency: Histogram<u64>,
}

impl Timed {
    pub fn per_second(&self) -> f64 {
        number(self.count) / self.took.as_secs_f64().max(1e-9)
    }

    fn new(began: Instant, waited: impl IntoIterator<Item = Vec<u32>>) -> Self {
        let took = began.elapsed();
        let mut latency = Histogram::new_with_bounds(1, HIGHEST_MICROS, 3).expect("the bounds are in order");
        let mut count = 0;
        for micros in waited.into_iter().flatten() {
            latency.saturating_record(u64::from(micros));
            count += 1;
        }
        Self { count, took, latency }
    }
}

const HIGHEST_MICROS: u64 = 600_000_000;

/// The slots that are handed out to callers, until there are no more or the time is over.
pub struct Stretch {
    next: AtomicUsize,
    count: usize,
    ends: Option<Instant>,
}

impl Stretch {
    pub fn new(count: usize, span: Option<Duration>) -> Arc<Self> {
        Arc::new(Self { next: AtomicUsize::new(0), count, ends: span.map(|span| Instant::now() + span) })
    }

    pub fn next(&self) -> Option<usize> {
        if self.ends.is_some_and(|ends| Instant::now() >= ends) {
            return None;
        }
        let slot = self.next.fetch_add(1, Ordering::Relaxed);
        (slot < self.count).then_some(slot)
    }
}

/// Calls in a closed loop; ends at the first call that fails.
pub async fn closed<F>(
    in_flight: usize,
    stretch: Arc<Stretch>,
    call: impl Fn(usize, usize) -> F + Clone + Send + 'static,
) -> Result<Timed, Failed>
where
    F: Future<Output = Result<Answer, Failed>> + Send,
{
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..in_flight {
        let (stretch, call) = (Arc::clone(&stretch), call.clone());
        callers.spawn(async move {
            let mut waited = Vec::new();
            while let Some(slot) = stretch.next() {
                let called = Instant::now();
                match call(caller, slot).await? {
                    Answer::Proved => waited.push(micros(called)),
                    Answer::Refused => {}
                    Answer::None => break,
                }
            }
            Ok::<_, Failed>(waited)
        });
    }
    gather(began, callers).await
}

/// Submits through so many streams at a time.
pub async fn streams<F>(
    streams: usize,
    stretch: Arc<Stretch>,
    run: impl Fn(usize, Arc<Stretch>) -> F,
) -> Result<Timed, Failed>
where
    F: Future<Output = Result<Vec<u32>, Failed>> + Send + 'static,
{
    let began = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..streams {
        running.spawn(run(number, Arc::clone(&stretch)));
    }
    gather(began, running).await
}

async fn gather(began: Instant, mut running: JoinSet<Result<Vec<u32>, Failed>>) -> Result<Timed, Failed> {
    let mut waited = Vec::new();
    while let Some(ended) = running.join_next().await {
        waited.push(ended??);
    }
    Ok(Timed::new(began, waited))
}

/// Calls in an open loop, `rate` times a second.
///
/// A thread of its own tells when a call is due: a runtime that is busy with answers would be late.
pub async fn open<F>(
    rate: u64,
    stretch: Arc<Stretch>,
    call: impl Fn(usize, usize) -> F + Clone + Send + Sync + 'static,
) -> Result<Timed, Failed>
where
    F: Future<Output = Result<Answer, Failed>> + Send + 'static,
{
    let runtime = Handle::current();
    let began = Instant::now();
    let clock = tokio::task::spawn_blocking(move || {
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut calls = Vec::new();
        while let Some(slot) = stretch.next() {
            let due = began + Duration::from_nanos(nanos_until(slot, rate));
            while waiting.load(Ordering::Relaxed) >= WAITING_MAX {
                thread::sleep(PAUSE);
            }
            if let Some(early) = due.checked_duration_since(Instant::now()) {
                thread::sleep(early);
            }
            waiting.fetch_add(1, Ordering::Relaxed);
            let (called, waiting) = (call(slot, slot), Arc::clone(&waiting));
            calls.push(runtime.spawn(async move {
                let answer = called.await;
                waiting.fetch_sub(1, Ordering::Relaxed);
                Ok::<_, Failed>((answer? == Answer::Proved).then(|| micros(due)))
            }));
        }
        calls
    });
    let mut waited = Vec::new();
    for call in clock.await? {
        waited.extend(call.await??);
    }
    Ok(Timed::new(began, [waited]))
}

/// A tool that kept any number of calls open would be measured itself; calls beyond wait here, and their clock runs.
const WAITING_MAX: usize = 50_000;
const PAUSE: Duration = Duration::from_micros(200);

fn nanos_until(slot: usize, rate: u64) -> u64 {
    let nanos = u128::try_from(slot).unwrap_or(0) * 1_000_000_000 / u128::from(rate.max(1));
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

pub fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

pub fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
