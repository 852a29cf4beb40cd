//! Promise: memory does not grow with time. Months, compressed: ever new clients, ever new connections, small bounds, and the memory of
//! the process from beginning to end. The long run with the program itself is in the README.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

mod support;

use ntp_sniff::capture::Frame;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::error::Error;
use ntp_sniff::event::Event;
use ntp_sniff::evidence::FrameId;
use ntp_sniff::limits::Limits;
use ntp_sniff::loss::Counter;
use ntp_sniff::peer::Peer;
use ntp_sniff::pipeline;
use ntp_sniff::report::Sink;
use ntp_sniff::ship::Cut;
use ntp_sniff::ship::Manner;
use ntp_sniff::ship::Packets;
use ntp_sniff::ship::Rolling;
use ntp_sniff::ship::Rotation;
use ntp_sniff::time::Timestamp;
use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use support::wire::ACK;
use support::wire::Net;
use support::wire::Packet;
use support::wire::SYN;
use support::wire::Talk;

/// Connections of the run, how many of them fill all tables, and the seconds it stands for: twelve weeks.
const CONNECTIONS: u32 = 130_000;
const UNTIL_FULL: u32 = 60_000;
const SECONDS: i64 = 12 * 7 * 86_400;

/// Pages of memory that the process has.
fn resident_pages() -> u64 {
    let text = fs::read_to_string("/proc/self/statm").unwrap();
    text.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Makes its frames as they are asked for, and looks at the memory now and then.
struct Months {
    connection: u32,
    queue: VecDeque<Vec<u8>>,
    frame: Vec<u8>,
    number: u64,
    memory: Vec<u64>,
}

impl Months {
    /// The packets of one connection: most are short, some are but asked for, some are sessions, some never end.
    fn begin(&mut self) {
        let [_, high, middle, low] = self.connection.to_be_bytes();
        let mut net = Net::v4(if self.connection.is_multiple_of(20) { 1241 } else { 1000 + u16::from(low) });
        net.client.set_ip([10, 1 + high, middle, low].into());
        net.server.set_ip([172, 16, middle.wrapping_mul(7), low.wrapping_mul(3)].into());
        let mut talk = Talk::new([self.connection, 7]);
        match self.connection % 10 {
            1 => talk.send(Peer::Client, SYN, &[]),
            2 => [(Peer::Client, SYN), (Peer::Server, SYN | ACK)].into_iter().for_each(|(from, flags)| talk.send(from, flags, &[])),
            _ => {
                talk.handshake();
                talk.send(Peer::Client, ACK, b"< NTP/1.2 >\n");
                let answer: &[u8] = if net.server.port() == 1241 { b"< NTP/1.2 >\nUser : " } else { &[0x80; 700] };
                talk.send(Peer::Server, ACK, answer);
                // A hole that never fills.
                if self.connection.is_multiple_of(7) {
                    talk.lose(Peer::Server, 100);
                    talk.send(Peer::Server, ACK, b"behind the hole");
                }
            }
        }
        if self.connection % 10 > 4 {
            talk.close();
        }
        let frame = |packet: &Packet| net.frame(packet);
        self.queue.extend(talk.packets.iter().map(frame));
        self.connection += 1;
        if self.connection >= UNTIL_FULL && self.connection.is_multiple_of(100) {
            self.memory.push(resident_pages());
        }
    }
}

impl Source for Months {
    fn next(&mut self) -> Result<Next<'_>, Error> {
        if self.queue.is_empty() {
            if self.connection == CONNECTIONS {
                return Ok(Next::End);
            }
            self.begin();
        }
        self.frame = self.queue.pop_front().unwrap();
        self.number += 1;
        let second = i64::from(self.connection) * SECONDS / i64::from(CONNECTIONS);
        let at = Timestamp::from_parts(1_105_000_000 + second, i64::try_from(self.number % 1_000_000).unwrap() * 1000, true);
        let wire_len = u32::try_from(self.frame.len()).unwrap();
        Ok(Next::Frame(Frame { id: FrameId { input: 0, number: self.number }, at, link_type: 1, wire_len, bytes: &self.frame }))
    }
}

/// Counts events, keeps none.
struct Forgetful(u64);

impl Sink for Forgetful {
    fn event(&mut self, _: &Event<'_>) -> io::Result<()> {
        self.0 += 1;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn memory_does_not_grow_with_time() {
    let limits = Limits {
        connections: 2048,
        pending_syns: 1024,
        half_open: 256,
        probes: 256,
        sessions: 256,
        facts: 2048,
        rations: 1024,
        logins: 256,
        undocumented: 256,
        saved_bytes: 1 << 20,
        idle: Duration::from_secs(86_400 * 7),
        ..Limits::default()
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("endurance-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let manner = Manner {
        cut: Cut::Blocks,
        rotation: Rotation { size: Some(100_000), interval: None, keep: 1 },
        lasting: true,
        most_waiting: 1 << 20,
        mode: 0o600,
        reopen: Arc::default(),
        lost: Counter::default(),
        say: Arc::new(|text| panic!("{text}")),
    };
    let saved = Rolling::open(Some(&folder.join("saved.pcapng")), manner).unwrap();
    let packets = Some(Packets::new(saved, &[], Vec::new(), &limits).unwrap());
    let options = pipeline::Options { limits, packets, ..pipeline::Options::default() };
    let mut months = Months { connection: 0, queue: VecDeque::new(), frame: Vec::new(), number: 0, memory: Vec::new() };
    let mut sink = Forgetful(0);
    let summary = pipeline::run(&mut months, options, &mut sink, &AtomicBool::new(false), &mut |error| panic!("{error}")).unwrap();
    fs::remove_dir_all(folder).unwrap();
    assert!(summary.flows > 40_000 && summary.evicted > 1000 && sink.0 > 100_000, "{summary:?}");
    assert_eq!(summary.sessions, [("nessus_ntp", summary.sessions[0].1)]);
    let tenth = months.memory.len() / 10;
    let mean = |pages: &[u64]| pages.iter().sum::<u64>() / u64::try_from(pages.len()).unwrap();
    let (first, last) = (mean(&months.memory[..tenth]), mean(&months.memory[months.memory.len() - tenth..]));
    assert!(last <= first + first / 10, "first tenth {first} pages, last tenth {last} pages: {:?}", months.memory);
}
