//! A bare disk: rows appended to one file, and `fdatasync` after so many of them.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::spans;
use crate::setting::{Setting, send_frame};
use crate::timings::Timings;

/// What a bare disk does.
pub(crate) struct Disk {
    /// The median of one `fdatasync`, with the write before it.
    pub(crate) sync_us: f64,
    pub(crate) rows_per_second: f64,
}

/// Appends rows of the bytes of a send, so many to each `fdatasync`.
pub(crate) async fn append(setting: &Setting, rows: usize) -> Result<Disk> {
    let (path, (_, span)) = (setting.dir.join("rows"), spans(setting.size));
    tokio::task::spawn_blocking(move || append_for(&path, rows, span)).await.context("appending")?
}

fn append_for(path: &Path, rows: usize, span: Duration) -> Result<Disk> {
    let mut file = File::create(path)?;
    let batch = send_frame().repeat(rows);
    let (timings, began) = (Timings::default(), Instant::now());
    let mut written = 0;
    while began.elapsed() < span || written == 0 {
        let at = Instant::now();
        file.write_all(&batch)?;
        file.sync_data()?;
        timings.note(at.elapsed().as_secs_f64() * 1e6);
        written += rows;
    }
    let rows_per_second = written as f64 / began.elapsed().as_secs_f64();
    Ok(Disk { sync_us: timings.take().quantile(0.5), rows_per_second })
}
