//! Secrets of a request, kept until its response is over: a server may quote them, in an error as a rule.

use super::names::is_secret_key;
use super::redact;
use crate::limits::API_SECRETS_BYTES;
use crate::protocol::http::Head;
use crate::protocol::http::Start;
use memchr::memmem;
use std::fmt;
use zeroize::Zeroizing;

/// Shorter secrets are not looked for within texts: a port number or a word like `no` is in many.
const LEAST_BYTES: usize = 4;

/// Shortest part of a header that may be a secret by itself: shorter ones are names like `token` and `Basic`.
const LEAST_PART: usize = 8;

/// Secrets of one exchange. Their bytes are wiped when it is told.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    kept: Vec<Zeroizing<Vec<u8>>>,
    bytes: usize,
    /// There are more than are kept: any text may quote one.
    more: bool,
}

impl Secrets {
    /// Those of the head of a request.
    pub(super) fn of(head: &Head<'_>) -> Self {
        let mut secrets = Self::default();
        if let Start::Request { target, .. } = head.start {
            for place in redact::secrets_of_target(target) {
                let secret = target.get(place).unwrap_or_default();
                secrets.add(secret);
                secrets.add(&redact::percent_decoded(secret));
            }
        }
        for (_, value) in head.headers.iter().filter(|(name, value)| redact::is_secret_header(name, value)) {
            let parts = value.split(|byte| matches!(byte, b' ' | b';' | b',' | b'=' | b'"'));
            parts.filter(|part| part.len() >= LEAST_PART && !is_secret_key(part)).for_each(|part| secrets.add(part));
        }
        secrets
    }

    /// One more.
    pub(super) fn add(&mut self, secret: &[u8]) {
        if secret.len() < LEAST_BYTES || self.kept.iter().any(|kept| ***kept == *secret) {
            return;
        }
        let bytes = self.bytes.saturating_add(secret.len());
        if bytes > API_SECRETS_BYTES {
            self.more = true;
            return;
        }
        self.bytes = bytes;
        self.kept.push(Zeroizing::new(secret.to_vec()));
    }

    /// Those of the body, too.
    pub(super) fn join(&mut self, other: &Self) {
        self.more |= other.more;
        other.kept.iter().for_each(|secret| self.add(secret));
    }

    /// Not all of the request was read: any text may quote a secret.
    pub(super) fn unknown(&mut self) {
        self.more = true;
    }

    /// Bytes kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && !self.more
    }

    /// Whether a text quotes one.
    pub(super) fn is_in(&self, text: &[u8]) -> bool {
        self.more && !text.is_empty() || self.kept.iter().any(|secret| memmem::find(text, secret).is_some())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.kept.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_and_bounded() {
        let mut secrets = Secrets::default();
        for secret in [&b"geheim"[..], b"geheim", b"no"] {
            secrets.add(secret);
        }
        assert_eq!((secrets.kept.len(), secrets.is_in(b"not geheim"), secrets.is_in(b"no")), (1, true, false));
        assert_eq!(format!("{secrets:?}"), "1 secrets");
        secrets.add(&[b'x'; API_SECRETS_BYTES]);
        assert!(secrets.is_in(b"anything") && secrets.bytes() <= API_SECRETS_BYTES);
    }

    #[test]
    fn secrets_of_a_head_are_those_that_are_hidden() {
        let head = b"GET /tokens/abcd%31/status HTTP/1.1\r\nX-APIKeys: accessKey=0123456789; secretKey=abcdefghij\r\nHost: scanner.example\r\n\r\n";
        let secrets = Secrets::of(&Head::request(head).unwrap());
        let kept: Vec<&[u8]> = secrets.kept.iter().map(|secret| &***secret).collect();
        assert_eq!(kept, [&b"abcd%31"[..], b"abcd1", b"0123456789", b"abcdefghij"]);
    }
}
