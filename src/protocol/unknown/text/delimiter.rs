//! What stands between the parts of lines: the longest bytes that explain their own parts, found by how many lines they divide.

use super::lines::Line;
use super::lines::Split;
use crate::grammar::BytePattern;
use crate::grammar::Level;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::protocol::unknown::words;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes of a delimiter.
const MOST_BYTES: usize = 8;
/// Bytes of a line that are looked at: its columns begin there.
const LINE_BYTES: usize = 256;
/// Lines that are looked at, spread evenly.
pub(super) const MOST_LINES: usize = 4000;
/// Delimiters of lines.
const MOST_DELIMITERS: usize = 3;
/// Runs that are told apart; those that come later are left out.
const MOST_CANDIDATES: usize = 1 << 15;
/// The best that are held against each other.
const MOST_NEAR: usize = 16;
/// Lines that must have it.
const LEAST_LINES: u64 = 3;

/// A run of bytes that may be a delimiter.
#[derive(Clone, Debug, Default)]
struct Candidate {
    lines: u64,
    all: u64,
}

/// What divides lines.
pub(super) struct Delimiters {
    /// The bytes, the most general first: each divides lines that those before it do not.
    pub(super) found: Vec<Vec<u8>>,
    /// The same in the words of the grammar.
    pub(super) patterns: Vec<BytePattern>,
    /// Whether there were more runs that may be one than are told apart, or held against each other.
    is_full: bool,
    /// How many lines go on behind what was looked at.
    long: usize,
}

impl Delimiters {
    /// Says which bounds were reached.
    pub(super) fn capped(&self) -> Vec<Limitation> {
        let mut list = Vec::new();
        let mut say = |text: String| list.push(Limitation { code: LimitationCode::Capped, text });
        if self.is_full {
            say(format!(
                "A bound was reached: {MOST_CANDIDATES} runs of bytes that may be delimiters were counted, and the {MOST_NEAR} best compared."
            ));
        }
        if self.long > 0 {
            say(format!("A bound was reached: of {} lines the first {LINE_BYTES} bytes were looked at for delimiters.", self.long));
        }
        list
    }
}

/// Finds the delimiters of these lines.
pub(super) fn find(lines: &[Line<'_>]) -> Delimiters {
    let step = lines.len().div_ceil(MOST_LINES).max(1);
    let mut texts: Vec<&[u8]> =
        lines.iter().filter(|line| line.split == Split::Whole).step_by(step).map(look).filter(|text| !text.is_empty()).collect();
    let long = lines.iter().filter(|line| line.split == Split::Whole && line.text().len() > LINE_BYTES).count();
    let (mut found, mut patterns, mut is_full) = (Vec::new(), Vec::new(), false);
    while found.len() < MOST_DELIMITERS && !texts.is_empty() {
        let (best, full) = best(&texts);
        is_full |= full;
        let Some(delimiter) = best else { break };
        let total = texts.len();
        texts.retain(|text| super::lines::columns(text, &delimiter).len() < 2);
        let divided = total.saturating_sub(texts.len());
        let least = if found.is_empty() { total.div_ceil(4) } else { total.div_ceil(3) };
        if u64::try_from(divided).unwrap_or(0) < LEAST_LINES || divided < least {
            break;
        }
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        patterns.push(words::pattern(&delimiter, Level::Field, count(divided), count(total), None));
        found.push(delimiter);
    }
    Delimiters { found, patterns, is_full, long }
}

/// What is looked at of a line.
fn look<'a>(line: &Line<'a>) -> &'a [u8] {
    let text = line.text();
    text.get(..LINE_BYTES).unwrap_or(text)
}

/// Whether a byte can be part of a delimiter.
fn divides(byte: u8) -> bool {
    byte == b' ' || byte == b'\t' || byte.is_ascii_punctuation() && !matches!(byte, b'_' | b'"' | b'\'' | b'\\')
}

