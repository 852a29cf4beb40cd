//! What the README says is so: its shell lines run, its limits are those of the program, its words name what exists.

use super::call::PROGRAM;
use ntp_sniff::limits::API_STORIES;
use ntp_sniff::limits::HTML_BYTES;
use ntp_sniff::limits::HTML_MESSAGE_BYTES;
use ntp_sniff::limits::HTML_PROTOCOLS_BYTES;
use ntp_sniff::limits::HTML_SESSIONS_BYTES;
use ntp_sniff::limits::HTTP_BODY_BYTES;
use ntp_sniff::limits::HTTP_BODY_RATIO;
use ntp_sniff::limits::HTTP_DECODERS;
use ntp_sniff::limits::HTTP_HEAD_BYTES;
use ntp_sniff::limits::HTTP_PIPELINE;
use ntp_sniff::limits::Limits;
use ntp_sniff::limits::METRICS_CONNECTIONS;
use ntp_sniff::limits::METRICS_PATIENCE;
use ntp_sniff::limits::METRICS_REQUEST_BYTES;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The blocks of the README that begin with exactly this line.
fn blocks(fence: &str) -> Vec<String> {
    let readme = fs::read_to_string("README.md").unwrap();
    let mut lines = readme.lines();
    let mut found = Vec::new();
    while lines.by_ref().any(|line| line == fence) {
        found.push(lines.by_ref().take_while(|line| *line != "```").collect::<Vec<_>>().join("\n"));
    }
    found
}

/// An empty folder with the captures in it, where the lines may leave what they write.
fn workplace() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("readme-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("captures"), folder.join("captures")).unwrap();
    folder
}

#[test]
fn shell_lines_run() {
    let has_jq = Command::new("jq").arg("--version").output().is_ok();
    assert!(has_jq || std::env::var_os("CI").is_none(), "jq is missing");
    let path = format!("{}:{}", Path::new(PROGRAM).parent().unwrap().display(), std::env::var("PATH").unwrap());
    let folder = workplace();
    let mut ran = 0;
    for line in blocks("```sh").iter().flat_map(|block| block.lines()).filter(|line| !line.starts_with('#')) {
        if line.contains("jq") && !has_jq {
            eprintln!("skipped, jq is missing: {line}");
            continue;
        }
        let mut bash = Command::new("bash");
        bash.args(["-o", "pipefail", "-c", line]).env("PATH", &path).current_dir(&folder);
        let output = bash.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{line}\n{} {said}", output.status);
        assert!(line.contains(" -o ") || output.stdout.contains(&b'\n'), "prints nothing: {line}");
        ran += 1;
    }
    assert!(ran > 5);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn there_is_one_test_command() {
    assert_eq!(blocks("```sh test-command").len(), 1);
    assert_eq!(blocks("```sh test-command")[0].lines().count(), 1);
}

#[test]
fn limits_are_those_of_the_program() {
    let readme = fs::read_to_string("README.md").unwrap();
    let row = |name: &str| readme.lines().find(|line| line.starts_with('|') && line.contains(&format!("`{name}`"))).unwrap().to_owned();
    let number = |value: usize| {
        let digits = value.to_string();
        digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap()).collect::<Vec<_>>().join(",")
    };
    let mebibytes = |value: usize| format!("{} MiB", value >> 20);
    let seconds = |life: Duration| format!("{} s", number(usize::try_from(life.as_secs()).unwrap()));
    let limits = Limits::default();
    for (name, value) in [
        ("record_bytes", number(limits.record_bytes)),
        ("unpack_bytes", mebibytes(limits.unpack_bytes)),
        ("output_bytes", mebibytes(limits.output_bytes)),
        ("held_output_bytes", mebibytes(limits.held_output_bytes)),
        ("saved_bytes", mebibytes(limits.saved_bytes)),
        ("connections", number(limits.connections)),
        ("pending_syns", number(limits.pending_syns)),
        ("pending_syn_life", seconds(limits.pending_syn_life)),
        ("idle", seconds(limits.idle)),
        ("held_bytes", mebibytes(limits.held_bytes)),
        ("held_segments", number(limits.held_segments)),
        ("hole_life", seconds(limits.hole_life)),
        ("window_bytes", mebibytes(limits.window_bytes)),
        ("sessions", number(limits.sessions)),
        ("datagrams", number(limits.datagrams)),
        ("fragment_bytes", mebibytes(limits.fragment_bytes)),
        ("fragment_life", seconds(limits.fragment_life)),
        ("facts", number(limits.facts)),
        ("document_services", number(limits.document_services)),
        ("document_sessions", number(limits.document_sessions)),
        ("document_turns", number(limits.document_turns)),
        ("document_bytes", mebibytes(limits.document_bytes)),
        ("document_bytes_in_all", mebibytes(limits.document_bytes_in_all)),
        ("document_idle", seconds(limits.document_idle)),
        ("tls_sessions", number(limits.tls_sessions)),
        ("tls_secrets", number(limits.tls_secrets)),
        ("tls_earlier_sessions", number(limits.tls_earlier_sessions)),
        ("tls_waiting_bytes", number(limits.tls_waiting_bytes)),
        ("tls_parked_bytes", mebibytes(limits.tls_parked_bytes)),
        ("tls_parked_bytes_in_all", mebibytes(limits.tls_parked_bytes_in_all)),
        ("tls_parked_life", seconds(limits.tls_parked_life)),
        ("tls_trial_bytes", mebibytes(usize::try_from(limits.tls_trial_bytes).unwrap())),
        ("syslog_lines", number(limits.syslog_lines)),
        ("syslog_bytes", mebibytes(limits.syslog_bytes)),
        ("syslog_line_bytes", number(limits.syslog_line_bytes)),
        ("metrics_connections", number(METRICS_CONNECTIONS)),
        ("metrics_request_bytes", number(METRICS_REQUEST_BYTES)),
        ("metrics_patience", seconds(METRICS_PATIENCE)),
        ("http_head_bytes", number(HTTP_HEAD_BYTES)),
        ("http_body_bytes", format!("{} GiB", HTTP_BODY_BYTES >> 30)),
        ("http_body_ratio", HTTP_BODY_RATIO.to_string()),
        ("http_decoders", number(HTTP_DECODERS)),
        ("http_pipeline", number(HTTP_PIPELINE)),
        ("api_stories", number(API_STORIES)),
        ("html_bytes", number(HTML_BYTES)),
        ("html_sessions_bytes", number(HTML_SESSIONS_BYTES)),
        ("html_protocols_bytes", number(HTML_PROTOCOLS_BYTES)),
        ("html_message_bytes", number(HTML_MESSAGE_BYTES)),
    ] {
        assert!(row(name).contains(&value), "{name} is {value}: {}", row(name));
    }
}

#[test]
fn records_named_are_those_of_the_schema() {
    let readme = fs::read_to_string("README.md").unwrap();
    let schema = ntp_sniff::report::jsonl::schema();
    let table = readme.split("| event | main fields |").nth(1).unwrap().split("\n\n").next().unwrap();
    let protocols = ["nessus_ntp", "nessus_otp", "nessus_api", "tls"];
    let words: Vec<&str> = table.split('`').skip(1).step_by(2).filter(|word| !protocols.contains(word)).collect();
    assert!(words.len() > 40);
    for word in words {
        assert!(schema.contains(word), "{word} is not in the schema");
    }
}
