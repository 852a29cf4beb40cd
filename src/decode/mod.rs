//! Frame bytes to a TCP segment, whatever is wrapped around it.

use crate::event::Frames;
use crate::peer::{Endpoint, VlanStack};
use crate::time::Timestamp;

/// TCP flags, as the wire has them in the thirteenth byte of the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub u8);

impl Flags {
    /// FIN
    pub const FIN: u8 = 0x01;
    /// SYN
    pub const SYN: u8 = 0x02;
    /// RST
    pub const RST: u8 = 0x04;
    /// ACK
    pub const ACK: u8 = 0x10;

    /// Whether all of these are set.
    #[must_use]
    pub fn has(self, flags: u8) -> bool {
        self.0 & flags == flags
    }
}

/// A TCP segment, borrowed from its frame or from the datagram its fragments were joined to.
#[derive(Clone, Debug)]
pub struct Segment<'a> {
    /// Time of the (last) frame.
    pub at: Timestamp,
    /// The frame, or all frames of a fragmented datagram.
    pub frames: Frames,
    /// Who sent it.
    pub source: Endpoint,
    /// To whom.
    pub destination: Endpoint,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgement number; means something only with the ACK flag.
    pub ack: u32,
    /// The flags.
    pub flags: Flags,
    /// The window field, not scaled.
    pub window: u16,
    /// The window-scale option (0 to 14); looked for only in segments with SYN.
    pub window_scale: Option<u8>,
    /// Payload, cut to the IP length and to what was captured.
    pub payload: &'a [u8],
    /// Payload bytes that were on the wire but not captured (snap length).
    pub uncaptured: u32,
    /// VLAN tags around it.
    pub vlans: VlanStack,
}
