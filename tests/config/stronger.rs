//! A weaker place gives way: where files are named, where a switch is turned off, and where options clash that clap does not know to.

use super::CAPTURE;
use super::file;
use super::folder;
use super::lines;
use super::run;
use super::settings;

#[test]
fn files_that_are_named_are_read_whole_and_keep_their_secrets() {
    let home = folder("one-off");
    let config = file(&home, "ntp-sniff/config.toml", "expression = \"tcp port 9\"\ncount = 1\nreveal-secrets = true\nwidth = 90\n");
    assert_eq!(settings(&home, &[], &["-r", "x"]), lines(&["read = [\"x\"]", "width = 90"]));
    let (_, plain, _) = run(&home, &[], &["--no-config", "-r", CAPTURE, "-T", "jsonl"]);
    assert_eq!(run(&home, &[], &["-r", CAPTURE, "-T", "jsonl"]), (Some(0), plain, String::new()));
    // Whoever names the configuration file knows what is in it.
    assert!(settings(&home, &[], &["-r", "x", "--config", &config]).is_superset(&lines(&["count = 1", "reveal-secrets = true"])));
    assert_eq!(run(&home, &[], &["-r", CAPTURE, "--config", &config]).2, "");
    // Also where the environment names the files, and not where the file does itself.
    assert_eq!(settings(&home, &[("NTP_SNIFF_READ", "x")], &[]), lines(&["read = [\"x\"]", "width = 90"]));
    assert!(settings(&home, &[], &["-i", "lo"]).contains("reveal-secrets = true"));
    file(&home, "ntp-sniff/config.toml", &format!("read = \"{CAPTURE}\"\ncount = 1\n"));
    assert!(settings(&home, &[], &[]).contains("count = 1"));
    assert_eq!(run(&home, &[], &[]).2, "", "nobody but the file names files: {config}");
}

#[test]
fn settings_that_change_what_is_told_of_named_files_are_said() {
    let home = folder("said");
    let config = file(&home, "ntp-sniff/config.toml", "focus = \"10.0.0.0/8\"\nwidth = 90\nexclude = \"10.9.0.0/16\"\n");
    let said = format!("exclude ({config}:3), focus ({config}:1); --no-config goes without\n");
    assert_eq!(run(&home, &[], &["-r", CAPTURE]).2, format!("ntp-sniff: settings change what is told: {said}"));
    let variables = [("NTP_SNIFF_COUNT", "3"), ("NTP_SNIFF_REVEAL_SECRETS", "1")];
    let (_, printed, by_variables) =
        run(&home, &variables, &["-r", CAPTURE, "--focus", "10.1.0.0/16", "--exclude", "10.2.0.0/16", "-T", "jsonl"]);
    assert_eq!(
        by_variables,
        "ntp-sniff: settings change what is told: count (NTP_SNIFF_COUNT), reveal-secrets (NTP_SNIFF_REVEAL_SECRETS); --no-config goes without\n"
    );
    assert!(printed.contains("\"frames\":3,"), "what is said is so");
    for quiet in [&["-q", "-r", CAPTURE][..], &["--no-config", "-r", CAPTURE]] {
        assert_eq!(run(&home, &variables, quiet).2, "");
    }
}

#[test]
fn the_command_line_turns_switches_off() {
    let home = folder("off");
    let switches = ["verify-checksum", "verbose", "hex", "payload", "quiet", "no-promiscuous", "no-sandbox", "no-dissectors", "watch"];
    let text = switches.join(" = true\n") + " = true\n";
    file(&home, "ntp-sniff/config.toml", &format!("interface = \"lo\"\nfail-on-loss = true\nreveal-secrets = true\n{text}"));
    let all = settings(&home, &[], &[]);
    assert_eq!(all.len(), switches.len() + 3);
    for name in switches.into_iter().chain(["fail-on-loss", "reveal-secrets"]) {
        let opposite = name.strip_prefix("no-").map_or_else(|| format!("--no-{name}"), |name| format!("--{name}"));
        let mut wanted = all.clone();
        assert!(wanted.remove(&format!("{name} = true")));
        assert_eq!(settings(&home, &[], &[&opposite]), wanted, "{opposite}");
        // Stronger than the environment, too; and the last word counts.
        let variable = format!("NTP_SNIFF_{}", name.to_uppercase().replace('-', "_"));
        assert_eq!(settings(&home, &[(&variable, "yes")], &[&opposite]), wanted, "{opposite}");
        assert_eq!(settings(&home, &[], &[&opposite, &format!("--{name}")]), all, "{name}");
        assert_eq!(settings(&home, &[], &[&format!("--{name}"), &opposite]), wanted, "{name}");
    }
    // What is turned off stands in nothing's way.
    file(&home, "ntp-sniff/config.toml", "watch = true\nformat = \"jsonl\"\n");
    assert_eq!(settings(&home, &[], &["-i", "lo", "--no-watch"]), lines(&["format = \"jsonl\"", "interface = [\"lo\"]"]));
}

