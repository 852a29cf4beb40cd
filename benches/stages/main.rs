//! How fast the stages are, each alone and all together, in bytes or packets a second: on forged traffic, so that nothing else is needed.
#![allow(missing_docs, reason = "criterion's macros write undocumented functions")]
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::panic,
    reason = "a bench that cannot run shall stop"
)]
#![allow(dead_code, reason = "the forge makes more than is measured here")]

mod adversary;
mod capture;
mod flow;
mod forged;
#[path = "../forge/frame.rs"]
mod frame;
#[path = "../forge/nessus.rs"]
mod nessus;
mod protocol;
mod report;
#[path = "../forge/sessions.rs"]
mod sessions;
#[path = "../forge/small.rs"]
mod small;
#[path = "../forge/talk.rs"]
mod talk;
#[cfg(feature = "tls")]
mod tls;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use ntp_sniff::capture::Source;
use ntp_sniff::limits::Limits;
use ntp_sniff::pipeline;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Format;
use ntp_sniff::report::Style;
use std::io;
use std::sync::atomic::AtomicBool;

/// The whole program but for its command line.
fn run(source: &mut dyn Source, format: &Format) {
    let options = pipeline::Options { limits: Limits::default(), ..pipeline::Options::default() };
    let mut sink = (format.open)(Box::new(io::sink()), &Style::default());
    pipeline::run(source, options, sink.as_mut(), &AtomicBool::new(false), &mut |_| ()).unwrap();
}

fn all(criterion: &mut Criterion) {
    let capture = forged::session();
    let mut group = criterion.benchmark_group("all");
    group.throughput(Throughput::Bytes(capture.len() as u64));
    for format in FORMATS {
        group.bench_function(format.name, |bencher| bencher.iter(|| run(&mut forged::source(capture), format)));
    }
    group.finish();
}

criterion_group!(
    benches,
    capture::walk,
    capture::decode,
    flow::connections,
    flow::reassembly,
    protocol::framing,
    report::writing,
    adversary::all,
    all
);
#[cfg(feature = "tls")]
criterion_group!(layers, tls::opening);
#[cfg(feature = "tls")]
criterion_main!(benches, layers);
#[cfg(not(feature = "tls"))]
criterion_main!(benches);
