//! Which lines are what somebody sends with an order rather than orders themselves: all that a turn says up to a dot alone in its line.

use super::keyword::Style;
use super::keyword::style;
use super::lines::Line;
use crate::peer::Peer;
use std::collections::BTreeMap;

/// Turns with a dot that show what such turns begin with.
const FEWEST: u64 = 3;

/// How turns of one side begin with a word.
#[derive(Clone, Copy, Default)]
struct Begins {
    /// Turns that a dot follows in.
    dotted: u64,
    /// Others.
    plain: u64,
}

/// For each line, whether it is of a body. The first line of a turn is an order or an answer, and no part of the body behind it, where most such
/// turns begin as others do, or all with one word in capitals; else the whole turn was asked for, and is a body.
pub(super) fn bodies(lines: &[Line<'_>]) -> Vec<bool> {
    let mut bodies = dotted(lines);
    let mut begins: BTreeMap<(Peer, &[u8]), Begins> = BTreeMap::new();
    for (line, dotted) in lines.iter().zip(&bodies).filter(|(line, _)| line.first_of_turn) {
        let begins = begins.entry((line.from, first(line))).or_default();
        let count = if *dotted { &mut begins.dotted } else { &mut begins.plain };
        *count = count.saturating_add(1);
    }
    for from in [Peer::Client, Peer::Server] {
        let of = || begins.iter().filter(|((side, _), _)| *side == from).map(|((_, word), begins)| (*word, *begins));
        let all = of().map(|(_, begins)| begins.dotted).fold(0, u64::saturating_add);
        let known = of().filter(|(_, begins)| begins.plain > 0).map(|(_, begins)| begins.dotted).fold(0, u64::saturating_add);
        let is_capital = |word: &[u8]| word.len() > 1 && word.iter().all(u8::is_ascii_uppercase);
        let one = all >= FEWEST && of().any(|(word, begins)| begins.dotted.saturating_mul(10) >= all.saturating_mul(9) && is_capital(word));
        if known.saturating_mul(2) > all || one {
            let heads = lines.iter().zip(&mut bodies).filter(|(line, _)| line.from == from && line.first_of_turn);
            heads.for_each(|(_, body)| *body = false);
        }
    }
    bodies
}

/// What a line begins with: a word, or any code or sign of an answer.
fn first<'a>(line: &Line<'a>) -> &'a [u8] {
    let word = line.text().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    // An answer of several lines has a sign behind its code.
    let code = word.split_at_checked(3).filter(|(_, rest)| rest.starts_with(b"-")).map_or(word, |(code, _)| code);
    match style(code) {
        Style::Code => b"0",
        Style::Sign => b"+",
        _ => word,
    }
}

/// For each line, whether a dot alone in a line follows in its turn.
fn dotted(lines: &[Line<'_>]) -> Vec<bool> {
    let mut dotted = vec![false; lines.len()];
    let mut ahead = false;
    for (line, slot) in lines.iter().zip(&mut dotted).rev() {
        ahead &= !line.last_of_turn;
        *slot = ahead;
        ahead |= line.text() == b"." && line.is_ended();
    }
    dotted
}
