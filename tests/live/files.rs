//! Outputs of a daemon: rotated, reopened, appended to, and whole whatever happens to the disk or to the program.

use super::net::MESSAGES;
use super::net::Net;
use super::net::PATIENCE;
use super::net::Sniffer;
use super::net::count;
use super::net::names;
use super::net::records;
use super::net::until;
use super::replay::handshakes;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn sighup_opens_the_outputs_again() {
    let Some(net) = Net::new("hup") else { return };
    let (output, saved) = (net.file("events.jsonl"), net.file("sessions.pcapng"));
    let sniffer = Sniffer::start(&net, &["-o", &output, "-w", &saved]);
    for round in ["first", "second"] {
        net.hold_dialogue();
        until("the dialogue is written", || count(&output, "flow_closed") == 1);
        if round == "first" {
            fs::rename(&output, net.file("first.jsonl")).unwrap();
            fs::rename(&saved, net.file("first.pcapng")).unwrap();
            sniffer.signal("HUP");
            until("there are new files", || Path::new(&output).exists() && Path::new(&saved).exists());
        }
    }
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
    for file in [output, net.file("first.jsonl")] {
        assert_eq!(names(&records(&file)).len(), MESSAGES, "{file}");
    }
    for file in [saved, net.file("first.pcapng")] {
        let program = Command::new(super::net::PROGRAM).args(["-r", &file, "-T", "jsonl"]).output().unwrap();
        assert_eq!(String::from_utf8(program.stdout).unwrap().matches("message_decoded").count(), MESSAGES, "{file}");
    }
}

#[test]
fn files_are_rotated_with_facts_kept() {
    let Some(net) = Net::new("rotate") else { return };
    let (output, state) = (net.file("events.jsonl"), net.file("facts.db"));
    let connections = 400;
    let sniffer = Sniffer::start(&net, &["-o", &output, "--state", &state, "--rotate-size", "64K", "--keep", "100"]);
    net.replay(&handshakes(connections), "v0", 1);
    until("facts are safe", || fs::metadata(&output).is_ok_and(|file| file.len() > 0));
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
    let names: Vec<String> = fs::read_dir(&net.folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let files: Vec<String> = names.iter().filter(|name| name.starts_with("events.jsonl")).map(|name| net.file(name)).collect();
    assert!(files.len() > 3, "{names:?}");
    let told: Vec<String> = files
        .iter()
        .flat_map(|file| records(file))
        .filter(|record| record["event"] == "connection_seen")
        .map(|record| record["relation_id"].to_string())
        .collect();
    assert_eq!(told.len(), usize::try_from(connections).unwrap());
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
    assert!(files.iter().all(|file| fs::metadata(file).unwrap().len() <= 64 << 10));
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let Some(net) = Net::new("kill") else { return };
    let (output, state) = (net.file("events.jsonl"), net.file("facts.db"));
    let args = ["-o", &output, "--state", &state];
    let mut sniffer = Sniffer::start(&net, &args);
    net.replay(&handshakes(300), "v0", 1);
    until("facts are written", || count(&output, "connection_seen") == 300);
    net.replay(&handshakes(1200), "v0", 1);
    sniffer.child.kill().unwrap();
    drop(sniffer);
    // As a power cut leaves it.
    let mut torn = fs::read(&output).unwrap();
    torn.extend(b"{\"v\":1,\"event\":\"conn");
    fs::write(&output, torn).unwrap();
    let sniffer = Sniffer::start(&net, &args);
    net.replay(&handshakes(1200), "v0", 1);
    sleep(Duration::from_millis(2500));
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
    let told: Vec<String> = records(&output)
        .iter()
        .filter(|record| record["event"] == "connection_seen")
        .map(|record| record["relation_id"].to_string())
        .collect();
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "nothing is told twice");
    // What was made safe and not yet written when the kill came is in the state file alone.
    assert!(told.len() >= 300 && told.len() <= 1200, "{}", told.len());
    let kept = Command::new(super::net::PROGRAM).args(["facts", &state, "--csv"]).output().unwrap();
    assert_eq!(String::from_utf8(kept.stdout).unwrap().matches("connection,").count(), 1200);
}

