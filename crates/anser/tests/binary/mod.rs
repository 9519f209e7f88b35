//! Runs the binary as a person would, and talks to it as a client does.

#![allow(dead_code)] // shared by two test programs

pub(crate) mod client;

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

const ANSER: &str = env!("CARGO_BIN_EXE_anser");

/// A running `anser serve`, killed when dropped.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    /// The line that says that it is ready, and how fast it was.
    pub(crate) ready_line: String,
}

/// What a run left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Server {
        Server::start_with(data, &[], Stdio::inherit())
    }

    pub(crate) fn start_with(data: &Path, flags: &[&str], stderr: Stdio) -> Server {
        let mut child = command()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let ready_line = read_line(&mut stdout);
        let open = read_line(&mut stdout);
        let address = open.split("http://").nth(1).expect("the start says where to open");
        let address = address.trim_end_matches('/').parse().unwrap();
        Server { child, stdout, address, ready_line }
    }

    /// SIGKILL: nothing in the process gets to finish anything.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it logged, once it is dead.
    pub(crate) fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    /// Asks it to stop, as a service manager does; its exit code and last words.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be dead already; that is as well.
        let _dead = self.child.kill();
        let _dead = self.child.wait();
    }
}

/// Runs the binary until it ends by itself.
pub(crate) fn run_to_end(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let output = command().args(arguments).envs(environment.iter().copied()).output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Without what the one who runs the tests may have set.
fn command() -> Command {
    let mut command = Command::new(ANSER);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANSER_") {
            command.env_remove(name);
        }
    }
    command
}

fn read_line(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "the server ended instead of starting");
    line.trim().to_owned()
}
