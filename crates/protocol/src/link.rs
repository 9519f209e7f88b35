//! The client's end of a link, as a state machine without IO: opens, greets, beats, notices death, comes back.

mod backoff;
mod carriers;
mod io;
mod pulse;

use std::collections::{BTreeMap, VecDeque};

use crate::ids::Position;
use crate::link::backoff::Backoff;
pub use crate::link::carriers::Carrier;
use crate::link::carriers::{Carriers, Next};
pub use crate::link::io::{Greeting, Output};
pub use crate::link::pulse::Learned;
use crate::link::pulse::Pulse;
use crate::timer::{LinkTimer, Timers};
use crate::wire::{
    Answer, Beat, Close, ErrorCode, Hello, Ping, Push, Request, Welcome, answer, frame, push, request,
};
use crate::{Fault, Moment, Remedy, codec, error, limits};

/// The client's end of a link.
///
/// Contract: call one `handle_*` (or `open`, `close`, `request`), then drain [`Link::poll_output`] until it
/// returns [`Output::Wait`]. Inputs that name a connection that was ended are ignored.
///
/// Promises: at most one connection carries frames (another may be opening beside it, on a better carrier); a dead
/// one is noticed within a heartbeat and its grace, however it died; while a greeting is open there is always a next
/// try, or [`Output::Refused`].
#[derive(Debug)]
pub struct Link {
    stage: Stage,
    greeting: Option<Greeting>,
    position: Position,
    /// Number of the connection that is used.
    connection: u64,
    newest_connection: u64,
    /// The one that is opening, or open, on a better carrier.
    climbing: Option<Climbing>,
    carriers: Carriers,
    /// Until when the present try must have brought a frame.
    try_until: Moment,
    backoff: Backoff,
    pulse: Pulse,
    last_request: u32,
    /// Requests without an answer, and when that becomes a sign of death.
    unanswered: BTreeMap<u32, Moment>,
    /// Pushes that came since Welcome: this end's position in the push stream.
    pushes: u32,
    /// The newest of them: one that comes twice counts once, or it would hide one that was lost.
    last_push: Option<push::What>,
    timers: Timers<LinkTimer, 8>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nobody wants a link.
    Closed,
    /// Between two tries.
    Waiting,
    /// A connection was asked for.
    Connecting,
    /// Hello was sent.
    Greeting,
    /// Requests may be sent.
    Up,
}

/// A connection on a better carrier, beside the one that is used.
#[derive(Clone, Copy, Debug)]
struct Climbing {
    connection: u64,
    is_open: bool,
}

impl Link {
    /// A link that nobody has opened yet, over WebSocket only. The seed decides the jitter of its back-off.
    pub fn new(seed: [u8; 32]) -> Link {
        Link::with_carriers(seed, &[Carrier::WebSocket])
    }

    /// A link that chooses among these carriers, the best first.
    pub fn with_carriers(seed: [u8; 32], carriers: &[Carrier]) -> Link {
        Link {
            stage: Stage::Closed,
            greeting: None,
            position: Position(0),
            connection: 0,
            newest_connection: 0,
            climbing: None,
            carriers: Carriers::new(seed, carriers),
            try_until: Moment::NEVER,
            backoff: Backoff::new(seed),
            pulse: Pulse::new(),
            last_request: 0,
            unanswered: BTreeMap::new(),
            pushes: 0,
            last_push: None,
            timers: Timers::new(),
            outputs: VecDeque::new(),
        }
    }

    /// Start linking with this greeting. One that is open already goes on; another one ends, except that an
    /// anonymous link that is up says Hello on the same connection. Requests of another greeting are void.
    pub fn open(&mut self, greeting: Greeting, now: Moment) {
        if self.greeting.as_ref() == Some(&greeting) {
            return;
        }
        let before = self.greeting.replace(greeting);
        if self.stage == Stage::Up && before == Some(Greeting::Anonymous) {
            self.unanswered.clear();
            self.try_until = Moment::NEVER;
            return self.greet(now);
        }
        self.drop_connection();
        self.backoff.forget();
        self.try_soon(now);
    }

    /// Stop linking.
    pub fn close(&mut self, _now: Moment) {
        self.drop_connection();
        self.greeting = None;
        self.stage = Stage::Closed;
    }

    /// Where the next Hello says that we stand.
    pub fn set_position(&mut self, position: Position) {
        self.position = position;
    }

    /// The link runs in a network that has a name from here on, of which so much was learned before: beats adapt to
    /// it, and [`Output::Learned`] says what to remember. `None`: it has none, and the server's beat is kept.
    pub fn enter_network(&mut self, learned: Option<Learned>, now: Moment) {
        self.pulse.enter(learned, now);
        if self.stage == Stage::Up {
            self.timers.set_by(LinkTimer::Ping, now + self.pulse.beat_ms(now));
        }
    }

