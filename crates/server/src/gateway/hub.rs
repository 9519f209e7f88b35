//! Who is here: the live sessions of this node, each with a bounded mailbox.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use anser_protocol::wire::ErrorCode;
use anser_protocol::{AccountId, DeviceId, Fault, limits};
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::bus::SessionId;
use crate::metrics::Metrics;

/// What a session gets from the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Mail {
    /// A Push frame, encoded, shared by all who get it: for `Session::handle_push`.
    Push(Bytes),
    /// The server missed something: for `Session::handle_resync`.
    Resync,
    /// This session is over: for `Session::handle_end`. Nothing comes after it.
    End(Fault),
}

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
    /// In the order of their coming. No account has an empty list.
    sessions_by_account: BTreeMap<AccountId, Vec<Present>>,
}

#[derive(Debug)]
struct Present {
    session: SessionId,
    device: DeviceId,
    sender: mpsc::Sender<Mail>,
    ended: Arc<OnceLock<Fault>>,
}

/// A session's end of its mailbox. Dropping it is how a session leaves.
#[derive(Debug)]
pub struct Mailbox {
    hub: Arc<Hub>,
    account: AccountId,
    session: SessionId,
    receiver: mpsc::Receiver<Mail>,
    /// Why the hub let go of this session; goes before whatever is still in the box.
    ended: Arc<OnceLock<Fault>>,
    end_told: bool,
}

impl Hub {
    /// A hub with nobody there.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Hub> {
        Arc::new(Hub { registry: Mutex::default(), metrics })
    }

    /// A new session of a device. If the device has `limits::SESSIONS_PER_DEVICE_MAX` already, its oldest one
    /// ends with TOO_MANY_SESSIONS: it is the one most likely to be half-open.
    pub fn join(self: &Arc<Hub>, account: AccountId, device: DeviceId) -> Mailbox {
        let (sender, receiver) = mpsc::channel(limits::MAILBOX_FRAMES_MAX);
        let ended = Arc::new(OnceLock::new());
        let mut registry = self.registry();
        registry.newest_session += 1;
        let session = SessionId(registry.newest_session);
        let sessions = registry.sessions_by_account.entry(account).or_default();
        let of_device = sessions.iter().filter(|present| present.device == device).count();
        if of_device >= limits::SESSIONS_PER_DEVICE_MAX
            && let Some(oldest) = sessions.iter().position(|present| present.device == device)
        {
            let text = format!("a device has {} links at most", limits::SESSIONS_PER_DEVICE_MAX);
            sessions.remove(oldest).end(Fault::new(ErrorCode::TooManySessions, text));
            self.metrics.sessions.dec();
        }
        sessions.push(Present { session, device, sender, ended: ended.clone() });
        self.metrics.sessions.inc();
        drop(registry);
        Mailbox { hub: self.clone(), account, session, receiver, ended, end_told: false }
    }

    /// Whether an account has a session here.
    pub fn is_present(&self, account: AccountId) -> bool {
        self.registry().sessions_by_account.contains_key(&account)
    }

    /// The accounts that have a session here.
    pub fn accounts(&self) -> Vec<AccountId> {
        self.registry().sessions_by_account.keys().copied().collect()
    }

    /// Puts a frame into the mailbox of every session of an account, except one.
    pub fn push(&self, account: AccountId, frame: &Bytes, except: Option<SessionId>) {
        let mut pushed = 0;
        self.offer(account, |present| {
            if Some(present.session) == except {
                return None;
            }
            pushed += 1;
            Some(Mail::Push(frame.clone()))
        });
        self.metrics.pushes.inc_by(pushed);
    }

    /// Tells every session here to ask for what changed.
    pub fn resync_all(&self) {
        for account in self.accounts() {
            self.offer(account, |_| Some(Mail::Resync));
        }
        self.metrics.resyncs.inc();
    }

    /// Ends the sessions of an account's devices for which `is_over` says true.
    pub fn end_devices(&self, account: AccountId, is_over: impl Fn(DeviceId) -> bool, fault: &Fault) {
        self.retain(account, |present| {
            let over = is_over(present.device);
            if over {
                present.end(fault.clone());
            }
            !over
        });
    }

    /// Ends every session here, as when the node stops.
    pub fn end_all(&self, fault: &Fault) {
        for account in self.accounts() {
            self.end_devices(account, |_| true, fault);
        }
    }

    /// Asks `mail_for` about each session of an account; ends those whose mailbox has no room.
    fn offer(&self, account: AccountId, mut mail_for: impl FnMut(&Present) -> Option<Mail>) {
        self.retain(account, |present| {
            let Some(mail) = mail_for(present) else { return true };
            if present.sender.try_send(mail).is_ok() {
                return true;
            }
            let text = format!("{} frames were waiting to be read", limits::MAILBOX_FRAMES_MAX);
            present.end(Fault::new(ErrorCode::SlowReader, text));
            self.metrics.slow_readers.inc();
            false
        });
    }

    fn retain(&self, account: AccountId, keep: impl FnMut(&Present) -> bool) {
        let mut registry = self.registry();
        let Some(sessions) = registry.sessions_by_account.get_mut(&account) else { return };
        let before = sessions.len();
        sessions.retain(keep);
        let gone = before - sessions.len();
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

impl Present {
    /// The caller takes this session out of the registry; dropping the sender then wakes the mailbox.
    fn end(&self, fault: Fault) {
        let _already_ended = self.ended.set(fault);
    }
}

impl Mailbox {
    /// The session's name on this node.
    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The next mail; waits for one. `None` after [`Mail::End`]. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Mail> {
        if let Some(end) = self.take_end() {
            return Some(end);
        }
        if self.end_told {
            return None;
        }
        match self.receiver.recv().await {
            Some(mail) => Some(mail),
            None => self.take_end(),
        }
    }

    /// The next mail, if one is there.
    pub fn try_next(&mut self) -> Option<Mail> {
        if let Some(end) = self.take_end() {
            return Some(end);
        }
        if self.end_told {
            return None;
        }
        self.receiver.try_recv().ok()
    }

    fn take_end(&mut self) -> Option<Mail> {
        if self.end_told {
            return None;
        }
        let fault = self.ended.get()?.clone();
        self.end_told = true;
        Some(Mail::End(fault))
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.hub.retain(self.account, |present| present.session != self.session);
    }
}
