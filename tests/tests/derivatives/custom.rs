//! Operations of the user's own, and the test that finds a wrong rule of one.

use chainrule::graph::{CustomOp, ErrorKind, Graph, LinearMap, Var, check_custom, vmap};
use ndarray::{ArrayD, ArrayViewD, Ix2, array};

/// What is wrong with the rules of [`Weigh`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    Sign,
    Factor,
    OtherOperand,
    NotTransposed,
    FirstOrderOnly,
}

/// `y = W x²`, a matrix and a vector.
struct Weigh(Wrong);

impl CustomOp<f64> for Weigh {
    fn name(&self) -> &'static str {
        "weigh"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        match operands {
            [[m, n], [k]] if n == k => Ok(vec![*m]),
            _ => Err("a matrix and a vector".to_owned()),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        let w = operands[0].view().into_dimensionality::<Ix2>().map_err(|e| e.to_string())?;
        let x =
            operands[1].mapv(|x| x * x).into_dimensionality::<ndarray::Ix1>().map_err(|e| e.to_string())?;
        Ok(w.dot(&x).into_dyn())
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        let (w, x) = (operands[0], operands[1]);
        if i == 0 {
            let square = x.square();
            return LinearMap::pair(move |dw| dw.matmul(square), move |e| e.outer(square));
        }
        let slope = match self.0 {
            Wrong::Sign => x * -2.0,
            Wrong::Factor => x * 3.0,
            Wrong::OtherOperand => w.sum_axes(0) * 2.0,
            Wrong::FirstOrderOnly => x.detach() * 2.0,
            Wrong::Nothing | Wrong::NotTransposed => x * 2.0,
        };
        match self.0 {
            Wrong::NotTransposed => LinearMap::pair(move |dx| w.matmul(slope * dx), move |e| w.t().matmul(e)),
            _ => LinearMap::diag(slope).then(LinearMap::left(w)),
        }
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

fn operands() -> [ArrayD<f64>; 2] {
    [array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]].into_dyn(), array![0.75, -1.25, 0.5].into_dyn()]
}

