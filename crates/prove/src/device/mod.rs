//! A real client in a process of its own: started, driven, watched, killed.
//!
//! | module | what it is |
//! |---|---|
//! | [`role`] | the process: the client library on its directory, lines in, lines out |
//! | [`record`] | what the device was told and showed, as known from outside |
//! | `talk` | the lines |

pub mod record;
pub mod role;
mod talk;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anser_client::{Command, Outcome};
use anyhow::{Context, Result, bail};

use crate::child;
use record::Record;
use talk::Asked;

/// What does not come within this time does not come: limits a hang, measures nothing.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// One device of one person. Its process is killed when this is dropped.
#[derive(Debug)]
pub struct Device {
    /// For people who read a report.
    pub name: String,
    url: String,
    dir: PathBuf,
    process: Option<Process>,
    shared: Arc<Shared>,
    last_id: u64,
    written: Vec<Written>,
    /// Conversations that are looked at in every life.
    looks_at: BTreeSet<u64>,
}

/// Something that was written on this device.
#[derive(Clone, Debug)]
pub struct Written {
    /// Its wish's number.
    pub id: u64,
    /// Where.
    pub conversation: u64,
    /// What; no two texts of a campaign are the same.
    pub text: String,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// Taken when the process is asked to end.
    stdin: Option<ChildStdin>,
    reader: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    record: Mutex<Record>,
    changed: Condvar,
}

impl Device {
    /// A device that keeps its things in `dir` and has not been started.
    pub fn new(name: &str, url: &str, dir: &Path) -> Device {
        Device {
            name: name.to_owned(),
            url: url.to_owned(),
            dir: dir.to_owned(),
            process: None,
            shared: Arc::default(),
            last_id: 0,
            written: Vec::new(),
            looks_at: BTreeSet::new(),
        }
    }

    /// Starts its process, with variables for this one life, and waits until its database is open.
    pub fn start(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        self.begin(environment)?;
        self.sees("its own database", |record| record.is_open)?;
        for conversation in self.looks_at.clone() {
            self.ask(opening(conversation))?;
        }
        Ok(())
    }

