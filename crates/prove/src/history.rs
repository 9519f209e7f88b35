//! The history checker, in the manner of Jepsen: everything that was written, told and stored, held against itself.
//!
//! It sees records only, and knows nothing of how they came about. Its verdict is a list of problems, each with the
//! word for what is wrong: lost, doubled, reordered, phantom, different, untrue, not on disk, unread, outbox.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anser_protocol::{codec, kind, limits};

/// An entry of a log, as some disk has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place.
    pub seq: u64,
    /// Whose.
    pub sender: u64,
    /// By the server's clock.
    pub at_ms: u64,
    /// What the body is.
    pub kind: u32,
    /// As it came.
    pub body: Vec<u8>,
    /// Does not count as unread.
    pub silent: bool,
}

/// Logs by conversation, each ascending by seq.
pub type Logs = BTreeMap<u64, Vec<Line>>;

/// How far the screen of a sender said a message had got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In the outbox.
    Sending,
    /// Refused for good.
    Failed,
    /// Stored by the server.
    Sent,
    /// On a disk of a recipient.
    Delivered,
    /// Read by a recipient.
    Read,
}

/// Something that somebody wrote. All texts of a history differ.
#[derive(Clone, Debug)]
pub struct Writing {
    /// On which device.
    pub device: String,
    /// Where.
    pub conversation: u64,
    /// What.
    pub text: String,
    /// The device said that it is in its outbox: from then on it may not be lost.
    pub accepted: bool,
    /// The best state it was ever shown in there.
    pub shown: Option<State>,
}

/// What a device has at rest.
#[derive(Clone, Debug, Default)]
pub struct DeviceEnd {
    /// Its name in the report.
    pub name: String,
    /// Whose it is.
    pub account: u64,
    /// What lies on its disk.
    pub logs: Logs,
    /// Texts in its outbox, in order.
    pub outbox: Vec<String>,
    /// What its list shows as unread, by conversation.
    pub unread: BTreeMap<u64, u64>,
    /// Up to where its list shows it as read, by conversation.
    pub read: BTreeMap<u64, u64>,
    /// Its badge.
    pub total: u64,
}

/// What the server knows of one account in one conversation.
#[derive(Clone, Copy, Debug)]
pub struct Membership {
    /// The first and the last event this member may see.
    pub first: u64,
    /// See `first`.
    pub last: u64,
    /// Read up to here.
    pub read: u64,
}

/// A whole run, after everything has come to rest.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// In the order in which each device wrote.
    pub writings: Vec<Writing>,
    /// What the server has.
    pub server: Logs,
    /// By account and conversation.
    pub memberships: BTreeMap<(u64, u64), Membership>,
    /// All devices that were there at the end.
    pub devices: Vec<DeviceEnd>,
}

/// What is wrong, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// It was accepted, or called sent, and is not where it should be.
    Lost,
    /// It is there more than once.
    Doubled,
    /// It is not in the order in which it was written, or a log has a hole.
    Reordered,
    /// It is there and nobody wrote it.
    Phantom,
    /// Two disks have different things in one place.
    Different,
    /// A state was shown that was not so.
    Untrue,
    /// It was called delivered and is on no disk of a recipient.
    NotOnDisk,
    /// A count is not what the log and the position say.
    Unread,
    /// Something waits to be sent for ever.
    Outbox,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// In one word.
    pub wrong: Wrong,
    /// And in many.
    pub words: String,
}

impl Line {
    /// What a person wrote; `None` for events of the server's own making.
    pub fn text(&self) -> Option<String> {
        if self.kind == kind::TEXT { codec::decode_text(&self.body).ok() } else { None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.wrong, self.words)
    }
}

/// Everything that is wrong with a run at rest; nothing, if all promises were kept.
pub fn check(history: &History) -> Vec<Problem> {
    let mut found = Found::default();
    found.check_server(history);
    found.check_writings(history);
    for device in &history.devices {
        found.check_device(history, device);
    }
    found.problems
}

/// Whether everything that was called sent is on the server's disk, in the middle of a run: right after a kill.
pub fn check_sent(writings: &[Writing], server: &Logs) -> Vec<Problem> {
    let mut found = Found::default();
    found.check_dense("the server", server);
    let stored = texts(server);
    for writing in writings.iter().filter(|writing| writing.shown >= Some(State::Sent)) {
        if !stored.contains(&(writing.conversation, writing.text.clone())) {
            let Writing { device, text, shown, .. } = writing;
            found.add(
                Wrong::Lost,
                format!("{device} showed {text:?} as {shown:?}, and the server has it not"),
            );
        }
    }
    found.problems
}

