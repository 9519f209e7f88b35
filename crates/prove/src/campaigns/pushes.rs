//! Every single push is lost, or repeated, or comes after what follows it, on the bus and on links: each message is
//! found all the same, the very last one too, and nobody does anything for it (spec D8).

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the promise allows on an open link. Held against it is the full run; the short one shares its machine with tests.
const PROMISED: Duration = Duration::from_secs(5);

/// What is done to all pushes: lost, repeated, swapped, per mille.
const TROUBLES: [(&str, &str); 4] =
    [("lost", "1000:0:0"), ("repeated", "0:1000:0"), ("swapped", "0:0:1000"), ("any of them", "300:300:300")];

/// Alice writes, one message at a time, and bob waits for it.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let mut scene = Scene::open(setting, "scene")?;
    let alice = scene.register("alice")?;
    let bob = scene.register("bob")?;
    let direct = scene.direct(alice, "bob")?;
    let mut proofs = Vec::new();
    let allowed = setting.scale(PATIENCE, PROMISED);
    for (trouble, chances) in TROUBLES {
        let began = Instant::now();
        let order = format!("{}:{chances}", setting.seed);
        scene.server.kill()?;
        scene.server.start_again_with(&[("ANSER_PUSH_TROUBLE", &order)])?;
        scene.all_online()?;
        let mut waits = Vec::new();
        for number in 0..setting.scale(1, 12) {
            let seq_before = scene.devices[bob].lock().last_seq(direct);
            let written = Instant::now();
            scene.devices[alice].writes(direct, &format!("{trouble}, {number}"))?;
            scene.devices[bob].sees("the message", |record| record.last_seq(direct) > seq_before)?;
            waits.push(written.elapsed());
        }
        let late = waits.iter().filter(|wait| **wait > allowed);
        let problems = late.map(|wait| format!("found only after {} ms", wait.as_millis())).collect();
        let longest = waits.iter().max().map_or(0.0, Duration::as_secs_f64);
        let words = format!("messages whose pushes are {trouble}, on the bus and on links; each is found");
        let proof = Proof::judged("D8", words, waits.len() as u64, problems);
        proofs.push(proof.figure("found_seconds_max", longest).took(began.elapsed()));
    }
    let verdict = scene.verdict(PATIENCE)?;
    let words = "messages at rest without a single orderly push: none lost, doubled, out of order or made up";
    proofs.push(Proof::judged(
        "D8",
        words,
        verdict.messages,
        [verdict.problems, verdict.wrong_sums].concat(),
    ));
    Ok(proofs)
}
