//! Who is here: the live sessions of this node, each with a bounded mailbox.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use anser_protocol::wire::ErrorCode;
use anser_protocol::{AccountId, DeviceId, Fault, limits};
use bytes::Bytes;

use crate::bus::SessionId;
use crate::gateway::mailbox::{self, Inbox, Slot};
use crate::metrics::Metrics;

pub use crate::gateway::mailbox::{Bells, Mail};

/// Looked up under one lock when many are told the same: few enough that those who come and go hardly wait.
const TOLD_AT_ONCE: usize = 128;

/// The live sessions of this node.
///
/// Nothing here waits: a mailbox without room ends its session with SLOW_READER, and never holds up another.
#[derive(Debug)]
pub struct Hub {
    registry: Mutex<Registry>,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct Registry {
    newest_session: u64,
    /// How often sessions may have been ended, see [`Hub::endings`].
    endings: u64,
    /// In the order of their coming. No account has an empty list.
    sessions_by_account: HashMap<AccountId, Vec<Present>>,
}

#[derive(Debug)]
struct Present {
    session: SessionId,
    device: DeviceId,
    slot: Slot,
}

/// A session's end of its mailbox. Dropping it is how a session leaves.
#[derive(Debug)]
pub struct Mailbox {
    hub: Arc<Hub>,
    account: AccountId,
    session: SessionId,
    inbox: Inbox,
}

impl Hub {
    /// A hub with nobody there.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Hub> {
        Arc::new(Hub { registry: Mutex::default(), metrics })
    }

    /// A new session of a device. If the device has `limits::SESSIONS_PER_DEVICE_MAX` already, its oldest one
    /// ends with TOO_MANY_SESSIONS: it is the one most likely to be half-open.
    pub fn join(self: &Arc<Hub>, account: AccountId, device: DeviceId) -> Mailbox {
        let (slot, inbox) = mailbox::mailbox();
        // Declared before the lock is taken, so that it rings after the lock is given back.
        let mut bells = Bells::default();
        let mut registry = self.registry();
        registry.newest_session += 1;
        let session = SessionId(registry.newest_session);
        let present = Present { session, device, slot };
        match registry.sessions_by_account.entry(account) {
            // Most people have one, and there are many people: a list of exactly that length.
            Entry::Vacant(entry) => drop(entry.insert(vec![present])),
            Entry::Occupied(mut entry) => {
                let sessions = entry.get_mut();
                let of_device = sessions.iter().filter(|other| other.device == device).count();
                if of_device >= limits::SESSIONS_PER_DEVICE_MAX
                    && let Some(oldest) = sessions.iter().position(|other| other.device == device)
                {
                    let text = format!("a device has {} links at most", limits::SESSIONS_PER_DEVICE_MAX);
                    sessions
                        .remove(oldest)
                        .slot
                        .end(Fault::new(ErrorCode::TooManySessions, text), &mut bells);
                    self.metrics.sessions.dec();
                }
                sessions.push(present);
            }
        }
        self.metrics.sessions.inc();
        drop(registry);
        Mailbox { hub: self.clone(), account, session, inbox }
    }

    /// Whether an account has a session here.
    pub fn is_present(&self, account: AccountId) -> bool {
        self.registry().sessions_by_account.contains_key(&account)
    }

    /// The accounts that have a session here, in order.
    pub fn accounts(&self) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = self.registry().sessions_by_account.keys().copied().collect();
        accounts.sort_unstable();
        accounts
    }

    /// Puts a frame into the mailbox of every session of those accounts that are here, except one session.
    /// `frame_for` is asked only about those. Says how many mailboxes that were.
    pub fn push(
        &self,
        accounts: impl IntoIterator<Item = AccountId>,
        mut frame_for: impl FnMut(AccountId) -> Bytes,
        except: Option<SessionId>,
        bells: &mut Bells,
    ) -> usize {
        let mut accounts = accounts.into_iter().peekable();
        let mut pushed = 0;
        while accounts.peek().is_some() {
            let mut registry = self.registry();
            for account in accounts.by_ref().take(TOLD_AT_ONCE) {
                self.retain(&mut registry, account, |present| {
                    if Some(present.session) == except {
                        return true;
                    }
                    pushed += 1;
                    self.offer(present, Some(frame_for(account)), bells)
                });
            }
            drop(registry);
            bells.ring_if_many();
        }
        self.metrics.pushes.inc_by(pushed as u64);
        pushed
    }

    /// Tells every session here to ask for what changed.
    pub fn resync_all(&self) {
        let mut bells = Bells::default();
        for account in self.accounts() {
            self.retain(&mut self.registry(), account, |present| self.offer(present, None, &mut bells));
            bells.ring_if_many();
        }
        self.metrics.resyncs.inc();
    }

    /// Ends the sessions of an account's devices for which `is_over` says true.
    pub fn end_devices(&self, account: AccountId, is_over: impl Fn(DeviceId) -> bool, fault: &Fault) {
        let mut bells = Bells::default();
        let mut registry = self.registry();
        registry.endings += 1;
        self.retain(&mut registry, account, |present| {
            let over = is_over(present.device);
            if over {
                present.slot.end(fault.clone(), &mut bells);
            }
            !over
        });
    }

    /// Rises whenever sessions may have been ended. Who sees the same number before he looked a device up and after
    /// its session joined knows that no ending fell in between, which would have missed that session.
    pub fn endings(&self) -> u64 {
        self.registry().endings
    }

    /// All sessions here are about to be looked over: see [`Hub::endings`].
    pub fn note_ending(&self) {
        self.registry().endings += 1;
    }

    /// Tells every session here to finish and go: the node stops.
    pub fn dismiss_all(&self) {
        let mut bells = Bells::default();
        for account in self.accounts() {
            for present in self.registry().sessions_by_account.get(&account).into_iter().flatten() {
                present.slot.dismiss(&mut bells);
            }
            bells.ring_if_many();
        }
    }

    /// Puts something into a mailbox; `false` if that has no room, which is the end of its session.
    fn offer(&self, present: &Present, frame: Option<Bytes>, bells: &mut Bells) -> bool {
        if present.slot.put(frame, bells) {
            return true;
        }
        let text = format!("{} frames were waiting to be read", limits::MAILBOX_FRAMES_MAX);
        present.slot.end(Fault::new(ErrorCode::SlowReader, text), bells);
        self.metrics.slow_readers.inc();
        false
    }

    fn retain(&self, registry: &mut Registry, account: AccountId, keep: impl FnMut(&Present) -> bool) {
        let Some(sessions) = registry.sessions_by_account.get_mut(&account) else { return };
        let before = sessions.len();
        sessions.retain(keep);
        let gone = before - sessions.len();
        if gone == 0 {
            return;
        }
        if sessions.is_empty() {
            registry.sessions_by_account.remove(&account);
        }
        self.metrics.sessions.dec_by(i64::try_from(gone).unwrap_or(i64::MAX));
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // Nothing in here panics between two changes that belong together.
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    /// The session's name on this node.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The next mail; the task is woken when one comes. Never ready again after [`Mail::End`].
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Mail> {
        self.inbox.poll_next(context)
    }

    /// The next mail, if one is there.
    pub fn try_next(&mut self) -> Option<Mail> {
        self.inbox.try_next()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let session = self.session;
        self.hub.retain(&mut self.hub.registry(), self.account, |present| present.session != session);
    }
}
