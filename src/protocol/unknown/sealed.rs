//! Bytes behind a header that show no structure: records of an encryption have lengths and types in the clear, and nothing else.

use super::Language;
use super::Service;
use super::Unit;
use super::class::Class;
use super::class::EVEN_CHI_SQUARE;
use super::class::LEAST_NOISE_BYTES;
use super::class::chi_square;
use super::class::entropy_millibits;
use crate::grammar::Encoding;
use crate::grammar::Encryption;
use crate::grammar::Ground;
use crate::grammar::Kind;
use crate::grammar::Share;
use crate::peer::Peer;
use std::collections::BTreeMap;

/// What is left of the messages of a kind when all that was explained is taken away.
struct Pool {
    values: Vec<u64>,
    /// Their messages, by their places, and all bytes of these.
    members: Vec<usize>,
    bytes: u64,
}

impl Pool {
    fn new() -> Self {
        Self { values: vec![0; 256], members: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, place: usize, unit: &Unit<'_>, left: &[u8]) {
        for byte in left {
            self.values.get_mut(usize::from(*byte)).into_iter().for_each(|count| *count = count.saturating_add(1));
        }
        self.members.push(place);
        self.bytes = self.bytes.saturating_add(u64::try_from(unit.bytes.len()).unwrap_or(u64::MAX));
    }

    fn left(&self) -> u64 {
        self.values.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Whether all values are equally frequent, as far as chance makes them.
    fn is_even(&self) -> bool {
        self.left() >= LEAST_NOISE_BYTES && chi_square(&self.values) < EVEN_CHI_SQUARE
    }

    fn join(&mut self, other: &Self) {
        self.values.iter_mut().zip(&other.values).for_each(|(sum, count)| *sum = sum.saturating_add(*count));
        self.members.extend(&other.members);
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// Says of a binary side that it is encrypted or compressed, where most of its bytes are of messages that show nothing behind what is told
/// of all of them.
pub(super) fn judge(service: &Service, units: &[Unit<'_>], language: &mut Language, from: Peer, class: &mut Class) {
    if class.encoding != Encoding::Binary {
        return;
    }
    let all = units.iter().filter(|unit| unit.from == from).map(|unit| u64::try_from(unit.bytes.len()).unwrap_or(u64::MAX));
    let all = all.fold(0, u64::saturating_add);
    let (mut sealed, mut kinds) = (Pool::new(), Vec::new());
    for (kind, pool) in pools(units, language, from) {
        if pool.is_even() {
            sealed.join(&pool);
            kinds.extend(kind);
        }
    }
    if sealed.members.is_empty() || Share::of(sealed.bytes, all).parts() < 5_000 {
        return;
    }
    sealed.members.sort_unstable();
    let ground = ground(&sealed, (from, all));
    let first = sealed.members.first().and_then(|place| units.get(*place));
    let name = |unit: &Unit<'_>| service.sessions.get(unit.session).map(|seen| format!("m{}.{}", seen.flow.0, unit.number));
    class.encoding = Encoding::EncryptedOrCompressed;
    class.encryption =
        Some(Encryption { starts_at_message: first.and_then(name), entropy_millibits: entropy_millibits(&sealed.values), magic: None });
    for kind in kinds {
        language.types.get_mut(kind).into_iter().for_each(|kind| kind.evidence.push(ground.clone()));
    }
    class.ground = ground;
}

/// What is left of the messages of each kind; of kinds with too little of it together.
fn pools(units: &[Unit<'_>], language: &Language, from: Peer) -> Vec<(Option<usize>, Pool)> {
    let mut by: BTreeMap<Option<usize>, Pool> = BTreeMap::new();
    for (place, (unit, typed)) in units.iter().zip(&language.typed).enumerate().filter(|(_, (unit, _))| unit.from == from) {
        let is_open = |kind: &str| kind == Kind::Opaque.name() || kind == Kind::Random.name();
        let start = typed.tokens.last().filter(|token| is_open(token.kind)).map(|token| token.start);
        if let Some(left) = start.and_then(|start| unit.bytes.get(start..)) {
            by.entry(typed.message_type).or_insert_with(Pool::new).add(place, unit, left);
        }
    }
    let (mut enough, mut few) = (Vec::new(), Pool::new());
    for (kind, pool) in by {
        if pool.left() >= LEAST_NOISE_BYTES {
            enough.push((kind, pool));
        } else {
            few.join(&pool);
        }
    }
    enough.push((None, few));
    enough
}

fn ground(sealed: &Pool, (from, all): (Peer, u64)) -> Ground {
    let entropy = entropy_millibits(&sealed.values);
    Ground {
        detector: "encryption".to_owned(),
        statement: format!(
            "{} of the {}'s {all} bytes are of messages that are encrypted or compressed: {} bytes behind what is in the clear have {}.{:03} bits of entropy each, chi-square {} over 255 degrees.",
            sealed.bytes,
            from.name(),
            sealed.left(),
            entropy / 1000,
            entropy % 1000,
            chi_square(&sealed.values),
        ),
        score: Some(Share::of(sealed.bytes, all)),
        messages: Some(u64::try_from(sealed.members.len()).unwrap_or(u64::MAX)),
        sessions: None,
        counterexamples: Vec::new(),
    }
}
