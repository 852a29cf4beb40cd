//! What names of the API mean: which are settings, which are plain lists. Which tell a secret is everybody's to know.

pub(super) use crate::protocol::telling::is_secret_key;
use crate::protocol::telling::words;

/// Whether the value of this name is what is set for something that another member names: a password, maybe.
///
/// # Wire
///
/// [spec nessus-http-api] 3: `{"id":"password","default":…}` of an editor. [guess] `{"name":"Password","value":…}`.
pub(super) fn is_setting(name: &[u8]) -> bool {
    let is_value = |word: &[u8]| word.eq_ignore_ascii_case(b"value") || word.eq_ignore_ascii_case(b"values");
    words(name).last().is_some_and(is_value) || name.eq_ignore_ascii_case(b"default")
}

/// Whether the items of a list of a request, of this name, are no secrets.
///
/// # Wire
///
/// [spec nessus-http-api] 2
pub(super) fn is_plain_list(name: &str) -> bool {
    matches!(name, "alt_targets" | "deleted" | "ids" | "targets" | "text_targets")
}

/// A key with escapes in it, which may hide a word that tells a secret.
pub(super) fn unescaped(text: &[u8]) -> String {
    let quoted = [b"\"", text, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_told_by_its_name() {
        for name in ["value", "default", "Default", "selectedValue", "preference_values"] {
            assert!(is_setting(name.as_bytes()), "{name}");
        }
        for name in ["default_tag", "default_permissions", "valued", "name"] {
            assert!(!is_setting(name.as_bytes()), "{name}");
        }
    }
}
