//! Link-layer headers: what each LINKTYPE puts before the IP packet, VLAN tags, LLC.

use super::LINK_TYPE_UNKNOWN;
use super::cursor::{Cursor, Layer, be16, broken};
use crate::anomaly::Anomaly;
use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

/// The Ethernet type of IPv4.
const IPV4: u16 = 0x0800;
/// The Ethernet type of IPv6.
const IPV6: u16 = 0x86dd;
/// Below this, the Ethernet type field is the length of an 802.3 frame.
const LEAST_ETHER_TYPE: u16 = 0x0600;

/// Takes off the header that this LINKTYPE begins with.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole.
///
/// # Wire
///
/// The numbers and formats are those of the tcpdump group's list of link-layer header types.
pub(super) fn header(cursor: &mut Cursor<'_>, link_type: u32) -> Result<Layer, Anomaly> {
    match link_type {
        0 => family(cursor, Order::Host),
        1 => Ok(Layer::Ethernet),
        9 | 50 => ppp_or_hdlc(cursor),
        51 => Ok(Layer::Pppoe),
        // 12 and 14 are what DLT_RAW was on the systems whose files carry DLT numbers.
        12 | 14 | 101 => Ok(Layer::Ip),
        104 => cisco_hdlc(cursor),
        108 => family(cursor, Order::Network),
        113 => cooked(cursor, &SLL),
        204 => ppp_with_direction(cursor),
        228 => Ok(Layer::Ipv4),
        229 => Ok(Layer::Ipv6),
        276 => cooked(cursor, &SLL2),
        _ => Ok(Layer::Other(LINK_TYPE_UNKNOWN)),
    }
}

/// Takes off an Ethernet header.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole.
pub(super) fn ethernet(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let header = Ethernet2HeaderSlice::from_slice(cursor.rest).map_err(|_| broken("ethernet", "too short"))?;
    cursor.skip(header.slice().len());
    Ok(Layer::EtherType(header.ether_type().0))
}

/// Says what an Ethernet type leads to; takes off VLAN tags and LLC headers.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when such a header is not whole, or for a fifth tag.
///
/// # Wire
///
/// Types as in IEEE 802's register; 0x9100 is the tag type that some switches used for the outer tag before 802.1ad.
pub(super) fn ether_type(cursor: &mut Cursor<'_>, number: u16) -> Result<Layer, Anomaly> {
    match number {
        IPV4 => Ok(Layer::Ipv4),
        IPV6 => Ok(Layer::Ipv6),
        0x8100 | 0x88a8 | 0x9100 => vlan(cursor),
        0x8847 | 0x8848 => Ok(Layer::Mpls),
        0x8864 => Ok(Layer::Pppoe),
        0x0806 => Ok(Layer::Other("arp")),
        0x88cc => Ok(Layer::Other("lldp")),
        length if length < LEAST_ETHER_TYPE => {
            cursor.limit(usize::from(length));
            Ok(llc(cursor))
        }
        _ => Ok(Layer::Other("ether_other")),
    }
}

/// Takes off one VLAN tag.
fn vlan(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let header = SingleVlanHeaderSlice::from_slice(cursor.rest).map_err(|_| broken("vlan", "too short"))?;
    if !cursor.vlans.push(header.vlan_identifier().value()) {
        return Err(broken("vlan", "more than four tags"));
    }
    cursor.skip(header.slice().len());
    Ok(Layer::EtherType(header.ether_type().0))
}

/// Takes off LLC with SNAP (RFC 1042) where an Ethernet type follows; other LLC is not ours.
///
/// # Wire
///
/// `aa aa 03`, then the organisation: zero, or `00 00 f8` of bridges to networks without Ethernet types (802.1H).
fn llc(cursor: &mut Cursor<'_>) -> Layer {
    match (cursor.rest.first_chunk(), be16(cursor.rest, 6)) {
        (Some([0xaa, 0xaa, 0x03, 0x00, 0x00, 0x00 | 0xf8]), Some(number)) if number >= LEAST_ETHER_TYPE => {
            cursor.skip(8);
            Layer::EtherType(number)
        }
        _ => Layer::Other("llc"),
    }
}

/// The byte order of the address family of a loopback header.
enum Order {
    /// That of the capturing machine, which nobody wrote down.
    Host,
    /// Big-endian.
    Network,
}

