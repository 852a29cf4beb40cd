//! The protocol's own words and marks, and how often they were seen.

use super::Thing;
use super::Walk;
use crate::grammar::BytePattern;
use crate::grammar::Keyword;
use crate::grammar::Kind;
use crate::grammar::Level;
use crate::grammar::Share;
use crate::limits;
use crate::peer::Peer;
use crate::report::document::message::push_hex;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Words and marks in order of first sight.
#[derive(Debug, Default)]
pub(super) struct Words {
    index: BTreeMap<(Kind, Vec<u8>), usize>,
    seen: Vec<Seen>,
    /// Whether there was no more room.
    pub(super) full: bool,
}

/// A word or mark.
#[derive(Debug)]
struct Seen {
    kind: Kind,
    bytes: Vec<u8>,
    /// How often the client and the server said it.
    by: [u64; 2],
    sessions: u64,
}

impl Seen {
    fn count(&self) -> u64 {
        let [client, server] = self.by;
        client.saturating_add(server)
    }
}

/// Who alone says something.
pub(super) fn only(by: [u64; 2]) -> Option<String> {
    match by {
        [0, 0] => None,
        [_, 0] => Some(Peer::Client.name().to_owned()),
        [0, _] => Some(Peer::Server.name().to_owned()),
        _ => None,
    }
}

impl Words {
    /// Counts a word. Only what is the protocol's own may come here.
    pub(super) fn add(&mut self, kind: Kind, bytes: &[u8], from: Peer, walk: &mut Walk) {
        if bytes.is_empty() || bytes.len() > limits::DOCUMENT_WORD_BYTES {
            return;
        }
        let index = match self.index.get(&(kind, bytes.to_vec())) {
            Some(index) => *index,
            None if self.seen.len() >= limits::DOCUMENT_WORDS => {
                self.full = true;
                return;
            }
            None => {
                let index = self.seen.len();
                self.index.insert((kind, bytes.to_vec()), index);
                self.seen.push(Seen { kind, bytes: bytes.to_vec(), by: [0, 0], sessions: 0 });
                index
            }
        };
        let new = walk.is_new(Thing::Word, index);
        if let Some(word) = self.seen.get_mut(index) {
            let [client, server] = &mut word.by;
            let count = if from == Peer::Client { client } else { server };
            *count = count.saturating_add(1);
            word.sessions = word.sessions.saturating_add(u64::from(new));
        }
    }

    /// Those of a kind or not, most frequent first.
    fn sorted(&self, wanted: impl Fn(Kind) -> bool) -> Vec<&Seen> {
        let mut words: Vec<&Seen> = self.seen.iter().filter(|word| wanted(word.kind)).collect();
        words.sort_by(|one, two| two.count().cmp(&one.count()).then_with(|| one.bytes.cmp(&two.bytes)));
        words
    }

    /// The words.
    pub(super) fn keywords(&self) -> Vec<Keyword> {
        let words = self.sorted(|kind| !matches!(kind, Kind::Terminator | Kind::Delimiter | Kind::Padding));
        let keyword = |word: &Seen| Keyword {
            text: escaped(&word.bytes),
            hex: hex(&word.bytes),
            kind: word.kind,
            direction: only(word.by),
            column: None,
            count: word.count(),
            sessions: word.sessions,
            refused: false,
        };
        words.into_iter().map(keyword).collect()
    }

    /// The marks of a kind; their support is the share of all marks of this kind.
    pub(super) fn patterns(&self, of: Kind, level: Level) -> Vec<BytePattern> {
        let marks = self.sorted(|kind| kind == of);
        let all = marks.iter().fold(0_u64, |sum, mark| sum.saturating_add(mark.count()));
        let pattern = |mark: &Seen| BytePattern {
            hex: hex(&mark.bytes),
            text: escaped(&mark.bytes),
            count: mark.count(),
            support: Share::of(mark.count(), all),
            level,
            direction: only(mark.by),
        };
        marks.into_iter().map(pattern).collect()
    }
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut hex = String::new();
    push_hex(&mut hex, bytes);
    hex
}

/// Bytes for people: printable ASCII as it is, all else escaped.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        match byte {
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a `String` cannot fail.
            _ => _ = write!(text, "\\x{byte:02x}"),
        }
    }
    text
}
