//! Functions of each element, and of two or three in the same place.

use chainrule_oracle::{common_shape, count};

use super::{Kind, number};
use crate::program::call::{Call, Function, Id, Mapped, Operator, Pair};
use crate::program::decode::{Decoder, Gene, MARGIN, plus};

/// Rows: a name, and the call that a gene stands for.
macro_rules! functions {
    ($($name:literal |$g:pat_param| $function:expr;)+) => {
        &[$(Kind { name: $name, draw: |d, g| { let $g = g; function(d, g, $function) } }),+]
    };
}

/// Functions of one array.
pub(super) const FUNCTIONS: &[Kind] = functions! {
    "square" |_| Function::Square;
    "sqrt" |_| Function::Sqrt;
    "exp" |_| Function::Exp;
    "ln" |_| Function::Ln;
    "sigmoid" |_| Function::Sigmoid;
    "tanh" |_| Function::Tanh;
    "relu" |_| Function::Relu;
    "abs" |_| Function::Abs;
    "sign" |_| Function::Sign;
    "floor" |_| Function::Floor;
    "expm1" |_| Function::Expm1;
    "log1p" |_| Function::Log1p;
    "sin" |_| Function::Sin;
    "cos" |_| Function::Cos;
    "tan" |_| Function::Tan;
    "atan" |_| Function::Atan;
    "softplus" |_| Function::Softplus;
    "erf" |_| Function::Erf;
    "erfc" |_| Function::Erfc;
    "recip" |_| Function::Recip;
    "powi" |g| Function::Powi([3, 2, -1, -2, 1, 5, 0, -3][usize::from(g.p[0] % 8)]);
    "powf" |g| Function::Powf([1.5, 3.0, 0.75, -0.5, -1.5, 1.0, 0.0, 2.0][usize::from(g.p[0] % 8)]);
    "clamp" |g| match g.p[0] % 4 {
        0 => Function::Clamp(Some(-0.5), Some(1.0)),
        1 => Function::Clamp(None, Some(0.75)),
        2 => Function::Clamp(Some(-0.25), None),
        _ => Function::Clamp(Some(0.5), Some(1.5)),
    };
    "leaky_relu" |g| Function::LeakyRelu([0.25, -0.5, 0.125, 2.0][usize::from(g.p[0] % 4)]);
    "elu" |g| Function::Elu([1.0, 0.5, 2.0, 1.5][usize::from(g.p[0] % 4)]);
    "silu" |_| Function::Silu;
    "gelu" |_| Function::Gelu;
    "gelu_tanh" |_| Function::GeluTanh;
};

/// Operators, and functions of two or three.
pub(super) const OTHERS: &[Kind] = &[
    Kind { name: "add", draw: |d, g| operator(d, g, Operator::Add) },
    Kind { name: "sub", draw: |d, g| operator(d, g, Operator::Sub) },
    Kind { name: "mul", draw: |d, g| operator(d, g, Operator::Mul) },
    Kind { name: "div", draw: |d, g| operator(d, g, Operator::Div) },
    Kind { name: "add_number", draw: |d, g| with_number(d, g, Operator::Add) },
    Kind { name: "sub_number", draw: |d, g| with_number(d, g, Operator::Sub) },
    Kind { name: "mul_number", draw: |d, g| with_number(d, g, Operator::Mul) },
    Kind { name: "div_number", draw: |d, g| with_number(d, g, Operator::Div) },
    Kind {
        name: "neg",
        draw: |d, g| {
            let x = d.any(g)?;
            d.push(Call::Neg, &[x])
        },
    },
    Kind { name: "map", draw: mapped },
    Kind { name: "pow", draw: |d, g| pair(d, g, Pair::Pow) },
    Kind { name: "maximum", draw: |d, g| pair(d, g, Pair::Maximum) },
    Kind { name: "minimum", draw: |d, g| pair(d, g, Pair::Minimum) },
    Kind { name: "less", draw: |d, g| pair(d, g, Pair::Less) },
    Kind { name: "less_equal", draw: |d, g| pair(d, g, Pair::LessEqual) },
    Kind { name: "equal", draw: |d, g| pair(d, g, Pair::Equal) },
    Kind { name: "greater", draw: |d, g| pair(d, g, Pair::Greater) },
    Kind { name: "greater_equal", draw: |d, g| pair(d, g, Pair::GreaterEqual) },
    Kind { name: "not_equal", draw: |d, g| pair(d, g, Pair::NotEqual) },
    Kind { name: "atan2", draw: |d, g| pair(d, g, Pair::Atan2) },
    Kind { name: "hypot", draw: |d, g| pair(d, g, Pair::Hypot) },
    Kind { name: "chain", draw: |d, g| zipped(d, g, Call::Chain) },
    Kind { name: "above", draw: |d, g| zipped(d, g, Call::Above) },
    Kind { name: "select", draw: select },
    Kind { name: "sigmoid_cross_entropy", draw: sigmoid_cross_entropy },
];