/// Whether everything that was called delivered is on one of the recipients' disks, at a moment when they stand still.
pub fn check_delivered(writings: &[Writing], recipients: &[&Logs]) -> Vec<Problem> {
    let mut found = Found::default();
    let on_disk: BTreeSet<(u64, String)> = recipients.iter().flat_map(|logs| texts(logs)).collect();
    for writing in writings.iter().filter(|writing| writing.shown >= Some(State::Delivered)) {
        if !on_disk.contains(&(writing.conversation, writing.text.clone())) {
            let Writing { device, text, shown, .. } = writing;
            found.add(Wrong::NotOnDisk, format!("{device} showed {text:?} as {shown:?}, and no disk has it"));
        }
    }
    found.problems
}

#[derive(Default)]
struct Found {
    problems: Vec<Problem>,
}

impl Found {
    fn add(&mut self, wrong: Wrong, words: String) {
        self.problems.push(Problem { wrong, words });
    }

    /// Dense, nothing twice, nothing that nobody wrote.
    fn check_server(&mut self, history: &History) {
        self.check_dense("the server", &history.server);
        let written: BTreeSet<(u64, &str)> =
            history.writings.iter().map(|writing| (writing.conversation, writing.text.as_str())).collect();
        for (conversation, log) in &history.server {
            let mut seen = BTreeSet::new();
            for line in log {
                let Some(text) = line.text() else { continue };
                if !written.contains(&(*conversation, text.as_str())) {
                    self.add(Wrong::Phantom, format!("{conversation}#{} says {text:?}", line.seq));
                }
                if !seen.insert(text.clone()) {
                    let seq = line.seq;
                    self.add(Wrong::Doubled, format!("{conversation}#{seq} says {text:?} again"));
                }
            }
        }
    }

    fn check_dense(&mut self, whose: &str, logs: &Logs) {
        for (conversation, log) in logs {
            for (place, line) in (1..).zip(log) {
                if line.seq != place {
                    let seq = line.seq;
                    self.add(
                        Wrong::Reordered,
                        format!("{whose}: {conversation}#{seq} where #{place} should be"),
                    );
                    break;
                }
            }
        }
    }

    /// Everything accepted is there, in each device's order; no state was shown that is not so.
    fn check_writings(&mut self, history: &History) {
        let mut places: BTreeMap<(u64, String), u64> = BTreeMap::new();
        for (conversation, log) in &history.server {
            for line in log {
                if let Some(text) = line.text() {
                    places.entry((*conversation, text)).or_insert(line.seq);
                }
            }
        }
        let mut newest: BTreeMap<(&str, u64), (u64, &str)> = BTreeMap::new();
        for Writing { device, conversation, text, accepted, shown } in &history.writings {
            let Some(seq) = places.get(&(*conversation, text.clone())) else {
                if *shown >= Some(State::Sent) {
                    self.add(
                        Wrong::Lost,
                        format!("{device} showed {text:?} as {shown:?}, the server has it not"),
                    );
                } else if *accepted && *shown != Some(State::Failed) {
                    self.add(Wrong::Lost, format!("{device} accepted {text:?}, the server has it not"));
                }
                continue;
            };
            if *shown == Some(State::Failed) {
                self.add(Wrong::Untrue, format!("{device} showed {text:?} as failed, the server has it"));
            }
            let before = newest.entry((device, *conversation)).or_insert((0, ""));
            if *seq < before.0 {
                let (place, other) = *before;
                let words = format!("{device} wrote {text:?} after {other:?}: #{seq} and #{place}");
                self.add(Wrong::Reordered, words);
            }
            *before = (*before).max((*seq, text));
        }
    }

    fn check_device(&mut self, history: &History, device: &DeviceEnd) {
        if !device.outbox.is_empty() {
            let words = format!("{} still has {} to send", device.name, device.outbox.len());
            self.add(Wrong::Outbox, words);
        }
        let mut sum = 0;
        for ((_, conversation), membership) in
            history.memberships.iter().filter(|((account, _), _)| *account == device.account)
        {
            let Some(log) = history.server.get(conversation) else { continue };
            let visible: Vec<&Line> =
                log.iter().filter(|line| (membership.first..=membership.last).contains(&line.seq)).collect();
            self.check_log(device, *conversation, log, &visible);
            let counts =
                |line: &&&Line| line.seq > membership.read && !line.silent && line.sender != device.account;
            // Counting stops there: the number means "so many or more".
            let truth = visible.iter().filter(counts).count().min(limits::UNREAD_COUNT_MAX as usize) as u64;
            let shown = device.unread.get(conversation).copied().unwrap_or(0);
            sum += shown;
            let read = device.read.get(conversation).copied().unwrap_or(0);
            if read != membership.read {
                let Membership { read: truth, .. } = membership;
                let words =
                    format!("{} shows {conversation} as read to #{read}, it is #{truth}", device.name);
                self.add(Wrong::Unread, words);
            }
            if shown != truth {
                let words = format!("{} shows {shown} in {conversation}, it is {truth}", device.name);
                self.add(Wrong::Unread, words);
            }
        }
        if device.total != sum {
            let words = format!("{} has a badge of {}, its list says {sum}", device.name, device.total);
            self.add(Wrong::Unread, words);
        }
    }

