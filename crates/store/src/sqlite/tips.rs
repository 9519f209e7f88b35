//! What the writer remembers of the logs it wrote to lately, so that a send need not look for their ends.
//!
//! All of it can be read from the tables again: what is forgotten costs a look-up, and a transaction that is undone
//! has all forgotten.

use std::collections::HashMap;

use anser_protocol::{AccountId, ConversationId, Seq};
use rusqlite::{Connection, OptionalExtension, Row};

use super::Trouble;
use super::rows::{number, to_sql};
use crate::error::StoreError;

/// Tips in one generation; there are two. Under 20 MB for both.
const TIPS_MAX: usize = 65_536;
/// Present members remembered for one log: in a large group few write, and those often.
const WRITERS_MAX: usize = 16;

/// The end of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tip {
    /// 0: there is no event yet.
    pub(super) last_seq: Seq,
    /// See [`crate::Membership::changed`].
    pub(super) members_changed: Seq,
    /// These are present members; others may be too.
    writers: Vec<AccountId>,
    counting: Counting,
}

/// The newest event of a log that counts as unread for anybody but its sender; seq 0: there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counting {
    seq: Seq,
    sender: AccountId,
    /// The newest one before it that counts for its sender.
    before: Seq,
}

/// The tips of the logs written to lately. When the newer generation is full, it becomes the older one, and what
/// nobody has asked for since is forgotten.
#[derive(Debug, Default)]
pub(super) struct Tips {
    newer: HashMap<ConversationId, Tip>,
    older: HashMap<ConversationId, Tip>,
}

// One statement for both, since a log not written to lately is what most sends of a large store go to.
const MEMBER_AND_LAST_EVENT: &str = "
    SELECT e.seq, e.sender_id, e.silent, e.back, m.left_seq, c.members_changed
    FROM members AS m JOIN conversations AS c ON c.id = m.conversation_id
        JOIN events AS e ON e.conversation_id = c.id
    WHERE m.conversation_id = ?1 AND m.account_id = ?2 ORDER BY e.seq DESC LIMIT 1";

const LAST_EVENT: &str = "
    SELECT seq, sender_id, silent, back FROM events
    WHERE conversation_id = ?1 ORDER BY seq DESC LIMIT 1";

const EVENT_COUNTING: &str = "
    SELECT seq, sender_id, silent, back FROM events
    WHERE conversation_id = ?1 AND seq = ?2";

const MEMBERS_CHANGED: &str = "SELECT members_changed FROM conversations WHERE id = ?1";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[MEMBER_AND_LAST_EVENT, LAST_EVENT, EVENT_COUNTING, MEMBERS_CHANGED];

impl Tips {
    /// The tip of this log, as the transaction sees it, for one who writes: `NotFound` unless the account is or was a
    /// member, `NotAllowed` if it left.
    pub(super) fn of_writer(
        &mut self,
        connection: &Connection,
        conversation: ConversationId,
        account: AccountId,
    ) -> Result<&mut Tip, Trouble> {
        let known = self.known(conversation).is_some_and(|tip| tip.writers.contains(&account));
        if !known {
            let mut find = connection.prepare_cached(MEMBER_AND_LAST_EVENT)?;
            let found = find
                .query_row([to_sql(conversation.0), to_sql(account.0)], |row| {
                    Ok((number(row, 4)?, Seq(number(row, 5)?), Link::from_row(row)?))
                })
                .optional()?;
            let Some((left_seq, members_changed, last)) = found else {
                return Err(Trouble::Refused(StoreError::NotFound));
            };
            if left_seq > 0 {
                return Err(Trouble::Refused(StoreError::NotAllowed));
            }
            if self.known(conversation).is_none() {
                let tip = Tip::after(connection, conversation, members_changed, last)?;
                self.keep(conversation, tip);
            }
        }
        let tip = self.newer.entry(conversation).or_default();
        if !known {
            tip.remember(account);
        }
        Ok(tip)
    }

