//! Pipes, signals, full disks, colour: the program among other programs.

use super::call::CAPTURE;
use super::call::Outcome;
use super::call::capture;
use super::call::file;
use super::call::outcome;
use super::call::program;
use super::call::run;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

/// Longest time that something quick may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until a process handles SIGINT itself.
fn await_handler(pid: u32) {
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        if u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0 {
            return;
        }
        sleep(Duration::from_millis(5));
    }
    panic!("SIGINT is not handled");
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("bash").args(["-c", &format!("kill -{name} {pid}")]).status().unwrap();
    assert!(status.success());
}

#[test]
fn a_closed_pipe_is_quiet() {
    for args in [&["-r", CAPTURE][..], &["-r", CAPTURE, "-T", "jsonl"], &["schema"], &["--help"], &["-V"]] {
        let mut child = program(args).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn a_full_disk_is_one_line() {
    for format in ["table", "jsonl"] {
        run(&["-r", CAPTURE, "-T", format, "-o", "/dev/full"]).says(1, &["/dev/full: cannot write: ", "No space left"]);
        let mut command = program(&["-r", CAPTURE, "-T", format]);
        command.stdout(fs::File::create("/dev/full").unwrap());
        outcome(command).says(1, &["standard output: cannot write: ", "No space left"]);
    }
    run(&["-r", CAPTURE, "-o", "/no/such/folder/x"]).says(1, &["/no/such/folder/x: cannot write: "]);
}

#[test]
fn an_input_is_never_overwritten() {
    let path = file("both.pcap", &capture());
    run(&["-r", &path, "-o", &path]).says(1, &["both.pcap: cannot write: it is also read"]);
    assert_eq!(fs::read(&path).unwrap(), capture());
}

#[test]
fn the_output_file_holds_what_would_be_printed() {
    let path = file("output.txt", b"old and longer than nothing");
    let outcome = run(&["-r", CAPTURE, "-o", &path]);
    outcome.is_quiet();
    assert_eq!(outcome.stdout, "");
    assert_eq!(fs::read_to_string(&path).unwrap(), run(&["-r", CAPTURE]).stdout);
}

#[test]
fn colour_follows_the_switch() {
    let escapes = |args: &[&str], no_color: bool| {
        let mut command = program(args);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let outcome = outcome(command);
        outcome.is_quiet();
        outcome.stdout.contains('\u{1b}')
    };
    assert!(!escapes(&["-r", CAPTURE], false), "not on a pipe");
    assert!(!escapes(&["-r", CAPTURE, "--color", "never"], false));
    assert!(escapes(&["-r", CAPTURE, "--color", "always"], false));
    assert!(escapes(&["-r", CAPTURE, "--color", "always"], true), "the switch is stronger than NO_COLOR");
    assert!(!escapes(&["-r", CAPTURE, "-T", "jsonl", "--color", "always"], false));
}

#[test]
fn colour_follows_the_terminal() {
    // util-linux's script gives the program a terminal.
    let on_terminal = |prefix: &str| {
        let mut script = Command::new("script");
        let line = format!("{prefix} {} -r {CAPTURE} --show summary", super::call::PROGRAM);
        script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").env_remove("NO_COLOR").stdin(Stdio::null());
        script.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).contains('\u{1b}'))
    };
    let (plain, no_color) = (on_terminal("env"), on_terminal("env NO_COLOR=1"));
    if plain.is_none() {
        assert!(std::env::var_os("CI").is_none(), "util-linux's script is missing");
        eprintln!("skipped: util-linux's script is missing");
        return;
    }
    assert_eq!((plain, no_color), (Some(true), Some(false)));
}

