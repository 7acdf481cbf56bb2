//! Networks of the reader's own, from TOML files; the format is [`FORMAT`].
//!
//! Whatever is wrong gets one error with its place in the file and a remedy.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use ndarray::{Array1, Array2};
use serde::Deserialize;
use toml::Spanned;

use crate::network::Network;

/// The format, for `--help` and the README.
pub const FORMAT: &str = r#"  targets = [1.0, 1.0]         # what should come out
  inputs  = [1.0, 0.5]         # what goes in; the outputs are then computed
  outputs = [0.58, 0.55]       # what came out; with `inputs`, compared to two decimals
  rows    = "senders"          # or "receivers": what a row of `weights` stands for

  [[layers]]                   # the layer next to the inputs
  weights = [[0.3, 0.4, -1.2], # one row a sender: Z = W'A
             [0.2, 0.2, -0.5]]

  [[layers]]
  weights = [[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]"#;

/// The largest file that is read.
const LARGEST: u64 = 16 << 20;

/// The most layers, and the largest number: with both, no product overflows.
const DEEPEST: usize = 32;
const BIGGEST: f64 = 1e6;

/// What is wrong with a file, where, and how to mend it.
#[derive(Debug)]
pub struct FileError {
    place: String,
    message: String,
    help: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.message, self.help)
    }
}

impl std::error::Error for FileError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    targets: Spanned<Vec<f64>>,
    inputs: Option<Spanned<Vec<f64>>>,
    outputs: Option<Spanned<Vec<f64>>>,
    #[serde(default)]
    rows: Rows,
    layers: Vec<Layer>,
}

#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rows {
    #[default]
    Senders,
    Receivers,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layer {
    weights: Spanned<Vec<Spanned<Vec<f64>>>>,
}

/// Reads a network.
///
/// # Errors
/// If the file cannot be read, is too large or no TOML of the format, or if its numbers do not make a network.
pub fn read(path: &Path) -> Result<Network, FileError> {
    let name = path.display().to_string();
    let fail =
        |message: String, help: &str| FileError { place: name.clone(), message, help: help.to_owned() };
    let unreadable =
        |e: std::io::Error| fail(format!("cannot be read: {e}"), "give the path of a TOML file; see --help");
    let file = File::open(path).map_err(unreadable)?;
    // One byte more than allowed tells a file that is too large from one that just fits; endless devices end here too.
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail(
            format!("is larger than {} MiB", LARGEST >> 20),
            "this is for networks that a person can look at",
        ));
    }
    let text = String::from_utf8(bytes).map_err(|e| {
        fail(
            format!("is not text: byte {} is no UTF-8", e.utf8_error().valid_up_to()),
            "save it as UTF-8 text",
        )
    })?;
    parse(&text, &name)
}

/// Reads a network from the text of a file of that name.
///
/// # Errors
/// As [`read`].
pub fn parse(text: &str, name: &str) -> Result<Network, FileError> {
    let written: Written = toml::from_str(text).map_err(|e| {
        let place = e.span().map_or(name.to_owned(), |span| place(name, text, span.start));
        let help = "the format is shown by --help, and in examples/my-network.toml".to_owned();
        FileError { place, message: e.message().trim().replace('\n', ", "), help }
    })?;
    let check = Check { name, text };
    let targets = check.vector("targets", &written.targets)?;
    let inputs = written.inputs.as_ref().map(|x| check.vector("inputs", x)).transpose()?;
    let outputs = written.outputs.as_ref().map(|x| check.vector("outputs", x)).transpose()?;
    if inputs.is_none() && outputs.is_none() {
        return Err(check.error(0, "neither `inputs` nor `outputs` are given", "give one of them, or both"));
    }
    if written.layers.len() > DEEPEST {
        let message = format!("{} layers; at most {DEEPEST} are shown", written.layers.len());
        return Err(check.error(0, &message, "leave the first ones out, and give `outputs`"));
    }
    let mut weights = Vec::new();
    for (i, layer) in written.layers.iter().enumerate() {
        weights.push(check.matrix(&format!("layers[{i}].weights"), &layer.weights, written.rows)?);
    }
    let Some(last) = weights.pop() else {
        return Err(check.error(0, "there are no layers", "give at least one: [[layers]] with `weights`"));
    };
    let network = Network { hidden: weights, last, inputs, outputs, targets };
    check.fits(&network, &written)?;
    Ok(network)
}

