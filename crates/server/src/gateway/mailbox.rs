//! What waits for one session: frames to be written and, at the end, why it is over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use anser_protocol::{Fault, limits};
use bytes::Bytes;

/// What a session gets from the hub.
#[derive(Clone, Debug, PartialEq)]
pub enum Mail {
    /// A Push frame, encoded, shared by all who get it: for `Session::handle_push`.
    Push(Bytes),
    /// The server missed something: for `Session::handle_resync`.
    Resync,
    /// The server stops: finish what was begun, and go.
    Leave,
    /// This session is over: for `Session::handle_end`. Nothing comes after it.
    End(Fault),
}

/// Both ends of a new mailbox.
pub(super) fn mailbox() -> (Slot, Inbox) {
    let shared = Arc::default();
    (Slot { shared: Arc::clone(&shared) }, Inbox { shared, end_told: false })
}

/// The hub's end. One that is dropped without a last word leaves the other end waiting.
#[derive(Debug)]
pub(super) struct Slot {
    shared: Arc<Mutex<State>>,
}

/// The session's end.
#[derive(Debug)]
pub(super) struct Inbox {
    shared: Arc<Mutex<State>>,
    end_told: bool,
}

/// An empty one takes 100 bytes, where a channel of tokio's takes 2.5 KB: there is one for each session, and most are
/// empty most of the time.
#[derive(Debug, Default)]
struct State {
    /// `None` is a word to resync. At most `limits::MAILBOX_FRAMES_MAX`.
    waiting: VecDeque<Option<Bytes>>,
    leave: bool,
    /// Why the session is over; goes before whatever still waits.
    end: Option<Box<Fault>>,
    /// Of a session that found nothing here.
    waker: Option<Waker>,
}

/// Sessions that have mail and were not woken yet. Whoever fills many mailboxes wakes nobody before there is enough to
/// do for those who wake: then several frames for one session leave in one write. Dropping it rings.
#[derive(Debug, Default)]
pub struct Bells {
    wakers: Vec<Waker>,
}

/// With so many woken, every core has something to do.
const BELLS_MAX: usize = 64;

impl Bells {
    /// Wakes them all.
    pub fn ring(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    /// Wakes them if they are many.
    pub(super) fn ring_if_many(&mut self) {
        if self.wakers.len() >= BELLS_MAX {
            self.ring();
        }
    }
}

impl Drop for Bells {
    fn drop(&mut self) {
        self.ring();
    }
}

impl Slot {
    /// Puts a frame (`None`: a word to resync) behind the others; `false` if there is no room.
    pub(super) fn put(&self, frame: Option<Bytes>, bells: &mut Bells) -> bool {
        let mut state = lock(&self.shared);
        if state.waiting.len() == limits::MAILBOX_FRAMES_MAX {
            return false;
        }
        state.waiting.push_back(frame);
        bells.wakers.extend(state.waker.take());
        true
    }

    /// Tells the session to go.
    pub(super) fn dismiss(&self, bells: &mut Bells) {
        let mut state = lock(&self.shared);
        state.leave = true;
        bells.wakers.extend(state.waker.take());
    }

    /// The last word; the first one counts.
    pub(super) fn end(&self, fault: Fault, bells: &mut Bells) {
        let mut state = lock(&self.shared);
        state.end.get_or_insert_with(|| Box::new(fault));
        bells.wakers.extend(state.waker.take());
    }
}

impl Inbox {
    /// The next mail, if one is there; `None` also after [`Mail::End`].
    pub(super) fn try_next(&mut self) -> Option<Mail> {
        if self.end_told { None } else { take(&mut lock(&self.shared), &mut self.end_told) }
    }

    /// The next mail; the task is woken when one comes.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Mail> {
        if self.end_told {
            return Poll::Pending;
        }
        let mut state = lock(&self.shared);
        if let Some(mail) = take(&mut state, &mut self.end_told) {
            return Poll::Ready(mail);
        }
        state.waiting = VecDeque::new();
        match &mut state.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

fn take(state: &mut State, end_told: &mut bool) -> Option<Mail> {
    if let Some(fault) = state.end.take() {
        *end_told = true;
        return Some(Mail::End(*fault));
    }
    if std::mem::take(&mut state.leave) {
        return Some(Mail::Leave);
    }
    Some(match state.waiting.pop_front()? {
        Some(frame) => Mail::Push(frame),
        None => Mail::Resync,
    })
}

fn lock(shared: &Mutex<State>) -> MutexGuard<'_, State> {
    // Nothing in here panics between two changes that belong together.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use anser_protocol::wire::ErrorCode;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn frame(number: u8) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&[number]))
    }

    fn waiting(inbox: &mut Inbox, woken: &Arc<Woken>) {
        let waker = Waker::from(woken.clone());
        assert_eq!(inbox.poll_next(&mut Context::from_waker(&waker)), Poll::Pending);
    }

    #[test]
    fn a_sleeper_is_woken_once_and_only_when_the_bells_ring() {
        let (slot, mut inbox) = mailbox();
        let woken = Arc::default();
        waiting(&mut inbox, &woken);
        let mut bells = Bells::default();
        assert!(
            slot.put(frame(1), &mut bells) && slot.put(None, &mut bells) && slot.put(frame(2), &mut bells)
        );
        assert_eq!(woken.0.load(Ordering::Relaxed), 0);
        drop(bells);
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        let came: Vec<Mail> = std::iter::from_fn(|| inbox.try_next()).collect();
        let push = |number| Mail::Push(Bytes::copy_from_slice(&[number]));
        assert_eq!(came, [push(1), Mail::Resync, push(2)]);
        waiting(&mut inbox, &woken);
    }

    #[test]
    fn a_full_one_takes_no_more() {
        let (slot, _inbox) = mailbox();
        let mut bells = Bells::default();
        assert!((0..limits::MAILBOX_FRAMES_MAX).all(|_| slot.put(frame(1), &mut bells)));
        assert!(!slot.put(frame(1), &mut bells));
    }

    #[test]
    fn the_end_goes_before_what_waits_and_nothing_comes_after_it() {
        let (slot, mut inbox) = mailbox();
        let woken = Arc::default();
        waiting(&mut inbox, &woken);
        let mut bells = Bells::default();
        slot.put(frame(1), &mut bells);
        slot.dismiss(&mut bells);
        let over = |code| Fault::new(code, "over");
        slot.end(over(ErrorCode::SlowReader), &mut bells);
        slot.end(over(ErrorCode::SignedOut), &mut bells);
        bells.ring();
        assert_eq!(woken.0.load(Ordering::Relaxed), 1);
        assert_eq!(inbox.try_next(), Some(Mail::End(over(ErrorCode::SlowReader))));
        assert_eq!(inbox.try_next(), None);
        waiting(&mut inbox, &woken);
    }

    #[test]
    fn who_is_told_to_leave_hears_it_before_other_mail_and_once() {
        let (slot, mut inbox) = mailbox();
        let mut bells = Bells::default();
        slot.put(None, &mut bells);
        slot.dismiss(&mut bells);
        assert_eq!(inbox.try_next(), Some(Mail::Leave));
        assert_eq!(inbox.try_next(), Some(Mail::Resync));
        assert_eq!(inbox.try_next(), None);
    }
}
