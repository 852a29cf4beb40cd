//! Promise: with its keys, a TLS session gives exactly the bytes that were sent inside; without, it says why not.
//!
//! The captures lie beside the repository, in `../shared/captures`. A clone without them skips these tests and says so;
//! in CI their absence is a failure.
#![cfg(feature = "tls")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a panic is how a test fails, and a skip is said to whoever runs it"
)]

#[path = "support/opened.rs"]
mod opened;

#[path = "tls/hostile.rs"]
mod hostile;
#[path = "tls/keys.rs"]
mod keys;
#[path = "tls/plaintext.rs"]
mod plaintext;
#[path = "tls/real.rs"]
mod real;
#[path = "tls/reasons.rs"]
mod reasons;
#[path = "tls/tshark.rs"]
mod tshark;

use std::path::Path;
use std::path::PathBuf;

/// The folder of reference captures, or nothing, said, on a user's clone.
fn reference(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", path.display());
    eprintln!("skipped: {} is not here", path.display());
    None
}
