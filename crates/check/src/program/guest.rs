//! Operations of the user's own, as random programs mix them in.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chainrule_graph::{CustomOp, Graph, Var};
use ndarray::{ArrayD, ArrayViewD};

use super::record::Number;

/// An operation of the user's own among those that random programs draw from, and on which operands it is tried.
///
/// There is no oracle for it, so its derivatives are compared with differences of its value.
///
/// ```
/// use chainrule_check::program::{Guest, programs};
/// # use chainrule_graph::{CustomOp, LinearMap, Scalar, Var};
/// # use ndarray::{ArrayD, ArrayViewD};
/// # struct Cube;
/// # impl<T: Scalar> CustomOp<T> for Cube {
/// #     fn name(&self) -> &'static str { "cube" }
/// #     fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> { Ok(operands[0].to_vec()) }
/// #     fn value(&self, operands: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>, String> {
/// #         Ok(operands[0].mapv(|x| x * x * x))
/// #     }
/// #     fn derivative<'g>(&self, _: usize, operands: &[Var<'g, T>], _: Var<'g, T>) -> LinearMap<'g, T> {
/// #         LinearMap::diag(operands[0].square() * T::of(3.0))
/// #     }
/// #     fn cuts(&self, _: usize) -> bool { false }
/// # }
/// programs().with([Guest::new("Cube", Cube, 1).within(-2.0..=2.0)]).check(50)?;
/// # Ok::<(), chainrule_check::program::Failure>(())
/// ```
pub struct Guest {
    code: String,
    op: Arc<dyn CustomOp<f64>>,
    single: Option<Arc<dyn CustomOp<f32>>>,
    operands: usize,
    range: RangeInclusive<f64>,
    kinks: Vec<f64>,
    shapes: Vec<Vec<usize>>,
}

impl Guest {
    /// An operation of so many operands. `code` is the Rust expression that makes it, for printing programs.
    ///
    /// Shapes are found by asking [`CustomOp::shape`]: operands of one shape are tried first, then others.
    pub fn new(code: impl Into<String>, op: impl CustomOp<f64>, operands: usize) -> Self {
        Guest {
            code: code.into(),
            op: Arc::new(op),
            single: None,
            operands,
            range: -4.0..=4.0,
            kinks: Vec::new(),
            shapes: Vec::new(),
        }
    }

    /// The same operation in single precision, for programs that are run in it too.
    #[must_use]
    pub fn single(mut self, op: impl CustomOp<f32>) -> Self {
        self.single = Some(Arc::new(op));
        self
    }

    /// Operands have their elements in this range only (from -4 to 4, unless said otherwise).
    #[must_use]
    pub fn within(mut self, range: RangeInclusive<f64>) -> Self {
        self.range = range;
        self
    }

    /// Numbers from which elements keep away, because there is no derivative.
    #[must_use]
    pub fn kinks(mut self, kinks: impl IntoIterator<Item = f64>) -> Self {
        self.kinks = kinks.into_iter().collect();
        self
    }

    /// Operands of these shapes only, one for each; for operations that take few.
    #[must_use]
    pub fn shapes(mut self, shapes: impl IntoIterator<Item = Vec<usize>>) -> Self {
        self.shapes = shapes.into_iter().collect();
        self
    }

    /// The operation's own name.
    pub fn name(&self) -> &'static str {
        self.op.name()
    }

    pub(super) fn code(&self) -> &str {
        &self.code
    }

    pub(super) fn count(&self) -> usize {
        self.operands
    }

    pub(super) fn cuts(&self, i: usize) -> bool {
        self.op.cuts(i)
    }

    pub(super) fn range(&self) -> (f64, f64, &[f64]) {
        (*self.range.start(), *self.range.end(), &self.kinks)
    }

    pub(super) fn own_shapes(&self) -> &[Vec<usize>] {
        &self.shapes
    }

    /// Whether it takes operands of these shapes.
    pub(super) fn takes(&self, shapes: &[&[usize]]) -> bool {
        self.op.shape(shapes).is_ok()
    }

    pub(super) fn value(&self, operands: &[ArrayD<f64>]) -> Option<ArrayD<f64>> {
        let views: Vec<ArrayViewD<'_, f64>> = operands.iter().map(|x| x.view()).collect();
        self.op.value(&views).ok()
    }

    pub(super) fn double(&self) -> Arc<dyn CustomOp<f64>> {
        self.op.clone()
    }

    pub(super) fn in_single(&self) -> Option<Arc<dyn CustomOp<f32>>> {
        self.single.clone()
    }

    pub(super) fn record<'g, T: Number>(&self, graph: &'g Graph<T>, operands: &[Var<'g, T>]) -> Var<'g, T> {
        match T::guest(self) {
            Some(op) => graph.custom(op, operands.iter().copied()),
            None => graph.invalid(
                self.name(),
                operands,
                "there is no such operation in this precision",
                "give the operation in single precision too: `Guest::single`",
            ),
        }
    }

    /// Whether programs with it can run in single precision.
    pub(super) fn is_generic(&self) -> bool {
        self.single.is_some()
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}
