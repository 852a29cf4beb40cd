//! Which words and phrases name a secret, and where in a text begins what they name: a pair, a sentence, a word behind the name.

use crate::protocol::telling;
use crate::protocol::telling::is_secret_key;

/// Parts of words that name a secret in prose beside [`telling::NAMES`], in small letters.
const NAMES: [&[u8]; 7] = [b"pass", b"auth", b"private", b"api-key", b"api_key", b"access_key", b"access-key"];
/// A whole word that does beside [`telling::WORDS`].
const BEARER: &[u8] = b"bearer";
/// Whole words that do only with one of [`QUALIFIERS`] in front of them.
const NOUNS: [&[u8]; 5] = [b"key", b"code", b"id", b"phrase", b"keys"];
const QUALIFIERS: [&[u8]; 22] = [
    b"session",
    b"encryption",
    b"decryption",
    b"api",
    b"access",
    b"master",
    b"shared",
    b"preshared",
    b"signing",
    b"license",
    b"licence",
    b"recovery",
    b"symmetric",
    b"verification",
    b"security",
    b"confirmation",
    b"login",
    b"activation",
    b"time",
    b"onetime",
    b"unlock",
    b"pin",
];
/// Words behind which a value stands at once, without a sign: `password hunter2`.
const DIRECT: [&[u8]; 13] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"passcode",
    b"passwort",
    b"kennwort",
    b"pwd",
    b"psk",
    b"apikey",
    b"secret",
    b"token",
    b"bearer",
    b"pin",
];
/// Words that lead from a name to its value, as signs do.
const LINKS: [&[u8]; 6] = [b"is", b"was", b"are", b"be", b"to", b"becomes"];
/// Words between a name and what leads to its value: `password for the account of bob: …`.
const MOST_BETWEEN: usize = 10;
/// Bytes of such a word, and of what stands in front of a name: text that is all names costs no more than its length.
const MOST_WORD: usize = 80;
const MOST_FRONT: usize = 256;
/// Bytes of a name in front of a sign.
const MOST_NAME: usize = 64;

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// The place of a name of a secret in these small letters: where it begins, and where its word ends.
#[derive(Clone, Copy, Debug)]
struct Name {
    start: usize,
    end: usize,
    /// Whether it names one only if a sign or a word leads from it to a value: `key`.
    is_weak: bool,
}

/// All names, by their place.
fn names(lower: &[u8]) -> Vec<Name> {
    let mut list = Vec::new();
    for name in NAMES.into_iter().chain(telling::NAMES) {
        for start in memchr::memmem::find_iter(lower, name) {
            let behind = lower.get(start.saturating_add(name.len())..).unwrap_or_default();
            // Passive, passed, passenger and author name none.
            let other = (name == b"pass" && matches!(behind, [b'a' | b'e' | b'i', ..]))
                || (name == b"auth" && behind.starts_with(b"or") && !behind.starts_with(b"ori"));
            if !other {
                list.push(Name { start, end: start.saturating_add(name.len()), is_weak: false });
            }
        }
    }
    let mut before: &[u8] = &[];
    for (start, word) in words(lower) {
        let end = start.saturating_add(word.len());
        let qualified = NOUNS.contains(&word) && QUALIFIERS.contains(&before);
        let joined = NOUNS.iter().any(|noun| word.strip_suffix(*noun).is_some_and(|front| QUALIFIERS.contains(&front)));
        if telling::WORDS.contains(&word) || word == BEARER || qualified || joined {
            list.push(Name { start, end, is_weak: false });
        } else if word == b"key" {
            list.push(Name { start, end, is_weak: true });
        }
        before = word;
    }
    list.sort_by_key(|name| name.start);
    // Several names in one word lead to the same value.
    let mut reached = 0;
    list.retain(|name| {
        let is_new = name.start >= reached;
        if is_new {
            reached = name.end.saturating_add(tail(lower, name.end));
        }
        is_new
    });
    list
}

/// Bytes behind a name that still are of its word.
fn tail(lower: &[u8], end: usize) -> usize {
    let goes_on = |byte: &u8| is_word(*byte) || matches!(byte, b'_' | b'-' | b'"' | b'\'' | b']');
    lower.get(end..).map_or(0, |rest| rest.iter().take_while(|byte| goes_on(byte)).count())
}

/// Runs of letters and digits, with their places.
fn words(lower: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = lower.get(at..)?;
        let start = at.saturating_add(rest.iter().position(|byte| is_word(*byte))?);
        let word = lower.get(start..)?.split(|byte| !is_word(*byte)).next()?;
        at = start.saturating_add(word.len());
        Some((start, word))
    })
}

