//! The stream cipher RC4, with a state that can be copied: after a loss several positions are tried.

use zeroize::Zeroize;

/// The state of the key stream.
#[derive(Clone)]
pub(super) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// The key stream of this key, from its first byte.
    ///
    /// # Wire
    ///
    /// [spec] the description posted in 1994, as used by RFC 2246; test vectors of RFC 6229.
    pub(super) fn new(key: &[u8]) -> Self {
        let mut state = [0_u8; 256];
        state.iter_mut().zip(0..=u8::MAX).for_each(|(place, value)| *place = value);
        let mut j = 0_u8;
        for (i, key) in (0..=u8::MAX).zip(key.iter().cycle()) {
            j = j.wrapping_add(at(&state, i)).wrapping_add(*key);
            state.swap(usize::from(i), usize::from(j));
        }
        Self { state, i: 0, j: 0 }
    }

    /// The next byte of the key stream.
    #[inline]
    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        let one = at(&self.state, self.i);
        self.j = self.j.wrapping_add(one);
        let two = at(&self.state, self.j);
        self.state.swap(usize::from(self.i), usize::from(self.j));
        at(&self.state, one.wrapping_add(two))
    }

    /// Encrypts or decrypts in place.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte ^= self.next();
        }
    }

    /// Passes so many bytes of the key stream. The caller bounds them.
    pub(super) fn skip(&mut self, bytes: u64) {
        for _ in 0..bytes {
            self.next();
        }
    }
}

#[inline]
fn at(state: &[u8; 256], index: u8) -> u8 {
    state.get(usize::from(index)).copied().unwrap_or_default()
}

impl Drop for Rc4 {
    fn drop(&mut self) {
        self.state.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6229, the key of 40 bits 0x0102030405.
    #[test]
    fn the_key_stream_is_that_of_the_published_vectors() {
        let mut stream = Rc4::new(&[1, 2, 3, 4, 5]);
        let mut out = [0_u8; 16];
        stream.apply(&mut out);
        assert_eq!(out, [0xb2, 0x39, 0x63, 0x05, 0xf0, 0x3d, 0xc0, 0x27, 0xcc, 0xc3, 0x52, 0x4a, 0x0a, 0x11, 0x18, 0xa8]);
        let mut further = Rc4::new(&[1, 2, 3, 4, 5]);
        further.skip(240);
        let mut out = [0_u8; 16];
        further.apply(&mut out);
        assert_eq!(out, [0x28, 0xcb, 0x11, 0x32, 0xc9, 0x6c, 0xe2, 0x86, 0x42, 0x1d, 0xca, 0xad, 0xb8, 0xb6, 0x9e, 0xae]);
    }
}
