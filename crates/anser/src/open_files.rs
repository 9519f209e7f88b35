//! How many connections the system allows: each is an open file.

use anser_server::config::Settings;

/// Files for everything else: the store, the listeners, the log, and some to spare.
const OTHER_FILES: u64 = 100;

/// Raises the soft limit of open files as far as this process may, and lowers the bounds of connections to what
/// is left: better to refuse one in words than to fail at accepting any.
#[cfg(unix)]
pub(crate) fn fit(settings: &mut Settings) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let allowed = if raised.is_ok() { limit.maximum } else { limit.current };
    let Some(allowed) = allowed else { return };
    let connections = usize::try_from(allowed.saturating_sub(OTHER_FILES).max(1)).unwrap_or(usize::MAX);
    if connections < settings.connections_max {
        tracing::debug!(connections, "the system allows fewer open files than connections_max needs");
        settings.connections_max = connections;
        settings.connections_silent_max = settings.connections_silent_max.min(connections.div_ceil(2));
    }
}

/// Elsewhere there is no such limit to raise.
#[cfg(not(unix))]
pub(crate) fn fit(_settings: &mut Settings) {}