/// Whether these small letters name a secret.
pub(super) fn tells(lower: &[u8]) -> bool {
    names(lower).iter().any(|name| !name.is_weak || leads(lower, *name).is_some())
}

/// Where in a text a secret begins that a name tells: behind `password=`, `session key is:`, `password for bob:`, or before `as password`; or
/// behind the label of a private key.
pub(super) fn within(text: &[u8]) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let value = |name: &Name| behind(&lower, *name).into_iter().chain(before(&lower, *name)).min();
    let key = super::pem::begins(text).filter(|begin| *begin < text.len());
    names(&lower).iter().filter_map(value).chain(behind_sign(text)).chain(behind_pass(text)).chain(key).min()
}

/// The lines inside of a text, with the place of each: what ends messages need not be what ends lines.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0_usize;
    text.split(|byte| matches!(byte, b'\n' | b'\r')).map(move |line| {
        let start = at;
        at = start.saturating_add(line.len()).saturating_add(1);
        (start, line)
    })
}

/// Where the second of two words begins that are a line, and of which the first is that of all logins.
pub(super) fn passed(line: &[u8]) -> Option<usize> {
    let line = line.trim_ascii_end();
    let (word, rest) = line.trim_ascii_start().split_at_checked(4)?;
    let value = rest.trim_ascii_start();
    let are_two = !value.is_empty() && value.len() < rest.len() && !value.iter().any(u8::is_ascii_whitespace);
    (are_two && word.eq_ignore_ascii_case(b"pass")).then(|| line.len().saturating_sub(value.len()))
}

/// Where the value begins of a login in a line behind the first one. The first itself is judged by where it stands in its message.
fn behind_pass(text: &[u8]) -> Option<usize> {
    lines(text).skip(1).find_map(|(start, line)| passed(line).map(|begin| start.saturating_add(begin)))
}

/// Where a value begins behind a sign, in front of which a name stands that tells a secret: `sid=`, `"sshKey": `, `<pin>`, a zero byte.
pub(super) fn behind_sign(text: &[u8]) -> Option<usize> {
    let is_sign = |byte: u8| matches!(byte, b'=' | b':' | b'>') || (byte < b' ' && !byte.is_ascii_whitespace());
    text.iter().enumerate().filter(|(_, byte)| is_sign(**byte)).find_map(|(at, _)| {
        let front = text.get(at.saturating_sub(MOST_NAME)..at)?.trim_ascii_end();
        let of_name = |byte: &u8| is_word(*byte) || matches!(byte, b'_' | b'-' | b'.' | b'"' | b'\'' | b'[' | b']');
        let size = front.iter().rev().take_while(|byte| of_name(byte)).count();
        let name = front.get(front.len().saturating_sub(size)..)?;
        let begin = blanks(text, at.saturating_add(1));
        (size > 0 && begin < text.len() && is_secret_key(name)).then_some(begin)
    })
}

/// Where a value begins behind a name; nothing when the text ends with it.
fn behind(lower: &[u8], name: Name) -> Option<usize> {
    let end = name.end.saturating_add(tail(lower, name.end));
    let pair = |at: usize| matches!(lower.get(at), Some(b'=' | b':' | b'/')).then_some(at.saturating_add(1));
    let whole = lower.get(name.start..end).unwrap_or_default();
    let is_open = |at: usize| matches!(lower.get(at), Some(b'`' | b'"' | b'\'' | b'<' | b'(' | b'[' | b'{')).then_some(at);
    let direct = |at: usize| (DIRECT.contains(&whole) && at > end).then_some(at);
    let at = blanks(lower, end);
    let begin = pair(at).or_else(|| leads(lower, Name { end, ..name }));
    let begin = begin.or_else(|| if name.is_weak { None } else { is_open(at).or_else(|| direct(at)) })?;
    Some(blanks(lower, begin)).filter(|begin| *begin < lower.len())
}

