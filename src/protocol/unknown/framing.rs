//! Where messages end: datagrams, text lines, counted text, what the binary way finds, or else turns.

mod counted;

pub(super) use counted::Counted;
pub(super) use counted::marked;

use super::Service;
use super::Unit;
use super::binary;
use super::class::Class;
use crate::grammar::Encoding;
use crate::grammar::Framing;
use crate::grammar::FramingKind;
use crate::grammar::Ground;
use crate::grammar::Level;
use crate::grammar::Share;
use crate::peer::Peer;
use crate::peer::Transport;
use memchr::memmem;

/// What may end a line.
const TERMINATORS: [&[u8]; 4] = [b"\r\n", b"\n", b"\r", b"\0"];

/// Messages that contradict a framing, of which the names are told.
const MOST_COUNTEREXAMPLES: usize = 5;

/// How the turns of one side are cut into messages.
#[derive(Clone, Debug)]
pub(super) enum Cut {
    /// Each datagram is one.
    Datagram,
    /// These bytes end one.
    Lines(&'static [u8]),
    /// Counted parts, and lines.
    Counted(Counted),
    /// As the binary way says.
    Binary(Framing),
    /// Each turn is one.
    Turn,
}

/// How both sides are cut.
#[derive(Clone, Debug)]
pub(super) struct Cuts {
    pub(super) client: Cut,
    pub(super) server: Cut,
    /// What ends lines inside of datagrams, of the client and the server.
    pub(super) inner: [Option<&'static [u8]>; 2],
    /// How much agrees, and why it is believed, of the client and the server.
    grounds: [(Share, Vec<Ground>); 2],
}

/// How turns of one side end.
#[derive(Clone, Copy, Default)]
struct Ends {
    turns: u64,
    aligned: u64,
    lines: u64,
}

fn is_text(class: &Class) -> bool {
    matches!(class.encoding, Encoding::Text | Encoding::Mixed)
}

/// Decides how both sides are cut. Text is decided for both together: they share their line end.
pub(super) fn decide(service: &Service, client: &Class, server: &Class) -> Cuts {
    let mut cuts = Cuts { client: Cut::Turn, server: Cut::Turn, inner: [None, None], grounds: Default::default() };
    let sides = [(Peer::Client, client), (Peer::Server, server)];
    let text: Vec<Peer> = sides.iter().filter(|(_, class)| is_text(class)).map(|(from, _)| *from).collect();
    let terminator = terminator(service, &text);
    let counted = terminator.and_then(|terminator| Counted::find(service, &text, terminator));
    for (from, class) in sides {
        let ends = terminator.map(|terminator| ends(service, &[from], terminator)).unwrap_or_default();
        let (cut, ground) = if service.transport == Transport::Udp {
            let [client, server] = &mut cuts.inner;
            *(if from == Peer::Client { client } else { server }) = terminator.filter(|_| is_text(class)).filter(|end| is_block(end, ends));
            (Cut::Datagram, None)
        } else if let (true, Some(counted)) = (is_text(class), counted) {
            (Cut::Counted(counted), Some((counted.share(), counted.ground())))
        } else if let (true, Some(terminator), true) = (is_text(class), terminator, ends.lines > 0) {
            (Cut::Lines(terminator), Some((Share::of(ends.aligned, ends.turns), line_ground(terminator, from, ends))))
        } else if is_text(class) {
            (Cut::Turn, None)
        } else {
            match binary::framing(service, Some(from)) {
                Some(framing) => {
                    let ground = (framing.confidence, framing.evidence.clone());
                    cuts.set(from, Cut::Binary(framing), ground);
                    continue;
                }
                None => (Cut::Turn, None),
            }
        };
        cuts.set(from, cut, ground.map_or_else(Default::default, |(share, ground)| (share, vec![ground])));
    }
    cuts
}

/// Whether datagrams are blocks of lines with such an end: most have several.
fn is_block(end: &[u8], ends: Ends) -> bool {
    end.ends_with(b"\n") && ends.lines >= ends.turns.saturating_mul(2)
}

fn line_ground(terminator: &[u8], from: Peer, ends: Ends) -> Ground {
    Ground {
        detector: "terminator".to_owned(),
        statement: format!(
            "{} of the {}'s {} turns end with {}, which ends {} lines.",
            ends.aligned,
            from.name(),
            ends.turns,
            terminator.escape_ascii(),
            ends.lines
        ),
        score: Some(Share::of(ends.aligned, ends.turns)),
        messages: None,
        sessions: None,
        counterexamples: Vec::new(),
    }
}

/// How often this ends turns, and lines.
fn ends(service: &Service, of: &[Peer], terminator: &[u8]) -> Ends {
    let mut ends = Ends::default();
    for turn in service.sessions.iter().flat_map(|seen| &seen.turns).filter(|turn| of.contains(&turn.from)) {
        ends.turns = ends.turns.saturating_add(1);
        ends.aligned = ends.aligned.saturating_add(u64::from(turn.bytes.ends_with(terminator)));
        let lines = memmem::find_iter(&turn.bytes, terminator).count();
        ends.lines = ends.lines.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
    }
    ends
}

/// What ends lines: it ends half of the turns, or stands in them so often that it must.
fn terminator(service: &Service, of: &[Peer]) -> Option<&'static [u8]> {
    if of.is_empty() {
        return None;
    }
    let all = TERMINATORS.map(|terminator| (terminator, ends(service, of, terminator)));
    let [(crlf, crlf_ends), (lf, lf_ends), ..] = all;
    let fits = |ends: Ends| {
        let turns = Share::of(ends.aligned, ends.turns).parts() >= 5_000;
        ends.lines > 0 && (turns || (ends.aligned > 0 && ends.lines >= ends.turns.saturating_mul(2)))
    };
    // A newline behind a carriage return is one line end, as long as nearly all are, or those that begin and end turns: what somebody
    // sends with an order may have lines of its own.
    let nearly_all = |share: Share| share.parts() >= 9_000;
    if fits(crlf_ends) && (nearly_all(Share::of(crlf_ends.lines, lf_ends.lines)) || nearly_all(outer(service, of))) {
        return Some(crlf);
    }
    if fits(lf_ends) {
        return Some(lf);
    }
    all.into_iter().skip(2).filter(|(_, ends)| fits(*ends)).max_by_key(|(_, ends)| ends.aligned).map(|(terminator, _)| terminator)
}

/// Of turns with newlines, those whose first one stands behind a carriage return, and the last one, too, where it ends the turn.
fn outer(service: &Service, of: &[Peer]) -> Share {
    let (mut returns, mut all) = (0_u64, 0_u64);
    for turn in service.sessions.iter().flat_map(|seen| &seen.turns).filter(|turn| of.contains(&turn.from)) {
        let Some(first) = memchr::memchr(b'\n', &turn.bytes) else { continue };
        let opens = turn.bytes.get(..first).is_some_and(|line| line.ends_with(b"\r"));
        let closes = turn.bytes.ends_with(b"\r\n") || !turn.bytes.ends_with(b"\n");
        all = all.saturating_add(1);
        returns = returns.saturating_add(u64::from(opens && closes));
    }
    Share::of(returns, all)
}

impl Cuts {
    fn set(&mut self, from: Peer, cut: Cut, ground: (Share, Vec<Ground>)) {
        let [client, server] = &mut self.grounds;
        match from {
            Peer::Client => (self.client, *client) = (cut, ground),
            Peer::Server => (self.server, *server) = (cut, ground),
        }
    }

