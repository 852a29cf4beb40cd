//! What `--explain` prints: the frames that made the facts of one client and one service.

use super::Sink;
use super::escape::display_width;
use super::frames::frame_list;
use super::words::count;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::SegmentSeen;
use crate::event::Summary;
use crate::evidence::FrameSpan;
use crate::fact::Fact;
use crate::fact::Facts;
use crate::fact::Grade;
use crate::fact::Relation;
use crate::peer::Endpoint;
use crate::peer::Peer;
use crate::time::Timestamp;
use std::collections::VecDeque;
use std::io;
use std::io::Write;
use std::net::IpAddr;

/// Segments remembered until a fact names them: a fact is made of the newest ones.
const MOST_SEGMENTS: usize = 4096;
/// Columns of a list of frames.
const FRAMES_WIDE: usize = 40;
/// Blanks more in front of a line that goes on.
const FURTHER: usize = 4;
/// Names of the flags, from the lowest bit.
const FLAGS: [&str; 8] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

/// Draws the facts of a pair as they are told, each with its frames, and what is known in the end. Keeps a bounded number of segments.
pub struct Explain<W> {
    writer: W,
    /// Columns of a line, where that is known.
    width: Option<usize>,
    client: IpAddr,
    server: Endpoint,
    recent: VecDeque<Remembered>,
    counts: Counts,
    /// What is known in the end, until the summary says that something was read.
    closing: Vec<String>,
}

/// A segment, drawn.
struct Remembered {
    span: FrameSpan,
    at: Timestamp,
    line: String,
}

/// Segments of the pair by what they do.
#[derive(Default)]
struct Counts {
    syns: u64,
    syn_acks: u64,
    resets: u64,
    others: u64,
}

impl<W: Write> Explain<W> {
    /// Explains the facts of this client and this service, in lines of so many columns; of any length where nothing says how many.
    pub fn new(writer: W, client: IpAddr, server: Endpoint, width: Option<usize>) -> Self {
        Self { writer, width, client, server, recent: VecDeque::new(), counts: Counts::default(), closing: Vec::new() }
    }

    fn segment(&mut self, at: Timestamp, segment: &SegmentSeen<'_>) {
        let has = |flag| segment.flags & flag != 0;
        let counter = match (has(0x02), has(0x10), has(0x04)) {
            (_, _, true) => &mut self.counts.resets,
            (true, false, _) => &mut self.counts.syns,
            (true, true, _) => &mut self.counts.syn_acks,
            _ => &mut self.counts.others,
        };
        *counter = counter.saturating_add(1);
        if self.recent.len() >= MOST_SEGMENTS {
            self.recent.pop_front();
        }
        let line = drawn(segment);
        self.recent.extend(segment.frames.spans().map(|span| Remembered { span: *span, at, line: line.clone() }));
    }

    /// A fact was told, or confirmed: its name, its frames.
    fn fact(&mut self, event: &Event<'_>, what: &str, fact: &Fact) -> io::Result<()> {
        if !Relation::of_pair(self.client, self.server).contains(&fact.relation) {
            return Ok(());
        }
        let frames = &event.evidence.frames;
        let known = &fact.known;
        self.line(&format!("{}  {what} {}: {}", event.at, fact.relation, grade(known.grade)))?;
        let mut start = None;
        let mut lines = Vec::new();
        for span in frames.spans() {
            let within = |segment: &&Remembered| segment.span.input == span.input && (span.first..=span.last).contains(&segment.span.first);
            for segment in self.recent.iter().filter(within) {
                let start = *start.get_or_insert(segment.at);
                let number = frame_list(&crate::evidence::Frames::of_spans(vec![segment.span]), FRAMES_WIDE);
                lines.push(format!("  {number:<8} {} {}", segment.at.relative_to(start), segment.line));
            }
        }
        if start.is_none() {
            lines.push(format!("  {} of another connection", frame_list(frames, FRAMES_WIDE)));
        }
        lines.iter().try_for_each(|line| self.line(line))
    }

    /// Writes a line, as several where it is too long.
    fn line(&mut self, text: &str) -> io::Result<()> {
        match self.width {
            Some(width) => writeln!(self.writer, "{}", wrapped(text, width)),
            None => writeln!(self.writer, "{text}"),
        }
    }

    /// What is known in the end, or why nothing is.
    fn known(&mut self, facts: &dyn Facts) {
        let wanted = Relation::of_pair(self.client, self.server);
        let mut lines = Vec::new();
        facts.each(&mut |fact| {
            if let Some(place) = wanted.iter().position(|relation| *relation == fact.relation) {
                lines.push((place, summary(fact)));
            }
        });
        lines.sort_unstable();
        self.closing = lines.iter().map(|(_, line)| line.clone()).collect();
        let Counts { syns, syn_acks, resets, others } = self.counts;
        let seen = [count(syns, "SYN"), count(syn_acks, "SYN-ACK"), count(resets, "RST"), count(others, "other segment")].join(", ");
        self.closing.push(format!("between the two: {seen}"));
        if !lines.iter().any(|(place, _)| *place == 2) {
            let why = match (syns, syn_acks, resets) {
                (0, 0, _) => "no connection between the two was asked for",
                (_, 0, 1..) => "it was refused",
                (_, 0, 0) => "no SYN-ACK: the service did not answer, or its answers are not captured",
                _ => {
                    "a SYN-ACK is no proof when it does not acknowledge the SYN or is answered with RST alone; else --focus, --exclude, --record-at or a flood left it out"
                }
            };
            self.closing.push(format!("no connection was recorded: {why}"));
        }
    }

