//! Text of a document as text of another language: one function per target. A capture's sender chose the text, and would like to choose
//! the program.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Letters of a generated name, at most.
const IDENTIFIER: usize = 64;

/// A name made of small letters, digits and underscores that begins with a letter and that no other has: the name of a thing in every
/// target. Letters of other alphabets do not survive.
pub(super) fn identifier(text: &str, taken: &mut BTreeMap<String, u64>) -> String {
    let mut name = String::new();
    for letter in text.chars().map(|letter| letter.to_ascii_lowercase()) {
        match letter {
            'a'..='z' | '0'..='9' => name.push(letter),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
        if name.len() >= IDENTIFIER {
            break;
        }
    }
    let name = name.trim_end_matches('_');
    let name = if name.starts_with(|first: char| first.is_ascii_lowercase()) { name.to_owned() } else { format!("x{name}") };
    // How many had this name before; one of these may have been called like the next one.
    let mut number = taken.get(&name).copied().unwrap_or(0);
    let mut unique = name.clone();
    while taken.contains_key(&unique) {
        number = number.saturating_add(1);
        unique = format!("{name}_{}", number.saturating_add(1));
    }
    taken.insert(name, number);
    taken.insert(unique.clone(), 0);
    unique
}

/// Bytes as a Lua string: whatever is not a letter, a digit or harmless is written as its number in three digits.
pub(super) fn lua(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in bytes {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b' '
            | b'_'
            | b'.'
            | b','
            | b':'
            | b'/'
            | b'<'
            | b'>'
            | b'|'
            | b'('
            | b')'
            | b'{'
            | b'}' => {
                out.push(char::from(*byte));
            }
            // Writing to a String cannot fail.
            _ => _ = write!(out, "\\{byte:03}"),
        }
    }
    out.push('"');
    out
}

/// Text as a YAML string in double quotes, of printable ASCII only.
pub(super) fn yaml(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            ' '..='~' => out.push(letter),
            // Writing to a String cannot fail.
            '\0'..='\u{ff}' => _ = write!(out, "\\x{:02x}", u32::from(letter)),
            '\u{100}'..='\u{ffff}' => _ = write!(out, "\\u{:04x}", u32::from(letter)),
            _ => _ = write!(out, "\\U{:08x}", u32::from(letter)),
        }
    }
    out.push('"');
    out
}

/// Text for a comment of programs that others generate from ours, in whatever language: letters, digits and what ends no comment and no
/// string anywhere. All else becomes a dot.
pub(super) fn remark(text: &str) -> String {
    let harmless = |letter: &char| letter.is_ascii_alphanumeric() || " .,:;<>|()=+_-".contains(*letter);
    text.chars().map(|letter| if harmless(&letter) { letter } else { '.' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a Lua program reads of a string in double quotes, or nothing where it would not end where it should.
    fn unlua(text: &str) -> Option<Vec<u8>> {
        let mut bytes = text.strip_prefix('"')?.strip_suffix('"')?.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' | b'\n' | b'\r' | 0 => return None,
                b'\\' => {
                    let digits: Vec<u8> = bytes.by_ref().take(3).collect();
                    out.push(String::from_utf8(digits).ok().filter(|digits| digits.len() == 3)?.parse().ok()?);
                }
                byte => out.push(byte),
            }
        }
        Some(out)
    }

    #[test]
    fn names_are_names() {
        let mut taken = BTreeMap::new();
        assert_eq!(identifier("unknown_tcp_9999_10.0.0.5", &mut taken), "unknown_tcp_9999_10_0_0_5");
        assert_eq!(identifier("\"]]..os.execute(\"x\")", &mut taken), "os_execute_x");
        assert_eq!(identifier("os execute x", &mut taken), "os_execute_x_2");
        assert_eq!(identifier("\u{e9}", &mut taken), "x");
        assert_eq!(identifier("9p", &mut taken), "x9p");
        assert_eq!(identifier("", &mut taken), "x_2");
    }

    #[test]
    fn what_would_end_a_string_is_a_number() {
        assert_eq!(lua(b"\"]]..os.execute(\"a\")--\\\n1"), r#""\034\093\093..os.execute(\034a\034)\045\045\092\0101""#);
        assert_eq!(yaml("a\"\\\n\u{85}\u{2028}\u{1f600}#"), r#""a\"\\\x0a\x85\u2028\U0001f600#""#);
        assert_eq!(remark("*/ evil(); \"\"\" '\\` ?> <|>"), ".. evil(); ... ... .> <|>");
    }

    proptest! {
        #[test]
        fn names_are_unique_and_of_harmless_letters(texts: Vec<String>) {
            let mut taken = BTreeMap::new();
            for text in &texts {
                let name = identifier(text, &mut taken);
                prop_assert!(name.starts_with(|first: char| first.is_ascii_lowercase()));
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
            }
            prop_assert_eq!(taken.len(), texts.len());
        }

        #[test]
        fn lua_gives_back_any_bytes(bytes: Vec<u8>) {
            prop_assert_eq!(unlua(&lua(&bytes)), Some(bytes));
        }

        #[test]
        fn yaml_is_one_line_of_printable_letters(text: String) {
            let quoted = yaml(&text);
            prop_assert!(quoted.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let inside = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap().replace("\\\\", "");
            prop_assert!(!inside.replace("\\\"", "").contains('"'), "{}", quoted);
        }

        #[test]
        fn remarks_end_no_comment(text: String) {
            let remark = remark(&text);
            prop_assert!(!remark.contains(['*', '/', '"', '\'', '\\', '`', '#', '\n', '\r', '@', '$', '%', '?', '!']));
        }
    }
}
