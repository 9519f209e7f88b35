//! The native client's store, without a server: killed while it writes, migrates and is made anew, and the power cut.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};
use rusqlite::Connection;

use crate::child;
use crate::client_child::{self, DATA, Kept, Opening, TAKEN};
use crate::files::{copy_folder, damage_page, pages, text_of, was_killed};
use crate::proof::Proof;
use crate::recorder::image::Disk;
use crate::recorder::{Recorder, deed};
use crate::setting::Setting;

/// The first schema with a history and unsent messages in it, as the first version wrote them. Frozen.
const FIRST_SCHEMA: &str = include_str!("../../../local-store/tests/frozen/schema_1.sql");
const INVENTED_STEP: &str = include_str!("../fixtures/client_step.sql");

const KILLS_PER_DATABASE: u64 = 20;
const MESSAGES_PER_LIFE: u64 = 40;
/// A writer begins with the last ones of the life before, under the same keys.
const REPEATED: u64 = 8;
const LIVES_PER_KILL_MAX: u64 = 3;

/// What a child is told besides its role.
#[derive(Clone, Copy, Default)]
struct Told<'a> {
    mutant: Option<&'a str>,
    step: Option<&'a str>,
}

/// The campaign.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let recorder = Recorder::build(&setting.dir)?;
    let step_file = setting.dir.join("client_step.sql");
    fs::write(&step_file, INVENTED_STEP)?;
    let step = Told { step: Some(text_of(&step_file)?), ..Told::default() };
    Ok(vec![
        writing(setting, &recorder)?,
        opening(setting, &recorder, "migrates", step, false)?,
        opening(setting, &recorder, "makes a damaged database anew", Told::default(), true)?,
        power(setting, &recorder)?,
        without_sync(setting, &recorder)?,
        without_salvage(setting, &recorder)?,
        in_pieces(setting, &recorder, step)?,
    ])
}

fn writing(setting: &Setting, recorder: &Recorder) -> Result<Proof> {
    let began = Instant::now();
    // With those of migrations and of databases made anew: a thousand.
    let kills = setting.scale(10, 830);
    let mut choices = setting.choices(20);
    let mut problems = Vec::new();
    let (mut killed, mut lives) = (0, 0);
    let mut root = PathBuf::new();
    let mut first = 0;
    while killed < kills {
        if killed % KILLS_PER_DATABASE == 0 && (lives == 0 || first > 0) {
            root = setting.folder(format!("writing-{killed}"))?;
            frozen(&root)?;
            // Above those of the frozen database.
            first = 2_000;
        }
        lives += 1;
        ensure!(lives <= kills * LIVES_PER_KILL_MAX, "only {killed} of {lives} writers could be killed");
        let (way, was_killed) = write_until_killed(recorder, &root, first, &mut choices)?;
        first += MESSAGES_PER_LIFE;
        killed += u64::from(was_killed);
        let taken = fs::read_to_string(root.join(TAKEN)).unwrap_or_default();
        let found =
            client_child::missing(&client_child::taken(&taken)?, &client_child::see(&root.join(DATA))?);
        problems.extend(found.into_iter().map(|problem| format!("kill {killed} ({way}): {problem}")));
    }
    let what = "kills of a client while it writes: what it took is on its way, once and in order";
    Ok(Proof::judged("S4", what, kills, problems).took(began.elapsed()))
}

fn write_until_killed(
    recorder: &Recorder,
    root: &Path,
    first: u64,
    choices: &mut ChaCha8Rng,
) -> Result<(String, bool)> {
    let first = (first - REPEATED).to_string();
    let count = (MESSAGES_PER_LIFE + REPEATED).to_string();
    let mut command = child::command("client-writer", &[text_of(root)?, &first, &count])?;
    command.stdin(Stdio::null());
    let way = match choices.random_range(0..4_u32) {
        0 => {
            let deed = choices.random_range(1..30);
            recorder.kill_at(&mut command, root, deed);
            format!("at deed {deed}")
        }
        1 => {
            let deed = choices.random_range(1..300);
            recorder.kill_at(&mut command, root, deed);
            format!("at deed {deed}")
        }
        _ => {
            let place = ["client.save.before", "client.save.after"][choices.random_range(0..2)];
            let at = format!("{place}:{}", choices.random_range(1..=MESSAGES_PER_LIFE));
            command.env("ANSER_KILL_AT", &at);
            at
        }
    };
    let status = command.status()?;
    ensure!(was_killed(status) || status.success(), "the writer failed by itself ({way}): {status}");
    Ok((way, was_killed(status)))
}

