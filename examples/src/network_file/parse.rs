//! From the text of a file to a network, checking every value where it stands.

use std::ops::Range;

use ndarray::{Array1, Array2};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{FileError, MOST_LAYERS};
use crate::layout::printable;
use crate::lecture::LARGEST;
use crate::network::{Network, Noted};

/// Reads a network from the text of a file called `name`.
///
/// ```
/// use chainrule_examples::network_file::parse;
///
/// let network = parse("net.toml", "targets = [1]\noutputs = [0.6]\n[[layers]]\nweights = [[0.3], [0.2]]")?;
/// assert_eq!(network.shape(), "2-1");
/// let error = parse("net.toml", "targets = [nan]").unwrap_err();
/// assert!(error.to_string().starts_with("net.toml:1:12: `targets[0]` is nan"));
/// # Ok::<(), chainrule_examples::network_file::FileError>(())
/// ```
///
/// # Errors
/// If it is not TOML, or not a network.
pub fn parse(name: &str, text: &str) -> Result<Network, FileError> {
    let source = Source { name, text };
    // The parser hands its errors out in the order of the text, and the first is the one to mend.
    let table = DeTable::parse(text).map_err(|e| {
        source.error(
            e.span().unwrap_or(0..0),
            format!("not TOML: {}", printable(e.message())),
            "`--help` shows the format",
        )
    })?;
    source.network(&table)
}

type Table<'t> = DeTable<'t>;
type Value<'t> = Spanned<DeValue<'t>>;

/// The weights, and where in the text each matrix stands.
type Matrices = (Vec<Array2<f64>>, Vec<Range<usize>>);

/// The text of the file, to find places in it.
struct Source<'s> {
    name: &'s str,
    text: &'s str,
}

