//! A session of the page: who talked, and its phases.

use super::Markup;
use super::phase::Body;
use super::rendered;
use super::text;
use super::text::Anchors;
use crate::limits::HTML_ROWS;
use crate::report::document::model::Message;
use crate::report::document::model::Session;
use crate::report::document::model::Tls;
use askama::Template;
use askama::filters::Safe;
use std::collections::BTreeMap;
use std::io;

/// VLANs and contrasts of a session that are named.
const NAMED: usize = 5;
const CONTRASTS: usize = 20;
/// Bytes that the frame of a phase takes, about.
const PHASE_BYTES: usize = 1200;

/// A session.
#[derive(Template)]
#[template(path = "session.html", config = "src/report/document/html/askama.toml")]
struct Shown<'a> {
    session: &'a Session,
    anchor: String,
    protocol: String,
    protocol_anchor: String,
    client: String,
    server: String,
    ended: &'static str,
    vlans: String,
    volume: [String; 2],
    tls: Option<String>,
    contrasts: Vec<String>,
    phases: Markup,
    /// Phases and messages that are not shown, counted.
    left_out: Option<String>,
}

/// Draws a session in about so many bytes, from its messages one by one; `open` shows its phases at once. Also
/// gives what can be linked to.
pub(super) fn draw(
    session: &Session,
    next: &mut dyn FnMut() -> io::Result<Option<Message>>,
    room: usize,
    open: bool,
) -> io::Result<(String, Anchors)> {
    let mut anchors = Anchors::new();
    let most = (room / PHASE_BYTES / 2).min(HTML_ROWS);
    let mut bodies: BTreeMap<&str, Body> = BTreeMap::new();
    let mut rest = Body::default();
    let (mut shown, mut beyond) = (0_usize, 0_u64);
    let phases: BTreeMap<&str, usize> = session.phases.iter().enumerate().map(|(place, phase)| (phase.id.as_str(), place)).collect();
    let frames = session.phases.len().min(most).saturating_mul(PHASE_BYTES);
    while let Some(message) = next()? {
        let room = room.saturating_sub(frames).saturating_sub(shown);
        let body = match message.phase.as_deref().and_then(|id| phases.get_key_value(id)) {
            Some((_, place)) if *place >= most => {
                beyond = beyond.saturating_add(1);
                continue;
            }
            Some((id, _)) => bodies.entry(id).or_default(),
            None => &mut rest,
        };
        shown = shown.saturating_add(body.add(&message, &session.protocol, room, &mut anchors)?);
    }
    let mut out = String::new();
    for phase in session.phases.iter().take(most) {
        let body = bodies.remove(phase.id.as_str()).unwrap_or_default();
        out.push_str(&body.draw(session, Some(phase), open)?.0);
    }
    if !rest.is_empty() {
        out.push_str(&rest.draw(session, None, open)?.0);
    }
    Ok((frame(session, Safe(out), session.phases.len().saturating_sub(most), beyond)?, anchors))
}

/// What stands around the phases; so many phases are left out, and messages with them.
fn frame(session: &Session, phases: Markup, phases_left_out: usize, beyond: u64) -> io::Result<String> {
    let side = |packets, bytes| format!("{}, {}", text::count(packets, "packet"), text::count(bytes, "byte"));
    let shown = Shown {
        session,
        anchor: text::anchor(&[&session.id]),
        protocol: text::cut(&session.protocol, 60),
        protocol_anchor: text::anchor(&["protocol", &session.protocol]),
        client: text::endpoint(&session.client),
        server: text::endpoint(&session.server),
        ended: ended(session.closed_by.as_deref()),
        vlans: session.vlans.iter().take(NAMED).map(u16::to_string).collect::<Vec<_>>().join(", "),
        volume: [side(session.client_packets, session.client_bytes), side(session.server_packets, session.server_bytes)],
        tls: session.tls.as_ref().map(tls),
        contrasts: session.contrasts.iter().take(CONTRASTS).map(|text| text::brief(text)).collect(),
        phases,
        left_out: left_out(phases_left_out, beyond.saturating_add(session.messages_omitted.unwrap_or(0))),
    };
    Ok(rendered(&shown)?.0)
}

/// What is not shown, in words.
fn left_out(phases: usize, messages: u64) -> Option<String> {
    let phases = (phases > 0).then(|| text::count(phases, "phase"));
    let messages = (messages > 0).then(|| text::count(messages, "message"));
    let parts: Vec<String> = phases.into_iter().chain(messages).collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

/// How a session ended, in words.
fn ended(how: Option<&str>) -> &'static str {
    match how {
        Some("fin") => "both sides closed it",
        Some("reset") => "reset",
        Some("idle") => "silent for too long",
        Some("reused") => "its ports began anew",
        Some("evicted") => "given up for others",
        Some("end_of_capture") => "the capture ended first",
        _ => "",
    }
}

/// TLS in a line.
pub(super) fn tls(tls: &Tls) -> String {
    let mut words: Vec<String> = [&tls.version, &tls.cipher].into_iter().flatten().map(|word| text::cut(word, 60)).collect();
    words.extend(tls.server_name.as_ref().map(|name| format!("for {}", text::cut(name, 100))));
    words.push(tls.opened_with.as_ref().map_or_else(|| "not opened".to_owned(), |source| format!("opened with {}", text::cut(source, 60))));
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::left_out;

    #[test]
    fn what_is_left_out_is_counted() {
        assert_eq!(left_out(0, 0), None);
        assert_eq!(left_out(1, 0).unwrap(), "1 phase");
        assert_eq!(left_out(0, 2).unwrap(), "2 messages");
        assert_eq!(left_out(3, 1_000).unwrap(), "3 phases and 1\u{202f}000 messages");
    }
}
