//! Files to frames, and frames to segments.

use crate::forged;
use criterion::Criterion;
use criterion::Throughput;
use ntp_sniff::decode::Checks;
use ntp_sniff::decode::segment;
use std::hint::black_box;

/// From record to record.
pub(crate) fn walk(criterion: &mut Criterion) {
    let classic = forged::handshakes();
    let blocks = forged::pcapng(classic);
    let mut group = criterion.benchmark_group("capture");
    for (name, capture) in [("pcap", classic), ("pcapng", blocks)] {
        group.throughput(Throughput::Elements(forged::each(capture, |_| ())));
        group.bench_function(format!("walk {name}"), |bencher| {
            bencher.iter(|| forged::each(capture, |frame| _ = black_box(frame.bytes.len())));
        });
    }
    group.finish();
}

/// Headers down to TCP.
pub(crate) fn decode(criterion: &mut Criterion) {
    let frames = forged::frames(forged::handshakes());
    let mut group = criterion.benchmark_group("decode");
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("segment", |bencher| {
        bencher.iter(|| frames.iter().for_each(|frame| _ = black_box(segment(&frame.frame(), Checks::default()).is_ok())));
    });
    group.finish();
}
