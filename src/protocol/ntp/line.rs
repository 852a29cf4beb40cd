//! The grammar of one whole line: bytes in, meaning out; no state.

use crate::peer::Peer;
use nom::IResult;
use nom::Parser;
use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::bytes::complete::take_till1;
use nom::bytes::complete::take_while;
use nom::bytes::complete::take_while1;
use nom::character::complete::digit1;
use nom::combinator::all_consuming;
use nom::combinator::opt;
use nom::combinator::recognize;
use nom::combinator::rest;
use nom::combinator::value;
use nom::sequence::delimited;
use nom::sequence::preceded;
use nom::sequence::separated_pair;
use nom::sequence::terminated;
use std::ops::Range;

/// The three bytes that separate fields; one blank on each side belongs to the separator.
pub(super) const SEPARATOR: &[u8] = b"<|>";

/// The prompts, in the order the server sends them. They have no line end.
///
/// # Wire
///
/// [seen frank4dd.pcap frames 6 and 9] 7 and 11 bytes.
pub(super) const PROMPTS: [&[u8]; 2] = [b"User : ", b"Password : "];

/// The one answer to every wrong login.
pub(super) const LOGIN_FAILED: &[u8] = b"Bad login attempt !";

/// A version line, `< NTP/1.2 >< options >`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    /// `NTP` or `OTP`.
    pub(super) protocol: &'a [u8],
    /// `1.2`
    pub(super) number: &'a [u8],
    /// What follows the version, options included.
    pub(super) tail: &'a [u8],
}

/// Reads a version line without its line end.
///
/// # Wire
///
/// [spec ntp-otp 2.1] `< NTP/` number ` >`, then anything: the server compares these bytes only.
pub(super) fn version(line: &[u8]) -> Option<Version<'_>> {
    fn parse(input: &[u8]) -> IResult<&[u8], Version<'_>> {
        let name = alt((tag("NTP"), tag("OTP")));
        let number = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'.');
        let head = delimited(tag("< "), separated_pair(name, tag("/"), number), tag(" >"));
        let (input, ((protocol, number), tail)) = (head, rest).parse(input)?;
        Ok((input, Version { protocol, number, tail }))
    }
    parse(line).ok().map(|(_, version)| version)
}

/// Whether what follows the version is nothing, or options as clients write them. Anything else may be the next line: the byte
/// between the two was damaged.
///
/// # Wire
///
/// [spec ntp-otp 2.3] every known client.
pub(super) fn is_clean_tail(tail: &[u8]) -> bool {
    let text = tail.trim_ascii();
    let printable = text.iter().all(|byte| matches!(byte, b' '..=b'~'));
    text.is_empty() || (printable && text.starts_with(b"<") && text.ends_with(b">"))
}

/// The options a server takes from a version line, as ranges of `tail`.
///
/// # Wire
///
/// [spec ntp-otp 2.1] The byte behind the second `<` is skipped whatever it is, and a word counts only when a blank follows it.
pub(super) fn options(tail: &[u8]) -> Vec<Range<usize>> {
    let Some(open) = memchr::memchr(b'<', tail) else { return Vec::new() };
    let mut words = Vec::new();
    let mut start = open.saturating_add(2);
    while let Some(blank) = tail.get(start..).and_then(|rest| memchr::memchr(b' ', rest)) {
        let end = start.saturating_add(blank);
        if tail.get(start) == Some(&b'>') {
            break;
        }
        if end > start {
            words.push(start..end);
        }
        start = end.saturating_add(1);
    }
    words
}

/// The head of an enveloped line: which entity it names, and the type word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    /// The entity the line names, which is not always its sender.
    pub(super) who: Peer,
    /// The type word.
    pub(super) word: &'a [u8],
}

/// Reads `SERVER <|> TYPE …` or `CLIENT <|> TYPE …`.
pub(super) fn envelope(line: &[u8]) -> Option<Envelope<'_>> {
    fn parse(input: &[u8]) -> IResult<&[u8], Envelope<'_>> {
        let (input, who) = terminated(entity, (blanks, tag(SEPARATOR), blanks)).parse(input)?;
        let (input, word) = take_till1(|byte| byte == b'<' || byte == b'\r').parse(input)?;
        Ok((input, Envelope { who, word: word.trim_ascii_end() }))
    }
    parse(line).ok().map(|(_, envelope)| envelope).filter(|envelope| !envelope.word.is_empty() && envelope.word.len() <= 64)
}

