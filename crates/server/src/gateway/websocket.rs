//! A server's end of RFC 6455, as bytes in and bytes out: no socket, and no buffer that outlives its content.
//!
//! A library's socket keeps a buffer of some KB for each connection, filled or not; this is why we read for ourselves.

use anser_protocol::Fault;
use anser_protocol::wire::ErrorCode;
use bytes::{Buf, Bytes, BytesMut};

/// What the other end said.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// A binary message, whole.
    Message(Bytes),
    /// Wants to hear the same bytes in a Pong.
    Ping(Bytes),
    /// It goes, and says no more.
    Close,
}

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// The last, or only, piece of a message.
const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
/// Of control frames.
const CONTROL_BYTES_MAX: u64 = 125;

/// Takes the bytes of one connection and gives what they say.
#[derive(Debug)]
pub struct Incoming {
    /// What was not taken yet; its memory goes when it is empty.
    unread: BytesMut,
    /// The pieces so far of a message that came in pieces; most never do.
    pieces: Option<Box<BytesMut>>,
    message_bytes_max: usize,
}

/// The head of a frame, and how long it is itself.
struct Head {
    opcode: u8,
    is_final: bool,
    mask: [u8; 4],
    head_len: usize,
    length: usize,
}

impl Incoming {
    /// From a client whose messages are `message_bytes_max` long at most; `unread` came with its handshake.
    pub fn new(message_bytes_max: usize, unread: &[u8]) -> Incoming {
        Incoming { unread: BytesMut::from(unread), pieces: None, message_bytes_max }
    }

    /// These bytes came.
    pub fn add(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    /// The next thing said; `None` until more bytes come. The fault says why what came is no WebSocket of ours, and
    /// nothing sensible can be taken after it.
    pub fn take(&mut self) -> Result<Option<Said>, Fault> {
        loop {
            let Some((head, mut payload)) = self.take_frame()? else { return Ok(None) };
            unmask(&mut payload, head.mask);
            let payload = payload.freeze();
            if self.unread.is_empty() {
                self.unread = BytesMut::new();
            }
            return Ok(Some(match head.opcode {
                PING => Said::Ping(payload),
                CLOSE => Said::Close,
                PONG => continue,
                _ => match self.add_piece(payload, head.is_final) {
                    Some(message) => Said::Message(message),
                    None => continue,
                },
            }));
        }
    }

    fn take_frame(&mut self) -> Result<Option<(Head, BytesMut)>, Fault> {
        let Some(head) = Head::read(&self.unread)? else { return Ok(None) };
        self.check(&head)?;
        let whole = head.head_len + head.length;
        if self.unread.len() < whole {
            // Bounded: the length has been checked.
            self.unread.reserve(whole - self.unread.len());
            return Ok(None);
        }
        self.unread.advance(head.head_len);
        let payload = self.unread.split_to(head.length);
        Ok(Some((head, payload)))
    }

    /// What may come now, and how long it may be.
    fn check(&self, head: &Head) -> Result<(), Fault> {
        let before = self.pieces.as_ref().map_or(0, |pieces| pieces.len());
        match head.opcode {
            CLOSE | PING | PONG => return Ok(()),
            TEXT => return Err(malformed("frames travel in binary messages, not in text")),
            BINARY if self.pieces.is_none() => {}
            CONTINUATION if self.pieces.is_some() => {}
            BINARY => return Err(malformed("not WebSocket: a message begins in the middle of another")),
            CONTINUATION => return Err(malformed("not WebSocket: a message goes on that was not begun")),
            _ => return Err(malformed("not WebSocket: an opcode that does not exist")),
        }
        if before + head.length > self.message_bytes_max {
            let text = format!("a frame is {} bytes at most", self.message_bytes_max);
            return Err(Fault::new(ErrorCode::TooLarge, text));
        }
        Ok(())
    }

    /// The message, if this is its end.
    fn add_piece(&mut self, payload: Bytes, is_final: bool) -> Option<Bytes> {
        if self.pieces.is_none() && is_final {
            return Some(payload);
        }
        let pieces = self.pieces.get_or_insert_default();
        pieces.extend_from_slice(&payload);
        if is_final { self.pieces.take().map(|pieces| pieces.freeze()) } else { None }
    }
}

impl Head {
    /// `None` until all of it is there.
    fn read(bytes: &[u8]) -> Result<Option<Head>, Fault> {
        let &[first, second, ..] = bytes else { return Ok(None) };
        let (opcode, is_final) = (first & 0x0F, first & FINAL != 0);
        if first & RESERVED != 0 {
            return Err(malformed("not WebSocket: an extension that was not agreed on"));
        }
        if second & MASKED == 0 {
            return Err(malformed("not WebSocket: what clients send is masked"));
        }
        let (length, at) = match second & !MASKED {
            126 => match bytes.get(2..4) {
                Some(&[a, b]) => (u64::from(u16::from_be_bytes([a, b])), 4),
                _ => return Ok(None),
            },
            127 => match bytes.get(2..10).map(<[u8; 8]>::try_from) {
                Some(Ok(length)) => (u64::from_be_bytes(length), 10),
                _ => return Ok(None),
            },
            length => (u64::from(length), 2),
        };
        if opcode & 0x8 != 0 && (length > CONTROL_BYTES_MAX || !is_final) {
            return Err(malformed("not WebSocket: a control frame that is long or in pieces"));
        }
        let Some(Ok(mask)) = bytes.get(at..at + 4).map(<[u8; 4]>::try_from) else { return Ok(None) };
        // What does not fit is larger than any message may be.
        let length = usize::try_from(length).unwrap_or(usize::MAX / 2).min(usize::MAX / 2);
        Ok(Some(Head { opcode, is_final, mask, head_len: at + 4, length }))
    }
}

fn malformed(text: &'static str) -> Fault {
    Fault::new(ErrorCode::Malformed, text)
}

/// Eight bytes at a time: a byte at a time costs 1 ns for each.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let twice = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (eights, rest) = payload.as_chunks_mut::<8>();
    for eight in eights {
        *eight = (u64::from_ne_bytes(*eight) ^ twice).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip([a, b, c, d].into_iter().cycle()) {
        *byte ^= mask;
    }
}

/// Appends a binary message.
pub fn write_message(out: &mut Vec<u8>, payload: &[u8]) {
    write_frame(out, BINARY, payload);
}

/// Appends the answer to a Ping.
pub fn write_pong(out: &mut Vec<u8>, payload: &[u8]) {
    write_frame(out, PONG, payload);
}

/// Appends the last frame of all; `code` and `reason` say why.
pub fn write_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    write_frame(out, CLOSE, &payload);
}

