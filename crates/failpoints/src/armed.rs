//! What the environment asked of this process.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mutant::Mutant;
use crate::place::Place;

/// The exit code of a process whose orders make no sense.
const EXIT_SENSELESS: i32 = 2;

/// Read once, at the first place that is passed.
pub(crate) fn orders() -> &'static Orders {
    static ORDERS: OnceLock<Orders> = OnceLock::new();
    ORDERS.get_or_init(|| {
        Orders::read(|name| std::env::var(name).ok()).unwrap_or_else(|words| {
            eprintln!("failpoints: {words}");
            std::process::exit(EXIT_SENSELESS)
        })
    })
}

/// All that a process can be told.
#[derive(Debug)]
pub(crate) struct Orders {
    end: Option<End>,
    pub(crate) mutant: Option<Mutant>,
    pub(crate) pace: u64,
    pub(crate) schema_step: Option<String>,
}

/// Where, and at which time there.
#[derive(Debug)]
struct End {
    place: Place,
    at: u64,
    passed: AtomicU64,
}

impl Orders {
    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Orders, String> {
        let end = variable("ANSER_KILL_AT").map(|text| End::parse(&text)).transpose()?;
        let mutant = variable("ANSER_MUTANT")
            .map(|name| Mutant::from_name(&name).ok_or(format!("there is no mutant `{name}`")))
            .transpose()?;
        let pace = variable("ANSER_PACE").map_or(Ok(1), |text| {
            let pace = text.parse().ok().filter(|pace| *pace > 0);
            pace.ok_or(format!("`{text}` is not how many times as fast a clock shall run"))
        })?;
        let schema_step = variable("ANSER_SCHEMA_STEP")
            .map(|file| std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}")))
            .transpose()?;
        Ok(Orders { end, mutant, pace, schema_step })
    }

    pub(crate) fn pass(&self, place: Place) {
        if self.end.as_ref().is_some_and(|end| end.has_come(place)) {
            die();
        }
    }
}

impl End {
    fn parse(text: &str) -> Result<End, String> {
        let senseless = || format!("`{text}` is not a place and a number, as in store.commit.after:17");
        let (name, number) = text.split_once(':').ok_or_else(senseless)?;
        let place = Place::from_name(name).ok_or_else(|| format!("there is no place `{name}`"))?;
        let at = number.parse().ok().filter(|at| *at > 0).ok_or_else(senseless)?;
        Ok(End { place, at, passed: AtomicU64::new(0) })
    }

    fn has_come(&self, place: Place) -> bool {
        place == self.place && self.passed.fetch_add(1, Ordering::Relaxed) + 1 == self.at
    }
}

/// No destructor runs, no buffer is flushed.
#[cfg(unix)]
fn die() {
    let killed = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    // A system that does not let a process kill itself still lets it abort.
    if killed.is_err() {
        std::process::abort();
    }
    // The signal may reach another thread first; this one does nothing any more.
    loop {
        std::thread::park();
    }
}

/// As near to SIGKILL as there is.
#[cfg(not(unix))]
fn die() {
    std::process::abort();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(name: &'static str, value: &'static str) -> Result<Orders, String> {
        Orders::read(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn only_the_asked_time_at_the_asked_place_is_the_end() {
        let end = End::parse("store.commit.after:2").unwrap();
        let passed = [
            Place::StoreCommitAfter,
            Place::StoreCommitBefore,
            Place::StoreCommitAfter,
            Place::StoreCommitAfter,
        ];
        assert_eq!(passed.map(|place| end.has_come(place)), [false, false, true, false]);
    }

    #[test]
    fn without_orders_nothing_happens() {
        let orders = Orders::read(|_| None).unwrap();
        orders.pass(Place::StoreCommitAfter);
        assert_eq!((orders.mutant, orders.pace, orders.schema_step), (None, 1, None));
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        for text in ["", "store.commit.after", "store.commit.after:0", "store.commit.after:x"] {
            assert!(End::parse(text).unwrap_err().contains("is not a place and a number"), "{text}");
        }
        assert!(End::parse("store.comit:1").unwrap_err().contains("there is no place `store.comit`"));
        assert!(orders("ANSER_MUTANT", "perfect").unwrap_err().contains("there is no mutant `perfect`"));
        assert!(orders("ANSER_SCHEMA_STEP", "no such file").is_err());
        assert!(orders("ANSER_PACE", "0").is_err());
    }

    #[test]
    fn a_mutant_is_known_by_its_name() {
        let mutant = orders("ANSER_MUTANT", "store-without-sync").unwrap().mutant;
        assert_eq!(mutant, Some(Mutant::StoreWithoutSync));
    }
}
