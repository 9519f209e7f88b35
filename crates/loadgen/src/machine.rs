//! What else the machine does, and what it lets us have.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;

use crate::meter::TICKS_PER_SECOND;

/// The state of the machine, said with every figure: a figure without it means nothing to anybody else.
/// What the system does not tell is `null`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    /// Over 1, 5 and 15 minutes; our own load is part of it.
    load: [f64; 3],
    /// So many cores were busy with what is neither this program nor a child of it, since the scenario began.
    others: f64,
}

/// When the scenario began. One for the process, since one scenario runs at a time.
static BEGAN: Mutex<Option<Spent>> = Mutex::new(None);

/// From here on others are watched: a scenario begins.
pub(crate) fn begin() {
    *BEGAN.lock().unwrap_or_else(PoisonError::into_inner) = Spent::by_now();
}

/// CPU time since the system began.
#[derive(Clone, Copy)]
struct Spent {
    at: Instant,
    by_all_s: f64,
    by_us_s: f64,
}

impl Spent {
    fn by_now() -> Option<Spent> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        let me = std::process::id().to_string();
        let mut by_us_s = 0.0;
        for entry in std::fs::read_dir("/proc").ok()?.flatten() {
            // Processes come and go while we look.
            if let Ok(stat) = std::fs::read_to_string(entry.path().join("stat"))
                && let Some(family) = Family::read(&stat)
                && (entry.file_name().to_str() == Some(&me) || family.parent == me)
            {
                by_us_s += family.seconds;
            }
        }
        Some(Spent { at: Instant::now(), by_all_s: busy(stat.lines().next()?), by_us_s })
    }

    /// Cores that others kept busy from an earlier moment to this one.
    fn others_since(&self, began: &Spent) -> f64 {
        let seconds = self.at.duration_since(began.at).as_secs_f64();
        let others_s = self.by_all_s - began.by_all_s - (self.by_us_s - began.by_us_s);
        // Ticks are coarse: a little less than nothing is nothing.
        ((others_s / seconds).max(0.0) * 100.0).round() / 100.0
    }
}

/// What a process and those of its children that have ended have used.
struct Family<'a> {
    parent: &'a str,
    seconds: f64,
}

impl Family<'_> {
    /// From `/proc/PID/stat`, in which the second field is a name in brackets that may contain anything.
    fn read(stat: &str) -> Option<Family<'_>> {
        let mut fields = stat.rsplit(')').next()?.split_whitespace().skip(1);
        let parent = fields.next()?;
        let ticks: f64 = fields.skip(9).take(4).filter_map(|field| field.parse::<f64>().ok()).sum();
        Some(Family { parent, seconds: ticks / TICKS_PER_SECOND })
    }
}

/// Everything in the first line of `/proc/stat` but idling (the fourth number) and waiting for disks (the fifth). Guests
/// (from the ninth on) are in the first ones already.
fn busy(line: &str) -> f64 {
    let ticks = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse::<f64>().ok());
    ticks.enumerate().filter(|(at, _)| *at != 3 && *at != 4).map(|(_, ticks)| ticks).sum::<f64>()
        / TICKS_PER_SECOND
}

impl Machine {
    pub(crate) fn now() -> Machine {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let mut words = text.split(' ').map(|word| word.parse().unwrap_or(f64::NAN));
        let mut next = || words.next().unwrap_or(f64::NAN);
        let began = *BEGAN.lock().unwrap_or_else(PoisonError::into_inner);
        let others = began.zip(Spent::by_now()).map_or(f64::NAN, |(began, now)| now.others_since(&began));
        Machine { cores, load: [next(), next(), next()], others }
    }
}

/// The machine in a few words, for a report.
pub(crate) fn described() -> String {
    let line_of = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or("?").trim().to_owned()
    };
    let Machine { cores, load, .. } = Machine::now();
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "?".to_owned());
    format!(
        "{cores} cores ({}), {} of memory, {} {}, load {:.2} {:.2} {:.2}, {} open files at most",
        line_of("/proc/cpuinfo", "model name"),
        line_of("/proc/meminfo", "MemTotal"),
        std::env::consts::OS,
        kernel.trim(),
        load[0],
        load[1],
        load[2],
        open_files_max(),
    )
}

/// Raises the limit of open files as far as this process may, and returns it: each connection is one.
#[cfg(unix)]
pub(crate) fn open_files_max() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let limit = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let allowed = if raised.is_ok() { limit.maximum } else { limit.current };
    allowed.unwrap_or(u64::MAX)
}

/// Elsewhere there is no such limit to raise.
#[cfg(not(unix))]
pub(crate) fn open_files_max() -> u64 {
    u64::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_a_process_and_its_children_that_ended() {
        let stat = "42 (a) b (c) S 7 42 42 0 -1 4194560 100 0 0 0 150 25 300 25 20 0 3 0 12345 1000 200";
        let family = Family::read(stat).unwrap();
        assert_eq!((family.parent, family.seconds), ("7", 5.0));
    }

    #[test]
    fn idling_and_waiting_are_not_busy() {
        assert_eq!(busy("cpu  100 10 200 99999 88888 0 50 40 777 0"), 4.0);
    }

    #[test]
    fn what_we_use_ourselves_is_not_others() {
        let at = Instant::now();
        let began = Spent { at, by_all_s: 100.0, by_us_s: 10.0 };
        let now = Spent { at: at + std::time::Duration::from_secs(10), by_all_s: 115.0, by_us_s: 20.0 };
        assert_eq!(now.others_since(&began), 0.5);
        assert_eq!(began.others_since(&Spent { at: at - std::time::Duration::from_secs(1), ..began }), 0.0);
    }
}
