//! Layers that only arrange the numbers anew.

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// Each sample of a batch as a vector: `[n, a, b, c]` becomes `[n, a b c]`. The first axis is the batch.
///
/// ```
/// use chainrule_layers::{Flatten, Params};
///
/// let graph = chainrule_graph::Graph::new();
/// let x = graph.full([8, 16, 5, 5], 1.0);
/// assert_eq!(Params::new().bind(&graph).apply(&Flatten, x).shape()?, [8, 400]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// A single number makes an invalid node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flatten;

impl Flatten {
    pub(crate) fn from_description(_: &Description) -> Result<Self> {
        Ok(Flatten)
    }
}

impl<T: Scalar> Layer<T> for Flatten {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        match shape.as_slice() {
            [n, sizes @ ..] => x.reshape([*n, sizes.iter().product()]),
            [] => no_batch("flatten", x),
        }
    }

    fn describe(&self) -> Description {
        Description::new("flatten")
    }
}

/// Each sample of a batch in another shape, with the same elements in row-major order: `[n, ...]` becomes `[n, shape...]`. The
/// first axis is the batch.
///
/// ```
/// use chainrule_layers::{Params, Reshape};
///
/// let graph = chainrule_graph::Graph::new();
/// let x = graph.full([8, 64], 1.0);
/// let y = Params::new().bind(&graph).apply(&Reshape::new([1, 8, 8]), x);
/// assert_eq!(y.shape()?, [8, 1, 8, 8]);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// Another number of elements makes an invalid node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reshape {
    shape: Vec<usize>,
}

impl Reshape {
    /// To this shape of a sample, without the axis of the batch.
    pub fn new(shape: impl AsRef<[usize]>) -> Self {
        Reshape { shape: shape.as_ref().to_vec() }
    }

    pub(crate) fn from_description(description: &Description) -> Result<Self> {
        Ok(Reshape { shape: description.get("shape")? })
    }
}

impl<T: Scalar> Layer<T> for Reshape {
    fn declare(&self, _: &mut Declarations<T>) {}

    fn forward<'g>(&self, _: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let Ok(shape) = x.shape() else { return x };
        let [n, sizes @ ..] = shape.as_slice() else { return no_batch("reshape", x) };
        let count = |sizes: &[usize]| sizes.iter().try_fold(1_usize, |all, &size| all.checked_mul(size));
        if count(sizes) != count(&self.shape) {
            let reason = format!("samples of shape {sizes:?} have not as many elements as {:?}", self.shape);
            let help = "the shape is that of one sample: the first axis, the batch, stays";
            return Fault::new(reason, help).node("reshape", x.graph(), &[x]);
        }
        x.reshape([*n].into_iter().chain(self.shape.iter().copied()).collect::<Vec<usize>>())
    }

    fn describe(&self) -> Description {
        Description::new("reshape").with("shape", &self.shape)
    }
}

fn no_batch<'g, T: Scalar>(operation: &str, x: Var<'g, T>) -> Var<'g, T> {
    let help = "the first axis numbers the samples; `unsqueeze(0)` makes a batch of one";
    Fault::new("a single number is no batch", help).node(operation, x.graph(), &[x])
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Flatten`].
    pub fn flatten(self) -> Self {
        self.push(Flatten)
    }

    /// Appends [`Reshape`] to this shape of a sample.
    pub fn reshape(self, shape: impl AsRef<[usize]>) -> Self {
        self.push(Reshape::new(shape))
    }
}
