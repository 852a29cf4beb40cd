//! Metrics are what Prometheus reads, agree with the summary, and nobody who asks for them can hurt the run.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a failed test is told by a panic, a skipped one by a line"
)]

#[path = "metrics/scrape.rs"]
mod scrape;

use scrape::agree;
use scrape::scrape;
use serde_json::Value;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

const PROGRAM: &str = env!("CARGO_BIN_EXE_ntp-sniff");
const CAPTURE: &str = "captures/frank4dd.pcap";
const PATIENCE: Duration = Duration::from_secs(20);

/// The program, reading a pipe and telling metrics.
struct Run {
    child: Child,
    pipe: Option<ChildStdin>,
    address: String,
    records: PathBuf,
}

impl Run {
    fn start(test: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        // Into a file: nobody reads a pipe meanwhile.
        let records = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("metrics-{test}.jsonl"));
        command.args(["-r", "-", "-T", "jsonl", "--metrics", "127.0.0.1:0", "-o"]).arg(&records);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().strip_prefix("ntp-sniff: metrics at http://").and_then(|rest| rest.strip_suffix("/metrics")).unwrap();
        Self { address: address.to_owned(), pipe: child.stdin.take(), child, records }
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.pipe.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Ends the input; the summary.
    fn finish(mut self) -> Value {
        drop(self.pipe.take());
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = fs::read_to_string(&self.records).unwrap();
        let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        assert_eq!(summary["event"], "summary");
        summary
    }

