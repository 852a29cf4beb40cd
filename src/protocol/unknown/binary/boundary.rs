//! What nothing claimed is divided by how it varies: where constants end, and where entropy falls.

use super::columns::Byte;
use super::columns::Claims;
use super::columns::Column;
use super::columns::agreed;
use super::numbers::BIT;
use super::numbers::at_least;
use crate::grammar::ByteOrder;
use crate::grammar::Kind;

/// Fewest rows from which entropy says anything.
const FEWEST: usize = 20;

/// Values an enumeration has at most.
const ENUM: usize = 12;

/// How much entropy must fall: the next number begins. More than chance makes of random bytes.
const FALL: u64 = BIT / 2;

/// Claims all free bytes, which begin so many bytes behind the start of the message.
pub(super) fn divide(bytes: &[Byte], rows: usize, (order, start_of_all): (ByteOrder, usize), claims: &mut Claims) {
    if order == ByteOrder::Big && rows >= FEWEST {
        wide_numbers(bytes, rows, claims);
        high_bits(bytes, rows, claims);
    }
    let mut start = 0_usize;
    while start < claims.width() {
        if !claims.is_free(start, start.saturating_add(1)) {
            start = start.saturating_add(1);
            continue;
        }
        let mut end = start.saturating_add(1);
        while claims.is_free(start, end.saturating_add(1)) && !is_edge(bytes, rows, order, end) {
            end = end.saturating_add(1);
        }
        for (from, to) in aligned(bytes, (start, end), (order, start_of_all)) {
            let run = bytes.get(from..to).unwrap_or_default();
            let (kind, detector, statement) = kind(run, rows, from, to);
            let order = (to.saturating_sub(from) > 1).then_some(order);
            claims.claim(agreed(Column { order, ..Column::new(from, to, kind, detector, statement) }, rows, rows));
        }
        start = end;
    }
}

/// Claims numbers of four bytes of which hardly any is so great that it needs its high bytes: they are zero but in a row here and there,
/// and would look like numbers of their own.
fn wide_numbers(bytes: &[Byte], rows: usize, claims: &mut Claims) {
    for start in (0..claims.width()).step_by(4) {
        let end = start.saturating_add(4);
        let Some([high @ .., low]) = bytes.get(start..end).filter(|_| claims.is_free(start, end)) else { continue };
        let rare = |byte: &Byte| at_least(byte.zeros, rows, 98);
        let is_number = low.only.is_none() && high.iter().all(rare) && high.iter().any(|byte| byte.only.is_none());
        if is_number && high.first().is_some_and(|byte| byte.only == Some(0)) {
            let last = end.saturating_sub(1);
            // Each byte is counted by itself: where several are not zero, it may be in the same messages or not.
            let zero = high.iter().fold(rows, |left, byte| left.saturating_sub(rows.saturating_sub(byte.zeros)));
            let statement =
                format!("Bytes {start} to {last} are taken for one number: in at least {zero} of {rows} messages its high bytes are zero.");
            let column = Column { order: Some(ByteOrder::Big), ..Column::new(start, end, Kind::Integer, "high_bytes", statement) };
            claims.claim(agreed(column, zero, rows));
        }
    }
}

/// Claims flags of two bytes of which only the highest bits are ever set: the byte behind them is a part of the same number.
fn high_bits(bytes: &[Byte], rows: usize, claims: &mut Claims) {
    for start in (0..claims.width()).step_by(2) {
        let end = start.saturating_add(2);
        let Some([high, low]) = bytes.get(start..end).filter(|_| claims.is_free(start, end)) else { continue };
        let alone = bytes.get(end).is_none_or(|behind| behind.only != Some(0));
        let is_flags = high.only.is_none() && high.any.trailing_zeros() >= 4 && low.only == Some(0) && alone;
        if is_flags && at_least(high.zeros.saturating_mul(2), rows, 100) {
            let statement = format!("Of bytes {start} and {} only the highest bits are ever set.", start.saturating_add(1));
            let column = Column { order: Some(ByteOrder::Big), ..Column::new(start, end, Kind::Flags, "high_bits", statement) };
            claims.claim(agreed(column, rows, rows));
        }
    }
}

