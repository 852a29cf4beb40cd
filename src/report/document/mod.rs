//! The protocol document: sessions, phases, messages and the role of every byte, with the grammar of every protocol. JSON and HTML are
//! two ways to write it; exports and checks read it.

pub mod model;
