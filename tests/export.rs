//! Promise: the scan report rebuilt from the wire is the real client's own, line for line, and right where that one is wrong.
//!
//! The captures lie beside the repository, in `../shared/captures`. A clone without them skips these tests and says so;
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

use roxmltree::Document;
use roxmltree::Node;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

/// Captures of a scan with the real client's NBE beside them; 63 and 64 hold packets damaged on the wire.
const SCANS: [&str; 14] = [
    "04_scan_full_7000_plugins",
    "05_scan_lab_3hosts",
    "22_small_session",
    "60_wire_loss5",
    "61_wire_reorder",
    "62_wire_duplicate",
    "63_wire_corrupt",
    "64_wire_everything",
    "65_mss100",
    "67_sll2_any",
    "68_sll_any",
    "69_nanosecond",
    "71_gso_superpackets",
    "72_loopback_lo",
];

/// What the real client makes of a text with separators in it: it takes the second piece for the plugin and loses the rest.
const CLIENT: &str = "|http-alt (8080/tcp)|separator inside the text|Security Hole|proxy";

/// The same finding as the server sent it.
const OURS: &str = r"|http-alt (8080/tcp)|99004|Security Hole|proxy <|> separator inside the text <|> SERVER\nBID : 9506\n";

/// The same scan inside TLS, each with its key log; and what else opens it: `rsa` the server's private key, `dsb` the secrets in a
/// capture with the same name behind it.
#[cfg(feature = "tls")]
const SCANS_IN_TLS: [(&str, &[&str]); 15] = [
    ("30_tls10_rsa_3des", &["rsa"]),
    ("31_tls10_rsa_rc4", &["rsa"]),
    ("32_tls10_rsa_aes128_etm", &["rsa", "dsb"]),
    ("33_tls10_rsa_aes256_noetm", &["rsa"]),
    ("34_sslv3_rsa_rc4md5", &["rsa"]),
    ("35_sslv3_rsa_3des", &["rsa"]),
    ("36_tls10_rsa_null", &["rsa"]),
    ("37_tls11_rsa_aes128", &["rsa"]),
    ("38_tls12_rsa_aes128gcm", &["rsa"]),
    ("39_tls12_rsa_aes256cbc_sha256", &["rsa"]),
    ("40_tls12_ecdhe_aes128gcm", &["dsb"]),
    ("41_tls12_ecdhe_chacha", &[]),
    ("42_tls13_aes256gcm", &[]),
    ("43_tls13_chacha", &[]),
    ("44_tls13_default", &["dsb"]),
];

/// What stands before the text of the finding that the real client loses whole: its line has more than the 16,383 bytes the
/// client reads at once.
const LONG: &str = "|sunrpc (111/tcp)|99007|Security Warning|share 0 : /export/home/user0 is world readable\\n";

/// The folder of reference captures, or nothing, said, on a user's clone.
fn reference() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/ntp");
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", path.display());
    eprintln!("skipped: {} is not here", path.display());
    None
}

/// Runs `export` on captures.
fn export(folder: &Path, names: &[&str], options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ntp-sniff"));
    command.arg("export");
    for name in names {
        command.arg("-r").arg(folder.join(format!("{name}.pcap")));
    }
    if names.iter().any(|name| name.starts_with("63") || name.starts_with("64")) {
        command.arg("--verify-checksum");
    }
    command.args(options).output().unwrap()
}