/// How likely such bytes divide, from what text is like anywhere: several signs together seldom stand there by chance, a dot often.
fn weight(bytes: &[u8]) -> u64 {
    let signs: BTreeSet<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match (bytes, signs.len()) {
        (_, 2..)
            if bytes
                .iter()
                .all(|byte| matches!(byte, b' ' | b'|' | b'<' | b'>' | b':' | b';' | b'=' | b'#' | b'~' | b'^' | b'-' | b'$' | b'@')) =>
        {
            8
        }
        ([b'\t' | b'|'] | [b' ', b'|', b' '], _) => 6,
        ([b';'] | [b':' | b'=', b' '] | [b' ', b':' | b'=' | b'-', b' '], _) => 4,
        ([b',' | b':' | b'='] | [b',' | b';', b' ' | b','] | [b'|', b'|'], _) => 2,
        ([b' '], _) => 3,
        ([b' ', ..] | [.., b' '], 1) => 1,
        _ => 0,
    }
}

/// The best delimiter of these lines, and whether there were too many to look at all.
fn best(texts: &[&[u8]]) -> (Option<Vec<u8>>, bool) {
    let mut candidates: BTreeMap<Vec<u8>, Candidate> = BTreeMap::new();
    for text in texts {
        count(text, &mut candidates);
    }
    let mut is_full = candidates.len() >= MOST_CANDIDATES;
    let total = u64::try_from(texts.len()).unwrap_or(u64::MAX);
    candidates.retain(|bytes, candidate| candidate.lines >= LEAST_LINES && weight(bytes) > 0);
    let explained = explained(&candidates);
    let closed: Vec<(&Vec<u8>, &Candidate)> = candidates.iter().filter(|(bytes, _)| !explained.contains(bytes.as_slice())).collect();
    let score = |bytes: &[u8], candidate: &Candidate| {
        candidate.lines.saturating_mul(1000).checked_div(total).unwrap_or(0).saturating_mul(weight(bytes))
    };
    let Some(top) = closed.iter().map(|(bytes, candidate)| score(bytes, candidate)).max() else { return (None, is_full) };
    // Among those nearly as good, the one that comes first where they stand in one line: it makes the first column.
    let is_near = |(bytes, candidate): &(&Vec<u8>, &Candidate)| score(bytes, candidate).saturating_mul(10) >= top.saturating_mul(7);
    let mut near: Vec<_> = closed.into_iter().filter(is_near).collect();
    // Each is held against all others in all lines: there must be few.
    near.sort_by_key(|(bytes, candidate)| (std::cmp::Reverse(score(bytes, candidate)), std::cmp::Reverse(bytes.len()), *bytes));
    is_full |= near.len() > MOST_NEAR;
    near.truncate(MOST_NEAR);
    let near: Vec<&Vec<u8>> = near.into_iter().map(|(bytes, _)| bytes).collect();
    let losses = |bytes: &[u8]| near.iter().filter(|other| comes_first(texts, other, bytes)).count();
    let best = near.iter().min_by_key(|bytes| (losses(bytes), std::cmp::Reverse(bytes.len()), (**bytes).clone()));
    (best.map(|bytes| (*bytes).clone()), is_full)
}

/// Whether the one stands before the other in most lines that have both.
fn comes_first(texts: &[&[u8]], one: &[u8], other: &[u8]) -> bool {
    let (mut before, mut behind) = (0_u64, 0_u64);
    for text in texts {
        if let (Some(place), Some(otherwise)) = (memchr::memmem::find(text, one), memchr::memmem::find(text, other)) {
            before = before.saturating_add(u64::from(place < otherwise));
            behind = behind.saturating_add(u64::from(place > otherwise));
        }
    }
    before > behind
}

/// Those of which one byte more explains nine tenths.
fn explained(candidates: &BTreeMap<Vec<u8>, Candidate>) -> BTreeSet<&[u8]> {
    let mut explained = BTreeSet::new();
    for (longer, candidate) in candidates {
        for part in [longer.get(1..), longer.get(..longer.len().saturating_sub(1))].into_iter().flatten() {
            if let Some((part, other)) = candidates.get_key_value(part)
                && candidate.all.saturating_mul(10) >= other.all.saturating_mul(9)
            {
                explained.insert(part.as_slice());
            }
        }
    }
    explained
}

