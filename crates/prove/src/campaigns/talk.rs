//! Two people write to each other at the same time, twenty messages a second each: both see the same, in the same order,
//! and soon (spec D10).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::proof::Proof;
use crate::scene::Scene;
use crate::setting::Setting;

/// Until everything has gone everywhere, at the end.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two messages of one person.
const PAUSE: Duration = Duration::from_millis(50);

/// A thousand messages each. How soon each is seen is told and not judged: it says as much of the machine as of Anser.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let messages = setting.scale(20, 1000);
    let mut scene = Scene::open(setting, "scene")?;
    let people = [scene.register("alice")?, scene.register("bob")?];
    let direct = scene.direct(people[0], "bob")?;
    let mut written_at = BTreeMap::new();
    let began = Instant::now();
    for number in 0..messages {
        for person in people {
            let text = format!("{number} of {person}");
            written_at.insert(text.clone(), Instant::now());
            scene.devices[person].writes(direct, &text)?;
        }
        std::thread::sleep((began + PAUSE * (number + 1)).saturating_duration_since(Instant::now()));
    }
    let verdict = scene.verdict(PATIENCE)?;
    let mut waits = Vec::new();
    for (text, written) in &written_at {
        let shown = people.iter().filter_map(|person| {
            let record = scene.devices[*person].lock();
            record.others.get(&(direct, text.clone())).copied()
        });
        waits.extend(shown.map(|shown| shown.duration_since(*written).as_secs_f64() * 1000.0));
    }
    waits.sort_by(f64::total_cmp);
    let mut problems = [verdict.problems, verdict.wrong_sums].concat();
    if waits.len() < written_at.len() {
        problems.push(format!("{} of {} were seen by the other", waits.len(), written_at.len()));
    }
    let (p95, p99) = (percentile(&waits, 95), percentile(&waits, 99));
    let words = "messages of two people who write at the same time, 20 a second each: one order on both";
    let proof = Proof::judged("D10", words, verdict.messages, problems);
    let proof = proof.figure("shown_ms_p50", percentile(&waits, 50));
    Ok(vec![proof.figure("shown_ms_p95", p95).figure("shown_ms_p99", p99)])
}

/// Of ascending values; 0 of none.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_came() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(
            [50, 95, 99, 100].map(|percent| percentile(&values, percent)),
            [100.0, 190.0, 198.0, 200.0]
        );
        assert_eq!(percentile(&[7.0], 99), 7.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }
}
