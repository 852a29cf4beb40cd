//! One direction's cipher: opens record after record, and proves each by its MAC or tag.

use super::aead::Aead;
use super::block::Block;
use super::hash::ssl3_mac;
use super::rc4::Rc4;
use super::record::Header;
use super::suite::Algorithm;
use super::suite::Hash;
use super::suite::Suite;
use zeroize::Zeroizing;

/// What a trial costs beside the bytes it decrypts.
const COST_OF_TRIAL: u64 = 512;

/// How much more a byte of RC4 costs than one of AES, in a budget of work.
const PRICE_OF_RC4: u64 = 8;

/// Keys of one direction, as the key block has them, or TLS 1.3 derives them.
pub(super) struct Keys {
    pub(super) mac: Zeroizing<Vec<u8>>,
    pub(super) key: Zeroizing<Vec<u8>>,
    pub(super) iv: Zeroizing<Vec<u8>>,
}

/// The MAC of records that do not authenticate themselves.
#[derive(Clone)]
struct Authentic {
    hash: Hash,
    key: Zeroizing<Vec<u8>>,
    ssl3: bool,
}

/// How records are encrypted.
#[derive(Clone)]
enum Kind {
    Stream(Authentic, Option<Box<Rc4>>),
    Chained { mac: Authentic, block: Box<Block>, iv: Vec<u8>, explicit: bool, mac_last: bool },
    Tagged { aead: Box<Aead>, iv: [u8; 12], explicit: bool, inner: bool },
}

/// Opens the records of one direction, one after the other. Its keys are forgotten with it.
#[derive(Clone)]
pub(super) struct Opener {
    kind: Kind,
    /// The number of the next record.
    seq: u64,
}

/// What a record held, when it could be opened: its content is in the buffer that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// The type of the content.
    pub(super) kind: u8,
    /// The number of the record.
    pub(super) seq: u64,
}

/// Where a record may stand behind a hole.
pub(super) struct Place<'a> {
    /// Bytes between the first record that cannot be read and this one's header.
    pub(super) lost: u64,
    /// The fewest records these bytes can be.
    pub(super) least: u64,
    /// The ciphertext right before the header, as much of it as there is.
    pub(super) before: &'a [u8],
}

/// What of the rest of a record's body is content, padding and MAC taken off.
///
/// # Wire
///
/// [spec] RFC 5246 6.2.3.2: the last byte counts the padding bytes before it. In SSL 3.0 these may be anything, so they are not looked at.
fn unpadded(plain: &[u8], mac_len: usize) -> Option<usize> {
    let padding = usize::from(*plain.last()?);
    plain.len().checked_sub(padding.checked_add(1)?.checked_add(mac_len)?)
}

impl Authentic {
    /// Whether `mac` is that of the content of a record of this number.
    fn proves(&self, seq: u64, header: Header, content: &[&[u8]], mac: &[u8]) -> bool {
        let len = content.iter().fold(0_usize, |sum, part| sum.saturating_add(part.len()));
        let (seq, len) = (seq.to_be_bytes(), u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
        let [kind, major, minor, ..] = header.bytes();
        let version = [kind, major, minor];
        let head = if self.ssl3 { version.get(..1).unwrap_or_default() } else { &version };
        let parts: Vec<&[u8]> = [&seq[..], head, &len].into_iter().chain(content.iter().copied()).collect();
        let computed = if self.ssl3 { ssl3_mac(self.hash, &self.key, &parts) } else { self.hash.hmac(&self.key, &parts) };
        computed.bytes() == mac
    }

    fn len(&self) -> usize {
        self.hash.len()
    }
}

impl Opener {
    /// The cipher of a suite of TLS 1.2 or older. `minor` is the version's second byte; `mac_last` is encrypt-then-MAC.
    pub(super) fn new(suite: &Suite, minor: u8, mac_last: bool, keys: Keys) -> Option<Self> {
        let mac = Authentic { hash: suite.mac, key: keys.mac, ssl3: minor == 0 };
        let kind = match suite.algorithm {
            Algorithm::Null => Kind::Stream(mac, None),
            Algorithm::Rc4 => Kind::Stream(mac, Some(Box::new(Rc4::new(&keys.key)))),
            Algorithm::Des | Algorithm::TripleDes | Algorithm::AesCbc(_) => {
                let block = Box::new(Block::new(suite.algorithm, &keys.key)?);
                Kind::Chained { mac, block, iv: keys.iv.to_vec(), explicit: minor >= 2, mac_last }
            }
            Algorithm::AesGcm(_) | Algorithm::AesCcm(..) | Algorithm::ChaCha20 => {
                let mut iv = [0; 12];
                iv.iter_mut().zip(keys.iv.iter()).for_each(|(to, from)| *to = *from);
                let explicit = suite.algorithm != Algorithm::ChaCha20;
                Kind::Tagged { aead: Box::new(Aead::new(suite.algorithm, &keys.key)?), iv, explicit, inner: false }
            }
        };
        Some(Self { kind, seq: 0 })
    }

