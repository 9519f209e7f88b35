//! How a program is started, limited in time, and ended.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// No single program of ours takes this long; one that does hangs, and is ended.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// Where programs run and where their output goes.
pub(crate) struct Shell {
    /// The root of the repository.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    log: Option<PathBuf>,
}

impl Shell {
    /// In this repository, output to the terminal.
    pub(crate) fn here() -> Result<Shell> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest.ancestors().nth(2).context("xtask does not lie in crates/")?.to_owned();
        // We are <target>/debug/anser-xtask, wherever the user's settings put the target folder.
        let own = std::env::current_exe().context("where xtask itself is")?;
        let target = own.ancestors().nth(2).context("xtask does not lie in a target folder")?.to_owned();
        Ok(Shell { root, target, log: None })
    }

    /// The same, with the output of programs collected in a new file.
    pub(crate) fn logging_to(&self, log: &Path) -> Result<Shell> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        File::create(log).with_context(|| format!("creating {}", log.display()))?;
        Ok(Shell { root: self.root.clone(), target: self.target.clone(), log: Some(log.to_owned()) })
    }

    /// A program that will run in the root of the repository.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// The cargo that runs us, told nothing of us: build scripts (ring's) run anew when these variables change.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        for (name, _) in std::env::vars_os() {
            let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_"];
            if about_us.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
    }

    /// The same cargo, giving way to everybody else: for what only computes, beside what waits and must not wait long.
    pub(crate) fn patient_cargo(&self) -> Command {
        let cargo = self.cargo();
        let mut command = self.command("nice");
        command.args(["-n", "10"]).arg(cargo.get_program());
        for (name, _) in cargo.get_envs() {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end; anything but success is an error that names the command.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let shown = show(command);
        command.stdin(Stdio::null());
        if let Some(path) = &self.log {
            let mut log = OpenOptions::new().append(true).open(path)?;
            writeln!(log, "$ {shown}")?;
            command.stdout(log.try_clone()?).stderr(log);
        }
        let child = command.spawn().with_context(|| format!("starting `{shown}`"))?;
        let status = wait(child).with_context(|| format!("running `{shown}`"))?;
        if !status.success() {
            bail!("`{shown}` failed ({status})");
        }
        Ok(())
    }

    /// Tells the user something that must not be overlooked, also when programs are silent.
    pub(crate) fn say(&self, text: &str) {
        // In the test command the name of a step may stand on this line already.
        println!("\r   {text}");
    }
}

/// What a program prints on its standard output, or `None` if it cannot be run or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Is there a program of this name?
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}

fn wait(mut child: Child) -> Result<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if began.elapsed() > LIMIT {
            end_with_descendants(child.id());
            child.wait()?;
            bail!("it did not end within {} minutes, so it was ended", LIMIT.as_secs() / 60);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A browser test that hangs has children of its own (a server, a browser); each is ended by its id.
fn end_with_descendants(pid: u32) {
    let table = answer(Command::new("ps").args(["-e", "-o", "pid=,ppid="])).unwrap_or_default();
    for pid in descendants(pid, &table).iter().rev() {
        let _gone_already = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    }
}

/// The process itself, then those it started, and theirs; `table` has lines of "pid parent".
fn descendants(pid: u32, table: &str) -> Vec<u32> {
    let pairs: Vec<(u32, u32)> = table
        .lines()
        .filter_map(|line| {
            let mut numbers = line.split_whitespace().map(str::parse);
            Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
        })
        .collect();
    let mut found = vec![pid];
    let mut looked_at = 0;
    while looked_at < found.len() {
        let parent = found[looked_at];
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid));
        looked_at += 1;
    }
    found
}

fn show(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descendants_are_found_over_generations_and_nobody_else_is() {
        let table = "  10  1\n 11 10\n 12 11\n 20  1\n 21 20\nnot a line\n";
        assert_eq!(descendants(10, table), [10, 11, 12]);
    }

    #[test]
    fn a_failing_program_is_named_in_the_error() {
        let shell = Shell::here().unwrap();
        let error = shell.run(shell.command("false").arg("--never")).unwrap_err();
        assert!(error.to_string().contains("`false --never` failed"), "{error}");
    }
}
