//! Everything one does with this repository: `cargo xtask <what>`.
//!
//! | module | what it answers |
//! |---|---|
//! | [`check`] | `test`: which steps there are, in which order, and how they went |
//! | [`compiled`] | what was compiled of others' crates, kept for the next clone |
//! | [`counts`] | how many tests a step's output speaks of |
//! | [`hot_paths`] | `counts`: how many instructions the hot paths take, and whether that is more than it was |
//! | [`process`] | how a program is started, limited in time, and ended |
//! | [`prove`] | `prove`: the campaigns on real processes |
//! | [`run`] | `run`: from a fresh clone to a running server |
//! | [`stories`] | the stories, the pictures of all screens and the marks, in a real browser |
//! | [`tidy`] | `tidy`: the rules of this repository that no compiler knows |
//! | [`tools`] | what must be on the machine, and how it gets there |
//! | [`types`] | the TypeScript of the engine's commands and events |
//! | [`web`] | the engine as WebAssembly, and the web client |

mod check;
mod compiled;
mod counts;
mod hot_paths;
mod process;
mod prove;
mod run;
mod stories;
mod tidy;
mod tools;
mod types;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

use process::Shell;

const USAGE: &str = "\
usage: cargo xtask <what>

  run [-- ARGS]        build everything and run `anser serve ARGS` on ./anser-data
  test [--only STEP]   run every check, or one of them
  prove [--seed N]     the campaigns on real processes, in twenty minutes; --short: in a minute and a half
  counts [--write]     count the instructions of the hot paths; keep the counts that `test` compares with
  tidy                 the rules of this repository that no compiler knows
  types                write the engine's TypeScript into web/app/src/engine/generated
  web                  build the engine (WebAssembly) and the web client
  pictures             take the pictures of all screens anew, into web/e2e/pictures
  marks                measure the real client at size; figures as lines of JSON
  advisories           ask the advisory database about known vulnerabilities (needs the internet)
";

fn main() -> ExitCode {
    match dispatch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (what, rest) = match arguments.split_first() {
        Some((what, rest)) => (what.as_str(), rest),
        None => ("help", [].as_slice()),
    };
    let shell = Shell::here()?;
    match what {
        "run" => run::run(&shell, rest),
        "test" => check::test(&shell, rest),
        "prove" => prove::prove(&shell, rest),
        "counts" => hot_paths::counts(&shell, rest),
        "tidy" => tidy::tidy(&shell.root),
        "types" => types::write(&shell),
        "web" => web::build(&shell),
        "pictures" => stories::pictures(&shell),
        "marks" => stories::marks(&shell),
        "advisories" => tools::advisories(&shell),
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        unknown => bail!("there is no `{unknown}`\n\n{USAGE}"),
    }
}
