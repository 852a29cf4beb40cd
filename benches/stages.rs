//! How fast the stages are, each alone and all together, in bytes or frames a second.
#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot run shall stop")]

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use ntp_sniff::capture::Frame;
use ntp_sniff::capture::Next;
use ntp_sniff::capture::Source;
use ntp_sniff::capture::files::Files;
use ntp_sniff::decode::Checks;
use ntp_sniff::decode::segment;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Style;
use std::hint::black_box;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

/// A bundled session: login, dump of 46 preferences, scans.
const CAPTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/frank4dd.pcap");

fn open() -> Files {
    Files::new(vec![PathBuf::from(CAPTURE)], &Limits::default())
}

fn each_frame(mut work: impl FnMut(&Frame<'_>)) {
    let mut source = open();
    while let Next::Frame(frame) = source.next().unwrap() {
        work(&frame);
    }
}

fn run(format: usize) {
    let options = pipeline::Options { limits: Limits::default(), ..pipeline::Options::default() };
    let mut sink = (FORMATS.get(format).unwrap().open)(Box::new(io::sink()), &Style::default());
    pipeline::run(&mut open(), options, sink.as_mut(), &AtomicBool::new(false), &mut |_| ()).unwrap();
}

fn stages(criterion: &mut Criterion) {
    let (mut frames, mut bytes) = (0_u64, 0_u64);
    each_frame(|frame| {
        frames = frames.saturating_add(1);
        bytes = bytes.saturating_add(u64::try_from(frame.bytes.len()).unwrap());
    });
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(frames));
    group.bench_function("capture: record walk", |bencher| bencher.iter(|| each_frame(|frame| _ = black_box(frame.bytes.len()))));
    group.bench_function("decode: segment", |bencher| {
        bencher.iter(|| each_frame(|frame| _ = black_box(segment(frame, Checks::default()).is_ok())));
    });
    group.throughput(Throughput::Bytes(bytes));
    for (index, format) in FORMATS.iter().enumerate() {
        group.bench_function(format!("all: {}", format.name), |bencher| bencher.iter(|| run(index)));
    }
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
