//! Every dangerous place, one after the other: the process dies exactly there, and nothing is torn.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rand::RngExt;

use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// A process that has not come to its place by then never will.
const LIFE: Duration = Duration::from_secs(30);
/// Between two messages of somebody who writes until the end.
const PAUSE: Duration = Duration::from_millis(5);

const OF_SERVER: [&str; 5] = [
    "store.commit.before",
    "store.commit.after",
    "store.answer.before",
    "server.publish.before",
    "server.answer.before",
];
const OF_CLIENT: [&str; 3] = ["client.save.before", "client.save.after", "client.transmit.before"];

/// Alice and bob write to each other until the server, or alice's client, has died at the place.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let deaths_at_each = setting.scale(1, 8);
    let mut choices = setting.choices(0);
    let mut scene = Scene::open(setting, "scene")?;
    let alice = scene.register("alice")?;
    scene.register("bob")?;
    let direct = scene.direct(alice, "bob")?;
    let mut problems = Vec::new();
    let mut deaths = 0;
    for round in 0..deaths_at_each {
        for place in OF_SERVER {
            let order = format!("{place}:{}", choices.random_range(3..40));
            scene.server.kill()?;
            scene.server.start_again_with(&[("ANSER_KILL_AT", &order)])?;
            write_until(&mut scene, direct, &format!("{order} in round {round}"), |scene| {
                Ok(scene.server.wait_for_end(PAUSE)?.is_some())
            })?;
            deaths += 1;
            problems.extend(scene.check_server_disk()?.iter().map(|problem| format!("{order}: {problem}")));
            scene.server.start_again()?;
            scene.all_online()?;
        }
        for place in OF_CLIENT {
            let order = format!("{place}:{}", choices.random_range(3..40));
            scene.devices[alice].kill()?;
            scene.devices[alice].begin(&[("ANSER_KILL_AT", &order)])?;
            write_until(&mut scene, direct, &format!("{order} in round {round}"), |scene| {
                scene.devices[alice].wait_for_end(PAUSE)
            })?;
            deaths += 1;
            scene.devices[alice].start(&[])?;
            scene.all_online()?;
        }
    }
    let verdict = scene.verdict(PATIENCE)?;
    problems.extend(verdict.problems);
    problems.extend(verdict.wrong_sums);
    let words = format!(
        "deaths at {} places before and after each commit, answer, publish and transmit; {} messages are whole",
        OF_SERVER.len() + OF_CLIENT.len(),
        verdict.messages
    );
    Ok(vec![Proof::judged("D1 D7", words, deaths, problems)])
}

/// Both write until it is over.
fn write_until(
    scene: &mut Scene,
    conversation: u64,
    words: &str,
    mut is_over: impl FnMut(&mut Scene) -> Result<bool>,
) -> Result<()> {
    let began = Instant::now();
    for number in 0.. {
        for (at, device) in scene.devices.iter_mut().enumerate() {
            // One that has just died takes nothing; then it is not written.
            let _dead = device.writes(conversation, &format!("{words}: {number} from {at}"));
        }
        if number % 20 == 0 {
            scene.nudge();
        }
        if is_over(scene)? {
            return Ok(());
        }
        if began.elapsed() > LIFE {
            break;
        }
    }
    bail!("nobody ever died at {words}")
}
