//! Forges captures to measure with: the same bytes every time, and nothing needed from elsewhere.
//!
//! `cargo bench --bench forge -- SHAPE FILE [COUNT]`; without a shape it names them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::format_push_string,
    clippy::format_collect,
    clippy::print_stderr,
    reason = "a tool for developers: its numbers are known to be small, and it stops where it cannot write"
)]

mod flood;
mod frame;
mod mixed;
mod nessus;
mod sessions;
mod small;
mod talk;

use frame::Capture;
use std::env;
use std::fs::File;
use std::process::ExitCode;

/// A kind of capture.
struct Shape {
    name: &'static str,
    about: &'static str,
    /// How many there are of what `about` counts, unless the caller says.
    count: u64,
    forge: fn(&mut Capture, u64),
}

const SHAPES: &[Shape] = &[
    Shape {
        name: "syn-flood",
        about: "N spoofed SYNs without an answer, and one real connection",
        count: 1_000_000,
        forge: flood::unanswered,
    },
    Shape {
        name: "answered-flood",
        about: "N spoofed SYNs, each answered, and one real connection",
        count: 500_000,
        forge: flood::answered,
    },
    Shape {
        name: "small",
        about: "N small frames: scans, refusals, short connections of up to a million pairs",
        count: 12_000_000,
        forge: small::frames,
    },
    Shape {
        name: "mixed",
        about: "N bytes of ordinary traffic, a tenth of it on ports 1241 and 8834",
        count: 1_000_000_000,
        forge: mixed::bytes,
    },
    Shape {
        name: "ntp1241",
        about: "N Nessus sessions at once, each with 10,000 plugins and a scan",
        count: 128,
        forge: sessions::sessions,
    },
];

fn main() -> ExitCode {
    // Cargo adds `--bench` to what the user says.
    let words: Vec<String> = env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let shape = SHAPES.iter().find(|shape| words.first() == Some(&shape.name));
    let (Some(shape), Some(path)) = (shape, words.get(1)) else {
        for Shape { name, about, count, .. } in SHAPES {
            eprintln!("cargo bench --bench forge -- {name:<15} FILE [N={count}]   {about}");
        }
        return ExitCode::SUCCESS;
    };
    let count = words.get(2).map_or(shape.count, |count| count.parse().expect("a number"));
    let mut capture = Capture::new(Some(File::create(path).expect("a file to write")));
    (shape.forge)(&mut capture, count);
    eprintln!("{}: {} frames, {} bytes", path, capture.frames(), capture.written());
    capture.finish();
    ExitCode::SUCCESS
}
