//! What this program does when it is started as a child of itself: the processes whose CPU time is read from outside.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::crowd;
use crate::meter::Meter;
use crate::raw;

/// The word after `anser bench` that makes a child of it.
pub const CHILD: &str = "child";

/// A role gets the words after its name, and plays until it is killed, or its parent is.
type Role = fn(&[String]) -> Result<()>;

/// All of them; a scenario that needs a child of its own adds a line.
const ROLES: &[(&str, Role)] = &[
    (raw::echo::TCP, raw::echo::serve_tcp),
    (raw::echo::WEBSOCKET, raw::echo::serve_websocket),
    (raw::echo::WEBSOCKET_TOGETHER, raw::echo::serve_websocket_together),
    (raw::fan_out::ROLE, raw::fan_out::serve),
    (crowd::child::ROLE, crowd::child::play),
    (crowd::members::ROLE, crowd::members::play),
];

/// Plays the role named by the first word.
pub fn play(words: &[String]) -> Result<()> {
    let Some((name, rest)) = words.split_first() else { bail!("which role?") };
    // One that is given orders hears by itself when there will be no more.
    if ![crowd::child::ROLE, crowd::members::ROLE].contains(&name.as_str()) {
        std::thread::spawn(|| {
            // The parent holds the other end, and never writes: this ends when the parent does, however it ended.
            std::io::stdin().lines().for_each(drop);
            std::process::exit(0);
        });
    }
    match ROLES.iter().find(|(role, _)| role == name) {
        Some((_, role)) => role(rest),
        None => bail!("there is no role `{name}`"),
    }
}

/// A child of ours in some role. It is killed when this is dropped.
pub(crate) struct Playing {
    child: Child,
}

impl Playing {
    /// Starts this program again, in this role.
    pub(crate) fn start(anser: &Path, role: &str, words: &[&str]) -> Result<Playing> {
        let mut command = Command::new(anser);
        without_settings(&mut command);
        let child = command
            .args(["bench", CHILD, role])
            .args(words)
            .stdin(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", anser.display()))?;
        Ok(Playing { child })
    }

    pub(crate) fn meter(&self) -> Meter {
        Meter::of(Some(self.child.id()))
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        // It may be dead already; that is as well.
        let _dead = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Takes away what whoever runs us may have set for a server of their own.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANSER_") {
            command.env_remove(name);
        }
    }
}
