//! Reads the user's network from a TOML file. Every error has the place and the remedy.
//!
//! This page gets the text out of the file; `network_file/parse.rs` makes a network of it.

mod parse;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::layout::printable;
use crate::network::Network;

pub use self::parse::parse;

/// A file may be no larger.
pub const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// A network may have no more layers.
pub const MOST_LAYERS: usize = 64;

/// The format, for `--help`.
pub const FORMAT: &str = "\
The network file (TOML):
  inputs  = [1.0, 0.5]      # what goes in
  targets = [1.0, 1.0]      # what should come out
  outputs = [0.58, 0.55]    # what came out (optional with inputs)
  rows    = \"senders\"       # optional, see below

  [[layers]]                # from the inputs to the first hidden neurons
  weights = [[0.3, 0.4, -1.2],
             [0.2, 0.2, -0.5]]

  [[layers]]                # and on to the outputs
  weights = [[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]

  Every layer is a matrix of weights, without biases, followed by sigmoids.
  rows = \"senders\" (the default): a row for each sending neuron, as above.
  rows = \"receivers\": a row for each receiving neuron, the transposed matrices.
  `targets` and `layers` must be there, and `inputs` or `outputs`. From inputs
  the outputs are computed. Outputs that are given as well must be the computed
  ones, rounded to as many decimals as they have; the errors are then taken
  from them, as in the lecture. Numbers are finite, and no sum may grow beyond
  1e150. Up to 64 layers and 4 MiB.";

/// What is wrong with a file, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    place: String,
    message: String,
    remedy: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.message, self.remedy)
    }
}

impl std::error::Error for FileError {}

/// Reads a network from a file.
///
/// # Errors
/// If it is no ordinary file, cannot be read, is too large, or is not a network.
pub fn read(path: &Path) -> Result<Network, FileError> {
    let place = printable(&path.display().to_string());
    let error =
        |message: String, remedy: &str| FileError { place: place.clone(), message, remedy: remedy.into() };
    let unreadable = |e: std::io::Error, remedy: &str| error(format!("cannot be read: {e}"), remedy);
    let too_large = || {
        let message = format!("is larger than {} MiB", MOST_BYTES >> 20);
        error(message, "this is for networks to look at; give a smaller one")
    };
    let about = std::fs::metadata(path).map_err(|e| unreadable(e, "check the path and its permissions"))?;
    // Opening a directory succeeds on Unix, and only reading it fails, with a message that helps nobody.
    if about.is_dir() {
        return Err(error("is a directory".into(), "give the path of a TOML file in it"));
    }
    // A device may never end, and a pipe that nobody writes to never begin.
    if !about.is_file() {
        return Err(error(
            "is not an ordinary file".into(),
            "write the network to a file, and give its path",
        ));
    }
    if about.len() > MOST_BYTES {
        return Err(too_large());
    }
    let file = File::open(path).map_err(|e| unreadable(e, "check its permissions"))?;
    // Some files have no size until they are read, and others grow: one byte too many tells.
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(e, "check that the file is whole"))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large());
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(&place, text),
        Err(e) => {
            let line = bytes.iter().take(e.valid_up_to()).filter(|&&byte| byte == b'\n').count() + 1;
            let message = format!("the file is not UTF-8 from byte {} on", e.valid_up_to() + 1);
            Err(FileError {
                place: format!("{place}:{line}"),
                message,
                remedy: "save it as UTF-8 text".into(),
            })
        }
    }
}
