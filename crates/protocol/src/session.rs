//! The server's end of one link, as a state machine without IO.

mod allowance;
mod busy;
mod send_order;

use std::collections::VecDeque;

use bytes::Bytes;

use crate::codec;
use crate::error::{self, Fault, Remedy};
use crate::limits;
use crate::session::allowance::Allowance;
use crate::session::send_order::SendOrder;
use crate::timer::{SessionTimer, Timers};
use crate::wire::{Answer, Beat, Close, ErrorCode, Hello, Ping, Request, Welcome, answer, frame, request};
use crate::{Moment, SendKey};

/// How often a request is taken to have been refused of which that is not known: some part of a second to stay away.
const BUSY_BEFORE: u32 = 2;

/// What the driver (a gateway connection, the simulator) must do, in this order.
#[derive(Debug, PartialEq)]
pub enum Output {
    /// Find out who this is; answer with [`Session::handle_welcome`] or [`Session::handle_refusal`].
    Authenticate(Hello),
    /// Carry out a request; answer with [`Session::handle_answer`]. Start requests in the order given.
    Dispatch {
        /// Goes back with the answer.
        id: u32,
        /// What is asked. Before Welcome only Register and SignIn come through here, after it only the others.
        call: request::Call,
    },
    /// Write one binary frame. Pushes share their bytes with all who get them.
    Transmit(Bytes),
    /// Write what is pending (a Close frame is among it), then end the link with this reason.
    Close(Fault),
    /// Nothing more; wake me at this moment.
    Wait(Moment),
}

/// The server's end of one link.
///
/// Contract: call one `handle_*`, then drain [`Session::poll_output`] until it returns [`Output::Wait`].
/// After [`Output::Close`] whatever is handled changes nothing.
///
/// Promises: every request that is dispatched can be answered once, under its own id; a push is never written
/// before Welcome; whatever a client sends costs a bounded amount of memory here.
#[derive(Debug)]
pub struct Session {
    stage: Stage,
    opened_at: Moment,
    /// How long the client may be silent: Welcome says it first, then each Ping that does.
    heartbeat_ms: u64,
    allowance: Allowance,
    send_order: SendOrder,
    /// Requests that wait for their answer, at most `REQUESTS_IN_FLIGHT_MAX`.
    unanswered: Vec<Unanswered>,
    /// Came after Hello and wait for Welcome; each is among `unanswered`, which bounds them.
    held_requests: Vec<(u32, request::Call)>,
    /// Came before Welcome was written, at most `MAILBOX_FRAMES_MAX`.
    held_pushes: Vec<Bytes>,
    /// A push was given up before Welcome: the client must be told to ask.
    missed_before_welcome: bool,
    /// Pushes since Welcome: this end's position in the push stream.
    pushes: u32,
    timers: Timers<SessionTimer, 3>,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug)]
struct Unanswered {
    id: u32,
    /// Of a message.
    send_key: Option<SendKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No Hello yet.
    Anonymous,
    /// Hello came, the driver finds out who it is.
    Greeting,
    /// Welcome is written.
    Open,
    /// Nothing happens here any more.
    Closed,
}

impl Session {
    /// A link that has just been accepted.
    pub fn new(now: Moment) -> Session {
        let mut timers = Timers::new();
        timers.set(SessionTimer::Hello, now + limits::HELLO_MS);
        Session {
            stage: Stage::Anonymous,
            opened_at: now,
            heartbeat_ms: limits::HEARTBEAT_MS.into(),
            allowance: Allowance::new(now),
            send_order: SendOrder::default(),
            unanswered: Vec::new(),
            held_requests: Vec::new(),
            held_pushes: Vec::new(),
            missed_before_welcome: false,
            pushes: 0,
            timers,
            outputs: VecDeque::new(),
        }
    }

    /// One binary frame came.
    pub fn handle_frame(&mut self, bytes: &[u8], now: Moment) {
        if self.stage == Stage::Closed {
            return;
        }
        self.expect_life(now);
        match codec::decode_from_client(bytes) {
            Ok(frame::Body::Hello(hello)) => self.take_hello(hello, now),
            Ok(frame::Body::Request(request)) => self.take_request(request, now),
            Ok(frame::Body::Ping(ping)) => self.take_ping(ping, now),
            Ok(_) => self.close(Fault::new(ErrorCode::UnexpectedFrame, "only servers send this frame")),
            Err(fault) => self.close(fault),
        }
    }

    /// The driver knows who it is: the answer to [`Output::Authenticate`].
    pub fn handle_welcome(&mut self, welcome: Welcome, now: Moment) {
        if self.stage != Stage::Greeting {
            return;
        }
        self.stage = Stage::Open;
        self.heartbeat_ms = limits::heartbeat_ms(welcome.heartbeat_ms);
        self.expect_life(now);
        self.transmit(frame::Body::Welcome(welcome));
        for frame in std::mem::take(&mut self.held_pushes) {
            self.push(frame, now);
        }
        if std::mem::take(&mut self.missed_before_welcome) {
            self.beat(true);
        }
        for (id, call) in std::mem::take(&mut self.held_requests) {
            self.dispatch(id, call);
        }
    }

