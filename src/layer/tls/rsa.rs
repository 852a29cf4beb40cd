//! RSA private keys: read from PEM, and used for the one thing they are here for, to open what a client sent under them.

use super::certificate::bit_length;
use super::certificate::magnitude;
use super::reader::Reader;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::BoxedUint;
use crypto_bigint::ConcatenatingMul;
use crypto_bigint::NonZero;
use crypto_bigint::Odd;
use crypto_bigint::Resize;
use crypto_bigint::modular::BoxedMontyForm;
use crypto_bigint::modular::BoxedMontyParams;
use zeroize::Zeroizing;

/// Lengths of keys that are taken. Beyond, one operation takes seconds.
const BITS: std::ops::RangeInclusive<u32> = 512..=8192;

/// Bytes of a premaster secret under RSA.
const PREMASTER_BYTES: usize = 48;

/// A private key. Not `Debug`: it is never shown.
pub(super) struct RsaKey {
    /// The modulus, by which certificates name it.
    modulus: Vec<u8>,
    n: BoxedUint,
    p: Half,
    q: Half,
    /// The inverse of q modulo p.
    inverse: BoxedMontyForm,
}

/// What belongs to one of the two primes.
struct Half {
    prime: NonZero<BoxedUint>,
    params: BoxedMontyParams,
    exponent: BoxedUint,
}

impl Drop for RsaKey {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.p.exponent.zeroize();
        self.q.exponent.zeroize();
    }
}

/// A number of at least so many bits.
fn number(bytes: &[u8], bits: u32) -> Option<BoxedUint> {
    BoxedUint::from_be_slice(bytes, bits.next_multiple_of(64)).ok()
}

impl Half {
    fn new(prime: &[u8], exponent: &[u8]) -> Option<Self> {
        let bits = bit_length(prime);
        let prime = number(prime, bits)?;
        let params = BoxedMontyParams::new(Option::from(Odd::new(prime.clone()))?);
        Some(Self { prime: Option::from(NonZero::new(prime))?, params, exponent: number(exponent, bits)? })
    }

    /// A number modulo the prime.
    fn form(&self, number: &BoxedUint) -> BoxedMontyForm {
        BoxedMontyForm::new(number.rem_vartime(&self.prime), &self.params)
    }
}

