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
    /// Another text begins.
    pub(super) fn begin(&mut self) {
        self.recent.clear();
        (self.first, self.slashes, self.in_authority) = (None, 0, false);
    }

    /// The next bytes of a text, no backslash among them: the first behind which a secret may follow. As [`Self::next`], byte by byte.
    pub(super) fn run(&mut self, bytes: &[u8]) -> Option<usize> {
        // Nearly all text has none of these, and then but its end matters to what comes.
        let matters = |byte: u8| matches!(byte, b'{' | b'=' | b':' | b'/');
        let in_escape = self.recent.iter().rev().take(4).any(|byte| *byte == b'\\');
        if in_escape || bytes.iter().fold(false, |any, byte| any | matters(*byte)) {
            return bytes.iter().position(|byte| self.next(*byte));
        }
        if bytes.is_empty() {
            return None;
        }
        self.first = self.first.or_else(|| bytes.iter().find(|byte| **byte != b' ').copied());
        self.slashes = 0;
        self.in_authority = self.in_authority && !bytes.iter().any(|byte| matches!(byte, b'?' | b'#' | b' '));
        match bytes.iter().rposition(|byte| !is_of_name(*byte)) {
            Some(behind) => {
                self.recent.clear();
                self.push_all(bytes.get(behind.saturating_add(1)..).unwrap_or_default());
            }
            None => self.push_all(bytes),
        }
        None
    }

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
        if is_of_name(byte) {
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

    /// The same of several bytes.
    fn push_all(&mut self, bytes: &[u8]) {
        let all = self.recent.len().saturating_add(bytes.len());
        // So many are left of all when one by one half of them went whenever there were too many.
        let above = all.saturating_sub(NAME_BYTES.saturating_add(1)).checked_rem(NAME_BYTES).unwrap_or(0);
        let left = if all <= NAME_BYTES.saturating_mul(2) { all } else { NAME_BYTES.saturating_add(1).saturating_add(above) };
        let newest = bytes.get(bytes.len().saturating_sub(left)..).unwrap_or(bytes);
        let older = left.saturating_sub(newest.len());
        self.recent.drain(..self.recent.len().saturating_sub(older));
        self.recent.extend_from_slice(newest);
    }
}

/// Whether a byte may be of a name.
fn is_of_name(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'%' | b'[' | b']' | b'.' | b' ' | b'\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_run_is_its_bytes(runs in proptest::collection::vec("[a-c pPsw=:/?#{,2_u0]{0,9}|[a-z ]{50,200}|u00[2-7e]pw", 1..12)) {
            let (mut one, mut other) = (Quoted::default(), Quoted::default());
            for run in runs {
                let found = one.run(run.as_bytes());
                prop_assert_eq!(found, run.bytes().position(|byte| other.next(byte)));
                if found.is_some() {
                    break;
                }
                prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
                prop_assert_eq!(one.escaped(b'u'), other.escaped(b'u'));
            }
        }
    }

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
