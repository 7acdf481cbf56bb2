//! What compiled programs refuse, when they are compiled and when they run; and that a run that fails changes nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use chainrule::graph::{
    CustomOp, Error, ErrorKind, Feeds, Form, Graph, LinearMap, Program, Scalar, State, Triangle, Var,
};
use ndarray::{ArrayD, ArrayViewD, array};

/// All values of a state, bit for bit.
fn bits<T: Scalar>(state: &State<T>) -> Vec<(String, Vec<u64>)> {
    let names = state.shapes().into_keys();
    names
        .map(|name| {
            let value = state.get(&name).unwrap();
            (name, value.iter().map(|x| x.as_f64().to_bits()).collect())
        })
        .collect()
}

/// The error of a run that fails, and leaves the state as it was.
#[track_caller]
fn fails<T: Scalar, O: Form>(program: &mut Program<T, O>, inputs: impl Feeds<T>) -> Error {
    let (before, plan) = (bits(program.state()), program.explain());
    let Err(error) = program.run(inputs) else { panic!("it ran:\n{plan}") };
    assert!(!error.help().is_empty() || error.operation() == "moody", "{error}");
    assert_eq!(bits(program.state()), before, "half-written: {error}");
    error
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, operation: &str, line: u32, message: &str) {
    assert_eq!((error.kind(), error.operation()), (kind, operation), "{error}");
    assert!(error.location().file().ends_with("compiled/errors.rs"), "{error}");
    assert_eq!(error.location().line(), line, "{error}");
    assert!(error.message().contains(message), "{error}\nwanted: {message}");
}

