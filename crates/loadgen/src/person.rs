//! A client with the whole engine: what a person's client is, with a disk that is memory and answers at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use anser_client_core::local::{EventRow, Load, Loaded, Restored, Save, SessionRow};
use anser_client_core::view::LinkView;
use anser_client_core::{Command, Engine, Event, Input, Output};
use anser_protocol::{ConversationId, DeviceId, Moment, Seq};
use bytes::Bytes;

use crate::driver::{Doing, Happened, Machine};
use crate::fleet::Presence;
use crate::world::Somebody;

/// Events kept of each conversation: more than any window shows. Who writes for hours must not fill our memory.
const EVENTS_KEPT: usize = 1_000;

/// What a person does at their client.
pub(crate) trait Role: Send + 'static {
    /// These rows are on disk.
    fn saved(&mut self, _rows: &[Save]) {}
    /// This was shown on the screen.
    fn shown(&mut self, _event: &Event) {}
    /// Called whenever everything else is done.
    fn act(&mut self, _now: Moment) -> Act;
}

/// What a person does next.
pub(crate) enum Act {
    Do(Command),
    /// Look again at this moment, or when something happens.
    Wait(Moment),
}

/// One person's client. It goes on for as long as its task does.
pub(crate) struct Person<R> {
    engine: Engine,
    role: R,
    presence: Arc<Presence>,
    is_online: bool,
    disk: Disk,
    /// Answers of the disk that the engine has yet to be given.
    loaded: VecDeque<Loaded>,
    last_command: u64,
}

impl<R: Role> Person<R> {
    /// A client on an empty disk that is signed in.
    pub(crate) fn new(who: &Somebody, role: R, presence: Arc<Presence>, now: Moment) -> Person<R> {
        let session = SessionRow {
            account: who.account,
            // The server says which one it is; nothing here asks.
            device: DeviceId(1),
            handle: who.handle.clone(),
            display_name: who.handle.clone(),
            token: who.token.to_vec(),
        };
        let restored = Restored { session: Some(session), ..Restored::default() };
        Person {
            engine: Engine::new(who.seed, restored, now),
            role,
            presence,
            is_online: false,
            disk: Disk::default(),
            loaded: VecDeque::new(),
            last_command: 0,
        }
    }

    fn show(&mut self, event: &Event) {
        if let Event::Link { link } = event {
            let is_online = *link == LinkView::Online;
            if self.is_online != is_online {
                self.is_online = is_online;
                self.presence.note(is_online);
            }
        }
        self.role.shown(event);
    }
}

impl<R: Role> Machine for Person<R> {
    fn handle(&mut self, happened: Happened, now: Moment) {
        let input = match happened {
            Happened::Connected(connection) => Input::Connected { connection },
            Happened::Disconnected(connection) => Input::Disconnected { connection },
            Happened::Received(connection, bytes) => Input::Received { connection, bytes: bytes.into() },
            Happened::Woken => Input::Tick,
        };
        self.engine.handle(input, now);
    }

    fn poll(&mut self, now: Moment) -> Doing {
        loop {
            match self.engine.poll() {
                Output::Connect { connection, .. } => return Doing::Connect(connection),
                Output::Disconnect { .. } => return Doing::Disconnect,
                Output::Transmit { bytes, .. } => return Doing::Transmit(Bytes::from(bytes)),
                Output::Save(rows) => {
                    self.disk.save(&rows);
                    self.role.saved(&rows);
                }
                Output::Load(load) => self.loaded.push_back(self.disk.load(load)),
                Output::Emit(event) => self.show(&event),
                Output::Wait(engine_at) => {
                    if let Some(loaded) = self.loaded.pop_front() {
                        self.engine.handle(Input::Loaded(loaded), now);
                        continue;
                    }
                    match self.role.act(now) {
                        Act::Do(command) => {
                            self.last_command += 1;
                            self.engine.handle(Input::Command { id: self.last_command, command }, now);
                        }
                        Act::Wait(role_at) => return Doing::Wait(engine_at.min(role_at)),
                    }
                }
            }
        }
    }
}

/// The newest events of each conversation; everything else the engine has in its own memory.
#[derive(Default)]
struct Disk {
    events: BTreeMap<ConversationId, BTreeMap<Seq, EventRow>>,
}

impl Disk {
    fn save(&mut self, rows: &[Save]) {
        for row in rows {
            let Save::Event(event) = row else { continue };
            let events = self.events.entry(event.conversation).or_default();
            events.insert(event.seq, event.clone());
            if events.len() > EVENTS_KEPT {
                events.pop_first();
            }
        }
    }

    fn load(&self, load: Load) -> Loaded {
        let events = self.events.get(&load.conversation);
        let asked = events.into_iter().flat_map(|events| events.range(load.first..=load.last));
        Loaded { id: load.id, events: asked.map(|(_, event)| event.clone()).collect() }
    }
}
