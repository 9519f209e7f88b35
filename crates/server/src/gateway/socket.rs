//! A WebSocket as the carrier of a link: each binary message is one frame.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use anser_protocol::{Fault, limits};
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;

use super::carrier::{Carrier, Gone, Received};
use super::farewell::{PATIENCE, read_to_end};
use super::websocket::{self, Incoming, Said};

/// As much as is read at once, into a buffer that all links of a thread share: with one of 4 KB for each, buffers were
/// most of what an idle link took.
const READ_BYTES: usize = 16 * 1024;
/// With so much waiting to be written, that is written before more is taken. The largest frame may come on top.
const WRITE_BYTES: usize = 64 * 1024;
/// A normal end (RFC 6455 §7.4.1), said to somebody who said good-bye.
const NORMAL: u16 = 1000;

thread_local! {
    /// Borrowed for one read, whose result is taken out before the next.
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// A WebSocket after its handshake.
pub(super) struct Socket<S> {
    stream: S,
    incoming: Incoming,
    /// Whole frames to be written; no memory when there are none.
    out: Vec<u8>,
    /// So much of `out` is written.
    written: usize,
    /// What the newest Ping wants to hear; older ones need no answer (RFC 6455 §5.5.3).
    ping: Option<Bytes>,
    /// A Pong is among what is written: nobody else sees to it.
    is_answering: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Socket<S> {
    /// `unread` came with the handshake.
    pub(super) fn new(stream: S, unread: &[u8]) -> Socket<S> {
        let incoming = Incoming::new(limits::CLIENT_FRAME_BYTES_MAX, unread);
        Socket { stream, incoming, out: Vec::new(), written: 0, ping: None, is_answering: false }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Received> {
        loop {
            match self.incoming.take() {
                Ok(Some(Said::Message(frame))) => return Poll::Ready(Received::Frame(frame)),
                // No sign of life in our sense, that is the protocol's Ping.
                Ok(Some(Said::Ping(payload))) => self.ping = Some(payload),
                Ok(Some(Said::Close)) => {
                    websocket::write_close(&mut self.out, NORMAL, "");
                    // Whether they still hear it is up to them.
                    let _best_effort = self.poll_written(context);
                    return Poll::Ready(Received::Gone);
                }
                Ok(None) => {
                    if self.poll_answer(context).is_err() {
                        return Poll::Ready(Received::Gone);
                    }
                    match ready!(self.poll_read(context)) {
                        Ok(0) | Err(_) => return Poll::Ready(Received::Gone),
                        Ok(_) => {}
                    }
                }
                Err(fault) => return Poll::Ready(Received::Unusable(fault)),
            }
        }
    }

    /// Answers the newest Ping, or goes on with that.
    fn poll_answer(&mut self, context: &mut Context<'_>) -> Result<(), Gone> {
        if self.out.len() < WRITE_BYTES
            && let Some(payload) = self.ping.take()
        {
            websocket::write_pong(&mut self.out, &payload);
            self.is_answering = true;
        }
        if self.is_answering && self.poll_written(context)?.is_ready() {
            self.is_answering = false;
        }
        Ok(())
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        SHARED.with_borrow_mut(|shared| {
            let mut read = ReadBuf::new(shared);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            self.incoming.add(read.filled());
            Poll::Ready(Ok(read.filled().len()))
        })
    }

    fn poll_written(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while self.written < self.out.len() {
            let writing = Pin::new(&mut self.stream).poll_write(context, &self.out[self.written..]);
            match ready!(writing) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Gone)),
                Ok(written) => self.written += written,
            }
        }
        self.out = Vec::new();
        self.written = 0;
        Pin::new(&mut self.stream).poll_flush(context).map_err(|_| Gone)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Carrier for Socket<S> {
    const NAME: &'static str = "websocket";

    fn receive(&mut self) -> impl Future<Output = Received> + Send {
        poll_fn(|context| self.poll_receive(context))
    }

    fn feed(&mut self, frame: &Bytes) -> bool {
        if self.out.len() >= WRITE_BYTES {
            return false;
        }
        websocket::write_message(&mut self.out, frame);
        true
    }

    fn flush(&mut self) -> impl Future<Output = Result<(), Gone>> + Send {
        poll_fn(|context| self.poll_written(context))
    }

    async fn farewell(mut self, last_frame: Option<Bytes>, fault: &Fault) {
        if let Some(frame) = last_frame {
            websocket::write_message(&mut self.out, &frame);
        }
        websocket::write_close(&mut self.out, fault.close_code(), fault.code.as_str_name());
        if let Ok(Ok(())) = timeout(PATIENCE, self.flush()).await {
            // Whether it comes to an end or the patience does makes no difference.
            let _elapsed = timeout(PATIENCE, read_to_end(&mut self.stream)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, SinkExt, StreamExt};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;

    async fn pair(buffer_bytes: usize) -> (Socket<DuplexStream>, WebSocketStream<DuplexStream>) {
        let (ours, theirs) = duplex(buffer_bytes);
        (Socket::new(ours, &[]), WebSocketStream::from_raw_socket(theirs, Role::Client, None).await)
    }

    #[tokio::test]
    async fn what_came_with_the_handshake_is_heard_first() {
        let (ours, mut theirs) = duplex(1_024);
        let mut socket = Socket::new(ours, &[0x82, 0x81, 0, 0]);
        theirs.write_all(&[0, 0, 7]).await.unwrap();
        let Received::Frame(frame) = socket.receive().await else { panic!("no frame") };
        assert_eq!(*frame, [7]);
    }

    #[tokio::test]
    async fn a_link_that_was_busy_holds_no_buffer() {
        let (mut socket, mut client) = pair(64 * 1024).await;
        client.send(Message::binary(vec![7; 20_000])).await.unwrap();
        assert!(matches!(socket.receive().await, Received::Frame(frame) if frame.len() == 20_000));
        assert!(socket.feed(&Bytes::from(vec![8; 20_000])));
        socket.flush().await.unwrap();
        assert_eq!(client.next().await.unwrap().unwrap().len(), 20_000);
        assert!(socket.receive().now_or_never().is_none());
        assert_eq!(socket.out.capacity(), 0);
    }

    #[tokio::test]
    async fn who_takes_nothing_is_given_no_more_than_the_buffer_holds() {
        let (mut socket, mut client) = pair(1_024).await;
        let frame = Bytes::from(vec![7; 10_000]);
        let fed = (0..).take_while(|_| socket.feed(&frame)).count();
        assert_eq!(fed, WRITE_BYTES.div_ceil(10_000));
        assert!(socket.flush().now_or_never().is_none());
        let reading = async {
            for _ in 0..fed {
                assert_eq!(client.next().await.unwrap().unwrap().len(), 10_000);
            }
        };
        let (flushed, ()) = tokio::join!(socket.flush(), reading);
        assert!(flushed.is_ok() && socket.feed(&frame));
    }

    #[tokio::test]
    async fn a_ping_is_answered_while_nothing_else_is_said() {
        let (mut socket, mut client) = pair(1_024).await;
        let ping = Message::Ping(Bytes::from_static(b"there?"));
        client.send(ping).await.unwrap();
        let hearing = tokio::spawn(async move { socket.receive().await });
        assert_eq!(client.next().await.unwrap().unwrap(), Message::Pong(Bytes::from_static(b"there?")));
        client.send(Message::Close(None)).await.unwrap();
        assert!(matches!(hearing.await.unwrap(), Received::Gone));
        assert!(matches!(client.next().await.unwrap().unwrap(), Message::Close(Some(_))));
    }

    #[tokio::test]
    async fn pings_of_somebody_who_reads_nothing_fill_no_memory() {
        let (ours, mut theirs) = duplex(64);
        let mut socket = Socket::new(ours, &[]);
        for _ in 0..10_000 {
            theirs.write_all(&[0x89, 0x84, 0, 0, 0, 0, 1, 2, 3, 4]).await.unwrap();
            assert!(socket.receive().now_or_never().is_none());
        }
        assert!(socket.out.len() < WRITE_BYTES + 20, "{} bytes are waiting", socket.out.len());
        drop(socket);
        let mut heard = Vec::new();
        theirs.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard.len(), 64);
    }
}
