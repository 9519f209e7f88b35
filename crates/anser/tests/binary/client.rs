//! A client of the few words that the tests of the binary need.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::time::Duration;

use anser_protocol::wire::{self, answer, frame, request};
use anser_protocol::{codec, kind};
use futures_util::{SinkExt, StreamExt};
use prost::Message as _;
use request::Call;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// What takes longer does not come. No test measures time.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    newest_id: u32,
    pub(crate) account: u64,
    pub(crate) token: Vec<u8>,
    /// The newest conversations, as Welcome told of them.
    pub(crate) heads: Vec<wire::Head>,
}

impl Client {
    async fn connect(address: SocketAddr) -> Client {
        let mut request = format!("ws://{address}/v1/ws").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("anser.v1"));
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        Client { socket, newest_id: 0, account: 0, token: Vec::new(), heads: Vec::new() }
    }

    /// A new account, past its Welcome.
    pub(crate) async fn register(address: SocketAddr, handle: &str) -> Client {
        let mut client = Client::connect(address).await;
        let register = wire::Register {
            handle: handle.to_owned(),
            display_name: handle.to_owned(),
            password: "correct horse battery".to_owned(),
            device_name: "test".to_owned(),
        };
        client.enter(Call::Register(register)).await;
        client
    }

    /// A new device of an account, past its Welcome.
    pub(crate) async fn sign_in(address: SocketAddr, handle: &str, password: &str) -> Client {
        let mut client = Client::connect(address).await;
        let sign_in = wire::SignIn {
            handle: handle.to_owned(),
            password: password.to_owned(),
            device_name: "test".to_owned(),
        };
        client.enter(Call::SignIn(sign_in)).await;
        client
    }

    async fn enter(&mut self, call: Call) {
        match self.ask(call).await {
            Some(answer::Result::SignedIn(signed_in)) => {
                self.account = signed_in.account.unwrap().account;
                self.greet(signed_in.token).await;
            }
            other => panic!("not let in: {other:?}"),
        }
    }

    /// A known device comes back.
    pub(crate) async fn hello(address: SocketAddr, token: Vec<u8>) -> Client {
        let mut client = Client::connect(address).await;
        client.greet(token).await;
        client
    }

    async fn greet(&mut self, token: Vec<u8>) {
        self.token.clone_from(&token);
        self.say(frame::Body::Hello(wire::Hello { version: 1, token, position: 0 })).await;
        match self.hear().await {
            Some(frame::Body::Welcome(welcome)) => self.heads = welcome.changes.unwrap_or_default().heads,
            other => panic!("not welcome: {other:?}"),
        }
    }

    pub(crate) async fn opens_chat_with(&mut self, handle: &str) -> u64 {
        let call = Call::OpenDirect(wire::OpenDirect { handle: handle.to_owned() });
        match self.ask(call).await {
            Some(answer::Result::Head(head)) => head.conversation,
            other => panic!("no chat with {handle}: {other:?}"),
        }
    }

    /// Sends without waiting for the answer; the request's id.
    pub(crate) async fn begins_to_send(&mut self, chat: u64, words: &str) -> u32 {
        let mut key = [0; 16];
        // The words are different each time, so their hash is a key that no other message has.
        let mut hasher = DefaultHasher::new();
        words.hash(&mut hasher);
        key[8..].copy_from_slice(&hasher.finish().to_be_bytes());
        let send = wire::Send {
            conversation: chat,
            send_key: key.to_vec(),
            kind: kind::TEXT,
            body: wire::Text { text: words.to_owned() }.encode_to_vec(),
            silent: false,
        };
        self.newest_id += 1;
        self.say_request(Call::Send(send)).await;
        self.newest_id
    }

    /// The next send that the server calls sent: its request and its seq. `None` once the link is dead.
    pub(crate) async fn next_sent(&mut self) -> Option<(u32, u64)> {
        loop {
            if let frame::Body::Answer(answer) = self.hear().await?
                && let Some(answer::Result::Sent(sent)) = answer.result
            {
                return Some((answer.id, sent.seq));
            }
        }
    }

    /// All texts of a conversation with their seqs.
    pub(crate) async fn history(&mut self, chat: u64) -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        let mut first = 1;
        loop {
            let call =
                wire::GetRange { conversation: chat, first, last: u64::MAX, limit: 200, newest: false };
            let Some(answer::Result::Range(range)) = self.ask(Call::GetRange(call)).await else {
                panic!("the log cannot be read")
            };
            let Some(last) = range.events.last() else { return texts };
            first = last.seq + 1;
            for event in range.events.iter().filter(|event| event.kind == kind::TEXT) {
                texts.push((event.seq, codec::decode_text(&event.body).unwrap()));
            }
        }
    }

    async fn ask(&mut self, call: Call) -> Option<answer::Result> {
        self.newest_id += 1;
        self.say_request(call).await;
        loop {
            if let frame::Body::Answer(answer) = self.hear().await?
                && answer.id == self.newest_id
            {
                return answer.result;
            }
        }
    }

    async fn say_request(&mut self, call: Call) {
        self.say(frame::Body::Request(wire::Request { id: self.newest_id, call: Some(call) })).await;
    }

    async fn say(&mut self, body: frame::Body) {
        let _may_be_dead = self.socket.send(Message::Binary(codec::encode(body).into())).await;
    }

    async fn hear(&mut self) -> Option<frame::Body> {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the server says nothing") {
                Some(Ok(Message::Binary(bytes))) => return codec::decode_from_server(&bytes).unwrap(),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }
}
