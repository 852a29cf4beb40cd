//! How a message is read from front to back: columns at fixed places, parts that say their own length, and columns again behind those.

use super::chain;
use super::chain::Chain;
use super::columns;
use super::columns::Around;
use super::columns::Column;
use super::numbers::at_least;
use super::rows::Spot;
use super::rows::width;
use super::words;
use crate::grammar::Kind;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;

/// Most parts of variable length in a row.
const STEPS: usize = 8;

/// Furthest place of a part that says its own length.
const REACH: usize = columns::WIDTH;

/// One step of reading.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Columns, and how many bytes they have together.
    Fixed(Vec<Column>, usize),
    /// A part that says its own length.
    Chain(Chain),
    /// All that is left.
    Rest(Kind),
}

/// Whether these steps end where no more are looked for: what is behind may have columns and parts, too.
pub(super) fn is_full(steps: &[Step]) -> bool {
    let parts = steps.iter().filter(|step| matches!(step, Step::Chain(_))).count();
    parts >= STEPS || steps.iter().any(|step| matches!(step, Step::Fixed(_, width) if *width >= columns::WIDTH))
}

/// Says that they do.
pub(super) fn capped() -> Limitation {
    let text = format!(
        "A bound was reached: columns are looked for in {} bytes at the start of a message and behind each part of variable length, and {STEPS} such parts: what is behind stays together.",
        columns::WIDTH
    );
    Limitation { code: LimitationCode::Capped, text }
}

/// Where a row is after these steps.
pub(super) fn after<'a>(steps: &[Step], spot: &Spot<'a>) -> Spot<'a> {
    let mut spot = *spot;
    for step in steps {
        let by = match step {
            Step::Fixed(_, width) => *width,
            Step::Chain(chain) => chain::extent(*chain, spot.row.bytes, spot.start).unwrap_or(spot.rest().len()),
            Step::Rest(_) => spot.rest().len(),
        };
        spot = spot.on(by);
    }
    spot
}

/// Finds the steps these rows are read by.
pub(super) fn find(spots: &[Spot<'_>], around: &Around<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut here = spots.to_vec();
    // A header is looked for first: of numbers only, it would be one of these.
    if spots.iter().all(|spot| spot.start > 0) && words::holds(spots) {
        return vec![Step::Chain(Chain::Words)];
    }
    for _ in 0..STEPS {
        let wide = width(&here);
        let found = chain::find(&here, wide.min(REACH));
        let fixed = found.map_or(wide.min(columns::WIDTH), |(at, _)| at);
        if fixed > 0 {
            steps.push(Step::Fixed(columns::find(&here, fixed, around), fixed));
        }
        let Some((_, chain)) = found else { break };
        here = here.iter().map(|spot| spot.on(fixed)).collect();
        steps.push(Step::Chain(chain));
        here = here.iter().map(|spot| after(&[Step::Chain(chain)], spot)).collect();
        if chain.is_last() {
            break;
        }
    }
    absorb(&mut steps, spots);
    let left: Vec<Spot<'_>> = spots.iter().map(|spot| after(&steps, spot)).collect();
    if left.iter().any(|spot| !spot.rest().is_empty()) {
        steps.push(Step::Rest(rest(&left, false)));
    }
    steps
}

/// The last columns end where the shortest message does: text, and what nothing explains, goes on with what is left.
fn absorb(steps: &mut [Step], spots: &[Spot<'_>]) {
    let all: Vec<Spot<'_>> = spots.iter().map(|spot| after(steps, spot)).collect();
    if all.iter().all(|spot| spot.rest().is_empty()) {
        return;
    }
    let is_behind_text =
        matches!(steps.last(), Some(Step::Fixed(columns, _)) if columns.last().is_some_and(|column| column.kind == Kind::String));
    let kind = rest(&all, is_behind_text);
    let before: Vec<Spot<'_>> = spots.iter().map(|spot| after(steps.split_last().map_or(&[][..], |(_, before)| before), spot)).collect();
    let Some(Step::Fixed(columns, width)) = steps.last_mut() else { return };
    let is_text = |column: &Column| {
        let bytes = || before.iter().filter_map(|spot| spot.part(column.start, column.end.saturating_sub(column.start))).flatten();
        let open = matches!(column.kind, Kind::String | Kind::Integer | Kind::Enum | Kind::Constant);
        open && at_least(bytes().filter(|byte| is_written(**byte)).count(), bytes().count(), 90)
    };
    let goes_on = |column: &Column| match kind {
        Kind::String | Kind::List => is_text(column),
        _ => {
            column.kind == Kind::Random
                || (column.kind == Kind::Integer && column.detector == "edges" && column.end.saturating_sub(column.start) > 8)
        }
    };
    while columns.last().is_some_and(&goes_on) {
        *width = columns.pop().map_or(0, |column| column.start);
    }
}

/// Whether a byte may stand in text.
fn is_written(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

/// What is left is text if it can be typed, or texts if each is ended by a zero; behind text little of it is enough to go on with it.
fn rest(left: &[Spot<'_>], is_behind_text: bool) -> Kind {
    let bytes = || left.iter().flat_map(Spot::rest);
    let (all, text) = (bytes().count(), bytes().filter(|byte| is_written(**byte)).count());
    let zeros = bytes().filter(|byte| **byte == 0).count();
    let ended = left.iter().filter(|spot| spot.rest().last().is_none_or(|last| *last == 0)).count();
    let least = zeros.saturating_mul(if is_behind_text { 1 } else { 3 });
    if at_least(text, all, 95) && zeros == 0 {
        Kind::String
    } else if at_least(text.saturating_add(zeros), all, 98) && at_least(ended, left.len(), 95) && text >= least {
        Kind::List
    } else if at_least(text, all, 95) {
        Kind::String
    } else {
        Kind::Opaque
    }
}
