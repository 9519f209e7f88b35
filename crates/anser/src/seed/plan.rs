//! What happens in the made-up chats, and when: all of it decided before anything is written.

use anser_protocol::Moment;

use super::dice::Dice;

const SECOND_MS: u64 = 1_000;
const DAY_MS: u64 = 24 * 60 * 60 * SECOND_MS;

/// The big chat goes back this far, so that both changes of the clock of any year are in it.
const BIG_SPAN_MS: u64 = 400 * DAY_MS;
/// Every other chat lasts this long …
const SPAN_MS: u64 = 100 * DAY_MS;
/// … and ended at some moment within this time.
const ENDS_MS: u64 = 60 * DAY_MS;
/// People write a few lines in a row, then pause.
const LINES_AT_ONCE: u64 = 6;
const BETWEEN_LINES_MS: u64 = 20 * SECOND_MS;
/// The owner of all these chats among the people.
pub(super) const OWNER: usize = 0;
/// Members of the big chat, its owner included.
const BIG_MEMBERS: usize = 12;
/// The title of the big chat, which is the last of [`Plan::chats`].
pub(super) const BIG_TITLE: &str = "Everybody";

/// How much there should be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Conversations, the big one included; at least one.
    pub(crate) chats: usize,
    /// Messages in the big one.
    pub(crate) messages: usize,
    /// When the newest message was written.
    pub(crate) until: Moment,
}

/// Everything there will be.
pub(super) struct Plan {
    /// How many people there are; [`OWNER`] is a member of every chat.
    pub(super) people: usize,
    /// In the order of their ends, the big one last.
    pub(super) chats: Vec<Chat>,
    /// In the order of time.
    pub(super) deeds: Vec<Deed>,
}

/// One conversation.
pub(super) struct Chat {
    /// `None` for two people.
    pub(super) title: Option<String>,
    /// It is called otherwise at first.
    pub(super) renamed: bool,
    /// Those of the beginning. The first one makes it, the last one of a group may leave.
    pub(super) members: Vec<usize>,
    /// Those who are there at the end.
    pub(super) stayed: Vec<usize>,
    /// So many of the last messages are new to the owner.
    pub(super) unread: u64,
}

/// One thing that happens.
pub(super) struct Deed {
    pub(super) at: Moment,
    /// Which of [`Plan::chats`].
    pub(super) chat: usize,
    pub(super) act: Act,
}

/// What happens.
pub(super) enum Act {
    Write(Line),
    Change(Change),
}

/// A message.
pub(super) struct Line {
    pub(super) sender: usize,
    /// Which message of its chat, from 0.
    pub(super) number: u64,
    /// False: no client of today knows how to show it.
    pub(super) known: bool,
}

/// What is no message.
pub(super) enum Change {
    Begin,
    Add(usize),
    Leave(usize),
    /// To [`Chat::title`].
    Rename,
}

impl Plan {
    /// The same size gives the same plan.
    pub(super) fn new(size: Size) -> Plan {
        let big = size.chats - 1;
        let directs = (0..big).filter(|chat| !is_group(*chat)).count();
        // Person 0 is the owner; a direct chat is with somebody of its own; groups need a few to choose from.
        let people = 1 + directs.max(2 * BIG_MEMBERS);
        let mut plan = Plan { people, chats: Vec::new(), deeds: Vec::new() };
        let mut with = 0;
        for chat in 0..big {
            let mut dice = Dice::of(&[1, chat as u64]);
            let until = size.until - (big - chat) as u64 * ENDS_MS / size.chats as u64;
            let messages = 3 + dice.below(20) as u64;
            let unread = if dice.below(9) == 0 { 1 + dice.below(12) as u64 } else { 0 };
            let (title, members) = if is_group(chat) {
                (Some(format!("Group {chat}")), some_people(&mut dice, people, 4))
            } else {
                with += 1;
                (None, vec![OWNER, with])
            };
            let changes = title.is_some() && dice.below(4) == 0;
            plan.chats.push(Chat { title, renamed: changes, members, stayed: Vec::new(), unread });
            plan.fill(chat, Course { from: until - SPAN_MS, until, messages, changes });
        }
        let (title, members) = (Some(BIG_TITLE.to_owned()), (0..BIG_MEMBERS).collect());
        plan.chats.push(Chat { title, renamed: true, members, stayed: Vec::new(), unread: 0 });
        let from = size.until - BIG_SPAN_MS;
        plan.fill(big, Course { from, until: size.until, messages: size.messages as u64, changes: true });
        plan.deeds.sort_by_key(|deed| deed.at);
        plan
    }