/// Kills a client at one deed after the other of an opening that has much to do.
fn opening(
    setting: &Setting,
    recorder: &Recorder,
    does: &str,
    told: Told<'_>,
    is_damaged: bool,
) -> Result<Proof> {
    let began = Instant::now();
    let mut choices = setting.choices(21 + u64::from(is_damaged));
    let (kills, problems) = kill_openings(setting, recorder, told, is_damaged, &mut choices)?;
    let what =
        format!("kills of a client while it {does}: everything unsent is kept, and the next start goes on");
    Ok(Proof::judged("S4", what, kills, problems).took(began.elapsed()))
}

fn kill_openings(
    setting: &Setting,
    recorder: &Recorder,
    told: Told<'_>,
    is_damaged: bool,
    choices: &mut impl Rng,
) -> Result<(u64, Vec<String>)> {
    let name = format!("opening-{is_damaged}-{}", told.mutant.unwrap_or("ours"));
    let base = setting.folder(&name)?.join("base");
    let expect = if is_damaged { damaged(recorder, &base)? } else { frozen(&base)? };
    // A short run has not the time for every deed: it takes some of all.
    let stride = setting.scale(11, 1);
    let mut problems = Vec::new();
    let mut killed = 0;
    for deed in (1 + choices.random_range(0..stride)..).step_by(stride as usize) {
        let root = base.with_file_name(format!("deed-{deed}"));
        copy_folder(&base, &root)?;
        let mut command = opener(&root, told)?;
        recorder.kill_at(&mut command, &root, deed);
        if !was_killed(command.stdout(Stdio::null()).status()?) {
            break;
        }
        killed += 1;
        let found = judge_opening(&root, told, &expect)?;
        problems.extend(found.into_iter().map(|problem| format!("at deed {deed}: {problem}")));
        fs::remove_dir_all(&root)?;
        if told.mutant.is_some() && !problems.is_empty() {
            break;
        }
    }
    Ok((killed, problems))
}

/// The version before still opens it, or refuses in words; the next start goes on, and has everything unsent.
fn judge_opening(root: &Path, told: Told<'_>, expect: &Kept) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    if told.step.is_some() {
        let before = root.with_extension("before");
        copy_folder(root, &before)?;
        match opened(&before, Told::default())? {
            Ok(Opening::Opened { .. }) => problems.extend(differences("the older version", &before, expect)?),
            Ok(Opening::Refused(words)) if words.contains("please update") => {}
            Ok(Opening::Refused(words)) => problems.push(format!("refused with `{words}`")),
            Err(words) => problems.push(format!("the older version {words}")),
        }
        fs::remove_dir_all(&before)?;
    }
    match opened(root, Told { mutant: None, ..told })? {
        Ok(Opening::Opened { rebuilt: true }) if told.step.is_some() => {
            problems.push("the next start found it damaged".to_owned());
        }
        Ok(Opening::Opened { .. }) => problems.extend(differences("after the next start", root, expect)?),
        Ok(Opening::Refused(words)) => problems.push(format!("the next start refused: {words}")),
        Err(words) => problems.push(format!("the next start {words}")),
    }
    Ok(problems)
}

fn differences(when: &str, root: &Path, expect: &Kept) -> Result<Vec<String>> {
    let kept = client_child::see(&root.join(DATA))?;
    let mut problems = client_child::missing(&expect.unsent, &kept);
    if kept.events > 0 && kept.events != expect.events {
        problems.push(format!("{} events became {}", expect.events, kept.events));
    }
    if kept.unsent.len() > expect.unsent.len() {
        problems.push(format!("{} unsent messages became {}", expect.unsent.len(), kept.unsent.len()));
    }
    Ok(problems.into_iter().map(|problem| format!("{when}: {problem}")).collect())
}

