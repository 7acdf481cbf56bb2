//! [`Summary`]: a model as a table of its layers.

use std::fmt;

use chainrule_graph::{Graph, Result, Scalar};

use crate::bound::{Applied, Bound};
use crate::layer::{Declarations, Layer};
use crate::model::Model;
use crate::params::Params;
use crate::sequential::Sequential;

/// A model as a table: its layers in the order of their application, what they are, the shapes of their outputs, and how many
/// numbers they have. Printing it aligns the columns and indents layers inside of others.
///
/// ```
/// use chainrule_layers::Sequential;
///
/// let encoder = Sequential::new().dense(64, 32).tanh();
/// let model = Sequential::<f64>::new().named("encoder", encoder).dense(32, 10);
/// let summary = model.summary([16, 64])?;
/// assert_eq!(summary.rows()[4].output(), [16, 10]);
/// assert_eq!(summary.to_string(), "\
/// layer      kind        output    parameters
/// model      sequential  [16, 10]        2410
///   encoder  sequential  [16, 32]        2080
///     0      dense       [16, 32]        2080
///     1      tanh        [16, 32]           0
///   1        dense       [16, 10]         330
/// 2410 numbers: 2410 trained, 0 frozen, 0 buffers");
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    rows: Vec<SummaryRow>,
    trained: usize,
    frozen: usize,
    buffers: usize,
}

/// One application of one layer. A layer that is applied again has a row for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryRow {
    path: String,
    kind: String,
    output: Vec<usize>,
    parameters: usize,
}

impl SummaryRow {
    /// The path of the layer: `encoder.0`; empty for the model itself.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it is: `dense`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The shape of its output.
    pub fn output(&self) -> &[usize] {
        &self.output
    }

    /// How many numbers it has, with all layers inside of it: parameters and buffers.
    pub fn parameters(&self) -> usize {
        self.parameters
    }
}

/// The table of a model with these parameters, for inputs of this shape. Nothing is computed, so that it costs next to nothing.
///
/// [`Sequential::summary`] and [`Model::summary`] are shorter.
///
/// ```
/// use chainrule_layers::{Params, Sequential, summary};
///
/// let model = Sequential::new().dense(2, 3).tanh().dense(3, 1);
/// let mut params = Params::<f64>::init(&model, 1)?;
/// params.freeze("0")?;
/// let summary = summary(&model, &params, [2])?;
/// assert_eq!((summary.trained(), summary.frozen()), (4, 9));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// # Errors
/// If the input or a parameter does not fit the model.
#[track_caller]
pub fn summary<T: Scalar, L: Layer<T> + ?Sized>(
    model: &L,
    params: &Params<T>,
    input: impl AsRef<[usize]>,
) -> Result<Summary> {
    Summary::of(model, Some(params), input.as_ref())
}

impl Summary {
    /// All layers, outer ones before those inside of them; the first is the model itself.
    pub fn rows(&self) -> &[SummaryRow] {
        &self.rows
    }

    /// How many numbers an optimiser changes.
    pub fn trained(&self) -> usize {
        self.trained
    }

    /// How many parameters are [frozen](Params::freeze).
    pub fn frozen(&self) -> usize {
        self.frozen
    }

    /// How many numbers layers replace by themselves: running statistics.
    pub fn buffers(&self) -> usize {
        self.buffers
    }

    #[track_caller]
    fn of<T: Scalar, L: Layer<T> + ?Sized>(
        model: &L,
        params: Option<&Params<T>>,
        input: &[usize],
    ) -> Result<Self> {
        let declared = match Declarations::of(model) {
            Ok(declared) => declared,
            Err(fault) => return fault.raise("summary"),
        };
        let count = |shape: &[usize]| shape.iter().fold(1_usize, |all, &size| all.saturating_mul(size));
        let (mut trained, mut frozen, mut buffers) = (0_usize, 0_usize, 0_usize);
        for (path, parameter) in &declared {
            let total = match params {
                _ if !parameter.trained => &mut buffers,
                Some(params) if !params.is_trained(path) => &mut frozen,
                _ => &mut trained,
            };
            *total = total.saturating_add(count(&parameter.shape));
        }
        // Zeros of the right shapes stand for all numbers: shapes do not depend on them.
        let graph = Graph::default();
        let mut nodes = Vec::with_capacity(declared.len());
        match params {
            Some(params) => {
                for (name, value) in params.iter() {
                    nodes.push((name.to_owned(), graph.full(value.shape(), T::zero())));
                }
            }
            None => {
                for (name, parameter) in &declared {
                    nodes.push((name.clone(), graph.full(&parameter.shape, T::zero())));
                }
            }
        }
        let (bound, trace) = Bound::new(&graph, nodes.into_iter(), Vec::new().into()).traced();
        let output = bound.apply(model, graph.full(input, T::zero()));
        let inside = |path: &str| {
            let own = declared.iter().filter(|(name, _)| {
                path.is_empty() || name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
            });
            own.fold(0_usize, |all, (_, parameter)| all.saturating_add(count(&parameter.shape)))
        };
        let kind = model.describe().kind().to_owned();
        let mut rows =
            vec![SummaryRow { path: String::new(), kind, output: output.shape()?, parameters: inside("") }];
        for Applied { path, kind, output } in trace.take() {
            // A layer whose output nobody used may have failed.
            let output = output.map_or(Ok(Vec::new()), |output| output.shape())?;
            let parameters = inside(&path);
            rows.push(SummaryRow { path, kind, output, parameters });
        }
        Ok(Summary { rows, trained, frozen, buffers })
    }
}

impl<T: Scalar> Sequential<T> {
    /// The table of this model for inputs of this shape; all parameters count as trained.
    ///
    /// # Errors
    /// If the input does not fit the model, or a name is impossible or given twice.
    #[track_caller]
    pub fn summary(&self, input: impl AsRef<[usize]>) -> Result<Summary> {
        Summary::of(self, None, input.as_ref())
    }
}

impl<T: Scalar, L: Layer<T>> Model<L, T> {
    /// The table of this model for inputs of this shape.
    ///
    /// # Errors
    /// If the input or a parameter does not fit the layer.
    #[track_caller]
    pub fn summary(&self, input: impl AsRef<[usize]>) -> Result<Summary> {
        summary(&self.layer, &self.params, input)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["layer", "kind", "output", "parameters"].map(str::to_owned);
        let lines: Vec<[String; 4]> = std::iter::once(head)
            .chain(self.rows.iter().map(|row| {
                let depth = if row.path.is_empty() { 0 } else { 1 + row.path.matches('.').count() };
                let name = if depth == 0 { "model" } else { row.path.rsplit('.').next().unwrap_or_default() };
                let output = format!("{:?}", row.output);
                [
                    format!("{}{name}", "  ".repeat(depth)),
                    row.kind.clone(),
                    output,
                    row.parameters.to_string(),
                ]
            }))
            .collect();
        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let [a, b, c, d] = [0, 1, 2, 3].map(width);
        for [layer, kind, output, parameters] in &lines {
            writeln!(f, "{layer:a$}  {kind:b$}  {output:c$}  {parameters:>d$}")?;
        }
        let (trained, frozen, buffers) = (self.trained, self.frozen, self.buffers);
        let all = trained.saturating_add(frozen).saturating_add(buffers);
        write!(f, "{all} numbers: {trained} trained, {frozen} frozen, {buffers} buffers")
    }
}
