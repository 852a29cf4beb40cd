//! How a message is read from front to back: columns at fixed places, parts that say their own length, and columns again behind those.

use super::chain;
use super::chain::Chain;
use super::columns;
use super::columns::Around;
use super::columns::Column;
use super::numbers::at_least;
use super::rows::Spot;
use super::rows::width;
use crate::grammar::Kind;

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

/// Where a row is after these steps.
pub(super) fn after<'a>(steps: &[Step], spot: &Spot<'a>) -> Spot<'a> {
    let mut spot = *spot;
    for step in steps {
        let by = match step {
            Step::Fixed(_, width) => *width,
            Step::Chain(chain) => chain::extent(*chain, spot.rest()).unwrap_or(spot.rest().len()),
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
        if matches!(chain, Chain::Tagged { .. }) {
            break;
        }
    }
    let left: Vec<Spot<'_>> = spots.iter().map(|spot| after(&steps, spot)).collect();
    if left.iter().any(|spot| !spot.rest().is_empty()) {
        steps.push(Step::Rest(rest(&left)));
    }
    steps
}

/// What is left is text if it can be typed.
fn rest(left: &[Spot<'_>]) -> Kind {
    let all: usize = left.iter().map(|spot| spot.rest().len()).sum();
    let text: usize =
        left.iter().map(|spot| spot.rest().iter().filter(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()).count()).sum();
    if at_least(text, all, 95) { Kind::String } else { Kind::Opaque }
}
