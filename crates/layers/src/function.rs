//! [`layer_fn`]: a layer of two functions.

use chainrule_graph::{Scalar, Var};

use crate::bound::Scoped;
use crate::layer::{Declarations, Layer};

/// A layer of two functions: what it declares, and what it computes. Shorter than a struct where the layer is needed once; a
/// model with it cannot be rebuilt from a file (its numbers can be saved and loaded).
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_layers::{Init, Params, layer_fn};
///
/// let gain = layer_fn(
///     |params| params.parameter("gain", [2], Init::Constant(3.0)),
///     |params, x| x * params.get("gain"),
/// );
/// let graph = Graph::new();
/// let y = Params::init(&gain, 0)?.bind(&graph).apply(&gain, [1.0, 2.0]);
/// assert_eq!(y.value()?, ndarray::arr1(&[3.0, 6.0]).into_dyn());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub fn layer_fn<T, D, F>(declare: D, forward: F) -> LayerFn<D, F>
where
    T: Scalar,
    D: Fn(&mut Declarations<T>) + Send + Sync,
    F: for<'b, 'g> Fn(&Scoped<'b, 'g, T>, Var<'g, T>) -> Var<'g, T> + Send + Sync,
{
    LayerFn { declare, forward }
}

/// What [`layer_fn`] makes.
#[derive(Clone, Copy)]
pub struct LayerFn<D, F> {
    declare: D,
    forward: F,
}

impl<T, D, F> Layer<T> for LayerFn<D, F>
where
    T: Scalar,
    D: Fn(&mut Declarations<T>) + Send + Sync,
    F: for<'b, 'g> Fn(&Scoped<'b, 'g, T>, Var<'g, T>) -> Var<'g, T> + Send + Sync,
{
    fn declare(&self, params: &mut Declarations<T>) {
        (self.declare)(params);
    }

    fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
        (self.forward)(params, x)
    }
}
