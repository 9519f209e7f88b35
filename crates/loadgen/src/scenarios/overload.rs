//! Twice as many messages as can be stored: the excess is refused by name, what can be stored still is, memory stays
//! bounded, and soon after the excess ends everything is as before.
//!
//! What can be stored is measured first: the same writers, each writing the next message when one is answered. Then they
//! write by the clock, at half of that, at twice, and at half again; like an engine they wait when they are told to, and
//! like a person they write no more when too much waits to go out.

use std::sync::Arc;
use std::time::Duration;

use anser_protocol::wire::ErrorCode;
use anyhow::Result;

use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::meter::Usage;
use crate::server::Server;
use crate::setting::Setting;
use crate::talk::add_pairs;
use crate::talk::book::{Book, Page};
use crate::talk::schedule::{Rates, Schedule};
use crate::world::Plan;

/// So many that none of them meets the bound of a single link (`limits::REQUESTS_PER_SECOND`), even when twice as many
/// messages are written as can be stored.
const WRITERS: usize = 1_000;
/// Unanswered messages of each writer while it is measured how many can be stored: together fewer than the store queues.
const WINDOW: usize = 3;
/// Memory that the whole overload may take, above what the server had before.
const BYTES_MAX: f64 = 256.0 * 1024.0 * 1024.0;
/// As before means: no slower than so many times what it was, and than what nobody notices.
const SLOWER: f64 = 2.0;
const UNNOTICED_MS: f64 = 100.0;
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// So long all must be as before to be called so.
const SETTLED_S: f64 = 5.0;

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let writers = setting.size.of(WRITERS, 4);
    let server = setting.serve("overload", &Plan::pairs(writers)).await?;
    let rated = rated(setting, &server, writers).await?;
    // By the clock of a client; a smoke test is not there to overload anybody.
    let rate = setting.size.of(rated.per_second(), 40.0);
    let overload = overload(setting, &server, writers, rate).await?;
    Ok(report(&rated, &overload))
}

/// Some span: what was stored, and what the server used for it.
struct Span {
    page: Page,
    seconds: f64,
    cpu_s: f64,
    /// Above what the server had before anybody wrote.
    bytes: f64,
}

impl Span {
    fn per_second(&self) -> f64 {
        self.page.accepted as f64 / self.seconds
    }

    fn per_cpu_second(&self) -> f64 {
        self.page.accepted as f64 / self.cpu_s
    }
}

/// Reads one span after the other.
struct Watch<'a> {
    setting: &'a Setting,
    server: &'a Server,
    book: &'a Book,
    before: Usage,
}

impl Watch<'_> {
    /// All that happens within so long.
    async fn span(&self, lasts: Duration) -> Span {
        let (meter, began) = (self.server.meter(), tokio::time::Instant::now());
        let usage = meter.read();
        let (mut page, mut bytes) = (Page::default(), 0.0_f64);
        while began.elapsed() < lasts {
            let left = lasts.saturating_sub(began.elapsed());
            tokio::time::sleep(left.min(LOOK_EVERY)).await;
            let now = self.book.take();
            self.setting.progress.tick(format_args!(
                "overload: {} stored in this half second, p99 {:.0} ms, refused: {:?}",
                now.accepted,
                now.sent.quantile_ms(0.99),
                now.refusals
            ));
            page.add(&now);
            bytes = bytes.max(meter.read().bytes_since(self.before));
        }
        let cpu_s = meter.read().cpu_us_since(usage) / 1e6;
        Span { page, seconds: began.elapsed().as_secs_f64(), cpu_s, bytes }
    }
}

/// How much can be stored.
async fn rated(setting: &Setting, server: &Server, writers: usize) -> Result<Span> {
    let book = Arc::new(Book::default());
    let watch = Watch { setting, server, book: &book, before: server.meter().read() };
    let mut fleet = Fleet::new(server.route(), Clock::start());
    let schedule = Schedule::Window(WINDOW);
    add_pairs(&mut fleet, setting.seed, 0..2 * writers, &schedule, 100, &book).await?;
    fleet.all_up().await?;
    let (warm_up, span) = setting.size.of((3, 10), (0, 1));
    watch.span(Duration::from_secs(warm_up)).await;
    setting.progress.begin("overload: how much can be stored");
    Ok(watch.span(Duration::from_secs(span)).await)
}

/// What happened before, during and after.
struct Overload {
    calm: Span,
    excess: Span,
    /// Seconds after the end of the excess until everything was as before; NaN: it never was.
    recovered: f64,
    wrongs: usize,
}

