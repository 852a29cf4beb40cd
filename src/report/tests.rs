//! One contract for all formats: no secret leaves, nothing fails, a broken writer is reported; and JSON lines are as the schema says.

use super::FORMATS;
use super::Show;
use super::Sink;
use super::Style;
use super::document::model::Document;
use super::document::model::RedactionPolicy;
use super::jsonl;
use super::script;
use crate::event::Event;
use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::io::Write;
use std::rc::Rc;

/// A writer whose text the test keeps.
#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A reader that went away after so many writes.
struct Broken(usize);

impl Write for Broken {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a format prints for the script.
pub(in crate::report) fn printed(format: &str, style: &Style) -> String {
    let kept = Kept::default();
    let format = FORMATS.iter().find(|candidate| candidate.name == format).unwrap();
    let mut sink = (format.open)(Box::new(kept.clone()), style);
    script::play(sink.as_mut()).unwrap();
    String::from_utf8(kept.0.take()).unwrap()
}

/// Every style a format can be asked for.
fn styles() -> impl Iterator<Item = Style> {
    (0..16_u8).map(|bits| Style {
        color: bits & 1 != 0,
        verbose: bits & 2 != 0,
        hex: bits & 4 != 0,
        payload: bits & 8 != 0,
        ..Style::default()
    })
}

#[test]
fn no_format_prints_a_secret() {
    let secret = str::from_utf8(script::SECRET).unwrap();
    let hex = |between: &str| script::SECRET.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between);
    for format in FORMATS {
        for style in styles() {
            let printed = printed(format.name, &style);
            for forbidden in [secret, &hex(""), &hex(" "), "hunter", "S3cret"] {
                assert!(!printed.contains(forbidden), "{} {style:?} prints {forbidden}", format.name);
            }
            let lengths = ["<redacted 14 bytes>", "{\"redacted\":14}", "redacted: 14 bytes"];
            assert!(lengths.iter().any(|length| printed.contains(length)), "{}", format.name);
        }
    }
}

#[test]
fn no_format_obeys_the_wire() {
    for format in FORMATS {
        for style in styles().filter(|style| !style.color) {
            let printed = printed(format.name, &style);
            assert!(printed.chars().all(|char| char == '\n' || !char.is_control() && char != '\u{202e}'), "{} {style:?}", format.name);
        }
    }
}

#[test]
fn a_broken_pipe_is_given_back() {
    for format in FORMATS {
        for writes in [0, 1, 5] {
            let mut sink = (format.open)(Box::new(Broken(writes)), &Style::default());
            assert_eq!(script::play(sink.as_mut()).unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{}", format.name);
        }
    }
}

#[test]
fn every_json_line_is_as_the_schema_says() {
    let schema: Value = serde_json::from_str(&jsonl::schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let printed = printed("jsonl", &Style { payload: true, ..Style::default() });
    let mut names = std::collections::BTreeSet::new();
    for line in printed.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let errors: Vec<_> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{line}: {errors:?}");
        names.insert(record["event"].as_str().unwrap().to_owned());
        let mut renamed = record;
        renamed["event"] = "something_else".into();
        assert!(!validator.is_valid(&renamed), "the schema tells events apart");
    }
    assert_eq!(names.len(), 19, "every kind of event: {names:?}");
}

#[test]
fn the_document_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(&super::document::schema()).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for redact in [RedactionPolicy::Credentials, RedactionPolicy::Data] {
        let document: Value = serde_json::from_str(&printed("json", &Style { redact, ..Style::default() })).unwrap();
        let errors: Vec<_> = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let read: Document = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), document, "nothing is lost when it is read");
        assert!(!read.stories.is_empty() && !read.anomalies.is_empty() && !read.services.is_empty() && !read.limitations.is_empty());
    }
}

#[test]
fn the_schema_is_stable() {
    insta::assert_snapshot!(jsonl::schema());
}

#[test]
fn json_lines_are_stable() {
    insta::assert_snapshot!(printed("jsonl", &Style { payload: true, ..Style::default() }));
}

#[test]
fn tables_are_stable() {
    let style = |width, color, hex, verbose| Style { width: Some(width), color, hex, verbose, ..Style::default() };
    insta::assert_snapshot!("table_80", printed("table", &style(80, false, false, false)));
    insta::assert_snapshot!("table_160_verbose", printed("table", &style(160, false, false, true)));
    insta::assert_snapshot!("table_80_hex", printed("table", &style(80, false, true, false)));
    insta::assert_snapshot!("table_100_color_hex", printed("table", &style(100, true, true, false)));
}

#[test]
fn no_line_is_wider_than_asked() {
    for width in [80, 100, 131, 160, 200] {
        for style in styles().filter(|style| !style.color) {
            let printed = printed("table", &Style { width: Some(width), ..style });
            for line in printed.lines() {
                assert!(super::escape::display_width(line) <= width, "{width}: {line}");
                // In a hex dump a blank at the end is the message's own.
                assert!(style.hex || !line.ends_with(' '), "no blanks at the end: {line}");
            }
        }
    }
}

#[test]
fn parts_are_shown_as_asked() {
    let nothing = Show { timeline: false, connections: false, services: false, summary: false };
    let show = |show| printed("table", &Style { show, ..Style::default() });
    assert_eq!(show(nothing), "");
    assert!(show(Show { summary: true, ..nothing }).starts_with("━━ summary\n"));
    assert!(show(Show { services: true, ..nothing }).starts_with("━━ who serves\n"));
    let timeline = show(Show { timeline: true, ..nothing });
    assert!(timeline.starts_with("━━ session 1") && !timeline.contains("━━ summary") && !timeline.ends_with("\n\n"));
}

#[test]
fn a_run_cut_by_the_end_is_still_counted() {
    let kept = Kept::default();
    let mut sink = (FORMATS[0].open)(Box::new(kept.clone()), &Style::default());
    let mut player = script::Player { sink: sink.as_mut() };
    let flow = script::flow(1, "10.0.0.2:40000", "10.0.0.1:1241");
    player.session(&flow, "nessus_ntp", Some("1.2"), &[]).unwrap();
    player.plugins(1, 0..7000).unwrap();
    assert!(kept.0.borrow().len() < 1000, "a run costs three lines");
    sink.finish().unwrap();
    let printed = String::from_utf8(kept.0.take()).unwrap();
    assert!(printed.contains("   ⋮ 6997 more plugin_record, 531772 bytes (-v shows them)\n"), "{printed}");
}

#[test]
fn fifty_rows_are_shown_and_the_rest_counted() {
    let kept = Kept::default();
    let mut sink = (FORMATS[0].open)(Box::new(kept.clone()), &Style::default());
    let mut player = script::Player { sink: sink.as_mut() };
    player.services(1..=60).unwrap();
    sink.finish().unwrap();
    let printed = String::from_utf8(kept.0.take()).unwrap();
    assert_eq!(printed.matches("10.0.0.1").count(), 50);
    assert!(printed.contains("   10 more\n") && printed.contains("   no client was seen\n"), "{printed}");
}

/// Compares the name that an event knows with the one in its record.
struct Named(usize);

impl Sink for Named {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let mut record = Vec::new();
        if jsonl::write_record(event, false, &mut record)? {
            let record: Value = serde_json::from_slice(&record)?;
            assert_eq!(record["event"], event.kind.name());
            self.0 = self.0.saturating_add(1);
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn events_are_called_what_their_records_are() {
    let mut named = Named(0);
    script::play(&mut named).unwrap();
    assert!(named.0 > 40, "{} events", named.0);
}