    /// The tip of this log, as the transaction sees it.
    pub(super) fn of(
        &mut self,
        connection: &Connection,
        conversation: ConversationId,
    ) -> rusqlite::Result<&mut Tip> {
        if self.known(conversation).is_none() {
            let tip = Tip::read(connection, conversation)?;
            self.keep(conversation, tip);
        }
        Ok(self.newer.entry(conversation).or_default())
    }

    /// One that is remembered is in the newer generation afterwards.
    fn known(&mut self, conversation: ConversationId) -> Option<&Tip> {
        if !self.older.is_empty()
            && let Some(tip) = self.older.remove(&conversation)
        {
            self.keep(conversation, tip);
        }
        self.newer.get(&conversation)
    }

    fn keep(&mut self, conversation: ConversationId, tip: Tip) {
        if self.newer.len() >= TIPS_MAX {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(conversation, tip);
    }

    /// After what changes members.
    pub(super) fn forget(&mut self, conversation: ConversationId) {
        self.newer.remove(&conversation);
        self.older.remove(&conversation);
    }

    /// After a transaction that was undone.
    pub(super) fn forget_all(&mut self) {
        self.newer.clear();
        self.older.clear();
    }
}

impl Tip {
    fn read(connection: &Connection, conversation: ConversationId) -> rusqlite::Result<Tip> {
        let id = [to_sql(conversation.0)];
        let mut find = connection.prepare_cached(MEMBERS_CHANGED)?;
        let members_changed = find.query_row(id, |row| number(row, 0)).optional()?;
        let members_changed = Seq(members_changed.unwrap_or(0));
        let mut find = connection.prepare_cached(LAST_EVENT)?;
        match find.query_row(id, Link::from_row).optional()? {
            Some(last) => Tip::after(connection, conversation, members_changed, last),
            None => Ok(Tip { members_changed, ..Tip::default() }),
        }
    }

    fn after(
        connection: &Connection,
        conversation: ConversationId,
        members_changed: Seq,
        last: Link,
    ) -> rusqlite::Result<Tip> {
        let counting = match (last.silent, last.target()) {
            (false, _) => Some(last),
            (true, Seq(0)) => None,
            (true, target) => {
                let mut find = connection.prepare_cached(EVENT_COUNTING)?;
                Some(find.query_row([to_sql(conversation.0), to_sql(target.0)], Link::from_row)?)
            }
        };
        let counting = counting.map_or(Counting::default(), |link| Counting {
            seq: link.seq,
            sender: link.sender,
            before: link.target(),
        });
        Ok(Tip { last_seq: last.seq, members_changed, writers: Vec::new(), counting })
    }

    /// This account was found to be a present member.
    fn remember(&mut self, account: AccountId) {
        if self.writers.len() >= WRITERS_MAX {
            self.writers.clear();
        }
        self.writers.push(account);
    }

    /// What `events.back` is for the next event of this log.
    pub(super) fn back(&self, sender: AccountId, silent: bool) -> u64 {
        self.last_seq.next().0 - self.target(sender, silent).0
    }

    /// The next event of this log was stored.
    pub(super) fn advance(&mut self, sender: AccountId, silent: bool) {
        let before = self.target(sender, silent);
        self.last_seq = self.last_seq.next();
        if !silent {
            self.counting = Counting { seq: self.last_seq, sender, before };
        }
    }

    fn target(&self, sender: AccountId, silent: bool) -> Seq {
        if silent || self.counting.sender != sender { self.counting.seq } else { self.counting.before }
    }
}

/// What of an event leads back from it.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) seq: Seq,
    pub(super) sender: AccountId,
    pub(super) silent: bool,
    back: u64,
}

impl Link {
    /// From a row that begins with seq, sender_id, silent, back.
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Link> {
        Ok(Link {
            seq: Seq(number(row, 0)?),
            sender: AccountId(number(row, 1)?),
            silent: row.get(2)?,
            back: number(row, 3)?,
        })
    }

    /// Where it leads. Always further back, also from a damaged row.
    pub(super) fn target(&self) -> Seq {
        Seq(self.seq.0.saturating_sub(self.back.max(1)))
    }
}
