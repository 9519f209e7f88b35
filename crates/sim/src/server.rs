//! The server's side of the world: a real node on a store that outlives it, stepped by hand.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anser_protocol::session::{Output, Session};
use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, answer};
use anser_protocol::{ConversationId, Fault, Moment};
use anser_server::bus::local::LocalBus;
use anser_server::bus::lossy::LossyBus;
use anser_server::bus::{Bus, Notice};
use anser_server::gateway::dispatch::{Caller, Welcomed};
use anser_server::gateway::hub::{Mail, Mailbox};
use anser_server::node::{Node, Parts};
use anser_server::services::ports::Entropy;
use anser_store::Store;
use bytes::Bytes;
use futures_util::FutureExt;

use crate::mutant::Mutant;
use crate::ports::{PlainHasher, SeededEntropy};
use crate::wires::WireId;

/// A notice in so many is lost while the bus is faulty.
const BUS_LOSES_ONE_IN: u32 = 8;
const BUS_CAPACITY: usize = 1_024;

/// What the server wants done; the world decides when.
#[derive(Debug)]
pub enum Effect {
    /// A frame to a device.
    Transmit(WireId, Bytes),
    /// The server has ended this wire.
    Close(WireId),
    /// Wake this session at that time.
    Wake(WireId, Moment),
    /// A service has done its work; the answer comes out a little later, if the server lives.
    Done(WireId, Finished),
    /// The bus has something for the courier.
    Notices,
}

/// What a service call has come to.
#[derive(Debug)]
pub enum Finished {
    /// Of a Hello.
    Hello(Box<Result<Welcomed, Fault>>),
    /// Of a request.
    Request(u32, Box<Result<answer::Result, Fault>>),
}

/// One server process after another, over one store.
pub struct Server {
    store: Arc<dyn Store>,
    entropy: Arc<SeededEntropy>,
    mutant: Option<Mutant>,
    bus_is_faulty: Arc<AtomicBool>,
    process: Option<Process>,
}

struct Process {
    node: Node,
    bus: Arc<dyn Bus>,
    ends: BTreeMap<WireId, End>,
}

struct End {
    session: Session,
    caller: Caller,
    mailbox: Option<Mailbox>,
}

impl Server {
    /// A server that does not run yet.
    pub fn new(store: Arc<dyn Store>, seed: u64, mutant: Option<Mutant>) -> Server {
        Server {
            store,
            entropy: Arc::new(SeededEntropy::new(seed)),
            mutant,
            bus_is_faulty: Arc::default(),
            process: None,
        }
    }

    /// Starts a process, with nothing but the store behind it.
    pub fn start(&mut self) {
        let (bus, feed) = LocalBus::new(BUS_CAPACITY);
        let bus = self.lossy(Arc::new(bus));
        let node = Node::new(Parts {
            store: self.store.clone(),
            bus: bus.clone(),
            feed,
            entropy: self.entropy.clone(),
            hasher: Arc::new(PlainHasher),
            registration_open: true,
        });
        self.process = Some(Process { node, bus, ends: BTreeMap::new() });
    }

    /// SIGKILL: whatever was not in the store is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Whether a process runs.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Whether the bus loses notices.
    pub fn set_bus_faulty(&self, faulty: bool) {
        self.bus_is_faulty.store(faulty, Ordering::Relaxed);
    }

    fn lossy(&self, inner: Arc<LocalBus>) -> Arc<dyn Bus> {
        let faulty = self.bus_is_faulty.clone();
        let entropy = self.entropy.clone();
        let loses = move |_: &Notice| faulty.load(Ordering::Relaxed) && entropy.chance(BUS_LOSES_ONE_IN);
        if self.mutant == Some(Mutant::BusWithoutNumbers) {
            return Arc::new(UnnumberedLoss { inner, loses });
        }
        Arc::new(LossyBus::new(inner, loses))
    }