#[test]
fn what_a_program_is_not_made_of() {
    let (graph, other) = (Graph::new(), Graph::new());
    let (x, y) = (graph.variable("x", [1.0, 2.0]), graph.constant([3.0, 4.0]));
    let foreign = other.constant([1.0, 2.0]);
    let none: [Var<'_>; 0] = [];
    macro_rules! refuse {
        ($($builder:expr => $kind:ident, $message:expr;)+) => {
            $({
                let error = $builder.compile().map(drop).unwrap_err();
                let line = error.location().line();
                check(&error, ErrorKind::$kind, "compile", line, $message);
                assert!(!error.help().is_empty(), "{error}");
                // `line!()` is that of the whole macro; that the text of the error's line has the message says the same.
                let text = include_str!("errors.rs").lines().nth(line as usize - 1).unwrap();
                assert!(text.contains(stringify!($message)), "{error}\n{text}");
            })+
        };
    }
    refuse! {
        Program::new(none, none) => Count, "neither outputs nor updates";
        Program::new([foreign], [x]) => ForeignNode, "belongs to another graph";
        Program::new([x], [foreign]) => ForeignNode, "belongs to another graph";
        Program::new([], [y]).update(x, foreign) => ForeignNode, "belongs to another graph";
        Program::new([], [y]).update(foreign, y) => ForeignNode, "belongs to another graph";
        Program::new([x, y, x], [y]) => Argument, "variable `x` is given as an input twice";
        Program::new([], none).update(y, x) => Argument, "a `constant` is no variable";
        Program::new([], none).update(x + y, x) => Argument, "a `add` is no variable";
        Program::new([x], none).update(x, y) => Argument, "variable `x` is an input";
        Program::new([], none).update(x, y).update(x, y * 2.0) => Argument, "variable `x` is updated twice";
        Program::new([], none).update(x, y.sum()) => Shape, "variable `x` has the shape [2], its new value []";
        Program::new([], none).update(x, graph.constant([[1.0], [2.0]].concat()).reshape([2, 1])) => Shape, "variable `x` has the shape [2], its new value [2, 1]";
    }
    // An invalid node is the error that it is, with the line that made it.
    let invalid = x.reshape([3]);
    let line = line!() - 1;
    for error in [
        Program::new([], [invalid * 2.0]).compile().map(drop).unwrap_err(),
        Program::new([invalid], [x]).compile().map(drop).unwrap_err(),
        Program::new([], none).update(x, invalid).compile().map(drop).unwrap_err(),
    ] {
        check(&error, ErrorKind::Shape, "reshape", line, "[2] has 2 elements, [3] has 3");
    }
    // Nothing of that has spoilt anything.
    assert_eq!(Program::new([], [x + y]).compile().unwrap().run(()).unwrap()[0], array![4.0, 6.0].into_dyn());
}

#[test]
fn wrong_inputs_are_named_with_both_shapes() {
    let graph = Graph::new();
    let (x, y) = (graph.variable("x", [1.0, 2.0]), graph.constant(array![[0.0, 0.0]]));
    let w = graph.variable("w", [1.0, 1.0]);
    let mut program = Program::new([x, y], [(x + y).sum()]).update(w, w + x).compile().unwrap();
    let error = fails(&mut program, [[1.0, 2.0]]);
    check(&error, ErrorKind::Count, "run", line!() - 1, "1 inputs, the program takes 2");
    assert!(error.help().contains("`x` [2], number 1 [1, 2]"), "{error}");
    let error = fails(&mut program, ());
    check(&error, ErrorKind::Count, "run", line!() - 1, "0 inputs, the program takes 2");
    let message = "input `x` has the shape [3], the program takes [2]";
    let error = fails(&mut program, ([1.0, 2.0, 3.0], array![[1.0, 2.0]]));
    check(&error, ErrorKind::Shape, "run", line!() - 1, message);
    let message = "input number 1 has the shape [2, 1], the program takes [1, 2]";
    let error = fails(&mut program, ([1.0, 2.0], array![[1.0], [2.0]]));
    check(&error, ErrorKind::Shape, "run", line!() - 1, message);
    let error = fails(&mut program, (1.0, array![[1.0, 2.0]]));
    check(&error, ErrorKind::Shape, "run", line!() - 1, "input `x` has the shape [], the program takes [2]");
    let error = program.profile((1.0, array![[1.0, 2.0]]), 1).unwrap_err();
    check(&error, ErrorKind::Shape, "run", line!() - 1, "input `x` has the shape []");
    assert_eq!(program.run(([1.0, 2.0], array![[10.0, 20.0]])).unwrap()[0][[]], 33.0);
    assert_eq!(program.state().get("w").unwrap(), array![2.0, 3.0].into_dyn());
}

/// What can fail on one input and not on another: a node that needs it.
type Failing = for<'g> fn(&'g Graph, Var<'g>) -> Var<'g>;

/// Fails in its own way where the input is negative.
struct Moody {
    shape: bool,
}

static CALLS: AtomicUsize = AtomicUsize::new(0);

impl CustomOp<f64> for Moody {
    fn name(&self) -> &'static str {
        "moody"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        match (operands[0].iter().any(|x| *x < 0.0), self.shape) {
            (false, _) => Ok(operands[0].to_owned()),
            (true, false) => Err("not today".into()),
            (true, true) => Ok(ArrayD::zeros(vec![7])),
        }
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// The kinds of failures in the middle of a run, each with its message. The input is one number: 1 works, -1 fails.
fn failures() -> Vec<(&'static str, ErrorKind, &'static str, Failing)> {
    fn branch<'g>(_: &'g Graph, x: Var<'g>) -> Var<'g> {
        if x.greater(0.0).holds().unwrap() { x * 2.0 } else { x * 3.0 }
    }
    fn other_branch<'g>(_: &'g Graph, x: Var<'g>) -> Var<'g> {
        if x.less(0.0).holds().unwrap() { x * 2.0 } else { x * 3.0 }
    }
    // Singular if the number is -1.
    fn matrix<'g>(graph: &'g Graph, x: Var<'g>) -> Var<'g> {
        graph.constant(array![[1.0, 0.0], [0.0, 1.0]]) * (x + 1.0)
    }
    vec![
        ("greater", ErrorKind::Guard, "", branch),
        ("less", ErrorKind::Guard, "", other_branch),
        ("solve", ErrorKind::Singular, "the matrix is singular", |g, x| {
            matrix(g, x).solve(g.constant([1.0, 2.0])).sum()
        }),
        ("solve_triangular", ErrorKind::Singular, "the matrix is singular", |g, x| {
            matrix(g, x).solve_triangular(Triangle::Lower, g.constant([1.0, 2.0])).sum()
        }),
        ("cholesky", ErrorKind::Singular, "not positive definite", |g, x| {
            (matrix(g, x) - array![[1.0, 0.0], [0.0, 1.0]]).cholesky().sum()
        }),
        ("take", ErrorKind::Index, "index number 0 is -1", |g, x| {
            g.constant([1.0, 2.0]).take(x.reshape([1]), 0).sum()
        }),
        ("take_along", ErrorKind::Index, "index number 0 is -1", |g, x| {
            g.constant([1.0, 2.0]).take_along(x.reshape([1]), 0).sum()
        }),
        ("scatter_add", ErrorKind::Index, "index number 0 is -1", |g, x| {
            g.constant([1.0, 2.0]).scatter_add(x.reshape([1]), [1.0], 0).sum()
        }),
        ("moody", ErrorKind::Argument, "not today", |g, x| g.custom(Moody { shape: false }, [x])),
        ("moody", ErrorKind::Argument, "the value has the shape [7], promised was []", |g, x| {
            g.custom(Moody { shape: true }, [x])
        }),
    ]
}

/// Programs of all sorts of updates around what fails: before it and behind it on the tape, in place and not, needed by
/// outputs and not, of many lengths. A failing run leaves every bit of the state; and the program runs on.
#[test]
fn failing_in_the_middle_leaves_the_state() {
    for (name, kind, message, make) in failures() {
        for n in [1, 5, 1025, 9000] {
            let data = |seed: f64| (0..n).map(|i| (i as f64 + seed).sin()).collect::<Vec<_>>();
            let graph = Graph::new();
            let x = graph.constant(1.0);
            let [a, b, c, d, e] = [0.0, 1.0, 2.0, 3.0, 4.0].map(|i| graph.variable(format!("v{i}"), data(i)));
            // Elementwise and needed by an output too, so that it is not moved behind everything.
            let (next_a, square) = (a + b, a.square() + x);
            let y = next_a * 2.0;
            let bad = make(&graph, x);
            // Of the result, and not of it.
            let next_b = b * 0.5 + bad;
            let next_c = (a * c).cumsum(0);
            let next_d = e;
            let next_e = (d * d).sum() + e;
            let same = |x: Var<'_>| x.value().unwrap();
            let want = [next_a, next_b, next_c, next_d, next_e].map(same);
            let updates = [(a, next_a), (b, next_b), (c, next_c), (d, next_d), (e, next_e)];
            let what = |o: &str| format!("{name} at {n}, {o}");
            let run = |o: &str, mut program: Program<f64, Vec<_>>, changed: &[usize]| {
                let error = fails(&mut program, (-1.0,));
                assert_eq!(error.kind(), kind, "{}: {error}", what(o));
                assert!(error.location().file().ends_with("compiled/errors.rs"), "{error}");
                assert!(error.message().contains(message), "{}: {error}", what(o));
                program.run((1.0,)).map(drop).unwrap();
                for (i, want) in want.iter().enumerate() {
                    // Variables that the program does not need are not in its state.
                    let Ok(got) = program.state().get(&format!("v{i}")) else { continue };
                    let old = array(data(i as f64));
                    let want = if changed.contains(&i) { want } else { &old };
                    assert_eq!(&got, want, "{}, v{i}", what(o));
                }
            };
            let all = || Program::new([x], vec![y, bad, square]).updates(updates);
            run("all", all().compile().unwrap(), &[0, 1, 2, 3, 4]);
            for (i, update) in updates.iter().enumerate() {
                for outputs in [vec![bad], vec![y, bad], vec![bad, y, square], vec![update.1, bad]] {
                    let program = Program::new([x], outputs).updates([*update]).compile().unwrap();
                    run("one", program, &[i]);
                }
            }
            for pair in [[0, 2], [0, 3], [2, 4], [3, 4]] {
                let program = Program::new([x], vec![y, bad, square]).updates(pair.map(|i| updates[i]));
                run("two", program.compile().unwrap(), &pair);
            }
        }
    }
    assert!(CALLS.load(Ordering::Relaxed) > 100, "operations of the user's own were called");
}

/// The new value is needed by an output, so it is not moved behind everything; and what fails is as deep as it is.
#[test]
fn failing_beside_an_update_leaves_the_state() {
    for n in [2, 1025, 9000] {
        let graph = Graph::new();
        let w = graph.variable("w", vec![1.0; n]);
        let index = graph.constant([0.0]);
        let data = graph.constant(vec![3.0; n]);
        let value = w * data;
        let picked = data.take(index, 0);
        let moody = graph.custom(Moody { shape: false }, [index]);
        for (bad, kind) in [(picked, ErrorKind::Index), (moody, ErrorKind::Argument)] {
            let mut program = Program::new([index], [value * 2.0, bad]).update(w, value).compile().unwrap();
            assert_eq!(fails(&mut program, [[-1.0]]).kind(), kind);
            assert_eq!(program.run([[0.0]]).unwrap()[0][[1]], 6.0);
            assert_eq!(program.state().get("w").unwrap(), array(vec![3.0; n]));
            let mut alone = Program::new([index], [bad]).update(w, w * data).compile().unwrap();
            assert_eq!(fails(&mut alone, [[-1.0]]).kind(), kind);
        }
    }
}

fn finite_graph() -> Graph {
    let graph = Graph::new();
    graph.check_finite(true);
    graph
}

/// Refusing what is not finite: the operation, the place, the line, and nothing written.
#[test]
fn what_is_not_finite_is_named() {
    let graph = finite_graph();
    let x = graph.constant(array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let w = graph.variable("w", [1.0, 1.0, 1.0]);
    let y = x.ln();
    let line = line!() - 1;
    let next = w + y.sum_axes(0);
    let mut program = Program::new([x], [next.sum()]).update(w, next).compile().unwrap();
    let error = fails(&mut program, [array![[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]]);
    check(&error, ErrorKind::NotFinite, "ln", line, "the value is -inf at [1, 1]");
    let error = fails(&mut program, [array![[1.0, 1.0, 1.0], [1.0, 1.0, -1.0]]]);
    check(&error, ErrorKind::NotFinite, "ln", line, "the value is NaN at [1, 2]");
    program.run([array![[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]]).map(drop).unwrap();
    assert_eq!(program.state().get("w").unwrap(), array(vec![1.0; 3]));
    // Without the check it is a number like any other; the check is that of the time of compiling.
    graph.check_finite(false);
    let mut lax = Program::new([x], [next.sum()]).compile().unwrap();
    let [sum] = lax.run([array![[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]]).unwrap();
    assert_eq!(sum[[]], f64::NEG_INFINITY);
    assert!(program.run([array![[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]]]).is_err());
}

/// As `value()` does: an input or a variable is looked at, even if what is made of it is finite.
#[test]
fn leaves_that_are_not_finite_are_named() {
    for n in [1, 3, 5000] {
        let graph = finite_graph();
        let x = graph.variable("x", vec![1.0; n]);
        let w = graph.variable("w", vec![1.0; n]);
        let y = x.tanh() * w.tanh();
        let mut program = Program::new([x], [y]).update(w, w * 2.0).compile().unwrap();
        let mut data = vec![1.0; n];
        data[n - 1] = f64::INFINITY;
        let error = fails(&mut program, [&data]);
        assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFinite, "variable"), "{error}");
        assert_eq!(error.message(), format!("the value is inf at [{}]", n - 1));
        program.run([vec![1.0; n]]).map(drop).unwrap();
        program.state().set("w", &data).unwrap();
        let error = fails(&mut program, [vec![1.0; n]]);
        assert_eq!((error.kind(), error.operation()), (ErrorKind::NotFinite, "variable"), "{error}");
    }
}

/// A branch on what never changes holds in every run; one on an input is checked in both directions, in any position.
#[test]
fn branches_of_constants_hold() {
    let graph = Graph::new();
    let (x, two) = (graph.constant(0.5), graph.constant(2.0));
    let y = if two.greater(1.0).holds().unwrap() { x * 2.0 } else { x };
    let z = if two.less(1.0).holds().unwrap() { y } else { y + two };
    let mut program = Program::new([x], [z]).compile().unwrap();
    for x in [-3.0, 0.0, f64::NAN, 7.0] {
        let [z] = program.run((x,)).unwrap();
        assert_eq!(z[[]].to_bits(), (x * 2.0 + 2.0).to_bits());
    }
    let line = line!() + 5;
    for at in [1.0, -1.0] {
        let graph = Graph::new();
        let (x, w) = (graph.constant(at), graph.variable("w", [1.0, 2.0]));
        let y = w * 2.0 + x;
        let holds = x.greater(0.0).holds().unwrap();
        let y = if holds { y.exp() } else { y.sin() };
        let mut program = Program::new([x], [y.sum()]).update(w, y).compile().unwrap();
        let error = fails(&mut program, (-at,));
        check(&error, ErrorKind::Guard, error.operation(), line, "");
        program.run((2.0 * at,)).map(drop).unwrap();
        assert!(fails(&mut program, (-at,)).kind() == ErrorKind::Guard);
        // A branch on a variable: what the state holds decides.
        let sum = w.sum();
        let _ = sum.greater(0.0).holds().unwrap();
        let mut program = Program::new([], [sum * 1.5]).update(w, w - 2.0).compile().unwrap();
        program.run(()).map(drop).unwrap();
        assert_eq!(fails(&mut program, ()).kind(), ErrorKind::Guard);
        assert_eq!(program.state().get("w").unwrap(), array(vec![-1.0, 0.0]));
    }
}

fn array(data: Vec<f64>) -> ArrayD<f64> {
    ArrayD::from_shape_vec(vec![data.len()], data).unwrap()
}
