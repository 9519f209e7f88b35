//! Pairs of people: one writes, the other's client stores it and says so, and then the next is written.
//!
//! *Window* is how many messages of one writer may be under way, from the writing to the word that the other one has them.
//! The cost is the CPU time of the server, for everything that belongs to a message: the send and its commit, the answer,
//! the push, the receiver's report, its commit, and the writer's push of it. Beside it stands a bare WebSocket echo of
//! the bytes of the send, with as many connections and the same window.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anser_client_core::Command;
use anser_client_core::local::Save;
use anser_protocol::Moment;
use anyhow::Result;

use super::chat::Chat;
use crate::clock::Clock;
use crate::figure::Figure;
use crate::fleet::Fleet;
use crate::person::{Act, Person, Role};
use crate::raw::echo;
use crate::server::Server;
use crate::setting::{Setting, Size, send_frame, text_of_100};
use crate::world::{Plan, Somebody};

/// While writers must not write they look again this often.
const LOOK_AGAIN_MS: u64 = 50;

pub(crate) fn plan(size: Size) -> Plan {
    Plan::pairs(size.of(500, 3))
}

pub(crate) async fn run(setting: &Setting) -> Result<Vec<Figure>> {
    let plan = plan(setting.size);
    let pairs = plan.people / 2;
    let bytes = send_frame().len();
    let mut windows = vec![Measured::of(1, 45.0), Measured::of(8, 25.0)];
    for measured in &mut windows {
        measured.echoes.push(echo::websocket(setting, pairs, measured.window, bytes).await?);
    }
    let mut server = setting.serve("pairs", &plan).await?;
    let shared = Arc::new(Shared::default());
    let mut fleet = Fleet::new(server.route(), Clock::start());
    for number in 0..plan.people {
        let who = Somebody::number(setting.seed, number);
        let (presence, now) = (fleet.presence(), fleet.clock().now());
        if number % 2 == 0 {
            let writer = Writer { chat: Chat::of(who.account), written: 0, shared: shared.clone() };
            fleet.add(Person::new(&who, writer, presence, now)).await?;
        } else {
            fleet.add(Person::new(&who, Reader, presence, now)).await?;
        }
    }
    fleet.all_up().await?;
    for measured in &mut windows {
        measured.measure(setting, &server, &shared).await;
    }
    fleet.nobody_lost()?;
    drop(fleet);
    server.stop()?;
    for measured in &mut windows {
        measured.echoes.push(echo::websocket(setting, pairs, measured.window, bytes).await?);
    }
    Ok(windows.iter().flat_map(Measured::figures).collect())
}

/// What is measured at one window.
struct Measured {
    window: u64,
    /// CPU time per message, at most.
    mark_us: f64,
    /// CPU time per bare echo, before and after.
    echoes: Vec<f64>,
    delivered: u64,
    seconds: f64,
    cpu_us: f64,
    user_us: f64,
}

impl Measured {
    fn of(window: u64, mark_us: f64) -> Measured {
        let (delivered, seconds, cpu_us, user_us) = (0, 0.0, 0.0, 0.0);
        Measured { window, mark_us, echoes: Vec::new(), delivered, seconds, cpu_us, user_us }
    }

    async fn measure(&mut self, setting: &Setting, server: &Server, shared: &Shared) {
        let (warm_up, span) = setting.size.of((3, 12), (0, 1));
        shared.window.store(self.window, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(warm_up)).await;
        let (meter, began) = (server.meter(), tokio::time::Instant::now());
        let (usage, delivered) = (meter.read(), shared.delivered.load(Ordering::Relaxed));
        for second in 0..span {
            tokio::time::sleep_until(began + Duration::from_secs(second + 1)).await;
            let so_far = shared.delivered.load(Ordering::Relaxed) - delivered;
            setting.progress.tick(format_args!(
                "pairs.window-{}: {so_far} delivered in {} s",
                self.window,
                second + 1
            ));
        }
        let used = meter.read();
        self.delivered = shared.delivered.load(Ordering::Relaxed) - delivered;
        self.seconds = began.elapsed().as_secs_f64();
        self.cpu_us = used.cpu_us_since(usage);
        self.user_us = (used.user_s - usage.user_s) * 1e6;
        shared.rest().await;
    }

