//! What users call first: a function, and who says what its gradient is.

use chainrule_graph::{Scalar, Var};
use ndarray::ArrayD;

use crate::check::Check;
use crate::foreign::{Foreign, Outputs};
use crate::recorded::{Function, Recorded};
use crate::subject::Trouble;

/// Tests the gradient of a function that is recorded on the engine: a layer, a loss, a formula.
///
/// The closure takes its inputs as an array of nodes, and returns one node of any shape. It is recorded anew for every
/// evaluation, on a graph of its own. What is asked is said by the methods of [`Check`]; where, by [`Check::at`] or
/// [`Check::for_all`].
///
/// ```
/// use chainrule_check::check_gradient;
/// use chainrule_graph::Var;
/// use ndarray::array;
///
/// fn my_layer<'g>(x: Var<'g>, w: Var<'g>) -> Var<'g> {
///     x.matmul(w).tanh()
/// }
///
/// let (xs, ws) = (array![[0.5, -1.0]], array![[0.25, 2.0], [1.0, -0.5]]);
/// check_gradient(|[x, w]| my_layer(x, w)).order(2).at([xs, ws])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_gradient<'f, const N: usize, F>(function: F) -> Check<'f, f64>
where
    F: for<'g> Fn([Var<'g, f64>; N]) -> Var<'g, f64> + 'f,
{
    check_array(function)
}

/// The closure itself, as a function of nodes of any graph: for one that is used more than once, because a closure in a `let`
/// has its type before it is known what it is for.
///
/// ```
/// use chainrule_check::{check_gradient, function, laws};
///
/// let swish = function(|[x]| x * x.sigmoid());
/// check_gradient(swish).at([0.5])?;
/// laws::determinism(swish, [0.5])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn function<const N: usize, F>(function: F) -> F
where
    F: for<'g> Fn([Var<'g, f64>; N]) -> Var<'g, f64>,
{
    function
}

/// [`check_gradient`] in single precision: steps and tolerances follow from the format.
///
/// ```
/// use chainrule_check::check_gradient_f32;
///
/// check_gradient_f32(|[x]| x.sigmoid()).at([[0.5_f32, -1.0]])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_gradient_f32<'f, const N: usize, F>(function: F) -> Check<'f, f32>
where
    F: for<'g> Fn([Var<'g, f32>; N]) -> Var<'g, f32> + 'f,
{
    check_array(function)
}

/// [`check_gradient`] of a function with any number of inputs and outputs, in either precision: for structures that are made
/// of their nodes.
///
/// ```
/// use chainrule_check::check_gradients;
///
/// let check = check_gradients::<f64, _>(|xs| {
///     let total = xs.iter().copied().reduce(|a, b| a + b);
///     total.into_iter().chain(xs.iter().map(|x| x.exp())).collect()
/// });
/// check.at([0.5, 1.0, -2.0])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_gradients<'f, T, F>(function: F) -> Check<'f, T>
where
    T: Scalar,
    F: for<'g> Fn(Vec<Var<'g, T>>) -> Vec<Var<'g, T>> + 'f,
{
    recorded(None, as_function(move |xs| Ok(function(xs.to_vec()))))
}

/// Tests a gradient that somebody claims of a function of `ndarray` arrays: one written by hand, or another engine's.
///
/// `function` takes the inputs and returns an array, a number or several ([`Outputs`]); `vjp` takes the inputs and a cotangent
/// for each output, and returns a gradient for each input.
///
/// ```
/// use chainrule_check::check_function;
/// use ndarray::array;
///
/// // y = x · w, elementwise, and what somebody says its derivatives are.
/// let y = |[x, w]: &[ndarray::ArrayD<f64>; 2]| x * w;
/// check_function(y, |[x, w], [e]| [e * w, e * x]).at((array![1.0, 2.0], array![0.5, -1.0]))?;
///
/// let failure = check_function(y, |[x, w], [e]| [e * w, -(e * x)]).at((array![1.0, 2.0], array![0.5, -1.0]));
/// assert!(failure.unwrap_err().to_string().starts_with("the gradient is wrong: input 1, element [0], reverse mode"));
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_function<'f, const N: usize, const M: usize, Y, G>(
    function: impl Fn(&[ArrayD<f64>; N]) -> Y + 'f,
    vjp: impl Fn(&[ArrayD<f64>; N], &[ArrayD<f64>; M]) -> G + 'f,
) -> Check<'f, f64>
where
    Y: Outputs<f64>,
    G: Outputs<f64>,
{
    claimed(function, vjp)
}

