//! Promise: with its dissector switched off, the Nessus protocol of real captures is found again: line ends, delimiter, words, prompts,
//! phases.
//!
//! The captures lie beside the repository, in `../shared/captures/ntp`. A clone without them skips those tests and says so; in CI their
//! absence is a failure. Those that the project may hold itself are also in `captures/`.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and a skip is said to whoever runs it"
)]

use ntp_sniff::annotation::Shown;
use ntp_sniff::capture::files::Files;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::grammar::Description;
use ntp_sniff::grammar::FramingKind;
use ntp_sniff::grammar::Kind;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::protocol::unknown::Documenting;
use ntp_sniff::report::Sink;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A place in a connection: whose stream, and its byte.
type Place = (u64, &'static str, u64);

/// What a run says that is compared.
#[derive(Default)]
struct Run {
    descriptions: Vec<Description>,
    /// First messages of phases.
    phases: BTreeSet<Place>,
    /// Flows whose next message begins a phase.
    entered: BTreeSet<u64>,
    /// Bytes of each stream that messages cover, and those that are secret.
    bytes: BTreeMap<(u64, &'static str), Vec<(u64, u64)>>,
    secrets: BTreeSet<Place>,
    tiled: bool,
    shown: Vec<u8>,
}

impl Sink for Run {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let flow = event.flow.map_or(0, |flow| flow.0);
        match &event.kind {
            EventKind::ProtocolDescribed(description) => self.descriptions.push((*description).clone()),
            EventKind::PhaseEntered(phase) if phase.ordinal > 0 => _ = self.entered.insert(flow),
            EventKind::MessageDecoded(message) => {
                let (from, span) = (message.from.name(), message.annotation.span);
                if self.entered.remove(&flow) {
                    self.phases.insert((flow, from, span.start));
                }
                self.bytes.entry((flow, from)).or_default().push((span.start, span.end));
                let mut at = 0;
                for (token, shown) in message.payload.pieces() {
                    self.tiled &= token.start == at && token.end > at;
                    at = token.end;
                    match shown {
                        Shown::Bytes(bytes) => self.shown.extend(bytes),
                        Shown::Redacted(_) => {
                            self.shown.push(b'*');
                            self.secrets.insert((flow, from, span.start + u64::try_from(token.start).unwrap()));
                        }
                    }
                }
                self.tiled &= u64::try_from(at).unwrap() == span.len();
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn run(path: &Path, documents: Documenting) -> Run {
    let limits = Limits::default();
    let mut source = Files::new(vec![path.to_owned()], &limits);
    let options = pipeline::Options { limits, documents, ..pipeline::Options::default() };
    let mut sink = Run { tiled: true, ..Run::default() };
    pipeline::run(&mut source, options, &mut sink, &AtomicBool::new(false), &mut |error| panic!("{error}")).unwrap();
    sink
}

/// Without dissectors, documenting the port of the Nessus server.
fn blind(path: &Path) -> Run {
    run(path, Documenting { ports: vec![1241], no_dissectors: true, ..Documenting::default() })
}

/// A reference capture, or nothing, said, on a user's clone.
fn reference(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("../shared/captures/ntp").join(name);
    if path.is_file() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", path.display());
    eprintln!("skipped: {} is not here", path.display());
    None
}

fn words(description: &Description) -> BTreeSet<&str> {
    description.grammar.keywords.iter().map(|word| word.text.as_str()).collect()
}

/// The boundaries of phases two runs share, doubled, of those of both: 1 when they are the same. In hundredths.
fn overlap(one: &Run, two: &Run) -> usize {
    let common = one.phases.intersection(&two.phases).count();
    200 * common / (one.phases.len() + two.phases.len()).max(1)
}

/// What must be found in a capture.
fn check(name: &str, wanted: &[&str]) {
    let Some(path) = reference(name) else { return };
    let found = blind(&path);
    let [description] = found.descriptions.as_slice() else { panic!("{name}: one service: {}", found.descriptions.len()) };
    let grammar = &description.grammar;
    for framing in [Some(&grammar.framing), grammar.server_framing.as_ref()].into_iter().flatten() {
        assert_eq!((framing.kind, framing.terminator.as_deref()), (FramingKind::Terminator, Some("0a")), "{name}");
    }
    assert_eq!(grammar.delimiters.first().map(|delimiter| delimiter.text.as_str()), Some(" <|> "), "{name}");
    let words = words(description);
    for word in wanted.iter().chain(&["SERVER", "CLIENT", "User : ", "Password : "]) {
        assert!(words.contains(word), "{name}: {word} is a word of the protocol: {words:?}");
    }
    let prompts: BTreeSet<&str> = grammar.keywords.iter().filter(|word| word.kind == Kind::Prompt).map(|word| word.text.as_str()).collect();
    assert_eq!(prompts, BTreeSet::from(["User : ", "Password : "]), "{name}");
    assert!(found.tiled, "{name}: tokens tile their messages");
    assert!(!description.limitations.is_empty(), "{name}");

    let known = run(&path, Documenting::default());
    let overlap = overlap(&found, &known);
    // Of the dissector's dozen phases three are a matter of taste: whether the answer to an offer is a phase of its own, whether that to
    // a prompt is, and whether good-bye is. Finding two thirds, and few others, is the same story.
    eprintln!("{name}: phases overlap by {overlap} %");
    assert!(overlap >= 66, "{name}: phases overlap by {overlap} %:\n{:?}\n{:?}", found.phases, known.phases);
    // What the dissector hides is hidden: the password is no data of an unknown protocol either.
    let passwords: Vec<_> = known.secrets.iter().filter(|(_, from, _)| *from == "client").collect();
    assert!(!passwords.is_empty(), "{name}: there is one");
    // A name in front of the password, which the dissector hides with it, may be shown.
    let hides = |(flow, from, at): &Place| found.secrets.range((*flow, *from, *at)..(*flow, *from, at + 24)).next().is_some();
    assert!(passwords.iter().all(|place| hides(place)), "{name}: the passwords are hidden: {passwords:?}");
    assert_eq!(found.bytes.keys().collect::<Vec<_>>(), known.bytes.keys().collect::<Vec<_>>(), "{name}: the same streams");
}

#[test]
fn a_fast_login() {
    check("13_fast_login.pcap", &["STATUS", "TIME", "PORT", "NOTE", "INFO"]);
}

#[test]
fn a_scan_that_is_stopped() {
    check("15_stop_attack.pcap", &["PORT", "NOTE", "TIME"]);
}

#[test]
fn saved_sessions() {
    check("17_sessions.pcap", &["PORT", "NOTE", "INFO", "SESSIONS_LIST", "TIME"]);
}

#[test]
fn two_whole_sessions_are_held_against_each_other() {
    let found = blind(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nessusd_17_sessions.pcap"));
    let [description] = found.descriptions.as_slice() else { panic!("one service: {}", found.descriptions.len()) };
    // The second scan asks for no list of saved sessions.
    let wanted = "Session 2: Instead of sessions list, as in the first session, the client sends preferences, from #";
    assert!(description.summary.contains(wanted), "{}", description.summary);
}

#[test]
fn a_small_session() {
    check("22_small_session.pcap", &["PORT", "NOTE", "INFO", "TIME"]);
}

#[test]
fn a_whole_scan() {
    check("05_scan_lab_3hosts.pcap", &["PORT", "NOTE", "INFO", "TIME"]);
}

#[test]
fn frank4dds_own_packets() {
    let found = blind(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/frank4dd.pcap"));
    // Two servers, so two services: the login, good and bad, and the scan.
    let [login, scan] = found.descriptions.as_slice() else { panic!("two services: {}", found.descriptions.len()) };
    assert!(words(login).is_superset(&BTreeSet::from(["User : ", "Password : "])), "{:?}", words(login));
    // The bad login is known from its answer only: what it says instead of the good one, nobody can tell.
    assert!(!login.summary.contains("Instead of"), "what is joined midway is held against nothing: {}", login.summary);
    assert_eq!(scan.grammar.delimiters.first().map(|delimiter| delimiter.hex.as_str()), Some("203c7c3e20"));
    // Of two lines with STATUS one stands behind a hole: it may be the rest of anything, and is hidden.
    assert!(words(scan).is_superset(&BTreeSet::from(["SERVER", "FINISHED"])), "{:?}", words(scan));
    let shown = String::from_utf8_lossy(&found.shown);
    assert!(!shown.contains("test\n"), "the password is hidden");
    assert!(found.tiled);
}

#[test]
fn a_run_says_the_same_again() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nessusd_17_sessions.pcap");
    let (one, two) = (blind(&path), blind(&path));
    assert_eq!(one.descriptions, two.descriptions);
    assert_eq!(one.shown, two.shown);
}

#[test]
fn how_segments_are_cut_does_not_matter() {
    // The client writes single bytes; all else is like the other sessions of that server.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nessusd_21_one_byte_writes.pcap");
    let found = blind(&path);
    let [description] = found.descriptions.as_slice() else { panic!("one service: {}", found.descriptions.len()) };
    assert_eq!(description.grammar.delimiters.first().map(|delimiter| delimiter.text.as_str()), Some(" <|> "));
    assert!(words(description).is_superset(&BTreeSet::from(["SERVER", "CLIENT", "User : ", "Password : "])));
    assert!(found.tiled);
}

#[test]
fn nobody_is_documented_unless_asked() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/nessusd_13_fast_login.pcap");
    let silent = run(&path, Documenting { no_dissectors: true, ..Documenting::default() });
    assert!(silent.descriptions.is_empty() && silent.bytes.is_empty());
    let known = run(&path, Documenting { all: true, ..Documenting::default() });
    assert!(known.descriptions.is_empty(), "its dissector reads it");
    assert!(!known.bytes.is_empty());
}