/// Numbers have one, two, four or eight bytes and stand at multiples of that: a run of another length is several. The last three bytes are
/// one number where its high byte is always zero.
fn aligned(bytes: &[Byte], (start, end): (usize, usize), (order, start_of_all): (ByteOrder, usize)) -> Vec<(usize, usize)> {
    let length = end.saturating_sub(start);
    let varies = bytes.get(start..end).is_some_and(|run| run.iter().any(|byte| byte.only.is_none()));
    if !varies || matches!(length, 1 | 2 | 4 | 8) || length > 8 {
        return vec![(start, end)];
    }
    let mut parts = Vec::new();
    let mut at = start;
    while at < end {
        let is_three = order == ByteOrder::Little && end.saturating_sub(at) == 3 && bytes.get(at..end).is_some_and(is_low);
        if is_three {
            parts.push((at, end));
            break;
        }
        let fits = |size: &usize| start_of_all.saturating_add(at).is_multiple_of(*size) && at.saturating_add(*size) <= end;
        let next = at.saturating_add([4, 2].into_iter().find(fits).unwrap_or(1));
        parts.push((at, next));
        at = next;
    }
    parts
}

/// Whether these are a number of which only the high byte, the last one, is always zero, or all are.
fn is_low(run: &[Byte]) -> bool {
    run.last().is_some_and(|high| high.only == Some(0))
}

/// Whether a column begins with this byte.
fn is_edge(bytes: &[Byte], rows: usize, order: ByteOrder, at: usize) -> bool {
    let (Some(before), Some(here)) = (bytes.get(at.saturating_sub(1)), bytes.get(at)) else { return true };
    let (before_zero, here_zero) = (before.only == Some(0), here.only == Some(0));
    match (before.only.is_some(), here.only.is_some()) {
        (true, true) => {
            before_zero != here_zero && (if order == ByteOrder::Big { here_zero } else { before_zero }) && joins(bytes, order, at)
        }
        // Zeros before a number are its high bytes, if its place allows.
        (true, false) => !(is_magic(bytes, at) || order == ByteOrder::Big && before_zero && is_high(bytes, at)),
        (false, true) => !(order == ByteOrder::Little && here_zero),
        (false, false) if rows < FEWEST => false,
        (false, false) => match order {
            ByteOrder::Big => before.bits > here.bits.saturating_add(FALL),
            ByteOrder::Little => here.bits > before.bits.saturating_add(FALL),
        },
    }
}

/// Whether the zeros before this byte are but the high bytes of a number, so that a constant before them ends.
fn joins(bytes: &[Byte], order: ByteOrder, at: usize) -> bool {
    let behind = bytes.get(at..).unwrap_or_default();
    let zeros = behind.iter().take_while(|byte| byte.only == Some(0)).count();
    let varies = behind.get(zeros).is_some_and(|byte| byte.only.is_none());
    order == ByteOrder::Big && varies && matches!(zeros, 1 | 3) && is_high(bytes, at.saturating_add(zeros))
}

/// Whether this is the last byte of a mark of four, which says only who sent it.
fn is_magic(bytes: &[Byte], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(3)..at).unwrap_or_default();
    let marks = before.iter().filter(|byte| byte.only.is_some_and(|only| only != 0)).count();
    at % 4 == 3 && bytes.get(at).is_some_and(|byte| byte.is_sided) && before.iter().all(|byte| byte.only.is_some()) && marks >= 2
}

/// Whether the zero before this byte is its high byte: numbers stand at multiples of their size, mostly.
fn is_high(bytes: &[Byte], at: usize) -> bool {
    let zeros = bytes.get(..at).unwrap_or_default().iter().rev().take_while(|byte| byte.only == Some(0)).count();
    at % 2 == 1 || zeros == 1 || zeros == 3
}

fn kind(run: &[Byte], rows: usize, start: usize, end: usize) -> (Kind, &'static str, String) {
    let last = end.saturating_sub(1);
    let fewest_bits = run.iter().map(|byte| byte.bits).min().unwrap_or(0);
    if run.iter().all(|byte| byte.only == Some(0)) {
        (Kind::Padding, "constant", format!("Bytes {start} to {last} are always zero."))
    } else if run.iter().all(|byte| byte.only.is_some()) {
        (Kind::Constant, "constant", format!("Bytes {start} to {last} are always the same."))
    } else if run.len() >= 4 && rows >= FEWEST && fewest_bits >= random_bits(rows) {
        (Kind::Random, "entropy", format!("Bytes {start} to {last} look random."))
    } else if run.len() <= 2 && run.iter().all(|byte| byte.distinct <= ENUM) && rows >= FEWEST {
        (Kind::Enum, "values", format!("Bytes {start} to {last} have few values."))
    } else {
        (Kind::Integer, "edges", format!("Bytes {start} to {last} vary together."))
    }
}

/// Entropy of a byte from which on it looks random with so many rows.
fn random_bits(rows: usize) -> u64 {
    let most = super::numbers::log2(super::numbers::wide(rows.min(256)));
    most.saturating_mul(8) / 10
}
