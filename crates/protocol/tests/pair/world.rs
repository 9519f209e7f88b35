//! Both ends of a link joined by a tiny wire in memory, under a clock that only moves when told.

use std::collections::{BTreeMap, VecDeque};

use anser_protocol::codec;
use anser_protocol::ids::Position;
use anser_protocol::link::{self, Carrier, Greeting, Learned, Link};
use anser_protocol::session::{self, Session};
use anser_protocol::wire::{
    Answer, Beat, Changes, Close, Done, ErrorCode, Event, Frame, Hello, Person, Ping, Push, Request, Sent,
    SignedIn, Welcome, answer, frame, push, request,
};
use anser_protocol::{Fault, Moment, limits};
use prost::Message;

/// The token that the server knows.
pub(crate) const TOKEN: &[u8] = b"a token of thirty-two bytes.....";

/// A client, a wire and a server. What happens is written down, see [`World::expect`].
pub(crate) struct World {
    pub(crate) link: Link,
    /// How long a frame travels.
    pub(crate) latency_ms: u64,
    /// What the client sends vanishes.
    pub(crate) cut_up: bool,
    /// What the server sends vanishes.
    pub(crate) cut_down: bool,
    /// Connections are refused.
    pub(crate) server_is_down: bool,
    /// What stands between the two refuses connections over these carriers ...
    pub(crate) refused: Vec<Carrier>,
    /// ... never answers those over these ...
    pub(crate) unanswered_carriers: Vec<Carrier>,
    /// ... and lets these open, but no frame through.
    pub(crate) swallowed: Vec<Carrier>,
    /// So many of the next pushes vanish.
    pub(crate) lose_pushes: usize,
    /// What stands between the two forgets a connection that is silent for longer than this.
    pub(crate) nat: Nat,
    /// What the client said was learned of the network.
    pub(crate) learned: Option<Learned>,
    /// Requests get no answer; they are kept here instead.
    pub(crate) server_is_mute: bool,
    pub(crate) unanswered: Vec<(u64, u32)>,
    /// What the server's Welcome says.
    pub(crate) server_position: u64,
    pub(crate) heartbeat_ms: u32,
    pub(crate) silence_ms_max: u32,
    /// Bytes of frames that went up and down.
    pub(crate) bytes: (usize, usize),
    /// When the last try was announced for.
    pub(crate) retry_at: Moment,
    /// What the client was told last.
    pub(crate) answers: Vec<(u32, Result<answer::Result, anser_protocol::wire::Error>)>,
    pub(crate) now: Moment,
    link_wakes: Moment,
    sessions: BTreeMap<u64, (Session, Moment)>,
    carriers: BTreeMap<u64, Carrier>,
    parcels: VecDeque<(Moment, Parcel)>,
    seq: u64,
    transcript: Vec<String>,
}

/// Address translation: it keeps an entry for the connection, for as long as something goes either way.
#[derive(Default)]
pub(crate) struct Nat {
    /// 0: it never forgets.
    pub(crate) patience_ms: u64,
    /// Whether it answers for what it does not know any more with a reset, or says nothing.
    pub(crate) resets: bool,
    last_traffic: Moment,
    forgotten: bool,
}

impl Nat {
    /// Something wants through: does it get through?
    fn forgets(&mut self, now: Moment) -> bool {
        let silence = now.millis_since(self.last_traffic);
        self.forgotten |= self.patience_ms > 0 && silence > self.patience_ms;
        if !self.forgotten {
            self.last_traffic = now;
        }
        self.forgotten
    }
}

/// Something on its way.
enum Parcel {
    Up(u64, Vec<u8>),
    Down(u64, Vec<u8>),
    Opened(u64),
    EndedByClient(u64),
    EndedByServer(u64),
}

impl World {
    pub(crate) fn new() -> World {
        World {
            link: Link::new([7; 32]),
            latency_ms: 20,
            cut_up: false,
            cut_down: false,
            server_is_down: false,
            refused: Vec::new(),
            unanswered_carriers: Vec::new(),
            swallowed: Vec::new(),
            lose_pushes: 0,
            nat: Nat::default(),
            learned: None,
            server_is_mute: false,
            unanswered: Vec::new(),
            server_position: 40,
            heartbeat_ms: limits::HEARTBEAT_MS,
            silence_ms_max: limits::HEARTBEAT_MAX_MS,
            bytes: (0, 0),
            retry_at: Moment::NEVER,
            answers: Vec::new(),
            now: Moment(0),
            link_wakes: Moment::NEVER,
            sessions: BTreeMap::new(),
            carriers: BTreeMap::new(),
            parcels: VecDeque::new(),
            seq: 0,
            transcript: Vec::new(),
        }
    }

    /// A world whose client has all carriers.
    pub(crate) fn with_all_carriers() -> World {
        World { link: Link::with_carriers([7; 32], Carrier::ALL), ..World::new() }
    }

