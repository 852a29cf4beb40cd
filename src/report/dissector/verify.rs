//! What Wireshark made of a dissector, compared with the document it was made from: the same messages in the same packets, and in them the
//! same ranges.

use super::pdml::Marked;
use super::pdml::Packets;
use crate::grammar::Description;
use crate::grammar::Share;
use crate::grammar::Verified;
use crate::report::document::model::Document;
use crate::report::document::model::Message;
use crate::report::document::model::Session;
use crate::report::document::model::Token;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::io::Read;

/// Differences that are told.
const TOLD: usize = 10;

/// Of a hundred tokens so many must be alike.
const TOKENS_IN_HUNDRED: u64 = 99;

/// How far two readings of one capture agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Messages of the document.
    pub messages: u64,
    /// Those that the dissector found in the same packet, with the same sender and length.
    pub messages_covered: u64,
    /// Tokens of the document's messages.
    pub tokens: u64,
    /// Those that the dissector marked as one range, or together with what is hidden of the same field.
    pub tokens_covered: u64,
    /// Messages of the dissector that the document does not have.
    pub beyond: u64,
    /// The first differences, a line each.
    pub differences: Vec<String>,
}

impl Verdict {
    /// Whether the dissector says what the document says.
    #[must_use]
    pub fn verified(&self) -> Verified {
        let tokens = self.tokens_covered.saturating_mul(100) >= self.tokens.saturating_mul(TOKENS_IN_HUNDRED);
        let alike = self.messages > 0 && self.messages_covered == self.messages && tokens;
        if alike { Verified::RoundTrip } else { Verified::NotVerified }
    }

    /// Share of messages.
    #[must_use]
    pub fn messages_share(&self) -> Share {
        Share::of(self.messages_covered, self.messages)
    }

    /// Share of tokens.
    #[must_use]
    pub fn tokens_share(&self) -> Share {
        Share::of(self.tokens_covered, self.tokens)
    }

    fn tell(&mut self, difference: impl FnOnce() -> String) {
        if self.differences.len() < TOLD {
            self.differences.push(difference());
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { messages, messages_covered, tokens, tokens_covered, beyond, .. } = self;
        let outcome = if self.verified() == Verified::RoundTrip { "round trip" } else { "not verified" };
        write!(f, "{outcome}: {messages_covered} of {messages} messages, {tokens_covered} of {tokens} token ranges")?;
        if *beyond > 0 {
            write!(f, "; {beyond} messages that the document does not have")?;
        }
        Ok(())
    }
}

/// The messages of a document that the dissector should find, by the frame in which they end.
fn expected<'a>(document: &'a Document, protocol: &str, input: &str) -> BTreeMap<u64, Vec<&'a Message>> {
    let mut frames: BTreeMap<u64, Vec<&Message>> = BTreeMap::new();
    // What was decrypted stays closed to a tshark without keys.
    let open = |session: &&Session| session.protocol == protocol && session.tls.is_none();
    for message in document.sessions.iter().filter(open).flat_map(|session| &session.messages) {
        let last = message.packets.iter().map(|packet| packet.number).max();
        if let Some(last) = last.filter(|_| message.packets.iter().all(|packet| packet.input == input)) {
            frames.entry(last).or_default().push(message);
        }
    }
    frames
}

/// Compares a document with what tshark said, in PDML, of the capture that was its `input`; `filter` is the dissector's name.
///
/// # Errors
///
/// What tshark says cannot be read, or is no PDML.
pub fn compare(document: &Document, protocol: &str, input: &str, filter: &str, pdml: impl Read) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    let mut expected = expected(document, protocol, input);
    let whole = document.protocols.iter().find(|known| known.id == protocol).map(whole).unwrap_or_default();
    let mut packets = Packets::new(pdml, filter);
    while let Some((frame, found)) = packets.next()? {
        let messages = expected.remove(&frame).unwrap_or_default();
        compare_frame(&mut verdict, frame, &messages, found, &whole);
    }
    for (frame, messages) in expected {
        compare_frame(&mut verdict, frame, &messages, Vec::new(), &whole);
    }
    Ok(verdict)
}

/// Fields that do not divide again: their tokens are one, but for what is hidden of it.
fn whole(description: &Description) -> BTreeSet<&str> {
    let grammar = &description.grammar;
    let fields = grammar.header_fields.iter().chain(grammar.message_types.iter().flat_map(|kind| &kind.fields));
    fields.filter(|field| field.inside.is_none()).map(|field| field.id.as_str()).collect()
}

/// For each token of a message the range that it is a part of: that of neighbours which are one field, of which a part is hidden and another
/// is not; no dissector knows what a document hides.
fn fields(message: &Message, whole: &BTreeSet<&str>) -> Vec<(u64, u64)> {
    let is_one = |one: &Token, two: &Token| {
        let same = one.field == two.field && one.kind == two.kind && one.end == two.start && one.redacted != two.redacted;
        same && one.field.as_deref().is_some_and(|field| whole.contains(field))
    };
    let parts = message.tokens.chunk_by(is_one);
    let range = |part: &[Token]| Some((part.first()?.start, part.last()?.end));
    parts.flat_map(|part| std::iter::repeat_n(range(part).unwrap_or_default(), part.len())).collect()
}

/// Whether what the document hides as one is several ranges that begin and end with it: what it was made of, nobody tells.
fn is_hidden_by(marked: &Marked, token: &Token) -> bool {
    let mut within: Vec<(u64, u64)> =
        marked.ranges.iter().copied().filter(|(start, end)| token.start <= *start && *end <= token.end).collect();
    within.sort_unstable();
    let tiled = within.iter().fold(token.start, |at, (start, end)| if *start <= at { at.max(*end) } else { at });
    token.redacted && !within.is_empty() && tiled == token.end
}

/// Compares what ends in one frame.
fn compare_frame(verdict: &mut Verdict, frame: u64, messages: &[&Message], mut found: Vec<Marked>, whole: &BTreeSet<&str>) {
    for message in messages {
        verdict.messages = verdict.messages.saturating_add(1);
        let tokens = u64::try_from(message.tokens.len()).unwrap_or(u64::MAX);
        verdict.tokens = verdict.tokens.saturating_add(tokens);
        let from_server = message.direction == "server";
        let same = found.iter().position(|marked| marked.from_server == from_server && marked.length == message.length);
        let Some(same) = same else {
            let there: Vec<String> = found.iter().map(|marked| marked.length.to_string()).collect();
            verdict.tell(|| {
                format!(
                    "{} in frame {frame}: {} bytes from the {}; found lengths: [{}]",
                    message.id,
                    message.length,
                    message.direction,
                    there.join(", ")
                )
            });
            continue;
        };
        let marked = found.remove(same);
        verdict.messages_covered = verdict.messages_covered.saturating_add(1);
        for (token, (start, end)) in message.tokens.iter().zip(fields(message, whole)) {
            if marked.ranges.contains(&(token.start, token.end)) || marked.ranges.contains(&(start, end)) || is_hidden_by(&marked, token) {
                verdict.tokens_covered = verdict.tokens_covered.saturating_add(1);
            } else {
                verdict.tell(|| {
                    format!(
                        "{} in frame {frame}: {} at {} to {} is not marked so: {:?}",
                        message.id,
                        token.kind.name(),
                        token.start,
                        token.end,
                        marked.ranges
                    )
                });
            }
        }
    }
    verdict.beyond = verdict.beyond.saturating_add(u64::try_from(found.len()).unwrap_or(u64::MAX));
}
