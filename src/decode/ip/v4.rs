//! The IPv4 header (RFC 791).

use crate::anomaly::Anomaly;
use crate::decode::Checks;
use crate::decode::cursor::{Cursor, Layer, Piece, broken};
use etherparse::Ipv4HeaderSlice;
use etherparse::checksum::Sum16BitWords;
use etherparse::err::ipv4::{HeaderError, HeaderSliceError};
use std::net::IpAddr;

/// Takes off an IPv4 header and what lies behind the packet.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when the header is not whole or its lengths contradict each other, or for a fragment
/// that cannot be.
///
/// # Wire
///
/// RFC 791 section 3.1. A total length of zero is what a network card is given to cut into packets (segmentation
/// offload): such a packet ends where the frame ends.
pub(in crate::decode) fn header(cursor: &mut Cursor<'_>, checks: Checks) -> Result<Layer, Anomaly> {
    let header = Ipv4HeaderSlice::from_slice(cursor.rest).map_err(|error| broken("ipv4", problem(&error)))?;
    let bytes = header.slice().len();
    let offloaded = header.total_len() == 0;
    match usize::from(header.total_len()) {
        0 => cursor.whole = false,
        total if total < bytes => return Err(broken("ipv4", "total length is less than the header")),
        total => cursor.limit(total),
    }
    // The card writes the checksum after it has cut the packet.
    if checks.verify && !offloaded && Sum16BitWords::new().add_slice(header.slice()).ones_complement() != 0 {
        return Ok(Layer::Other("bad_checksum"));
    }
    cursor.skip(bytes);
    cursor.source = IpAddr::V4(header.source_addr());
    cursor.destination = IpAddr::V4(header.destination_addr());
    cursor.ttl = header.ttl();
    cursor.ip_id = Some(header.identification());
    cursor.extensions = 0;
    let protocol = header.protocol().0;
    if !header.is_fragmenting_payload() {
        return Ok(Layer::Transport(protocol));
    }
    let piece = Piece {
        id: header.identification().into(),
        protocol,
        offset: header.fragments_offset().value().saturating_mul(8),
        more: header.more_fragments(),
    };
    super::fragment(cursor, "ipv4", bytes, piece)
}

/// etherparse's reason in our words.
fn problem(error: &HeaderSliceError) -> &'static str {
    match error {
        HeaderSliceError::Len(_) => "too short",
        HeaderSliceError::Content(HeaderError::UnexpectedVersion { .. }) => "the version is not 4",
        HeaderSliceError::Content(HeaderError::HeaderLengthSmallerThanHeader { .. }) => "header length is less than five words",
    }
}
