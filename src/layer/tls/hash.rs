//! Hashes and pseudo-random functions of all versions, by name.

use super::suite::Hash;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use md5::Md5;
use sha1::Digest;
use sha1::Sha1;
use sha2::Sha256;
use sha2::Sha384;
use zeroize::Zeroize;
use zeroize::Zeroizing;

/// The longest hash here, SHA-384's.
const MOST_BYTES: usize = 48;

/// A hash, in place; forgotten when dropped, since keys are made of them.
#[derive(Clone)]
pub(super) struct Output {
    bytes: [u8; MOST_BYTES],
    len: usize,
}

impl Output {
    fn of(hash: &[u8]) -> Self {
        let mut bytes = [0; MOST_BYTES];
        bytes.iter_mut().zip(hash).for_each(|(to, from)| *to = *from);
        Self { bytes, len: hash.len().min(MOST_BYTES) }
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl Hash {
    /// Bytes of a hash.
    pub(super) fn len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    /// The hash of parts that follow each other.
    pub(super) fn digest(self, parts: &[&[u8]]) -> Output {
        fn run<D: Digest>(parts: &[&[u8]]) -> Output {
            let mut hash = D::new();
            for part in parts {
                hash.update(part);
            }
            Output::of(&hash.finalize())
        }
        match self {
            Self::Md5 => run::<Md5>(parts),
            Self::Sha1 => run::<Sha1>(parts),
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha384 => run::<Sha384>(parts),
        }
    }

    /// The keyed hash of parts that follow each other.
    pub(super) fn hmac(self, key: &[u8], parts: &[&[u8]]) -> Output {
        fn run<M: Mac + KeyInit>(key: &[u8], parts: &[&[u8]]) -> Output {
            // A key of any length is taken.
            let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Output::of(&[]) };
            for part in parts {
                mac.update(part);
            }
            Output::of(&mac.finalize().into_bytes())
        }
        match self {
            Self::Md5 => run::<Hmac<Md5>>(key, parts),
            Self::Sha1 => run::<Hmac<Sha1>>(key, parts),
            Self::Sha256 => run::<Hmac<Sha256>>(key, parts),
            Self::Sha384 => run::<Hmac<Sha384>>(key, parts),
        }
    }

    /// So many bytes of `P_hash`.
    ///
    /// # Wire
    ///
    /// [spec] RFC 5246 5.
    fn expand(self, secret: &[u8], seed: &[&[u8]], len: usize) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_add(self.len())));
        let mut a = self.hmac(secret, seed);
        while out.len() < len {
            let parts: Vec<&[u8]> = std::iter::once(a.bytes()).chain(seed.iter().copied()).collect();
            out.extend_from_slice(self.hmac(secret, &parts).bytes());
            a = self.hmac(secret, &[a.bytes()]);
        }
        out.truncate(len);
        out
    }
}

/// The pseudo-random function of TLS 1.2 with this hash, or that of TLS 1.0 and 1.1.
///
/// # Wire
///
/// [spec] RFC 5246 5; RFC 2246 5: the two halves of the secret share a byte when it is odd, one goes into `P_MD5`, the other into `P_SHA1`.
pub(super) fn prf(hash: Option<Hash>, secret: &[u8], label: &[u8], seed: &[&[u8]], len: usize) -> Zeroizing<Vec<u8>> {
    let seed: Vec<&[u8]> = std::iter::once(label).chain(seed.iter().copied()).collect();
    if let Some(hash) = hash {
        return hash.expand(secret, &seed, len);
    }
    let half = secret.len().div_ceil(2);
    let (first, second) = (secret.get(..half), secret.get(secret.len().saturating_sub(half)..));
    let mut out = Hash::Md5.expand(first.unwrap_or_default(), &seed, len);
    let other = Hash::Sha1.expand(second.unwrap_or_default(), &seed, len);
    out.iter_mut().zip(other.iter()).for_each(|(one, two)| *one ^= *two);
    out
}

/// So many bytes as SSL 3.0 makes them: of a master secret, or of a key block.
///
/// # Wire
///
/// [spec] RFC 6101 6.1 and 6.2.2: MD5(secret + SHA(`A` + secret + seed)), then with `BB`, `CCC` and so on.
pub(super) fn ssl3(secret: &[u8], seed: &[&[u8]], len: usize) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(len.saturating_add(16)));
    for (letter, count) in (b'A'..=b'Z').zip(1..) {
        if out.len() >= len {
            break;
        }
        let label = vec![letter; count];
        let parts: Vec<&[u8]> = [&label, secret].into_iter().chain(seed.iter().copied()).collect();
        let inner = Hash::Sha1.digest(&parts);
        out.extend_from_slice(Hash::Md5.digest(&[secret, inner.bytes()]).bytes());
    }
    out.truncate(len);
    out
}

/// The MAC of SSL 3.0.
///
/// # Wire
///
/// [spec] RFC 6101 5.2.3.1: hash(secret + 0x5c… + hash(secret + 0x36… + content)), 48 bytes of padding for MD5, 40 for SHA.
pub(super) fn ssl3_mac(hash: Hash, secret: &[u8], parts: &[&[u8]]) -> Output {
    let pad = if hash == Hash::Md5 { 48 } else { 40 };
    let (one, two) = (vec![0x36; pad], vec![0x5c; pad]);
    let inner: Vec<&[u8]> = [secret, &one].into_iter().chain(parts.iter().copied()).collect();
    let inner = hash.digest(&inner);
    hash.digest(&[secret, &two, inner.bytes()])
}

/// Up to a hash of key material of TLS 1.3.
///
/// # Wire
///
/// [spec] RFC 8446 7.1: HKDF-Expand-Label with an empty context; a hash or less of it is one block of HKDF-Expand (RFC 5869 2.3).
pub(super) fn expand_label(hash: Hash, secret: &[u8], label: &[u8], len: usize) -> Zeroizing<Vec<u8>> {
    let label_len = u8::try_from(label.len().saturating_add(6)).unwrap_or(0);
    let out_len = u16::try_from(len).unwrap_or(0).to_be_bytes();
    let block = hash.hmac(secret, &[&out_len, &[label_len], b"tls13 ", label, &[0], &[1]]);
    Zeroizing::new(block.bytes().get(..len).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digit = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap()).unwrap();
        text.as_bytes().as_chunks::<2>().0.iter().map(|[high, low]| digit(*high) << 4 | digit(*low)).collect()
    }

    /// RFC 8448, section 3: the server's handshake keys.
    #[test]
    fn labels_expand_as_in_the_published_trace() {
        let secret = hex("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
        assert_eq!(*expand_label(Hash::Sha256, &secret, b"key", 16), hex("3fce516009c21727d0f2e4e86ee403bc"));
        assert_eq!(*expand_label(Hash::Sha256, &secret, b"iv", 12), hex("5d313eb2671276ee13000b30"));
    }

    /// The vector for SHA-256 that the TLS working group's list has for `P_SHA256`.
    #[test]
    fn the_prf_gives_the_known_bytes() {
        let secret = hex("9bbe436ba940f017b17652849a71db35");
        let out = prf(Some(Hash::Sha256), &secret, b"test label", &[&hex("a0ba9f936cda311827a6f796ffd5198c")], 100);
        assert_eq!(out[..16], hex("e3f229ba727be17b8d122620557cd453"));
        assert_eq!(out.len(), 100);
    }
}
