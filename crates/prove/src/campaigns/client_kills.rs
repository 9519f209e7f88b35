//! A client is killed between reading and committing, again and again: it loses nothing, and nobody is told that it has
//! what it has not (spec D5, D7).

use std::time::Duration;

use anyhow::Result;
use rand::RngExt;

use crate::disk;
use crate::history;
use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// One that has not come to its place by then is killed from outside, wherever it is.
const LIFE: Duration = Duration::from_millis(700);
/// Alice's screen may hear this late of what bob acknowledged before he died.
const ECHO: Duration = Duration::from_millis(60);

/// Alice writes to bob, who dies before or after a commit, or at any moment, and writes himself.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let kills = setting.scale(5, 200);
    let mut choices = setting.choices(0);
    let mut scene = Scene::open(setting, "scene")?;
    let alice = scene.register("alice")?;
    let bob = scene.register("bob")?;
    let direct = scene.direct(alice, "bob")?;
    scene.devices[bob].kill()?;
    let mut problems = Vec::new();
    let mut at_the_place = 0;
    for kill in 0..kills {
        // Most die between reading and committing; some after, some anywhere.
        let place = match kill % 8 {
            0..=3 => Some("client.save.before"),
            4 => Some("client.save.after"),
            5 => Some("client.transmit.before"),
            _ => None,
        };
        let order = place.map(|place| format!("{place}:{}", choices.random_range(2..24)));
        let environment: Vec<(&str, &str)> =
            order.iter().map(|order| ("ANSER_KILL_AT", order.as_str())).collect();
        scene.devices[bob].begin(&environment)?;
        let life = if place.is_some() { LIFE } else { Duration::from_millis(choices.random_range(10..250)) };
        for number in 0..choices.random_range(4..12) {
            scene.devices[alice].writes(direct, &format!("to bob, life {kill}, {number}"))?;
            // A dead one takes nothing; then it is not written.
            let _dead = scene.devices[bob].writes(direct, &format!("from bob, life {kill}, {number}"));
        }
        if scene.devices[bob].wait_for_end(life)? {
            at_the_place += 1;
        } else {
            scene.devices[bob].kill()?;
        }
        std::thread::sleep(ECHO);
        let on_disk = disk::of_client(scene.devices[bob].dir())?.logs;
        let mut writings = scene.writings();
        writings.retain(|writing| writing.device == scene.devices[alice].name);
        let wrong = history::check_delivered(&writings, &[&on_disk]);
        problems.extend(wrong.iter().map(|problem| format!("kill {kill}: {problem}")));
    }
    scene.devices[bob].start(&[])?;
    let mut verdict = scene.verdict(PATIENCE)?;
    let at_rest = std::mem::take(&mut verdict.problems);
    let words =
        "kills of a client, most between reading and committing; what was shown as delivered is on its disk";
    let rest = "messages at rest: none lost, doubled, out of order or made up; outboxes empty; counts true";
    Ok(vec![
        Proof::judged("D7", words, kills, problems).figure("at_the_place", f64::from(at_the_place)),
        Proof::judged("D5 D6", rest, verdict.messages, at_rest),
        verdict.sums(),
    ])
}
