//! Real interfaces: veth pairs between network namespaces, a Nessus dialogue over real sockets, replayed captures, signals and disasters.
//!
//! Needs root, iproute2, util-linux, tcpdump, tshark, tmux, tmpfs and a Python that knows `prometheus_client`. Without them it says that it is skipped; where `CI` is set, it fails instead.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a failed test is told by a panic, a skipped one by a line"
)]

#[path = "live/files.rs"]
mod files;
#[path = "live/loss.rs"]
mod loss;
#[path = "live/metrics.rs"]
mod metrics;
#[path = "live/net.rs"]
mod net;
#[path = "live/replay.rs"]
mod replay;
#[path = "live/rights.rs"]
mod rights;
#[path = "live/signals.rs"]
mod signals;
mod support;
#[path = "live/watch.rs"]
mod watch;

use net::Net;
use net::Sniffer;
use net::names;
use serde_json::Value;
use std::time::Duration;
use std::time::UNIX_EPOCH;

#[test]
fn a_dialogue_is_decoded_as_it_happens() {
    let Some(net) = Net::new("talk") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    assert_eq!(net.promiscuity(), "1");
    net.hold_dialogue();
    let records = sniffer.records_until("flow_closed");
    let session = records.iter().find(|record| record["event"] == "session_identified").expect("a session");
    assert_eq!((&session["protocol"], &session["version"]), (&Value::from("nessus_ntp"), &Value::from("1.2")));
    assert_eq!((&session["server_ip"], &session["server_port"]), (&Value::from("192.0.2.2"), &Value::from(1241)));
    let told = names(&records);
    let start = ["version", "version", "user_prompt", "user", "password_prompt", "password", "plugin_list", "plugin_record", "block_end"];
    assert_eq!(told[..start.len()], start);
    assert_eq!((told.len(), told.last()), (11, Some(&"bye")), "{told:?}");
    assert!(!records.iter().any(|record| record.to_string().contains("geheim")));
    assert!(records.iter().any(|record| record["event"] == "service_seen" && record["port"] == 1241));
    assert!(records.iter().any(|record| record["event"] == "connection_seen" && record["client_ip"] == "192.0.2.1"));
    sniffer.interrupt();
    let records = sniffer.finish();
    let summary = records.last().unwrap();
    assert_eq!((&summary["messages"], &summary["dropped_by_kernel"]), (&Value::from(11), &Value::from(0)));
}

#[test]
fn facts_are_told_within_a_tenth_of_a_second_and_messages_within_one() {
    let Some(net) = Net::new("soon") else { return };
    let sniffer = Sniffer::start(&net, &[]);
    // What other work of the machine delays counts for nothing: the quickest of five.
    let mut soonest = [Duration::MAX; 2];
    for _ in 0..5 {
        net.hold_dialogue();
        loop {
            let (read_at, record) = sniffer.records.recv_timeout(net::PATIENCE).unwrap();
            let of = match record["event"].as_str().unwrap() {
                "service_seen" | "connection_seen" | "flow_opened" => &mut soonest[0],
                "message_decoded" => &mut soonest[1],
                "flow_closed" => break,
                _ => continue,
            };
            let seen_at: jiff::Timestamp = record["at"].as_str().unwrap().parse().unwrap();
            let seen_at = UNIX_EPOCH + Duration::from_nanos(u64::try_from(seen_at.as_nanosecond()).unwrap());
            *of = (*of).min(read_at.duration_since(seen_at).unwrap());
        }
    }
    assert!(soonest[0] < Duration::from_millis(100) && soonest[1] < Duration::from_secs(1), "{soonest:?}");
    sniffer.interrupt();
    sniffer.finish();
}

#[test]
fn a_quiet_link_ends_with_the_report() {
    let Some(net) = Net::new("quiet") else { return };
    let sniffer = Sniffer::start(&net, &["-p", "udp port 9"]);
    assert_eq!(net.promiscuity(), "0");
    sniffer.interrupt();
    let records = sniffer.finish();
    assert_eq!(records.last().unwrap()["segments"], 0);
}

#[test]
fn count_and_snap_length_are_kept() {
    let Some(net) = Net::new("cut") else { return };
    // 14 bytes of Ethernet, 20 of IPv4, 32 of TCP: four of each payload are left.
    let cut = Sniffer::start(&net, &["-s", "70"]);
    net.hold_dialogue();
    let records = cut.records_until("flow_closed");
    let gaps = records.iter().filter(|record| record["name"] == "gap" && record["reason"] == "snap_length").count();
    assert!(gaps > 3, "{records:#?}");
    cut.interrupt();
    cut.finish();
    let counted = Sniffer::start(&net, &["-c", "3"]);
    net.hold_dialogue();
    let records = counted.finish();
    assert_eq!(records.last().unwrap()["frames"], 3);
}
