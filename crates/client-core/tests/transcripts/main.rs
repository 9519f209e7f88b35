//! Dialogues between an engine and a server that the test speaks for. Each file is one promise's worth.

mod catching_up;
mod device;
mod disk;
mod failing_disk;
mod hostile;
mod kinds;
#[cfg(feature = "mutants")]
mod mutants;
mod networks;
mod people;
mod positions;
mod receiving;
mod sending;
mod signing;
mod timelines;
