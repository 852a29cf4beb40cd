//! One message: its bytes, its tokens, its packets.

use super::Check;
use crate::report::document::model;
use crate::report::document::model::Message;

/// Checks what can be said of a message alone.
pub(super) fn check(message: &Message, path: &str, check: &mut Check) {
    if !matches!(message.direction.as_str(), "client" | "server") {
        check.fault(format!("{path}.direction"), "is neither client nor server");
    }
    if !is_time(&message.time) {
        check.fault(format!("{path}.time"), format!("{} is no time", message.time));
    }
    if !is_seconds(&message.relative) {
        check.fault(format!("{path}.relative"), format!("{} are no seconds", message.relative));
    }
    tile(message.tokens.iter().map(|token| (token.start, token.end)), message.length, &format!("{path}.tokens"), check);
    tile(message.packets.iter().map(|part| (part.start, part.end)), message.length, &format!("{path}.packets"), check);
    for (index, part) in message.packets.iter().enumerate() {
        check.input(&part.input, &format!("{path}.packets[{index}].input"));
        if part.number == 0 {
            check.fault(format!("{path}.packets[{index}].number"), "is 0: frames count from 1");
        }
        if !is_time(&part.time) {
            check.fault(format!("{path}.packets[{index}].time"), format!("{} is no time", part.time));
        }
    }
    payload(message, path, check);
}

/// Spans that follow each other from 0 to the length.
fn tile(spans: impl Iterator<Item = (u64, u64)>, length: u64, path: &str, check: &mut Check) {
    let mut at = 0;
    for (index, (start, end)) in spans.enumerate() {
        if start != at {
            return check.fault(format!("{path}[{index}]"), format!("starts at {start}, not at {at}"));
        }
        if end <= start {
            return check.fault(format!("{path}[{index}]"), format!("ends at {end}, not behind {start}"));
        }
        at = end;
    }
    if at != length {
        check.fault(path, format!("end at {at} of {length} bytes"));
    }
}

/// The hex has two digits for each byte that is kept, or two points where a token is redacted.
fn payload(message: &Message, path: &str, check: &mut Check) {
    let model::Payload { hex, kept } = &message.payload;
    let kept = kept.unwrap_or(message.length);
    if kept > message.length {
        return check.fault(format!("{path}.payload.kept"), format!("is {kept} of {} bytes", message.length));
    }
    let length = u64::try_from(hex.len()).unwrap_or(u64::MAX);
    if length != kept.saturating_mul(2) {
        return check.fault(format!("{path}.payload.hex"), format!("has {length} characters for {kept} bytes"));
    }
    let hex = hex.as_bytes();
    for (index, token) in message.tokens.iter().enumerate() {
        let place = |byte: u64| usize::try_from(byte.min(kept).saturating_mul(2)).unwrap_or(usize::MAX);
        let digits = hex.get(place(token.start)..place(token.end)).unwrap_or_default();
        let right = |digit: &u8| if token.redacted { *digit == b'.' } else { matches!(digit, b'0'..=b'9' | b'a'..=b'f') };
        if !digits.iter().all(right) {
            let is = if token.redacted { "is redacted, but its bytes are shown" } else { "has bytes that are no hex" };
            check.fault(format!("{path}.tokens[{index}]"), is);
        }
    }
}

/// RFC 3339 in UTC, as all times of a document are.
pub(super) fn is_time(text: &str) -> bool {
    text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

/// Seconds as a decimal text.
fn is_seconds(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    digits(whole.strip_prefix('-').unwrap_or(whole)) && digits(fraction) && fraction.len() <= 9
}
