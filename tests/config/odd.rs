//! What cannot be a configuration file, and what stands in none, is told in a line, however long or odd it is.

use super::CAPTURE;
use super::file;
use super::folder;
use super::run;
use super::settings;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn files_that_cannot_be_read_or_trusted_end_the_run() {
    let home = folder("untrusted");
    let missing = home.join("missing.toml").display().to_string();
    let (code, _, said) = run(&home, &[], &["-r", CAPTURE, "--config", &missing]);
    assert!(code == Some(2) && said.contains("missing.toml: cannot read settings: No such file"), "{said}");
    let (code, _, said) = run(&home, &[], &["-r", CAPTURE, "--config", "src"]);
    assert!(code == Some(2) && said.contains("src: cannot read settings: a directory, and no file"), "{said}");
    let big = file(&home, "big.toml", &"#".repeat((1 << 20) + 1));
    let (code, _, said) = run(&home, &[], &["-r", CAPTURE, "--config", &big]);
    assert!(code == Some(2) && said.contains("longer than a MiB"), "{said}");
    let binary = home.join("binary.toml");
    fs::write(&binary, [0xff, 0xfe]).unwrap();
    let (code, _, said) = run(&home, &[], &["-r", CAPTURE, "--config", binary.to_str().unwrap()]);
    assert!(code == Some(2) && said.contains("not UTF-8"), "{said}");
    // Found by itself, it must be nobody else's; named, it may.
    let open = file(&home, "ntp-sniff/config.toml", "verbose = true\n");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o666)).unwrap();
    let (code, _, said) = run(&home, &[], &["-r", CAPTURE]);
    assert!(code == Some(2) && said.contains("config.toml: cannot read settings: somebody else may write it"), "{said}");
    assert_eq!(settings(&home, &[], &["-r", "x", "--config", &open]).len(), 2);
    assert_eq!(settings(&home, &[], &["-r", "x", "--no-config"]).len(), 1);
}

#[test]
fn only_a_file_holds_settings() {
    let home = folder("no-file");
    let pipe = home.join("pipe.toml").display().to_string();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (path, wanted) in [
        (pipe.as_str(), "a pipe, and no file"),
        ("/dev/null", "a device, and no file"),
        ("/dev/zero", "a device, and no file"),
        ("captures", "a directory, and no file"),
    ] {
        let said = format!("ntp-sniff: {path}: cannot read settings: {wanted}\n");
        assert_eq!(run(&home, &[], &["-r", CAPTURE, "--config", path]), (Some(2), String::new(), said));
    }
    // Found, and not named: nothing hangs either.
    fs::create_dir_all(home.join("ntp-sniff/config.toml")).unwrap();
    assert!(run(&home, &[], &["-r", CAPTURE]).2.contains("config.toml: cannot read settings: a directory, and no file"));
    fs::remove_dir(home.join("ntp-sniff/config.toml")).unwrap();
    assert!(Command::new("mkfifo").arg(home.join("ntp-sniff/config.toml")).status().unwrap().success());
    assert!(run(&home, &[], &["-r", CAPTURE]).2.contains("config.toml: cannot read settings: a pipe, and no file"));
}

#[test]
fn what_is_long_or_odd_is_told_short_and_harmless() {
    let home = folder("long");
    let long = "k".repeat(1 << 19);
    for (text, wanted) in [
        (format!("{long} = 1\n"), format!(":1: there is no option '{}…'; the nearest is '", "k".repeat(39))),
        (format!("\"\\u001b[2J{long}\" = 1\n"), format!(":1: there is no option '\\x1b[2J{}…'; the nearest is '", "k".repeat(32))),
        (format!("color = \"{long}\"\n"), format!(":1: invalid value '{}…' for '--color <WHEN>'", "k".repeat(39))),
        (format!("focus = \"{long}\"\n"), format!(":1: invalid value '{}…' for '--focus <NET>': '{}…' ", "k".repeat(39), "k".repeat(39))),
    ] {
        let config = file(&home, "long.toml", &text);
        let (code, printed, said) = run(&home, &[], &["-r", CAPTURE, "--config", &config]);
        assert_eq!((code, printed.as_str()), (Some(2), ""));
        assert!(said.starts_with(&format!("ntp-sniff: {config}{wanted}")) && said.len() < 600, "{}: {said:.600}", said.len());
    }
    let (code, _, said) = run(&home, &[(&format!("NTP_SNIFF_{}", "K".repeat(1000)), "x")], &["-r", CAPTURE]);
    assert!(code == Some(0) && said.len() < 200 && said.contains("passed over"), "{said}");
}

#[test]
fn a_subcommand_behind_an_option_is_told_where_it_belongs() {
    let home = folder("late");
    for args in [&["-v", "schema"][..], &["-r", CAPTURE, "facts"], &["--config", "x", "man"], &["-q", "export", "--nbe", "x"]] {
        let name = args.iter().find(|word| ["schema", "facts", "man", "export"].contains(word)).unwrap();
        let (code, printed, said) = run(&home, &[], args);
        assert!(code == Some(2) && printed.is_empty(), "{args:?}: {said}");
        let wanted = format!("error: '{name}' is a subcommand and comes first, before all options: ntp-sniff {name} ...\n");
        assert!(said.starts_with(&wanted), "{args:?}: {said}");
    }
    assert!(run(&home, &[], &["help"]).2.starts_with("error: there is no subcommand 'help': ntp-sniff --help, or "));
}

#[test]
fn what_is_printed_of_unset_settings_has_their_types() {
    let home = folder("template");
    let (_, printed, _) = run(&home, &[], &["--print-config", "--no-config"]);
    for line in [
        "#count = 100",
        "#width = 100",
        "#ntp-port = [100]",
        "#rotate-size = \"100M\"",
        "#threads = 2",
        "#verbose = false",
        "#focus = [\"NET\"]",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} in {printed}");
    }
    // What looks like a number is one: it may stand there without its sign.
    let numbers: Vec<&str> =
        printed.lines().filter(|line| line.starts_with('#') && line.contains(|digit: char| digit.is_ascii_digit())).collect();
    for line in numbers.into_iter().filter_map(|line| line.strip_prefix('#')).filter(|line| line.contains(" = ") && !line.starts_with(' '))
    {
        let config = file(&home, "line.toml", line);
        let (code, _, said) = run(&home, &[], &["--print-config", "--config", &config]);
        assert_eq!(code, Some(0), "{line}: {said}");
    }
}

#[test]
fn a_file_that_would_be_a_filter_is_told_to_want_its_option() {
    let home = folder("no-option");
    for args in [&[CAPTURE][..], &["-r", CAPTURE, CAPTURE], &["-v", CAPTURE], &["export", "-r", CAPTURE, CAPTURE]] {
        let (code, printed, said) = run(&home, &[], args);
        let wanted = format!("error: '{CAPTURE}' is a file and no filter: each file wants its own -r\n");
        assert!(code == Some(2) && printed.is_empty() && said.starts_with(&wanted), "{args:?}: {said}");
    }
    // What only looks like one is a filter that is wrong.
    assert!(run(&home, &[], &["-r", CAPTURE, "captures/nothing.pcap"]).2.starts_with("ntp-sniff: filter 'captures/nothing.pcap'"));
}
