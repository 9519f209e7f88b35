//! The campaigns, in the order in which they run. Each is one file with one public function.

pub mod chaos;
pub mod client_kills;
pub mod devices;
pub mod kill_points;
pub mod mutants;
pub mod pushes;
pub mod server_kills;
pub mod talk;

use anyhow::Result;

use crate::proof::Proof;
use crate::setting::Setting;

/// A name to choose it by, and what it does.
#[derive(Debug)]
pub struct Campaign {
    /// As `--only` takes it.
    pub name: &'static str,
    /// An error means that it could not go on, which counts as failed.
    pub run: fn(&Setting) -> Result<Vec<Proof>>,
}

/// Campaigns that wait more than they work: they run beside the others.
pub const BESIDE: [&str; 1] = ["chaos"];

/// All of them; each a line.
pub const CAMPAIGNS: &[Campaign] = &[
    Campaign { name: "server-kills", run: server_kills::run },
    Campaign { name: "kill-points", run: kill_points::run },
    Campaign { name: "client-kills", run: client_kills::run },
    Campaign { name: "talk", run: talk::run },
    Campaign { name: "pushes", run: pushes::run },
    Campaign { name: "devices", run: devices::run },
    Campaign { name: "chaos", run: chaos::run },
    Campaign { name: "mutants", run: mutants::run },
];