/// Takes off the four-byte address family of NULL and LOOP.
///
/// # Wire
///
/// IPv4 is 2 everywhere; IPv6 is 24 (NetBSD, OpenBSD), 28 (FreeBSD), 30 (macOS) or 10 (Linux). All are small, so one
/// order of an unknown byte order gives a number above 65,535.
fn family(cursor: &mut Cursor<'_>, order: Order) -> Result<Layer, Anomaly> {
    let bytes = *cursor.rest.first_chunk().ok_or_else(|| broken("loopback", "too short"))?;
    cursor.skip(bytes.len());
    let family = match (order, u32::from_le_bytes(bytes)) {
        (Order::Host, small @ 0..=0xffff) => small,
        _ => u32::from_be_bytes(bytes),
    };
    Ok(match family {
        2 => Layer::Ipv4,
        10 | 24 | 28 | 30 => Layer::Ipv6,
        _ => Layer::Other("loopback_other"),
    })
}

/// Says whether it is PPP, or Cisco's HDLC with its `0f 00` or `8f 00`, which link type 50 allows too.
fn ppp_or_hdlc(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    match cursor.rest {
        [0x0f | 0x8f, 0x00, ..] => cisco_hdlc(cursor),
        _ => Ok(Layer::Ppp),
    }
}

/// Takes off a PPP header, with or without HDLC address and control, with a protocol of one or two bytes.
///
/// # Errors
///
/// [`Anomaly::HeaderBroken`] when it is not whole.
///
/// # Wire
///
/// RFC 1661 section 2 (an odd byte ends the protocol number), RFC 1662 section 3.1 (`ff 03`), and RFC 3032 section 4.3
/// for labels.
pub(super) fn ppp(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    if let [0xff, 0x03, ..] = cursor.rest {
        cursor.skip(2);
    }
    let (protocol, bytes) = match cursor.rest {
        [low, ..] if low & 1 == 1 => (u16::from(*low), 1),
        [high, low, ..] => (u16::from_be_bytes([*high, *low]), 2),
        _ => return Err(broken("ppp", "too short")),
    };
    cursor.skip(bytes);
    Ok(match protocol {
        0x0021 => Layer::Ipv4,
        0x0057 => Layer::Ipv6,
        0x0281 | 0x0283 => Layer::Mpls,
        _ => Layer::Other("ppp_other"),
    })
}

/// Takes off the byte that says which way a PPP frame went, then the PPP header.
fn ppp_with_direction(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    cursor.skip(1);
    ppp_or_hdlc(cursor)
}

/// Takes off Cisco's HDLC header: address, control, Ethernet type.
fn cisco_hdlc(cursor: &mut Cursor<'_>) -> Result<Layer, Anomaly> {
    let number = be16(cursor.rest, 2).ok_or_else(|| broken("hdlc", "too short"))?;
    cursor.skip(4);
    // Small numbers are Cisco's own here, not lengths.
    Ok(if number < LEAST_ETHER_TYPE { Layer::Other("hdlc_other") } else { Layer::EtherType(number) })
}

/// Where the fields of a Linux cooked header are.
struct Cooked {
    /// Name of the layer.
    layer: &'static str,
    /// Offset of the protocol.
    protocol: usize,
    /// Offset of the ARP hardware type.
    hardware: usize,
    /// Length of the header.
    bytes: usize,
}

/// `LINKTYPE_LINUX_SLL`.
const SLL: Cooked = Cooked { layer: "sll", protocol: 14, hardware: 2, bytes: 16 };
/// `LINKTYPE_LINUX_SLL2`.
const SLL2: Cooked = Cooked { layer: "sll2", protocol: 0, hardware: 8, bytes: 20 };

/// Takes off a Linux cooked header. By hand, because etherparse refuses hardware types it has no name for.
///
/// # Wire
///
/// The protocol is an Ethernet type, 1 or 4 for 802.3 and LLC frames without length; of netlink (hardware 824) it is
/// a netlink family.
fn cooked(cursor: &mut Cursor<'_>, fields: &Cooked) -> Result<Layer, Anomaly> {
    let header = cursor.rest.get(..fields.bytes).ok_or_else(|| broken(fields.layer, "too short"))?;
    let protocol = be16(header, fields.protocol).unwrap_or_default();
    let netlink = be16(header, fields.hardware) == Some(824);
    cursor.skip(fields.bytes);
    Ok(match protocol {
        _ if netlink => Layer::Other("ether_other"),
        0x0001 | 0x0004 => llc(cursor),
        number if number < LEAST_ETHER_TYPE => Layer::Other("ether_other"),
        number => Layer::EtherType(number),
    })
}

#[cfg(test)]
mod tests;
