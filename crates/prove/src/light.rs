//! A light client: the client's end of a link over a real socket, with no engine and no disk behind it. Thousands of
//! them fit into one process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anser_protocol::Moment;
use anser_protocol::link::{Greeting, Link, Output};
use anyhow::{Result, bail};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;

/// One light client. It lives until its task is dropped.
#[derive(Clone, Debug)]
pub struct Light {
    /// By this it is known in the diary.
    pub number: usize,
    /// Where the server is.
    pub server: SocketAddr,
    /// From which address of this machine it comes.
    pub from: Ipv4Addr,
    /// What it says in Hello.
    pub token: Vec<u8>,
    /// Decides its jitter.
    pub seed: [u8; 32],
    /// How many times as fast as the world's its clock runs.
    pub pace: u64,
}

/// What happened to a light client's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It tried to connect. Its moment is when it meant to: a machine that cannot keep up with thousands of clients would
    /// make waves of its own.
    Tried,
    /// It is up: Welcome came.
    Up,
    /// It is down, and will be tried again.
    Down,
    /// The server will not have it.
    Refused,
}

/// Who, when, what; in the order in which it happened. Shared by all light clients of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Diary {
    entries: Arc<Mutex<Vec<(usize, Instant, Happening)>>>,
}

impl Diary {
    /// Everything so far.
    pub fn read(&self) -> Vec<(usize, Instant, Happening)> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many clients are up now.
    pub fn up_count(&self) -> usize {
        let mut up = std::collections::BTreeSet::new();
        for (number, _, happening) in self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match happening {
                Happening::Up => up.insert(*number),
                Happening::Tried | Happening::Down | Happening::Refused => up.remove(number),
            };
        }
        up.len()
    }

    fn note(&self, number: usize, at: Instant, happening: Happening) {
        let entry = (number, at, happening);
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}

impl Light {
    /// Links, and comes back whenever the link is lost, for ever.
    pub async fn live(self, diary: Diary) {
        let started = Instant::now();
        let mut life = Life {
            link: Link::new(self.seed),
            connection: 0,
            opening: None,
            socket: None,
            is_broken: false,
            retry_at: started,
            wake_at: Moment::NEVER,
            started,
            diary,
            light: self,
        };
        let token = life.light.token.clone();
        life.link.open(Greeting::Hello { token }, life.now());
        loop {
            life.drain().await;
            life.wait().await;
        }
    }
}

/// A light client's link on its way.
struct Life {
    light: Light,
    link: Link,
    /// The newest that the link asked for.
    connection: u64,
    opening: Option<BoxFuture<'static, Result<Socket>>>,
    socket: Option<Socket>,
    /// Nothing can be written any more.
    is_broken: bool,
    /// When the next try is meant to be, by the world's clock.
    retry_at: Instant,
    wake_at: Moment,
    started: Instant,
    diary: Diary,
}

impl Life {
    fn now(&self) -> Moment {
        let millis = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Moment(millis.saturating_mul(self.light.pace))
    }

    async fn drain(&mut self) {
        loop {
            match self.link.poll_output() {
                Output::Connect { connection, .. } => {
                    self.diary.note(self.light.number, self.retry_at, Happening::Tried);
                    self.connection = connection;
                    self.opening = Some(connect(self.light.server, self.light.from).boxed());
                }
                Output::Disconnect { .. } => (self.socket, self.opening) = (None, None),
                Output::Transmit { bytes, .. } => {
                    let Some(socket) = &mut self.socket else { continue };
                    if socket.send(Message::binary(bytes)).await.is_err() {
                        // The link is told when it waits again, as its contract wants it.
                        self.is_broken = true;
                    }
                }
                Output::Up(_) => self.note(Happening::Up),
                Output::Down { retry_at } => {
                    self.note(Happening::Down);
                    self.retry_at = self.started + Duration::from_millis(retry_at.0 / self.light.pace);
                }
                Output::Refused(_) => self.note(Happening::Refused),
                Output::Answered { .. } | Output::Pushed(_) | Output::Missed | Output::Learned(_) => {}
                Output::Wait(moment) => {
                    self.wake_at = moment;
                    return;
                }
            }
        }
    }

    /// Until something happens, which the link is told.
    async fn wait(&mut self) {
        if self.is_broken {
            return self.lose();
        }
        let millis = self.wake_at.millis_since(self.now()).div_ceil(self.light.pace);
        let sleep = tokio::time::sleep(Duration::from_millis(millis));
        tokio::select! {
            opened = async { self.opening.as_mut()?.await.ok() }, if self.opening.is_some() => {
                self.opening = None;
                self.socket = opened;
                match &self.socket {
                    Some(_) => self.link.handle_connected(self.connection, self.now()),
                    None => self.lose(),
                }
            }
            message = async { self.socket.as_mut()?.next().await?.ok() }, if self.socket.is_some() => {
                match message {
                    Some(Message::Binary(bytes)) => {
                        self.link.handle_received(self.connection, &bytes, self.now());
                    }
                    Some(Message::Close(_)) | None => self.lose(),
                    Some(_) => {}
                }
            }
            () = sleep => self.link.handle_timeout(self.now()),
        }
    }

    fn note(&self, happening: Happening) {
        self.diary.note(self.light.number, Instant::now(), happening);
    }

    fn lose(&mut self) {
        (self.socket, self.is_broken) = (None, false);
        self.link.handle_disconnected(self.connection, self.now());
    }
}

async fn connect(server: SocketAddr, from: Ipv4Addr) -> Result<Socket> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(IpAddr::V4(from), 0))?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let Ok(uri) = format!("ws://{server}/v1/ws").parse() else { bail!("{server} makes no address") };
    let request = ClientRequestBuilder::new(uri).with_sub_protocol("anser.v1");
    Ok(client_async(request, stream).await?.0)
}
