//! A device under test: an engine, a disk, a screen, and a link whose other end the test speaks for.
//!
//! Whatever a test does, the device checks at every output that nothing goes to the network which is not on
//! disk (spec D5, D7).

use std::collections::{BTreeMap, VecDeque};

use anser_client_core::local::{Load, SessionRow};
use anser_client_core::view::{
    Content, ConversationView, LinkView, RowState, RowView, SessionView, TimelineView,
};
use anser_client_core::{Command, Engine, Event, Input, Outcome, Output};
use anser_protocol::wire::{self, Beat, Changes, Frame, Welcome, answer, frame, push, request};
use anser_protocol::{ConversationId, DeviceId, Moment, SendKey, Seq};
use prost::Message;

use crate::disk::Disk;
use crate::people::{ALICE, person};

/// Alice's device.
pub(crate) struct Device {
    pub(crate) engine: Engine,
    pub(crate) disk: Disk,
    pub(crate) now: Moment,
    /// When the engine wants to be woken.
    pub(crate) wake_at: Moment,
    /// The connection the engine wants, or has.
    connection: Option<u64>,
    /// Frames the engine has sent.
    sent: VecDeque<frame::Body>,
    /// The next save fails.
    pub(crate) broken_disk: bool,
    /// Loads are not answered before the test says so.
    pub(crate) slow_disk: bool,
    waiting_loads: Vec<Load>,
    /// Pushes that the server has sent on this link: what its heartbeats say.
    pushes: u32,
    pinged: bool,
    pub(crate) screen: Screen,
    last_command: u64,
}

/// What the user sees.
#[derive(Default)]
pub(crate) struct Screen {
    pub(crate) session: Option<SessionView>,
    pub(crate) link: Option<LinkView>,
    pub(crate) list: BTreeMap<u64, ConversationView>,
    pub(crate) unread: u64,
    /// By conversation, as its own view shows it.
    pub(crate) timelines: BTreeMap<u64, TimelineView>,
    /// By view: a conversation may have several.
    pub(crate) views: BTreeMap<u32, TimelineView>,
    pub(crate) outcomes: BTreeMap<u64, Outcome>,
    /// Names of the events in the order they were emitted.
    pub(crate) emitted: Vec<&'static str>,
}

impl Device {
    /// A device on which nobody is signed in.
    pub(crate) fn empty() -> Device {
        Device::start(Disk::default(), Moment(1_000_000))
    }

    /// Alice's device, never linked before.
    pub(crate) fn of_alice() -> Device {
        let session = SessionRow {
            account: ALICE,
            device: DeviceId(1),
            handle: "alice".to_owned(),
            display_name: "Alice".to_owned(),
            token: vec![7; 32],
        };
        Device::start(Disk { session: Some(session), ..Disk::default() }, Moment(1_000_000))
    }

    /// Alice's device, linked and caught up with these conversations.
    pub(crate) fn with(heads: Vec<wire::Head>) -> Device {
        let mut device = Device::of_alice();
        device.link(changes(100, heads));
        device
    }

    fn start(disk: Disk, now: Moment) -> Device {
        let seed = now.0.to_le_bytes().repeat(4).try_into().expect("four times eight bytes");
        let mut device = Device {
            engine: Engine::new(seed, disk.restore(), now),
            disk,
            now,
            wake_at: now,
            connection: None,
            sent: VecDeque::new(),
            broken_disk: false,
            slow_disk: false,
            waiting_loads: Vec::new(),
            pushes: 0,
            pinged: false,
            screen: Screen::default(),
            last_command: 0,
        };
        device.drain(usize::MAX);
        device
    }

    /// The power goes out and comes back: all that is left is the disk.
    pub(crate) fn restart(self) -> Device {
        Device::start(self.disk, self.now + 1_000)
    }

    // --- the user ---

    /// What came of it, if that is known yet.
    pub(crate) fn command(&mut self, command: Command) -> Option<Outcome> {
        let id = self.begin(command);
        self.outcome(id)
    }

    /// The command's number, for later.
    pub(crate) fn begin(&mut self, command: Command) -> u64 {
        self.last_command += 1;
        let id = self.last_command;
        self.input(Input::Command { id, command });
        id
    }

    pub(crate) fn outcome(&self, id: u64) -> Option<Outcome> {
        self.screen.outcomes.get(&id).cloned()
    }

    pub(crate) fn opens(&mut self, conversation: u64) {
        self.looks(conversation, None);
    }

