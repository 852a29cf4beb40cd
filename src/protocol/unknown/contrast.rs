//! Where sessions part: each is held against the first one, and what one says instead of the other is told.

use super::Language;
use super::Unit;
use crate::peer::Peer;

/// Sessions that are held against the first.
const MOST_SESSIONS: usize = 16;

/// Where a session leaves the way of the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parting {
    /// Which session.
    pub(super) session: usize,
    /// Its first message that is another one, by its place among all.
    pub(super) unit: usize,
    /// Who speaks there.
    pub(super) from: Peer,
    /// The kind of that message, and of the one it stands instead of.
    pub(super) says: usize,
    pub(super) instead: usize,
    /// Whether both ways meet again.
    pub(super) meets: bool,
}

/// A step of a session: a kind that repeats is one, told by its first message.
type Step = (usize, usize);

/// The partings, of the first sessions, in order.
pub(super) fn find(units: &[Unit<'_>], language: &Language, sessions: usize) -> Vec<Parting> {
    let mut ways: Vec<Vec<Step>> = vec![Vec::new(); sessions];
    for (place, unit) in units.iter().enumerate() {
        let Some(kind) = language.typed.get(place).and_then(|typed| typed.message_type) else { continue };
        let Some(way) = ways.get_mut(unit.session) else { continue };
        if way.last().is_none_or(|(last, _)| *last != kind) {
            way.push((kind, place));
        }
    }
    let Some((first, others)) = ways.split_first() else { return Vec::new() };
    let parted = others.iter().take(MOST_SESSIONS).enumerate().filter_map(|(number, way)| {
        let place = first.iter().zip(way).position(|(one, two)| one.0 != two.0)?;
        let ((instead, _), (says, unit)) = (*first.get(place)?, *way.get(place)?);
        let from = units.get(unit)?.from;
        let meets = first.last().map(|step| step.0) == way.last().map(|step| step.0);
        Some(Parting { session: number.saturating_add(1), unit, from, says, instead, meets })
    });
    parted.collect()
}

/// The parting as a sentence; `frame` names the first frame of a message.
pub(super) fn told(parting: &Parting, language: &Language, frame: Option<u64>) -> String {
    let name = |index: usize| language.types.get(index).map_or("message", |kind| kind.name.as_str()).replace('_', " ");
    let at = frame.map_or_else(String::new, |number| format!(", from #{number} on"));
    let meets = if parting.meets { "; both end alike" } else { "" };
    let (who, says, instead) = (parting.from.name(), name(parting.says), name(parting.instead));
    format!("Instead of {instead}, as in the first session, the {who} sends {says}{at}{meets}.")
}
