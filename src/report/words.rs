//! Plain English for what has no words of its own: anomalies, endings, counts and sizes.

use super::escape::terminal_cut;
use crate::anomaly::Anomaly;
use crate::anomaly::GapReason;
use crate::event::Closing;
use crate::event::Flood;
use crate::event::LoginJudged;
use crate::event::Scanner;
use crate::peer::Peer;
use crate::secured::Certificate;
use crate::secured::Closed;
use crate::secured::Secured;
use crate::secured::alert_name;
use std::time::Duration;

/// A flood in a sentence.
pub(super) fn flood(flood: &Flood) -> String {
    let Flood { server, since, half_open } = flood;
    format!("flood: {} of {server} with but a SYN-ACK left out since {since}", count(*half_open, "client"))
}

/// A scanner in a sentence.
pub(super) fn scanner(scanner: &Scanner) -> String {
    let Scanner { client, since, reached, established } = scanner;
    format!("scanner: {client} had answers of {} since {since} and used {established}; more are left out", count(*reached, "service"))
}

/// Columns that a user's name may take in a sentence.
const USER_COLUMNS: usize = 40;

/// The outcome of a login. One refused try may be a slip; many are a search.
pub(super) fn login(judged: &LoginJudged<'_>) -> String {
    let user = terminal_cut(judged.user, USER_COLUMNS);
    let outcome = if judged.accepted { "accepted" } else { "refused" };
    let (tries, refused, users) = (judged.attempt, judged.refused, count(judged.users, "user name"));
    let before = if tries > 1 { format!("; try {tries} of this client here, {refused} refused, {users} tried") } else { String::new() };
    format!("login of {user} {outcome}{before}")
}

/// What an anomaly means. May hold text of the user's file names and of damaged input: to be escaped for its target.
pub(super) fn anomaly_sentence(anomaly: &Anomaly) -> String {
    match anomaly {
        Anomaly::Gap { from, bytes, reason } => {
            format!("{} from the {} missing: {}", count(*bytes, "byte"), from.name(), gap_reason(*reason))
        }
        Anomaly::OverlapDiffers { from, bytes } => {
            format!("a repetition by the {} differs in {}; the first copy counts", from.name(), count(*bytes, "byte"))
        }
        Anomaly::DataAfterFin { from, bytes } => {
            format!("{} from the {} after its FIN, left out", count(*bytes, "byte"), from.name())
        }
        Anomaly::DataTooLate { from, bytes } => {
            format!("{} from the {} came when their place was given up, left out", count(*bytes, "byte"), from.name())
        }
        Anomaly::SegmentImplausible { from, distance } => {
            let side = if *distance < 0 { "before" } else { "ahead of" };
            let far = count(distance.unsigned_abs(), "byte");
            format!("a segment from the {}, left out: {far} {side} the next expected byte is too far to belong to the stream", from.name())
        }
        Anomaly::HeaderBroken { layer, problem } => format!("broken {layer} header: {problem}"),
        Anomaly::LinkTypeUnknown { link_type } => {
            format!("link type {link_type} is not known; frames of this kind are only counted")
        }
        Anomaly::FragmentOverlap { dropped: true } => "fragments of a datagram overlap; the datagram was given up".to_owned(),
        Anomaly::FragmentOverlap { dropped: false } => "fragments of a datagram overlap; the first copy counts".to_owned(),
        Anomaly::FragmentsIncomplete { bytes } => {
            format!("a fragmented datagram never became whole: only {} came", count(*bytes, "byte"))
        }
        Anomaly::TimeWentBack { by } => format!("the capture clock went back by {} s", seconds(*by)),
        Anomaly::Undecodable { from, bytes, problem } => {
            format!("{} from the {} not readable as a message: {problem}", count(*bytes, "byte"), from.name())
        }
        Anomaly::Http2NotRead { frames, streams, data_bytes } => {
            let (frames, streams, bytes) = (count(*frames, "frame"), count(*streams, "stream"), count(*data_bytes, "byte"));
            format!("HTTP/2, headers not read: {frames}, {streams}, {bytes} of data")
        }
        Anomaly::LimitReached { limit, value } => format!("limit reached: {limit} ({value})"),
        Anomaly::InputDamaged { problem, begun: true } => format!("damaged input: {problem}"),
        Anomaly::InputDamaged { problem, begun: false } => format!("input not read: {problem}"),
    }
}

