//! A TCP proxy between clients and a server that does to their bytes what bad networks do, by a seed.
//!
//! It knows nothing of what it carries. A byte is never changed and never overtakes another: what TCP promises, it
//! keeps, until it ends a connection, or silently stops carrying it. Losing, repeating and swapping single pushes is
//! the server's own matter (`ANSER_PUSH_TROUBLE`).
//!
//! | module | what it is |
//! |---|---|
//! | [`weather`] | how bad the network is, as data |
//! | `relay` | one connection through it |

mod relay;
mod weather;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::watch;

use relay::Relay;
pub use weather::{Cut, Weather};

/// A proxy on a thread of its own; it ends, and its connections with it, when this is dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What the proxy's owner and its connections have in common.
#[derive(Debug)]
struct Shared {
    upstream: Mutex<SocketAddr>,
    weather: watch::Sender<Weather>,
    /// Rises when every connection is to be reset.
    resets: watch::Sender<u64>,
    stop: watch::Sender<bool>,
    counts: Counts,
}

/// What the proxy has done so far.
#[derive(Debug, Default)]
pub struct Counts {
    connections: AtomicU64,
    refused: AtomicU64,
    reset: AtomicU64,
    half_open: AtomicU64,
    delayed: AtomicU64,
    split: AtomicU64,
    forgotten: AtomicU64,
    longest_silence_ms: AtomicU64,
}

impl Proxy {
    /// A proxy on a free port of 127.0.0.1.
    pub fn start(upstream: SocketAddr, weather: Weather, seed: u64) -> io::Result<Proxy> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream: Mutex::new(upstream),
            weather: watch::Sender::new(weather),
            resets: watch::Sender::new(0),
            stop: watch::Sender::new(false),
            counts: Counts::default(),
        });
        let own = shared.clone();
        let thread = std::thread::Builder::new().name("proxy".to_owned()).spawn(move || {
            // Leaving the runtime drops every connection.
            runtime.block_on(accept(listener, own, seed));
        })?;
        Ok(Proxy { address, shared, thread: Some(thread) })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// As a client wants it.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Another weather from now on, for connections there are and those to come. What a connection's fate is was
    /// drawn when it came, and stays.
    pub fn set(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// New connections go there.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        *self.shared.upstream.lock().unwrap_or_else(PoisonError::into_inner) = upstream;
    }

    /// Resets every connection there is, on both sides.
    pub fn reset_all(&self) {
        self.shared.resets.send_modify(|resets| *resets += 1);
    }

    /// What it has done so far.
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nothing to add.
            let _ended = thread.join();
        }
    }
}

impl Counts {
    /// Connections that came.
    pub fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    /// Of them, those turned away at once, or for which there was no server.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Connections reset by fate or by [`Proxy::reset_all`].
    pub fn reset(&self) -> u64 {
        self.reset.load(Ordering::Relaxed)
    }

    /// Connections that silently stopped carrying anything.
    pub fn half_open(&self) -> u64 {
        self.half_open.load(Ordering::Relaxed)
    }

    /// Pieces of the stream that were held back.
    pub fn delayed(&self) -> u64 {
        self.delayed.load(Ordering::Relaxed)
    }

    /// Pieces that were carried in two.
    pub fn split(&self) -> u64 {
        self.split.load(Ordering::Relaxed)
    }

    /// The longest time for which nothing moved on a connection that carried on afterwards.
    pub fn longest_silence_ms(&self) -> u64 {
        self.longest_silence_ms.load(Ordering::Relaxed)
    }

