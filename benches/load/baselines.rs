//! What the parts cost alone, and what another design reaches, measured in the same run as the rows they stand beside.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    echo::echo,
    file,
    options::{Load, Options, Plan},
    parties::{Agreement, Failed, Parties, Shape},
    postgres::Cluster,
    row::{Row, folder},
    table::{Asked, Way, batched, one_by_one, ways},
    verify::{self, Keys},
    work::Work,
};

/// A line of the table without a server behind it.
pub struct Baseline {
    pub name: String,
    pub per_second: f64,
    /// Milliseconds: half of the calls, 99 of 100, and 999 of 1,000 waited no longer.
    pub waited: Option<[f64; 3]>,
    /// The bytes of the statements it is of.
    pub size: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Verify,
    Echo { in_flight: usize },
    Other,
}

/// What an entry has beyond its payload: its head, lengths, payload type, key and signature.
const ENTRY_BYTES: usize = 150;

/// Measures what a row can be compared with before there are rows.
pub async fn before(options: &Options, plans: &[Plan]) -> Result<Vec<Baseline>, Failed> {
    let span = span(options);
    let sizes: BTreeSet<usize> = plans.iter().map(|plan| plan.size).collect();
    let mut all = Vec::new();
    for &size in &sizes {
        for (keys, name) in [(Keys::Prepared, "keys prepared"), (Keys::Decompressed, "keys from their bytes")] {
            all.push(Baseline {
                name: format!("verify_strict alone, every core, {name}, {size} B"),
                per_second: verify::per_second(size, keys, span)?,
                waited: None,
                size,
                kind: if keys == Keys::Prepared { Kind::Verify } else { Kind::Other },
            });
        }
    }
    let closed = plans.iter().filter_map(|plan| match plan.load {
        Load::Closed { in_flight } => Some((plan.size, in_flight)),
        _ => None,
    });
    for (size, in_flight) in closed.collect::<BTreeSet<_>>() {
        let timed = echo(options.connections.min(in_flight), in_flight, size, span).await?;
        all.push(Baseline {
            name: format!("gRPC echo, {in_flight} in flight, {size} B"),
            per_second: timed.per_second(),
            waited: Some(crate::report::waited(&timed.latency)),
            size,
            kind: Kind::Echo { in_flight },
        });
    }
    Ok(all)
}

/// Measures what follows from the rows: a file with their batches, and PostgreSQL. Returns what it has to say, too.
pub async fn after(options: &Options, rows: &[Row], seed: u64) -> Result<(Vec<Baseline>, String), Failed> {
    let mut all = Vec::new();
    let batches: BTreeSet<(usize, usize)> =
        rows.iter().filter_map(|row| Some((row.size, rounded(row.batch?)))).collect();
    for (size, batch) in batches {
        all.push(Baseline {
            name: format!("file, fdatasync for each {batch}, {size} B"),
            per_second: file::per_second(&folder(options), size + ENTRY_BYTES, batch, span(options))?,
            waited: None,
            size,
            kind: Kind::Other,
        });
    }
    if options.no_postgres {
        return Ok((all, "PostgreSQL: left out".to_owned()));
    }
    let Some(cluster) = Cluster::start(&folder(options))? else {
        return Ok((
            all,
            "PostgreSQL: not installed (no initdb, pg_ctl and postgres on the path or in /usr/lib/postgresql)"
                .to_owned(),
        ));
    };
    let size = rows.first().map_or(256, |row| row.size);
    for way in ways(options) {
        all.push(postgres(options, &cluster, seed, size, way).await?);
    }
    let said =
        format!("{}, synchronous_commit=on, by a socket; answers are not signed and prove nothing", cluster.version);
    Ok((all, said))
}

async fn postgres(
    options: &Options,
    cluster: &Cluster,
    seed: u64,
    size: usize,
    (way, in_flight, agreements): (Way, usize, usize),
) -> Result<Baseline, Failed> {
    let parties = Arc::new(Parties::named("all"));
    let agreements: Vec<Agreement> = (0..agreements)
        .map(|number| Ok(parties.found(seed, u64::try_from(number)?)?.0))
        .collect::<Result<_, Failed>>()?;
    let span = span(options);
    let shape = Shape::of(size)?;
    let sign = |count: usize| Work::contributions(&agreements, 1, count, options.resubmitted, &shape).map(Arc::new);
    let run = async |work: &Arc<Work>, span: Option<Duration>| match way {
        Way::Batched(asked) => batched(cluster, asked, in_flight, work, span).await,
        Way::OneByOne => one_by_one(cluster, in_flight, &agreements, work, span).await,
    };
    let tried = run(&sign(400.max(8 * in_flight))?, None).await?;
    let count = crate::row::fits(&tried, span);
    let work = sign(count.max(200))?;
    let timed = run(&work, Some(span)).await?;
    work.check_indexes()?;
    let way = match way {
        Way::Batched(Asked::ByGrpc(_)) => "a writer's batches, behind gRPC",
        Way::Batched(Asked::Directly) => "a writer's batches",
        Way::OneByOne => "a commit each",
    };
    let several = if agreements.len() > 1 { format!(", {} agreements", agreements.len()) } else { String::new() };
    Ok(Baseline {
        name: format!("PostgreSQL, {way}, {in_flight} in flight{several}, {size} B"),
        per_second: timed.per_second(),
        waited: Some(crate::report::waited(&timed.latency)),
        size,
        kind: Kind::Other,
    })
}

fn span(options: &Options) -> Duration {
    if options.smoke { Duration::from_millis(200) } else { Duration::from_secs(options.span().min(3)) }
}

/// Batches are never the same twice: the nearest power of two below is near enough for a file.
fn rounded(batch: usize) -> usize {
    1 << batch.max(1).ilog2()
}