/// `name:line:column`, counted from 1.
fn place(name: &str, text: &str, offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    format!("{name}:{}:{column}", before.matches('\n').count() + 1)
}

struct Check<'a> {
    name: &'a str,
    text: &'a str,
}

impl Check<'_> {
    fn error(&self, offset: usize, message: &str, help: &str) -> FileError {
        let place = if offset == 0 { self.name.to_owned() } else { place(self.name, self.text, offset) };
        FileError { place, message: message.to_owned(), help: help.to_owned() }
    }

    fn vector(&self, key: &str, written: &Spanned<Vec<f64>>) -> Result<Array1<f64>, FileError> {
        let offset = written.span().start;
        let numbers = written.get_ref();
        if numbers.is_empty() {
            return Err(self.error(offset, &format!("`{key}` is empty"), "give at least one number"));
        }
        if let Some((i, x)) = numbers.iter().enumerate().find(|(_, x)| x.is_nan() || x.abs() > BIGGEST) {
            let message = format!("{key}[{i}] is {x}");
            return Err(self.error(
                offset,
                &message,
                "numbers must be finite, and at most a million in size",
            ));
        }
        Ok(Array1::from_vec(numbers.clone()))
    }

    fn matrix(
        &self,
        key: &str,
        written: &Spanned<Vec<Spanned<Vec<f64>>>>,
        rows: Rows,
    ) -> Result<Array2<f64>, FileError> {
        let Some(first) = written.get_ref().first() else {
            return Err(self.error(
                written.span().start,
                &format!("`{key}` is empty"),
                "give at least one row",
            ));
        };
        let (count, width) = (written.get_ref().len(), first.get_ref().len());
        let mut numbers = Vec::new();
        for (i, row) in written.get_ref().iter().enumerate() {
            numbers.extend(self.vector(&format!("{key}[{i}]"), row)?);
            if row.get_ref().len() != width {
                let have = row.get_ref().len();
                let message = format!("{key}[{i}] has {have} numbers, the first row has {width}");
                return Err(self.error(
                    row.span().start,
                    &message,
                    "all rows of a matrix have the same length",
                ));
            }
        }
        let matrix = Array2::from_shape_vec((count, width), numbers);
        let matrix =
            matrix.map_err(|e| self.error(written.span().start, &e.to_string(), "write a smaller matrix"))?;
        Ok(if rows == Rows::Receivers { matrix.reversed_axes() } else { matrix })
    }

    /// Whether the sizes fit each other.
    fn fits(&self, network: &Network, written: &Written) -> Result<(), FileError> {
        let (one, other) = match written.rows {
            Rows::Senders => ("rows", "columns"),
            Rows::Receivers => ("columns", "rows"),
        };
        let offset = |i: usize| written.layers.get(i).map_or(0, |layer| layer.weights.span().start);
        let mut size = network.inputs.as_ref().map(|inputs| ("`inputs`".to_owned(), inputs.len()));
        for (i, w) in network.weights().enumerate() {
            if let Some((before, n)) = &size
                && w.nrows() != *n
            {
                let message =
                    format!("layers[{i}].weights has {} {one}, but {before} has {n} numbers", w.nrows());
                let help = format!("one of the {one} for each sender: the numbers that come in");
                return Err(self.error(offset(i), &message, &help));
            }
            size = Some((format!("the layer before, with one for each of its {other},"), w.ncols()));
        }
        let n = network.last.ncols();
        for (key, vector, span) in [
            ("targets", Some(&network.targets), Some(written.targets.span())),
            ("outputs", network.outputs.as_ref(), written.outputs.as_ref().map(Spanned::span)),
        ] {
            if let Some((vector, span)) = vector.zip(span)
                && vector.len() != n
            {
                let message =
                    format!("`{key}` has {} numbers, and the last layer has {n} {other}", vector.len());
                return Err(self.error(span.start, &message, "give one number for each output"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error for a file of this text.
    fn wrong(text: &str) -> String {
        parse(text, "net.toml").unwrap_err().to_string()
    }

    #[test]
    fn the_documented_format_is_the_lectures_network() {
        assert_eq!(parse(FORMAT, "net.toml").unwrap(), Network::of_the_lecture());
    }

    #[test]
    fn rows_may_be_receivers() {
        let text = "outputs = [1]\ntargets = [2]\nrows = \"receivers\"\nlayers = [{weights = [[1, 2, 3]]}]";
        assert_eq!(parse(text, "").unwrap().last, ndarray::array![[1.0], [2.0], [3.0]]);
    }

    #[test]
    fn each_mistake_has_its_place_and_remedy() {
        let net = |layers: &str| format!("targets = [1, 1]\ninputs = [1, 2]\nlayers = {layers}");
        let one = "[{weights = [[1, 2], [3, 4]]}]";
        for (text, want) in [
            (String::new(), "net.toml:1:1: missing field `targets`"),
            ("targets = [1".into(), "net.toml:1:"),
            (format!("targets = [1]\nlayers = {one}"), "net.toml: neither `inputs` nor `outputs` are given"),
            (net("[]"), "net.toml: there are no layers"),
            (net(&one.replace("4", "nan")), "net.toml:3:31: layers[0].weights[1][1] is NaN"),
            (net(&one.replace("4", "-inf")), "net.toml:3:31: layers[0].weights[1][1] is -inf"),
            (net(&one.replace("4", "1e7")), "net.toml:3:31: layers[0].weights[1][1] is 10000000"),
            (
                net(&one.replace(", 4", "")),
                "net.toml:3:31: layers[0].weights[1] has 1 numbers, the first row has 2",
            ),
            (net("[{weights = []}]"), "net.toml:3:22: `layers[0].weights` is empty"),
            (net("[{weights = [[]]}]"), "net.toml:3:23: `layers[0].weights[0]` is empty"),
            (
                net("[{weights = [[1, 2]]}]"),
                "net.toml:3:22: layers[0].weights has 1 rows, but `inputs` has 2 numbers",
            ),
            (
                net("[{weights = [[1], [2]]}]"),
                "net.toml:1:11: `targets` has 2 numbers, and the last layer has 1 columns",
            ),
            (net(one).replace("inputs", "outputs = [1]\ninputs"), "net.toml:2:11: `outputs` has 1 numbers"),
            (net(one).replace("inputs", "input"), "net.toml:2:1: unknown field `input`"),
            (net(&one.replace("weights", "weight")), "net.toml:3:12: unknown field `weight`"),
            (net(&one.replace("1", "\"1\"")), "net.toml:3:24: invalid type: string \"1\", expected f64"),
            (format!("rows = 'both'\n{}", net(one)), "net.toml:1:8: unknown variant `both`"),
            (
                net(&format!("[{}]", "{weights = [[1, 2], [3, 4]]}, ".repeat(33))),
                "net.toml: 33 layers; at most 32",
            ),
        ] {
            let error = wrong(&text);
            assert!(error.starts_with(want), "{text}\n{error}");
            assert!(error.contains("\n  help: "), "{error}");
        }
    }

    #[test]
    fn files_that_cannot_be_read() {
        let read = |path: &Path| read(path).unwrap_err().to_string();
        assert!(read(Path::new("no/such/file.toml")).starts_with("no/such/file.toml: cannot be read: "));
        assert!(read(&std::env::temp_dir()).contains("cannot be read: "));
        let folder = std::env::temp_dir().join(format!("chainrule-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (binary, huge) = (folder.join("binary"), folder.join("huge"));
        std::fs::write(&binary, [b'a', 0xff, 0xfe]).unwrap();
        assert!(read(&binary).contains("is not text: byte 1 is no UTF-8"));
        File::create(&huge).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(read(&huge).contains("is larger than 16 MiB"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
