//! The places, by their names.

/// Between two deeds that a crash must not tear apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The writer has done a batch and is about to commit it.
    StoreCommitBefore,
    /// The batch is committed; nobody has been told.
    StoreCommitAfter,
    /// The writer is about to tell a caller how its deed went.
    StoreAnswerBefore,
    /// Something is committed and about to be published on the bus.
    ServerPublishBefore,
    /// A request is done and its answer about to be written to the link.
    ServerAnswerBefore,
    /// The client is about to save what the engine said.
    ClientSaveBefore,
    /// It is saved; nothing that follows from it has been shown or sent.
    ClientSaveAfter,
    /// A frame is about to be handed to the carrier.
    ClientTransmitBefore,
}

impl Place {
    /// All of them.
    pub const ALL: [Place; 8] = [
        Place::StoreCommitBefore,
        Place::StoreCommitAfter,
        Place::StoreAnswerBefore,
        Place::ServerPublishBefore,
        Place::ServerAnswerBefore,
        Place::ClientSaveBefore,
        Place::ClientSaveAfter,
        Place::ClientTransmitBefore,
    ];

    /// As the environment spells it.
    pub fn name(self) -> &'static str {
        match self {
            Place::StoreCommitBefore => "store.commit.before",
            Place::StoreCommitAfter => "store.commit.after",
            Place::StoreAnswerBefore => "store.answer.before",
            Place::ServerPublishBefore => "server.publish.before",
            Place::ServerAnswerBefore => "server.answer.before",
            Place::ClientSaveBefore => "client.save.before",
            Place::ClientSaveAfter => "client.save.after",
            Place::ClientTransmitBefore => "client.transmit.before",
        }
    }

    /// The place of this name.
    pub fn from_name(name: &str) -> Option<Place> {
        Place::ALL.into_iter().find(|place| place.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_by_its_name() {
        for place in Place::ALL {
            assert_eq!(Place::from_name(place.name()), Some(place));
        }
        assert_eq!(Place::from_name("store.commit"), None);
    }
}
