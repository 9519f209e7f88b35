//! `anser-prove --anser PATH`: runs the campaigns and prints one table.

use std::path::PathBuf;
use std::process::ExitCode;

use anser_prove::setting::Rounds;
use anser_prove::{child, roles, runner};
use anyhow::Result;
use clap::Parser;

/// Proves on real processes that nothing is lost, doubled or out of order.
#[derive(Parser)]
struct Arguments {
    /// The `anser` binary, built with its feature `failpoints`.
    #[arg(long)]
    anser: PathBuf,
    /// Decides every choice; printed with each proof.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// A few rounds of everything, for the test command.
    #[arg(long)]
    short: bool,
    /// Run one campaign only.
    #[arg(long)]
    only: Option<String>,
    /// Keep data directories here instead of in a temporary folder.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Write a report here.
    #[arg(long)]
    report: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("anser-prove: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
fn run() -> Result<bool> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // As a child this program has another command line, which nobody types.
    if let Some((first, rest)) = words.split_first()
        && first == child::CHILD
    {
        return roles::play(rest).map(|()| true);
    }
    let Arguments { anser, seed, short, only, keep, report } = Arguments::parse();
    let rounds = if short { Rounds::Short } else { Rounds::Full };
    runner::run(runner::Asked { anser, seed, rounds, only, keep, report })
}
