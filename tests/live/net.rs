//! Two namespaces joined by veth pairs, what happens in them, and the program that watches.

use super::replay;
use serde_json::Value;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");

/// Where the server listens, in its namespace.
const SERVER: &str = "192.0.2.2:1241";

/// The variable that tells [`a_side_of_the_dialogue`] which side it is, or that it is to replay a capture.
const SIDE: &str = "NTP_SNIFF_TEST_SIDE";

/// The dialogue: who sends, and what.
const DIALOGUE: [(&str, &str); 9] = [
    ("client", "< NTP/1.2 >\n"),
    ("server", "< NTP/1.2 >\n"),
    ("server", "User : "),
    ("client", "renaud\n"),
    ("server", "Password : "),
    ("client", "geheim\n"),
    ("server", "SERVER <|> PLUGIN_LIST <|>\n10330 <|> Services <|> infos <|> (C) <|> Finds services <|> Find <|> General\n<|> SERVER\n"),
    ("client", "CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\n"),
    ("server", "SERVER <|> BYE <|> BYE <|> SERVER\n"),
];

/// Messages of the dialogue.
pub(crate) const MESSAGES: usize = 11;

/// Two namespaces joined by veth pairs `v0` and `v1`, without IPv6; both are gone when it is dropped.
pub(crate) struct Net {
    names: [String; 2],
    /// A folder of the test's own, gone as well.
    pub(crate) folder: PathBuf,
}

/// Whether this test can run; says why not.
pub(crate) fn can_run(needs: &[&str]) -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let found = |program: &str| Command::new("sh").args(["-c", &format!("command -v {program} > /dev/null")]).status().unwrap().success();
    let missing: Vec<&&str> = ["ip"].iter().chain(needs).filter(|program| !found(program)).collect();
    if root && missing.is_empty() {
        return true;
    }
    let reason = format!("needs root, and {missing:?} are missing");
    assert!(std::env::var_os("CI").is_none(), "{reason}");
    eprintln!("skipped: {reason}");
    false
}

impl Net {
    /// Nothing where the test cannot run; the reason was said.
    pub(crate) fn new(test: &str) -> Option<Self> {
        if !can_run(&[]) {
            return None;
        }
        let id = std::process::id();
        let folder = std::env::temp_dir().join(format!("ntp-sniff-{test}-{id}"));
        fs::create_dir_all(&folder).unwrap();
        let net = Self { names: ["c", "s"].map(|side| format!("ntp-sniff-{test}-{id}-{side}")), folder };
        for name in &net.names {
            ip(&["netns", "add", name]);
            let mut quiet = Command::new("ip");
            let files = "/proc/sys/net/ipv6/conf/all/disable_ipv6 /proc/sys/net/ipv6/conf/default/disable_ipv6";
            quiet.args(["netns", "exec", name, "sh", "-c", &format!("for file in {files}; do [ ! -e $file ] || echo 1 > $file; done")]);
            assert!(quiet.status().unwrap().success());
        }
        let [client, server] = &net.names;
        for link in ["v0", "v1"] {
            ip(&["-n", client, "link", "add", link, "type", "veth", "peer", "name", link, "netns", server]);
        }
        for (name, number) in [(client, 1), (server, 2)] {
            ip(&["-n", name, "address", "add", &format!("192.0.2.{number}/24"), "dev", "v0"]);
            ip(&["-n", name, "address", "add", &format!("198.51.100.{number}/24"), "dev", "v1"]);
            for link in ["v0", "v1"] {
                ip(&["-n", name, "link", "set", link, "up"]);
            }
        }
        Some(net)
    }

    /// Runs `ip` on the links of the server's namespace.
    pub(crate) fn ip(&self, args: &[&str]) {
        ip(&[&["-n", &self.names[1]], args].concat());
    }

