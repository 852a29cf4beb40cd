//! What a reader must not conclude from an inferred description.

use super::Service;
use super::class::Class;
use super::collect::LeftOut;
use crate::grammar::Encoding;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::limits::DOCUMENT_MESSAGES;
use crate::peer::Peer;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Fewer messages show no grammar, fewer sessions no states.
const FEW_MESSAGES: usize = 20;
const FEW_SESSIONS: usize = 10;

/// The limitations of what was inferred of a service, from what was seen of it.
pub(super) fn of(service: &Service, messages: usize, classes: [&Class; 2]) -> Vec<Limitation> {
    let mut list = Vec::new();
    let mut say = |code, text: String| list.push(Limitation { code, text });
    let sessions = service.sessions.len();
    let turns = || service.sessions.iter().flat_map(|seen| &seen.turns);
    if messages < FEW_MESSAGES {
        say(LimitationCode::FewMessages, format!("Only {messages} messages: too little data to tell words of the protocol from data."));
    }
    if sessions < FEW_SESSIONS {
        let text =
            format!("Only {sessions} session{}: the states show what happened, not what may happen.", if sessions == 1 { "" } else { "s" });
        say(LimitationCode::FewSessions, text);
    }
    let clients: BTreeSet<IpAddr> = service.sessions.iter().map(|seen| seen.client.ip).collect();
    if clients.len() == 1 {
        say(LimitationCode::OneClient, "Only one client: what is the same in all its messages may still be its own data.".to_owned());
    }
    let behind = service.sessions.iter().map(|seen| seen.missing_behind);
    let missing = turns().map(|turn| turn.gap_before).chain(behind).fold(0, u64::saturating_add);
    if missing > 0 {
        say(LimitationCode::PacketLoss, format!("{missing} bytes are missing: messages around them may be cut."));
    }
    let midway = service.sessions.iter().filter(|seen| !seen.whole).count();
    if midway > 0 {
        say(LimitationCode::Midstream, format!("{midway} of {sessions} sessions are not known from their first byte."));
    }
    for from in [Peer::Client, Peer::Server] {
        if !turns().any(|turn| turn.from == from) {
            say(LimitationCode::OneDirection, format!("The {} sent nothing that was seen.", from.name()));
        }
    }
    if classes.iter().any(|class| matches!(class.encoding, Encoding::EncryptedOrCompressed | Encoding::Compressed)) {
        say(LimitationCode::Encrypted, "Bytes without visible structure are not taken apart: encrypted or compressed.".to_owned());
    }
    let text = "Secrets are hidden where a name, a question or a login tells them, and so is all text among binary bytes: one that nothing tells, or that is no text, is shown.".to_owned();
    say(LimitationCode::Other, text);
    let text = "Inferred from what was seen: what did not occur is not described.".to_owned();
    say(LimitationCode::Other, text);
    list
}

/// A bound of what is looked at was reached: something that is counted is more than so many.
pub(super) fn looked_at(what: &str, count: usize, most: usize) -> Option<Limitation> {
    let text = || format!("A bound was reached: of {count} {what} {most} were looked at.");
    (count > most).then(|| Limitation { code: LimitationCode::Capped, text: text() })
}

/// Bytes that were not taken apart because there are more messages than a service may have.
pub(super) fn messages(left_out: u64) -> Option<Limitation> {
    let text = format!("A bound was reached: {left_out} bytes behind the first {DOCUMENT_MESSAGES} messages were not taken apart.");
    (left_out > 0).then_some(Limitation { code: LimitationCode::Capped, text })
}

/// What bounds left out.
pub(super) fn capped(left_out: LeftOut) -> Option<Limitation> {
    let LeftOut { sessions, datagrams, bytes } = left_out;
    let parts = [
        (sessions, format!("{sessions} more sessions")),
        (datagrams, format!("{datagrams} datagrams of more sessions")),
        (bytes, format!("{bytes} bytes of the sessions that are described")),
    ];
    let said: Vec<String> = parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, text)| text).collect();
    let text = format!("A bound was reached: {} were not kept.", said.join(", and "));
    (!said.is_empty()).then_some(Limitation { code: LimitationCode::Capped, text })
}
