//! What a certificate says: whose it is, who signed it, how long it counts, which key it is for.

use super::reader::Reader;
use crate::secured::Certificate;
use sha2::Digest;
use sha2::Sha256;

/// Attributes of a name that are shown, and characters of each: names are as long as their owner likes.
const MOST_ATTRIBUTES: usize = 16;
const MOST_CHARACTERS: usize = 128;

/// DER tags.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;

/// A certificate, and the modulus of its key if that is an RSA key.
pub(super) struct Found {
    pub(super) certificate: Certificate,
    pub(super) modulus: Option<Vec<u8>>,
}

/// Reads a certificate.
///
/// # Wire
///
/// [spec] RFC 5280 4.1.
pub(super) fn parse(der: &[u8]) -> Option<Found> {
    let mut body = Reader(Reader(Reader(der).der(SEQUENCE)?).der(SEQUENCE)?);
    let _version = body.der(VERSION);
    let serial = body.der(INTEGER)?;
    body.der(SEQUENCE)?;
    let issuer = name(body.der(SEQUENCE)?);
    let mut validity = Reader(body.der(SEQUENCE)?);
    let (not_before, not_after) = (time(&mut validity)?, time(&mut validity)?);
    let subject = name(body.der(SEQUENCE)?);
    let (key, key_bits, modulus) = key(body.der(SEQUENCE)?);
    let serial = hex(serial.get(..serial.len().min(MOST_CHARACTERS)).unwrap_or_default());
    let sha256 = Sha256::digest(der).into();
    let certificate = Certificate { subject, issuer, serial, not_before, not_after, key, key_bits, sha256 };
    Some(Found { certificate, modulus })
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// A name as text: its attributes in the order of the wire.
fn name(der: &[u8]) -> String {
    let mut sets = Reader(der);
    let mut parts: Vec<String> = Vec::new();
    while let Some(set) = sets.der(SET)
        && parts.len() < MOST_ATTRIBUTES
    {
        let mut set = Reader(set);
        while let Some(mut attribute) = set.der(SEQUENCE).map(Reader) {
            let (Some(object), Some((tag, value))) = (attribute.der(OBJECT), attribute.any_der()) else { break };
            parts.push(format!("{}={}", attribute_name(object), text(tag, value)));
        }
    }
    parts.truncate(MOST_ATTRIBUTES);
    parts.join(", ")
}

/// What an attribute is called.
fn attribute_name(object: &[u8]) -> String {
    let name = match object {
        [0x55, 4, 3] => "CN",
        [0x55, 4, 5] => "serialNumber",
        [0x55, 4, 6] => "C",
        [0x55, 4, 7] => "L",
        [0x55, 4, 8] => "ST",
        [0x55, 4, 10] => "O",
        [0x55, 4, 11] => "OU",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1] => "emailAddress",
        [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25] => "DC",
        _ => return format!("#{}", hex(object.get(..object.len().min(16)).unwrap_or_default())),
    };
    name.to_owned()
}

/// A string of any of DER's kinds; the outputs escape it.
fn text(tag: u8, value: &[u8]) -> String {
    let all: String = match tag {
        // BMPString: UTF-16.
        0x1e => {
            let units: Vec<u16> = value.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        // UTF8String, and all that are ASCII; T61String is Latin-1 in practice.
        _ => match std::str::from_utf8(value) {
            Ok(text) => text.to_owned(),
            Err(_) => value.iter().map(|byte| char::from(*byte)).collect(),
        },
    };
    all.chars().take(MOST_CHARACTERS).collect()
}

/// A time in RFC 3339; what has another form is given as it is.
fn time(reader: &mut Reader<'_>) -> Option<String> {
    let (tag, value) = reader.any_der()?;
    let value: String = value.iter().take(MOST_CHARACTERS).map(|byte| char::from(*byte)).collect();
    let full = match tag {
        // Two digits of the year: RFC 5280 4.1.2.5.1.
        UTC_TIME if value.starts_with(['5', '6', '7', '8', '9']) => format!("19{value}"),
        UTC_TIME => format!("20{value}"),
        GENERALIZED_TIME => value.clone(),
        _ => return None,
    };
    let digits = full.strip_suffix('Z').filter(|digits| digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit()));
    let part = |from: usize, to: usize| digits.and_then(|digits| digits.get(from..to)).unwrap_or_default();
    Some(match digits {
        Some(_) => format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14)),
        None => value,
    })
}