    /// Adds what happens in one chat.
    fn fill(&mut self, chat: usize, course: Course) {
        let Course { from, until, messages, changes } = course;
        let members = &self.chats[chat].members;
        let joins = newcomer(members, self.people, chat).filter(|_| changes);
        let leaves = members.last().copied().filter(|_| changes && members.len() > 2);
        let mut present = members.clone();
        let mut deed = |at, act| self.deeds.push(Deed { at, chat, act });
        deed(from, Act::Change(Change::Begin));
        let blocks = messages.div_ceil(LINES_AT_ONCE).max(1);
        let block_ms = until.millis_since(from) / blocks;
        let line_ms = BETWEEN_LINES_MS.min(block_ms / (2 * LINES_AT_ONCE));
        for number in 0..messages {
            let block = number / LINES_AT_ONCE;
            // Counted from the end of the block, so that the last line of all is the newest one.
            let lines_after = LINES_AT_ONCE - 1 - number % LINES_AT_ONCE;
            let at = from + (block + 1) * block_ms - lines_after * line_ms;
            let before = at - line_ms / 2;
            if let Some(who) = joins.filter(|_| number == messages / 4) {
                deed(before, Act::Change(Change::Add(who)));
                present.push(who);
            }
            if changes && number == messages / 2 {
                deed(before, Act::Change(Change::Rename));
            }
            if let Some(who) = leaves.filter(|_| number == messages * 3 / 4) {
                deed(before, Act::Change(Change::Leave(who)));
                present.retain(|member| *member != who);
            }
            let mut dice = Dice::of(&[2, chat as u64, number / 3]);
            let sender = if dice.below(3) == 0 { OWNER } else { *dice.one_of(&present) };
            // Thinly spread, but in the big chat always on the last screen.
            let unknown = number % 500 == 7 || changes && messages - number == 5;
            deed(at, Act::Write(Line { sender, number, known: !unknown }));
        }
        self.chats[chat].stayed = present;
    }
}

/// When a chat begins and ends, how much is written in it, and whether people come and go.
struct Course {
    from: Moment,
    until: Moment,
    messages: u64,
    changes: bool,
}

fn is_group(chat: usize) -> bool {
    chat % 3 == 2
}

/// The owner and a few others, each once; mostly somebody else than the owner made the group.
fn some_people(dice: &mut Dice, people: usize, at_most: usize) -> Vec<usize> {
    let mut members = vec![OWNER];
    for _ in 0..2 + dice.below(at_most) {
        let somebody = 1 + dice.below(people - 1);
        if !members.contains(&somebody) {
            members.push(somebody);
        }
    }
    if dice.below(4) > 0 {
        members.swap(0, 1);
    }
    // The last one may leave, and the owner stays.
    if members.last() == Some(&OWNER) {
        members.rotate_right(1);
    }
    members
}

/// Somebody who is not in yet.
fn newcomer(members: &[usize], people: usize, chat: usize) -> Option<usize> {
    (0..people).map(|step| (chat + step) % people).find(|who| !members.contains(who))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(chats: usize, messages: usize) -> Plan {
        Plan::new(Size { chats, messages, until: Moment(2_000 * DAY_MS) })
    }

    #[test]
    fn time_rises_and_the_newest_message_is_the_big_chats() {
        let plan = plan(40, 500);
        assert!(plan.deeds.is_sorted_by_key(|deed| deed.at));
        let last = plan.deeds.last().unwrap();
        assert_eq!(last.chat, 39);
        let before_the_end_ms = Moment(2_000 * DAY_MS).millis_since(last.at);
        assert!(before_the_end_ms < LINES_AT_ONCE * BETWEEN_LINES_MS, "{before_the_end_ms} ms");
    }

    #[test]
    fn nobody_writes_before_coming_or_after_leaving() {
        let plan = plan(40, 500);
        let mut present: Vec<Vec<usize>> = vec![Vec::new(); plan.chats.len()];
        for Deed { chat, act, .. } in &plan.deeds {
            let members = &mut present[*chat];
            match act {
                Act::Change(Change::Begin) => members.clone_from(&plan.chats[*chat].members),
                Act::Change(Change::Add(who)) => {
                    assert!(!members.contains(who));
                    members.push(*who);
                }
                Act::Change(Change::Leave(who)) => {
                    assert!(*who != OWNER && members.contains(who));
                    members.retain(|member| member != who);
                }
                Act::Change(Change::Rename) => assert!(!members.is_empty()),
                Act::Write(Line { sender, .. }) => {
                    assert!(members.contains(sender), "{sender} writes in {chat}, where {members:?} are");
                }
            }
        }
        let stayed = plan.chats.iter().map(|chat| &chat.stayed);
        assert!(present.iter().eq(stayed));
        assert!(present.iter().all(|members| members.contains(&OWNER) && members.len() >= 2));
    }

    #[test]
    fn one_chat_is_enough() {
        let plan = plan(1, 1);
        assert_eq!(plan.chats.len(), 1);
        assert_eq!(plan.chats[0].title.as_deref(), Some(BIG_TITLE));
    }
}
