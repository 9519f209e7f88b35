//! Campaign `first-tries`: every third first try is lost, the message or its answer, and all the same everything arrives
//! once, in the order it was written, and nothing is called failed (spec D4, D6).

use std::time::{Duration, Instant};

use anser_client::view::{Content, RowState, RowView, TimelineView};
use anser_client::{Client, ClientConfig, Command, Event, Events, Outcome};
use anyhow::{Result, bail, ensure};
use tokio::time::{sleep, timeout};

use crate::metrics;
use crate::proof::Proof;
use crate::proxy::{Cut, Proxy, Weather};
use crate::server::Server;
use crate::setting::Setting;

/// What takes longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(180);
/// What a message that is on its way out may take to be lost, or to be stored before its answer is lost.
const ON_ITS_WAY: Duration = Duration::from_millis(60);

/// Alice writes through a proxy, Bob reads without one.
pub fn run(setting: &Setting) -> Result<Vec<Proof>> {
    let messages = setting.scale(24, 150);
    let server = Server::start(&setting.anser, &setting.folder("server")?)?;
    let proxy = Proxy::start(server.address(), Weather::fair(), setting.seed)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut alice = Person::register(&proxy.url(), setting, "alice").await?;
        let mut bob = Person::register(&server.url(), setting, "bob").await?;
        let chat = alice.opens_chat_with("bob").await?;
        let began = Instant::now();
        let (written, answers_lost) = write_all(&alice, &server, &proxy, chat, messages).await?;
        let last = written.last().cloned();
        alice.sees(|rows| rows.iter().any(|row| text_of(row) == last) && rows.iter().all(is_stored)).await?;
        bob.opens_chat_with("alice").await?;
        bob.sees(|rows| rows.iter().any(|row| text_of(row) == last)).await?;
        alice.reads_up().await?;
        bob.reads_up().await?;

        let (sent, read) = (texts(&alice), texts(&bob));
        let no_answer = (answers_lost == 0).then(|| "no answer was lost, so nothing was tried".to_owned());
        let lost =
            format!("messages, every third of them lost at the first try ({} links)", proxy.counts().reset());
        let order = Proof::judged("D4", lost, messages as u64, compare(&written, &read));
        let states = Proof::judged(
            "D6",
            "messages whose answer, or they themselves, were lost: sent, once, and never called failed",
            messages as u64,
            [compare(&written, &sent), alice.lies.clone(), Vec::from_iter(no_answer)].concat(),
        )
        .figure("answers_lost", answers_lost as f64);
        let proofs = vec![order.took(began.elapsed()), states.took(began.elapsed()), swapped(&written)];
        alice.client.shutdown().await?;
        bob.client.shutdown().await?;
        Ok(proofs)
    })
}

/// Every third message, or the answer to it, is lost with its link. All that was written, and how many were stored of
/// which the writer was not told.
async fn write_all(
    alice: &Person,
    server: &Server,
    proxy: &Proxy,
    chat: u64,
    messages: usize,
) -> Result<(Vec<String>, u64)> {
    let stored = || metrics::number(server.address(), "anser_messages_stored_total");
    let (mut written, mut answers_lost) = (Vec::new(), 0);
    for number in 0..messages {
        let is_lost = number % 3 == 2;
        let cut = if number % 2 == 0 { Cut::ToServer } else { Cut::ToClient };
        if is_lost {
            alice.is_online().await?;
            proxy.set(Weather::cut(cut));
        }
        let stored_before = stored()?;
        let text = format!("message {number}");
        let send = Command::SendText { conversation: chat, text: text.clone(), send_key: None };
        alice.does(send).await?;
        written.push(text);
        if is_lost {
            sleep(ON_ITS_WAY).await;
            // Since the cut, no answer has come through.
            answers_lost += u64::from(cut == Cut::ToClient && stored()? > stored_before);
            proxy.reset_all();
            proxy.set(Weather::fair());
            // As a system does that sees its network come back: the next try need not wait for the back-off.
            sleep(ON_ITS_WAY).await;
            alice.client.network(true).await;
        }
    }
    Ok((written, answers_lost))
}

