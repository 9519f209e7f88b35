//! How bad the network is, as data.

use std::ops::RangeInclusive;

/// What happens to connections and to the pieces of their streams. Chances are per mille.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weather {
    /// New connections turned away at once.
    pub refused_per_mille: u32,
    /// New connections that will be reset at some moment of `fate_ms`.
    pub reset_per_mille: u32,
    /// New connections that will silently carry nothing more, from some moment of `fate_ms` on.
    pub half_open_per_mille: u32,
    /// How long after its opening a connection meets its fate.
    pub fate_ms: RangeInclusive<u64>,
    /// Pieces (what one read brings) that are held back, and everything behind them in their direction.
    pub delayed_per_mille: u32,
    /// For so long.
    pub delay_ms: RangeInclusive<u64>,
    /// Pieces that are carried in two, with a pause between.
    pub split_per_mille: u32,
    /// What each direction of a connection carries at most.
    pub bytes_per_second: Option<u64>,
    /// Directions in which nothing arrives now, on any connection.
    pub cut: Cut,
    /// A connection on which nothing has moved for so long carries nothing more, as behind a NAT that forgets.
    pub forgets_after_ms: Option<u64>,
}

/// A direction in which bytes are accepted and never arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// None.
    Nothing,
    /// What clients write.
    ToServer,
    /// What the server writes.
    ToClient,
    /// Both.
    Both,
}

impl Weather {
    /// Everything arrives at once.
    pub const fn fair() -> Weather {
        Weather {
            refused_per_mille: 0,
            reset_per_mille: 0,
            half_open_per_mille: 0,
            fate_ms: 0..=10_000,
            delayed_per_mille: 0,
            delay_ms: 5..=100,
            split_per_mille: 0,
            bytes_per_second: None,
            cut: Cut::Nothing,
            forgets_after_ms: None,
        }
    }

    /// The proxy's part of promise D11: 10 % each. Pushes that are lost, repeated and swapped (10 % each too) are
    /// the server's part.
    pub const fn d11() -> Weather {
        Weather {
            refused_per_mille: 100,
            reset_per_mille: 100,
            half_open_per_mille: 100,
            delayed_per_mille: 100,
            split_per_mille: 100,
            ..Weather::fair()
        }
    }

    /// One direction is cut, all else is fair.
    pub const fn cut(cut: Cut) -> Weather {
        Weather { cut, ..Weather::fair() }
    }
}

impl Cut {
    pub(super) fn concerns(self, to_server: bool) -> bool {
        match self {
            Cut::Nothing => false,
            Cut::ToServer => to_server,
            Cut::ToClient => !to_server,
            Cut::Both => true,
        }
    }
}
