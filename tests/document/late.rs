//! Sessions whose language was inferred come when their connections are over, or before: the document is the same.

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
use ntp_sniff::event::Inferred;
use ntp_sniff::event::Message;
use ntp_sniff::event::Phase;
use ntp_sniff::event::Session;
use ntp_sniff::event::Summary;
use ntp_sniff::evidence::Evidence;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::evidence::Part;
use ntp_sniff::grammar::Description;
use ntp_sniff::grammar::Share;
use ntp_sniff::origin::Input;
use ntp_sniff::peer::Flow;
use ntp_sniff::peer::FlowId;
use ntp_sniff::peer::Peer;
use ntp_sniff::peer::RolesFrom;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use ntp_sniff::time::Timestamp;
use serde_json::json;

fn say(sink: &mut dyn Sink, flow: Option<&Flow>, kind: EventKind<'_>) {
    let flow = flow.map(|flow| flow.id);
    sink.event(&Event { at: Timestamp::default(), flow, evidence: Evidence::default(), kind }).unwrap();
}

/// What inference says of a service.
fn description() -> Description {
    let field = |id: &str, column: u64| json!({ "id": id, "name": "word", "role": "keyword", "kind": "command", "location": { "column": column }, "confidence": 1 });
    serde_json::from_value(json!({
        "id": "unknown_tcp_9999_10.0.0.2",
        "transport": "tcp",
        "server_ports": [9999],
        "encoding": "text",
        "summary": "Lines.",
        "grammar": {
            "framing": { "kind": "terminator", "terminator": "0a", "confidence": 1 },
            "message_types": [{
                "id": "mt1", "name": "hello", "count": 2, "sessions": 2, "length": { "min": 6, "max": 6 },
                "fields": [field("f1.1", 0), field("f1.2", 1)], "examples": ["m1.1"], "confidence": 1
            }]
        },
        "limitations": [{ "code": "few_messages", "text": "Two." }]
    }))
    .unwrap()
}

/// Everything that is known of a session.
fn session(sink: &mut dyn Sink, flow: &Flow) {
    let id = description().id;
    let session =
        Session { protocol: "unknown", version: None, options: vec![], matched: "x", description: Some(id.into()), contrasts: &[] };
    say(sink, Some(flow), EventKind::SessionIdentified(flow, &session));
    let phase = Phase { ordinal: 1, title: "Greeting".into(), sentence: "Hello.".into() };
    say(sink, Some(flow), EventKind::PhaseEntered(&phase));
    let token = |start, end, role, kind| Token { start, end, role, kind, secret: false };
    let annotation = Annotation {
        name: "hello".into(),
        span: ByteSpan { start: 0, end: 6 },
        phase: 1,
        response_to: None,
        sentence: "hello",
        fields: Vec::new(),
        tokens: vec![token(0, 5, Role::Keyword, "command"), token(5, 6, Role::Control, "terminator")],
        bulk: false,
    };
    let inferred =
        Inferred { message_type: Some("mt1".to_owned()), fields: vec![Some("f1.1".to_owned()), None], confidence: Share::of(9, 10) };
    let frame = FrameId { input: 0, number: 4 };
    let parts = [Part { frame, at: Timestamp::default(), start: 0, end: 6, frame_offset: None }];
    let message = Message {
        protocol: "unknown",
        number: 1,
        from: Peer::Client,
        annotation: &annotation,
        payload: Payload::new(b"hello\n", &annotation.tokens, false),
        completed_at: Timestamp::default(),
        parts: &parts,
        inferred: Some(&inferred),
    };
    say(sink, Some(flow), EventKind::MessageDecoded(&message));
}

/// Two sessions, each closed before or behind what is known of it.
fn document(late: bool) -> String {
    let out = Shared::default();
    let format = FORMATS.iter().find(|format| format.name == "json").unwrap();
    let mut sink = (format.open)(Box::new(out.clone()), &Style::default());
    let sink = sink.as_mut();
    let flows = [1, 2].map(|id| Flow {
        id: FlowId(id),
        ended: Some(Closing::Fin),
        announced: true,
        ..crate::support::wire::nobodys_flow(RolesFrom::Handshake)
    });
    if late {
        for flow in &flows {
            say(sink, Some(flow), EventKind::FlowClosed(flow, Closing::Fin));
        }
    }
    say(sink, None, EventKind::ProtocolDescribed(&description()));
    for flow in &flows {
        session(sink, flow);
        if !late {
            say(sink, Some(flow), EventKind::FlowClosed(flow, Closing::Fin));
        }
    }
    say(sink, None, EventKind::Summary(&Summary { inputs: vec![Input::default()], ..Summary::default() }));
    sink.finish().unwrap();
    out.text()
}

#[test]
fn both_orders_give_the_same_document() {
    let late = document(true);
    assert_eq!(late, document(false));
    let document = right(&late, "inferred");
    assert_eq!(document["sessions"].as_array().unwrap().len(), 2);
    assert_eq!(document["sessions"][0]["closed_by"], "fin");
    assert_eq!(document["sessions"][0]["messages"][0]["type"], "mt1");
    assert_eq!(document["sessions"][0]["messages"][0]["type_confidence"], 0.9);
    assert_eq!(document["sessions"][1]["phases"][0]["title"], "Greeting");
    assert_eq!(document["protocols"].as_array().unwrap().len(), 1, "an inferred protocol is not learned again");
}
