//! pcapng files: sections of typed blocks, among them packets of several interfaces, and secrets.

mod interface;

use self::interface::Interface;
use super::buffer::Buffer;
use super::buffer::Flaw;
use super::buffer::Order;
use super::buffer::size;
use super::file::Record;
use super::pcap::too_long;
use super::secrets::Secrets;
use crate::limits::Limits;
use crate::time::Timestamp;

/// Block types.
const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const OLD_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const PACKET: u32 = 6;
const SECRETS: u32 = 10;

/// Type, length and, behind the body, the length again.
const FRAME_BYTES: usize = 12;
/// Options a packet's block may carry beside the packet; comments and hashes are far shorter.
const OPTION_BYTES: usize = 64 << 10;

/// The blocks of one file, from a section header on.
///
/// # Wire
///
/// [spec] draft-ietf-opsawg-pcapng. Each block: type, length of the whole, body, length again; multiples of four, in the byte order its
/// section header tells. Interfaces are numbered per section from 0.
#[derive(Debug)]
pub(super) struct PcapNg {
    order: Order,
    interfaces: Vec<Interface>,
    /// A simple packet has no time: it gets that of the packet before.
    last_at: Timestamp,
    secrets: Vec<Secrets>,
    secrets_bytes: usize,
    secrets_left_out: u64,
    limits: Limits,
}

impl PcapNg {
    /// A file whose first block is still ahead.
    ///
    /// # Errors
    ///
    /// The first section header is cut or damaged.
    pub(super) fn open(buffer: &mut Buffer, limits: &Limits) -> Result<Self, Flaw> {
        let mut file = Self {
            order: Order::Little,
            interfaces: Vec::new(),
            last_at: Timestamp::default(),
            secrets: Vec::new(),
            secrets_bytes: 0,
            secrets_left_out: 0,
            limits: limits.clone(),
        };
        file.section(buffer)?;
        Ok(file)
    }

    /// Secrets so far, and how many blocks were left out because of the bound.
    pub(super) fn secrets(&self) -> (&[Secrets], u64) {
        (&self.secrets, self.secrets_left_out)
    }

    /// Moves to the next packet; `false` at the end, between two blocks.
    ///
    /// # Errors
    ///
    /// The input ends within a block, or a block is damaged.
    #[inline]
    pub(super) fn advance(&mut self, buffer: &mut Buffer, record: &mut Record) -> Result<bool, Flaw> {
        loop {
            if !buffer.has(FRAME_BYTES)? {
                return if buffer.ahead().is_empty() { Ok(false) } else { buffer.need(FRAME_BYTES, "block").map(|()| false) };
            }
            let kind = self.order.u32(&buffer.head::<4>(), 0);
            if kind == PACKET {
                self.packet(buffer, record)?;
                return Ok(true);
            }
            if self.cold(kind, buffer, record)? {
                return Ok(true);
            }
        }
    }

    /// An enhanced packet block: interface, time (high, low), captured length, original length, bytes, options. The old packet block has
    /// only 16 bits for the interface, then a count of drops.
    #[inline]
    fn packet(&mut self, buffer: &mut Buffer, record: &mut Record) -> Result<(), Flaw> {
        let whole = self.whole(buffer, 32, self.limits.record_bytes.saturating_add(OPTION_BYTES))?;
        let interface = self.order.u32(&buffer.head::<12>(), 8);
        self.lend(buffer, record, whole, interface)
    }

    /// Every block that is not an enhanced packet block. Whether a packet came of it.
    #[cold]
    fn cold(&mut self, kind: u32, buffer: &mut Buffer, record: &mut Record) -> Result<bool, Flaw> {
        match kind {
            SECTION => self.section(buffer)?,
            INTERFACE => self.interface(buffer)?,
            OLD_PACKET => {
                let whole = self.whole(buffer, 32, self.limits.record_bytes.saturating_add(OPTION_BYTES))?;
                let interface = u32::from(self.order.u16(buffer.ahead(), 8));
                self.lend(buffer, record, whole, interface)?;
                return Ok(true);
            }
            SIMPLE_PACKET => {
                self.simple_packet(buffer, record)?;
                return Ok(true);
            }
            SECRETS => self.keep_secrets(buffer)?,
            _ => self.skip(buffer)?,
        }
        Ok(false)
    }

