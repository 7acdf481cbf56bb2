//! Files: parameters as safetensors, architectures as JSON, and what all files have in common.
//!
//! A file is somebody else's: whatever is in it, the answer is an [`Error`] of kind [`ErrorKind::File`] that names the file
//! and the place in it. Nothing panics, and no memory is asked for on a header's word alone.

mod atomic;
mod description;
mod half;
mod model;
mod params;
mod registry;
pub(crate) mod tensors;

pub(crate) use atomic::write_atomically;
pub(crate) use half::half;
pub use registry::{Inside, Registry};

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Result};

use crate::fault::Fault;

impl Fault {
    /// As an `Err` about this file, at the caller's line.
    #[track_caller]
    pub(crate) fn in_file<V>(self, operation: &str, path: &Path) -> Result<V> {
        let message = format!("`{}`: {}", path.display(), self.message);
        Err(Error::new(ErrorKind::File, operation, message, self.help))
    }

    /// What the operating system says.
    pub(crate) fn io(error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::NotFound => {
                "look at the path; a relative one starts from the program's working directory"
            }
            io::ErrorKind::PermissionDenied => {
                "the operating system does not let this program; look at the file's owner"
            }
            _ => "this is what the operating system says",
        };
        Fault::new(error.to_string(), help)
    }
}

/// All bytes of a file. Only of regular files: devices and pipes need not end.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut file = File::open(path).map_err(|error| Fault::io(&error))?;
    let about = file.metadata().map_err(|error| Fault::io(&error))?;
    if !about.is_file() {
        let what = if about.is_dir() { "a folder" } else { "not a regular file" };
        return Err(Fault::new(format!("this is {what}"), "give the path of a file"));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| Fault::io(&error))?;
    Ok(bytes)
}
