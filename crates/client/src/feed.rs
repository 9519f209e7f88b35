//! Events on their way to who listens. Bounded without losing anything: every event is the present state of one
//! thing, or leads to it, so a newer state replaces an older one that nobody has fetched yet.

use std::collections::{BTreeMap, VecDeque};
use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use anser_client_core::Event;
use anser_client_core::view::{ConversationView, RowsChange, SessionView, TimelineChange, TimelineView};
use tokio::sync::Notify;

/// A listener's end. It begins with how things stand, and goes on with what changes.
///
/// A slow listener misses intermediate states, never the last one.
pub struct Events {
    shared: Arc<Shared>,
}

impl Events {
    /// The next event; `None` once the client has ended and everything was fetched.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            // Taken before looking, so that what comes in between wakes us.
            let changed = self.shared.changed.notified();
            {
                let mut queue = lock(&self.shared.queue);
                if let Some(event) = queue.events.pop_front() {
                    return Some(event);
                }
                if queue.ended {
                    return None;
                }
            }
            changed.await;
        }
    }
}

/// The client's end.
#[derive(Default)]
pub(crate) struct Feed {
    inner: Mutex<Listeners>,
}

#[derive(Default)]
struct Listeners {
    /// How things stand now, for those who come later.
    present: Queue,
    /// What each view shows now: told whole to those who have not fetched what led there.
    views: BTreeMap<u32, TimelineView>,
    listeners: Vec<Weak<Shared>>,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Notify,
}

impl Feed {
    pub(crate) fn listen(&self) -> Events {
        let mut inner = lock(&self.inner);
        let shared = Arc::new(Shared { queue: Mutex::new(inner.present.clone()), changed: Notify::new() });
        inner.listeners.push(Arc::downgrade(&shared));
        Events { shared }
    }

    pub(crate) fn emit(&self, event: &Event) {
        let mut inner = lock(&self.inner);
        match event {
            // Answers belong to who asked, and take another way.
            Event::Finished { .. } => {}
            Event::Timeline { change } => {
                let whole = inner.follow(change);
                inner.present.replace_view(whole.clone());
                inner.tell(|queue| queue.push_change(change, &whole));
            }
            Event::Session { .. }
            | Event::Link { .. }
            | Event::Rebuilt
            | Event::Conversations { .. }
            | Event::Unread { .. } => {
                inner.present.push(event.clone());
                inner.tell(|queue| queue.push(event.clone()));
            }
        }
    }

    /// The views that are open: number, conversation, and where to begin if not at the log's end.
    pub(crate) fn open_views(&self) -> Vec<(u32, u64, Option<u64>)> {
        let inner = lock(&self.inner);
        let begin =
            |view: &TimelineView| view.has_newer.then(|| view.rows.first().map(|row| row.seq)).flatten();
        inner.views.iter().map(|(number, view)| (*number, view.conversation, begin(view))).collect()
    }

    /// A closed view is no longer kept up to date: newcomers must not get it.
    pub(crate) fn forget_view(&self, view: u32) {
        let mut inner = lock(&self.inner);
        inner.views.remove(&view);
        inner.present.events.retain(|event| !is_of_view(event, view));
    }

    pub(crate) fn end(&self) {
        let mut inner = lock(&self.inner);
        inner.present.ended = true;
        inner.tell(|queue| queue.ended = true);
    }
}

impl Listeners {
    /// What the view shows after the change, whole.
    fn follow(&mut self, change: &TimelineChange) -> TimelineChange {
        let shown = self.views.entry(change.view).or_default();
        shown.apply(change.clone());
        TimelineChange { rows: RowsChange::All { rows: shown.rows.clone() }, ..change.clone() }
    }

    fn tell(&mut self, change: impl Fn(&mut Queue)) {
        self.listeners.retain(|listener| {
            let Some(shared) = listener.upgrade() else { return false };
            change(&mut lock(&shared.queue));
            shared.changed.notify_one();
            true
        });
    }
}

/// At most one event for each thing there is to know: who is signed in, then by last change.
#[derive(Clone, Default)]
struct Queue {
    events: VecDeque<Event>,
    ended: bool,
}

impl Queue {
    fn push(&mut self, event: Event) {
        let event = match event {
            Event::Session { session } => {
                if matches!(session, SessionView::SignedOut { .. }) {
                    // What was known belonged to somebody who is gone.
                    self.events.retain(|waiting| matches!(waiting, Event::Link { .. } | Event::Rebuilt));
                }
                self.events.retain(|waiting| !matches!(waiting, Event::Session { .. }));
                // Whose things these are is told before the things.
                return self.events.push_front(Event::Session { session });
            }
            Event::Conversations { changed } => self.merge_conversations(changed),
            Event::Link { .. } | Event::Unread { .. } | Event::Rebuilt => {
                self.events.retain(|waiting| discriminant(waiting) != discriminant(&event));
                event
            }
            Event::Timeline { .. } | Event::Finished { .. } => event,
        };
        self.events.push_back(event);
    }

    /// Who has fetched all there was of this view gets the difference, and everybody else the whole.
    fn push_change(&mut self, change: &TimelineChange, whole: &TimelineChange) {
        if self.events.iter().any(|waiting| is_of_view(waiting, change.view)) {
            self.replace_view(whole.clone());
        } else {
            self.events.push_back(Event::Timeline { change: change.clone() });
        }
    }

