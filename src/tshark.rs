//! An installed tshark, run on a capture file with a dissector of ours; never on the network.

use ntp_sniff::grammar::Description;
use ntp_sniff::grammar::Verified;
use ntp_sniff::report::dissector;
use ntp_sniff::report::dissector::verify;
use ntp_sniff::report::dissector::verify::Verdict;
use ntp_sniff::report::document::model::Document;
use std::ffi::OsString;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

/// Bytes of what tshark complains about that are repeated.
const COMPLAINT: usize = 300;

/// A folder of our own that goes when it is let go.
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        let free = |number: u32| {
            let path = std::env::temp_dir().join(format!("ntp-sniff-{}-{number}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => None,
                made => Some(made.map(|()| Self(path))),
            }
        };
        (0..100).find_map(free).unwrap_or_else(|| Err(io::ErrorKind::AlreadyExists.into()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody is left to hear that it stays.
        _ = fs::remove_dir_all(&self.0);
    }
}

/// What tshark is run with.
struct Run<'a> {
    document: &'a Document,
    description: &'a Description,
    input: &'a str,
    capture: &'a Path,
    filter: String,
    folder: Folder,
}

/// Lets tshark read the capture with the dissector, and compares what it says with the document.
///
/// # Errors
///
/// One line for people: there is no tshark, it failed, or it did not take the dissector.
pub(crate) fn compare(document: &Document, description: &Description, input: &str, lua: &str, capture: &Path) -> Result<Verdict, String> {
    let folder = Folder::new().map_err(|problem| format!("no folder for tshark: {problem}"))?;
    let run = Run { document, description, input, capture, filter: dissector::filter(description), folder };
    let script = run.script();
    fs::write(&script, lua).map_err(|problem| format!("{}: {problem}", script.display()))?;
    let verdict = run.once(true)?;
    if verdict.verified() == Verified::RoundTrip {
        return Ok(verdict);
    }
    // A tshark that puts packets in order waits behind a lost one for ever.
    let other = run.once(false)?;
    let covered = |verdict: &Verdict| (verdict.messages_covered, verdict.tokens_covered);
    Ok(if covered(&other) > covered(&verdict) { other } else { verdict })
}

impl Run<'_> {
    fn script(&self) -> PathBuf {
        self.folder.0.join("dissector.lua")
    }

    /// Runs it, putting packets in order or not.
    fn once(&self, in_order: bool) -> Result<Verdict, String> {
        let complaints = self.folder.0.join("complaints");
        let said = File::create(&complaints).map_err(|problem| format!("{}: {problem}", complaints.display()))?;
        let order = format!("tcp.reassemble_out_of_order:{}", if in_order { "TRUE" } else { "FALSE" });
        let mut child = with_script(Command::new("tshark"), &self.folder.0, &self.script())
            .args(["-o", "tcp.desegment_tcp_streams:TRUE", "-o", &order, "-T", "pdml", "-J", &format!("geninfo {}", self.filter), "-r"])
            .arg(self.capture)
            .stdout(Stdio::piped())
            .stderr(said)
            .spawn()
            .map_err(|problem| no_tshark(&problem))?;
        let compared = |pdml| verify::compare(self.document, &self.description.id, self.input, &self.filter, pdml);
        let verdict = child.stdout.take().map(compared);
        let status = child.wait().map_err(|problem| format!("tshark: {problem}"))?;
        let complaint = || told(&fs::read(&complaints).unwrap_or_default());
        match verdict {
            Some(Err(problem)) => Err(format!("what tshark says cannot be read: {problem}: {}", complaint())),
            None => Err("tshark says nothing".to_owned()),
            Some(Ok(_)) if !status.success() => Err(format!("tshark ended with {status}: {}", complaint())),
            Some(Ok(verdict))
                if verdict.messages_covered == 0 && verdict.beyond == 0 && !knows(&self.folder.0, &self.script(), &self.filter) =>
            {
                Err(format!(
                    "this tshark does not take the dissector; some builds have no Lua, or run no scripts for root: {}",
                    complaint()
                ))
            }
            Some(Ok(verdict)) => Ok(verdict),
        }
    }
}

/// Gives tshark the dissector, and takes away the user's own settings and plugins.
fn with_script(mut tshark: Command, folder: &Path, script: &Path) -> Command {
    let mut lua = OsString::from("lua_script:");
    lua.push(script);
    tshark.env("WIRESHARK_CONFIG_DIR", folder).env("HOME", folder).stdin(Stdio::null()).arg("-n").arg("-X").arg(lua);
    tshark
}

/// Whether tshark has the dissector.
fn knows(folder: &Path, script: &Path, filter: &str) -> bool {
    // tshark wants -G before all else.
    let mut list = Command::new("tshark");
    list.args(["-G", "protocols"]);
    let listed = with_script(list, folder, script).stderr(Stdio::null()).output();
    listed.is_ok_and(|listed| String::from_utf8_lossy(&listed.stdout).lines().any(|line| line.split('\t').nth(2) == Some(filter)))
}

fn no_tshark(problem: &io::Error) -> String {
    match problem.kind() {
        io::ErrorKind::NotFound => "tshark is not installed: it comes with Wireshark (Debian: apt install tshark)".to_owned(),
        _ => format!("tshark cannot be run: {problem}"),
    }
}

/// What tshark complained about, on one line.
fn told(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    // That is no complaint about the dissector.
    let lines = text.lines().filter(|line| !line.starts_with("Running as user"));
    lines.collect::<Vec<_>>().join("; ").chars().take(COMPLAINT).collect()
}
