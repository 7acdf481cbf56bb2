//! Raw numbers of a file, in either byte order.

use chainrule_graph::Scalar;
use ndarray::{ArrayD, IxDyn};

use crate::fault::Fault;
use crate::files::half;

#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

impl Number {
    pub(super) fn size(self) -> usize {
        match self {
            Number::U8 | Number::I8 => 1,
            Number::U16 | Number::I16 | Number::F16 => 2,
            Number::U32 | Number::I32 | Number::F32 => 4,
            Number::U64 | Number::I64 | Number::F64 => 8,
        }
    }

    /// The array of this shape whose numbers are exactly these bytes. Nothing is allocated before their count is known to be
    /// right.
    ///
    /// Each number is rounded to the nearest `f64` and that to the nearest `T`.
    pub(super) fn array<T: Scalar>(
        self,
        big: bool,
        shape: &[usize],
        bytes: &[u8],
    ) -> Result<ArrayD<T>, Fault> {
        check(shape, self.size(), bytes.len())?;
        macro_rules! read {
            ($($Name:ident $Raw:ty, $wide:expr;)+) => {
                match self {
                    $(Number::$Name => numbers(bytes, |bytes| {
                        let raw = if big { <$Raw>::from_be_bytes(bytes) } else { <$Raw>::from_le_bytes(bytes) };
                        $wide(raw)
                    })?,)+
                }
            };
        }
        let values = read! {
            U8 u8, f64::from;
            I8 i8, f64::from;
            U16 u16, f64::from;
            I16 i16, f64::from;
            U32 u32, f64::from;
            I32 i32, f64::from;
            U64 u64, |raw| raw as f64;
            I64 i64, |raw| raw as f64;
            F16 u16, |raw| f64::from(half(raw));
            F32 f32, f64::from;
            F64 f64, f64::from;
        };
        ArrayD::from_shape_vec(IxDyn(shape), values)
            .map_err(|error| Fault::new(format!("shape {shape:?}: {error}"), DAMAGED))
    }
}

pub(super) const DAMAGED: &str =
    "the file is damaged, incomplete, or of another format; write or fetch it again";

/// Whether so many bytes are an array of this shape.
pub(super) fn check(shape: &[usize], size: usize, bytes: usize) -> Result<(), Fault> {
    let count = shape.iter().try_fold(size, |count, &n| count.checked_mul(n));
    if count == Some(bytes) {
        return Ok(());
    }
    let needed = count.map_or("more than can be addressed".to_owned(), |count| count.to_string());
    let reason = format!("an array {shape:?} of {size}-byte numbers has {needed} bytes; there are {bytes}");
    Err(Fault::new(reason, DAMAGED))
}

fn numbers<T: Scalar, const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Result<Vec<T>, Fault> {
    let (numbers, _) = bytes.as_chunks::<N>();
    let mut values = Vec::with_capacity(numbers.len());
    for (place, &number) in numbers.iter().enumerate() {
        let wide = read(number);
        let value = T::of(wide);
        if value.is_infinite() && wide.is_finite() {
            let reason = format!("{wide:e} (number {place} of the file) is beyond the range of {}", T::NAME);
            return Err(Fault::new(reason, "load the file as f64"));
        }
        values.push(value);
    }
    Ok(values)
}
