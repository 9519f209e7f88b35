//! The campaigns, in the order in which they run. Each is one file with one public function.

mod first_tries;
mod half_open;
pub mod nat;
mod returning;

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

/// All of them.
pub const CAMPAIGNS: [Campaign; 4] = [
    Campaign { name: "nat", run: nat::run },
    Campaign { name: "half-open", run: half_open::run },
    Campaign { name: "return", run: returning::run },
    Campaign { name: "first-tries", run: first_tries::run },
];
