//! Metrics read by Prometheus' own parser, and compared with a summary.

use serde_json::Map;
use serde_json::Value;
use std::process::Command;

/// All samples. The prefix is a command that runs another one, `env` or one that enters a namespace; nothing where no Python knows how.
pub(crate) fn scrape(mut prefix: Command, address: &str) -> Option<Map<String, Value>> {
    let knows =
        |python: &&str| Command::new(python).args(["-c", "import prometheus_client"]).output().is_ok_and(|output| output.status.success());
    let Some(python) = ["python3", "/usr/bin/python3"].into_iter().find(|python| knows(python)) else {
        assert!(std::env::var_os("CI").is_none(), "prometheus_client of Python is missing");
        eprintln!("skipped: prometheus_client of Python is missing");
        return None;
    };
    let output = prefix.args([python, "tests/metrics/scrape.py", address]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The sum of all samples of a metric.
fn sum(metrics: &Map<String, Value>, name: &str) -> f64 {
    let is_it = |key: &&String| key.split('{').next() == Some(name);
    metrics.keys().filter(is_it).map(|key| metrics[key.as_str()].as_f64().unwrap()).sum()
}

/// Checks that metrics and summary say the same.
#[track_caller]
pub(crate) fn agree(metrics: &Map<String, Value>, summary: &Value, context: &str) {
    let number = |value: &Value| value.as_f64().unwrap_or(0.0);
    for (name, field) in [
        ("ntp_sniff_packets_total", "frames"),
        ("ntp_sniff_captured_bytes_total", "bytes"),
        ("ntp_sniff_filtered_packets_total", "filtered"),
        ("ntp_sniff_segments_total", "segments"),
        ("ntp_sniff_flows_total", "flows"),
        ("ntp_sniff_lone_syn_acks_total", "lone_syn_acks"),
        ("ntp_sniff_messages_total", "messages"),
        ("ntp_sniff_received_packets_total", "received"),
        ("ntp_sniff_kernel_dropped_packets_total", "dropped_by_kernel"),
        ("ntp_sniff_interface_dropped_packets_total", "dropped_by_interface"),
    ] {
        assert!((sum(metrics, name) - number(&summary[field])).abs() < 0.5, "{context}: {name} {metrics:#?} {summary:#}");
    }
    for (name, label, field) in [
        ("ntp_sniff_undecoded_packets_total", "reason", "undecoded"),
        ("ntp_sniff_sessions_total", "protocol", "sessions"),
        ("ntp_sniff_anomalies_total", "kind", "anomalies"),
    ] {
        let told = summary[field].as_object().unwrap_or_else(|| panic!("{field}: {summary:#}"));
        for (says, count) in told {
            let sample = &metrics[&format!("{name}{{{label}={says}}}")];
            assert!((number(sample) - number(count)).abs() < 0.5, "{context}: {name} {says}");
        }
        assert!((sum(metrics, name) - told.values().map(number).sum::<f64>()).abs() < 0.5, "{context}: {name}");
    }
    assert!(number(&metrics["process_resident_memory_bytes"]) > 1e6);
    assert!(metrics.keys().any(|name| name.starts_with("ntp_sniff_build_info{version=")));
}
