//! Promise: what makes it quick changes nothing. The short way of usual frames and the long way of all others give the same records,
//! and so does any number of threads.
//!
//! The captures lie in `captures` and beside the repository, in `../shared/captures`. A clone without these tries its own and says so;
//! in CI their absence is a failure.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and a skip is said to whoever runs it"
)]

mod support;

use flate2::Compression;
use flate2::write::GzEncoder;
use ntp_sniff::capture::Frame;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::error::Error;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::fact::Fact;
use ntp_sniff::limits::Limits;
use ntp_sniff::report::Sink;
use ntp_sniff::report::Style;
use serde_json::Value;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use support::capture::on_disk;
use support::collect::NoRows;
use support::collect::into_sink;
use support::collect::text;

/// LINKTYPE numbers: Ethernet, and IP without anything before it.
const ETHERNET: u32 = 1;
const RAW_IP: u32 = 101;

/// The same packets without their Ethernet headers: no frame is a usual one then, and each goes the long way.
struct Bare {
    files: Files,
    /// Frames that lost their header.
    bared: u64,
}

impl Source for Bare {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        Ok(match self.files.next()? {
            Next::Frame(frame) if frame.link_type == ETHERNET && frame.bytes.get(12..14) == Some(&[8, 0]) => {
                self.bared += 1;
                Next::Frame(Frame { link_type: RAW_IP, wire_len: frame.wire_len - 14, bytes: &frame.bytes[14..], ..frame })
            }
            next => next,
        })
    }
}

/// All captures there are.
fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    find(&root.join("captures"), &mut paths);
    let shared = root.join("../shared/captures");
    if shared.is_dir() {
        find(&shared, &mut paths);
        assert!(paths.len() > 200, "{} captures", paths.len());
    } else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", shared.display());
        eprintln!("skipped: {} is not here", shared.display());
    }
    paths
}

fn find(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            find(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng") {
            paths.push(path);
        }
    }
}

/// The records of a source, without the count of bytes in the summary.
fn records(source: &mut dyn Source) -> Vec<String> {
    let all = text(source, "jsonl", &Style::default(), false);
    all.lines().map(|line| if line.contains("\"event\":\"summary\"") { without_bytes(line) } else { line.to_owned() }).collect()
}

fn without_bytes(line: &str) -> String {
    let mut summary: Value = serde_json::from_str(line).unwrap();
    assert!(summary.as_object_mut().unwrap().remove("bytes").is_some());
    summary.to_string()
}

#[test]
fn the_short_way_and_the_long_way_give_the_same_records() {
    let limits = Limits::default();
    let mut bared = 0;
    for path in captures() {
        let short = records(&mut Files::new(vec![path.clone()], &limits));
        let mut bare = Bare { files: Files::new(vec![path.clone()], &limits), bared: 0 };
        let long = records(&mut bare);
        for (short, long) in short.iter().zip(&long) {
            assert_eq!(short, long, "{}", path.display());
        }
        assert_eq!(short.len(), long.len(), "{}", path.display());
        bared += bare.bared;
    }
    assert!(bared > 100, "{bared} frames went both ways");
}

/// Lines of a plugin list are told whole to who wants them so, and written down in one go.
#[test]
fn rows_and_messages_give_the_same_records() {
    let limits = Limits::default();
    for path in captures() {
        for format in ["jsonl", "table"] {
            let rows = text(&mut Files::new(vec![path.clone()], &limits), format, &Style::default(), false);
            let messages = NoRows::text(&mut Files::new(vec![path.clone()], &limits), format, &Style::default());
            for (row, message) in rows.lines().zip(messages.lines()) {
                assert_eq!(row, message, "{}", path.display());
            }
            assert_eq!(rows.len(), messages.len(), "{}", path.display());
        }
    }
}

/// Keeps the facts of the end, and the summary in words, and looks at each connection and fact as it is told, or at none.
struct AtEnd {
    looks: bool,
    facts: Vec<Fact>,
    counts: [u64; 3],
    summary: String,
}

impl AtEnd {
    fn of(path: &Path, looks: bool) -> Self {
        let (limits, mut sink) = (Limits::default(), Self { looks, facts: Vec::new(), counts: [0; 3], summary: String::new() });
        into_sink(&mut Files::new(vec![path.to_owned()], &limits), &limits, false, &mut sink);
        sink.facts.sort_by_key(|fact| fact.relation);
        sink
    }
}

impl Sink for AtEnd {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match event.kind {
            EventKind::FactsKnown(facts) => facts.each(&mut |fact| self.facts.push(fact.clone())),
            EventKind::Summary(summary) => (self.counts, self.summary) = (summary.facts, format!("{summary:?}")),
            _ => {}
        }
        Ok(())
    }

    fn wants_connections(&self) -> bool {
        self.looks
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where nobody looks at facts before the end, clients' ports and how far connections came are known only then; and a connection that
/// nobody looks at ends in short: what is counted of it, and that nobody read it, is the same.
#[test]
fn facts_nobody_looked_at_are_those_told_on_the_way() {
    let mut ports = 0;
    for path in captures() {
        let (told, known) = (AtEnd::of(&path, true), AtEnd::of(&path, false));
        assert_eq!(told.facts, known.facts, "{}", path.display());
        assert_eq!(told.summary, known.summary, "{}", path.display());
        ports += known.counts[1];
    }
    assert!(ports > 100, "{ports} clients' ports");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for path in captures().into_iter().filter(|path| path.metadata().unwrap().len() < 1 << 20) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&std::fs::read(&path).unwrap()).unwrap();
        let packed = on_disk(&gzip.finish().unwrap());
        let of = |threads: usize| {
            text(&mut Files::new(vec![packed.clone()], &Limits { threads, ..Limits::default() }), "table", &Style::default(), false)
        };
        let one = of(1);
        assert_eq!(one, of(2), "{}", path.display());
        assert_eq!(one, of(64), "{}", path.display());
        std::fs::remove_file(packed).unwrap();
    }
}
