//! A node with people on it. Time stands still unless moved; notices wait until somebody calls `deliver`.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use anser_protocol::wire::request::Call;
use anser_protocol::wire::{self, ErrorCode, answer, frame, push};
use anser_protocol::{Fault, Moment, codec, kind};
use anser_server::bus::Bus;
use anser_server::bus::local::LocalBus;
use anser_server::bus::lossy::LossyBus;
use anser_server::gateway::dispatch::{Answering, Caller};
use anser_server::gateway::hub::{Mail, Mailbox};
use anser_server::node::{Node, Parts};
use anser_server::services::Asker;
use anser_server::services::ports::{Entropy, EntropyError, HashError, PasswordHasher};
use anser_store::Store;
use anser_store::memory::MemoryStore;
use anser_store::sqlite::SqliteStore;
use async_trait::async_trait;
use prost::Message;

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Tells the same story on every store there is.
pub(crate) fn on_every_store(story: impl Fn(World)) {
    story(World::new(Arc::new(MemoryStore::new()), true));
    let dir = tempfile::tempdir().unwrap();
    story(World::new(Arc::new(SqliteStore::open(dir.path()).unwrap()), true));
}

/// One node, and everything around it.
pub(crate) struct World {
    pub(crate) node: Node,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) now: Moment,
    lose: Arc<AtomicBool>,
    newest_key: AtomicU64,
}

/// One session of one device of one person.
pub(crate) struct Phone {
    pub(crate) handle: String,
    pub(crate) asker: Asker,
    pub(crate) token: Vec<u8>,
    pub(crate) mailbox: Mailbox,
}

impl World {
    pub(crate) fn new(store: Arc<dyn Store>, registration_open: bool) -> World {
        let (bus, feed) = LocalBus::new(1_024);
        let lose = Arc::new(AtomicBool::new(false));
        let loses = lose.clone();
        let bus: Arc<dyn Bus> =
            Arc::new(LossyBus::new(Arc::new(bus), move |_| loses.load(Ordering::Relaxed)));
        let node = Node::new(Parts {
            store,
            bus: bus.clone(),
            feed,
            entropy: Arc::new(Counter::default()),
            hasher: Arc::new(NoHash),
            registration_open,
        });
        World { node, bus, now: Moment(1_000_000), lose, newest_key: AtomicU64::new(0) }
    }

    /// From here on the bus loses everything, or nothing.
    pub(crate) fn lose_notices(&self, lose: bool) {
        self.lose.store(lose, Ordering::Relaxed);
    }

    /// The courier carries out what waits on the bus.
    pub(crate) fn deliver(&mut self) {
        wait(self.node.courier.run_pending());
    }

    /// A new account called `handle`, whose first device says Hello.
    pub(crate) fn register(&self, handle: &str) -> Phone {
        let signed_in = self.ask_register(handle, HOME).expect("a new account");
        self.hello(handle, signed_in.token).expect("a welcome")
    }

    pub(crate) fn ask_register(&self, handle: &str, address: IpAddr) -> Result<wire::SignedIn, Fault> {
        let call = Call::Register(wire::Register {
            handle: handle.to_owned(),
            display_name: handle.to_uppercase(),
            password: PASSWORD.to_owned(),
            device_name: "a phone".to_owned(),
        });
        match wait(self.node.dispatch.begin(Caller::Anonymous { address }, call, self.now))? {
            answer::Result::SignedIn(signed_in) => Ok(signed_in),
            other => panic!("not an answer to Register: {other:?}"),
        }
    }

    /// Another device of this person.
    pub(crate) fn sign_in(&self, handle: &str) -> Phone {
        let signed_in = self.ask_sign_in(handle, PASSWORD, HOME).expect("the right password");
        self.hello(handle, signed_in.token).expect("a welcome")
    }

