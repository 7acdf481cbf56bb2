//! `.npz`, NumPy's format for several arrays: `.npy` files in a zip archive.

use std::io::{Cursor, Read};
use std::path::Path;

use chainrule_graph::{Result, Scalar};
use indexmap::IndexMap;
use ndarray::ArrayD;

use super::npy::parse;
use super::number::DAMAGED;
use crate::fault::Fault;
use crate::files::read;

/// The arrays in an `.npz` file by their names, as `numpy.savez` and `numpy.savez_compressed` write them. Needs the feature
/// `npz`.
///
/// # Errors
/// If the file cannot be read or is no zip archive, and as [`load_npy`](crate::load_npy). The error names the array.
#[track_caller]
pub fn load_npz<T: Scalar>(path: impl AsRef<Path>) -> Result<IndexMap<String, ArrayD<T>>> {
    let path = path.as_ref();
    match read(path).and_then(|bytes| arrays(&bytes)) {
        Ok(arrays) => Ok(arrays),
        Err(fault) => fault.in_file("load_npz", path),
    }
}

/// How much one byte of the archive may become: what deflate makes of zeros, and no more.
const EXPANSION: u64 = 1100;

fn arrays<T: Scalar>(bytes: &[u8]) -> Result<IndexMap<String, ArrayD<T>>, Fault> {
    let damaged = |error: &dyn std::fmt::Display| Fault::new(format!("no valid .npz file: {error}"), DAMAGED);
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
    // Entries may lie over each other; all together, they are no more than this.
    let mut left = (bytes.len() as u64).saturating_mul(EXPANSION);
    let mut arrays = IndexMap::new();
    for number in 0..archive.len() {
        let mut entry = archive.by_index(number).map_err(|error| damaged(&error))?;
        let name = entry.name().map_err(|error| damaged(&error))?.into_owned();
        let name = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
        let inside = |fault: Fault| Fault { message: format!("array `{name}`: {}", fault.message), ..fault };
        let mut unpacked = Vec::new();
        let taken = entry.by_ref().take(left.saturating_add(1)).read_to_end(&mut unpacked);
        taken.map_err(|error| inside(damaged(&error)))?;
        left = left
            .checked_sub(unpacked.len() as u64)
            .ok_or_else(|| inside(damaged(&"it unpacks to more than its bytes can hold")))?;
        let array = parse(&unpacked).map_err(inside)?;
        if arrays.insert(name.clone(), array).is_some() {
            return Err(inside(damaged(&"the name is there twice")));
        }
    }
    Ok(arrays)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn archive() -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, method) in
            [("a.npy", zip::CompressionMethod::Stored), ("b.npy", zip::CompressionMethod::Deflated)]
        {
            writer.start_file(name, SimpleFileOptions::default().compression_method(method)).unwrap();
            let header =
                b"\x93NUMPY\x01\x00\x38\x00{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}\n";
            writer.write_all(header).unwrap();
            writer.write_all(&[1, 2, 3]).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn stored_and_deflated() {
        let found = arrays::<f64>(&archive()).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
        assert!(found.values().all(|array| *array == ndarray::array![1.0, 2.0, 3.0].into_dyn()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), end: prop::sample::Index) {
            let mut bytes = archive();
            for (place, byte) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            let _ = arrays::<f64>(&bytes);
            bytes.truncate(end.index(bytes.len()));
            let _ = arrays::<f64>(&bytes);
        }
    }
}
