//! What an operator wants counted, in Prometheus' terms.

use std::fmt;
use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// One label with a value from a closed list of ours, so that no peer can make new series.
type ByCode = [(&'static str, &'static str); 1];

/// The numbers of one node. Whoever does the thing counts it.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Messages stored (repeats not among them).
    pub messages_stored: Counter,
    /// Sends whose key was known: the first result was given again.
    pub sends_repeated: Counter,
    /// Accounts made.
    pub registrations: Counter,
    /// Devices signed in.
    pub sign_ins: Counter,
    /// Sign-ins with a wrong handle or password.
    pub sign_ins_failed: Counter,
    /// Sign-ins, registrations and finds refused because there were too many.
    pub throttled: Counter,
    /// Open TCP connections, whatever they are used for, and polling links now.
    pub connections: Gauge,
    /// Connections turned away before they became links, by reason.
    pub refusals: Family<ByCode, Counter>,
    /// Frames that came from clients.
    pub frames_received: Counter,
    /// Frames written to clients.
    pub frames_sent: Counter,
    /// Links ended by the server, by the code of the error table.
    pub closes: Family<ByCode, Counter>,
    /// Links now, by carrier.
    pub links: Family<ByCode, Gauge>,
    /// Exchanges that asked for frames, by whether they were willing to wait for some.
    pub polls: Family<ByCode, Counter>,
    /// Live sessions now.
    pub sessions: Gauge,
    /// Frames put into mailboxes of sessions.
    pub pushes: Counter,
    /// Sessions ended because their mailbox was full.
    pub slow_readers: Counter,
    /// Times this node told all its sessions to ask for what changed.
    pub resyncs: Counter,
    /// Notices of the bus that were found missing.
    pub notices_missed: Counter,
    /// Requests answered, by the code of the error table, or OK.
    pub answers: Family<ByCode, Counter>,
    registry: Registry,
}

impl Metrics {
    /// All numbers at zero.
    pub fn new() -> Arc<Metrics> {
        let mut all = Metrics { registry: Registry::with_prefix("anser"), ..Metrics::default() };
        let counters = [
            ("messages_stored", "Messages stored", &all.messages_stored),
            ("sends_repeated", "Sends whose key was known", &all.sends_repeated),
            ("registrations", "Accounts made", &all.registrations),
            ("sign_ins", "Devices signed in", &all.sign_ins),
            ("sign_ins_failed", "Sign-ins with wrong credentials", &all.sign_ins_failed),
            ("throttled", "Sign-ins, registrations and finds refused as too many", &all.throttled),
            ("frames_received", "Frames that came from clients", &all.frames_received),
            ("frames_sent", "Frames written to clients", &all.frames_sent),
            ("pushes", "Frames put into mailboxes of sessions", &all.pushes),
            ("slow_readers", "Sessions ended because their mailbox was full", &all.slow_readers),
            ("resyncs", "Times all sessions were told to ask for what changed", &all.resyncs),
            ("notices_missed", "Notices of the bus found missing", &all.notices_missed),
        ];
        for (name, help, counter) in counters {
            all.registry.register(name, help, counter.clone());
        }
        all.registry.register(
            "connections",
            "Open TCP connections and polling links",
            all.connections.clone(),
        );
        all.registry.register("refusals", "Connections turned away, by reason", all.refusals.clone());
        all.registry.register("closes", "Links ended by the server, by code", all.closes.clone());
        all.registry.register("links", "Links, by carrier", all.links.clone());
        all.registry.register("polls", "Exchanges that asked for frames", all.polls.clone());
        all.registry.register("sessions", "Live sessions", all.sessions.clone());
        all.registry.register("answers", "Requests answered, by code", all.answers.clone());
        Arc::new(all)
    }

    /// Counts one answer; `code` is a name of the error table, or OK.
    pub fn count_answer(&self, code: &'static str) {
        self.answers.get_or_create(&[("code", code)]).inc();
    }

    /// Counts a connection that was turned away.
    pub fn count_refusal(&self, reason: &'static str) {
        self.refusals.get_or_create(&[("reason", reason)]).inc();
    }

    /// Counts a link that the server ended; `code` is a name of the error table.
    pub fn count_close(&self, code: &'static str) {
        self.closes.get_or_create(&[("code", code)]).inc();
    }

    /// Counts a link for as long as what it gets lives; `carrier` is what moves its frames.
    pub fn count_link(&self, carrier: &'static str) -> Counted {
        let gauge = self.links.get_or_create(&[("carrier", carrier)]).clone();
        gauge.inc();
        Counted { gauge }
    }

    /// Counts an exchange that asked for frames.
    pub fn count_poll(&self, is_long: bool) {
        let wait = if is_long { "long" } else { "short" };
        self.polls.get_or_create(&[("wait", wait)]).inc();
    }

    /// The text that `/metrics` serves.
    pub fn to_text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// One of many that are counted while they are there.
#[derive(Debug)]
pub struct Counted {
    gauge: Gauge,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