    /// Sends a request; `None` while not up, or with `limits::REQUESTS_IN_FLIGHT_MAX` unanswered.
    /// One that is too large to be sent is answered TOO_LARGE at once, without the server.
    pub fn request(&mut self, call: request::Call, now: Moment) -> Option<u32> {
        if self.stage != Stage::Up || self.unanswered.len() >= limits::REQUESTS_IN_FLIGHT_MAX {
            return None;
        }
        let id = self.next_request_id();
        let bytes = codec::encode(frame::Body::Request(Request { id, call: Some(call) }));
        if bytes.len() > limits::CLIENT_FRAME_BYTES_MAX {
            let fault = Fault::new(ErrorCode::TooLarge, "the request does not fit into one frame");
            self.outputs.push_back(Output::Answered { id, result: Err(fault.to_wire()) });
            return Some(id);
        }
        self.unanswered.insert(id, now + limits::ANSWER_MS);
        self.watch_answers();
        self.transmit(bytes, now);
        Some(id)
    }

    /// Whether requests can be sent.
    pub fn is_up(&self) -> bool {
        self.stage == Stage::Up
    }

    /// Whether Hello was sent on an open connection and is not answered yet.
    pub fn is_greeting(&self) -> bool {
        self.stage == Stage::Greeting
    }

    /// The connection that was asked for is open.
    pub fn handle_connected(&mut self, connection: u64, now: Moment) {
        if let Some(climbing) = &mut self.climbing
            && climbing.connection == connection
        {
            climbing.is_open = true;
            return self.climb_when_idle(now);
        }
        if connection == self.connection && self.stage == Stage::Connecting {
            self.timers.stop(LinkTimer::Connect);
            self.greet(now);
        }
    }

    /// It could not be opened, or has ended.
    pub fn handle_disconnected(&mut self, connection: u64, now: Moment) {
        if self.climbing.take_if(|climbing| climbing.connection == connection).is_some() {
            return self.fail_to_climb(now);
        }
        let alive = matches!(self.stage, Stage::Connecting | Stage::Greeting | Stage::Up);
        if connection == self.connection && alive {
            let was_up = self.is_up();
            self.note_lost(now);
            self.stage = Stage::Waiting;
            self.lose_and_retry(was_up, false, now);
        }
    }

    /// One binary frame came.
    pub fn handle_received(&mut self, connection: u64, bytes: &[u8], now: Moment) {
        if connection != self.connection || !matches!(self.stage, Stage::Greeting | Stage::Up) {
            return;
        }
        if let Some(learned) = self.pulse.note_received(now) {
            self.outputs.push_back(Output::Learned(learned));
        }
        let decoded = codec::decode_from_server(bytes);
        if decoded.is_ok() {
            self.carriers.handle_frame(now);
        }
        match decoded {
            Ok(Some(frame::Body::Welcome(welcome))) => self.take_welcome(welcome, now),
            Ok(Some(frame::Body::Close(close))) => self.take_close(close, now),
            Ok(Some(frame::Body::Answer(answer))) => self.take_answer(answer, now),
            Ok(Some(frame::Body::Push(push))) => self.take_push(push),
            Ok(Some(frame::Body::Beat(beat))) => self.take_beat(beat),
            // A newer server may say things that we need not understand.
            Ok(None) => {}
            // This one is broken, or no server at all: another connection may find another.
            Ok(Some(frame::Body::Hello(_) | frame::Body::Request(_) | frame::Body::Ping(_))) | Err(_) => {
                self.lose(now);
            }
        }
    }

    /// The network came, changed (try at once, suspect the old connection) or went.
    pub fn handle_network(&mut self, up: bool, now: Moment) {
        match (self.stage, up) {
            (Stage::Closed, _) | (Stage::Waiting, false) => {}
            // Whatever hindered the tries before was another network.
            (Stage::Waiting | Stage::Connecting | Stage::Greeting, true) => {
                self.drop_connection();
                self.backoff.forget();
                self.carriers.forget();
                self.try_soon(now);
            }
            (Stage::Up, true) => {
                self.backoff.forget();
                self.pulse.suspect();
                self.carriers.forget_climbing();
                self.plan_to_climb(now);
                self.ping(limits::NETWORK_PROBE_MS, now);
            }
            (Stage::Connecting | Stage::Greeting | Stage::Up, false) => self.lose_blameless(now),
        }
    }

