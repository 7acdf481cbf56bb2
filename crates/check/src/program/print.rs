//! A program as Rust code that reproduces it: `{:?}` of a [`Program`] is a `main` to paste into a file.

use std::fmt;

use ndarray::ArrayD;

use super::Program;
use super::call::{Call, Id, Line, Mapped, Moves, Over, Part};

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leaves = self.leaves();
        writeln!(f, "use chainrule_graph::*;")?;
        writeln!(f, "use ndarray::{{arr0, array, ArrayD, NewAxis, s}};")?;
        writeln!(f, "\nfn main() -> Result<()> {{")?;
        writeln!(f, "    let graph = Graph::new();")?;
        write!(f, "{}", self.code())?;
        for id in leaves {
            writeln!(f, "    println!(\"by v{id}: {{}}\", v{}.grad(v{id})?.value()?);", self.output())?;
        }
        write!(f, "    Ok(())\n}}")
    }
}

impl Program {
    /// The lines alone, on a `graph` that is there: `let v0 = graph.variable(...);` and so on.
    pub fn code(&self) -> String {
        let lines = self.lines.iter().enumerate();
        lines.map(|(id, line)| format!("    let v{id} = {};\n", line.code(id))).collect()
    }
}

impl Line {
    /// The right side of the line number `id`.
    fn code(&self, id: Id) -> String {
        code(&self.call, &self.operands, id)
    }
}

fn code(call: &Call, operands: &[Id], id: Id) -> String {
    let v = |i: usize| operands.get(i).map_or("?".to_owned(), |id| format!("v{id}"));
    let method = |name: &str, arguments: String| format!("{}.{name}({arguments})", v(0));
    let all = || operands.iter().map(|id| format!("v{id}")).collect::<Vec<_>>().join(", ");
    let name = call.name();
    match call {
        Call::Leaf(value) => format!("graph.variable(\"v{id}\", {})", array(value)),
        Call::Constant(value) => format!("graph.constant({})", array(value)),
        Call::Operator(operator) => format!("{} {} {}", v(0), operator.sign(), v(1)),
        Call::Number(operator, c, true) => format!("{c:?} {} {}", operator.sign(), v(0)),
        Call::Number(operator, c, false) => format!("{} {} {}", v(0), operator.sign(), number(*c)),
        Call::Neg => format!("-{}", v(0)),
        Call::Function(function) => method(name, function.arguments()),
        Call::Map(Mapped::LogisticDensity) => method(name, "Unary::LogisticDensity".to_owned()),
        Call::Map(Mapped::Inside(low, high)) => method(name, format!("Unary::Inside({low:?}, {high:?})")),
        Call::Map(Mapped::Step) => method(name, "Unary::Step".to_owned()),
        Call::PairNumber(_, c) => method(name, format!("{c:?}")),
        Call::Chain => method("zip", format!("Binary::Chain, {}", v(1))),
        Call::Above => method("zip", format!("Binary::Above, {}", v(1))),
        Call::Select => method(name, format!("{}, {}", v(1), v(2))),
        Call::Reduce(_, Over::All) => method(name, String::new()),
        Call::Reduce(_, Over::Axes(axes)) => method(name, list(axes)),
        Call::Reduce(_, Over::Kept(axes)) => method(name, format!("keep({})", list(axes))),
        Call::Softmax(axes) | Call::LogSoftmax(axes) | Call::Squeeze(axes) | Call::Unsqueeze(axes) => {
            method(name, list(axes))
        }
        Call::Flip(axes) | Call::Permute(axes) => method(name, list(axes)),
        Call::SoftmaxCrossEntropyLabels(labels) => method(name, array(labels)),
        Call::CumSum(axis) | Call::ArgExtremum(axis, _) => method(name, axis.to_string()),
        Call::Uniform(shape) | Call::Normal(shape) => method(name, list(shape)),
        Call::FoldIn(number) => method(name, format!("{number:?}")),
        Call::Einsum(subscripts) => method(name, format!("{subscripts:?}, {}", v(1))),
        Call::SolveTriangular(true) => method(name, format!("Triangle::Upper, {}", v(1))),
        Call::SolveTriangular(false) => method(name, format!("Triangle::Lower, {}", v(1))),
        Call::Reshape(to) | Call::BroadcastTo(to) | Call::Tile(to) => method(name, list(to)),
        Call::Slice(parts) if parts.is_empty() => {
            method(name, "[] as [ndarray::SliceInfoElem; 0]".to_owned())
        }
        Call::Slice(parts) => {
            method(name, format!("s![{}]", parts.iter().map(part).collect::<Vec<_>>().join(", ")))
        }
        Call::Split(sizes, axis, which) => format!("{}[{which}]", method(name, format!("{sizes:?}, {axis}"))),
        Call::Chunks(count, axis, which) => format!("{}[{which}]", method(name, format!("{count}, {axis}"))),
        Call::Pad(widths, value) if widths.is_empty() => {
            method(name, format!("[[0_usize; 2]; 0], {value:?}"))
        }
        Call::Pad(widths, value) => method(name, format!("{widths:?}, {value:?}")),
        Call::Concat(axis) | Call::Stack(axis) => format!("graph.{name}([{}], {axis})", all()),
        Call::Take(indices, axis) | Call::TakeAlong(indices, axis) => {
            method(name, format!("{}, {axis}", array(indices)))
        }
        Call::TakeNode(axis) | Call::TakeAlongNode(axis) => method(name, format!("{}, {axis}", v(1))),
        Call::ScatterAdd(indices, axis) => method(name, format!("{}, {}, {axis}", array(indices), v(1))),
        Call::ScatterAddNode(axis) => method(name, format!("{}, {}, {axis}", v(1), v(2))),
        Call::OneHot(classes) => format!("graph.one_hot({}, {classes})", v(0)),
        Call::Conv(axes, moves) | Call::ConvTranspose(axes, moves) => {
            method(name, format!("{}, Conv::new(){}", v(1), options(*axes, moves, [1; 2])))
        }
        Call::Pool(_, axes, size, moves) => {
            method(name, format!("Pool::new({}){}", last(*axes, size), options(*axes, moves, *size)))
        }
        Call::Guest(guest) => format!("graph.custom({}, [{}])", guest.code(), all()),
        Call::Faulty(right, fault) => format!("{} /* {fault} */", code(right, operands, id)),
        Call::Weigh(weights) => format!("({} * {}).sum()", v(0), array(weights)),
        Call::Pair(_)
        | Call::SoftmaxCrossEntropy
        | Call::SigmoidCrossEntropy
        | Call::MatMul
        | Call::Dot
        | Call::Outer
        | Call::Cholesky
        | Call::Solve
        | Call::Inverse
        | Call::LogDet
        | Call::T
        | Call::Mt
        | Call::Detach => method(name, operands.get(1).map_or(String::new(), |id| format!("v{id}"))),
    }
}

