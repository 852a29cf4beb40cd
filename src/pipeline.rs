//! The whole program on one screen: frames in, events out. Read this first.

use crate::capture::Next;
use crate::capture::Source;
use crate::capture::filter::Filter;
use crate::decode::Checks;
use crate::decode::Decoder;
use crate::decode::Outcome;
use crate::error::Error;
use crate::event::Summary;
use crate::flow::Flows;
use crate::inventory::Wanted;
use crate::layer::Keys;
use crate::limits::Limits;
use crate::protocol::unknown::Documenting;
use crate::report::Sink;
use crate::ship::Packets;
use crate::stages::Stages;
use crate::upkeep::Orders;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the user asked for, as the stages need it. The default reads everything and shows no secret.
#[derive(Default)]
pub struct Options {
    /// Every bound.
    pub limits: Limits,
    /// Which frames to look at.
    pub filter: Option<Filter>,
    /// Stop after so many frames that the filter admits.
    pub count: Option<u64>,
    /// Whether checksums are verified.
    pub checks: Checks,
    /// What to record of who serves and who speaks.
    pub wanted: Wanted,
    /// What may be asked for while the program runs, and what is due.
    pub orders: Orders,
    /// Where the packets of decoded sessions are saved.
    pub packets: Option<Packets>,
    /// Ports the user named for a protocol.
    pub hints: Vec<(&'static str, u16)>,
    /// Services that are documented by inference.
    pub documents: Documenting,
    /// What TLS is opened with.
    pub keys: Keys,
    /// Whether secrets are shown.
    pub reveal: bool,
}

/// Reads the source to its end, or until `stop` becomes true, and reports everything to the sink.
///
/// `complain` hears of every input that is damaged or cannot be read; the run goes on with the next one.
///
/// # Errors
///
/// [`Error::Write`], and errors of the source that are its end. Also then all that was decoded is reported first.
pub fn run(
    source: &mut dyn Source,
    options: Options,
    sink: &mut dyn Sink,
    stop: &AtomicBool,
    complain: &mut dyn FnMut(&Error),
) -> Result<Summary, Error> {
    let Options { limits, mut filter, count, checks, wanted, orders, mut packets, hints, documents, keys, reveal } = options;
    let mut decoder = Decoder::new(&limits, checks).with_udp(documents.is_on());
    let mut stages = Stages::new(&limits, (wanted, orders), (hints, documents), (keys, reveal), (sink, packets.as_mut()));
    let (mut flows, mut fatal) = (Flows::new(&limits, &stages.known_ports()), None);
    while !stop.load(Ordering::Relaxed) && stages.is_writable() && count.is_none_or(|count| stages.admitted() < count) {
        stages.stats(&flows, source);
        stages.look_ahead(source, &flows);
        match source.next() {
            Ok(Next::Frame(frame)) => {
                if !stages.frame(&frame, filter.as_mut(), complain) {
                    continue;
                }
                let headers = decoder.headers(&frame, &mut |at, frames, anomaly| stages.anomaly(at, frames, anomaly));
                if headers.is_some_and(|headers| stages.pass(&headers, &mut flows)) {
                    continue;
                }
                match decoder.outcome(&frame, headers, &mut |at, frames, anomaly| stages.anomaly(at, frames, anomaly)) {
                    // Not moved: a copy for every packet.
                    Outcome::Segment(ref mut segment) => {
                        segment.payload_at = if stages.wants_parts() { frame.offset_of(segment.payload) } else { None };
                        stages.segment(segment);
                        flows.push(segment, &mut stages);
                        stages.save(&frame, segment);
                    }
                    Outcome::Udp(datagram) => stages.datagram(&frame, datagram, &mut flows),
                    Outcome::Other(reason) => stages.other(&frame, reason),
                }
            }
            Ok(Next::Idle(now)) => {
                decoder.idle(now, &mut |at, frames, anomaly| stages.anomaly(at, frames, anomaly));
                flows.tick(now, &mut stages);
                stages.rest(Some(now), complain);
            }
            Ok(Next::Wait) => stages.rest(None, complain),
            Ok(Next::End) => break,
            Err(_) if stop.load(Ordering::Relaxed) => break,
            Err(error) if error.spares_other_inputs() => stages.damage(&error, complain),
            Err(error) => {
                fatal = Some(error);
                break;
            }
        }
    }
    decoder.finish(&mut |at, frames, anomaly| stages.anomaly(at, frames, anomaly));
    flows.finish(&mut stages);
    stages.finish(&flows, source).and_then(|summary| fatal.map_or(Ok(summary), Err))
}