fn entity(input: &[u8]) -> IResult<&[u8], Peer> {
    alt((value(Peer::Server, tag("SERVER")), value(Peer::Client, tag("CLIENT")))).parse(input)
}

fn blanks(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while(|byte| byte == b' ').parse(input)
}

/// Whose block a line ends: `<|> SERVER`, blanks around and CR ignored.
pub(super) fn end_marker(line: &[u8]) -> Option<Peer> {
    let parsed: IResult<&[u8], Peer> = all_consuming(preceded((tag(SEPARATOR), blanks), entity)).parse(line.trim_ascii());
    parsed.ok().map(|(_, who)| who)
}

/// Where the fields of a line are: between the separators, without the one blank on each side that belongs to them.
pub(super) fn fields(line: &[u8]) -> Vec<Range<usize>> {
    let mut fields = Vec::new();
    cut(line, &mut fields);
    fields
}

/// As [`fields`], into memory that is used again.
pub(super) fn cut(line: &[u8], fields: &mut Vec<Range<usize>>) {
    fields.clear();
    let mut start = 0_usize;
    separators_at(line).for_each(|at| {
        let blank_before = at > start && at.checked_sub(1).and_then(|index| line.get(index)) == Some(&b' ');
        fields.push(start..at.saturating_sub(usize::from(blank_before)).max(start));
        let behind = at.saturating_add(SEPARATOR.len());
        start = behind.saturating_add(usize::from(line.get(behind) == Some(&b' ')));
    });
    fields.push(start..line.len());
}

/// How many separators a line has.
pub(super) fn separators(line: &[u8]) -> usize {
    separators_at(line).count()
}

/// Where the separators of a line begin. Looks for their middle byte, which is rarer than the other two.
pub(super) fn separators_at(line: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(b'|', line).filter_map(|bar| {
        let at = bar.checked_sub(1)?;
        (line.get(at..at.saturating_add(SEPARATOR.len())) == Some(SEPARATOR)).then_some(at)
    })
}

/// A short status line: `s:p:host:done:total`; the host may hold colons.
///
/// # Wire
///
/// [seen captures/ntp 22] prefix `s:`, one letter, then the last two fields are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShortStatus {
    pub(super) action: Range<usize>,
    pub(super) host: Range<usize>,
    pub(super) done: Range<usize>,
    pub(super) total: Range<usize>,
}

/// Reads a short status line without its line end.
pub(super) fn short_status(line: &[u8]) -> Option<ShortStatus> {
    let head: IResult<&[u8], &[u8]> = delimited(tag("s:"), take_while1(|byte: u8| byte.is_ascii_lowercase()), tag(":")).parse(line);
    let (tail, action) = head.ok()?;
    let host_start = line.len().saturating_sub(tail.len());
    let total_colon = memchr::memrchr(b':', line)?;
    let done_colon = memchr::memrchr(b':', line.get(..total_colon)?)?;
    let (done, total) = (done_colon.saturating_add(1)..total_colon, total_colon.saturating_add(1)..line.len());
    let numbers = integer(line.get(done.clone())?).is_some() && integer(line.get(total.clone())?).is_some();
    let action_end = 2_usize.saturating_add(action.len());
    (numbers && done_colon > host_start).then_some(ShortStatus { action: 2..action_end, host: host_start..done_colon, done, total })
}

/// A decimal number with an optional minus.
pub(super) fn integer(text: &[u8]) -> Option<i64> {
    let parsed: IResult<&[u8], &[u8]> = all_consuming(recognize((opt(tag("-")), digit1))).parse(text);
    let (_, digits) = parsed.ok()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The service, port and transport of `http (80/tcp)`, `80/tcp`, `general/tcp` or `80`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Service<'a> {
    pub(super) name: Option<&'a [u8]>,
    pub(super) port: Option<u64>,
    pub(super) transport: Option<&'a [u8]>,
}

/// Reads the port field of a result, from the right: a service name may hold blanks.
pub(super) fn service(text: &[u8]) -> Service<'_> {
    let (name, inner) = match (memchr::memrchr(b'(', text), text.strip_suffix(b")")) {
        (Some(open), Some(inner)) => (text.get(..open).map(<[u8]>::trim_ascii), inner.get(open.saturating_add(1)..).unwrap_or_default()),
        _ => (None, text),
    };
    let number = |text: &[u8]| integer(text).and_then(|number| u64::try_from(number).ok());
    let Some(slash) = memchr::memchr(b'/', inner) else { return Service { name, port: number(inner), transport: None } };
    let (left, transport) = (inner.get(..slash).unwrap_or_default(), inner.get(slash.saturating_add(1)..));
    let port = number(left);
    Service { name: name.or(if port.is_none() { Some(left) } else { None }), port, transport }
}

