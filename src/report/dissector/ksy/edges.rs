//! Columns that are counted from the end of their line: a word that closes it, and data in front of that which may hold what divides lines.

use super::Page;
use super::scanner_of;
use crate::report::dissector::cut::Cut;
use crate::report::dissector::edges::Edge;
use crate::report::dissector::plan::Plan;

/// The columns of a line in a list, however many there are.
pub(super) fn line(page: &mut Page, plan: &Plan<'_>, cut: &Cut, side: &str) {
    page.line(1, &format!("{side}_line:"));
    page.line(2, "seq:");
    page.line(3, "- id: all");
    let scanner = cut.delimiters.first().map_or_else(|| "everything".to_owned(), |bytes| format!("{}(_io.pos)", scanner_of(plan, bytes)));
    page.line(3, &format!("  type: {scanner}"));
    page.line(3, "  repeat: eos");
}

/// Where a column begins and ends that has an edge; nothing where that is as of any other. `is_blank`: only blanks divide its line.
pub(super) fn bounds(edge: Edge, column: u64, is_blank: bool) -> Option<(String, String)> {
    let (start, stop) = (format!("columns.c{column}.start"), format!("(columns.c{column}.start + columns.c{column}.len)"));
    // The column that is so many before the last one, if it is behind this one.
    let late = |behind: u64, of: &dyn Fn(&str) -> String, otherwise: &str| {
        let place = format!("line.all[line.all.size - {}]", behind.saturating_add(1));
        let least = column.saturating_add(behind).saturating_add(1);
        format!("(line.all.size > {least} ? {} : {otherwise})", of(&place))
    };
    let begins = |place: &str| format!("{place}.start");
    let ends = |place: &str| format!("({place}.start + {place}.len)");
    match edge {
        Edge::Wide(behind) => Some((start, late(behind, &ends, &stop))),
        Edge::Late(behind) => Some((late(behind, &begins, &start), late(behind, &ends, &stop))),
        Edge::RestBeforeClose if is_blank => Some((start, late(1, &ends, &stop))),
        Edge::Closes if is_blank => Some((late(0, &begins, &start), late(0, &ends, &stop))),
        Edge::RestBeforeClose | Edge::Closes | Edge::Column | Edge::Rest => None,
    }
}