/// A small file system in memory, unmounted when it is dropped.
struct Disk(String);

impl Disk {
    fn mount(path: String, size: &str) -> Self {
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none", &path]).status();
        assert!(mounted.unwrap().success());
        Self(path)
    }

    fn resize(&self, size: &str) {
        let done = Command::new("mount").args(["-o", &format!("remount,size={size}"), &self.0]).status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["-l", &self.0]).stderr(Stdio::null()).status();
    }
}

#[test]
fn a_full_disk_is_said_once_and_waited_for() {
    let Some(net) = Net::new("full") else { return };
    let disk = Disk::mount(net.file("disk"), "64k");
    let output = format!("{}/events.jsonl", disk.0);
    let sniffer = Sniffer::start(&net, &["-o", &output]);
    net.replay(&handshakes(400), "v0", 1);
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.starts_with(&format!("ntp-sniff: {output}: cannot write: No space left on device")), "{said}");
    net.hold_dialogue();
    sleep(Duration::from_millis(2500));
    records(&output);
    disk.resize("8m");
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert_eq!(said, format!("ntp-sniff: {output}: can be written again; 0 records were dropped"));
    until("all is written", || count(&output, "connection_seen") == 401);
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0), "nothing was lost");
    let records = records(&output);
    assert_eq!((names(&records).len(), records.last().unwrap()["records_dropped"].as_u64()), (MESSAGES, Some(0)));
}

#[test]
fn facts_that_cannot_be_kept_hold_the_output_back() {
    let Some(net) = Net::new("fullstate") else { return };
    let disk = Disk::mount(net.file("disk"), "160k");
    let (state, output) = (format!("{}/facts.db", disk.0), net.file("events.jsonl"));
    let sniffer = Sniffer::start(&net, &["-o", &output, "--state", &state]);
    net.replay(&handshakes(2000), "v0", 1);
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("facts.db: cannot write: "), "{said}");
    assert_eq!(count(&output, "connection_seen"), 0, "what is not safe is not told");
    disk.resize("16m");
    until("facts are safe and told", || count(&output, "connection_seen") == 2000);
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
}

#[test]
fn a_folder_that_vanishes_and_a_pipe_that_is_closed_are_waited_for() {
    let Some(net) = Net::new("vanish") else { return };
    let folder = net.file("folder");
    fs::create_dir(&folder).unwrap();
    let output = format!("{folder}/events.jsonl");
    // Landlock knows a folder, not its name: one that is made anew is out of reach.
    let sniffer = Sniffer::start(&net, &["-o", &output, "--no-sandbox"]);
    fs::remove_dir_all(&folder).unwrap();
    sleep(Duration::from_millis(1100));
    net.hold_dialogue();
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("events.jsonl: cannot write: No such file or directory"), "{said}");
    fs::create_dir(&folder).unwrap();
    until("it is written again", || count(&output, "flow_closed") == 1);
    sniffer.interrupt();
    assert_eq!(sniffer.ended().0, Some(0));
    assert_eq!(names(&records(&output)).len(), MESSAGES);

    let pipe = net.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let read = |lines: &str| Command::new("head").args(["-n", lines, &pipe]).stdout(Stdio::piped()).spawn().unwrap();
    let first = read("1");
    let sniffer = Sniffer::start(&net, &["-o", &pipe, "--stats-interval", "1s"]);
    assert!(String::from_utf8(first.wait_with_output().unwrap().stdout).unwrap().starts_with("{\"v\":1,\"event\":\"stats\""));
    let said = sniffer.said.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("pipe: cannot write: Broken pipe"), "{said}");
    let second = read("2");
    let text = String::from_utf8(second.wait_with_output().unwrap().stdout).unwrap();
    assert!(text.lines().count() == 2 && text.lines().all(|line| line.starts_with("{\"v\":1,") && line.ends_with('}')), "{text}");
    sniffer.interrupt();
    sniffer.ended();
}
