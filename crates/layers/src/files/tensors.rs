//! Named arrays to and from the bytes of a safetensors file.
//!
//! The format (eight bytes of length, a JSON header, raw numbers) is the `safetensors` crate's affair. Before it, the header is
//! looked through once here: to name the tensor that is wrong, to refuse a name that is there twice (the crate takes the
//! last), and to keep offsets away from it that reach beyond the file.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use chainrule_graph::Scalar;
use indexmap::{IndexMap, IndexSet};
use ndarray::{ArrayD, IxDyn};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, View};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::half::{brain, half};
use crate::fault::Fault;
use crate::params::Params;

/// Where our own metadata is. One entry, for the crate writes several in no fixed order.
const KEY: &str = "chainrule";
/// The version of [`About`].
const VERSION: u32 = 1;
/// The name that the format keeps for metadata.
const RESERVED: &str = "__metadata__";

/// What the format itself has no place for.
#[derive(Serialize, Deserialize)]
struct About {
    version: u32,
    /// `f32` or `f64`.
    number: String,
    /// In order; the format sorts them.
    names: Vec<String>,
    /// Those that training leaves alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    frozen: Vec<String>,
    /// Whatever the writer wants to find again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

struct Tensor {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The same bytes for the same parameters and the same note, always.
pub(crate) fn to_bytes<T: Scalar>(params: &Params<T>, note: Option<String>) -> Result<Vec<u8>, Fault> {
    let (dtype, size) = if T::NAME == "f32" { (Dtype::F32, 4) } else { (Dtype::F64, 8) };
    let mut tensors = Vec::with_capacity(params.len());
    for (name, values) in params.iter() {
        if name == RESERVED {
            let reason = format!("a parameter has the name `{name}`");
            return Err(Fault::new(reason, "the format keeps this name for itself; use another"));
        }
        let mut bytes = Vec::with_capacity(values.len() * size);
        // In rows, whatever lies in memory.
        for value in values {
            bytes.extend_from_slice(&value.bits().to_le_bytes()[..size]);
        }
        tensors.push((name, Tensor { dtype, shape: values.shape().to_vec(), bytes }));
    }
    let owned = |name: &str| name.to_owned();
    let about = About {
        version: VERSION,
        number: T::NAME.to_owned(),
        names: params.names().map(owned).collect(),
        frozen: params.names().filter(|&name| !params.is_trained(name)).map(owned).collect(),
        note,
    };
    let cannot = |error: &dyn fmt::Display| {
        Fault::new(format!("cannot be put into this format: {error}"), "shorten the names of the parameters")
    };
    let about = serde_json::to_string(&about).map_err(|error| cannot(&error))?;
    let about = [(KEY.to_owned(), about)].into_iter().collect();
    safetensors::serialize(tensors, Some(about)).map_err(|error| cannot(&error))
}

/// The parameters in these bytes, and the note: `f16`, `bf16`, `f32` or `f64`, rounded to the nearest `T` if need be.
pub(crate) fn from_bytes<T: Scalar>(bytes: &[u8]) -> Result<(Params<T>, Option<String>), Fault> {
    Header::of(bytes)?.check()?;
    let format =
        |error: &dyn fmt::Display| Fault::new(format!("no valid safetensors file: {error}"), DAMAGED);
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| format(&error))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| format(&error))?;
    let about = match header.metadata().as_ref().and_then(|metadata| metadata.get(KEY)) {
        None => None,
        Some(text) => Some(About::read(text)?),
    };
    let mut names = header.offset_keys();
    if let Some(about) = &about {
        let places: IndexSet<&String> = about.names.iter().collect();
        names.sort_by_key(|name| places.get_index_of(name).unwrap_or(usize::MAX));
    }
    let mut values = IndexMap::with_capacity(names.len());
    for name in names {
        let view = tensors.tensor(&name).map_err(|error| format(&error))?;
        let array = array(&view)
            .map_err(|fault| Fault { message: format!("tensor `{name}`: {}", fault.message), ..fault })?;
        values.insert(name, array);
    }
    let (frozen, note) = about.map(|about| (about.frozen, about.note)).unwrap_or_default();
    let fixed: IndexSet<String> = frozen.into_iter().filter(|name| values.contains_key(name)).collect();
    Ok((Params::from_parts(values, fixed), note))
}

const DAMAGED: &str = "the file is damaged, incomplete, or of another format; write or fetch it again";

