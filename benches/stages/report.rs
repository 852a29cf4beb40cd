//! Messages to text: one plugin record, again and again.

use crate::protocol::Recorded;
use criterion::Criterion;
use criterion::Throughput;
use ntp_sniff::event::EventKind;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Style;
use std::io;

/// A plugin record in every format.
pub(crate) fn writing(criterion: &mut Criterion) {
    let recorded = Recorded::session();
    let style = Style { verbose: true, ..Style::default() };
    let mut group = criterion.benchmark_group("report");
    group.throughput(Throughput::Elements(1));
    for format in FORMATS {
        let mut sink = (format.open)(Box::new(io::sink()), &style);
        let mut is_measured = false;
        // The event lives only while it is told.
        recorded.play(&mut |event| {
            sink.event(&event).unwrap();
            let EventKind::MessageDecoded(message) = &event.kind else { return };
            if message.annotation.name == "plugin_record" && !is_measured {
                is_measured = true;
                group.bench_function(format!("{}: plugin record", format.name), |bencher| bencher.iter(|| sink.event(&event).unwrap()));
            }
        });
        assert!(is_measured, "the session has a plugin list");
    }
    group.finish();
}
