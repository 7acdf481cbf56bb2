//! `.npy`, NumPy's format for one array.
//!
//! Read here rather than by a library: those there are believe the header's sizes before they have seen the bytes, and bring
//! a general parser of Python literals, twenty crates with a C build, for a dictionary that always has the same three keys.

use std::path::Path;

use chainrule_graph::{Result, Scalar};
use ndarray::ArrayD;

use super::number::{DAMAGED, Number};
use crate::fault::Fault;
use crate::files::read;

/// The array in an `.npy` file, as `numpy.save` writes it: whole numbers, floats and booleans of all sizes, in either byte order,
/// by rows or (Fortran's order) by columns.
///
/// Each number is rounded to the nearest `f64` and that to the nearest `T`; floats beyond the range of `T` are an error.
///
/// # Errors
/// If the file cannot be read, is not in this format, or has other things than numbers in it. Nothing is allocated on the
/// header's word alone.
#[track_caller]
pub fn load_npy<T: Scalar>(path: impl AsRef<Path>) -> Result<ArrayD<T>> {
    let path = path.as_ref();
    match read(path).and_then(|bytes| parse(&bytes)) {
        Ok(array) => Ok(array),
        Err(fault) => fault.in_file("load_npy", path),
    }
}

const MAGIC: &[u8] = b"\x93NUMPY";

pub(super) fn parse<T: Scalar>(bytes: &[u8]) -> Result<ArrayD<T>, Fault> {
    let damaged = |message: &str| Fault::new(message, DAMAGED);
    let version = bytes.strip_prefix(MAGIC).and_then(|rest| rest.split_first_chunk::<2>());
    let Some(([version, _], rest)) = version else { return Err(damaged("no .npy file")) };
    let length = match version {
        1 => rest.split_first_chunk().map(|(&length, rest)| (usize::from(u16::from_le_bytes(length)), rest)),
        2 | 3 => rest.split_first_chunk().map(|(&length, rest)| (u32::from_le_bytes(length) as usize, rest)),
        _ => return Err(Fault::new(format!("version {version} of the format"), "versions 1 to 3 are known")),
    };
    let header = length.and_then(|(length, rest)| rest.split_at_checked(length));
    let Some((header, data)) = header else { return Err(damaged("the file ends within its header")) };
    let header = std::str::from_utf8(header).ok().and_then(|text| Header::parse(text.trim()));
    let Some(Header { descr, fortran, mut shape }) = header else {
        return Err(damaged("the header is not the dictionary of `descr`, `fortran_order` and `shape`"));
    };
    let (number, big) = number(&descr)?;
    if !fortran {
        return number.array(big, &shape, data);
    }
    // By columns: the transpose, by rows.
    shape.reverse();
    let transpose: ArrayD<T> = number.array(big, &shape, data)?;
    Ok(transpose.reversed_axes().as_standard_layout().into_owned())
}

/// `<f8`: byte order, type, size.
fn number(descr: &str) -> Result<(Number, bool), Fault> {
    let (order, kind) = descr.split_at_checked(1).unwrap_or(("", descr));
    let number = match kind {
        "b1" | "u1" => Number::U8,
        "i1" => Number::I8,
        "u2" => Number::U16,
        "i2" => Number::I16,
        "u4" => Number::U32,
        "i4" => Number::I32,
        "u8" => Number::U64,
        "i8" => Number::I64,
        "f2" => Number::F16,
        "f4" => Number::F32,
        "f8" => Number::F64,
        _ => {
            let reason = format!("elements of type `{descr}`");
            return Err(Fault::new(reason, "save real numbers: `numpy.save(path, array.astype('f8'))`"));
        }
    };
    match order {
        ">" => Ok((number, true)),
        "<" => Ok((number, false)),
        // A single byte has no order.
        "|" if number.size() == 1 => Ok((number, false)),
        _ => Err(Fault::new(format!("elements of type `{descr}`"), DAMAGED)),
    }
}

#[derive(Debug, PartialEq)]
struct Header {
    descr: String,
    fortran: bool,
    shape: Vec<usize>,
}

impl Header {
    /// `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, its keys in any order. `None` for anything else.
    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('{')?.strip_suffix('}')?.trim();
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            rest = match key {
                "descr" if descr.is_none() => {
                    let (text, rest) = quoted(value)?;
                    descr = Some(text.to_owned());
                    rest
                }
                "fortran_order" if fortran.is_none() => {
                    let (yes, no) = (value.strip_prefix("True"), value.strip_prefix("False"));
                    fortran = Some(yes.is_some());
                    yes.or(no)?
                }
                "shape" if shape.is_none() => {
                    let (inside, rest) = value.strip_prefix('(')?.split_once(')')?;
                    shape = Some(lengths(inside)?);
                    rest
                }
                _ => return None,
            };
            rest = rest.trim_start();
            rest = match rest.strip_prefix(',') {
                Some(rest) => rest.trim_start(),
                None if rest.is_empty() => rest,
                None => return None,
            };
        }
        Some(Header { descr: descr?, fortran: fortran?, shape: shape? })
    }
}

