//! What may stand between a client and its server: lets some carriers through and blocks others, and can be changed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anser_client::Carrier;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// What happens to the connections of a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// They pass.
    Pass,
    /// They are ended.
    End,
    /// They are taken, and nothing of them goes on.
    Swallow,
}

/// A proxy in front of a server. Dropping it ends all that goes through it.
pub(crate) struct Gate {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    rules: BTreeMap<Carrier, Rule>,
    /// The carrier of the newest connection that passed.
    newest: Option<Carrier>,
    passing: Vec<(Option<Carrier>, AbortHandle)>,
}

impl State {
    fn rule(&self, carrier: Option<Carrier>) -> Rule {
        carrier.and_then(|carrier| self.rules.get(&carrier).copied()).unwrap_or(Rule::Pass)
    }
}

impl Gate {
    pub(crate) async fn before(server: SocketAddr) -> Gate {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, server, state.clone()));
        Gate { address, state, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// From now on; connections of this carrier that pass are cut.
    pub(crate) fn set(&self, carrier: Carrier, rule: Rule) {
        let mut state = self.state.lock().unwrap();
        state.rules.insert(carrier, rule);
        state.passing.retain(|(of, task)| {
            let is_cut = *of == Some(carrier) && rule != Rule::Pass;
            if is_cut {
                task.abort();
            }
            !is_cut
        });
    }

    /// Waits until the newest connection that passes is of this carrier.
    pub(crate) async fn sees(&self, carrier: Carrier) {
        let watching = async {
            while self.state.lock().unwrap().newest != Some(carrier) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let patience = std::time::Duration::from_secs(120);
        let seen = tokio::time::timeout(patience, watching).await;
        let newest = self.state.lock().unwrap().newest;
        assert!(seen.is_ok(), "waited in vain for {carrier:?}, the client is on {newest:?}");
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((near, _)) = listener.accept().await {
        connections.spawn(pass(near, server, state.clone()));
    }
}

/// Looks at the first request of a connection; each lane of a polling link has a connection of its own.
async fn pass(mut near: TcpStream, server: SocketAddr, state: Arc<Mutex<State>>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|window| window == b"\r\n\r\n") {
        let mut piece = [0; 4096];
        match near.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => head.extend_from_slice(&piece[..read]),
        }
    }
    let carrier = carrier_of(&String::from_utf8_lossy(&head).to_ascii_lowercase());
    let passing = {
        let mut state = state.lock().unwrap();
        match state.rule(carrier) {
            Rule::Pass => {
                state.newest = carrier.or(state.newest);
                let mut passing = JoinSet::new();
                let task = passing.spawn(async move {
                    let Ok(mut far) = TcpStream::connect(server).await else { return };
                    if far.write_all(&head).await.is_ok() {
                        let _ended = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                state.passing.push((carrier, task));
                Some(passing)
            }
            Rule::End => return,
            Rule::Swallow => None,
        }
    };
    match passing {
        Some(mut passing) => {
            let _cut_or_over = passing.join_next().await;
        }
        None => std::future::pending().await,
    }
}

/// Opening a polling link and sending on it look the same for both kinds of polling.
fn carrier_of(head: &str) -> Option<Carrier> {
    if head.starts_with("get /v1/ws ") {
        return Some(Carrier::WebSocket);
    }
    if !head.starts_with("post /v1/poll/down ") {
        return None;
    }
    let is_short = head.contains("\r\nanser-wait-ms: 0\r\n");
    Some(if is_short { Carrier::ShortPoll } else { Carrier::LongPoll })
}