fn power(setting: &Setting, recorder: &Recorder) -> Result<Proof> {
    let began = Instant::now();
    let cuts = setting.scale(12, 200);
    let writing = cut_power(setting, recorder, "power-writing", cuts, None, false)?;
    let rebuilding = cut_power(setting, recorder, "power-rebuilding", cuts, None, true)?;
    let starting = cut_power_after_first_start(setting, recorder)?;
    let what =
        "power cuts while a client writes, and while it makes a damaged database anew: what it took is kept";
    Ok(Proof::judged("S4", what, 2 * cuts, [writing, rebuilding, starting].concat()).took(began.elapsed()))
}

/// Records a client that writes, or one that finds its database damaged, and cuts the power at so many places.
fn cut_power(
    setting: &Setting,
    recorder: &Recorder,
    name: &str,
    cuts: u64,
    mutant: Option<&str>,
    is_damaged: bool,
) -> Result<Vec<String>> {
    let root = setting.folder(name)?.join("root");
    let expect = if is_damaged { damaged(recorder, &root)? } else { frozen(&root)? };
    let mut disk = Disk::of_folder(&root)?;
    let told = Told { mutant, ..Told::default() };
    let mut command = match is_damaged {
        true => opener(&root, told)?,
        false => child::command("client-writer", &[text_of(&root)?, "2000", "60"])?,
    };
    command.envs(mutant.map(|name| ("ANSER_MUTANT", name))).stdin(Stdio::null()).stdout(Stdio::null());
    let log = root.with_extension("log");
    recorder.record(&mut command, &root, &log);
    let status = command.status()?;
    ensure!(status.success(), "the client failed: {status}");

    let log = fs::read(&log)?;
    let deeds = deed::read(&log)?;
    let mut choices = setting.choices(30 + u64::from(is_damaged));
    let mut places: Vec<usize> = (0..cuts).map(|_| choices.random_range(0..=deeds.len())).collect();
    places.sort_unstable();
    let mut problems = Vec::new();
    let mut done = 0;
    for place in places {
        deeds[done..place].iter().for_each(|deed| disk.take(deed));
        done = place;
        let left = root.with_extension("left");
        fs::create_dir(&left)?;
        disk.cut_power(&left, &mut choices)?;
        let mut taken = expect.unsent.clone();
        let told = disk.content(TAKEN).unwrap_or_default();
        taken.extend(client_child::taken(str::from_utf8(&told)?)?);
        let found = match opened(&left, Told::default())? {
            Ok(Opening::Opened { .. }) => {
                client_child::missing(&taken, &client_child::see(&left.join(DATA))?)
            }
            Ok(Opening::Refused(words)) => vec![format!("it refused: {words}")],
            Err(words) => vec![format!("it {words}")],
        };
        problems
            .extend(found.into_iter().map(|problem| format!("{name}, cut after deed {place}: {problem}")));
        fs::remove_dir_all(&left)?;
    }
    Ok(problems)
}

/// The power goes after the first start of a client, in a folder that was not there before: its database is.
fn cut_power_after_first_start(setting: &Setting, recorder: &Recorder) -> Result<Vec<String>> {
    let root = setting.folder("power-starting")?.join("root");
    fs::create_dir(&root)?;
    let log = root.with_extension("log");
    let mut command = opener(&root, Told::default())?;
    recorder.record(command.stdout(Stdio::null()), &root, &log);
    let status = command.status()?;
    ensure!(status.success(), "the client failed: {status}");
    let log = fs::read(&log)?;
    let mut disk = Disk::default();
    deed::read(&log)?.iter().for_each(|deed| disk.take(deed));
    let mut choices = setting.choices(32);
    let mut problems = Vec::new();
    for cut in 0..10 {
        let left = root.with_extension(format!("left-{cut}"));
        fs::create_dir(&left)?;
        disk.cut_power(&left, &mut choices)?;
        if left.join(DATA).join("anser.sqlite").exists() {
            problems.extend(client_child::see(&left.join(DATA))?.faults);
        } else {
            problems.push("after the first start the database is gone".to_owned());
        }
    }
    Ok(problems)
}

