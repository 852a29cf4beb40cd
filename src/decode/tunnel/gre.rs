//! GRE: the header that carries packets of any Ethernet type, and the one of PPTP.

use super::erspan;
use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, be16, be32, broken};
use crate::tunnel::TunnelKind;

/// A checksum and two reserved bytes are there.
const CHECKSUM: u16 = 0x8000;
/// Source routes of the first GRE, which nobody uses.
const ROUTING: u16 = 0x4000;
/// A key is there.
const KEY: u16 = 0x2000;
/// A sequence number is there.
const SEQUENCE: u16 = 0x1000;
/// In version 1, an acknowledgement number is there.
const ACKNOWLEDGEMENT: u16 = 0x0080;
/// The Ethernet type of PPP.
const PPP: u16 = 0x880b;

/// Takes off a GRE header.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole, or for a fifth tunnel.
///
/// # Wire
///
/// RFC 2784 section 2.1 with RFC 2890 section 2: flags and version, Ethernet type, then checksum, key and sequence
/// number, each if its flag says so. A packet with source routes is left out, as RFC 2784 section 2.3 lets one do.
/// The checksum is not verified: that of the TCP segment inside is.
pub(in crate::decode) fn packet(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let (Some(flags), Some(kind)) = (be16(cursor.rest, 0), be16(cursor.rest, 2)) else { return Err(broken("gre", "too short")) };
    match (flags & 7, kind) {
        (0, _) if flags & ROUTING == 0 => generic(cursor, flags, kind),
        (1, PPP) if flags & KEY != 0 => pptp(cursor, flags),
        _ => Ok(Layer::Other("gre_other")),
    }
}

/// Takes off a header of version 0.
fn generic(cursor: &mut Cursor<'_>, flags: u16, kind: u16) -> Result<Layer, Anomaly> {
    cursor.skip(4);
    if flags & CHECKSUM != 0 {
        word(cursor)?;
    }
    let key = if flags & KEY == 0 { None } else { Some(word(cursor)?) };
    let sequence = flags & SEQUENCE != 0;
    if sequence {
        word(cursor)?;
    }
    let inner = match kind {
        0x88be if sequence => return erspan::second(cursor),
        0x88be => return erspan::first(cursor),
        0x22eb => return erspan::third(cursor),
        0x6558 => Layer::Ethernet,
        PPP => Layer::Ppp,
        // Zero is a keep-alive; small numbers are no Ethernet types.
        0..0x0600 => return Ok(Layer::Other("gre_other")),
        _ => Layer::EtherType(kind),
    };
    cursor.enter(TunnelKind::Gre, key)?;
    cursor.copied |= inner == Layer::Ethernet;
    Ok(inner)
}

/// Takes off a header of version 1.
///
/// # Wire
///
/// RFC 2637 section 4.1: the key is the payload's length and the call; without payload it only acknowledges.
fn pptp(cursor: &mut Cursor<'_>, flags: u16) -> Result<Layer, Anomaly> {
    cursor.skip(4);
    let key = word(cursor)?;
    if flags & SEQUENCE == 0 || key >> 16 == 0 {
        return Ok(Layer::Other("gre_other"));
    }
    word(cursor)?;
    if flags & ACKNOWLEDGEMENT != 0 {
        word(cursor)?;
    }
    cursor.limit(usize::try_from(key >> 16).unwrap_or(usize::MAX));
    cursor.enter(TunnelKind::Pptp, Some(key & 0xffff))?;
    Ok(Layer::Ppp)
}

/// Takes off four bytes.
fn word(cursor: &mut Cursor<'_>) -> Result<u32, Anomaly> {
    let word = be32(cursor.rest, 0).ok_or_else(|| broken("gre", "too short"))?;
    cursor.skip(4);
    Ok(word)
}