#[test]
fn wrong_rules_are_found_and_named() {
    check_custom(Weigh(Wrong::Nothing), &operands()).unwrap();
    for (wrong, want) in [
        (Wrong::Sign, "the derivative by operand 1 is wrong"),
        (Wrong::Factor, "the derivative by operand 1 is wrong"),
        (Wrong::OtherOperand, "the derivative by operand 1 is wrong"),
        (Wrong::NotTransposed, "the transpose of the derivative by operand 1 is wrong"),
        (Wrong::FirstOrderOnly, "the second derivative by operands 1 and 1 is wrong"),
    ] {
        let error = check_custom(Weigh(wrong), &operands()).unwrap_err();
        let line = line!() - 1;
        assert_eq!(
            (error.kind(), error.operation(), error.location().line()),
            (ErrorKind::WrongDerivative, "weigh", line)
        );
        assert!(error.message().starts_with(want), "{wrong:?}: {error}");
    }
    // what is refused is refused
    assert_eq!(check_custom(Weigh(Wrong::Nothing), &operands()[..1]).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn one_rule_serves_both_modes_every_order_and_vmap() {
    let graph = &Graph::new();
    let [w, x] = operands().map(|x| graph.constant(x));
    let own = graph.custom(Weigh(Wrong::Nothing), [w, x]);
    let ours = w.matmul(x.square());
    assert_eq!(own.value().unwrap(), ours.value().unwrap());
    let seed = array![1.0, -2.0];
    let near = |a: Var<'_>, b: Var<'_>| {
        let (a, b) = (a.value().unwrap(), b.value().unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14), "{a} {b}");
    };
    let [dw, dx] = own.vjp(&seed, [w, x]).unwrap();
    let [ew, ex] = ours.vjp(&seed, [w, x]).unwrap();
    near(dw, ew);
    near(dx, ex);
    let along = (graph.full([2, 3], 0.5), graph.constant([1.0, 2.0, 3.0]));
    near(own.jvp((w, x), along).unwrap(), ours.jvp((w, x), along).unwrap());
    near(own.square().sum().hessian(x).unwrap(), ours.square().sum().hessian(x).unwrap());
    let [own, ours] = [own, ours].map(|y| y.powi(3).sum().hessian(x).unwrap().sum().grad(w).unwrap());
    near(own, ours);
    let batch = graph.constant(array![[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]);
    let own = vmap(batch, |x| graph.custom(Weigh(Wrong::Nothing), [w, x]).sum().grad([w, x])).unwrap();
    let ours = vmap(batch, |x| w.matmul(x.square()).sum().grad([w, x])).unwrap();
    near(own[0], ours[0]);
    near(own[1], ours[1]);
}

/// Its value, and a look at another node of the same graph, which is recorded and computed on the way.
struct Nosy(std::sync::mpsc::SyncSender<f64>);

impl CustomOp<f64> for Nosy {
    fn name(&self) -> &'static str {
        "nosy"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        // Another graph while this one is computing.
        let graph = Graph::new();
        let sum = graph.constant(operands[0].to_owned()).sum().item().map_err(|e| e.to_string())?;
        self.0.send(sum).map_err(|e| e.to_string())?;
        Ok(operands[0].to_owned())
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

#[test]
fn a_value_is_computed_once_and_may_use_graphs_itself() {
    let (sender, receiver) = std::sync::mpsc::sync_channel(8);
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let y = graph.custom(Nosy(sender), [x]) * 2.0;
    let z = y.exp().sum();
    assert_eq!(z.item().unwrap(), 2_f64.exp() + 4_f64.exp());
    assert_eq!(y.sum().item().unwrap(), 6.0);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [3.0]);
}

type Value = fn(&[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String>;
type ShapeOf = fn(&[&[usize]]) -> Result<Vec<usize>, String>;
/// An operation, ours for comparison, and operands.
type Case = (Given, for<'g> fn(&[Var<'g>]) -> Var<'g>, Vec<ArrayD<f64>>);
type Rule = for<'g> fn(usize, &[Var<'g>], Var<'g>) -> LinearMap<'g, f64>;

/// A function and its rule, given as they are; the shape is the one that the function makes of zeros.
struct Given {
    value: Value,
    shape: ShapeOf,
    rule: Rule,
}

impl CustomOp<f64> for Given {
    fn name(&self) -> &'static str {
        "given"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        (self.shape)(operands)
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        (self.value)(operands)
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g>], y: Var<'g>) -> LinearMap<'g, f64> {
        (self.rule)(i, operands, y)
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

fn matrix(x: &ArrayViewD<'_, f64>) -> Result<ndarray::Array2<f64>, String> {
    x.to_owned().into_dimensionality().map_err(|e| e.to_string())
}

fn same(operands: &[&[usize]]) -> Result<Vec<usize>, String> {
    operands.last().map(|x| x.to_vec()).ok_or_else(|| "an operand".to_owned())
}

/// Every form of a linear map as a rule, each with ours for comparison.
fn given() -> Vec<Case> {
    let x = array![[0.5, -1.0], [1.5, 0.25]].into_dyn();
    let a = array![[3.0, -1.0], [0.5, 2.0]].into_dyn();
    let product = |x: &[ArrayViewD<'_, f64>]| Ok(matrix(&x[0])?.dot(&matrix(&x[1])?).into_dyn());
    let row: Rule = |_, _, y| LinearMap::diag(y);
    let left_right: Rule = |i, x, _| match i {
        0 => LinearMap::right(x[1]),
        _ => LinearMap::left(x[0]),
    };
    let pairs: Rule = |i, x, _| {
        let (a, b) = (x[0], x[1]);
        match i {
            0 => LinearMap::pair(move |d| d.matmul(b), move |e| e.matmul(b.t())),
            _ => LinearMap::pair(move |d| a.matmul(d), move |e| a.t().matmul(e)),
        }
    };
    let solve: Rule = |i, x, y| match i {
        0 => LinearMap::right(y).then(LinearMap::solve(x[0])).then(LinearMap::scale(-1.0)),
        _ => LinearMap::solve(x[0]),
    };
    let two_by_two = |x: &[ArrayViewD<'_, f64>]| {
        let (a, b) = (matrix(&x[0])?, matrix(&x[1])?);
        let det = a[[0, 0]] * a[[1, 1]] - a[[0, 1]] * a[[1, 0]];
        let inverse = array![[a[[1, 1]], -a[[0, 1]]], [-a[[1, 0]], a[[0, 0]]]] / det;
        Ok(inverse.dot(&b).into_dyn())
    };
    let twice: Rule = |_, _, _| LinearMap::scale(-6.0).transpose().transpose().then(LinearMap::identity());
    vec![
        (
            Given { value: |x| Ok(x[0].mapv(f64::exp)), shape: same, rule: row },
            |x| x[0].exp(),
            vec![x.clone()],
        ),
        (
            Given { value: |x| Ok(x[0].mapv(|x| -6.0 * x)), shape: same, rule: twice },
            |x| x[0] * -6.0,
            vec![x.clone()],
        ),
        (
            Given { value: product, shape: same, rule: left_right },
            |x| x[0].matmul(x[1]),
            vec![a.clone(), x.clone()],
        ),
        (
            Given { value: product, shape: same, rule: pairs },
            |x| x[0].matmul(x[1]),
            vec![a.clone(), x.clone()],
        ),
        (Given { value: two_by_two, shape: same, rule: solve }, |x| x[0].solve(x[1]), vec![a, x]),
    ]
}

/// Each rule in both modes, in second order, in `vmap`, in a checkpoint, and in both of them, beside ours.
#[test]
fn every_form_of_rule_in_every_transform() {
    for (number, (op, ours, operands)) in given().into_iter().enumerate() {
        let op = std::sync::Arc::new(op);
        check_custom(op.clone(), &operands).unwrap();
        let graph = &Graph::new();
        let x: Vec<Var<'_>> = operands.iter().map(|x| graph.constant(x)).collect();
        let seed = array![[1.0, -2.0], [0.5, 3.0]];
        let all = |y: Var<'_>| -> Vec<f64> {
            let energy = (y.square() * &seed).sum();
            let first = energy.grad(x.clone()).unwrap();
            let second = first.iter().map(|g| g.square().sum()).reduce(|a, b| a + b).unwrap();
            let mut nodes = vec![y, energy.jvp(x.clone(), x.clone()).unwrap(), energy.hessian(x[0]).unwrap()];
            nodes.extend(second.grad(x.clone()).unwrap());
            nodes.extend(y.jacobian(x.clone()).unwrap());
            nodes.extend(first);
            nodes.into_iter().flat_map(|x| x.value().unwrap()).collect()
        };
        let want = all(ours(&x));
        let own = || graph.custom(op.clone(), x.clone());
        // the same for every example, and one that only its operand tells apart
        let batched = || {
            let batch: Vec<Var<'_>> = x.iter().map(|x| graph.stack([*x, *x * 2.0], 0)).collect();
            vmap(batch, |x| Ok(graph.custom(op.clone(), x))).unwrap().slice(ndarray::s![0, .., ..])
        };
        for (place, y) in [
            ("plain", own()),
            ("checkpoint", graph.checkpoint(own)),
            ("vmap", batched()),
            ("vmap in a checkpoint", graph.checkpoint(batched)),
        ] {
            let got = all(y);
            assert_eq!(got.len(), want.len());
            for (g, w) in got.iter().zip(&want) {
                assert!((g - w).abs() <= 1e-12 * (1.0 + w.abs()), "{number}, {place}: {got:?}\n{want:?}");
            }
        }
    }
}

/// What an operation refuses, or does wrong, is an error at the line that recorded it, wherever it stands; the graph stays usable.
#[test]
fn refusals_are_found_wherever_the_operation_stands() {
    let graph = &Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let identity: Rule = |_, _, _| LinearMap::identity();
    let fails = || Given { value: |_| Err("out of luck".to_owned()), shape: same, rule: identity };
    let wrong = || Given { value: |_| Ok(ArrayD::zeros(vec![3])), shape: same, rule: identity };
    let refuses =
        || Given { value: |_| Ok(ArrayD::zeros(vec![])), shape: |_| Err("never".to_owned()), rule: identity };
    let vast =
        || Given { value: |_| Ok(ArrayD::zeros(vec![])), shape: |_| Ok(vec![usize::MAX, 2]), rule: identity };
    for (node, message) in [
        (graph.custom(fails(), [x]), "out of luck"),
        (graph.custom(wrong(), [x]), "the value has the shape [3], promised was [2]"),
        (graph.checkpoint(|| graph.custom(fails(), [x.exp()]).sin()), "out of luck"),
        (vmap(x, |x| Ok(graph.custom(fails(), [x]))).unwrap(), "out of luck"),
    ] {
        for _ in 0..2 {
            let error = (node * 2.0).sum().value().unwrap_err();
            assert_eq!((error.operation(), error.message()), ("given", message));
            assert!((line!() - 9..line!() - 4).contains(&error.location().line()), "{error}");
        }
        // a gradient that does not need the value is none the worse
        assert!(node.sum().grad(x).unwrap().shape().is_ok());
    }
    for (node, kind) in [
        (graph.custom(refuses(), [x]), ErrorKind::Shape),
        (graph.custom(vast(), [x]), ErrorKind::TooLarge),
        (graph.custom(fails(), []), ErrorKind::Shape),
        (graph.checkpoint(|| graph.custom(refuses(), [x])), ErrorKind::Shape),
    ] {
        assert_eq!((node.shape().unwrap_err().kind(), node.sum().grad(x).unwrap_err().kind()), (kind, kind));
    }
    // a rule of the wrong shape is an error too, and names a line of this file
    let wrong: Rule = |_, x, _| LinearMap::diag(x[0].graph().constant([1.0, 2.0, 3.0]));
    let y = graph.custom(Given { value: |x| Ok(x[0].to_owned()), shape: same, rule: wrong }, [x]);
    let error = y.sum().grad(x).and_then(|g| g.value()).unwrap_err();
    assert!(error.kind() == ErrorKind::Shape && error.location().file().ends_with("custom.rs"), "{error}");
    assert_eq!(x.sum().item().unwrap(), 3.0);
}

thread_local! {
    /// A graph that operations can reach while it computes them. (It is never freed.)
    static GRAPH: &'static Graph = Box::leak(Box::new(Graph::new()));
}

/// An operation that uses the very graph that is computing it, in ways that change the tape: it records, reads nodes that are
/// known, nodes that are not yet, and itself nothing; the results are as if it had not.
#[test]
fn a_value_may_use_the_graph_that_computes_it() {
    let meddle: Value = |x| {
        GRAPH.with(|graph| {
            let other = graph.get("other").ok_or("no node")?;
            let sum = other.exp().sum().item().map_err(|e| e.to_string())?;
            let slope = other.square().sum().grad(other).map_err(|e| e.to_string())?;
            let saving = graph.checkpoint(|| other.sin()).sum().value().map_err(|e| e.to_string())?;
            let _ = (graph.to_string().len(), format!("{other:?}"), graph.variables().len());
            graph.compute(slope).map_err(|e| e.to_string())?;
            Ok(x[0].mapv(|x| x * sum + 0.0 * saving.sum()))
        })
    };
    let rule: Rule =
        |_, x, _| LinearMap::scale(x[0].graph().get("factor").map_or(0.0, |f| f.item().unwrap_or(0.0)));
    GRAPH.with(|graph| {
        let other = graph.variable("other", [0.0, 0.0]);
        graph.variable("factor", 2.0);
        let x = graph.variable("x", [1.0, 3.0]);
        let op = || Given { value: meddle, shape: same, rule };
        let before = graph.checkpoint(|| x.exp().ln());
        let y = graph.checkpoint(|| (graph.custom(op(), [before.square()]) + before).sqrt());
        let want: Vec<f64> = [1.0_f64, 3.0].iter().map(|x| (2.0 * x * x + x).sqrt()).collect();
        let got = y.value().unwrap();
        assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-14), "{got} {want:?}");
        let slope = y.sum().grad(x).unwrap().value().unwrap();
        for ((s, x), y) in slope.iter().zip([1.0, 3.0]).zip(&want) {
            assert!((s - (4.0 * x + 1.0) / (2.0 * y)).abs() < 1e-14, "{slope}");
        }
        let all = vmap(x, |x| Ok(graph.custom(op(), [x]))).unwrap();
        assert_eq!(all.value().unwrap(), array![2.0, 6.0].into_dyn());
        assert_eq!(other.sum().item().unwrap(), 0.0);
    });
}

fn agree<'g>(graph: &'g Graph, map: LinearMap<'g, f64>, what: &str) {
    let (x, y) = (array![[1.0, -2.0], [3.0, 5.0]], array![[-1.0, 4.0], [0.5, 2.0]]);
    let [there, back] = map.check_transpose(x, y, graph).map(|n| n.item().unwrap());
    assert!((there - back).abs() <= 1e-13 * there.abs().max(1.0), "{what}: {there} {back}");
}

