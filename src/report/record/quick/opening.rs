//! How records begin: with their time, their flow and their frames, which many messages share.

use super::moment::Moment;
use super::place::Place;
use super::place::SLACK;
use super::room::PAIR;
use super::room::Room;
use crate::annotation::ByteSpan;
use crate::event::Event;
use crate::evidence::FrameSpan;
use crate::peer::FlowId;
use crate::report::record::by_input;
use crate::time::Timestamp;

/// Writes the beginning of records; remembers how the last one looks up to its bytes.
#[derive(Debug, Default)]
pub(super) struct Opening {
    at: Moment,
    of: Option<(Timestamp, Option<FlowId>, FrameSpan)>,
    text: Room,
}

impl Opening {
    /// Adds all that stands before what kinds of events differ in.
    pub(super) fn put(&mut self, out: &mut Room, event: &Event<'_>) {
        let mut frames = event.evidence.frames.spans();
        if let (Some(span), None, Some(bytes)) = (frames.next(), frames.next(), event.evidence.bytes) {
            let of = Some((event.at, event.flow, *span));
            if self.of != of {
                self.of = of;
                self.remember(event, *span);
            }
            let mut place = Place::new(out.next(self.text.len().saturating_add(PAIR).saturating_add(SLACK)));
            if self.known(&mut place, bytes).is_some() {
                let filled = place.filled();
                return out.take(filled);
            }
        }
        start(out, &mut self.at, event);
        evidence(out, event);
    }

    /// Puts down what is remembered, and of which bytes it is this time.
    #[inline]
    fn known(&self, place: &mut Place<'_>, bytes: ByteSpan) -> Option<()> {
        place.front(self.text.all(), self.text.len())?;
        place.pair(bytes.start, bytes.end)?;
        place.word(b"]}")
    }

    fn remember(&mut self, event: &Event<'_>, span: FrameSpan) {
        let text = &mut self.text;
        text.cut(0);
        start(text, &mut self.at, event);
        text.word(b"\"input\":");
        text.number(span.input.into());
        text.word(b",\"frames\":[");
        text.pair(span.first, span.last);
        text.word(b"],\"bytes\":[");
    }
}

/// Up to the evidence.
fn start(out: &mut Room, at: &mut Moment, event: &Event<'_>) {
    out.word(b"{\"v\":1,\"event\":\"message_decoded\",\"at\":");
    at.put(out, event.at);
    if let Some(flow) = event.flow {
        out.word(b",\"flow\":");
        out.number(flow.0);
    }
    out.word(b",\"evidence\":{");
}

/// Evidence of any frames, behind its brace.
fn evidence(out: &mut Room, event: &Event<'_>) {
    let frames = &event.evidence.frames;
    if let Some(newest) = frames.spans().next().filter(|first| frames.spans().all(|span| span.input == first.input)) {
        out.word(b"\"input\":");
        out.number(newest.input.into());
        out.word(b",\"frames\":");
        out.list(frames.spans(), |out, span| out.pair(span.first, span.last));
        if let Some(bytes) = event.evidence.bytes {
            out.word(b",\"bytes\":");
            out.pair(bytes.start, bytes.end);
        }
        return out.word(b"}");
    }
    of_inputs(out, event);
}

/// The same of frames of several inputs, or none.
fn of_inputs(out: &mut Room, event: &Event<'_>) {
    let spans = |out: &mut Room, frames: &[[u64; 2]]| out.list(frames, |out, [first, last]| out.pair(*first, *last));
    let mut earlier = by_input(&event.evidence.frames);
    let newest = earlier.pop();
    if let Some(newest) = &newest {
        out.word(b"\"input\":");
        out.number(newest.input.into());
        out.word(b",");
    }
    out.word(b"\"frames\":");
    spans(out, newest.as_ref().map(|newest| &*newest.frames).unwrap_or_default());
    if let Some(bytes) = event.evidence.bytes {
        out.word(b",\"bytes\":");
        out.pair(bytes.start, bytes.end);
    }
    if !earlier.is_empty() {
        out.word(b",\"earlier\":");
        out.list(&earlier, |out, earlier| {
            out.word(b"{\"input\":");
            out.number(earlier.input.into());
            out.word(b",\"frames\":");
            spans(out, &earlier.frames);
            out.word(b"}");
        });
    }
    out.word(b"}");
}