async fn overload(setting: &Setting, server: &Server, writers: usize, rated: f64) -> Result<Overload> {
    let (calm_s, excess_s, after_s) = setting.size.of((8, 20, 40), (1, 1, 1));
    let book = Arc::new(Book::default());
    let watch = Watch { setting, server, book: &book, before: server.meter().read() };
    let clock = Clock::start();
    let mut fleet = Fleet::new(server.route(), clock);
    // Time for all to come up, before the first rate counts.
    let begin = clock.micros() + setting.size.of(15_000_000, 1_000_000);
    let at = |seconds: u64| begin + seconds * 1_000_000;
    let rates = vec![
        (begin, 0.0),
        (at(calm_s), 0.5 * rated),
        (at(calm_s + excess_s), 2.0 * rated),
        (at(calm_s + excess_s + after_s), 0.5 * rated),
    ];
    let schedule = Schedule::Rates(Rates::new(rates, writers));
    add_pairs(&mut fleet, setting.seed, 0..2 * writers, &schedule, 100, &book).await?;
    fleet.all_up().await?;
    let until = |us: u64| Duration::from_micros(us.saturating_sub(clock.micros()));
    tokio::time::sleep(until(begin)).await;
    book.take();
    setting.progress.begin(format_args!("overload: half of {rated:.0} messages a second"));
    let calm = watch.span(until(at(calm_s))).await;
    setting.progress.begin("overload: twice as many as can be stored");
    let excess = watch.span(until(at(calm_s + excess_s))).await;
    let bound = (SLOWER * calm.page.sent.quantile_ms(0.99)).max(UNNOTICED_MS);
    let end = at(calm_s + excess_s);
    let (mut recovery, mut wrongs) = (Recovery::default(), calm.page.wrongs.len() + excess.page.wrongs.len());
    while clock.micros() < at(calm_s + excess_s + after_s) {
        let page = watch.span(LOOK_EVERY).await.page;
        wrongs += page.wrongs.len();
        let is_as_before = page.refusals.is_empty() && page.sent.quantile_ms(0.99) <= bound;
        recovery.note(is_as_before, clock.micros().saturating_sub(end) as f64 / 1e6);
    }
    Ok(Overload { calm, excess, recovered: recovery.after_s(), wrongs })
}

/// When everything was as before, and stayed so for a while: what a disk does much later is no overload.
#[derive(Default)]
struct Recovery {
    as_before_since: Option<f64>,
    settled: Option<f64>,
}

impl Recovery {
    /// Some time that ended so many seconds after the excess was as before, or was not.
    fn note(&mut self, is_as_before: bool, seconds: f64) {
        self.as_before_since =
            if is_as_before { Some(self.as_before_since.unwrap_or(seconds)) } else { None };
        let since = self.as_before_since.filter(|since| seconds - since >= SETTLED_S);
        self.settled = self.settled.or(since);
    }

    /// NaN: it never was.
    fn after_s(&self) -> f64 {
        self.settled.unwrap_or(f64::NAN)
    }
}

fn report(rated: &Span, overload: &Overload) -> Vec<Figure> {
    let Overload { calm, excess, recovered, wrongs } = overload;
    let kept = 100.0 * excess.per_second() / rated.per_second();
    let kept_cpu = 100.0 * excess.per_cpu_second() / rated.per_cpu_second();
    let offered = (excess.page.written + excess.page.held_back) as f64 / excess.seconds;
    vec![
        Figure::new("overload.rated", rated.per_second(), "/s"),
        Figure::new("overload.offered", offered, "/s"),
        Figure::new("overload.stored", excess.per_second(), "/s").beside(rated.per_second()),
        Figure::new("overload.kept", kept, "%").at_least(90.0),
        Figure::new("overload.kept-per-cpu", kept_cpu, "%"),
        Figure::new("overload.refused-busy", excess.page.refused(ErrorCode::Busy) as f64, "").at_least(1.0),
        Figure::new("overload.refused-otherwise", excess.page.refused_otherwise(ErrorCode::Busy) as f64, "")
            .at_most(0.0),
        Figure::new("overload.memory", excess.bytes / 1024.0 / 1024.0, "MiB")
            .beside(rated.bytes / 1024.0 / 1024.0)
            .at_most(BYTES_MAX / 1024.0 / 1024.0),
        Figure::new("overload.sent-p99", excess.page.sent.quantile_ms(0.99), "ms")
            .beside(calm.page.sent.quantile_ms(0.99)),
        Figure::new("overload.recovered", *recovered, "s").at_most(30.0),
        Figure::new("overload.messages-lost-or-doubled", *wrongs as f64, "").at_most(0.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recovered(spans: impl IntoIterator<Item = (bool, f64)>) -> f64 {
        let mut recovery = Recovery::default();
        spans.into_iter().for_each(|(is_as_before, seconds)| recovery.note(is_as_before, seconds));
        recovery.after_s()
    }

    #[test]
    fn recovered_is_what_stays_as_before_for_a_while() {
        let well_from = |from: f64| move |second: i32| (f64::from(second) >= from, f64::from(second));
        assert_eq!(recovered((1..=20).map(well_from(7.0))), 7.0);
        assert!(recovered((1..=10).map(well_from(7.0))).is_nan(), "not long enough");
        let a_moment_only =
            [(true, 2.0), (true, 4.0), (false, 6.0), (true, 8.0), (true, 14.0), (false, 15.0)];
        assert_eq!(recovered(a_moment_only), 8.0);
    }
}
