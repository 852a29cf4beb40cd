//! Which preferences are secrets. In doubt they are: what is hidden can be asked for, what is shown cannot be taken back.

use memchr::memmem;

/// Words in the name of a preference that make its value a secret, in lower case.
const TELLING: [&[u8]; 7] = [b"pass", b"pwd", b"secret", b"community", b"private", b"token", b"credential"];

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
}

/// Takes a preference's name apart.
pub(super) fn preference_name(text: &[u8]) -> PreferenceName<'_> {
    for open in memchr::memchr_iter(b'[', text) {
        let inner = text.get(open.saturating_add(1)..).unwrap_or_default();
        let word = inner.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let name = inner.get(word..).and_then(|rest| rest.strip_prefix(b"]:"));
        if let (Some(name), true) = (name, word > 0) {
            return PreferenceName { plugin: text.get(..open), kind: inner.get(..word), name };
        }
    }
    PreferenceName { plugin: None, kind: None, name: text }
}

/// Whether the value of a preference is a secret: passwords by type, and whatever is called like one. A yes or no is none.
pub(super) fn is_secret(name: &PreferenceName<'_>, value: &[u8]) -> bool {
    match name.kind {
        Some(b"password") => true,
        Some(b"checkbox" | b"radio") => false,
        _ => !matches!(value, b"yes" | b"no" | b"") && is_telling(name.name),
    }
}

fn is_telling(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|word| memmem::find(&name, word).is_some())
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
        assert!(!secret(b"Hydra[checkbox]:Try empty passwords", b"yes"));
        assert!(!secret(b"max_hosts", b"16"));
        assert!(!secret(b"plugin_set", b"10330;10335"));
        assert!(!secret(b"SSH settings[entry]:SSH user name :", b"root"));
    }
}
