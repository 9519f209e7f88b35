//! The server's store killed while it writes and while it migrates: it opens, is whole, and has all it said it had.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};
use rusqlite::Connection;

use crate::child;
use crate::files::{copy_folder, text_of, was_killed};
use crate::proof::Proof;
use crate::recorder::Recorder;
use crate::setting::Setting;
use crate::store_child::{self, ACKNOWLEDGED, DATA, Seen};

/// The first schema with messages in it, as the first version wrote them. Frozen.
const FIRST_SCHEMA: &str = include_str!("../../../store/tests/frozen/schema_1.sql");
const INVENTED_STEP: &str = include_str!("../fixtures/server_step.sql");

/// After so many kills a new database is begun: a large one takes longer to read than to kill.
const KILLS_PER_DATABASE: u64 = 25;
const MESSAGES_PER_LIFE: u64 = 150;
/// A writer begins with the last ones of the life before, as clients do that were not answered.
const REPEATED: u64 = 32;
/// A life that did all it had to do before it could be killed does not count; more than this share of them and
/// the kills are not where they should be.
const LIVES_PER_KILL_MAX: u64 = 3;

/// The campaign.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let recorder = Recorder::build(&setting.dir)?;
    let writing_kills = setting.scale(24, 700);
    let began = Instant::now();
    let problems = kill_writers(setting, &recorder, writing_kills, &[])?;
    let what = "kills of the store while it writes: whole, in order, nothing called stored is missing";
    let writing = Proof::judged("S4", what, writing_kills, problems).took(began.elapsed());

    let began = Instant::now();
    let migrating_kills = setting.scale(12, 300);
    let (kills, problems) = kill_migrations(setting, &recorder, migrating_kills, None)?;
    let what =
        "kills of the store while it migrates: as before or as after, and older versions refuse in words";
    let migrating = Proof::judged("S4", what, kills, problems).took(began.elapsed());

    let began = Instant::now();
    let problems = kill_writers(setting, &recorder, 2, &[("ANSER_MUTANT", "store-forgets-some")])?;
    let what = "what was called stored and is not there is named";
    let forgetful = Proof::caught("S4", "store-forgets-some", what, problems).took(began.elapsed());

    let began = Instant::now();
    let (_, problems) = kill_migrations(setting, &recorder, 24, Some("migration-in-pieces"))?;
    let what = "a database between two schemas is named";
    let pieces = Proof::caught("S4", "migration-in-pieces", what, problems).took(began.elapsed());
    Ok(vec![writing, migrating, forgetful, pieces])
}

/// Kills writers until there were so many kills; what was found wrong.
fn kill_writers(
    setting: &Setting,
    recorder: &Recorder,
    kills: u64,
    variables: &[(&str, &str)],
) -> Result<Vec<String>> {
    let mut choices = setting.choices(variables.len() as u64);
    let mut problems = Vec::new();
    let (mut killed, mut lives) = (0, 0);
    let mut root = PathBuf::new();
    let mut first = REPEATED;
    while killed < kills {
        if killed % KILLS_PER_DATABASE == 0 && (lives == 0 || first > REPEATED) {
            root = setting.folder(format!("writing-{}-{killed}", variables.len()))?;
            first = REPEATED;
        }
        lives += 1;
        ensure!(lives <= kills * LIVES_PER_KILL_MAX, "only {killed} of {lives} writers could be killed");
        let (way, was_killed) =
            write_until_killed(recorder, &root, first - REPEATED, &mut choices, variables)?;
        first += MESSAGES_PER_LIFE;
        killed += u64::from(was_killed);
        let told = fs::read_to_string(root.join(ACKNOWLEDGED)).unwrap_or_default();
        let seen = store_child::see(&root.join(DATA))?;
        let found = store_child::missing(&store_child::acknowledged(&told)?, &seen);
        problems.extend(found.into_iter().map(|problem| format!("kill {killed} ({way}): {problem}")));
    }
    Ok(problems)
}

/// One life of a writer: how it was to die, and whether it did.
fn write_until_killed(
    recorder: &Recorder,
    root: &Path,
    first: u64,
    choices: &mut ChaCha8Rng,
    variables: &[(&str, &str)],
) -> Result<(String, bool)> {
    let in_flight = [1, 8, 32][choices.random_range(0..3)];
    let count = MESSAGES_PER_LIFE + REPEATED;
    let numbers = [first, count, in_flight].map(|number| number.to_string());
    let [first, count, in_flight_text] = &numbers;
    let root_text = text_of(root)?;
    let mut command = child::command("store-writer", &[root_text, first, count, in_flight_text])?;
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    let way = match choices.random_range(0..5_u32) {
        // Often near the beginning: while it takes up what the one before left behind.
        0 => at_deed(recorder, &mut command, root, choices.random_range(1..40)),
        1 => at_deed(recorder, &mut command, root, choices.random_range(1..600)),
        2 | 3 => {
            let place = ["store.commit.before", "store.commit.after", "store.answer.before"]
                [choices.random_range(0..3)];
            let passes = if place == "store.answer.before" { count.parse()? } else { 180 / in_flight };
            let at = format!("{place}:{}", choices.random_range(1..=passes));
            command.env("ANSER_KILL_AT", &at);
            at
        }
        _ => {
            let mut child = command.spawn()?;
            let after = Duration::from_micros(choices.random_range(0..40_000));
            std::thread::sleep(after);
            return Ok((format!("after {after:?}"), kill(&mut child)?));
        }
    };
    let status = command.status()?;
    ensure!(was_killed(status) || status.success(), "the writer failed by itself ({way}): {status}");
    Ok((way, was_killed(status)))
}