    /// A wire was opened. `false`: nobody listens.
    pub fn accept(&mut self, wire: WireId, now: Moment) -> Vec<Effect> {
        let Some(process) = &mut self.process else { return vec![Effect::Close(wire)] };
        let caller = Caller::Anonymous { address: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        process.ends.insert(wire, End { session: Session::new(now), caller, mailbox: None });
        self.drain(wire, now)
    }

    /// A frame came.
    pub fn receive(&mut self, wire: WireId, bytes: &[u8], now: Moment) -> Vec<Effect> {
        self.with(wire, now, |session| session.handle_frame(bytes, now))
    }

    /// The moment of `Effect::Wake` has come.
    pub fn wake(&mut self, wire: WireId, now: Moment) -> Vec<Effect> {
        self.with(wire, now, |session| session.handle_timeout(now))
    }

    /// A wire has ended.
    pub fn hang_up(&mut self, wire: WireId) {
        if let Some(process) = &mut self.process {
            process.ends.remove(&wire);
        }
    }

    /// The answer of a service reaches its session.
    pub fn finish(&mut self, wire: WireId, finished: Finished, now: Moment) -> Vec<Effect> {
        let Some(end) = self.process.as_mut().and_then(|process| process.ends.get_mut(&wire)) else {
            return Vec::new();
        };
        match finished {
            Finished::Request(id, result) => end.session.handle_answer(id, *result, now),
            Finished::Hello(result) => match *result {
                Err(fault) => end.session.handle_refusal(fault, now),
                Ok(welcomed) => {
                    end.caller = Caller::SignedIn(welcomed.asker);
                    end.mailbox = Some(welcomed.mailbox);
                    end.session.handle_welcome(welcomed.welcome, now);
                }
            },
        }
        self.drain(wire, now)
    }

    /// The bus's driver states the newest number.
    pub fn tail(&mut self) -> Vec<Effect> {
        match &self.process {
            Some(process) => {
                process.bus.tail();
                vec![Effect::Notices]
            }
            None => Vec::new(),
        }
    }

    /// The courier carries out what is on the bus, and sessions take their mail.
    pub fn carry_out_notices(&mut self, now: Moment) -> Vec<Effect> {
        let Some(process) = &mut self.process else { return Vec::new() };
        ready(process.node.courier.run_pending());
        let mut effects = Vec::new();
        for (wire, end) in &mut process.ends {
            let Some(mailbox) = &mut end.mailbox else { continue };
            while let Some(mail) = mailbox.try_next() {
                match mail {
                    Mail::Push(frame) => end.session.handle_push(frame, now),
                    Mail::Resync => end.session.handle_resync(now),
                    // A simulated server stops by dying.
                    Mail::Leave => {}
                    Mail::End(fault) => end.session.handle_end(fault, now),
                }
            }
            effects.push(*wire);
        }
        effects.into_iter().flat_map(|wire| self.drain(wire, now)).collect()
    }

    fn with(&mut self, wire: WireId, now: Moment, deed: impl FnOnce(&mut Session)) -> Vec<Effect> {
        let Some(end) = self.process.as_mut().and_then(|process| process.ends.get_mut(&wire)) else {
            return Vec::new();
        };
        deed(&mut end.session);
        self.drain(wire, now)
    }

    fn drain(&mut self, wire: WireId, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(process) = &mut self.process else { return effects };
        let Some(end) = process.ends.get_mut(&wire) else { return effects };
        loop {
            match end.session.poll_output() {
                Output::Authenticate(hello) => {
                    let result = ready(process.node.dispatch.welcome(hello, now));
                    effects.push(Effect::Done(wire, Finished::Hello(Box::new(result))));
                }
                Output::Dispatch { id, call } => {
                    let call = mutate(self.mutant, &self.entropy, call);
                    let lied = lie(self.mutant, &self.entropy, &*self.store, end.caller, &call);
                    let result =
                        lied.unwrap_or_else(|| ready(process.node.dispatch.begin(end.caller, call, now)));
                    effects.push(Effect::Done(wire, Finished::Request(id, Box::new(result))));
                    effects.push(Effect::Notices);
                }
                Output::Transmit(bytes) => effects.push(Effect::Transmit(wire, bytes)),
                Output::Close(_) => {
                    process.ends.remove(&wire);
                    effects.push(Effect::Close(wire));
                    return effects;
                }
                Output::Wait(moment) => {
                    effects.push(Effect::Wake(wire, moment));
                    return effects;
                }
            }
        }
    }
}

/// The memory store answers at once, so every future here is ready when it is first polled.
fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("services over the memory store never wait")
}

/// Mutant NoDedupe: the key never reaches the store, so no repeat is recognised.
fn mutate(mutant: Option<Mutant>, entropy: &SeededEntropy, mut call: Call) -> Call {
    if mutant == Some(Mutant::NoDedupe)
        && let Call::Send(send) = &mut call
    {
        let _always_ok = entropy.fill(&mut send.send_key);
    }
    call
}

/// Mutant SentWithoutStoring: an answer as it would be, and nothing behind it.
fn lie(
    mutant: Option<Mutant>,
    entropy: &SeededEntropy,
    store: &dyn Store,
    caller: Caller,
    call: &Call,
) -> Option<Result<answer::Result, Fault>> {
    let (Call::Send(send), Caller::SignedIn(asker)) = (call, caller) else { return None };
    if mutant != Some(Mutant::SentWithoutStoring) || !entropy.chance(10) {
        return None;
    }
    let head = ready(store.head(asker.account, ConversationId(send.conversation))).ok()?;
    let sent = wire::Sent { seq: head.last.seq.next().0, at_ms: head.last.at.0 };
    Some(Ok(answer::Result::Sent(sent)))
}

/// The mutant bus: loses without leaving a gap in the numbers.
struct UnnumberedLoss<F> {
    inner: Arc<LocalBus>,
    loses: F,
}

impl<F: Fn(&Notice) -> bool + Send + Sync + 'static> Bus for UnnumberedLoss<F> {
    fn publish(&self, notice: Notice) {
        if !(self.loses)(&notice) {
            self.inner.publish(notice);
        }
    }

    fn skip(&self) {}

    fn tail(&self) {
        self.inner.tail();
    }
}
