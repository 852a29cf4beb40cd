//! What of a head is a secret: of a target by its place in the path or its name in the query, of a header by its name or value.

use super::names::is_secret_key;
use memchr::memmem;
use std::ops::Range;

/// Words that make the value of a header a secret, beyond those of every name.
const TELLING_HEADERS: [&[u8]; 4] = [b"cookie", b"auth", b"key", b"pass"];

/// Headers whose names sound like secrets and whose values are none.
const PLAIN_HEADERS: [&[u8]; 3] = [b"sec-websocket-key", b"www-authenticate", b"x-kl-kfa-ajax-request"];

/// Hexadecimal digits in a row that no name has: a token.
const TOKEN_DIGITS: usize = 32;

/// Escapes within escapes that are undone. Behind so many, nothing honest is left.
const MOST_ESCAPES: usize = 4;

/// Whether the value of a header is a secret: by its name, or because it quotes a secret or an address with one in it.
pub(super) fn is_secret_header(name: &[u8], value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let told = is_secret_key(&name) || TELLING_HEADERS.iter().any(|word| memmem::find(&name, word).is_some());
    (told && !PLAIN_HEADERS.contains(&&*name)) || is_secret_key(value) || quotes_secret_address(value)
}

/// Whether an address with a secret in it is somewhere in a text.
fn quotes_secret_address(text: &[u8]) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'<' | b'>' | b'"' | b'\'' | b',' | b'(' | b')');
    text.split(is_end).any(|piece| {
        let names_user = memchr::memchr(b'@', piece).is_some_and(|at| piece.get(..at).unwrap_or_default().contains(&b':'));
        let is_address = piece.starts_with(b"/") || memmem::find(piece, b"//").is_some();
        names_user || (is_address && !secrets_of_target(piece).is_empty())
    })
}

/// The secret parts of a request target, in order.
///
/// # Wire
///
/// [spec nessus-http-api] 3: `/tokens/<token>/…`, `token=` in a query. [spec] RFC 9112 3.2.2: the target may be a whole address,
/// which may name a user. RFC 3986 2.1: any byte may be escaped; 3.3: a segment may have parameters.
pub(super) fn secrets_of_target(target: &[u8]) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let path_at = authority_end(target);
    if let Some(user) = target.get(..path_at).and_then(|authority| memchr::memrchr(b'@', authority)) {
        let start = memmem::find(target, b"//").map_or(0, |at| at.saturating_add(2));
        secrets.push(start..user);
    }
    let query_at = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len()).max(path_at);
    let mut before = Vec::new();
    let mut in_tokens = false;
    for part in cut(target, path_at..query_at, b"/") {
        let segment = target.get(part.clone()).unwrap_or_default();
        // Its parameters: no client of this API has any.
        let end = memchr::memchr(b';', segment).unwrap_or(segment.len());
        let name_end = memchr::memchr(b'=', segment).map_or(end, |at| end.min(at.saturating_add(1)));
        let name = target.get(part.start..part.start.saturating_add(name_end)).unwrap_or_default();
        let Some(plain) = unescaped(name) else {
            secrets.push(part);
            continue;
        };
        let is_step = matches!(&*plain, b"" | b"." | b"..");
        let is_named = in_tokens && !matches!(&*plain, b"status" | b"download");
        if !is_step && (is_named || names_secret(&before) || is_token(&plain) || plain.iter().any(|byte| b"/\\?&#@;".contains(byte))) {
            secrets.push(part);
        } else {
            // Of a parameter, its name may be seen.
            let rest = cut(target, part.start.saturating_add(name_end)..part.end, b";");
            secrets.extend(rest.map(|rest| {
                let equals = target.get(rest.clone()).and_then(|rest| memchr::memchr(b'=', rest));
                rest.start.saturating_add(equals.map_or(0, |at| at.saturating_add(1)))..rest.end
            }));
        }
        in_tokens |= plain.eq_ignore_ascii_case(b"tokens") || plain.eq_ignore_ascii_case(b"token");
        if !is_step {
            before = plain;
        }
    }
    for part in cut(target, query_at..target.len(), b"?&;#") {
        let pair = target.get(part.clone()).unwrap_or_default();
        let equals = memchr::memchr(b'=', pair).map(|at| pair.split_at_checked(at).unwrap_or_default());
        match equals {
            Some((name, _)) if !is_name(name) => secrets.push(part),
            Some((name, value)) if is_secret_pair(pair, value.get(1..).unwrap_or_default()) => {
                secrets.push(part.start.saturating_add(name.len()).saturating_add(1)..part.end);
            }
            Some(_) => {}
            // A text without a name may be anything but a number, which keeps a page from a cache.
            None if pair.iter().all(u8::is_ascii_digit) && !is_token(pair) => {}
            None => secrets.push(part),
        }
    }
    secrets.retain(|secret| secret.start < secret.end);
    secrets
}

/// Whether what follows such a segment is a secret.
fn names_secret(segment: &[u8]) -> bool {
    // `/session/keys` and `/session/chpasswd` are operations.
    !segment.eq_ignore_ascii_case(b"session") && is_secret_key(segment)
}

