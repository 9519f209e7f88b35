//! What this program does when it is started as somebody's child: clients and writers that are there to be killed.

use anyhow::{Result, bail};

use crate::campaigns::nat;
use crate::{client_child, device, store_child};

/// A role gets the words after its name, and plays until it is told to end, or killed.
type Role = fn(&[String]) -> Result<()>;

/// All of them; a campaign that needs a child of its own adds a line.
const ROLES: &[(&str, Role)] = &[
    ("device", device::role::play),
    ("store-writer", store_child::write),
    ("store-look", store_child::look),
    ("client-writer", client_child::write),
    ("client-open", client_child::open),
    (nat::IDLER, nat::idle),
];

/// Plays the role named by the first word.
pub fn play(words: &[String]) -> Result<()> {
    let Some((name, rest)) = words.split_first() else { bail!("which role?") };
    match ROLES.iter().find(|(role, _)| role == name) {
        Some((_, role)) => role(rest),
        None => bail!("there is no role `{name}`"),
    }
}