    /// The cipher of a suite of TLS 1.3.
    pub(super) fn new_inner(suite: &Suite, keys: &Keys) -> Option<Self> {
        let iv = *keys.iv.first_chunk()?;
        let aead = Box::new(Aead::new(suite.algorithm, &keys.key)?);
        Some(Self { kind: Kind::Tagged { aead, iv, explicit: false, inner: true }, seq: 0 })
    }

    /// Opens the next record into `plain`. A record that cannot be opened changes nothing but `plain`.
    pub(super) fn open(&mut self, header: Header, body: &[u8], plain: &mut Vec<u8>) -> Option<Opened> {
        let seq = self.seq;
        let kind = match &mut self.kind {
            Kind::Stream(mac, stream) => {
                let before = stream.clone();
                plain.clear();
                plain.extend_from_slice(body);
                if let Some(stream) = stream {
                    stream.apply(plain);
                }
                let proven = proven_stream(mac, seq, header, plain);
                if !proven {
                    *stream = before;
                    return None;
                }
                header.kind
            }
            Kind::Chained { mac, block, iv, explicit, mac_last } => {
                if !decrypt_chain(mac, block, if *explicit { None } else { Some(iv) }, *mac_last, body, plain)
                    || !proven_chain(mac, seq, header, *mac_last, body, plain)
                {
                    return None;
                }
                keep_chain(iv, body, if *mac_last { mac.len() } else { 0 });
                header.kind
            }
            Kind::Tagged { aead, iv, explicit, inner } => open_tagged(aead, iv, *explicit, *inner, seq, header, body, plain)?,
        };
        self.seq = seq.checked_add(1)?;
        Some(Opened { kind, seq })
    }

    /// Opens a record behind a hole, if it is one: tries which number it may have, and the MAC decides. Each byte of work is taken from
    /// `budget` before it is done.
    pub(super) fn resume(
        &mut self,
        place: &Place<'_>,
        header: Header,
        body: &[u8],
        plain: &mut Vec<u8>,
        budget: &mut u64,
    ) -> Option<Opened> {
        // Each lost record had a header and at least a byte.
        let most = (place.lost / 6).max(place.least);
        let cost = u64::try_from(body.len()).unwrap_or(u64::MAX).saturating_add(COST_OF_TRIAL);
        if let Kind::Chained { mac, block, iv, explicit, mac_last } = &mut self.kind {
            *budget = budget.checked_sub(cost.saturating_mul(block.price()))?;
            // What the record is chained to stands before it; a MAC of the ciphertext would not tell that it is missing.
            let chain = if *explicit { None } else { Some(last_block(place.before, block.size(), if *mac_last { mac.len() } else { 0 })?) };
            if !decrypt_chain(mac, block, chain.as_ref(), *mac_last, body, plain) {
                return None;
            }
            for lost in place.least..=most {
                *budget = budget.checked_sub(cost)?;
                let seq = self.seq.checked_add(lost)?;
                if proven_chain(mac, seq, header, *mac_last, body, plain) {
                    keep_chain(iv, body, if *mac_last { mac.len() } else { 0 });
                    self.seq = seq.checked_add(1)?;
                    return Some(Opened { kind: header.kind, seq });
                }
            }
            return None;
        }
        for lost in place.least..=most {
            let skipped = place.lost.checked_sub(lost.checked_mul(5)?)?;
            *budget = budget.checked_sub(match &self.kind {
                Kind::Stream(_, Some(_)) => cost.checked_add(skipped)?.checked_mul(PRICE_OF_RC4)?,
                Kind::Tagged { aead, .. } => cost.checked_mul(aead.price())?,
                Kind::Stream(_, None) | Kind::Chained { .. } => cost,
            })?;
            let before = (self.seq, self.stream().cloned());
            self.seq = self.seq.checked_add(lost)?;
            if let Some(stream) = self.stream() {
                stream.skip(skipped);
            }
            if let Some(opened) = self.open(header, body, plain) {
                return Some(opened);
            }
            self.seq = before.0;
            if let (Some(stream), Some(before)) = (self.stream(), before.1) {
                *stream = before;
            }
        }
        None
    }

    /// Its key stream, if it has one.
    fn stream(&mut self) -> Option<&mut Box<Rc4>> {
        match &mut self.kind {
            Kind::Stream(_, stream) => stream.as_mut(),
            Kind::Chained { .. } | Kind::Tagged { .. } => None,
        }
    }

    /// Bytes of a record that are no content, at least; how much longer padding makes it cannot be known.
    pub(super) fn overhead(&self) -> u64 {
        let bytes = match &self.kind {
            Kind::Stream(mac, _) => mac.len(),
            Kind::Chained { mac, block, explicit, .. } => {
                mac.len().saturating_add(1).saturating_add(if *explicit { block.size() } else { 0 })
            }
            Kind::Tagged { aead, explicit, inner, .. } => {
                aead.tag_bytes().saturating_add(if *explicit { 8 } else { 0 }).saturating_add(usize::from(*inner))
            }
        };
        u64::try_from(bytes).unwrap_or(0).saturating_add(5)
    }

