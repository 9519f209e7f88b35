//! Toward a million: as many signed-in sessions as the machine holds, kept for minutes, while some of them talk.
//!
//! A process may hold only so many descriptors, and a store belongs to one process; so the crowd is in parts, each with a
//! server, a store and a generator of its own. Each person has a device, a session, and a chat with somebody; their beats
//! adapt as those of phones do. What a million would take is what these take, times so many more.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::crowd::child::Order;
use crate::crowd::part::Part;
use crate::figure::Figure;
use crate::kernel::Kernel;
use crate::machine;
use crate::meter::Usage;
use crate::setting::Setting;
use crate::talk::book::Page;

/// Links of one process, where it may have more descriptors than these: what a default server takes, and a bit less.
const LINKS_MAX: usize = 19_000;
/// Descriptors of a process that are no links.
const OTHER_FILES: u64 = 500;
/// Messages per second, of everybody together.
const RATE: f64 = 1_000.0;
/// One in so many talks; the others only are there.
const TALKERS: usize = 50;
/// If nobody came up for so long, the rest will not come either.
const PATIENCE: Duration = Duration::from_secs(120);
const MILLION: f64 = 1_000_000.0;

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let sessions = setting.people.unwrap_or_else(|| setting.size.of(200_000, 80));
    let hold =
        setting.size.of(Duration::from_secs(60 * setting.minutes.unwrap_or(10)), Duration::from_secs(3));
    let room = usize::try_from(machine::open_files_max().saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    let most = setting.size.of(LINKS_MAX.min(room), 40);
    let parts = sessions.div_ceil(most);
    ensure!(parts <= usize::from(u8::MAX), "{parts} parts are more than this can count");

    let kernel_before = Kernel::read();
    let mut crowd = Crowd { parts: Vec::new(), sessions: 0 };
    let began = Instant::now();
    for number in 0..parts {
        // People and talkers come in pairs.
        let people = sessions.div_ceil(parts).div_ceil(2) * 2;
        let talkers = people.div_ceil(TALKERS).div_ceil(2) * 2;
        // Below the 255 that were checked.
        crowd.parts.push(Part::start(setting, number as u8, people, talkers).await?);
        crowd.sessions += people;
    }
    let rate = setting.size.of(RATE, 20.0) / parts as f64;
    for part in &mut crowd.parts {
        part.order(Order::Talk { rate })?;
    }
    crowd.all_up(setting).await?;
    let came_in = began.elapsed().as_secs_f64();
    let held = crowd.hold(setting, hold).await?;
    let kernel = Kernel::read();
    let mut figures = vec![
        Figure::new("crowd.sessions", held.least_up as f64, "").at_least(setting.size.of(200_000.0, 80.0)),
        Figure::new("crowd.processes", parts as f64, "servers"),
        Figure::new("crowd.all-up-after", came_in, "s"),
        Figure::new("crowd.held", held.seconds, "s").at_least(setting.size.of(600.0, 3.0)),
        Figure::new("crowd.lost", held.lost as f64, "").at_most(0.0),
        Figure::new("crowd.messages", held.page.received as f64 / held.seconds, "/s"),
        Figure::new("crowd.shown-p50", held.page.shown.quantile_ms(0.5), "ms"),
        Figure::new("crowd.shown-p99", held.page.shown.quantile_ms(0.99), "ms"),
        Figure::new("crowd.wronged", held.page.wrongs.len() as f64, "").at_most(0.0),
        Figure::new("crowd.servers-cores", held.cores, "cores"),
    ];
    figures.extend(crowd.memory(kernel_before, kernel));
    Ok(figures)
}

struct Crowd {
    parts: Vec<Part>,
    sessions: usize,
}

/// What was seen while the crowd was there.
struct Held {
    least_up: usize,
    /// Links that were lost, without those that were lost on the way up.
    lost: u64,
    seconds: f64,
    page: Page,
    /// CPU of all servers, in cores.
    cores: f64,
}

impl Crowd {
    /// How many are up, how many were lost so far, and what was said since the last look.
    fn look(&mut self) -> Result<(usize, u64, Page)> {
        let (mut up, mut lost, mut page) = (0, 0, Page::default());
        for part in &mut self.parts {
            let report = part.report()?;
            up += report.up;
            lost += report.lost;
            page.add(&report.page);
        }
        Ok((up, lost, page))
    }

    async fn all_up(&mut self, setting: &Setting) -> Result<()> {
        let (mut most, mut since) = (0, Instant::now());
        loop {
            let (up, _, _) = self.look()?;
            if up >= self.sessions {
                return Ok(());
            }
            setting.progress.tick(format_args!("crowd: {up} of {} sessions", self.sessions));
            if up > most {
                (most, since) = (up, Instant::now());
            }
            ensure!(since.elapsed() < PATIENCE, "only {up} of {} sessions came up", self.sessions);
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn hold(&mut self, setting: &Setting, lasts: Duration) -> Result<Held> {
        // What was said on the way up is not what is measured.
        tokio::time::sleep(setting.size.of(Duration::from_secs(10), Duration::from_secs(1))).await;
        let (mut least_up, lost_before, _) = self.look()?;
        let (began, usages) = (Instant::now(), self.usages());
        let (mut lost, mut all) = (lost_before, Page::default());
        while began.elapsed() < lasts {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let (up, lost_now, page) = self.look()?;
            least_up = least_up.min(up);
            lost = lost_now;
            all.add(&page);
            let left = lasts.saturating_sub(began.elapsed()).as_secs();
            let p99 = page.shown.quantile_ms(0.99);
            setting.progress.tick(format_args!(
                "crowd: {up} sessions, {} messages in this second, p99 {p99:.1} ms; {left} s to go",
                page.received
            ));
        }
        let seconds = began.elapsed().as_secs_f64();
        let used =
            self.usages().iter().zip(&usages).map(|(now, before)| now.cpu_us_since(*before)).sum::<f64>();
        Ok(Held { least_up, lost: lost - lost_before, seconds, page: all, cores: used / 1e6 / seconds })
    }

    fn usages(&self) -> Vec<Usage> {
        self.parts.iter().map(|part| part.server().read()).collect()
    }

    /// The table of memory, and what a million would take.
    fn memory(&self, before: Kernel, after: Kernel) -> Vec<Figure> {
        let sessions = self.sessions as f64;
        let servers = self.parts.iter().map(Part::server_bytes).sum::<f64>() / sessions;
        let generators = self.parts.iter().map(Part::generator_bytes).sum::<f64>() / sessions;
        let of_kernel = |of: fn(&Kernel) -> f64| (of(&after) - of(&before)) / sessions;
        // Both ends of each link are here; what a server alone would have is about half.
        let kernel_of_server = of_kernel(Kernel::all) / 2.0;
        let gibibytes = |bytes: f64| bytes * MILLION / 1024.0_f64.powi(3);
        vec![
            Figure::new("crowd.memory.server-each", servers, "B").at_most(3.0 * 1024.0),
            Figure::new("crowd.memory.generator-each", generators, "B"),
            Figure::new("crowd.memory.kernel-structures-each", of_kernel(|kernel| kernel.structures), "B"),
            Figure::new(
                "crowd.memory.kernel-socket-buffers-each",
                of_kernel(|kernel| kernel.socket_buffers),
                "B",
            ),
            Figure::new("crowd.memory.kernel-page-tables-each", of_kernel(|kernel| kernel.page_tables), "B"),
            Figure::new("crowd.a-million.server", gibibytes(servers), "GiB"),
            Figure::new("crowd.a-million.kernel-of-server", gibibytes(kernel_of_server), "GiB"),
        ]
    }
}