/// `<L x, y>` and `<x, L' y>` of every form, and of what is put together of them.
#[test]
fn transposes_agree_for_every_form() {
    let graph = &Graph::new();
    let (w, a) =
        (graph.constant(array![[1.0, 2.0], [-3.0, 0.5]]), graph.constant(array![[2.0, 1.0], [0.0, -4.0]]));
    let d = graph.constant(array![[1.0, -2.0], [3.0, 5.0]]);
    let maps: [fn(Var<'_>) -> LinearMap<'_, f64>; 8] = [
        |_| LinearMap::zero(),
        |_| LinearMap::identity(),
        |_| LinearMap::scale(-3.0),
        |w| LinearMap::diag(w),
        |w| LinearMap::left(w),
        |w| LinearMap::right(w),
        |w| LinearMap::solve(w),
        |w| LinearMap::pair(move |d| d.t() * w, move |e| (e * w).t()),
    ];
    let agree = |map, what: &str| agree(graph, map, what);
    for (i, first) in maps.iter().enumerate() {
        agree(first(w), &format!("{i}"));
        agree(first(w).transpose(), &format!("{i}'"));
        for (j, second) in maps.iter().enumerate() {
            agree(first(w).then(second(a)), &format!("{i} {j}"));
            agree(first(w).then(second(a)).transpose(), &format!("({i} {j})'"));
            let (there, again) = (first(w).then(second(a)), first(w).then(second(a)).transpose().transpose());
            assert_eq!(there.apply(d).value().unwrap(), again.apply(d).value().unwrap(), "{i} {j}");
            assert_eq!(there.apply(d).value().unwrap(), second(a).apply(first(w).apply(d)).value().unwrap());
        }
    }
}
