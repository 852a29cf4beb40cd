//! Orders with a counted blob: whole, in parts, or with bytes missing.

use super::draft::Draft;
use super::keyword;
use super::keyword::Form;
use super::keyword::Keyword;
use super::line;
use super::place::Mode;
use super::place::Session;
use super::said::Said;
use super::said::to_u64;
use super::upload;
use super::upload::Plan;
use crate::annotation::Value;
use crate::limits::BLOB_PART_BYTES;
use crate::peer::Peer;
use crate::protocol::Notes;
use crate::protocol::View;

impl Session {
    /// An order with a counted blob: one message when the blob is whole, in parts when it is long.
    pub(super) fn blob(
        &mut self,
        from: Peer,
        row: &'static Keyword,
        rest: &[u8],
        first: &[u8],
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<usize> {
        self.client.waiting = true;
        let head = match upload::plan(row, rest) {
            Plan::Incomplete => return None,
            Plan::Broken => {
                self.client.waiting = false;
                self.client.torn = false;
                self.enveloped(from, Some(row), row.word, Draft::new(first, first.len().saturating_add(1)), offset, notes);
                return Some(first.len().saturating_add(1));
            }
            Plan::Ready(head) => head,
        };
        let size = usize::try_from(head.size.unwrap_or(0)).unwrap_or(usize::MAX);
        let shown = if size > BLOB_PART_BYTES { 0 } else { size };
        let total = head.len.saturating_add(shown);
        let message = rest.get(..total)?;
        self.client.waiting = false;
        self.client.torn = false;
        self.client.after_loss = false;
        let mut draft = Draft::new(message, total);
        upload::annotate(row, &head, &mut draft);
        self.client.mode = if shown < size { Mode::Blob(row, to_u64(size)) } else { Mode::Line };
        self.say(from, offset, Said::new(row.name, row.sentence, draft), notes);
        Some(total)
    }

    /// A part of a long blob, always of the same size, so that the cuts of segments do not show.
    pub(super) fn blob_part(
        &mut self,
        from: Peer,
        row: &'static Keyword,
        left: u64,
        rest: &[u8],
        offset: u64,
        notes: &mut Notes<'_>,
    ) -> Option<usize> {
        let len = usize::try_from(left).unwrap_or(usize::MAX).min(BLOB_PART_BYTES);
        let part = rest.get(..len)?;
        let left = left.saturating_sub(to_u64(len));
        self.side(from).mode = if left > 0 { Mode::Blob(row, left) } else { Mode::Line };
        self.say_part(from, row, part, offset, notes);
        Some(len)
    }

    pub(super) fn say_part(&mut self, from: Peer, row: &'static Keyword, part: &[u8], offset: u64, notes: &mut Notes<'_>) {
        let mut draft = Draft::new(part, part.len());
        let name = if row.form == Form::Upload {
            draft.secret(0..part.len(), "content");
            "file_part"
        } else {
            // A part alone does not tell what the count swallowed around it.
            draft.secret(0..part.len(), "targets");
            "targets_part"
        };
        self.say(from, offset, Said { bulk: true, ..Said::new(name, "A part of what the order before it counts.", draft) }, notes);
    }

    /// Bytes of a blob are missing: the count tells how many are still to come.
    pub(super) fn blob_across_gap(&mut self, from: Peer, rest: View<'_>, missing: u64, notes: &mut Notes<'_>) -> bool {
        if let Mode::Blob(row, left) = self.side(from).mode {
            if !rest.bytes.is_empty() {
                self.say_part(from, row, rest.bytes, rest.offset, notes);
            }
            let left = left.saturating_sub(to_u64(rest.bytes.len()));
            self.side(from).mode = Mode::Blob(row, left);
            return self.skip_in_blob(from, left, missing);
        }
        if !self.waits_for_blob(from) {
            return false;
        }
        let row = line::envelope(rest.bytes).and_then(|envelope| keyword::find(from, envelope.word));
        let Some((row, Plan::Ready(head))) = row.map(|row| (row, upload::plan(row, rest.bytes))) else { return false };
        let mut draft = Draft::new(rest.bytes, rest.bytes.len());
        upload::annotate(row, &head, &mut draft);
        let left = head.size.unwrap_or(0).saturating_sub(to_u64(rest.bytes.len().saturating_sub(head.len)));
        // Where the stream ends, all that was promised is missing.
        draft.note("missing_bytes", Value::Count(if missing == 0 { left } else { missing }));
        self.say(from, rest.offset, Said::new(row.name, row.sentence, draft), notes);
        self.side(from).mode = Mode::Blob(row, left);
        self.skip_in_blob(from, left, missing)
    }

    /// Whether what is unread is an order and the lines before its blob; a line of the login waits, too, but for the next one.
    fn waits_for_blob(&mut self, from: Peer) -> bool {
        let side = self.side(from);
        side.waiting && !matches!(side.mode, Mode::User)
    }

    /// An order whose own line is whole, while the lines before its blob are not: the order stands; what is behind it comes back.
    pub(super) fn half_order<'v>(&mut self, from: Peer, rest: View<'v>, notes: &mut Notes<'_>) -> View<'v> {
        let end = memchr::memchr2(b'\n', 0, rest.bytes).filter(|_| self.waits_for_blob(from));
        let order = end.and_then(|end| rest.bytes.get(..end));
        let row = order.and_then(line::envelope).and_then(|envelope| keyword::find(from, envelope.word));
        let row = row.filter(|row| matches!(row.form, Form::LongAttack | Form::Upload));
        let (Some(order), Some(row)) = (order, row) else { return rest };
        let used = order.len().saturating_add(1);
        self.enveloped(from, Some(row), row.word, Draft::new(order, used), rest.offset, notes);
        let bytes = rest.bytes.get(used..).unwrap_or_default();
        View { offset: rest.offset.saturating_add(to_u64(used)), bytes, fresh: bytes.len(), ..rest }
    }

    pub(super) fn skip_in_blob(&mut self, from: Peer, left: u64, missing: u64) -> bool {
        let side = self.side(from);
        side.waiting = false;
        side.after_loss |= missing > 0;
        if let (Mode::Blob(row, _), true) = (side.mode, left > missing) {
            side.mode = Mode::Blob(row, left.saturating_sub(missing));
        } else {
            side.torn = left < missing;
            side.mode = if left == missing { Mode::Line } else { Mode::Adrift };
        }
        true
    }
}
