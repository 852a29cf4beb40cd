//! Cipher suites: what each of them agrees on, as far as it is opened here.

/// How the two agree on a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exchange {
    /// The client sends it, encrypted with the server's key: who has that key has everything.
    Rsa,
    /// Diffie-Hellman of any kind: only the two know it.
    Agreed,
}

/// What encrypts records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Nothing does.
    Null,
    /// A key stream.
    Rc4,
    /// Blocks of eight bytes, chained.
    Des,
    /// The same three times.
    TripleDes,
    /// Blocks of sixteen bytes, chained; the length of the key.
    AesCbc(usize),
    /// With a tag of sixteen bytes; the length of the key.
    AesGcm(usize),
    /// The length of the key, and that of the tag.
    AesCcm(usize, usize),
    /// With a tag of sixteen bytes.
    ChaCha20,
}

impl Algorithm {
    /// Bytes of a key.
    pub(super) fn key_bytes(self) -> usize {
        match self {
            Self::Null => 0,
            Self::Rc4 => 16,
            Self::Des => 8,
            Self::TripleDes => 24,
            Self::AesCbc(key) | Self::AesGcm(key) | Self::AesCcm(key, _) => key,
            Self::ChaCha20 => 32,
        }
    }

    /// Bytes of the initialization vector that the key block has before TLS 1.3.
    pub(super) fn iv_bytes(self) -> usize {
        match self {
            Self::Null | Self::Rc4 => 0,
            Self::Des | Self::TripleDes => 8,
            Self::AesCbc(_) => 16,
            Self::AesGcm(_) | Self::AesCcm(..) => 4,
            Self::ChaCha20 => 12,
        }
    }
}

/// A hash function of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// 16 bytes.
    Md5,
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
}

/// A cipher suite that is opened here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suite {
    /// Its number.
    pub(super) id: u16,
    /// Its name in IANA's registry.
    pub(super) name: &'static str,
    /// How the secret is agreed on; of TLS 1.3 always agreed.
    pub(super) exchange: Exchange,
    /// What encrypts.
    pub(super) algorithm: Algorithm,
    /// What authenticates records; of no use where the algorithm does.
    pub(super) mac: Hash,
    /// What derives keys from TLS 1.2 on.
    pub(super) prf: Hash,
}

/// The suite of this number, if it is opened here.
pub(super) fn suite(id: u16) -> Option<&'static Suite> {
    SUITES.binary_search_by_key(&id, |suite| suite.id).ok().and_then(|index| SUITES.get(index))
}

/// A row of the table.
const fn row(id: u16, name: &'static str, exchange: Exchange, algorithm: Algorithm, mac: Hash, prf: Hash) -> Suite {
    Suite { id, name, exchange, algorithm, mac, prf }
}

use Algorithm::AesCbc;
use Algorithm::AesCcm;
use Algorithm::AesGcm;
use Algorithm::ChaCha20;
use Algorithm::Des;
use Algorithm::Null;
use Algorithm::Rc4;
use Algorithm::TripleDes;
use Exchange::Agreed;
use Exchange::Rsa;
use Hash::Md5;
use Hash::Sha1;
use Hash::Sha256;
use Hash::Sha384;

