//! A real server on a free port, and people with a client each.

#![allow(dead_code, clippy::unwrap_used)] // shared by two test programs; who cannot go on says so by panicking

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anser_client::view::{Content, ConversationView, LinkView, RowState, RowView, SessionView, TimelineView};
use anser_client::{Client, ClientConfig, Command, Event, Events, Outcome};
use anser_server::app::{self, Running};
use anser_server::config::Settings;
use tempfile::TempDir;

/// What takes longer than this does not come: fails a test that would hang. No test measures time.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct TestServer {
    running: Option<Running>,
    settings: Settings,
    data: TempDir,
}

impl TestServer {
    pub(crate) async fn start() -> TestServer {
        TestServer::start_with(|_, _| {}).await
    }

    /// `adjust` gets the settings, and a directory for files they may need.
    pub(crate) async fn start_with(adjust: impl FnOnce(&mut Settings, &Path)) -> TestServer {
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::with_defaults(data.path().join("server"));
        settings.listen.set_port(0);
        adjust(&mut settings, data.path());
        let running = app::start(settings.clone()).await.unwrap();
        // The same port after a restart: clients know no other.
        settings.listen = running.address();
        TestServer { running: Some(running), settings, data }
    }

    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().shutdown().await;
    }

    pub(crate) async fn start_again(&mut self) {
        self.running = Some(app::start(self.settings.clone()).await.unwrap());
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}", self.settings.listen)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.settings.listen
    }

    pub(crate) fn port(&self) -> u16 {
        self.settings.listen.port()
    }

    /// Where this person's client keeps its things.
    pub(crate) fn dir_of(&self, handle: &str) -> PathBuf {
        self.data.path().join(handle)
    }

    /// A new account on a new client.
    pub(crate) async fn register(&self, handle: &str) -> Person {
        let person = self.open(handle).await;
        person.does(register(handle)).await;
        person
    }

    /// The client of this person, as its disk remembers it.
    pub(crate) async fn open(&self, handle: &str) -> Person {
        Person::open(&self.url(), &self.dir_of(handle)).await
    }
}

pub(crate) fn register(handle: &str) -> Command {
    Command::Register {
        handle: handle.into(),
        display_name: handle.to_uppercase(),
        password: "a good password".into(),
        device_name: "test".into(),
    }
}

/// A client with somebody watching its screen.
pub(crate) struct Person {
    pub(crate) client: Client,
    events: Events,
    pub(crate) screen: Screen,
}

/// What a user interface would show.
#[derive(Default)]
pub(crate) struct Screen {
    pub(crate) session: Option<SessionView>,
    pub(crate) link: Option<LinkView>,
    pub(crate) conversations: BTreeMap<u64, ConversationView>,
    pub(crate) timelines: BTreeMap<u64, TimelineView>,
    /// The client said that its disk was damaged.
    pub(crate) rebuilt: bool,
}

impl Screen {
    pub(crate) fn is_online(&self) -> bool {
        self.link == Some(LinkView::Online)
    }

    pub(crate) fn rows(&self, conversation: u64) -> &[RowView] {
        self.timelines.get(&conversation).map_or(&[], |timeline| &timeline.rows)
    }

    /// What people wrote, oldest first.
    pub(crate) fn texts(&self, conversation: u64) -> Vec<&str> {
        self.rows(conversation).iter().filter_map(|row| text_of(&row.content)).collect()
    }

    /// Of the newest row.
    pub(crate) fn last_state(&self, conversation: u64) -> Option<&RowState> {
        self.rows(conversation).last().map(|row| &row.state)
    }

    /// Whether a message is known to be on a disk of the other one.
    pub(crate) fn has_delivered(&self, conversation: u64) -> bool {
        let is_delivered = |row: &RowView| matches!(row.state, RowState::Delivered | RowState::Read);
        self.rows(conversation).iter().any(is_delivered)
    }

