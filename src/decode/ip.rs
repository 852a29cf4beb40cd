//! IP: which version, which protocol number leads where, and the headers both versions share.

pub(super) mod v4;
pub(super) mod v6;

use super::cursor::{Cursor, Layer, Piece, broken};
use crate::anomaly::Anomaly;
use crate::tunnel::TunnelKind;
use etherparse::IpAuthHeaderSlice;

/// The longest datagram there is: all length fields have 16 bits.
const MOST_DATAGRAM_BYTES: usize = 65_535;
/// The most extension headers one packet may have. Real ones have two or three.
const MOST_EXTENSIONS: u8 = 8;

/// Says which version the packet is.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is neither.
pub(super) fn either(cursor: &Cursor<'_>) -> Result<Layer, Anomaly> {
    match cursor.rest.first().map(|first| first >> 4) {
        Some(4) => Ok(Layer::Ipv4),
        Some(6) => Ok(Layer::Ipv6),
        Some(_) => Err(broken("ip", "neither version 4 nor 6")),
        None => Err(broken("ip", "too short")),
    }
}

/// Says what a protocol number other than those of TCP, UDP and GRE leads to; takes off extension headers.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when an extension header is not whole, or for the ninth.
///
/// # Wire
///
/// IANA's protocol numbers. The authentication header (51) may follow either version. RFC 2003 section 3.1 for IPv4 in
/// IP (4), RFC 4213 section 3 and RFC 2473 section 3 for IPv6 in IP (41).
pub(super) fn protocol(cursor: &mut Cursor<'_>, number: u8) -> Result<Layer, Anomaly> {
    let v6 = cursor.source.is_ipv6();
    match number {
        1 if !v6 => Ok(Layer::Other("icmp")),
        4 => tunnel(cursor, Layer::Ipv4),
        41 => tunnel(cursor, Layer::Ipv6),
        51 => authentication(cursor),
        58 if v6 => Ok(Layer::Other("icmp6")),
        132 => Ok(Layer::Other("sctp")),
        0 | 43 | 44 | 60 | 135 if v6 => v6::extension(cursor, number),
        _ if v6 => Ok(Layer::Other("ipv6_other")),
        _ => Ok(Layer::Other("ip_protocol_other")),
    }
}

/// Enters an IP packet in an IP packet.
fn tunnel(cursor: &mut Cursor<'_>, inner: Layer) -> Result<Layer, Anomaly> {
    cursor.enter(TunnelKind::IpInIp, None)?;
    Ok(inner)
}

/// Counts an extension header.
fn count_extension(cursor: &mut Cursor<'_>) -> Result<(), Anomaly> {
    if cursor.extensions >= MOST_EXTENSIONS {
        return Err(broken("ip_extension", "more than eight headers"));
    }
    cursor.extensions = cursor.extensions.saturating_add(1);
    Ok(())
}

/// Takes off an authentication header (RFC 4302 section 2). What it protects is readable.
fn authentication(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    count_extension(cursor)?;
    let header = IpAuthHeaderSlice::from_slice(cursor.rest).map_err(|_| broken("ip_auth", "too short or length zero"))?;
    cursor.skip(header.slice().len());
    Ok(Layer::Transport(header.next_header().0))
}

/// Checks a fragment's place before anybody keeps it: `header` is how much of 65,535 bytes its headers take.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it has no bytes, ends beyond the longest datagram (the ping of death), or has a
/// length that leaves a hole before the next one (RFC 791 section 3.2, RFC 8200 section 4.5).
fn fragment(cursor: &Cursor<'_>, layer: &'static str, header: usize, piece: Piece) -> Result<Layer, Anomaly> {
    let bytes = cursor.rest.len().saturating_add(cursor.cut);
    if bytes == 0 {
        return Err(broken(layer, "empty fragment"));
    }
    if piece.more && !bytes.is_multiple_of(8) {
        return Err(broken(layer, "fragment length is not a multiple of eight"));
    }
    if bytes.saturating_add(usize::from(piece.offset)).saturating_add(header) > MOST_DATAGRAM_BYTES {
        return Err(broken(layer, "fragment ends beyond 65535 bytes"));
    }
    Ok(Layer::Fragment(piece))
}

#[cfg(test)]
mod tests;
