//! The `dissector` subcommand: a protocol document for other programs, and whether Wireshark agrees with it.

use crate::cli::Args;
use crate::cli::commands;
use crate::complain;
use crate::facts::closed;
use crate::facts::output;
use crate::tshark;
use clap::CommandFactory;
use clap::error::ErrorKind;
use ntp_sniff::capture::digest::digest;
use ntp_sniff::error::Error;
use ntp_sniff::grammar::Export;
use ntp_sniff::grammar::Target;
use ntp_sniff::grammar::Verified;
use ntp_sniff::limits;
use ntp_sniff::report::dissector;
use ntp_sniff::report::dissector::splice;
use ntp_sniff::report::dissector::splice::Step;
use ntp_sniff::report::dissector::verify::Verdict;
use ntp_sniff::report::document::model::DOCUMENT;
use ntp_sniff::report::document::model::Document;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// Standard output, and standard input, on the command line.
const STANDARD: &str = "-";

/// Reads the document, writes what was asked for and tries it: the exit code.
pub(crate) fn run(args: &commands::Dissector) -> anyhow::Result<u8> {
    check_usage(args);
    let text = read(&args.document)?;
    let document = parse(&args.document, &text)?;
    let place = protocol(args, &document)?;
    let Some(description) = document.protocols.get(place) else { return Ok(crate::FAILED) };
    let inputs: Vec<PathBuf> = [&args.document].into_iter().chain(&args.verify).cloned().collect();
    let servers = dissector::servers(&document, description);
    let mut exports = Vec::new();
    for (target, path) in targets(args) {
        let translated = dissector::translate(description, &servers, target);
        let path = (path != Path::new(STANDARD)).then_some(path);
        let mut out = output(path, &inputs)?;
        closed(out.write_all(translated.text.as_bytes()).and_then(|()| out.flush()), path)?;
        exports.push(translated.export);
        if let (Target::WiresharkLua, Some(path)) = (target, path) {
            complain(&format!(
                "{}: copy it to Wireshark's folder 'Personal Lua Plugins' (~/.local/lib/wireshark/plugins), or try it with: tshark -X lua_script:{0} -r CAPTURE",
                path.display()
            ));
        }
    }
    let Some(capture) = &args.verify else { return Ok(crate::DONE) };
    let lua = dissector::translate(description, &servers, Target::WiresharkLua);
    let verdict = input(&document, capture)
        .and_then(|input| tshark::compare(&document, description, &input, &lua.text, capture))
        .map_err(|problem| complain(&format!("not verified: {problem}")))
        .ok();
    if let Some(verdict) = &verdict {
        complain(&verdict.to_string());
        verdict.differences.iter().for_each(|difference| complain(&format!("  {difference}")));
    }
    exports.retain(|export| export.target != Target::WiresharkLua);
    exports.insert(0, judged(lua.export, verdict.as_ref()));
    let outcome = exports.first().map(|export| export.verified);
    rewrite(&args.document, &text, place, &description.grammar.exports, exports)?;
    Ok(if outcome == Some(Verified::RoundTrip) { crate::DONE } else { crate::FAILED })
}

/// Does not come back when options do not fit together.
fn check_usage(args: &commands::Dissector) {
    let refuse = |problem: &str| -> ! { Args::command().error(ErrorKind::ArgumentConflict, problem).exit() };
    let paths: Vec<&Path> = targets(args).map(|(_, path)| path).collect();
    if paths.iter().enumerate().any(|(index, path)| paths.iter().skip(index.saturating_add(1)).any(|other| other == path)) {
        refuse("two of --lua, --ksy and --dot name the same output: one of them must go elsewhere");
    }
    if args.verify.is_some() && args.document == Path::new(STANDARD) {
        refuse("--verify writes its verdict into the document: standard input cannot be written");
    }
    if args.verify.as_deref() == Some(Path::new(STANDARD)) {
        refuse("--verify reads the capture more than once: name a file");
    }
}

/// What is to be written, and where.
fn targets(args: &commands::Dissector) -> impl Iterator<Item = (Target, &Path)> {
    let all = [(Target::WiresharkLua, &args.lua), (Target::Kaitai, &args.ksy), (Target::Graphviz, &args.dot)];
    all.into_iter().filter_map(|(target, path)| Some((target, path.as_deref()?)))
}

