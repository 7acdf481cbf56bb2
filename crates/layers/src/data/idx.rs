//! IDX, the format of MNIST and its successors.

use std::path::Path;

use chainrule_graph::{Result, Scalar};
use ndarray::ArrayD;

use super::number::{DAMAGED, Number};
use crate::fault::Fault;
use crate::files::read;

/// An array from a file in the IDX format, in which MNIST comes: `train-images-idx3-ubyte`, `[60000, 28, 28]` numbers from 0 to
/// 255, and `train-labels-idx1-ubyte`, `[60000]` labels. With the feature `gzip` also compressed (`.gz`), as it is distributed.
///
/// ```
/// use chainrule_layers::{Dataset, load_idx};
///
/// # let folder = std::env::temp_dir().join(format!("chainrule-idx-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let (images, labels) = (folder.join("images"), folder.join("labels"));
/// # std::fs::write(&images, [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 51, 102, 255]).unwrap();
/// # std::fs::write(&labels, [0, 0, 8, 1, 0, 0, 0, 2, 7, 3]).unwrap();
/// let images = load_idx::<f32>(images)? / 255.0; // "train-images-idx3-ubyte"
/// let data = Dataset::new(images, load_idx(labels)?)?; // "train-labels-idx1-ubyte"
/// assert_eq!(data.inputs().shape(), [2, 1, 2]);
/// assert_eq!(data.labels()?, [7, 3]);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If the file cannot be read or is not in this format. Nothing is allocated on the header's word alone.
#[track_caller]
pub fn load_idx<T: Scalar>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let path = path.as_ref();
    match read(path).and_then(unpacked).and_then(|bytes| parse(&bytes)) {
        Ok(array) => Ok(array),
        Err(fault) => fault.in_file("load_idx", path),
    }
}

/// Two zeros, the type, the number of axes; the lengths, four bytes each; the numbers. The larger bytes come first.
pub(super) fn parse<T: Scalar>(bytes: &[u8]) -> Result<ArrayD<T>, Fault> {
    let Some(([0, 0, kind, axes], rest)) = bytes.split_first_chunk::<4>() else {
        return Err(Fault::new("no IDX file: it does not begin with two zeros, a type and a rank", DAMAGED));
    };
    let number = match kind {
        0x08 => Number::U8,
        0x09 => Number::I8,
        0x0b => Number::I16,
        0x0c => Number::I32,
        0x0d => Number::F32,
        0x0e => Number::F64,
        _ => return Err(Fault::new(format!("no IDX file: {kind:#04x} is no type of numbers"), DAMAGED)),
    };
    let Some((lengths, data)) = rest.split_at_checked(usize::from(*axes) * 4) else {
        return Err(Fault::new(format!("the file ends within the lengths of its {axes} axes"), DAMAGED));
    };
    let (lengths, _) = lengths.as_chunks::<4>();
    let shape: Vec<usize> = lengths.iter().map(|&length| u32::from_be_bytes(length) as usize).collect();
    number.array(true, &shape, data)
}

const GZIP: [u8; 2] = [0x1f, 0x8b];

#[cfg(not(feature = "gzip"))]
fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    if bytes.starts_with(&GZIP) {
        return Err(Fault::new(
            "the file is compressed",
            "turn on the feature `gzip`, or unpack it: `gunzip`",
        ));
    }
    Ok(bytes)
}

#[cfg(feature = "gzip")]
fn unpacked(bytes: Vec<u8>) -> Result<Vec<u8>, Fault> {
    use std::io::Read;

    if !bytes.starts_with(&GZIP) {
        return Ok(bytes);
    }
    // A page of zeros can unpack to gigabytes: no more than the header of the array inside tells is taken out.
    let mut reader = flate2::read::MultiGzDecoder::new(bytes.as_slice());
    let mut unpacked = Vec::new();
    let mut take =
        |count: u64, unpacked: &mut Vec<u8>| match reader.by_ref().take(count).read_to_end(unpacked) {
            Ok(_) => Ok(()),
            Err(error) => Err(Fault::new(format!("cannot be unpacked: {error}"), DAMAGED)),
        };
    take(4, &mut unpacked)?;
    take(unpacked.get(3).map_or(0, |&axes| u64::from(axes) * 4), &mut unpacked)?;
    let (lengths, _) = unpacked.get(4..).unwrap_or(&[]).as_chunks::<4>();
    let count = lengths.iter().fold(8_u64, |count, &n| count.saturating_mul(u32::from_be_bytes(n).into()));
    // And one more, so that a longer file is found out.
    take(count.saturating_add(1), &mut unpacked)?;
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn all_types() {
        let of = |kind: u8, data: &[u8]| {
            let mut bytes = vec![0, 0, kind, 1, 0, 0, 0, 2];
            bytes.extend(data);
            parse::<f64>(&bytes).unwrap().into_raw_vec_and_offset().0
        };
        assert_eq!(of(0x08, &[0, 255]), [0.0, 255.0]);
        assert_eq!(of(0x09, &[1, 255]), [1.0, -1.0]);
        assert_eq!(of(0x0b, &[1, 2, 0xff, 0xfe]), [258.0, -2.0]);
        assert_eq!(of(0x0c, &[0, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]), [65536.0, -1.0]);
        assert_eq!(of(0x0d, &[0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]), [1.0, -2.5]);
        assert_eq!(of(0x0e, &[1.5_f64.to_be_bytes(), (-0.1_f64).to_be_bytes()].concat()), [1.5, -0.1]);
    }

    #[test]
    fn headers_that_lie() {
        for (bytes, part) in [
            (&[][..], "no IDX file"),
            (&[0, 0, 8], "no IDX file"),
            (&[0, 1, 8, 1, 0, 0, 0, 0], "no IDX file"),
            (&[0, 0, 10, 1, 0, 0, 0, 0], "no type of numbers"),
            (&[0, 0, 8, 255, 0, 0], "ends within the lengths"),
            (&[0, 0, 8, 1, 0, 0, 0, 2, 7], "has 2 bytes; there are 1"),
            (&[0, 0, 8, 1, 0, 0, 0, 1, 7, 7], "has 1 bytes; there are 2"),
            (
                &[0, 0, 14, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255],
                "more than can be addressed",
            ),
        ] {
            let fault = parse::<f64>(bytes).unwrap_err();
            assert!(fault.message.contains(part), "{}", fault.message);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(start in prop::sample::select(vec![0x08_u8, 0x0b, 0x0e]), rest: Vec<u8>) {
            let mut bytes = vec![0, 0, start];
            bytes.extend(rest);
            let _ = parse::<f32>(&bytes);
        }
    }
}
