//! Promise: the screen of `--watch` shows what it should at usual sizes, does what its keys say, and gives the terminal back, whatever ends it.
//!
//! Needs tmux. Without it, it says that it is skipped; where `CI` is set, it fails instead. The screen over a live link is in `live.rs`.
#![cfg(feature = "watch")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and a skip is said to whoever runs it"
)]

mod support;

use ntp_sniff::report::watch::terminal::Terminal;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;
use support::tmux::Tmux;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");
const CAPTURE: &str = "captures/nessusd_13_fast_login.pcap";
const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (160, 48);
/// Makes this program the one that panics.
const PANICS: &str = "NTP_SNIFF_TEST_PANICS";

/// A shell, and the state of its terminal.
fn shell(name: &str, size: (u16, u16)) -> Option<(Tmux, String)> {
    let tmux = Tmux::shell(name, size)?;
    let before = tmux.state("before");
    assert!(before.ends_with(" 0 1"), "{before}");
    Some((tmux, before))
}

/// Watches the capture in a shell, to its end.
fn watching(name: &str, size: (u16, u16), args: &str) -> Option<(Tmux, String)> {
    let (tmux, before) = shell(name, size)?;
    tmux.line(&format!("clear; {PROGRAM} --watch --color never -r {CAPTURE} {args}; echo code $?"));
    tmux.until_text(" ended │ ");
    Some((tmux, before))
}

/// The program ended with this code, and the terminal is as it was.
fn given_back((tmux, before): &(Tmux, String), code: &str) {
    tmux.until_text(&format!("code {code}"));
    assert_eq!(&tmux.state("after"), before);
}

#[test]
fn every_key_does_what_it_says() {
    let Some(watched) = watching("keys", LARGE, "") else { return };
    let tmux = &watched.0;
    insta::assert_snapshot!("large", tmux.still("details: session_identified"));
    tmux.keys(&["j", "Down", "Down", "k", "Up", "Down"]);
    insta::assert_snapshot!("large_phase", tmux.still("│>s1   ── 1 Version offer "));
    tmux.keys(&["Down"]);
    insta::assert_snapshot!("large_message", tmux.still("│>s1   #4 "));
    tmux.text("/7 more preference");
    tmux.keys(&["Enter"]);
    tmux.until_text("│>s1      ⋮ 7 more preference");
    tmux.keys(&["Enter", "j"]);
    tmux.until_text("1.11 preference, client to server");
    tmux.keys(&["k", "Enter", "g"]);
    tmux.until_text("details: session_identified");
    tmux.keys(&["Tab"]);
    tmux.until_text("▶ details");
    tmux.keys(&["BTab", "Tab", "Tab"]);
    tmux.until_text("▶ services");
    tmux.keys(&["Enter"]);
    tmux.until_text("only server:");
    tmux.keys(&["&", "Enter"]);
    tmux.until("no filter", |screen| !screen.contains("only server:"));
    tmux.text("&name:preference");
    tmux.until_text("\n&name:preference");
    tmux.keys(&["Enter"]);
    insta::assert_snapshot!("large_filtered", tmux.still("only name:preference"));
    tmux.keys(&["&", "Enter", "g"]);
    tmux.text("/name:password");
    tmux.keys(&["Enter"]);
    tmux.until_text("password_prompt, server to client");
    tmux.keys(&["n"]);
    tmux.until_text("password, client to server");
    tmux.keys(&["N"]);
    tmux.until_text("password_prompt, server to client");
    tmux.keys(&["N"]);
    tmux.until_text("not found above: name:password");
    tmux.keys(&["G"]);
    tmux.until_text("details: flow_closed");
    tmux.keys(&["Home", "Space", "PageUp", "NPage", "PPage"]);
    tmux.until_text("details: session_identified");
    tmux.keys(&["f"]);
    tmux.until_text(", following");
    tmux.keys(&["f"]);
    tmux.until("not following", |screen| !screen.contains(", following"));
    tmux.keys(&["?"]);
    tmux.until_text("▶ keys");
    tmux.keys(&["q"]);
    tmux.until_text("▶ timeline");
    tmux.text("/nothing");
    // What is seen before the words are drawn is the screen before; and Escape with a key right behind it is another key.
    tmux.until_text("\n/nothing");
    tmux.keys(&["Escape"]);
    tmux.until_text("q end");
    tmux.keys(&["C-l", "q"]);
    given_back(&watched, "0");
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let Some(watched) = watching("size", LARGE, "") else { return };
    let tmux = &watched.0;
    tmux.resize(SMALL);
    tmux.until("the small screen", |screen| {
        !screen.contains("▶ services") && screen.contains("▶ timeline") && !screen.contains("details:")
    });
    tmux.text("/SERVER <|> PREFERENCES");
    tmux.keys(&["Enter", "Enter"]);
    insta::assert_snapshot!("small_message", tmux.still("details: message_decoded"));
    tmux.keys(&["Enter", "g", "Tab"]);
    insta::assert_snapshot!("small_services", tmux.still("▶ services"));
    tmux.keys(&["?"]);
    insta::assert_snapshot!("small_help", tmux.still("▶ keys"));
    tmux.resize((30, 5));
    tmux.until_text("too small");
    tmux.resize((200, 50));
    tmux.keys(&["x"]);
    tmux.until("all three", |screen| ["services", "timeline", "details:"].iter().all(|pane| screen.contains(pane)));
    tmux.keys(&["C-c"]);
    given_back(&watched, "0");
}