/// Settings of a file, the arguments they clash with, and what is left of them.
const CLASHES: [(&str, &[&str], &[&str]); 17] = [
    ("fields = \"ecs\"", &["-T", "table"], &["format = \"table\""]),
    ("fields = \"ecs\"\nformat = \"jsonl\"", &["-T", "html"], &["format = \"html\""]),
    ("fields = \"ecs\"\nformat = \"jsonl\"", &["--explain", "10.0.0.1,10.0.0.2,22"], &["explain = \"10.0.0.1,10.0.0.2,22\""]),
    ("fields = \"ecs\"", &[], &[]),
    ("format = \"html\"", &["--watch"], &["watch = true"]),
    ("format = \"jsonl\"\noutput = \"f\"", &["--watch"], &["format = \"jsonl\"", "output = \"f\"", "watch = true"]),
    ("format = \"jsonl\"\noutput = \"f\"", &["--watch", "-o", "-"], &["output = \"-\"", "watch = true"]),
    ("watch = true", &["-T", "jsonl"], &["format = \"jsonl\""]),
    ("watch = true", &["--explain", "10.0.0.1,10.0.0.2,22"], &["explain = \"10.0.0.1,10.0.0.2,22\""]),
    ("explain = \"10.0.0.1,10.0.0.2,22\"", &["--watch"], &["watch = true"]),
    ("rotate-size = 4096\noutput = \"f\"", &["-T", "json"], &["format = \"json\"", "output = \"f\""]),
    ("format = \"json\"\noutput = \"f\"", &["--rotate-interval", "1h"], &["output = \"f\"", "rotate-interval = \"1h\""]),
    ("rotate-size = 4096\nrotate-interval = \"1h\"", &[], &[]),
    ("rotate-size = 4096\noutput = \"f\"", &["-o", "-"], &["output = \"-\""]),
    ("syslog-format = \"cef\"", &[], &[]),
    ("reveal-secrets = true", &["-T", "json", "--redact", "data"], &["format = \"json\"", "redact = \"data\""]),
    ("redact = \"data\"", &["-T", "json", "--reveal-secrets"], &["format = \"json\"", "reveal-secrets = true"]),
];

#[test]
fn what_clashes_with_the_command_line_gives_way() {
    let home = folder("gives-way");
    for (text, args, wanted) in CLASHES {
        file(&home, "ntp-sniff/config.toml", text);
        let args = [&["-i", "lo"], args].concat();
        let wanted = [&["interface = [\"lo\"]"], wanted].concat();
        assert_eq!(settings(&home, &[], &args), lines(&wanted), "{text} {args:?}");
    }
    // The environment gives way to the command line, and a file to the environment.
    assert_eq!(
        settings(&home, &[("NTP_SNIFF_FIELDS", "ecs")], &["-r", "x", "-T", "table"]),
        lines(&["format = \"table\"", "read = [\"x\"]"])
    );
    file(&home, "ntp-sniff/config.toml", "format = \"json\"\n");
    let by_variable = settings(&home, &[("NTP_SNIFF_ROTATE_SIZE", "4096"), ("NTP_SNIFF_OUTPUT", "f")], &["-i", "lo"]);
    assert_eq!(by_variable, lines(&["interface = [\"lo\"]", "output = \"f\"", "rotate-size = 4096"]));
}

