//! The power goes while the server's store writes: what is left of the disk opens, is whole, and has all it said it had.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Result, ensure};
use rand::RngExt;

use crate::child;
use crate::files::text_of;
use crate::proof::Proof;
use crate::recorder::image::Disk;
use crate::recorder::{Recorder, deed};
use crate::setting::Setting;
use crate::store_child::{self, ACKNOWLEDGED, DATA};

/// One recorded history of a store: lives that close it well, each of so many messages, so many at once.
struct History {
    name: &'static str,
    lives: u64,
    messages: u64,
    in_flight: u64,
}

/// Opened, filled and closed again and again: the log is made and removed.
const SHORT_LIVES: History = History { name: "short-lives", lives: 5, messages: 40, in_flight: 8 };
/// One by one, so that every commit has a sync of its own.
const ONE_BY_ONE: History = History { name: "one-by-one", lives: 1, messages: 150, in_flight: 1 };
/// So many at once that one batch is synced while the next one is done.
const MANY_AT_ONCE: History = History { name: "many-at-once", lives: 2, messages: 1_000, in_flight: 200 };
/// Long enough for the log to be copied into the database while more is written.
const CHECKPOINT: History = History { name: "checkpoint", lives: 1, messages: 10_000, in_flight: 4 };

/// The campaign.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let recorder = Recorder::build(&setting.dir)?;
    let mut problems = Vec::new();
    let began = Instant::now();
    let cuts = [
        (SHORT_LIVES, setting.scale(20, 300)),
        (ONE_BY_ONE, setting.scale(10, 200)),
        (MANY_AT_ONCE, setting.scale(10, 200)),
        (CHECKPOINT, setting.scale(4, 100)),
    ];
    for (history, cuts) in &cuts {
        problems.extend(cut_power(setting, &recorder, history, *cuts, &[])?);
    }
    let count = cuts.iter().map(|(_, cuts)| cuts).sum();
    let what = "power cuts while the store writes: whole, in order, nothing called stored is missing";
    let ours = Proof::judged("D1", what, count, problems).took(began.elapsed());

    let began = Instant::now();
    let mutant = [("ANSER_MUTANT", "store-without-sync")];
    let problems = cut_power(setting, &recorder, &SHORT_LIVES, 20, &mutant)?;
    let what = "with synchronous=OFF messages called stored are gone, or the database is torn";
    let without_sync = Proof::caught("D1", "store-without-sync", what, problems).took(began.elapsed());
    Ok(vec![ours, without_sync])
}

/// Records a history, and cuts the power at so many places in it.
fn cut_power(
    setting: &Setting,
    recorder: &Recorder,
    history: &History,
    cuts: u64,
    variables: &[(&str, &str)],
) -> Result<Vec<String>> {
    let root = setting.folder(format!("{}-{}", history.name, variables.len()))?;
    let log = root.with_extension("log");
    record(recorder, history, &root, &log, variables)?;
    let log = fs::read(&log)?;
    let deeds = deed::read(&log)?;
    let mut choices = setting.choices(100 + variables.len() as u64);
    let mut places: Vec<usize> = (0..cuts).map(|_| choices.random_range(0..=deeds.len())).collect();
    places.sort_unstable();

    let mut problems = Vec::new();
    let mut disk = Disk::default();
    let mut done = 0;
    for place in places {
        deeds[done..place].iter().for_each(|deed| disk.take(deed));
        done = place;
        let left = root.with_extension("left");
        fs::create_dir(&left)?;
        disk.cut_power(&left, &mut choices)?;
        let told = disk.content(ACKNOWLEDGED).unwrap_or_default();
        let told = store_child::acknowledged(str::from_utf8(&told)?)?;
        let found = store_child::missing(&told, &store_child::see(&left.join(DATA))?);
        let found =
            found.into_iter().map(|problem| format!("{}, cut after deed {place}: {problem}", history.name));
        problems.extend(found);
        fs::remove_dir_all(&left)?;
    }
    Ok(problems)
}

fn record(
    recorder: &Recorder,
    history: &History,
    root: &Path,
    log: &Path,
    variables: &[(&str, &str)],
) -> Result<()> {
    for life in 0..history.lives {
        let numbers = [life * history.messages, history.messages, history.in_flight];
        let [first, count, in_flight] = numbers.map(|number| number.to_string());
        let folder = text_of(root)?;
        let mut command = child::command("store-writer", &[folder, &first, &count, &in_flight])?;
        command.envs(variables.iter().copied()).stdin(Stdio::null());
        recorder.record(&mut command, root, log);
        let status = command.status()?;
        ensure!(status.success(), "the writer failed: {status}");
    }
    Ok(())
}
