//! A generator that is a child: its parent says on the child's standard input what to do, and hears on its output, as a line
//! of JSON each second, what came of it. When the input ends, so does the child.

use std::io::{BufRead, Write};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use anser_protocol::ids::Position;
use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::fleet::Fleet;
use crate::light::{Idle, Light};
use crate::machine;
use crate::route::Route;
use crate::talk::add_pairs;
use crate::talk::book::{Book, Page};
use crate::talk::schedule::{Rates, Schedule};
use crate::world::Somebody;

/// The word that makes a child of this kind.
pub(crate) const ROLE: &str = "crowd";
/// Characters of a message.
pub(super) const CHARS: usize = 100;
/// So often more of the crowd may come, if those before are up.
const STEP: Duration = Duration::from_millis(10);

/// Which links a child has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Links {
    /// Where its server listens.
    pub(crate) port: u16,
    /// Which of the children it is: decides from which addresses of this machine it comes.
    pub(crate) number: u8,
    /// Decides who exists.
    pub(crate) seed: u64,
    /// Those who talk are the first ones, in pairs; the others only are there, on phones: their beats grow with time.
    pub(crate) talkers: usize,
    pub(crate) people: usize,
}

/// What the parent says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// So many messages a second, of all pairs together, until it is said otherwise.
    Talk { rate: f64 },
    /// No more messages.
    Rest,
}

/// What the child says each second.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Report {
    /// How many links are up.
    pub(crate) up: usize,
    /// How often one was lost so far.
    pub(crate) lost: u64,
    /// What was said since the last report.
    pub(crate) page: Page,
}

/// Plays the role; the one word is what it has, as JSON.
pub(crate) fn play(words: &[String]) -> Result<()> {
    let links: Links = begun_with(words)?;
    on_one_thread(live(links))
}

async fn live(Links { port, number, seed, talkers, people }: Links) -> Result<()> {
    let clock = Clock::start();
    let fleet = Fleet::new(Arc::new(Route::to_port(port).of_part(number)), clock);
    let book = Arc::new(Book::default());
    let talk = async |fleet: &mut Fleet, rate: f64| {
        let steady = Rates::steady(rate, talkers / 2);
        add_pairs(fleet, seed, 0..talkers, &Schedule::Rates(steady.clone()), CHARS, &book).await?;
        Ok(steady)
    };
    let come = |fleet: &mut Fleet, number: usize| {
        let who = Somebody::number(seed, number);
        let mut client = Light::new(&who, Position(0), Idle, fleet.presence(), clock.now());
        client.adapt(clock.now());
        fleet.spawn(client);
    };
    obey(fleet, &book, talkers..people, talk, come).await
}

/// What a child is told when it begins: which links it has.
pub(super) fn begun_with<L: DeserializeOwned>(words: &[String]) -> Result<L> {
    let [links] = words else { bail!("which links?") };
    serde_json::from_str(links).context("reading which links")
}

/// Lives a child's life.
pub(super) fn on_one_thread(life: impl Future<Output = Result<()>>) -> Result<()> {
    machine::open_files_max();
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(life)
}

/// Lets everybody come, and those talk who `talk`, as the parent orders; reports each second. Until the orders end.
pub(super) async fn obey(
    mut fleet: Fleet,
    book: &Book,
    mut coming: Range<usize>,
    mut talk: impl AsyncFnMut(&mut Fleet, f64) -> Result<Arc<Rates>>,
    mut come: impl FnMut(&mut Fleet, usize),
) -> Result<()> {
    let (presence, mut orders) = (fleet.presence(), orders());
    let mut rates: Option<Arc<Rates>> = None;
    let mut step = tokio::time::interval(STEP);
    let mut report = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None => return Ok(()),
                Some(Order::Rest) => rates.iter().for_each(|rates| rates.stop()),
                Some(Order::Talk { rate }) if rates.is_none() => rates = Some(talk(&mut fleet, rate).await?),
                Some(Order::Talk { .. }) => bail!("they talk already"),
            },
            _ = report.tick() => {
                let (up, lost) = (presence.up(), presence.lost());
                say(&Report { up, lost, page: book.take() })?;
            }
            _ = step.tick(), if !coming.is_empty() => {
                while fleet.has_room() && let Some(number) = coming.next() {
                    come(&mut fleet, number);
                }
            }
        }
    }
}

fn say(report: &Report) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(report)?).and_then(|()| out.flush()).context("nobody listens")
}

/// What the parent says, line by line. The end of the lines is the end of the orders.
fn orders() -> mpsc::Receiver<Order> {
    let (sender, orders) = mpsc::channel(8);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(order) = serde_json::from_str(&line.unwrap_or_default()) else { return };
            if sender.blocking_send(order).is_err() {
                return;
            }
        }
    });
    orders
}
