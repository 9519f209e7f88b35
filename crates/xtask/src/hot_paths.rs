//! How many instructions one round of each hot path takes, compared with what the repository says.
//!
//! Times differ from machine to machine and from run to run; instructions counted by valgrind hardly do. What still
//! differs, and is why there are tolerances: threads that meet sooner or later (`append-sqlite`), the seeds of hash
//! maps, and which copy of `memcpy` the C library takes for a processor. What the kernel does is not counted.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::Shell;
use crate::tools;

/// Where the counts are kept.
const KEPT: &str = "docs/reports/counts.txt";
const HEAD: &str = "\
# Instructions that one round of each hot path takes, counted by callgrind: `cargo xtask test --only counts` compares,
# `cargo xtask counts --write` counts anew. The paths are in crates/server/examples/hot_paths.
";

struct Path {
    name: &'static str,
    /// Counted from so many rounds to twice as many: what comes before and after them falls out.
    rounds: u64,
    /// More than this above what is kept is a regress, and as much below is to be kept.
    tolerance_percent: u64,
}

const fn path(name: &'static str, rounds: u64, tolerance_percent: u64) -> Path {
    Path { name, rounds, tolerance_percent }
}

const PATHS: [Path; 8] = [
    path("codec", 2_000, 3),
    path("session", 2_000, 3),
    path("websocket", 2_000, 3),
    path("append-memory", 2_000, 5),
    path("append-sqlite", 200, 15),
    path("welcome", 1_000, 5),
    path("message", 1_000, 5),
    path("fan-out", 20, 5),
];

type Counts = BTreeMap<String, u64>;

/// `counts`: prints them; with `--write`, keeps them.
pub(crate) fn counts(shell: &Shell, arguments: &[String]) -> Result<()> {
    let counts = count(shell)?;
    let text = to_text(&counts);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => print!("{text}"),
        ["--write"] => {
            fs::write(shell.root.join(KEPT), text)?;
            println!("written to {KEPT}");
        }
        _ => bail!("usage: cargo xtask counts [--write]"),
    }
    Ok(())
}

/// The step of the test command.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let kept = fs::read_to_string(shell.root.join(KEPT)).with_context(|| format!("reading {KEPT}"))?;
    let (machine, kept) = from_text(&kept)?;
    if machine != std::env::consts::ARCH {
        let here = std::env::consts::ARCH;
        shell.say(&format!("counts of instructions are kept for {machine}; this is {here}: not compared"));
        return Ok(());
    }
    let wrong = compare(&kept, &count(shell)?);
    if wrong.is_empty() {
        shell.say(&format!("{} passed", PATHS.len()));
        return Ok(());
    }
    bail!(
        "{}\nif that is as it should be: `cargo xtask counts --write`; else `callgrind_annotate {}` shows where",
        wrong.join("\n"),
        shell.target.join("xtask/counts/PATH.callgrind").display()
    );
}

fn compare(kept: &Counts, counted: &Counts) -> Vec<String> {
    let mut wrong = Vec::new();
    for Path { name, tolerance_percent, .. } in PATHS {
        match (kept.get(name), counted.get(name)) {
            (Some(kept), Some(counted)) if kept.abs_diff(*counted) * 100 > kept * tolerance_percent => {
                let percent = (*counted as f64 / *kept as f64 - 1.0) * 100.0;
                wrong.push(format!(
                    "{name}: {counted} instructions, kept are {kept} ({percent:+.1} %, allowed are {tolerance_percent})"
                ));
            }
            (Some(_), Some(_)) => {}
            _ => wrong.push(format!("{name}: {KEPT} does not have it")),
        }
    }
    wrong
}

fn count(shell: &Shell) -> Result<Counts> {
    tools::valgrind(shell)?;
    let build = ["build", "--release", "--package", "anser-server", "--example", "hot_paths"];
    shell.run(shell.patient_cargo().args(build))?;
    let mut counts = Counts::new();
    for Path { name, rounds, .. } in PATHS {
        let once = run(shell, name, rounds)?;
        let twice = run(shell, name, 2 * rounds)?;
        counts.insert(name.to_owned(), twice.saturating_sub(once) / rounds);
    }
    Ok(counts)
}

/// All instructions of a process with so many rounds.
fn run(shell: &Shell, name: &str, rounds: u64) -> Result<u64> {
    let folder = shell.target.join("xtask/counts");
    fs::create_dir_all(&folder)?;
    let profile = folder.join(format!("{name}.callgrind"));
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(shell.target.join("release/examples/hot_paths"))
        .args([name.to_owned(), rounds.to_string()])
        .current_dir(&shell.root);
    let output = command.output().context("starting valgrind")?;
    if !output.status.success() {
        bail!("{name} failed under valgrind: {}", String::from_utf8_lossy(&output.stderr));
    }
    let profile = fs::read_to_string(&profile)?;
    let total =
        profile.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    total.and_then(|number| number.trim().parse().ok()).context("callgrind's file has no total")
}

fn to_text(counts: &Counts) -> String {
    let mut text = format!("{HEAD}machine {}\n", std::env::consts::ARCH);
    for Path { name, tolerance_percent, .. } in PATHS {
        let count = counts.get(name).copied().unwrap_or_default();
        // Writing into a string never fails.
        let _written = writeln!(text, "{name:<14} {count:>9}  ± {tolerance_percent} %");
    }
    text
}

fn from_text(text: &str) -> Result<(String, Counts)> {
    let mut machine = String::new();
    let mut counts = Counts::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("machine"), Some(name)) => machine = name.to_owned(),
            (Some(name), Some(count)) => drop(counts.insert(name.to_owned(), count.parse()?)),
            _ => {}
        }
    }
    Ok((machine, counts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_at(count: u64) -> Counts {
        PATHS.iter().map(|path| (path.name.to_owned(), count)).collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (machine, counts) = from_text(&to_text(&all_at(12_345))).unwrap();
        assert_eq!((machine.as_str(), counts), (std::env::consts::ARCH, all_at(12_345)));
    }

    #[test]
    fn a_regress_is_named_and_so_is_a_gain_that_nobody_kept() {
        let kept = all_at(1_000);
        assert!(compare(&kept, &all_at(1_030)).is_empty());
        let mut counted = all_at(1_000);
        counted.insert("codec".to_owned(), 1_031);
        counted.insert("append-sqlite".to_owned(), 849);
        let wrong = compare(&kept, &counted);
        assert_eq!(wrong.len(), 2, "{wrong:?}");
        assert!(wrong[0].starts_with("codec: 1031") && wrong[0].contains("+3.1 %"), "{wrong:?}");
        assert!(wrong[1].starts_with("append-sqlite: 849"), "{wrong:?}");
        counted.remove("codec");
        assert!(compare(&kept, &counted)[0].contains("does not have it"));
    }
}