    fn show(&mut self, event: Event) {
        match event {
            Event::Session { session } => self.session = Some(session),
            Event::Link { link } => self.link = Some(link),
            Event::Conversations { changed } => {
                self.conversations.extend(changed.into_iter().map(|view| (view.conversation, view)));
            }
            Event::Timeline { change } => {
                self.timelines.entry(change.conversation).or_default().apply(change);
            }
            Event::Rebuilt => self.rebuilt = true,
            Event::Unread { .. } | Event::Finished { .. } => {}
        }
    }
}

/// Looks at the end of a conversation, by a view of its own.
pub(crate) fn opening(conversation: u64) -> Command {
    Command::OpenView { view: conversation as u32, conversation, at: None }
}

pub(crate) fn says(conversation: u64, text: &str) -> Command {
    Command::SendText { conversation, text: text.into(), send_key: None }
}

pub(crate) fn text_of(content: &Content) -> Option<&str> {
    match content {
        Content::Text { text } => Some(text),
        _ => None,
    }
}

impl Person {
    pub(crate) async fn open(server_url: &str, dir: &Path) -> Person {
        Person::open_with(ClientConfig::new(server_url, dir)).await
    }

    pub(crate) async fn open_with(config: ClientConfig) -> Person {
        let client = Client::open(config).await.unwrap();
        let events = client.events();
        Person { client, events, screen: Screen::default() }
    }

    /// Watches the screen until it shows this.
    pub(crate) async fn sees(&mut self, what: &str, shown: impl Fn(&Screen) -> bool) {
        let watching = async {
            while !shown(&self.screen) {
                self.screen.show(self.events.next().await.expect("the client has ended"));
            }
        };
        if tokio::time::timeout(PATIENCE, watching).await.is_err() {
            panic!("waited in vain for {what}; online: {}", self.screen.is_online());
        }
    }

    pub(crate) async fn does(&self, command: Command) {
        assert_eq!(self.client.command(command).await, Outcome::Done);
    }

    /// Asks for something, and sees what there is to see meanwhile.
    pub(crate) async fn does_or_not(&mut self, command: Command) {
        self.client.command(command).await;
        let a_while = Duration::from_millis(20);
        while let Ok(Some(event)) = tokio::time::timeout(a_while, self.events.next()).await {
            self.screen.show(event);
        }
    }

    /// Opens the conversation with somebody, and its timeline.
    pub(crate) async fn talks_to(&mut self, handle: &str) -> u64 {
        self.sees("a link", Screen::is_online).await;
        let outcome = self.client.command(Command::OpenDirect { handle: handle.into() }).await;
        let Outcome::Conversation { conversation } = outcome else { panic!("{outcome:?}") };
        self.does(opening(conversation)).await;
        conversation
    }

    pub(crate) async fn finds(&mut self, handle: &str) -> bool {
        self.sees("a link", Screen::is_online).await;
        let outcome = self.client.command(Command::FindAccount { handle: handle.into() }).await;
        matches!(outcome, Outcome::People { people } if !people.is_empty())
    }

    pub(crate) async fn writes(&self, conversation: u64, text: &str) {
        self.does(says(conversation, text)).await;
    }

    /// What people wrote in an open conversation, oldest first, read upwards to its beginning through the window.
    pub(crate) async fn reads_up(&mut self, conversation: u64) -> Vec<String> {
        let mut read = BTreeMap::new();
        loop {
            let rows = self.screen.rows(conversation);
            let first = rows.first().map_or(0, |row| row.seq);
            let texts = rows.iter().filter_map(|row| Some((row.seq, text_of(&row.content)?.to_owned())));
            read.extend(texts);
            if !self.screen.timelines[&conversation].has_older {
                return read.into_values().collect();
            }
            self.does(Command::LoadOlder { view: conversation as u32 }).await;
            let is_higher =
                |screen: &Screen| screen.rows(conversation).first().is_some_and(|row| row.seq < first);
            self.sees("older messages", is_higher).await;
        }
    }

    pub(crate) async fn goes(self) {
        self.client.shutdown().await.unwrap();
    }
}