#[test]
fn colour_tells_roles_and_text_of_the_wire_is_harmless() {
    let Some((tmux, before)) = shell("hostile", LARGE) else { return };
    tmux.line(&format!("clear; {PROGRAM} --watch -v -r captures/ansi_escapes.pcap; echo code $?"));
    tmux.until_text(" ended │ ");
    let title = tmux.says("#{pane_title}");
    for _ in 0..40 {
        tmux.keys(&["j"]);
        assert_eq!(tmux.says("#{alternate_on}"), "1");
    }
    assert!(tmux.screen().contains("\\x1b"), "{}", tmux.screen());
    assert_eq!(tmux.says("#{pane_title}"), title);
    tmux.keys(&["q"]);
    given_back(&(tmux, before), "0");
}

#[test]
fn a_capture_on_standard_input_leaves_the_keyboard() {
    let Some((tmux, before)) = shell("stdin", SMALL) else { return };
    tmux.line(&format!("clear; cat {CAPTURE} | {PROGRAM} --watch -r -; echo code $?"));
    tmux.until_text(" ended │ ");
    tmux.keys(&["G", "?"]);
    tmux.until_text("▶ keys");
    tmux.keys(&["q", "q"]);
    given_back(&(tmux, before), "0");
}

#[test]
fn the_report_is_written_beside_it() {
    let folder = std::env::temp_dir().join(format!("ntp-sniff-watch-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    let Some(watched) = watching("beside", SMALL, &format!("-T jsonl -o {} -w {}", file("watched"), file("saved"))) else { return };
    watched.0.keys(&["q"]);
    given_back(&watched, "0");
    let alone = Command::new(PROGRAM).args(["-r", CAPTURE, "-T", "jsonl"]).output().unwrap();
    assert_eq!(String::from_utf8(alone.stdout).unwrap(), fs::read_to_string(file("watched")).unwrap());
    assert!(fs::metadata(file("saved")).unwrap().len() > 1000);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn signals_give_the_terminal_back() {
    for (signal, code) in [("INT", "0"), ("TERM", "0")] {
        let Some(watched) = watching(&format!("signal-{signal}"), SMALL, "") else { return };
        kill(signal, &watched.0);
        given_back(&watched, code);
    }
}

/// Sends a signal to the program in the shell.
fn kill(signal: &str, tmux: &Tmux) {
    let shell = tmux.pid();
    let children = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap();
    let status = Command::new("bash").args(["-c", &format!("kill -{signal} {}", children.trim())]).status().unwrap();
    assert!(status.success(), "{children}");
}

#[test]
fn it_stops_and_goes_on_like_any_other() {
    let Some(watched) = watching("stop", SMALL, "") else { return };
    let (tmux, before) = &watched;
    for stop in ["key", "signal"] {
        if stop == "key" {
            tmux.keys(&["C-z"]);
        } else {
            kill("TSTP", tmux);
        }
        tmux.until_text("Stopped");
        assert_eq!(&tmux.state(stop), before);
        tmux.line("fg");
        tmux.until_text(" ended │ ");
        tmux.keys(&["?"]);
        tmux.until_text("▶ keys");
        tmux.keys(&["x"]);
        tmux.until_text("▶ timeline");
    }
    tmux.keys(&["q"]);
    assert_eq!(&tmux.state("after"), before);
}

#[test]
fn sighup_means_what_it_means_elsewhere() {
    let Some(watched) = watching("hup", SMALL, "") else { return };
    kill("HUP", &watched.0);
    sleep(Duration::from_millis(300));
    watched.0.keys(&["?"]);
    watched.0.until_text("▶ keys");
    watched.0.keys(&["q", "q"]);
    given_back(&watched, "0");
}

#[test]
fn where_the_terminal_goes_the_program_ends() {
    let command = format!("exec {PROGRAM} --watch -r {CAPTURE}");
    let Some(tmux) = Tmux::run("gone", SMALL, &command) else { return };
    tmux.until_text(" ended │ ");
    let process = format!("/proc/{}", tmux.pid());
    assert!(Path::new(&process).exists());
    drop(tmux);
    let start = Instant::now();
    while Path::new(&process).exists() {
        assert!(start.elapsed() < Duration::from_secs(20), "it goes on without a terminal");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_panic_gives_the_terminal_back_and_is_read() {
    let Some(watched) = shell("panic", SMALL) else { return };
    let this = std::env::current_exe().unwrap();
    for place in ["beside", "while drawing"] {
        let this = this.display();
        watched
            .0
            .line(&format!("clear; RUST_BACKTRACE=0 {PANICS}='{place}' {this} --exact a_program_that_panics --nocapture; echo code $?"));
        let screen = watched.0.until_text("code 101");
        assert!(screen.contains(&format!("it broke {place}")), "{screen}");
        assert_eq!(watched.0.state(&place.replace(' ', "-")), watched.1);
    }
}

/// Not a test but the program of the one above. Its standard output is the terminal, whatever the harness does with it.
#[test]
fn a_program_that_panics() {
    let Ok(place) = std::env::var(PANICS) else { return };
    let [keyboard, screen] = [0; 2].map(|_| fs::OpenOptions::new().read(true).write(true).open("/dev/tty").unwrap());
    let terminal = Terminal::on(keyboard, screen).unwrap();
    terminal.enter().unwrap();
    if place == "while drawing" {
        terminal.draw(|| panic!("it broke {place}")).unwrap();
    }
    panic!("it broke {place}");
}

#[test]
fn without_a_terminal_it_is_wrong_usage() {
    let outcome = Command::new(PROGRAM).args(["--watch", "-r", CAPTURE]).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert_eq!(outcome.status.code(), Some(2));
    assert!(said.starts_with("error: --watch needs a terminal: standard output is not a terminal\n"), "{said}");
    assert!(outcome.stdout.is_empty());
}

#[test]
fn damage_is_said_when_the_screen_is_gone() {
    let Some((tmux, before)) = shell("damage", SMALL) else { return };
    tmux.line(&format!("clear; {PROGRAM} --watch -r captures/cut_mid_record.pcap; echo code $?"));
    tmux.until_text(" ended │ ");
    let screen = tmux.screen();
    assert_eq!(screen.lines().count(), 24, "{screen}");
    tmux.keys(&["q"]);
    let screen = tmux.until_text("code 3");
    assert!(screen.contains("ntp-sniff: captures/cut_mid_record.pcap: "), "{screen}");
    assert_eq!(tmux.state("after"), before);
}