impl Source<'_> {
    fn error(&self, span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) -> FileError {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        FileError {
            place: format!("{}:{line}:{column}", self.name),
            message: message.into(),
            remedy: remedy.into(),
        }
    }

    fn network(&self, document: &Spanned<Table<'_>>) -> Result<Network, FileError> {
        let table = document.get_ref();
        self.known_keys(table, "", &["inputs", "targets", "outputs", "rows", "layers"])?;
        let by_receivers = self.rows(table)?;
        let targets =
            self.required(table, document.span(), "targets", "`targets = [...]`, what should come out")?;
        let targets_span = targets.span();
        let targets = self.numbers(targets, "targets")?;
        let layers =
            self.required(table, document.span(), "layers", "`[[layers]]` with `weights = [[...], ...]`")?;
        let (weights, spans) = self.layers(layers, by_receivers)?;
        let inputs = table.get("inputs").map(|v| Ok((v.span(), self.numbers(v, "inputs")?))).transpose()?;
        let outputs =
            table.get("outputs").map(|v| Ok((v.span(), self.numbers(v, "outputs")?))).transpose()?;

        // Each layer must take what the one before it gives.
        let rows = if by_receivers { "columns" } else { "rows" };
        for (l, pair) in weights.windows(2).enumerate() {
            if let ([before, after], Some(span)) = (pair, spans.get(l + 1))
                && before.ncols() != after.nrows()
            {
                return Err(self.error(
                    span.clone(),
                    format!(
                        "`layers[{}].weights` has {} {rows}, but the layer before it has {} neurons",
                        l + 1,
                        after.nrows(),
                        before.ncols()
                    ),
                    self.turned(by_receivers, after.ncols() == before.ncols()),
                ));
            }
        }
        let (first, last) =
            (weights.first().map_or(0, Array2::nrows), weights.last().map_or(0, Array2::ncols));
        self.length(&targets, targets_span, "targets", last, "outputs")?;
        if let Some((span, inputs)) = &inputs {
            self.length(inputs, span.clone(), "inputs", first, "inputs")?;
        }
        if let Some((span, outputs)) = &outputs {
            self.length(outputs, span.clone(), "outputs", last, "outputs")?;
            self.between_0_and_1(table, outputs)?;
        }
        if inputs.is_none() && outputs.is_none() {
            return Err(self.error(
                document.span().start..document.span().start,
                "neither `inputs` nor `outputs` is given",
                "add `inputs = [...]`, from which the outputs are computed, or the `outputs` themselves",
            ));
        }
        let values =
            |numbers: Vec<Noted>| -> Array1<f64> { numbers.iter().map(|noted| noted.value).collect() };
        let network = Network {
            weights,
            targets: values(targets),
            inputs: inputs.map(|(_, inputs)| values(inputs)),
            outputs: outputs.map(|(_, outputs)| outputs),
        };
        self.range(&network, &spans)?;
        Ok(network)
    }

    fn known_keys(&self, table: &Table<'_>, path: &str, known: &[&str]) -> Result<(), FileError> {
        let unknown = table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
        match unknown.min_by_key(|(key, _)| key.span().start) {
            None => Ok(()),
            Some((key, _)) => {
                let name = printable(key.get_ref());
                let close = known
                    .iter()
                    .find(|k| k.trim_end_matches('s') == name.to_lowercase().trim_end_matches('s'));
                let remedy = match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("the keys here are {}", known.join(", ")),
                };
                Err(self.error(key.span(), format!("unknown key `{path}{name}`"), remedy))
            }
        }
    }

    fn required<'t, 'i>(
        &self,
        table: &'t Table<'i>,
        span: Range<usize>,
        key: &str,
        remedy: &str,
    ) -> Result<&'t Value<'i>, FileError> {
        table.get(key).ok_or_else(|| {
            self.error(span.start..span.start, format!("`{key}` is missing"), format!("add {remedy}"))
        })
    }

    /// Whether there is a row for each receiver.
    fn rows(&self, table: &Table<'_>) -> Result<bool, FileError> {
        let Some(value) = table.get("rows") else { return Ok(false) };
        match value.get_ref().as_str() {
            Some("senders") => Ok(false),
            Some("receivers") => Ok(true),
            _ => Err(self.error(
                value.span(),
                "`rows` is neither \"senders\" nor \"receivers\"",
                "write rows = \"senders\" for a row for each sending neuron (the default), or rows = \"receivers\"",
            )),
        }
    }

    fn array<'t, 'i>(
        &self,
        value: &'t Value<'i>,
        path: &str,
        of: &str,
    ) -> Result<&'t [Value<'i>], FileError> {
        let Some(array) = value.get_ref().as_array() else {
            let kind = kind(value);
            return Err(self.error(
                value.span(),
                format!("`{path}` is {kind}, not a list"),
                format!("write {of}"),
            ));
        };
        if array.is_empty() {
            return Err(self.error(value.span(), format!("`{path}` is empty"), format!("write {of}")));
        }
        Ok(array)
    }

    fn numbers(&self, value: &Value<'_>, path: &str) -> Result<Vec<Noted>, FileError> {
        let array = self.array(value, path, "numbers in brackets: [0.5, 1.0]")?;
        array.iter().enumerate().map(|(i, value)| self.number(value, &format!("{path}[{i}]"))).collect()
    }

    fn number(&self, value: &Value<'_>, path: &str) -> Result<Noted, FileError> {
        let noted = match value.get_ref() {
            DeValue::Float(float) => float.as_str().parse().ok().map(|x| (x, decimals(float.as_str()))),
            DeValue::Integer(integer) => {
                let value = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
                value.map(|x| (x as f64, 0))
            }
            _ => {
                let message = format!("`{path}` is {}, not a number", kind(value));
                return Err(self.error(value.span(), message, "write a number, without quotes or brackets"));
            }
        };
        match noted {
            Some((value, decimals)) if f64::abs(value) <= LARGEST => Ok(Noted { value, decimals }),
            _ => {
                let text = printable(self.text.get(value.span()).unwrap_or("not a number"));
                let message = format!("`{path}` is {text}, and numbers here are finite, up to {LARGEST:e}");
                Err(self.error(value.span(), message, "write a finite number"))
            }
        }
    }

    /// The matrices, each with a row for each sender, and where they stand.
    fn layers(&self, value: &Value<'_>, by_receivers: bool) -> Result<Matrices, FileError> {
        let layers = self.array(value, "layers", "a [[layers]] for each layer")?;
        if let Some(beyond) = layers.get(MOST_LAYERS) {
            let message = format!("there are {} layers, and {MOST_LAYERS} is the limit", layers.len());
            return Err(self.error(beyond.span(), message, "give a network with fewer layers"));
        }
        let mut read = (Vec::new(), Vec::new());
        for (l, layer) in layers.iter().enumerate() {
            let path = format!("layers[{l}]");
            let Some(table) = layer.get_ref().as_table() else {
                let message = format!("`{path}` is {}, not a table", kind(layer));
                return Err(self.error(
                    layer.span(),
                    message,
                    "write [[layers]] and below it weights = [[...], ...]",
                ));
            };
            self.known_keys(table, &format!("{path}."), &["weights"])?;
            let weights = table.get("weights").ok_or_else(|| {
                self.error(
                    layer.span(),
                    format!("`{path}.weights` is missing"),
                    "add `weights = [[...], ...]` below this [[layers]]",
                )
            })?;
            let matrix = self.matrix(weights, &format!("{path}.weights"))?;
            read.0.push(if by_receivers { matrix.reversed_axes() } else { matrix });
            read.1.push(weights.span());
        }
        Ok(read)
    }

    fn matrix(&self, value: &Value<'_>, path: &str) -> Result<Array2<f64>, FileError> {
        let rows = self.array(value, path, "rows of numbers: [[0.3, 0.2], [0.2, 0.1]]")?;
        let (mut numbers, mut columns) = (Vec::new(), 0);
        for (i, value) in rows.iter().enumerate() {
            let row = self.numbers(value, &format!("{path}[{i}]"))?;
            if i == 0 {
                columns = row.len();
            } else if row.len() != columns {
                let message = format!("`{path}[{i}]` has length {}, the rows before it {columns}", row.len());
                return Err(self.error(value.span(), message, "give all rows of a matrix the same length"));
            }
            numbers.extend(row.iter().map(|noted| noted.value));
        }
        let shape = (rows.len(), columns);
        Array2::from_shape_vec(shape, numbers)
            .map_err(|e| self.error(value.span(), format!("`{path}`: {e}"), "give all rows the same length"))
    }

    fn length(
        &self,
        numbers: &[Noted],
        span: Range<usize>,
        key: &str,
        expected: usize,
        what: &str,
    ) -> Result<(), FileError> {
        if numbers.len() == expected {
            return Ok(());
        }
        let message = format!("`{key}` has length {}, but the layers have {expected} {what}", numbers.len());
        Err(self.error(span, message, "make them as many, or set `rows` if the matrices are transposed"))
    }

    fn turned(&self, by_receivers: bool, would_fit: bool) -> String {
        match (would_fit, by_receivers) {
            (true, false) => "transposed it would fit: is this rows = \"receivers\"?".into(),
            (true, true) => "transposed it would fit: is this rows = \"senders\"?".into(),
            _ => "each layer takes as many signals as the one before it has neurons".into(),
        }
    }

    fn between_0_and_1(&self, table: &Table<'_>, outputs: &[Noted]) -> Result<(), FileError> {
        let Some(place) = outputs.iter().position(|noted| !(0.0..=1.0).contains(&noted.value)) else {
            return Ok(());
        };
        let value = table.get("outputs").and_then(|list| list.get_ref().get(place));
        Err(self.error(
            value.map_or(0..0, Spanned::span),
            format!("`outputs[{place}]` is not between 0 and 1, where a sigmoid ends"),
            "give what came out of the last sigmoids",
        ))
    }

    /// No sum, forwards or backwards, may leave the range: it would be infinite, and nothing could be compared.
    fn range(&self, network: &Network, spans: &[Range<usize>]) -> Result<(), FileError> {
        let Some((l, what)) = network.beyond(LARGEST) else { return Ok(()) };
        Err(self.error(
            spans.get(l).cloned().unwrap_or(0..0),
            format!("`layers[{l}].weights`: {what} here may grow beyond {LARGEST:e}"),
            "use smaller numbers: multiply inputs, weights or targets by a small one",
        ))
    }
}

/// What a value is, with its article: `an integer`, `a string`.
fn kind(value: &Value<'_>) -> String {
    let name = value.get_ref().type_str();
    format!("{} {name}", if name.starts_with(['a', 'i']) { "an" } else { "a" })
}

/// The number of decimals of a number as it is written: 2 for 0.50, 3 for 5.8e-2.
fn decimals(text: &str) -> usize {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let after_point = mantissa.split_once('.').map_or(0, |(_, digits)| digits.len()) as i64;
    usize::try_from(after_point - power.parse::<i64>().unwrap_or(0)).unwrap_or(0).min(12)
}
