//! A generator whose clients are members of one large group: one of them writes, the others get it all.
//!
//! Everybody in such a group gets a message at the same moment, and each in life on a machine of their own. So this one has
//! the lowest priority: what its clients do with a message must not be taken for what the server does to others.

use std::sync::Arc;

use anser_protocol::ids::Position;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::child::{CHARS, begun_with, obey, on_one_thread};
use crate::clock::Clock;
use crate::fleet::Fleet;
use crate::light::Light;
use crate::route::Route;
use crate::talk::book::Book;
use crate::talk::listener::Listener;
use crate::talk::schedule::{Rates, Schedule};
use crate::talk::writer::Writer;
use crate::world::Somebody;

/// The word that makes a child of this kind.
pub(crate) const ROLE: &str = "members";
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
    let links: Links = begun_with(words)?;
    stand_back()?;
    on_one_thread(live(links))
}

/// Holds for the threads that are started after it.
fn stand_back() -> Result<()> {
    #[cfg(unix)]
    rustix::process::nice(NICE).context("standing back for others")?;
    Ok(())
}

async fn live(Links { port, seed, first, people }: Links) -> Result<()> {
    let clock = Clock::start();
    let fleet = Fleet::new(Arc::new(Route::to_port(port)), clock);
    let book = Arc::new(Book::default());
    let talk = async |fleet: &mut Fleet, rate: f64| {
        let steady = Rates::steady(rate, 1);
        let schedule = Schedule::Rates(steady.clone());
        let writer = Writer::new(first as u64, schedule, CHARS, book.clone(), clock);
        let who = Somebody::number(seed, first);
        fleet.spawn(Light::new(&who, Position(0), writer, fleet.presence(), clock.now()));
        Ok(steady)
    };
    let come = |fleet: &mut Fleet, number: usize| {
        let who = Somebody::number(seed, number);
        let listener = Listener::from_the_end(who.seed, book.clone(), clock);
        fleet.spawn(Light::new(&who, Position(0), listener, fleet.presence(), clock.now()));
    };
    obey(fleet, &book, first + 1..first + people, talk, come).await
}
