//! A whole server, on a free port, with its data in a directory of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anser_server::app::{self, Running};
use anser_server::config::Settings;
use tempfile::TempDir;

use super::{Away, Link, Person};

/// Handles by account, for putting events into words.
pub(crate) type Names = Arc<Mutex<BTreeMap<u64, String>>>;

pub(crate) struct TestServer {
    running: Option<Running>,
    settings: Settings,
    names: Names,
    _data: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> TestServer {
        TestServer::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Settings)) -> TestServer {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::with_defaults(data.path().to_owned());
        settings.listen.set_port(0);
        adjust(&mut settings);
        let running = app::start(settings.clone()).await.unwrap();
        TestServer { running: Some(running), settings, names: Names::default(), _data: data }
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().expect("the server was stopped by this test")
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running().address()
    }

    /// Stops well; `restart` or nothing comes after it.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().expect("the server was stopped by this test");
        super::soon("the server's stop", running.shutdown()).await;
    }

    /// Stops well and starts again on the same data.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.restart_stopped().await;
    }

    /// Starts again on the same data, after `stop`.
    pub(crate) async fn restart_stopped(&mut self) {
        assert!(self.running.is_none(), "two servers on one directory");
        self.running = Some(app::start(self.settings.clone()).await.unwrap());
    }

    /// A new account, connected.
    pub(crate) async fn register(&self, handle: &str) -> Person {
        let person = Person::register(self.address(), handle, self.names.clone()).await;
        self.names.lock().unwrap().insert(person.account, handle.to_owned());
        person
    }

    /// Another device of an account that `register` made, connected.
    pub(crate) async fn sign_in(&self, handle: &str) -> Person {
        Person::sign_in(self.address(), handle, self.names.clone()).await
    }

    /// Somebody who was away comes back, from where they stood.
    pub(crate) async fn welcomes_back(&self, away: Away) -> Person {
        Person::hello(Link::open(self.address()).await, away, self.names.clone()).await
    }

    /// A bare link, nothing said yet.
    pub(crate) async fn link(&self) -> Link {
        Link::open(self.address()).await
    }

    /// One plain HTTP request of this path; the whole reply as text.
    pub(crate) async fn http_get(&self, path: &str, headers: &str) -> String {
        super::link::http_get(self.address(), path, headers).await
    }

    /// The value of a metric, by its line's beginning.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let reply = self.http_get("/metrics", "Host: localhost\r\n").await;
        let found = reply.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0, |number| number.trim().parse().unwrap())
    }
}
