//! What a process has used so far: CPU time and memory, as the system counts them.

/// The clock ticks of `/proc`, per second: the same on every Linux that Rust runs on.
pub(crate) const TICKS_PER_SECOND: f64 = 100.0;

/// Reads what one process has used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    /// `None`: a process that is not ours to look at, on another machine perhaps.
    pid: Option<u32>,
}

/// What a process has used so far. NaN where it cannot be known; whatever is computed from that is NaN too, and a figure
/// made of it says that it was not measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) user_s: f64,
    pub(crate) system_s: f64,
    /// Resident memory.
    pub(crate) bytes: f64,
}

impl Meter {
    pub(crate) fn of(pid: Option<u32>) -> Meter {
        Meter { pid }
    }

    pub(crate) fn read(&self) -> Usage {
        let unknown = Usage { user_s: f64::NAN, system_s: f64::NAN, bytes: f64::NAN };
        let Some(pid) = self.pid else { return unknown };
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
        let (Some(stat), Some(status)) = (read("stat"), read("status")) else { return unknown };
        let (user_s, system_s) = times(&stat);
        Usage { user_s, system_s, bytes: resident(&status) }
    }
}

impl Usage {
    /// User and system together, since an earlier reading.
    pub(crate) fn cpu_us_since(&self, earlier: Usage) -> f64 {
        (self.user_s + self.system_s - earlier.user_s - earlier.system_s) * 1e6
    }

    pub(crate) fn bytes_since(&self, earlier: Usage) -> f64 {
        self.bytes - earlier.bytes
    }
}

/// The fields 14 and 15 of `stat`. The second one is a name in brackets, which may contain anything.
fn times(stat: &str) -> (f64, f64) {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let mut fields =
        after_name.split_whitespace().skip(11).map(|field| field.parse::<f64>().unwrap_or(f64::NAN));
    let mut next = || fields.next().unwrap_or(f64::NAN) / TICKS_PER_SECOND;
    (next(), next())
}

fn resident(status: &str) -> f64 {
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = kilobytes.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    number.map_or(f64::NAN, |number| number * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 3 0 12345 1000 200";
        assert_eq!(times(stat), (1.5, 0.25));
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    1234 kB\nThreads:\t1\n"), 1234.0 * 1024.0);
        assert!(resident("Name:\tx\n").is_nan());
    }

    #[test]
    fn a_process_that_is_not_there_is_not_measured() {
        let nobody = Meter::of(None).read();
        assert!(nobody.cpu_us_since(nobody).is_nan());
        let gone = Meter::of(Some(u32::MAX)).read();
        assert!(gone.bytes.is_nan());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_is_seen() {
        let meter = Meter::of(Some(std::process::id()));
        let before = meter.read();
        let mut sum = 0_u64;
        // As long as it takes to be counted: a tick or two.
        while meter.read().cpu_us_since(before) < 20_000.0 {
            sum = (0..100_000_u64)
                .fold(sum, |sum, next| sum.wrapping_mul(31).wrapping_add(std::hint::black_box(next)));
        }
        assert!(meter.read().bytes > 100_000.0, "{sum}");
    }
}
