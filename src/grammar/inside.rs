//! How the bytes of one field divide again.

use super::ByteOrder;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::Serialize;

/// How the bytes of a field divide again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "form")]
#[schemars(rename = "inside")]
pub enum Inside {
    /// One name of labels: each has its length in a byte before it and is printable; an empty one ends the name, or a byte of 192 or more
    /// that is a pointer together with the next one. So it says where the field ends.
    Labels,
    /// Texts one behind the other, each with these bytes at its end, which the last one may lack. Of a field that goes up to them it is one,
    /// and they are a part of it.
    Texts {
        /// The bytes, in hex.
        until: String,
    },
    /// Tag, length and value, again and again to the very end of the field, or up to a byte of 255, behind which all is one value; where they
    /// do not lead there, nothing of it is divided.
    ///
    /// Each begins with one byte: its high half is the difference of the tag to the one before, from 0 on, its low half the length of the
    /// value. A half of 13 is 13 and one byte more, which follows, one of 14 is 269 and two, big-endian; 15 is nothing. Those of the tag
    /// come first.
    Deltas,
    /// Numbers of four bytes, big-endian, to the very end of the field. Where so many letters, digits, signs and blanks follow as a number
    /// says, and zeros up to the next multiple of four behind it, they are a text and what fills it up; what is left is one value.
    Words,
    /// Tag, length and value, again and again to the very end of the field; where they do not lead there, nothing of it is divided.
    ///
    /// Where tags are one byte and lengths count values only, a tag of 0 is a byte of padding without length, one of 255 ends the chain,
    /// with only zeros behind it, and a length of one byte that is 129 to 132 is the number 128 plus how many bytes of length follow.
    Tagged {
        /// Bytes of each tag.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        tag_size: u64,
        /// What the place of each tag, counted from the first one, is a multiple of; zeros behind a value fill up what is before it.
        #[serde(default = "one", skip_serializing_if = "is_one")]
        aligned_to: u64,
        /// Bytes of each length.
        length_size: u64,
        /// Byte order of lengths.
        byte_order: ByteOrder,
        /// Whether lengths count their tag and themselves, too.
        whole: bool,
        /// Tags whose values may be such chains again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        nested: Vec<u8>,
    },
}

fn one() -> u64 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_one(number: &u64) -> bool {
    *number == 1
}

impl Inside {
    /// How deep chains of tags may stand in chains.
    pub const DEPTH: usize = 6;

    /// Bytes of a number of words.
    pub const WORD: usize = 4;

    /// Most links of a chain of tags: a message of 4 KiB with empty values has some thousand.
    pub const LINKS: usize = 512;
}
