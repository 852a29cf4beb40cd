//! Where sessions part: each is held against the first one, and what one says instead of the other is told.

use super::Language;
use super::Seen;
use super::Service;
use super::Unit;
use crate::annotation::ByteSpan;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::peer::Peer;

/// Sessions whose first parting is told in the summary.
const MOST_SESSIONS: usize = 16;
/// Sessions that are held against the first in full, steps of each, and differences that are told: a table of steps has 64 Ki places.
const MOST_COMPARED: usize = 64;
const MOST_STEPS: usize = 256;
const MOST_HUNKS: usize = 8;
/// Messages of a difference that are named.
const MOST_NAMED: usize = 4;

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

/// The steps of all sessions that are known from their first byte and without holes; of others none: what differs there may be missing.
fn ways(service: &Service, units: &[Unit<'_>], language: &Language) -> Vec<Vec<Step>> {
    let mut ways: Vec<Vec<Step>> = vec![Vec::new(); service.sessions.len()];
    let is_whole = |seen: &Seen| seen.whole && seen.missing_behind == 0 && seen.turns.iter().all(|turn| turn.gap_before == 0);
    let whole: Vec<bool> = service.sessions.iter().map(is_whole).collect();
    for (place, unit) in units.iter().enumerate().filter(|(_, unit)| whole.get(unit.session) == Some(&true)) {
        let Some(kind) = language.typed.get(place).and_then(|typed| typed.message_type) else { continue };
        let Some(way) = ways.get_mut(unit.session) else { continue };
        if way.last().is_none_or(|(last, _)| *last != kind) {
            way.push((kind, place));
        }
    }
    ways
}

/// The partings, of the first sessions, in order; and whether later ones part, too.
pub(super) fn find(service: &Service, units: &[Unit<'_>], language: &Language) -> (Vec<Parting>, Option<Limitation>) {
    let ways = ways(service, units, language);
    let mut whole = ways.iter().enumerate().filter(|(_, way)| !way.is_empty());
    let Some((_, first)) = whole.next() else { return (Vec::new(), None) };
    let parting = |(session, way): (usize, &Vec<Step>)| {
        let place = first.iter().zip(way).position(|(one, two)| one.0 != two.0)?;
        let ((instead, _), (says, unit)) = (*first.get(place)?, *way.get(place)?);
        let from = units.get(unit)?.from;
        let meets = first.last().map(|step| step.0) == way.last().map(|step| step.0);
        Some(Parting { session, unit, from, says, instead, meets })
    };
    let parted: Vec<Parting> = whole.by_ref().take(MOST_SESSIONS).filter_map(parting).collect();
    let left_out = whole.filter_map(parting).count();
    let text = || format!("A bound was reached: the summary does not tell where {left_out} later sessions part from the first one.");
    (parted, (left_out > 0).then(|| Limitation { code: LimitationCode::Capped, text: text() }))
}

/// The parting as a sentence; `frame` names the first frame of a message.
pub(super) fn told(parting: &Parting, language: &Language, frame: Option<u64>) -> String {
    let name = |index: usize| language.types.get(index).map_or("message", |kind| kind.name.as_str()).replace('_', " ");
    let at = frame.map_or_else(String::new, |number| format!(", from #{number} on"));
    let meets = if parting.meets { "; both end alike" } else { "" };
    let (who, says, instead) = (parting.from.name(), name(parting.says), name(parting.instead));
    format!("Instead of {instead}, as in the first session, the {who} sends {says}{at}{meets}.")
}

/// What one session says otherwise than the first one, between two steps that both have.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hunk {
    /// Steps of the first session that the other has not, and those it has instead.
    left: std::ops::Range<usize>,
    said: std::ops::Range<usize>,
}

impl Hunk {
    /// Whether what is behind the steps that were compared, of this many and others, cannot make this difference another one: `cut` says
    /// which of both ways go on there.
    fn is_known(&self, (one, two): (usize, usize), cut: [bool; 2]) -> bool {
        let is_last = self.left.end == one && self.said.end == two;
        match cut {
            [false, false] => true,
            // The one that is whole ends here, however much the other one still says.
            [true, false] => !is_last || self.said.is_empty(),
            [false, true] => !is_last || self.left.is_empty(),
            [true, true] => !is_last,
        }
    }
}

/// How each session differs from the first, in sentences; `frame` names the first frame of a message. And whether sessions or differences
/// were left out.
pub(super) fn all(
    (service, units): (&Service, &[Unit<'_>]),
    language: &Language,
    frame: &dyn Fn(usize, Peer, ByteSpan) -> Option<u64>,
) -> (Vec<Vec<String>>, Option<Limitation>) {
    let ways = ways(service, units, language);
    let mut told: Vec<Vec<String>> = vec![Vec::new(); ways.len()];
    let mut whole = ways.iter().zip(&mut told).enumerate().filter(|(_, (way, _))| !way.is_empty());
    let Some((place, (first, _))) = whole.next() else { return (told, None) };
    let first_flow = service.sessions.get(place).map_or(0, |seen| seen.flow.0);
    let mut full = false;
    for (number, (_, (way, told))) in whole.enumerate() {
        if number >= MOST_COMPARED {
            full = true;
            break;
        }
        full |= way.len() > MOST_STEPS || first.len() > MOST_STEPS;
        let (one, two) = (first.get(..MOST_STEPS).unwrap_or(first), way.get(..MOST_STEPS).unwrap_or(way));
        let cut = [first.len() > one.len(), way.len() > two.len()];
        let mut hunks = hunks(one, two);
        hunks.retain(|hunk| hunk.is_known((one.len(), two.len()), cut));
        full |= hunks.len() > MOST_HUNKS;
        let teller = Teller { units, language, frame, first: first_flow, is_cut: cut.contains(&true) };
        told.extend(hunks.iter().take(MOST_HUNKS).filter_map(|hunk| teller.tell(hunk, one, two)));
    }
    let text = format!(
        "At most {MOST_COMPARED} sessions, {MOST_STEPS} steps of each and {MOST_HUNKS} differences are told when sessions are held against the first one."
    );
    (told, full.then_some(Limitation { code: LimitationCode::Capped, text }))
}

/// Where two ways differ: what is outside of their longest common steps.
fn hunks(one: &[Step], two: &[Step]) -> Vec<Hunk> {
    let width = two.len().saturating_add(1);
    // Most common steps from here on, of both.
    let mut common = vec![0_u32; one.len().saturating_add(1).saturating_mul(width)];
    let at = |row: usize, column: usize| row.saturating_mul(width).saturating_add(column);
    let get = |common: &[u32], row, column| common.get(at(row, column)).copied().unwrap_or(0);
    for (row, (kind, _)) in one.iter().enumerate().rev() {
        for (column, (other, _)) in two.iter().enumerate().rev() {
            let (down, right) = (row.saturating_add(1), column.saturating_add(1));
            let most = if kind == other {
                get(&common, down, right).saturating_add(1)
            } else {
                get(&common, down, column).max(get(&common, row, right))
            };
            common.get_mut(at(row, column)).into_iter().for_each(|slot| *slot = most);
        }
    }
    let (mut list, mut row, mut column) = (Vec::new(), 0_usize, 0_usize);
    let mut open: Option<(usize, usize)> = None;
    while row < one.len() || column < two.len() {
        let (down, right) = (row.saturating_add(1), column.saturating_add(1));
        let same = one.get(row).zip(two.get(column)).is_some_and(|(one, two)| one.0 == two.0);
        if same {
            list.extend(open.take().map(|(left, said)| Hunk { left: left..row, said: said..column }));
            (row, column) = (down, right);
            continue;
        }
        open.get_or_insert((row, column));
        if column >= two.len() || (row < one.len() && get(&common, down, column) >= get(&common, row, right)) {
            row = down;
        } else {
            column = right;
        }
    }
    list.extend(open.map(|(left, said)| Hunk { left: left..row, said: said..column }));
    list
}

/// Tells hunks.
struct Teller<'t> {
    units: &'t [Unit<'t>],
    language: &'t Language,
    frame: &'t dyn Fn(usize, Peer, ByteSpan) -> Option<u64>,
    /// The number of the first session's connection.
    first: u64,
    /// Whether only the beginning of one of both was compared.
    is_cut: bool,
}

impl Teller<'_> {
    fn tell(&self, hunk: &Hunk, one: &[Step], two: &[Step]) -> Option<String> {
        let (left, said) = (one.get(hunk.left.clone())?, two.get(hunk.said.clone())?);
        let session = format!("session {}", self.first);
        let meeting = one.get(hunk.left.end).zip(two.get(hunk.said.end));
        let goes_on_behind = self.is_cut && meeting.is_none();
        let meets = match meeting {
            Some((_, step)) => format!("; both meet again with {}{}", self.name(step), self.place(step)),
            None if said.is_empty() => "; it ends before that".to_owned(),
            None if left.is_empty() => String::new(),
            None => "; they do not meet again".to_owned(),
        };
        let told = match (left.first(), said.first()) {
            (Some(other), Some(step)) => {
                let (instead, says) = (self.names(left, false), self.names(said, false));
                format!("Instead of {instead}, as in {session}{}, {says}{}{meets}.", self.place(other), self.place(step))
            }
            (None, Some(step)) => {
                let goes_on = meeting
                    .map_or_else(|| "ends".to_owned(), |(other, _)| format!("goes on with {}{}", self.name(other), self.place(other)));
                format!("Where {session} {goes_on}, {}{}{}.", self.names(said, goes_on_behind), self.place(step), meets)
            }
            (Some(other), None) => {
                format!("Not here: {}, as in {session}{}{meets}.", self.names(left, goes_on_behind), self.place(other))
            }
            (None, None) => return None,
        };
        Some(told)
    }

    fn name(&self, (kind, place): &Step) -> String {
        let name = self.language.types.get(*kind).map_or("message", |kind| kind.name.as_str()).replace('_', " ");
        let who = self.units.get(*place).map_or("one side", |unit| unit.from.name());
        format!("{name} of the {who}")
    }

    /// Names of steps, the first of them; whether there are more behind them that were not compared.
    fn names(&self, steps: &[Step], and_more: bool) -> String {
        let named: Vec<String> = steps.iter().take(MOST_NAMED).map(|step| self.name(step)).collect();
        let more = steps.len().saturating_sub(named.len());
        match (more, and_more) {
            (0, false) => named.join(", "),
            (0, true) => format!("{} and more", named.join(", ")),
            (_, false) => format!("{} and {more} more", named.join(", ")),
            (_, true) => format!("{} and at least {more} more", named.join(", ")),
        }
    }

    /// From which frame on.
    fn place(&self, (_, place): &Step) -> String {
        let frame = self.units.get(*place).and_then(|unit| (self.frame)(unit.session, unit.from, unit.span));
        frame.map_or_else(String::new, |number| format!(" from #{number} on"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::unknown::testing::inferred;
    use crate::protocol::unknown::testing::sessions;

    fn way(kinds: &[usize]) -> Vec<Step> {
        kinds.iter().copied().zip(0..).collect()
    }

    fn differ(one: &[usize], two: &[usize]) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
        hunks(&way(one), &way(two)).into_iter().map(|hunk| (hunk.left, hunk.said)).collect()
    }

    #[test]
    fn differences_are_what_is_not_common() {
        assert_eq!(differ(&[1, 2, 3], &[1, 2, 3]), []);
        assert_eq!(differ(&[1, 2, 3, 4], &[1, 9, 8, 4]), [(1..3, 1..3)], "they meet again");
        assert_eq!(differ(&[1, 2], &[1, 3]), [(1..2, 1..2)], "they do not");
        assert_eq!(differ(&[1, 2], &[1, 5, 2, 6]), [(1..1, 1..2), (2..2, 3..4)], "more is said");
        assert_eq!(differ(&[1, 2, 3], &[3]), [(0..2, 0..0)], "less is");
        assert_eq!(differ(&[], &[]), []);
    }

    /// What is told of the second of two sessions: each says hello if it shall, then this many orders, and how it ends.
    fn contrasts(one: (bool, usize), two: (bool, usize)) -> Vec<String> {
        let session = |(greets, orders): (bool, usize)| {
            let hello = if greets { "C: HELO me\\n\nS: 250 hello\\n\n" } else { "" };
            format!("{hello}{}", "C: NOOP a\\n\nS: 200 done\\n\n".repeat(orders))
        };
        let texts = [session(one), session(two)];
        let service = sessions(&texts.each_ref().map(String::as_str));
        inferred(&service).contrasts.remove(1)
    }

    #[test]
    fn what_was_not_compared_is_not_told_to_be_missing() {
        let hello = "Not here: helo of the client, reply_250 of the server".replace('_', " ");
        let told = contrasts((true, 200), (false, 200));
        assert!(told.len() == 1 && told[0].starts_with(&hello) && told[0].contains("meet again"), "{told:?}");
        let told = contrasts((false, 200), (true, 200));
        assert!(told.len() == 1 && told[0].contains("meet again"), "{told:?}");
        // One that is whole surely ends, but how much the other says more is not known.
        let told = contrasts((true, 200), (true, 20));
        assert!(told.len() == 1 && told[0].contains("at least 210 more") && told[0].contains("it ends before that"), "{told:?}");
        let told = contrasts((true, 20), (true, 200));
        assert!(told.len() == 1 && told[0].contains("Where session 1 ends") && told[0].contains("at least 210 more"), "{told:?}");
    }
}
