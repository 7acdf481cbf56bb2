//! Arrays as the Rust that makes them.

use chainrule_graph::{Scalar, Var};
use ndarray::{ArrayD, ArrayViewD, Axis};

use crate::failure::Mismatch;

/// An expression for the array: a plain number, `array![[1.0, 2.0]]`, or zeros where there are no elements.
///
/// ```
/// use chainrule_check::source::array;
/// use ndarray::{arr0, arr2};
///
/// assert_eq!(array(&arr0(0.5).into_dyn()), "0.5");
/// assert_eq!(array(&arr2(&[[1.0, -0.25]]).into_dyn()), "array![[1.0, -0.25]]");
/// ```
pub fn array<T: Scalar>(x: &ArrayD<T>) -> String {
    match x.first() {
        None => format!("ArrayD::<{}>::zeros(vec!{:?})", T::NAME, x.shape()),
        Some(first) if x.ndim() == 0 => number(*first),
        // `array!` ends at six axes.
        Some(_) if x.ndim() > 6 => {
            let flat: Vec<String> = x.iter().map(|x| number(*x)).collect();
            let shape = x.shape();
            format!("Array1::from(vec![{}]).into_shape_with_order(vec!{shape:?})?", flat.join(", "))
        }
        Some(_) => format!("array!{}", nested(x.view())),
    }
}

fn nested<T: Scalar>(x: ArrayViewD<'_, T>) -> String {
    let parts: Vec<String> = match x.ndim() {
        1 => x.iter().map(|x| number(*x)).collect(),
        _ => x.axis_iter(Axis(0)).map(nested).collect(),
    };
    format!("[{}]", parts.join(", "))
}

/// A literal.
pub(crate) fn number<T: Scalar>(x: T) -> String {
    let (name, value) = (T::NAME, x.as_f64());
    if value.is_nan() {
        return format!("{name}::NAN");
    }
    if value.is_infinite() {
        return format!("{}{name}::INFINITY", if value < 0.0 { "-" } else { "" });
    }
    let suffix = if name == "f32" { "_f32" } else { "" };
    format!("{x:?}{suffix}")
}

/// One operation alone, as a program that shows what its derivative by operand number `by` is and what it should be.
pub(crate) fn operation<T: Scalar>(
    node: Var<'_, T>,
    operands: &[ArrayD<T>],
    by: usize,
    m: &Mismatch,
) -> String {
    let names: Vec<String> = (0..operands.len()).map(|i| format!("x{i}")).collect();
    let graph = if T::NAME == "f32" { "Graph::f32()" } else { "Graph::new()" };
    let mut lines = vec![format!("let graph = {graph};")];
    for (name, value) in names.iter().zip(operands) {
        lines.push(format!("let {name} = graph.constant({});", array(value)));
    }
    match call(node, &names) {
        Some(call) => lines.push(format!("let y = {call};")),
        // An operation of the user's own, or one with options that a listing shows best.
        None => lines.push(format!("let y = /* {} of */ ({});", listing(node), names.join(", "))),
    }
    let operand = m.place.input.and_then(|i| names.get(i)).cloned().unwrap_or_else(|| names.join(", "));
    let element = match &m.place.element {
        Some(element) if !element.is_empty() => format!(" at {element:?}"),
        _ => String::new(),
    };
    let digits = crate::report::places(m.allowed);
    let way = m.way();
    let at = match &m.output {
        Some((_, element)) if !element.is_empty() => format!(" at {element:?}"),
        _ => String::new(),
    };
    let of = if m.order() > 1 { format!("(d y / d x{by}{at})") } else { format!("y{at}") };
    lines.push(format!(
        "// d {of} / d {operand}{element}, {way}: {:+.digits$}, and {} {:+.digits$}",
        m.claimed + 0.0,
        m.reference.gives(),
        m.expected + 0.0
    ));
    lines.join("\n")
}

/// What the listing of a tape says of a node, without numbers and place.
pub(crate) fn listing<T: Scalar>(node: Var<'_, T>) -> String {
    let line = format!("{node:?}");
    let text = line.split_once(" = ").map_or(line.as_str(), |(_, text)| text);
    text.split("(%").next().unwrap_or(text).to_owned()
}

/// The call that records the operation, where it can be written without knowing more than its listing.
fn call<T: Scalar>(node: Var<'_, T>, x: &[String]) -> Option<String> {
    let (name, text) = (node.operation(), listing(node));
    let option = text.strip_prefix(name.as_str()).unwrap_or("").trim();
    let number = |operator: &str| -> Option<String> {
        Some(format!("{} {operator} {}", x.first()?, self::number(T::of(option.parse().ok()?))))
    };
    Some(match (name.as_str(), x) {
        ("neg", [a]) => format!("-{a}"),
        ("add", [_]) => number("+")?,
        ("mul", [_]) => number("*")?,
        ("div", [_]) => number("/")?,
        ("add", [a, b]) => format!("{a} + {b}"),
        ("sub", [a, b]) => format!("{a} - {b}"),
        ("mul", [a, b]) => format!("{a} * {b}"),
        ("div", [a, b]) => format!("{a} / {b}"),
        ("powi", [a]) => format!("{a}.powi({option})"),
        ("powf", [a]) => format!("{a}.powf({})", self::number(T::of(option.parse().ok()?))),
        ("sum", [a]) => format!("{a}.sum_axes({option})"),
        ("permute", [a]) => format!("{a}.permute({option})"),
        ("reshape", [a]) => format!("{a}.reshape({:?})", node.shape().ok()?),
        (
            "square" | "sqrt" | "abs" | "exp" | "expm1" | "ln" | "log1p" | "sin" | "cos" | "tan" | "atan"
            | "sigmoid" | "tanh" | "softplus" | "erf" | "erfc" | "relu" | "detach" | "log_det" | "cholesky",
            [a],
        ) => format!("{a}.{name}()"),
        ("pow" | "maximum" | "minimum" | "atan2" | "hypot" | "matmul" | "solve", [a, b]) => {
            format!("{a}.{name}({b})")
        }
        ("select", [a, b, c]) => format!("{a}.select({b}, {c})"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array3, arr1};

    #[test]
    fn numbers_that_are_none_and_arrays_without_elements_are_rust_too() {
        assert_eq!(
            array(&arr1(&[f64::NAN, f64::NEG_INFINITY]).into_dyn()),
            "array![f64::NAN, -f64::INFINITY]"
        );
        assert_eq!(array(&arr1(&[1.5_f32]).into_dyn()), "array![1.5_f32]");
        assert_eq!(array(&Array3::<f64>::zeros((2, 0, 1)).into_dyn()), "ArrayD::<f64>::zeros(vec![2, 0, 1])");
    }
}
