//! Documents of captures, as the library makes them.

use crate::support::collect::Shared;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::files::search;
use ntp_sniff::capture::secrets::Inbox;
use ntp_sniff::layer::Keys;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::protocol::unknown::Documenting;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Style;
use ntp_sniff::report::document::check::check;
use ntp_sniff::report::document::model::RedactionPolicy;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// How a document is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) format: &'static str,
    pub(crate) policy: RedactionPolicy,
    pub(crate) threads: usize,
}

/// As most want it.
pub(crate) const USUAL: Asked = Asked { format: "json", policy: RedactionPolicy::Credentials, threads: 2 };

/// Everything that may be shown.
pub(crate) const OPEN: Asked = Asked { policy: RedactionPolicy::None, ..USUAL };

/// No data.
pub(crate) const CLOSED: Asked = Asked { policy: RedactionPolicy::Data, ..USUAL };

/// What a source comes to.
pub(crate) fn of(source: &mut dyn Source, keys: Keys, asked: Asked) -> String {
    documented(source, keys, asked, Documenting::default())
}

/// What a file comes to when every service of it is documented by inference.
pub(crate) fn inferred(path: &Path) -> String {
    let documents = Documenting { all: true, no_dissectors: true, ..Documenting::default() };
    documented(&mut Files::new(vec![path.to_path_buf()], &Limits::default()), Keys::default(), USUAL, documents)
}

fn documented(source: &mut dyn Source, keys: Keys, asked: Asked, documents: Documenting) -> String {
    // A table for SYNs of a few connections: the usual one costs more than a small capture.
    let limits = Limits { threads: asked.threads, pending_syns: 64, ..Limits::default() };
    let reveal = asked.policy == RedactionPolicy::None;
    let options = pipeline::Options { limits, keys, reveal, documents, ..pipeline::Options::default() };
    let out = Shared::default();
    let style = Style { redact: asked.policy, payload: true, ..Style::default() };
    let format = FORMATS.iter().find(|format| format.name == asked.format).unwrap();
    let mut sink = (format.open)(Box::new(out.clone()), &style);
    pipeline::run(source, options, sink.as_mut(), &AtomicBool::new(false), &mut |_| ()).unwrap();
    out.text()
}

/// What a file comes to, with the keys that lie beside it or in it.
pub(crate) fn of_file(path: &Path, asked: Asked) -> String {
    // A table for SYNs of a few connections: the usual one costs more than a small capture.
    let limits = Limits { threads: asked.threads, pending_syns: 64, ..Limits::default() };
    let beside = [path.with_extension("keys"), path.with_file_name("keylog.txt")];
    let logs: Vec<PathBuf> = beside.into_iter().filter(|log| log.is_file()).collect();
    let opened = if logs.is_empty() { Ok((Keys::default(), Vec::new())) } else { Keys::open(&logs, &[], false, &limits) };
    let inputs = [path.to_path_buf()];
    let find = move || search(&inputs, &Limits::default());
    let keys = opened.map(|(keys, _)| keys).unwrap_or_default().from_capture(&limits, &Inbox::default(), Some(Box::new(find)));
    of(&mut Files::new(vec![path.to_path_buf()], &limits), keys, asked)
}

/// The document, which must be right.
pub(crate) fn right(text: &str, name: &str) -> Value {
    let checked = check(text.as_bytes(), 10).unwrap();
    assert!(checked.found == 0, "{name}: {:?}", checked.faults);
    serde_json::from_str(text).unwrap()
}

/// All captures in a folder beside the sources.
pub(crate) fn captures(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(found) = fs::read_dir(&root) else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", root.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    let within: Vec<PathBuf> = paths.iter().filter(|path| path.is_dir()).map(|path| path.join("capture.pcap")).collect();
    paths.extend(within);
    paths.retain(|path| path.is_file() && path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng"));
    paths.sort();
    paths
}

/// One of the bundled captures.
pub(crate) fn bundled(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// All messages of a document with their sessions.
pub(crate) fn messages(document: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let sessions = document["sessions"].as_array().unwrap();
    sessions.iter().flat_map(|session| session["messages"].as_array().unwrap().iter().map(move |message| (session, message)))
}

/// The bytes of a token, where they are shown.
pub(crate) fn bytes(message: &Value, token: &Value) -> Option<Vec<u8>> {
    let place = |name: &str| usize::try_from(token[name].as_u64().unwrap()).unwrap() * 2;
    let hex = &message["payload"]["hex"].as_str().unwrap()[place("start")..place("end")];
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).ok()).collect()
}
