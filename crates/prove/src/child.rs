//! This program as a child of itself: how it is started.

use std::process::Command;

use anyhow::{Context, Result};

/// The first word of such a command line.
pub const CHILD: &str = "child";

/// This program, to be started as a child in this role; without what the environment says to Anser.
pub fn command(role: &str, words: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("where this program is")?);
    command.arg(CHILD).arg(role).args(words);
    without_settings(&mut command);
    Ok(command)
}

/// Takes away what whoever runs us may have set for a server of their own.
pub(crate) fn without_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ANSER_") {
            command.env_remove(name);
        }
    }
}