impl RsaKey {
    /// Reads the first private key of a PEM file.
    ///
    /// # Errors
    ///
    /// What the file holds instead, for a message.
    pub(super) fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let text =
            std::str::from_utf8(pem).map_err(|_| "not a PEM file: give the private key in PEM form (openssl rsa -in KEY -out KEY.pem)")?;
        let mut found = None;
        for block in text.split("-----BEGIN ").skip(1) {
            let Some((label, rest)) = block.split_once("-----") else { continue };
            let body = rest.split("-----END ").next().unwrap_or_default();
            match label {
                "RSA PRIVATE KEY" | "PRIVATE KEY" => return Self::decode(label, body),
                "ENCRYPTED PRIVATE KEY" => found = Some(ENCRYPTED),
                "EC PRIVATE KEY" => found = Some(EC),
                "CERTIFICATE" => found = found.or(Some("a certificate, which has no private key in it: give the server's key file")),
                _ => found = found.or(Some("no RSA private key")),
            }
        }
        Err(found.unwrap_or("not a PEM file: give the private key in PEM form (openssl rsa -in KEY -out KEY.pem)"))
    }

    /// Reads one block of PEM.
    fn decode(label: &str, body: &str) -> Result<Self, &'static str> {
        if body.contains("ENCRYPTED") {
            return Err(ENCRYPTED);
        }
        let text: Zeroizing<String> = Zeroizing::new(body.chars().filter(|letter| !letter.is_ascii_whitespace()).collect());
        let der = Zeroizing::new(STANDARD.decode(text.as_bytes()).map_err(|_| DAMAGED)?);
        let key = if label == "PRIVATE KEY" { unwrapped(&der)? } else { &der };
        Self::parse(key).ok_or(DAMAGED)
    }

    /// Reads the numbers of a key.
    ///
    /// # Wire
    ///
    /// [spec] RFC 8017 A.1.2: version, n, e, d, p, q, d mod (p-1), d mod (q-1), (inverse of q) mod p.
    fn parse(der: &[u8]) -> Option<Self> {
        let mut reader = Reader(Reader(der).der(0x30)?);
        let mut next = || reader.der(0x02).map(|integer| Zeroizing::new(magnitude(integer)));
        // A version of 1 is a key of more than two primes.
        if !next()?.is_empty() {
            return None;
        }
        let (n, _e, _d, p, q, dp, dq, inverse) = (next()?, next()?, next()?, next()?, next()?, next()?, next()?, next()?);
        let bits = bit_length(&n);
        if !BITS.contains(&bits) {
            return None;
        }
        let (p, q) = (Half::new(&p, &dp)?, Half::new(&q, &dq)?);
        let n_number = number(&n, bits)?;
        // Half a key of one file and half of another opens nothing, and would not say so.
        let product = p.prime.as_ref().concatenating_mul(q.prime.as_ref());
        if magnitude(&product.to_be_bytes()) != *n {
            return None;
        }
        let inverse = p.form(&number(&inverse, bits)?);
        Some(Self { modulus: n.to_vec(), n: n_number, p, q, inverse })
    }

    /// The modulus, without zeroes before it.
    pub(super) fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The premaster secret in what a client sent, if this is its key.
    ///
    /// # Wire
    ///
    /// [spec] RFC 8017 7.2.2: 0, 2, eight or more bytes that are not zero, 0, the secret. It is looked at here, and not by a library that
    /// answers wrong padding with random bytes: a wrong key must show.
    pub(super) fn premaster(&self, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let sealed = number(&magnitude(sealed), self.n.bits_precision())?;
        if sealed >= self.n {
            return None;
        }
        // Chinese remainders: two powers of half the length.
        let one = self.p.form(&sealed).pow(&self.p.exponent);
        let two = self.q.form(&sealed).pow(&self.q.exponent).retrieve();
        let factor = one.sub(&self.p.form(&two)).mul(&self.inverse).retrieve();
        let opened = factor.concatenating_mul(self.q.prime.as_ref());
        let opened = opened.wrapping_add(two.resize(opened.bits_precision()));
        let bytes = Zeroizing::new(magnitude(&opened.to_be_bytes()));
        // The first of the padding's bytes is a zero, which the magnitude lacks.
        let [2, padded @ ..] = bytes.as_slice() else { return None };
        if bytes.len().saturating_add(1) != self.modulus.len() {
            return None;
        }
        let end = padded.iter().position(|byte| *byte == 0).filter(|end| *end >= 8)?;
        let secret = padded.get(end.saturating_add(1)..)?;
        (secret.len() == PREMASTER_BYTES).then(|| Zeroizing::new(secret.to_vec()))
    }
}

/// What is told of keys that cannot be used.
const ENCRYPTED: &str = "the key is encrypted: decrypt it first (openssl rsa -in KEY -out KEY.pem)";
const EC: &str = "an EC key: it cannot open any session; a key log can (--keylog)";
const DAMAGED: &str = "the key is damaged, has more than two primes, or is not between 512 and 8192 bits long";

/// The key inside PKCS#8.
///
/// # Wire
///
/// [spec] RFC 5208 5: version, algorithm, key.
fn unwrapped(der: &[u8]) -> Result<&[u8], &'static str> {
    let mut reader = Reader(Reader(der).der(0x30).ok_or(DAMAGED)?);
    reader.der(0x02).ok_or(DAMAGED)?;
    let object = reader.der(0x30).and_then(|algorithm| Reader(algorithm).der(0x06)).ok_or(DAMAGED)?;
    match object {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1] => reader.der(0x04).ok_or(DAMAGED),
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1] => Err(EC),
        _ => Err("no RSA private key"),
    }
}
