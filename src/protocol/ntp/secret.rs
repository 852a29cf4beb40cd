//! Which preferences are secrets. In doubt they are: what is hidden can be asked for, what is shown cannot be taken back.

use memchr::memmem;

/// Words in the name of a preference that make its value a secret, in lower case.
const TELLING: [&[u8]; 13] = [
    b"pass",
    b"pwd",
    b"secret",
    b"community",
    b"private",
    b"token",
    b"credential",
    b"cookie",
    b"auth key",
    b"key phrase",
    b"api key",
    b"apikey",
    // Of a login page: user and password in one line.
    b"form field",
];

/// The same for what is telling only as a word of its own: `ping` and `spin` are none.
const TELLING_WORDS: [&[u8]; 2] = [b"pw", b"pin"];

/// Types whose preferences are no secrets unless their names say so.
const PLAIN_TYPES: [&[u8]; 4] = [b"entry", b"checkbox", b"radio", b"file"];

/// Preferences of scans that every client sends: behind lost bytes their names prove that a line is a preference.
///
/// # Wire
///
/// [seen captures/ntp 22] [spec ntp-otp 5.4]
const WELL_KNOWN: [&[u8]; 24] = [
    b"plugin_set",
    b"max_hosts",
    b"max_checks",
    b"port_range",
    b"cgi_path",
    b"safe_checks",
    b"optimize_test",
    b"auto_enable_dependencies",
    b"silent_dependencies",
    b"use_mac_addr",
    b"unscanned_closed",
    b"reverse_lookup",
    b"host_expansion",
    b"ping_hosts",
    b"plugins_timeout",
    b"checks_read_timeout",
    b"delay_between_tests",
    b"non_simult_ports",
    b"language",
    b"save_session",
    b"save_empty_sessions",
    b"detached_scan",
    b"continuous_scan",
    b"delay_between_scan_loops",
];

/// The type of passwords, as it stands in the name of a preference.
const PASSWORD: &[u8] = b"[password]";

/// A preference's name, taken apart: `Plugin[type]:name`, or the name alone.
///
/// # Wire
///
/// [seen captures/ntp 22] the type is one of `entry checkbox radio password file`; later feeds have more. A plugin's own
/// name may hold a bracket, so the first `[word]:` counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PreferenceName<'a> {
    pub(super) plugin: Option<&'a [u8]>,
    pub(super) kind: Option<&'a [u8]>,
    pub(super) name: &'a [u8],
    /// Whether it says anywhere that it is of the type password.
    pub(super) is_password: bool,
}

/// Takes a preference's name apart.
pub(super) fn preference_name(text: &[u8]) -> PreferenceName<'_> {
    let says_so = |open: usize| {
        let rest = text.get(open..).unwrap_or_default();
        rest.get(..PASSWORD.len()).is_some_and(|word| word.eq_ignore_ascii_case(PASSWORD))
    };
    let is_password = memchr::memchr_iter(b'[', text).any(says_so);
    for open in memchr::memchr_iter(b'[', text) {
        let inner = text.get(open.saturating_add(1)..).unwrap_or_default();
        let word = inner.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let name = inner.get(word..).and_then(|rest| rest.strip_prefix(b"]:"));
        if let (Some(name), true) = (name, word > 0) {
            return PreferenceName { plugin: text.get(..open), kind: inner.get(..word), name, is_password };
        }
    }
    PreferenceName { plugin: None, kind: None, name: text, is_password }
}

/// Whether the value of a preference is a secret: passwords by type, and whatever is called like one. A yes or no is none.
pub(super) fn is_secret(name: &PreferenceName<'_>, value: &[u8]) -> bool {
    if name.is_password {
        return true;
    }
    match name.kind {
        Some(kind) if kind.eq_ignore_ascii_case(b"checkbox") || kind.eq_ignore_ascii_case(b"radio") => false,
        // A password may be `yes`; a setting of the server that is called like one may, too.
        Some(_) => !value.is_empty() && is_telling(name.name),
        None => !matches!(value, b"yes" | b"no" | b"") && is_telling(name.name),
    }
}

/// Letters small, and whatever stands between words a blank.
fn is_telling(name: &[u8]) -> bool {
    let plain = |byte: &u8| if matches!(byte, b'_' | b'-' | b'.') { b' ' } else { byte.to_ascii_lowercase() };
    let name: Vec<u8> = name.iter().map(plain).collect();
    TELLING.iter().any(|word| memmem::find(&name, word).is_some())
        || name.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| TELLING_WORDS.contains(&word))
}

/// Whether a name is of a known preference, or has the form of a plugin's whose type is known and is not a password.
pub(super) fn is_well_known_name(text: &[u8]) -> bool {
    let parts = preference_name(text);
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match parts.kind {
        Some(kind) => !parts.is_password && PLAIN_TYPES.iter().any(|plain| kind.eq_ignore_ascii_case(plain)),
        None => WELL_KNOWN.contains(&text) || (text.starts_with(b"ntp_") && text.iter().all(word)),
    }
}

/// Whether a name has the form of a preference's name: what has not, after a loss, may be anything.
pub(super) fn is_likely_name(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    preference_name(text).kind.is_some() || (!text.is_empty() && text.iter().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &[u8], value: &[u8]) -> bool {
        is_secret(&preference_name(name), value)
    }

    #[test]
    fn names_come_apart() {
        let name = preference_name(b"Login [old] configurations[password]:SMB password :");
        assert_eq!((name.plugin, name.kind), (Some(&b"Login [old] configurations"[..]), Some(&b"password"[..])));
        assert_eq!(name.name, b"SMB password :");
        assert_eq!(preference_name(b"max_hosts").kind, None);
    }

    #[test]
    fn what_is_called_a_secret_is_one() {
        assert!(secret(b"SSH settings[password]:Key :", b"x"));
        assert!(secret(b"pem_password", b"x"));
        assert!(secret(b"SNMP settings[entry]:Community name :", b"private1"));
        assert!(secret(b"HTTP login page[entry]:Logon password :", b"x"));
        assert!(secret(b"SSH[sshlogin]:Passphrase", b"x"));
        assert!(secret(b"HTTP login page[entry]:Login form fields :", b"user=%USER%&pass=x"));
        assert!(secret(b"SMTP[entry]:passwd", b"yes"));
        assert!(!secret(b"use_passwords", b"yes"));
        assert!(!secret(b"Hydra[checkbox]:Try empty passwords", b"yes"));
        assert!(!secret(b"max_hosts", b"16"));
        assert!(!secret(b"plugin_set", b"10330;10335"));
        assert!(!secret(b"SSH settings[entry]:SSH user name :", b"root"));
    }
}