/// The two numbers of `48/1024`.
pub(super) fn progress(text: &[u8]) -> Option<(i64, i64)> {
    let slash = memchr::memchr(b'/', text)?;
    Some((integer(text.get(..slash)?)?, integer(text.get(slash.saturating_add(1)..)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(line: &[u8]) -> Vec<String> {
        fields(line).into_iter().map(|range| String::from_utf8_lossy(&line[range]).into_owned()).collect()
    }

    #[test]
    fn versions_and_options() {
        let line = version(b"< NTP/1.2 >< plugins_version timestamps fast_login >").unwrap();
        assert_eq!((line.protocol, line.number), (&b"NTP"[..], &b"1.2"[..]));
        let words: Vec<_> = options(line.tail).into_iter().map(|range| &line.tail[range]).collect();
        assert_eq!(words, [&b"plugins_version"[..], b"timestamps", b"fast_login"]);
        let cut = b"< a b>";
        assert_eq!(options(cut).into_iter().map(|range| &cut[range]).collect::<Vec<_>>(), [b"a"]);
        assert!(options(b"").is_empty());
        assert!(version(b"< OTP/2.0beta1 >").is_some());
        assert!(version(b"<NTP/1.2>").is_none());
    }

    #[test]
    fn envelopes_and_end_markers() {
        assert_eq!(envelope(b"SERVER <|> PLUGIN_LIST <|>").unwrap().word, b"PLUGIN_LIST");
        assert_eq!(envelope(b"CLIENT <|> GO ON <|> CLIENT").unwrap().word, b"GO ON");
        assert_eq!(envelope(b"CLIENT <|> NESSUS_VERSION  <|> CLIENT").unwrap().word, b"NESSUS_VERSION");
        assert_eq!(envelope(b"SERVER <|> SESSIONS_LIST").unwrap().who, Peer::Server);
        assert!(envelope(b"SERVER").is_none());
        assert_eq!(end_marker(b"<|> SERVER"), Some(Peer::Server));
        assert_eq!(end_marker(b" <|> CLIENT\r"), Some(Peer::Client));
        assert_eq!(end_marker(b"<|> SERVER <|>"), None);
    }

    #[test]
    fn fields_keep_what_is_not_the_separators() {
        assert_eq!(texts(b"SERVER <|> BYE <|> BYE <|> SERVER"), ["SERVER", "BYE", "BYE", "SERVER"]);
        assert_eq!(texts(b"a <|>  <|> 11041 <|> "), ["a", "", "11041", ""]);
        assert_eq!(texts(b"closed.<|>  <|> SERVER"), ["closed.", "", "SERVER"]);
        assert_eq!(texts(b""), [""]);
    }

    #[test]
    fn services_and_statuses() {
        assert_eq!(service(b"http (80/tcp)"), Service { name: Some(b"http"), port: Some(80), transport: Some(b"tcp") });
        assert_eq!(service(b"general/tcp"), Service { name: Some(b"general"), port: None, transport: Some(b"tcp") });
        assert_eq!(service(b"80"), Service { name: None, port: Some(80), transport: None });
        assert_eq!(progress(b"48/1024"), Some((48, 1024)));
        assert_eq!(progress(b"0/-1"), Some((0, -1)));
        let line = b"s:p:2001:db8::1:48:1024";
        assert_eq!(&line[short_status(line).unwrap().host], b"2001:db8::1");
        assert!(short_status(b"s:p:48:1024").is_none());
    }

    #[test]
    fn separators_are_found_at_every_place() {
        for (length, at) in (3..40).flat_map(|length| (0..length - 2).map(move |at| (length, at))) {
            let mut line = vec![b'}'; length];
            line[at..at + 3].copy_from_slice(SEPARATOR);
            assert_eq!(separators_at(&line).collect::<Vec<_>>(), [at]);
        }
        assert_eq!(separators_at(b"<|><|>|<|> <|").collect::<Vec<_>>(), [0, 3, 7]);
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(line: Vec<u8>) {
            let _ = (version(&line).map(|version| options(version.tail)), envelope(&line), end_marker(&line));
            let _ = (short_status(&line), service(&line), progress(&line), separators(&line));
            let mut last = 0;
            for range in fields(&line) {
                prop_assert!(last <= range.start && range.start <= range.end && range.end <= line.len());
                last = range.end;
            }
        }
    }
}
