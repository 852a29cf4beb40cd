//! Text of the wire into JSON: copied and looked at in one go, since nearly all of it stands for itself.

use super::room::Room;
use crate::report::escape::JsonText;
use crate::report::record::value::Text;
use serde::Serialize;
use serde_json::Serializer;
use std::io;

/// Bytes looked at together, without a branch between them.
const STRIDE: usize = 16;

/// Adds bytes of the wire, as a string or as what holds bytes that are none.
pub(super) fn put(room: &mut Room, text: &[u8]) -> io::Result<()> {
    if put_plain(room, text) { Ok(()) } else { general(room, &Text::of(text)) }
}

/// Adds a string.
pub(super) fn put_str(room: &mut Room, text: &str) -> io::Result<()> {
    if put_plain(room, text.as_bytes()) { Ok(()) } else { general(room, text) }
}

/// Adds what is not plain, as in every record.
pub(super) fn general<T: Serialize + ?Sized>(room: &mut Room, value: &T) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(room, JsonText)).map_err(io::Error::from)
}

/// Adds a string, if all of it is visible ASCII that stands for itself in JSON; else nothing.
#[inline]
fn put_plain(room: &mut Room, text: &[u8]) -> bool {
    let bytes = text.len().saturating_add(2);
    let [open, inner @ .., close] = room.next(bytes) else { return false };
    (*open, *close) = (b'"', b'"');
    let is_plain = copy(text, inner);
    if is_plain {
        room.take(bytes);
    }
    is_plain
}

/// The same for a part of a string.
#[inline]
pub(super) fn put_part(room: &mut Room, text: &[u8]) -> bool {
    let is_plain = copy(text, room.next(text.len()));
    if is_plain {
        room.take(text.len());
    }
    is_plain
}

/// Copies text into a place of its length. Whether all of it stands for itself.
#[inline]
fn copy(text: &[u8], place: &mut [u8]) -> bool {
    if let (Some(last), Some(last_place)) = (text.last_chunk::<STRIDE>(), place.last_chunk_mut()) {
        // The last stride first: it overlaps the one before.
        *last_place = *last;
        let mut is_plain = is_plain(last);
        for (stride, place) in text.as_chunks::<STRIDE>().0.iter().zip(place.as_chunks_mut().0) {
            *place = *stride;
            is_plain &= self::is_plain(stride);
        }
        return is_plain;
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        if let Some(place) = place.first_chunk_mut() {
            *place = *first;
        }
        if let Some(place) = place.last_chunk_mut() {
            *place = *last;
        }
        return odd_of_eight(*first) | odd_of_eight(*last) == 0;
    }
    text.iter().zip(place).fold(0, |all, (byte, place)| {
        *place = *byte;
        all | odd(*byte)
    }) == 0
}

/// Whether all of a stride stands for itself. A function of its own, where the compiler looks at all bytes at once.
#[inline(never)]
fn is_plain(stride: &[u8; STRIDE]) -> bool {
    stride.iter().fold(0, |all, byte| all | odd(*byte)) == 0
}

/// Not zero where a byte does not stand for itself.
#[inline]
fn odd(byte: u8) -> u8 {
    u8::from(byte.wrapping_sub(b' ') > b'~'.wrapping_sub(b' ')) | u8::from(byte == b'"') | u8::from(byte == b'\\')
}

/// The same of eight bytes in one number: what borrows from its neighbour is odd itself.
#[inline]
fn odd_of_eight(bytes: [u8; 8]) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let all = u64::from_ne_bytes(bytes);
    let below = |all: u64, least: u8| all.wrapping_sub(u64::from_ne_bytes([least; 8])) & !all;
    let is = |byte: u8| {
        let rest = all ^ u64::from_ne_bytes([byte; 8]);
        rest.wrapping_sub(ONES) & !rest
    };
    (all | below(all, b' ') | is(b'"') | is(b'\\') | is(0x7f)) & HIGH
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_for_itself_is_plain() {
        let mut room = Room::default();
        for byte in 0..=u8::MAX {
            let plain = matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
            for (length, at) in (1..70_usize).flat_map(|length| (0..length).map(move |at| (length, at))) {
                let mut text = vec![b'a'; length];
                text[at] = byte;
                room.cut(0);
                assert_eq!(put_plain(&mut room, &text), plain, "{byte} at {at} of {length}");
                assert_eq!(put_part(&mut room, &text), plain, "{byte} at {at} of {length}");
                let written = if plain { [b"\"", &*text, b"\"", &*text].concat() } else { Vec::new() };
                assert_eq!(room.written(), written);
            }
        }
    }

    #[test]
    fn any_text_is_a_string() {
        for length in 0..70 {
            let text: String = ('a'..='z').cycle().take(length).collect();
            for text in [text.clone(), format!("{text}\""), format!("\u{1b}{text}"), format!("{text}é{text}")] {
                let mut room = Room::default();
                put_str(&mut room, &text).unwrap();
                assert_eq!(serde_json::from_slice::<String>(room.written()).unwrap(), text);
            }
        }
    }
}
