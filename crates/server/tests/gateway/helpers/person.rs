//! Somebody with one device and a link: asks, answers, and puts what comes into words.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anser_protocol::wire::{self, ErrorCode, answer, frame, push, request};
use anser_protocol::{SendKey, codec, kind};
use prost::Message as _;
use request::Call;

use super::server::Names;
use super::{Heard, Link};

const PASSWORD: &str = "correct horse battery";

/// What a device knows between two links.
#[derive(Clone, Debug)]
pub(crate) struct Away {
    pub(crate) handle: String,
    pub(crate) account: u64,
    pub(crate) device: u64,
    pub(crate) token: Vec<u8>,
    /// Up to where it has everything.
    pub(crate) position: u64,
}

pub(crate) struct Person {
    pub(crate) handle: String,
    pub(crate) account: u64,
    pub(crate) device: u64,
    pub(crate) token: Vec<u8>,
    pub(crate) welcome: wire::Welcome,
    pub(crate) link: Link,
    names: Names,
    newest_id: u32,
    answers: BTreeMap<u32, answer::Result>,
    pushes: VecDeque<push::What>,
    pushes_counted: u32,
}

impl Person {
    pub(crate) async fn register(address: SocketAddr, handle: &str, names: Names) -> Person {
        let call = Call::Register(wire::Register {
            handle: handle.to_owned(),
            display_name: handle.to_owned(),
            password: PASSWORD.to_owned(),
            device_name: format!("{handle}'s phone"),
        });
        Person::enter(address, handle, call, names).await
    }

    pub(crate) async fn sign_in(address: SocketAddr, handle: &str, names: Names) -> Person {
        let call = Call::SignIn(wire::SignIn {
            handle: handle.to_owned(),
            password: PASSWORD.to_owned(),
            device_name: format!("{handle}'s tablet"),
        });
        Person::enter(address, handle, call, names).await
    }

    async fn enter(address: SocketAddr, handle: &str, call: Call, names: Names) -> Person {
        let mut link = Link::open(address).await;
        link.say_request(1, call).await;
        let signed_in = match link.hear().await {
            Heard::Frame(frame::Body::Answer(wire::Answer {
                result: Some(answer::Result::SignedIn(signed_in)),
                ..
            })) => signed_in,
            other => panic!("{handle} could not get in: {other:?}"),
        };
        let account = signed_in.account.unwrap().account;
        let token = signed_in.token;
        let away = Away { handle: handle.to_owned(), account, device: signed_in.device, token, position: 0 };
        Person::hello(link, away, names).await
    }

    /// Says Hello on this link and waits for Welcome.
    pub(crate) async fn hello(mut link: Link, away: Away, names: Names) -> Person {
        let Away { handle, account, device, token, position } = away;
        link.say_hello(token.clone(), position).await;
        let welcome = match link.hear().await {
            Heard::Frame(frame::Body::Welcome(welcome)) => welcome,
            other => panic!("{handle} is not welcome: {other:?}"),
        };
        Person {
            handle,
            account,
            device,
            token,
            welcome,
            link,
            names,
            newest_id: 1,
            answers: BTreeMap::new(),
            pushes: VecDeque::new(),
            pushes_counted: 0,
        }
    }

    /// Closes the link; what the device knows is left.
    pub(crate) fn leaves(self) -> Away {
        self.knows()
    }

    /// What the device knows.
    pub(crate) fn knows(&self) -> Away {
        Away {
            handle: self.handle.clone(),
            account: self.account,
            device: self.device,
            token: self.token.clone(),
            position: self.changes().position,
        }
    }

    /// What Welcome said had changed.
    pub(crate) fn changes(&self) -> &wire::Changes {
        self.welcome.changes.as_ref().expect("Welcome says what changed")
    }

    // --- asking ---

    /// Sends a request without waiting for its answer.
    pub(crate) async fn begin(&mut self, call: Call) -> u32 {
        self.newest_id += 1;
        self.link.say_request(self.newest_id, call).await;
        self.newest_id
    }

