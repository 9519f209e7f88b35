//! This program as a child of itself: how it is started, and that it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::meter::Meter;

/// The word after `anser bench` that makes a child of it.
pub const CHILD: &str = "child";

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
