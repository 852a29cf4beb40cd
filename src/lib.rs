//! Passive analyzer of packet captures: annotated Nessus NTP/OTP timelines, and who serves and who speaks.

pub mod annotation;
pub mod capture;
pub mod decode;
pub mod error;
pub mod event;
pub mod flow;
pub mod inventory;
pub mod limits;
pub mod peer;
pub mod protocol;
pub mod report;
pub mod time;
