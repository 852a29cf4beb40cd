//! All outputs of an inference: the formats, and the programs that are made of a document.

use crate::search::unbroken;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::Shared;
use ntp_sniff::grammar::Target;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::protocol::unknown::Documenting;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Style;
use ntp_sniff::report::dissector::translate;
use ntp_sniff::report::document::model::Document;
use ntp_sniff::report::document::model::RedactionPolicy;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

/// The outputs by name, each without line ends and as it is.
pub(crate) struct Outputs(Vec<(String, [String; 2])>);

impl Outputs {
    /// Of these frames.
    pub(crate) fn of(frames: &[Vec<u8>], policy: RedactionPolicy) -> Self {
        let mut list: Vec<(String, String)> = Vec::new();
        let formats: &[&str] = if policy == RedactionPolicy::Data { &["json", "html"] } else { &["json", "html", "jsonl", "table"] };
        for format in formats {
            list.push(((*format).to_owned(), formatted(frames, format, policy)));
        }
        let document: Document = serde_json::from_str(&list[0].1).unwrap();
        assert!(!document.protocols.is_empty(), "something is inferred");
        for description in &document.protocols {
            for target in [Target::WiresharkLua, Target::Kaitai, Target::Graphviz] {
                list.push((format!("{target:?}"), translate(description, &BTreeSet::new(), target).text));
            }
        }
        Self(list.into_iter().map(|(name, text)| (name, [unbroken(&text), text])).collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &[String; 2])> {
        self.0.iter().map(|(name, texts)| (name.as_str(), texts))
    }
}

fn formatted(frames: &[Vec<u8>], format: &str, policy: RedactionPolicy) -> String {
    let limits = Limits { threads: 1, pending_syns: 64, ..Limits::default() };
    let reveal = policy == RedactionPolicy::None;
    let documents = Documenting { all: true, no_dissectors: true, ..Documenting::default() };
    let options = pipeline::Options { limits, documents, reveal, ..pipeline::Options::default() };
    let out = Shared::default();
    let style = Style { redact: policy, payload: true, hex: true, verbose: true, width: Some(400), ..Style::default() };
    let format = FORMATS.iter().find(|known| known.name == format).unwrap();
    let mut sink = (format.open)(Box::new(out.clone()), &style);
    let frames = captured(frames.to_vec(), 1000);
    pipeline::run(&mut memory(&frames), options, sink.as_mut(), &AtomicBool::new(false), &mut |_| ()).unwrap();
    out.text()
}
