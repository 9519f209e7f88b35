//! What is going on, said while it goes on, where it does not mix with the figures: on standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A log wants a line now and then; a person at a terminal wants to see it move.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// Says what is going on.
#[derive(Debug)]
pub(crate) struct Progress {
    began: Instant,
    is_terminal: bool,
    said_at: Mutex<Option<Instant>>,
}

impl Progress {
    pub(crate) fn start() -> Progress {
        Progress {
            began: Instant::now(),
            is_terminal: std::io::stderr().is_terminal(),
            said_at: Mutex::new(None),
        }
    }

    /// Something new begins.
    pub(crate) fn begin(&self, what: impl Display) {
        self.say(&what, true);
    }

    /// How far it is; most of these are passed over in a log.
    pub(crate) fn tick(&self, what: impl Display) {
        if self.is_terminal {
            return self.say(&what, false);
        }
        let now = Instant::now();
        let Ok(mut said_at) = self.said_at.lock() else { return };
        if said_at.is_none_or(|at| now.duration_since(at) >= LOG_EVERY) {
            *said_at = Some(now);
            drop(said_at);
            self.say(&what, true);
        }
    }

    fn say(&self, what: &impl Display, keep: bool) {
        let mut out = std::io::stderr().lock();
        let seconds = self.began.elapsed().as_secs();
        let (wipe, end) = (if self.is_terminal { "\r\x1b[2K" } else { "" }, if keep { "\n" } else { "" });
        // If nobody listens any more, the figures are still worth measuring.
        let _nobody_listens = write!(out, "{wipe}{seconds:>5} s  {what}{end}").and_then(|()| out.flush());
    }
}
