//! What is due now and then while frames pass: facts made safe, and the focus network read again.

use crate::inventory::FocusSource;
use crate::report::held::HeldBytes;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

/// Frames between two looks at what is due: a look costs a clock reading.
const FRAMES_PER_LOOK: u32 = 256;
/// What a killed run may lose.
const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// Output held back beyond this is made safe and let go earlier.
const MOST_HELD: usize = 4 << 20;

/// What the user may ask for while the program runs. The default asks for nothing.
#[derive(Debug, Default)]
pub struct Orders {
    /// Becomes true when the focus network is to be read again.
    pub reload: Arc<AtomicBool>,
    /// What to read then.
    pub focus: FocusSource,
    /// The output that is held back until facts are safe, where they are kept in a file.
    pub held: Option<HeldBytes>,
}

/// Knows what is due. It reads a clock of its own, since a killed run is measured by that of its user; no output shows it.
#[derive(Debug)]
pub(crate) struct Upkeep {
    orders: Orders,
    settled_at: Instant,
    frames: u32,
}

impl Upkeep {
    pub(crate) fn new(orders: Orders) -> Self {
        Self { orders, settled_at: Instant::now(), frames: 0 }
    }

    /// Whether to look, seldom: a frame passed.
    pub(crate) fn frame(&mut self) -> bool {
        self.frames = self.frames.saturating_add(1);
        let look = self.frames >= FRAMES_PER_LOOK;
        if look {
            self.frames = 0;
        }
        look
    }

    /// The source of the focus network, when it is to be read again.
    pub(crate) fn reload(&self) -> Option<&FocusSource> {
        self.orders.reload.swap(false, Ordering::Relaxed).then_some(&self.orders.focus)
    }

    /// Whether facts are to be made safe, and the output let go.
    pub(crate) fn settle(&mut self) -> bool {
        let Some(held) = &self.orders.held else { return false };
        let due = held.get() >= MOST_HELD || self.settled_at.elapsed() >= SETTLE_EVERY;
        if due {
            self.settled_at = Instant::now();
        }
        due
    }
}