    /// The driver will not have it: the other answer to [`Output::Authenticate`].
    pub fn handle_refusal(&mut self, fault: Fault, _now: Moment) {
        if self.stage == Stage::Greeting {
            self.close(fault);
        }
    }

    /// A dispatched request is done. Ids that wait for no answer are ignored. When one that is told BUSY is to come again
    /// is said here.
    pub fn handle_answer(&mut self, id: u32, result: Result<answer::Result, Fault>, now: Moment) {
        if self.stage == Stage::Closed {
            return;
        }
        let Some(place) = self.unanswered.iter().position(|request| request.id == id) else { return };
        let Unanswered { send_key, .. } = self.unanswered.swap_remove(place);
        let result = result.map_err(|fault| match fault.code {
            ErrorCode::Busy => fault.come_back_after(self.busy_ms(id, send_key, now)),
            _ => fault,
        });
        match &result {
            Err(fault) if error::remedy(fault.code) == Remedy::Retry => {
                self.send_order.refuse(send_key, fault.retry_after_ms.into(), now);
            }
            _ => self.send_order.settle(send_key),
        }
        self.answer(id, result);
    }

    /// `frame` is an encoded Push frame (see [`codec::encode_push`]), shared by all who get it.
    /// One that comes before Welcome is written waits behind it.
    pub fn handle_push(&mut self, frame: Bytes, now: Moment) {
        match self.stage {
            Stage::Open => self.push(frame, now),
            Stage::Greeting if self.held_pushes.len() < limits::MAILBOX_FRAMES_MAX => {
                self.held_pushes.push(frame);
            }
            Stage::Greeting => self.missed_before_welcome = true,
            Stage::Anonymous | Stage::Closed => {}
        }
    }

    /// The server missed something: tell the client to ask Sync.
    pub fn handle_resync(&mut self, _now: Moment) {
        match self.stage {
            Stage::Open => self.beat(true),
            Stage::Greeting => self.missed_before_welcome = true,
            Stage::Anonymous | Stage::Closed => {}
        }
    }

    /// End this link for a reason of the server's (draining, signed out, slow reader).
    pub fn handle_end(&mut self, fault: Fault, _now: Moment) {
        self.close(fault);
    }

    /// The moment of [`Output::Wait`] has come. Coming early changes nothing.
    pub fn handle_timeout(&mut self, now: Moment) {
        while let Some(timer) = self.timers.take_due(now) {
            match timer {
                SessionTimer::Hello => {
                    self.close(Fault::new(ErrorCode::HelloTimeout, "say Hello sooner after connecting"));
                }
                SessionTimer::Idle => {
                    self.close(Fault::new(ErrorCode::IdleTimeout, "send Ping when there is nothing to send"));
                }
                SessionTimer::TailBeat => self.beat(false),
            }
        }
    }

    /// The next thing to do; [`Output::Wait`] when there is none.
    pub fn poll_output(&mut self) -> Output {
        if let Some(output) = self.outputs.pop_front() {
            return output;
        }
        self.rest();
        Output::Wait(self.timers.next())
    }

    /// Most links have nothing to do most of the time, and there are many: what was done gives its memory back. That
    /// is half of what a session takes, and costs 20 ns when it works again.
    fn rest(&mut self) {
        self.outputs = VecDeque::new();
        if self.unanswered.is_empty() {
            self.unanswered = Vec::new();
        }
    }

    fn take_hello(&mut self, hello: Hello, now: Moment) {
        if self.stage != Stage::Anonymous {
            return self.close(Fault::new(ErrorCode::UnexpectedFrame, "Hello is said once on a link"));
        }
        if hello.version != limits::VERSION {
            let text = format!("this server speaks version {}", limits::VERSION);
            return self.close(Fault::new(ErrorCode::UnsupportedVersion, text));
        }
        self.stage = Stage::Greeting;
        self.timers.stop(SessionTimer::Hello);
        self.expect_life(now);
        self.outputs.push_back(Output::Authenticate(hello));
    }

    /// The client says how long it may be silent from here on: it knows its network, and we bear the longest.
    fn take_ping(&mut self, Ping { silence_ms }: Ping, now: Moment) {
        if self.stage == Stage::Open && silence_ms != 0 {
            self.heartbeat_ms = limits::heartbeat_ms(silence_ms);
            self.expect_life(now);
        }
        self.beat(false);
    }

