//! Plugin records as rows: nearly all lines of a capture are these, and most hold nothing that has to be looked at closer.

use super::block;
use super::place::Session;
use super::record;
use super::said::to_u64;
use super::scan::scan;
use super::session::CUT_BY_SERVERS;
use crate::annotation::ByteSpan;
use crate::peer::Peer;
use crate::protocol::Notes;
use crate::protocol::notes::Line;

impl Session {
    /// Reads the next unit as a row, if it is one: how many bytes it has. `None` where the way of all others tells what it is: nothing
    /// has happened then.
    pub(super) fn row(&self, from: Peer, rest: &[u8], fresh: usize, offset: u64, notes: &mut Notes<'_>) -> Option<usize> {
        if !notes.wants_rows() || from != Peer::Server {
            return None;
        }
        if !self.is_amid_plugins() || !self.identified || !block::begins_plainly(rest.first()) {
            return None;
        }
        // What was shown before is not looked at again until the line end is there: a line that never ends costs linear time.
        if fresh > 0 {
            memchr::memchr2(b'\n', 0, rest.get(fresh..)?)?;
        }
        let cells = &mut notes.shared.spare.cells;
        let seen = scan(rest, cells)?;
        if seen.end > CUT_BY_SERVERS {
            return None;
        }
        let dialect = &self.agreement.as_ref()?.dialect;
        let columns = record::row(rest, cells.get_mut(..seen.cells)?, dialect)?;
        let length = seen.end.saturating_add(1);
        let span = ByteSpan { start: offset, end: offset.saturating_add(to_u64(length)) };
        let (name, sentence) = block::PLUGIN_RECORD;
        let (phase, is_plain) = (self.phase, seen.is_plain);
        notes.row(&Line { name, sentence, phase, span, bytes: rest, length, columns, is_plain });
        Some(length)
    }
}
