//! Runs the program over a capture, and keeps what it says of messages.

use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// A message as the program tells it.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// Client's address and port, side, place in the stream.
    pub(crate) key: (String, char, u64),
    pub(crate) bytes: Vec<u8>,
    /// Its name in documents.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Where tokens begin.
    pub(crate) edges: Vec<usize>,
}

/// All it tells of a capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    pub(crate) messages: Vec<Message>,
    /// The grammar of the service, and what is said of it.
    pub(crate) grammar: Value,
    pub(crate) description: Value,
}

/// What the program says of a capture, with no dissector, in a format.
pub(crate) fn output(capture: &std::path::Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ntp-sniff"));
    command.arg("-r").arg(capture).args(["--document", "all", "--no-dissectors", "-q"]).args(arguments);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}: {}", capture.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Run {
    pub(crate) fn of(name: &str) -> Self {
        let capture = super::file(name, "captures", "pcap");
        let output = output(&capture, &["-T", "jsonl", "--payload", "--reveal-secrets"]);
        let mut run = Self::default();
        let mut flows: BTreeMap<u64, String> = BTreeMap::new();
        for line in output.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let flow = record["flow"].as_u64().unwrap_or(0);
            match record["event"].as_str().unwrap() {
                "flow_opened" => {
                    flows.insert(flow, format!("{}:{}", record["client_ip"].as_str().unwrap(), record["client_port"]));
                }
                "protocol_described" => {
                    run.grammar = record["description"]["grammar"].clone();
                    run.description = record["description"].clone();
                }
                "message_decoded" => run.messages.push(message(&record, &flows[&flow])),
                _ => {}
            }
        }
        run
    }
}

fn message(record: &Value, client: &str) -> Message {
    let side = if record["direction"] == "client" { 'c' } else { 's' };
    let hex = record["payload"].as_str().unwrap();
    let place = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    Message {
        key: (client.to_owned(), side, record["evidence"]["bytes"][0].as_u64().unwrap()),
        bytes: (0..hex.len() / 2).map(|at| u8::from_str_radix(hex.get(2 * at..2 * at + 2).unwrap(), 16).unwrap()).collect(),
        id: format!("m{}.{}", record["flow"], record["number"]),
        name: record["name"].as_str().unwrap().to_owned(),
        edges: record["tokens"].as_array().unwrap().iter().map(|token| place(&token["bytes"][0])).collect(),
    }
}