    /// What the connection is made of that the server got last.
    pub(crate) fn newest_carrier(&self) -> Carrier {
        self.carriers[&self.newest_connection()]
    }

    /// A world in which alice is linked; nothing of that is in the transcript.
    pub(crate) fn linked() -> World {
        let mut world = World::new();
        world.open();
        world.run_ms(100);
        assert!(world.link.is_up(), "{:#?}", world.transcript);
        world.transcript.clear();
        world.bytes = (0, 0);
        world
    }

    /// The client wants a link.
    pub(crate) fn open(&mut self) {
        self.link.open(Greeting::Hello { token: TOKEN.to_vec() }, self.now);
        self.drain_link();
    }

    /// Something is done to the client's end.
    pub(crate) fn client<T>(&mut self, deed: impl FnOnce(&mut Link, Moment) -> T) -> T {
        let result = deed(&mut self.link, self.now);
        self.drain_link();
        result
    }

    /// Something is done to the server's end of the newest connection.
    pub(crate) fn server(&mut self, deed: impl FnOnce(&mut Session, Moment)) {
        let (&connection, (session, _)) = self.sessions.iter_mut().next_back().expect("there is a session");
        deed(session, self.now);
        self.drain_session(connection);
    }

    /// The client asks.
    pub(crate) fn request(&mut self, call: request::Call) -> Option<u32> {
        self.client(|link, now| link.request(call, now))
    }

    /// The server answers what it left unanswered.
    pub(crate) fn answer_late(&mut self, connection: u64, id: u32) {
        let answer = answer::Result::Done(Done {});
        self.on_session(connection, |session, now| session.handle_answer(id, Ok(answer), now));
        self.drain_session(connection);
    }

    /// The server pushes the next event.
    pub(crate) fn push(&mut self) {
        self.seq += 1;
        let event = Event { conversation: 1, seq: self.seq, ..Event::default() };
        self.server(|session, now| session.handle_push(codec::encode_push(push::What::Event(event)), now));
    }

    /// A frame reaches the server that no Link of ours would send.
    pub(crate) fn client_sends_raw(&mut self, bytes: &[u8]) {
        self.server(|session, now| session.handle_frame(bytes, now));
    }

    /// Sessions that the server has.
    pub(crate) fn session_count(&self) -> usize {
        self.sessions.len()
    }

    /// The number of the connection that the server got last.
    pub(crate) fn newest_connection(&self) -> u64 {
        *self.sessions.keys().next_back().expect("there is a session")
    }

