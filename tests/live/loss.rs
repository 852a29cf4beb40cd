//! Loss is counted and told: nothing is lost where nobody else loses, and where packets are dropped the figures add up.

use super::net::Net;
use super::net::Sniffer;
use super::net::can_run;
use super::replay::handshakes;
use serde_json::Value;
use std::io::Read;
use std::process::Command;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

fn number(record: &Value, name: &str) -> u64 {
    record[name].as_u64().unwrap_or_else(|| panic!("no {name} in {record}"))
}

/// Every received packet was read, dropped or left; every frame is accounted for.
pub(crate) fn adds_up(record: &Value) {
    let [received, frames, dropped, unread] = ["received", "frames", "dropped_by_kernel", "unread"].map(|name| number(record, name));
    assert_eq!(received, frames + dropped + unread, "{record}");
    let undecoded: u64 = record["undecoded"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(frames, number(record, "filtered") + number(record, "segments") + undecoded, "{record}");
    let interfaces: u64 = record["interfaces"].as_array().unwrap().iter().map(|one| number(one, "received")).sum();
    assert_eq!(received, interfaces, "{record}");
}

#[test]
fn at_top_speed_nothing_is_lost_that_tcpdump_does_not_lose() {
    let Some(net) = Net::new("speed") else { return };
    if !can_run(&["tcpdump"]) {
        return;
    }
    let sniffer = Sniffer::start(&net, &["--stats-interval", "1s"]);
    let mut tcpdump = net.inside(1, "tcpdump");
    tcpdump.args(["-i", "v0", "-B", "65536", "-w", "/dev/null"]).stderr(Stdio::piped());
    let mut tcpdump = tcpdump.spawn().unwrap();
    sleep(Duration::from_secs(1));
    // So many that the buffer holds them all: without optimisation the program is twenty times slower than it will be.
    let (connections, times) = (20_000, 2);
    net.replay(&handshakes(connections), "v0", times);
    sleep(Duration::from_millis(300));
    Command::new("bash").args(["-c", &format!("kill -INT {}", tcpdump.id())]).status().unwrap();
    let mut said = String::new();
    tcpdump.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    tcpdump.wait().unwrap();
    // Until the program, which is not optimised here, has read all of it.
    let sent = u64::from(connections * times) * 3;
    let mut stats = sniffer.records_until("stats");
    while number(stats.last().unwrap(), "unread") > 0 || number(stats.last().unwrap(), "received") < sent {
        stats = sniffer.records_until("stats");
    }
    sniffer.interrupt();
    let records = sniffer.records_until("summary");
    let summary = records.last().unwrap();
    adds_up(summary);
    assert_eq!(number(summary, "received"), sent);
    if said.contains("\n0 packets dropped by kernel") {
        assert_eq!((number(summary, "frames"), number(summary, "dropped_by_kernel")), (sent, 0), "tcpdump: {said}");
    } else {
        eprintln!("tcpdump itself lost packets: {said}");
    }
}

#[test]
fn lost_packets_are_counted_told_and_fail_the_run_that_asks_for_it() {
    let Some(net) = Net::new("loss") else { return };
    for (args, expected) in [(&["--fail-on-loss"][..], 4), (&[], 0)] {
        let sniffer = Sniffer::start(&net, &[&["-B", "1", "--stats-interval", "1s"], args].concat());
        // It does not read for a while, so a buffer of one MiB must overflow.
        sniffer.signal("STOP");
        let connections = 10_000;
        net.replay(&handshakes(connections), "v0", 1);
        sniffer.signal("CONT");
        let stats = loop {
            let records = sniffer.records_until("stats");
            adds_up(records.last().unwrap());
            if number(records.last().unwrap(), "received") > 0 && number(records.last().unwrap(), "unread") == 0 {
                break records;
            }
        };
        let stats = stats.last().unwrap();
        assert_eq!(number(stats, "received"), u64::from(connections) * 3, "sent and received");
        assert!(number(stats, "dropped_by_kernel") > 10_000 && number(stats, "frames") > 1000, "{stats}");
        sniffer.interrupt();
        let records = sniffer.records_until("summary");
        adds_up(records.last().unwrap());
        let dropped = number(records.last().unwrap(), "dropped_by_kernel");
        let (code, said) = sniffer.ended();
        assert_eq!((code, said.get(2)), (Some(expected), Some(&format!("{dropped} packets dropped by kernel"))));
    }
}

#[test]
fn what_the_kernel_leaves_out_is_not_counted() {
    let Some(net) = Net::new("filter") else { return };
    let capture = handshakes(10);
    for (args, filtered) in [
        (&["dst port 8080"][..], None),
        (&["--kernel-filter", "auto", "dst port 8080"], None),
        (&["--kernel-filter", "off", "dst port 8080"], Some(10)),
    ] {
        let sniffer = Sniffer::start(&net, args);
        net.replay(&capture, "v0", 1);
        sleep(Duration::from_millis(400));
        sniffer.interrupt();
        let summary = sniffer.finish().pop().unwrap();
        adds_up(&summary);
        assert_eq!((number(&summary, "segments"), number(&summary, "filtered")), (20, filtered.unwrap_or(0)), "{args:?}");
    }
    // Wrong for every link: said before anything is opened.
    let output = net.program(&["-i", "v0", "tcp prot 1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
