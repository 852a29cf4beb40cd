//! What stands behind the flow stage: inventory, conversations and the sink, as one receiver.

mod ahead;
mod out;
mod quick;
mod receiver;

use self::out::Out;
use self::out::Owes;
use crate::anomaly::Anomaly;
use crate::capture::Frame;
use crate::capture::Source;
use crate::capture::filter::Filter;
use crate::decode::Segment;
use crate::decode::UdpDatagram;
use crate::error::Error;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Summary;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::flow::Flows;
use crate::inventory::Doctor;
use crate::inventory::FocusSource;
use crate::inventory::Inventory;
use crate::inventory::Wanted;
use crate::layer::Keys;
use crate::layer::Layers;
use crate::limits::Limits;
use crate::loss::Received;
use crate::origin::Sights;
use crate::peer::FlowId;
use crate::protocol::Conversations;
use crate::protocol::unknown::Documenting;
use crate::report::Sink;
use crate::ship::Packets;
use crate::span::SpanVerdict;
use crate::time::Timestamp;
use crate::upkeep::Orders;
use crate::upkeep::Upkeep;

/// Hands what the flow stage finds to the stages after it, and their events to the sink, in order.
pub(crate) struct Stages<'s> {
    inventory: Inventory,
    doctor: Doctor,
    layers: Layers,
    conversations: Conversations,
    /// Whether streams stay as they are: no layer is taken off.
    bare: bool,
    out: Out<'s>,
    upkeep: Upkeep,
    /// Why facts, or packets, cannot be kept any more.
    broken: Option<Error>,
    owes: Owes,
    last: (Timestamp, FrameId),
    /// What time it is: that of the last frame, or later on a quiet link.
    now: Timestamp,
    /// Whether the last frame was cut when it was captured.
    cut: bool,
    /// The connection without payload of which was told, as its end came, that something is missing.
    silent: Option<FlowId>,
    /// Packets behind this one that were looked at ahead.
    looked_at: usize,
    /// What was seen of the inputs, where the output shows where every byte came from.
    sights: Option<Sights>,
}