/// Whether the name of a pair is a mere name, however it is escaped.
fn is_name(name: &[u8]) -> bool {
    unescaped(name).is_some_and(|name| name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-[] ".contains(byte)))
}

/// Whether the value of a pair is a secret: told by a name, or a form, an address or a text of its own in which one may be.
fn is_secret_pair(pair: &[u8], value: &[u8]) -> bool {
    let Some(value) = unescaped(value) else { return true };
    let is_simple = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-+*, ".contains(byte));
    !is_simple || is_token(&value) || unescaped(pair).is_none_or(|pair| is_secret_key(&pair))
}

/// A text of a target without escapes, and without escapes within them; nothing when there are too many.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let mut text = text.to_vec();
    for _ in 0..MOST_ESCAPES {
        let plain = percent_decoded(&text);
        if plain == text {
            return Some(plain);
        }
        text = plain;
    }
    None
}

/// Where the path begins: behind scheme and host, where they are there.
fn authority_end(target: &[u8]) -> usize {
    if target.starts_with(b"/") {
        return 0;
    }
    let host = memmem::find(target, b"://").map_or(0, |at| at.saturating_add(3));
    let rest = target.get(host..).unwrap_or_default();
    memchr::memchr3(b'/', b'?', b'#', rest).map_or(target.len(), |at| host.saturating_add(at))
}

/// The parts of a range between these bytes.
fn cut<'t>(target: &'t [u8], within: Range<usize>, at: &'static [u8]) -> impl Iterator<Item = Range<usize>> + 't {
    let mut start = within.start;
    let text = target.get(within).unwrap_or_default();
    text.split(move |byte| at.contains(byte)).map(move |part| {
        let range = start..start.saturating_add(part.len());
        start = range.end.saturating_add(1);
        range
    })
}

/// Whether a path segment looks like a token: nothing but hexadecimal digits, and many. Template UUIDs have hyphens.
pub(super) fn is_token(segment: &[u8]) -> bool {
    segment.len() >= TOKEN_DIGITS && segment.iter().all(u8::is_ascii_hexdigit)
}

/// A target as everybody may see it.
pub(super) fn shown(target: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(target.len());
    let mut at = 0;
    for secret in secrets_of_target(target) {
        out.extend_from_slice(target.get(at..secret.start).unwrap_or_default());
        out.extend_from_slice(format!("<redacted {} bytes>", secret.len()).as_bytes());
        at = secret.end;
    }
    out.extend_from_slice(target.get(at..).unwrap_or_default());
    out
}

/// Text of a query or a form: `%41` is a byte, `+` a blank. What is no such thing stands for itself.
pub(super) fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [] => return out,
            [b'%', high, low, tail @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                out.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                tail
            }
            [b'+', tail @ ..] => {
                out.push(b' ');
                tail
            }
            [byte, tail @ ..] => {
                out.push(*byte);
                tail
            }
        };
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(target: &str) -> String {
        String::from_utf8(shown(target.as_bytes())).unwrap()
    }

    #[test]
    fn tokens_in_targets_are_hidden() {
        assert_eq!(seen("/tokens/abc/status"), "/tokens/<redacted 3 bytes>/status");
        assert_eq!(seen("/scans/75/export/12/download"), "/scans/75/export/12/download");
        assert_eq!(seen("/x?a=b&%74oken=zz&c&12"), "/x?a=b&%74oken=<redacted 2 bytes>&<redacted 1 bytes>&12");
        assert_eq!(seen("/scans;a=b/75;c/1"), "/scans;a=<redacted 1 bytes>/75;<redacted 1 bytes>/1");
        assert_eq!(seen("/session/keys?filter.0.value=a,b"), "/session/keys?filter.0.value=a,b");
        assert_eq!(seen("/tokens//./abc/download"), "/tokens//./<redacted 3 bytes>/download");
        assert_eq!(seen("/x/0123456789abcdef0123456789abcdef/y"), "/x/<redacted 32 bytes>/y");
        assert_eq!(
            seen("/editor/scan/templates/ad629e16-03b6-8c1d-cef6-ef8c9dd3c658d24bd260ef5f9e66"),
            "/editor/scan/templates/ad629e16-03b6-8c1d-cef6-ef8c9dd3c658d24bd260ef5f9e66"
        );
        assert_eq!(seen("http://a:b@h/tokens/abc"), "http://<redacted 3 bytes>@h/tokens/<redacted 3 bytes>");
        assert_eq!(seen("/scans/?folder_id=3"), "/scans/?folder_id=3");
        assert_eq!(seen("/x?data=%7B%22password%22:1%7D"), "/x?data=<redacted 22 bytes>");
    }

    #[test]
    fn headers_and_keys_tell_secrets() {
        for name in ["X-Cookie", "x-api-token", "X-APIKeys", "Cookie", "Set-Cookie", "Authorization", "Proxy-Authorization"] {
            assert!(is_secret_header(name.as_bytes(), b"x"), "{name}");
        }
        for name in ["Host", "User-Agent", "X-KL-kfa-Ajax-Request", "Content-Type", "Server"] {
            assert!(!is_secret_header(name.as_bytes(), b"x"), "{name}");
        }
        assert!(is_secret_header(b"Referer", b"https://h/x?token=1"));
        for value in
            ["https://u:p@h/", "curl //u:p@h/", "/x?pass=1", "https://h/dl/0123456789abcdef0123456789abcdef", "a <https://h/?a=b/c>"]
        {
            assert!(is_secret_header(b"X-Original-URL", value.as_bytes()), "{value}");
        }
        for value in [
            "text/html,application/xml;q=0.9,*/*;q=0.8",
            "Mozilla/5.0 (X11; +http://h/bot.html)",
            "https://h:8834/scans?folder_id=3",
            "h:8834",
        ] {
            assert!(!is_secret_header(b"Accept", value.as_bytes()), "{value}");
        }
    }
}