    /// Starts its process and does not wait: it may be about to kill itself.
    pub fn begin(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        let log = std::fs::File::options().create(true).append(true).open(self.dir.with_extension("log"))?;
        let mut command = child::command("device", &[&self.url, &self.dir.to_string_lossy()])?;
        let mut child = command
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.name))?;
        self.lock().begin_life();
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("a child has the pipe that was asked for")?;
        let shared = self.shared.clone();
        let reader = std::thread::spawn(move || listen(stdout, &shared));
        self.process = Some(Process { child, stdin, reader });
        Ok(())
    }

    /// SIGKILL. When this returns, all that it said before is in the record.
    pub fn kill(&mut self) -> Result<()> {
        let Some(Process { mut child, reader, .. }) = self.process.take() else {
            bail!("{} does not run", self.name)
        };
        child.kill()?;
        child.wait()?;
        let _panicked_in_words = reader.join();
        Ok(())
    }

    /// Lets it end well.
    pub fn stop(&mut self) -> Result<()> {
        if let Some(process) = &mut self.process {
            process.stdin = None;
        }
        if !self.wait_for_end(PATIENCE)? {
            bail!("{} does not end", self.name);
        }
        Ok(())
    }

    /// Waits until it ends by itself; whether it did.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<bool> {
        let began = Instant::now();
        while let Some(process) = &mut self.process {
            if process.child.try_wait()?.is_some() {
                if let Some(process) = self.process.take() {
                    let _panicked_in_words = process.reader.join();
                }
                return Ok(true);
            }
            if began.elapsed() > limit {
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(true)
    }

    /// Whether there is a process.
    pub fn is_running(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.child.try_wait(), Ok(None)))
    }

    /// Asks for something and does not wait; its outcome will be in the record under this number.
    pub fn ask(&mut self, command: Command) -> Result<u64> {
        self.last_id += 1;
        let asked = Asked { id: self.last_id, command };
        let mut line = serde_json::to_string(&asked)?;
        line.push('\n');
        let stdin = self.process.as_mut().and_then(|process| process.stdin.as_mut());
        let Some(stdin) = stdin else { bail!("{} does not run", self.name) };
        stdin.write_all(line.as_bytes()).with_context(|| format!("{} hears nothing", self.name))?;
        Ok(self.last_id)
    }

    /// Asks for something and waits for its outcome.
    pub fn does(&mut self, command: Command) -> Result<Outcome> {
        let id = self.ask(command)?;
        self.sees("an outcome", |record| record.outcomes.contains_key(&id))?;
        let outcome = self.lock().outcomes.get(&id).cloned();
        match outcome {
            Some(Outcome::Failed { failure }) => bail!("{}: {failure:?}", self.name),
            Some(outcome) => Ok(outcome),
            None => bail!("{}: the outcome is gone", self.name),
        }
    }

    /// Writes a text and does not wait. One that the process did not take is not written.
    pub fn writes(&mut self, conversation: u64, text: &str) -> Result<()> {
        let command = Command::SendText { conversation, text: text.to_owned(), send_key: None };
        let id = self.ask(command)?;
        self.written.push(Written { id, conversation, text: text.to_owned() });
        Ok(())
    }

    /// Looks at the end of a conversation from now on, in all lives to come too: what it writes there is seen by it.
    pub fn looks_at(&mut self, conversation: u64) -> Result<()> {
        self.looks_at.insert(conversation);
        self.does(opening(conversation)).map(drop)
    }

    /// Scrolls up to the beginning, so that all of it is on disk.
    pub fn reads_up(&mut self, conversation: u64) -> Result<()> {
        let view = view_of(conversation);
        self.looks_at(conversation)?;
        let is_shown = |record: &Record| record.views.get(&view).is_some_and(|view| !view.rows.is_empty());
        self.sees("a page of the conversation", is_shown)?;
        loop {
            let has_older = self.lock().views.get(&view).is_some_and(|view| view.has_older);
            if !has_older {
                return Ok(());
            }
            self.does(Command::LoadOlder { view })?;
        }
    }

    /// Waits until the record is so; an error if that takes too long, or the process ends.
    pub fn sees(&self, what: &str, is_so: impl Fn(&Record) -> bool) -> Result<()> {
        if self.sees_within(PATIENCE, is_so) {
            Ok(())
        } else {
            bail!("{} waited in vain for {what}", self.name)
        }
    }

    /// Waits until the record is so; whether it became so.
    pub fn sees_within(&self, limit: Duration, is_so: impl Fn(&Record) -> bool) -> bool {
        let until = Instant::now() + limit;
        let mut record = self.lock();
        loop {
            if is_so(&record) {
                return true;
            }
            let Some(left) = until.checked_duration_since(Instant::now()) else { return false };
            record = self.shared.changed.wait_timeout(record, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What is known of it now.
    pub fn lock(&self) -> MutexGuard<'_, Record> {
        self.shared.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything written here, in that order.
    pub fn written(&self) -> &[Written] {
        &self.written
    }

    /// Whether this text was in the outbox on disk, as far as anybody was told.
    pub fn has_accepted(&self, written: &Written) -> bool {
        self.lock().outcomes.get(&written.id) == Some(&Outcome::Done)
    }

    /// Where it keeps its things.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // It may be dead already; that is as well.
        let _dead = self.kill();
    }
}

fn opening(conversation: u64) -> Command {
    Command::OpenView { view: view_of(conversation), conversation, at: None }
}

/// One view for each conversation, under its number: campaigns have few.
fn view_of(conversation: u64) -> u32 {
    u32::try_from(conversation).unwrap_or(u32::MAX)
}

fn listen(stdout: ChildStdout, shared: &Shared) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let mut record = shared.record.lock().unwrap_or_else(PoisonError::into_inner);
        match serde_json::from_str(&line) {
            Ok(said) => record.take(said),
            // A kill may cut the last line.
            Err(error) if error.is_eof() => {}
            Err(error) => record.problems.push(format!("not understood: {error}: {line}")),
        }
        shared.changed.notify_all();
    }
    shared.changed.notify_all();
}
