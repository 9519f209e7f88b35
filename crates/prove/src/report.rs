//! The proofs of a run as a page for people.

use std::time::Duration;

use crate::proof::Proof;
use crate::setting::Rounds;

/// A page of Markdown.
pub fn markdown(proofs: &[Proof], seed: u64, rounds: Rounds, took: Duration) -> String {
    let (size, flag) = match rounds {
        Rounds::Short => ("short", " --short"),
        Rounds::Full => ("full", ""),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let failed = proofs.iter().filter(|proof| !proof.ok).count();
    let verdict = if failed == 0 { "everything held".to_owned() } else { format!("{failed} did not hold") };
    let mut text = format!(
        "# Proofs on real processes\n\n\
         Written by `cargo xtask prove --seed {seed}{flag} --report FILE`, a {size} run of {:.0} s on {cores} cores: \
         {verdict}. The seed repeats the choices, not the machine's timing.\n\n\
         What is lost, doubled, out of order, made up, shown and not so, or counted wrongly is found by the history \
         checker (`crates/prove/src/history.rs`), which reads every client's and the server's disk and what every \
         client showed.\n\n\
         ## What held\n\n| promise | campaign | how often | what | seconds | measured |\n|---|---|---|---|---|---|\n",
        took.as_secs_f64()
    );
    for proof in proofs.iter().filter(|proof| proof.mutant.is_none()) {
        let Proof { proof: promise, campaign, count, what, seconds, .. } = proof;
        let broken = if proof.ok { "" } else { "**BROKEN** " };
        text.push_str(&format!(
            "| {promise} | `{campaign}` | {count} | {broken}{what} | {seconds} | {} |\n",
            figures(proof)
        ));
    }
    text.push_str("\n## What was broken on purpose, and found out\n\n| promise | mutant | campaign | how it was seen |\n|---|---|---|---|\n");
    for proof in proofs {
        let Some(mutant) = &proof.mutant else { continue };
        let seen = if proof.ok { proof.problems.first().map_or("", String::as_str) } else { "**MISSED**" };
        let seen = seen.replace('|', "\\|");
        text.push_str(&format!("| {} | `{mutant}` | `{}` | {seen} |\n", proof.proof, proof.campaign));
    }
    let problems: Vec<&Proof> = proofs.iter().filter(|proof| !proof.ok).collect();
    if !problems.is_empty() {
        text.push_str("\n## What did not hold\n\n");
        for proof in problems {
            for problem in &proof.problems {
                text.push_str(&format!("- `{}` {}: {problem}\n", proof.campaign, proof.proof));
            }
        }
    }
    text
}

fn figures(proof: &Proof) -> String {
    let words: Vec<String> =
        proof.figures.iter().map(|(name, value)| format!("{} {value}", name.replace('_', " "))).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_held_what_was_found_out_and_what_did_not_hold() {
        let proofs = [
            Proof::judged("D1", "kills", 200, vec![]).figure("p50_ms", 3.0),
            Proof::caught("D2", "liar", "", vec!["Lost: a|b".to_owned()]),
            Proof::judged("D9", "away", 2, vec!["Untrue: c".to_owned()]),
        ];
        let page = markdown(&proofs, 7, Rounds::Full, Duration::from_secs(60));
        for part in [
            "--seed 7 ",
            "1 did not hold",
            "| D1 | `` | 200 | kills | 0 | p50 ms 3 |",
            "| D2 | `liar` | `` | Lost: a\\|b |",
            "**BROKEN** away",
            "- `` D9: Untrue: c",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
