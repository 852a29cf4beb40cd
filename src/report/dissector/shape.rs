//! How the bytes of fields are read, and what values look like in them.

use super::cut::hex;
use super::plan::Part;
use super::plan::Place;
use super::plan::Shape;
use super::plan::Wanted;
use crate::grammar::ByteOrder;
use crate::grammar::Description;
use crate::grammar::Encoding;
use crate::grammar::Field;
use crate::grammar::Kind;
use crate::grammar::Scalar;

/// How the bytes of a field are read.
pub(super) fn shape(field: &Field, place: &Place, description: &Description) -> Shape {
    let text = matches!(description.encoding, Encoding::Text);
    let size = match place {
        Place::Bits { size, .. } => return if *size <= 32 { Shape::Bits } else { Shape::Bytes },
        Place::Column(_) => return Shape::Text,
        Place::Nowhere => return Shape::Bytes,
        Place::Bytes { size, .. } => *size,
        Place::After { size, .. } => size.unwrap_or(0),
    };
    let little = field.byte_order == Some(ByteOrder::Little);
    match field.kind {
        Kind::String | Kind::NumberText | Kind::HeaderName | Kind::Prompt => Shape::Text,
        Kind::Terminator | Kind::Delimiter | Kind::Padding => Shape::Bytes,
        _ if text => Shape::Text,
        Kind::Address if size == 4 => Shape::Ipv4,
        Kind::Address if size == 16 => Shape::Ipv6,
        Kind::Address
        | Kind::Uuid
        | Kind::List
        | Kind::Tlv
        | Kind::Random
        | Kind::Compressed
        | Kind::Encrypted
        | Kind::Opaque
        | Kind::Float => Shape::Bytes,
        _ if matches!(size, 1..=4 | 8) => Shape::Number { size, little },
        _ => Shape::Bytes,
    }
}

/// A value as the field would have it.
pub(super) fn wanted(part: &Part<'_>, equals: &Scalar, mask: Option<u64>) -> Option<Wanted> {
    let number = match equals {
        Scalar::Text(text) => {
            let bytes = hex(text).unwrap_or_else(|| text.clone().into_bytes());
            return Some(Wanted::Bytes { bytes, mask: None });
        }
        Scalar::Number(number) => *number,
    };
    let (size, little) = match (part.shape, &part.place) {
        (Shape::Number { size, little }, _) => (size, little),
        (Shape::Bytes | Shape::Ipv4, Place::Bytes { size, .. } | Place::After { size: Some(size), .. }) if (1..=8).contains(size) => {
            (*size, part.field.byte_order == Some(ByteOrder::Little))
        }
        (Shape::Bits | Shape::Text, _) => return Some(Wanted::Number(number)),
        _ => return None,
    };
    let bytes = |number: u64| {
        let all = number.to_be_bytes();
        let unused = all.len().saturating_sub(usize::try_from(size).ok()?);
        let (left, kept) = all.split_at_checked(unused)?;
        let mut kept = kept.to_vec();
        if little {
            kept.reverse();
        }
        left.iter().all(|byte| *byte == 0).then_some(kept)
    };
    let mask = match mask {
        Some(mask) => Some(bytes(mask)?),
        None => None,
    };
    Some(Wanted::Bytes { bytes: bytes(u64::try_from(number).ok()?)?, mask })
}
