//! More than a server can do, and for longer: what becomes of those it admits, and of its memory.

use std::{
    io::Write as _,
    process,
    time::{Duration, Instant},
};

use crate::{
    about,
    drive::{Stretch, closed, number},
    machine,
    options::{Load, Options, Plan},
    parties::Failed,
    report::Report,
    row::Loaded,
    sender::{Patience, Sender},
};

/// Offers a server what it can do, then half as much, as much, and twice as much, each second, whether it keeps up or not.
///
/// The two are kept to different cores where that can be: callers that share theirs with an overloaded server would measure
/// how long they wait for themselves.
pub async fn overload(options: &Options, seed: u64) -> Result<Report, Failed> {
    // A few connections would hold the calls back by themselves, each having only so many at a time.
    let options = &Options { connections: options.connections.max(OVERLOAD_CONNECTIONS), ..options.clone() };
    let agreements = options.agreements.first().copied().unwrap_or(1);
    let size = options.size.first().copied().unwrap_or(256);
    let in_flight = options.in_flight.first().copied().unwrap_or(512);
    let most = Plan { load: Load::Closed { in_flight }, agreements, size };
    let mut report = Report { rows: Vec::new(), baselines: Vec::new(), said: about(seed) };
    let parts = if options.server.is_none() { machine::parts_of_cores() } else { None };
    report.said.push(match &parts {
        Some([server, tool]) => format!("the server on cores {server}, this tool on cores {tool}"),
        None => "the server and this tool on the same cores, or on different machines".to_owned(),
    });
    if let Some([_, tool]) = &parts {
        machine::keep_to(process::id(), tool)?;
    }
    let begin = async |seed| -> Result<Loaded<'_>, Failed> {
        let loaded = Loaded::begin(options, seed, agreements, size).await?;
        if let (Some([server, _]), Some(pid)) = (&parts, loaded.server.pid) {
            machine::keep_to(pid, server)?;
        }
        Ok(loaded)
    };
    eprintln!("{}", most.name());
    report.rows.push(begin(seed).await?.measure(&most).await?);
    let most = report.rows[0].timed.per_second();
    for (number, (share, name)) in (1..).zip([(0.5, "half"), (1.0, "all"), (2.0, "twice")]) {
        let rate = Duration::from_secs_f64(most * share).as_secs().max(1);
        let plan = Plan { load: Load::Open { rate: Some(rate) }, agreements, size };
        eprintln!("{}: {name} of it", plan.name());
        report.rows.push(begin(seed.wrapping_add(number << 48)).await?.measure(&plan).await?);
    }
    report.said.push("busy: how many were told to come again; those who wait are those who were admitted.".to_owned());
    Ok(report)
}

const OVERLOAD_CONNECTIONS: usize = 64;
const SOAK_TELLS: Duration = Duration::from_secs(5);
/// What is signed at a time, while nothing is measured.
const SOAK_PART: usize = 20_000;

/// Loads a server for so long; prints its memory, and how that grows once the server has warmed up.
pub async fn soak(options: &Options, seed: u64, seconds: u64) -> Result<(), Failed> {
    let agreements = options.agreements.first().copied().unwrap_or(1);
    let size = options.size.first().copied().unwrap_or(256);
    let in_flight = options.in_flight.first().copied().unwrap_or(512);
    let mut loaded = Loaded::begin(options, seed, agreements, size).await?;
    let pid = loaded.server.pid.ok_or("whose memory? name its process with --pid")?;
    for line in about(seed) {
        println!("{line}");
    }
    println!("{:>8} {:>12} {:>10} {:>10} {:>8}", "seconds", "statements", "per s", "MB", "peak MB");
    let (began, mut told, mut count, mut counted) = (Instant::now(), Instant::now(), 0, 0);
    let mut points: Vec<(f64, f64)> = Vec::new();
    while began.elapsed() < Duration::from_secs(seconds) {
        let work = loaded.work(SOAK_PART, options.resubmitted)?;
        let sender = Sender::new(&loaded.connections, &loaded.checker, &work, Patience::Waits);
        let call = move |caller, slot| {
            let sender = sender.clone();
            async move { sender.submit(caller, slot).await }
        };
        count += closed(in_flight, Stretch::new(work.len(), None), call).await?.count;
        work.check_indexes()?;
        loaded.checker.everything_stands(&loaded.client, 4).await?;
        loaded.checker.forget();
        if told.elapsed() >= SOAK_TELLS {
            let memory = machine::memory(pid).ok_or("the server's process is gone")?;
            let megabytes = |bytes: u64| number(usize::try_from(bytes / 1_024).unwrap_or(0)) / 1_024.0;
            let per_second = number(count - counted) / told.elapsed().as_secs_f64();
            let after = began.elapsed().as_secs_f64();
            println!(
                "{after:>8.0} {count:>12} {per_second:>10.0} {:>10.1} {:>8.1}",
                megabytes(memory.resident),
                megabytes(memory.peak)
            );
            std::io::stdout().flush()?;
            points.push((number(count), megabytes(memory.resident)));
            (told, counted) = (Instant::now(), count);
        }
    }
    let second_half = &points[points.len() / 2..];
    match slope(second_half) {
        Some(slope) => println!("second half: {:+.2} MB of memory for a million statements", slope * 1e6),
        None => println!("too short to say how memory grows"),
    }
    loaded.server.stop()?;
    Ok(())
}

/// The slope of the line that fits points best; `None` without two different ones.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = number(points.len());
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut over, mut under) = (0.0, 0.0);
    for point in points {
        over += (point.0 - x) * (point.1 - y);
        under += (point.0 - x) * (point.0 - x);
    }
    (points.len() > 1 && under > 0.0).then(|| over / under)
}