#[test]
fn nothing_gives_way_in_vain() {
    let home = folder("in-vain");
    let left = |variable: (&str, &str), text: &str| {
        file(&home, "ntp-sniff/config.toml", text);
        settings(&home, &[variable], &["-i", "lo"])
    };
    // Without the format of the file, the one that nobody has to name is as wrong.
    let formats = |format: &str| lines(&["interface = [\"lo\"]", &format!("format = \"{format}\"")]);
    assert_eq!(left(("NTP_SNIFF_REDACT", "data"), "format = \"jsonl\"\n"), formats("jsonl"));
    assert_eq!(left(("NTP_SNIFF_FIELDS", "ecs"), "format = \"html\"\n"), formats("html"));
    // Where it is not, the weaker one gives way.
    let rotated = lines(&["interface = [\"lo\"]", "output = \"f\"", "rotate-size = 4096"]);
    assert_eq!(left(("NTP_SNIFF_ROTATE_SIZE", "4096"), "format = \"json\"\noutput = \"f\"\n"), rotated);
    // What goes together with the stronger of two stays: the other one gives way to that.
    let both = [&rotated.iter().map(String::as_str).collect::<Vec<_>>()[..], &["rotate-interval = \"1h\""]].concat();
    let text = "format = \"json\"\noutput = \"f\"\nrotate-interval = \"1h\"\n";
    assert_eq!(left(("NTP_SNIFF_ROTATE_SIZE", "4096"), text), lines(&both));
}

#[test]
fn where_hiding_gives_way_it_is_said() {
    let home = folder("hiding");
    let config = file(&home, "ntp-sniff/config.toml", "redact = \"data\"\n");
    let said = format!("ntp-sniff: redact ({config}:1) gave way: data are shown\n");
    for args in [&["-T", "table"][..], &["-T", "json", "--reveal-secrets"], &[]] {
        let (code, printed, remark) = run(&home, &[], &[&["-r", CAPTURE], args].concat());
        assert_eq!((code, printed.is_empty(), &remark), (Some(0), false, &said), "{args:?}");
    }
    assert_eq!(settings(&home, &[], &["-r", "x", "-T", "json"]), lines(&["format = \"json\"", "read = [\"x\"]", "redact = \"data\""]));
    // The other way round nothing is lost.
    let variables = [("NTP_SNIFF_REVEAL_SECRETS", "1")];
    let (code, _, remark) = run(&home, &variables, &["--no-verbose", "-r", CAPTURE, "-T", "json", "--redact", "data"]);
    assert_eq!((code, remark.as_str()), (Some(0), ""));
}

#[test]
fn what_clashes_in_one_place_names_it() {
    let home = folder("one-place");
    for (text, wanted) in [
        ("fields = \"ecs\"\nformat = \"table\"", "error: --fields names those of JSON Lines"),
        ("format = \"json\"\nredact = \"data\"\nreveal-secrets = true", "error: --redact data hides what"),
        ("format = \"json\"\nrotate-size = 4096\noutput = \"f\"", "error: a document is one file"),
        ("format = \"json\"\nwatch = true", "error: --watch has standard output"),
    ] {
        let config = file(&home, "clash.toml", &format!("interface = \"lo\"\n{text}\n"));
        let (code, printed, said) = run(&home, &[], &["--config", &config]);
        assert!(code == Some(2) && printed.is_empty() && said.starts_with(wanted), "{text}: {said}");
        assert!(said.contains("settings that counted: ") && said.contains(&format!("({config}:2)")), "{text}: {said}");
    }
    // The command line alone is wrong whatever the settings are.
    file(&home, "ntp-sniff/config.toml", "output = \"f\"\n");
    for args in [&["--fields", "ecs"][..], &["--redact", "data"], &["--rotate-size", "1M"], &["-T", "json", "--watch"]] {
        let (code, _, said) = run(&home, &[], &[&["-r", CAPTURE], args].concat());
        assert!(code == Some(2) && said.starts_with("error: --"), "{args:?}: {said}");
    }
}
