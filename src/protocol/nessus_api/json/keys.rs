//! What keys tell, remembered: a list of a thousand hosts has the same ten keys a thousand times.

use crate::protocol::nessus_api::names::is_secret_key;
use crate::protocol::nessus_api::names::is_setting;

/// Keys that are remembered; a new one takes the place of another one. A power of two.
const KEYS: usize = 64;

/// Longest key that is remembered.
const KEY_BYTES: usize = 31;

/// The newest keys, and what they tell.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<Key>);

#[derive(Clone, Copy, Debug, Default)]
struct Key {
    bytes: [u8; KEY_BYTES],
    /// One more than its bytes; zero where none is.
    length: u8,
    secret: bool,
}

impl Keys {
    /// Whether the value of this key is a secret.
    pub(super) fn tells_secret(&mut self, key: &[u8]) -> bool {
        let secret = || is_secret_key(key) || is_setting(key);
        let (Some(first), Some(last)) = (key.first(), key.last()) else { return secret() };
        if self.0.is_empty() {
            self.0.resize(KEYS, Key::default());
        }
        let mixed = usize::from(*first).wrapping_mul(7) ^ usize::from(*last).wrapping_mul(31) ^ key.len().wrapping_mul(5);
        let (Some(known), Ok(length)) = (self.0.get_mut(mixed % KEYS), u8::try_from(key.len().saturating_add(1))) else {
            return secret();
        };
        if known.length == length && known.bytes.get(..key.len()) == Some(key) {
            return known.secret;
        }
        let secret = secret();
        if let Some(bytes) = known.bytes.get_mut(..key.len()) {
            bytes.copy_from_slice(key);
            (known.length, known.secret) = (length, secret);
        }
        secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_keys_tell() {
        let names =
            ["password", "name", "", "default", "token", "tokem", "value", "p", "a_key_that_is_longer_than_any_that_is_remembered_token"];
        let mut keys = Keys::default();
        for _ in 0..3 {
            for name in names.into_iter().chain(["id", "hostname", "passwore", "status", "key", "kez"]) {
                let name = name.as_bytes();
                assert_eq!(keys.tells_secret(name), is_secret_key(name) || is_setting(name), "{}", name.escape_ascii());
            }
        }
    }
}
