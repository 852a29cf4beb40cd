//! Bytes of a terminal to keys.

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// A character.
    Char(char),
    /// A letter with Ctrl.
    Ctrl(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// The key left of it deletes.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// Longest sequence of one key; what goes on longer is none.
const SEQUENCE_BYTES: usize = 16;

/// Puts keys together whose bytes come in pieces.
#[derive(Debug, Default)]
pub(super) struct Keyboard {
    pending: Vec<u8>,
}

impl Keyboard {
    /// The keys that are complete with these bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Key> {
        let mut keys = Vec::new();
        for byte in bytes {
            self.pending.push(*byte);
            match read(&self.pending) {
                Read::Key(key) => {
                    keys.push(key);
                    self.pending.clear();
                }
                Read::Part if self.pending.len() < SEQUENCE_BYTES => {}
                Read::Part | Read::None => self.pending.clear(),
            }
        }
        keys
    }

    /// No more bytes came for a moment: an escape that waits is the key of that name.
    pub(super) fn rest(&mut self) -> Option<Key> {
        let alone = self.pending == [0x1b];
        self.pending.clear();
        alone.then_some(Key::Esc)
    }
}

/// What some bytes are.
enum Read {
    Key(Key),
    Part,
    None,
}

/// Reads one key.
fn read(bytes: &[u8]) -> Read {
    match bytes {
        // A bracket is the last byte of none: behind the escape it begins a sequence.
        [0x1b, b'[', .., last @ (0x40..=0x5a | 0x5c..=0x7e)] | [0x1b, b'O', last] => named(bytes, *last),
        [0x1b] | [0x1b, b'O'] | [0x1b, b'[', ..] => Read::Part,
        [b'\r' | b'\n'] => Read::Key(Key::Enter),
        [b'\t'] => Read::Key(Key::Tab),
        [0x7f | 0x08] => Read::Key(Key::Backspace),
        [byte @ 1..=26] => Read::Key(Key::Ctrl(char::from(byte.saturating_add(b'a').saturating_sub(1)))),
        // Control characters that mean nothing; with Alt, or two keys at once, the escape is given up.
        [0..0x20, ..] => Read::None,
        _ => letter(bytes),
    }
}

/// Reads the key of a sequence by its last byte, and its number where it ends with a tilde.
fn named(bytes: &[u8], last: u8) -> Read {
    let key = match (last, bytes.get(2)) {
        (b'A', _) => Key::Up,
        (b'B', _) => Key::Down,
        (b'H', _) | (b'~', Some(b'1' | b'7')) => Key::Home,
        (b'F', _) | (b'~', Some(b'4' | b'8')) => Key::End,
        (b'Z', _) => Key::BackTab,
        (b'~', Some(b'5')) => Key::PageUp,
        (b'~', Some(b'6')) => Key::PageDown,
        _ => return Read::None,
    };
    Read::Key(key)
}

/// Reads a character of UTF-8.
fn letter(bytes: &[u8]) -> Read {
    match str::from_utf8(bytes) {
        Ok(text) => text.chars().next().filter(|char| !char.is_control()).map_or(Read::None, |char| Read::Key(Key::Char(char))),
        Err(error) if error.error_len().is_none() => Read::Part,
        Err(_) => Read::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keys(bytes: &[u8]) -> Vec<Key> {
        Keyboard::default().push(bytes)
    }

    #[test]
    fn keys_are_told_by_their_bytes() {
        assert_eq!(keys(b"q\r\t\x7f\x03"), [Key::Char('q'), Key::Enter, Key::Tab, Key::Backspace, Key::Ctrl('c')]);
        assert_eq!(keys(b"\x1b[A\x1bOB\x1b[5~\x1b[6~"), [Key::Up, Key::Down, Key::PageUp, Key::PageDown]);
        assert_eq!(keys(b"\x1b[H\x1b[4~\x1b[Z"), [Key::Home, Key::End, Key::BackTab]);
        assert_eq!(keys("ü漢".as_bytes()), [Key::Char('ü'), Key::Char('漢')]);
        assert_eq!(keys(b"\x1b[200~a\x1b[3~\xff\xc2\x9bb"), [Key::Char('a'), Key::Char('b')]);
    }

    #[test]
    fn pieces_are_put_together_and_a_lone_escape_is_a_key() {
        let mut keyboard = Keyboard::default();
        assert_eq!(keyboard.push(b"\x1b["), []);
        assert_eq!(keyboard.push(b"A"), [Key::Up]);
        assert_eq!(keyboard.push(b"\x1b"), []);
        assert_eq!((keyboard.rest(), keyboard.rest()), (Some(Key::Esc), None));
        assert_eq!(keyboard.push(&[b"\x1b[".as_slice(), &[b'1'; 99]].concat()).len(), 99 - (SEQUENCE_BYTES - 2));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            let mut keyboard = Keyboard::default();
            keyboard.push(&bytes);
            prop_assert!(keyboard.pending.len() < SEQUENCE_BYTES);
        }
    }
}
