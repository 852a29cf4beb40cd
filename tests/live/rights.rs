//! Rights: what is missing is said with its remedy, and what is not needed any more is given up.

use super::net::MESSAGES;
use super::net::Net;
use super::net::PATIENCE;
use super::net::PROGRAM;
use super::net::Sniffer;
use super::net::names;
use super::net::records;
use super::net::until;
use super::replay::handshakes;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// `nobody`.
const NOBODY: &str = "65534";

/// The program where everybody may run it, and a folder where everybody may write.
fn for_everybody(net: &Net) -> String {
    fs::set_permissions(&net.folder, fs::Permissions::from_mode(0o777)).unwrap();
    let program = net.file("ntp-sniff");
    fs::copy(PROGRAM, &program).unwrap();
    program
}

/// A command as an ordinary user, with these rights (words of setpriv).
fn as_nobody(net: &Net, program: &str, rights: &str, args: &[&str]) -> Command {
    let mut command = net.inside(1, "setpriv");
    command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]);
    command.args([format!("--inh-caps={rights}"), format!("--ambient-caps={rights}"), format!("--bounding-set={rights}")]);
    command.arg(program).args(args);
    command
}

/// What the kernel says of a process.
fn status(sniffer: &Sniffer, name: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{}/status", sniffer.child.id())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// No capability is left, and none can come back.
fn has_no_rights(sniffer: &Sniffer) {
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status(sniffer, set), "0000000000000000", "{set}");
    }
    assert_eq!(status(sniffer, "NoNewPrivs"), "1");
}

#[test]
fn an_ordinary_user_hears_the_remedy_before_anything_is_touched() {
    let Some(net) = Net::new("user") else { return };
    let (program, output) = (for_everybody(&net), net.file("events.jsonl"));
    let outcome = as_nobody(&net, &program, "-all", &["-i", "v0", "-o", &output, "--state", &net.file("facts.db")]).output().unwrap();
    let said = String::from_utf8(outcome.stderr).unwrap();
    assert_eq!((outcome.status.code(), said.lines().count()), (Some(1), 1), "{said}");
    assert!(said.contains(&format!("sudo setcap cap_net_raw=ep {program}")), "{said}");
    assert!(said.contains("AmbientCapabilities=CAP_NET_RAW"), "{said}");
    assert!(!Path::new(&output).exists() && !Path::new(&net.file("facts.db")).exists());
}

#[test]
fn the_right_to_capture_is_enough() {
    let Some(net) = Net::new("raw") else { return };
    let (program, output, focus) = (for_everybody(&net), net.file("events.jsonl"), net.file("focus.txt"));
    fs::write(&focus, "192.0.2.0/24\n").unwrap();
    let args = [
        "-i",
        "v0",
        "-T",
        "jsonl",
        "-o",
        &output,
        "--focus",
        &format!("@{focus}"),
        "--state",
        &net.file("facts.db"),
        "-w",
        &net.file("s.pcapng"),
    ];
    let sniffer = Sniffer::run(as_nobody(&net, &program, "-all,+net_raw", &args));
    sniffer.said.recv_timeout(PATIENCE).unwrap();
    has_no_rights(&sniffer);
    net.hold_dialogue();
    until("facts are kept and told", || super::net::count(&output, "flow_closed") == 1);
    // Confined: what it may read by its user's rights, but need not, it cannot.
    fs::remove_file(&focus).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &focus).unwrap();
    sniffer.signal("HUP");
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("focus.txt: ") && said.contains("Permission denied"), "{said}");
    // Its own files it can, also when they were replaced.
    fs::remove_file(&focus).unwrap();
    fs::write(&focus, "10.0.0.0/8\n").unwrap();
    fs::rename(&output, net.file("first.jsonl")).unwrap();
    sniffer.signal("HUP");
    net.replay(&handshakes(5), "v0", 1);
    until("the new focus network is watched", || super::net::count(&output, "connection_seen") == 5);
    sniffer.interrupt();
    let (code, said) = sniffer.ended();
    assert_eq!((code, said.len()), (Some(0), 4), "{said:?}");
    assert_eq!(names(&records(&net.file("first.jsonl"))).len(), MESSAGES);
    assert_eq!(fs::metadata(net.file("s.pcapng")).unwrap().permissions().mode() & 0o777, 0o600, "packets hold passwords");
}

#[test]
fn the_unit_of_systemd_starts_a_program_that_runs() {
    let Some(net) = Net::new("unit") else { return };
    let program = for_everybody(&net);
    let unit = fs::read_to_string("packaging/ntp-sniff.service").unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=ntp-sniff ")).unwrap();
    let folder = net.folder.display().to_string();
    let line = start.replace("$NTP_SNIFF", "-i v0 --focus 192.0.2.0/24");
    let line = line.replace("${LOGS_DIRECTORY}", &folder).replace("${STATE_DIRECTORY}", &folder);
    let args: Vec<&str> = line.split(' ').collect();
    let sniffer = Sniffer::run(as_nobody(&net, &program, "-all,+net_raw", &args));
    sniffer.said.recv_timeout(PATIENCE).unwrap();
    has_no_rights(&sniffer);
    net.hold_dialogue();
    until("it is written", || super::net::count(&net.file("events.jsonl"), "flow_closed") == 1);
    sniffer.signal("TERM");
    assert_eq!(sniffer.ended().0, Some(0));
}

#[test]
fn root_becomes_the_user_it_names() {
    let Some(net) = Net::new("drop") else { return };
    fs::set_permissions(&net.folder, fs::Permissions::from_mode(0o777)).unwrap();
    let (output, state) = (net.file("events.jsonl"), net.file("facts.db"));
    let sniffer = Sniffer::start(&net, &["-o", &output, "--state", &state, "--user", "nobody", "--rotate-size", "16K", "--keep", "50"]);
    has_no_rights(&sniffer);
    assert_eq!(status(&sniffer, "CapBnd"), "0000000000000000");
    assert_eq!((status(&sniffer, "Uid"), status(&sniffer, "Groups")), ([NOBODY; 4].join(" "), String::new()));
    net.replay(&handshakes(100), "v0", 1);
    until("files are rotated", || Path::new(&net.file("events.jsonl.2")).exists());
    sniffer.interrupt();
    let (code, said) = sniffer.ended();
    assert_eq!((code, said.len()), (Some(0), 4), "{said:?}");
    let wrong = net.program(&["-i", "v0", "--user", "no-such-user"]).output().unwrap();
    assert_eq!(
        (wrong.status.code(), String::from_utf8(wrong.stderr).unwrap()),
        (Some(1), "ntp-sniff: no user 'no-such-user'\n".to_owned())
    );
}
