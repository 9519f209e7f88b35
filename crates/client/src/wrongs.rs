//! The client broken on purpose, for campaigns that must notice; in a product there is none of it.

use anser_client_core::Engine;

/// The engine as it is.
#[cfg(not(feature = "failpoints"))]
pub(crate) fn on(engine: Engine) -> Engine {
    engine
}

/// The engine with the wrong that this process was told to do, if any.
#[cfg(feature = "failpoints")]
pub(crate) fn on(mut engine: Engine) -> Engine {
    use anser_client_core::Mutant as OfEngine;
    use anser_failpoints::Mutant;

    let wrongs = [
        (Mutant::ForgetKeyOnRetry, OfEngine::ForgetKeyOnRetry),
        (Mutant::AcknowledgeBeforeSave, OfEngine::AcknowledgeBeforeSave),
        (Mutant::ReadMovesBack, OfEngine::ReadMovesBack),
        (Mutant::IgnoreBeat, OfEngine::IgnoreBeat),
    ];
    let told = wrongs.into_iter().find(|(mutant, _)| anser_failpoints::is(*mutant));
    engine.set_mutant(told.map(|(_, wrong)| wrong));
    engine
}

/// Nothing.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) async fn let_go_out() {}

/// What was handed to the carrier is on the wire when this returns, as far as that goes without waiting: so dying in the
/// next instant is as bad as it can be.
#[cfg(feature = "failpoints")]
pub(crate) async fn let_go_out() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}
