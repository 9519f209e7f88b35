//! Named places where a process can be made to die, and wrongs it can be told to do, so that campaigns can show what
//! survives and what is noticed.
//!
//! | module | what it answers |
//! |---|---|
//! | [`place`] | where can a process die? |
//! | [`mutant`] | what can it be told to do wrong? |
//! | `armed` | what did the environment ask of this process? |
//!
//! Without the feature `armed` every function here is empty, and the compiler removes the call. With it a process
//! reads, once, from its environment:
//!
//! * `ANSER_KILL_AT=store.commit.after:17`: SIGKILL to itself when it passes that place for the 17th time;
//! * `ANSER_MUTANT=store-without-sync`: it is that mutant;
//! * `ANSER_PACE=20`: the clocks of its links run twenty times as fast, so that silences of minutes can be waited for;
//! * `ANSER_SCHEMA_STEP=<file>`: the SQL in this file is one more step of the schema, invented, so that there is
//!   always one that the present version does not know.
//!
//! What makes no sense there ends the process in words: a misspelt place would look like one that was survived.

#[cfg(feature = "armed")]
mod armed;
pub mod mutant;
pub mod place;

pub use mutant::Mutant;
pub use place::Place;

#[cfg(all(feature = "armed", not(debug_assertions)))]
compile_error!("failpoints are for the dev profile only: no product may carry them");

/// The process is at this place; it may be its last.
#[cfg(feature = "armed")]
pub fn pass(place: Place) {
    armed::orders().pass(place);
}

/// The process is at this place.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn pass(_place: Place) {}

/// Whether this process is to do this wrong.
#[cfg(feature = "armed")]
pub fn is(mutant: Mutant) -> bool {
    armed::orders().mutant == Some(mutant)
}

/// Whether this process is to do this wrong: never.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn is(_mutant: Mutant) -> bool {
    false
}

/// How many times as fast as the world's the clocks of this process's links run.
#[cfg(feature = "armed")]
pub fn pace() -> u64 {
    armed::orders().pace
}

/// How many times as fast as the world's the clocks of this process's links run: once.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn pace() -> u64 {
    1
}

/// One more step of a schema, if one was invented for this process.
#[cfg(feature = "armed")]
pub fn invented_schema_step() -> Option<&'static str> {
    armed::orders().schema_step.as_deref()
}

/// One more step of a schema: none.
#[cfg(not(feature = "armed"))]
#[inline(always)]
pub fn invented_schema_step() -> Option<&'static str> {
    None
}
