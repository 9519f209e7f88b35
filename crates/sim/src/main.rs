//! `anser-sim --seeds N`: plays N stories, then shows that each mutant is caught.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anser_sim::mutant::Mutant;
use anser_sim::story;
use anyhow::Result;
use clap::{Parser, ValueEnum};

/// Plays seeded stories against the engine and the server.
#[derive(Parser)]
struct Arguments {
    /// How many stories.
    #[arg(long, default_value_t = 3_000)]
    seeds: u64,
    /// The first seed; with `--seeds 1` repeats one story.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// Print everything that happens in the first seed's story, and play no other.
    #[arg(long)]
    trace: bool,
    /// Play one mutant only, and expect it to be caught.
    #[arg(long)]
    mutant: Option<Mutant>,
    /// Leave the mutants out.
    #[arg(long)]
    no_mutants: bool,
    /// A mutant must be caught within so many seeds.
    #[arg(long, default_value_t = 2_000)]
    mutant_seeds: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.trace {
        println!("{:?}", story::play(arguments.first, arguments.mutant, true));
        return ExitCode::SUCCESS;
    }
    let mut passed = 0;
    let mut failed = 0;
    let mut count = |ok: bool| if ok { passed += 1 } else { failed += 1 };
    if arguments.mutant.is_none() {
        count(honest(&arguments));
    }
    let mutants = match arguments.mutant {
        Some(mutant) => vec![mutant],
        None if arguments.no_mutants => Vec::new(),
        None => Mutant::all().to_vec(),
    };
    for mutant in mutants {
        count(is_caught(mutant, arguments.first, arguments.mutant_seeds));
    }
    println!("{passed} passed, {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn honest(Arguments { first, seeds, .. }: &Arguments) -> bool {
    let began = Instant::now();
    let broken = first_broken(*first, *seeds, None);
    let seconds = began.elapsed().as_secs_f64();
    match broken {
        None => {
            println!(
                "{{\"bench\":\"sim\",\"seeds\":{seeds},\"seconds\":{seconds:.1},\"seeds_per_second\":{:.0}}}",
                *seeds as f64 / seconds
            );
            true
        }
        Some((seed, error)) => {
            println!("seed {seed} breaks a promise: {error:#}");
            println!("repeat it: cargo run --release -p anser-sim -- --no-mutants --seeds 1 --first {seed}");
            false
        }
    }
}

fn is_caught(mutant: Mutant, first: u64, seeds: u64) -> bool {
    let name = mutant.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    match first_broken(first, seeds, Some(mutant)) {
        Some((seed, error)) => {
            println!("mutant {name} is caught by seed {seed}: {error:#}");
            true
        }
        None => {
            println!("mutant {name} was NOT caught in {seeds} seeds");
            false
        }
    }
}

/// The first story that breaks a promise, played on all cores; panics count as broken.
fn first_broken(first: u64, seeds: u64, mutant: Option<Mutant>) -> Option<(u64, anyhow::Error)> {
    let next = AtomicU64::new(first);
    let broken: Mutex<Option<(u64, anyhow::Error)>> = Mutex::new(None);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let is_over = broken.lock().map_or(true, |found| found.is_some());
                    if seed >= first + seeds || is_over {
                        return;
                    }
                    if let Err(error) = play_caught(seed, mutant)
                        && let Ok(mut found) = broken.lock()
                        && found.as_ref().is_none_or(|(other, _)| seed < *other)
                    {
                        *found = Some((seed, error));
                    }
                }
            });
        }
    });
    broken.into_inner().ok().flatten()
}

fn play_caught(seed: u64, mutant: Option<Mutant>) -> Result<()> {
    match std::panic::catch_unwind(|| story::play(seed, mutant, false)) {
        Ok(result) => result,
        Err(_) => Err(anyhow::anyhow!("a panic (above)")),
    }
}
