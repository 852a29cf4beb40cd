//! Metrics of a capture: asked for while packets come, without any rights, and by somebody who means no good.

use super::net::Net;
use super::net::Sniffer;
use super::net::can_run;
#[path = "../metrics/scrape.rs"]
mod scrape;

use std::path::Path;
use std::process::Stdio;

const ADDRESS: &str = "127.0.0.1:9241";

/// Asks without rest, reads nothing, and sends what is no request.
const HOSTILE: &str = "
import socket, time
guests, end = [], time.time() + 20
while time.time() < end and len(guests) < 2000:
    guest = socket.create_connection(('127.0.0.1', 9241))
    try:
        guest.send([b'GET /metrics HTTP/1.1\\r\\n\\r\\n', b'GET /', b'\\xff' * 4096, b'X'][len(guests) % 4])
    except OSError:
        pass
    guests.append(guest)
";

#[test]
fn metrics_are_told_without_rights_and_agree_with_the_summary() {
    if !can_run(&["python3"]) {
        return;
    }
    let Some(net) = Net::new("metrics") else { return };
    net.ip(&["link", "set", "lo", "up"]);
    let sniffer = Sniffer::start(&net, &["--metrics", ADDRESS, "--user", "nobody"]);
    let mut hostile = net.inside(1, "python3").args(["-c", HOSTILE]).stderr(Stdio::null()).spawn().unwrap();
    for _ in 0..3 {
        net.replay(Path::new("captures/nessusd_17_sessions.pcap"), "v0", 100);
        net.hold_dialogue();
        if scrape::scrape(net.inside(1, "env"), ADDRESS).is_none() {
            break;
        }
    }
    _ = hostile.kill();
    hostile.wait().unwrap();
    // The counts are laid down every second.
    std::thread::sleep(std::time::Duration::from_millis(2500));
    let Some(metrics) = scrape::scrape(net.inside(1, "env"), ADDRESS) else { return };
    sniffer.interrupt();
    let records = sniffer.finish();
    let summary = records.last().unwrap();
    assert!(summary["frames"].as_u64().unwrap() > 10_000, "{summary:#}");
    scrape::agree(&metrics, summary, "replay");
}
