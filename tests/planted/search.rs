//! How a secret is looked for: its parts as text, in hex, in base64, and as numbers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Bytes of a secret in a row that are one: shorter ones stand anywhere by chance.
const PART: usize = 6;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The text of an output without blanks and line ends, and in pages without markup, which may stand in it.
pub(crate) fn unbroken(text: &str) -> String {
    let is_page = text.starts_with("<!DOCTYPE") || text.starts_with("<!doctype");
    let mut is_markup = false;
    let kept = |letter: &char| {
        let markup = is_page && (is_markup || *letter == '<');
        is_markup = markup && *letter != '>';
        !markup && !letter.is_ascii_whitespace()
    };
    text.chars().filter(kept).collect()
}

/// A form of the secret in which it is in one of the texts, if it is.
pub(crate) fn found(texts: &[String; 2], secret: &[u8]) -> Option<String> {
    let has = |form: &String| texts.iter().any(|text| text.contains(form.as_str()));
    // Digits alone are like any time or offset.
    let part = if secret.iter().all(u8::is_ascii_digit) { secret.len() } else { PART };
    let parts = secret.windows(part.min(secret.len()));
    let plain = parts.clone().filter_map(|part| String::from_utf8(part.to_vec()).ok());
    let escaped = parts.clone().map(|part| part.escape_ascii().to_string());
    let wide: Vec<u8> = secret.iter().flat_map(|byte| [*byte, 0]).collect();
    let hexes = parts.clone().chain(wide.windows(PART * 2)).flat_map(|part| [hex(part), bytes(part, "\\x"), bytes(part, "0x")]);
    let base64 = (0..3).filter_map(|skip| secret.get(skip..)).map(|rest| STANDARD_NO_PAD.encode(rest.get(..9).unwrap_or(rest)));
    plain.chain(escaped).chain(hexes).chain(base64).chain(numbers(secret)).find(has)
}

/// Bytes each with a sign in front.
fn bytes(part: &[u8], sign: &str) -> String {
    let list: Vec<String> = part.iter().map(|byte| format!("{sign}{byte:02x}")).collect();
    if sign == "\\x" { list.concat() } else { list.join(",") }
}

/// Numbers that four and eight bytes of it are.
fn numbers(secret: &[u8]) -> impl Iterator<Item = String> {
    let number = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)).to_string();
    [4, 8].into_iter().flat_map(move |size| {
        secret.windows(size).flat_map(move |window| {
            let back: Vec<u8> = window.iter().rev().copied().collect();
            [number(window), number(&back)]
        })
    })
}
