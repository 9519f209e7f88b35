//! `anser serve` as a child process: started with its default settings, stopped, started again, measured.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::child::without_settings;
use crate::meter::Meter;
use crate::route::Route;
use crate::target::Target;

/// A server that has not stopped by then is killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server under load. One of ours is killed when this is dropped.
pub(crate) struct Server {
    route: Arc<Route>,
    /// `None`: somebody else runs it.
    ours: Option<Ours>,
}

struct Ours {
    anser: PathBuf,
    data: PathBuf,
    port: u16,
    flags: Vec<String>,
    child: Option<Child>,
}

impl Server {
    /// A server of ours on this data directory. What it logs is in `<data>.log`.
    pub(crate) fn start(anser: &Path, data: &Path, flags: &[&str]) -> Result<Server> {
        let port = free_port()?;
        let mut ours = Ours {
            anser: anser.to_owned(),
            data: data.to_owned(),
            port,
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            child: None,
        };
        ours.start()?;
        Ok(Server { route: Arc::new(Route::to_port(port)), ours: Some(ours) })
    }

    /// A server that runs already, on a directory that was filled for this.
    pub(crate) fn foreign(target: &Target) -> Server {
        Server { route: Arc::new(Route::to_target(target)), ours: None }
    }

    /// The same server, reached by TLS.
    pub(crate) fn with_tls(
        mut self,
        certificate: &rustls::pki_types::CertificateDer<'static>,
    ) -> Result<Server> {
        self.route = Arc::new(Route::clone(&self.route).with_tls(certificate)?);
        Ok(self)
    }

    pub(crate) fn route(&self) -> Arc<Route> {
        self.route.clone()
    }

    /// Reads what the process uses, in this life of it.
    pub(crate) fn meter(&self) -> Meter {
        let child = self.ours.as_ref().and_then(|ours| ours.child.as_ref());
        Meter::of(child.map(Child::id))
    }

    /// Ends it at once, so that nothing in the process gets to finish anything, and starts it again: the same port, the same
    /// data.
    pub(crate) fn restart(&mut self) -> Result<()> {
        let ours = self.ours.as_mut().context("the server is not ours to restart")?;
        let mut child = ours.child.take().context("the server does not run")?;
        child.kill()?;
        child.wait()?;
        ours.start()
    }

    /// Asks it to stop, as a service manager does, and waits until it has. Somebody else's goes on.
    pub(crate) fn stop(&mut self) -> Result<()> {
        self.ours.as_mut().map_or(Ok(()), Ours::stop)
    }
}

impl Ours {
    fn start(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "the server runs already");
        let log_path = self.data.with_extension("log");
        let log = File::options().create(true).append(true).open(&log_path)?;
        let mut command = Command::new(&self.anser);
        without_settings(&mut command);
        let mut child = command
            .args(["serve", "--listen", &format!("{}:{}", Ipv4Addr::LOCALHOST, self.port), "--data"])
            .arg(&self.data)
            .args(&self.flags)
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
        wait_until_ready(stdout.context("a child has the pipe that was asked for")?)
            .with_context(|| std::fs::read_to_string(&log_path).unwrap_or_default())
    }

    fn stop(&mut self) -> Result<()> {
        let Some(mut child) = self.child.take() else { bail!("the server does not run") };
        ask_to_end(&mut child)?;
        let began = Instant::now();
        while child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                child.kill()?;
                child.wait()?;
                bail!("the server did not stop when asked");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may be dead already; that is as well.
            let _dead = child.kill().and_then(|()| child.wait());
        }
    }
}

#[cfg(unix)]
fn ask_to_end(child: &mut Child) -> Result<()> {
    use rustix::process::{Pid, Signal, kill_process};

    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a child has a number")?;
    kill_process(pid, Signal::TERM).context("asking the server to stop")
}

#[cfg(not(unix))]
fn ask_to_end(child: &mut Child) -> Result<()> {
    Ok(child.kill()?)
}

/// The server says where to open it once it can be opened.
fn wait_until_ready(stdout: ChildStdout) -> Result<()> {
    let mut lines = BufReader::new(stdout).lines();
    for line in lines.by_ref() {
        let line = line?;
        if line.contains("http://") || line.contains("https://") {
            // What it says later is read too: a full pipe would hold it up.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
    }
    bail!("the server ended instead of starting")
}

/// Not one of those that the system hands out for connections: while the server is down, a client that tries to reach it
/// could be given its very port.
pub(crate) fn free_port() -> Result<u16> {
    const FIRST: u32 = 15_000;
    const PORTS: u32 = 15_000;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        // Processes begin far from each other.
        let number = std::process::id().wrapping_mul(101).wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        // Below 30,000.
        let port = (FIRST + number % PORTS) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port of this machine is free")
}
