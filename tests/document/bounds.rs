//! A session that fills many blocks of the spool comes out whole. That memory stays flat is held where the blocks are counted,
//! in `report/document/spool.rs`.

use crate::making::right;
use crate::support::collect::Shared;
use ntp_sniff::annotation::Annotation;
use ntp_sniff::annotation::ByteSpan;
use ntp_sniff::annotation::Payload;
use ntp_sniff::annotation::Role;
use ntp_sniff::annotation::Token;
use ntp_sniff::event::Closing;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::event::Message;
use ntp_sniff::event::Session;
use ntp_sniff::event::Summary;
use ntp_sniff::evidence::Evidence;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Part;
use ntp_sniff::origin::Input;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use ntp_sniff::time::Timestamp;

/// An event of a flow.
fn say(sink: &mut dyn Sink, flow: &Flow, kind: EventKind<'_>) {
    sink.event(&Event { at: Timestamp::default(), flow: Some(flow.id), evidence: Evidence::default(), kind }).unwrap();
}

/// A message of one line.
fn message(sink: &mut dyn Sink, flow: &Flow, number: u64, offset: u64, line: &[u8]) {
    let end = line.len();
    let token = |start, end, role, kind| Token { start, end, role, kind, secret: false };
    let annotation = Annotation {
        name: "plugin_record".into(),
        span: ByteSpan { start: offset, end: offset + end as u64 },
        phase: 1,
        response_to: None,
        sentence: "A plugin.",
        fields: Vec::new(),
        tokens: vec![token(0, end - 1, Role::Data, "text"), token(end - 1, end, Role::Control, "line_end")],
        bulk: true,
    };
    let payload = Payload::new(line, &annotation.tokens, false);
    let frame = FrameId { input: 0, number };
    let parts = [Part { frame, at: Timestamp::default(), start: 0, end: end as u64, frame_offset: Some(54) }];
    let completed_at = Timestamp::default();
    let (protocol, from) = ("nessus_ntp", Peer::Server);
    let message = Message { protocol, number, from, annotation: &annotation, payload, completed_at, parts: &parts, inferred: None };
    say(sink, flow, EventKind::MessageDecoded(&message));
}

/// A session of so many messages, told to the end.
fn session(sink: &mut dyn Sink, messages: u64) {
    let flow = crate::support::wire::nobodys_flow(RolesFrom::Handshake);
    let session = Session { protocol: "nessus_ntp", version: None, options: vec![], matched: "x", description: None, contrasts: &[] };
    say(sink, &flow, EventKind::SessionIdentified(&flow, &session));
    let line = [b"x".repeat(1023), b"\n".to_vec()].concat();
    for number in 1..=messages {
        message(sink, &flow, number, number * 1024, &line);
    }
    say(sink, &flow, EventKind::FlowClosed(&flow, Closing::Fin));
    let summary = Summary { inputs: vec![Input::default()], ..Summary::default() };
    say(sink, &flow, EventKind::Summary(&summary));
    sink.finish().unwrap();
}

fn json(writer: Box<dyn std::io::Write>) -> Box<dyn Sink> {
    let format = FORMATS.iter().find(|format| format.name == "json").unwrap();
    (format.open)(writer, &Style::default())
}

#[test]
fn a_long_session_is_whole() {
    let out = Shared::default();
    let mut sink = json(Box::new(out.clone()));
    session(sink.as_mut(), 3000);
    let document = right(&out.text(), "3000 messages");
    assert_eq!(document["sessions"][0]["messages"].as_array().unwrap().len(), 3000);
}