    pub(crate) fn ask_sign_in(
        &self,
        handle: &str,
        password: &str,
        address: IpAddr,
    ) -> Result<wire::SignedIn, Fault> {
        let call = Call::SignIn(wire::SignIn {
            handle: handle.to_owned(),
            password: password.to_owned(),
            device_name: "another phone".to_owned(),
        });
        match wait(self.node.dispatch.begin(Caller::Anonymous { address }, call, self.now))? {
            answer::Result::SignedIn(signed_in) => Ok(signed_in),
            other => panic!("not an answer to SignIn: {other:?}"),
        }
    }

    /// A link says Hello with this token.
    pub(crate) fn hello(&self, handle: &str, token: Vec<u8>) -> Result<Phone, Fault> {
        let hello = wire::Hello { version: 1, token: token.clone(), position: 0 };
        let welcomed = wait(self.node.dispatch.welcome(hello, self.now))?;
        Ok(Phone { handle: handle.to_owned(), asker: welcomed.asker, token, mailbox: welcomed.mailbox })
    }

    pub(crate) fn begin(&self, phone: &Phone, call: Call) -> Answering {
        self.node.dispatch.begin(Caller::SignedIn(phone.asker), call, self.now)
    }

    pub(crate) fn ask(&self, phone: &Phone, call: Call) -> Result<answer::Result, Fault> {
        wait(self.begin(phone, call))
    }

    /// The code of the refusal that a call gets.
    pub(crate) fn refused(&self, phone: &Phone, call: Call) -> ErrorCode {
        self.ask(phone, call).expect_err("this must be refused").code
    }

    pub(crate) fn head(&self, phone: &Phone, call: Call) -> wire::Head {
        match self.ask(phone, call) {
            Ok(answer::Result::Head(head)) => head,
            other => panic!("not a head: {other:?}"),
        }
    }

    /// The id of the conversation of two people.
    pub(crate) fn direct(&self, phone: &Phone, with: &str) -> u64 {
        self.head(phone, Call::OpenDirect(wire::OpenDirect { handle: with.to_owned() })).conversation
    }

    /// The id of a new group.
    pub(crate) fn group(&self, phone: &Phone, others: &[&str]) -> u64 {
        let call = wire::CreateGroup {
            title: "Cheese".to_owned(),
            handles: others.iter().map(|&handle| handle.to_owned()).collect(),
            send_key: self.new_key(),
        };
        self.head(phone, Call::CreateGroup(call)).conversation
    }

    /// Sends a text and returns where it went.
    pub(crate) fn say(&self, phone: &Phone, conversation: u64, text: &str) -> wire::Sent {
        sent(self.ask(phone, Call::Send(self.text(conversation, text)))).expect("it may be sent")
    }

    /// A text with a new key.
    pub(crate) fn text(&self, conversation: u64, text: &str) -> wire::Send {
        let body = wire::Text { text: text.to_owned() }.encode_to_vec();
        wire::Send { conversation, send_key: self.new_key(), kind: kind::TEXT, body, silent: false }
    }

    pub(crate) fn new_key(&self) -> Vec<u8> {
        let number = self.newest_key.fetch_add(1, Ordering::Relaxed);
        [[7; 8], number.to_be_bytes()].concat()
    }

    /// Everything in a conversation that this phone may see, in words.
    pub(crate) fn log(&self, phone: &Phone, conversation: u64) -> Vec<String> {
        let call = wire::GetRange { conversation, first: 1, last: u64::MAX, limit: 0, newest: false };
        match self.ask(phone, Call::GetRange(call)) {
            Ok(answer::Result::Range(range)) => {
                range.events.iter().map(|event| event_in_words(event, &phone.handle)).collect()
            }
            other => panic!("not a range: {other:?}"),
        }
    }

    /// Changes since a position, first page.
    pub(crate) fn sync(&self, phone: &Phone, since: u64) -> wire::Changes {
        match self.ask(phone, Call::Sync(wire::Sync { since, before: 0 })) {
            Ok(answer::Result::Changes(changes)) => changes,
            other => panic!("not changes: {other:?}"),
        }
    }