    /// It has all that its owner may see. More it may have too (who left and came back keeps what was seen before),
    /// but nothing that is not so.
    fn check_log(&mut self, device: &DeviceEnd, conversation: u64, log: &[Line], visible: &[&Line]) {
        let name = &device.name;
        let empty = Vec::new();
        let own = device.logs.get(&conversation).unwrap_or(&empty);
        let by_seq: BTreeMap<u64, &Line> = own.iter().map(|line| (line.seq, line)).collect();
        let missing: Vec<u64> =
            visible.iter().map(|line| line.seq).filter(|seq| !by_seq.contains_key(seq)).collect();
        if let Some(first) = missing.first() {
            let number = missing.len();
            self.add(Wrong::Lost, format!("{name} lacks {number} of {conversation}, the first is #{first}"));
        }
        let stored: BTreeMap<u64, &Line> = log.iter().map(|line| (line.seq, line)).collect();
        for line in own {
            match stored.get(&line.seq) {
                None => {
                    self.add(
                        Wrong::Phantom,
                        format!("{name} has {conversation}#{}, the server has not", line.seq),
                    );
                }
                Some(truth) if *truth != line => {
                    self.add(Wrong::Different, format!("{name} has another {conversation}#{}", line.seq));
                }
                Some(_) => {}
            }
        }
    }
}

fn texts(logs: &Logs) -> BTreeSet<(u64, String)> {
    let of_log = |(conversation, log): (&u64, &Vec<Line>)| {
        let conversation = *conversation;
        log.iter().filter_map(move |line| Some((conversation, line.text()?))).collect::<Vec<_>>()
    };
    logs.iter().flat_map(of_log).collect()
}

#[cfg(test)]
mod tests {
    use anser_protocol::wire;
    use prost::Message;

    use super::*;

    const CHAT: u64 = 7;
    const ALICE: u64 = 1;
    const BOB: u64 = 2;

    fn line(seq: u64, sender: u64, text: &str) -> Line {
        let body = wire::Text { text: text.to_owned() }.encode_to_vec();
        Line { seq, sender, at_ms: seq, kind: kind::TEXT, body, silent: false }
    }

    fn log(texts: &[&str]) -> Logs {
        let created = Line { kind: kind::CREATED, body: vec![], silent: true, ..line(1, ALICE, "") };
        let lines = (2..).zip(texts).map(|(seq, text)| line(seq, ALICE, text));
        Logs::from([(CHAT, std::iter::once(created).chain(lines).collect())])
    }

    fn writing(text: &str, shown: State) -> Writing {
        let (device, text) = ("alice's phone".to_owned(), text.to_owned());
        Writing { device, conversation: CHAT, text, accepted: true, shown: Some(shown) }
    }

    /// Alice wrote a, b and c to Bob, who has read a; all is well.
    fn good() -> History {
        let end = |name: &str, account, unread| DeviceEnd {
            name: name.to_owned(),
            account,
            logs: log(&["a", "b", "c"]),
            outbox: vec![],
            unread: BTreeMap::from([(CHAT, unread)]),
            read: BTreeMap::from([(CHAT, if account == BOB { 2 } else { 0 })]),
            total: unread,
        };
        History {
            writings: ["a", "b", "c"].map(|text| writing(text, State::Delivered)).into(),
            server: log(&["a", "b", "c"]),
            memberships: BTreeMap::from([
                ((ALICE, CHAT), Membership { first: 1, last: 4, read: 0 }),
                ((BOB, CHAT), Membership { first: 1, last: 4, read: 2 }),
            ]),
            devices: vec![end("alice's phone", ALICE, 0), end("bob's phone", BOB, 2)],
        }
    }

    /// What is wrong, each word once, after this change to a good history.
    fn wrong(change: impl FnOnce(&mut History)) -> Vec<Wrong> {
        let mut history = good();
        change(&mut history);
        let words: BTreeSet<Wrong> = check(&history).iter().map(|problem| problem.wrong).collect();
        words.into_iter().collect()
    }

    fn bob(history: &mut History) -> &mut DeviceEnd {
        &mut history.devices[1]
    }

    #[test]
    fn nothing_is_wrong_with_a_good_history() {
        assert_eq!(wrong(|_| {}), []);
    }

