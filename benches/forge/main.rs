//! Forges the captures that the figures of the README are measured with: the same bytes every time.
//!
//! `cargo bench --bench forge -- SHAPE FILE [COUNT]`; without a shape it names them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "a tool for developers: its numbers are known to be small, and it stops where it cannot write"
)]

mod flood;
mod frame;

use frame::Capture;
use std::env;
use std::fs::File;
use std::io::BufWriter;
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
    let mut capture = Capture::new(BufWriter::with_capacity(1 << 20, File::create(path).expect("a file to write")));
    (shape.forge)(&mut capture, count);
    capture.finish();
    ExitCode::SUCCESS
}
