//! The scalar functions one by one, over their whole domain: values, slopes in both modes and second derivatives in
//! *relative* error, in f64 and f32, against figures of 60 digits (`data/slopes.csv`, made by `data/slopes.py`).
//!
//! The complex step is not the reference here: with a step of 1e-72 the imaginary part of `1e-300` or of `e^-700` is
//! lost, and it knows no second derivative. It has a test of its own below, for arguments of ordinary size, where it is
//! exact to a few units; a new row of the registry has to pass both.

use std::collections::BTreeMap;
use std::fmt::Debug;

use chainrule::graph::{Graph, Scalar, Unary, Var, jvp};
use chainrule_oracle::Complex;
use chainrule_tests::oracle::unary;

/// Errors allowed in units of the relative spacing `EPSILON`: of the value, the slope and the second derivative.
#[derive(Clone, Copy)]
struct Bounds {
    value: f64,
    slope: f64,
    second: f64,
    /// The second derivative is a difference of terms as large as the slope, which cancel where it vanishes.
    cancels: bool,
}

/// An operation rounds by half a unit; `exp`, `ln`, `tanh` and `powf` of the standard library by at most one.
fn bounds<T: Scalar>(f: Unary<T>, x: f64) -> Bounds {
    let exact = |value, slope, second| Bounds { value, slope, second, cancels: false };
    match f {
        Unary::Neg | Unary::Relu | Unary::Step => exact(0.0, 0.0, 0.0),
        Unary::Add(_) | Unary::Mul(_) | Unary::Div(_) => exact(0.5, 0.5, 0.0),
        // One rounding; two; the second is two products of two quotients and their sum.
        Unary::DivInto(_) => exact(0.5, 1.0, 2.5),
        Unary::Square => exact(0.5, 0.0, 0.0),
        // y; 0.5 / y; (0.5 / y) / y times 0.5 / y
        Unary::Sqrt => exact(0.5, 1.0, 3.0),
        // |n| multiplications of half a unit each, and one for a reciprocal; a factor more for each derivative.
        Unary::Powi(n) => {
            let n = f64::from(n.abs());
            exact((n + 1.0) / 2.0, (n + 3.0) / 2.0, (n + 6.0) / 2.0)
        }
        // For 0 < c < 1/2 the rounding of c - 1 counts `|ln x|` times (`scalar.rs` says so). Otherwise one power, and
        // one or two factors; for c < 0 a sum of two terms of the same sign.
        Unary::Powf(c) => {
            let c = c.as_f64();
            let rounded = if c > 0.0 && c < 0.5 { x.abs().ln().abs() / 2.0 } else { 0.0 };
            exact(1.0, 2.0 + rounded, 4.0 + rounded)
        }
        Unary::Exp | Unary::Expm1 => exact(1.0, 1.0, 1.0),
        Unary::Abs | Unary::Sign | Unary::Floor | Unary::Clamp(..) | Unary::Inside(..) => {
            exact(0.0, 0.0, 0.0)
        }
        Unary::Log1p => exact(1.0, 1.0, 2.0),
        Unary::Sin | Unary::Cos => exact(1.0, 1.0, 1.0),
        // 1 + y², 2 y (1 + y²): y counts twice, or three times
        Unary::Tan => exact(1.0, 3.0, 5.0),
        // the square of 1/√(1 + x²), and its product with x/√(1 + x²) twice
        Unary::Atan => exact(1.0, 4.0, 8.0),
        Unary::Softplus => exact(2.0, 2.0, 3.0),
        // Documented: the rounding of x² counts x² times.
        Unary::Erf => exact(1.0, 3.0 + (x * x).min(1e4), 5.0 + (x * x).min(1e4)),
        Unary::Erfc => exact(2.0, 3.0 + (x * x).min(1e4), 5.0 + (x * x).min(1e4)),
        Unary::Ln => exact(1.0, 0.5, 1.0),
        // Documented: 2 for each of the two factors would be the worst case; 3 holds.
        Unary::Sigmoid => Bounds { value: 2.0, slope: 3.0, second: 6.0, cancels: true },
        Unary::Tanh => Bounds { value: 1.0, slope: 4.0, second: 6.0, cancels: true },
        Unary::LogisticDensity => Bounds { value: 3.0, slope: 6.0, second: 9.0, cancels: true },
    }
}

/// Value, slope and second derivative.
type Figures = [f64; 3];

