//! Protocol documents for other programs: what they say of a capture is what the document says, and no text of a capture becomes program.
#![allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
#![allow(clippy::print_stderr, reason = "a test says why it was skipped")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "dissector/arbitrary.rs"]
mod arbitrary;
#[path = "dissector/captures.rs"]
mod captures;
#[path = "dissector/command.rs"]
mod command;
#[path = "dissector/documents.rs"]
mod documents;
#[path = "dissector/hostile.rs"]
mod hostile;
#[path = "dissector/http.rs"]
mod http;
#[path = "dissector/round_trip.rs"]
mod round_trip;
#[path = "dissector/runtime.rs"]
mod runtime;
#[path = "dissector/structs.rs"]
mod structs;
mod support;
#[path = "dissector/tools.rs"]
mod tools;