    /// Every conversation has a view of its own here, with the conversation's number.
    pub(crate) fn looks(&mut self, conversation: u64, at: Option<u64>) {
        let open = Command::OpenView { view: view(conversation), conversation, at };
        assert_eq!(self.command(open), Some(Outcome::Done));
    }

    pub(crate) fn writes(&mut self, conversation: u64, text: &str) {
        let outcome = self.command(says(conversation, text));
        assert_eq!(outcome, Some(Outcome::Done));
    }

    pub(crate) fn reads(&mut self, conversation: u64, seq: u64) {
        assert_eq!(self.command(Command::MarkRead { conversation, seq }), Some(Outcome::Done));
    }

    /// The rows of a timeline, in words: "bob: hi", "alice: hello · sent".
    pub(crate) fn timeline(&self, conversation: u64) -> Vec<String> {
        let timeline = self.screen.timelines.get(&conversation).expect("the timeline is shown");
        timeline.rows.iter().map(in_words).collect()
    }

    pub(crate) fn unread(&self, conversation: u64) -> u32 {
        self.screen.list[&conversation].unread
    }

    // --- the server ---

    /// The connection opens, Alice says Hello, and the server answers with these changes. Returns the position
    /// she said she stands at.
    pub(crate) fn link(&mut self, changes: Changes) -> u64 {
        self.connects();
        let Some(frame::Body::Hello(hello)) = self.sent.pop_front() else { panic!("no Hello") };
        let account = Some(person(ALICE));
        let (device, now_ms, heartbeat_ms, silence_ms_max) = (1, self.now.0, 25_000, 600_000);
        let changes = Some(changes);
        let welcome = Welcome { account, device, now_ms, heartbeat_ms, changes, silence_ms_max };
        self.hears(frame::Body::Welcome(welcome));
        hello.position
    }

    pub(crate) fn connects(&mut self) {
        let connection = self.connection.expect("a connection is wanted");
        self.input(Input::Connected { connection });
    }

    /// The link dies. The engine will want another one when its back-off is over.
    pub(crate) fn is_cut(&mut self) {
        let connection = self.connection.take().expect("there is a connection");
        self.sent.clear();
        self.input(Input::Disconnected { connection });
    }

    /// Waits until the engine wants a connection again.
    pub(crate) fn waits_for_retry(&mut self) {
        while self.connection.is_none() {
            self.waits_until(self.wake_at);
        }
    }

    pub(crate) fn hears(&mut self, body: frame::Body) {
        let connection = self.connection.expect("there is a connection");
        match body {
            frame::Body::Welcome(_) => self.pushes = 0,
            frame::Body::Push(_) => self.pushes += 1,
            _ => {}
        }
        let bytes = Frame { body: Some(body) }.encode_to_vec();
        self.input(Input::Received { connection, bytes });
    }

    pub(crate) fn is_pushed(&mut self, what: push::What) {
        self.hears(frame::Body::Push(wire::Push { what: Some(what) }));
    }

    pub(crate) fn is_pushed_event(&mut self, event: wire::Event) {
        self.is_pushed(push::What::Event(event));
    }

    pub(crate) fn is_answered(&mut self, id: u32, result: answer::Result) {
        self.hears(frame::Body::Answer(wire::Answer { id, result: Some(result) }));
    }

    pub(crate) fn is_refused(&mut self, id: u32, code: wire::ErrorCode, retry_after_ms: u32) {
        let error = wire::Error { code: code.into(), retry_after_ms, ..wire::Error::default() };
        self.is_answered(id, answer::Result::Error(error));
    }

    /// All requests that came since the last look.
    pub(crate) fn requests(&mut self) -> Vec<(u32, request::Call)> {
        let requests = self.sent.drain(..).filter_map(|body| match body {
            frame::Body::Request(request) => Some((request.id, request.call.expect("a call"))),
            _ => None,
        });
        requests.collect()
    }

    /// The sends among them: number, key, text.
    pub(crate) fn sends(&mut self) -> Vec<(u32, wire::Send, String)> {
        let sends = self.requests().into_iter().filter_map(|(id, call)| match call {
            request::Call::Send(send) => {
                let text = wire::Text::decode(send.body.as_slice()).expect("a text").text;
                Some((id, send, text))
            }
            _ => None,
        });
        sends.collect()
    }

    /// The texts that were sent since the last look.
    pub(crate) fn sent_texts(&mut self) -> Vec<String> {
        self.sends().into_iter().map(|(_, _, text)| text).collect()
    }

