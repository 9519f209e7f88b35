//! Many clients at once: started without a crush, counted, ended together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anser_protocol::wire::Error;
use anyhow::{Result, bail};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::driver::{Machine, drive};
use crate::route::Route;

/// So many may be on their way up at once: more would only measure how long a queue of sockets is.
const OPENING_MAX: usize = 256;
/// If nobody came up for so long, the rest will not come either.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// How many of a fleet are up.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    up: AtomicUsize,
    /// Links that were up and were lost, each time.
    lost: AtomicU64,
    /// The first refusal, in words.
    refused: Mutex<Option<String>>,
}

impl Presence {
    pub(crate) fn up(&self) -> usize {
        self.up.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, is_up: bool) {
        if is_up {
            self.up.fetch_add(1, Ordering::Relaxed);
        } else {
            self.up.fetch_sub(1, Ordering::Relaxed);
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn note_refused(&self, error: &Error) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.get_or_insert_with(|| format!("{}: {}", error.code().as_str_name(), error.text));
    }

    fn refusal(&self) -> Option<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Clients of one server. All of them end when this is dropped.
pub(crate) struct Fleet {
    route: Arc<Route>,
    clock: Clock,
    presence: Arc<Presence>,
    tasks: JoinSet<()>,
}

impl Fleet {
    pub(crate) fn new(route: Arc<Route>, clock: Clock) -> Fleet {
        Fleet { route, clock, presence: Arc::default(), tasks: JoinSet::new() }
    }

    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// What each client of this fleet counts itself in.
    pub(crate) fn presence(&self) -> Arc<Presence> {
        self.presence.clone()
    }

    /// One more, without waiting for it. Its number in the fleet decides from which address it comes.
    pub(crate) fn spawn(&mut self, machine: impl Machine) {
        let number = self.tasks.len();
        self.tasks.spawn(drive(machine, self.route.clone(), number, self.clock));
    }

    /// One more, as soon as not too many others are still on their way up.
    pub(crate) async fn add(&mut self, machine: impl Machine) -> Result<()> {
        self.spawn(machine);
        let expected = self.tasks.len();
        self.wait_until(|up| up + OPENING_MAX > expected).await
    }

    /// Until all of them are up.
    pub(crate) async fn all_up(&self) -> Result<()> {
        let expected = self.tasks.len();
        self.wait_until(|up| up >= expected).await
    }

    /// What was measured holds only if everybody was there all the time.
    pub(crate) fn nobody_lost(&self) -> Result<()> {
        match self.presence.lost.load(Ordering::Relaxed) {
            0 => Ok(()),
            lost => bail!("{lost} links were lost while measuring"),
        }
    }

    async fn wait_until(&self, is_enough: impl Fn(usize) -> bool) -> Result<()> {
        let (mut up, mut since) = (self.presence.up(), Instant::now());
        while !is_enough(up) {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Some(refusal) = self.presence.refusal() {
                bail!("the server refused a client: {refusal}");
            }
            let now_up = self.presence.up();
            if now_up != up {
                (up, since) = (now_up, Instant::now());
            } else if since.elapsed() > PATIENCE {
                bail!("only {up} of {} clients came up", self.tasks.len());
            }
        }
        Ok(())
    }
}
