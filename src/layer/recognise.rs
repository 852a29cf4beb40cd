//! Tells TLS by its first bytes, on any port.

use crate::peer::Peer;

/// Whether these first bytes of a direction are TLS records; `None` while that cannot be told.
///
/// # Wire
///
/// \[spec\] RFC 8446 5.1: type 20 to 23, version 3.0 to 3.4, two bytes of length up to 2¹⁴ + 2048 (RFC 5246 6.2.3). A hello opens a
/// whole stream; in mid-stream two records must follow each other. \[spec\] RFC 5246 appendix E.2: the SSLv2 hello.
#[must_use]
pub fn record(bytes: &[u8], whole: bool) -> Option<bool> {
    if let [first, _, kind, major, ..] = bytes
        && whole
        && first & 0x80 != 0
        && *kind == 1
        && matches!(major, 0 | 3)
    {
        return Some(true);
    }
    let [kind, rest @ ..] = bytes else { return None };
    if whole && kind & 0x80 != 0 && bytes.len() < 4 && rest.get(1).is_none_or(|kind| *kind == 1) {
        return None;
    }
    if !matches!(kind, 20..=23) || rest.first().is_some_and(|major| *major != 3) || rest.get(1).is_some_and(|minor| *minor > 4) {
        return Some(false);
    }
    let [_, _, _, high, low, body @ ..] = bytes else { return None };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length == 0 || length > 18_432 {
        return Some(false);
    }
    if whole {
        // A hello, or an alert of two bytes.
        return match (kind, body.first()) {
            (_, None) => None,
            (22, Some(1 | 2)) => Some(true),
            (21, Some(1 | 2)) => Some(length == 2),
            _ => Some(false),
        };
    }
    let next = body.get(length..)?;
    let [kind, 3, minor, ..] = next else { return if next.len() < 3 { None } else { Some(false) } };
    Some(matches!(kind, 20..=23) && *minor <= 4)
}

/// Whether the sender of these first bytes says that it is the client or the server.
#[must_use]
pub fn side(bytes: &[u8]) -> Option<Peer> {
    match bytes {
        [22, _, _, _, _, 1, ..] => Some(Peer::Client),
        [22, _, _, _, _, 2, ..] => Some(Peer::Server),
        [first, _, 1, ..] if first & 0x80 != 0 => Some(Peer::Client),
        _ => None,
    }
}
