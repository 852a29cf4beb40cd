//! The laws: what holds for every conversation, every way to cut it, and every damage to it.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

#[path = "properties/bounds.rs"]
mod bounds;
#[path = "properties/cost.rs"]
mod cost;
#[path = "properties/damage.rs"]
mod damage;
#[path = "properties/draw.rs"]
mod draw;
#[path = "properties/model.rs"]
mod model;
#[path = "properties/probes.rs"]
mod probes;
#[path = "properties/rows.rs"]
mod rows;
#[path = "properties/secrets.rs"]
mod secrets;
#[path = "properties/stream.rs"]
mod stream;
