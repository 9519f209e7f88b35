//! Frames that hold secrets, shown without them: what is printed ends up in logs, and in reports of panics.

use std::fmt;

use crate::wire::{Hello, Register, SignIn, SignedIn};

impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Hello { version, token: _, position } = self;
        f.debug_struct("Hello").field("version", version).field("position", position).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SignedIn { token: _, account, device } = self;
        f.debug_struct("SignedIn").field("account", account).field("device", device).finish_non_exhaustive()
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Register").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("handle", &self.handle).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_ever_printed() {
        let secret = "correct horse battery staple";
        let token = secret.as_bytes().to_vec();
        let shown = [
            format!("{:?}", Hello { token: token.clone(), ..Hello::default() }),
            format!("{:?}", SignedIn { token: token.clone(), ..SignedIn::default() }),
            format!("{:?}", Register { password: secret.into(), ..Register::default() }),
            format!("{:?}", SignIn { password: secret.into(), ..SignIn::default() }),
        ];
        for shown in shown {
            assert!(!shown.contains(secret), "{shown}");
            assert!(!shown.contains(&format!("{token:?}")), "{shown}");
            assert!(shown.ends_with(".. }"), "{shown}");
        }
    }
}