/// A text in quotes, either ones, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text.get(1..)?.split_once(quote)
}

/// `3, 4`, `3,` or nothing. Python 2 wrote `3L`.
fn lengths(text: &str) -> Option<Vec<usize>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(Vec::new());
    }
    let text = text.strip_suffix(',').unwrap_or(text);
    text.split(',').map(|length| length.trim().trim_end_matches('L').parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    fn file(version: u8, header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = [MAGIC, &[version, 0]].concat();
        match version {
            1 => bytes.extend((header.len() as u16).to_le_bytes()),
            _ => bytes.extend((header.len() as u32).to_le_bytes()),
        }
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    /// The matrix `[[1, -2], [0, 3]]` as `numpy.save` writes it in each of these types and orders.
    #[test]
    fn types_and_orders() {
        let expected = array![[1.0, -2.0], [0.0, 3.0]].into_dyn();
        let header = |descr: &str, fortran: &str| {
            format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (2, 2), }}          \n")
        };
        let numbers = [1_i16, -2, 0, 3];
        let little: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let big: Vec<u8> = numbers.iter().flat_map(|n| f64::from(*n).to_be_bytes()).collect();
        let columns: Vec<u8> = [1_i64, 0, -2, 3].iter().flat_map(|n| n.to_le_bytes()).collect();
        for (version, descr, fortran, data) in
            [(1, "<i2", "False", little), (2, ">f8", "False", big), (3, "<i8", "True", columns)]
        {
            let bytes = file(version, &header(descr, fortran), &data);
            assert_eq!(parse::<f64>(&bytes).unwrap(), expected, "{descr}");
            assert_eq!(parse::<f32>(&bytes).unwrap().mapv(f64::from), expected, "{descr}");
        }
        let one = file(1, "{'shape': (), 'fortran_order': False, 'descr': \"|u1\"}", &[7]);
        assert_eq!(parse::<f64>(&one).unwrap(), ndarray::arr0(7.0).into_dyn());
        let none = file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3L), }", &[]);
        assert_eq!(parse::<f64>(&none).unwrap().shape(), [0, 3]);
    }

    #[test]
    fn headers_that_lie() {
        let header = |descr: &str, shape: &str| {
            file(1, &format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"), &[0; 8])
        };
        let large = header("<f8", "(1152921504606846976,)");
        let huge = header("<f8", "(4294967296, 4294967296, 0)");
        let deep = file(2, &"(".repeat(100_000), &[]);
        for (bytes, part) in [
            (b"PK\x03\x04".to_vec(), "no .npy file"),
            (file(4, "{}", &[]), "version 4"),
            (file(1, "{}", &[]), "not the dictionary"),
            (deep, "not the dictionary"),
            ([MAGIC, &[2, 0, 255, 255, 255, 255]].concat(), "ends within its header"),
            (header("<f8", "(2,)"), "has 16 bytes; there are 8"),
            (large, "has 9223372036854775808 bytes; there are 8"),
            (huge, "more than can be addressed"),
            (header("<c16", "(1,)"), "type `<c16`"),
            (header("|O", "(1,)"), "type `|O`"),
            (header("<f8", "(-1,)"), "not the dictionary"),
            (header("", "(1,)"), "type ``"),
            (header("é8", "(1,)"), "type `é8`"),
            (header("|f8", "(1,)"), "type `|f8`"),
        ] {
            let fault = parse::<f64>(&bytes).unwrap_err();
            assert!(fault.message.contains(part), "{}", fault.message);
        }
        let wide = file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': ()}", &1e300_f64.to_le_bytes());
        assert!(parse::<f32>(&wide).unwrap_err().message.contains("beyond the range of f32"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(changes in prop::collection::vec((0..80_usize, any::<u8>()), 0..4), end in 0..90_usize) {
            let mut bytes = file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 1), }", &[1; 16]);
            for (place, byte) in changes {
                bytes[place] = byte;
            }
            bytes.truncate(end);
            let _ = parse::<f64>(&bytes);
        }

        #[test]
        fn no_header_makes_it_panic(header in "[{'a-z:,()0-9L }]{0,40}") {
            let _ = parse::<f64>(&file(1, &header, &[0; 16]));
            let _ = Header::parse(&header);
        }
    }
}
