//! The page as a whole: what was given, what is known of it, and the sessions, each part within its bounds.

use super::Markup;
use super::grammar;
use super::network::Picture;
use super::policy;
use super::rendered;
use super::session;
use super::text;
use super::text::Anchors;
use crate::limits::HTML_PROTOCOLS_BYTES;
use crate::limits::HTML_ROWS;
use crate::limits::HTML_SESSIONS_BYTES;
use crate::report::Sink;
use crate::report::Style;
use crate::report::document::Messages;
use crate::report::document::Writer;
use crate::report::document::model::Document;
use crate::report::document::model::Message;
use crate::report::document::model::RedactionPolicy;
use crate::report::document::model::Session;
use askama::Template;
use askama::filters::Safe;
use std::collections::BTreeMap;
use std::io;
use std::io::Write;

/// Bytes that every session may have at least, as long as there are any; then a quarter of what is left.
const SESSION_BYTES: usize = 64 << 10;
/// Bytes that a session without messages has, about.
const LEAST_BYTES: usize = 4096;
/// Phases are open where a session has few messages.
const FEW_MESSAGES: u64 = 60;

/// Makes the sink.
pub(in crate::report) fn open(writer: Box<dyn Write>, style: &Style) -> Box<dyn Sink> {
    crate::report::document::sink(Html::new(writer), style)
}

/// Writes a document as a page. Holds what the page will hold of its sessions, at most `HTML_SESSIONS_BYTES`.
pub(super) struct Html {
    out: Box<dyn Write>,
    /// The sessions that are shown, by their number, each with its protocol; and their bytes.
    sessions: Vec<(u64, String, String)>,
    bytes: usize,
    listed: Vec<Listed>,
    /// What can be linked to.
    anchors: Anchors,
    left_out: u64,
    unlisted: usize,
}

/// A session in the list of all.
struct Listed {
    number: u64,
    anchor: String,
    ends: String,
    protocol: String,
    start: String,
    messages: String,
    tls: Option<String>,
    /// Whether the page has it.
    shown: bool,
}

/// The page up to its sessions.
#[derive(Template)]
#[template(path = "head.html", config = "src/report/document/html/askama.toml")]
struct Head<'a> {
    document: &'a Document,
    title: String,
    policy: String,
    style: Markup,
    hidden: &'static str,
    listed: &'a [Listed],
    sessions: u64,
    left_out: u64,
    /// Sessions that the list has no row for.
    unlisted: usize,
    picture: Picture,
    protocols: Markup,
    protocols_left_out: usize,
    most: usize,
}

/// The page behind its sessions.
#[derive(Template)]
#[template(path = "foot.html", config = "src/report/document/html/askama.toml")]
struct Foot<'a> {
    document: &'a Document,
    anchors: &'a Anchors,
    listed: &'a [Listed],
    has_tls: bool,
    stories: Vec<Story>,
    script: Markup,
    most: usize,
}

/// What became of a scan or a login.
struct Story {
    at: String,
    kind: String,
    sentence: String,
    members: Vec<(String, String)>,
}

impl Html {
    /// A page over a writer.
    pub(super) fn new(out: Box<dyn Write>) -> Self {
        Self { out, sessions: Vec::new(), bytes: 0, listed: Vec::new(), anchors: Anchors::new(), left_out: 0, unlisted: 0 }
    }

    /// Adds a session, if there is room.
    pub(super) fn add(&mut self, session: &Session, count: u64, next: &mut dyn FnMut() -> io::Result<Option<Message>>) -> io::Result<()> {
        let left = HTML_SESSIONS_BYTES.saturating_sub(self.bytes);
        let room = left.min(SESSION_BYTES.max(left / 4));
        let drawn = match room {
            ..LEAST_BYTES => None,
            _ => Some(session::draw(session, next, room, count <= FEW_MESSAGES)?).filter(|(drawn, _)| drawn.len() <= left),
        };
        let number = session.id.trim_start_matches('s').parse().unwrap_or(u64::MAX);
        if self.listed.len() < HTML_ROWS {
            self.listed.push(Listed {
                number,
                anchor: text::anchor(&[&session.id]),
                ends: format!("{} → {}", text::endpoint(&session.client), text::endpoint(&session.server)),
                protocol: text::cut(&session.protocol, 60),
                start: text::cut(&session.start, 40),
                messages: text::grouped(count.saturating_add(session.messages_omitted.unwrap_or(0))),
                tls: session.tls.as_ref().map(session::tls),
                shown: drawn.is_some(),
            });
        } else {
            self.unlisted = self.unlisted.saturating_add(1);
        }
        match drawn {
            Some((drawn, anchors)) => {
                self.anchors.extend(anchors);
                self.bytes = self.bytes.saturating_add(drawn.len());
                self.anchors.insert(text::anchor(&[&session.id]));
                self.sessions.push((number, session.protocol.clone(), drawn));
            }
            None => self.left_out = self.left_out.saturating_add(1),
        }
        Ok(())
    }

