//! One polling link as its two ends share it: frames on their way up, frames on their way down, both bounded.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anser_protocol::{Fault, batch, limits};
use bytes::Bytes;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

/// An answer of more small frames than this is not made: the next one would have to wait for all of it to arrive.
const BATCH_BYTES: usize = 128 * 1024;
const ABSENT: Duration = Duration::from_millis(limits::POLL_ABSENT_MS);

/// What the link's task and its exchanges share; each exchange borrows it for as long as it takes.
pub(super) struct Lanes {
    /// One body at a time: the next exchange up is answered when the one before it has been read.
    up: mpsc::Sender<Upload>,
    state: Mutex<State>,
    /// There is something to fetch: for the one exchange that waits.
    filled: Notify,
    /// Something was fetched: for the link's task.
    fetched: Notify,
    /// True once an exchange broke off: nobody knows what of it arrived, so the link is over.
    broken: watch::Sender<bool>,
}

struct State {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// The link has ended: how, as a WebSocket would say it. No frame is added any more.
    closed: Option<u16>,
    /// ... and the other end was told.
    is_told: bool,
    is_polled: bool,
    last_polled: Instant,
    next_up: u64,
    next_down: u64,
}

/// What an exchange up brings.
pub(super) enum Upload {
    Frames(Bytes),
    Unusable(Fault),
}

/// What an exchange down takes.
#[derive(Debug, PartialEq)]
pub(super) struct Fetched {
    pub(super) body: Vec<u8>,
    /// The link is over, and this is all there was: how it ended.
    pub(super) closed: Option<u16>,
}

/// Why an exchange came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// The link is over.
    Over,
    /// It is not the one that should come next: the link ends, since something was lost or doubled on the way.
    OutOfOrder,
}

/// An exchange under way. If it is dropped before it is done, what it carried is lost, and the link with it.
struct Underway<'a> {
    lanes: &'a Lanes,
    is_done: bool,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        if !self.is_done {
            self.lanes.break_off();
        }
    }
}

impl Lanes {
    /// The lanes of a new link, and what its exchanges bring.
    pub(super) fn new() -> (Arc<Lanes>, mpsc::Receiver<Upload>) {
        let (up, uploads) = mpsc::channel(1);
        let lanes = Lanes {
            up,
            state: Mutex::new(State {
                frames: VecDeque::new(),
                bytes: 0,
                closed: None,
                is_told: false,
                is_polled: false,
                last_polled: Instant::now(),
                next_up: 1,
                next_down: 1,
            }),
            filled: Notify::new(),
            fetched: Notify::new(),
            broken: watch::Sender::new(false),
        };
        (Arc::new(lanes), uploads)
    }

    /// Exchange `number` brings frames up. Ready when they are on their way to the session, in their order. One that
    /// comes twice (browsers repeat what a stale connection may have swallowed) is done once.
    pub(super) async fn bring(&self, number: u64, body: Result<Bytes, Fault>) -> Result<(), Failed> {
        {
            let mut state = self.state();
            if state.closed.is_some() || self.is_broken() {
                return Err(Failed::Over);
            }
            if number + 1 == state.next_up {
                return Ok(());
            }
            if number != state.next_up {
                drop(state);
                self.break_off();
                return Err(Failed::OutOfOrder);
            }
            state.next_up += 1;
        }
        let mut underway = Underway { lanes: self, is_done: false };
        let upload = match body {
            Ok(body) => Upload::Frames(body),
            Err(fault) => Upload::Unusable(fault),
        };
        let brought = self.up.send(upload).await;
        underway.is_done = true;
        brought.map_err(|_| Failed::Over)
    }

    /// Exchange `number` takes what there is; if there is nothing, it waits for something this long.
    pub(super) async fn fetch(&self, number: u64, wait: Duration) -> Result<Fetched, Failed> {
        {
            let mut state = self.state();
            if self.is_broken() {
                return Err(Failed::Over);
            }
            if state.is_polled || number != state.next_down {
                drop(state);
                self.break_off();
                return Err(Failed::OutOfOrder);
            }
            state.next_down += 1;
            state.is_polled = true;
        }
        let mut underway = Underway { lanes: self, is_done: false };
        let deadline = Instant::now() + wait;
        while !self.has_something() {
            tokio::select! {
                () = self.filled.notified() => {}
                () = self.broken() => break,
                () = sleep_until(deadline) => break,
            }
        }
        let fetched = self.take();
        underway.is_done = true;
        self.fetched.notify_one();
        Ok(fetched)
    }

    /// The other end wants no more of this link, or cannot be understood.
    pub(super) fn break_off(&self) {
        self.broken.send_replace(true);
    }

    pub(super) fn has_something(&self) -> bool {
        let state = self.state();
        !state.frames.is_empty() || state.closed.is_some()
    }

    /// What waits, or the first part of it.
    fn take(&self) -> Fetched {
        let mut state = self.state();
        let mut body = Vec::new();
        while let Some(frame) = state.frames.front() {
            if !body.is_empty() && body.len() + batch::appended_len(frame) > BATCH_BYTES {
                break;
            }
            let frame_bytes = frame.len();
            batch::append(&mut body, frame);
            state.bytes -= frame_bytes;
            state.frames.pop_front();
        }
        let closed = state.closed.filter(|_| state.frames.is_empty());
        state.is_told |= closed.is_some();
        (state.is_polled, state.last_polled) = (false, Instant::now());
        Fetched { body, closed }
    }

    /// Puts a frame behind the others, if there is room for it.
    pub(super) fn offer(&self, frame: &Bytes) -> bool {
        let mut state = self.state();
        if !state.frames.is_empty() && state.bytes + frame.len() > limits::POLL_QUEUED_BYTES_MAX {
            return false;
        }
        state.push(frame.clone());
        true
    }

    /// Wakes the exchange that waits for frames, if one does.
    pub(super) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Ready when an exchange has taken something.
    pub(super) async fn fetched(&self) {
        self.fetched.notified().await;
    }

    /// The link has ended: how, and with which last frame.
    pub(super) fn close(&self, last_frame: Option<Bytes>, close_code: u16) {
        let mut state = self.state();
        if let Some(frame) = last_frame {
            state.push(frame);
        }
        state.closed = Some(close_code);
    }

    /// The other end has taken everything, and knows that the link has ended.
    pub(super) fn is_told(&self) -> bool {
        self.state().is_told
    }

    /// For how long nobody has polled; `None` while somebody does.
    fn absent_for(&self) -> Option<Duration> {
        let state = self.state();
        if state.is_polled { None } else { Some(state.last_polled.elapsed()) }
    }

    /// Ready when nobody has polled for too long.
    pub(super) async fn absent(&self) {
        loop {
            let rest = match self.absent_for() {
                None => ABSENT,
                Some(absent_for) => ABSENT.saturating_sub(absent_for),
            };
            if rest.is_zero() {
                return;
            }
            sleep(rest).await;
        }
    }

    pub(super) async fn broken(&self) {
        // The sender is in `self`, so this waits for the value and never ends without it.
        let mut broken = self.broken.subscribe();
        let _broken = broken.wait_for(|broken| *broken).await;
    }

    pub(super) fn is_broken(&self) -> bool {
        *self.broken.borrow()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics between two changes that belong together.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }
}
