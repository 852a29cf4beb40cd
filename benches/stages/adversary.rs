//! What costs the most for the bytes it sends: a line that never ends, and a hole that never fills.

use crate::forged;
use crate::forged::Owned;
use crate::frame::Capture;
use crate::frame::Random;
use crate::run;
use crate::talk::Talk;
use crate::talk::Turn;
use criterion::Criterion;
use criterion::Throughput;
use ntp_sniff::report::FORMATS;

/// Bytes of each attack: several times what any bound holds.
const BYTES: usize = 16 << 20;

/// A server that sends so much without a line end once its session was recognised.
fn endless() -> Vec<Owned> {
    let version = "< NTP/1.2 >\n";
    let line = [b"SERVER <|> PLUGIN_LIST <|>\n10001 <|> ".to_vec(), vec![b'a'; BYTES]].concat();
    let turns = vec![Turn::client(version), Turn::server(version), Turn::server(line)];
    let mut random = Random::new(3);
    let mut talk = Talk::new(&mut random, [([10, 0, 0, 1], 40_000), ([10, 0, 0, 2], 1241)], 1460, turns, 0);
    let mut capture = Capture::new(None);
    while talk.advance(&mut capture, &mut random, 8) {}
    forged::frames(capture.finish().leak())
}

/// The same with one segment missing that nobody acknowledges: only the bounds end the waiting.
fn hole() -> Vec<Owned> {
    let mut frames = endless();
    let is_long = |frame: &Owned| frame.bytes.len() > 1000;
    let missing = frames.iter().position(is_long).unwrap();
    let mut number = 0;
    // Behind the hole the client says nothing more.
    frames.retain(|frame| {
        number += 1;
        number <= missing || (number != missing + 1 && is_long(frame))
    });
    frames
}

/// Both, through the whole program.
pub(crate) fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("adversary");
    group.sample_size(10);
    group.throughput(Throughput::Bytes(BYTES as u64));
    for (name, frames) in [("endless line", endless()), ("hole", hole())] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(|| forged::script(&frames), |mut source| run(&mut source, &FORMATS[0]), criterion::BatchSize::LargeInput);
        });
    }
    group.finish();
}