/// The judge is shown a log in which two messages changed places, one is gone, and one came twice.
fn swapped(written: &[String]) -> Proof {
    let mut read = written.to_vec();
    read.swap(1, 2);
    read.push(written[0].clone());
    read.remove(4);
    Proof::caught("D4", "swapped-lost-doubled", "a log that is not what was written", compare(written, &read))
}

fn compare(written: &[String], read: &[String]) -> Vec<String> {
    let mut problems = Vec::new();
    if read.len() != written.len() {
        problems.push(format!("{} were written and {} are there", written.len(), read.len()));
    }
    let differing = written.iter().zip(read).enumerate().filter(|(_, (written, read))| written != read);
    problems.extend(
        differing.map(|(place, (written, read))| format!("{read:?} instead of {written:?} at {place}")),
    );
    problems
}

/// A client with somebody watching its screen.
struct Person {
    client: Client,
    events: Events,
    screen: TimelineView,
    /// Rows that were called failed.
    lies: Vec<String>,
}

impl Person {
    async fn register(url: &str, setting: &Setting, handle: &str) -> Result<Person> {
        let client = Client::open(ClientConfig::new(url, setting.folder(handle)?)).await?;
        let events = client.events();
        let person = Person { client, events, screen: TimelineView::default(), lies: Vec::new() };
        let (handle, display_name) = (handle.to_owned(), handle.to_owned());
        let (password, device_name) = ("a good password".to_owned(), "prove".to_owned());
        person.does(Command::Register { handle, display_name, password, device_name }).await?;
        person.is_online().await?;
        Ok(person)
    }

    async fn does(&self, command: Command) -> Result<()> {
        let outcome = self.client.command(command.clone()).await;
        ensure!(outcome == Outcome::Done, "{command:?}: {outcome:?}");
        Ok(())
    }

    /// Until the server answers something.
    async fn is_online(&self) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Outcome::Devices { .. } = self.client.command(Command::ListDevices).await {
                return Ok(());
            }
            sleep(Duration::from_millis(5)).await;
        }
        bail!("the link never came")
    }

    async fn opens_chat_with(&mut self, handle: &str) -> Result<u64> {
        let outcome = self.client.command(Command::OpenDirect { handle: handle.to_owned() }).await;
        let Outcome::Conversation { conversation } = outcome else { bail!("{outcome:?}") };
        self.opens(conversation).await?;
        Ok(conversation)
    }

    async fn opens(&self, conversation: u64) -> Result<()> {
        self.does(Command::OpenView { view: 1, conversation, at: None }).await
    }

    /// To the beginning of the log.
    async fn reads_up(&mut self) -> Result<()> {
        while self.screen.has_older {
            let first = self.screen.rows.first().map_or(0, |row| row.seq);
            self.does(Command::LoadOlder { view: 1 }).await?;
            self.sees(|rows| rows.first().is_some_and(|row| row.seq < first)).await?;
        }
        Ok(())
    }

    async fn sees(&mut self, shown: impl Fn(&[RowView]) -> bool) -> Result<()> {
        let watching = async {
            while !shown(&self.screen.rows) {
                let Some(event) = self.events.next().await else { bail!("the client has ended") };
                if let Event::Timeline { change } = event {
                    self.screen.apply(change);
                    let failed =
                        self.screen.rows.iter().filter(|row| matches!(row.state, RowState::Failed { .. }));
                    self.lies.extend(failed.map(|row| format!("{:?} was called failed", text_of(row))));
                }
            }
            Ok(())
        };
        match timeout(PATIENCE, watching).await {
            Ok(seen) => seen,
            Err(_) => bail!("waited in vain with {} rows", self.screen.rows.len()),
        }
    }
}

fn is_stored(row: &RowView) -> bool {
    matches!(row.state, RowState::Stored | RowState::Sent | RowState::Delivered | RowState::Read)
}

fn text_of(row: &RowView) -> Option<String> {
    match &row.content {
        Content::Text { text } => Some(text.clone()),
        _ => None,
    }
}

fn texts(person: &Person) -> Vec<String> {
    person.screen.rows.iter().filter_map(text_of).collect()
}
