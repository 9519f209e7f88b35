//! Known-bad variants of the engine. The simulator must catch every one of them, else it proves nothing.

/// One promise broken on purpose. Only builds with the feature `mutants` can switch one on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// Sends before the outbox is on disk (spec D5).
    TransmitBeforeSave,
    /// Does not recognise its own message when it comes back in the log (spec D6).
    NoOutboxMatch,
    /// Believes that an event which came has everything before it (spec D8).
    NoGapCheck,
    /// Reports events as delivered before they are on disk (spec D7).
    AcknowledgeBeforeSave,
    /// Lets the read position go back (spec U1).
    ReadMovesBack,
    /// Does nothing when a heartbeat shows that a push was lost (spec D8).
    IgnoreBeat,
    /// Moves its position by what is pushed, and by the first page of changes.
    PositionFromPush,
    /// Makes a new send key when it tries again (spec D2).
    ForgetKeyOnRetry,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Mutant; 8] = [
        Mutant::TransmitBeforeSave,
        Mutant::NoOutboxMatch,
        Mutant::NoGapCheck,
        Mutant::AcknowledgeBeforeSave,
        Mutant::ReadMovesBack,
        Mutant::IgnoreBeat,
        Mutant::PositionFromPush,
        Mutant::ForgetKeyOnRetry,
    ];
}

/// Which mutant this engine is; without the feature, always none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Switch {
    #[cfg(feature = "mutants")]
    active: Option<Mutant>,
}

impl Switch {
    #[cfg(feature = "mutants")]
    pub(crate) fn set(&mut self, mutant: Option<Mutant>) {
        self.active = mutant;
    }

    #[cfg(feature = "mutants")]
    pub(crate) fn is(self, mutant: Mutant) -> bool {
        self.active == Some(mutant)
    }

    #[cfg(not(feature = "mutants"))]
    pub(crate) const fn is(self, _mutant: Mutant) -> bool {
        false
    }
}