    pub(crate) fn reach(
        &self,
        phone: &Phone,
        conversation: u64,
        delivered: u64,
        read: u64,
    ) -> Result<(), Fault> {
        let positions = vec![wire::Reach { conversation, delivered, read }];
        self.ask(phone, Call::Reach(wire::ReachAll { positions })).map(|_| ())
    }
}

impl Phone {
    /// What came since the last call, in words:
    /// `#2 hello`, `#2 hello (key)`, `head #2 Cheese`, `reached 2/1`, `reached 5/4 from #3 on` (who joined at 3),
    /// `resync`, `end SLOW_READER`.
    pub(crate) fn hears(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(mail) = self.mailbox.try_next() {
            heard.push(match mail {
                Mail::Push(frame) => push_in_words(&frame, &self.handle),
                Mail::Resync => "resync".to_owned(),
                Mail::Leave => "leave".to_owned(),
                Mail::End(fault) => format!("end {}", fault.code.as_str_name()),
            });
        }
        heard
    }
}

/// The answer to a Send.
pub(crate) fn sent(answer: Result<answer::Result, Fault>) -> Result<wire::Sent, Fault> {
    match answer? {
        answer::Result::Sent(sent) => Ok(sent),
        other => panic!("not an answer to Send: {other:?}"),
    }
}

fn push_in_words(frame: &[u8], viewer: &str) -> String {
    let body = codec::decode_from_server(frame).expect("a whole frame").expect("a known frame");
    let frame::Body::Push(wire::Push { what: Some(what) }) = body else { panic!("not a push: {body:?}") };
    match what {
        push::What::Event(event) => event_in_words(&event, viewer),
        push::What::Head(head) => format!("head #{} {}", head.last_seq, head.title).trim_end().to_owned(),
        push::What::Reached(wire::Reached { position: Some(reach), from_seq, .. }) => {
            let joined = if from_seq == 1 { String::new() } else { format!(" from #{from_seq} on") };
            format!("reached {}/{}{joined}", reach.delivered, reach.read)
        }
        push::What::Reached(_) => panic!("a position is missing"),
    }
}

fn event_in_words(event: &wire::Event, viewer: &str) -> String {
    let words = match event.kind {
        kind::TEXT => codec::decode_text(&event.body).expect("a text"),
        kind::CREATED => "created".to_owned(),
        kind::MEMBERS_ADDED => {
            let added = wire::MembersAdded::decode(event.body.as_slice()).expect("a MembersAdded");
            format!("{} added", added.members.len())
        }
        kind::MEMBER_LEFT => "left".to_owned(),
        kind::RENAMED => "renamed".to_owned(),
        other => format!("kind {other} seen by {viewer}"),
    };
    let key = if event.send_key.is_empty() { "" } else { " (key)" };
    format!("#{} {words}{key}", event.seq)
}

/// Polls until ready, on this thread, with nothing but a waker.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        thread::park();
    }
}

/// Bytes that are never the same twice.
#[derive(Default)]
struct Counter(Mutex<u64>);

impl Entropy for Counter {
    fn fill(&self, into: &mut [u8]) -> Result<(), EntropyError> {
        let mut count = self.0.lock().unwrap();
        for bytes in into.chunks_mut(8) {
            *count += 1;
            // Odd, so multiplying loses nothing; spreads the count over all bytes.
            let spread = count.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes();
            bytes.copy_from_slice(&spread[..bytes.len()]);
        }
        Ok(())
    }
}

/// Passwords as they are: quick.
struct NoHash;

#[async_trait]
impl PasswordHasher for NoHash {
    async fn hash(&self, password: String) -> Result<String, HashError> {
        Ok(format!("plain:{password}"))
    }

    async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, HashError> {
        Ok(hash == Some(format!("plain:{password}")))
    }
}
