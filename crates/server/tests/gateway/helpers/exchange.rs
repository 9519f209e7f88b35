//! HTTP exchanges by hand, byte for byte as any client could make them.

use std::net::SocketAddr;

use anser_protocol::{batch, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::soon;

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The frames in the body.
    pub(crate) fn frames(&self) -> Vec<Vec<u8>> {
        let mut body = self.body.clone().into();
        let mut frames = Vec::new();
        while let Some(frame) = batch::take_first(&mut body, limits::SERVER_FRAME_BYTES_MAX).unwrap() {
            frames.push(frame.to_vec());
        }
        frames
    }
}

/// The bytes of a request; `headers` are whole lines.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// One exchange on a connection of its own; `None` if the server ended it without a reply.
pub(crate) async fn exchange(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Option<Reply> {
    let mut stream = TcpStream::connect(address).await.ok()?;
    // A server that has heard enough does not read the rest, and may end the connection over it.
    let _whole = stream.write_all(&request(method, path, headers, body)).await;
    let mut reply = Vec::new();
    let _whole = soon("an HTTP reply", stream.read_to_end(&mut reply)).await;
    let end_of_head = reply.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&reply[..end_of_head]).to_ascii_lowercase();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Reply { status, head, body: reply[end_of_head + 4..].to_vec() })
}
