//! `vmap`, checkpoints, Jacobians and Hessians: each over every operation of `src/rows`, and what is their own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chainrule::graph::{CustomOp, ErrorKind, Graph, LinearMap, Mode, Var, keep, vmap};
use chainrule_oracle::Array;
use chainrule_tests::oracle::array;
use chainrule_tests::rows::{Row, all};
use ndarray::{ArrayD, ArrayViewD, array};

fn numbers(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().iter().copied().collect()
}

#[track_caller]
fn near(what: &str, got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "{what}");
    let scale = want.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    for (g, w) in got.iter().zip(want) {
        assert!((g - w).abs() <= 1e-12 * scale, "{what}: {got:?}, not {want:?}");
    }
}

/// Three sets of operands, of which those not `batched` are the same in each; and the batch.
fn examples(
    row: &Row,
    shapes: &[&[usize]],
    batched: impl Fn(usize) -> bool,
) -> (Vec<Vec<Array>>, Vec<Array>) {
    let first = row.operands(shapes, 1);
    let sets: Vec<Vec<Array>> = (1..=3)
        .map(|seed| {
            let own = row.operands(shapes, seed);
            own.into_iter().enumerate().map(|(i, x)| if batched(i) { x } else { first[i].clone() }).collect()
        })
        .collect();
    let whole = (0..shapes.len()).map(|i| Array {
        shape: [&[3], shapes[i]].concat(),
        data: sets.iter().flat_map(|set| set[i].data.clone()).collect(),
    });
    let whole = whole.collect();
    (sets, whole)
}

/// The operands, the batched ones from the examples, the others the same for all.
fn mixed<'g>(examples: Vec<Var<'g>>, same: &[Var<'g>], batched: &impl Fn(usize) -> bool) -> Vec<Var<'g>> {
    let mut examples = examples.into_iter();
    let pick = |(i, &x): (usize, &Var<'g>)| if batched(i) { examples.next().unwrap() } else { x };
    same.iter().enumerate().map(pick).collect()
}

/// For each operation and each choice of operands: `vmap` of it, and of its gradient, against a loop over the examples.
#[test]
fn vmap_of_every_operation_is_a_loop() {
    for row in all() {
        for shapes in row.shapes {
            for choice in 1..1_u32 << shapes.len() {
                let batched = |i: usize| choice >> i & 1 == 1;
                let (sets, whole) = examples(&row, shapes, batched);
                let what = format!("{} of {shapes:?}, choice {choice:b}", row.name);
                let graph = &Graph::new();
                let same: Vec<Var<'_>> = sets[0].iter().map(|x| graph.constant(array::<f64>(x))).collect();
                let batch: Vec<Var<'_>> = (0..shapes.len())
                    .filter(|&i| batched(i))
                    .map(|i| graph.constant(array::<f64>(&whole[i])))
                    .collect();
                let value =
                    vmap(batch.clone(), |x| Ok((row.engine)(graph, &mixed(x, &same, &batched)))).unwrap();
                let gradients = vmap(batch, |x| {
                    let x = mixed(x, &same, &batched);
                    let y = (row.engine)(graph, &x);
                    if row.cut { Ok(vec![]) } else { (y * y).sum().grad(x) }
                })
                .unwrap();
                let (mut values, mut each) = (Vec::new(), vec![Vec::new(); gradients.len()]);
                for set in &sets {
                    let graph = &Graph::new();
                    let x: Vec<Var<'_>> = set.iter().map(|x| graph.constant(array::<f64>(x))).collect();
                    let y = (row.engine)(graph, &x);
                    values.extend(numbers(y));
                    if !row.cut {
                        for (all, g) in each.iter_mut().zip((y * y).sum().grad(x).unwrap()) {
                            all.extend(numbers(g));
                        }
                    }
                }
                near(&what, &numbers(value), &values);
                for (gradient, want) in gradients.into_iter().zip(each) {
                    near(&what, &numbers(gradient), &want);
                }
            }
        }
    }
}

#[test]
fn vmap_of_nothing_of_constants_and_of_vmap() {
    let graph = &Graph::new();
    let x = graph.variable("x", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    // within each other
    let products = vmap(x, |row| vmap(row, |element| Ok(element * row.sum()))).unwrap();
    assert_eq!(products.value().unwrap(), array![[6.0, 12.0, 18.0], [60.0, 75.0, 90.0]].into_dyn());
    // what depends on no example is repeated
    let [a, b] = vmap(x, |row| Ok([graph.constant([7.0, 8.0]), row.sum()])).unwrap();
    assert_eq!(a.value().unwrap(), array![[7.0, 8.0], [7.0, 8.0]].into_dyn());
    assert_eq!(numbers(b), [6.0, 15.0]);
    // a gradient through the whole
    let loss = vmap(x, |row| Ok(row.square().sum())).unwrap().sum();
    assert_eq!(loss.grad(x).unwrap().value().unwrap(), x.value().unwrap() * 2.0);
    // no examples at all
    for row in all() {
        for shapes in row.shapes {
            let batch: Vec<Var<'_>> = shapes
                .iter()
                .map(|shape| graph.constant(ArrayD::<f64>::zeros([&[0], *shape].concat())))
                .collect();
            let y = vmap(batch, |x| Ok((row.engine)(graph, &x))).unwrap();
            assert_eq!((y.shape().unwrap()[0], numbers(y).len()), (0, 0), "{}", row.name);
        }
    }
}

#[test]
fn vmap_refuses_what_has_no_meaning() {
    let (graph, other) = (Graph::new(), Graph::new());
    let (x, y) =
        (graph.constant([[1.0, 2.0], [3.0, 4.0]].concat()).reshape([2, 2]), graph.constant([1.0, 2.0, 3.0]));
    let error = vmap(graph.constant(1.0), Ok).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Axis, line!() - 1));
    let error = vmap([x, y], Ok).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Shape, "2 examples in one input, 3 in another"));
    assert_eq!(vmap([x, other.constant([1.0, 2.0])], Ok).unwrap_err().kind(), ErrorKind::ForeignNode);
    assert_eq!(vmap(x, |_| Ok(other.constant(1.0))).unwrap_err().kind(), ErrorKind::ForeignNode);
    let error = vmap(x, |x| x.value().map(|_| x)).unwrap_err();
    assert!(error.message().starts_with("inside of `vmap` there are no values"), "{error}");
    let error = vmap(x, |x| Ok(if x.sum().holds()? { x } else { -x })).unwrap_err();
    assert!(error.message().starts_with("inside of `vmap` there are no values"), "{error}");
    let error = vmap(x, |x| Ok(x.matmul([1.0, 2.0, 3.0]))).unwrap_err();
    assert_eq!((error.operation(), error.shapes()), ("matmul", &[vec![2], vec![3]][..]));
    // and the graph is as usable as before
    assert_eq!(numbers(x.sum()), [10.0]);
}

