//! What a durable file costs alone: entries appended, and one flush for each batch.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use crate::{drive::number, parties::Failed};

/// Appends batches of entries of `entry_bytes` each, and flushes each to the disk; returns the entries per second.
pub fn per_second(folder: &Path, entry_bytes: usize, batch: usize, span: Duration) -> Result<f64, Failed> {
    let folder = tempfile::tempdir_in(folder)?;
    let mut file = File::create(folder.path().join("entries"))?;
    let mut bytes = vec![0; entry_bytes * batch];
    let (mut count, began) = (0_usize, Instant::now());
    while began.elapsed() < span {
        // Another each time, so that nobody below can tell that it is the same.
        bytes[..8].copy_from_slice(&count.to_be_bytes());
        file.write_all(&bytes)?;
        file.sync_data()?;
        count += batch;
    }
    Ok(number(count) / began.elapsed().as_secs_f64())
}
