//! Lines of key logs, in every form they have had.

use zeroize::Zeroizing;

/// The longest line that is looked at: the longest label, a random number, a ticket and a secret fit in.
const MOST_LINE_BYTES: usize = 8192;

/// What a line of a key log is a secret of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// The master secret, by client random.
    Master,
    /// The premaster secret, by client random.
    Premaster,
    /// The premaster secret, by the first eight bytes of what was encrypted with the server's key.
    Sealed,
    /// The master secret, by session ID.
    SessionId,
    /// TLS 1.3: traffic secrets, by client random.
    EarlyClient,
    HandshakeClient,
    HandshakeServer,
    ApplicationClient,
    ApplicationServer,
}

/// What a line says.
pub(super) enum Line {
    /// A secret, and by what it is found.
    Secret(Label, Vec<u8>, Zeroizing<Vec<u8>>),
    /// Nothing that is of use here: blank, a remark, a label for something else.
    Other,
    /// Something that no key log has.
    Bad,
}

/// Labels by name.
///
/// # Wire
///
/// [spec] RFC 9850 2; older ones from the format's description by NSS: `RSA` (2008), `PMS_CLIENT_RANDOM` and
/// `RSA Session-ID:… Master-Key:…` (Wireshark, OpenSSL's `s_client`).
const LABELS: [(&str, Label); 7] = [
    ("CLIENT_RANDOM", Label::Master),
    ("PMS_CLIENT_RANDOM", Label::Premaster),
    ("CLIENT_EARLY_TRAFFIC_SECRET", Label::EarlyClient),
    ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", Label::HandshakeClient),
    ("SERVER_HANDSHAKE_TRAFFIC_SECRET", Label::HandshakeServer),
    ("CLIENT_TRAFFIC_SECRET_0", Label::ApplicationClient),
    ("SERVER_TRAFFIC_SECRET_0", Label::ApplicationServer),
];

/// Reads a line, its end left out.
pub(super) fn line(bytes: &[u8]) -> Line {
    let Ok(text) = std::str::from_utf8(bytes.get(..bytes.len().min(MOST_LINE_BYTES)).unwrap_or_default()) else { return Line::Bad };
    // Editors of one system begin a file with a mark.
    let mut words = text.trim_start_matches('\u{feff}').split_ascii_whitespace();
    let Some(label) = words.next().filter(|label| !label.starts_with('#')) else { return Line::Other };
    let (Some(one), Some(two), None) = (words.next(), words.next(), words.next()) else { return Line::Bad };
    let secret = |label, by, secret| match (unhex(by), unhex(secret)) {
        (Some(by), Some(secret)) if fits(label, by.len(), secret.len()) => Line::Secret(label, by, secret.into()),
        _ => Line::Bad,
    };
    if let Some((_, label)) = LABELS.iter().find(|(name, _)| *name == label) {
        return secret(*label, one, two);
    }
    if label == "RSA" {
        return match (one.strip_prefix("Session-ID:"), two.strip_prefix("Master-Key:")) {
            (Some(id), Some(master)) => secret(Label::SessionId, id, master),
            _ => secret(Label::Sealed, one, two),
        };
    }
    // EXPORTER_SECRET, ECH_…, QUIC_… and what is still to come.
    let named = label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if named && unhex(one).is_some() && unhex(two).is_some() { Line::Other } else { Line::Bad }
}

/// Whether a secret and what it is found by have lengths they can have.
fn fits(label: Label, by: usize, secret: usize) -> bool {
    match label {
        Label::Master => by == 32 && secret == 48,
        Label::Premaster => by == 32 && (1..=1024).contains(&secret),
        Label::Sealed => by == 8 && secret == 48,
        Label::SessionId => (1..=2048).contains(&by) && secret == 48,
        _ => by == 32 && matches!(secret, 32 | 48),
    }
}

/// Bytes written in hex.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Option<Label> {
        if let Line::Secret(label, ..) = line(text.as_bytes()) { Some(label) } else { None }
    }

    #[test]
    fn every_form_is_read() {
        let (random, master) = ("ab".repeat(32), "cd".repeat(48));
        assert_eq!(label(&format!("CLIENT_RANDOM {random} {master}")), Some(Label::Master));
        assert_eq!(label(&format!("CLIENT_RANDOM {} {master}\r", random.to_uppercase())), Some(Label::Master));
        assert_eq!(label(&format!("\u{feff}CLIENT_RANDOM {random} {master}")), Some(Label::Master));
        assert_eq!(label(&format!("PMS_CLIENT_RANDOM {random} {master}")), Some(Label::Premaster));
        assert_eq!(label(&format!("RSA 0123456789abcdef {master}")), Some(Label::Sealed));
        assert_eq!(label(&format!("RSA Session-ID:{random} Master-Key:{master}")), Some(Label::SessionId));
        assert_eq!(label(&format!("SERVER_TRAFFIC_SECRET_0 {random} {random}")), Some(Label::ApplicationServer));
    }

    #[test]
    fn what_is_of_no_use_is_no_fault_and_what_is_broken_is() {
        let random = "ab".repeat(32);
        for other in ["", "  ", "# SSL/TLS secrets log file", &format!("EXPORTER_SECRET {random} {random}"), "QUIC_X 00 11"] {
            assert!(matches!(line(other.as_bytes()), Line::Other), "{other}");
        }
        for bad in ["CLIENT_RANDOM", "CLIENT_RANDOM ab cd", &format!("CLIENT_RANDOM {random} abc"), "hello there world", "\u{ff}"] {
            assert!(matches!(line(bad.as_bytes()), Line::Bad), "{bad}");
        }
        assert!(matches!(line(b"CLIENT_RANDOM \xff\xfe 00"), Line::Bad));
    }
}
