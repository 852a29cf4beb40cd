//! A phase of the page: what happens in it in its summary, then its messages; of many alike the first few, the others counted.

use super::Markup;
use super::message;
use super::rendered;
use super::text;
use super::text::Anchors;
use crate::limits::HTML_KIND;
use crate::limits::HTML_RUN;
use crate::report::document::model::Message;
use crate::report::document::model::Phase;
use crate::report::document::model::Session;
use askama::Template;
use askama::filters::Safe;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io;

/// Kinds of messages that are named where they are left out, and that are told apart in a phase at all.
const NAMED: usize = 5;
const KINDS: usize = 64;

/// A phase.
#[derive(Template)]
#[template(path = "phase.html", config = "src/report/document/html/askama.toml")]
struct Shown<'a> {
    phase: Option<&'a Phase>,
    anchor: String,
    title: String,
    sentence: String,
    frames: String,
    messages: String,
    open: bool,
    body: Markup,
}

/// Messages that are left out.
#[derive(Template)]
#[template(path = "elided.html", config = "src/report/document/html/askama.toml")]
struct Elided {
    count: String,
    bytes: String,
    kinds: String,
    frames: String,
}

/// What kind of message: its name, and who sent it.
type MessageKind = (String, String);

/// The messages of a phase as they come. Bounded by the bytes they may have on the page.
#[derive(Default)]
pub(super) struct Body {
    out: String,
    messages: u64,
    seen: BTreeMap<MessageKind, usize>,
    /// The kind of the newest message, and how many of it came in a row.
    run: Option<(MessageKind, usize)>,
    gap: Gap,
}

/// Messages left out since the last one that was shown.
#[derive(Default)]
struct Gap {
    count: u64,
    bytes: u64,
    kinds: BTreeMap<MessageKind, u64>,
    first: Option<u64>,
    last: u64,
}

impl Body {
    pub(super) fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Adds a message, if it may be shown and there is room for it; else it is counted. Gives the bytes this took.
    pub(super) fn add(&mut self, message: &Message, protocol: &str, room: usize, anchors: &mut Anchors) -> io::Result<usize> {
        let before = self.out.len();
        self.messages = self.messages.saturating_add(1);
        let kind = (text::cut(&message.name, 40), text::cut(&message.direction, 10));
        let in_row = match &self.run {
            Some((newest, count)) if *newest == kind => count.saturating_add(1),
            _ => 1,
        };
        self.run = Some((kind.clone(), in_row));
        if self.is_wanted(&kind, in_row) && room > 0 {
            let drawn = message::draw(message, protocol, anchors)?.0;
            if drawn.len() <= room {
                self.gap.end(&mut self.out)?;
                self.out.push_str(&drawn);
                anchors.insert(text::anchor(&[&message.id]));
                return Ok(self.out.len().saturating_sub(before));
            }
        }
        self.gap.add(message, kind);
        Ok(0)
    }

    /// Whether a message is among the first of its kind.
    fn is_wanted(&mut self, kind: &MessageKind, in_row: usize) -> bool {
        if in_row > HTML_RUN || (self.seen.len() >= KINDS && !self.seen.contains_key(kind)) {
            return false;
        }
        let seen = self.seen.entry(kind.clone()).or_default();
        *seen = seen.saturating_add(1);
        *seen <= HTML_KIND
    }

    /// The phase with its messages.
    pub(super) fn draw(mut self, session: &Session, phase: Option<&Phase>, open: bool) -> io::Result<Markup> {
        self.gap.end(&mut self.out)?;
        rendered(&Shown {
            phase,
            anchor: phase.map_or_else(|| text::anchor(&[&session.id, "rest"]), |phase| text::anchor(&[&phase.id])),
            title: phase.map_or_else(|| "Messages".to_owned(), |phase| text::cut(&phase.title, 80)),
            sentence: phase.map(|phase| text::brief(&phase.sentence)).unwrap_or_default(),
            frames: phase.map(|phase| text::ranges(&phase.frames)).unwrap_or_default(),
            messages: if self.is_empty() { String::new() } else { text::count(self.messages, "message") },
            open,
            body: Safe(self.out),
        })
    }
}

impl Gap {
    fn add(&mut self, message: &Message, kind: MessageKind) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(message.length);
        if self.kinds.len() < KINDS || self.kinds.contains_key(&kind) {
            let count = self.kinds.entry(kind).or_default();
            *count = count.saturating_add(1);
        }
        let frames = || message.packets.iter().map(|packet| packet.number);
        self.first = self.first.or_else(|| frames().next());
        self.last = frames().next_back().unwrap_or(self.last);
    }

    /// Says what was left out, if anything was.
    fn end(&mut self, out: &mut String) -> io::Result<()> {
        let gap = std::mem::take(self);
        if gap.count == 0 {
            return Ok(());
        }
        let mut kinds: Vec<_> = gap.kinds.into_iter().collect();
        kinds.sort_by(|(one, times), (other, more)| (Reverse(times), one).cmp(&(Reverse(more), other)));
        let name = |((name, from), count): &(MessageKind, u64)| format!("{} × {name} by the {from}", text::grouped(*count));
        let mut named: Vec<String> = kinds.iter().take(NAMED).map(name).collect();
        if kinds.len() > NAMED {
            named.push("others".to_owned());
        }
        let elided = Elided {
            count: text::count(gap.count, "more message"),
            bytes: text::count(gap.bytes, "byte"),
            kinds: named.join(", "),
            frames: gap.first.map(|first| text::frames(&[[first, gap.last]])).unwrap_or_default(),
        };
        out.push_str(&rendered(&elided)?.0);
        Ok(())
    }
}
