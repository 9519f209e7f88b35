//! A generator whose clients are members of one large group: one of them writes, the others get it all.
//!
//! Everybody in such a group gets a message at the same moment, and each in life on a machine of their own. So this one has
//! the lowest priority: what its clients do with a message must not be taken for what the server does to others.

use std::sync::Arc;
use std::time::Duration;

use anser_protocol::ids::Position;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::child::{Order, Report, orders, say};
use crate::clock::Clock;
use crate::fleet::Fleet;
use crate::light::Light;
use crate::machine;
use crate::route::Route;
use crate::talk::book::Book;
use crate::talk::listener::Listener;
use crate::talk::schedule::{Rates, Schedule};
use crate::talk::writer::Writer;
use crate::world::Somebody;

/// The word that makes a child of this kind.
pub(crate) const ROLE: &str = "members";
/// Characters of a message.
const CHARS: usize = 100;
/// So often more of them may come, if those before are up.
const STEP: Duration = Duration::from_millis(10);
/// The most that one can stand back for others.
const NICE: i32 = 19;

/// Which members are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Links {
    /// Where their server listens.
    pub(crate) port: u16,
    /// Decides who exists.
    pub(crate) seed: u64,
    /// The first one is the writer.
    pub(crate) first: usize,
    pub(crate) people: usize,
}

/// Plays the role; the one word is what it has, as JSON.
pub(crate) fn play(words: &[String]) -> Result<()> {
    let [links] = words else { bail!("which links?") };
    let links: Links = serde_json::from_str(links).context("reading which links")?;
    machine::open_files_max();
    stand_back()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(live(links))
}

/// Holds for the threads that are started after it.
fn stand_back() -> Result<()> {
    #[cfg(unix)]
    rustix::process::nice(NICE).context("standing back for others")?;
    Ok(())
}

async fn live(links: Links) -> Result<()> {
    let Links { port, seed, first, people } = links;
    let clock = Clock::start();
    let mut fleet = Fleet::new(Arc::new(Route::to_port(port)), clock);
    let (book, presence, mut orders) = (Arc::new(Book::default()), fleet.presence(), orders());
    let mut rates: Option<Arc<Rates>> = None;
    let mut coming = first + 1..first + people;
    let mut step = tokio::time::interval(STEP);
    let mut report = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                None => return Ok(()),
                Some(Order::Rest) => rates.iter().for_each(|rates| rates.stop()),
                Some(Order::Talk { rate }) if rates.is_none() => {
                    let steady = Rates::steady(rate, 1);
                    rates = Some(steady.clone());
                    let writer =
                        Writer::new(first as u64, Schedule::Rates(steady), CHARS, book.clone(), clock);
                    let who = Somebody::number(seed, first);
                    fleet.spawn(Light::new(&who, Position(0), writer, fleet.presence(), clock.now()));
                }
                Some(Order::Talk { .. }) => bail!("one writes already"),
            },
            _ = report.tick() => {
                let (up, lost) = (presence.up(), presence.lost());
                say(&Report { up, lost, page: book.take() })?;
            }
            _ = step.tick(), if !coming.is_empty() => {
                while fleet.has_room() && let Some(number) = coming.next() {
                    let who = Somebody::number(seed, number);
                    let listener = Listener::from_the_end(who.seed, book.clone(), clock);
                    fleet.spawn(Light::new(&who, Position(0), listener, fleet.presence(), clock.now()));
                }
            }
        }
    }
}
