//! [`Residual`]: a way around a layer.

use std::sync::Arc;

use chainrule_graph::{Result, Scalar, Var};

use crate::bound::Scoped;
use crate::describe::Description;
use crate::fault::Fault;
use crate::kinds::{Build, only};
use crate::layer::{Declarations, Layer};
use crate::sequential::Sequential;

/// `y = x + f(x)` with a layer `f` that keeps the shape; its parameters are in `branch`.
///
/// K. He et al., "Deep residual learning for image recognition", CVPR 2016.
///
/// ```
/// use chainrule_layers::{Params, Residual, Sequential};
///
/// let model = Sequential::new().dense(8, 4).residual(Sequential::new().dense(4, 4).relu());
/// let params = Params::<f64>::init(&model, 1)?;
/// assert_eq!(params.names().last(), Some("1.branch.0.bias"));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// A layer that changes the shape makes an invalid node: nothing is broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residual<L>(pub L);

impl<T: Scalar> Residual<Arc<dyn Layer<T>>> {
    pub(crate) fn from_description(description: &Description, inside: Build<'_, T>) -> Result<Self> {
        Ok(Residual(only(description, "branch", inside)?))
    }
}

impl<T: Scalar, L: Layer<T>> Layer<T> for Residual<L> {
    fn declare(&self, params: &mut Declarations<T>) {
        params.layer("branch", &self.0);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        let y = params.apply("branch", &self.0, x);
        match (x.shape(), y.shape()) {
            (Ok(before), Ok(after)) if before != after => {
                let reason = format!("the layer makes {after:?} of {before:?}, and both are added up");
                let help = "a residual branch keeps the shape";
                Fault::new(reason, help).node("residual", x.graph(), &[x, y])
            }
            _ => x + y,
        }
    }

    fn describe(&self) -> Description {
        Description::new("residual").layers([("branch".to_owned(), self.0.describe())])
    }
}

impl<T: Scalar> Sequential<T> {
    /// Appends [`Residual`] around a layer.
    pub fn residual(self, branch: impl Layer<T> + 'static) -> Self {
        self.push(Residual(branch))
    }
}
