//! Groups in which much is said: what is new there within a moment is brought to their members together.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anser_protocol::{ConversationId, Moment};
use anser_store::Membership;

use super::hub::{Bells, Hub};
use super::rounds::Parcel;

/// Smaller groups hear everything at once: that is a third of a millisecond's work.
pub(super) const MEMBERS_MIN: usize = 100;
/// Who was told a moment ago is told again after so long, with all that came meanwhile: up to this people take a thing to
/// happen at once. Nearly all that a delivery costs is a write and the waking of both ends, whatever is in it (decision 0011).
const TOGETHER_MS: u64 = 100;
/// With so many they are brought at once: a reader may have no more than a few hundred waiting.
const PARCELS_MAX: usize = 64;
/// Looked up for all parcels before the sessions found are woken: fewer than a hub wakes by itself, so that nobody wakes to
/// the first of them only.
const TOLD_AT_ONCE: usize = 32;

/// The groups that were told of something a moment ago.
///
/// What is held here is held for [`TOGETHER_MS`], in the order in which it came; whoever brings something else that belongs
/// behind it calls [`Lively::release`] first. A group is forgotten when its moment is over and nothing came.
#[derive(Debug, Default)]
pub(super) struct Lively {
    groups: BTreeMap<ConversationId, Group>,
    /// Which group was told when, in that order; also those that were told again since.
    told: VecDeque<(Moment, ConversationId)>,
    /// Parcels in all groups.
    held: usize,
}

#[derive(Debug)]
struct Group {
    told_at: Moment,
    members: Arc<Membership>,
    /// Came since.
    parcels: Vec<Parcel>,
}

impl Lively {
    /// Something new for these members: brought to them now if they were not told anything a moment ago, else held.
    pub(super) fn add(
        &mut self,
        parcel: Parcel,
        members: Arc<Membership>,
        now: Moment,
        hub: &Hub,
        bells: &mut Bells,
    ) {
        let conversation = parcel.conversation();
        if self.groups.get(&conversation).is_some_and(|group| group.members.changed != members.changed) {
            // Whoever came or went since may not be told of the one, or must be told of the other.
            self.release(conversation, now, hub, bells);
        }
        let group = self.groups.entry(conversation).or_insert_with(|| Group {
            told_at: Moment(0),
            members,
            parcels: Vec::new(),
        });
        group.parcels.push(parcel);
        self.held += 1;
        if now >= group.told_at + TOGETHER_MS || group.parcels.len() >= PARCELS_MAX {
            self.tell(conversation, now, hub, bells);
        }
    }

    /// Brings what is held for one group, and forgets the group.
    pub(super) fn release(
        &mut self,
        conversation: ConversationId,
        now: Moment,
        hub: &Hub,
        bells: &mut Bells,
    ) {
        if self.groups.get(&conversation).is_some_and(|group| !group.parcels.is_empty()) {
            self.tell(conversation, now, hub, bells);
        }
        self.groups.remove(&conversation);
    }

    /// When [`Lively::tell_due`] has something to bring.
    pub(super) fn due_at(&self) -> Moment {
        match self.told.front() {
            Some((told_at, _)) if self.held > 0 => *told_at + TOGETHER_MS,
            _ => Moment::NEVER,
        }
    }

    /// Brings what was held long enough.
    pub(super) fn tell_due(&mut self, now: Moment, hub: &Hub, bells: &mut Bells) {
        while let Some((told_at, conversation)) = self.told.front().copied()
            && now >= told_at + TOGETHER_MS
        {
            self.told.pop_front();
            let Some(group) = self.groups.get(&conversation) else { continue };
            if group.told_at > told_at {
                continue;
            }
            if group.parcels.is_empty() {
                self.groups.remove(&conversation);
            } else {
                self.tell(conversation, now, hub, bells);
            }
        }
    }

    /// Brings everything.
    pub(super) fn tell_all(&mut self, now: Moment, hub: &Hub, bells: &mut Bells) {
        let all: Vec<ConversationId> = self.groups.keys().copied().collect();
        for conversation in all {
            self.release(conversation, now, hub, bells);
        }
        self.told.clear();
    }

