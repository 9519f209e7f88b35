//! The store alone: durable messages per second beside a bare file that is appended to and synced as often.

use anser_store::sqlite::SqliteStore;
use anyhow::{Context, Result};
use std::time::Duration;

use crate::appends::Writers;
use crate::figure::Figure;
use crate::raw::disk;
use crate::setting::Setting;
use crate::world::{self, Plan};

/// How many are in flight, and which part of the bare file's rows per second the store must reach.
const MARKS: [(usize, f64); 3] = [(1, 0.9), (16, 0.4), (256, 0.15)];

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let pairs = setting.size.of(500, 3);
    setting.progress.begin(format_args!("store: making {pairs} pairs"));
    let data = setting.dir.join("store");
    world::fill(&data, setting.seed, &Plan::pairs(pairs)).await?;
    let store = SqliteStore::open(&data)?;
    let mut writers = Writers::of(&store, setting.seed, pairs).await?;
    let (warm, span) = setting.size.of((1_000, 4_000), (1, 50));
    let mut figures = Vec::new();
    for (in_flight, mark) in MARKS {
        let for_ms = |ms: u64| move |_, took| took >= Duration::from_millis(ms);
        writers.append(&store, in_flight, for_ms(warm)).await?;
        // The bare file right before and right after: the disk may have other guests.
        let before = disk::append(setting, in_flight).await?;
        let appended = writers.append(&store, in_flight, for_ms(span)).await?;
        let after = disk::append(setting, in_flight).await?;
        let raw = (before.rows_per_second + after.rows_per_second) / 2.0;
        let name = |what: &str| format!("store.{in_flight}-in-flight.{what}");
        figures.push(Figure::new(name("of-the-file"), appended.per_second / raw, "x").at_least(mark));
        figures.push(Figure::new(name("messages"), appended.per_second, "/s").beside(raw));
        figures.push(Figure::new(name("cpu-per-message"), appended.cpu_us, "us"));
        figures.push(Figure::new(name("p99"), appended.milliseconds.quantile(0.99), "ms"));
    }
    // Closing waits for the disk.
    tokio::task::spawn_blocking(move || drop(store)).await.context("closing the store")?;
    Ok(figures)
}
