//! TLS, SSL 3.0 to TLS 1.3: told by content on any port, and opened with keys the user has.
//!
//! ```text
//! Chunk ──► record ──► handshake ──► derive ◄── store ◄── keylog, follow, rsa, pcapng secrets
//!              │        (hello,        │
//!              │      certificate)     ▼
//!              └──────────────────► opener, phases ──► inflate ──► plaintext
//!                     resync ─────────▲  (rc4, block, aead, hash)
//! ```
//!
//! Both directions are read together: one that needs to know what the other says waits for it. Every record is proven by its MAC or
//! tag before anything of it goes on.

mod aead;
mod block;
mod certificate;
mod derive;
mod follow;
mod handshake;
mod hash;
mod hello;
#[cfg(test)]
mod hostile;
mod inflate;
mod ja4;
mod keylog;
mod layers;
mod opener;
mod phases;
mod rc4;
mod reader;
mod reading;
mod record;
mod resync;
mod rsa;
mod run;
mod session;
mod side;
mod store;
mod suite;

pub use layers::Layers;
pub use store::Keys;
