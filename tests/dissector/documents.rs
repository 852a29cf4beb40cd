//! Documents written by hand, with the captures they describe.

use crate::support::capture::captured;
use crate::support::capture::on_disk;
use crate::support::capture::pcap;
use crate::support::talk::Step;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use etherparse::PacketBuilder;
use ntp_sniff::grammar::Description;
use ntp_sniff::peer::Peer;
use ntp_sniff::report::document::model::Document;
use serde_json::Value;
use serde_json::json;
use std::path::PathBuf;

/// A part of a message: its bytes, and its kind and, behind a blank, its field.
pub(crate) type Part = (Vec<u8>, &'static str);

/// A message: who sends it, its type, its parts.
pub(crate) type Said = (Peer, &'static str, Vec<Part>);

/// A message whose parts are text.
pub(crate) fn said(from: char, kind: &'static str, parts: &[(&str, &'static str)]) -> Said {
    let from = if from == 'C' { Peer::Client } else { Peer::Server };
    (from, kind, parts.iter().map(|(text, part)| (text.as_bytes().to_vec(), *part)).collect())
}

/// A document and the capture that it is of.
pub(crate) struct Case {
    pub(crate) document: Value,
    pub(crate) capture: PathBuf,
}

impl Case {
    pub(crate) fn parsed(&self) -> Document {
        serde_json::from_value(self.document.clone()).unwrap()
    }

    pub(crate) fn description(&self) -> Description {
        self.parsed().protocols[0].clone()
    }
}

fn bytes_of((_, _, parts): &Said) -> Vec<u8> {
    parts.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect()
}

/// A connection on which this is said, in segments of these lengths.
pub(crate) fn stream(grammar: &Value, encoding: &str, messages: &[Said], cuts: &[usize]) -> Case {
    let mut steps: Vec<Step> = Vec::new();
    for message in messages {
        match steps.last_mut() {
            Some(step) if step.from == message.0 => step.bytes.extend(bytes_of(message)),
            _ => steps.push(Step { from: message.0, bytes: bytes_of(message) }),
        }
    }
    let talk = Talk::whole([7, 0xffff_fff0], &steps, cuts);
    let net = Net::v4(9999);
    let frames = talk.packets.iter().map(|packet| net.frame(packet)).collect();
    // Which frame brought which bytes of each direction.
    let mut sent = [0, 0];
    let mut brought = Vec::new();
    for (number, packet) in (1_u64..).zip(&talk.packets).filter(|(_, packet)| !packet.payload.is_empty()) {
        let at = &mut sent[usize::from(packet.from == Peer::Server)];
        brought.push((packet.from, number, *at, *at + packet.payload.len()));
        *at += packet.payload.len();
    }
    let mut at = [0, 0];
    let mut written = Vec::new();
    for (number, message) in (1..).zip(messages) {
        let start = at[usize::from(message.0 == Peer::Server)];
        let end = start + bytes_of(message).len();
        at[usize::from(message.0 == Peer::Server)] = end;
        let within = brought.iter().filter(|(from, _, first, last)| *from == message.0 && *first < end && *last > start);
        let packets = within.map(|(_, frame, first, last)| packet(*frame, *first.max(&start) - start, *last.min(&end) - start));
        written.push(said_in(number, message, start, &packets.collect::<Vec<_>>()));
    }
    finished(grammar, encoding, "tcp", &written, on_disk(&pcap(&captured(frames, 1000))))
}

/// Datagrams.
pub(crate) fn datagrams(grammar: &Value, encoding: &str, messages: &[Said]) -> Case {
    let (client, server) = (([10, 0, 0, 1], 40_001), ([10, 0, 0, 2], 9999));
    let frame = |message: &Said| {
        let (source, destination) = if message.0 == Peer::Client { (client, server) } else { (server, client) };
        let builder = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4(source.0, destination.0, 64);
        let mut frame = Vec::new();
        builder.udp(source.1, destination.1).write(&mut frame, &bytes_of(message)).unwrap();
        frame
    };
    let written =
        (1_u64..).zip(messages).map(|(number, message)| said_in(number, message, 0, &[packet(number, 0, bytes_of(message).len())]));
    let written: Vec<Value> = written.collect();
    finished(grammar, encoding, "udp", &written, on_disk(&pcap(&captured(messages.iter().map(frame).collect(), 1000))))
}

fn packet(number: u64, start: usize, end: usize) -> Value {
    json!({ "input": "i0", "number": number, "time": "2005-01-06T08:26:40Z", "start": start, "end": end })
}

fn said_in(number: u64, message: &Said, offset: usize, packets: &[Value]) -> Value {
    let mut at = 0;
    let token = |(bytes, part): &Part| {
        let (kind, field) = part.split_once(' ').map_or((*part, None), |(kind, field)| (kind, Some(field)));
        at += bytes.len();
        let mut token = json!({ "start": at - bytes.len(), "end": at, "role": "data", "kind": kind });
        if let Some(field) = field {
            token["field"] = field.into();
        }
        token
    };
    let tokens: Vec<Value> = message.2.iter().filter(|(bytes, _)| !bytes.is_empty()).map(token).collect();
    json!({
        "id": format!("m1.{number}"), "direction": message.0.name(), "name": message.1, "type": message.1, "time": "2005-01-06T08:26:40Z",
        "relative": "0", "length": bytes_of(message).len(), "stream_offset": offset, "packets": packets, "sentence": "",
        "payload": { "hex": "" }, "tokens": tokens,
    })
}

fn finished(grammar: &Value, encoding: &str, transport: &str, messages: &[Value], capture: PathBuf) -> Case {
    let account =
        json!({ "frames": 0, "filtered": 0, "segments": 0, "undecoded": {}, "flows": 1, "sessions": {}, "messages": 0, "anomalies": {} });
    let statistics =
        json!({ "messages": 0, "messages_typed": 0, "bytes": 0, "bytes_by_role": {}, "explained_share": 1, "tokens_redacted": 0 });
    let document = json!({
        "document": "ntp-sniff/protocol-document", "schema_version": "1.0", "generator": { "name": "ntp-sniff", "version": "0" },
        "redaction": { "policy": "credentials" }, "legend": [],
        "sessions": [{
            "id": "s1", "protocol": "unknown_9999", "community_id": "1:", "transport": transport,
            "client": { "ip": "10.0.0.1", "port": 40001 }, "server": { "ip": "10.0.0.2", "port": 9999 }, "roles_from": "syn", "matched": "",
            "start": "2005-01-06T08:26:40Z", "end": "2005-01-06T08:26:40Z", "client_packets": 0, "server_packets": 0, "client_bytes": 0,
            "server_bytes": 0, "phases": [], "messages": messages,
        }],
        "inputs": [{ "id": "i0", "kind": "file", "name": "x.pcap", "packets": { "read": 0, "truncated": 0 } }],
        "protocols": [{
            "id": "unknown_9999", "transport": transport, "server_ports": [9999], "encoding": encoding, "summary": "", "grammar": grammar,
        }],
        "services": [], "connections": [], "stories": [], "anomalies": [], "account": account, "statistics": statistics, "limitations": [],
        "x_more": { "of": "somebody" },
    });
    Case { document, capture }
}