/// Why bytes are missing.
fn gap_reason(reason: GapReason) -> &'static str {
    match reason {
        GapReason::NotCaptured => "sent and acknowledged, but not captured",
        GapReason::SnapLength => "their frame was cut when it was captured",
        GapReason::Bound => "they had not come when a limit was reached",
        GapReason::End => "they had not come when the connection or the capture ended",
    }
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// What is known of a TLS session, in lines. Holds text of the wire: to be escaped for its target.
pub(super) fn tls(secured: &Secured) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(id) = secured.suite {
        let name = secured.suite_name.map_or_else(|| format!("cipher suite 0x{id:04X}"), str::to_owned);
        lines.push(
            [name.as_str(), if secured.resumed { ", resumed" } else { "" }, if secured.compressed { ", compressed" } else { "" }].concat(),
        );
    }
    for (whose, certificate) in [("certificate", &secured.certificate), ("client certificate", &secured.client_certificate)] {
        if let Some(certificate) = certificate {
            let Certificate { subject, issuer, not_before, not_after, key, key_bits, .. } = &**certificate;
            lines.push(format!("{whose} of {subject}, by {issuer}, {not_before} to {not_after}, {key} {key_bits} bits"));
        }
    }
    lines.extend(secured.alerts.iter().map(|(from, level, number)| {
        let level = if *level == 2 { "fatal alert" } else { "warning" };
        let name = alert_name(*number).map_or_else(|| number.to_string(), str::to_owned);
        format!("{level} of the {}: {name}", from.name())
    }));
    if secured.closed == Some(Closed::HandshakeFailed) && secured.resumption_offered && !secured.resumed {
        lines.push("the client had asked to go on with an earlier session".to_owned());
    }
    if let Some(source) = secured.opened_with {
        lines.push(format!("opened with {}", source.words()));
    }
    if let Some(closed) = secured.closed {
        lines.push(format!("not open ({}): {}", closed.code(), closed.hint()));
        if let Some(random) = &secured.client_random {
            lines.push(format!("client random {}", hex(random)));
        }
    }
    lines
}

/// How a connection ended.
pub(super) fn ending(closing: Closing) -> &'static str {
    match closing {
        Closing::Fin => "both sides closed it",
        Closing::Reset(Peer::Client) => "the client reset it",
        Closing::Reset(Peer::Server) => "the server reset it",
        Closing::Idle => "it was silent for too long",
        Closing::Reused => "its addresses and ports began anew",
        Closing::Evicted => "the table of connections was full",
        Closing::EndOfCapture => "the capture ended before it did",
    }
}

/// `1 byte`, `2 bytes`; for nouns with a regular plural.
pub(super) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Seconds with six digits after the point, or nine where they are needed.
pub(super) fn seconds(span: Duration) -> String {
    let nanos = span.subsec_nanos();
    match nanos % 1000 {
        0 => format!("{}.{:06}", span.as_secs(), nanos / 1000),
        _ => format!("{}.{nanos:09}", span.as_secs()),
    }
}

/// A size people can compare: `999 B`, `34 kB`, `6.7 MB`.
pub(super) fn size(bytes: u64) -> String {
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut thousandths = bytes;
    let mut units = ["kB", "MB", "GB", "TB", "PB", "EB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    while thousandths >= 1_000_000 {
        thousandths /= 1000;
        unit = units.next().unwrap_or(unit);
    }
    match thousandths / 1000 {
        whole @ 0..10 => format!("{whole}.{} {unit}", thousandths % 1000 / 100),
        whole => format!("{whole} {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 999, 1000, 9_999, 34_567, 999_999, 6_755_573, u64::MAX].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "9.9 kB", "34 kB", "999 kB", "6.7 MB", "18 EB"]);
    }

    #[test]
    fn seconds_have_the_digits_they_need() {
        assert_eq!(seconds(Duration::from_micros(1_500_001)), "1.500001");
        assert_eq!(seconds(Duration::from_nanos(5)), "0.000000005");
    }
}
