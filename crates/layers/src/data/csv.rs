//! Tables as text: comma-separated values.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use ::csv::{ByteRecord, ReaderBuilder, Trim};
use chainrule_graph::{Error, ErrorKind, Result, Scalar};
use ndarray::{Array2, ArrayD};

use super::Dataset;
use crate::fault::{Fault, list};
use crate::files::read;

/// A reader of tables: which columns are inputs, and which is to be learnt.
///
/// ```
/// use chainrule_layers::Csv;
///
/// let text = "length,width,species\n1.5,0.5,rose\n2.5,1.0,daisy\n1.0,0.25,rose\n";
/// let data = Csv::new().label("species").parse::<f64>(text)?;
/// assert_eq!(data.inputs(), &ndarray::array![[1.5, 0.5], [2.5, 1.0], [1.0, 0.25]].into_dyn());
/// assert_eq!(data.classes(), ["daisy", "rose"]); // sorted
/// assert_eq!(data.labels()?, [1, 0, 1]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// The first line has the names of the columns, unless [told otherwise](Csv::without_header). Fields may be in quotes, and
/// spaces around them do not count. Numbers are rounded to the nearest `T`. A field that is empty, no number, or not finite is an error
/// that shows it with its line and column.
#[derive(Clone, Debug)]
pub struct Csv {
    delimiter: char,
    header: bool,
    inputs: Option<Vec<Column>>,
    learnt: Learnt,
    classes: Option<Vec<String>>,
}

/// What becomes the targets.
#[derive(Clone, Debug)]
enum Learnt {
    Nothing,
    Number(Column),
    Numbers(Vec<Column>),
    Label(Column),
}

/// A column of a table: its number, counted from 0, or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Counted from 0.
    Number(usize),
    /// As in the first line.
    Name(String),
}

impl From<usize> for Column {
    fn from(number: usize) -> Self {
        Column::Number(number)
    }
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Column::Name(name.to_owned())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Column::Name(name)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Column::Number(number) => write!(f, "{number}"),
            Column::Name(name) => write!(f, "`{name}`"),
        }
    }
}

impl Default for Csv {
    fn default() -> Self {
        Csv { delimiter: ',', header: true, inputs: None, learnt: Learnt::Nothing, classes: None }
    }
}

impl Csv {
    /// Commas between the fields, names in the first line, all columns but those to be learnt as inputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// With another character between the fields: `';'`, `'\t'`; one of ASCII.
    pub fn delimiter(self, delimiter: char) -> Self {
        Csv { delimiter, ..self }
    }

    /// The first line is a sample already. Columns have numbers only.
    pub fn without_header(self) -> Self {
        Csv { header: false, ..self }
    }