    /// The server is too busy for anything, and has nothing of what it is asked for.
    pub(crate) fn is_refused_everything(&mut self) {
        for (id, call) in self.requests() {
            match call {
                request::Call::FindSent(_) => self.is_refused(id, wire::ErrorCode::NotFound, 0),
                _ => self.is_refused(id, wire::ErrorCode::Busy, 1_000),
            }
        }
    }

    /// The server refuses every send for now, until it is asked whether it has the message: the request's number.
    pub(crate) fn is_refused_until_it_asks(&mut self) -> u32 {
        for _ in 0..300 {
            for (id, call) in self.requests() {
                match call {
                    request::Call::Send(_) => self.is_refused(id, wire::ErrorCode::Busy, 1_000),
                    request::Call::FindSent(_) => return id,
                    _ => {}
                }
            }
            self.waits(1_000);
        }
        panic!("it is never asked for");
    }

    /// The ranges that were asked for: number, first, last.
    pub(crate) fn ranges(&mut self) -> Vec<(u32, u64, u64)> {
        let ranges = self.requests().into_iter().filter_map(|(id, call)| match call {
            request::Call::GetRange(range) => Some((id, range.first, range.last)),
            _ => None,
        });
        ranges.collect()
    }

    /// The positions that were reported: number, and (delivered, read) of each.
    pub(crate) fn reports(&mut self) -> Vec<(u32, Vec<(u64, u64)>)> {
        let reports = self.requests().into_iter().filter_map(|(id, call)| match call {
            request::Call::Reach(reach) => {
                Some((id, reach.positions.iter().map(|it| (it.delivered, it.read)).collect()))
            }
            _ => None,
        });
        reports.collect()
    }

    /// The requests, in words.
    pub(crate) fn asks(&mut self) -> Vec<String> {
        self.requests().into_iter().map(|(_, call)| call_in_words(&call)).collect()
    }

    // --- time and the machine ---

    pub(crate) fn waits(&mut self, millis: u64) {
        self.waits_until(self.now + millis);
    }

    /// Time passes; the engine is woken whenever it asked to be.
    pub(crate) fn waits_until(&mut self, until: Moment) {
        while self.wake_at <= until {
            self.now = self.now.max(self.wake_at);
            self.input(Input::Tick);
        }
        self.now = until;
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.engine.handle(input, self.now);
        self.drain(usize::MAX);
        if std::mem::take(&mut self.pinged) {
            self.hears(frame::Body::Beat(Beat { pushes: self.pushes, resync: false }));
        }
    }

    /// The input comes, and after so many outputs the power goes out.
    pub(crate) fn input_then_crash(mut self, input: Input, outputs: usize) -> Device {
        self.engine.handle(input, self.now);
        self.drain(outputs);
        self.restart()
    }

    /// The disk has read what was asked for.
    pub(crate) fn disk_is_read(&mut self) {
        for load in std::mem::take(&mut self.waiting_loads) {
            self.input(Input::Loaded(self.disk.load(load)));
        }
    }

    fn drain(&mut self, outputs: usize) {
        for _ in 0..outputs {
            match self.engine.poll() {
                Output::Wait(until) => {
                    self.wake_at = until;
                    break;
                }
                Output::Save(_) if std::mem::take(&mut self.broken_disk) => {
                    self.engine.handle(Input::SaveFailed, self.now);
                }
                Output::Save(rows) => self.disk.apply(rows),
                Output::Load(load) => self.waiting_loads.push(load),
                Output::Connect { connection, .. } => self.connection = Some(connection),
                Output::Disconnect { connection } if self.connection == Some(connection) => {
                    self.connection = None;
                }
                Output::Disconnect { .. } => {}
                Output::Transmit { bytes, .. } => self.transmit(&bytes),
                Output::Emit(event) => self.screen.show(event),
            }
        }
        if !self.slow_disk && !self.waiting_loads.is_empty() {
            self.disk_is_read();
        }
    }