    /// The length of the block ahead, all of which is then in the buffer: both lengths agree, and it is in bounds.
    #[inline]
    fn whole(&self, buffer: &mut Buffer, least: usize, most: usize) -> Result<usize, Flaw> {
        let stated = self.order.u32(&buffer.head::<8>(), 4);
        let whole = size(stated);
        if whole < least || whole > most || !whole.is_multiple_of(4) {
            return Err(impossible(buffer, stated, most));
        }
        buffer.need(whole, "block")?;
        let behind = self.order.u32(buffer.ahead(), whole.saturating_sub(4));
        if stated == behind { Ok(whole) } else { Err(differs(buffer, stated, behind)) }
    }

    /// Makes a record of the packet block ahead, new or old, and passes it: time from byte 12, lengths from 20, the packet from 28.
    #[inline]
    fn lend(&mut self, buffer: &mut Buffer, record: &mut Record, whole: usize, interface: u32) -> Result<(), Flaw> {
        let head = buffer.head::<28>();
        let ticks = u64::from(self.order.u32(&head, 12)) << 32 | u64::from(self.order.u32(&head, 16));
        let (captured, wire_len) = (self.order.u32(&head, 20), self.order.u32(&head, 24));
        let Some(described) = self.interfaces.get(size(interface)) else { return Err(self.undescribed(buffer, interface)) };
        let len = size(captured);
        if len > self.limits.record_bytes {
            return Err(too_long(buffer, captured, self.limits.record_bytes));
        }
        if len > whole.saturating_sub(32) {
            return Err(overfull(buffer, captured, whole));
        }
        self.last_at = described.time(ticks);
        let from = buffer.pass(whole).saturating_add(28);
        *record = Record { at: self.last_at, link_type: described.link_type, wire_len: wire_len.max(captured), from, len };
        Ok(())
    }

    /// The flaw of a packet whose interface no block described.
    #[cold]
    fn undescribed(&self, buffer: &Buffer, interface: u32) -> Flaw {
        buffer.flaw(format!("packet of interface {interface}, but {} are described", self.interfaces.len()))
    }

    /// A simple packet block: original length, bytes; of the first interface, cut by its snap length.
    fn simple_packet(&mut self, buffer: &mut Buffer, record: &mut Record) -> Result<(), Flaw> {
        let whole = self.whole(buffer, 16, self.limits.record_bytes.saturating_add(OPTION_BYTES))?;
        let wire_len = self.order.u32(buffer.ahead(), 8);
        let Some(first) = self.interfaces.first() else {
            return Err(self.undescribed(buffer, 0));
        };
        let captured = if first.snap_len == 0 { wire_len } else { wire_len.min(first.snap_len) };
        let len = size(captured);
        if len > whole.saturating_sub(16) {
            return Err(overfull(buffer, captured, whole));
        }
        let at = self.last_at;
        *record = Record { at, link_type: first.link_type, wire_len, from: buffer.pass(whole).saturating_add(12), len };
        Ok(())
    }

    /// A section header block: byte-order magic, version; what was known of interfaces is over.
    fn section(&mut self, buffer: &mut Buffer) -> Result<(), Flaw> {
        buffer.need(28, "section header")?;
        self.order = match Order::Little.u32(buffer.ahead(), 8) {
            0x1a2b_3c4d => Order::Little,
            0x4d3c_2b1a => Order::Big,
            other => return Err(buffer.flaw(format!("byte-order magic 0x{other:08x} of a section is unknown"))),
        };
        let whole = self.whole(buffer, 28, self.limits.block_bytes)?;
        let major = self.order.u16(buffer.ahead(), 12);
        if major != 1 {
            return Err(buffer.flaw(format!("version {major} of the format is unknown")));
        }
        self.interfaces.clear();
        buffer.pass(whole);
        Ok(())
    }