/// A pole, where values and slopes are infinite, is kept farther away than a kink.
const POLE: f64 = 0.25;

/// Where a function is tried: a range, and points that elements keep away from.
fn domain(function: Function) -> (f64, f64, Vec<(f64, f64)>) {
    use Function::*;
    let kinks = |points: &[f64]| points.iter().map(|&p| (p, MARGIN)).collect::<Vec<_>>();
    match function {
        Sqrt | Ln => (0.25, 16.0, vec![]),
        Exp | Expm1 => (-4.0, 3.0, vec![]),
        Log1p => (-0.5, 8.0, vec![]),
        Tan => (-1.25, 1.25, vec![]),
        Erf | Erfc => (-3.0, 3.0, vec![]),
        Recip => (-8.0, 8.0, vec![(0.0, POLE)]),
        Powi(n) if n < 0 => (-4.0, 4.0, vec![(0.0, POLE)]),
        Powi(_) => (-3.0, 3.0, vec![]),
        Powf(_) => (0.25, 4.0, vec![]),
        Relu | Abs | Sign | LeakyRelu(_) | Elu(_) => (-8.0, 8.0, kinks(&[0.0])),
        Floor => (-8.0, 8.0, (-9..=9).map(|n| (f64::from(n), MARGIN)).collect()),
        Clamp(low, high) => (-8.0, 8.0, kinks(&[low, high].into_iter().flatten().collect::<Vec<_>>())),
        Square | Sin | Cos | Atan | Sigmoid | Softplus => (-8.0, 8.0, vec![]),
        Tanh | Silu | Gelu | GeluTanh => (-4.0, 4.0, vec![]),
    }
}

fn function(d: &mut Decoder<'_>, g: &Gene, function: Function) -> Option<Id> {
    let x = d.any(g)?;
    let (low, high, points) = domain(function);
    let x = d.within(x, low, high, &points)?;
    d.push(function, &[x])
}

fn mapped(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let (mapped, points) = match g.p[0] % 3 {
        0 => (Mapped::LogisticDensity, vec![]),
        1 => (Mapped::Inside(-0.5, 1.0), vec![(-0.5, MARGIN), (1.0, MARGIN)]),
        _ => (Mapped::Step, vec![(0.0, MARGIN)]),
    };
    let x = d.within(x, -8.0, 8.0, &points)?;
    d.push(Call::Map(mapped), &[x])
}

/// Two lines whose shapes broadcast, in either order.
fn two(d: &mut Decoder<'_>, g: &Gene) -> Option<[Id; 2]> {
    let x = d.any(g)?;
    let shape = d.shape(x).to_vec();
    let fits = |s: &[usize]| common_shape(&shape, s).is_some_and(|s| s.len() <= 4);
    let y = match g.b {
        // Sometimes the same one twice, sometimes one of its own shape that is stretched.
        0..96 => d.pick(g.b, fits)?,
        96..208 => {
            let stretched: Vec<usize> =
                shape.iter().enumerate().map(|(i, &n)| if g.c >> i & 1 == 1 { 1 } else { n }).collect();
            d.fresh(&stretched, g.p[2])?
        }
        _ => d.fresh(&shape[shape.len().min(1)..], g.p[2])?,
    };
    Some(if g.c < 128 { [x, y] } else { [y, x] })
}

/// Two lines, and behind the shrunk gene two leaves.
fn operator(d: &mut Decoder<'_>, g: &Gene, operator: Operator) -> Option<Id> {
    let [x, mut y] = two(d, g)?;
    if operator == Operator::Div {
        y = d.within(y, -8.0, 8.0, &[(0.0, POLE)])?;
    }
    d.push(Call::Operator(operator), &[x, y])
}

fn with_number(d: &mut Decoder<'_>, g: &Gene, operator: Operator) -> Option<Id> {
    let mut x = d.any(g)?;
    let left = g.p[1] % 2 == 1;
    let mut c = number(g.p[0]);
    if operator == Operator::Div {
        if left {
            x = d.within(x, -8.0, 8.0, &[(0.0, POLE)])?;
        } else if c == 0.0 {
            c = 1.5;
        }
    }
    d.push(Call::Number(operator, c, left), &[x])
}

