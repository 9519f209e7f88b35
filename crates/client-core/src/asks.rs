//! The link, and which of our requests waits for which answer on it.

use std::collections::{BTreeMap, VecDeque};

use anser_protocol::ids::Position;
use anser_protocol::link::{self, Carrier, Greeting, Learned, Link};
use anser_protocol::wire::{self, Reach, Welcome, answer, push, request};
use anser_protocol::{ConversationId, Moment, SendKey, limits};

use crate::io::Output;
use crate::local::SpanRow;
use crate::reason::Failure;

/// Requests that are kept free of other uses, so that sends and commands always find room.
const RESERVED: usize = 16;

/// Why something was asked, so that its answer finds home.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// Register or SignIn, for a command.
    SignIn {
        command: u64,
    },
    Send(SendKey),
    /// Whether this message was stored by an earlier try, now that it has been refused for so long.
    FindSent {
        key: SendKey,
        failure: Failure,
    },
    Reach(Vec<Reach>),
    /// Part of a log.
    Range {
        conversation: ConversationId,
        span: SpanRow,
    },
    Sync,
    /// For a command, or (without one) to know positions and names.
    Members {
        command: Option<u64>,
        conversation: ConversationId,
        so_far: Vec<wire::Member>,
    },
    /// Names.
    People {
        conversation: ConversationId,
    },
    /// A command whose answer is a person or nobody.
    Find {
        command: u64,
    },
    /// A command whose answer is a head.
    Head {
        command: u64,
    },
    /// A command that makes a group, kept to be repeated.
    CreateGroup {
        command: u64,
    },
    Devices {
        command: u64,
    },
    Done {
        command: u64,
    },
    SignOut,
}

/// What the link says.
#[derive(Debug)]
pub(crate) enum Heard {
    Up(Option<Box<Welcome>>),
    Connecting,
    /// All that was asked is void.
    Down {
        retry_at: Moment,
        lost: Vec<Asked>,
    },
    Refused {
        error: wire::Error,
        lost: Vec<Asked>,
    },
    Answered {
        asked: Asked,
        result: Result<answer::Result, wire::Error>,
    },
    Pushed(push::What),
    Missed,
    Learned(Learned),
}

/// The link with its open questions.
#[derive(Debug)]
pub(crate) struct Asks {
    link: Link,
    waiting: BTreeMap<u32, Asked>,
    heard: VecDeque<Heard>,
    /// What the driver has to do for the link, in order.
    wire: Vec<Output>,
    wake_at: Moment,
}

impl Asks {
    pub(crate) fn new(seed: [u8; 32], carriers: &[Carrier], position: Position) -> Asks {
        let mut link = Link::with_carriers(seed, carriers);
        link.set_position(position);
        Asks {
            link,
            waiting: BTreeMap::new(),
            heard: VecDeque::new(),
            wire: Vec::new(),
            wake_at: Moment::NEVER,
        }
    }

    pub(crate) fn open(&mut self, greeting: Greeting, now: Moment) {
        self.link.open(greeting, now);
        self.drain();
    }

    /// No more link; returns what was asked on it.
    pub(crate) fn close(&mut self, now: Moment) -> Vec<Asked> {
        self.link.close(now);
        self.drain();
        self.take_waiting()
    }

    pub(crate) fn set_position(&mut self, position: Position) {
        self.link.set_position(position);
    }

    pub(crate) fn enter_network(&mut self, learned: Option<Learned>, now: Moment) {
        self.link.enter_network(learned, now);
        self.drain();
    }

    pub(crate) fn is_up(&self) -> bool {
        self.link.is_up()
    }

    /// Room for requests that nobody waits for.
    pub(crate) fn has_room(&self) -> bool {
        self.is_up() && self.waiting.len() + RESERVED < limits::REQUESTS_IN_FLIGHT_MAX
    }

    /// False if the link is down or has too many questions open: then nothing was asked.
    pub(crate) fn ask(&mut self, call: request::Call, asked: Asked, now: Moment) -> bool {
        let Some(id) = self.link.request(call, now) else {
            return false;
        };
        self.waiting.insert(id, asked);
        self.drain();
        true
    }

    pub(crate) fn connected(&mut self, connection: u64, now: Moment) {
        self.link.handle_connected(connection, now);
        self.drain();
    }

    pub(crate) fn disconnected(&mut self, connection: u64, now: Moment) {
        self.link.handle_disconnected(connection, now);
        self.drain();
    }

    pub(crate) fn received(&mut self, connection: u64, bytes: &[u8], now: Moment) {
        self.link.handle_received(connection, bytes, now);
        self.drain();
    }

    pub(crate) fn network(&mut self, up: bool, now: Moment) {
        self.link.handle_network(up, now);
        self.drain();
    }

    pub(crate) fn tick(&mut self, now: Moment) {
        self.link.handle_timeout(now);
        self.drain();
    }

    pub(crate) fn next_heard(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    pub(crate) fn take_wire(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.wire)
    }

    pub(crate) fn wake_at(&self) -> Moment {
        self.wake_at
    }

    fn take_waiting(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.waiting).into_values().collect()
    }

    /// The link's contract: after every call, drain it until it waits.
    fn drain(&mut self) {
        loop {
            match self.link.poll_output() {
                link::Output::Wait(until) => {
                    self.wake_at = until;
                    return;
                }
                link::Output::Connect { connection, carrier } => {
                    self.wire.push(Output::Connect { connection, carrier });
                    // One that opens beside a link that is up is nobody's business yet.
                    if !self.link.is_up() {
                        self.heard.push_back(Heard::Connecting);
                    }
                }
                link::Output::Disconnect { connection } => self.wire.push(Output::Disconnect { connection }),
                link::Output::Transmit { connection, bytes } => {
                    self.wire.push(Output::Transmit { connection, bytes });
                }
                link::Output::Up(welcome) => self.heard.push_back(Heard::Up(welcome)),
                link::Output::Down { retry_at } => {
                    let lost = self.take_waiting();
                    self.heard.push_back(Heard::Down { retry_at, lost });
                    // The link moves to a better carrier, which is open already: nobody is offline.
                    if self.link.is_greeting() {
                        self.heard.push_back(Heard::Connecting);
                    }
                }
                link::Output::Refused(error) => {
                    let lost = self.take_waiting();
                    self.heard.push_back(Heard::Refused { error, lost });
                }
                link::Output::Answered { id, result } => {
                    if let Some(asked) = self.waiting.remove(&id) {
                        self.heard.push_back(Heard::Answered { asked, result });
                    }
                }
                link::Output::Pushed(what) => self.heard.push_back(Heard::Pushed(what)),
                link::Output::Learned(learned) => self.heard.push_back(Heard::Learned(learned)),
                link::Output::Missed => self.heard.push_back(Heard::Missed),
            }
        }
    }
}
