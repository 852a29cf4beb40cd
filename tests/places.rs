//! Promise: a secret is hidden wherever the place of a line is in doubt, and lines of unusual form are read as the programs read them.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

#[path = "places/bounds.rs"]
mod bounds;