fn unusable(path: &Path, problem: String) -> Error {
    Error::Document { path: path.to_owned(), problem }
}

/// The text of the document.
fn read(path: &Path) -> Result<String, Error> {
    let open = |source| Error::Open { path: path.to_owned(), source };
    let from: Box<dyn Read> = if path == Path::new(STANDARD) { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(open)?) };
    let mut bytes = Vec::new();
    from.take(limits::DOCUMENT_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(open)?;
    if u64::try_from(bytes.len()).is_ok_and(|size| size > limits::DOCUMENT_BYTES) {
        return Err(unusable(path, format!("longer than {} bytes: documents of that size are not read", limits::DOCUMENT_BYTES)));
    }
    String::from_utf8(bytes).map_err(|_| unusable(path, "no text: a protocol document is JSON, as -T json writes it".to_owned()))
}

fn parse(path: &Path, text: &str) -> Result<Document, Error> {
    let document: Document = serde_json::from_str(text).map_err(|problem| unusable(path, format!("not a protocol document: {problem}")))?;
    if document.document == DOCUMENT {
        Ok(document)
    } else {
        Err(unusable(path, format!("not a protocol document: it calls itself '{}'", document.document)))
    }
}

/// The protocol the user named, or the only one, by its place in the document.
fn protocol(args: &commands::Dissector, document: &Document) -> Result<usize, Error> {
    let mut found = document.protocols.iter().enumerate().filter(|(_, known)| args.protocol.as_ref().is_none_or(|id| *id == known.id));
    match (found.next(), found.next()) {
        (Some((place, _)), None) => Ok(place),
        _ if document.protocols.is_empty() => Err(unusable(&args.document, "it describes no protocol".to_owned())),
        (None, _) => Err(unusable(&args.document, format!("no such protocol; it describes {}", ids(document)))),
        _ => Err(unusable(&args.document, format!("several protocols: name one with --protocol ID, of {}", ids(document)))),
    }
}

fn ids(document: &Document) -> String {
    document.protocols.iter().map(|known| known.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// The input of the document that the capture was: told by its hash, or the only one.
fn input(document: &Document, capture: &Path) -> Result<String, String> {
    let hash = sha256(capture).map_err(|problem| format!("{}: {problem}", capture.display()))?;
    if let Some(same) = document.inputs.iter().find(|input| input.sha256.as_ref() == Some(&hash)) {
        return Ok(same.id.clone());
    }
    let known = document.inputs.iter().any(|input| input.sha256.is_some());
    match document.inputs.as_slice() {
        [only] if !known => Ok(only.id.clone()),
        _ => Err(format!("{}: the document was not made from this file", capture.display())),
    }
}

/// The hash of a file, in hex.
fn sha256(path: &Path) -> io::Result<String> {
    let (_, hash) = digest(path)?;
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
    Ok(hash.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

/// A translation with what came of trying it.
fn judged(export: Export, verdict: Option<&Verdict>) -> Export {
    let Some(verdict) = verdict else { return export };
    let covered = (Some(verdict.messages_share()), Some(verdict.tokens_share()));
    Export { verified: verdict.verified(), messages_covered: covered.0, tokens_covered: covered.1, ..export }
}

/// Writes the document with these exports, whole or not at all.
fn rewrite(path: &Path, text: &str, place: usize, old: &[Export], mut exports: Vec<Export>) -> anyhow::Result<()> {
    let others = old.iter().filter(|old| exports.iter().all(|new| new.target != old.target)).cloned().collect::<Vec<_>>();
    exports.extend(others);
    exports.sort_by_key(|export| export.target);
    let steps = [Step::Member("protocols"), Step::Element(place), Step::Member("grammar")];
    let new = splice::set(text, &steps, "exports", &serde_json::to_string(&exports)?);
    let new = new.ok_or_else(|| unusable(path, "its grammar is not where it was".to_owned()))?;
    let failed = |source| Error::Write { output: path.display().to_string(), source };
    replace(path, new.as_bytes()).map_err(failed)?;
    Ok(())
}

/// Puts a new file in the place of an old one, through a file beside it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create_new(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.set_permissions(fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    });
    if written.is_err() {
        // It may not have been made.
        _ = fs::remove_file(&beside);
    }
    written
}
