//! The one binary: `anser serve` runs a server, with the web client inside; `anser seed` makes up something to try;
//! `anser bench` measures (the room `anser-loadgen`).
//!
//! | module | what it answers |
//! |---|---|
//! | [`arguments`] | what did the person at the keyboard ask for? |
//! | [`serve`] | run a server until told to stop |
//! | [`seed`] | fill a data directory with made-up chats |
//! | [`log`] | how log lines look |
//! | [`open_files`] | how many connections does the system allow? |

mod arguments;
mod log;
mod open_files;
mod seed;
mod serve;

use std::process::ExitCode;

use arguments::Asked;

/// Most of what one thread allocates another one frees: this allocator takes an eighth less of the CPU time of a message than
/// the system's, and an idle session is smaller (docs/decisions/0010).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The settings are wrong: trying again without changing them is of no use.
const EXIT_WRONG_SETTINGS: u8 = 2;
/// The server could not start, or broke: what is around it must change (a port, a disk, another server).
const EXIT_FAILED: u8 = 1;

fn main() -> ExitCode {
    match arguments::parse() {
        Asked::Version => {
            println!("anser {}", env!("CARGO_PKG_VERSION"));
            ExitCode::SUCCESS
        }
        Asked::Serve { flags, is_child } => {
            if is_child {
                serve::end_with_stdin();
            }
            let settings = match anser_server::config::load(flags, |name| std::env::var_os(name)) {
                Ok(settings) => settings,
                Err(error) => {
                    eprintln!("anser: {error}");
                    return ExitCode::from(EXIT_WRONG_SETTINGS);
                }
            };
            ended(serve::run(settings))
        }
        Asked::Seed(options) => ended(seed::run(&options)),
        Asked::Bench(asked) => ended(anser_loadgen::run(&asked)),
        Asked::BenchChild(words) => ended(anser_loadgen::play(&words)),
    }
}

fn ended(outcome: anyhow::Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("anser: {error:#}");
            ExitCode::from(EXIT_FAILED)
        }
    }
}