    /// The moment of [`Output::Wait`] has come. Coming early changes nothing.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                LinkTimer::Retry => self.connect(now),
                LinkTimer::Ping => self.ping(limits::HEARTBEAT_GRACE_MS, now),
                LinkTimer::Beat | LinkTimer::Answer => {
                    self.note_lost(now);
                    self.lose(now);
                }
                LinkTimer::Connect | LinkTimer::Welcome => self.lose(now),
                LinkTimer::Climb => self.begin_to_climb(now),
                LinkTimer::ClimbEnd => {
                    self.drop_climbing();
                    self.fail_to_climb(now);
                }
            }
        }
    }

    /// The next thing to do; [`Output::Wait`] when there is none.
    pub fn poll_output(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or(Output::Wait(self.timers.next()))
    }

    fn connect(&mut self, now: Moment) {
        self.stage = Stage::Connecting;
        self.pulse.suspect();
        self.newest_connection += 1;
        self.connection = self.newest_connection;
        self.try_until = self.carriers.try_until(now);
        self.timers.set(LinkTimer::Connect, self.try_until.min(now + limits::CONNECT_MS));
        self.outputs
            .push_back(Output::Connect { connection: self.connection, carrier: self.carriers.current() });
    }

    /// Tries a better carrier. The link goes on meanwhile, as if nothing were.
    fn begin_to_climb(&mut self, now: Moment) {
        self.newest_connection += 1;
        let connection = self.newest_connection;
        self.climbing = Some(Climbing { connection, is_open: false });
        self.timers.set(LinkTimer::ClimbEnd, now + limits::CARRIER_TRY_MS);
        self.outputs.push_back(Output::Connect { connection, carrier: self.carriers.climb_to() });
    }

    /// Goes on over the better carrier, at a moment at which nobody waits for an answer that would be void.
    fn climb_when_idle(&mut self, now: Moment) {
        if self.stage != Stage::Up || !self.unanswered.is_empty() {
            return;
        }
        let Some(Climbing { connection, .. }) = self.climbing.take_if(|climbing| climbing.is_open) else {
            return;
        };
        self.drop_connection();
        self.connection = connection;
        self.carriers.handle_climbed();
        self.pulse.suspect();
        self.try_until = now + limits::CARRIER_TRY_MS;
        self.outputs.push_back(Output::Down { retry_at: now });
        self.greet(now);
    }

    fn fail_to_climb(&mut self, now: Moment) {
        self.timers.stop(LinkTimer::ClimbEnd);
        self.carriers.handle_climb_failed();
        self.plan_to_climb(now);
    }

    /// An anonymous link does not live long enough, and would lose the sign-in it is there for.
    fn plan_to_climb(&mut self, now: Moment) {
        let is_signed_in = matches!(self.greeting, Some(Greeting::Hello { .. }));
        match self.carriers.next_climb(now) {
            Some(at) if is_signed_in && self.climbing.is_none() => self.timers.set(LinkTimer::Climb, at),
            _ => self.timers.stop(LinkTimer::Climb),
        }
    }

    /// Tries now, or as soon as the server will have us.
    fn try_soon(&mut self, now: Moment) {
        let at = self.backoff.not_before();
        if at <= now {
            return self.connect(now);
        }
        self.wait_until(at);
    }

    fn wait_until(&mut self, retry_at: Moment) {
        self.stage = Stage::Waiting;
        self.timers.set(LinkTimer::Retry, retry_at);
        self.outputs.push_back(Output::Down { retry_at });
    }

    /// The first word on an open connection.
    fn greet(&mut self, now: Moment) {
        self.pushes = 0;
        self.last_push = None;
        self.timers.stop(LinkTimer::Answer);
        self.timers.stop(LinkTimer::Beat);
        let Some(Greeting::Hello { token }) = &self.greeting else {
            self.pulse.begin(limits::HEARTBEAT_MS, 0, now);
            return self.come_up(None, now);
        };
        let hello = Hello { version: limits::VERSION, token: token.clone(), position: self.position.0 };
        self.stage = Stage::Greeting;
        self.transmit(codec::encode(frame::Body::Hello(hello)), now);
        self.timers.stop(LinkTimer::Ping);
        self.timers.set(LinkTimer::Welcome, self.try_until.min(now + limits::ANSWER_MS));
    }

    fn come_up(&mut self, welcome: Option<Box<Welcome>>, now: Moment) {
        self.stage = Stage::Up;
        self.backoff.note_up(now);
        self.timers.set(LinkTimer::Ping, now + self.pulse.beat_ms(now));
        self.plan_to_climb(now);
        self.outputs.push_back(Output::Up(welcome));
    }

    fn take_welcome(&mut self, welcome: Welcome, now: Moment) {
        if self.stage != Stage::Greeting {
            return;
        }
        self.timers.stop(LinkTimer::Welcome);
        // Polls keep the network awake whatever the frames do: nothing could be learned of it from their silence.
        let is_socket = self.carriers.current() == Carrier::WebSocket;
        let silence_ms_max = if is_socket { welcome.silence_ms_max } else { 0 };
        self.pulse.begin(welcome.heartbeat_ms, silence_ms_max, now);
        self.come_up(Some(Box::new(welcome)), now);
    }

    fn take_answer(&mut self, Answer { id, result }: Answer, now: Moment) {
        if self.unanswered.remove(&id).is_none() {
            return;
        }
        self.watch_answers();
        let result = match result {
            Some(answer::Result::Error(error)) => Err(error),
            Some(result) => Ok(result),
            None => Err(Fault::new(ErrorCode::Unspecified, "the result is of an unknown kind").to_wire()),
        };
        self.outputs.push_back(Output::Answered { id, result });
        self.climb_when_idle(now);
    }

    fn take_push(&mut self, Push { what }: Push) {
        if self.stage != Stage::Up {
            return;
        }
        if what.is_some() && what == self.last_push {
            return;
        }
        // Counted even if we do not know what it is: the server counted it too.
        self.pushes = self.pushes.wrapping_add(1);
        if let Some(what) = what {
            self.last_push = Some(what.clone());
            self.outputs.push_back(Output::Pushed(what));
        }
    }

    fn take_beat(&mut self, Beat { pushes, resync }: Beat) {
        if self.stage != Stage::Up {
            return;
        }
        self.timers.stop(LinkTimer::Beat);
        if pushes != self.pushes || resync {
            self.pushes = pushes;
            self.outputs.push_back(Output::Missed);
        }
    }

    fn take_close(&mut self, Close { error }: Close, now: Moment) {
        let error = error.unwrap_or_default();
        self.backoff.obey(error.retry_after_ms, now);
        match error::remedy(error.code()) {
            Remedy::Retry | Remedy::Reconnect => self.lose_blameless(now),
            Remedy::SignIn | Remedy::GiveUp => {
                self.close(now);
                self.outputs.push_back(Output::Refused(error));
            }
        }
    }

    /// This try, or this connection, is over; there will be another.
    fn lose(&mut self, now: Moment) {
        self.lose_and_retry(self.is_up(), false, now);
    }

    /// The same, and the carrier cannot be blamed for it.
    fn lose_blameless(&mut self, now: Moment) {
        self.lose_and_retry(self.is_up(), true, now);
    }

    fn lose_and_retry(&mut self, was_up: bool, is_blameless: bool, now: Moment) {
        self.drop_connection();
        match self.carriers.handle_end(is_blameless, now) {
            // Still the same attempt to get up: nothing was asked that would be void now.
            Next::At(at) if !was_up => {
                self.stage = Stage::Waiting;
                self.timers.set(LinkTimer::Retry, at.max(self.backoff.not_before()));
            }
            Next::At(at) => self.wait_until(at.max(self.backoff.not_before())),
            Next::AfterBackoff => {
                let retry_at = self.backoff.next_try(now);
                self.wait_until(retry_at);
            }
        }
    }

    /// Ends the connection, if there is one, and all that depended on it.
    fn drop_connection(&mut self) {
        if matches!(self.stage, Stage::Connecting | Stage::Greeting | Stage::Up) {
            self.outputs.push_back(Output::Disconnect { connection: self.connection });
        }
        self.drop_climbing();
        self.unanswered.clear();
        self.timers.stop_all();
    }

    fn drop_climbing(&mut self) {
        if let Some(Climbing { connection, .. }) = self.climbing.take() {
            self.outputs.push_back(Output::Disconnect { connection });
        }
    }

    /// The connection has died by itself: maybe the silence before was too long for its network.
    fn note_lost(&mut self, now: Moment) {
        if let Some(learned) = self.pulse.note_lost(now) {
            self.outputs.push_back(Output::Learned(learned));
        }
    }

    fn ping(&mut self, grace_ms: u64, now: Moment) {
        // A second Ping does not give a dead connection more time.
        self.timers.set_by(LinkTimer::Beat, now + grace_ms);
        let silence_ms = self.pulse.announce(now);
        self.transmit(codec::encode(frame::Body::Ping(Ping { silence_ms })), now);
        // Without a Beat there is no next Ping on this connection; with one, the silence may be as long as announced.
        self.timers.set(LinkTimer::Ping, now + self.pulse.told_ms());
    }

    fn transmit(&mut self, bytes: Vec<u8>, now: Moment) {
        self.timers.set(LinkTimer::Ping, now + self.pulse.beat_ms(now));
        self.pulse.note_sent(now);
        self.outputs.push_back(Output::Transmit { connection: self.connection, bytes });
    }

    fn next_request_id(&mut self) -> u32 {
        loop {
            self.last_request = self.last_request.wrapping_add(1);
            if self.last_request != 0 && !self.unanswered.contains_key(&self.last_request) {
                return self.last_request;
            }
        }
    }

    fn watch_answers(&mut self) {
        match self.unanswered.values().min() {
            Some(at) => self.timers.set(LinkTimer::Answer, *at),
            None => self.timers.stop(LinkTimer::Answer),
        }
    }
}
