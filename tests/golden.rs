//! Promise: every bundled capture gives, in every format, exactly the reviewed text; and every record fits the schema.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic is how a test fails")]

use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::files::search;
use ntp_sniff::capture::secrets::Inbox;
use ntp_sniff::layer::Keys;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Style;
use ntp_sniff::report::jsonl;
use serde_json::Value;
use std::cell::RefCell;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;

/// A writer whose bytes can be looked at while a sink owns it.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the program writes for a capture, and after a line of dashes what it complains of.
fn written(path: &Path, format: &str, style: &Style) -> String {
    let limits = Limits::default();
    // The name without its folder, so that it is the same wherever the repository lies.
    let mut source = Files::new(vec![PathBuf::from(path.file_name().expect("a name"))], &limits);
    let inputs = [path.file_name().expect("a name").into()];
    let find = move || search(&inputs, &Limits::default());
    let keys = Keys::default().from_capture(&limits, &Inbox::default(), Some(Box::new(find)));
    let options = pipeline::Options { limits, keys, ..pipeline::Options::default() };
    let out = Shared::default();
    let format = FORMATS.iter().find(|known| known.name == format).expect("a format");
    let mut sink = (format.open)(Box::new(out.clone()), style);
    let mut complaints = Vec::new();
    let mut complain = |error: &ntp_sniff::error::Error| complaints.push(format!("----\n{error}\n"));
    pipeline::run(&mut source, options, sink.as_mut(), &AtomicBool::new(false), &mut complain).expect("runs to its end");
    let text = String::from_utf8(out.0.borrow().clone()).expect("UTF-8");
    text + &complaints.concat()
}

#[test]
fn every_capture_in_every_format() {
    let schema: Value = serde_json::from_str(&jsonl::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")).unwrap();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(".").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
    // A build that opens nothing says less of these.
    paths.retain(|path| cfg!(feature = "tls") || !path.to_string_lossy().starts_with("./tls"));
    paths.sort();
    assert!(paths.len() >= 3, "captures are bundled");
    for path in &paths {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let plain = Style { width: Some(100), ..Style::default() };
        insta::assert_snapshot!(format!("{name}@table"), written(path, "table", &plain));
        let lines = written(path, "jsonl", &Style::default());
        for line in lines.lines().take_while(|line| *line != "----") {
            let record: Value = serde_json::from_str(line).unwrap();
            let problems: Vec<String> = validator.iter_errors(&record).map(|error| error.to_string()).collect();
            assert!(problems.is_empty(), "{name}: {line}: {problems:?}");
        }
        insta::assert_snapshot!(format!("{name}@jsonl"), lines);
    }
}

#[test]
fn hex_dumps_colours_and_payloads() {
    std::env::set_current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")).unwrap();
    let path = Path::new("frank4dd.pcap");
    let hex = Style { hex: true, verbose: true, width: Some(100), ..Style::default() };
    insta::assert_snapshot!("frank4dd.pcap@table-hex", written(path, "table", &hex));
    let color = Style { color: true, hex: true, width: Some(160), ..Style::default() };
    insta::assert_snapshot!("frank4dd.pcap@table-color", written(path, "table", &color).replace('\u{1b}', "␛"));
    let payload = Style { payload: true, ..Style::default() };
    insta::assert_snapshot!("frank4dd.pcap@jsonl-payload", written(path, "jsonl", &payload));
}
