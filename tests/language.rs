//! Promise: every message of NTP 1.0 to 1.2 and OTP 1.0 to 2.0 is read for what it is, in every corner the reference knows.
//!
//! Sections are those of `reference/ntp-otp.md`; each conversation runs through the whole pipeline, once in large segments and once with
//! every byte in a segment of its own.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a skip is said to whoever runs the tests")]

mod support;

#[path = "language/hear.rs"]
mod hear;

#[path = "language/captures.rs"]
mod captures;
#[path = "language/corners.rs"]
mod corners;
#[path = "language/corners_of_connections.rs"]
mod corners_of_connections;
#[path = "language/corners_of_scans.rs"]
mod corners_of_scans;
#[path = "language/differences.rs"]
mod differences;
#[path = "language/hostile.rs"]
mod hostile;
#[path = "language/records.rs"]
mod records;
#[path = "language/scans.rs"]
mod scans;
#[path = "language/table.rs"]
mod table;
#[path = "language/versions.rs"]
mod versions;
