//! What else the machine does, and what it lets us have.

use serde::Serialize;

/// The state of the machine, said with every figure: a figure without it means nothing to anybody else.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    cores: usize,
    /// Over 1, 5 and 15 minutes; our own load is part of it. `null` where the system does not tell.
    load: [f64; 3],
}

impl Machine {
    pub(crate) fn now() -> Machine {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let mut words = text.split(' ').map(|word| word.parse().unwrap_or(f64::NAN));
        let mut next = || words.next().unwrap_or(f64::NAN);
        Machine { cores, load: [next(), next(), next()] }
    }
}

/// The machine in a few words, for a report.
pub(crate) fn described() -> String {
    let line_of = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split(':').nth(1).unwrap_or("?").trim().to_owned()
    };
    let Machine { cores, load } = Machine::now();
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
