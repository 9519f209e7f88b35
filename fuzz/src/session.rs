//! The server's end of a link against any client and any driver.

use std::collections::BTreeSet;

use anser_protocol::session::{Output, Session};
use anser_protocol::wire::{
    ErrorCode, Hello, Ping, Request, SignIn, Sync, Welcome, answer, frame, push, request,
};
use anser_protocol::{Fault, Moment, codec, limits};

use super::input::Input;

/// No single deed makes a session put out more than this: what it may hold back until Welcome, Welcome, a Beat.
const OUTPUTS_MAX: usize = limits::MAILBOX_FRAMES_MAX + limits::REQUESTS_IN_FLIGHT_MAX + 2;

/// Plays a script of frames, answers, pushes and time.
pub fn session(data: &[u8]) {
    let mut input = Input::new(data);
    let mut play = Play {
        session: Session::new(Moment(0)),
        now: Moment(0),
        wakes: Moment(0),
        dispatched: BTreeSet::new(),
        welcomed: false,
        closed: false,
    };
    play.drain();
    while play.step(&mut input).is_some() {
        play.drain();
    }
}

struct Play {
    session: Session,
    now: Moment,
    wakes: Moment,
    /// Requests the driver has not answered yet.
    dispatched: BTreeSet<u32>,
    welcomed: bool,
    closed: bool,
}

impl Play {
    fn step(&mut self, input: &mut Input) -> Option<()> {
        let now = self.now;
        match input.byte()? % 16 {
            0 => self.session.handle_frame(input.bytes()?, now),
            1..=2 => {
                let version = if input.byte()? < 200 { limits::VERSION } else { input.number()? };
                let hello = Hello { version, token: input.bytes()?.to_vec(), position: 0 };
                self.session.handle_frame(&codec::encode(frame::Body::Hello(hello)), now);
            }
            3..=6 => {
                let id = input.number()?;
                let call = match input.byte()? % 4 {
                    0 => None,
                    1 => Some(request::Call::SignIn(SignIn::default())),
                    _ => Some(request::Call::Sync(Sync::default())),
                };
                self.session.handle_frame(&codec::encode(frame::Body::Request(Request { id, call })), now);
            }
            7 => self
                .session
                .handle_frame(&codec::encode(frame::Body::Ping(Ping { silence_ms: input.number()? })), now),
            8 => {
                let welcome = Welcome { heartbeat_ms: input.number()?, ..Welcome::default() };
                self.session.handle_welcome(welcome, now);
            }
            9 => {
                let id = self.dispatched.pop_first().unwrap_or(input.number()?);
                self.session.handle_answer(id, Ok(answer::Result::Done(Default::default())), now);
            }
            10..=11 => {
                let reached = codec::encode_push(push::What::Reached(Default::default()));
                for _ in 0..=input.byte()? {
                    self.session.handle_push(reached.clone(), now);
                }
            }
            12 => self.session.handle_resync(now),
            13 => {
                self.now = now + u64::from(input.number()?);
                self.session.handle_timeout(self.now);
            }
            14 => {
                self.now = self.wakes.max(now);
                self.session.handle_timeout(self.now);
            }
            _ => {
                let fault = Fault::new(ErrorCode::Internal, "the script says so");
                if input.byte()? < 128 {
                    self.session.handle_refusal(fault, now);
                } else {
                    self.session.handle_end(fault, now);
                }
            }
        }
        Some(())
    }

    fn drain(&mut self) {
        for _ in 0..=OUTPUTS_MAX {
            match self.session.poll_output() {
                Output::Wait(moment) => {
                    assert!(moment > self.now || self.now == Moment::NEVER, "woken for nothing, for ever");
                    self.wakes = moment;
                    return;
                }
                output => self.take(output),
            }
        }
        panic!("one deed put out more than {OUTPUTS_MAX}");
    }

    fn take(&mut self, output: Output) {
        assert!(!self.closed, "after the end came {output:?}");
        match output {
            Output::Authenticate(_) => assert!(!self.welcomed, "greeted twice"),
            Output::Dispatch { id, call } => {
                let signs_in = matches!(call, request::Call::Register(_) | request::Call::SignIn(_));
                assert_ne!(signs_in, self.welcomed, "dispatched at the wrong time");
                assert!(self.dispatched.insert(id), "two requests {id} at once");
                assert!(self.dispatched.len() <= limits::REQUESTS_IN_FLIGHT_MAX);
            }
            Output::Transmit(bytes) => self.take_frame(&bytes),
            Output::Close(_) => self.closed = true,
            Output::Wait(_) => unreachable!("drain takes it"),
        }
    }

    fn take_frame(&mut self, bytes: &[u8]) {
        let body = codec::decode_from_server(bytes).expect("a session writes frames").expect("known ones");
        match body {
            frame::Body::Welcome(_) => {
                assert!(!self.welcomed, "welcomed twice");
                self.welcomed = true;
            }
            frame::Body::Push(_) => assert!(self.welcomed, "pushed before Welcome"),
            frame::Body::Answer(_) | frame::Body::Beat(_) | frame::Body::Close(_) => {}
            _ => panic!("a server sent what clients send"),
        }
    }
}