    /// Sends many at once, however slow the machine is: see [`Link::say_requests`].
    pub(crate) async fn begin_many(&mut self, calls: impl IntoIterator<Item = Call>) -> Vec<u32> {
        let request = |call| {
            self.newest_id += 1;
            wire::Request { id: self.newest_id, call: Some(call) }
        };
        let requests: Vec<wire::Request> = calls.into_iter().map(request).collect();
        let ids = requests.iter().map(|request| request.id).collect();
        self.link.say_requests(requests).await;
        ids
    }

    pub(crate) async fn answer(&mut self, id: u32) -> Result<answer::Result, wire::Error> {
        loop {
            match self.answers.remove(&id) {
                Some(answer::Result::Error(error)) => return Err(error),
                Some(result) => return Ok(result),
                None => self.take_one("an answer").await,
            }
        }
    }

    pub(crate) async fn ask(&mut self, call: Call) -> Result<answer::Result, wire::Error> {
        let id = self.begin(call).await;
        self.answer(id).await
    }

    /// Asks what must be refused; says why it was.
    pub(crate) async fn refused(&mut self, call: Call) -> ErrorCode {
        match self.ask(call.clone()).await {
            Err(error) => error.code(),
            Ok(result) => panic!("{} was given {result:?} for {call:?}", self.handle),
        }
    }

    async fn head(&mut self, call: Call) -> wire::Head {
        match self.ask(call).await {
            Ok(answer::Result::Head(head)) => head,
            other => panic!("{} expected a head, got {other:?}", self.handle),
        }
    }

    pub(crate) async fn opens_chat_with(&mut self, handle: &str) -> u64 {
        let call = Call::OpenDirect(wire::OpenDirect { handle: handle.to_owned() });
        self.head(call).await.conversation
    }

    pub(crate) async fn creates_group(&mut self, title: &str, others: &[&str]) -> u64 {
        let handles = others.iter().map(|handle| (*handle).to_owned()).collect();
        let group = wire::CreateGroup { title: title.to_owned(), handles, send_key: new_key() };
        self.head(Call::CreateGroup(group)).await.conversation
    }

    pub(crate) async fn sends(&mut self, chat: u64, words: &str) -> wire::Sent {
        self.sends_again(text(chat, new_key(), words)).await
    }

    /// Sends exactly this, as one does who does not know whether it arrived.
    pub(crate) async fn sends_again(&mut self, send: wire::Send) -> wire::Sent {
        match self.ask(Call::Send(send)).await {
            Ok(answer::Result::Sent(sent)) => sent,
            other => panic!("{} could not send: {other:?}", self.handle),
        }
    }

    /// Sends as often as it takes: told to slow down, one waits as long as one was told.
    pub(crate) async fn sends_slowly(&mut self, send: wire::Send) -> wire::Sent {
        loop {
            match self.ask(Call::Send(send.clone())).await {
                Ok(answer::Result::Sent(sent)) => return sent,
                Err(error) if error.code() == ErrorCode::RateLimited => {
                    let wait = Duration::from_millis(error.retry_after_ms.into());
                    tokio::time::sleep(wait).await;
                }
                other => panic!("{} could not send: {other:?}", self.handle),
            }
        }
    }

    pub(crate) async fn reaches(&mut self, chat: u64, delivered: u64, read: u64) {
        let position = wire::Reach { conversation: chat, delivered, read };
        let result = self.ask(Call::Reach(wire::ReachAll { positions: vec![position] })).await;
        assert_eq!(result, Ok(answer::Result::Done(wire::Done {})));
    }

    /// The texts of a conversation from a place on, in words.
    pub(crate) async fn history(&mut self, chat: u64, first: u64) -> Vec<String> {
        let mut events = Vec::new();
        let mut first = first;
        loop {
            let call =
                wire::GetRange { conversation: chat, first, last: u64::MAX, limit: 200, newest: false };
            match self.ask(Call::GetRange(call)).await {
                Ok(answer::Result::Range(range)) if range.events.is_empty() => return self.in_words(&events),
                Ok(answer::Result::Range(range)) => {
                    events.extend(range.events);
                    first = events.last().map_or(first, |event| event.seq + 1);
                }
                other => panic!("{} could not read: {other:?}", self.handle),
            }
        }
    }

