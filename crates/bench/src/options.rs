//! What the options of a measuring program may be. A refusal says what would be right; clap puts the option's name before it.

use std::time::Duration;

/// More threads than this are a slip of the keyboard, and a machine may not have room for them.
const THREADS: usize = 1024;

/// `--threads`
pub fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads @ 1..=THREADS) => Ok(threads),
        _ => Err(format!("give a whole number from 1 to {THREADS}")),
    }
}

/// `--rounds`
pub fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds @ 1..) => Ok(rounds),
        _ => Err("give a whole number from 1 up".into()),
    }
}

/// `--seconds`; 0 is as short as it gets: a few samples.
pub fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|&seconds| Duration::try_from_secs_f64(seconds).is_ok());
    seconds.ok_or_else(|| "give a number of seconds, not negative and not beyond 1e19, such as 0.5".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right() {
        assert_eq!((threads("1"), threads("1024"), rounds("3")), (Ok(1), Ok(1024), Ok(3)));
        assert_eq!((seconds("0"), seconds("0.25"), seconds("1e19")), (Ok(0.0), Ok(0.25), Ok(1e19)));
    }

    #[test]
    fn what_is_not() {
        for text in ["", " ", "0", "-1", "1025", "1.5", "99999999999999999999999", "two"] {
            assert!(threads(text).is_err(), "{text}");
            assert!(rounds(text).is_err() || text == "1025", "{text}");
        }
        for text in ["", "nan", "-NaN", "-1", "-1e-9", "inf", "-inf", "1e20", "1e999", "soon"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
