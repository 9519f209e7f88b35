//! What the system itself holds for the sockets of all processes: memory that no process is charged with.

use std::fs::read_to_string;

/// Bytes of the system at one moment. NaN where it does not tell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kernel {
    /// Its own structures: sockets, descriptors, what waits in epoll.
    pub(crate) structures: f64,
    /// What is under way or waits to be read.
    pub(crate) socket_buffers: f64,
    /// Tables that say where the memory of processes is.
    pub(crate) page_tables: f64,
}

impl Kernel {
    pub(crate) fn read() -> Kernel {
        let memory = read_to_string("/proc/meminfo").unwrap_or_default();
        let sockets = read_to_string("/proc/net/sockstat").unwrap_or_default();
        Kernel {
            structures: kilobytes(&memory, "SUnreclaim:"),
            socket_buffers: pages_of_tcp(&sockets),
            page_tables: kilobytes(&memory, "PageTables:"),
        }
    }

    pub(crate) fn all(&self) -> f64 {
        self.structures + self.socket_buffers + self.page_tables
    }
}

fn kilobytes(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    number.map_or(f64::NAN, |number| number * 1024.0)
}

/// `TCP: inuse 5 orphan 0 tw 0 alloc 6 mem 1`, in pages of 4 KB.
fn pages_of_tcp(text: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix("TCP:")).unwrap_or_default();
    let mut words = line.split_whitespace().skip_while(|word| *word != "mem").skip(1);
    words.next().and_then(|pages| pages.parse::<f64>().ok()).map_or(f64::NAN, |pages| pages * 4096.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_bytes() {
        assert_eq!(kilobytes("Slab:  9 kB\nSUnreclaim:     12 kB\n", "SUnreclaim:"), 12_288.0);
        let sockets = "sockets: used 9\nTCP: inuse 5 orphan 0 tw 0 alloc 6 mem 3\nUDP: inuse 1 mem 7\n";
        assert_eq!(pages_of_tcp(sockets), 12_288.0);
        assert!(pages_of_tcp("").is_nan());
    }
}
