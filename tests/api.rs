//! Promise: of the Nessus HTTP API, what real clients and servers said is what comes out; secrets do not; odd HTTP harms nothing.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, numbers are known to be small, and a skip is said to whoever runs it"
)]

mod support;

#[path = "api/forged.rs"]
mod forged;
#[path = "api/hidden.rs"]
mod hidden;
#[path = "api/laws.rs"]
mod laws;
#[path = "api/order.rs"]
mod order;
#[path = "api/reference.rs"]
mod reference;
#[path = "api/stories.rs"]
mod stories;
#[path = "api/truth.rs"]
mod truth;

#[path = "properties/draw.rs"]
mod draw;