    /// Lets time pass.
    pub(crate) fn run_ms(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let parcel = self.parcels.iter().map(|(at, _)| *at).min().unwrap_or(Moment::NEVER);
            let session = self.sessions.values().map(|(_, wakes)| *wakes).min().unwrap_or(Moment::NEVER);
            let next = parcel.min(session).min(self.link_wakes);
            if next > end {
                break;
            }
            assert!(next >= self.now, "a machine asked to be woken in the past");
            self.now = next;
            if parcel == next {
                let index = self.parcels.iter().position(|(at, _)| *at == next).expect("just seen");
                let (_, parcel) = self.parcels.remove(index).expect("just seen");
                self.deliver(parcel);
            } else if self.link_wakes == next {
                self.client(|link, now| link.handle_timeout(now));
            } else {
                let woken = self.sessions.iter_mut().find(|(_, (_, wakes))| *wakes == next);
                let (&connection, (session, _)) = woken.expect("just seen");
                session.handle_timeout(next);
                self.drain_session(connection);
            }
        }
        self.now = end;
    }

    /// The client's machine sleeps: it handles nothing, and is late for everything when it wakes.
    pub(crate) fn sleeps_ms(&mut self, ms: u64) {
        let wakes = std::mem::replace(&mut self.link_wakes, Moment::NEVER);
        self.run_ms(ms);
        self.link_wakes = wakes.max(self.now);
    }

    /// What happened since the last call is exactly this: one line per deed, with its moment in milliseconds.
    #[track_caller]
    pub(crate) fn expect(&mut self, transcript: &str) {
        let tidy = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected: Vec<_> = transcript.lines().map(tidy).filter(|line| !line.is_empty()).collect();
        let happened: Vec<_> = self.transcript.drain(..).map(|line| tidy(&line)).collect();
        assert_eq!(happened, expected, "\nwhat happened:\n{}\n", happened.join("\n"));
    }

    /// What happened since the last look, for those who only look for one thing in it.
    pub(crate) fn take_transcript(&mut self) -> String {
        std::mem::take(&mut self.transcript).join("\n")
    }

    fn note(&mut self, line: String) {
        self.transcript.push(format!("{:>8} {line}", self.now.0));
    }

    fn send(&mut self, parcel: Parcel) {
        self.parcels.push_back((self.now + self.latency_ms, parcel));
    }

    fn deliver(&mut self, parcel: Parcel) {
        match parcel {
            Parcel::Up(connection, bytes) => {
                let is_swallowed = self.swallowed.contains(&self.carriers[&connection]);
                if let Some((session, _)) = self.sessions.get_mut(&connection).filter(|_| !is_swallowed) {
                    session.handle_frame(&bytes, self.now);
                    self.drain_session(connection);
                }
            }
            Parcel::Down(connection, bytes) => {
                self.client(|link, now| link.handle_received(connection, &bytes, now));
            }
            Parcel::Opened(connection)
                if self.server_is_down || self.refused.contains(&self.carriers[&connection]) =>
            {
                self.client(|link, now| link.handle_disconnected(connection, now));
            }
            Parcel::Opened(connection) => {
                self.sessions.insert(connection, (Session::new(self.now), Moment::NEVER));
                self.drain_session(connection);
                self.client(|link, now| link.handle_connected(connection, now));
            }
            Parcel::EndedByClient(connection) => {
                self.sessions.remove(&connection);
            }
            Parcel::EndedByServer(connection) => {
                self.client(|link, now| link.handle_disconnected(connection, now));
            }
        }
    }

    fn drain_link(&mut self) {
        loop {
            match self.link.poll_output() {
                link::Output::Connect { connection, carrier } => {
                    let over = if carrier == Carrier::WebSocket { "" } else { &format!(" over {carrier:?}") };
                    self.note(format!("client opens connection {connection}{over}"));
                    self.carriers.insert(connection, carrier);
                    self.nat.forgotten = false;
                    self.nat.last_traffic = self.now;
                    if !self.cut_up && !self.cut_down && !self.unanswered_carriers.contains(&carrier) {
                        self.send(Parcel::Opened(connection));
                    }
                }
                link::Output::Disconnect { connection } => {
                    self.note(format!("client ends connection {connection}"));
                    if !self.cut_up {
                        self.send(Parcel::EndedByClient(connection));
                    }
                }
                link::Output::Transmit { connection, bytes } => {
                    self.bytes.0 += bytes.len();
                    let forgotten = self.nat.forgets(self.now);
                    let is_lost = self.cut_up || forgotten;
                    let lost = if is_lost { " (lost)" } else { "" };
                    self.note(format!("client sends {}{lost}", describe(&bytes)));
                    if forgotten && self.nat.resets {
                        self.send(Parcel::EndedByServer(connection));
                    }
                    if !is_lost {
                        self.send(Parcel::Up(connection, bytes));
                    }
                }
                link::Output::Up(Some(welcome)) => {
                    let position = welcome.changes.unwrap_or_default().position;
                    self.note(format!("client is up, to stand at {position}"));
                }
                link::Output::Up(None) => self.note("client is up, anonymous".to_owned()),
                link::Output::Down { retry_at } => {
                    self.retry_at = retry_at;
                    self.note("client is down".to_owned());
                }
                link::Output::Refused(error) => {
                    self.note(format!("client is refused, {}", error.code().as_str_name()));
                }
                link::Output::Answered { id, result } => {
                    let said = match &result {
                        Ok(result) => describe_result(result),
                        Err(error) => error.code().as_str_name().to_owned(),
                    };
                    self.note(format!("client has answer {id}: {said}"));
                    self.answers.push((id, result));
                }
                link::Output::Pushed(what) => self.note(format!("client has {}", describe_push(&what))),
                link::Output::Learned(learned) => self.learned = Some(learned),
                link::Output::Missed => self.note("client knows that it missed a push".to_owned()),
                link::Output::Wait(moment) => {
                    self.link_wakes = moment;
                    return;
                }
            }
        }
    }

    fn drain_session(&mut self, connection: u64) {
        loop {
            let Some((session, wakes)) = self.sessions.get_mut(&connection) else { return };
            match session.poll_output() {
                session::Output::Authenticate(hello) if hello.token == TOKEN => {
                    let welcome = self.welcome();
                    self.on_session(connection, |session, now| session.handle_welcome(welcome, now));
                }
                session::Output::Authenticate(_) => {
                    let fault = Fault::new(ErrorCode::SignedOut, "unknown token");
                    self.on_session(connection, |session, now| session.handle_refusal(fault, now));
                }
                session::Output::Dispatch { id, .. } if self.server_is_mute => {
                    self.unanswered.push((connection, id));
                }
                session::Output::Dispatch { id, call } => {
                    let result = self.carry_out(&call);
                    self.on_session(connection, |session, now| session.handle_answer(id, Ok(result), now));
                }
                session::Output::Transmit(bytes) => self.transmit_down(connection, &bytes),
                session::Output::Close(fault) => {
                    self.note(format!("server ends, {} ({})", fault.code.as_str_name(), fault.close_code()));
                    self.sessions.remove(&connection);
                    if !self.cut_down {
                        self.send(Parcel::EndedByServer(connection));
                    }
                }
                session::Output::Wait(moment) => {
                    *wakes = moment;
                    return;
                }
            }
        }
    }

    fn on_session(&mut self, connection: u64, deed: impl FnOnce(&mut Session, Moment)) {
        let (session, _) = self.sessions.get_mut(&connection).expect("it has just put something out");
        deed(session, self.now);
    }

    fn transmit_down(&mut self, connection: u64, bytes: &[u8]) {
        self.bytes.1 += bytes.len();
        let said = describe(bytes);
        let push_is_lost = self.lose_pushes > 0 && said.starts_with("Push");
        if push_is_lost {
            self.lose_pushes -= 1;
        }
        let is_lost = push_is_lost || self.cut_down || self.nat.forgets(self.now);
        self.note(format!("server sends {said}{}", if is_lost { " (lost)" } else { "" }));
        if !is_lost {
            self.send(Parcel::Down(connection, bytes.to_vec()));
        }
    }

    fn welcome(&self) -> Welcome {
        Welcome {
            account: Some(Person { account: 1, handle: "alice".into(), display_name: "Alice".into() }),
            device: 1,
            now_ms: self.now.0,
            heartbeat_ms: self.heartbeat_ms,
            changes: Some(Changes { heads: Vec::new(), position: self.server_position, next: 0 }),
            silence_ms_max: self.silence_ms_max,
        }
    }

    fn carry_out(&mut self, call: &request::Call) -> answer::Result {
        match call {
            request::Call::SignIn(_) | request::Call::Register(_) => {
                answer::Result::SignedIn(SignedIn { token: TOKEN.to_vec(), account: None, device: 1 })
            }
            request::Call::Send(_) => {
                self.seq += 1;
                answer::Result::Sent(Sent { seq: self.seq, at_ms: self.now.0 })
            }
            request::Call::Sync(_) => answer::Result::Changes(Changes {
                heads: Vec::new(),
                position: self.server_position,
                next: 0,
            }),
            _ => answer::Result::Done(Done {}),
        }
    }
}

