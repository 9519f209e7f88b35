//! What becomes of the next push, by a seed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The exit code of a server whose orders make no sense.
const EXIT_SENSELESS: i32 = 2;

/// What becomes of one push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passes,
    Lost,
    Repeated,
    /// It comes after the next one.
    HeldBack,
}

/// Draws fates. Each bus and each link has dice of its own, so that one is not disturbed by another.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    state: u64,
    chances: Chances,
}

/// Per mille.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Chances {
    seed: u64,
    lost: u64,
    repeated: u64,
    swapped: u64,
}

impl Dice {
    /// Other dice with each call; `None` if no trouble was asked for.
    pub(super) fn of_environment() -> Option<Dice> {
        static CHANCES: OnceLock<Option<Chances>> = OnceLock::new();
        static TAKEN: AtomicU64 = AtomicU64::new(0);
        let chances = CHANCES.get_or_init(|| {
            let text = std::env::var("ANSER_PUSH_TROUBLE").ok()?;
            let chances = Chances::parse(&text);
            if chances.is_none() {
                eprintln!("ANSER_PUSH_TROUBLE: `{text}` is not seed:lost:repeated:swapped");
                std::process::exit(EXIT_SENSELESS);
            }
            chances
        });
        let number = TAKEN.fetch_add(1, Ordering::Relaxed);
        chances.map(|chances| Dice { state: chances.seed.wrapping_add(number << 32), chances })
    }

    pub(super) fn next(&mut self) -> Fate {
        let Chances { lost, repeated, swapped, .. } = self.chances;
        let throw = self.random() % 1000;
        if throw < lost {
            Fate::Lost
        } else if throw < lost + repeated {
            Fate::Repeated
        } else if throw < lost + repeated + swapped {
            Fate::HeldBack
        } else {
            Fate::Passes
        }
    }

    /// SplitMix64: small, and good enough to choose with.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Chances {
    fn parse(text: &str) -> Option<Chances> {
        let numbers: Vec<u64> = text.split(':').map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [seed, lost, repeated, swapped] = numbers[..] else { return None };
        let all = lost.checked_add(repeated)?.checked_add(swapped)?;
        (all <= 1000).then_some(Chances { seed, lost, repeated, swapped })
    }
}

#[cfg(test)]
pub(super) fn always(fate: Fate) -> Dice {
    let chance = |of| if fate == of { 1000 } else { 0 };
    let (lost, repeated, swapped) = (chance(Fate::Lost), chance(Fate::Repeated), chance(Fate::HeldBack));
    Dice { state: 0, chances: Chances { seed: 0, lost, repeated, swapped } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fates_come_about_as_often_as_asked_for_and_the_same_for_the_same_seed() {
        let throw = || {
            let chances = Chances::parse("7:100:100:100").unwrap();
            let mut dice = Dice { state: chances.seed, chances };
            (0..10_000).map(|_| dice.next()).collect::<Vec<_>>()
        };
        let fates = throw();
        for fate in [Fate::Lost, Fate::Repeated, Fate::HeldBack] {
            let count = fates.iter().filter(|is| **is == fate).count();
            assert!((800..1200).contains(&count), "{fate:?}: {count}");
        }
        assert_eq!(fates, throw());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for text in ["", "1:2:3", "1:2:3:x", "1:500:500:500", "1:2:3:4:5"] {
            assert_eq!(Chances::parse(text), None, "{text}");
        }
    }
}