fn write_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    let length = payload.len();
    out.reserve(10 + length);
    out.push(FINAL | opcode);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ 0..=125), _) => out.push(short),
        (_, Ok(middling)) => {
            out.push(126);
            out.extend_from_slice(&middling.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Write};

    use proptest::prelude::*;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
    use tokio_tungstenite::tungstenite::{Bytes as Payload, Message};

    use super::*;

    /// What somebody else's client writes, byte for byte.
    #[derive(Default)]
    struct Wire {
        written: Vec<u8>,
        to_read: Cursor<Vec<u8>>,
    }

    impl Read for Wire {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.to_read.read(into)
        }
    }

    impl Write for Wire {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.written.write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn written_by_a_client(messages: &[Message]) -> Vec<u8> {
        let mut client = WebSocket::from_raw_socket(Wire::default(), Role::Client, None);
        messages.iter().for_each(|message| client.send(message.clone()).unwrap());
        client.get_ref().written.clone()
    }

    /// What is said when the bytes come in pieces of this size.
    fn heard(bytes: &[u8], piece: usize) -> Result<Vec<Said>, Fault> {
        let mut incoming = Incoming::new(1_000, &[]);
        let mut said = Vec::new();
        for piece in bytes.chunks(piece) {
            incoming.add(piece);
            while let Some(next) = incoming.take()? {
                said.push(next);
            }
        }
        assert_eq!(incoming.unread.len(), 0);
        assert_eq!(incoming.unread.capacity(), 0, "an idle link holds no buffer");
        Ok(said)
    }

    #[test]
    fn what_a_client_writes_is_understood_however_it_is_cut() {
        let lengths = [0, 1, 7, 8, 9, 125, 126, 127, 999, 1_000];
        let message = |length: usize| (0..length).map(|at| at as u8).collect::<Vec<_>>();
        let mut messages: Vec<Message> = lengths.iter().map(|length| message(*length).into()).collect();
        messages.insert(3, Message::Ping(Payload::from_static(b"there?")));
        messages.insert(5, Message::Pong(Payload::from_static(b"unasked")));
        messages.push(Message::Close(None));
        let bytes = written_by_a_client(&messages);
        let mut expected: Vec<Said> =
            lengths.iter().map(|length| Said::Message(message(*length).into())).collect();
        expected.insert(3, Said::Ping(Bytes::from_static(b"there?")));
        expected.push(Said::Close);
        for piece in 1..=bytes.len() {
            assert_eq!(heard(&bytes, piece), Ok(expected.clone()), "in pieces of {piece}");
        }
    }

    #[test]
    fn what_is_written_is_understood_by_a_client() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
            let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut out = Vec::new();
            write_pong(&mut out, b"there?");
            write_message(&mut out, &payload);
            write_close(&mut out, 4012, "SLOW_READER");
            let wire = Wire { to_read: Cursor::new(out), ..Wire::default() };
            let mut client = WebSocket::from_raw_socket(wire, Role::Client, None);
            assert_eq!(client.read().unwrap(), Message::Pong(Payload::from_static(b"there?")));
            assert_eq!(client.read().unwrap(), Message::Binary(payload.into()));
            let Message::Close(Some(close)) = client.read().unwrap() else { panic!("no close") };
            assert_eq!((u16::from(close.code), close.reason.as_str()), (4012, "SLOW_READER"));
        }
    }

    #[test]
    fn a_message_in_pieces_is_put_together_around_what_comes_between() {
        let bytes = [
            [0x02, 0x81, 0, 0, 0, 0, b'a'],
            [0x89, 0x81, 0, 0, 0, 0, b'p'],
            [0x00, 0x81, 0, 0, 0, 0, b'b'],
            [0x80, 0x81, 0, 0, 0, 0, b'c'],
        ]
        .concat();
        let expected = vec![Said::Ping(Bytes::from_static(b"p")), Said::Message(Bytes::from_static(b"abc"))];
        assert_eq!(heard(&bytes, 1), Ok(expected));
    }

    #[test]
    fn what_is_no_websocket_of_ours_is_refused_before_it_is_read() {
        let check = |bytes: &[u8], code, words: &str| {
            let mut incoming = Incoming::new(1_000, bytes);
            let fault = incoming.take().unwrap_err();
            assert!(fault.code == code && fault.text.contains(words), "{bytes:?}: {fault}");
        };
        let malformed = ErrorCode::Malformed;
        check(&[0x81, 0x80, 0, 0, 0, 0], malformed, "binary");
        check(&[0x82, 0x01], malformed, "masked");
        check(&[0xC2, 0x80], malformed, "extension");
        check(&[0x83, 0x80, 0, 0, 0, 0], malformed, "opcode");
        check(&[0x8B, 0x80, 0, 0, 0, 0], malformed, "opcode");
        check(&[0x80, 0x80, 0, 0, 0, 0], malformed, "not begun");
        check(&[0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0], malformed, "in the middle");
        check(&[0x89, 0xFE, 0, 126], malformed, "control");
        check(&[0x09, 0x80, 0, 0, 0, 0], malformed, "control");
        check(&[0x82, 0xFE, 0x03, 0xE9, 0, 0, 0, 0], ErrorCode::TooLarge, "1000 bytes");
        let endless = [0x82, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0];
        check(&endless, ErrorCode::TooLarge, "1000 bytes");
        let mut pieces = vec![0x02, 0xFE, 0x03, 0xE8, 0, 0, 0, 0];
        pieces.resize(8 + 1_000, 7);
        pieces.extend([0x00, 0x81, 0, 0, 0, 0, 7]);
        check(&pieces, ErrorCode::TooLarge, "1000 bytes");
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic_and_cuts_change_nothing(
            bytes in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 1usize..300,
        ) {
            let run = |piece: usize| {
                let mut incoming = Incoming::new(100, &[]);
                let mut said = Vec::new();
                for piece in bytes.chunks(piece) {
                    incoming.add(piece);
                    loop {
                        match incoming.take() {
                            Ok(Some(next)) => said.push(Ok(next)),
                            Ok(None) => break,
                            Err(fault) => {
                                said.push(Err(fault));
                                return said;
                            }
                        }
                    }
                }
                said
            };
            prop_assert_eq!(run(cut), run(usize::MAX >> 1));
        }
    }
}