/// Whether `fits` is true of all pairs of elements, after broadcasting.
fn together(d: &Decoder<'_>, x: Id, y: Id, fits: impl Fn(f64, f64) -> bool) -> bool {
    let (a, b) = (d.shape(x), d.shape(y));
    let Some(shape) = common_shape(a, b) else { return false };
    let place = |index: &[usize], s: &[usize]| {
        let axes = s.iter().enumerate();
        axes.fold(0, |place, (i, &n)| place * n + if n == 1 { 0 } else { index[index.len() - s.len() + i] })
    };
    (0..count(&shape)).all(|flat| {
        let mut rest = flat;
        let mut index = vec![0; shape.len()];
        for (i, &n) in index.iter_mut().zip(&shape).rev() {
            *i = rest % n;
            rest /= n;
        }
        fits(d.elements(x)[place(&index, a)], d.elements(y)[place(&index, b)])
    })
}

/// The second line, moved until all pairs fit.
fn beside(d: &mut Decoder<'_>, x: Id, y: Id, fits: fn(f64, f64) -> bool) -> Option<Id> {
    if together(d, x, y, fits) {
        return Some(y);
    }
    let shifts = (1..=80_i32).flat_map(|k| [f64::from(k) / 16.0, f64::from(-k) / 16.0]);
    let shift = shifts.into_iter().find(|c| together(d, x, y, |a, b| fits(a, b + c)))?;
    d.push(plus(shift), &[y])
}

fn apart(x: f64, y: f64) -> bool {
    (x - y).abs() >= MARGIN
}

/// Away from the origin, and from the ray where the angle jumps.
fn angle(y: f64, x: f64) -> bool {
    y.hypot(x) >= POLE && (x > 0.0 || y.abs() >= MARGIN)
}

fn pair(d: &mut Decoder<'_>, g: &Gene, pair: Pair) -> Option<Id> {
    if g.p[1] % 4 == 3 {
        // A plain number as the second one.
        let (x, c) = (d.any(g)?, number(g.p[0]));
        let x = match pair {
            Pair::Pow => d.within(x, 0.25, 4.0, &[])?,
            Pair::Atan2 => d.within(x, -8.0, 8.0, &[(0.0, POLE)])?,
            Pair::Hypot => d.within(x, -8.0, 8.0, &[(0.0, POLE)])?,
            _ => d.within(x, -8.0, 8.0, &[(c, MARGIN)])?,
        };
        return d.push(Call::PairNumber(pair, c), &[x]);
    }
    let [mut x, mut y] = two(d, g)?;
    match pair {
        Pair::Pow => {
            x = d.within(x, 0.25, 4.0, &[])?;
            y = d.within(y, -3.0, 3.0, &[])?;
        }
        Pair::Atan2 => y = beside(d, x, y, angle)?,
        Pair::Hypot => y = beside(d, x, y, |a, b| a.hypot(b) >= POLE)?,
        _ if d.at_kinks(&[x, y]) => {}
        _ => y = beside(d, x, y, apart)?,
    }
    d.push(Call::Pair(pair), &[x, y])
}

/// Two of one shape.
fn zipped(d: &mut Decoder<'_>, g: &Gene, call: Call) -> Option<Id> {
    let x = d.any(g)?;
    let shape = d.shape(x).to_vec();
    let mut y = d.shaped(g.b, &shape)?;
    if matches!(call, Call::Above) && !d.at_kinks(&[x, y]) {
        y = beside(d, x, y, apart)?;
    }
    d.push(call, &[x, y])
}

/// A condition is the result of a comparison: a rounded 0 would be none.
fn select(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let compared = |call: &Call| matches!(call, Call::Pair(p) | Call::PairNumber(p, _) if p.is_step());
    let exact = |d: &Decoder<'_>, id: Id| d.lines.get(id).is_some_and(|line| compared(&line.call));
    let [x, y] = two(d, g)?;
    let shape = common_shape(d.shape(x), d.shape(y))?;
    let fits = |s: &[usize]| common_shape(&shape, s).is_some_and(|s| s.len() <= 4);
    let condition = match d.pick_line(g.p[0], |id, s| exact(d, id) && fits(s)) {
        Some(id) => id,
        None => {
            let id = d.pick(g.p[0], fits)?;
            let c = number(g.p[1]);
            let id = d.within(id, -8.0, 8.0, &[(c, MARGIN)])?;
            let compare = if g.p[2].is_multiple_of(2) { Pair::Less } else { Pair::GreaterEqual };
            d.push(Call::PairNumber(compare, c), &[id])?
        }
    };
    d.push(Call::Select, &[condition, x, y])
}

fn sigmoid_cross_entropy(d: &mut Decoder<'_>, g: &Gene) -> Option<Id> {
    let x = d.any(g)?;
    let x = d.within(x, -8.0, 8.0, &[])?;
    let shape = d.shape(x).to_vec();
    let p = d.shaped(g.b, &shape)?;
    d.push(Call::SigmoidCrossEntropy, &[x, p])
}
