//! Plugin records: which columns they have in which version, and what is in them.

use super::draft::Draft;
use super::line;
use crate::annotation::Value;
use crate::row::Cell;
use crate::row::Column;
use crate::row::Form;
use std::ops::Range;

const fn column(name: &'static str, form: Form) -> Column {
    Column { name, form }
}

const ID: Column = column("plugin_id", Form::Text);
const NAME: Column = column("plugin_name", Form::Text);
const CATEGORY: Column = column("category", Form::Word);
const COPYRIGHT: Column = column("copyright", Form::Text);
const DESCRIPTION: Column = column("description", Form::Text);
const SUMMARY: Column = column("summary", Form::Text);
const FAMILY: Column = column("family", Form::Text);
const VERSION: Column = column("version", Form::Text);
const CVE: Column = column("cve", Form::List(b','));
const BID: Column = column("bid", Form::List(b','));
const XREF: Column = column("xref", Form::List(b','));
const SIGNKEYS: Column = column("signkeys", Form::List(b','));
const TAG: Column = column("tag", Form::List(b'|'));

/// What the version lines tell about plugin records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// NTP with these columns, as the client's options ask.
    Ntp(&'static [Column]),
    /// OTP 1.0 or 1.1.
    Otp1,
    /// OTP 2.0 or its beta.
    Otp2,
    /// The client's version line was not seen.
    Unknown,
}

/// The columns of NTP records, and those its options add behind them in this order.
///
/// # Wire
///
/// [seen frank4dd.pcap frame 13] seven columns without options; the document calls the fourth Author, it is the copyright.
/// [seen captures/ntp 22] eleven with all four; [spec ntp-otp 5.2] each option adds its own, whatever the others are.
const NTP: [Column; 11] = [ID, NAME, CATEGORY, COPYRIGHT, DESCRIPTION, SUMMARY, FAMILY, VERSION, CVE, BID, XREF];
const OPTIONS: [&[u8]; 4] = [b"plugins_version", b"plugins_cve_id", b"plugins_bugtraq_id", b"plugins_xrefs"];
const BASE: usize = 7;

/// The columns for every set of options, by the number whose bits are the options; behind the last one asked for they do not count.
static NTP_ASKED: [[Column; 11]; 16] = asked();

#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "done by the compiler: what is wrong does not compile")]
const fn asked() -> [[Column; 11]; 16] {
    let mut sets = [NTP; 16];
    let mut set = 0;
    while set < sets.len() {
        let (mut place, mut option) = (BASE, 0);
        while option < OPTIONS.len() {
            if (set >> option) & 1 == 1 {
                sets[set][place] = NTP[BASE + option];
                place += 1;
            }
            option += 1;
        }
        set += 1;
    }
    sets
}

/// The columns of OTP 1 records; the first servers had one or two less at the end.
///
/// # Wire
///
/// [seen captures/ntp 90] thirteen.
const OTP1: [Column; 13] = [ID, NAME, CATEGORY, COPYRIGHT, DESCRIPTION, SUMMARY, FAMILY, VERSION, CVE, BID, XREF, SIGNKEYS, TAG];

/// The columns of OTP 2 records by their number, as they shrank from 2013 to 2018.
///
/// # Wire
///
/// [spec ntp-otp 5.2] by date.
const OTP2: [&[Column]; 6] = [
    &OTP1,
    &[ID, NAME, CATEGORY, COPYRIGHT, SUMMARY, FAMILY, VERSION, CVE, BID, XREF, SIGNKEYS, TAG],
    &[ID, NAME, CATEGORY, COPYRIGHT, SUMMARY, FAMILY, VERSION, CVE, BID, XREF, TAG],
    &[ID, NAME, CATEGORY, COPYRIGHT, FAMILY, VERSION, CVE, BID, XREF, TAG],
    &[ID, NAME, CATEGORY, COPYRIGHT, FAMILY, CVE, BID, XREF, TAG],
    &[ID, NAME, CATEGORY, FAMILY, CVE, BID, XREF, TAG],
];

/// Categories, which late OTP 2 servers give by number.
const CATEGORIES: [&str; 12] =
    ["init", "scanner", "settings", "infos", "attack", "mixed", "destructive_attack", "denial", "kill_host", "flood", "end", "unknown"];

/// What stands for nothing in a column. The empty text does too.
const NOTHING: [&[u8]; 7] = [b"NOCVE", b"NOBID", b"NOXREF", b"NOSIGNKEYS", b"NOTAG", b"NODESC", b"NOSUMMARY"];

