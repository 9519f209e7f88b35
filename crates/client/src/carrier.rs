//! One connection over one carrier, from connecting to its end. It reports what happens and knows nothing of what it
//! carries.
//!
//! | module | what it does |
//! |---|---|
//! | `socket` | frames over a WebSocket |
//! | `polling` | frames over HTTP exchanges |
//! | `lane` | HTTP exchanges, one after the other |
//! | `transport` | TCP, with TLS or without |

mod lane;
mod polling;
mod socket;
mod transport;

use std::time::Duration;

use anser_client_core::Engine;
use anser_client_core::local::Restored;
use anser_protocol::Moment;
use anser_protocol::link::Carrier;
use hyper::StatusCode;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite;

use crate::address::Address;
use crate::error::ClientError;
use crate::wrongs;

/// Frames that wait to be written. The engine has at most `REQUESTS_IN_FLIGHT_MAX` requests out and a ping, so a
/// link this far behind is dead.
const OUTGOING_FRAMES_MAX: usize = 256;

/// How to reach the server.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) address: Address,
    pub(crate) tls: TlsConnector,
    pub(crate) connect_timeout: Duration,
    /// The best first.
    pub(crate) carriers: Vec<Carrier>,
}

impl Route {
    /// The engine that goes this way, from what the disk holds.
    pub(crate) fn engine(&self, restored: Restored, now: Moment) -> Result<Engine, ClientError> {
        // What decides its send keys and jitter.
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(wrongs::on(Engine::with_carriers(seed, &self.carriers, restored, now)))
    }
}

/// What a connection reports.
#[derive(Debug)]
pub(crate) enum Report {
    Opened,
    Frame(Vec<u8>),
    Ended,
}

/// Where a connection's reports go, with its number.
pub(crate) type Reports = mpsc::Sender<(u64, Report)>;

/// The driver's end of one connection. Dropping it lets what is queued be written, then closes the link.
pub(crate) struct Connection {
    outgoing: mpsc::Sender<Vec<u8>>,
}

impl Connection {
    /// Begins to connect. The last report is [`Report::Ended`].
    pub(crate) fn start(number: u64, carrier: Carrier, route: Route, reports: Reports) -> Connection {
        let (outgoing, queue) = mpsc::channel(OUTGOING_FRAMES_MAX);
        tokio::spawn(async move {
            let reporter = Reporter { number, reports };
            let end = match carrier {
                Carrier::WebSocket => socket::carry(&route, queue, &reporter).await,
                Carrier::LongPoll => polling::carry(&route, true, queue, &reporter).await,
                Carrier::ShortPoll => polling::carry(&route, false, queue, &reporter).await,
            };
            if let Err(reason) = end {
                tracing::debug!(number, ?carrier, %reason, "link ended");
            }
            // A driver that has ended hears nothing any more.
            let _ = reporter.tell(Report::Ended).await;
        });
        Connection { outgoing }
    }

    /// Queues one frame. `false`: the link is gone or hopelessly behind.
    pub(crate) fn send(&self, frame: Vec<u8>) -> bool {
        self.outgoing.try_send(frame).is_ok()
    }
}

/// Tells the driver what happens to one connection.
struct Reporter {
    number: u64,
    reports: Reports,
}

impl Reporter {
    async fn tell(&self, report: Report) -> Result<(), Ending> {
        self.reports.send((self.number, report)).await.map_err(|_| Ending::LetGo)
    }
}

#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error("no link within the time allowed")]
    ConnectTimeout,
    #[error("the server accepted nothing for too long")]
    WriteTimeout,
    #[error("the server answered nothing for too long")]
    AnswerTimeout,
    #[error("cannot connect: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the address is no name for a certificate")]
    ServerName,
    #[error("WebSocket: {0}")]
    WebSocket(#[from] tungstenite::Error),
    #[error("HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("a request that cannot be made: {0}")]
    Request(#[from] hyper::http::Error),
    #[error("an answer longer than any the server makes, or cut short")]
    Body,
    #[error("HTTP status {0} in place of an answer")]
    Status(StatusCode),
    #[error("an answer without the name of the link")]
    NoName,
    #[error("what came is no frame")]
    NotFrames,
    #[error("the server closed it")]
    Closed,
    #[error("the client is done with it")]
    LetGo,
}
