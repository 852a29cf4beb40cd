//! Plugin records: which columns they have in which version, and what is in them.

use super::draft::Draft;
use super::line;
use crate::annotation::Value;
use std::borrow::Cow;
use std::ops::Range;

/// What the version lines tell about plugin records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// NTP with these columns, as the client's options ask.
    Ntp(Vec<&'static str>),
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
const NTP: [&str; 11] =
    ["plugin_id", "plugin_name", "category", "copyright", "description", "summary", "family", "version", "cve", "bid", "xref"];
const OPTIONS: [&[u8]; 4] = [b"plugins_version", b"plugins_cve_id", b"plugins_bugtraq_id", b"plugins_xrefs"];
const BASE: usize = 7;

/// The columns of OTP 1 records; the first servers had one or two less at the end.
///
/// # Wire
///
/// [seen captures/ntp 90] thirteen.
const OTP1: [&str; 13] = [
    "plugin_id",
    "plugin_name",
    "category",
    "copyright",
    "description",
    "summary",
    "family",
    "version",
    "cve",
    "bid",
    "xref",
    "signkeys",
    "tag",
];

/// The columns of OTP 2 records by their number, as they shrank from 2013 to 2018.
///
/// # Wire
///
/// [spec ntp-otp 5.2] by date.
#[rustfmt::skip]
const OTP2: [&[&str]; 6] = [
    &OTP1,
    &["plugin_id", "plugin_name", "category", "copyright", "summary", "family", "version", "cve", "bid", "xref", "signkeys", "tag"],
    &["plugin_id", "plugin_name", "category", "copyright", "summary", "family", "version", "cve", "bid", "xref", "tag"],
    &["plugin_id", "plugin_name", "category", "copyright", "family", "version", "cve", "bid", "xref", "tag"],
    &["plugin_id", "plugin_name", "category", "copyright", "family", "cve", "bid", "xref", "tag"],
    &["plugin_id", "plugin_name", "category", "family", "cve", "bid", "xref", "tag"],
];

/// Categories, which late OTP 2 servers give by number.
const CATEGORIES: [&str; 12] =
    ["init", "scanner", "settings", "infos", "attack", "mixed", "destructive_attack", "denial", "kill_host", "flood", "end", "unknown"];

/// What stands for nothing in a column. The empty text does too.
const NOTHING: [&[u8]; 7] = [b"NOCVE", b"NOBID", b"NOXREF", b"NOSIGNKEYS", b"NOTAG", b"NODESC", b"NOSUMMARY"];

impl Dialect {
    /// NTP records for the options of a version line.
    pub(super) fn ntp(options: &[&[u8]]) -> Self {
        let (base, more) = NTP.split_at(BASE);
        let asked = OPTIONS.iter().zip(more).filter(|(option, _)| options.contains(option)).map(|(_, name)| *name);
        Self::Ntp(base.iter().copied().chain(asked).collect())
    }

    /// The columns of a record with so many fields, and whether they are only guessed.
    fn columns(&self, fields: usize, id: &[u8]) -> (Cow<'_, [&'static str]>, bool) {
        match self {
            Self::Ntp(columns) if columns.len() <= fields => (Cow::Borrowed(columns), false),
            Self::Otp1 => (Cow::Borrowed(OTP1.get(..fields.min(OTP1.len())).unwrap_or(&OTP1)), false),
            Self::Otp2 => (Cow::Borrowed(otp2(fields)), false),
            // Joined midway: the number of fields tells most; an OID is OTP's.
            _ if id.contains(&b'.') && fields < OTP1.len() => (Cow::Borrowed(otp2(fields)), true),
            _ if id.contains(&b'.') => (Cow::Borrowed(&OTP1), true),
            _ => (Cow::Borrowed(NTP.get(..fields.clamp(BASE, NTP.len())).unwrap_or(&NTP)), true),
        }
    }
}

/// The OTP 2 form that fits best: the longest with no more columns than fields, else the shortest.
fn otp2(fields: usize) -> &'static [&'static str] {
    let shortest: &[&str] = OTP2.last().copied().unwrap_or(&OTP1);
    OTP2.iter().find(|columns| columns.len() <= fields).copied().unwrap_or(shortest)
}

