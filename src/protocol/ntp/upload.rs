//! Counted blobs: some lines that end in a number of bytes, then exactly that many, without line end.

use super::draft::Draft;
use super::keyword::Form;
use super::keyword::Keyword;
use super::line;
use crate::annotation::Role;
use crate::annotation::Value;
use crate::limits::BLOB_HEAD_BYTES;
use std::ops::Range;

/// What the lines before a blob say. Ranges count from the start of the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes before the blob.
    pub(super) len: usize,
    /// Bytes of the blob; nothing when the number makes no sense, then no blob follows.
    pub(super) size: Option<u64>,
    /// The lines behind the first one, without their line ends.
    lines: Vec<Range<usize>>,
}

/// Whether the head of a blob is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// More of its lines must come.
    Incomplete,
    /// It is there.
    Ready(Head),
    /// Its lines do not have the form: the first one stands alone.
    Broken,
}

/// Reads the lines before a blob; `rest` begins with the order's own line.
///
/// # Wire
///
/// [seen captures/ntp 22] `LONG_ATTACK`: one line with the number. [seen captures/ntp 16] `ATTACHED_FILE`: `name: `,
/// `content: `, `bytes: `.
pub(super) fn plan(row: &Keyword, rest: &[u8]) -> Plan {
    let wanted = if row.form == Form::Upload { 4 } else { 2 };
    let mut lines = Vec::new();
    let mut start = 0_usize;
    while lines.len() < wanted {
        let Some(end) = rest.get(start..).and_then(|rest| memchr::memchr2(b'\n', 0, rest)) else {
            return if rest.len() > BLOB_HEAD_BYTES { Plan::Broken } else { Plan::Incomplete };
        };
        lines.push(start..start.saturating_add(end));
        start = start.saturating_add(end).saturating_add(1);
    }
    let text = |index: usize| lines.get(index).and_then(|range: &Range<usize>| rest.get(range.clone())).unwrap_or_default();
    let size = if row.form == Form::Upload {
        if !text(1).starts_with(b"name: ") || !text(3).starts_with(b"bytes: ") {
            return Plan::Broken;
        }
        text(3).get(7..).unwrap_or_default()
    } else {
        text(1)
    };
    let size = number(size);
    lines.remove(0);
    Plan::Ready(Head { len: start, size, lines })
}

/// A number of bytes as the servers read it: blanks, a sign, digits, and then whatever. Nothing for what counts no bytes to them.
///
/// # Wire
///
/// [spec ntp-otp 3 rule 6, 5.8] `atoi` and `atol`.
fn number(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = std::str::from_utf8(text.get(..digits)?).ok()?;
    digits.parse::<u32>().ok().map(u64::from)
}

/// Says what the head and the blob behind it, as far as it is in the draft, hold. Uploaded bytes are secrets.
pub(super) fn annotate(row: &Keyword, head: &Head, draft: &mut Draft<'_>) {
    let order_end = head.lines.first().map_or(draft.line.len(), |line| line.start.saturating_sub(1));
    envelope(draft, order_end);
    let mut line_end = order_end;
    for (range, label) in head.lines.iter().zip(if row.form == Form::Upload { &UPLOAD[..] } else { &TARGETS[..] }) {
        draft.token(line_end..range.start, Role::Control, "line_end", false);
        let skip = label.prefix.len().min(range.len());
        let value = range.start.saturating_add(skip)..range.end;
        draft.keyword(range.start..value.start, "label");
        let count = number(draft.bytes(&value));
        let text = Value::text(draft.bytes(&value));
        draft.value(value, label.name, if label.name == "size_bytes" { count.map_or(text, Value::Count) } else { text });
        line_end = range.end;
    }
    draft.token(line_end..head.len, Role::Control, "line_end", false);
    let blob = head.len..draft.line.len();
    if row.form == Form::Upload {
        draft.secret(blob, "content");
    } else {
        targets(draft, blob);
    }
}

/// A list of targets. What holds line ends or separators is none: the count may have swallowed anything.
///
/// # Wire
///
/// [seen captures/ntp 22] names and networks between commas.
fn targets(draft: &mut Draft<'_>, range: Range<usize>) {
    let text = draft.bytes(&range);
    if memchr::memchr2(b'\n', b'\r', text).is_some() || memchr::memmem::find(text, b"<|>").is_some() {
        draft.secret(range, "targets");
    } else {
        draft.text(range, "targets");
    }
}

/// A line of the head: what stands before its value, and the value's name.
struct Label {
    prefix: &'static [u8],
    name: &'static str,
}

const UPLOAD: [Label; 3] = [
    Label { prefix: b"name: ", name: "file_name" },
    Label { prefix: b"content: ", name: "content_type" },
    Label { prefix: b"bytes: ", name: "size_bytes" },
];
const TARGETS: [Label; 1] = [Label { prefix: b"", name: "size_bytes" }];

/// Entity and type of the order's own line.
fn envelope(draft: &mut Draft<'_>, end: usize) {
    let text = draft.line.get(..end).unwrap_or_default();
    for (range, kind) in line::fields(text).into_iter().zip(["entity", "type", "rest"]) {
        draft.keyword(range, kind);
    }
    draft.keyword(end..end, "separator");
}
