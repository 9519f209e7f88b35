//! Runs campaigns one after the other, prints each proof as it is there, and judges the whole.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::campaigns::{BESIDE, CAMPAIGNS, Campaign};
use crate::proof::{self, Proof};
use crate::report;
use crate::setting::{Rounds, Setting};

/// What was asked for on the command line.
#[derive(Debug)]
pub struct Asked {
    /// The server's binary.
    pub anser: PathBuf,
    /// Decides every choice.
    pub seed: u64,
    /// How much is done.
    pub rounds: Rounds,
    /// One campaign, or all.
    pub only: Option<String>,
    /// Where data directories stay; `None`: in a temporary folder that goes.
    pub keep: Option<PathBuf>,
    /// Where a report is written.
    pub report: Option<PathBuf>,
}

/// Runs what was asked for. Whether everything held.
pub fn run(asked: Asked) -> Result<bool> {
    let chosen = chosen(asked.only.as_deref())?;
    let anser = asked.anser.canonicalize().with_context(|| format!("no {}", asked.anser.display()))?;
    // Dropped at the end, and the data with it.
    let temporary = tempfile::tempdir().context("making a temporary folder")?;
    let root = asked.keep.as_deref().unwrap_or(temporary.path());
    let whole = Instant::now();
    let prove = |campaign: &'static Campaign| prove_and_tell(campaign, &asked, &anser, root);
    let (beside, in_turn): (Vec<_>, Vec<_>) =
        chosen.iter().partition(|campaign| BESIDE.contains(&campaign.name));
    let proofs: Vec<Proof> = std::thread::scope(|scope| {
        let running: Vec<_> =
            beside.iter().map(|campaign| (campaign.name, scope.spawn(|| prove(campaign)))).collect();
        let mut proofs: Vec<Proof> = in_turn.into_iter().flat_map(prove).collect();
        for (name, thread) in running {
            proofs.extend(thread.join().unwrap_or_else(|_| vec![stuck(name, "it panicked")]));
        }
        proofs
    });
    print!("\n{}", proof::table(&proofs));
    if let Some(file) = &asked.report {
        let text = report::markdown(&proofs, asked.seed, asked.rounds, whole.elapsed());
        std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    let failed = proofs.iter().filter(|proof| !proof.ok).count();
    println!("\nseed {}: {} passed, {failed} failed", asked.seed, proofs.len() - failed);
    Ok(failed == 0)
}

/// Runs a campaign in a folder of its own, and prints its proofs, each a line.
fn prove_and_tell(campaign: &Campaign, asked: &Asked, anser: &Path, root: &Path) -> Vec<Proof> {
    let began = Instant::now();
    let proving = fresh_folder(root, campaign.name).and_then(|dir| {
        (campaign.run)(&Setting { seed: asked.seed, rounds: asked.rounds, anser: anser.to_owned(), dir })
    });
    // A campaign that cannot go on has proven nothing.
    let mut proofs = proving.unwrap_or_else(|error| vec![stuck(campaign.name, &format!("{error:#}"))]);
    for proof in &mut proofs {
        proof.campaign = campaign.name.to_owned();
        proof.seed = asked.seed;
        if proof.seconds == 0.0 {
            proof.seconds = began.elapsed().as_secs_f64();
        }
        proof.seconds = (proof.seconds * 10.0).round() / 10.0;
        println!("{}", proof.line());
    }
    proofs
}

fn stuck(campaign: &str, why: &str) -> Proof {
    let mut proof = Proof::judged("-", "the campaign could not go on", 0, vec![why.to_owned()]);
    proof.campaign = campaign.to_owned();
    proof
}

fn chosen(only: Option<&str>) -> Result<&'static [Campaign]> {
    let Some(name) = only else { return Ok(CAMPAIGNS) };
    match CAMPAIGNS.iter().position(|campaign| campaign.name == name) {
        Some(at) => Ok(&CAMPAIGNS[at..=at]),
        None => {
            let names: Vec<&str> = CAMPAIGNS.iter().map(|campaign| campaign.name).collect();
            bail!("there is no campaign `{name}`; there are: {}", names.join(", "))
        }
    }
}

/// Emptied, since a folder that is kept may hold an earlier run.
fn fresh_folder(root: &Path, name: &str) -> Result<PathBuf> {
    let dir = root.join(name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("emptying {}", dir.display()))?;
    }
    std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_campaign_is_refused_with_the_names() {
        let refusal = chosen(Some("nonsense")).map(|_| ()).unwrap_err().to_string();
        assert!(refusal.contains("there is no campaign `nonsense`"), "{refusal}");
    }

    #[test]
    fn a_campaign_that_cannot_go_on_is_a_proof_that_failed() {
        let campaign = Campaign { name: "stuck", run: |_| bail!("no server") };
        let folder = tempfile::tempdir().unwrap();
        let asked = Asked {
            anser: "anser".into(),
            seed: 7,
            rounds: Rounds::Short,
            only: None,
            keep: None,
            report: None,
        };
        let proofs = prove_and_tell(&campaign, &asked, Path::new("anser"), folder.path());
        assert!(!proofs[0].ok && proofs[0].problems[0].contains("no server"));
        assert_eq!((proofs[0].campaign.as_str(), proofs[0].seed), ("stuck", 7));
    }

    #[test]
    fn what_runs_beside_the_others_is_a_campaign() {
        for name in BESIDE {
            assert_eq!(chosen(Some(name)).unwrap()[0].name, name);
        }
    }
}