/// Where a value begins to which words lead from a name: up to a sign or one of [`LINKS`].
fn leads(lower: &[u8], name: Name) -> Option<usize> {
    let mut at = name.end;
    let most = if name.is_weak { 1 } else { MOST_BETWEEN };
    for _ in 0..most {
        at = blanks(lower, at);
        let rest = lower.get(at..).map(|rest| rest.get(..MOST_WORD).unwrap_or(rest))?;
        // A word of a sentence, with the signs that names and addresses have.
        let word: &[u8] = rest.split(|byte| matches!(byte, b' ' | b'\t' | b':' | b'=' | b';' | b'\r' | b'\n')).next()?;
        let end = at.saturating_add(word.len());
        if word.iter().any(|byte| *byte < b' ' || *byte > b'~') {
            return None;
        }
        match lower.get(end) {
            Some(b':' | b'=') => return Some(end.saturating_add(1)),
            Some(b' ' | b'\t') if LINKS.contains(&word) => {
                let behind = blanks(lower, end);
                return Some(behind.saturating_add(usize::from(lower.get(behind) == Some(&b':'))));
            }
            // A sentence that ended says nothing of what the next one does.
            Some(b' ') if !word.ends_with(b".") => at = end,
            _ => return None,
        }
    }
    None
}

/// Where the word begins in front of `as password`.
fn before(lower: &[u8], name: Name) -> Option<usize> {
    let from = name.start.saturating_sub(MOST_FRONT);
    let mut list: Vec<&[u8]> = lower.get(from..name.start)?.split(|byte| *byte == b' ').collect();
    // What stands right before the name: nothing behind the last blank.
    list.pop().filter(|part| part.is_empty())?;
    let article = list.last().is_some_and(|word| matches!(*word, b"the" | b"your" | b"a" | b"his" | b"her" | b"my"));
    if article {
        list.pop();
    }
    list.pop().filter(|word| *word == b"as")?;
    list.pop().filter(|value| !value.is_empty())?;
    let front: usize = list.iter().map(|part| part.len().saturating_add(1)).fold(0, usize::saturating_add);
    // A value that goes back further than was looked hides all.
    Some(if list.is_empty() { 0 } else { from.saturating_add(front) })
}

/// The first place from here on that is no blank.
fn blanks(bytes: &[u8], at: usize) -> usize {
    let count = bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count());
    at.saturating_add(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_only_look_like_it_name_no_secret() {
        for named in [
            "331 please specify the password.",
            "pass",
            "x-auth-token",
            "authorization",
            "passwd",
            "passphrase:",
            "enter pin:",
            "license key",
            "the key is x",
            "sessionid",
        ] {
            assert!(tells(named.as_bytes()), "{named}");
        }
        for other in [
            "227 entering passive mode",
            "tests passed",
            "author: me",
            "authors",
            "keyboard is",
            "monkey: x",
            "opinion",
            "set key value",
            "code",
        ] {
            assert!(!tells(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn values_are_found_inside_of_text() {
        let at = |text: &str| within(text.as_bytes()).map(|place| text.get(place..).unwrap().to_owned());
        assert_eq!(at("GET /?user=a&password=hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("{\"auth_token\": \"x\"}").as_deref(), Some("\"x\"}"));
        assert_eq!(at("/tokens/2fbfed35/status").as_deref(), Some("2fbfed35/status"));
        assert_eq!(at("{\"accessKey\":\"dca6\"").as_deref(), Some("\"dca6\""));
        assert_eq!(at("the password is hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("password for bob: hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("use hunter2 as the password").as_deref(), Some("hunter2 as the password"));
        assert_eq!(at("<pin kind=x>1234</pin>").as_deref(), Some("x>1234</pin>"));
        assert_eq!(at("<password>hunter2</password>").as_deref(), Some("hunter2</password>"));
        assert_eq!(at("user\0bob\0password\0hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("\u{5}LOGINS\0\0\0\u{3}bob\u{8}PASSWORDS\0\0\0\u{7}hunter2").as_deref(), Some("\0\0\u{7}hunter2"));
        assert_eq!(at("a=1&sshKey=x").as_deref(), Some("x"));
        assert_eq!(at("+OK\nPASS hunter2\r\nLIST").as_deref(), Some("hunter2\r\nLIST"));
        assert_eq!(at("\r pass  hunter2").as_deref(), Some("hunter2"));
        assert_eq!(at("{\"sid\" : 12}").as_deref(), Some("12}"));
        for none in [
            "password=",
            "the password is ",
            "set the key value",
            "as password",
            "pass 3",
            "a\npass",
            "a\nthey pass by",
            "a\npass it on",
            "entering passive mode: 1,2",
            "keys for: x",
        ] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn text_that_is_all_names_costs_no_more_than_its_length() {
        let begun = std::time::Instant::now();
        for part in ["pass", "pass ", "key=", "token-", "a=", "sid>", ":::", "password for ", "as password "] {
            let text = part.repeat(200_000 / part.len());
            let _ = within(text.as_bytes());
        }
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
