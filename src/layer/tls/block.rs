//! Chained block ciphers: AES, 3DES, DES.

use super::suite::Algorithm;
use aes::Aes128;
use aes::Aes256;
use aes::cipher::Array;
use aes::cipher::BlockCipherDecrypt;
use aes::cipher::KeyInit;
use des::Des;
use des::TdesEde3;

/// How much more a byte of 3DES costs than one of the others, in a budget of work.
const PRICE_OF_DES: u64 = 50;

/// A block cipher with its key; the key is forgotten with it.
#[derive(Clone)]
pub(super) enum Block {
    Aes128(Aes128),
    Aes256(Aes256),
    Des(Des),
    TripleDes(TdesEde3),
}

impl Block {
    /// The cipher of this algorithm, if the key has its length.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::AesCbc(16) => Aes128::new_from_slice(key).ok().map(Self::Aes128),
            Algorithm::AesCbc(32) => Aes256::new_from_slice(key).ok().map(Self::Aes256),
            Algorithm::Des => Des::new_from_slice(key).ok().map(Self::Des),
            Algorithm::TripleDes => TdesEde3::new_from_slice(key).ok().map(Self::TripleDes),
            _ => None,
        }
    }

    /// Bytes of a block.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Aes128(_) | Self::Aes256(_) => 16,
            Self::Des(_) | Self::TripleDes(_) => 8,
        }
    }

    /// What a byte costs, in a budget of work.
    pub(super) fn price(&self) -> u64 {
        if self.size() == 8 { PRICE_OF_DES } else { 1 }
    }

    /// Decrypts in place; false when these are no whole blocks.
    ///
    /// # Wire
    ///
    /// [spec] RFC 5246 6.2.3.2: cipher-block chaining.
    pub(super) fn decrypt(&self, iv: &[u8], bytes: &mut [u8]) -> bool {
        if !bytes.len().is_multiple_of(self.size()) || iv.len() != self.size() {
            return false;
        }
        match self {
            Self::Aes128(cipher) => chain(cipher, iv, bytes),
            Self::Aes256(cipher) => chain(cipher, iv, bytes),
            Self::Des(cipher) => chain(cipher, iv, bytes),
            Self::TripleDes(cipher) => chain(cipher, iv, bytes),
        }
        true
    }
}

/// Decrypts all blocks, which the cipher does several at once, then undoes the chain from the end.
fn chain<C: BlockCipherDecrypt>(cipher: &C, iv: &[u8], bytes: &mut [u8]) {
    let sealed = bytes.to_vec();
    let (blocks, _) = Array::<u8, C::BlockSize>::slice_as_chunks_mut(bytes);
    cipher.decrypt_blocks(blocks);
    bytes.iter_mut().zip(iv.iter().chain(&sealed)).for_each(|(byte, before)| *byte ^= *before);
}
