//! Conversations, members and positions, in SQLite.

use anser_protocol::ids::Position;
use anser_protocol::{AccountId, ConversationId, Moment, Seq, limits};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::accounts::account_exists;
use super::log::{KeyUse, NewEvent, group_digest, insert_event};
use super::rows::{Place, from_sql, kind_to_sql, member_from_row, number, select_members, to_sql};
use super::writing::Writing;
use super::{SqliteStore, Trouble, heads, journal};
use crate::conversations::{
    Change, ConversationKind, Conversations, HeadPage, HeadRow, Member, Membership, Moved, NewGroup, Reach,
    merge_reaches,
};
use crate::error::StoreError;
use crate::log::Event;

#[async_trait]
impl Conversations for SqliteStore {
    async fn open_direct(
        &self,
        who: AccountId,
        with: AccountId,
        created: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<(ConversationId, bool), StoreError> {
        self.writer.submit(move |writing| open_direct(writing, who, with, &created, now)).await
    }

    async fn create_group(&self, group: NewGroup, now: Moment) -> Result<(ConversationId, bool), StoreError> {
        let most = self.group_members_max;
        self.writer.submit(move |writing| create_group(writing, &group, most, now)).await
    }

    async fn change_group(
        &self,
        conversation: ConversationId,
        actor: AccountId,
        change: Change,
        telling: (u32, Vec<u8>),
        now: Moment,
    ) -> Result<Option<Event>, StoreError> {
        let most = self.group_members_max;
        self.writer
            .submit(move |writing| change_group(writing, conversation, actor, &change, most, &telling, now))
            .await
    }

    async fn head(&self, account: AccountId, conversation: ConversationId) -> Result<HeadRow, StoreError> {
        self.readers.ask(move |connection| heads::head(connection, account, conversation)).await
    }

    async fn heads_changed(
        &self,
        account: AccountId,
        since: Position,
        before: Option<Position>,
        limit: usize,
    ) -> Result<HeadPage, StoreError> {
        self.readers
            .ask(move |connection| heads::heads_changed(connection, account, since, before, limit))
            .await
    }

    async fn members(
        &self,
        account: AccountId,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Member>, StoreError> {
        self.readers.ask(move |connection| members(connection, account, conversation, after, limit)).await
    }

    async fn members_among(
        &self,
        account: AccountId,
        conversation: ConversationId,
        asked: &[AccountId],
    ) -> Result<Vec<Member>, StoreError> {
        let asked = asked.to_owned();
        self.readers.ask(move |connection| members_among(connection, account, conversation, &asked)).await
    }

    async fn present_members(
        &self,
        conversation: ConversationId,
        after: AccountId,
        limit: usize,
    ) -> Result<Membership, StoreError> {
        self.readers
            .ask_thread(move |connection| present_members(connection, conversation, after, limit))
            .await
    }

    async fn reach(
        &self,
        account: AccountId,
        positions: Vec<Reach>,
        _now: Moment,
    ) -> Result<Vec<Moved>, StoreError> {
        let wanted = merge_reaches(positions);
        self.writer.submit_at_leisure(move |writing| reach(writing, account, &wanted)).await
    }
}

const PAIR_FIND: &str =
    "SELECT conversation_id FROM direct_pairs WHERE low_account_id = ?1 AND high_account_id = ?2";

const PAIR_INSERT: &str = "
    INSERT INTO direct_pairs (low_account_id, high_account_id, conversation_id) VALUES (?1, ?2, ?3)";

const CONVERSATION_INSERT: &str = "
    INSERT INTO conversations (kind, title, change, members_changed, member_count)
    VALUES (?1, ?2, ?3, 0, 0)";

const CONVERSATION_RENAME: &str = "UPDATE conversations SET title = ?2 WHERE id = ?1";

const CONVERSATION_MEMBERS: &str =
    "UPDATE conversations SET members_changed = ?2, member_count = member_count + ?3 WHERE id = ?1";

const CONVERSATION_CHANGE: &str = "UPDATE conversations SET change = ?2 WHERE id = ?1";

// One who comes back begins anew: the older span is no longer seen.
const MEMBER_JOIN: &str = "
    INSERT INTO members (conversation_id, account_id, from_seq, left_seq, left_title, left_member_count,
        delivered, read, change)
    VALUES (?1, ?2, ?3, 0, '', 0, ?3 - 1, ?3 - 1, ?4)
    ON CONFLICT (conversation_id, account_id) DO UPDATE SET from_seq = excluded.from_seq,
        left_seq = excluded.left_seq, left_title = excluded.left_title,
        left_member_count = excluded.left_member_count, delivered = excluded.delivered,
        read = excluded.read, change = excluded.change";

const MEMBER_LEAVE: &str = "
    UPDATE members SET left_seq = ?3, left_title = ?4, left_member_count = ?5, change = ?6
    WHERE conversation_id = ?1 AND account_id = ?2";

const MEMBER_REACH: &str = "
    UPDATE members SET delivered = ?3, read = ?4, change = ?5
    WHERE conversation_id = ?1 AND account_id = ?2";

const MEMBER_FIND: &str = select_members!("WHERE conversation_id = ?1 AND account_id = ?2");

const MEMBERS_AFTER: &str =
    select_members!("WHERE conversation_id = ?1 AND account_id > ?2 ORDER BY account_id LIMIT ?3");

const MEMBERS_CHANGED: &str = "SELECT members_changed FROM conversations WHERE id = ?1";

const MEMBERS_PRESENT: &str = "
    SELECT account_id, from_seq FROM members
    WHERE conversation_id = ?1 AND account_id > ?2 AND left_seq = 0 ORDER BY account_id LIMIT ?3";

/// The statements whose plans a test looks at.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    PAIR_FIND,
    CONVERSATION_RENAME,
    CONVERSATION_MEMBERS,
    CONVERSATION_CHANGE,
    MEMBER_LEAVE,
    MEMBER_REACH,
    MEMBER_FIND,
    MEMBERS_AFTER,
    MEMBERS_CHANGED,
    MEMBERS_PRESENT,
];

fn open_direct(
    writing: &mut Writing<'_>,
    who: AccountId,
    with: AccountId,
    created: &(u32, Vec<u8>),
    now: Moment,
) -> Result<(ConversationId, bool), Trouble> {
    if who == with {
        return Err(Trouble::Refused(StoreError::NotAllowed));
    }
    let connection = writing.connection;
    let pair = [to_sql(who.min(with).0), to_sql(who.max(with).0)];
    let mut find = connection.prepare_cached(PAIR_FIND)?;
    if let Some(known) = find.query_row(pair, |row| number(row, 0)).optional()? {
        return Ok((ConversationId(known), false));
    }
    require_accounts(connection, &[who, with])?;
    let id = insert_conversation(writing, ConversationKind::Direct, "", who, &[who, with], created, now)?;
    connection.prepare_cached(PAIR_INSERT)?.execute([pair[0], pair[1], to_sql(id.0)])?;
    Ok((id, true))
}

fn create_group(
    writing: &mut Writing<'_>,
    group: &NewGroup,
    members_max: usize,
    now: Moment,
) -> Result<(ConversationId, bool), Trouble> {
    if let Some(first) = KeyUse::find(writing.connection, group.creator, group.send_key)? {
        if first.digest != group_digest() {
            return Err(Trouble::Refused(StoreError::SendKeyReused));
        }
        return Ok((first.conversation, false));
    }
    let members = group.everybody();
    if members.len() > members_max {
        return Err(Trouble::Refused(StoreError::Full(members_max)));
    }
    require_accounts(writing.connection, &members)?;
    let NewGroup { creator, title, created, .. } = group;
    let id = insert_conversation(writing, ConversationKind::Group, title, *creator, &members, created, now)?;
    let first = KeyUse { conversation: id, seq: Seq(1), at: now, digest: group_digest() };
    first.insert(writing, group.creator, group.send_key)?;
    Ok((id, true))
}

fn change_group(
    writing: &mut Writing<'_>,
    conversation: ConversationId,
    actor: AccountId,
    change: &Change,
    members_max: usize,
    telling: &(u32, Vec<u8>),
    now: Moment,
) -> Result<Option<Event>, Trouble> {
    let place = Place::find(writing.connection, conversation, actor)?;
    if place.kind == ConversationKind::Direct {
        return Err(Trouble::Refused(StoreError::NotAllowed));
    }
    if place.left() {
        return match change {
            Change::Leave => Ok(None),
            Change::Add(_) | Change::Rename(_) => Err(Trouble::Refused(StoreError::NotAllowed)),
        };
    }
    let joining = match change {
        Change::Add(accounts) => {
            let joining = who_is_new(writing.connection, conversation, accounts)?;
            if joining.is_empty() {
                return Ok(None);
            }
            if place.present_count as usize + joining.len() > members_max {
                return Err(Trouble::Refused(StoreError::Full(members_max)));
            }
            require_accounts(writing.connection, &joining)?;
            joining
        }
        Change::Leave | Change::Rename(_) => Vec::new(),
    };

    let tick = writing.tick();
    let seq = tell(writing, conversation, actor, telling, now, tick)?;
    let connection = writing.connection;
    match change {
        Change::Add(_) => join(connection, conversation, &joining, seq, tick)?,
        Change::Leave => leave(connection, conversation, actor, &place, seq, tick)?,
        Change::Rename(title) => {
            connection
                .prepare_cached(CONVERSATION_RENAME)?
                .execute(params![to_sql(conversation.0), title])?;
        }
    }
    writing.tips.forget(conversation);
    let (kind, body) = telling.clone();
    let (sender, at) = (actor, now);
    Ok(Some(Event { conversation, seq, sender, at, kind, body, silent: true, send_key: None }))
}

fn insert_conversation(
    writing: &mut Writing<'_>,
    kind: ConversationKind,
    title: &str,
    creator: AccountId,
    members: &[AccountId],
    created: &(u32, Vec<u8>),
    now: Moment,
) -> Result<ConversationId, Trouble> {
    let tick = writing.tick();
    let mut insert = writing.connection.prepare_cached(CONVERSATION_INSERT)?;
    let id = insert.insert(params![kind_to_sql(kind), title, to_sql(tick.0)])?;
    let id = ConversationId(from_sql(id));
    let seq = tell(writing, id, creator, created, now, tick)?;
    join(writing.connection, id, members, seq, tick)?;
    writing.tips.forget(id);
    Ok(id)
}

/// Adds an event of the store's own making: nobody chose a key for it, and it counts for nobody.
fn tell(
    writing: &mut Writing<'_>,
    conversation: ConversationId,
    sender: AccountId,
    (kind, body): &(u32, Vec<u8>),
    now: Moment,
    tick: Position,
) -> Result<Seq, Trouble> {
    let new = NewEvent { sender, at: now, kind: *kind, silent: true, send_key: None, body };
    insert_event(writing, conversation, &new, tick)
}

/// Begins spans of membership at the telling event.
fn join(
    connection: &Connection,
    conversation: ConversationId,
    joining: &[AccountId],
    telling: Seq,
    tick: Position,
) -> Result<(), Trouble> {
    let mut join = connection.prepare_cached(MEMBER_JOIN)?;
    for account in joining {
        join.execute([to_sql(conversation.0), to_sql(account.0), to_sql(telling.0), to_sql(tick.0)])?;
    }
    let mut count = connection.prepare_cached(CONVERSATION_MEMBERS)?;
    count.execute([to_sql(conversation.0), to_sql(telling.0), to_sql(joining.len() as u64)])?;
    Ok(())
}

/// Ends a span of membership at the telling event, keeping the conversation as it then is.
fn leave(
    connection: &Connection,
    conversation: ConversationId,
    account: AccountId,
    place: &Place,
    telling: Seq,
    tick: Position,
) -> Result<(), Trouble> {
    connection.prepare_cached(MEMBER_LEAVE)?.execute(params![
        to_sql(conversation.0),
        to_sql(account.0),
        to_sql(telling.0),
        place.title(),
        place.present_count - 1,
        to_sql(tick.0),
    ])?;
    let mut count = connection.prepare_cached(CONVERSATION_MEMBERS)?;
    count.execute([to_sql(conversation.0), to_sql(telling.0), -1])?;
    Ok(())
}

fn require_accounts(connection: &Connection, accounts: &[AccountId]) -> Result<(), Trouble> {
    for account in accounts {
        if !account_exists(connection, *account)? {
            return Err(Trouble::Refused(StoreError::NotFound));
        }
    }
    Ok(())
}

/// Those of `accounts` that are not present members, each once, by id.
fn who_is_new(
    connection: &Connection,
    conversation: ConversationId,
    accounts: &[AccountId],
) -> Result<Vec<AccountId>, Trouble> {
    let mut joining = accounts.to_vec();
    joining.sort();
    joining.dedup();
    let known = among(connection, conversation, &joining)?;
    let is_present =
        |account: &AccountId| known.iter().any(|member| member.account == *account && !member.left);
    joining.retain(|account| !is_present(account));
    Ok(joining)
}

fn members(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    after: AccountId,
    limit: usize,
) -> Result<Vec<Member>, Trouble> {
    if Place::find(connection, conversation, account)?.left() {
        return Err(Trouble::Refused(StoreError::NotFound));
    }
    let mut select = connection.prepare_cached(MEMBERS_AFTER)?;
    let bounds = [to_sql(conversation.0), to_sql(after.0), to_sql(limit as u64)];
    let members = select.query_map(bounds, member_from_row)?;
    Ok(members.collect::<Result<_, _>>()?)
}

fn members_among(
    connection: &Connection,
    account: AccountId,
    conversation: ConversationId,
    asked: &[AccountId],
) -> Result<Vec<Member>, Trouble> {
    Place::find(connection, conversation, account)?;
    let mut asked = asked.to_owned();
    asked.sort();
    asked.dedup();
    Ok(among(connection, conversation, &asked)?)
}

/// Those that are or were members, in the order in which they are asked for. A look-up for each: few are asked for, of
/// perhaps many.
fn among(
    connection: &Connection,
    conversation: ConversationId,
    asked: &[AccountId],
) -> rusqlite::Result<Vec<Member>> {
    let mut find = connection.prepare_cached(MEMBER_FIND)?;
    let mut members = Vec::new();
    for account in asked {
        let place = [to_sql(conversation.0), to_sql(account.0)];
        members.extend(find.query_row(place, member_from_row).optional()?);
    }
    Ok(members)
}

fn present_members(
    connection: &Connection,
    conversation: ConversationId,
    after: AccountId,
    limit: usize,
) -> Result<Membership, Trouble> {
    let mut find = connection.prepare_cached(MEMBERS_CHANGED)?;
    let changed = find.query_row([to_sql(conversation.0)], |row| number(row, 0)).optional()?;
    let mut select = connection.prepare_cached(MEMBERS_PRESENT)?;
    let bounds = [conversation.0, after.0, limit as u64].map(to_sql);
    let members = select.query_map(bounds, |row| Ok((AccountId(number(row, 0)?), Seq(number(row, 1)?))))?;
    Ok(Membership { changed: Seq(changed.unwrap_or(0)), members: members.collect::<Result<_, _>>()? })
}

fn reach(writing: &mut Writing<'_>, account: AccountId, wanted: &[Reach]) -> Result<Vec<Moved>, Trouble> {
    let mut places = Vec::with_capacity(wanted.len());
    for reach in wanted {
        let place = Place::find(writing.connection, reach.conversation, account)?;
        if reach.delivered > place.end_seq() {
            return Err(Trouble::Refused(StoreError::BeyondEnd));
        }
        places.push(place);
    }
    let mut moved = Vec::new();
    for (reach, place) in wanted.iter().zip(&places) {
        moved.extend(reach_one(writing, account, reach, place)?);
    }
    Ok(moved)
}

/// Moves one member's positions, if they are ahead of where they were.
fn reach_one(
    writing: &mut Writing<'_>,
    account: AccountId,
    reach: &Reach,
    place: &Place,
) -> Result<Option<Moved>, Trouble> {
    let delivered = place.delivered.max(reach.delivered);
    let read = place.read.max(reach.read);
    if (delivered, read) == (place.delivered, place.read) {
        return Ok(None);
    }
    let tick = writing.tick();
    journal::record_move(writing.connection, reach.conversation, tick)?;
    let (conversation, tick) = (to_sql(reach.conversation.0), to_sql(tick.0));
    let mut update = writing.connection.prepare_cached(MEMBER_REACH)?;
    update.execute([conversation, to_sql(account.0), to_sql(delivered.0), to_sql(read.0), tick])?;
    if !place.left() && place.present_count as usize <= limits::REACHED_PUSH_MEMBERS_MAX {
        writing.connection.prepare_cached(CONVERSATION_CHANGE)?.execute([conversation, tick])?;
    }
    let reach = Reach { conversation: reach.conversation, delivered, read };
    Ok(Some(Moved { reach, from_seq: place.from_seq, member_count: place.present_count }))
}