    #[test]
    fn what_was_called_sent_and_is_gone_is_lost() {
        assert_eq!(wrong(|history| history.writings.push(writing("d", State::Sent))), [Wrong::Lost]);
        assert_eq!(wrong(|history| history.writings.push(writing("d", State::Sending))), [Wrong::Lost]);
        let never_accepted = |history: &mut History| {
            history.writings.push(Writing { accepted: false, shown: None, ..writing("d", State::Sending) });
        };
        assert_eq!(wrong(never_accepted), []);
    }

    #[test]
    fn what_failed_and_was_not_stored_is_as_it_should_be() {
        assert_eq!(wrong(|history| history.writings.push(writing("d", State::Failed))), []);
        assert_eq!(wrong(|history| history.writings[0].shown = Some(State::Failed)), [Wrong::Untrue]);
    }

    #[test]
    fn a_text_that_is_there_twice_is_doubled() {
        let twice = |history: &mut History| {
            for logs in history.devices.iter_mut().map(|end| &mut end.logs).chain([&mut history.server]) {
                *logs = log(&["a", "b", "c", "b"]);
            }
            for membership in history.memberships.values_mut() {
                membership.last = 5;
            }
            let bob = &mut history.devices[1];
            (bob.unread, bob.total) = (BTreeMap::from([(CHAT, 3)]), 3);
        };
        assert_eq!(wrong(twice), [Wrong::Doubled]);
    }

    #[test]
    fn another_order_than_it_was_written_in_is_reordered() {
        assert_eq!(wrong(|history| history.writings.swap(0, 1)), [Wrong::Reordered]);
    }

    #[test]
    fn a_hole_in_the_servers_log_is_seen() {
        let hole = |history: &mut History| {
            for logs in history.devices.iter_mut().map(|end| &mut end.logs).chain([&mut history.server]) {
                logs.values_mut().for_each(|log| log[3].seq = 5);
            }
            history.memberships.values_mut().for_each(|membership| membership.last = 5);
        };
        assert_eq!(wrong(hole), [Wrong::Reordered]);
    }

    #[test]
    fn what_nobody_wrote_is_a_phantom() {
        assert_eq!(wrong(|history| drop(history.writings.remove(1))), [Wrong::Phantom]);
        let made_up = |history: &mut History| {
            bob(history).logs.get_mut(&CHAT).unwrap().push(line(5, ALICE, "d"));
        };
        assert_eq!(wrong(made_up), [Wrong::Phantom]);
    }

    #[test]
    fn what_a_device_lacks_or_has_otherwise_is_seen() {
        assert_eq!(wrong(|history| drop(bob(history).logs.get_mut(&CHAT).unwrap().remove(2))), [Wrong::Lost]);
        assert_eq!(wrong(|history| bob(history).logs = log(&["a", "c", "b"])), [Wrong::Different]);
    }

    #[test]
    fn who_came_back_keeps_what_was_seen_before() {
        let later = |history: &mut History| {
            let membership = Membership { first: 3, last: 4, read: 2 };
            history.memberships.insert((BOB, CHAT), membership);
        };
        assert_eq!(wrong(later), []);
    }

    #[test]
    fn a_count_that_is_not_the_truth_is_seen() {
        let too_many = |history: &mut History| {
            let bob = bob(history);
            (bob.unread, bob.total) = (BTreeMap::from([(CHAT, 3)]), 3);
        };
        assert_eq!(wrong(too_many), [Wrong::Unread]);
        assert_eq!(wrong(|history| bob(history).total = 9), [Wrong::Unread]);
        let read_less = |history: &mut History| bob(history).read = BTreeMap::from([(CHAT, 1)]);
        assert_eq!(wrong(read_less), [Wrong::Unread]);
    }

    #[test]
    fn an_outbox_that_is_not_empty_is_seen() {
        assert_eq!(wrong(|history| bob(history).outbox.push("d".to_owned())), [Wrong::Outbox]);
    }

    #[test]
    fn right_after_a_kill_what_was_called_sent_or_delivered_must_be_on_disk() {
        let writings =
            [writing("a", State::Sent), writing("b", State::Delivered), writing("c", State::Sending)];
        let wrongs = |problems: Vec<Problem>| problems.iter().map(|it| it.wrong).collect::<Vec<_>>();
        assert_eq!(wrongs(check_sent(&writings, &log(&["a", "b"]))), []);
        assert_eq!(wrongs(check_sent(&writings, &log(&["a"]))), [Wrong::Lost]);
        assert_eq!(wrongs(check_delivered(&writings, &[&log(&[]), &log(&["b"])])), []);
        assert_eq!(wrongs(check_delivered(&writings, &[&log(&["a"])])), [Wrong::NotOnDisk]);
    }
}
