//! What this program does when it is started as a child of itself: the processes whose CPU time is read from outside.

use anyhow::{Result, bail};

use crate::crowd;
use crate::raw;

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