    fn in_words(&self, events: &[wire::Event]) -> Vec<String> {
        events.iter().filter_map(|event| self.event_in_words(event)).collect()
    }

    /// `alice: hello`; `None` for what people did not write.
    fn event_in_words(&self, event: &wire::Event) -> Option<String> {
        if event.kind != kind::TEXT {
            return None;
        }
        let words = codec::decode_text(&event.body).expect("the server lets only texts through");
        Some(format!("{}: {words}", self.name(event.sender)))
    }

    fn name(&self, account: u64) -> String {
        let names = self.names.lock().unwrap();
        names.get(&account).cloned().unwrap_or_else(|| format!("account {account}"))
    }

    // --- hearing ---

    /// The next message of somebody that is pushed to this device, in words.
    pub(crate) async fn sees(&mut self) -> String {
        loop {
            let event = self.next_event().await;
            if let Some(words) = self.event_in_words(&event) {
                return words;
            }
        }
    }

    /// The next event that is pushed.
    pub(crate) async fn next_event(&mut self) -> wire::Event {
        loop {
            if let push::What::Event(event) = self.next_push().await {
                return event;
            }
        }
    }

    /// The next head that is pushed.
    pub(crate) async fn next_head(&mut self) -> wire::Head {
        loop {
            if let push::What::Head(head) = self.next_push().await {
                return head;
            }
        }
    }

    /// The next position of somebody that is pushed, in words.
    pub(crate) async fn sees_how_far(&mut self) -> String {
        loop {
            if let push::What::Reached(reached) = self.next_push().await {
                let position = reached.position.unwrap_or_default();
                let who = self.name(reached.account);
                return format!("{who} has {} and read {}", position.delivered, position.read);
            }
        }
    }

    async fn next_push(&mut self) -> push::What {
        loop {
            match self.pushes.pop_front() {
                Some(what) => return what,
                None => self.take_one("a push").await,
            }
        }
    }

    /// Asks for a beat: how many pushes the server has sent, and how many came.
    pub(crate) async fn pings(&mut self) -> (u32, u32) {
        self.link.say(frame::Body::Ping(wire::Ping::default())).await;
        loop {
            match self.link.hear().await {
                Heard::Frame(frame::Body::Beat(beat)) => return (beat.pushes, self.pushes_counted),
                Heard::Frame(body) => self.keep(body),
                other => panic!("{} waited for a beat, got {other:?}", self.handle),
            }
        }
    }

    async fn take_one(&mut self, waited_for: &str) {
        match self.link.hear().await {
            Heard::Frame(frame::Body::Beat(_)) => {}
            Heard::Frame(body) => self.keep(body),
            other => panic!("{} waited for {waited_for}, got {other:?}", self.handle),
        }
    }

    fn keep(&mut self, body: frame::Body) {
        match body {
            frame::Body::Answer(answer) => {
                self.answers.insert(answer.id, answer.result.expect("an answer has a result"));
            }
            frame::Body::Push(push) => {
                self.pushes_counted += 1;
                self.pushes.push_back(push.what.expect("a push pushes something"));
            }
            other => panic!("{} did not expect {other:?}", self.handle),
        }
    }
}

/// A message, ready to be sent.
pub(crate) fn text(conversation: u64, send_key: Vec<u8>, words: &str) -> wire::Send {
    let body = wire::Text { text: words.to_owned() }.encode_to_vec();
    wire::Send { conversation, send_key, kind: kind::TEXT, body, silent: false }
}

/// A send key that no other test has.
pub(crate) fn new_key() -> Vec<u8> {
    static NEWEST: AtomicU64 = AtomicU64::new(0);
    let number = NEWEST.fetch_add(1, Ordering::Relaxed);
    let mut random = [0; 10];
    random[..8].copy_from_slice(&number.to_be_bytes());
    SendKey::new(1_700_000_000_000, random).0.to_vec()
}
