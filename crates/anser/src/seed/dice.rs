//! Chance that comes out the same every time, so that two seeded directories can be compared.

/// A row of throws that depends on nothing but what it was made of (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of one place: the same numbers give the same throws.
    pub(super) fn of(place: &[u64]) -> Dice {
        let mut dice = Dice(0x616e_7365_7220_7365);
        for number in place {
            dice.0 ^= number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            dice.throw();
        }
        dice
    }

    /// 64 bits.
    pub(super) fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of 0, 1, … `end - 1`; `end` must not be 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        // The remainder is below `end`, and so is a usize.
        (self.throw() % end as u64) as usize
    }

    /// One of some.
    pub(super) fn one_of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}