/// All suites that are opened here, by number.
///
/// # Wire
///
/// [spec] IANA, TLS Cipher Suites; RFC 8446 B.4, 5246 A.5, 5288, 5289, 6655, 7251, 7905, 8422. Left out: IDEA, RC2, Camellia, ARIA, SEED,
/// export and PSK suites.
#[rustfmt::skip]
const SUITES: &[Suite] = &[
    row(0x0001, "TLS_RSA_WITH_NULL_MD5", Rsa, Null, Md5, Sha256),
    row(0x0002, "TLS_RSA_WITH_NULL_SHA", Rsa, Null, Sha1, Sha256),
    row(0x0004, "TLS_RSA_WITH_RC4_128_MD5", Rsa, Rc4, Md5, Sha256),
    row(0x0005, "TLS_RSA_WITH_RC4_128_SHA", Rsa, Rc4, Sha1, Sha256),
    row(0x0009, "TLS_RSA_WITH_DES_CBC_SHA", Rsa, Des, Sha1, Sha256),
    row(0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", Rsa, TripleDes, Sha1, Sha256),
    row(0x000c, "TLS_DH_DSS_WITH_DES_CBC_SHA", Agreed, Des, Sha1, Sha256),
    row(0x000d, "TLS_DH_DSS_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0x000f, "TLS_DH_RSA_WITH_DES_CBC_SHA", Agreed, Des, Sha1, Sha256),
    row(0x0010, "TLS_DH_RSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0x0012, "TLS_DHE_DSS_WITH_DES_CBC_SHA", Agreed, Des, Sha1, Sha256),
    row(0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA", Agreed, Des, Sha1, Sha256),
    row(0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", Agreed, Rc4, Md5, Sha256),
    row(0x001a, "TLS_DH_anon_WITH_DES_CBC_SHA", Agreed, Des, Sha1, Sha256),
    row(0x001b, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", Rsa, AesCbc(16), Sha1, Sha256),
    row(0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0x0031, "TLS_DH_RSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", Rsa, AesCbc(32), Sha1, Sha256),
    row(0x0036, "TLS_DH_DSS_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0x0037, "TLS_DH_RSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0x003a, "TLS_DH_anon_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0x003b, "TLS_RSA_WITH_NULL_SHA256", Rsa, Null, Sha256, Sha256),
    row(0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", Rsa, AesCbc(16), Sha256, Sha256),
    row(0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", Rsa, AesCbc(32), Sha256, Sha256),
    row(0x003e, "TLS_DH_DSS_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0x003f, "TLS_DH_RSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0x0068, "TLS_DH_DSS_WITH_AES_256_CBC_SHA256", Agreed, AesCbc(32), Sha256, Sha256),
    row(0x0069, "TLS_DH_RSA_WITH_AES_256_CBC_SHA256", Agreed, AesCbc(32), Sha256, Sha256),
    row(0x006a, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", Agreed, AesCbc(32), Sha256, Sha256),
    row(0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", Agreed, AesCbc(32), Sha256, Sha256),
    row(0x006c, "TLS_DH_anon_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0x006d, "TLS_DH_anon_WITH_AES_256_CBC_SHA256", Agreed, AesCbc(32), Sha256, Sha256),
    row(0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", Rsa, AesGcm(16), Sha256, Sha256),
    row(0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", Rsa, AesGcm(32), Sha384, Sha384),
    row(0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x00a0, "TLS_DH_RSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x00a1, "TLS_DH_RSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x00a2, "TLS_DHE_DSS_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x00a3, "TLS_DHE_DSS_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x00a4, "TLS_DH_DSS_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x00a5, "TLS_DH_DSS_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x00a6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x00a7, "TLS_DH_anon_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x1301, "TLS_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0x1302, "TLS_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0x1303, "TLS_CHACHA20_POLY1305_SHA256", Agreed, ChaCha20, Sha256, Sha256),
    row(0x1304, "TLS_AES_128_CCM_SHA256", Agreed, AesCcm(16, 16), Sha256, Sha256),
    row(0x1305, "TLS_AES_128_CCM_8_SHA256", Agreed, AesCcm(16, 8), Sha256, Sha256),
    row(0xc001, "TLS_ECDH_ECDSA_WITH_NULL_SHA", Agreed, Null, Sha1, Sha256),
    row(0xc002, "TLS_ECDH_ECDSA_WITH_RC4_128_SHA", Agreed, Rc4, Sha1, Sha256),
    row(0xc003, "TLS_ECDH_ECDSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0xc005, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0xc006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA", Agreed, Null, Sha1, Sha256),
    row(0xc007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA", Agreed, Rc4, Sha1, Sha256),
    row(0xc008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0xc00b, "TLS_ECDH_RSA_WITH_NULL_SHA", Agreed, Null, Sha1, Sha256),
    row(0xc00c, "TLS_ECDH_RSA_WITH_RC4_128_SHA", Agreed, Rc4, Sha1, Sha256),
    row(0xc00d, "TLS_ECDH_RSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0xc00e, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0xc00f, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0xc010, "TLS_ECDHE_RSA_WITH_NULL_SHA", Agreed, Null, Sha1, Sha256),
    row(0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", Agreed, Rc4, Sha1, Sha256),
    row(0xc012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0xc015, "TLS_ECDH_anon_WITH_NULL_SHA", Agreed, Null, Sha1, Sha256),
    row(0xc016, "TLS_ECDH_anon_WITH_RC4_128_SHA", Agreed, Rc4, Sha1, Sha256),
    row(0xc017, "TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA", Agreed, TripleDes, Sha1, Sha256),
    row(0xc018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", Agreed, AesCbc(16), Sha1, Sha256),
    row(0xc019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA", Agreed, AesCbc(32), Sha1, Sha256),
    row(0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", Agreed, AesCbc(32), Sha384, Sha384),
    row(0xc025, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0xc026, "TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA384", Agreed, AesCbc(32), Sha384, Sha384),
    row(0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", Agreed, AesCbc(32), Sha384, Sha384),
    row(0xc029, "TLS_ECDH_RSA_WITH_AES_128_CBC_SHA256", Agreed, AesCbc(16), Sha256, Sha256),
    row(0xc02a, "TLS_ECDH_RSA_WITH_AES_256_CBC_SHA384", Agreed, AesCbc(32), Sha384, Sha384),
    row(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0xc02d, "TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0xc02e, "TLS_ECDH_ECDSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0xc031, "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", Agreed, AesGcm(16), Sha256, Sha256),
    row(0xc032, "TLS_ECDH_RSA_WITH_AES_256_GCM_SHA384", Agreed, AesGcm(32), Sha384, Sha384),
    row(0xc09c, "TLS_RSA_WITH_AES_128_CCM", Rsa, AesCcm(16, 16), Sha256, Sha256),
    row(0xc09d, "TLS_RSA_WITH_AES_256_CCM", Rsa, AesCcm(32, 16), Sha256, Sha256),
    row(0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", Agreed, AesCcm(16, 16), Sha256, Sha256),
    row(0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", Agreed, AesCcm(32, 16), Sha256, Sha256),
    row(0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", Rsa, AesCcm(16, 8), Sha256, Sha256),
    row(0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", Rsa, AesCcm(32, 8), Sha256, Sha256),
    row(0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", Agreed, AesCcm(16, 8), Sha256, Sha256),
    row(0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", Agreed, AesCcm(32, 8), Sha256, Sha256),
    row(0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", Agreed, AesCcm(16, 16), Sha256, Sha256),
    row(0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", Agreed, AesCcm(32, 16), Sha256, Sha256),
    row(0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", Agreed, AesCcm(16, 8), Sha256, Sha256),
    row(0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", Agreed, AesCcm(32, 8), Sha256, Sha256),
    row(0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Agreed, ChaCha20, Sha256, Sha256),
    row(0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Agreed, ChaCha20, Sha256, Sha256),
    row(0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Agreed, ChaCha20, Sha256, Sha256),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(SUITES.is_sorted_by(|one, two| one.id < two.id));
        assert_eq!(suite(0xc02f).map(|suite| suite.name), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!(suite(0x0019), None);
    }
}