/// A number or an OID.
pub(super) fn is_plugin_id(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}

/// Reads a plugin record. `after_loss`: whether the line may be something else.
///
/// Surplus separators belong to the longest text, the description, or else the summary or the tags.
pub(super) fn record(draft: &mut Draft<'_>, dialect: &Dialect, after_loss: bool) -> bool {
    let fields = line::fields(draft.line);
    let id = fields.first().map(|first| draft.bytes(first)).unwrap_or_default();
    if after_loss && !(fields.len() >= BASE && is_plugin_id(id)) {
        return false;
    }
    let (columns, guessed) = dialect.columns(fields.len(), id);
    draft.expect(columns.len().saturating_add(1));
    let surplus = fields.len().saturating_sub(columns.len());
    let longest = || ["description", "summary", "tag"].iter().find_map(|name| columns.iter().position(|column| column == name));
    let prose = if surplus > 0 { longest() } else { None };
    let mut place = 0_usize;
    for (index, name) in columns.iter().enumerate() {
        let last = if Some(index) == prose { place.saturating_add(surplus) } else { place };
        let (Some(from), Some(to)) = (fields.get(place), fields.get(last)) else { break };
        // The last OTP 2.0 form, the only one without copyright, writes two blanks before the family [spec ntp-otp 5.2].
        let two_blanks = *name == "family" && !columns.contains(&"copyright") && draft.bytes(from).starts_with(b" ");
        column(draft, from.start.saturating_add(usize::from(two_blanks))..to.end, name);
        place = last.saturating_add(1);
    }
    if let (Some(from), Some(to)) = (fields.get(place), fields.last()) {
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

/// Reads one column.
fn column(draft: &mut Draft<'_>, range: Range<usize>, name: &'static str) {
    let text = draft.bytes(&range);
    let separator = match name {
        "cve" | "bid" | "xref" | "signkeys" => b',',
        "tag" => b'|',
        _ if is_nothing(text) => return draft.value(range, name, Value::text(b"")),
        "category" => {
            draft.text(range, name);
            let number = line::integer(text).and_then(|number| usize::try_from(number).ok());
            if let Some(category) = number.and_then(|number| CATEGORIES.get(number)) {
                draft.note("category_name", Value::text(category.as_bytes()));
            }
            return;
        }
        _ => return draft.text(range, name),
    };
    let text = if is_nothing(text.trim_ascii()) { &[][..] } else { text };
    draft.value(range, name, Value::Parts(text, separator));
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

    fn line(fields: usize) -> String {
        (0..fields).map(|field| if field == 0 { "10330".to_owned() } else { format!("f{field}") }).collect::<Vec<_>>().join(" <|> ")
    }

    #[test]
    fn all_sixteen_sets_of_options() {
        for set in 0..16_usize {
            let chosen: Vec<&[u8]> =
                OPTIONS.iter().enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, option)| *option).collect();
            let want: Vec<&str> = NTP
                .iter()
                .take(7)
                .copied()
                .chain(NTP.iter().skip(7).enumerate().filter(|(bit, _)| set & (1 << bit) != 0).map(|(_, name)| *name))
                .collect();
            assert_eq!(names(&line(7 + chosen.len()), &Dialect::ntp(&chosen)), want, "{set:04b}");
        }
    }

    #[test]
    fn otp_records_by_date() {
        for fields in 11..=13 {
            assert_eq!(names(&line(fields), &Dialect::Otp1), OTP1[..fields]);
        }
        for columns in OTP2 {
            assert_eq!(names(&line(columns.len()), &Dialect::Otp2), columns);
        }
    }

    #[test]
    fn midway_the_columns_are_guessed_and_said_to_be() {
        assert_eq!(names(&line(11), &Dialect::Unknown), [&NTP[..], &["columns_guessed"]].concat());
        let oid = line(8).replace("10330", "1.3.6.1.4.1.25623.1.0.1");
        assert_eq!(names(&oid, &Dialect::Unknown), [OTP2[5], &["columns_guessed"]].concat());
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
