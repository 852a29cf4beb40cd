//! The IPv6 header and its extension headers (RFC 8200).

use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, Piece, broken};
use etherparse::{Ipv6FragmentHeaderSlice, Ipv6HeaderSlice, Ipv6RawExtHeaderSlice};
use std::net::IpAddr;

/// Takes off an IPv6 header and what lies behind the packet.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole or of another version.
///
/// # Wire
///
/// RFC 8200 section 3. A payload length of zero means a jumbogram (RFC 2675) or segmentation offload: either ends
/// where the frame ends.
pub(in crate::decode) fn header(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let header = Ipv6HeaderSlice::from_slice(cursor.rest).map_err(|_| broken("ipv6", "too short or the version is not 6"))?;
    cursor.skip(header.slice().len());
    match usize::from(header.payload_length()) {
        0 => cursor.whole = false,
        length => cursor.limit(length),
    }
    cursor.source = IpAddr::V6(header.source_addr());
    cursor.destination = IpAddr::V6(header.destination_addr());
    cursor.ttl = header.hop_limit();
    cursor.ip_id = None;
    cursor.extensions = 0;
    Ok(Layer::Transport(header.next_header().0))
}

/// Takes off one extension header: hop-by-hop (0), routing (43), fragment (44), destination options (60), mobility (135).
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole, or for the ninth of a packet.
///
/// # Wire
///
/// RFC 8200 section 4; all but the fragment header say their length in units of eight bytes.
pub(in crate::decode) fn extension(cursor: &mut Cursor<'_>, number: u8) -> Result<Layer, Anomaly> {
    super::count_extension(cursor)?;
    if number == 44 {
        return fragment(cursor);
    }
    let header = Ipv6RawExtHeaderSlice::from_slice(cursor.rest).map_err(|_| broken("ipv6_extension", "too short"))?;
    // With hops still to go, the checksum is over the last of them and not over the destination we see (section 8.1).
    if number == 43 && header.slice().get(3).is_some_and(|left| *left > 0) {
        cursor.whole = false;
    }
    cursor.skip(header.slice().len());
    Ok(Layer::Transport(header.next_header().0))
}

/// Takes off a fragment header. One that says the packet is whole (RFC 6946) changes nothing.
fn fragment(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let header = Ipv6FragmentHeaderSlice::from_slice(cursor.rest).map_err(|_| broken("ipv6_fragment", "too short"))?;
    cursor.skip(header.slice().len());
    let protocol = header.next_header().0;
    if !header.is_fragmenting_payload() {
        return Ok(Layer::Transport(protocol));
    }
    let piece = Piece {
        id: header.identification(),
        protocol,
        offset: header.fragment_offset().value().saturating_mul(8),
        more: header.more_fragments(),
    };
    super::fragment(cursor, "ipv6_fragment", 0, piece)
}
