//! Passive analyzer of packet captures: annotated Nessus NTP/OTP and API timelines, and who serves and who speaks.
//!
//! ```text
//! capture ──► decode ──► flow ─┬► inventory ─────────────┐
//! Frame       Segment          │  Fact                   ├─┬► report ──► table, JSON Lines
//!                              └► layer ──► protocol ────┘ └► ship ────► syslog
//!                        Chunk    Chunk     Annotation  Event
//! ```
//!
//! The stages are the folders of `src`, in the order of the alphabet; [`pipeline`] is the whole program on one screen.
//! A stage uses the words of the root files and the stages before it, never one after it. Nothing is sent onto the
//! network but what [`ship`] is asked to send, and no name is looked up.

pub mod annotation;
pub mod anomaly;
pub mod capture;
pub mod decode;
pub mod error;
pub mod event;
pub mod evidence;
pub mod exchange;
pub mod fact;
pub mod flow;
pub mod grammar;
pub mod inventory;
pub mod layer;
pub mod limits;
mod lookup;
pub mod loss;
pub mod origin;
mod packed;
pub mod peer;
pub mod pipeline;
pub mod protocol;
pub mod report;
pub mod row;
pub mod secured;
pub mod ship;
pub mod span;
mod stages;
pub mod time;
pub mod tunnel;
pub mod upkeep;

#[doc = include_str!("decisions.md")]
pub mod decisions {}
