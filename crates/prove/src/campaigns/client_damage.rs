//! One page after the other of a client's database is damaged: it is noticed, made anew from the server, and what only
//! this device had is kept (spec S4).

use std::time::Duration;

use anyhow::{Context, Result};

use crate::device::record::Record;
use crate::files::{Page, damage_page, pages};
use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

const PATIENCE: Duration = Duration::from_secs(60);
/// Until something written without a server is on the disk.
const ACCEPTED: Duration = Duration::from_secs(20);
const MESSAGES: u32 = 120;
/// One page is damaged at a time, so a second try is seldom needed and a third hardly ever.
const TRIES: u32 = 5;

/// Alice writes offline, a page of her database is damaged, and she comes back.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let mut scene = Scene::open(setting, "scene")?;
    let alice = scene.register("alice")?;
    let bob = scene.register("bob")?;
    let direct = scene.direct(alice, "bob")?;
    for number in 0..MESSAGES {
        let writer = if number % 2 == 0 { alice } else { bob };
        let filler = ".".repeat(number as usize * 37 % 600);
        scene.devices[writer].writes(direct, &format!("{number} {filler}"))?;
    }
    let mut problems = Vec::new();
    if !scene.rest(PATIENCE) {
        problems.push("the history did not come to rest".to_owned());
    }
    scene.devices[alice].reads_up(direct)?;
    let file = scene.devices[alice].dir().join("anser.sqlite");
    let (mut damaged, mut rebuilt) = (0_u64, 0);
    // By number: what is where changes whenever the database is made anew.
    scene.devices[alice].stop()?;
    let last = pages(&file)?.last().context("a database has pages")?.number;
    scene.devices[alice].start(&[])?;
    let stride = setting.scale(last.div_ceil(2), 1);
    for number in (1..=last).rev().step_by(stride as usize) {
        scene.server.kill()?;
        scene.devices[alice].writes(direct, &format!("only here, before page {number}"))?;
        let accepted = scene.devices[alice].written().last().context("it was written")?.clone();
        let is_taken = |record: &Record| record.outcomes.contains_key(&accepted.id);
        if !scene.devices[alice].sees_within(ACCEPTED, is_taken) {
            problems.push(format!("page {number}: a text written offline was not taken"));
        }
        scene.devices[alice].stop()?;
        if let Some(page) = pages(&file)?.into_iter().find(|page| page.number == number && may_go(page)) {
            damage_page(&file, page.number)?;
            damaged += 1;
        }
        scene.devices[alice].start(&[])?;
        scene.server.start_again()?;
        scene.all_online().with_context(|| format!("after damage to page {number}"))?;
        read_all(&mut scene, alice, direct)?;
        rebuilt += u64::from(scene.devices[alice].lock().rebuilds > 0);
    }
    let verdict = scene.verdict(PATIENCE)?;
    problems.extend(verdict.problems);
    if rebuilt == 0 {
        problems.push("no damage was ever noticed".to_owned());
    }
    let what = "pages of a client's database damaged: made anew from the server, nothing unsent lost, all of it in order";
    Ok(vec![Proof::judged("S4", what, damaged, problems).figure("rebuilt", rebuilt as f64)])
}

/// What is asked for while the database is made anew, or before the new engine is online, fails, and is asked again.
fn read_all(scene: &mut Scene, device: usize, conversation: u64) -> Result<()> {
    for _ in 1..TRIES {
        scene.all_online()?;
        if scene.devices[device].reads_up(conversation).is_ok() {
            return Ok(());
        }
    }
    scene.all_online()?;
    scene.devices[device].reads_up(conversation)
}

/// What is nowhere but in these pages cannot be had back: the list of tables, the session, and the outbox's own rows.
/// (Damage there costs what is in that page, and is told; the stories of the client have that.)
fn may_go(page: &Page) -> bool {
    !["sqlite_schema", "session", "outbox"].contains(&page.table.as_str())
}
