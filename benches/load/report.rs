//! The table, for people and as CSV.

use std::{fmt::Write as _, time::Duration};

use hdrhistogram::Histogram;

use crate::{
    baselines::{Baseline, Kind},
    drive::number,
    parties::Failed,
    row::Row,
};

/// Milliseconds: half of the calls, 99 of 100, and 999 of 1,000 waited no longer.
pub fn waited(latency: &Histogram<u64>) -> [f64; 3] {
    [0.5, 0.99, 0.999]
        .map(|quantile| f64::from(u32::try_from(latency.value_at_quantile(quantile)).unwrap_or(u32::MAX)) / 1e3)
}

/// The columns after the name.
const COLUMNS: [&str; 14] = [
    "per_s",
    "p50_ms",
    "p99_ms",
    "p99.9_ms",
    "server_cpu_ms_per_1000",
    "tool_cpu_ms_per_1000",
    "resident_mb",
    "peak_mb",
    "batch",
    "disk_per_byte_running",
    "disk_per_byte_stopped",
    "busy_answers",
    "x_verify",
    "x_echo",
];

/// The same, as the table has room for.
const HEADS: [&str; 14] = [
    "per s", "p50 ms", "p99 ms", "p99.9", "srv cpu", "our cpu", "MB", "peak", "batch", "disk", "stopped", "busy",
    "xverify", "xecho",
];

pub struct Report {
    pub rows: Vec<Row>,
    pub baselines: Vec<Baseline>,
    /// What was measured, where, and what else there is to say; a line each.
    pub said: Vec<String>,
}

impl Report {
    /// Returns the table for people.
    pub fn text(&self) -> Result<String, Failed> {
        let mut text = String::new();
        let lines = self.lines();
        let widest = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        let mut line = |name: &str, cells: &[String]| {
            write!(text, "{name:<widest$}")?;
            for cell in cells {
                write!(text, " {cell:>8}")?;
            }
            writeln!(text)
        };
        line("", &HEADS.map(str::to_owned))?;
        for (name, cells) in &lines {
            line(name, cells)?;
        }
        writeln!(text, "\ncpu: ms for 1,000 statements, of the server and of this tool, which checks every receipt.")?;
        writeln!(
            text,
            "batch: statements for each checkpoint. disk: bytes on disk for each byte of entry, running and stopped."
        )?;
        writeln!(
            text,
            "xverify: beside verify_strict alone, every core, prepared keys, right before and after the row; xecho: beside the echo."
        )?;
        for row in &self.rows {
            if let Some(recovery) = &row.recovery {
                writeln!(
                    text,
                    "killed under load, {}: ready again after {:.0} ms; {} of {} checkpoints proved to be continued; {} submitted again",
                    row.name,
                    recovery.ready.as_secs_f64() * 1e3,
                    recovery.proved.0,
                    recovery.proved.1,
                    recovery.again
                )?;
            }
        }
        for line in &self.said {
            writeln!(text, "{line}")?;
        }
        Ok(text)
    }

    /// Returns the table as CSV, what is said first, as comments.
    pub fn csv(&self) -> Result<String, Failed> {
        let mut csv = String::new();
        for line in &self.said {
            writeln!(csv, "# {line}")?;
        }
        writeln!(csv, "name,{}", COLUMNS.join(","))?;
        for (name, cells) in self.lines() {
            let cells: Vec<String> =
                cells.into_iter().map(|cell| if cell == "-" { String::new() } else { cell }).collect();
            writeln!(csv, "\"{name}\",{}", cells.join(","))?;
        }
        Ok(csv)
    }

    fn lines(&self) -> Vec<(String, Vec<String>)> {
        let rows = self.rows.iter().map(|row| (row.name.clone(), self.row(row)));
        let baselines = self.baselines.iter().map(|baseline| (baseline.name.clone(), self.baseline(baseline)));
        rows.chain(baselines).collect()
    }

    fn row(&self, row: &Row) -> Vec<String> {
        let per_second = row.timed.per_second();
        let each = |spent: Option<Duration>| {
            spent.map(|spent| format!("{:.1}", spent.as_secs_f64() * 1e6 / number(row.timed.count.max(1))))
        };
        let megabytes = |bytes: u64| (bytes / 1_048_576).to_string();
        let [p50, p99, p999] = waited(&row.timed.latency).map(|waited| Some(format!("{waited:.2}")));
        let echo = row.in_flight.and_then(|in_flight| self.baseline_of(row.size, Kind::Echo { in_flight }));
        let cells = [
            Some(format!("{per_second:.0}")),
            p50,
            p99,
            p999,
            each(row.server_cpu),
            each(row.tool_cpu),
            row.memory.map(|memory| megabytes(memory.resident)),
            row.memory.map(|memory| megabytes(memory.peak)),
            row.batch.map(|batch| batch.to_string()),
            row.disk[0].map(|disk| format!("{disk:.2}")),
            row.disk[1].map(|disk| format!("{disk:.2}")),
            Some(row.refused.to_string()),
            ratio(per_second, row.verify),
            ratio(per_second, echo),
        ];
        cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned())).into()
    }

    fn baseline(&self, baseline: &Baseline) -> Vec<String> {
        let mut cells = vec!["-".to_owned(); COLUMNS.len()];
        cells[0] = format!("{:.0}", baseline.per_second);
        for (cell, waited) in cells[1..].iter_mut().zip(baseline.waited.into_iter().flatten()) {
            *cell = format!("{waited:.2}");
        }
        if let Some(ratio) = ratio(baseline.per_second, self.baseline_of(baseline.size, Kind::Verify)) {
            cells[12] = ratio;
        }
        cells
    }

    fn baseline_of(&self, size: usize, kind: Kind) -> Option<f64> {
        let of = self.baselines.iter().find(|baseline| baseline.size == size && baseline.kind == kind);
        of.map(|baseline| baseline.per_second)
    }
}

fn ratio(per_second: f64, baseline: Option<f64>) -> Option<String> {
    baseline.map(|baseline| format!("{:.3}", per_second / baseline))
}
