//! A light client: the client's end of a link and nothing behind it, so that many thousands fit into one process.

use std::sync::Arc;

use anser_protocol::Moment;
use anser_protocol::ids::Position;
use anser_protocol::link::{Greeting, Link, Output};
use anser_protocol::wire::{Error, Welcome, answer, push};
use bytes::Bytes;

use crate::driver::{Doing, Happened, Machine};
use crate::fleet::Presence;
use crate::world::Somebody;

/// What a light client does with its link. Whatever it asks for in one of these is sent at once.
pub(crate) trait Role: Send + 'static {
    /// Requests can be sent from here on.
    fn up(&mut self, _welcome: &Welcome, _link: &mut Link, _now: Moment) {}
    /// Requests that were not answered are void.
    fn down(&mut self) {}
    fn pushed(&mut self, _what: &push::What, _link: &mut Link, _now: Moment) {}
    fn answered(
        &mut self,
        _id: u32,
        _result: &Result<answer::Result, Error>,
        _link: &mut Link,
        _now: Moment,
    ) {
    }
    /// Called whenever everything else is done. Says when to be called again at the latest.
    fn act(&mut self, _link: &mut Link, _now: Moment) -> Moment {
        Moment::NEVER
    }
}

/// Is there, and answers heartbeats.
pub(crate) struct Idle;
impl Role for Idle {}

/// One light client. Its link comes back whenever it is lost.
pub(crate) struct Light<R> {
    link: Link,
    role: R,
    presence: Arc<Presence>,
    is_up: bool,
}

impl<R: Role> Light<R> {
    /// A client of this person which has everything up to `position`.
    pub(crate) fn new(
        who: &Somebody,
        position: Position,
        role: R,
        presence: Arc<Presence>,
        now: Moment,
    ) -> Light<R> {
        let mut link = Link::new(who.seed);
        link.set_position(position);
        link.open(Greeting::Hello { token: who.token.to_vec() }, now);
        Light { link, role, presence, is_up: false }
    }

    /// What the driver has to do for it, if anything.
    fn take(&mut self, output: Output, now: Moment) -> Option<Doing> {
        match output {
            Output::Connect { connection, .. } => return Some(Doing::Connect(connection)),
            Output::Disconnect { .. } => return Some(Doing::Disconnect),
            Output::Transmit { bytes, .. } => return Some(Doing::Transmit(Bytes::from(bytes))),
            Output::Up(welcome) => {
                self.note(true);
                if let Some(welcome) = welcome {
                    self.role.up(&welcome, &mut self.link, now);
                }
            }
            Output::Down { .. } => {
                self.note(false);
                self.role.down();
            }
            Output::Refused(error) => {
                self.note(false);
                self.presence.note_refused(&error);
            }
            Output::Answered { id, result } => self.role.answered(id, &result, &mut self.link, now),
            Output::Pushed(what) => self.role.pushed(&what, &mut self.link, now),
            Output::Missed | Output::Learned(_) | Output::Wait(_) => {}
        }
        None
    }

    fn note(&mut self, is_up: bool) {
        if self.is_up != is_up {
            self.is_up = is_up;
            self.presence.note(is_up);
        }
    }
}

impl<R: Role> Machine for Light<R> {
    fn handle(&mut self, happened: Happened, now: Moment) {
        match happened {
            Happened::Connected(connection) => self.link.handle_connected(connection, now),
            Happened::Disconnected(connection) => self.link.handle_disconnected(connection, now),
            Happened::Received(connection, bytes) => self.link.handle_received(connection, &bytes, now),
            Happened::Woken => self.link.handle_timeout(now),
        }
    }

    fn poll(&mut self, now: Moment) -> Doing {
        loop {
            let mut output = self.link.poll_output();
            if matches!(output, Output::Wait(_)) {
                let role_at = self.role.act(&mut self.link, now);
                // What it asked for just now is sent before anything is waited for.
                output = match self.link.poll_output() {
                    Output::Wait(link_at) => return Doing::Wait(link_at.min(role_at)),
                    more => more,
                };
            }
            if let Some(doing) = self.take(output, now) {
                return doing;
            }
        }
    }
}