    /// The number of the next record.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }
}

/// Takes the MAC off the end, if it is right.
fn proven_stream(mac: &Authentic, seq: u64, header: Header, plain: &mut Vec<u8>) -> bool {
    let Some(len) = plain.len().checked_sub(mac.len()) else { return false };
    let (content, end) = plain.split_at_checked(len).unwrap_or_default();
    let proven = mac.proves(seq, header, &[content], end);
    plain.truncate(len);
    proven
}

/// Decrypts chained blocks into `plain`: padding and MAC are still there. No chain given: the body begins with its own.
fn decrypt_chain(mac: &Authentic, block: &Block, chain: Option<&Vec<u8>>, mac_last: bool, body: &[u8], plain: &mut Vec<u8>) -> bool {
    let end = if mac_last { body.len().checked_sub(mac.len()) } else { Some(body.len()) };
    let Some(cipher) = end.and_then(|end| body.get(..end)) else { return false };
    let (iv, cipher) = match chain {
        Some(chain) => (chain.as_slice(), cipher),
        None => match cipher.split_at_checked(block.size()) {
            Some(parts) => parts,
            None => return false,
        },
    };
    plain.clear();
    plain.extend_from_slice(cipher);
    !cipher.is_empty() && block.decrypt(iv, plain)
}

/// Takes padding and MAC off, if the MAC is right; else leaves `plain` as it was, for another try.
fn proven_chain(mac: &Authentic, seq: u64, header: Header, mac_last: bool, body: &[u8], plain: &mut Vec<u8>) -> bool {
    if mac_last {
        let Some((cipher, end)) = body.len().checked_sub(mac.len()).and_then(|len| body.split_at_checked(len)) else { return false };
        let Some(len) = unpadded(plain, 0) else { return false };
        let proven = mac.proves(seq, header, &[cipher], end);
        if proven {
            plain.truncate(len);
        }
        return proven;
    }
    let Some(len) = unpadded(plain, mac.len()) else { return false };
    let (content, rest) = plain.split_at_checked(len).unwrap_or_default();
    let proven = rest.get(..mac.len()).is_some_and(|end| mac.proves(seq, header, &[content], end));
    if proven {
        plain.truncate(len);
    }
    proven
}

/// The last block of ciphertext is what the next record is chained to.
fn keep_chain(iv: &mut Vec<u8>, body: &[u8], behind: usize) {
    if let Some(last) = last_block(body, iv.len(), behind) {
        *iv = last;
    }
}

/// The last block of ciphertext that has so many bytes behind it.
fn last_block(cipher: &[u8], size: usize, behind: usize) -> Option<Vec<u8>> {
    let end = cipher.len().checked_sub(behind)?;
    Some(cipher.get(end.checked_sub(size)?..end)?.to_vec())
}

/// Opens a record with a tag. Gives the type of what is in it.
#[allow(clippy::too_many_arguments, reason = "the parts of one cipher, and the parts of one record")]
fn open_tagged(
    aead: &Aead,
    iv: &[u8; 12],
    explicit: bool,
    inner: bool,
    seq: u64,
    header: Header,
    body: &[u8],
    plain: &mut Vec<u8>,
) -> Option<u8> {
    let (nonce, sealed) = if explicit {
        let (own, sealed) = body.split_at_checked(8)?;
        let mut nonce = *iv;
        nonce.iter_mut().skip(4).zip(own).for_each(|(to, from)| *to = *from);
        (nonce, sealed)
    } else {
        let mut nonce = *iv;
        nonce.iter_mut().skip(4).zip(seq.to_be_bytes()).for_each(|(to, from)| *to ^= from);
        (nonce, body)
    };
    let len = sealed.len().checked_sub(aead.tag_bytes())?;
    let (cipher, tag) = sealed.split_at_checked(len)?;
    plain.clear();
    plain.extend_from_slice(cipher);
    if inner {
        aead.open(&nonce, &header.bytes(), plain, tag)?;
        // Content, then its type, then zeroes.
        let end = plain.iter().rposition(|byte| *byte != 0)?;
        let kind = plain.get(end).copied();
        plain.truncate(end);
        return kind;
    }
    let [kind, major, minor, ..] = header.bytes();
    let [high, low] = u16::try_from(len).ok()?.to_be_bytes();
    let [s0, s1, s2, s3, s4, s5, s6, s7] = seq.to_be_bytes();
    aead.open(&nonce, &[s0, s1, s2, s3, s4, s5, s6, s7, kind, major, minor, high, low], plain, tag)?;
    Some(header.kind)
}

#[cfg(test)]
mod tests;