    fn take_request(&mut self, Request { id, call }: Request, now: Moment) {
        // Not answered but closed: an answer under such an id could be taken for another request's.
        if id == 0 || self.unanswered.iter().any(|request| request.id == id) {
            let text = "a request's id is not 0 and not that of another unanswered request";
            return self.close(Fault::invalid("id", text));
        }
        if let Err(wait_ms) = self.allowance.take(now) {
            self.send_order.refuse(call.as_ref().and_then(send_key), wait_ms, now);
            let text = format!("{} requests per second at most", limits::REQUESTS_PER_SECOND);
            return self.answer(id, Err(Fault::retry_after(ErrorCode::RateLimited, wait_ms, text)));
        }
        let Some(call) = call else {
            let text = "this server does not know this call";
            return self.answer(id, Err(Fault::new(ErrorCode::UnknownRequest, text)));
        };
        let signs_in = matches!(call, request::Call::Register(_) | request::Call::SignIn(_));
        match self.stage {
            Stage::Anonymous if !signs_in => {
                let text = "before Hello there is only Register and SignIn";
                return self.close(Fault::new(ErrorCode::UnexpectedFrame, text));
            }
            Stage::Greeting | Stage::Open if signs_in => {
                let text = "this link is signed in; sign in on a new one";
                return self.answer(id, Err(Fault::new(ErrorCode::NotAllowed, text)));
            }
            _ => {}
        }
        let send_key = send_key(&call);
        if matches!(call, request::Call::Send(_))
            && let Err(wait_ms) = self.send_order.admit(send_key, now)
        {
            let text = "an earlier message was refused for now; send that one again first";
            return self.answer(id, Err(Fault::retry_after(ErrorCode::Busy, wait_ms, text)));
        }
        if self.unanswered.len() == limits::REQUESTS_IN_FLIGHT_MAX {
            self.send_order.refuse(send_key, 0, now);
            let text = format!("{} unanswered requests at most", limits::REQUESTS_IN_FLIGHT_MAX);
            return self.answer(id, Err(Fault::new(ErrorCode::TooManyInFlight, text)));
        }
        self.unanswered.push(Unanswered { id, send_key });
        match self.stage {
            Stage::Anonymous => {
                // Counted from the opening, so that trying again and again does not extend it.
                self.timers.set(SessionTimer::Hello, self.opened_at + limits::ANONYMOUS_MS);
                self.dispatch(id, call);
            }
            Stage::Greeting => self.held_requests.push((id, call)),
            Stage::Open => self.dispatch(id, call),
            Stage::Closed => {}
        }
    }

    /// Requests other than messages are spread by what tells them apart: when their link was opened, and their id.
    fn busy_ms(&self, id: u32, send_key: Option<SendKey>, now: Moment) -> u64 {
        match send_key {
            Some(key) => self.send_order.busy_ms(key, now),
            None => busy::wait_ms(self.opened_at.0 ^ u64::from(id), BUSY_BEFORE),
        }
    }

    /// Something came: the next thing must come within a heartbeat and its grace. Before Hello the clock of
    /// [`SessionTimer::Hello`] is stricter, and no frame winds it up.
    fn expect_life(&mut self, now: Moment) {
        if self.stage != Stage::Anonymous {
            self.timers.set(SessionTimer::Idle, now + self.heartbeat_ms + limits::HEARTBEAT_GRACE_MS);
        }
    }

    fn dispatch(&mut self, id: u32, call: request::Call) {
        self.outputs.push_back(Output::Dispatch { id, call });
    }

    fn answer(&mut self, id: u32, result: Result<answer::Result, Fault>) {
        let result = result.unwrap_or_else(|fault| answer::Result::Error(fault.to_wire()));
        self.transmit(frame::Body::Answer(Answer { id, result: Some(result) }));
    }

    fn push(&mut self, frame: Bytes, now: Moment) {
        self.pushes = self.pushes.wrapping_add(1);
        self.outputs.push_back(Output::Transmit(frame));
        let due = self.timers.due(SessionTimer::TailBeat);
        if due == Moment::NEVER {
            self.timers.set(SessionTimer::TailBeat, now + limits::TAIL_BEAT_MS);
        } else if due < now + limits::TAIL_BEAT_MS / 2 {
            // Soon it would be written by itself, which costs ten times what it costs here.
            self.beat(false);
        }
    }

    /// States the push position; a Beat that was due for the last push is then not needed any more.
    fn beat(&mut self, resync: bool) {
        self.timers.stop(SessionTimer::TailBeat);
        self.transmit(frame::Body::Beat(Beat { pushes: self.pushes, resync }));
    }

    fn transmit(&mut self, body: frame::Body) {
        self.outputs.push_back(Output::Transmit(codec::encode(body).into()));
    }

    fn close(&mut self, fault: Fault) {
        if self.stage == Stage::Closed {
            return;
        }
        self.stage = Stage::Closed;
        self.timers.stop_all();
        self.held_requests.clear();
        self.held_pushes.clear();
        self.transmit(frame::Body::Close(Close { error: Some(fault.to_wire()) }));
        self.outputs.push_back(Output::Close(fault));
    }
}

fn send_key(call: &request::Call) -> Option<SendKey> {
    match call {
        request::Call::Send(send) => SendKey::from_bytes(&send.send_key),
        _ => None,
    }
}
