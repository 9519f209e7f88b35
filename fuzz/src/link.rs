//! The client's end of a link against any server and any network.

use std::collections::BTreeSet;

use anser_protocol::link::{Carrier, Greeting, Learned, Link, Output};
use anser_protocol::wire::{Answer, Beat, Close, Error, Push, Sync, Welcome, frame, push, request};
use anser_protocol::{Moment, codec};

use super::input::Input;

/// No single deed makes a link put out more than this.
const OUTPUTS_MAX: usize = 8;

/// Plays a script of frames, connections, networks, requests and time.
pub fn link(data: &[u8]) {
    let mut input = Input::new(data);
    let mut play = Play {
        link: Link::with_carriers([0; 32], Carrier::ALL),
        now: Moment(0),
        wakes: Moment::NEVER,
        connection: 0,
        alive: BTreeSet::new(),
        wanted: false,
        learned: Learned::default(),
    };
    while play.step(&mut input).is_some() {
        play.drain();
    }
}

struct Play {
    link: Link,
    now: Moment,
    wakes: Moment,
    /// The newest connection.
    connection: u64,
    /// Those that the link believes in: the one it uses, and one on a better carrier.
    alive: BTreeSet<u64>,
    wanted: bool,
    /// What the link said last about its network.
    learned: Learned,
}

impl Play {
    fn step(&mut self, input: &mut Input) -> Option<()> {
        let now = self.now;
        // Now and then an older connection speaks up, which may still be the one that is used.
        let connection = if input.byte()? < 180 { self.connection } else { self.connection.wrapping_sub(1) };
        match input.byte()? % 16 {
            0 => {
                self.link.open(Greeting::Anonymous, now);
                self.wanted = true;
            }
            1 => {
                self.link.open(Greeting::Hello { token: input.bytes()?.to_vec() }, now);
                self.wanted = true;
            }
            2 => {
                self.link.close(now);
                self.wanted = false;
            }
            3..=4 => self.link.handle_connected(connection, now),
            5 => {
                self.link.handle_disconnected(connection, now);
                self.alive.remove(&connection);
            }
            6 => self.link.handle_received(connection, input.bytes()?, now),
            7..=10 => {
                let body = server_frame(input)?;
                self.link.handle_received(connection, &codec::encode(body), now);
            }
            11 => {
                let call = request::Call::Sync(Sync::default());
                if self.link.request(call, now).is_some() {
                    assert!(self.link.is_up(), "asked without a link");
                }
            }
            12 => match input.byte()? {
                0..=100 => self.link.handle_network(true, now),
                101..=200 => self.link.handle_network(false, now),
                201..=210 => self.link.enter_network(None, now),
                211..=230 => self.link.enter_network(Some(self.learned), now),
                _ => {
                    // A damaged disk remembers anything.
                    let (held_ms, broke_ms) = (input.number()?.into(), input.number()?.into());
                    let learned = Learned { held_ms, broke_ms, broken: input.number()?, retry_at: now };
                    self.link.enter_network(Some(learned), now);
                }
            },
            13 => {
                self.now = now + u64::from(input.number()?);
                self.link.handle_timeout(self.now);
            }
            _ => {
                self.now = self.wakes.max(now);
                self.link.handle_timeout(self.now);
            }
        }
        Some(())
    }

    fn drain(&mut self) {
        for _ in 0..=OUTPUTS_MAX {
            match self.link.poll_output() {
                Output::Wait(moment) => {
                    assert!(moment > self.now || self.now == Moment::NEVER, "woken for nothing, for ever");
                    let tries = self.wanted && self.now < Moment::NEVER - 1_000_000_000_000;
                    assert!(!tries || moment < Moment::NEVER, "a link that is wanted gave up");
                    self.wakes = moment;
                    return;
                }
                output => self.take(output),
            }
        }
        panic!("one deed put out more than {OUTPUTS_MAX}");
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Connect { connection, carrier } => {
                assert!(self.alive.len() < 2, "a third connection");
                assert!(self.alive.is_empty() || carrier != Carrier::ShortPoll, "no better carrier");
                assert!(connection > self.connection, "a number was used again");
                self.connection = connection;
                self.alive.insert(connection);
            }
            Output::Disconnect { connection } => {
                assert!(self.alive.remove(&connection), "ended what is no more");
            }
            Output::Transmit { connection, bytes } => {
                assert!(self.alive.contains(&connection), "spoke into the void");
                codec::decode_from_client(&bytes).expect("a link sends what a server takes");
            }
            Output::Refused(_) => {
                assert!(self.alive.is_empty() && !self.link.is_up());
                self.wanted = false;
            }
            // One is left when the link moves to it.
            Output::Down { .. } => assert!(self.alive.len() < 2 && !self.link.is_up()),
            Output::Up(_) => assert!(!self.alive.is_empty()),
            Output::Answered { .. } | Output::Pushed(_) | Output::Missed => assert!(!self.alive.is_empty()),
            Output::Learned(learned) => self.learned = learned,
            Output::Wait(_) => unreachable!("drain takes it"),
        }
    }
}

fn server_frame(input: &mut Input) -> Option<frame::Body> {
    Some(match input.byte()? % 6 {
        0..=1 => {
            let (heartbeat_ms, silence_ms_max) = (input.number()?, input.number()?);
            frame::Body::Welcome(Welcome { heartbeat_ms, silence_ms_max, ..Welcome::default() })
        }
        2 => frame::Body::Answer(Answer { id: input.number()?, result: None }),
        3 => frame::Body::Push(Push { what: Some(push::What::Reached(Default::default())) }),
        4 => frame::Body::Beat(Beat { pushes: input.number()?, resync: input.byte()? < 128 }),
        _ => {
            let code = i32::from(input.byte()? % 48);
            let error = Error { code, retry_after_ms: input.number()?, ..Error::default() };
            frame::Body::Close(Close { error: Some(error) })
        }
    })
}