    fn tell(&mut self, conversation: ConversationId, now: Moment, hub: &Hub, bells: &mut Bells) {
        let Some(group) = self.groups.get_mut(&conversation) else { return };
        group.told_at = now;
        self.told.push_back((now, conversation));
        let mut parcels = std::mem::take(&mut group.parcels);
        self.held -= parcels.len();
        if let [one] = parcels.as_mut_slice() {
            one.hand_out(&group.members.members, hub, bells);
            return;
        }
        for some in group.members.members.chunks(TOLD_AT_ONCE) {
            for parcel in &mut parcels {
                parcel.hand_out(some, hub, bells);
            }
            bells.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    use anser_protocol::wire::{frame, push};
    use anser_protocol::{AccountId, DeviceId, Seq, codec, kind};
    use anser_store::Event;

    use super::*;
    use crate::gateway::hub::{Mail, Mailbox};
    use crate::metrics::Metrics;

    const GROUP: ConversationId = ConversationId(7);
    const NOW: Moment = Moment(1_000_000);
    const LATER: Moment = Moment(NOW.0 + TOGETHER_MS);
    const PEOPLE: u64 = 2 * TOLD_AT_ONCE as u64;

    struct Here {
        hub: Arc<Hub>,
        bells: Bells,
        lively: Lively,
        mailboxes: Vec<Mailbox>,
    }

    /// A session that waits, and when it is woken takes what is there.
    struct Sleeper {
        mailbox: Mutex<Mailbox>,
        found: AtomicUsize,
    }

    impl Sleeper {
        fn of(mailbox: Mailbox) -> Arc<Sleeper> {
            let sleeper = Arc::new(Sleeper { mailbox: Mutex::new(mailbox), found: AtomicUsize::new(0) });
            let waker = Waker::from(sleeper.clone());
            let waits = sleeper.mailbox.lock().unwrap().poll_next(&mut Context::from_waker(&waker));
            assert!(waits.is_pending());
            sleeper
        }
    }

    impl Wake for Sleeper {
        fn wake(self: Arc<Self>) {
            let mut mailbox = self.mailbox.lock().unwrap();
            let found = std::iter::from_fn(|| mailbox.try_next()).count();
            self.found.store(found, Ordering::Relaxed);
        }
    }

    fn members(changed: u64, accounts: impl Iterator<Item = u64>) -> Arc<Membership> {
        let members = accounts.map(|account| (AccountId(account), Seq(1))).collect();
        Arc::new(Membership { changed: Seq(changed), members })
    }

    fn all() -> Arc<Membership> {
        members(1, 1..=PEOPLE)
    }

    fn parcel(seq: u64) -> Parcel {
        let event = Event {
            conversation: GROUP,
            seq: Seq(seq),
            sender: AccountId(99),
            at: NOW,
            kind: kind::TEXT,
            body: Vec::new(),
            silent: false,
            send_key: None,
        };
        Parcel::new(event, None)
    }

    impl Here {
        fn new() -> Here {
            let hub = Hub::new(Metrics::new());
            let mailboxes = (1..=PEOPLE).map(|account| hub.join(AccountId(account), DeviceId(account)));
            Here { mailboxes: mailboxes.collect(), hub, bells: Bells::default(), lively: Lively::default() }
        }

        fn add(&mut self, seq: u64, members: Arc<Membership>, now: Moment) {
            self.lively.add(parcel(seq), members, now, &self.hub, &mut self.bells);
        }

        fn tell_due(&mut self, now: Moment) {
            self.lively.tell_due(now, &self.hub, &mut self.bells);
        }

        /// Which seqs somebody got since the last time.
        fn hears(&mut self, person: usize) -> Vec<u64> {
            let mail = std::iter::from_fn(|| self.mailboxes[person].try_next());
            mail.map(|mail| {
                let Mail::Push(bytes) = mail else { panic!("not a push: {mail:?}") };
                match codec::decode_from_server(&bytes) {
                    Ok(Some(frame::Body::Push(push))) => match push.what {
                        Some(push::What::Event(event)) => event.seq,
                        other => panic!("not an event: {other:?}"),
                    },
                    other => panic!("not a push: {other:?}"),
                }
            })
            .collect()
        }
    }

    #[test]
    fn the_first_goes_at_once_and_what_follows_goes_together() {
        let mut here = Here::new();
        here.add(2, all(), NOW);
        assert_eq!(here.hears(0), [2]);
        assert_eq!(here.lively.due_at(), Moment::NEVER, "nothing is held");
        for seq in 3..=5 {
            here.add(seq, all(), NOW + 1);
        }
        assert_eq!(here.lively.due_at(), LATER);
        here.tell_due(LATER - 1);
        assert_eq!(here.hears(0), [0; 0]);
        here.tell_due(LATER);
        for person in 0..PEOPLE as usize {
            let expected: &[u64] = if person == 0 { &[3, 4, 5] } else { &[2, 3, 4, 5] };
            assert_eq!(here.hears(person), expected);
        }
        here.tell_due(LATER + TOGETHER_MS);
        assert!(here.lively.groups.is_empty() && here.lively.told.is_empty() && here.lively.held == 0);
    }

    #[test]
    fn whoever_is_woken_finds_all_that_goes_together() {
        let mut here = Here::new();
        here.add(2, all(), NOW);
        (0..PEOPLE as usize).for_each(|person| drop(here.hears(person)));
        let sleepers: Vec<Arc<Sleeper>> = here.mailboxes.drain(..).map(Sleeper::of).collect();
        (3..=8).for_each(|seq| here.add(seq, all(), NOW));
        here.tell_due(LATER);
        let found: Vec<usize> = sleepers.iter().map(|one| one.found.load(Ordering::Relaxed)).collect();
        assert!(found.iter().all(|found| *found == 6), "{found:?}");
    }

    #[test]
    fn who_came_or_went_meanwhile_is_told_of_their_own_time_only() {
        let mut here = Here::new();
        here.add(2, all(), NOW);
        here.add(3, all(), NOW);
        here.add(4, members(4, 2..=PEOPLE), NOW);
        assert_eq!((here.hears(0), here.hears(1)), (vec![2, 3], vec![2, 3, 4]));
    }

    #[test]
    fn what_belongs_behind_it_need_not_wait() {
        let mut here = Here::new();
        here.add(2, all(), NOW);
        here.add(3, all(), NOW);
        here.lively.release(GROUP, NOW, &here.hub, &mut here.bells);
        assert_eq!(here.hears(0), [2, 3]);
        assert_eq!(here.lively.due_at(), Moment::NEVER);
        here.add(4, all(), NOW);
        assert_eq!(here.hears(0), [4]);
        here.tell_due(LATER);
        assert!(here.lively.groups.is_empty() && here.hears(0).is_empty());
    }

    #[test]
    fn no_more_are_held_than_a_reader_may_have_waiting() {
        let mut here = Here::new();
        let seqs = 2..3 + PARCELS_MAX as u64;
        seqs.clone().for_each(|seq| here.add(seq, all(), NOW));
        assert_eq!(here.hears(0), seqs.collect::<Vec<_>>());
        assert_eq!(here.lively.held, 0);
    }
}
