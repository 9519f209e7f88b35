//! HTTP exchanges with the server, one after the other, over a connection that is kept while it is in use.

use std::time::{Duration, Instant};

use anser_protocol::limits;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, HeaderName};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Ending, Route, transport};

/// A connection that was idle for longer is not used again: the server, or a proxy, may be closing it right now, and
/// an exchange that fails ends the link.
const KEPT: Duration = Duration::from_secs(4);

/// The link's name, in the answer to its opening and in every exchange of it.
pub(super) const LINK: HeaderName = HeaderName::from_static("anser-link");
/// The exchange's number in its lane, from 1 on.
pub(super) const NUMBER: HeaderName = HeaderName::from_static("anser-number");
/// How long an exchange down is willing to wait.
pub(super) const WAIT_MS: HeaderName = HeaderName::from_static("anser-wait-ms");
/// How the link ended, in the answer that brings its last frames.
pub(super) const CLOSED: HeaderName = HeaderName::from_static("anser-closed");

/// One exchange after the other.
pub(super) struct Lane<'a> {
    route: &'a Route,
    kept: Option<Kept>,
}

struct Kept {
    sender: SendRequest<Full<Bytes>>,
    used_at: Instant,
    /// Moves the connection's bytes; ends with it.
    _task: JoinSet<()>,
}

/// What is asked.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    /// Below the protocol's door for polling.
    pub(super) path: &'a str,
    pub(super) headers: &'a [(HeaderName, String)],
    pub(super) body: Bytes,
}

/// What came back.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl<'a> Lane<'a> {
    pub(super) fn new(route: &'a Route) -> Lane<'a> {
        Lane { route, kept: None }
    }

    /// Asks, and waits for the whole answer, but not longer than this.
    pub(super) async fn exchange(
        &mut self,
        asked: Asked<'_>,
        patience: Duration,
    ) -> Result<Answered, Ending> {
        timeout(patience, self.exchange_at_leisure(asked)).await.map_err(|_| Ending::AnswerTimeout)?
    }

    async fn exchange_at_leisure(&mut self, asked: Asked<'_>) -> Result<Answered, Ending> {
        let address = &self.route.address;
        let mut request = Request::builder()
            .method(asked.method)
            .uri(format!("{}{}", address.poll_path(), asked.path))
            .header(HOST, address.authority())
            .header(CONTENT_TYPE, "application/octet-stream");
        for (name, value) in asked.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(asked.body))?;

        // Taken out while it is in use: after an exchange that failed nobody must use it again.
        let mut kept = self.connection().await?;
        let (head, body) = kept.sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, limits::POLL_DOWN_BYTES_MAX).collect().await;
        let body = body.map_err(|_| Ending::Body)?.to_bytes();
        kept.used_at = Instant::now();
        self.kept = Some(kept);
        Ok(Answered { status: head.status, headers: head.headers, body })
    }

    async fn connection(&mut self) -> Result<Kept, Ending> {
        if let Some(mut kept) = self.kept.take()
            && kept.used_at.elapsed() < KEPT
            && kept.sender.ready().await.is_ok()
        {
            return Ok(kept);
        }
        let transport = transport::connect(self.route).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(transport)).await?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "an HTTP connection ended");
            }
        });
        sender.ready().await?;
        Ok(Kept { sender, used_at: Instant::now(), _task: task })
    }
}