    /// With these columns as inputs, in this order.
    pub fn inputs(self, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        Csv { inputs: Some(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// To be learnt is the number in this column: the targets are `[n]`.
    pub fn target(self, column: impl Into<Column>) -> Self {
        Csv { learnt: Learnt::Number(column.into()), ..self }
    }

    /// To be learnt are the numbers in these columns: the targets are `[n, columns]`.
    pub fn targets(self, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        Csv { learnt: Learnt::Numbers(columns.into_iter().map(Into::into).collect()), ..self }
    }

    /// To be learnt is the class in this column, a text: the targets are `[n]` whole numbers, counted from 0 in the order of the
    /// sorted texts, which are the data set's [classes](Dataset::classes).
    pub fn label(self, column: impl Into<Column>) -> Self {
        Csv { learnt: Learnt::Label(column.into()), ..self }
    }

    /// With these classes, in this order, for the [label](Csv::label); any other is an error. Test data need not have all
    /// classes of the training data, and must be numbered as they are: `.classes(train.classes())`.
    pub fn classes(self, classes: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        Csv { classes: Some(classes.into_iter().map(|class| class.as_ref().to_owned()).collect()), ..self }
    }

    /// The table in this file.
    ///
    /// # Errors
    /// If the file cannot be read, a column does not exist, lines differ in length, a field is no number, or nothing is to be
    /// learnt. The error has file, line and column.
    #[track_caller]
    pub fn load<T: Scalar>(&self, path: impl AsRef<Path>) -> Result<Dataset<T>> {
        let path = path.as_ref();
        match read(path).and_then(|bytes| self.dataset(&bytes)) {
            Ok(data) => Ok(data),
            Err(fault) => fault.in_file("csv", path),
        }
    }

    /// The table in this text.
    ///
    /// # Errors
    /// As [`load`](Csv::load).
    #[track_caller]
    pub fn parse<T: Scalar>(&self, text: impl AsRef<[u8]>) -> Result<Dataset<T>> {
        match self.dataset(text.as_ref()) {
            Ok(data) => Ok(data),
            Err(Fault { message, help }) => Err(Error::new(ErrorKind::File, "csv", message, help)),
        }
    }

    /// The inputs alone, `[n, columns]`, where nothing is to be learnt.
    ///
    /// # Errors
    /// As [`load`](Csv::load).
    #[track_caller]
    pub fn load_array<T: Scalar>(&self, path: impl AsRef<Path>) -> Result<ArrayD<T>> {
        let path = path.as_ref();
        match read(path)
            .and_then(|bytes| self.table(&bytes))
            .and_then(|table| matrix(table.inputs, table.rows))
        {
            Ok(inputs) => Ok(inputs.into_dyn()),
            Err(fault) => fault.in_file("csv", path),
        }
    }

    fn dataset<T: Scalar>(&self, bytes: &[u8]) -> Result<Dataset<T>, Fault> {
        let bytes = unmarked(bytes);
        let table = self.table(bytes)?;
        let inputs = matrix(table.inputs, table.rows)?;
        let (targets, classes) = match &self.learnt {
            Learnt::Nothing => {
                let help = "name the column with `target` or `label`; `load_array` reads inputs alone";
                return Err(Fault::new("nothing is to be learnt", help));
            }
            Learnt::Number(_) => (ArrayD::from(ndarray::Array1::from(table.targets).into_dyn()), Vec::new()),
            Learnt::Numbers(_) => (matrix(table.targets, table.rows)?.into_dyn(), Vec::new()),
            Learnt::Label(_) => {
                let classes = match &self.classes {
                    Some(classes) => classes.clone(),
                    None => {
                        let sorted: BTreeSet<&String> = table.labels.iter().map(|(_, label)| label).collect();
                        sorted.into_iter().cloned().collect()
                    }
                };
                let numbers: indexmap::IndexSet<&str> = classes.iter().map(String::as_str).collect();
                let mut labels = Vec::with_capacity(table.rows);
                for (start, label) in &table.labels {
                    let Some(number) = numbers.get_index_of(label.as_str()) else {
                        let reason = format!(
                            "line {}: {label:?} is none of the classes {}",
                            line(bytes, *start),
                            list(classes.iter().map(String::as_str))
                        );
                        return Err(Fault::new(reason, "give all classes, or none to have them collected"));
                    };
                    labels.push(T::of(number as f64));
                }
                (ndarray::Array1::from(labels).into_dyn(), classes)
            }
        };
        // The counts are the same: each line has given one of both.
        Ok(Dataset { inputs: inputs.into_dyn(), targets, classes })
    }

    fn table<T: Scalar>(&self, bytes: &[u8]) -> Result<Table<T>, Fault> {
        let Some(delimiter) = u8::try_from(self.delimiter).ok().filter(u8::is_ascii) else {
            let reason = format!("{:?} between the fields", self.delimiter);
            return Err(Fault::new(reason, "use a character of ASCII"));
        };
        let mut reader = ReaderBuilder::new()
            .has_headers(self.header)
            .delimiter(delimiter)
            .trim(Trim::All)
            .from_reader(bytes);
        let format = |error: ::csv::Error| match error.kind() {
            ::csv::ErrorKind::UnequalLengths { pos, expected_len, len } => Fault::new(
                format!("line {}: {len} fields, and {expected_len} before", line(bytes, start(pos.as_ref()))),
                "all lines have as many fields as the first; is the delimiter right?",
            ),
            _ => Fault::new(error.to_string(), "convert the file to UTF-8"),
        };
        let names: Vec<String> = match self.header {
            true => reader.headers().map_err(format)?.iter().map(str::to_owned).collect(),
            false => Vec::new(),
        };
        let mut record = ByteRecord::new();
        let mut table = Table { inputs: Vec::new(), targets: Vec::new(), labels: Vec::new(), rows: 0 };
        let mut chosen: Option<Chosen> = None;
        while reader.read_byte_record(&mut record).map_err(format)? {
            let chosen = match &chosen {
                Some(chosen) => chosen,
                None => chosen.insert(self.choose(&names, record.len())?),
            };
            let start = start(record.position());
            let located = |fault: Located| fault.in_text(bytes, &names, start);
            for &column in &chosen.inputs {
                table.inputs.push(number(&record, column).map_err(located)?);
            }
            for &column in &chosen.targets {
                table.targets.push(number(&record, column).map_err(located)?);
            }
            if let Some(column) = chosen.label {
                table.labels.push((start, label(&record, column).map_err(located)?));
            }
            table.rows += 1;
        }
        if table.rows == 0 {
            return Err(Fault::new("there are no samples", "a line of names is not a sample"));
        }
        Ok(table)
    }

    /// The numbers of all columns that are needed.
    fn choose(&self, names: &[String], width: usize) -> Result<Chosen, Fault> {
        let find = |column: &Column| {
            let found = match column {
                Column::Number(number) => Some(*number).filter(|&number| number < width),
                Column::Name(name) => names.iter().position(|other| other == name),
            };
            found.ok_or_else(|| {
                let help = match (column, self.header) {
                    (Column::Name(_), false) => "without a header, columns have numbers only",
                    _ => "columns are counted from 0; is the delimiter right?",
                };
                let names = list(names.iter().map(String::as_str));
                Fault::new(format!("no column {column} among {width}; names: {names}"), help)
            })
        };
        let all = |columns: &[Column]| columns.iter().map(find).collect::<Result<Vec<_>, _>>();
        let (targets, label) = match &self.learnt {
            Learnt::Nothing => (Vec::new(), None),
            Learnt::Number(column) => (vec![find(column)?], None),
            Learnt::Numbers(columns) => (all(columns)?, None),
            Learnt::Label(column) => (Vec::new(), Some(find(column)?)),
        };
        let inputs = match &self.inputs {
            Some(columns) => all(columns)?,
            None => (0..width).filter(|column| !targets.contains(column) && label != Some(*column)).collect(),
        };
        Ok(Chosen { inputs, targets, label })
    }
}

struct Chosen {
    inputs: Vec<usize>,
    targets: Vec<usize>,
    label: Option<usize>,
}

struct Table<T> {
    inputs: Vec<T>,
    targets: Vec<T>,
    /// With where their lines start.
    labels: Vec<(usize, String)>,
    rows: usize,
}

/// `rows` is not 0.
fn matrix<T: Scalar>(values: Vec<T>, rows: usize) -> Result<Array2<T>, Fault> {
    let columns = values.len() / rows.max(1);
    Array2::from_shape_vec((rows, columns), values)
        .map_err(|error| Fault::new(error.to_string(), "the table is too large"))
}

/// Without the mark that some programs put before UTF-8.
fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// Where the reader was when it began with a record.
fn start(position: Option<&::csv::Position>) -> usize {
    position.map_or(0, |position| position.byte() as usize)
}

/// The number of the line that starts there, counted from 1; ends of lines that the reader has not skipped yet do not belong to
/// it. (Its own count does not see them: it is one short where lines end in two characters, or are empty.)
fn line(text: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let skipped = text.get(start..).unwrap_or(&[]).iter().take_while(|&byte| ends(byte)).count();
    let before = text.get(..start + skipped).unwrap_or(text);
    let lone = before.iter().enumerate().filter(|&(place, byte)| match byte {
        b'\n' => true,
        b'\r' => before.get(place + 1) != Some(&b'\n'),
        _ => false,
    });
    1 + lone.count()
}

/// What is wrong with a field, before its line is counted.
struct Located {
    column: usize,
    fault: Fault,
}

impl Located {
    fn in_text(self, text: &[u8], names: &[String], start: usize) -> Fault {
        let Located { column, fault } = self;
        let name = names.get(column).map_or(String::new(), |name| format!(" (`{name}`)"));
        let message = format!("line {}, column {column}{name}: {}", line(text, start), fault.message);
        Fault { message, ..fault }
    }
}

fn number<T: Scalar>(record: &ByteRecord, column: usize) -> Result<T, Located> {
    let field = record.get(column).unwrap_or(&[]);
    let value = std::str::from_utf8(field).ok().and_then(nearest::<T>).filter(|value| value.is_finite());
    value.ok_or_else(|| {
        // A field may be a whole file, if a quote is never closed.
        let text: String = String::from_utf8_lossy(field).chars().take(40).collect();
        let fault = match text.as_str() {
            "" => {
                Fault::new("nothing where a number should be", "fill missing values in, or take the line out")
            }
            _ => Fault::new(
                format!("{text:?} is not a finite number"),
                "leave the column out with `inputs`, or read it as the `label`",
            ),
        };
        Located { column, fault }
    })
}

fn label(record: &ByteRecord, column: usize) -> Result<String, Located> {
    let fault = match std::str::from_utf8(record.get(column).unwrap_or(&[])) {
        Ok(text) if !text.is_empty() => return Ok(text.to_owned()),
        Ok(_) => {
            Fault::new("nothing where a class should be", "fill missing values in, or take the line out")
        }
        Err(_) => Fault::new("the class is not UTF-8", "convert the file to UTF-8"),
    };
    Err(Located { column, fault })
}

/// Rounded once: the nearest `f32` of the nearest `f64` need not be the nearest of the text.
fn nearest<T: Scalar>(text: &str) -> Option<T> {
    match T::NAME {
        "f32" => text.parse::<f32>().ok().map(|value| T::of(value.into())),
        _ => text.parse().ok().map(T::of),
    }
}
