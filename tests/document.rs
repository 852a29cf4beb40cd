//! Promise: documents are what their schema and `check` say, the same on every run, and hold what JSON Lines holds; nothing that is to
//! be hidden is in them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::string_slice,
    reason = "a test may panic, and its numbers are small"
)]

mod support;

#[path = "document/bounds.rs"]
mod bounds;
#[path = "document/captures.rs"]
mod captures;
#[path = "document/faults.rs"]
mod faults;
#[path = "document/late.rs"]
mod late;
#[path = "document/making.rs"]
mod making;
#[path = "document/redaction.rs"]
mod redaction;
#[path = "document/schema.rs"]
mod schema;
#[path = "document/strict.rs"]
mod strict;
