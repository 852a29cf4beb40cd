//! Frames in, segments out: the decoding with the little state it needs.

use super::fragment::{Datagram, Fragment, Fragments, Joined, Report};
use super::{Checks, Decoded, Headers, LINK_TYPE_UNKNOWN, Looks, Segment, UdpDatagram, plain};
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::evidence::Frames;
use crate::limits::Limits;
use crate::time::Timestamp;
use std::collections::BTreeSet;

/// What came of a frame. Every frame has exactly one outcome, so that the summary can account for it.
#[allow(clippy::large_enum_variant, reason = "a box would be an allocation for every frame")]
#[derive(Clone, Debug)]
pub enum Outcome<'a> {
    /// A TCP segment, or the last fragment that made one whole.
    Segment(Segment<'a>),
    /// A UDP datagram that is no tunnel, where they are wanted. Counted as `udp` like any other.
    Udp(UdpDatagram<'a>),
    /// Nothing for us: the reason under which the summary counts it. Besides those of [`Decoded::Other`] there are
    /// `fragment` (it did not complete a datagram) and `malformed` (a broken header, reported).
    Other(&'static str),
}

/// The most datagrams in one another: one more than there may be tunnels.
const MOST_NESTED: usize = 5;

/// Turns frames into segments: [`super::segment`], with fragments joined and each unknown link type reported once.
#[derive(Debug)]
pub struct Decoder {
    looks: Looks,
    fragments: Fragments,
    wholes: [Whole; MOST_NESTED],
    unknown: BTreeSet<u32>,
    now: Timestamp,
}

impl Decoder {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new(limits: &Limits, checks: Checks) -> Self {
        let (looks, wholes) = (Looks { checks, udp: false }, Default::default());
        Self { looks, fragments: Fragments::new(limits), wholes, unknown: BTreeSet::new(), now: Timestamp::default() }
    }

    /// Hands datagrams of UDP out, too, if they are wanted.
    #[must_use]
    pub fn with_udp(mut self, wanted: bool) -> Self {
        self.looks.udp = wanted;
        self
    }

    /// Decodes a frame. The segment borrows from the frame, or from the decoder where fragments were joined.
    ///
    /// What is odd goes to `report`: when, the frames it rests on, what. Frames that come later on the capture clock
    /// than fragments live make these expire.
    pub fn frame<'s>(&'s mut self, frame: &Frame<'s>, report: Report<'_>) -> Outcome<'s> {
        let headers = self.headers(frame, report);
        self.outcome(frame, headers, report)
    }

    /// The headers of a frame, if it is a usual one: who needs no more of it is done, who does asks for the [`Self::outcome`].
    #[inline]
    pub(crate) fn headers<'s>(&mut self, frame: &Frame<'s>, report: Report<'_>) -> Option<Headers<'s>> {
        self.now = frame.at;
        self.fragments.expire(frame.at, report);
        plain::headers(frame, self.looks.checks)
    }

    /// What came of a frame with these headers.
    pub(crate) fn outcome<'s>(&'s mut self, frame: &Frame<'s>, headers: Option<Headers<'s>>, report: Report<'_>) -> Outcome<'s> {
        if let Some(headers) = headers {
            return Outcome::Segment(headers.segment());
        }
        match super::the_long_way(frame, self.looks) {
            Ok(Decoded::Segment(segment)) => Outcome::Segment(segment),
            Ok(Decoded::Udp(datagram)) => Outcome::Udp(datagram),
            Ok(Decoded::Fragment(fragment)) => join(&mut self.fragments, &mut self.wholes, &fragment, self.looks, report),
            Ok(Decoded::Other(reason)) => {
                if reason == LINK_TYPE_UNKNOWN && self.unknown.insert(frame.link_type) {
                    report(frame.at, Frames::one(frame.id), Anomaly::LinkTypeUnknown { link_type: frame.link_type });
                }
                Outcome::Other(reason)
            }
            Err(anomaly) => {
                report(frame.at, Frames::one(frame.id), anomaly);
                Outcome::Other("malformed")
            }
        }
    }

    /// Lets the capture clock go on without a frame, on a quiet link.
    pub fn idle(&mut self, now: Timestamp, report: Report<'_>) {
        self.now = now;
        self.fragments.expire(now, report);
    }

    /// Reports the datagrams that never became whole: no more frames will come.
    pub fn finish(&mut self, report: Report<'_>) {
        self.fragments.finish(self.now, report);
    }
}

/// Adds a fragment, and decodes its datagram if that is now whole. A tunnel in the datagram may hold a fragment again.
fn join<'s>(fragments: &mut Fragments, wholes: &'s mut [Whole], fragment: &Fragment<'_>, looks: Looks, report: Report<'_>) -> Outcome<'s> {
    let Some((whole, inner)) = wholes.split_first_mut() else { return Outcome::Other("fragment") };
    let Joined::Whole(datagram) = fragments.push(fragment, report) else { return Outcome::Other("fragment") };
    let datagram = whole.keep(&datagram);
    match super::joined(&datagram, looks) {
        Ok(Decoded::Segment(segment)) => Outcome::Segment(segment),
        Ok(Decoded::Udp(datagram)) => Outcome::Udp(datagram),
        Ok(Decoded::Fragment(fragment)) => join(fragments, inner, &fragment, looks, report),
        Ok(Decoded::Other(reason)) => Outcome::Other(reason),
        Err(anomaly) => {
            report(datagram.at, datagram.frames.clone(), anomaly);
            Outcome::Other("malformed")
        }
    }
}

/// A joined datagram, kept while its tunnel's fragments go where it came from.
#[derive(Debug, Default)]
struct Whole {
    bytes: Vec<u8>,
    frames: Frames,
}

impl Whole {
    /// Keeps a copy, and lends it.
    fn keep<'s>(&'s mut self, datagram: &Datagram<'_>) -> Datagram<'s> {
        self.bytes.clear();
        self.bytes.extend_from_slice(datagram.bytes);
        self.frames.clone_from(datagram.frames);
        let &Datagram { at, source, destination, protocol, vlans, .. } = datagram;
        let tunnels = datagram.tunnels.clone();
        Datagram { at, frames: &self.frames, source, destination, protocol, bytes: &self.bytes, vlans, tunnels }
    }
}

#[cfg(test)]
mod tests;
