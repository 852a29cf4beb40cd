//! Settings come from the command line, the environment and files, in this order; what is wrong in them is told with its place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a failed test is told by a panic, numbers of a test are small"
)]

#[path = "config/odd.rs"]
mod odd;
#[path = "config/stronger.rs"]
mod stronger;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");
const CAPTURE: &str = "captures/frank4dd.pcap";

/// An empty folder of one test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("config").join(name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file with settings.
fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// What a run said: exit code, standard output, standard error.
type Said = (Option<i32>, String, String);

/// Runs the program with a home of its own and these variables.
fn run(home: &Path, variables: &[(&str, &str)], args: &[&str]) -> Said {
    let mut command = Command::new(PROGRAM);
    command.args(args).env("XDG_CONFIG_HOME", home).env_remove("NTP_SNIFF_CONFIG").stdin(Stdio::null());
    let output = command.envs(variables.iter().copied()).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// The settings that count, without remarks.
#[track_caller]
fn settings(home: &Path, variables: &[(&str, &str)], args: &[&str]) -> BTreeSet<String> {
    let (code, printed, said) = run(home, variables, &[&["--print-config"], args].concat());
    assert_eq!((code, said.as_str()), (Some(0), ""), "{args:?}");
    printed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn lines(lines: &[&str]) -> BTreeSet<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

#[test]
fn the_strongest_place_counts() {
    let home = folder("precedence");
    let empty = folder("precedence-empty");
    file(&home, "ntp-sniff/config.toml", "threads = 4\napi-port = 4\nwidth = 104\nfocus = [\"10.4.0.0/16\", \"10.5.0.0/16\"]\n");
    let variables = [("NTP_SNIFF_API_PORT", "3"), ("NTP_SNIFF_WIDTH", "103"), ("NTP_SNIFF_FOCUS", "10.3.0.0/16,10.2.0.0/16")];
    let args = ["-r", "x", "--width", "101"];
    // Nothing, a file, the environment over it, the command line over both.
    assert_eq!(settings(&empty, &[], &["-r", "x"]), lines(&["read = [\"x\"]"]));
    let by_file = lines(&["api-port = [4]", "focus = [\"10.4.0.0/16\", \"10.5.0.0/16\"]", "read = [\"x\"]", "threads = 4", "width = 104"]);
    assert_eq!(settings(&home, &[], &["-r", "x"]), by_file);
    let by_variables =
        lines(&["api-port = [3]", "focus = [\"10.3.0.0/16\", \"10.2.0.0/16\"]", "read = [\"x\"]", "threads = 4", "width = 103"]);
    assert_eq!(settings(&home, &variables, &["-r", "x"]), by_variables);
    let by_args = lines(&["api-port = [3]", "focus = [\"10.3.0.0/16\", \"10.2.0.0/16\"]", "read = [\"x\"]", "threads = 4", "width = 101"]);
    assert_eq!(settings(&home, &variables, &args), by_args);
    // A named file stands alone; nothing but the command line.
    let named = file(&home, "named.toml", "threads = 5\n");
    assert_eq!(settings(&home, &[], &["-r", "x", "--config", &named]), lines(&["read = [\"x\"]", "threads = 5"]));
    assert_eq!(settings(&home, &[("NTP_SNIFF_CONFIG", &named)], &["-r", "x"]), lines(&["read = [\"x\"]", "threads = 5"]));
    assert_eq!(settings(&home, &variables, &["--no-config", "-r", "x"]), lines(&["read = [\"x\"]"]));
}

#[test]
fn a_switch_can_be_turned_off_again() {
    let home = folder("switches");
    file(&home, "ntp-sniff/config.toml", "verbose = true\nhex = false\n");
    assert_eq!(settings(&home, &[], &["-r", "x"]), lines(&["read = [\"x\"]", "verbose = true"]));
    assert_eq!(
        settings(&home, &[("NTP_SNIFF_VERBOSE", "no"), ("NTP_SNIFF_HEX", "on")], &["-r", "x"]),
        lines(&["hex = true", "read = [\"x\"]"])
    );
    assert_eq!(settings(&home, &[("NTP_SNIFF_VERBOSE", "")], &["-r", "x"]), lines(&["read = [\"x\"]", "verbose = true"]), "empty is unset");
}

#[test]
fn settings_do_what_the_options_do() {
    let home = folder("same");
    let config =
        file(&home, "x.toml", &format!("read = \"{CAPTURE}\"\nformat = \"jsonl\"\nexpression = \"host 172.20.1.101\"\npayload = true\n"));
    let by_file = run(&home, &[], &["--config", &config]);
    assert_eq!(by_file, run(&home, &[], &["-r", CAPTURE, "-T", "jsonl", "--payload", "host", "172.20.1.101"]));
    let variables = [
        ("NTP_SNIFF_READ", CAPTURE),
        ("NTP_SNIFF_FORMAT", "jsonl"),
        ("NTP_SNIFF_EXPRESSION", "host 172.20.1.101"),
        ("NTP_SNIFF_PAYLOAD", "1"),
    ];
    assert_eq!(by_file, run(&home, &variables, &[]));
    assert!(by_file.0 == Some(0) && by_file.1.lines().count() > 10);
}

#[test]
fn a_run_on_files_leaves_the_sensors_outputs_alone() {
    let home = folder("other-run");
    let sensor = "interface = [\"eth1\"]\nstats-interval = \"10s\"\nfocus = \"10.0.0.0/8\"\noutput = \"events.jsonl\"\nstate = \"facts.db\"\n\
                  write = \"x.pcapng\"\nrotate-interval = \"1d\"\nuser = \"nobody\"\nsyslog = \"udp://192.0.2.1\"\nsyslog-format = \"cef\"\n";
    file(&home, "ntp-sniff/config.toml", sensor);
    assert_eq!(settings(&home, &[], &["-r", "x"]), lines(&["focus = [\"10.0.0.0/8\"]", "read = [\"x\"]"]));
    assert!(settings(&home, &[], &["-i", "eth2"]).is_superset(&lines(&[
        "interface = [\"eth2\"]",
        "output = \"events.jsonl\"",
        "user = \"nobody\""
    ])));
    // What cannot stand beside a stronger setting gives way.
    assert_eq!(settings(&home, &[], &["-r", "x", "--explain", "10.0.0.1,10.0.0.2,22"]).len(), 3);
    // Also where it is the command line of the sensor that names the interface: its files stay its own.
    file(&home, "ntp-sniff/config.toml", "format = \"jsonl\"\noutput = \"events.jsonl\"\nstate = \"facts.db\"\nwatch = true\n");
    assert_eq!(settings(&home, &[], &["-r", "x"]), lines(&["format = \"jsonl\"", "read = [\"x\"]"]));
    assert!(settings(&home, &[], &["-i", "eth1"]).contains("output = \"events.jsonl\""));
    // What is about interfaces means nothing without one.
    file(&home, "ntp-sniff/config.toml", "snaplen = 128\nuser = \"nobody\"\n");
    assert_eq!(settings(&home, &[], &["-r", "x"]), lines(&["read = [\"x\"]"]));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let home = folder("wrong");
    for (text, wanted) in [
        ("\n\nfocsu = \"10.0.0.0/8\"\n", ":3: there is no option 'focsu'; the nearest is 'focus'"),
        ("ntp_port = 1241\n", ":1: there is no option 'ntp_port'; the nearest is 'ntp-port'"),
        ("verbose = true\n[output]\npath = 1\n", ":2: output wants text in quotes"),
        ("verbose = \"yes\"\n", ":1: verbose wants true or false"),
        ("count = \"10\"\n", ":1: count wants a number without quotes"),
        ("count = 1.5\n", ":1: count wants a number without quotes"),
        ("threads = \"two\"\n", ":1: threads wants a number without quotes"),
        ("api-port = [8834, \"x\"]\n", ":1: api-port wants a number without quotes, or a list [..] of that"),
        ("output = [\"a\"]\n", ":1: output wants text in quotes"),
        ("# fine\nfocus = [\n  \"10.0.0.0/99\",\n]\n", ":2: invalid value '10.0.0.0/99' for '--focus <NET>': "),
        ("color = \"blue\"\n", ":1: invalid value 'blue' for '--color <WHEN>' [possible values: auto, always, never]"),
        ("count = 0\n", ":1: invalid value '0' for '--count <N>': "),
        ("focus = \"a\"\nfocus = \"b\"\n", ":2: duplicate key"),
        ("\nread = \n", ":2: "),
        ("version = true\n", ":1: there is no option 'version'"),
        ("config = \"x\"\n", ":1: there is no option 'config'"),
    ] {
        let config = file(&home, "wrong.toml", text);
        let (code, printed, said) = run(&home, &[], &["-r", CAPTURE, "--config", &config]);
        assert_eq!((code, printed.as_str(), said.lines().count()), (Some(2), "", 1), "{text}: {said}");
        assert!(said.starts_with(&format!("ntp-sniff: {config}{wanted}")), "{text}: {said}");
    }
}

#[test]
fn wrong_variables_are_told_and_unknown_ones_passed_over() {
    let home = folder("variables");
    for (name, value, wanted) in [
        ("NTP_SNIFF_COUNT", "ten", "ntp-sniff: NTP_SNIFF_COUNT: invalid value 'ten' for '--count <N>'"),
        ("NTP_SNIFF_VERBOSE", "maybe", "ntp-sniff: NTP_SNIFF_VERBOSE wants true or false"),
    ] {
        let (code, printed, said) = run(&home, &[(name, value)], &["-r", CAPTURE]);
        assert!(code == Some(2) && printed.is_empty() && said.starts_with(wanted), "{code:?} {said}");
    }
    let (code, _, said) = run(&home, &[("NTP_SNIFF_FOCSU", "x")], &["-r", CAPTURE]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "ntp-sniff: NTP_SNIFF_FOCSU: passed over, there is no such option; the nearest is NTP_SNIFF_FOCUS\n")
    );
    assert_eq!(run(&home, &[("NTP_SNIFF_FOCSU", "x")], &["-q", "-r", CAPTURE]).2, "");
}

#[test]
fn what_clashes_in_a_file_names_the_file() {
    let home = folder("clash");
    let config = file(&home, "clash.toml", "read = \"x\"\ninterface = \"lo\"\n");
    let (code, _, said) = run(&home, &[], &["--config", &config]);
    assert!(code == Some(2) && said.contains(&format!("interface ({config}:2), read ({config}:1); --no-config goes without")), "{said}");
}

#[test]
fn a_wrong_command_line_is_told_as_ever() {
    let home = folder("wrong-line");
    file(&home, "ntp-sniff/config.toml", "threads = 4\n");
    for args in
        [&["-r", "x", "--threads", "no"][..], &["--nonsense"], &["-r"], &["--focus", "x", "-q"], &["facts"], &["-r", "x", "-i", "lo"]]
    {
        let (code, printed, said) = run(&home, &[], args);
        assert!(code == Some(2) && printed.is_empty() && said.starts_with("error: "), "{args:?}: {said}");
    }
}

#[test]
fn subcommands_and_the_version_do_not_look() {
    let home = folder("subcommands");
    let config = file(&home, "ntp-sniff/config.toml", "nonsense\n");
    for args in [&["schema"][..], &["-V"], &["man"], &["facts", CAPTURE], &["--help"]] {
        let (code, printed, said) = run(&home, &[("NTP_SNIFF_CONFIG", &config)], args);
        assert!(code == Some(0) && !printed.is_empty() && said.is_empty(), "{args:?}: {said}");
    }
}

/// A value for every option, as TOML; with the other input, what cannot stand beside the first.
const EVERYTHING: [&[&str]; 3] = [
    &[
        "interface = [\"eth1\", \"any\"]",
        "duration = \"10m\"",
        "snaplen = 128",
        "no-promiscuous = true",
        "buffer = 8",
        "kernel-filter = \"auto\"",
        "stats-interval = \"0s\"",
        "fail-on-loss = true",
        "user = \"nobody\"",
        "no-sandbox = true",
        "output = 'events \"1\".jsonl'",
        "write = \"x.pcapng\"",
        "rotate-size = \"100M\"",
        "rotate-interval = \"1d\"",
        "keep = 3",
        "format = \"jsonl\"",
        "payload = true",
        "fields = \"ecs\"",
        "metrics = \"127.0.0.1:9241\"",
        "watch = true",
        "syslog = \"udp://192.0.2.1\"",
        "syslog-format = \"cef\"",
        "quiet = true",
        "focus = [\"10.0.0.0/8\", \"fd00::/8\"]",
        "exclude = [\"10.1.0.0/16\"]",
        "record-at = \"data\"",
        "state = \"facts.db\"",
        "lifetime = \"30d\"",
        "keylog = [\"keys.log\"]",
        "expression = \"tcp port 1241 and not host 10.0.0.1\"",
    ],
    &[
        "read = [\"a,b.pcap\", \"-\"]",
        "count = 10",
        "threads = 1",
        "verify-checksum = true",
        "show = [\"timeline\", \"summary\"]",
        "verbose = true",
        "hex = true",
        "reveal-secrets = true",
        "color = \"never\"",
        "width = 132",
        "ntp-port = [1241, 1242]",
        "api-port = [443]",
        "rsa-key = [\"nessusd.pem\"]",
        "document = [\"9999\", \"all\"]",
        "no-dissectors = true",
        "explain = \"10.0.0.1,10.0.0.2,22\"",
        "expression = \"host 10.0.0.1\"",
    ],
    &["read = [\"x\"]", "format = \"json\"", "redact = \"data\""],
];

#[test]
fn what_is_printed_says_the_same_again() {
    let home = folder("round-trip");
    let mut named: BTreeSet<String> = BTreeSet::new();
    for (number, everything) in EVERYTHING.iter().enumerate() {
        let config = file(&home, &format!("{number}.toml"), &everything.join("\n"));
        let (code, printed, said) = run(&home, &[], &["--print-config", "--config", &config]);
        assert_eq!((code, said.as_str()), (Some(0), ""));
        assert_eq!(settings(&home, &[], &["--config", &config]), lines(everything));
        let again = file(&home, &format!("{number}-again.toml"), &printed);
        assert_eq!(run(&home, &[], &["--print-config", "--config", &again]), (Some(0), printed, String::new()));
        named.extend(everything.iter().map(|line| line.split(" = ").next().unwrap().to_owned()));
    }
    // Every option there is was tried, and stands in what is printed.
    let (_, printed, _) = run(&home, &[], &["--print-config", "--no-config"]);
    let options: BTreeSet<String> =
        printed.lines().filter_map(|line| line.strip_prefix('#')?.split_once(" = ")).map(|(name, _)| name.to_owned()).collect();
    let tried = |name: &&String| !named.contains(*name);
    assert_eq!(options.iter().filter(tried).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(options.len() > 40, "{options:?}");
}
