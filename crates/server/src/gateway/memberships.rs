//! Who is in the conversations that were last talked in: a bounded cache over the store.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use anser_protocol::ConversationId;
use anser_store::Membership;

/// What an entry weighs besides its members, counted in members: a conversation that everybody left is not nothing.
const ENTRY_WEIGHT: usize = 8;

/// Two generations: what was used lately, and what was used before that. When the young one is half of what is
/// allowed, the old one is dropped and the young one grows old. Nothing is lost by it but time.
#[derive(Debug)]
pub(super) struct Memberships {
    young: Generation,
    old: Generation,
    members_max: usize,
}

#[derive(Debug, Default)]
struct Generation {
    by_conversation: BTreeMap<ConversationId, Arc<Membership>>,
    weight: usize,
}

impl Memberships {
    /// Holds what weighs up to `members_max` members.
    pub(super) fn new(members_max: usize) -> Memberships {
        Memberships { young: Generation::default(), old: Generation::default(), members_max }
    }

    pub(super) fn get(&mut self, conversation: ConversationId) -> Option<Arc<Membership>> {
        if let Some(known) = self.young.by_conversation.get(&conversation) {
            return Some(known.clone());
        }
        let known = self.old.remove(conversation)?;
        self.put(conversation, known.clone());
        Some(known)
    }

    pub(super) fn put(&mut self, conversation: ConversationId, membership: Arc<Membership>) {
        self.forget(conversation);
        if self.young.weight + weight(&membership) > self.members_max / 2 {
            self.old = mem::take(&mut self.young);
        }
        self.young.weight += weight(&membership);
        self.young.by_conversation.insert(conversation, membership);
    }

    pub(super) fn forget(&mut self, conversation: ConversationId) {
        self.young.remove(conversation);
        self.old.remove(conversation);
    }

    pub(super) fn forget_all(&mut self) {
        self.young = Generation::default();
        self.old = Generation::default();
    }
}

impl Generation {
    fn remove(&mut self, conversation: ConversationId) -> Option<Arc<Membership>> {
        let removed = self.by_conversation.remove(&conversation)?;
        self.weight -= weight(&removed);
        Some(removed)
    }
}

fn weight(membership: &Membership) -> usize {
    ENTRY_WEIGHT + membership.members.len()
}

#[cfg(test)]
mod tests {
    use anser_protocol::{AccountId, Seq};

    use super::*;

    fn of(count: u64) -> Arc<Membership> {
        let members = (1..=count).map(|account| (AccountId(account), Seq(1))).collect();
        Arc::new(Membership { changed: Seq(1), members })
    }

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut cache = Memberships::new(100);
        let (used, unused) = (ConversationId(1), ConversationId(2));
        cache.put(used, of(2));
        cache.put(unused, of(2));
        for other in 10..30 {
            cache.put(ConversationId(other), of(2));
            assert!(cache.get(used).is_some(), "used each time, yet gone after {other}");
        }
        assert_eq!(cache.get(unused), None);
        assert!(cache.young.weight + cache.old.weight <= 100);
    }

    #[test]
    fn one_that_is_larger_than_the_cache_is_still_answered() {
        let mut cache = Memberships::new(40);
        cache.put(ConversationId(1), of(1_000));
        assert_eq!(cache.get(ConversationId(1)).map(|known| known.members.len()), Some(1_000));
        cache.put(ConversationId(2), of(1));
        cache.put(ConversationId(3), of(1));
        cache.put(ConversationId(4), of(1));
        cache.put(ConversationId(5), of(1));
        assert!(cache.young.weight + cache.old.weight <= 40);
    }

    #[test]
    fn conversations_that_everybody_left_do_not_pile_up() {
        let mut cache = Memberships::new(100);
        for conversation in 0..10_000 {
            cache.put(ConversationId(conversation), of(0));
        }
        let remembered = cache.young.by_conversation.len() + cache.old.by_conversation.len();
        assert!(remembered <= 100, "{remembered} are remembered");
    }

    #[test]
    fn what_is_forgotten_is_gone_from_both_generations() {
        let mut cache = Memberships::new(80);
        for conversation in 1..=4 {
            cache.put(ConversationId(conversation), of(2));
        }
        cache.forget(ConversationId(1));
        cache.forget(ConversationId(4));
        assert_eq!(cache.get(ConversationId(1)), None);
        assert_eq!(cache.get(ConversationId(4)), None);
        cache.forget_all();
        assert_eq!(cache.get(ConversationId(3)), None);
        assert_eq!(cache.young.weight + cache.old.weight, 0);
    }
}
