//! Services written down as text, for the tests of inference.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "small numbers of tests"
)]

use super::Inference;
use super::Seen;
use super::Service;
use super::Turn;
use super::infer;
use crate::annotation::ByteSpan;
use crate::grammar::Description;
use crate::peer::Endpoint;
use crate::peer::FlowId;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::time::Timestamp;
use std::net::Ipv4Addr;

/// What was said in a session, and by the client of which address.
pub(super) type Said = (u8, Vec<(Peer, Vec<u8>)>);

/// A service of sessions, each a client's last byte of address and what was said: who, and which bytes.
pub(super) fn service(transport: Transport, sessions: &[Said]) -> Service {
    let server = Endpoint { ip: Ipv4Addr::new(10, 0, 0, 1).into(), port: 9999 };
    let session = |(number, (host, said)): (usize, &Said)| {
        let mut turns: Vec<Turn> = Vec::new();
        let mut ends = [0_u64; 2];
        for (place, (from, bytes)) in said.iter().enumerate() {
            let end = &mut ends[usize::from(*from == Peer::Server)];
            let span = ByteSpan { start: *end, end: *end + bytes.len() as u64 };
            *end = span.end;
            let at = Timestamp::from_parts(1_700_000_000 + number as i64, place as i64 * 1_000_000, false);
            match turns.last_mut() {
                Some(turn) if turn.from == *from && transport == Transport::Tcp => {
                    turn.bytes.extend(bytes);
                    turn.span.end = span.end;
                }
                _ => turns.push(Turn { from: *from, at, span, bytes: bytes.clone(), gap_before: 0 }),
            }
        }
        let client = Endpoint { ip: Ipv4Addr::new(10, 0, 1, *host).into(), port: 40_000 + number as u16 };
        Seen { flow: FlowId(number as u64 + 1), client, whole: true, turns, missing_behind: 0 }
    };
    Service {
        transport,
        server,
        sessions: sessions.iter().enumerate().map(session).collect(),
        window: Default::default(),
        limitations: Vec::new(),
    }
}

/// Reads lines `C: …` and `S: …`, with `\r`, `\n`, `\t` and `\0`.
pub(super) fn said(text: &str) -> Vec<(Peer, Vec<u8>)> {
    let line = |line: &str| {
        let (who, said) = line.split_at_checked(3).unwrap();
        let from = if who == "C: " { Peer::Client } else { Peer::Server };
        assert!(matches!(who, "C: " | "S: "), "{line}");
        (from, said.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0").into_bytes())
    };
    text.lines().map(str::trim_start).filter(|line| !line.is_empty()).map(line).collect()
}

/// Sessions of one client each, as [`said`] reads them.
pub(super) fn sessions(texts: &[&str]) -> Service {
    let sessions: Vec<_> = texts.iter().enumerate().map(|(host, text)| (host as u8 + 10, said(text))).collect();
    service(Transport::Tcp, &sessions)
}

/// What is inferred of it.
pub(super) fn inferred(service: &Service) -> Inference<'_> {
    infer(service, &|_, _, _| None)
}

/// The words of a description.
pub(super) fn words(description: &Description) -> Vec<&str> {
    description.grammar.keywords.iter().map(|word| word.text.as_str()).collect()
}

/// The text of the first delimiter.
pub(super) fn delimiter(description: &Description) -> &str {
    description.grammar.delimiters.first().map(|delimiter| delimiter.text.as_str()).unwrap_or_default()
}

/// What the messages show: secrets as stars.
pub(super) fn shown(inference: &Inference<'_>) -> String {
    let mut text = String::new();
    for (unit, typed) in inference.units.iter().zip(&inference.typed) {
        for token in &typed.tokens {
            let bytes = &unit.bytes[token.start..token.end];
            text.push_str(&if token.secret { "*".to_owned() } else { String::from_utf8_lossy(bytes).into_owned() });
        }
    }
    text
}
