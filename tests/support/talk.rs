//! Conversations written down as text: who says which bytes, in order.

use ntp_sniff::peer::Peer;
use std::fmt;

/// What one side says before the other one speaks, or before it pauses.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) from: Peer,
    pub(crate) bytes: Vec<u8>,
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.from.name(), self.bytes.escape_ascii())
    }
}

/// Reads lines `C: …` and `S: …`; `\n`, `\r`, `\0`, `\\` and `\xNN` stand for bytes, nothing is added at the end of a line. Empty
/// lines and those that begin with `#` are left out.
pub(crate) fn talk(text: &str) -> Vec<Step> {
    let lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| match line.split_at_checked(3) {
            Some(("C: ", said)) => Step { from: Peer::Client, bytes: bytes(said) },
            Some(("S: ", said)) => Step { from: Peer::Server, bytes: bytes(said) },
            _ => panic!("neither 'C: ' nor 'S: ': {line}"),
        })
        .collect()
}

/// The bytes that a text with escapes stands for.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            bytes.extend(letter.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match letters.next() {
            Some('n') => bytes.push(b'\n'),
            Some('r') => bytes.push(b'\r'),
            Some('0') => bytes.push(0),
            Some('\\') => bytes.push(b'\\'),
            Some('x') => {
                let digits: String = letters.by_ref().take(2).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            other => panic!("unknown escape {other:?} in {text}"),
        }
    }
    bytes
}

/// Everything one side says.
pub(crate) fn stream(steps: &[Step], from: Peer) -> Vec<u8> {
    steps.iter().filter(|step| step.from == from).flat_map(|step| step.bytes.iter().copied()).collect()
}
