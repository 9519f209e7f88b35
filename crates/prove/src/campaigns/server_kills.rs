//! The server is killed under load, again and again: what a sender saw as sent is there (spec D1).

use std::time::Duration;

use anyhow::Result;
use rand::RngExt;

use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// The kill comes at some moment of this after a burst of writing began.
const KILL_WITHIN_MS: u64 = 80;

/// Three people in a direct conversation and a group write without a pause; the server dies in the middle.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let kills = setting.scale(5, 200);
    let mut choices = setting.choices(0);
    let mut scene = Scene::open(setting, "scene")?;
    for handle in ["alice", "bob", "carol"] {
        scene.register(handle)?;
    }
    let direct = scene.direct(0, "bob")?;
    let group = scene.group(0, "all", &["bob", "carol"])?;
    let mut problems = Vec::new();
    for kill in 0..kills {
        for place in 0..choices.random_range(3..9) {
            for device in 0..3 {
                let conversation = if device < 2 && choices.random_bool(0.5) { direct } else { group };
                scene.devices[device]
                    .writes(conversation, &format!("{device} before kill {kill}, {place}"))?;
            }
        }
        std::thread::sleep(Duration::from_millis(choices.random_range(0..=KILL_WITHIN_MS)));
        scene.server.kill()?;
        scene.devices[kill % 3].writes(group, &format!("while nobody is there, {kill}"))?;
        problems.extend(scene.check_server_disk()?.iter().map(|problem| format!("kill {kill}: {problem}")));
        scene.server.start_again()?;
        scene.all_online()?;
    }
    let mut verdict = scene.verdict(PATIENCE)?;
    let at_rest = std::mem::take(&mut verdict.problems);
    let words = "kills of the server under load; all that was shown as sent is on its disk, which is whole";
    let rest = "messages at rest: none lost, doubled, out of order or made up; outboxes empty; counts true";
    Ok(vec![
        Proof::judged("D1", words, kills as u64, problems),
        Proof::judged("D2 D3", rest, verdict.messages, at_rest),
        verdict.sums(),
    ])
}
