//! What is told: the names of all metrics, their sentences, and where in the account each stands.

use super::Board;
use super::board::Shown;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::NoLabelSet;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use std::fmt;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// The metrics as text. Made anew only when there is a new account, however often it is asked for.
#[derive(Debug)]
pub(super) struct Page {
    board: Board,
    memory: Option<File>,
    /// The account the texts are made of, the older text, and that of `OpenMetrics`.
    made: Option<(Arc<Shown>, [Arc<str>; 2])>,
}

impl Page {
    pub(super) fn new(board: Board, memory: Option<File>) -> Self {
        Self { board, memory, made: None }
    }

    /// The newest text and its media type.
    pub(super) fn text(&mut self, open: bool) -> (&'static str, Arc<str>) {
        let shown = self.board.look();
        let made = self.made.take().filter(|(earlier, _)| earlier.number == shown.number);
        let (shown, texts) = made.unwrap_or_else(|| {
            let counts = Counts { shown: Arc::clone(&shown), memory: self.memory.as_ref().and_then(resident) };
            (shown, counts.texts())
        });
        let [plain, openmetrics] = &texts;
        let answer = if open {
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", Arc::clone(openmetrics))
        } else {
            (prometheus_client::encoding::prometheus_text::CONTENT_TYPE, Arc::clone(plain))
        };
        self.made = Some((shown, texts));
        answer
    }
}

/// Bytes of memory this process has, by what the kernel tells.
fn resident(status: &File) -> Option<u64> {
    let mut bytes = [0; 4096];
    let length = status.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// One account on its way into text.
#[derive(Clone, Debug)]
struct Counts {
    shown: Arc<Shown>,
    memory: Option<u64>,
}

/// A value of a metric.
#[derive(Clone, Copy)]
enum Value {
    /// It only grows.
    Counter(u64),
    /// It goes up and down.
    Gauge(u64),
    /// Seconds since 1970.
    Time(f64),
}

/// The values of a metric, each with what its label says.
type Labelled<'a> = Vec<(&'a str, Value)>;

impl Counts {
    /// Both texts.
    fn texts(self) -> [Arc<str>; 2] {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let (mut plain, mut open) = (String::new(), String::new());
        // Writing into memory does not fail.
        _ = prometheus_client::encoding::prometheus_text::encode(&mut plain, &registry);
        _ = prometheus_client::encoding::text::encode(&mut open, &registry);
        [plain.into(), open.into()]
    }

    /// The metrics without a label: name, sentence, value.
    fn plain(&self) -> Vec<(&'static str, &'static str, Value)> {
        use Value::Counter;
        use Value::Gauge;
        let Shown { account, waiting, .. } = &*self.shown;
        let time = |at: Option<crate::time::Timestamp>| at.map(|at| Value::Time(at.since(crate::time::Timestamp::default()).as_secs_f64()));
        let sometimes = [
            ("process_resident_memory_bytes", "Memory of the process", self.memory.map(Gauge)),
            ("ntp_sniff_first_packet_timestamp_seconds", "Time of the first packet, by the capture", time(account.first_at)),
            ("ntp_sniff_last_packet_timestamp_seconds", "Time of the newest packet, by the capture", time(account.last_at)),
        ];
        let always = [
            ("ntp_sniff_packets", "Packets read", Counter(account.frames)),
            ("ntp_sniff_captured_bytes", "Bytes of these packets as captured", Counter(account.bytes)),
            ("ntp_sniff_filtered_packets", "Packets that the filter left out", Counter(account.filtered)),
            ("ntp_sniff_segments", "Packets that were, or completed, a TCP segment", Counter(account.segments)),
            ("ntp_sniff_flows", "Connections opened", Counter(account.flows)),
            ("ntp_sniff_evicted_flows", "Connections forgotten before their end for lack of room", Counter(account.evicted)),
            ("ntp_sniff_lone_syns", "SYNs that nobody answered", Counter(account.lone_syns)),
            ("ntp_sniff_lone_syn_acks", "SYN-ACKs whose SYN was not seen", Counter(account.lone_syn_acks)),
            ("ntp_sniff_exchanges", "Exchanges of HTTP APIs", Counter(account.exchanges)),
            ("ntp_sniff_records_dropped", "Records that the output did not take", Counter(account.lost.records)),
            ("ntp_sniff_saved_packets_dropped", "Packets that the file of --write did not take", Counter(account.lost.packets)),
            ("ntp_sniff_syslog_dropped", "Syslog messages that were dropped", Counter(account.lost.syslog)),
            ("ntp_sniff_held_records_bytes", "Records held back until facts are safe", Gauge(waiting.held_bytes)),
            ("ntp_sniff_waiting_records_bytes", "Records that are not written yet", Gauge(waiting.record_bytes)),
            ("ntp_sniff_waiting_packets_bytes", "Saved packets that are not written yet", Gauge(waiting.packet_bytes)),
            ("ntp_sniff_waiting_syslog_messages", "Syslog messages that are not sent yet", Gauge(waiting.syslog_messages)),
        ];
        let sometimes = sometimes.into_iter().filter_map(|(name, about, value)| value.map(|value| (name, about, value)));
        always.into_iter().chain(sometimes).collect()
    }

