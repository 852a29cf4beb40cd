//! The program as its users call it: the README and `tests/cli/*.md` are executed, damaged input and signals are tried.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stderr,
    reason = "a failed test is told by a panic, a skipped one by a line"
)]

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/call.rs"]
mod call;
#[path = "cli/process.rs"]
mod process;
#[path = "cli/readme.rs"]
mod readme;

/// Every `console` block of the README and of `tests/cli/*.md`: the command, what it prints on both streams, its exit code.
#[test]
fn console_blocks_are_true() {
    trycmd::TestCases::new().case("README.md").case("tests/cli/*.md");
}
