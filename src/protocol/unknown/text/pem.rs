//! Private keys as text: they begin and end with lines that say so, and nothing in between does.

use super::lines::Line;
use crate::peer::Peer;
use memchr::memmem;
use std::collections::BTreeSet;

/// Bytes between the word that begins such text and what it says to be one.
const MOST_LABEL: usize = 64;

/// Where in a text the bytes of a private key begin: behind its first line, as far as that is here.
pub(super) fn begins(text: &[u8]) -> Option<usize> {
    memmem::find_iter(text, b"-- BEGIN ").chain(memmem::find_iter(text, b"--BEGIN ")).filter_map(|start| behind_label(text, start)).min()
}

/// Where the label ends that begins at these dashes, if it is one of a private key.
fn behind_label(text: &[u8], start: usize) -> Option<usize> {
    let label = text.get(start.saturating_add(2)..)?;
    let label = label.get(..MOST_LABEL).unwrap_or(label);
    let size = memmem::find(label, b"--").unwrap_or(label.len());
    let is_private = memmem::find(label.get(..size)?, b"PRIVATE KEY").is_some() || memmem::find(label.get(..size)?, b"ENCRYPTED").is_some();
    let dashes = label.get(size..)?.iter().take_while(|byte| **byte == b'-').count();
    is_private.then(|| start.saturating_add(2).saturating_add(size).saturating_add(dashes))
}

/// Whether a line ends such text.
fn ends(text: &[u8]) -> bool {
    memmem::find(text, b"-- END ").is_some() || memmem::find(text, b"--END ").is_some()
}

/// For each line, whether it is of a private key that began in a line before it. One that never ends takes all its side says.
pub(super) fn inside(lines: &[Line<'_>]) -> Vec<bool> {
    let mut open: BTreeSet<(usize, Peer)> = BTreeSet::new();
    let mut is_inside = |line: &Line<'_>| {
        let side = (line.session, line.from);
        let inside = open.contains(&side);
        // What begins and ends in one line is none of several.
        let begun = begins(line.text());
        if begun.is_some_and(|behind| !line.text().get(behind..).is_some_and(ends)) {
            open.insert(side);
        } else if inside && ends(line.text()) {
            open.remove(&side);
        }
        inside
    };
    lines.iter().map(&mut is_inside).collect()
}
