//! Maps with a quick hash: what a program is compiled of is looked up a few times a node, and no stranger chooses the keys.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub(super) type Hashes = BuildHasherDefault<Quick>;

pub(super) type Map<K, V> = HashMap<K, V, Hashes>;

/// Each number is multiplied into the hash; the two halves of the product are folded, so that every bit counts everywhere.
#[derive(Clone, Default)]
pub(super) struct Quick(u64);

/// The golden ratio in 64 bits.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)));
        }
    }

    #[inline]
    fn write_u64(&mut self, x: u64) {
        let product = u128::from(self.0 ^ x ^ FACTOR.rotate_left(32)) * u128::from(FACTOR);
        self.0 = (product as u64).rotate_left(5) ^ (product >> 64) as u64;
    }

    #[inline]
    fn write_u32(&mut self, x: u32) {
        self.write_u64(x.into());
    }

    #[inline]
    fn write_usize(&mut self, x: usize) {
        self.write_u64(x as u64);
    }

    #[inline]
    fn write_isize(&mut self, x: isize) {
        self.write_u64(x as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of keys as a compiler has them, hardly any share the bits that a map goes by: the lowest and the highest.
    #[test]
    fn neighbours_are_spread() {
        let hash = |words: [u64; 3]| {
            let mut hash = Quick::default();
            words.iter().for_each(|&word| hash.write_u64(word));
            hash.finish()
        };
        for part in [0, 57] {
            let mut counts = [0_u32; 128];
            for i in 0..12_800_u64 {
                counts[(hash([i / 100, i % 100, 1]) >> part) as usize % 128] += 1;
            }
            assert!(counts.iter().all(|&count| (40..200).contains(&count)), "{counts:?}");
        }
        assert_eq!(hash([0, 0, 0]), hash([0, 0, 0]));
        assert_ne!(hash([0, 1, 0]), hash([1, 0, 0]));
    }
}