/// A frame in words.
fn describe(bytes: &[u8]) -> String {
    match Frame::decode(bytes).expect("both ends send frames").body.expect("both ends send known frames") {
        frame::Body::Hello(Hello { position, .. }) => format!("Hello from {position}"),
        frame::Body::Request(Request { id, call }) => format!("request {id}: {}", describe_call(call)),
        frame::Body::Ping(Ping { silence_ms: 0 }) => "Ping".to_owned(),
        frame::Body::Ping(Ping { silence_ms }) => format!("Ping before {silence_ms}"),
        frame::Body::Welcome(_) => "Welcome".to_owned(),
        frame::Body::Answer(Answer { id, result }) => match result {
            Some(answer::Result::Error(error)) => format!("answer {id}: {}", error.code().as_str_name()),
            Some(result) => format!("answer {id}: {}", describe_result(&result)),
            None => format!("answer {id}: nothing"),
        },
        frame::Body::Push(Push { what }) => {
            format!("Push of {}", what.as_ref().map_or("something new".to_owned(), describe_push))
        }
        frame::Body::Beat(Beat { pushes, resync: false }) => format!("Beat {pushes}"),
        frame::Body::Beat(Beat { pushes, resync: true }) => format!("Beat {pushes}, resync"),
        frame::Body::Close(Close { error }) => {
            format!("Close {}", error.unwrap_or_default().code().as_str_name())
        }
    }
}

fn describe_call(call: Option<request::Call>) -> &'static str {
    match call {
        Some(request::Call::Send(_)) => "Send",
        Some(request::Call::Sync(_)) => "Sync",
        Some(request::Call::SignIn(_)) => "SignIn",
        Some(_) => "another call",
        None => "an unknown call",
    }
}

fn describe_result(result: &answer::Result) -> String {
    match result {
        answer::Result::Sent(sent) => format!("Sent as {}", sent.seq),
        answer::Result::Changes(changes) => format!("Changes to {}", changes.position),
        answer::Result::SignedIn(_) => "SignedIn".to_owned(),
        answer::Result::Done(_) => "Done".to_owned(),
        _ => "another result".to_owned(),
    }
}

fn describe_push(what: &push::What) -> String {
    match what {
        push::What::Event(event) => format!("event {}", event.seq),
        push::What::Head(head) => format!("head of {}", head.conversation),
        push::What::Reached(_) => "positions".to_owned(),
    }
}

/// The next Hello says this.
pub(crate) fn stand_at(world: &mut World, position: u64) {
    world.link.set_position(Position(position));
}
