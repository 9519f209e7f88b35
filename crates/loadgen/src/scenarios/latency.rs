//! How long a message takes from being sent to being shown on the receiver's screen, at a fixed rate that does not wait
//! for anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anser_client_core::local::Save;
use anser_client_core::view::{Content, RowsChange};
use anser_client_core::{Command, Event};
use anser_protocol::Moment;
use anyhow::Result;

use super::chat::Chat;
use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::person::{Act, Person, Role};
use crate::setting::{Setting, Size, number_in, text_of_100};
use crate::timings::Timings;
use crate::world::{Plan, Somebody};

/// Each writer writes this often; there are so many writers that together they make 1,000 messages a second.
const EVERY_MS: u64 = 500;
const LOOK_AGAIN_MS: u64 = 50;

pub(crate) fn plan(size: Size) -> Plan {
    Plan::pairs(size.of(500, 3))
}

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let plan = plan(setting.size);
    let mut server = setting.serve("latency", &plan).await?;
    let mut fleet = Fleet::new(server.route(), Clock::start());
    let shared = Arc::new(Shared::new(fleet.clock()));
    for number in 0..plan.people {
        let who = Somebody::number(setting.seed, number);
        let (presence, now) = (fleet.presence(), fleet.clock().now());
        let (chat, shared) = (Chat::of(who.account), shared.clone());
        if number % 2 == 0 {
            // Spread over the interval, so that they do not all write at once.
            let phase_ms = number as u64 * EVERY_MS / plan.people as u64;
            let writer = Writer { chat, phase_ms, next_at: Moment::NEVER, shared };
            fleet.add(Person::new(&who, writer, presence, now)).await?;
        } else {
            let reader = Reader { chat, is_looking: false, shared };
            fleet.add(Person::new(&who, reader, presence, now)).await?;
        }
    }
    fleet.all_up().await?;
    let (warm_up, span) = setting.size.of((3, 20), (1, 1));
    shared.is_writing.store(true, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(warm_up)).await;
    // What the first messages took is not counted.
    shared.delays_ms.take();
    shared.late_ms.take();
    let meter = server.meter();
    let (before, began) = (meter.read(), tokio::time::Instant::now());
    setting.progress.begin(format_args!("latency: writing for {span} s"));
    tokio::time::sleep(Duration::from_secs(span)).await;
    let (cpu_us, seconds) = (meter.read().cpu_us_since(before), began.elapsed().as_secs_f64());
    fleet.nobody_lost()?;
    drop(fleet);
    server.stop()?;
    let (delays, late) = (shared.delays_ms.take(), shared.late_ms.take());
    let shown = delays.len() as f64;
    let planned = (plan.people / 2) as f64 * 1_000.0 / EVERY_MS as f64;
    Ok(vec![
        Figure::new("latency.shown-p50", delays.quantile(0.5), "ms").at_most(3.0),
        Figure::new("latency.shown-p99", delays.quantile(0.99), "ms").at_most(15.0),
        Figure::new("latency.shown-max", delays.quantile(1.0), "ms"),
        Figure::new("latency.writer-late-p99", late.quantile(0.99), "ms"),
        // Else the delays are those of another load.
        Figure::new("latency.shown", shown / seconds, "/s").at_least(0.98 * planned),
        Figure::new("latency.cpu-per-message", cpu_us / shown, "us"),
    ])
}

/// What everybody has in common.
struct Shared {
    clock: Clock,
    is_writing: AtomicBool,
    /// From the writer's hand to the reader's screen.
    delays_ms: Timings,
    /// How much later than planned the writers wrote: what is slow here may be the generator.
    late_ms: Timings,
}

impl Shared {
    fn new(clock: Clock) -> Shared {
        let (delays_ms, late_ms) = (Timings::default(), Timings::default());
        Shared { clock, is_writing: AtomicBool::new(false), delays_ms, late_ms }
    }
}

/// Writes by the clock, whatever became of the message before.
struct Writer {
    chat: Chat,
    phase_ms: u64,
    next_at: Moment,
    shared: Arc<Shared>,
}

impl Role for Writer {
    fn saved(&mut self, rows: &[Save]) {
        self.chat.saved(rows);
    }

    fn act(&mut self, now: Moment) -> Act {
        let Some(chat) = self.chat.id().filter(|_| self.shared.is_writing.load(Ordering::Relaxed)) else {
            return Act::Wait(now + LOOK_AGAIN_MS);
        };
        if self.next_at == Moment::NEVER {
            self.next_at = now + self.phase_ms;
        }
        if now < self.next_at {
            return Act::Wait(self.next_at);
        }
        self.shared.late_ms.note(now.millis_since(self.next_at) as f64);
        self.next_at = self.next_at + EVERY_MS;
        let text = text_of_100(self.shared.clock.micros());
        Act::Do(Command::SendText { conversation: chat.0, text, send_key: None })
    }
}

/// Looks at the chat.
struct Reader {
    chat: Chat,
    is_looking: bool,
    shared: Arc<Shared>,
}

impl Role for Reader {
    fn saved(&mut self, rows: &[Save]) {
        self.chat.saved(rows);
    }

    fn shown(&mut self, event: &Event) {
        let Event::Timeline { change } = event else { return };
        let RowsChange::Patch { inserted, .. } = &change.rows else { return };
        let now = self.shared.clock.micros();
        for row in inserted {
            if let Content::Text { text } = &row.content
                && let Some(written_at) = number_in(text)
            {
                self.shared.delays_ms.note(now.saturating_sub(written_at) as f64 / 1e3);
            }
        }
    }

    fn act(&mut self, _now: Moment) -> Act {
        match self.chat.id() {
            Some(chat) if !self.is_looking => {
                self.is_looking = true;
                Act::Do(Command::OpenView { view: 1, conversation: chat.0, at: None })
            }
            _ => Act::Wait(Moment::NEVER),
        }
    }
}