    /// What is answered to these bytes.
    fn ask(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        // What was sent beyond the bound may cost the end of the answer.
        _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    /// The packets read, as the metrics say.
    fn packets(&self) -> u64 {
        let answer = self.ask(b"GET /metrics HTTP/1.1\r\n\r\n");
        let line = answer.lines().find_map(|line| line.strip_prefix("ntp_sniff_packets_total "));
        line.unwrap_or_else(|| panic!("{answer}")).parse().unwrap()
    }

    fn until_packets(&self, wanted: u64) {
        let start = Instant::now();
        while self.packets() != wanted {
            assert!(start.elapsed() < PATIENCE, "never {wanted}: {}", self.packets());
            sleep(Duration::from_millis(20));
        }
    }

    /// Something the kernel says of the process: a number of kB, or of threads.
    fn status(&self, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:"))).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

/// The packets of a capture, as a run without metrics counts them.
fn frames(capture: &str) -> u64 {
    let output = Command::new(PROGRAM).args(["-r", capture, "-T", "jsonl"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let summary: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    summary["frames"].as_u64().unwrap()
}

#[test]
fn counts_are_those_of_the_summary() {
    // Of connections that ended: what only the end of the input tells, nobody can ask for.
    for capture in ["nessusd_17_sessions.pcap", "overlap_differs.pcap", "handshake_31_sctp.pcap", "tls13_secrets.pcapng"] {
        let capture = &format!("captures/{capture}");
        let bytes = fs::read(capture).unwrap();
        let mut run = Run::start("same");
        assert_eq!(run.packets(), 0);
        run.feed(&bytes);
        run.until_packets(frames(capture));
        let Some(metrics) = scrape(Command::new("env"), &run.address) else { return };
        let summary = run.finish();
        agree(&metrics, &summary, capture);
    }
}

#[test]
fn counts_grow_while_packets_come() {
    let bytes = fs::read(CAPTURE).unwrap();
    let (first, second) = bytes.split_at(24 + 16 + 62);
    let mut run = Run::start("grow");
    run.feed(first);
    run.until_packets(1);
    run.feed(second);
    run.until_packets(31);
    assert_eq!(run.finish()["frames"], 31);
}

#[test]
fn only_one_request_is_answered() {
    let run = Run::start("one");
    for (request, wanted) in [
        (&b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"[..], "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4"),
        (b"HEAD /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        (b"GET http://host:9241/metrics?x=/y HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK"),
        (b"GET HTTP://host HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
        (b"GET http://host?/metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 404 Not Found"),
        (b"DELETE /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"),
        (b"\x00\x01\x02\xff\r\n\r\n", "HTTP/1.1 400 Bad Request"),
        (b"\x16\x03\x01\x00\xf4\x01\x00\x00", "HTTP/1.1 400 Bad Request"),
    ] {
        let answer = run.ask(request);
        assert!(answer.starts_with(wanted) && answer.contains("Connection: close\r\n"), "{}: {answer}", String::from_utf8_lossy(request));
        assert_eq!(answer.ends_with("\r\n\r\n"), request.starts_with(b"HEAD"), "{answer}");
    }
}

/// Connections that say nothing, or half a request, and one that never reads.
fn besiege(run: &Run) -> Vec<TcpStream> {
    (0..1000)
        .filter_map(|number| {
            let mut stream = TcpStream::connect(&run.address).ok()?;
            // Whoever was thrown out cannot write any more.
            _ = match number % 4 {
                0 => Ok(()),
                1 => stream.write_all(b"GET /metr"),
                2 => stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n"),
                _ => stream.write_all(&[0xff; 4096]),
            };
            Some(stream)
        })
        .collect()
}

#[test]
fn hostile_guests_hurt_neither_the_run_nor_each_other() {
    let bytes = fs::read(CAPTURE).unwrap();
    let (first, second) = bytes.split_at(24 + 16 + 62);
    let mut run = Run::start("siege");
    run.feed(first);
    run.until_packets(1);
    let (memory, threads) = (run.status("VmRSS"), run.status("Threads"));
    let guests = besiege(&run);
    assert!(guests.len() > 500);
    // Another one asks in between, and is answered; the capture goes on.
    run.feed(second);
    run.until_packets(31);
    // A request that never ends.
    let mut endless = TcpStream::connect(&run.address).unwrap();
    endless.set_write_timeout(Some(PATIENCE)).unwrap();
    let sent =
        (0..100_000).take_while(|_| endless.write_all(b"X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n").is_ok()).count();
    assert!(sent < 100_000, "it is cut off");
    assert_eq!(run.packets(), 31);
    let open = fs::read_dir(format!("/proc/{}/fd", run.child.id())).unwrap().count();
    assert!(open < 40, "{open} files are open");
    assert_eq!(run.status("Threads"), threads);
    assert!(run.status("VmRSS") < memory + (16 << 10), "{} kB, before {memory}", run.status("VmRSS"));
    assert_eq!(run.finish()["frames"], 31);
    drop(guests);
}

#[test]
fn a_guest_who_says_nothing_is_thrown_out() {
    let run = Run::start("silent");
    let start = Instant::now();
    let answer = run.ask(b"GET /metrics HTTP/1.1\r\nHost:");
    assert!(answer.is_empty() && (Duration::from_secs(4)..Duration::from_secs(12)).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn nothing_is_told_unless_it_is_asked_for_and_addresses_are_checked() {
    let run = |args: &[&str]| {
        let output = Command::new(PROGRAM).args(["-r", CAPTURE, "-T", "jsonl"]).args(args).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let without = run(&[]);
    let with = run(&["--metrics", "127.0.0.1:0"]);
    assert!(with.2.starts_with("ntp-sniff: metrics at http://127.0.0.1:") && with.2.lines().count() == 1, "{}", with.2);
    assert_eq!((&without.1, without.2.as_str()), (&with.1, ""), "the output is the same");
    assert_eq!(run(&["-q", "--metrics", "[::1]:0"]).2, "");
    assert!(run(&["--metrics", "0.0.0.0:0"]).2.ends_with("/metrics, to everybody who reaches that address\n"));
    for wrong in ["localhost:9241", "127.0.0.1", ":9241", "9241"] {
        let (code, _, said) = run(&["--metrics", wrong]);
        assert!(code == Some(2) && said.contains("write an address and a port, as 127.0.0.1:9241"), "{wrong}: {said}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, _, said) = run(&["--metrics", &taken.local_addr().unwrap().to_string()]);
    assert!(code == Some(1) && said.contains("cannot tell metrics there: Address already in use"), "{said}");
}
