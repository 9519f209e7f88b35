//! Puts the rooms together and runs them: one server, from its settings to its stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anser_protocol::limits;
use anser_store::Store;
use anser_store::sqlite::{OpenError, SqliteStore};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::bus::Bus;
use crate::bus::local::LocalBus;
use crate::config::{Registration, Settings};
use crate::gateway::courier::Courier;
use crate::gateway::{self, Door, Health, TlsError};
use crate::hands::{Argon2Hasher, OsEntropy};
use crate::node::{Node, Parts};
use crate::services::ports::HashError;
use crate::trouble;

/// When the server stops, links may take this long for what they are doing and for their last words.
const DRAIN_LIMIT: Duration = Duration::from_secs(12);
/// And this long for answers to plain HTTP requests.
const HTTP_LIMIT: Duration = Duration::from_secs(2);

/// Why a server did not start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system has no randomness to make the first decoy hash from.
    #[error("passwords cannot be hashed: {0}")]
    Hasher(#[from] HashError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}. {advice}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// The system's words.
        why: std::io::Error,
        /// What helps, as far as one can tell.
        advice: &'static str,
    },
}

/// A server that runs. Dropping it stops it at once; [`Running::shutdown`] stops it well.
pub struct Running {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    door: Arc<Door>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    store: Arc<dyn Store>,
}

/// Opens the store and the doors. When this returns, clients can connect.
pub async fn start(settings: Settings) -> Result<Running, AppError> {
    let tls = settings.tls.as_ref().map(gateway::tls_config).transpose()?;
    let store = SqliteStore::open(&settings.data)?.with_group_members_max(settings.group_members_max);
    let store: Arc<dyn Store> = Arc::new(store);
    let (listener, address) = listen(settings.listen)?;
    let metrics_listener = match settings.metrics_listen {
        Some(address) => Some(listen(address)?),
        None => None,
    };

    let (bus, feed) = LocalBus::new(limits::NOTICES_QUEUED_MAX);
    let bus = trouble::on_bus(Arc::new(bus));
    let node = Node::new(Parts {
        store: store.clone(),
        bus: bus.clone(),
        feed,
        entropy: Arc::new(OsEntropy),
        hasher: Arc::new(Argon2Hasher::new()?),
        registration_open: settings.registration == Registration::Open,
    });
    let courier = tokio::spawn(deliver(node.courier));
    let health = Health::new(store.clone(), courier.abort_handle());
    let mut running = Running {
        address,
        metrics_address: metrics_listener.as_ref().map(|(_, address)| *address),
        door: Door::new(settings, node.dispatch, node.metrics, health),
        stop: watch::Sender::new(false),
        tasks: vec![courier],
        store,
    };
    running.spawn(state_tail(bus));
    if let Some((listener, _)) = metrics_listener {
        running.spawn(gateway::run_metrics(listener, running.door.clone(), running.stop.subscribe()));
    }
    running.spawn(gateway::run(listener, tls, running.door.clone(), running.stop.subscribe()));
    Ok(running)
}

impl Running {
    /// Where clients connect; the real port if the settings said 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where metrics are served, if not at the main address.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Stops well: new links are refused and `/healthz` says so, every link finishes what it is doing and is
    /// told to come back a little later, then the doors and the store are closed.
    pub async fn shutdown(mut self) {
        if timeout(DRAIN_LIMIT, self.door.drain()).await.is_err() {
            tracing::warn!("some links did not end in time; their sockets are dropped");
        }
        self.stop.send_replace(true);
        let _dropped_below = timeout(HTTP_LIMIT, self.stop.closed()).await;
        for task in std::mem::take(&mut self.tasks) {
            task.abort();
            // Waited for, so that nothing of it holds the store any more.
            let _cancelled = task.await;
        }
        let store = self.store.clone();
        drop(self);
        if Arc::strong_count(&store) > 1 {
            tracing::warn!("something still uses the store; it closes with the process");
        }
        // Closing waits for what is queued to be committed: not on a thread that others are waiting for.
        let _closed = tokio::task::spawn_blocking(move || drop(store)).await;
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(tokio::spawn(task));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Tells the sessions of this node what was committed, one notice after the other.
async fn deliver(mut courier: Courier) {
    while courier.run_some().await {}
}

/// States the bus's newest number, so that the loss of a last notice is found (spec D8).
async fn state_tail(bus: Arc<dyn Bus>) {
    let mut ticks = interval(Duration::from_millis(limits::TAIL_BEAT_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        bus.tail();
    }
}

/// A listener, and where it really listens: port 0 asks for any free one.
fn listen(asked: SocketAddr) -> Result<(TcpListener, SocketAddr), AppError> {
    let listening = || {
        let socket = if asked.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // A server that is started again need not wait for the connections of the last one to be forgotten.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        bound_unsent_bytes(&socket)?;
        socket.bind(asked)?;
        let listener = socket.listen(limits::ACCEPTS_QUEUED_MAX)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening().map_err(|why| listen_error(asked, why))
}

/// Set on the listener, and so on all that it accepts.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn bound_unsent_bytes(socket: &TcpSocket) -> std::io::Result<()> {
    socket2::SockRef::from(socket).set_tcp_notsent_lowat(limits::UNSENT_BYTES_MAX)
}

/// Elsewhere there is no such bound; the system's own ones are all there is.
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn bound_unsent_bytes(_socket: &TcpSocket) -> std::io::Result<()> {
    Ok(())
}

fn listen_error(address: SocketAddr, why: std::io::Error) -> AppError {
    let advice = match why.kind() {
        std::io::ErrorKind::AddrInUse => {
            "Another program (perhaps another anser) uses that port: stop it, or give another one with --listen."
        }
        std::io::ErrorKind::AddrNotAvailable => {
            "This machine does not have that address; 0.0.0.0 and [::] mean all that it has."
        }
        std::io::ErrorKind::PermissionDenied => {
            "Ports below 1024 are for administrators: give a higher one with --listen, or allow it."
        }
        _ => "Give another address with --listen.",
    };
    AppError::Listen { address, why, advice }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::net::TcpStream;

    use super::*;

    const HERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    #[tokio::test]
    async fn who_comes_while_nobody_accepts_waits_at_the_door() {
        let (_listener, address) = listen(HERE).unwrap();
        let mut waiting = Vec::new();
        for _ in 0..400 {
            let connecting = timeout(Duration::from_secs(20), TcpStream::connect(address));
            // One that finds no place is tried again by its system, again and again, until that gives up.
            waiting.push(connecting.await.expect("no place in the queue").unwrap());
        }
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_a_link_has_not_sent_is_bounded() {
        let (listener, address) = listen(HERE).unwrap();
        let _client = TcpStream::connect(address).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        let bound = socket2::SockRef::from(&accepted).tcp_notsent_lowat().unwrap();
        assert_eq!(bound, limits::UNSENT_BYTES_MAX);
    }
}
