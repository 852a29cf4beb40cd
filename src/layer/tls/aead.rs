//! Ciphers that authenticate: GCM, CCM, ChaCha20-Poly1305.

use super::suite::Algorithm;
use aes::Aes128;
use aes::Aes256;
use aes_gcm::Aes128Gcm;
use aes_gcm::Aes256Gcm;
use aes_gcm::KeyInit;
use aes_gcm::aead::AeadInOut;
use aes_gcm::aead::consts::U8;
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::consts::U16;
use ccm::Ccm;
use chacha20poly1305::ChaCha20Poly1305;

/// A cipher with its key; the key is forgotten with it.
#[derive(Clone)]
pub(super) enum Aead {
    Gcm128(Aes128Gcm),
    Gcm256(Aes256Gcm),
    Ccm128(Ccm<Aes128, U16, U12>),
    Ccm256(Ccm<Aes256, U16, U12>),
    Short128(Ccm<Aes128, U8, U12>),
    Short256(Ccm<Aes256, U8, U12>),
    ChaCha20(ChaCha20Poly1305),
}

impl Aead {
    /// The cipher of this algorithm, if the key has its length.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::AesGcm(16) => KeyInit::new_from_slice(key).ok().map(Self::Gcm128),
            Algorithm::AesGcm(32) => KeyInit::new_from_slice(key).ok().map(Self::Gcm256),
            Algorithm::AesCcm(16, 16) => KeyInit::new_from_slice(key).ok().map(Self::Ccm128),
            Algorithm::AesCcm(32, 16) => KeyInit::new_from_slice(key).ok().map(Self::Ccm256),
            Algorithm::AesCcm(16, 8) => KeyInit::new_from_slice(key).ok().map(Self::Short128),
            Algorithm::AesCcm(32, 8) => KeyInit::new_from_slice(key).ok().map(Self::Short256),
            Algorithm::ChaCha20 => KeyInit::new_from_slice(key).ok().map(Self::ChaCha20),
            _ => None,
        }
    }

    /// Bytes of a tag.
    pub(super) fn tag_bytes(&self) -> usize {
        if matches!(self, Self::Short128(_) | Self::Short256(_)) { 8 } else { 16 }
    }

    /// What a byte costs, in a budget of work.
    pub(super) fn price(&self) -> u64 {
        match self {
            Self::Gcm128(_) | Self::Gcm256(_) => 1,
            Self::ChaCha20(_) => 3,
            Self::Ccm128(_) | Self::Ccm256(_) | Self::Short128(_) | Self::Short256(_) => 8,
        }
    }

    /// Decrypts in place, if the tag is right.
    pub(super) fn open(&self, nonce: &[u8; 12], with: &[u8], bytes: &mut [u8], tag: &[u8]) -> Option<()> {
        match self {
            Self::Gcm128(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::Gcm256(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::Ccm128(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::Ccm256(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::Short128(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::Short256(cipher) => open(cipher, nonce, with, bytes, tag),
            Self::ChaCha20(cipher) => open(cipher, nonce, with, bytes, tag),
        }
    }
}

fn open<C: AeadInOut>(cipher: &C, nonce: &[u8; 12], with: &[u8], bytes: &mut [u8], tag: &[u8]) -> Option<()> {
    let (nonce, tag) = (nonce.as_slice().try_into().ok()?, tag.try_into().ok()?);
    cipher.decrypt_inout_detached(nonce, with, bytes.into(), tag).ok()
}
