//! What the fuzz targets run, on random bytes: no call panics, and any bytes are a program of which everything holds.

use chainrule_check::program::random_calls;

fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let length = 64 + usize::from(next()) * 2;
    (0..length).map(|_| next()).collect()
}

#[test]
fn no_sequence_of_calls_panics() {
    let errors: usize = (0..3000).map(|seed| random_calls::calls(&bytes(seed))).sum();
    assert!(errors > 1000, "{errors} errors: the calls are too tame");
}

#[test]
fn any_bytes_are_a_program_of_which_everything_holds() {
    for seed in 0..300 {
        random_calls::program(&bytes(seed)).unwrap();
    }
}
