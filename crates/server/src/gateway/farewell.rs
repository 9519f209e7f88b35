//! The end of a socket after its last words, so that the other end gets to read them.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The other end may take this long to read our last words; then the socket is dropped.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// What the other end still had under way to us; somebody who sends more than this is not listening.
const UNREAD_BYTES_MAX: usize = 1024 * 1024;

/// Says that nothing more comes, and waits for the other end to go. Closing a socket with unread bytes in it would make
/// the system destroy what it has not delivered yet, our last words included.
pub(super) async fn read_to_end<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut unread = [0; 1024];
    let mut count = 0;
    while count < UNREAD_BYTES_MAX {
        match stream.read(&mut unread).await {
            Ok(0) | Err(_) => return,
            Ok(read) => count += read,
        }
    }
}