    /// An interface description block.
    fn interface(&mut self, buffer: &mut Buffer) -> Result<(), Flaw> {
        let whole = self.whole(buffer, 20, self.limits.block_bytes)?;
        if self.interfaces.len() >= self.limits.interfaces {
            return Err(buffer.flaw(format!("more interfaces than the limit of {}", self.limits.interfaces)));
        }
        let body = buffer.ahead().get(8..whole.saturating_sub(4)).unwrap_or_default();
        self.interfaces.push(Interface::parse(self.order, body));
        buffer.pass(whole);
        Ok(())
    }

    /// A decryption secrets block: type, length, bytes. Kept as long as the bound allows.
    fn keep_secrets(&mut self, buffer: &mut Buffer) -> Result<(), Flaw> {
        if size(self.order.u32(buffer.ahead(), 4)) > self.limits.block_bytes {
            self.secrets_left_out = self.secrets_left_out.saturating_add(1);
            return self.skip(buffer);
        }
        let whole = self.whole(buffer, 20, self.limits.block_bytes)?;
        let (kind, len) = (self.order.u32(buffer.ahead(), 8), self.order.u32(buffer.ahead(), 12));
        let end = size(len).saturating_add(16);
        if end > whole.saturating_sub(4) {
            return Err(buffer.flaw(format!("secrets of {len} bytes in a block of {whole}")));
        }
        let bytes = buffer.ahead().get(16..end).unwrap_or_default();
        let total = self.secrets_bytes.saturating_add(bytes.len());
        if total > self.limits.secrets_bytes {
            self.secrets_left_out = self.secrets_left_out.saturating_add(1);
        } else {
            self.secrets_bytes = total;
            self.secrets.push(Secrets { kind, bytes: bytes.to_vec().into() });
        }
        buffer.pass(whole);
        Ok(())
    }

    /// Passes a block of any length that nobody asks for.
    fn skip(&self, buffer: &mut Buffer) -> Result<(), Flaw> {
        let stated = self.order.u32(&buffer.head::<8>(), 4);
        if size(stated) < FRAME_BYTES || !stated.is_multiple_of(4) {
            return Err(impossible(buffer, stated, usize::MAX));
        }
        let mut start = buffer.flaw(String::new());
        let body = u64::from(stated).saturating_sub(4);
        let passed = buffer.skip(body)?;
        if passed < body || !buffer.has(4)? {
            let there = passed.saturating_add(u64::try_from(buffer.ahead().len()).unwrap_or(0));
            start.problem = format!("block of {stated} bytes cut to {there}");
            return Err(start);
        }
        let behind = self.order.u32(buffer.ahead(), 0);
        buffer.pass(4);
        if stated == behind { Ok(()) } else { Err(Flaw { offset: start.offset, ..differs(buffer, stated, behind) }) }
    }
}

/// The flaw of a length that no such block can have.
#[cold]
fn impossible(buffer: &Buffer, stated: u32, most: usize) -> Flaw {
    if size(stated) > most {
        buffer.flaw(format!("block length {stated} is above the limit of {most} bytes"))
    } else {
        buffer.flaw(format!("block length {stated} cannot be"))
    }
}

/// The flaw of a length behind a block's body that is not that before it.
#[cold]
fn differs(buffer: &Buffer, before: u32, behind: u32) -> Flaw {
    buffer.flaw(format!("block length {before} at its start, but {behind} at its end"))
}

/// The flaw of a packet that is longer than its block.
#[cold]
fn overfull(buffer: &Buffer, captured: u32, whole: usize) -> Flaw {
    buffer.flaw(format!("packet of {captured} bytes in a block of {whole}"))
}