/// The functions whose figures `f64` holds, or whose one rounding is that of the formula here.
fn by_formula(f: Unary<f64>, x: f64) -> Option<Figures> {
    let positive = if x > 0.0 { 1.0 } else { 0.0 };
    Some(match f {
        Unary::Neg => [-x, -1.0, 0.0],
        Unary::Add(c) => [x + c, 1.0, 0.0],
        Unary::Mul(c) => [x * c, c, 0.0],
        Unary::Div(c) => [x / c, 1.0 / c, 0.0],
        Unary::Square => [x * x, 2.0 * x, 2.0],
        Unary::Powi(0) => [1.0, 0.0, 0.0],
        Unary::Powi(1) => [x, 1.0, 0.0],
        Unary::Powf(0.0) => [1.0, 0.0, 0.0],
        Unary::Relu => [x.max(0.0), positive, 0.0],
        Unary::Step => [positive, 0.0, 0.0],
        Unary::Abs => [x.abs(), if x == 0.0 { 0.0 } else { x.signum() }, 0.0],
        Unary::Sign => [if x == 0.0 { 0.0 } else { x.signum() }, 0.0, 0.0],
        Unary::Floor => [x.floor(), 0.0, 0.0],
        Unary::Clamp(low, high) => [x.max(low).min(high), f64::from(low < x && x < high), 0.0],
        Unary::Inside(low, high) => [f64::from(low < x && x < high), 0.0, 0.0],
        _ => return None,
    })
}

/// The table of `data/slopes.csv`: arguments and figures by the function's name.
fn table() -> BTreeMap<String, Vec<(f64, Figures)>> {
    let mut table: BTreeMap<String, Vec<(f64, Figures)>> = BTreeMap::new();
    for line in include_str!("data/slopes.csv").lines() {
        let mut fields = line.split(',');
        let name = fields.next().unwrap();
        let numbers: Vec<f64> = fields.map(|field| field.parse().unwrap()).collect();
        let [x, value, slope, second] = numbers[..] else { panic!("{line}") };
        table.entry(name.to_owned()).or_default().push((x, [value, slope, second]));
    }
    table
}

/// The worst error of a function in units of its bounds, for the report; fails where one is above 1.
struct Worst {
    what: String,
    errors: Figures,
}

impl Worst {
    fn check<T: Scalar>(&mut self, order: usize, x: T, got: T, want: f64, units: f64, size: f64) {
        let (largest, smallest) =
            (T::max_value().as_f64(), (T::min_positive_value() * T::epsilon()).as_f64());
        let got = got.as_f64();
        // Sixteen spacings of the subnormal numbers: an intermediate result there has no relative accuracy to pass on.
        let allowed = units * T::epsilon().as_f64() * size.min(largest) + 16.0 * smallest;
        // What T cannot hold is infinite; next to the largest number either is right.
        let clipped = want.clamp(-largest, largest);
        let same_end = clipped.abs() >= largest * (1.0 - units * T::epsilon().as_f64())
            && got.is_infinite()
            && got.signum() == want.signum();
        let error = (got - clipped).abs();
        let exact = error.to_bits() == 0 || same_end;
        let ratio = if exact { 0.0 } else { error / allowed };
        self.errors[order] = self.errors[order].max(ratio);
        assert!(ratio <= 1.0, "{}, derivative {order}, at {x:e}: {got:e}, not {want:e} ({ratio})", self.what);
    }
}

fn numbers<T: Scalar>(x: Var<'_, T>) -> Vec<T> {
    x.value().unwrap().into_iter().collect()
}

/// Whether a function is constant between jumps.
fn is_step<T: Scalar>(f: Unary<T>) -> bool {
    matches!(f, Unary::Sign | Unary::Floor | Unary::Inside(..) | Unary::Step)
}

/// Values, slopes by reverse and by forward mode, second derivatives by reverse over reverse and forward over reverse.
fn by_engine<T: Scalar>(f: Unary<T>, points: &[T]) -> [Vec<T>; 5] {
    let graph = Graph::<T>::default();
    let x = graph.variable("x", points);
    // The gradient of a step alone is refused (`derivatives/cuts.rs`); beside another path it is the zero that it is.
    let y = x.map(f);
    let y = if is_step(f) { graph.constant(T::zero()).select(x, y) } else { y };
    let one = graph.full([points.len()], T::one());
    let slope = y.vjp(one, x).unwrap();
    let forward = y.jvp(x, one).unwrap();
    let second = slope.vjp(one, x).unwrap();
    let mixed = slope.jvp(x, one).unwrap();
    [y, slope, forward, second, mixed].map(numbers)
}

