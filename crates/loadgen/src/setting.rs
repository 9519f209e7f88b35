//! What every scenario is given: how much to do, where, with which server.

use std::path::PathBuf;

use anser_protocol::{codec, kind, wire};
use anyhow::{Context, Result, ensure};
use prost::Message;
use rustls::pki_types::CertificateDer;

use crate::child::Playing;
use crate::progress::Progress;
use crate::route::SERVER_NAME;
use crate::server::Server;
use crate::target::Target;
use crate::world::{self, Plan};

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// What the figures are made of.
    Full,
    /// Everything once, as small as it goes: shows that it works, measures nothing.
    Smoke,
}

impl Size {
    /// One of two.
    pub(crate) fn of<T>(self, full: T, smoke: T) -> T {
        match self {
            Size::Full => full,
            Size::Smoke => smoke,
        }
    }
}

/// The setting of one scenario.
pub(crate) struct Setting {
    pub(crate) size: Size,
    /// Decides who exists.
    pub(crate) seed: u64,
    /// This program, to be started as a server or in another role.
    pub(crate) anser: PathBuf,
    /// An empty folder of this scenario's own, which goes when it is over.
    pub(crate) dir: PathBuf,
    /// Somebody else's server, if it is that one which is put under load.
    pub(crate) target: Option<Target>,
    /// Other numbers than a scenario's own, for those that take some.
    pub(crate) people: Option<usize>,
    pub(crate) minutes: Option<u64>,
    pub(crate) progress: Progress,
}

/// A certificate of ours, and the flags by which a server takes it.
pub(crate) struct Certificate {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) flags: [String; 4],
}

impl Setting {
    /// A server with these people in it: a new one of ours, or the one that was named.
    pub(crate) async fn serve(&self, name: &str, plan: &Plan) -> Result<Server> {
        self.serve_with(name, plan, &[]).await
    }

    /// The same, with flags for the server that make it another than a default one.
    pub(crate) async fn serve_with(&self, name: &str, plan: &Plan, flags: &[&str]) -> Result<Server> {
        if let Some(target) = &self.target {
            ensure!(flags.is_empty(), "a server that runs already has flags of its own");
            return Ok(Server::foreign(target));
        }
        self.progress.begin(format_args!("{name}: making {} people", plan.people));
        let data = self.dir.join(name);
        world::fill(&data, self.seed, plan).await.context("filling the data directory")?;
        Server::start(&self.anser, &data, flags)
    }

    /// A child of this program in some role.
    pub(crate) fn play(&self, role: &str, words: &[&str]) -> Result<Playing> {
        Playing::start(&self.anser, role, words)
    }

    /// A new certificate for a server of ours.
    pub(crate) fn certificate(&self) -> Result<Certificate> {
        let made = rcgen::generate_simple_self_signed(vec![SERVER_NAME.to_owned()])?;
        let (cert, key) = (self.dir.join("cert.pem"), self.dir.join("key.pem"));
        std::fs::write(&cert, made.cert.pem())?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        let path = |path: PathBuf| path.display().to_string();
        let flags = ["--tls-cert".to_owned(), path(cert), "--tls-key".to_owned(), path(key)];
        Ok(Certificate { certificate: made.cert.der().clone(), flags })
    }
}

/// A text of 100 bytes that begins with a number.
pub(crate) fn text_of_100(number: u64) -> String {
    format!("{number:<20}{:.<80}", "")
}

/// The number that such a text begins with.
pub(crate) fn number_in(text: &str) -> Option<u64> {
    text.split(' ').next()?.parse().ok()
}

/// The bytes of the frame that carries a text of 100 bytes to the server.
pub(crate) fn send_frame() -> Vec<u8> {
    let body = wire::Text { text: text_of_100(1) }.encode_to_vec();
    let send =
        wire::Send { conversation: 1_000, send_key: vec![7; 16], kind: kind::TEXT, body, silent: false };
    let call = Some(wire::request::Call::Send(send));
    codec::encode(wire::frame::Body::Request(wire::Request { id: 1_000, call }))
}

/// The bytes of the frame that brings it to a member.
pub(crate) fn push_frame() -> Vec<u8> {
    let body = wire::Text { text: text_of_100(1) }.encode_to_vec();
    let event = wire::Event {
        conversation: 1_000,
        seq: 1_000,
        sender: 1 << 47,
        at_ms: 1_800_000_000_000,
        kind: kind::TEXT,
        body,
        silent: false,
        send_key: Vec::new(),
    };
    codec::encode_push(wire::push::What::Event(event)).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_100_bytes_and_its_number() {
        let text = text_of_100(123_456_789);
        assert_eq!((text.len(), number_in(&text)), (100, Some(123_456_789)));
        assert_eq!(number_in("what people write"), None);
    }

    #[test]
    fn frames_are_a_text_and_little_around_it() {
        assert!((120..160).contains(&send_frame().len()), "{}", send_frame().len());
        assert!((120..160).contains(&push_frame().len()), "{}", push_frame().len());
    }
}