impl About {
    fn read(text: &str) -> Result<Self, Fault> {
        let about: About = serde_json::from_str(text)
            .map_err(|error| Fault::new(format!("the metadata `{KEY}` makes no sense: {error}"), DAMAGED))?;
        if about.version > VERSION {
            let reason = format!("written in version {} of the format; known is {VERSION}", about.version);
            return Err(Fault::new(reason, "use the version of chainrule that wrote it, or a later one"));
        }
        Ok(about)
    }
}

fn array<T: Scalar>(view: &TensorView<'_>) -> Result<ArrayD<T>, Fault> {
    let bytes = view.data();
    let values: Vec<T> = match view.dtype() {
        Dtype::F16 => numbers(bytes, |bytes| f64::from(half(u16::from_le_bytes(bytes))))?,
        Dtype::BF16 => numbers(bytes, |bytes| f64::from(brain(u16::from_le_bytes(bytes))))?,
        Dtype::F32 => numbers(bytes, |bytes| f64::from(f32::from_le_bytes(bytes)))?,
        Dtype::F64 => numbers(bytes, f64::from_le_bytes)?,
        other => {
            let reason = format!("its numbers are {other:?}");
            return Err(Fault::new(
                reason,
                "parameters are F16, BF16, F32 or F64; leave this tensor out, or convert it, where the file is made",
            ));
        }
    };
    ArrayD::from_shape_vec(IxDyn(view.shape()), values)
        .map_err(|error| Fault::new(format!("shape {:?}: {error}", view.shape()), DAMAGED))
}

fn numbers<T: Scalar, const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f64) -> Result<Vec<T>, Fault> {
    let (numbers, _) = bytes.as_chunks::<N>();
    let mut values = Vec::with_capacity(numbers.len());
    for &number in numbers {
        let wide = read(number);
        let value = T::of(wide);
        if value.is_infinite() && wide.is_finite() {
            let reason = format!("{wide:e} is beyond the range of {}", T::NAME);
            return Err(Fault::new(reason, "load the file as f64"));
        }
        values.push(value);
    }
    Ok(values)
}

/// The header as it is written, before anything is believed.
struct Header {
    tensors: Vec<(String, Entry)>,
    /// How many bytes follow it.
    data: u64,
}

#[derive(Deserialize)]
struct Entry {
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Header {
    fn of(bytes: &[u8]) -> Result<Self, Fault> {
        let start = |message: String| Fault::new(message, DAMAGED);
        let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
            return Err(start(format!("{} bytes are too few for a safetensors file", bytes.len())));
        };
        let length = u64::from_le_bytes(*length);
        let text = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((text, data)) = text else {
            return Err(start(format!(
                "the header is said to have {length} bytes, and there are {}",
                rest.len()
            )));
        };
        let mut reader = serde_json::Deserializer::from_slice(text);
        let tensors = reader
            .deserialize_map(Tensors)
            .and_then(|tensors| reader.end().map(|()| tensors))
            .map_err(|error| start(format!("no valid header: {error}")))?;
        Ok(Header { tensors, data: data.len() as u64 })
    }

    fn check(&self) -> Result<(), Fault> {
        for (name, Entry { shape, data_offsets: (from, to) }) in &self.tensors {
            let wrong = |reason: String| Err(Fault::new(format!("tensor `{name}`: {reason}"), DAMAGED));
            if from > to || *to > self.data {
                return wrong(format!("bytes {from} to {to} of {}", self.data));
            }
            // Every format has at least 4 bits for a number.
            let count = shape.iter().try_fold(1_u64, |count, &n| count.checked_mul(n));
            if count.is_none_or(|count| count / 2 > to - from) {
                return wrong(format!("the shape {shape:?} does not fit into {} bytes", to - from));
            }
        }
        Ok(())
    }
}

/// The entries of a map, each name once.
struct Tensors;

impl<'de> Visitor<'de> for Tensors {
    type Value = Vec<(String, Entry)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names and tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut tensors, mut names) = (Vec::new(), HashSet::new());
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom(format!("the name `{name}` is there twice")));
            }
            if name == RESERVED {
                map.next_value::<IgnoredAny>()?;
            } else {
                let entry = map.next_value();
                tensors.push((
                    name.clone(),
                    entry.map_err(|error| A::Error::custom(format!("tensor `{name}`: {error}")))?,
                ));
            }
        }
        Ok(tensors)
    }
}