#[test]
fn a_narrow_terminal_is_respected() {
    // 80 columns and no line wider, in characters: all that the capture shows are one column wide.
    let mut script = Command::new("script");
    let line = format!("stty cols 80; {} -r {CAPTURE} --color never", super::call::PROGRAM);
    script.args(["-qec", &line, "/dev/null"]).env("TERM", "xterm").stdin(Stdio::null());
    let Ok(output) = script.output() else {
        assert!(std::env::var_os("CI").is_none(), "util-linux's script is missing");
        eprintln!("skipped: util-linux's script is missing");
        return;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("who serves"));
    for line in text.lines() {
        assert!(line.trim_end_matches('\r').chars().count() <= 80, "{line}");
    }
}

#[test]
fn the_width_can_be_named() {
    for (width, columns) in [("80", 80), ("132", 132)] {
        let outcome = run(&["-r", CAPTURE, "--width", width]);
        outcome.is_quiet();
        assert_eq!(outcome.stdout.lines().map(|line| line.chars().count()).max(), Some(columns));
    }
    assert_eq!(run(&["-r", CAPTURE, "--width", "79"]).code, Some(2));
}

/// Writes a part of the capture into a pipe that stays open, sends signals, and waits.
fn interrupted(bytes: &[u8], name: &str) -> Outcome {
    let mut child = program(&["-r", "-", "-T", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(bytes).unwrap();
    await_handler(child.id());
    // The frames are read in a moment; then the pipe is quiet.
    sleep(Duration::from_millis(400));
    signal(name, child.id());
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{name} does not end it");
        }
        sleep(Duration::from_millis(10));
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_signal_ends_a_quiet_pipe_with_the_report() {
    let capture = capture();
    for name in ["INT", "TERM"] {
        let outcome = interrupted(&capture, name);
        outcome.is_quiet();
        assert_eq!((outcome.summary("frames"), outcome.summary("messages")), (31, 40));
    }
    // In the middle of a record, and before anything came.
    let outcome = interrupted(&capture[..300], "INT");
    outcome.is_quiet();
    assert_eq!(outcome.summary("frames"), 3);
    let outcome = interrupted(b"", "INT");
    assert_eq!(outcome.summary("frames"), 0);
    outcome.is_quiet();
}

#[test]
fn standard_input_is_named_in_errors() {
    let mut child = program(&["-r", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"no capture at all\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("ntp-sniff: standard input: not a capture: text; ") && said.lines().count() == 1, "{said}");
}

#[test]
fn a_silent_pipe_leaves_no_record_behind() {
    let mut child = program(&["-r", "-", "-T", "jsonl"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(&capture()).unwrap();
    pipe.flush().unwrap();
    // The pipe stays open: only what is written while nothing comes can be read.
    let mut records = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let told = records.by_ref().map(Result::unwrap).take_while(|line| !line.contains("\"connection_seen\"")).count();
    assert!(told > 0);
    drop(pipe);
    assert!(records.map(Result::unwrap).any(|line| line.contains("\"summary\"")));
    assert!(child.wait().unwrap().success());
}

/// What a run reads, it does not write over.
#[test]
fn keys_and_lists_are_no_outputs() {
    let keys = file("own-keys", b"10.0.0.0/8\n");
    let keys = keys.as_str();
    let focus = format!("@{keys}");
    for args in [&["--keylog", keys, "-o", keys][..], &["--keylog", keys, "-w", keys], &["--focus", &focus, "-o", keys]] {
        let before = fs::read(keys).unwrap();
        run(&[&["-r", CAPTURE, "-q"][..], args].concat()).says(1, &["it is also read, and would be lost"]);
        assert_eq!(fs::read(keys).unwrap(), before, "{args:?}");
    }
    let usage = run(&["-r", CAPTURE, "--rotate-size", "1K"]);
    assert!(usage.code == Some(2) && usage.stderr.contains("move files aside: name one with -o FILE or -w FILE"), "{usage:?}");
    let (one, other) = (format!("{keys}.out"), format!("{keys}.out.1"));
    run(&["-r", CAPTURE, "-q", "-o", &one, "-w", &one]).says(1, &["it is also the other output"]);
    run(&["-r", CAPTURE, "-q", "-o", &one, "-w", &other, "--rotate-size", "1K"]).says(1, &["old files of the other output go there"]);
}