    fn replace_view(&mut self, whole: TimelineChange) {
        self.events.retain(|waiting| !is_of_view(waiting, whole.view));
        self.events.push_back(Event::Timeline { change: whole });
    }

    /// Takes the waiting rows of the list out of the queue, and brings them up to date.
    fn merge_conversations(&mut self, changed: Vec<ConversationView>) -> Event {
        let mut merged = Vec::new();
        if let Some(index) = self.events.iter().position(|event| matches!(event, Event::Conversations { .. }))
            && let Some(Event::Conversations { changed }) = self.events.remove(index)
        {
            merged = changed;
        }
        for view in changed {
            match merged.iter_mut().find(|waiting| waiting.conversation == view.conversation) {
                Some(waiting) => *waiting = view,
                None => merged.push(view),
            }
        }
        Event::Conversations { changed: merged }
    }
}

fn is_of_view(event: &Event, view: u32) -> bool {
    matches!(event, Event::Timeline { change } if change.view == view)
}

/// A listener that panicked holding the lock has left a whole queue behind: every change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anser_client_core::view::{LinkView, PersonView};

    fn conversation(id: u64, unread: u32) -> ConversationView {
        ConversationView {
            conversation: id,
            group: false,
            title: "bob".into(),
            peer: None,
            member_count: 2,
            last: None,
            order_at_ms: 0,
            unread,
            read: 0,
            left: false,
            draft: String::new(),
            unsent: 0,
        }
    }

    fn conversations(changed: Vec<ConversationView>) -> Event {
        Event::Conversations { changed }
    }

    fn timeline(view: u32, loading: bool) -> Event {
        told(view, loading, RowsChange::All { rows: Vec::new() })
    }

    /// Nothing but `loading` changes.
    fn patch(view: u32, loading: bool) -> Event {
        let (above, inserted) = (Vec::new(), Vec::new());
        told(view, loading, RowsChange::Patch { dropped: 0, above, at: 0, removed: 0, inserted })
    }

    fn told(view: u32, loading: bool, rows: RowsChange) -> Event {
        let (has_older, has_newer) = (false, false);
        Event::Timeline {
            change: TimelineChange { view, conversation: 7, rows, has_older, has_newer, loading },
        }
    }

    fn link(link: LinkView) -> Event {
        Event::Link { link }
    }

    async fn everything(events: &mut Events) -> Vec<Event> {
        let mut all = Vec::new();
        while let Some(event) = events.next().await {
            all.push(event);
        }
        all
    }

    #[tokio::test]
    async fn a_slow_listener_gets_the_last_state_of_everything() {
        let feed = Feed::default();
        let mut events = feed.listen();
        feed.emit(&link(LinkView::Connecting));
        feed.emit(&timeline(1, true));
        feed.emit(&timeline(2, true));
        feed.emit(&conversations(vec![conversation(1, 1), conversation(2, 5)]));
        feed.emit(&patch(1, false));
        feed.emit(&link(LinkView::Online));
        feed.emit(&conversations(vec![conversation(1, 2), conversation(3, 0)]));
        feed.end();
        let expected = vec![
            timeline(2, true),
            timeline(1, false),
            link(LinkView::Online),
            conversations(vec![conversation(1, 2), conversation(2, 5), conversation(3, 0)]),
        ];
        assert_eq!(everything(&mut events).await, expected);
    }

    #[tokio::test]
    async fn who_keeps_up_gets_the_differences() {
        let feed = Feed::default();
        let mut events = feed.listen();
        for event in [timeline(1, true), patch(1, false)] {
            feed.emit(&event);
            assert_eq!(events.next().await, Some(event));
        }
    }

    #[tokio::test]
    async fn a_late_listener_begins_with_how_things_stand() {
        let feed = Feed::default();
        feed.emit(&link(LinkView::Online));
        feed.emit(&timeline(1, false));
        feed.emit(&timeline(2, true));
        feed.emit(&patch(2, false));
        feed.forget_view(1);
        let mut events = feed.listen();
        feed.end();
        assert_eq!(everything(&mut events).await, vec![link(LinkView::Online), timeline(2, false)]);
    }

    #[tokio::test]
    async fn after_signing_out_nothing_of_before_is_told() {
        let feed = Feed::default();
        let mut events = feed.listen();
        let alice = PersonView { account: 1, handle: "alice".into(), display_name: "Alice".into() };
        feed.emit(&Event::Session { session: SessionView::SignedIn { me: alice, device: 1 } });
        feed.emit(&conversations(vec![conversation(1, 1)]));
        let gone = Event::Session { session: SessionView::SignedOut { ended: false } };
        feed.emit(&gone);
        feed.end();
        assert_eq!(everything(&mut events).await, vec![gone]);
    }

    #[tokio::test]
    async fn a_waiting_listener_is_woken() {
        let feed = Feed::default();
        let mut events = feed.listen();
        let (event, ()) = tokio::join!(events.next(), async { feed.emit(&link(LinkView::Online)) });
        assert_eq!(event, Some(link(LinkView::Online)));
    }
}
