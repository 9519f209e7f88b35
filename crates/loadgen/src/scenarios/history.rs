//! Ten million messages: what a send costs then, how fast a chat opens, what a message takes on the disk, and how soon a
//! server on them listens.

use std::time::{Duration, Instant};

use anser_protocol::{Seq, limits};
use anser_store::sqlite::SqliteStore;
use anser_store::{Log, Range};
use anyhow::{Context, Result};

use crate::appends::{Appended, Writers, bytes_of};
use crate::figure::Figure;
use crate::server::Server;
use crate::setting::Setting;
use crate::timings::Timings;
use crate::world::{self, Plan};

/// As many as there are when thousands of people write.
const IN_FLIGHT: usize = 256;
/// Enough to keep the store busy while it is filled.
const IN_FLIGHT_FILLING: usize = 2_048;
/// Messages between two lines that say how far it is.
const STEP: u64 = 100_000;

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let (pairs, messages) = setting.size.of((50_000, 10_000_000), (5, 100));
    setting.progress.begin(format_args!("history: making {} people", 2 * pairs));
    let data = setting.dir.join("history");
    world::fill(&data, setting.seed, &Plan::pairs(pairs)).await?;
    let bytes_before = bytes_of(&data)?;
    let store = SqliteStore::open(&data)?;
    let mut writers = Writers::of(&store, setting.seed, pairs).await?;
    let empty = measure(setting, &store, &mut writers).await?;
    let mut stored = empty.milliseconds.len() as u64;
    while stored < messages {
        let step = STEP.min(messages - stored);
        let filling =
            writers.append(&store, IN_FLIGHT_FILLING, |done, _| done + IN_FLIGHT_FILLING as u64 > step);
        let filled = filling.await?;
        stored += filled.milliseconds.len() as u64;
        setting.progress.tick(format_args!("history: {stored} messages, {:.0}/s", filled.per_second));
    }
    let full = measure(setting, &store, &mut writers).await?;
    stored += full.milliseconds.len() as u64;
    let last_50 = read(setting, &store, &mut writers).await?;
    // Closing waits for the disk.
    tokio::task::spawn_blocking(move || drop(store)).await.context("closing the store")?;
    let bytes = (bytes_of(&data)? - bytes_before) as f64 / stored as f64;
    let began = Instant::now();
    let server = Server::start(&setting.anser, &data, &[])?;
    let listening = began.elapsed();
    drop(server);
    Ok(vec![
        Figure::new("history.messages", stored as f64, ""),
        Figure::new("history.empty.cpu-per-message", empty.cpu_us, "us"),
        Figure::new("history.cpu-per-message", full.cpu_us, "us"),
        Figure::new("history.times-empty", full.cpu_us / empty.cpu_us, "x").at_most(1.7),
        Figure::new("history.send-p99", full.milliseconds.quantile(0.99), "ms").at_most(20.0),
        Figure::new("history.last-50-p99", last_50, "ms").at_most(5.0),
        Figure::new("history.bytes-per-message", bytes, "B").at_most(300.0),
        Figure::new("start.listening", listening.as_secs_f64() * 1e3, "ms").at_most(1_000.0),
    ])
}

/// Sends without a pause for a few seconds.
async fn measure(setting: &Setting, store: &SqliteStore, writers: &mut Writers) -> Result<Appended> {
    let span = setting.size.of(Duration::from_secs(5), Duration::from_millis(20));
    writers.append(store, IN_FLIGHT, |_, took| took >= span).await
}

/// Opens chats at their ends, one after the other: the 99th percentile, in milliseconds.
async fn read(setting: &Setting, store: &SqliteStore, writers: &mut Writers) -> Result<f64> {
    let timings = Timings::default();
    for _ in 0..setting.size.of(5_000, 5) {
        let (account, chat) = writers.reader();
        let (first, last, bytes_max) = (Seq(1), Seq(u64::MAX), limits::RANGE_BYTES_MAX);
        let range = Range { first, last, limit: 50, bytes_max, newest: true };
        let at = Instant::now();
        store.range(account, chat, range).await?;
        timings.note(at.elapsed().as_secs_f64() * 1e3);
    }
    Ok(timings.take().quantile(0.99))
}
