//! `anser serve` as a child process: started, killed, started again on the same port and data.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::child;

/// A server that does not end, or start, within this time never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A real server. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    anser: PathBuf,
    data: PathBuf,
    address: SocketAddr,
    flags: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// A server on this data directory and a free port of 127.0.0.1. What it logs is in `<data>.log`.
    pub fn start(anser: &Path, data: &Path) -> Result<Server> {
        Server::start_with(anser, data, &[], &[])
    }

    /// The same, with variables for this one life, and flags for all of its lives.
    pub fn start_with(
        anser: &Path,
        data: &Path,
        environment: &[(&str, &str)],
        flags: &[&str],
    ) -> Result<Server> {
        let mut server = Server {
            anser: anser.to_owned(),
            data: data.to_owned(),
            address: free_address()?,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            child: None,
        };
        server.start_again_with(environment)?;
        Ok(server)
    }

    /// After it ended: the same port, the same data.
    pub fn start_again(&mut self) -> Result<()> {
        self.start_again_with(&[])
    }

    /// The same, with variables for this one life.
    pub fn start_again_with(&mut self, environment: &[(&str, &str)]) -> Result<()> {
        ensure!(self.child.is_none(), "the server runs already");
        let log = File::options().create(true).append(true).open(self.log_path())?;
        let mut command = Command::new(&self.anser);
        child::without_settings(&mut command);
        let mut child = command
            .args(["serve", "--listen", &self.address.to_string(), "--data"])
            .arg(&self.data)
            .args(&self.flags)
            .envs(environment.iter().copied())
            // It ends with us, however we end.
            .arg("--until-stdin-ends")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", self.anser.display()))?;
        let stdout = child.stdout.take();
        // Kept before the reading, so that a server which does not come up is ended all the same.
        self.child = Some(child);
        let stdout = stdout.context("a child has the pipe that was asked for")?;
        wait_until_ready(stdout).with_context(|| format!("see {}", self.log_path().display()))
    }

    /// SIGKILL: nothing in the process gets to finish anything.
    pub fn kill(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { bail!("the server does not run") };
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Asks it to stop, as a service manager does, and waits until it has.
    pub fn stop(&mut self) -> Result<()> {
        let Some(child) = &self.child else { bail!("the server does not run") };
        let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status()?;
        ensure!(asked.success(), "the server could not be asked to stop");
        let status = self.wait_for_end(PATIENCE)?.context("the server did not stop when asked")?;
        ensure!(status.success(), "the server stopped with {status}");
        Ok(())
    }

    /// Waits until it ends by itself (it was told to kill itself somewhere); `None` if it still runs then.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let began = Instant::now();
        let Some(child) = &mut self.child else { bail!("the server does not run") };
        loop {
            if let Some(status) = child.try_wait()? {
                self.child = None;
                return Ok(Some(status));
            }
            if began.elapsed() > limit {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether the process is there.
    pub fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// Where it listens; the same through all of its lives.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As a client wants it.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Everything it keeps.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it logged, in all of its lives.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.data.with_extension("log")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already; that is as well.
        let _dead = self.kill();
    }
}

/// Not one of those that the system hands out for connections: while the server is dead, a client that tries to reach
/// it could be given its very port. Each server of this process gets another one, also those that are dead just now.
fn free_address() -> Result<SocketAddr> {
    const FIRST: u32 = 15_000;
    const PORTS: u32 = 15_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        // Processes begin far from each other.
        let number = std::process::id().wrapping_mul(101).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from(([127, 0, 0, 1], (FIRST + number % PORTS) as u16));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port of 127.0.0.1 is free")
}

/// The server says where to open it once it can be opened.
fn wait_until_ready(stdout: ChildStdout) -> Result<()> {
    let mut lines = BufReader::new(stdout).lines();
    for line in lines.by_ref() {
        if line?.contains("http://") {
            // What it says later is read too: a full pipe would hold it up.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
    }
    bail!("the server ended instead of starting")
}