impl Dialect {
    /// NTP records for the options of a version line.
    pub(super) fn ntp(options: &[&[u8]]) -> Self {
        let asked = OPTIONS.map(|option| options.contains(&option));
        let set = asked.iter().rev().fold(0_usize, |set, asked| set.wrapping_shl(1) | usize::from(*asked));
        let more = asked.iter().filter(|asked| **asked).count();
        Self::Ntp(NTP_ASKED.get(set).and_then(|columns| columns.get(..BASE.saturating_add(more))).unwrap_or(&NTP))
    }

    /// The columns of a record with so many fields, and whether they are only guessed.
    fn columns(&self, fields: usize, id: &[u8]) -> (&'static [Column], bool) {
        match self {
            Self::Ntp(columns) if columns.len() <= fields => (columns, false),
            Self::Otp1 => (OTP1.get(..fields.min(OTP1.len())).unwrap_or(&OTP1), false),
            Self::Otp2 => (otp2(fields), false),
            // Joined midway: the number of fields tells most; an OID is OTP's.
            _ if id.contains(&b'.') && fields < OTP1.len() => (otp2(fields), true),
            _ if id.contains(&b'.') => (&OTP1, true),
            _ => (NTP.get(..fields.clamp(BASE, NTP.len())).unwrap_or(&NTP), true),
        }
    }
}

/// The OTP 2 form that fits best: the longest with no more columns than fields, else the shortest.
fn otp2(fields: usize) -> &'static [Column] {
    let shortest: &[Column] = OTP2.last().copied().unwrap_or(&OTP1);
    OTP2.iter().find(|columns| columns.len() <= fields).copied().unwrap_or(shortest)
}