fn without_sync(setting: &Setting, recorder: &Recorder) -> Result<Proof> {
    let began = Instant::now();
    let mutant = "client-without-sync";
    let problems = cut_power(setting, recorder, mutant, 12, Some(mutant), false)?;
    let what = "with synchronous=OFF messages that were taken are gone, or the database is torn";
    Ok(Proof::caught("S4", mutant, what, problems).took(began.elapsed()))
}

fn without_salvage(setting: &Setting, recorder: &Recorder) -> Result<Proof> {
    let began = Instant::now();
    let mutant = "rebuild-without-salvage";
    let root = setting.folder(mutant)?.join("root");
    let expect = damaged(recorder, &root)?;
    let problems = match opened(&root, Told { mutant: Some(mutant), ..Told::default() })? {
        Ok(_) => differences("after the next start", &root, &expect)?,
        Err(words) => vec![words],
    };
    let what = "a database made anew without what was unsent is named";
    Ok(Proof::caught("S4", mutant, what, problems).took(began.elapsed()))
}

fn in_pieces(setting: &Setting, recorder: &Recorder, step: Told<'_>) -> Result<Proof> {
    let began = Instant::now();
    let mutant = "migration-in-pieces";
    let told = Told { mutant: Some(mutant), ..step };
    let (_, problems) = kill_openings(setting, recorder, told, false, &mut setting.choices(23))?;
    let what = "a client's database between two schemas is named";
    Ok(Proof::caught("S4", mutant, what, problems).took(began.elapsed()))
}

/// The frozen database below this folder, and what is in it.
fn frozen(root: &Path) -> Result<Kept> {
    let data = root.join(DATA);
    fs::create_dir_all(&data)?;
    Connection::open(data.join("anser.sqlite"))?.execute_batch(FIRST_SCHEMA)?;
    let kept = client_child::see(&data)?;
    ensure!(kept.faults.is_empty(), "the frozen database cannot be read: {:?}", kept.faults);
    Ok(kept)
}

/// The frozen database as a writer left it that was killed, with a log beside it, and with damage in tables that are
/// read at every start; and what is unsent in it.
fn damaged(recorder: &Recorder, root: &Path) -> Result<Kept> {
    frozen(root)?;
    let file = root.join(DATA).join("anser.sqlite");
    // Before there is a log: looking at the pages would take it in.
    let pages = pages(&file)?;
    let mut command = child::command("client-writer", &[text_of(root)?, "2000", "60"])?;
    recorder.kill_at(command.stdin(Stdio::null()), root, 150);
    ensure!(was_killed(command.status()?), "the writer was to be killed in the middle");
    let looked = root.with_extension("looked");
    copy_folder(root, &looked)?;
    let kept = client_child::see(&looked.join(DATA))?;
    fs::remove_dir_all(&looked)?;
    for page in pages.iter().filter(|page| page.table == "spans" || page.table == "members") {
        damage_page(&file, page.number)?;
    }
    Ok(kept)
}

fn opener(root: &Path, told: Told<'_>) -> Result<Command> {
    let mut command = child::command("client-open", &[text_of(&root.join(DATA))?])?;
    command.envs(told.step.map(|file| ("ANSER_SCHEMA_STEP", file)));
    command.envs(told.mutant.map(|name| ("ANSER_MUTANT", name))).stdin(Stdio::null());
    Ok(command)
}

/// Opens it once more; `Err` says how the process ended.
fn opened(root: &Path, told: Told<'_>) -> Result<Result<Opening, String>> {
    let output = opener(root, told)?.stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Ok(Err(format!("ended with {}: {}", output.status, words.trim())));
    }
    Ok(Ok(serde_json::from_slice(&output.stdout).context("what a client says when it was opened")?))
}
