//! Builders for all tests: a conversation in text to segments, to frames, to a capture, and what the program makes of it.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod api;
pub(crate) mod capture;
pub(crate) mod collect;
pub(crate) mod dialogues;
pub(crate) mod talk;
pub(crate) mod tmux;
pub(crate) mod wire;