#[test]
fn jacobians_in_both_modes_agree_for_every_operation() {
    for row in all().iter().filter(|row| !row.cut) {
        for shapes in row.shapes {
            let graph = Graph::new();
            let x: Vec<Var<'_>> =
                row.operands(shapes, 5).iter().map(|x| graph.constant(array::<f64>(x))).collect();
            let y = (row.engine)(&graph, &x);
            let forward = y.jacobian_by(Mode::Forward, x.clone()).unwrap();
            let reverse = y.jacobian_by(Mode::Reverse, x.clone()).unwrap();
            let auto = y.jacobian(x.clone()).unwrap();
            for (i, x) in x.iter().enumerate() {
                let shape = [y.shape().unwrap(), x.shape().unwrap()].concat();
                assert_eq!(reverse[i].shape().unwrap(), shape, "{}", row.name);
                near(row.name, &numbers(forward[i]), &numbers(reverse[i]));
                near(row.name, &numbers(auto[i]), &numbers(reverse[i]));
            }
        }
    }
}

#[test]
fn jacobians_and_hessians_by_their_formulas() {
    let graph = Graph::new();
    // softmax: diag(p) - p p'
    let x = graph.variable("x", [0.5, -1.0, 2.0]);
    let p = x.softmax(0);
    let pp = p.outer(p);
    let want =
        ndarray::Array2::from_diag(&ndarray::Array1::from(numbers(p))).into_dyn() - pp.value().unwrap();
    near("softmax", &numbers(p.jacobian(x).unwrap()), want.as_slice().unwrap());
    // Rosenbrock's function: Σ 100 (x[i+1] - x[i]²)² + (1 - x[i])²
    let [a, b] = [x.slice(ndarray::s![..-1]), x.slice(ndarray::s![1..])];
    let f = ((b - a.square()).square() * 100.0 + (1.0 - a).square()).sum();
    let h = f.hessian(x).unwrap();
    let v = [0.5, -1.0, 2.0];
    let mut want = ndarray::Array2::<f64>::zeros((3, 3));
    for i in 0..2 {
        want[[i, i]] += 1200.0 * v[i] * v[i] - 400.0 * v[i + 1] + 2.0;
        want[[i + 1, i + 1]] += 200.0;
        want[[i, i + 1]] -= 400.0 * v[i];
        want[[i + 1, i]] -= 400.0 * v[i];
    }
    near("Rosenbrock", &numbers(h), want.as_slice().unwrap());
    let d = graph.constant([1.0, 2.0, -3.0]);
    near("hvp", &numbers(f.hvp(x, d).unwrap()), &numbers(h.matmul(d)));
    // third derivatives: those of x³ are 6 on the diagonal of a cube
    let third = x.powi(3).sum().hessian(x).unwrap().jacobian(x).unwrap();
    let want = ArrayD::from_shape_fn(vec![3, 3, 3], |i| if i[0] == i[1] && i[1] == i[2] { 6.0 } else { 0.0 });
    assert_eq!(third.value().unwrap(), want);
    // several inputs, nothing to differentiate, a wrong output
    let w = graph.variable("w", array![[1.0, 2.0, 3.0]]);
    let [jw, jx] = w.matmul(x).jacobian([w, x]).unwrap();
    assert_eq!((jw.shape().unwrap(), numbers(jx)), (vec![1, 1, 3], vec![1.0, 2.0, 3.0]));
    let none = graph.constant(ndarray::Array1::<f64>::zeros(0));
    assert_eq!(none.jacobian(none).unwrap().shape().unwrap(), [0, 0]);
    assert_eq!(x.hessian(x).unwrap_err().kind(), ErrorKind::NotScalar);
    let error = x.sign().jacobian(x).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line!() - 1));
}