/// Tests the gradient that somebody claims of a function with one number as its result: `gradient` takes the inputs and returns
/// the derivative by each of them.
///
/// ```
/// use chainrule_check::check_number;
/// use ndarray::array;
///
/// let energy = check_number(|[x, w]| (x * w).sum(), |[x, w]| [w.clone(), x.clone()]);
/// energy.at((array![1.0, 2.0], array![0.5, -1.0]))?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_number<'f, const N: usize, Y, G>(
    function: impl Fn(&[ArrayD<f64>; N]) -> Y + 'f,
    gradient: impl Fn(&[ArrayD<f64>; N]) -> G + 'f,
) -> Check<'f, f64>
where
    Y: Outputs<f64>,
    G: Outputs<f64>,
{
    claimed(function, move |x: &[ArrayD<f64>; N], [e]: &[ArrayD<f64>; 1]| {
        let factor = e.sum();
        gradient(x).into_arrays().map(|all| all.into_iter().map(|g| g * factor).collect::<Vec<_>>())
    })
}

/// [`check_function`] in single precision.
///
/// ```
/// use chainrule_check::check_function_f32;
///
/// check_function_f32(|[x]| x * x, |[x], [e]| [x * e * 2.0]).at([[1.0_f32, 2.0]])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn check_function_f32<'f, const N: usize, const M: usize, Y, G>(
    function: impl Fn(&[ArrayD<f32>; N]) -> Y + 'f,
    vjp: impl Fn(&[ArrayD<f32>; N], &[ArrayD<f32>; M]) -> G + 'f,
) -> Check<'f, f32>
where
    Y: Outputs<f32>,
    G: Outputs<f32>,
{
    claimed(function, vjp)
}

/// Pins the type of a closure over nodes of any graph.
pub(crate) fn as_function<T, F>(function: F) -> F
where
    F: for<'g> Fn(&[Var<'g, T>]) -> Result<Vec<Var<'g, T>>, Trouble>,
{
    function
}

fn recorded<'f, T: Scalar>(inputs: Option<usize>, function: impl Function<T> + 'f) -> Check<'f, T> {
    Check::new(Box::new(Recorded::new(function)), inputs)
}

fn check_array<'f, T: Scalar, const N: usize, F>(function: F) -> Check<'f, T>
where
    F: for<'g> Fn([Var<'g, T>; N]) -> Var<'g, T> + 'f,
{
    recorded(Some(N), array_function(function))
}

/// A closure over an array of nodes, as one over a slice.
pub(crate) fn array_function<T, const N: usize, F>(function: F) -> impl Function<T>
where
    F: for<'g> Fn([Var<'g, T>; N]) -> Var<'g, T>,
{
    as_function(move |xs| match <[Var<'_, T>; N]>::try_from(xs) {
        Ok(xs) => Ok(vec![function(xs)]),
        Err(_) => Err(Trouble::Shape(format!("{} inputs were given, the function takes {N}", xs.len()))),
    })
}

fn claimed<'f, T: Scalar, const N: usize, const M: usize, Y: Outputs<T>, G: Outputs<T>>(
    function: impl Fn(&[ArrayD<T>; N]) -> Y + 'f,
    vjp: impl Fn(&[ArrayD<T>; N], &[ArrayD<T>; M]) -> G + 'f,
) -> Check<'f, T> {
    let value = move |x: &[ArrayD<T>]| {
        let x = exactly::<T, N>(x, "inputs were given, the function takes")?;
        function(x).into_arrays().map_err(Trouble::Refused)
    };
    let claim = move |x: &[ArrayD<T>], e: &[ArrayD<T>]| {
        let x = exactly::<T, N>(x, "inputs were given, the function takes")?;
        let e = exactly::<T, M>(e, "outputs has the function, the gradient takes cotangents for")?;
        vjp(x, e).into_arrays().map_err(Trouble::Refused)
    };
    let subject = Foreign { value: Box::new(value), claim: Box::new(claim) };
    Check::new(Box::new(subject), Some(N))
}

fn exactly<'a, T, const N: usize>(x: &'a [ArrayD<T>], what: &str) -> Result<&'a [ArrayD<T>; N], Trouble> {
    x.try_into().map_err(|_| Trouble::Shape(format!("{} {what} {N}", x.len())))
}