/// The kind of a public key, its length, and its modulus if it is an RSA key.
fn key(der: &[u8]) -> (&'static str, u32, Option<Vec<u8>>) {
    let mut reader = Reader(der);
    let mut algorithm = Reader(reader.der(SEQUENCE).unwrap_or_default());
    let object = algorithm.der(OBJECT).unwrap_or_default();
    let bits = reader.der(BIT_STRING).and_then(|bits| bits.get(1..)).unwrap_or_default();
    match object {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1 | 10] => {
            let modulus = Reader(bits).der(SEQUENCE).and_then(|key| Reader(key).der(INTEGER)).map(magnitude);
            ("rsa", modulus.as_deref().map_or(0, bit_length), modulus)
        }
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => ("ec", curve_bits(algorithm.der(OBJECT).unwrap_or_default()), None),
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => ("dsa", 0, None),
        [0x2b, 0x65, 0x70] => ("ed25519", 256, None),
        [0x2b, 0x65, 0x71] => ("ed448", 456, None),
        _ => ("unknown", 0, None),
    }
}

/// How long the keys of a named curve are.
fn curve_bits(object: &[u8]) -> u32 {
    match object {
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7] | [0x2b, 0x81, 4, 0, 10] => 256,
        [0x2b, 0x81, 4, 0, 33] => 224,
        [0x2b, 0x81, 4, 0, 34] => 384,
        [0x2b, 0x81, 4, 0, 35] => 521,
        _ => 0,
    }
}

/// A positive integer without the zeroes before it.
pub(super) fn magnitude(integer: &[u8]) -> Vec<u8> {
    integer.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// How many bits a magnitude has.
pub(super) fn bit_length(magnitude: &[u8]) -> u32 {
    let bytes = u32::try_from(magnitude.len()).unwrap_or(u32::MAX);
    bytes.saturating_mul(8).saturating_sub(magnitude.first().map_or(0, |byte| byte.leading_zeros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_one_form() {
        let utc = |text: &str| [&[UTC_TIME, 13], text.as_bytes()].concat();
        assert_eq!(time(&mut Reader(&utc("261121093500Z"))).unwrap(), "2026-11-21T09:35:00Z");
        assert_eq!(time(&mut Reader(&utc("991231235959Z"))).unwrap(), "1999-12-31T23:59:59Z");
        assert_eq!(time(&mut Reader(&utc("99123123595xZ"))).unwrap(), "99123123595xZ");
        assert_eq!(time(&mut Reader(&[INTEGER, 1, 0])), None);
    }

    #[test]
    fn names_are_text_whatever_their_kind() {
        let attribute = |kind: u8, tag: u8, value: &[u8]| {
            let len = u8::try_from(value.len()).unwrap();
            let inner = [&[OBJECT, 3, 0x55, 4, kind, tag, len], value].concat();
            let inner_len = u8::try_from(inner.len()).unwrap();
            [&[SET, inner_len + 2, SEQUENCE, inner_len], &inner[..]].concat()
        };
        let both = [attribute(3, 0x14, b"caf\xe9"), attribute(10, 0x1e, &[0, b'L', 0, b'a', 0, b'b'])].concat();
        assert_eq!(name(&both), "CN=café, O=Lab");
        assert_eq!(name(&attribute(99, 0x0c, b"x")), "#550463=x");
    }
}