/// A number or an OID.
pub(super) fn is_plugin_id(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// Reads a plugin record. `after_loss`: whether the line may be something else.
pub(super) fn record(draft: &mut Draft<'_>, dialect: &Dialect, after_loss: bool) -> bool {
    let mut cuts = std::mem::take(&mut draft.cuts);
    line::cut(draft.line, &mut cuts);
    let is_record = fields(draft, &cuts, dialect, after_loss);
    draft.cuts = cuts;
    is_record
}

/// Reads the fields of a record. Surplus separators belong to the longest text, the description, or else the summary or the tags.
fn fields(draft: &mut Draft<'_>, fields: &[Range<usize>], dialect: &Dialect, after_loss: bool) -> bool {
    let id = fields.first().map(|first| draft.bytes(first)).unwrap_or_default();
    if after_loss && !(fields.len() >= BASE && is_plugin_id(id)) {
        return false;
    }
    let (columns, guessed) = dialect.columns(fields.len(), id);
    let surplus = fields.len().saturating_sub(columns.len());
    let longest = || [DESCRIPTION, SUMMARY, TAG].iter().find_map(|prose| columns.iter().position(|column| column == prose));
    let prose = if surplus > 0 { longest() } else { None };
    let mut rest = fields.iter();
    for (index, column) in columns.iter().enumerate() {
        let Some(from) = rest.next() else { break };
        let to = match surplus.checked_sub(1).filter(|_| Some(index) == prose) {
            Some(more) => rest.nth(more).unwrap_or(from),
            None => from,
        };
        // The last OTP 2.0 form, the only one without copyright, writes two blanks before the family [spec ntp-otp 5.2].
        let two_blanks = *column == FAMILY && draft.bytes(from).starts_with(b" ") && !columns.contains(&COPYRIGHT);
        read(*column, draft, from.start.saturating_add(usize::from(two_blanks))..to.end);
    }
    if let (Some(from), Some(to)) = (rest.next(), fields.last()) {
        draft.text(from.start..to.end, "surplus");
    }
    if guessed {
        draft.note("columns_guessed", Value::Flag(true));
    }
    true
}

/// Whether a column holds nothing. All words for it begin alike.
fn is_nothing(text: &[u8]) -> bool {
    text.starts_with(b"NO") && NOTHING.contains(&text)
}

/// The same of a column that has blanks around it where it is a list.
fn is_nothing_in(text: &[u8], form: Form) -> bool {
    is_nothing(if matches!(form, Form::List(_)) { text.trim_ascii() } else { text })
}

/// Reads one column.
#[inline]
fn read(column: Column, draft: &mut Draft<'_>, range: Range<usize>) {
    let text = draft.bytes(&range);
    match column.form {
        Form::List(separator) => {
            let text = if is_nothing(text.trim_ascii()) { &[][..] } else { text };
            draft.value(range, column.name, Value::Parts(text, separator));
        }
        _ if is_nothing(text) => draft.value(range, column.name, Value::text(b"")),
        Form::Text => draft.value(range, column.name, Value::text(text)),
        Form::Word => {
            draft.value(range, column.name, Value::text(text));
            let number = line::integer(text).and_then(|number| usize::try_from(number).ok());
            if let Some(category) = number.and_then(|number| CATEGORIES.get(number)) {
                draft.note("category_name", Value::text(category.as_bytes()));
            }
        }
    }
}

/// The columns of a line of these cells, if it has as many as its dialect says and each is read as it stands there. Cells that mean
/// nothing are marked.
pub(super) fn row(bytes: &[u8], cells: &mut [Cell], dialect: &Dialect) -> Option<&'static [Column]> {
    let id = cells.first().and_then(|first| bytes.get(first.start..first.end))?;
    let (columns, guessed) = dialect.columns(cells.len(), id);
    // The form without copyright is the one whose family may have two blanks before it.
    if guessed || columns.len() != cells.len() || columns.get(3) != Some(&COPYRIGHT) {
        return None;
    }
    for (column, cell) in columns.iter().zip(cells) {
        // Of an empty cell this is no byte of its own, which does no harm: nothing is nothing, and no separator begins so.
        cell.is_nothing = match (bytes.get(cell.start)?, column.form) {
            (b'N', _) | (b' ' | b'\t'..=b'\r', Form::List(_)) => is_nothing_in(bytes.get(cell.start..cell.end)?, column.form),
            (b'0'..=b'9' | b'-', Form::Word) => return None,
            _ => false,
        };
    }
    Some(columns)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of columns")]
mod tests {
    use super::*;

    /// Field names of a record, those for the options in the order of the wire.
    fn names(line: &str, dialect: &Dialect) -> Vec<&'static str> {
        let mut draft = Draft::new(line.as_bytes(), line.len() + 1);
        assert!(record(&mut draft, dialect, false));
        draft.fields.iter().map(|field| field.name).collect()
    }

    fn of(columns: &[Column]) -> Vec<&'static str> {
        columns.iter().map(|column| column.name).collect()
    }

    fn line(fields: usize) -> String {
        (0..fields).map(|field| if field == 0 { "10330".to_owned() } else { format!("f{field}") }).collect::<Vec<_>>().join(" <|> ")
    }

    #[test]
    fn all_sixteen_sets_of_options() {
        for set in 0..16_usize {
            let chosen: Vec<&[u8]> =
                OPTIONS.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, option)| *option).collect();
            let want: Vec<&str> = of(&NTP)
                .iter()
                .take(7)
                .copied()
                .chain(of(&NTP).iter().skip(7).enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, name)| *name))
                .collect();
            assert_eq!(names(&line(7 + chosen.len()), &Dialect::ntp(&chosen)), want, "{set:04b}");
        }
    }

    #[test]
    fn otp_records_by_date() {
        for fields in 11..=13 {
            assert_eq!(names(&line(fields), &Dialect::Otp1), of(&OTP1[..fields]));
        }
        for columns in OTP2 {
            assert_eq!(names(&line(columns.len()), &Dialect::Otp2), of(columns));
        }
    }

    #[test]
    fn midway_the_columns_are_guessed_and_said_to_be() {
        assert_eq!(names(&line(11), &Dialect::Unknown), [&of(&NTP)[..], &["columns_guessed"]].concat());
        let oid = line(8).replace("10330", "1.3.6.1.4.1.25623.1.0.1");
        assert_eq!(names(&oid, &Dialect::Unknown), [&of(OTP2[5])[..], &["columns_guessed"]].concat());
    }

    #[test]
    fn surplus_separators_are_the_descriptions_and_nothing_is_nothing() {
        let text = "1 <|> n <|> infos <|> c <|> a <|> b <|> s <|> f <|> NOCVE <|> 1, 2 <|> ";
        let options: [&[u8]; 3] = [OPTIONS[1], OPTIONS[2], OPTIONS[3]];
        let mut draft = Draft::new(text.as_bytes(), text.len());
        assert!(record(&mut draft, &Dialect::ntp(&options), false));
        let field = |name: &str| draft.fields.iter().find(|field| field.name == name).unwrap().value.clone();
        assert_eq!(field("description"), Value::text(b"a <|> b"));
        assert_eq!(field("cve").items().count(), 0);
        assert_eq!(field("bid").items().collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(field("xref").items().count(), 0);
    }
}