    fn figures(&self) -> Vec<Figure> {
        let name = |what: &str| format!("pairs.window-{}.{what}", self.window);
        let delivered = self.delivered as f64;
        let echo = self.echoes.iter().sum::<f64>() / self.echoes.len() as f64;
        let cost = Figure::new(name("cpu-per-message"), self.cpu_us / delivered, "us").beside(echo);
        let times = cost.value / echo;
        vec![
            cost.at_most(self.mark_us),
            Figure::new(name("times-the-echo"), times, "x").at_most(5.0),
            Figure::new(name("user-cpu-per-message"), self.user_us / delivered, "us"),
            Figure::new(name("delivered"), delivered / self.seconds, "/s"),
        ]
    }
}

/// What all writers have in common.
#[derive(Default)]
struct Shared {
    /// 0: nobody writes.
    window: AtomicU64,
    delivered: AtomicU64,
}

impl Shared {
    /// Nobody writes any more, and what was under way has arrived.
    async fn rest(&self) {
        self.window.store(0, Ordering::Relaxed);
        let mut before = u64::MAX;
        while self.delivered.load(Ordering::Relaxed) != before {
            before = self.delivered.load(Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// Writes as much as the window allows.
struct Writer {
    chat: Chat,
    written: u64,
    shared: Arc<Shared>,
}

impl Role for Writer {
    fn saved(&mut self, rows: &[Save]) {
        let delivered = self.chat.saved(rows);
        self.shared.delivered.fetch_add(delivered, Ordering::Relaxed);
    }

    fn act(&mut self, now: Moment) -> Act {
        let window = self.shared.window.load(Ordering::Relaxed);
        let under_way = self.written.saturating_sub(self.chat.delivered_count());
        match self.chat.id() {
            Some(chat) if under_way < window => {
                self.written += 1;
                let text = text_of_100(self.written);
                Act::Do(Command::SendText { conversation: chat.0, text, send_key: None })
            }
            _ if under_way > 0 => Act::Wait(Moment::NEVER),
            _ => Act::Wait(now + LOOK_AGAIN_MS),
        }
    }
}

/// Is there, and its client says what it has.
struct Reader;

impl Role for Reader {
    fn act(&mut self, _now: Moment) -> Act {
        Act::Wait(Moment::NEVER)
    }
}

#[cfg(test)]
mod tests {
    use anser_client_core::local::MemberRow;
    use anser_protocol::{AccountId, ConversationId, Seq};

    use super::super::chat::tests::chat_row;
    use super::*;

    /// How many messages the writer writes before it waits.
    fn writes(writer: &mut Writer) -> usize {
        (0..100).take_while(|_| matches!(writer.act(Moment(0)), Act::Do(Command::SendText { .. }))).count()
    }

    #[test]
    fn a_writer_keeps_to_the_window() {
        let (me, other) = (AccountId(1), AccountId(2));
        let shared = Arc::new(Shared::default());
        let mut writer = Writer { chat: Chat::of(me), written: 0, shared: shared.clone() };
        shared.window.store(8, Ordering::Relaxed);
        assert_eq!(writes(&mut writer), 0, "there is no chat yet");
        writer.saved(&[chat_row(7, 1)]);
        assert_eq!(writes(&mut writer), 8);
        let delivered = |account, seq| {
            let (conversation, delivered) = (ConversationId(7), Seq(seq));
            let (from_seq, read, left) = (Seq(1), Seq(0), false);
            Save::Member(MemberRow { conversation, account, from_seq, delivered, read, left })
        };
        writer.saved(&[delivered(me, 9)]);
        assert_eq!(writes(&mut writer), 0, "one's own position delivers nothing");
        writer.saved(&[delivered(other, 4)]);
        assert_eq!((writes(&mut writer), shared.delivered.load(Ordering::Relaxed)), (3, 3));
        shared.window.store(0, Ordering::Relaxed);
        writer.saved(&[delivered(other, 12)]);
        assert_eq!((writes(&mut writer), shared.delivered.load(Ordering::Relaxed)), (0, 11));
    }

    #[test]
    fn the_figures_are_per_message_and_beside_the_mean_of_the_echoes() {
        let measured = Measured {
            window: 8,
            mark_us: 25.0,
            echoes: vec![3.0, 5.0],
            delivered: 1_000,
            seconds: 2.0,
            cpu_us: 24_000.0,
            user_us: 9_000.0,
        };
        let figures = measured.figures();
        assert_eq!(
            (figures[0].value, figures[0].baseline, figures[0].holds()),
            (24.0, Some(4.0), Some(true))
        );
        assert_eq!((figures[1].value, figures[1].holds()), (6.0, Some(false)));
        assert_eq!((figures[2].value, figures[3].value), (9.0, 500.0));
    }
}
