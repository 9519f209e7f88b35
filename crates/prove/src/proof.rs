//! What a campaign hands back: proofs, each a line of JSON and a row of the table.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

/// Of a long list of problems, so many are told; the first say what went wrong.
const PROBLEMS_MAX: usize = 20;

/// One promise, held against what happened.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    /// The promise's id in `docs/promises.md`.
    pub proof: String,
    /// Filled in by the runner.
    pub campaign: String,
    /// What was done and found, for people.
    pub what: String,
    /// How often: kills, messages, comparisons.
    pub count: u64,
    /// Whether the promise held; of a mutant, whether it was caught.
    pub ok: bool,
    /// How long it took; the whole campaign unless it says otherwise.
    pub seconds: f64,
    /// Repeats the choices.
    pub seed: u64,
    /// What was broken on purpose: then `ok` says that the checker saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// What was measured, by name with its unit last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<String, f64>,
    /// What was found wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl Proof {
    /// It held unless there are problems.
    pub fn judged(promise: &str, what: impl Into<String>, count: u64, problems: Vec<String>) -> Proof {
        Proof {
            proof: promise.to_owned(),
            campaign: String::new(),
            what: what.into(),
            count,
            ok: problems.is_empty(),
            seconds: 0.0,
            seed: 0,
            mutant: None,
            figures: BTreeMap::new(),
            problems: first_of(problems),
        }
    }

    /// Something was broken on purpose: this is good if the checker named a problem, and it says which.
    pub fn caught(promise: &str, mutant: &str, what: impl Into<String>, problems: Vec<String>) -> Proof {
        let count = problems.len() as u64;
        let mut proof = Proof::judged(promise, what, count, Vec::new());
        proof.ok = !problems.is_empty();
        proof.mutant = Some(mutant.to_owned());
        proof.problems = problems.into_iter().take(3).collect();
        proof
    }

    /// As programs read it.
    pub fn line(&self) -> String {
        // Numbers, words and lists of words: there is nothing in it that JSON has not.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// With something measured.
    #[must_use]
    pub fn figure(mut self, name: &str, value: f64) -> Proof {
        self.figures.insert(name.to_owned(), (value * 1000.0).round() / 1000.0);
        self
    }

    /// With a time of its own.
    #[must_use]
    pub fn took(mut self, time: Duration) -> Proof {
        self.seconds = time.as_secs_f64();
        self
    }
}

fn first_of(mut problems: Vec<String>) -> Vec<String> {
    let more = problems.len().saturating_sub(PROBLEMS_MAX);
    problems.truncate(PROBLEMS_MAX);
    if more > 0 {
        problems.push(format!("and {more} more"));
    }
    problems
}

/// All proofs, one row each.
pub fn table(proofs: &[Proof]) -> String {
    let mut text =
        format!("{:<6} {:<15} {:>7} {:>8}  {:<6}  what\n", "proof", "campaign", "count", "time", "");
    for proof in proofs {
        let verdict = match (&proof.mutant, proof.ok) {
            (None, true) => "ok",
            (None, false) => "BROKEN",
            (Some(_), true) => "caught",
            (Some(_), false) => "MISSED",
        };
        let mutant = proof.mutant.as_deref().map(|name| format!("mutant {name}: ")).unwrap_or_default();
        text.push_str(&format!(
            "{:<6} {:<15} {:>7} {:>6.1} s  {verdict:<6}  {mutant}{}\n",
            proof.proof, proof.campaign, proof.count, proof.seconds, proof.what
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(number: usize) -> Vec<String> {
        (0..number).map(|n| format!("problem {n}")).collect()
    }

    #[test]
    fn a_promise_holds_without_problems_and_a_mutant_is_caught_with_them() {
        assert!(Proof::judged("D1", "", 1, vec![]).ok);
        assert!(!Proof::judged("D1", "", 1, problems(1)).ok);
        assert!(!Proof::caught("D1", "liar", "", vec![]).ok);
        assert!(Proof::caught("D1", "liar", "", problems(1)).ok);
    }

    #[test]
    fn a_long_list_of_problems_is_cut_and_says_so() {
        let proof = Proof::judged("D1", "", 1, problems(PROBLEMS_MAX + 5));
        assert_eq!(proof.problems.len(), PROBLEMS_MAX + 1);
        assert_eq!(proof.problems.last().unwrap(), "and 5 more");
    }

    #[test]
    fn a_line_of_json_has_what_a_reader_looks_for() {
        let line = Proof::judged("D1", "kills", 200, vec![]).figure("p50_ms", 1.5).line();
        for part in ["\"proof\":\"D1\"", "\"count\":200", "\"ok\":true", "\"figures\":{\"p50_ms\":1.5}"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(!line.contains("problems") && !line.contains("mutant"), "{line}");
    }

    #[test]
    fn the_table_tells_the_broken_from_the_kept() {
        let proofs = [
            Proof::judged("D1", "a", 1, vec![]),
            Proof::judged("D2", "b", 1, problems(1)),
            Proof::caught("D3", "liar", "c", vec![]),
        ];
        let table = table(&proofs);
        for part in ["ok", "BROKEN", "MISSED  mutant liar: c"] {
            assert!(table.contains(part), "{part}: {table}");
        }
    }
}
