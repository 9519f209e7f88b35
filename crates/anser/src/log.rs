//! How log lines look. They go to standard error, and say nothing about who talks to whom.

use std::io::IsTerminal;

use anser_server::config::{LogFormat, Settings};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::prelude::*;

/// From here on, what is logged is written.
pub(crate) fn start(settings: &Settings) {
    // Libraries log what only their makers understand, and some log what people sent: never below warnings.
    let libraries = settings.log_level.min(tracing::level_filters::LevelFilter::WARN);
    let levels = Targets::new().with_default(libraries).with_target("anser", settings.log_level);
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(levels);
    match settings.log_format {
        LogFormat::Text => registry.with(lines).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
}