    /// A command inside the namespace of the client (0) or the server (1).
    pub(crate) fn inside(&self, name: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.names[name], program]);
        command
    }

    /// The name of the namespace of the client (0) or the server (1).
    pub(crate) fn namespace(&self, name: usize) -> &str {
        &self.names[name]
    }

    /// The program, capturing at the server's end, with these arguments.
    pub(crate) fn program(&self, args: &[&str]) -> Command {
        let mut command = self.inside(1, PROGRAM);
        command.args(args);
        command
    }

    /// This program as another one, inside a namespace.
    fn this(&self, name: usize, side: &str) -> Command {
        let this = std::env::current_exe().unwrap();
        let mut command = self.inside(name, this.to_str().unwrap());
        command.args(["--exact", "net::a_side_of_the_dialogue", "--nocapture"]).env(SIDE, side).stdout(Stdio::null());
        command
    }

    /// Holds the dialogue, on a connection of its own.
    pub(crate) fn hold_dialogue(&self) {
        let mut sides = [(1, "server"), (0, "client")].map(|(name, side)| self.this(name, side).spawn().unwrap());
        for side in &mut sides {
            assert!(ended(side).success());
        }
    }

    /// Sends the frames of a capture from the client's end of a link, as fast as it can, so many times.
    pub(crate) fn replay(&self, capture: &Path, link: &str, times: u32) {
        let mut command = self.this(0, "replay");
        command.env("CAPTURE", capture).env("LINK", link).env("TIMES", times.to_string());
        assert!(command.status().unwrap().success());
    }

    /// How many reasons there are for the server's interface to be promiscuous.
    pub(crate) fn promiscuity(&self) -> String {
        let shown = Command::new("ip").args(["-n", &self.names[1], "-d", "link", "show", "dev", "v0"]).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        let mut words = shown.split_whitespace().skip_while(|word| *word != "promiscuity");
        words.nth(1).expect("promiscuity").to_owned()
    }

    /// A file in the test's folder, as an argument.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.names {
            // Also after a failure half way: what is not there cannot be deleted.
            let _ = Command::new("ip").args(["netns", "delete", name]).stderr(Stdio::null()).status();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn ip(args: &[&str]) {
    let output = Command::new("ip").args(args).output().unwrap();
    assert!(output.status.success(), "ip {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Waits for the end of a process that this test started.
pub(crate) fn ended(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{child:?} does not end");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until this holds.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// The program at work; killed when it is dropped before its end.
pub(crate) struct Sniffer {
    pub(crate) child: Child,
    /// Records from standard output, and when they were read.
    pub(crate) records: Receiver<(SystemTime, Value)>,
    pub(crate) said: Receiver<String>,
}

impl Sniffer {
    /// Starts it on `v0`, and waits until the interface is open.
    pub(crate) fn start(net: &Net, args: &[&str]) -> Self {
        let sniffer = Self::run(net.program(&[&["-i", "v0", "-T", "jsonl"], args].concat()));
        // What it says of its outputs comes first.
        let ready =
            (0..3).map(|_| sniffer.said.recv_timeout(PATIENCE).unwrap()).find(|said| said.starts_with("ntp-sniff: capturing on v0"));
        assert!(ready.is_some());
        sniffer
    }

    /// Runs a command that is the program.
    pub(crate) fn run(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (record, records) = mpsc::channel();
        let (line, said) = mpsc::channel();
        let (stdout, stderr) = (BufReader::new(child.stdout.take().unwrap()), BufReader::new(child.stderr.take().unwrap()));
        // Nobody may listen any more: then the thread ends with its pipe.
        thread::spawn(move || {
            stdout.lines().try_for_each(|line| record.send((SystemTime::now(), serde_json::from_str(&line.unwrap()).unwrap())))
        });
        thread::spawn(move || stderr.lines().try_for_each(|text| line.send(text.unwrap())));
        Self { child, records, said }
    }

    /// The records up to one of this event.
    pub(crate) fn records_until(&self, event: &str) -> Vec<Value> {
        let mut records: Vec<Value> = Vec::new();
        loop {
            let (_, record) = self.records.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {event} after {records:#?}"));
            records.push(record);
            if records.last().unwrap()["event"] == event {
                return records;
            }
        }
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("bash").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().unwrap();
        assert!(status.success());
    }

    /// Sends SIGINT.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    /// Waits for its end: exit code, and what it said since it began to capture.
    pub(crate) fn ended(mut self) -> (Option<i32>, Vec<String>) {
        let code = ended(&mut self.child).code();
        (code, self.said.iter().collect())
    }

    /// Waits for a good end without another word than what was received and that nothing was lost; gives the rest of the records.
    pub(crate) fn finish(self) -> Vec<Value> {
        let records = self.records_until("summary");
        let summary = records.last().unwrap();
        let (frames, received) = (&summary["frames"], &summary["received"]);
        let lines = [format!("{frames} packets captured"), format!("{received} packets received by filter")];
        let none = ["0 packets dropped by kernel", "0 packets dropped by interface"];
        let (code, said) = self.ended();
        assert_eq!((code, said), (Some(0), [&lines[..], &none.map(str::to_owned)].concat()));
        records
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        // Fails where it has ended, as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The records of a file; each of them must be whole.
pub(crate) fn records(path: &str) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{path}: the last record is not whole");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{path}: {error}: {line}"))).collect()
}

/// How often an event is among the records of a file; a part of the last line counts for nothing.
pub(crate) fn count(path: &str, event: &str) -> usize {
    fs::read_to_string(path).unwrap_or_default().matches(&format!("\"event\":\"{event}\"")).count()
}

/// The names of the messages.
pub(crate) fn names(records: &[Value]) -> Vec<&str> {
    records.iter().filter(|record| record["event"] == "message_decoded").map(|record| record["name"].as_str().unwrap()).collect()
}

/// Not a test but the other processes: `ip netns exec` runs this very program with [`SIDE`] set.
#[test]
fn a_side_of_the_dialogue() {
    let Ok(side) = std::env::var(SIDE) else { return };
    let mut stream = match side.as_str() {
        "replay" => return replay::send(),
        "server" => TcpListener::bind(SERVER).unwrap().accept().unwrap().0,
        _ => connected(),
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for (from, text) in DIALOGUE {
        if from == side {
            stream.write_all(text.as_bytes()).unwrap();
        } else {
            let mut heard = vec![0; text.len()];
            stream.read_exact(&mut heard).unwrap();
            assert_eq!(heard, text.as_bytes());
        }
    }
}

fn connected() -> TcpStream {
    let start = Instant::now();
    loop {
        match TcpStream::connect(SERVER) {
            Ok(stream) => return stream,
            Err(error) if start.elapsed() > PATIENCE => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(50)),
        }
    }
}
