//! Counts what a `.nessus` export reports while it passes: hosts, findings by severity, and whether a stored password is in it.

use crate::limits::API_TEXT_BYTES;
use quick_xml::Reader;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

/// Bytes that may wait for the end of a tag or comment.
const WAITING_BYTES: usize = 256 << 10;
/// New bytes before what waits is looked at again.
const STEP_BYTES: usize = 16 << 10;

/// A reader of one export.
#[derive(Debug, Default)]
pub(super) struct Findings {
    waiting: Vec<u8>,
    looked: usize,
    pub(super) report: Option<Vec<u8>>,
    pub(super) hosts: u64,
    /// Findings of the severities 0 (info) to 4 (critical).
    pub(super) severities: [u64; 5],
    within: Within,
    /// Whether the preference at hand is a password.
    is_password: bool,
    pub(super) holds_secret: bool,
    /// Whether it is no such export, or too odd to read on.
    pub(super) is_broken: bool,
}

/// Which text comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    #[default]
    Other,
    Name,
    Value,
}

impl Findings {
    /// Reads on.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        if self.is_broken {
            return;
        }
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= self.looked.saturating_add(STEP_BYTES) {
            self.read(false);
        }
    }

    /// No more comes.
    pub(super) fn end(&mut self) {
        if !self.is_broken {
            self.read(true);
            self.is_broken |= self.report.is_none() || self.waiting.iter().any(|byte| !byte.is_ascii_whitespace());
        }
    }

    /// Reads all that is whole of what waits. A text is looked at piece by piece; of a tag all must be there.
    fn read(&mut self, last: bool) {
        let waiting = std::mem::take(&mut self.waiting);
        // What stands behind the last tag may be half of one, or of a text.
        let whole = if last { waiting.len() } else { memchr::memrchr(b'>', &waiting).map_or(0, |at| at.saturating_add(1)) };
        let mut reader = Reader::from_reader(waiting.get(..whole).unwrap_or_default());
        let config = reader.config_mut();
        (config.check_end_names, config.allow_unmatched_ends, config.allow_dangling_amp) = (false, true, true);
        let mut done = 0;
        loop {
            match reader.read_event() {
                Ok(Event::Eof) | Err(_) => break,
                Ok(event) => self.event(&event),
            }
            done = usize::try_from(reader.buffer_position()).unwrap_or(whole);
        }
        self.waiting = waiting.get(done..).unwrap_or_default().to_vec();
        self.looked = self.waiting.len();
        self.is_broken |= self.looked > WAITING_BYTES;
    }

    /// # Wire
    ///
    /// [spec nessus-http-api] 2: `Report@name`, `ReportHost`, `ReportItem@severity`. [guess] the policy before them holds
    /// preferences as `preferenceName`, `preferenceType` or `name`, and `selectedValue` or `value`.
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.name();
                let name: &str = name.as_ref();
                self.within = Within::Other;
                match name {
                    "Report" if self.report.is_none() => self.report = Some(attribute(tag, "name").unwrap_or_default()),
                    "ReportHost" => self.hosts = self.hosts.saturating_add(1),
                    "ReportItem" => self.finding(tag),
                    "item" | "preference" => self.is_password = false,
                    "preferenceName" | "preferenceType" | "fullName" | "name" => self.within = Within::Name,
                    "selectedValue" | "value" | "preferenceValues" => self.within = Within::Value,
                    _ => {}
                }
            }
            Event::Text(text) => match self.within {
                Within::Name => self.is_password |= super::names::is_secret_key(text.as_bytes()),
                // Exports of today show stars.
                Within::Value => {
                    self.holds_secret |= self.is_password && text.bytes().any(|byte| !byte.is_ascii_whitespace() && byte != b'*');
                }
                Within::Other => {}
            },
            Event::CData(text) => self.holds_secret |= self.within == Within::Value && self.is_password && !text.is_empty(),
            Event::End(_) => self.within = Within::Other,
            _ => {}
        }
    }

    fn finding(&mut self, tag: &BytesStart<'_>) {
        let severity = attribute(tag, "severity").and_then(|text| str::from_utf8(&text).ok()?.parse::<usize>().ok());
        if let Some(count) = severity.and_then(|severity| self.severities.get_mut(severity)) {
            *count = count.saturating_add(1);
        }
    }
}

/// The text of an attribute, its entities resolved where they are known.
fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<Vec<u8>> {
    let attribute = tag.try_get_attribute(name).ok()??;
    let raw: &str = attribute.value.as_ref();
    let mut text = quick_xml::escape::unescape(raw).map_or_else(|_| raw.as_bytes().to_vec(), |text| text.as_bytes().to_vec());
    text.truncate(API_TEXT_BYTES);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &[u8], cut: usize) -> Findings {
        let mut findings = Findings::default();
        xml.chunks(cut).for_each(|piece| findings.take(piece));
        findings.end();
        findings
    }

    fn export(value: &str) -> Vec<u8> {
        let item = |number: u32| {
            let head = format!("<ReportItem port='{number}' pluginName=\"a>b\" severity=\"{}\">", number % 5);
            head + "<plugin_output>x &lt; y</plugin_output></ReportItem>\n"
        };
        let items = (0..3000).map(item).collect::<Vec<_>>().concat();
        let policy =
            format!("<Policy><item><fullName>SSH[password]:Pass :</fullName><selectedValue>{value}</selectedValue></item></Policy>");
        format!("<?xml version=\"1.0\"?><!-- > --><NessusClientData_v2>{policy}<Report name=\"A &amp; B\"><ReportHost name=\"h\">{items}</ReportHost></Report></NessusClientData_v2>\n").into_bytes()
    }

    #[test]
    fn findings_are_counted_however_the_export_is_cut() {
        let xml = export("****");
        for cut in [1, 7, 1000, 16_385, xml.len()] {
            let found = read(&xml, cut);
            assert_eq!((found.hosts, found.severities), (1, [600; 5]), "{cut}");
            assert_eq!((found.report.as_deref(), found.holds_secret, found.is_broken), (Some(&b"A & B"[..]), false, false), "{cut}");
        }
    }

    #[test]
    fn a_stored_password_is_noticed() {
        assert!(read(&export("geheim"), 100).holds_secret);
        assert!(read(&export("<![CDATA[geheim]]>"), 100).holds_secret);
    }

    #[test]
    fn what_is_no_export_is_said_to_be_none() {
        for text in [&b"%PDF-1.4"[..], b"<html></html>", b"", b"<Report name='x'><ReportItem "] {
            assert!(read(text, 3).is_broken, "{}", text.escape_ascii());
        }
        assert!(read(&[b"<!--".to_vec(), vec![b'>'; WAITING_BYTES * 2]].concat(), 1000).is_broken);
    }
}
