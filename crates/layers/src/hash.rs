//! A hash whose results are part of what a seed promises: those of the standard library may change with its version.

/// What [`fnv1a`] begins with, unless hashes are to differ.
pub(crate) const BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a in 64 bits, from a hash on: `BASIS` or that of what stands before.
pub(crate) fn fnv1a(hash: u64, bytes: impl IntoIterator<Item = u8>) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.into_iter().fold(hash, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Figures of the authors' own list (G. Fowler, L. C. Noll, K.-P. Vo).
    #[test]
    fn the_published_figures() {
        let of = |text: &str| fnv1a(BASIS, text.bytes());
        assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of("foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv1a(of("foo"), "bar".bytes()), of("foobar"));
    }
}
