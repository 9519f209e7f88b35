//! A link made of HTTP exchanges, as a client without WebSocket would make it.

use std::collections::VecDeque;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anser_protocol::batch;

use super::exchange::{Reply, exchange, request};

/// A link over `/v1/poll`.
pub(crate) struct PolledLink {
    address: SocketAddr,
    name: String,
    /// What an exchange down is willing to wait.
    wait_ms: u64,
    ups: u64,
    downs: u64,
    frames: VecDeque<Vec<u8>>,
    closed: Option<u16>,
}

/// What a poll brought.
pub(crate) enum Polled {
    Frame(Vec<u8>),
    Closed(u16),
    Gone,
}

impl PolledLink {
    /// With further header lines; the status if the server refuses.
    pub(crate) async fn open(address: SocketAddr, headers: &str, wait_ms: u64) -> Result<PolledLink, u16> {
        let reply = exchange(address, "POST", "/v1/poll", headers, b"").await.expect("an HTTP reply");
        if reply.status != 201 {
            return Err(reply.status);
        }
        let name = reply.header("anser-link").expect("a link has a name").to_owned();
        let (frames, closed) = (VecDeque::new(), None);
        Ok(PolledLink { address, name, wait_ms, ups: 0, downs: 0, frames, closed })
    }

    /// Brings one frame up, in an exchange of its own.
    pub(crate) async fn say(&mut self, frame: &[u8]) -> Option<Reply> {
        let mut body = Vec::new();
        batch::append(&mut body, frame);
        self.bring(&body).await
    }

    /// Brings whatever body.
    pub(crate) async fn bring(&mut self, body: &[u8]) -> Option<Reply> {
        self.ups += 1;
        self.up(self.ups, body).await
    }

    /// An exchange up under any number.
    pub(crate) async fn up(&self, number: u64, body: &[u8]) -> Option<Reply> {
        let headers = format!("{}Anser-Number: {number}\r\n", self.name_header());
        exchange(self.address, "POST", "/v1/poll/up", &headers, body).await
    }

    /// An exchange down under any number.
    pub(crate) async fn down(&self, number: u64, wait_ms: u64) -> Option<Reply> {
        exchange(self.address, "POST", "/v1/poll/down", &self.down_headers(number, wait_ms), b"").await
    }

    /// The header lines of an exchange down.
    pub(crate) fn down_headers(&self, number: u64, wait_ms: u64) -> String {
        format!("{}Anser-Number: {number}\r\nAnser-Wait-Ms: {wait_ms}\r\n", self.name_header())
    }

    fn name_header(&self) -> String {
        format!("Anser-Link: {}\r\n", self.name)
    }

    pub(crate) async fn hear(&mut self) -> Polled {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Polled::Frame(frame);
            }
            if let Some(code) = self.closed {
                return Polled::Closed(code);
            }
            // Who does not wait at the server waits here.
            if self.wait_ms == 0 && self.downs > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            self.downs += 1;
            match self.down(self.downs, self.wait_ms).await {
                Some(reply) if reply.status == 200 => {
                    self.frames.extend(reply.frames());
                    self.closed = reply.header("anser-closed").map(|code| code.parse().unwrap());
                }
                _ => return Polled::Gone,
            }
        }
    }
}

/// Who goes says so, as a page does that is closed.
impl Drop for PolledLink {
    fn drop(&mut self) {
        if let Ok(mut stream) = std::net::TcpStream::connect(self.address) {
            let _courtesy = stream.write_all(&request("DELETE", "/v1/poll", &self.name_header(), b""));
        }
    }
}
