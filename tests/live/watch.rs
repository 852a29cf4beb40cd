//! The screen over a live link: it follows what comes, rests while nothing does, and needs no rights.

use super::net::Net;
use super::net::PROGRAM;
use super::net::can_run;
use super::net::count;
use super::net::ended;
use super::net::until;
use super::support::tmux::Tmux;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const LARGE: (u16, u16) = (160, 48);

/// Ticks in a second, in which the kernel counts processor time for everybody.
const TICKS: u64 = 100;

/// The program at the server's end of the link, in a terminal.
fn watching(net: &Net, name: &str, args: &str) -> Option<Tmux> {
    let namespace = net.namespace(1);
    let tmux = Tmux::run(name, LARGE, &format!("exec ip netns exec {namespace} {PROGRAM} --watch --color never -i v0 {args}"))?;
    tmux.until_text("v0 live │ lost 0 │");
    Some(tmux)
}

/// Processor time that a process took so far, in ticks.
fn worked(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

#[test]
fn a_live_link_is_followed_and_a_quiet_one_costs_nothing() {
    let Some(net) = Net::new("watch") else { return };
    let output = net.file("events.jsonl");
    let Some(tmux) = watching(&net, "follow", &format!("-T jsonl -o {output}")) else { return };
    // What other work of the machine adds counts for nothing: the quietest of three.
    let idle = (0..3).map(|_| {
        let before = worked(tmux.pid());
        sleep(Duration::from_secs(3));
        worked(tmux.pid()) - before
    });
    let idle = idle.min().unwrap();
    eprintln!("idle: {} % of a processor", idle * 100 / (3 * TICKS));
    assert!(idle < 3 * TICKS / 10, "{idle} ticks in three seconds");
    net.hold_dialogue();
    let screen = tmux.until("the dialogue", |screen| screen.contains(" bye ") && screen.contains("session 1 ended"));
    assert!(
        screen.contains("following") && screen.contains("192.0.2.2:1241 nessus_ntp") && screen.contains("11 messages, 1.1/s"),
        "{screen}"
    );
    assert!(screen.contains("details: flow_closed"), "the newest line is selected: {screen}");
    net.replay(Path::new("captures/nessusd_13_fast_login.pcap"), "v0", 1);
    let screen = tmux.until("the replay", |screen| screen.contains("session 2 "));
    assert!(screen.contains("v0 live │ lost 0 │") && !screen.contains("geheim"), "{screen}");
    // Nothing comes any more: rates fall.
    tmux.until("no rate", |screen| screen.contains("11 messages, 0.0/s"));
    tmux.keys(&["g", "/"]);
    tmux.text("name:bye");
    tmux.keys(&["Enter"]);
    tmux.until("not following", |screen| !screen.contains("following") && screen.contains("bye, server to client"));
    net.hold_dialogue();
    let screen = tmux.until_text("3 connections");
    assert!(screen.contains("bye, server to client"), "who looks at something is left alone: {screen}");
    tmux.keys(&["q"]);
    tmux.until_text("0 packets dropped by interface");
    until("the program ended", || tmux.says("#{pane_dead}") == "1");
    assert_eq!((count(&output, "summary"), count(&output, "stats")), (1, 0), "what the screen asks for is in no record");
}

#[test]
fn a_screen_of_nobody_in_a_sandbox_gives_the_terminal_back() {
    let Some(net) = Net::new("nobody") else { return };
    if !can_run(&["tmux"]) {
        return;
    }
    fs::set_permissions(&net.folder, fs::Permissions::from_mode(0o777)).unwrap();
    let Some(tmux) = Tmux::shell("nobody", LARGE) else { return };
    let before = tmux.state("before");
    let namespace = net.namespace(1);
    for (ending, args) in [("q", ""), ("signal", "< /dev/null"), ("end", "-c 5")] {
        tmux.line(&format!("clear; ip netns exec {namespace} {PROGRAM} --watch -i v0 --user nobody {args}; echo code $?"));
        tmux.until_text("v0 live │ lost 0 │");
        let shell = tmux.pid();
        let process = fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).unwrap().trim().to_owned();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        assert!(status.contains("Uid:\t65534\t65534"), "{status}");
        tmux.resize((100, 30));
        tmux.keys(&["?"]);
        tmux.until_text("▶ keys");
        tmux.keys(&["x"]);
        tmux.resize(LARGE);
        match ending {
            "q" => tmux.keys(&["q"]),
            "signal" => assert!(Command::new("bash").args(["-c", &format!("kill -TERM {process}")]).status().unwrap().success()),
            _ => {
                net.hold_dialogue();
                tmux.until_text("v0 ended │ lost 0 │");
                tmux.keys(&["q"]);
            }
        }
        tmux.until_text("code 0");
        assert_eq!(tmux.state(ending), before, "{ending}");
    }
}

#[test]
fn a_terminal_that_stalls_holds_nothing_up() {
    let Some(net) = Net::new("stall") else { return };
    let output = net.file("events.jsonl");
    let (mut child, terminal) = stalled(&net, &output);
    until("it captures", || Path::new(&output).exists());
    for _ in 0..3 {
        net.hold_dialogue();
    }
    net.replay(Path::new("captures/nessusd_17_sessions.pcap"), "v0", 20);
    until("three dialogues are written", || count(&output, "flow_closed") >= 3);
    // Not even the end.
    let process = child.id();
    assert!(Command::new("bash").args(["-c", &format!("kill -TERM {process}")]).status().unwrap().success());
    assert!(ended(&mut child).success());
    assert_eq!(count(&output, "summary"), 1);
    drop(terminal);
}

/// The program in a terminal whose other end nobody reads.
fn stalled(net: &Net, output: &str) -> (std::process::Child, fs::File) {
    use rustix::fs::OFlags;
    use rustix::pty::OpenptFlags;
    let terminal = rustix::pty::openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    rustix::pty::grantpt(&terminal).unwrap();
    rustix::pty::unlockpt(&terminal).unwrap();
    let name = rustix::pty::ptsname(&terminal, Vec::new()).unwrap();
    let side = || fs::File::from(rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, rustix::fs::Mode::empty()).unwrap());
    let large = rustix::termios::Winsize { ws_row: 200, ws_col: 400, ws_xpixel: 0, ws_ypixel: 0 };
    let screen = side();
    rustix::termios::tcsetwinsize(&screen, large).unwrap();
    let mut command = net.program(&["--watch", "-i", "v0", "-v", "-T", "jsonl", "-o", output]);
    let child = command.stdin(side()).stdout(screen).stderr(std::process::Stdio::null()).spawn().unwrap();
    (child, fs::File::from(terminal))
}
