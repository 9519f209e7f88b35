//! Each checker shown failing: the real server, or a real client, is broken on purpose, and must be found out.

use std::time::{Duration, Instant};

use anser_client::Command;
use anyhow::Result;

use crate::disk;
use crate::history::{self, Wrong};
use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Broken ones may never come to rest: then they are judged as they are. Twice as long as a lost push may stay unknown.
const PATIENCE: Duration = Duration::from_secs(4);
/// Where nobody is waited for who might still come.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);
/// Tries at a mutant that is only seen by luck.
const LIVES_MAX: u64 = 20;
/// Long enough for a report to be answered, so that the next event is reported by itself.
const BETWEEN_REPORTS: Duration = Duration::from_millis(40);
/// So late may alice hear of what bob said before he died.
const ECHO: Duration = Duration::from_millis(600);
/// Every push is lost: whoever ignores the heartbeats hears of nothing.
const NO_PUSHES: &str = "1:1000:0:0";

/// One broken thing, how it is provoked, and what must be said about it.
struct Suspect {
    mutant: &'static str,
    promise: &'static str,
    found_as: Wrong,
    provoke: fn(&Setting, &str) -> Result<Vec<String>>,
}

const SUSPECTS: [Suspect; 8] = [
    Suspect { mutant: "sent-without-storing", promise: "D1", found_as: Wrong::Lost, provoke: broken_server },
    Suspect {
        mutant: "stores-another-text",
        promise: "D11",
        found_as: Wrong::Phantom,
        provoke: broken_server,
    },
    Suspect {
        mutant: "sends-out-of-order",
        promise: "D4",
        found_as: Wrong::Reordered,
        provoke: broken_server,
    },
    Suspect { mutant: "refuses-for-ever", promise: "D6", found_as: Wrong::Outbox, provoke: broken_server },
    Suspect { mutant: "forget-key-on-retry", promise: "D2", found_as: Wrong::Doubled, provoke: answers_lost },
    Suspect {
        mutant: "acknowledge-before-save",
        promise: "D7",
        found_as: Wrong::NotOnDisk,
        provoke: killed_before_saving,
    },
    Suspect { mutant: "ignore-beat", promise: "D8", found_as: Wrong::Lost, provoke: pushes_lost },
    Suspect { mutant: "read-moves-back", promise: "U1", found_as: Wrong::Unread, provoke: read_elsewhere },
];

/// All of them, each on a stage of its own.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let mut proofs = Vec::new();
    for Suspect { mutant, promise, found_as, provoke } in SUSPECTS {
        let began = Instant::now();
        let mut problems = provoke(setting, mutant)?;
        // Other things may be wrong too; this one must be.
        let word = format!("{found_as:?}: ");
        problems.retain(|problem| problem.starts_with(&word));
        let words = format!("broken on purpose, and found out: {found_as:?}");
        proofs.push(Proof::caught(promise, mutant, words, problems).took(began.elapsed()));
    }
    Ok(proofs)
}

/// Alice and bob write to each other on a broken server.
fn broken_server(setting: &Setting, mutant: &str) -> Result<Vec<String>> {
    let mut scene = Scene::open_with(setting, mutant, &[("ANSER_MUTANT", mutant)])?;
    let (alice, bob, direct) = two(&mut scene)?;
    for number in 0..40 {
        for device in [alice, bob] {
            scene.devices[device].writes(direct, &format!("{number} of {device}"))?;
        }
    }
    Ok(scene.verdict(SHORT_PATIENCE)?.problems)
}

/// The server dies with everything committed and nothing answered; the broken client sends again.
fn answers_lost(setting: &Setting, mutant: &str) -> Result<Vec<String>> {
    let mut scene = Scene::open(setting, mutant)?;
    let (alice, _, direct) = two(&mut scene)?;
    scene.devices[alice].stop()?;
    scene.devices[alice].start(&[("ANSER_MUTANT", mutant)])?;
    scene.all_online()?;
    scene.server.kill()?;
    scene.server.start_again_with(&[("ANSER_KILL_AT", "server.answer.before:12")])?;
    scene.all_online()?;
    for number in 0..30 {
        scene.devices[alice].writes(direct, &format!("number {number}"))?;
    }
    scene.server.wait_for_end(PATIENCE)?;
    if !scene.server.is_running() {
        scene.server.start_again()?;
    }
    Ok(scene.verdict(PATIENCE)?.problems)
}

/// Bob says that he has what he has not, and dies. Between saying and dying lie instants: more than one life may be
/// needed until his word has come to alice.
fn killed_before_saving(setting: &Setting, mutant: &str) -> Result<Vec<String>> {
    let mut scene = Scene::open(setting, mutant)?;
    let (alice, bob, direct) = two(&mut scene)?;
    scene.devices[bob].stop()?;
    let mut problems = Vec::new();
    for life in 0..LIVES_MAX {
        let order = format!("client.save.before:{}", 8 + life);
        scene.devices[bob].start(&[("ANSER_MUTANT", mutant), ("ANSER_KILL_AT", &order)])?;
        scene.devices[bob].sees("a link", |record| record.is_online())?;
        for number in 0.. {
            scene.devices[alice].writes(direct, &format!("number {number} in life {life}"))?;
            if scene.devices[bob].wait_for_end(BETWEEN_REPORTS)? {
                break;
            }
        }
        let on_disk = disk::of_client(scene.devices[bob].dir())?.logs;
        // His word may still be on its way to her.
        let dead_since = Instant::now();
        while problems.is_empty() && dead_since.elapsed() < ECHO {
            std::thread::sleep(BETWEEN_REPORTS);
            let wrong = history::check_delivered(&scene.writings(), &[&on_disk]);
            problems.extend(wrong.iter().map(ToString::to_string));
        }
        if !problems.is_empty() {
            break;
        }
    }
    Ok(problems)
}

/// Bob does nothing about pushes that never came.
fn pushes_lost(setting: &Setting, mutant: &str) -> Result<Vec<String>> {
    let mut scene = Scene::open(setting, mutant)?;
    let (alice, bob, direct) = two(&mut scene)?;
    scene.server.kill()?;
    scene.server.start_again_with(&[("ANSER_PUSH_TROUBLE", NO_PUSHES)])?;
    scene.devices[bob].stop()?;
    scene.devices[bob].start(&[("ANSER_MUTANT", mutant)])?;
    scene.all_online()?;
    scene.devices[alice].writes(direct, "is anybody there?")?;
    Ok(scene.verdict(PATIENCE)?.problems)
}

/// One of alice's devices has read less than the other, and believes itself.
fn read_elsewhere(setting: &Setting, mutant: &str) -> Result<Vec<String>> {
    let mut scene = Scene::open(setting, mutant)?;
    let (phone, bob, direct) = two(&mut scene)?;
    let tablet = scene.sign_in_with("alice", &[("ANSER_MUTANT", mutant)])?;
    for number in 0..10 {
        scene.devices[bob].writes(direct, &format!("number {number}"))?;
    }
    scene.rest(PATIENCE);
    scene.devices[phone].does(Command::MarkRead { conversation: direct, seq: 9 })?;
    scene.rest(PATIENCE);
    scene.devices[tablet].does(Command::MarkRead { conversation: direct, seq: 3 })?;
    Ok(scene.verdict(PATIENCE)?.problems)
}

fn two(scene: &mut Scene) -> Result<(usize, usize, u64)> {
    let alice = scene.register("alice")?;
    let bob = scene.register("bob")?;
    let direct = scene.direct(alice, "bob")?;
    Ok((alice, bob, direct))
}