/// A plain function and the same in checkpoints: values and gradients have the same bits. In second derivatives contributions
/// meet in another order, so they are the same but for rounding.
#[test]
fn checkpoints_change_no_bit_of_any_operation() {
    for row in all().iter().filter(|row| !row.cut) {
        for shapes in row.shapes {
            let run = |saving: bool| -> [Vec<Vec<f64>>; 2] {
                let graph = Graph::new();
                let x: Vec<Var<'_>> =
                    row.operands(shapes, 6).iter().map(|x| graph.constant(array::<f64>(x))).collect();
                let body = || (row.engine)(&graph, &x).square().sin();
                let y = if saving { graph.checkpoint(body) } else { body() };
                let after = if saving { graph.checkpoint(|| y.exp().cos()) } else { y.exp().cos() };
                let loss = after.sum();
                let first = loss.grad(x.clone()).unwrap();
                let squares = first.iter().map(|g| g.square().sum()).reduce(|a, b| a + b).unwrap();
                let second = squares.grad(x.clone()).unwrap();
                let exact: Vec<Var<'_>> = [loss, y].into_iter().chain(first).collect();
                if saving {
                    graph.compute([exact.clone(), second.clone()]).unwrap();
                }
                [exact, second].map(|all| all.into_iter().map(numbers).collect())
            };
            let ([exact, second], [plain, plain_second]) = (run(true), run(false));
            let bits = |all: &[Vec<f64>]| all.concat().into_iter().map(f64::to_bits).collect::<Vec<_>>();
            assert_eq!(bits(&exact), bits(&plain), "{} of {shapes:?}", row.name);
            near(row.name, &second.concat(), &plain_second.concat());
        }
    }
}

/// `x`, counting how often it is computed.
struct Count(Arc<AtomicUsize>);

impl CustomOp<f64> for Count {
    fn name(&self) -> &'static str {
        "count"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(operands[0].to_owned())
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], y: Var<'g>) -> LinearMap<'g, f64> {
        // By way of the value, so that the way back needs it.
        LinearMap::diag(y * y.recip())
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

#[test]
fn a_checkpoint_computes_once_more_on_the_way_back() {
    let runs = Arc::new(AtomicUsize::new(0));
    let graph = Graph::new();
    let x = graph.variable("x", 2.0);
    let inside = |x| graph.custom(Count(runs.clone()), [x]).square();
    let y = graph.checkpoint(|| graph.checkpoint(|| inside(x)) * 3.0);
    let dy = y.grad(x).unwrap();
    assert_eq!(numbers(y), [12.0]);
    assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
    assert_eq!(numbers(y), [12.0]);
    assert_eq!(runs.swap(0, Ordering::Relaxed), 0, "the result is kept");
    assert_eq!(numbers(dy), [12.0]);
    assert_eq!(runs.swap(0, Ordering::Relaxed), 1, "the inside is not");
    // without one, nothing is computed twice
    let plain = inside(x) * 3.0;
    graph.compute([plain, plain.grad(x).unwrap()]).unwrap();
    assert_eq!(runs.swap(0, Ordering::Relaxed), 1);
    // a node from the inside can be read, and is kept then
    let mut leaked = None;
    let z = graph.checkpoint(|| {
        let middle = inside(x);
        leaked = Some(middle);
        middle.exp()
    });
    assert_eq!(numbers(leaked.unwrap()), [4.0]);
    assert_eq!((numbers(z), runs.swap(0, Ordering::Relaxed)), (vec![4_f64.exp()], 1));
}

#[test]
fn checkpoints_and_vmap_go_together() {
    let graph = &Graph::new();
    let w = graph.variable("w", array![[0.5, -1.0], [2.0, 0.25]]);
    let xs = graph.constant(array![[1.0, 2.0], [-1.0, 0.5], [0.0, 3.0]]);
    let layer = |x| w.matmul(x).tanh().square().sum();
    let plain = vmap(xs, |x| layer(x).grad([w, x])).unwrap();
    let inside = vmap(xs, |x| graph.checkpoint(|| layer(x)).grad([w, x])).unwrap();
    let outside = graph.checkpoint(|| vmap(xs, |x| layer(x).grad([w, x])).unwrap());
    for i in 0..2 {
        assert_eq!(numbers(plain[i]), numbers(inside[i]));
        assert_eq!(numbers(plain[i]), numbers(outside[i]));
    }
    let row_sums = graph.checkpoint(|| vmap(xs, |x| Ok(layer(x))).unwrap()).sum().grad(w).unwrap();
    near("summed", &numbers(row_sums), &numbers(plain[0].sum_axes(0)));
    assert_eq!(xs.sum_axes(keep(1)).shape().unwrap(), [3, 1]);
}
