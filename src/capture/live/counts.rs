//! The kernel's counters, which have 32 bits, as numbers that only grow.

use crate::loss::Received;

/// Adds up what libpcap's counters gained since they were read last.
///
/// Right as long as they are read before they gain 2³²: at two million packets a second, every half hour.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    last: [u32; 3],
    sums: [u64; 3],
}

impl Counts {
    /// Takes a reading.
    ///
    /// [spec] `pcap_stats(3PCAP)` and, for the kernel, `packet(7)`: on Linux `received` has the packets that passed the filter, those that
    /// were `dropped` for want of buffer included; the interface's drops come from the counters of its driver.
    pub(super) fn read(&mut self, stat: pcap::Stat) {
        let now = [stat.received, stat.dropped, stat.if_dropped];
        for ((sum, last), now) in self.sums.iter_mut().zip(self.last).zip(now) {
            *sum = sum.saturating_add(now.wrapping_sub(last).into());
        }
        self.last = now;
    }

    /// The sums so far.
    pub(super) fn of(&self, interface: &str) -> Received {
        let [packets, dropped_by_kernel, dropped_by_interface] = self.sums;
        Received { interface: interface.to_owned(), packets, dropped_by_kernel, dropped_by_interface }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_wrap_go_on() {
        let mut counts = Counts::default();
        let readings = [[u32::MAX, 7, 0], [4, 7, u32::MAX - 1], [4, 6, 1]];
        for [received, dropped, if_dropped] in readings {
            counts.read(pcap::Stat { received, dropped, if_dropped });
        }
        let sums = counts.of("eth1");
        assert_eq!(sums.packets, u64::from(u32::MAX) + 5);
        assert_eq!(sums.dropped_by_kernel, 7 + u64::from(u32::MAX));
        assert_eq!(sums.dropped_by_interface, u64::from(u32::MAX) + 2);
    }
}
