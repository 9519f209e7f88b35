//! Which number or key names what.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// An account. A random number below 2^48, so that knowing one id tells nothing about others;
    /// small enough to be exact in JavaScript. Never 0.
    AccountId
}
id! {
    /// A device: one signed-in client of an account. Given by the store in rising order, never reused. Never 0.
    DeviceId
}
id! {
    /// A conversation. Given by the store in rising order, never reused. Never 0.
    ConversationId
}
id! {
    /// An event's place in its conversation: dense, from 1. As a position, 0 means "nothing yet".
    Seq
}
id! {
    /// The change position of an account: what its devices resume from. Rises with every commit
    /// that changed anything the account can see; not dense.
    Position
}

impl Seq {
    /// The place after this one.
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

/// Chosen by the sender, makes a send repeatable: the same key never stores a second message.
///
/// The first 6 bytes are the sender's clock in milliseconds (big endian), so that indexes grow at
/// one end; the rest is random. The clock part orders nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendKey(pub [u8; 16]);

impl SendKey {
    /// A key made at `now_ms` with the given random bytes.
    pub fn new(now_ms: u64, random: [u8; 10]) -> SendKey {
        let mut key = [0; 16];
        key[..6].copy_from_slice(&now_ms.to_be_bytes()[2..]);
        key[6..].copy_from_slice(&random);
        SendKey(key)
    }

    /// `None` unless there are exactly 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<SendKey> {
        bytes.try_into().ok().map(SendKey)
    }

    /// 32 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The reverse of [`SendKey::to_hex`].
    pub fn from_hex(hex: &str) -> Option<SendKey> {
        if hex.len() != 32 || !hex.is_ascii() {
            return None;
        }
        let mut key = [0; 16];
        for (byte, digits) in key.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        }
        Some(SendKey(key))
    }
}

impl fmt::Debug for SendKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}