    /// Draws what is known in the end; where nothing could be read, the lines that say why are the report.
    fn close(&mut self, summary: &Summary) -> io::Result<()> {
        if summary.frames == 0 && !summary.damage.is_empty() {
            return Ok(());
        }
        self.line("In the end:")?;
        std::mem::take(&mut self.closing).iter().try_for_each(|line| self.line(&format!("  {line}")))
    }
}

impl<W: Write> Sink for Explain<W> {
    fn wants_messages(&self) -> bool {
        false
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match &event.kind {
            EventKind::SegmentSeen(segment) => self.segment(event.at, segment),
            EventKind::FactSeen(fact) => return self.fact(event, "recorded", fact),
            EventKind::FactConfirmed(fact, _) => return self.fact(event, "confirmed", fact),
            EventKind::FactsKnown(facts) => self.known(*facts),
            EventKind::Summary(summary) => return self.close(summary),
            _ => {}
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// A text in lines of so many columns, broken at blanks; further ones are indented by more than the first one. Words are never torn apart.
fn wrapped(text: &str, width: usize) -> String {
    let indent = " ".repeat(text.len().saturating_sub(text.trim_start().len()).saturating_add(FURTHER));
    let (mut lines, mut line): (Vec<String>, String) = Default::default();
    for word in text.split_inclusive(' ') {
        let needed = display_width(&line).saturating_add(display_width(word.trim_end()));
        if needed > width && !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
            line.clone_from(&indent);
        }
        // Blanks between columns end with the line.
        if !(word == " " && line == indent) {
            line.push_str(word);
        }
    }
    lines.push(line);
    lines.join("\n")
}

/// A segment: direction, flags, numbers.
fn drawn(segment: &SegmentSeen<'_>) -> String {
    let arrow = if segment.from == Peer::Client { "C→S" } else { "S→C" };
    let set = |(bit, name): (usize, &&'static str)| (segment.flags.checked_shr(u32::try_from(bit).ok()?)? & 1 == 1).then_some(*name);
    let flags: Vec<&str> = FLAGS.iter().enumerate().filter_map(set).collect();
    let ack = if segment.flags & 0x10 != 0 { format!(" ack {}", segment.ack) } else { String::new() };
    let (flags, port, seq) = (flags.join(" "), segment.client_port, segment.seq);
    let mut parts = vec![format!("{arrow} {flags:<11} client port {port:<5} seq {seq}{ack}")];
    if segment.payload_bytes > 0 {
        parts.push(format!("{} of payload", count(segment.payload_bytes, "byte")));
    }
    if !segment.vlans.ids().is_empty() {
        let ids: Vec<String> = segment.vlans.ids().iter().map(ToString::to_string).collect();
        parts.push(format!("vlan {}", ids.join(".")));
    }
    parts.join(", ")
}

/// A grade with what it means.
fn grade(grade: Grade) -> String {
    let means = match grade {
        Grade::SynAckOnly => "a SYN-ACK whose SYN was not seen",
        Grade::SynAck => "a SYN, and the SYN-ACK that acknowledges it",
        Grade::Probe => "the client refused what it had asked for",
        Grade::Established => "the client acknowledged the SYN-ACK",
        Grade::Data => "both sides sent payload",
    };
    format!("{} ({means})", grade.name())
}

/// A fact in a line.
fn summary(fact: &Fact) -> String {
    let known = &fact.known;
    let plugins: Vec<String> = fact.nnm_plugins().iter().map(ToString::to_string).collect();
    let vlans = known.vlans.to_string();
    let vlans = if vlans.is_empty() { String::new() } else { format!(", vlans {vlans}") };
    format!(
        "{}: {}, {}, first {}, last {}{vlans} (NNM {})",
        fact.relation,
        known.grade.name(),
        count(known.handshakes, "handshake"),
        known.first_at,
        known.last_at,
        plugins.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_are_broken_at_blanks_and_go_on_indented() {
        assert_eq!(wrapped("  one two", 9), "  one two");
        assert_eq!(wrapped("  one two three  four", 9), "  one two\n      three\n      four");
        assert_eq!(wrapped("C→S SYN   abcdefghijklmnop", 12), "C→S SYN\n    abcdefghijklmnop");
        assert_eq!(wrapped("", 1), "");
    }
}