fn over_the_domain<T: Scalar + Debug>(functions: Vec<Unary<T>>) {
    let table = table();
    for f in functions {
        let name = format!("{f:?}");
        let twin = Unary::<f64>::all().into_iter().find(|g| format!("{g:?}") == name);
        let exact = |x: f64| twin.and_then(|g| by_formula(g, x));
        let rows: Vec<(f64, Figures)> = match (table.get(&name), exact(1.0)) {
            (Some(rows), _) => rows.clone(),
            // The arguments of another function, and the formula.
            (None, Some(_)) => table["Tanh"].iter().map(|&(x, _)| (x, exact(x).unwrap())).collect(),
            (None, None) => panic!("{name} is new: add it to data/slopes.py, or its exact formula above"),
        };
        // f32 takes part where it has the argument.
        let rows: Vec<_> = rows.into_iter().filter(|&(x, _)| T::of(x).as_f64() == x).collect();
        let points: Vec<T> = rows.iter().map(|&(x, _)| T::of(x)).collect();
        let [values, slopes, forward, seconds, mixed] = by_engine(f, &points);
        let mut worst = Worst { what: format!("{f:?} in {}", T::NAME), errors: [0.0; 3] };
        for (i, (x, [value, slope, second])) in rows.into_iter().enumerate() {
            let allowed = bounds(f, x);
            worst.check(0, points[i], values[i], value, allowed.value, value.abs());
            assert_eq!(f.value(points[i]), values[i], "one number and an array of them: {f:?} at {x:e}");
            worst.check(1, points[i], slopes[i], slope, allowed.slope, slope.abs());
            assert_eq!(slopes[i], forward[i], "the two modes: {f:?} at {x:e}");
            let size = if allowed.cancels { slope.abs().max(second.abs()) } else { second.abs() };
            worst.check(2, points[i], seconds[i], second, allowed.second, size);
            worst.check(2, points[i], mixed[i], second, allowed.second, size);
        }
        println!("{}: {:.2?} of the bounds at {} points", worst.what, worst.errors, points.len());
    }
}

#[test]
fn every_function_is_accurate_over_its_whole_domain_in_f64() {
    // 0.1 is the power whose exponent less 1 is not exact.
    let more = [0.1, 0.5].map(Unary::Powf);
    over_the_domain::<f64>([Unary::all(), more.to_vec()].concat());
}

#[test]
fn every_function_is_accurate_over_its_whole_domain_in_f32() {
    over_the_domain::<f32>(Unary::all());
}

/// The complex step on formulas that share nothing with the engine or the table, for every row of the registry.
#[test]
fn every_function_agrees_with_the_complex_step() {
    for f in Unary::<f64>::all() {
        let points: Vec<f64> = (1..40).map(|i| f64::from(i) / 8.0 - 2.5).filter(|&x| inside(f, x)).collect();
        let [values, slopes, ..] = by_engine(f, &points);
        for ((&x, value), got) in points.iter().zip(values).zip(slopes) {
            let (step, want) = (unary(f, Complex::step(x)), unary(f, x));
            assert!(
                (value - want).abs() <= 8.0 * f64::EPSILON * want.abs(),
                "{f:?} at {x}: {value}, not {want}"
            );
            let want = step.slope();
            assert!(
                (got - want).abs() <= 16.0 * f64::EPSILON * want.abs(),
                "{f:?}' at {x}: {got}, not {want}"
            );
        }
    }
}

fn inside(f: Unary<f64>, x: f64) -> bool {
    use chainrule::graph::Domain;
    let at_kink = f.kinks().contains(&x);
    match f.domain() {
        Domain::Real => !at_kink,
        Domain::NonZero => x != 0.0 && !at_kink,
        Domain::Positive => x > 0.0 && !at_kink,
        Domain::AboveMinusOne => x > -1.0 && !at_kink,
    }
}

