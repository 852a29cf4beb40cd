//! What the kernel may keep from a program that reads TCP and what TCP may travel in.

/// An expression that is false only of packets that are surely none of ours: ARP, ICMP, IGMP, SCTP, and whole UDP datagrams to ports
/// that are no tunnel's. Fragments, and everything unknown, pass.
///
/// # Wire
///
/// Tunnels in UDP: VXLAN 4789 and 8472, its generic extension 4790, GENEVE 6081, as in `decode`. [spec] RFC 791: of a whole datagram the
/// fragment offset and the flag for more are zero.
const NEEDED: &str = "not (arp or rarp or icmp or icmp6 or igmp or sctp or \
    (ip proto 17 and ip[6:2] & 0x3fff = 0 and not udp dst port 4789 and not udp dst port 8472 and not udp dst port 4790 \
     and not udp dst port 6081) or \
    (ip6 proto 17 and not udp dst port 4789 and not udp dst port 8472 and not udp dst port 4790 and not udp dst port 6081))";

/// The user's expression, and what is needed.
#[must_use]
pub fn needed(expression: Option<&str>) -> String {
    expression.map_or_else(|| NEEDED.to_owned(), |expression| format!("({expression}) and {NEEDED}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Frame;
    use crate::capture::filter::Filter;
    use crate::evidence::FrameId;
    use crate::time::Timestamp;

    /// An IPv4 packet in Ethernet; to this port where it has a header for one.
    fn admits(protocol: u8, fragment: [u8; 2], port: u16) -> bool {
        let mut bytes = vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0, 0x45, 0, 0, 60, 0, 0, fragment[0], fragment[1], 64, protocol];
        bytes.extend([0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 99]);
        bytes.extend(port.to_be_bytes());
        bytes.extend([0; 60]);
        let frame = Frame { id: FrameId::default(), at: Timestamp::default(), link_type: 1, wire_len: 96, bytes: &bytes };
        Filter::new(&needed(None)).admits(&frame).unwrap()
    }

    #[test]
    fn what_may_hold_tcp_passes() {
        let whole = [0x40, 0];
        assert!(admits(6, whole, 1241) && admits(47, whole, 0) && admits(4, whole, 0) && admits(41, whole, 0));
        for tunnel in [4789, 8472, 4790, 6081] {
            assert!(admits(17, whole, tunnel), "{tunnel}");
        }
        assert!(admits(17, [0x20, 0], 53) && admits(17, [0, 9], 53), "fragments of whatever");
        assert!(!admits(17, whole, 53) && !admits(1, whole, 0) && !admits(132, whole, 0));
    }

    #[test]
    fn the_users_expression_holds_as_well() {
        let both = needed(Some("tcp port 1 or tcp port 2"));
        assert!(both.starts_with("(tcp port 1 or tcp port 2) and not ("));
        assert!(Filter::new(&both).check().is_ok());
    }
}
