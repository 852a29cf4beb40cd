//! Reads a form body (`name=value&…`) as it comes: which values are secrets, and what the others say.

use super::json::Listener;
use super::marks::Kind;
use super::redact::percent_decoded;
use crate::limits::API_TEXT_BYTES;

/// Names whose values are no secrets; a value of any other name may be one, or hold one in a form of its own.
///
/// # Wire
///
/// [spec nessus-http-api] 8: logins of public scripts, and the XML-RPC of Nessus 4 and 5.
const PLAIN: [&[u8]; 18] = [
    b"username",
    b"user",
    b"login",
    b"seq",
    b"uuid",
    b"report",
    b"scan_uuid",
    b"scan_name",
    b"target",
    b"policy_id",
    b"policy_name",
    b"template",
    b"name",
    b"format",
    b"folder_id",
    b"hostname",
    b"port",
    b"severity",
];

/// Whether a byte, that is none of a name, a number or an address, may separate one text from another.
fn is_separator(byte: u8) -> bool {
    byte < b' ' || matches!(byte, b'=' | b'&' | b';' | b'?' | b'"' | b'\'' | b'{' | b'[' | b'<' | b'\\' | b' ')
}

/// A reader of one body.
#[derive(Debug, Default)]
pub(super) struct Form {
    key: Vec<u8>,
    value: Vec<u8>,
    in_value: bool,
    secret: bool,
    found_secret: bool,
}

impl Form {
    /// Whether a secret was in it.
    pub(super) fn holds_secret(&self) -> bool {
        self.found_secret
    }

    /// Reads on; values are told as JSON strings, decoded.
    ///
    /// # Wire
    ///
    /// [spec nessus-http-api] 8: public scripts log in so. `+` is a blank, `%41` a byte.
    pub(super) fn take(&mut self, bytes: &[u8], listener: &mut dyn Listener, mark: &mut dyn FnMut(usize, Kind)) {
        let mut rest = bytes;
        while let Some(first) = rest.first() {
            match (*first, self.in_value) {
                (b'&', _) => {
                    self.end(listener);
                    mark(1, Kind::keyword("separator"));
                    rest = rest.get(1..).unwrap_or_default();
                }
                (b'=', false) => {
                    self.in_value = true;
                    self.secret = !PLAIN.contains(&&*percent_decoded(&self.key));
                    mark(1, Kind::keyword("separator"));
                    rest = rest.get(1..).unwrap_or_default();
                }
                (_, in_value) => {
                    let end = rest.iter().position(|byte| *byte == b'&' || (!in_value && *byte == b'=')).unwrap_or(rest.len());
                    let (text, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    self.found_secret |= in_value && self.secret;
                    if in_value && !self.secret {
                        // A value that is none ends where it looks like more than one.
                        let (plain, kind) = self.plain(text);
                        mark(plain, kind);
                        rest = rest.get(plain..).unwrap_or_default();
                        continue;
                    }
                    let kept = if in_value { &mut self.value } else { &mut self.key };
                    let room = API_TEXT_BYTES.saturating_sub(kept.len());
                    kept.extend_from_slice(text.get(..room).unwrap_or(text));
                    // A text without a name may be anything.
                    let kind = if in_value { Kind::data("value", self.secret) } else { Kind::data("key", true) };
                    mark(text.len(), kind);
                    rest = behind;
                }
            }
        }
    }

    /// Bytes of a value that is no secret, up to one, escaped or not, that no such value has: whatever comes behind it may be one.
    fn plain(&mut self, text: &[u8]) -> (usize, Kind) {
        let mut length = 0_usize;
        for byte in text {
            if self.value.len() >= API_TEXT_BYTES {
                (self.secret, self.found_secret) = (true, true);
                break;
            }
            length = length.saturating_add(1);
            self.value.push(*byte);
            let escaped = self.value.len().checked_sub(3).and_then(|at| self.value.get(at..)).filter(|end| end.starts_with(b"%"));
            let plain = escaped.map(percent_decoded).filter(|plain| plain.len() == 1).and_then(|plain| plain.first().copied());
            self.secret = is_separator(*byte) || plain.is_some_and(|plain| plain != b' ' && (is_separator(plain) || plain == b'%'));
            if self.secret {
                self.found_secret = true;
                break;
            }
        }
        (length, Kind::data("value", false))
    }

    /// The pair is whole.
    pub(super) fn end(&mut self, listener: &mut dyn Listener) {
        if self.in_value {
            let decoded = |text: &[u8]| String::from_utf8_lossy(&percent_decoded(text)).into_owned();
            let value = serde_json::to_vec(&decoded(&self.value)).unwrap_or_default();
            listener.value(&decoded(&self.key), &value, self.secret);
        } else {
            self.found_secret |= !self.key.is_empty();
        }
        *self = Self { found_secret: self.found_secret, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Heard(Vec<(String, String, bool)>);

    impl Listener for Heard {
        fn begins(&mut self, _path: &str) {}

        fn value(&mut self, path: &str, raw: &[u8], secret: bool) {
            self.0.push((path.to_owned(), String::from_utf8_lossy(raw).into_owned(), secret));
        }
    }

    #[test]
    fn a_password_in_a_form_is_hidden_however_it_is_cut() {
        let body = b"username=a+b&pass%77ord=p%C3%A9=x&odd=1&rest";
        for cut in 1..=body.len() {
            let (mut form, mut heard, mut shown) = (Form::default(), Heard(Vec::new()), String::new());
            for piece in body.chunks(cut) {
                let mut at = 0;
                form.take(piece, &mut heard, &mut |bytes, kind| {
                    let text = String::from_utf8_lossy(&piece[at..at + bytes]).into_owned();
                    shown.push_str(&if kind.secret { "*".repeat(bytes) } else { text });
                    at += bytes;
                });
            }
            form.end(&mut heard);
            assert_eq!(shown, "********=a+b&**********=*********&***=*&****", "{cut}");
            let texts: Vec<_> = heard.0.iter().map(|(name, text, secret)| (name.as_str(), text.as_str(), *secret)).collect();
            assert_eq!(texts, [("username", "\"a b\"", false), ("password", "\"pé=x\"", true), ("odd", "\"1\"", true)]);
            assert!(form.holds_secret());
        }
    }
}
