//! The wrongs, by their names. A campaign that lets one of them pass proves nothing.

/// One promise of the real server or client, broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The server's store commits without syncing the disk (spec D1).
    StoreWithoutSync,
    /// The client's store commits without syncing the disk (spec D5).
    ClientWithoutSync,
    /// A damaged store of the client is replaced by an empty one: nothing is saved from it (spec S4).
    RebuildWithoutSalvage,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Mutant; 3] =
        [Mutant::StoreWithoutSync, Mutant::ClientWithoutSync, Mutant::RebuildWithoutSalvage];

    /// As the environment and the proofs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Mutant::StoreWithoutSync => "store-without-sync",
            Mutant::ClientWithoutSync => "client-without-sync",
            Mutant::RebuildWithoutSalvage => "rebuild-without-salvage",
        }
    }

    /// The mutant of this name.
    pub fn from_name(name: &str) -> Option<Mutant> {
        Mutant::ALL.into_iter().find(|mutant| mutant.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_is_found_by_its_name() {
        for mutant in Mutant::ALL {
            assert_eq!(Mutant::from_name(mutant.name()), Some(mutant));
        }
        assert_eq!(Mutant::from_name("perfect"), None);
    }
}