    /// What ends lines of this side: messages, or the lines inside of datagrams.
    pub(super) fn line_end(&self, from: Peer) -> Option<(&'static [u8], Level)> {
        let [client, server] = self.inner;
        match self.of(from) {
            Cut::Lines(terminator) => Some((*terminator, Level::Record)),
            Cut::Counted(counted) => Some((counted.terminator, Level::Record)),
            Cut::Datagram => (if from == Peer::Client { client } else { server }).map(|end| (end, Level::Line)),
            Cut::Binary(_) | Cut::Turn => None,
        }
    }

    /// How this side is cut.
    pub(super) fn of(&self, from: Peer) -> &Cut {
        if from == Peer::Client { &self.client } else { &self.server }
    }

    /// The framing of one side, in the words of the grammar.
    pub(super) fn framing(&self, from: Peer) -> Framing {
        let [client, server] = &self.grounds;
        let (confidence, evidence) = if from == Peer::Client { client.clone() } else { server.clone() };
        let plain = |kind| Framing { kind, confidence, evidence: evidence.clone(), ..Framing::default() };
        match self.of(from) {
            Cut::Datagram => Framing { confidence: Share::ALL, ..plain(FramingKind::Datagram) },
            Cut::Lines(terminator) => Framing { terminator: Some(super::words::hex(terminator)), ..plain(FramingKind::Terminator) },
            Cut::Counted(counted) => {
                Framing { terminator: Some(super::words::hex(counted.terminator)), ..plain(FramingKind::LengthPrefix) }
            }
            Cut::Binary(framing) => framing.clone(),
            Cut::Turn => plain(FramingKind::Turn),
        }
    }
}

/// Cuts the turns of all sessions into messages, in the order they were said: no more than `most`. How many bytes are left out then.
pub(super) fn units<'a>(service: &'a Service, cuts: &Cuts, most: usize) -> (Vec<Unit<'a>>, u64) {
    let (mut units, mut left_out) = (Vec::new(), 0_u64);
    for (session, seen) in service.sessions.iter().enumerate() {
        let mut number = 0_u64;
        for turn in &seen.turns {
            let mut start = 0_usize;
            let room = most.saturating_sub(units.len());
            for end in ends_in(cuts.of(turn.from), turn, room).into_iter().take(room) {
                let Some(bytes) = turn.bytes.get(start..end).filter(|bytes| !bytes.is_empty()) else { continue };
                let at = |offset: usize| turn.span.start.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX));
                number = number.saturating_add(1);
                let span = crate::annotation::ByteSpan { start: at(start), end: at(end) };
                units.push(Unit { session, number, from: turn.from, at: turn.at, span, bytes });
                start = end;
            }
            left_out = left_out.saturating_add(u64::try_from(turn.bytes.len().saturating_sub(start)).unwrap_or(u64::MAX));
        }
    }
    (units, left_out)
}

