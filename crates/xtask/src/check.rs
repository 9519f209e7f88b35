//! The test command: every step in order, one line each, a table at the end. Nothing is ever skipped silently.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::Shell;
use crate::{compiled, counts, hot_paths, prove, stories, tidy, tools, types, web};

/// Worlds the simulator plays in the test command; nightly runs and people with time play more.
const SIM_SEEDS: &str = "4000";
/// Of a failed step's output, this much is shown; the whole is in its log.
const SHOWN_LINES: usize = 120;

struct Step {
    name: &'static str,
    run: fn(&Shell) -> Result<()>,
    /// The next step runs at the same time: one of them mostly waits, or keeps only one core busy.
    with_next: bool,
}

const fn step(name: &'static str, run: fn(&Shell) -> Result<()>) -> Step {
    Step { name, run, with_next: false }
}

const fn beside(name: &'static str, run: fn(&Shell) -> Result<()>) -> Step {
    Step { name, run, with_next: true }
}

/// What fails fastest comes first; what is compiled for one step serves the next.
const STEPS: [Step; 14] = [
    step("tidy", |shell| tidy::tidy(&shell.root)),
    step("fmt", |shell| shell.run(shell.cargo().args(["fmt", "--all", "--check"]))),
    beside("types", types::check),
    step("web-build", web::build),
    beside("web-check", check_web),
    step("clippy", clippy),
    step("screens", stories::screens),
    beside("cargo-test", cargo_test),
    beside("sim", simulate),
    step("fuzz-build", build_fuzz_targets),
    step("counts", hot_paths::check),
    step("prove", prove::short),
    step("e2e", stories::play),
    step("deny", deny),
];

/// Runs every step, or the one named with `--only`, and stops at the first that fails.
pub(crate) fn test(shell: &Shell, arguments: &[String]) -> Result<()> {
    let mut report = Report { began: Instant::now(), lines: Vec::new() };
    let steps = chosen(arguments)?;
    let is_whole = steps.len() == STEPS.len();
    if is_whole {
        not_needed(shell, compiled::fetch(shell));
    }
    for together in steps.split_inclusive(|step| !step.with_next) {
        announce(&together.iter().map(|step| step.name).collect::<Vec<_>>().join(", "))?;
        let outcomes: Vec<Ran> = std::thread::scope(|scope| {
            let running: Vec<_> = together.iter().map(|step| scope.spawn(|| run(shell, step))).collect();
            let ended = running.into_iter().map(|thread| thread.join());
            ended
                .map(|ran| ran.unwrap_or_else(|_| bail!("a step of xtask itself panicked")))
                .collect::<Result<_>>()
        })?;
        for ran in outcomes {
            report.take(ran)?;
        }
    }
    if is_whole {
        not_needed(shell, compiled::keep(shell));
    }
    report.print(0);
    Ok(())
}

/// Without a cache the next run takes longer, and is as good.
fn not_needed(shell: &Shell, outcome: Result<()>) {
    if let Err(error) = outcome {
        shell.say(&format!("the cache of compiled crates is left alone: {error:#}"));
    }
}

/// A step that has run.
struct Ran {
    name: &'static str,
    log: PathBuf,
    took: Duration,
    outcome: Result<()>,
}

fn run(shell: &Shell, step: &Step) -> Result<Ran> {
    let log = shell.target.join("xtask/logs").join(format!("{}.log", step.name));
    let shell = shell.logging_to(&log)?;
    let began = Instant::now();
    let outcome = (step.run)(&shell);
    Ok(Ran { name: step.name, log, took: began.elapsed(), outcome })
}

/// Somebody at a terminal wants to know what is going on; a log wants one line per step.
fn announce(name: &str) -> Result<()> {
    let mut terminal = std::io::stdout();
    if terminal.is_terminal() {
        print!("{name:<12} …");
        terminal.flush()?;
    }
    Ok(())
}

fn chosen(arguments: &[String]) -> Result<&'static [Step]> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => Ok(&STEPS),
        ["--only", name] => match STEPS.iter().position(|step| step.name == *name) {
            Some(at) => Ok(&STEPS[at..=at]),
            None => bail!("there is no step `{name}`; there are: {}", names()),
        },
        _ => bail!("usage: cargo xtask test [--only STEP], where STEP is one of: {}", names()),
    }
}

fn names() -> String {
    STEPS.map(|step| step.name).join(", ")
}

fn check_web(shell: &Shell) -> Result<()> {
    web::check(shell)?;
    stories::check(shell)
}

fn clippy(shell: &Shell) -> Result<()> {
    shell.run(shell.cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

fn cargo_test(shell: &Shell) -> Result<()> {
    let nginx = tools::nginx(shell)?;
    shell.run(shell.cargo().args(["test", "--workspace"]).env("NGINX", nginx))
}

fn build_fuzz_targets(shell: &Shell) -> Result<()> {
    shell.run(shell.patient_cargo().args(["build", "--manifest-path", "fuzz/Cargo.toml"]))
}

fn simulate(shell: &Shell) -> Result<()> {
    shell.run(shell.patient_cargo().args(["run", "--package", "anser-sim", "--", "--seeds", SIM_SEEDS]))
}

fn deny(shell: &Shell) -> Result<()> {
    shell.run(tools::cargo_deny(shell)?.args(["--workspace", "check", "licenses", "bans", "sources"]))?;
    shell.say("known vulnerabilities need a database from the internet: `cargo xtask advisories`");
    Ok(())
}

struct Report {
    began: Instant,
    lines: Vec<(&'static str, Duration, u32)>,
}

impl Report {
    /// Notes how a step went. One that failed is shown, and is the end.
    fn take(&mut self, Ran { name, log, took, outcome }: Ran) -> Result<()> {
        let Err(error) = outcome else {
            println!("\r{name:<12} ok      {:>9}", seconds(took));
            self.lines.push((name, took, counts::passed(&fs::read_to_string(&log)?)));
            return Ok(());
        };
        println!("\r{name:<12} FAILED  {:>9}", seconds(took));
        show_end(&log)?;
        eprintln!("\n{name}: {error:#}\n(all of its output: {})\n", log.display());
        self.print(1);
        bail!("the step {name} failed; run it alone with `cargo xtask test --only {name}`");
    }

    fn print(&self, failed: u32) {
        println!("\n{:<12} {:>9} {:>7}", "step", "time", "checks");
        for (name, took, passed) in &self.lines {
            println!("{name:<12} {:>9} {passed:>7}", seconds(*took));
        }
        let passed: u32 = self.lines.iter().map(|(_, _, passed)| passed).sum();
        println!("{:<12} {:>9} {passed:>7}", "all", seconds(self.began.elapsed()));
        println!("\n{passed} passed, {failed} failed");
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn show_end(log: &Path) -> Result<()> {
    let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    eprintln!("{}", shown.join("\n"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_step_can_be_chosen_and_an_unknown_one_is_refused_with_the_names() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(chosen(&[]).unwrap().len(), STEPS.len());
        assert_eq!(chosen(&words("--only e2e")).unwrap()[0].name, "e2e");
        let error = chosen(&words("--only nonsense")).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("tidy, fmt, types"), "{error}");
    }
}
