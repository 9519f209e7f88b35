//! The wrongs, by their names. A campaign that lets one of them pass proves nothing.

/// One promise of the real server or client, broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The server's store commits without syncing the disk (spec D1).
    StoreWithoutSync,
    /// The server's store forgets some of what it says it has stored (spec D1).
    StoreForgetsSome,
    /// A step of a schema, the server's or a client's, is not one transaction (spec S4).
    MigrationInPieces,
    /// The client's store commits without syncing the disk (spec D5).
    ClientWithoutSync,
    /// A damaged store of the client is replaced by an empty one: nothing is saved from it (spec S4).
    RebuildWithoutSalvage,
    /// The server now and then says "sent" without storing (spec D1).
    SentWithoutStoring,
    /// The server now and then stores another text than was sent (spec D11).
    StoresAnotherText,
    /// The server now and then commits a message after the next one of its link (spec D4).
    SendsOutOfOrder,
    /// The server refuses one message for now, for ever (spec D6).
    RefusesForEver,
    /// The engine makes a new send key when it tries again (spec D2).
    ForgetKeyOnRetry,
    /// The engine reports events as delivered before they are on disk (spec D7).
    AcknowledgeBeforeSave,
    /// The engine lets the read position go back (spec U1).
    ReadMovesBack,
    /// The engine does nothing when a heartbeat shows that a push was lost (spec D8).
    IgnoreBeat,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Mutant; 13] = [
        Mutant::StoreWithoutSync,
        Mutant::StoreForgetsSome,
        Mutant::MigrationInPieces,
        Mutant::ClientWithoutSync,
        Mutant::RebuildWithoutSalvage,
        Mutant::SentWithoutStoring,
        Mutant::StoresAnotherText,
        Mutant::SendsOutOfOrder,
        Mutant::RefusesForEver,
        Mutant::ForgetKeyOnRetry,
        Mutant::AcknowledgeBeforeSave,
        Mutant::ReadMovesBack,
        Mutant::IgnoreBeat,
    ];

    /// As the environment and the proofs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Mutant::StoreWithoutSync => "store-without-sync",
            Mutant::StoreForgetsSome => "store-forgets-some",
            Mutant::MigrationInPieces => "migration-in-pieces",
            Mutant::ClientWithoutSync => "client-without-sync",
            Mutant::RebuildWithoutSalvage => "rebuild-without-salvage",
            Mutant::SentWithoutStoring => "sent-without-storing",
            Mutant::StoresAnotherText => "stores-another-text",
            Mutant::SendsOutOfOrder => "sends-out-of-order",
            Mutant::RefusesForEver => "refuses-for-ever",
            Mutant::ForgetKeyOnRetry => "forget-key-on-retry",
            Mutant::AcknowledgeBeforeSave => "acknowledge-before-save",
            Mutant::ReadMovesBack => "read-moves-back",
            Mutant::IgnoreBeat => "ignore-beat",
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
