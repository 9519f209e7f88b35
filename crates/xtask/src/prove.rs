//! The campaigns on real processes: killed, cut, many devices; and mutants that must be found out.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::process::Shell;

/// What `anser-prove` understands of what people type.
const USAGE: &str =
    "usage: cargo xtask prove [--seed N] [--short] [--only CAMPAIGN] [--keep DIR] [--report FILE]";

/// Builds the server and the clients with places to die at, and runs all campaigns.
pub(crate) fn prove(shell: &Shell, arguments: &[String]) -> Result<()> {
    check_words(arguments)?;
    shell.run(shell.cargo().args([
        "build",
        "--package",
        "anser",
        "--package",
        "anser-prove",
        "--features",
        "anser/failpoints",
    ]))?;
    // Taken aside: the next build of the product puts its own in that place.
    let built = shell.target.join("debug/anser");
    let armed = shell.target.join("xtask/anser-with-failpoints");
    fs::create_dir_all(shell.target.join("xtask"))?;
    fs::copy(&built, &armed).with_context(|| format!("copying {}", built.display()))?;
    let mut campaigns = shell.command(&shell.target.join("debug/anser-prove").to_string_lossy());
    shell.run(campaigns.arg("--anser").arg(armed).args(arguments))
}

/// A few rounds of everything, for the test command.
pub(crate) fn short(shell: &Shell) -> Result<()> {
    prove(shell, &["--short".to_owned()])
}

/// Before anything is built.
fn check_words(arguments: &[String]) -> Result<()> {
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let is_whole = match word {
            "--short" => true,
            "--seed" => words.next().is_some_and(|seed| seed.parse::<u64>().is_ok()),
            "--only" | "--keep" | "--report" => words.next().is_some(),
            _ => false,
        };
        if !is_whole {
            bail!("`{word}` makes no sense here\n{USAGE}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<()> {
        check_words(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_anything_is_built() {
        for good in ["", "--short", "--seed 7 --only chaos", "--report docs/reports/proof.md"] {
            check(good).unwrap();
        }
        for bad in ["--quick", "--seed", "--seed x", "--only", "7"] {
            assert!(check(bad).unwrap_err().to_string().contains("usage: cargo xtask prove"), "{bad}");
        }
    }
}
