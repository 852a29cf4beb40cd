//! Notices where a text in JSON begins to quote something of its own in which a secret may be: JSON, a form, an address.

use super::names::is_secret_key;

/// Bytes of a name that are looked back at.
const NAME_BYTES: usize = 64;

/// What of one text went by. Holds a name's worth of bytes.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    /// The newest bytes that may be of a name.
    recent: Vec<u8>,
    /// The first byte that is no blank.
    first: Option<u8>,
    slashes: u8,
    /// In the part of an address that names user and host.
    in_authority: bool,
}

impl Quoted {
    /// The next byte of a text; whether what follows may be a secret.
    pub(super) fn next(&mut self, byte: u8) -> bool {
        if byte != b' ' {
            self.first = self.first.or(Some(byte));
        }
        self.slashes = if byte == b'/' { self.slashes.saturating_add(1) } else { 0 };
        let told = match byte {
            b'{' => true,
            b'=' => is_secret_key(&self.recent),
            b':' => self.in_authority || is_secret_key(&self.recent),
            b'/' => self.recent.eq_ignore_ascii_case(b"tokens") || self.recent.eq_ignore_ascii_case(b"token"),
            // An ASCII letter has no need of an escape.
            b'2'..=b'7' => self.recent.ends_with(br"\u00"),
            _ => false,
        };
        self.in_authority = self.slashes == 2 || (self.in_authority && !matches!(byte, b'/' | b'?' | b'#' | b' '));
        if byte.is_ascii_alphanumeric() || b"_-%[]. '".contains(&byte) {
            self.push(byte);
        } else {
            self.recent.clear();
        }
        told
    }

    /// The next byte, behind a backslash; whether what follows may be a secret.
    pub(super) fn escaped(&mut self, byte: u8) -> bool {
        self.first = self.first.or(Some(byte));
        match byte {
            b'/' => return self.next(byte),
            b'u' => {
                self.push(b'\\');
                self.push(byte);
            }
            b'"' => {}
            _ => self.recent.clear(),
        }
        // A quoted text in a quoted list.
        byte == b'"' && matches!(self.first, Some(b'['))
    }

    fn push(&mut self, byte: u8) {
        if self.recent.len() >= NAME_BYTES.saturating_mul(2) {
            self.recent.drain(..NAME_BYTES);
        }
        self.recent.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text up to where a secret may begin.
    fn plain(text: &str) -> String {
        let (mut quoted, mut escaped) = (Quoted::default(), false);
        let end = text.bytes().position(|byte| {
            let told = if escaped { quoted.escaped(byte) } else { byte != b'\\' && quoted.next(byte) };
            escaped = !escaped && byte == b'\\';
            told
        });
        text.split_at(end.map_or(text.len(), |at| at.saturating_add(1))).0.to_owned()
    }

    #[test]
    fn a_secret_may_follow_what_tells_one() {
        for (text, shown) in [
            (r#"x {"a""#, "x {"),
            (r#"[\"admin\""#, r#"[\""#),
            ("a=b&password=c", "a=b&password="),
            (r#"a, \"Pass Word\" : c"#, r#"a, \"Pass Word\" :"#),
            ("https://u:p@h/", "https://u:"),
            ("/tokens/abc", "/tokens/"),
            (r"\/tokens\/abc", r"\/tokens\/"),
            (r"p\u0061ssword=c", r"p\u006"),
            (r"\npin=5", r"\npin="),
        ] {
            assert_eq!(plain(text), shown);
        }
        for text in ["a: b = c", "[prod] \u{fc}ber", r"N\u00e9 \u4e00", "https://h/x:y", "10.0.0.1, fe80::1"] {
            assert_eq!(plain(text), text);
        }
    }
}
