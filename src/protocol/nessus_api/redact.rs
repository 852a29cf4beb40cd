//! What of a request or response is a secret: by the name of a header, of a key, by its place in a path. In doubt it is.

use memchr::memmem;
use std::ops::Range;

/// Words in the name of a key or header that make its value a secret, in lower case.
///
/// # Wire
///
/// [spec nessus-http-api] 3, and what is called like it.
const TELLING: [&[u8]; 17] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"pwd",
    b"secret",
    b"token",
    b"private_key",
    b"privatekey",
    b"priv_key",
    b"auth_key",
    b"accesskey",
    b"access_key",
    b"apikey",
    b"api_key",
    b"api-key",
    b"credential",
    b"community",
];

/// Words that make the value of a header a secret, beyond those.
const TELLING_HEADERS: [&[u8]; 3] = [b"cookie", b"auth", b"key"];

/// Headers whose names sound like secrets and whose values are none.
const PLAIN_HEADERS: [&[u8]; 3] = [b"sec-websocket-key", b"www-authenticate", b"x-kl-kfa-ajax-request"];

/// Hexadecimal digits in a row that no name has: a token.
const TOKEN_DIGITS: usize = 32;

/// Whether the value of a key is a secret.
pub(super) fn is_secret_key(key: &[u8]) -> bool {
    let key = key.to_ascii_lowercase();
    TELLING.iter().any(|word| memmem::find(&key, word).is_some())
}

/// Whether the value of a header is a secret: by its name, or because it quotes an address with a token in it.
pub(super) fn is_secret_header(name: &[u8], value: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    let told = is_secret_key(&name) || TELLING_HEADERS.iter().any(|word| memmem::find(&name, word).is_some());
    (told && !PLAIN_HEADERS.contains(&&*name)) || is_secret_key(value)
}

/// The secret parts of a request target, in order.
///
/// # Wire
///
/// [spec nessus-http-api] 3: `/tokens/<token>/…`, `token=` in a query. [spec] RFC 9112 3.2.2: the target may be a whole address,
/// which may name a user.
pub(super) fn secrets_of_target(target: &[u8]) -> Vec<Range<usize>> {
    let mut secrets = Vec::new();
    let path_at = authority_end(target);
    if let Some(user) = target.get(..path_at).and_then(|authority| memchr::memrchr(b'@', authority)) {
        let start = memmem::find(target, b"//").map_or(0, |at| at.saturating_add(2));
        secrets.push(start..user);
    }
    let query_at = memchr::memchr2(b'?', b'#', target).unwrap_or(target.len()).max(path_at);
    let mut before: &[u8] = b"";
    for part in cut(target, path_at..query_at, b"/") {
        let segment = target.get(part.clone()).unwrap_or_default();
        if before.eq_ignore_ascii_case(b"tokens") || before.eq_ignore_ascii_case(b"token") || is_token(segment) {
            secrets.push(part);
        }
        before = segment;
    }
    for part in cut(target, query_at..target.len(), b"?&;#") {
        let pair = target.get(part.clone()).unwrap_or_default();
        let equals = memchr::memchr(b'=', pair);
        match equals {
            // What stands behind the name may be a form of its own.
            Some(equals) if is_secret_key(&percent_decoded(pair)) => {
                secrets.push(part.start.saturating_add(equals).saturating_add(1)..part.end);
            }
            None if is_token(pair) => secrets.push(part),
            _ => {}
        }
    }
    secrets.retain(|secret| secret.start < secret.end);
    secrets
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
fn is_token(segment: &[u8]) -> bool {
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
        assert_eq!(seen("/x?a=b&%74oken=zz&c"), "/x?a=b&%74oken=<redacted 2 bytes>&c");
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
        for key in ["password", "escalation_password", "Passphrase", "private_key", "secretKey", "accessKey", "temp_token"] {
            assert!(is_secret_key(key.as_bytes()), "{key}");
        }
        assert!(!is_secret_key(b"user_permissions"));
    }
}