/// Counts all runs that may divide a line. Its edges count as blanks, so that a delimiter that opens or closes it is the same one.
fn count(text: &[u8], candidates: &mut BTreeMap<Vec<u8>, Candidate>) {
    let padded = [b" ", text, b" "].concat();
    let mut seen: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut at = 0;
    while at < padded.len() {
        let run = padded.get(at..).unwrap_or_default().iter().take_while(|byte| divides(**byte)).count();
        for start in at..at.saturating_add(run) {
            for size in 1..=MOST_BYTES.min(at.saturating_add(run).saturating_sub(start)) {
                let Some(bytes) = padded.get(start..start.saturating_add(size)) else { break };
                let outside = start == 0 || start.saturating_add(size) == padded.len();
                if outside && bytes.iter().all(u8::is_ascii_whitespace) {
                    continue;
                }
                let count = seen.entry(bytes).or_default();
                *count = count.saturating_add(1);
            }
        }
        at = at.saturating_add(run.max(1));
    }
    for (bytes, all) in seen {
        if candidates.len() >= MOST_CANDIDATES && !candidates.contains_key(bytes) {
            continue;
        }
        let candidate =
            if let Some(candidate) = candidates.get_mut(bytes) { candidate } else { candidates.entry(bytes.to_vec()).or_default() };
        candidate.lines = candidate.lines.saturating_add(1);
        candidate.all = candidate.all.saturating_add(all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Option<String> {
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let (found, is_full) = best(&texts);
        assert!(!is_full);
        found.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_longest_bytes_that_explain_their_parts() {
        let lines = [
            "SERVER <|> STATUS <|> 10.0.0.1 <|> attack <|> 1/9 <|> SERVER",
            "SERVER <|> RULES <|>",
            "<|> SERVER",
            "CLIENT <|> STOP <|> CLIENT",
        ];
        assert_eq!(of(&lines).as_deref(), Some(" <|> "));
    }

    #[test]
    fn blanks_divide_commands_and_colons_headers() {
        assert_eq!(of(&["USER me", "PASS it", "LIST -a /tmp", "RETR a.txt"]).as_deref(), Some(" "));
        assert_eq!(of(&["NICK me", "JOIN #rust", "PRIVMSG #rust :hello to you", "PRIVMSG #rust :all of it"]).as_deref(), Some(" "));
        assert_eq!(of(&["Host: a", "Accept: text/html, b", "User-Agent: x (y; z)", "Content-Length: 4"]).as_deref(), Some(": "));
    }

    #[test]
    fn headers_of_two_messages() {
        let lines = [
            "GET /a HTTP/1.1",
            "Host: example.org",
            "User-Agent: curl/8",
            "Authorization: Bearer x",
            "Accept: */*",
            "HTTP/1.1 200 OK",
            "Server: nginx",
            "Content-Type: text/plain",
        ];
        assert_eq!(of(&lines).as_deref(), Some(": "));
    }

    #[test]
    fn words_alone_have_none() {
        assert_eq!(of(&["one", "two", "three"]), None);
        assert_eq!(of(&["1.5", "2.6", "3.7"]), None, "a dot divides nothing by itself");
    }

    #[test]
    fn more_runs_than_are_told_apart_are_said() {
        let mut seed = 1_u64;
        let mut sign = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            b"<>#~^-$@".get(usize::from(seed.to_be_bytes()[0] % 8)).copied().unwrap_or(b'<')
        };
        let lines: Vec<Vec<u8>> = (0..200).map(|_| (0..256).map(|_| sign()).collect()).collect();
        let texts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        assert!(best(&texts).1);
    }

    #[test]
    fn lines_of_all_signs_cost_no_more_than_their_length() {
        // Every pair of signs in every order, so that thousands of runs are equally good.
        let signs = b"<>#~^-$@";
        let line = |number: usize| -> Vec<u8> {
            (0..256_usize)
                .filter_map(|at| signs.get((at.wrapping_mul(at).wrapping_add(number.wrapping_mul(at / 3)) / 2) % 8).copied())
                .collect()
        };
        let lines: Vec<Vec<u8>> = (0..1500).map(line).collect();
        let texts: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
        let begun = std::time::Instant::now();
        let _ = best(&texts);
        assert!(begun.elapsed().as_secs() < 60, "{:?}", begun.elapsed());
    }
}