/// How many messages a side sent.
pub(super) fn messages(units: &[Unit<'_>], from: Peer) -> u64 {
    u64::try_from(units.iter().filter(|unit| unit.from == from).count()).unwrap_or(u64::MAX)
}

/// Adds to the evidence of framings how many messages they made, and which do not end as theirs say: those the other side or the end cut off,
/// and prompts.
pub(super) fn contrary(service: &Service, cuts: &mut Cuts, units: &[Unit<'_>]) {
    for from in [Peer::Client, Peer::Server] {
        let agrees = |unit: &&Unit<'_>| match cuts.of(from) {
            Cut::Datagram | Cut::Turn => true,
            Cut::Lines(terminator) => unit.bytes.ends_with(terminator),
            Cut::Counted(counted) => counted.ends(unit.bytes).last() == Some(&unit.bytes.len()),
            Cut::Binary(framing) => binary::cut(framing, unit.bytes).last() == Some(&unit.bytes.len()),
        };
        let others = units.iter().filter(|unit| unit.from == from).filter(|unit| !agrees(unit)).take(MOST_COUNTEREXAMPLES);
        let flow = |unit: &Unit<'_>| service.sessions.get(unit.session).map_or(0, |seen| seen.flow.0);
        let ids: Vec<String> = others.map(|unit| format!("m{}.{}", flow(unit), unit.number)).collect();
        let [client, server] = &mut cuts.grounds;
        let grounds = if from == Peer::Client { &mut client.1 } else { &mut server.1 };
        let judge = |ground: &mut Ground| {
            ground.messages = Some(messages(units, from));
            ground.counterexamples.clone_from(&ids);
        };
        grounds.iter_mut().take(1).for_each(judge);
        let cut = if from == Peer::Client { &mut cuts.client } else { &mut cuts.server };
        if let Cut::Binary(framing) = cut {
            framing.evidence.iter_mut().take(1).for_each(judge);
        }
    }
}

/// Where the messages of a turn end, as far as there is room; the last one ends with it.
fn ends_in(cut: &Cut, turn: &super::Turn, room: usize) -> Vec<usize> {
    let mut ends = match cut {
        Cut::Datagram | Cut::Turn => Vec::new(),
        Cut::Lines(terminator) => {
            memmem::find_iter(&turn.bytes, terminator).map(|start| start.saturating_add(terminator.len())).take(room).collect()
        }
        Cut::Counted(counted) => counted.ends(&turn.bytes),
        Cut::Binary(framing) => binary::cut(framing, &turn.bytes),
    };
    if ends.len() < room && ends.last().is_none_or(|end| *end < turn.bytes.len()) {
        ends.push(turn.bytes.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::unknown::testing::sessions;

    #[test]
    fn lines_of_what_is_sent_with_an_order_do_not_say_what_ends_it() {
        let of = |texts: &[&str]| terminator(&sessions(texts), &[Peer::Client, Peer::Server]);
        assert_eq!(of(&["C: list\\r\\n\nS: OK 9\\r\\n- a\\n- b\\n\\r\\n\nC: quit\\r\\n", "C: quit\\r\\n"]), Some(&b"\r\n"[..]));
        assert_eq!(of(&["C: list\\n\nS: a\\r\\nb\\n\nC: quit\\n", "C: quit\\n"]), Some(&b"\n"[..]));
    }

    #[test]
    fn messages_are_bounded_and_what_is_left_out_is_counted() {
        let service = sessions(&["C: \\n\\n\\nabc\\n\\n\nS: ok\\n", "C: de\\n"]);
        let plain = [Cut::Lines(b"\n"), Cut::Lines(b"\n")];
        let [client, server] = plain;
        let cuts = Cuts { client, server, inner: [None, None], grounds: Default::default() };
        let count = |most: usize| {
            let (units, left_out) = units(&service, &cuts, most);
            let kept: usize = units.iter().map(|unit| unit.bytes.len()).sum();
            (units.len(), left_out, kept)
        };
        assert_eq!(count(100), (7, 0, 14));
        assert_eq!(count(4), (4, 7, 7));
        assert_eq!(count(0), (0, 14, 0));
    }
}
