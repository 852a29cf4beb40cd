//! The binary way: not there yet. Every message is one token nothing explains, and that is said.

use super::Language;
use super::Service;
use super::Turn;
use super::Typed;
use super::Unit;
use crate::annotation::Token;
use crate::grammar::Framing;
use crate::grammar::Kind;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::peer::Peer;

/// How messages of a side end, if that shows.
pub(super) fn framing(_service: &Service, _from: Option<Peer>) -> Option<Framing> {
    None
}

/// Where the messages of a turn end.
pub(super) fn cut(_framing: &Framing, turn: &Turn) -> Vec<usize> {
    vec![turn.bytes.len()]
}

/// What messages are made of.
pub(super) fn infer(_service: &Service, units: &[Unit<'_>]) -> Language {
    let whole = |unit: &Unit<'_>| {
        let kind = Kind::Opaque;
        let token = Token { start: 0, end: unit.bytes.len(), role: kind.role(), kind: kind.name(), secret: false };
        Typed { tokens: vec![token], fields: vec![None], ..Typed::default() }
    };
    let text = "Bytes that are no text are not taken apart.".to_owned();
    Language {
        typed: units.iter().map(whole).collect(),
        limitations: vec![Limitation { code: LimitationCode::Other, text }],
        ..Language::default()
    }
}
