//! A TLS connection that holds no buffer while nothing happens.
//!
//! A library's stream keeps the 4 KB into which it read last, which was nearly half of what an idle link took. Here bytes
//! are read into one buffer per thread and taken out of it at once, as plain links do it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::ServerConfig;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// One whole record, the largest there is (RFC 8446 §5.2), comes in two reads at most.
const READ_BYTES: usize = 16 * 1024;
/// So much is encrypted before the system has taken what was encrypted before it.
const WRITE_BYTES: usize = 64 * 1024;
/// With more than this encrypted and not sent, nothing more is read.
const UNSENT_BYTES_MAX: usize = 2 * WRITE_BYTES;
/// What TLS adds to a record of at most 16 KB: its head, its sort, its seal.
const RECORD_EXTRA_BYTES: usize = 5 + 1 + 16;
const RECORD_BYTES: usize = 16 * 1024;

thread_local! {
    /// Borrowed for one read, whose result is taken out before the next.
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// The server's end of a TLS connection. What is written is taken, encrypted and mostly sent at once; `flush` waits until
/// all of it is.
pub(super) struct TlsStream<S> {
    stream: S,
    connection: UnbufferedServerConnection,
    /// Encrypted bytes that are no whole record yet.
    incoming: Vec<u8>,
    /// Decrypted, and not taken yet.
    plain: Vec<u8>,
    /// So much of `plain` is taken.
    taken: usize,
    /// Encrypted, and not sent yet.
    outgoing: Vec<u8>,
    /// So much of `outgoing` is sent.
    sent: usize,
    /// The other end has said that nothing more comes.
    is_at_end: bool,
    /// And so have we.
    has_said_end: bool,
}

/// What is to be encrypted.
enum Saying<'a> {
    Nothing,
    Bytes(&'a [u8]),
    /// That nothing more comes from us.
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream<S> {
    /// Shakes hands.
    pub(super) async fn accept(stream: S, config: Arc<ServerConfig>) -> io::Result<TlsStream<S>> {
        let connection = UnbufferedServerConnection::new(config).map_err(to_io)?;
        let mut tls = TlsStream {
            stream,
            connection,
            incoming: Vec::new(),
            plain: Vec::new(),
            taken: 0,
            outgoing: Vec::new(),
            sent: 0,
            is_at_end: false,
            has_said_end: false,
        };
        poll_fn(|context| tls.poll_shake_hands(context)).await?;
        Ok(tls)
    }

    fn poll_shake_hands(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.is_handshaking() {
            ready!(self.poll_take_in(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads what is there, and goes on with it; meanwhile what TLS itself has to answer is sent as far as it is taken.
    /// Somebody who asks much and takes no answer is not read any further; of one who has gone the last words are.
    fn poll_take_in(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.poll_send(context).is_pending() && self.outgoing.len() > UNSENT_BYTES_MAX {
            return Poll::Pending;
        }
        let count = SHARED.with_borrow_mut(|shared| {
            let mut read = ReadBuf::new(shared);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            self.incoming.extend_from_slice(read.filled());
            Poll::Ready(io::Result::Ok(read.filled().len()))
        });
        if ready!(count)? == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Poll::Ready(self.go_on(&Saying::Nothing).inspect_err(|_| self.say_what_was_wrong(context)))
    }

    /// Decrypts what came, answers it, and encrypts what is to be said.
    fn go_on(&mut self, saying: &Saying<'_>) -> io::Result<()> {
        loop {
            let status = self.connection.process_tls_records(&mut self.incoming);
            let UnbufferedStatus { mut discard, state } = status;
            let is_through = match state.map_err(to_io)? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record.map_err(to_io)?;
                        discard += record.discard;
                        self.plain.extend_from_slice(record.payload);
                    }
                    false
                }
                ConnectionState::EncodeTlsData(data) => encode(data, &mut self.outgoing).map(|()| false)?,
                // It is in line to be sent, before whatever comes after it.
                ConnectionState::TransmitTlsData(data) => {
                    data.done();
                    false
                }
                ConnectionState::PeerClosed => {
                    self.is_at_end = true;
                    false
                }
                ConnectionState::WriteTraffic(traffic) => {
                    encrypt(traffic, saying, &mut self.outgoing).map(|()| true)?
                }
                ConnectionState::BlockedHandshake | ConnectionState::Closed => match saying {
                    Saying::Bytes(_) => return Err(io::ErrorKind::BrokenPipe.into()),
                    Saying::Nothing | Saying::End => true,
                },
                // Early data is not offered, and there is nothing else.
                state => return Err(to_io(format!("TLS came into the state {state:?}"))),
            };
            self.incoming.drain(..discard);
            if is_through {
                if self.incoming.is_empty() {
                    self.incoming = Vec::new();
                }
                return Ok(());
            }
        }
    }

    /// The connection is over; if the other end can be told why in one try, it is.
    fn say_what_was_wrong(&mut self, context: &mut Context<'_>) {
        let status = self.connection.process_tls_records(&mut []);
        if let Ok(ConnectionState::EncodeTlsData(alert)) = status.state
            && encode(alert, &mut self.outgoing).is_ok()
        {
            let _best_effort = self.poll_send(context);
        }
    }

    /// Sends what is encrypted.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.outgoing.len() {
            let writing = Pin::new(&mut self.stream).poll_write(context, &self.outgoing[self.sent..]);
            match ready!(writing)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        (self.outgoing, self.sent) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    /// Gives what was decrypted.
    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = buffer.remaining().min(self.plain.len() - self.taken);
        buffer.put_slice(&self.plain[self.taken..][..count]);
        self.taken += count;
        if self.taken == self.plain.len() {
            (self.plain, self.taken) = (Vec::new(), 0);
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.plain.is_empty() && !self.is_at_end {
            ready!(self.poll_take_in(context))?;
        }
        self.give(buffer);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(context))?;
        let bytes = &bytes[..bytes.len().min(WRITE_BYTES)];
        self.go_on(&Saying::Bytes(bytes))?;
        // Taken, so it is no failure if the system does not take it yet.
        if let Poll::Ready(Err(error)) = self.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        if !self.has_said_end {
            self.has_said_end = true;
            self.go_on(&Saying::End)?;
        }
        ready!(self.poll_send(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// What TLS itself has to say.
fn encode<Data>(mut data: EncodeTlsData<'_, Data>, outgoing: &mut Vec<u8>) -> io::Result<()> {
    let end = outgoing.len();
    loop {
        match data.encode(&mut outgoing[end..]) {
            Ok(count) => {
                outgoing.truncate(end + count);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(too_small)) => {
                outgoing.resize(end + too_small.required_size, 0)
            }
            Err(error) => return Err(to_io(error)),
        }
    }
}

fn encrypt<Data>(
    mut traffic: WriteTraffic<'_, Data>,
    saying: &Saying<'_>,
    outgoing: &mut Vec<u8>,
) -> io::Result<()> {
    let end = outgoing.len();
    if let Saying::Bytes(bytes) = saying {
        let records = bytes.len().div_ceil(RECORD_BYTES);
        outgoing.resize(end + bytes.len() + records * RECORD_EXTRA_BYTES, 0);
    }
    loop {
        let room = &mut outgoing[end..];
        let encrypted = match saying {
            Saying::Nothing => return Ok(()),
            Saying::Bytes(bytes) => traffic.encrypt(bytes, room),
            Saying::End => traffic.queue_close_notify(room),
        };
        match encrypted {
            Ok(count) => {
                outgoing.truncate(end + count);
                return Ok(());
            }
            Err(EncryptError::InsufficientSize(too_small)) => {
                outgoing.resize(end + too_small.required_size, 0)
            }
            Err(error) => return Err(to_io(error)),
        }
    }
}

fn to_io(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::{PrivatePkcs8KeyDer, ServerName};
    use rustls::{ClientConfig, RootCertStore};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio_rustls::{TlsConnector, client};

    use super::*;

    type Client = client::TlsStream<DuplexStream>;

    fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let server = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())
            .unwrap();
        let mut trusted = RootCertStore::empty();
        trusted.add(made.cert.der().clone()).unwrap();
        let client = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
        (Arc::new(server), Arc::new(client))
    }

    /// Somebody else's client, and our end, over a carrier that takes so many bytes at a time.
    async fn pair(bytes: usize) -> (TlsStream<DuplexStream>, Client) {
        let (ours, theirs) = duplex(bytes);
        let (server, client) = configs();
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(client).connect(name, theirs);
        let (ours, theirs) = tokio::join!(TlsStream::accept(ours, server), connecting);
        (ours.unwrap(), theirs.unwrap())
    }

    async fn comes_back(tls: &mut TlsStream<DuplexStream>, client: &mut Client, bytes: &[u8]) {
        let saying = async {
            client.write_all(bytes).await.unwrap();
            client.flush().await.unwrap();
            let mut heard = vec![0; bytes.len()];
            client.read_exact(&mut heard).await.unwrap();
            heard
        };
        let answering = async {
            let mut heard = vec![0; bytes.len()];
            tls.read_exact(&mut heard).await.unwrap();
            tls.write_all(&heard).await.unwrap();
            tls.flush().await.unwrap();
        };
        let (heard, ()) = tokio::join!(saying, answering);
        assert!(heard == bytes, "{} bytes came back as others", bytes.len());
    }

    #[tokio::test]
    async fn bytes_come_through_whole_however_they_are_cut() {
        for (carrier_bytes, lengths) in [
            (1, &[1, 100][..]),
            (1_000, &[1, 16 * 1024, 16 * 1024 + 1, 150_000]),
            (64 * 1024, &[100, 150_000]),
        ] {
            let (mut tls, mut client) = pair(carrier_bytes).await;
            for length in lengths {
                let bytes: Vec<u8> = (0..*length).map(|at| (at % 251) as u8).collect();
                comes_back(&mut tls, &mut client, &bytes).await;
            }
        }
    }

    #[tokio::test]
    async fn one_that_was_busy_holds_no_buffer() {
        let (mut tls, mut client) = pair(64 * 1024).await;
        comes_back(&mut tls, &mut client, &[7; 100_000]).await;
        assert_eq!((tls.incoming.capacity(), tls.plain.capacity(), tls.outgoing.capacity()), (0, 0, 0));
    }

    #[tokio::test]
    async fn keys_may_change_on_the_way() {
        let (mut tls, mut client) = pair(1_024).await;
        for _ in 0..3 {
            client.get_mut().1.refresh_traffic_keys().unwrap();
            comes_back(&mut tls, &mut client, &[7; 10_000]).await;
        }
    }

    #[tokio::test]
    async fn both_ends_hear_that_nothing_more_comes() {
        let (mut tls, mut client) = pair(1_024).await;
        client.write_all(b"the last words").await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = Vec::new();
        tls.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"the last words");
        tls.shutdown().await.unwrap();
        assert_eq!(client.read(&mut [0; 10]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn who_is_cut_off_has_not_said_that_nothing_more_comes() {
        let (mut tls, mut client) = pair(1_024).await;
        client.write_all(b"the last words").await.unwrap();
        client.flush().await.unwrap();
        drop(client);
        let mut heard = [0; 14];
        // Also if nobody takes what TLS has to say itself.
        tls.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"the last words");
        let error = tls.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn who_takes_nothing_is_waited_for_and_fills_no_memory() {
        let (mut tls, mut client) = pair(1_024).await;
        let whole = vec![7; 10 * WRITE_BYTES];
        let writing = tls.write_all(&whole);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), writing).await.is_err());
        assert!(tls.outgoing.len() < WRITE_BYTES + 1_024);
        // What was taken arrives, and is whole records.
        let mut heard = vec![0; WRITE_BYTES];
        let (read, flushed) = tokio::join!(client.read_exact(&mut heard), tls.flush());
        assert!(read.is_ok() && flushed.is_ok());
    }

    #[tokio::test]
    async fn what_is_no_tls_is_answered_with_the_reason_and_ends() {
        let (server, _) = configs();
        for words in [&b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], &[0x16, 3, 1, 0, 4, 1, 0, 0, 0]] {
            let (ours, mut theirs) = duplex(1_024);
            theirs.write_all(words).await.unwrap();
            assert!(TlsStream::accept(ours, server.clone()).await.is_err());
            let mut alert = Vec::new();
            theirs.read_to_end(&mut alert).await.unwrap();
            assert_eq!(alert.first(), Some(&21), "an alert (RFC 8446 §6)");
        }
    }

    #[tokio::test]
    async fn a_record_that_was_tampered_with_ends_it() {
        let (mut tls, mut client) = pair(1_024).await;
        let wrong = [&[23, 3, 3, 0, 30][..], &[7; 30]].concat();
        client.get_mut().0.write_all(&wrong).await.unwrap();
        let error = tls.read(&mut [0; 10]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