    /// The grammars that there is room for, and how many there is none for. What they can be linked to at is noted.
    fn protocols(&mut self, document: &Document) -> io::Result<(Markup, usize)> {
        let (mut out, mut left_out) = (String::new(), 0_usize);
        for protocol in &document.protocols {
            let drawn = grammar::draw(protocol, &self.anchors)?;
            if out.len().saturating_add(drawn.len()) <= HTML_PROTOCOLS_BYTES {
                out.push_str(&drawn);
                self.anchors.extend(grammar::anchors(protocol));
            } else {
                left_out = left_out.saturating_add(1);
            }
        }
        Ok((Safe(out), left_out))
    }
}

impl Writer for Html {
    fn begin(&mut self, _: &Document) -> io::Result<()> {
        Ok(())
    }

    fn session(&mut self, session: &Session, messages: &mut Messages<'_>) -> io::Result<()> {
        let count = messages.left();
        self.add(session, count, &mut || messages.next_message())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, rest: &Document) -> io::Result<()> {
        let (protocols, protocols_left_out) = self.protocols(rest)?;
        self.sessions.sort_by_key(|(number, ..)| *number);
        self.listed.sort_by_key(|listed| listed.number);
        let head = Head {
            document: rest,
            title: title(rest),
            policy: policy::policy(),
            style: Safe(policy::STYLE.to_owned()),
            hidden: hidden(rest.redaction.policy),
            listed: &self.listed,
            sessions: text::length(&self.sessions).saturating_add(self.left_out),
            left_out: self.left_out,
            unlisted: self.unlisted,
            picture: Picture::of(&rest.services, &rest.connections),
            protocols,
            protocols_left_out,
            most: HTML_ROWS,
        };
        self.out.write_all(rendered(&head)?.0.as_bytes())?;
        let names: BTreeMap<&str, text::Names<'_>> =
            rest.protocols.iter().map(|protocol| (protocol.id.as_str(), text::names(protocol))).collect();
        let unknown = text::Names::new();
        for (_, protocol, session) in &self.sessions {
            let page = text::named(session, names.get(protocol.as_str()).unwrap_or(&unknown));
            self.out.write_all(text::relinked(&page, &self.anchors).as_bytes())?;
        }
        let stories = rest.stories.iter().take(HTML_ROWS).map(story).collect();
        let has_tls = self.listed.iter().any(|of| of.tls.is_some());
        let foot = Foot {
            document: rest,
            anchors: &self.anchors,
            listed: &self.listed,
            has_tls,
            stories,
            script: Safe(policy::SCRIPT.to_owned()),
            most: HTML_ROWS,
        };
        self.out.write_all(rendered(&foot)?.0.as_bytes())?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}

/// What the page is about: its inputs.
fn title(document: &Document) -> String {
    const NAMED: usize = 3;
    let name = |name: &str| text::cut(name.rsplit('/').next().unwrap_or(name), 60);
    let mut names: Vec<String> = document.inputs.iter().take(NAMED).map(|input| name(&input.name)).collect();
    if document.inputs.len() > NAMED {
        names.push(format!("{} more", document.inputs.len().saturating_sub(NAMED)));
    }
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}

/// What is not shown, in words.
fn hidden(policy: RedactionPolicy) -> &'static str {
    match policy {
        RedactionPolicy::None => "Nothing is hidden: passwords and keys stand in this page.",
        RedactionPolicy::Credentials => {
            "Passwords, keys, cookies and the like are shown as their lengths; of protocols that nobody described those that something tells."
        }
        RedactionPolicy::Data => "All data are shown as their lengths; the protocol's own words are readable.",
    }
}

/// A story, from its record: its sentence, and the members that are single values.
fn story(record: &serde_json::Value) -> Story {
    const MEMBERS: usize = 20;
    let text = |name: &str| record.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    let own = ["v", "event", "at", "sentence", "evidence", "flow"];
    let value = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => Some(text::cut(text, 80)),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        serde_json::Value::Array(items) => Some(text::count(text::length(items), "item")).filter(|_| !items.is_empty()),
        _ => None,
    };
    let members = record.as_object().into_iter().flatten().filter(|(name, _)| !own.contains(&name.as_str()));
    Story {
        at: text::cut(text("at"), 40),
        kind: text::cut(&text("event").replace('_', " "), 40),
        sentence: text::cut(text("sentence"), 600),
        members: members.filter_map(|(name, of)| Some((text::cut(&name.replace('_', " "), 40), value(of)?))).take(MEMBERS).collect(),
    }
}

/// The class of a role in the style sheet, where the page has one.
fn class(role: &str) -> Option<&'static str> {
    match role {
        "control" => Some("c"),
        "keyword" => Some("k"),
        "data" => Some("d"),
        "unknown" => Some("u"),
        "redacted" => Some("s"),
        _ => None,
    }
}