    /// Nothing leaves that is not on disk.
    fn transmit(&mut self, bytes: &[u8]) {
        let body = Frame::decode(bytes).expect("a frame").body.expect("a body");
        match &body {
            frame::Body::Hello(hello) => {
                assert_eq!(self.disk.session.as_ref().map(|row| &row.token), Some(&hello.token));
                assert_eq!(self.disk.synced.0, hello.position);
            }
            frame::Body::Request(wire::Request { call: Some(request::Call::Send(send)), .. }) => {
                let key = SendKey::from_bytes(&send.send_key).expect("a send key");
                assert!(self.disk.outbox.contains_key(&key), "sent before it was saved");
            }
            frame::Body::Request(wire::Request { call: Some(request::Call::Reach(reach)), .. }) => {
                for reach in &reach.positions {
                    let id = ConversationId(reach.conversation);
                    let safe = self.disk.has_undelivered_upto(id, Seq(reach.delivered));
                    assert!(reach.delivered == 0 || safe, "reported before it was saved");
                    assert!(
                        self.disk.conversations[&id].read.0 >= reach.read,
                        "reported before it was saved"
                    );
                }
            }
            frame::Body::Ping(_) => self.pinged = true,
            _ => {}
        }
        self.sent.push_back(body);
    }
}

impl Screen {
    fn show(&mut self, event: Event) {
        let name = match event {
            Event::Session { session } => {
                self.session = Some(session);
                "session"
            }
            Event::Link { link } => {
                self.link = Some(link);
                "link"
            }
            Event::Conversations { changed } => {
                self.list.extend(changed.into_iter().map(|view| (view.conversation, view)));
                "conversations"
            }
            Event::Unread { total } => {
                self.unread = total;
                "unread"
            }
            Event::Timeline { change } => {
                let shown = self.views.entry(change.view).or_default();
                let own = change.view == view(change.conversation);
                shown.apply(change);
                check_timeline(shown);
                if own {
                    self.timelines.insert(shown.conversation, shown.clone());
                }
                "timeline"
            }
            Event::Rebuilt => panic!("an engine knows only rows that are whole"),
            Event::Finished { command, outcome } => {
                let before = self.outcomes.insert(command, outcome);
                assert_eq!(before, None, "command {command} finished twice");
                "finished"
            }
        };
        self.emitted.push(name);
    }
}

/// The number of the view that looks at this conversation.
pub(crate) fn view(conversation: u64) -> u32 {
    conversation as u32
}

pub(crate) fn says(conversation: u64, text: &str) -> Command {
    Command::SendText { conversation, text: text.to_owned(), send_key: None }
}

/// No hole, no repeat, unsent ones last.
fn check_timeline(timeline: &TimelineView) {
    let placed: Vec<u64> = timeline.rows.iter().map(|row| row.seq).take_while(|seq| *seq != 0).collect();
    assert!(placed.windows(2).all(|pair| pair[1] == pair[0] + 1), "a hole: {placed:?}");
    assert!(timeline.rows[placed.len()..].iter().all(|row| row.seq == 0), "an unsent one above a sent one");
    let mut keys: Vec<&str> = timeline.rows.iter().map(|row| row.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), timeline.rows.len(), "a row is shown twice");
}

pub(crate) fn in_words(row: &RowView) -> String {
    let content = match &row.content {
        Content::Text { text } => text.clone(),
        Content::Created { title } => format!("created \"{title}\""),
        Content::MembersAdded { members } => format!("added {} members", members.len()),
        Content::MemberLeft => "left".to_owned(),
        Content::Renamed { title } => format!("renamed to \"{title}\""),
        Content::Unknown { kind } => format!("kind {kind}?"),
    };
    let state = match &row.state {
        RowState::Stored => "",
        RowState::Sending { .. } => " · sending",
        RowState::Sent => " · sent",
        RowState::Delivered => " · delivered",
        RowState::Read => " · read",
        RowState::Failed { .. } => " · failed",
    };
    format!("{}: {content}{state}", row.sender.handle)
}

fn call_in_words(call: &request::Call) -> String {
    match call {
        request::Call::Send(send) => {
            format!("send {:?}", wire::Text::decode(send.body.as_slice()).expect("a text").text)
        }
        request::Call::Reach(reach) => {
            let positions = reach.positions.iter();
            let positions = positions.map(|it| format!("{}:{}/{}", it.conversation, it.delivered, it.read));
            format!("reach {}", positions.collect::<Vec<_>>().join(" "))
        }
        request::Call::GetRange(it) => format!("range {}:{}..{}", it.conversation, it.first, it.last),
        request::Call::Sync(it) => format!("sync since {} before {}", it.since, it.before),
        request::Call::GetPeople(it) => format!("people {:?}", it.accounts),
        request::Call::ListMembers(it) => format!("members of {}", it.conversation),
        other => format!("{other:?}"),
    }
}

pub(crate) fn changes(position: u64, heads: Vec<wire::Head>) -> Changes {
    Changes { heads, position, next: 0 }
}
