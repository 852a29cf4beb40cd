//! Whether a document is what it says it is. What its JSON Schema says is held as the schema says it, and by reading it as the model, from
//! which the schema is made; what a schema cannot say is checked besides: tokens and packets tile every message, the hex has its length, every id that is named is there.
//!
//! A document is read as it comes, message by message: in memory are the numbers of the messages, the grammars, and what is named of
//! them, whatever the document's length.

mod grammar;
mod message;
mod read;
mod schema;
mod session;
mod value;

use super::model;
use crate::grammar::Description;
use crate::report::escape::terminal_text;
use grammar::Names;
use schema::Schema;
use serde::de::DeserializeSeed as _;
use serde_path_to_error::Track;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::io::Read;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place, as `sessions[0].messages[3].tokens[1]`.
    pub path: String,
    /// What is wrong, with text of the document escaped and shortened.
    pub problem: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What is wrong, in order; of many the first ones.
    pub faults: Vec<Fault>,
    /// How much is wrong.
    pub found: u64,
    /// Sessions of the document.
    pub sessions: u64,
    /// Messages of the document.
    pub messages: u64,
}

/// Checks a document; no more than `most` faults are kept.
///
/// # Errors
///
/// It cannot be read. That it is no document is a fault, and the last one.
pub fn check(document: impl Read, most: usize) -> io::Result<Checked> {
    let mut check = Check::new(most);
    let mut track = Track::new();
    let mut reader = serde_json::Deserializer::from_reader(document);
    let read = read::Document(&mut check).deserialize(serde_path_to_error::Deserializer::new(&mut reader, &mut track));
    match read.and_then(|()| reader.end()) {
        Ok(()) => check.finish(),
        Err(error) if error.is_io() => return Err(error.into()),
        Err(error) if error.is_syntax() || error.is_eof() => check.fault("the document", format!("is no JSON: {error}")),
        Err(error) => check.fault(track.path().to_string(), error.to_string()),
    }
    Ok(check.done)
}

/// Letters of a path or problem that are shown: of longer ones, so many of the beginning and of the end.
const SHOWN: usize = 200;
const BEGIN: usize = 120;
const END: usize = 70;

/// Text of a document for people: on one line, harmless, and not as long as a document can make it.
fn shown(text: &str) -> String {
    let count = text.chars().count();
    if count <= SHOWN {
        return terminal_text(text);
    }
    let [begin, end]: [String; 2] = [text.chars().take(BEGIN).collect(), text.chars().skip(count.saturating_sub(END)).collect()];
    format!("{}…{}", terminal_text(&begin), terminal_text(&end))
}

/// The state of a check.
struct Check {
    schema: Schema,
    most: usize,
    done: Checked,
    /// Members of the document that came.
    members: BTreeSet<String>,
    /// Numbers of the messages of each session, ascending.
    messages: BTreeMap<u64, Vec<u64>>,
    bytes: u64,
    redacted: u64,
    /// Inputs that are named, and where first.
    inputs: BTreeMap<u64, String>,
    /// What is named of each protocol.
    named: BTreeMap<String, Names>,
    protocols: Vec<Description>,
    inputs_there: Vec<model::Input>,
    statistics: model::Statistics,
}

impl Check {
    fn new(most: usize) -> Self {
        Self {
            schema: Schema::of_documents(),
            most,
            done: Checked::default(),
            members: BTreeSet::new(),
            messages: BTreeMap::new(),
            bytes: 0,
            redacted: 0,
            inputs: BTreeMap::new(),
            named: BTreeMap::new(),
            protocols: Vec::new(),
            inputs_there: Vec::new(),
            statistics: model::Statistics::default(),
        }
    }

    fn fault(&mut self, path: impl Into<String>, problem: impl Into<String>) {
        self.done.found = self.done.found.saturating_add(1);
        if self.done.faults.len() < self.most {
            self.done.faults.push(Fault { path: shown(&path.into()), problem: shown(&problem.into()) });
        }
    }

    /// Takes note of an input that is named.
    fn input(&mut self, id: &str, path: &str) {
        match id.strip_prefix('i').and_then(canonical) {
            Some(input) => _ = self.inputs.entry(input).or_insert_with(|| path.to_owned()),
            None => self.fault(path, format!("{id} is no id of an input")),
        }
    }

    /// Takes note of frames that are named.
    fn frames(&mut self, ranges: &[model::FrameRange], path: &str) {
        for (index, range) in ranges.iter().enumerate() {
            let path = format!("{path}.frames[{index}]");
            self.input(&range.input, &format!("{path}.input"));
            if range.first == 0 || range.last < range.first {
                self.fault(path, format!("{} to {} are no frames", range.first, range.last));
            }
        }
    }

    /// Everything was read: what is named must be there, and counts must be right.
    fn finish(&mut self) {
        for member in read::MEMBERS {
            if !self.members.contains(*member) {
                self.fault(*member, "is missing");
            }
        }
        for (place, input) in std::mem::take(&mut self.inputs_there).iter().enumerate() {
            if input.id != format!("i{place}") {
                self.fault(format!("inputs[{place}].id"), format!("is {}, not i{place}", input.id));
            }
            self.inputs.remove(&super::message::to_u64(place));
        }
        for (input, path) in std::mem::take(&mut self.inputs) {
            self.fault(path, format!("i{input} is no input"));
        }
        self.grammars();
        let counts = [
            ("messages", self.statistics.messages, self.done.messages),
            ("bytes", self.statistics.bytes, self.bytes),
            ("tokens_redacted", self.statistics.tokens_redacted, self.redacted),
        ];
        for (name, said, found) in counts {
            if said != found {
                self.fault(format!("statistics.{name}"), format!("is {said}, but {found} are there"));
            }
        }
    }

    /// Whether a message is there, by its id.
    fn has_message(&self, id: &str) -> bool {
        let found = number_pair(id, "m").and_then(|(flow, number)| self.messages.get(&flow)?.binary_search(&number).ok());
        found.is_some()
    }
}

/// The two numbers of an id such as `m3.17`, in their only form.
fn number_pair(id: &str, letter: &str) -> Option<(u64, u64)> {
    let (flow, number) = id.strip_prefix(letter)?.split_once('.')?;
    Some((canonical(flow)?, canonical(number)?))
}

/// A number without leading zeros or signs.
fn canonical(digits: &str) -> Option<u64> {
    let number: u64 = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}