    /// Connections forgotten because nothing had moved on them.
    pub fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::Relaxed)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, seed: u64) {
    let mut stop = shared.stop.subscribe();
    let mut number = 0;
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        // Out of file descriptors, or the client went already: the next one may fare better.
        let Ok((client, _)) = accepted else { continue };
        number += 1;
        shared.counts.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(Relay::new(shared.clone(), seed, number).run(client));
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    /// What does not come within this time does not come: fails a test that would hang.
    const PATIENCE: Duration = Duration::from_secs(20);
    /// Waited for what must not come; longer would only make a failing test more certain to fail.
    const A_WHILE: Duration = Duration::from_millis(200);

    /// Both ends of a connection through the proxy.
    fn through(proxy: &Proxy, server: &TcpListener) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(proxy.address()).unwrap();
        let (end, _) = server.accept().unwrap();
        for socket in [&client, &end] {
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        (client, end)
    }

    fn proxy(weather: Weather) -> (Proxy, TcpListener) {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        (Proxy::start(server.local_addr().unwrap(), weather, 7).unwrap(), server)
    }

    fn arrives(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8]) {
        let mut came = vec![0; bytes.len()];
        std::thread::scope(|scope| {
            scope.spawn(|| from.write_all(bytes).unwrap());
            to.read_exact(&mut came).unwrap();
        });
        assert!(came == bytes, "what arrives is what was written");
    }

    fn nothing_comes(to: &mut TcpStream) {
        to.set_read_timeout(Some(A_WHILE)).unwrap();
        let outcome = to.read(&mut [0; 1]).map_err(|error| error.kind());
        assert!(matches!(outcome, Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)), "{outcome:?}");
        to.set_read_timeout(Some(PATIENCE)).unwrap();
    }

    #[test]
    fn bytes_arrive_whole_and_in_order_however_they_are_held_up() {
        let rough = Weather {
            delayed_per_mille: 500,
            delay_ms: 0..=3,
            split_per_mille: 500,
            bytes_per_second: Some(50_000_000),
            ..Weather::fair()
        };
        let (proxy, server) = proxy(rough);
        let (mut client, mut end) = through(&proxy, &server);
        let bytes: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        arrives(&mut client, &mut end, &bytes);
        arrives(&mut end, &mut client, &bytes);
        assert!(proxy.counts().delayed() > 0 && proxy.counts().split() > 0);
    }

    #[test]
    fn a_close_arrives() {
        let (proxy, server) = proxy(Weather::fair());
        let (client, mut end) = through(&proxy, &server);
        drop(client);
        assert_eq!(end.read(&mut [0; 1]).unwrap(), 0);
    }

    #[test]
    fn a_reset_ends_both_ends_with_an_error() {
        let (proxy, server) = proxy(Weather::fair());
        let (mut client, mut end) = through(&proxy, &server);
        arrives(&mut client, &mut end, b"hello");
        proxy.reset_all();
        for socket in [&mut client, &mut end] {
            assert_eq!(socket.read(&mut [0; 1]).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        }
        assert_eq!(proxy.counts().reset(), 1);
    }

    #[test]
    fn one_direction_can_be_cut_and_nobody_is_told() {
        let (proxy, server) = proxy(Weather::fair());
        let (mut client, mut end) = through(&proxy, &server);
        proxy.set(Weather::cut(Cut::ToServer));
        client.write_all(b"lost").unwrap();
        nothing_comes(&mut end);
        arrives(&mut end, &mut client, b"the other way");
    }

    #[test]
    fn a_half_open_connection_carries_nothing_not_even_its_end() {
        let fated = Weather { half_open_per_mille: 1000, fate_ms: 0..=0, ..Weather::fair() };
        let (proxy, server) = proxy(fated);
        let (mut client, mut end) = through(&proxy, &server);
        client.write_all(b"lost").unwrap();
        nothing_comes(&mut end);
        drop(client);
        nothing_comes(&mut end);
        assert_eq!(proxy.counts().half_open(), 1);
    }

    #[test]
    fn what_is_idle_for_too_long_is_forgotten() {
        let forgetful = Weather { forgets_after_ms: Some(50), ..Weather::fair() };
        let (proxy, server) = proxy(forgetful);
        let (mut client, mut end) = through(&proxy, &server);
        arrives(&mut client, &mut end, b"hello");
        std::thread::sleep(A_WHILE);
        end.write_all(b"anybody there?").unwrap();
        nothing_comes(&mut client);
        assert_eq!(proxy.counts().forgotten(), 1);
    }

    #[test]
    fn some_are_turned_away_and_the_same_seed_turns_away_the_same() {
        let mut fates = Vec::new();
        for _ in 0..2 {
            let (proxy, server) = proxy(Weather { refused_per_mille: 500, ..Weather::fair() });
            // The proxy speaks to whoever it lets in; whoever is turned away hears nothing but the end.
            let echo = std::thread::spawn(move || {
                for came in server.incoming().flatten() {
                    let _client_went = (&came).write_all(b"!");
                }
            });
            let is_let_in = |_| {
                let mut client = TcpStream::connect(proxy.address()).unwrap();
                client.set_read_timeout(Some(PATIENCE)).unwrap();
                client.read(&mut [0; 1]).is_ok_and(|length| length == 1)
            };
            fates.push((0..20).map(is_let_in).collect::<Vec<bool>>());
            drop(proxy);
            drop(echo);
        }
        assert!(fates[0].contains(&true) && fates[0].contains(&false));
        assert_eq!(fates[0], fates[1]);
    }
}