/// What a function and its slope are at 0, ∞, -∞ and NaN.
fn at_the_ends(f: Unary<f64>) -> Option<[(f64, f64); 4]> {
    const INF: f64 = f64::INFINITY;
    const NAN: f64 = f64::NAN;
    Some(match f {
        Unary::Neg => [(0.0, -1.0), (-INF, -1.0), (INF, -1.0), (NAN, -1.0)],
        Unary::Add(c) => [(c, 1.0), (INF, 1.0), (-INF, 1.0), (NAN, 1.0)],
        Unary::Mul(0.0) => [(0.0, 0.0), (NAN, 0.0), (NAN, 0.0), (NAN, 0.0)],
        Unary::Mul(c) => [(0.0, c), (c * INF, c), (c * -INF, c), (NAN, c)],
        Unary::Div(c) => [(0.0, 1.0 / c), (c * INF, 1.0 / c), (c * -INF, 1.0 / c), (NAN, 1.0 / c)],
        Unary::DivInto(c) => [(c * INF, c * -INF), (0.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Square | Unary::Powi(2) => [(0.0, 0.0), (INF, INF), (INF, -INF), (NAN, NAN)],
        Unary::Sqrt => [(0.0, INF), (INF, 0.0), (NAN, NAN), (NAN, NAN)],
        Unary::Powi(-3) => [(INF, -INF), (0.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Powi(-1) => [(INF, -INF), (0.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        // Exactly 1, whatever x is: so its slope is exactly 0.
        Unary::Powi(0) | Unary::Powf(0.0) => [(1.0, 0.0); 4],
        Unary::Powi(1) => [(0.0, 1.0), (INF, 1.0), (-INF, 1.0), (NAN, 1.0)],
        Unary::Powi(5) => [(0.0, 0.0), (INF, INF), (-INF, INF), (NAN, NAN)],
        Unary::Powf(-0.5) => [(INF, -INF), (0.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Powf(0.5) => [(0.0, INF), (INF, 0.0), (INF, 0.0), (NAN, NAN)],
        Unary::Powf(1.5) => [(0.0, 0.0), (INF, INF), (INF, INF), (NAN, NAN)],
        Unary::Powf(3.0) => [(0.0, 0.0), (INF, INF), (-INF, INF), (NAN, NAN)],
        Unary::Exp => [(1.0, 1.0), (INF, INF), (0.0, 0.0), (NAN, NAN)],
        // Of -∞ only the value is NaN: the slope is the formula 1 / x.
        Unary::Ln => [(-INF, INF), (INF, 0.0), (NAN, 0.0), (NAN, NAN)],
        Unary::Sigmoid => [(0.5, 0.25), (1.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Tanh => [(0.0, 1.0), (1.0, 0.0), (-1.0, 0.0), (NAN, NAN)],
        Unary::LogisticDensity => [(0.25, 0.0), (0.0, 0.0), (0.0, 0.0), (NAN, NAN)],
        // The kink: of the slopes 0 and 1 the documented one is 0.
        Unary::Relu => [(0.0, 0.0), (INF, 1.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Step => [(0.0, 0.0), (1.0, 0.0), (0.0, 0.0), (NAN, 0.0)],
        Unary::Abs => [(0.0, 0.0), (INF, 1.0), (INF, -1.0), (NAN, NAN)],
        Unary::Sign => [(0.0, 0.0), (1.0, 0.0), (-1.0, 0.0), (NAN, 0.0)],
        Unary::Floor => [(0.0, 0.0), (INF, 0.0), (-INF, 0.0), (NAN, 0.0)],
        Unary::Expm1 => [(0.0, 1.0), (INF, INF), (-1.0, 0.0), (NAN, NAN)],
        Unary::Log1p => [(0.0, 1.0), (INF, 0.0), (NAN, 0.0), (NAN, NAN)],
        Unary::Sin => [(0.0, 1.0), (NAN, NAN), (NAN, NAN), (NAN, NAN)],
        Unary::Cos => [(1.0, 0.0), (NAN, NAN), (NAN, NAN), (NAN, NAN)],
        Unary::Tan => [(0.0, 1.0), (NAN, NAN), (NAN, NAN), (NAN, NAN)],
        Unary::Atan => {
            [(0.0, 1.0), (std::f64::consts::FRAC_PI_2, 0.0), (-std::f64::consts::FRAC_PI_2, 0.0), (NAN, NAN)]
        }
        Unary::Softplus => [(std::f64::consts::LN_2, 0.5), (INF, 1.0), (0.0, 0.0), (NAN, NAN)],
        Unary::Erf => [(0.0, std::f64::consts::FRAC_2_SQRT_PI), (1.0, 0.0), (-1.0, 0.0), (NAN, NAN)],
        Unary::Erfc => [(1.0, -std::f64::consts::FRAC_2_SQRT_PI), (0.0, 0.0), (2.0, 0.0), (NAN, NAN)],
        // The bounds are kinks, and 0 lies between them.
        Unary::Clamp(low, high) => [(0.0, 1.0), (high, 0.0), (low, 0.0), (NAN, 0.0)],
        Unary::Inside(..) => [(1.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)],
        _ => return None,
    })
}

#[test]
fn zeros_infinities_and_nan_give_what_is_documented() {
    for f in [Unary::<f64>::all(), vec![Unary::Powf(0.5)]].concat() {
        let want = at_the_ends(f).unwrap_or_else(|| panic!("{f:?} is new: what is it at 0, ±∞ and NaN?"));
        let points = [0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        let [values, slopes, forward, ..] = by_engine(f, &points);
        for (i, (value, slope)) in want.into_iter().enumerate() {
            let same = |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan());
            assert!(same(values[i], value), "{f:?} of {}: {}, not {value}", points[i], values[i]);
            for got in [slopes[i], forward[i]] {
                assert!(same(got, slope), "{f:?}' at {}: {got}, not {slope}", points[i]);
            }
        }
        // -0 is 0: the same sizes. (Signs of infinities follow IEEE division.)
        let [values, slopes, ..] = by_engine(f, &[0.0, -0.0]);
        assert_eq!(values[0].abs(), values[1].abs(), "{f:?} of -0");
        assert_eq!(slopes[0].abs(), slopes[1].abs(), "{f:?}' at -0");
    }
}

/// Where the textbook's formulas fail: named, so that nobody has to find them in the table.
#[test]
fn slopes_that_other_formulas_lose() {
    let slope = |f: fn(Var<'_>) -> Var<'_>, x: f64| {
        let graph = Graph::new();
        let x = graph.variable("x", x);
        f(x).grad(x).unwrap().item().unwrap()
    };
    // 1 - tanh² is 0 here; the slope is not.
    let near = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 2e-15, "{got:e}, not {want:e}");
    near(slope(|x| x.tanh(), 19.0), 1.2556531168192118e-16);
    near(slope(|x| x.tanh(), -300.0), 1.0601586212017243e-260);
    near(slope(|x| x.sigmoid(), 700.0), 9.859_676_543_759_77e-305);
    near(slope(|x| x.sigmoid(), -700.0), 9.859_676_543_759_77e-305);
    for x in [1000.0, -1000.0] {
        assert_eq!((slope(|x| x.sigmoid(), x), slope(|x| x.tanh(), x)), (0.0, 0.0));
    }
    assert_eq!(slope(|x| x.ln(), 1e-300), 1.0 / 1e-300);
    assert_eq!(slope(|x| x.powi(2), 0.0), 0.0);
    assert_eq!(slope(|x| x.powi(1), 0.0), 1.0);
    assert_eq!(slope(|x| x.powi(0), 0.0), 0.0);
    assert_eq!(slope(|x| x.powf(2.0), 0.0), 0.0);
    assert_eq!(slope(|x| x.powf(1.0), 0.0), 1.0);
    assert_eq!(slope(|x| x.powf(0.0), 0.0), 0.0);
    assert_eq!(slope(|x| x.powf(0.5), 0.0), f64::INFINITY);
    // -c / x² overflows on the way, the slope does not.
    assert_eq!(slope(|x| 1e-300 / x, 1e-200), -1e100);
    // x / c with a subnormal c: 1 / c is infinite.
    let graph = Graph::new();
    let x = graph.variable("x", 1e-310);
    let y = x / 1e-310;
    assert_eq!((y.item().unwrap(), y.vjp(1e-300, x).unwrap().item().unwrap()), (1.0, 1e-300 / 1e-310));
    assert_eq!(jvp(y, x, graph.constant(1e-300)).unwrap().item().unwrap(), 1e-300 / 1e-310);
}

#[test]
fn powers_to_the_smallest_whole_number_do_not_overflow_their_own_exponent() {
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, -1.0, 2.0, 0.5]);
    let y = x.powi(i32::MIN);
    let slope = y.vjp(1.0, x).unwrap();
    let n = f64::from(i32::MIN);
    assert_eq!(numbers(y), [1.0, 1.0, 0.0, f64::INFINITY]);
    assert_eq!(numbers(slope), [n, -n, 0.0, f64::NEG_INFINITY]);
}