/// What it writes to standard output.
fn written(folder: &Path, names: &[&str], options: &[&str]) -> String {
    let run = export(folder, names, options);
    assert!(run.status.success() && run.stderr.is_empty(), "{names:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// The real client's own lines.
fn client(folder: &Path, name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.nbe"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn elements<'d>(document: &'d Document<'_>, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
    document.descendants().filter(move |node| node.has_tag_name(name))
}

/// How many lines of a report are ports and findings, and how many findings alone.
fn results(nbe: &str) -> (usize, usize) {
    let results = nbe.lines().filter(|line| line.starts_with("results|"));
    (results.clone().count(), results.filter(|line| line.split('|').count() > 4).count())
}

#[test]
fn the_nbe_is_the_real_clients_and_right_where_it_is_wrong() {
    let Some(folder) = reference() else { return };
    for name in SCANS {
        let nbe = written(&folder, &[name], &[]);
        let theirs = client(&folder, name);
        let hosts = if name.starts_with("05") { 2 } else { 1 };
        assert_eq!(theirs.iter().filter(|line| line.ends_with(CLIENT)).count(), hosts, "{name}");
        assert_eq!(nbe.lines().filter(|line| line.ends_with(OURS)).count(), hosts, "{name}");
        // The two lines side by side: the same place, host and port, and what the server really said.
        let corrected: Vec<String> = theirs.iter().map(|line| line.replace(CLIENT, OURS)).collect();
        let (long, ours): (Vec<&str>, Vec<&str>) = nbe.lines().partition(|line| line.contains(LONG));
        assert_eq!(ours.iter().copied().collect::<BTreeSet<_>>(), corrected.iter().map(String::as_str).collect(), "{name}");
        // And more: the order is the same, and so is what stands twice.
        assert_eq!(ours, corrected, "{name}");
        assert_eq!(long.len(), if name.starts_with("05") { 3 } else { 1 }, "{name}");
        assert!(long.iter().all(|line| line.len() > 16_383 && line.ends_with(r"user399 is world readable\n\n")), "{name}");
        assert!(!theirs.iter().any(|line| line.contains("99007")), "{name}");
    }
}

/// A copy of a file with secrets that only its owner can read: of others the program warns.
#[cfg(feature = "tls")]
fn private(path: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("export-{}", path.file_name().unwrap().to_str().unwrap()));
    let _ = std::fs::remove_file(&copy);
    std::fs::copy(path, &copy).unwrap();
    std::fs::set_permissions(&copy, std::fs::Permissions::from_mode(0o600)).unwrap();
    copy.to_str().unwrap().to_owned()
}

#[cfg(feature = "tls")]
#[test]
fn the_nbe_of_a_scan_inside_tls_is_the_real_clients() {
    let Some(folder) = reference() else { return };
    let key = private(&folder.join("server_rsa_private.key"));
    let mut compared = 0;
    for (name, others) in SCANS_IN_TLS {
        let log = private(&folder.join(format!("{name}.keylog")));
        let theirs: Vec<String> = client(&folder, name).iter().map(|line| line.replace(CLIENT, OURS)).collect();
        let mut ways = vec![written(&folder, &[name], &["--keylog", &log])];
        if others.contains(&"rsa") {
            ways.push(written(&folder, &[name], &["--rsa-key", &key]));
        }
        if others.contains(&"dsb") {
            let capture = folder.join(format!("{name}_dsb.pcapng"));
            let run = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(["export", "-r"]).arg(capture).output().unwrap();
            assert!(run.status.success() && run.stderr.is_empty(), "{name}");
            ways.push(String::from_utf8(run.stdout).unwrap());
        }
        for nbe in ways {
            let (endless, ours): (Vec<&str>, Vec<&str>) = nbe.lines().partition(|line| line.contains(LONG));
            assert_eq!(ours, theirs, "{name}");
            assert_eq!(endless.len(), 1, "{name}");
            compared += 1;
        }
    }
    assert_eq!(compared, 15 + 10 + 3);
}

#[test]
fn the_two_lines_side_by_side() {
    let Some(folder) = reference() else { return };
    let theirs = client(&folder, "22_small_session");
    let nbe = written(&folder, &["22_small_session"], &["--nbe", "-"]);
    let of = |lines: &[&str]| lines.iter().find(|line| line.contains("|http-alt (8080/tcp)|")).map(|line| (*line).to_owned());
    let theirs: Vec<&str> = theirs.iter().map(String::as_str).collect();
    let sides = [of(&theirs), of(&nbe.lines().collect::<Vec<_>>())].map(Option::unwrap);
    assert_eq!(
        sides,
        [
            r"results|192.168.11|192.168.11.20|http-alt (8080/tcp)|separator inside the text|Security Hole|proxy",
            r"results|192.168.11|192.168.11.20|http-alt (8080/tcp)|99004|Security Hole|proxy <|> separator inside the text <|> SERVER\nBID : 9506\n",
        ]
    );
}

#[test]
fn of_a_capture_cut_at_128_bytes_only_what_is_complete_is_reported() {
    let Some(folder) = reference() else { return };
    let name = "70_snaplen128";
    let nbe = written(&folder, &[name], &[]);
    let theirs = client(&folder, name);
    assert!(nbe.lines().all(|line| theirs.iter().any(|other| other == line)), "nothing is invented: {nbe}");
    // 62 bytes of payload are left of each frame: one line of the scan fits, all others lack their end.
    assert_eq!(nbe, "results|192.168.11|192.168.11.20|ssh (22/tcp)\n");
}

#[test]
fn lost_bytes_take_their_findings_and_no_others() {
    let Some(folder) = reference() else { return };
    let whole = written(&folder, &["22_small_session"], &[]);
    for (name, lines) in [("82_off_midsession", 29), ("83_off_gap", 29), ("84_off_server_side_only", 29), ("85_off_client_side_only", 0)] {
        let nbe = written(&folder, &[name], &[]);
        assert_eq!(nbe.lines().count(), lines, "{name}");
        assert!(nbe.is_empty() || nbe == whole, "{name}");
    }
    // Without its large packets the scan lacks what was in them: the long finding, and the two that went with it.
    let less = written(&folder, &["22_small_session"], &["less", "1000"]);
    let (kept, lost): (Vec<&str>, Vec<&str>) = whole.lines().partition(|line| less.lines().any(|other| other == *line));
    assert_eq!(less.lines().collect::<Vec<_>>(), kept);
    let services: Vec<&str> = lost.iter().filter_map(|line| line.split('|').nth(3)).collect();
    assert_eq!(services, ["domain (53/udp)", "netbus (12345/tcp)", "sunrpc (111/tcp)"]);
}

#[test]
fn the_nessus_file_is_well_formed_and_says_the_same() {
    let Some(folder) = reference() else { return };
    for name in SCANS.into_iter().chain(["70_snaplen128"]) {
        let nbe = written(&folder, &[name], &[]);
        let xml = written(&folder, &[name], &["--nessus", "-"]);
        let document = Document::parse(&xml).unwrap();
        assert!(document.root_element().has_tag_name("NessusClientData_v2"));
        let (items, findings) = results(&nbe);
        assert_eq!(elements(&document, "ReportItem").count(), items, "{name}");
        assert_eq!(elements(&document, "plugin_output").count(), findings, "{name}");
        // Text by text: these clients all asked for escapes, so each text, escaped again, is the one on the wire.
        let text = |node: Node<'_, '_>| node.text().unwrap().replace('\\', r"\\").replace('\n', r"\n").replace('\r', r"\r");
        let mut ours: Vec<String> = elements(&document, "plugin_output").map(text).collect();
        let of_line = |line: &str| line.splitn(7, '|').nth(6).map(str::to_owned);
        let mut wire: Vec<String> = nbe.lines().filter(|line| line.starts_with("results|")).filter_map(of_line).collect();
        ours.sort();
        wire.sort();
        assert_eq!(ours, wire, "{name}");
    }
}

#[test]
fn an_item_has_what_the_plugin_list_says() {
    let Some(folder) = reference() else { return };
    let xml = written(&folder, &["22_small_session"], &["--nessus", "-"]);
    let document = Document::parse(&xml).unwrap();
    let hole = elements(&document, "ReportItem").find(|item| item.attribute("pluginID") == Some("99003")).unwrap();
    let attributes: Vec<(&str, &str)> = hole.attributes().map(|attribute| (attribute.name(), attribute.value())).collect();
    assert_eq!(
        attributes,
        [
            ("port", "21"),
            ("svc_name", "ftp"),
            ("protocol", "tcp"),
            ("severity", "3"),
            ("pluginID", "99003"),
            ("pluginName", "Lab FTP backdoor"),
            ("pluginFamily", "FTP")
        ]
    );
    let children: Vec<(&str, &str)> =
        hole.children().filter(Node::is_element).map(|node| (node.tag_name().name(), node.text().unwrap())).collect();
    assert_eq!(
        children[..6],
        [
            ("cve", "CVE-1999-0452"),
            ("cve", "CVE-2001-0053"),
            ("bid", "2124"),
            ("bid", "7825"),
            ("xref", "OSVDB:4242"),
            ("xref", "IAVA:2001-b-0004")
        ]
    );
    assert!(children[6].1.starts_with("\nThe remote FTP server has a backdoor :\nit answers to the user 'lab' without <password>.\n"));
    let tags: Vec<(&str, &str)> = elements(&document, "tag").map(|tag| (tag.attribute("name").unwrap(), tag.text().unwrap())).collect();
    assert_eq!(tags, [("HOST_START", "Sat Nov 21 23:16:53 2026"), ("HOST_END", "Sat Nov 21 23:16:55 2026"), ("host-ip", "192.168.11.20")]);
    assert_eq!(elements(&document, "value").next().unwrap().text(), Some("192.168.11.20"));
    let name = elements(&document, "Report").next().unwrap().attribute("name").unwrap();
    assert_eq!(name, "flow 1, scan 1: renaud from 192.168.11.12 at 192.168.11.8:1241");
}

/// A report: its flow and scan, how many ports and findings it has, and how many findings alone.
type Counts = (&'static str, usize, usize);

/// The same of each report of a file.
fn reports(xml: &str) -> Vec<(String, usize, usize)> {
    let document = Document::parse(xml).unwrap();
    let count = |report: Node<'_, '_>, name: &str| report.descendants().filter(|node| node.has_tag_name(name)).count();
    let head = |report: Node<'_, '_>| report.attribute("name").unwrap().split(':').next().unwrap().to_owned();
    elements(&document, "Report").map(|report| (head(report), count(report, "ReportItem"), count(report, "plugin_output"))).collect()
}

#[test]
fn several_scans_are_several_reports_in_the_order_in_which_they_began() {
    let Some(folder) = reference() else { return };
    let cases: [(&[&str], [Counts; 2]); 5] = [
        (&["13_fast_login"], [("flow 1, scan 1", 26, 17), ("flow 1, scan 2", 6, 6)]),
        (&["17_sessions"], [("flow 1, scan 1", 26, 17), ("flow 2, scan 1", 26, 17)]),
        (&["19_rules_errors"], [("flow 1, scan 1", 9, 0), ("flow 1, scan 2", 26, 17)]),
        (&["89_off_port_reuse"], [("flow 1, scan 1", 25, 16), ("flow 2, scan 1", 25, 16)]),
        (&["15_stop_attack", "22_small_session"], [("flow 1, scan 1", 16, 6), ("flow 2, scan 1", 25, 16)]),
    ];
    for (names, expected) in cases {
        let nbe = written(&folder, names, &[]);
        let found = reports(&written(&folder, names, &["--nessus", "-"]));
        assert_eq!(found, expected.map(|(name, items, findings)| (name.to_owned(), items, findings)), "{names:?}");
        assert_eq!(results(&nbe), (expected[0].1 + expected[1].1, expected[0].2 + expected[1].2), "{names:?}");
        // Their lines follow each other: each scan begins with its start and ends with its end.
        let of_scans: Vec<&str> =
            nbe.lines().filter_map(|line| line.strip_prefix("timestamps|||")).filter_map(|rest| rest.split('|').next()).collect();
        assert_eq!(of_scans, ["scan_start", "scan_end", "scan_start", "scan_end"], "{names:?}");
    }
}

#[test]
fn both_files_are_written_the_same_each_time_and_hold_no_password() {
    let Some(folder) = reference() else { return };
    let written = |round: &str| {
        let path = |end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("export-{round}.{end}"));
        let (nbe, nessus) = (path("nbe"), path("nessus"));
        let options = ["--nbe", nbe.to_str().unwrap(), "--nessus", nessus.to_str().unwrap()];
        let run = export(&folder, &["05_scan_lab_3hosts"], &options);
        assert!(run.status.success() && run.stdout.is_empty());
        [nbe, nessus].map(|path| std::fs::read_to_string(path).unwrap())
    };
    let first = written("first");
    assert_eq!(first, written("second"));
    // The password of the laboratory's users.
    assert!(first.iter().all(|text| !text.is_empty() && !text.contains("s3cr3t")));
}

#[test]
fn what_cannot_be_done_is_said() {
    let Some(folder) = reference() else { return };
    let name = "22_small_session";
    let both = export(&folder, &[name], &["--nbe", "-", "--nessus", "-"]);
    assert_eq!((both.status.code(), both.stdout.is_empty()), (Some(2), true));
    let nowhere = export(&folder, &[name], &["--nbe", "/nonexistent/report.nbe"]);
    assert_eq!(nowhere.status.code(), Some(1));
    let none = export(&folder, &[name], &["host", "192.0.2.1"]);
    assert_eq!((none.status.code(), none.stdout.is_empty()), (Some(0), true));
    assert_eq!(String::from_utf8(none.stderr).unwrap(), "ntp-sniff: no scan was seen\n");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-copy.pcap");
    std::fs::copy(folder.join(format!("{name}.pcap")), &copy).unwrap();
    let itself = copy.to_str().unwrap();
    let over = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).args(["export", "-r", itself, "--nessus", itself]).output().unwrap();
    assert_eq!(over.status.code(), Some(1));
    assert!(std::fs::metadata(&copy).unwrap().len() > 400_000, "the capture is still there");
    let missing = export(&folder, &["no_such_capture"], &[]);
    assert_eq!(missing.status.code(), Some(1));
}
