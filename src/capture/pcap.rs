//! Classic pcap files: a header, then records of a fixed header and the captured bytes.

use super::buffer::Buffer;
use super::buffer::Flaw;
use super::buffer::Order;
use super::buffer::size;
use super::file::Record;
use crate::limits::Limits;
use crate::time::Timestamp;

/// Length of the file's header.
const FILE_HEADER: usize = 24;

/// Length of a record's header, without what the modified kind adds.
const RECORD_HEADER: usize = 16;
/// Where the captured length stands in it.
const CAPTURED_AT: usize = 8;
/// Bytes that the modified kind adds.
const RECORD_HEADER_MORE: usize = 8;

/// A record is above the limit: it is the length that is damaged.
#[cold]
pub(super) fn too_long(buffer: &Buffer, len: u32, limit: usize) -> Flaw {
    buffer.flaw(format!("record length {len} is above the limit of {limit} bytes"))
}

/// What the header says about all records.
///
/// # Wire
///
/// [spec] draft-ietf-opsawg-pcap, section 4: magic, major and minor version (16 bits each), two unused words, snap length, link type in
/// the low 16 bits of the last word. A record begins with seconds, fraction, captured length, original length. The records of the
/// "modified" kind (magic a1b2cd34, [guess] from its use in old Linux tools) carry 8 bytes more: interface, protocol, packet type.
#[derive(Debug)]
pub(super) struct Pcap {
    order: Order,
    record_header: usize,
    nanos_per_unit: i64,
    fine: bool,
    link_type: u32,
    record_bytes: usize,
}

impl Pcap {
    /// Whether a file that begins so is one; then in which order, with which record header, and whether in nanoseconds.
    pub(super) fn magic(head: [u8; 4]) -> Option<(Order, usize, bool)> {
        [Order::Little, Order::Big].into_iter().find_map(|order| match order.u32(&head, 0) {
            0xa1b2_c3d4 => Some((order, RECORD_HEADER, false)),
            0xa1b2_3c4d => Some((order, RECORD_HEADER, true)),
            0xa1b2_cd34 => Some((order, RECORD_HEADER + RECORD_HEADER_MORE, false)),
            _ => None,
        })
    }

    /// Reads the header.
    ///
    /// # Errors
    ///
    /// The input ends within it, or cannot be read.
    pub(super) fn open(buffer: &mut Buffer, magic: (Order, usize, bool), limits: &Limits) -> Result<Self, Flaw> {
        let (order, record_header, fine) = magic;
        buffer.need(FILE_HEADER, "file header")?;
        // The high bits tell how long the frame check sequence is; the decoder finds ends by IP lengths.
        let link_type = order.u32(buffer.ahead(), 20) & 0xffff;
        buffer.pass(FILE_HEADER);
        let nanos_per_unit = if fine { 1 } else { 1000 };
        Ok(Self { order, record_header, nanos_per_unit, fine, link_type, record_bytes: limits.record_bytes })
    }

    /// Moves to the next record; `false` at the end, between two records.
    ///
    /// # Errors
    ///
    /// The input ends within a record, or a length is damaged.
    pub(super) fn advance(&self, buffer: &mut Buffer, record: &mut Record) -> Result<bool, Flaw> {
        if self.step(buffer, record) {
            return Ok(true);
        }
        if !buffer.has(self.record_header)? {
            return if buffer.ahead().is_empty() { Ok(false) } else { buffer.need(self.record_header, "record header").map(|()| false) };
        }
        let captured = self.order.u32(&buffer.head::<RECORD_HEADER>(), CAPTURED_AT);
        if size(captured) > self.record_bytes {
            return Err(too_long(buffer, captured, self.record_bytes));
        }
        buffer.need(self.record_header.saturating_add(size(captured)), "record")?;
        Ok(self.step(buffer, record))
    }

    /// Moves to the next record if all of it is ahead; else nothing happens, and [`Self::advance`] knows why.
    #[inline]
    pub(super) fn step(&self, buffer: &mut Buffer, record: &mut Record) -> bool {
        let Some((found, whole)) = self.record(buffer.ahead()) else { return false };
        *record = Record { from: buffer.pass(whole).saturating_add(found.from), ..found };
        true
    }

    /// The record at the front of these bytes, its place counted from there, and its length with its header; nothing where not all of it is
    /// there.
    #[inline]
    pub(super) fn record(&self, ahead: &[u8]) -> Option<(Record, usize)> {
        let head = ahead.first_chunk::<RECORD_HEADER>()?;
        let (seconds, fraction) = (self.order.u32(head, 0), self.order.u32(head, 4));
        let (captured, wire_len) = (self.order.u32(head, CAPTURED_AT), self.order.u32(head, 12));
        let len = size(captured);
        let whole = self.record_header.saturating_add(len);
        if len > self.record_bytes || ahead.len() < whole {
            return None;
        }
        let at = Timestamp::from_parts(i64::from(seconds), i64::from(fraction).saturating_mul(self.nanos_per_unit), self.fine);
        let (link_type, wire_len, from) = (self.link_type, wire_len.max(captured), self.record_header);
        Some((Record { at, link_type, wire_len, from, len }, whole))
    }
}
