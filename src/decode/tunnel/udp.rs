//! Tunnels in UDP: VXLAN, its generic extension, GENEVE. All other UDP is none of ours.

use crate::anomaly::Anomaly;
use crate::decode::cursor::{Cursor, Layer, be16, be32};
use crate::decode::{Decoded, UdpDatagram};
use crate::evidence::Frames;
use crate::peer::Endpoint;
use crate::tunnel::TunnelKind;

/// Under which name datagrams that are no tunnel are counted.
pub(in crate::decode) const REASON: &str = "udp";

/// What every datagram that is no tunnel is.
const UDP: Layer = Layer::Other(REASON);

/// Takes off a UDP header and the header of the tunnel that its destination port promises.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] for a fifth tunnel.
///
/// # Wire
///
/// RFC 768. Only the destination counts: the source port of these tunnels is a hash of what is inside (RFC 7348
/// section 5, RFC 8926 section 3.3). 8472 is what Linux used for VXLAN before 4789 was assigned.
pub(in crate::decode) fn datagram(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    match be16(cursor.rest, 2) {
        Some(4789 | 8472) => tunnel(cursor, vxlan),
        Some(4790) => tunnel(cursor, vxlan_gpe),
        Some(6081) => tunnel(cursor, geneve),
        _ => Ok(UDP),
    }
}

/// The datagram that begins here, for who wants it. One whose header is cut, or whose length is less than that, is none.
pub(in crate::decode) fn itself<'a>(cursor: &mut Cursor<'a>) -> Decoded<'a> {
    let length = be16(cursor.rest, 4).map(usize::from);
    let (Some(source), Some(destination), Some(0 | 8..)) = (be16(cursor.rest, 0), be16(cursor.rest, 2), length) else {
        return Decoded::Other(REASON);
    };
    length.filter(|length| *length > 0).into_iter().for_each(|length| cursor.limit(length));
    let Some(payload) = cursor.rest.get(8..) else { return Decoded::Other(REASON) };
    Decoded::Udp(UdpDatagram {
        at: cursor.at,
        frames: Frames::one(cursor.id),
        source: Endpoint { ip: cursor.source, port: source },
        destination: Endpoint { ip: cursor.destination, port: destination },
        payload_at: None,
        payload,
        uncaptured: u32::try_from(cursor.cut).unwrap_or(u32::MAX),
        vlans: cursor.vlans,
        tunnels: cursor.tunnels.clone(),
    })
}

/// What the header of a tunnel says: how long it is, what it is, its network, what is inside.
struct Header {
    bytes: usize,
    kind: TunnelKind,
    network: u32,
    inner: Layer,
}

/// Takes off both headers, if the second one is right. A length of zero in the first is that of segmentation offload.
#[cold]
fn tunnel(cursor: &mut Cursor<'_>, header: fn(&[u8]) -> Option<Header>) -> Result<Layer, Anomaly> {
    match be16(cursor.rest, 4).map(usize::from) {
        Some(0) => {}
        Some(length @ 8..) => cursor.limit(length),
        _ => return Ok(UDP),
    }
    let inside = cursor.rest.get(8..).unwrap_or_default();
    let Some(header) = header(inside).filter(|header| header.bytes <= inside.len()) else { return Ok(UDP) };
    cursor.skip(header.bytes.saturating_add(8));
    cursor.enter(header.kind, Some(header.network))?;
    cursor.copied |= header.inner == Layer::Ethernet;
    Ok(header.inner)
}

/// # Wire
///
/// RFC 7348 section 5: flags, of which I must be set and the others are ignored, network, and reserved bytes.
fn vxlan(bytes: &[u8]) -> Option<Header> {
    let valid = bytes.first()? & 0x08 != 0;
    let network = be32(bytes, 4)? >> 8;
    valid.then_some(Header { bytes: 8, kind: TunnelKind::Vxlan, network, inner: Layer::Ethernet })
}

/// # Wire
///
/// draft-ietf-nvo3-vxlan-gpe-13 section 3: version, I and P set, O (a message to the tunnel's end) not; the fourth byte
/// says what is inside.
fn vxlan_gpe(bytes: &[u8]) -> Option<Header> {
    let [flags, _, _, next] = bytes.first_chunk()?;
    let network = be32(bytes, 4)? >> 8;
    let inner = match next {
        1 => Layer::Ipv4,
        2 => Layer::Ipv6,
        3 => Layer::Ethernet,
        _ => return None,
    };
    (flags & 0x3d == 0x0c).then_some(Header { bytes: 8, kind: TunnelKind::VxlanGpe, network, inner })
}

/// # Wire
///
/// RFC 8926 section 3.4: version 0 and the length of the options in words; O (a message to the tunnel's end) not set;
/// Ethernet type; network. Options are not looked at.
fn geneve(bytes: &[u8]) -> Option<Header> {
    let [first, flags] = bytes.first_chunk()?;
    let (kind, network) = (be16(bytes, 2)?, be32(bytes, 4)? >> 8);
    if first >> 6 != 0 || flags & 0x80 != 0 {
        return None;
    }
    let inner = match kind {
        0x6558 => Layer::Ethernet,
        0..0x0600 => return None,
        kind => Layer::EtherType(kind),
    };
    let options = usize::from(first & 0x3f).saturating_mul(4);
    Some(Header { bytes: options.saturating_add(8), kind: TunnelKind::Geneve, network, inner })
}