fn at_deed(recorder: &Recorder, command: &mut Command, root: &Path, deed: u64) -> String {
    recorder.kill_at(command, root, deed);
    format!("at deed {deed}")
}

/// Kills migrations at one deed after the other, of one database after the other, until there were so many kills.
fn kill_migrations(
    setting: &Setting,
    recorder: &Recorder,
    kills: u64,
    mutant: Option<&str>,
) -> Result<(u64, Vec<String>)> {
    let mut problems = Vec::new();
    let mut choices = setting.choices(9);
    let step = setting.dir.join("server_step.sql");
    fs::write(&step, INVENTED_STEP)?;
    let step = text_of(&step)?;
    let mut killed = 0;
    for round in 0_u64.. {
        let base = setting.folder(format!("migrating-{}-{round}", mutant.unwrap_or("ours")))?;
        let expect = first_database(recorder, &base.join("base"), round, &mut choices)?;
        // A short run has not the time for every deed of each: it takes some of all.
        let stride = if kills < 100 { 7 } else { 1 };
        for deed in (1 + choices.random_range(0..stride)..).step_by(stride as usize) {
            let root = base.join(format!("deed-{deed}"));
            copy_folder(&base.join("base"), &root)?;
            let mut command = looker(&root, Some(step))?;
            command.envs(mutant.map(|name| ("ANSER_MUTANT", name)));
            recorder.kill_at(&mut command, &root, deed);
            if !was_killed(command.stdout(Stdio::null()).status()?) {
                break;
            }
            killed += 1;
            let found = judge_migration(&root, step, &expect)?;
            problems
                .extend(found.into_iter().map(|problem| format!("round {round}, at deed {deed}: {problem}")));
            fs::remove_dir_all(&root)?;
            if killed >= kills {
                return Ok((killed, problems));
            }
        }
    }
    Ok((killed, problems))
}

/// A database to migrate, and what is in it: none at all (then it is made), the frozen one, or the frozen one as a
/// killed writer left it, with a log beside it.
fn first_database(recorder: &Recorder, root: &Path, round: u64, choices: &mut impl Rng) -> Result<Seen> {
    let data = root.join(DATA);
    fs::create_dir_all(&data)?;
    if round.is_multiple_of(3) {
        return Ok(Seen::default());
    }
    Connection::open(data.join("anser.db"))?.execute_batch(FIRST_SCHEMA)?;
    if round % 3 == 2 {
        let root_text = text_of(root)?;
        let mut command = child::command("store-writer", &[root_text, "10000", "100", "8"])?;
        recorder.kill_at(&mut command, root, choices.random_range(100..300));
        command.status()?;
    }
    let looked = root.with_extension("looked");
    copy_folder(root, &looked)?;
    store_child::see(&looked.join(DATA))
}

/// A migration was killed: the version before still reads everything, or refuses in words; the version after goes on
/// and reads everything; and then the one before refuses in words.
fn judge_migration(root: &Path, step: &str, expect: &Seen) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    let before = root.with_extension("before");
    copy_folder(root, &before)?;
    let old = store_child::see(&before.join(DATA))?;
    match &old.refused {
        Some(words) if words.contains("newer version") => {}
        _ => problems.extend(differences("the older version", &old, expect)),
    }
    fs::remove_dir_all(&before)?;
    let output = looker(root, Some(step))?.output()?;
    match serde_json::from_slice::<Seen>(&output.stdout) {
        Ok(new) => problems.extend(differences("the newer version", &new, expect)),
        Err(_) => problems.push(format!("the newer version ended with {}", output.status)),
    }
    let downgrade = store_child::see(&root.join(DATA))?;
    if !downgrade.refused.is_some_and(|words| words.contains("newer version")) {
        problems.push("a downgrade was not refused in words".to_owned());
    }
    Ok(problems)
}

fn differences(who: &str, seen: &Seen, expect: &Seen) -> Vec<String> {
    let mut problems = store_child::missing(&expect.messages, seen);
    if problems.is_empty() && seen.messages.len() != expect.messages.len() {
        problems.push(format!("{} messages became {}", expect.messages.len(), seen.messages.len()));
    }
    problems.into_iter().map(|problem| format!("{who}: {problem}")).collect()
}

fn looker(root: &Path, step: Option<&str>) -> Result<Command> {
    let data = root.join(DATA);
    let mut command = child::command("store-look", &[text_of(&data)?])?;
    command.envs(step.map(|file| ("ANSER_SCHEMA_STEP", file))).stdin(Stdio::null());
    Ok(command)
}

/// Whether it was alive to be killed.
fn kill(child: &mut Child) -> Result<bool> {
    // It may have ended by itself; then there is nobody to kill.
    let _ = child.kill();
    let status = child.wait()?;
    ensure!(was_killed(status) || status.success(), "the writer failed by itself: {status}");
    Ok(was_killed(status))
}