impl<'s> Stages<'s> {
    pub(crate) fn new(
        limits: &Limits,
        (wanted, orders): (Wanted, Orders),
        (hints, documents): (Vec<(&'static str, u16)>, Documenting),
        (keys, reveal): (Keys, bool),
        (sink, packets): (&'s mut dyn Sink, Option<&'s mut Packets>),
    ) -> Self {
        let (bare, wants_parts) = (documents.no_dissectors, sink.wants_parts());
        let conversations = Conversations::new(limits, hints, reveal, sink.wants_messages());
        let tokens = if sink.wants_messages() { sink.wanted_tokens() } else { 0 };
        let conversations = conversations.with_looks(wants_parts, tokens, sink.wants_rows()).with_documents(documents);
        let out = Out::new(sink, packets);
        Self {
            inventory: Inventory::new(wanted, limits).quiet(!out.wants_connections, orders.leave_facts_alone()),
            doctor: Doctor::new(),
            layers: Layers::new(limits, keys, conversations.dialogue_ports()),
            conversations,
            bare,
            out,
            upkeep: Upkeep::new(orders),
            broken: None,
            owes: Owes::default(),
            last: (Timestamp::default(), FrameId::default()),
            now: Timestamp::default(),
            cut: false,
            silent: None,
            looked_at: 0,
            sights: wants_parts.then(Sights::default),
        }
    }

    /// Whether the output shows where every byte came from.
    pub(crate) fn wants_parts(&self) -> bool {
        self.sights.is_some()
    }

    /// Ports that tell who is the server where nothing better does.
    pub(crate) fn known_ports(&self) -> Vec<u16> {
        self.conversations.known_ports()
    }

    pub(crate) fn admitted(&self) -> u64 {
        self.out.tally.admitted()
    }

    /// Whether the output, and the store of facts, still take what they are given.
    pub(crate) fn is_writable(&self) -> bool {
        self.out.failure.is_none() && self.broken.is_none()
    }

    /// Does what is due.
    pub(crate) fn look(&mut self, complain: &mut dyn FnMut(&Error)) {
        match self.upkeep.reload().map(FocusSource::read) {
            Some(Ok(focus)) => self.inventory.refocus(focus),
            // The old one stays: a typing error must not blind a sensor.
            Some(Err(error)) => complain(&error),
            None => {}
        }
        if self.upkeep.settle() {
            self.settle(complain);
        }
        if self.upkeep.let_go() {
            self.let_packets_go();
            self.out.flush();
        }
        self.owes.stats |= self.upkeep.stats();
        self.owes.board |= self.upkeep.shows(false);
        self.owes.screen = self.out.sink.wants_counts();
        self.upkeep.be_alive();
    }

    /// Nothing comes for a moment: what is due is done, and the reader gets what there is.
    pub(crate) fn rest(&mut self, now: Option<Timestamp>, complain: &mut dyn FnMut(&Error)) {
        self.now = now.unwrap_or(self.now);
        self.look(complain);
        self.owes.board |= self.upkeep.shows(now.is_none());
        if !self.upkeep.holds() {
            self.let_packets_go();
            self.out.flush();
        }
    }

    /// Makes facts safe first, and lets the output go then: what was read is never told again. Where that fails, a run that is to last
    /// holds the output back and tries again.
    fn settle(&mut self, complain: &mut dyn FnMut(&Error)) {
        self.let_packets_go();
        let settled = self.inventory.settle();
        let news = self.upkeep.settled(settled.is_ok());
        match settled {
            Ok(()) => self.out.flush(),
            Err(error) if !self.upkeep.lasts() => self.broken = Some(error),
            Err(error) if news => complain(&error),
            Err(_) => {}
        }
    }

    /// Tells the counts so far, or only shows them to an output that wants to see them, where they are owed.
    pub(crate) fn stats(&mut self, flows: &Flows, source: &mut dyn Source) {
        if !self.owes.stats && !self.owes.board && !self.owes.screen {
            return;
        }
        let facts = self.inventory.counts();
        let account = self.account(flows, source.received(), facts);
        self.owes.board = false;
        self.upkeep.show(&account);
        if std::mem::take(&mut self.owes.screen) {
            self.out.sink.counts(&account);
        }
        if !std::mem::take(&mut self.owes.stats) {
            return;
        }
        self.out.event(&Event { at: self.now, flow: None, evidence: Evidence::default(), kind: EventKind::Stats(&account) });
        if !self.upkeep.holds() {
            self.out.flush();
        }
    }

    /// The account so far.
    fn account(&self, flows: &Flows, received: Vec<Received>, facts: [u64; 3]) -> Summary {
        Summary {
            received,
            lone_syns: flows.lone_syns(),
            evicted: flows.evicted(),
            facts,
            lost: self.upkeep.lost(),
            ..self.out.tally.so_far()
        }
    }

    /// Saves the frame of a segment, if its connection is one to save.
    pub(crate) fn save(&mut self, frame: &Frame<'_>, segment: &Segment<'_>) {
        let Some(packets) = &mut self.out.packets else { return };
        packets.segment(frame, segment);
        let (cut, failed) = (packets.cut(), packets.failed());
        if let Some(limit) = cut {
            self.anomaly(frame.at, segment.frames.clone(), limit);
        }
        if failed {
            self.let_packets_go();
        }
    }

    /// Writes the packets that wait; a failure ends the run.
    fn let_packets_go(&mut self) {
        let written = self.out.packets.as_mut().map_or(Ok(()), |packets| packets.flush());
        if let Err(source) = written {
            self.broken.get_or_insert(Error::Write { output: "packets".to_owned(), source });
        }
    }

    /// A frame came. Whether the user's filter admits it.
    pub(crate) fn frame(&mut self, frame: &Frame<'_>, filter: Option<&mut Filter>, complain: &mut dyn FnMut(&Error)) -> bool {
        if self.upkeep.frame(frame.at) {
            self.look(complain);
        }
        self.last = (frame.at, frame.id);
        self.now = frame.at;
        self.cut = usize::try_from(frame.wire_len).is_ok_and(|wire| wire > frame.bytes.len());
        if let Some(sights) = &mut self.sights {
            sights.frame(frame.id, frame.at, frame.link_type, self.cut);
        }
        if let Some(by) = self.out.tally.frame(frame) {
            self.anomaly(frame.at, Frames::one(frame.id), Anomaly::TimeWentBack { by });
        }
        self.admits(filter, frame, complain)
    }

    /// Whether the user's filter admits the frame; those it leaves out are counted.
    fn admits(&mut self, filter: Option<&mut Filter>, frame: &Frame<'_>, complain: &mut dyn FnMut(&Error)) -> bool {
        let admitted = filter.is_none_or(|filter| {
            filter.admits(frame).unwrap_or_else(|error| {
                self.damage(&error, complain);
                false
            })
        });
        if !admitted {
            self.out.tally.filtered();
        }
        admitted
    }

    /// A frame was, or completed, a segment. What the doctor says of those before it comes first.
    pub(crate) fn segment(&mut self, segment: &Segment<'_>) {
        self.out.tally.segment();
        if let Some(packets) = &mut self.out.packets {
            packets.begin(segment);
        }
        if let Some(kind) = self.upkeep.explained(segment) {
            self.out.event(&Event { at: segment.at, flow: None, evidence: Evidence::of(segment.frames.clone()), kind });
        }
        if let Some(verdict) = self.doctor.segment(segment) {
            self.out.event(&verdict_event(segment.at, verdict));
        }
    }

    /// A frame was, or completed, a datagram of UDP, and somebody wants those; they are counted as before.
    pub(crate) fn datagram(&mut self, frame: &Frame<'_>, mut datagram: UdpDatagram<'_>, flows: &mut Flows) {
        datagram.payload_at = if self.wants_parts() { frame.offset_of(datagram.payload) } else { None };
        let Self { conversations, out, .. } = self;
        conversations.datagram(&datagram, &mut || flows.number(), &mut |event| out.event(&event));
        self.other(frame, "udp");
    }

    pub(crate) fn other(&mut self, frame: &Frame<'_>, reason: &'static str) {
        if let Some(packets) = self.out.packets.as_mut().filter(|_| reason == "fragment") {
            packets.fragment(frame);
        }
        if self.cut && reason == "malformed" {
            self.doctor.header_cut();
        }
        self.out.tally.other(reason);
    }

    pub(crate) fn anomaly(&mut self, at: Timestamp, frames: Frames, anomaly: Anomaly) {
        self.out.event(&Event { at, flow: None, evidence: Evidence::of(frames), kind: EventKind::AnomalyFound(anomaly) });
    }

    /// An input is damaged: said at once, in the records, and in the summary.
    pub(crate) fn damage(&mut self, error: &Error, complain: &mut dyn FnMut(&Error)) {
        complain(error);
        let problem = error.to_string();
        self.out.tally.damage(problem.clone());
        // The newest frame is that input's own only where as many were read of it; another input's proves nothing.
        let (at, last) = self.last;
        let own = matches!(error, Error::Damaged { frames, .. } if *frames > 0 && *frames == last.number);
        let frames = if own { Frames::one(last) } else { Frames::default() };
        let begun = !matches!(error, Error::Open { .. } | Error::NotACapture { .. });
        self.anomaly(at, frames, Anomaly::InputDamaged { problem, begun });
    }

    /// The end: the doctor's verdict, the summary with what the source lost, and the output closed.
    pub(crate) fn finish(mut self, flows: &Flows, source: &mut dyn Source) -> Result<Summary, Error> {
        let received = source.received();
        // What an output that failed was not given, the next run tells.
        let lost = self.out.failure.is_some();
        self.conversations.finish(&mut |event| self.out.event(&event));
        self.let_packets_go();
        let broken = self.broken.take().or_else(|| if lost { None } else { self.inventory.settle().err() });
        let facts = self.inventory.end();
        let mut summary = self.account(flows, received, facts.counts());
        summary.undocumented = self.conversations.undocumented();
        if let Some(sights) = self.sights {
            summary.inputs = sights.inputs(source.origins());
        }
        let (span, news) = self.doctor.finish();
        if news {
            self.out.event(&verdict_event(self.out.tally.last_at(), &span));
        }
        summary.span = span;
        self.upkeep.show(&summary);
        let Out { sink, failure, .. } = self.out;
        let at = summary.last_at.unwrap_or(self.now);
        let mut say = |kind| sink.event(&Event { at, flow: None, evidence: Evidence::default(), kind });
        let said = failure.map_or(Ok(()), Err).and_then(|()| say(EventKind::FactsKnown(&facts)));
        let written = said.and_then(|()| say(EventKind::Summary(&summary))).and_then(|()| sink.finish());
        written.map_err(|source| Error::Write { output: "output".to_owned(), source })?;
        broken.map_or(Ok(summary), Err)
    }
}

/// A verdict rests on counters, not on frames.
fn verdict_event(at: Timestamp, verdict: &SpanVerdict) -> Event<'_> {
    Event { at, flow: None, evidence: Evidence::default(), kind: EventKind::SpanVerdict(verdict) }
}
