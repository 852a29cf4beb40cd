//! The JA4 fingerprint of a client's hello.

use super::certificate::hex;
use super::hello::ClientHello;
use sha2::Digest;
use sha2::Sha256;

/// Extensions that are told by their own letters.
const SERVER_NAME: u16 = 0;
const ALPN: u16 = 16;

/// The fingerprint.
///
/// # Wire
///
/// [spec] `FoxIO`, JA4 (TLS client, BSD 3-Clause): transport, version, whether a name is asked for, counts of suites and extensions, the
/// first and last letter of the first protocol; then hashes of the sorted suites, and of the sorted extensions with the signature
/// algorithms in order. Values reserved by RFC 8701 are left out.
pub(super) fn ja4(hello: &ClientHello) -> String {
    let suites: Vec<u16> = hello.suites.iter().copied().filter(|suite| !is_reserved(*suite)).collect();
    let extensions: Vec<u16> = hello.extensions.iter().copied().filter(|extension| !is_reserved(*extension)).collect();
    let version = match hello.versions.iter().copied().filter(|version| !is_reserved(*version)).max().unwrap_or(hello.version) {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    };
    let name = if hello.extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
    let counts = [suites.len(), extensions.len()].map(|count| count.min(99));
    let [suite_count, extension_count] = counts;
    let protocol = protocol(hello.alpn.as_deref().unwrap_or_default());
    let sorted = |mut numbers: Vec<u16>| {
        numbers.sort_unstable();
        listed(&numbers)
    };
    let rest = sorted(extensions.into_iter().filter(|extension| !matches!(*extension, SERVER_NAME | ALPN)).collect());
    let algorithms: Vec<u16> = hello.signature_algorithms.iter().copied().filter(|number| !is_reserved(*number)).collect();
    let rest = if algorithms.is_empty() { rest } else { format!("{rest}_{}", listed(&algorithms)) };
    format!("t{version}{name}{suite_count:02}{extension_count:02}{protocol}_{}_{}", short_hash(&sorted(suites)), short_hash(&rest))
}

/// Whether a number means nothing, so that servers learn to ignore it.
fn is_reserved(number: u16) -> bool {
    let [high, low] = number.to_be_bytes();
    high == low && low & 0x0f == 0x0a
}

/// Numbers in hex, separated by commas.
fn listed(numbers: &[u16]) -> String {
    numbers.iter().map(|number| format!("{number:04x}")).collect::<Vec<_>>().join(",")
}

/// The first twelve digits of a hash.
fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "000000000000".to_owned();
    }
    let hash = Sha256::digest(text.as_bytes());
    hex(hash.get(..6).unwrap_or_default())
}

/// The first and the last character of a protocol's name, or of its hex digits where these are no letters or digits.
fn protocol(name: &[u8]) -> String {
    match (name.first(), name.last()) {
        (Some(first), Some(last)) if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() => {
            [char::from(*first), char::from(*last)].into_iter().collect()
        }
        (Some(_), Some(_)) => {
            let digits = hex(name);
            digits.chars().next().into_iter().chain(digits.chars().next_back()).collect()
        }
        _ => "00".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's own text.
    #[test]
    fn the_published_example_comes_out() {
        let suites =
            [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035];
        let extensions = [
            0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
        ];
        let algorithms = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        let hello = ClientHello {
            version: 0x0303,
            suites: [&[0x2a2a], &suites[..]].concat(),
            extensions: [&[0x3a3a], &extensions[..]].concat(),
            alpn: Some(b"h2".to_vec()),
            versions: vec![0x4a4a, 0x0304, 0x0303],
            signature_algorithms: algorithms.to_vec(),
            ..ClientHello::default()
        };
        assert_eq!(ja4(&hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }
}
