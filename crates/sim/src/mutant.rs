//! Known-bad variants of the engine, the server and the link. A simulator that lets one of them pass flatters.

use anser_client_core::mutants::Mutant as EngineMutant;
use clap::ValueEnum;

/// What is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mutant {
    /// Engine: a message is on the wire before it is on disk.
    TransmitBeforeSave,
    /// Engine: its own message, seen in the log, does not leave the outbox.
    NoOutboxMatch,
    /// Engine: a push that skips a seq is taken as it comes.
    NoGapCheck,
    /// Engine: reports as delivered what is not yet on disk.
    AcknowledgeBeforeSave,
    /// Engine: a read position may move back.
    ReadMovesBack,
    /// Engine: a beat that tells of lost pushes is ignored.
    IgnoreBeat,
    /// Engine: stands where the newest push came from.
    PositionFromPush,
    /// Engine: a repeated send gets a new key.
    ForgetKeyOnRetry,
    /// Server: a repeated send key is not recognised.
    NoDedupe,
    /// Server: now and then says "sent" without storing.
    SentWithoutStoring,
    /// Server: the bus does not number its notices, so nobody sees that one is missing.
    BusWithoutNumbers,
    /// Link: heartbeats carry no push position.
    BeatWithoutPosition,
}

impl Mutant {
    /// All of them.
    pub fn all() -> &'static [Mutant] {
        Mutant::value_variants()
    }

    /// The engine's part of it, if it has one.
    pub fn of_engine(self) -> Option<EngineMutant> {
        match self {
            Mutant::TransmitBeforeSave => Some(EngineMutant::TransmitBeforeSave),
            Mutant::NoOutboxMatch => Some(EngineMutant::NoOutboxMatch),
            Mutant::NoGapCheck => Some(EngineMutant::NoGapCheck),
            Mutant::AcknowledgeBeforeSave => Some(EngineMutant::AcknowledgeBeforeSave),
            Mutant::ReadMovesBack => Some(EngineMutant::ReadMovesBack),
            Mutant::IgnoreBeat => Some(EngineMutant::IgnoreBeat),
            Mutant::PositionFromPush => Some(EngineMutant::PositionFromPush),
            Mutant::ForgetKeyOnRetry => Some(EngineMutant::ForgetKeyOnRetry),
            Mutant::NoDedupe
            | Mutant::SentWithoutStoring
            | Mutant::BusWithoutNumbers
            | Mutant::BeatWithoutPosition => None,
        }
    }
}
