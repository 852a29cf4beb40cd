//! Whether a connection speaks NTP or OTP: decided by its first bytes, on any port.

use super::block;
use super::keyword;
use super::line;
use crate::peer::Peer;
use crate::protocol::Opening;
use crate::protocol::Probe;

/// How the first line of either side begins.
const OPENINGS: [&[u8]; 2] = [b"< NTP/", b"< OTP/"];

/// What only a server of OTP 2.0 says first.
const LOADING: &[u8] = b"SCANNER_LOADING";

/// Text of other protocols shows no separator for long: the longest record of real servers has 3,538 bytes.
const WITHOUT_SEPARATOR: usize = 4096;

/// Points for certainty: two lines of the protocol's own forms, or one on a port of it.
const CERTAIN: u32 = 2;

/// Looks at an opening.
pub(super) fn probe(opening: &Opening<'_>) -> Probe {
    let server = Probe::Match { server: Some(Peer::Server) };
    if opening.whole {
        return match (begins(opening.client), begins(opening.server)) {
            (Some(true), _) | (_, Some(true)) => server,
            (Some(false), Some(false)) => Probe::NoMatch,
            (None, _) | (_, None) => Probe::NeedMore,
        };
    }
    if begins(opening.client) == Some(true) {
        return Probe::Match { server: None };
    }
    let scores = (score(opening.client, opening.hinted), score(opening.server, opening.hinted));
    let (client, answer) = (scores.0.unwrap_or_default(), scores.1.unwrap_or_default());
    let needed = if opening.hinted { 1 } else { CERTAIN };
    if client.points.saturating_add(answer.points) >= needed {
        let speaker = client.speaker.or(answer.speaker.map(Peer::other));
        return Probe::Match { server: speaker.map(Peer::other) };
    }
    if scores == (None, None) { Probe::NoMatch } else { Probe::NeedMore }
}

/// Whether a stream begins as this protocol does; `None` while that cannot be told.
fn begins(bytes: &[u8]) -> Option<bool> {
    // Nothing may become anything; most others are told by their first byte.
    let first = bytes.first()?;
    let openings = OPENINGS.into_iter().chain([LOADING]).filter(|opening| opening.first() == Some(first));
    if openings.clone().any(|opening| bytes.starts_with(opening)) {
        return Some(true);
    }
    let mut openings = openings;
    if openings.any(|opening| opening.starts_with(bytes)) { None } else { Some(false) }
}

/// What the lines of a stream are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Score {
    points: u32,
    /// Who says such lines.
    speaker: Option<Peer>,
}

/// The score of a stream joined midway; `None` when its first bytes show that it is something else. More bytes only add to it.
fn score(bytes: &[u8], hinted: bool) -> Option<Score> {
    let silent = |head| line::separators(head) == 0 && sum(head, hinted).points == 0;
    let dead = bytes.get(..WITHOUT_SEPARATOR).is_some_and(silent);
    (!dead).then(|| sum(bytes, hinted))
}

fn sum(bytes: &[u8], hinted: bool) -> Score {
    let mut score = Score::default();
    for text in bytes.split_inclusive(|byte| matches!(byte, b'\n' | 0)) {
        let (points, speaker) = match text.split_last() {
            Some((b'\n' | 0, text)) => worth(text, hinted),
            _ => worth_of_beginning(text),
        };
        score.points = score.points.saturating_add(points);
        score.speaker = score.speaker.or(speaker);
    }
    score
}

/// What a line is worth whose end has not come: what no more bytes can change.
fn worth_of_beginning(text: &[u8]) -> (u32, Option<Peer>) {
    if let Some(envelope) = line::envelope(text)
        && keyword::find(envelope.who, envelope.word).is_some()
        // Behind the word stands the next separator, so that it is whole.
        && line::separators(text) > 1
    {
        return (1, Some(envelope.who));
    }
    if line::PROMPTS.iter().any(|prompt| text.starts_with(prompt)) {
        return (1, Some(Peer::Server));
    }
    (0, None)
}

/// What a whole line is worth; not less than its beginning.
fn worth(text: &[u8], hinted: bool) -> (u32, Option<Peer>) {
    if text == line::LOGIN_FAILED {
        return (CERTAIN, Some(Peer::Server));
    }
    let beginning = worth_of_beginning(text);
    if beginning.0 > 0 {
        return beginning;
    }
    if let Some(envelope) = line::envelope(text)
        && keyword::find(envelope.who, envelope.word).is_some()
    {
        return (1, Some(envelope.who));
    }
    if let Some(who) = line::end_marker(text) {
        return (1, Some(who));
    }
    if hinted && line::short_status(text).is_some() {
        return (1, Some(Peer::Server));
    }
    match block::by_form(text) {
        Some(block::Block::Plugins) => (1, Some(Peer::Server)),
        Some(_) if hinted => (1, None),
        _ => (0, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn midway(client: &[u8], server: &[u8], hinted: bool) -> Probe {
        probe(&Opening { client, server, whole: false, hinted })
    }

    #[test]
    fn a_whole_stream_is_decided_by_its_first_line() {
        let whole = |client, server| probe(&Opening { client, server, whole: true, hinted: false });
        assert_eq!(whole(b"< NTP/1.2 >\n", b""), Probe::Match { server: Some(Peer::Server) });
        assert_eq!(whole(b"", b"< OTP/1.0 >\n"), Probe::Match { server: Some(Peer::Server) });
        assert_eq!(whole(b"< N", b""), Probe::NeedMore);
        assert_eq!(whole(b"GET / HTTP/1.0\r\n", b""), Probe::NeedMore);
        assert_eq!(whole(b"GET / HTTP/1.0\r\n", b"HTTP"), Probe::NoMatch);
        assert_eq!(whole(b"\x16\x03\x01", b"\x16"), Probe::NoMatch);
        assert_eq!(whole(b"", b"SSH-2.0-x"), Probe::NeedMore);
    }

    #[test]
    fn midway_two_lines_are_needed_and_they_say_who_speaks() {
        let header = b"CLIENT <|> PREFERENCES <|>";
        assert_eq!(midway(header, b"", false), Probe::NeedMore);
        assert_eq!(midway(header, b"", true), Probe::Match { server: Some(Peer::Server) });
        let turned = b"<|> SERVER\nSERVER <|> RULES <|>\n";
        assert_eq!(midway(turned, b"", false), Probe::Match { server: Some(Peer::Client) });
        assert_eq!(midway(b"", b"Bad login attempt !\n", false), Probe::Match { server: Some(Peer::Server) });
        assert_eq!(midway(b"a <|> b\nc <|> d\ne <|> f\n", b"", false), Probe::NeedMore);
        assert_eq!(midway(&[b'x'; 5000], b"", true), Probe::NeedMore);
        assert_eq!(midway(&[b'x'; 5000], &[b'x'; 5000], true), Probe::NoMatch);
        assert_eq!(midway(b"s:p:10.0.0.1:1:2", b"", true), Probe::NeedMore);
    }
}
