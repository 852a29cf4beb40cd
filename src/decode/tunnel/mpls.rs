//! MPLS: a stack of labels around an IP packet or an Ethernet frame.

use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, broken};
use crate::tunnel::TunnelKind;

/// The most labels of one stack. Real ones have up to five.
const MOST_LABELS: usize = 16;

/// Takes off the labels down to the bottom of the stack, and the control word of a pseudowire.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when the frame ends before the bottom, for the seventeenth label, or for a fifth tunnel.
///
/// # Wire
///
/// RFC 3032 section 2.1: 20 bits of label, 3 of class, 1 of bottom, 8 of TTL. Nothing says what follows. An IP packet
/// shows its version (RFC 4928 section 3); a first half byte of 0 is the control word of a pseudowire and 1 a message
/// about it (RFC 4385 sections 3 and 5), and behind the control word this is taken for Ethernet (RFC 4448 section 4.6).
/// Ethernet without a control word cannot be told from others, and is left out.
pub(in crate::decode) fn stack(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    for _ in 0..MOST_LABELS {
        let entry = u32::from_be_bytes(*cursor.rest.first_chunk().ok_or_else(|| broken("mpls", "too short"))?);
        cursor.skip(4);
        if entry & 0x100 != 0 {
            cursor.enter_link(TunnelKind::Mpls, Some(entry >> 12))?;
            return inside(cursor);
        }
    }
    Err(broken("mpls", "more than sixteen labels"))
}

/// Says what the labels are around, by its first half byte.
fn inside(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    match cursor.rest.first().map(|first| first >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(0) => {
            cursor.skip(4);
            Ok(Layer::Ethernet)
        }
        Some(_) => Ok(Layer::Other("mpls_other")),
        None => Err(broken("mpls", "nothing behind the labels")),
    }
}