/// A number on the right of a sign.
fn number(c: f64) -> String {
    if c < 0.0 { format!("({c:?})") } else { format!("{c:?}") }
}

/// Rust cannot guess the type of an empty list.
fn list(numbers: &[usize]) -> String {
    if numbers.is_empty() { "[0_usize; 0]".to_owned() } else { format!("{numbers:?}") }
}

/// An `ndarray` array.
fn array<E: fmt::Debug>(value: &ArrayD<E>) -> String {
    let numbers: Vec<&E> = value.iter().collect();
    match value.shape() {
        [] => format!("arr0({})", numbers.first().map_or("0.0".to_owned(), |x| format!("{x:?}"))),
        [n] if *n > 0 => format!("array!{numbers:?}"),
        [n, m] if n * m > 0 => {
            let rows: Vec<String> = numbers.chunks(*m).map(|row| format!("{row:?}")).collect();
            format!("array![{}]", rows.join(", "))
        }
        shape => {
            // An array without elements needs their type.
            let kind = std::any::type_name::<E>();
            format!("ArrayD::<{kind}>::from_shape_vec({}, vec!{numbers:?}).unwrap()", sizes(shape))
        }
    }
}

fn sizes(shape: &[usize]) -> String {
    format!("vec!{shape:?}")
}

fn part(part: &Part) -> String {
    match *part {
        Part::Range(start, end, step) => {
            let end = end.map_or(String::new(), |end| end.to_string());
            let range = format!("{start}..{end}");
            if step == 1 { range } else { format!("{range};{step}") }
        }
        Part::Place(place) => place.to_string(),
        Part::New => "NewAxis".to_owned(),
    }
}

/// One size where there is one axis, else both.
fn last(axes: usize, sizes: &[usize; 2]) -> String {
    if axes == 1 { format!("[{}]", sizes[1]) } else { format!("{sizes:?}") }
}

/// The methods that set what is not as it would be without them.
fn options(axes: usize, moves: &Moves, stride: [usize; 2]) -> String {
    let own = |sizes: &[usize; 2]| if axes == 1 { [0, sizes[1]] } else { *sizes };
    let mut text = String::new();
    let mut set = |name: &str, sizes: &[usize; 2], default: &[usize; 2]| {
        if own(sizes) != own(default) {
            text += &format!(".{name}({})", last(axes, sizes));
        }
    };
    set("stride", &moves.stride, &stride);
    set("padding", &moves.padding, &[0; 2]);
    set("dilation", &moves.dilation, &[1; 2]);
    set("output_padding", &moves.output_padding, &[0; 2]);
    if moves.groups != 1 {
        text += &format!(".groups({})", moves.groups);
    }
    text
}
