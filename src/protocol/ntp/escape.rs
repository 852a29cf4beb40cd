//! Line ends inside findings: escaped by servers that were asked to, and only then turned back.

use std::borrow::Cow;

/// How a server writes line ends inside findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// As `;`, which nobody can turn back.
    None,
    /// NTP after the client's preference `ntp_escape_crlf`: `\\`, `\n`, `\r`.
    Ntp,
    /// OTP 1: the C escapes, octal ones included.
    C,
    /// Not known: the preferences were not seen.
    Unknown,
}

/// The preference that asks for escapes, whatever its value; it holds to the end of the connection.
///
/// # Wire
///
/// [seen captures/ntp 22] [spec ntp-otp 3.4]
pub(super) const ASKED_BY: &[u8] = b"ntp_escape_crlf";

/// Turns escapes back, from left to right; what is no escape stays. Nothing when the text says what it says.
pub(super) fn unescaped(text: &[u8], escaping: Escaping) -> Option<Cow<'static, [u8]>> {
    if matches!(escaping, Escaping::None | Escaping::Unknown) || memchr::memchr(b'\\', text).is_none() {
        return None;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        let (byte, used) = one(escape.get(1..).unwrap_or_default(), escaping);
        out.push(byte);
        rest = escape.get(used..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    Some(Cow::Owned(out))
}

/// What stands behind a backslash: the byte it means and how many bytes to go on by, the backslash included.
fn one(behind: &[u8], escaping: Escaping) -> (u8, usize) {
    match (behind, escaping) {
        ([b'\\', ..], _) => (b'\\', 2),
        ([b'n', ..], _) => (b'\n', 2),
        ([b'r', ..], _) => (b'\r', 2),
        ([b't', ..], Escaping::C) => (b'\t', 2),
        ([b'b', ..], Escaping::C) => (8, 2),
        ([b'f', ..], Escaping::C) => (12, 2),
        ([b'v', ..], Escaping::C) => (11, 2),
        ([b'"', ..], Escaping::C) => (b'"', 2),
        ([first @ b'0'..=b'3', second @ b'0'..=b'7', third @ b'0'..=b'7', ..], Escaping::C) => {
            let digit = |byte: &u8| byte.wrapping_sub(b'0');
            ((digit(first) << 6) | (digit(second) << 3) | digit(third), 4)
        }
        _ => (b'\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_escaped_is_turned_back() {
        let ntp = |text: &[u8]| unescaped(text, Escaping::Ntp).map(Cow::into_owned);
        assert_eq!(ntp(br"a\nb\r\n"), Some(b"a\nb\r\n".to_vec()));
        assert_eq!(ntp(br"traceroute :\\n192"), Some(br"traceroute :\n192".to_vec()));
        assert_eq!(ntp(br"\t\x\"), Some(br"\t\x\".to_vec()));
        assert_eq!(ntp(b"plain"), None);
        assert_eq!(unescaped(br"a\nb", Escaping::None), None);
        assert_eq!(unescaped(br"a\nb", Escaping::Unknown), None);
    }

    #[test]
    fn otp_knows_more_escapes() {
        assert_eq!(unescaped(br#"\t\351\"\\\777"#, Escaping::C).unwrap().as_ref(), b"\t\xe9\"\\\\777");
    }
}
