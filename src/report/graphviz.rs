//! Text for Graphviz: what a picture says, and nothing that its language would take for its own.

use crate::report::escape::terminal_text;

/// A string in quotes: a name, or a label of one line.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// A label of several centred lines.
pub(super) fn label(lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    format!("\"{}\"", lines.join("\\n"))
}

/// What would end a quoted string, or be an escape or an entity in it. What a terminal would obey or hide is made visible in the same
/// way: who reads the file or its picture is to see what is there. What XML cannot hold is left out, as pictures are XML.
fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;")
}

fn visible(text: &str) -> String {
    terminal_text(text).chars().filter(|letter| !matches!(letter, '\u{fffe}' | '\u{ffff}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_string_ends_where_it_should() {
        assert_eq!(label(&["a\"b\\".to_owned(), "c\nd".to_owned()]), r#""a\"b\\\nc⏎d""#);
        assert_eq!(quoted("\u{202e}gpj\u{1b}[31m"), r#""\\u{202e}gpj\\x1b[31m""#);
        assert_eq!(quoted("2001:db8::1"), "\"2001:db8::1\"");
        assert_eq!(quoted("&lt;"), "\"&amp;lt;\"");
    }

    proptest! {
        #[test]
        fn the_text_comes_back(text: String) {
            let quoted = quoted(&text);
            let mut inside = quoted.strip_prefix('"').unwrap().strip_suffix('"').unwrap().chars();
            let mut read = String::new();
            while let Some(letter) = inside.next() {
                prop_assert_ne!(letter, '"');
                read.push(if letter == '\\' { inside.next().unwrap() } else { letter });
            }
            prop_assert_eq!(read.replace("&amp;", "&"), visible(&text));
        }
    }
}