    /// The metrics with a label: name, sentence, the label's name, values.
    fn labelled(&self) -> [(&'static str, &'static str, &'static str, Labelled<'_>); 8] {
        let account = &self.shown.account;
        let [services, client_ports, connections] = account.facts.map(Value::Gauge);
        let counters = |counts: &[(&'static str, u64)]| counts.iter().map(|(name, count)| (*name, Value::Counter(*count))).collect();
        let interfaces = |count: fn(&crate::loss::Received) -> u64| {
            account.received.iter().map(|received| (received.interface.as_str(), Value::Counter(count(received)))).collect()
        };
        let facts = vec![("service", services), ("client_port", client_ports), ("connection", connections)];
        [
            ("ntp_sniff_received_packets", "Packets the kernel counted", "interface", interfaces(|of| of.packets)),
            ("ntp_sniff_kernel_dropped_packets", "Packets the kernel dropped", "interface", interfaces(|of| of.dropped_by_kernel)),
            ("ntp_sniff_interface_dropped_packets", "Packets the interface dropped", "interface", interfaces(|of| of.dropped_by_interface)),
            ("ntp_sniff_undecoded_packets", "Packets that are no TCP segment", "reason", counters(&account.undecoded)),
            ("ntp_sniff_sessions", "Sessions by protocol", "protocol", counters(&account.sessions)),
            ("ntp_sniff_messages", "Messages by protocol", "protocol", counters(&account.messages_by_protocol)),
            ("ntp_sniff_anomalies", "What was odd or missing", "kind", counters(&account.anomalies)),
            ("ntp_sniff_facts", "Facts known now", "kind", facts),
        ]
    }
}

/// The kind of a metric, by its values; the facts are the only ones with a label that may shrink.
fn kind(value: Option<Value>) -> MetricType {
    match value {
        None | Some(Value::Counter(_)) => MetricType::Counter,
        Some(_) => MetricType::Gauge,
    }
}

/// Writes a value.
fn write(mut encoder: prometheus_client::encoding::MetricEncoder<'_>, value: Value) -> fmt::Result {
    match value {
        Value::Counter(count) => encoder.encode_counter::<NoLabelSet, _, u64>(&count, None),
        Value::Gauge(now) => encoder.encode_gauge(&now),
        Value::Time(seconds) => encoder.encode_gauge(&seconds),
    }
}

impl Collector for Counts {
    fn encode(&self, mut out: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, about, value) in self.plain() {
            write(out.encode_descriptor(name, about, None, kind(Some(value)))?, value)?;
        }
        for (name, about, label, values) in self.labelled() {
            let mut metric = out.encode_descriptor(name, about, None, kind(values.first().map(|(_, value)| *value)))?;
            for (says, value) in values {
                write(metric.encode_family(&[(label, says)])?, value)?;
            }
        }
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        out.encode_descriptor("ntp_sniff_build", "The program", None, MetricType::Info)?.encode_info(&version)
    }
}
