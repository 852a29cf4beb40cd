//! The grammars of the protocols that are known, as far as they were seen: made of what the dissectors say of every message.
//!
//! Types are numbered in order of first sight, and so are the fields of each: a message can be written at once, with the ids that the
//! grammar at the end of the document has.

mod language;
mod machine;
mod types;
mod words;

use super::dialogue::Dialogue;
use super::message::Placed;
use crate::event::Message;
use crate::event::Reference;
use crate::grammar::Description;
use crate::limits;
use crate::time::Timestamp;
use language::Language;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

/// The protocols that were seen.
#[derive(Debug, Default)]
pub(super) struct Learned {
    languages: BTreeMap<String, Language>,
}

/// Where a session is in its language.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// The number of its connection, which tells it from others.
    flow: u64,
    /// The type of the newest message.
    newest: Option<usize>,
    /// Numbers, types and times of messages that may be answered.
    requests: VecDeque<(u64, usize, Timestamp)>,
    /// What was seen of it already, to count sessions.
    seen: BTreeSet<(Thing, usize)>,
}

/// What sessions are counted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Thing {
    Type,
    Word,
    Step,
}

impl Walk {
    /// At its begin.
    pub(super) fn new(flow: u64) -> Self {
        Self { flow, ..Self::default() }
    }

    /// Whether this session shows a thing for the first time.
    fn is_new(&mut self, thing: Thing, index: usize) -> bool {
        self.seen.insert((thing, index))
    }

    fn remember(&mut self, number: u64, kind: usize, at: Timestamp) {
        if self.requests.len() >= limits::DOCUMENT_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back((number, kind, at));
    }

    /// Type and time of a message that is answered.
    fn request(&self, request: Reference) -> Option<(usize, Timestamp)> {
        let at = self.requests.binary_search_by_key(&request.number, |(number, ..)| *number).ok()?;
        self.requests.get(at).map(|(_, kind, at)| (*kind, *at))
    }
}

impl Learned {
    /// Takes a message in, with the time of its first byte: its type, and the field of every token.
    pub(super) fn message(&mut self, at: Timestamp, message: &Message<'_>, dialogue: &mut Dialogue) -> Placed {
        let language = self.languages.entry(dialogue.session.protocol.clone()).or_default();
        language.message(at, message, &mut dialogue.walk)
    }

    /// A session is over.
    pub(super) fn session(&mut self, dialogue: &Dialogue) {
        let language = self.languages.entry(dialogue.session.protocol.clone()).or_default();
        language.session(&dialogue.session, &dialogue.walk);
    }

    /// The descriptions, in order of their ids.
    pub(super) fn descriptions(&self) -> Vec<Description> {
        self.languages.iter().map(|(id, language)| language.description(id)).collect()
    }
}
