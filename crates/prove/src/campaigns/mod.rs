//! The campaigns, in the order in which they run. Each is one file with one public function.

pub mod chaos;
pub mod client_damage;
pub mod client_kills;
pub mod client_store;
pub mod devices;
pub mod first_tries;
pub mod half_open;
pub mod kill_points;
pub mod mutants;
pub mod nat;
pub mod power_loss;
pub mod pushes;
pub mod returning;
pub mod server_kills;
pub mod store_kills;
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
    Campaign { name: "nat", run: nat::run },
    Campaign { name: "half-open", run: half_open::run },
    Campaign { name: "return", run: returning::run },
    Campaign { name: "first-tries", run: first_tries::run },
    Campaign { name: "mutants", run: mutants::run },
    Campaign { name: "store-kills", run: store_kills::run },
    Campaign { name: "power-loss", run: power_loss::run },
    Campaign { name: "client-store", run: client_store::run },
    Campaign { name: "client-damage", run: client_damage::run },
];
