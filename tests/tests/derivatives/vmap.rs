//! `vmap` beyond single operations (those are in `every_operation.rs`): ranks of products, indices of each example's own,
//! structures, nesting, derivatives through it, and what happens to stand-ins that escape.

use chainrule::graph::{Error, ErrorKind, Explanation, Graph, Mode, Var, explain, vmap};
use indexmap::IndexMap;
use ndarray::{ArrayD, array, s};
use proptest::prelude::*;

fn numbers(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().iter().copied().collect()
}

/// Whole numbers, so that sums of products have no rounding and every order of adding them gives the same bits.
fn whole(shape: &[usize], seed: usize) -> ArrayD<f64> {
    let mut i = seed;
    ArrayD::from_shape_simple_fn(shape, || {
        i += 7;
        (i * i % 11) as f64 - 5.0
    })
}

/// Each rank of each factor, batched or the same for all: the value and both gradients are those of a loop, to the bit.
#[test]
fn products_of_all_ranks_are_a_loop() {
    let shapes: [(&[usize], &[usize]); 10] = [
        (&[3], &[3]),
        (&[3], &[3, 2]),
        (&[4, 3], &[3]),
        (&[4, 3], &[3, 2]),
        (&[3], &[2, 3, 5]),
        (&[2, 4, 3], &[3]),
        (&[2, 4, 3], &[3, 5]),
        (&[4, 3], &[2, 3, 5]),
        (&[2, 4, 3], &[2, 3, 5]),
        (&[2, 1, 4, 3], &[3, 3, 5]),
    ];
    for (left, right) in shapes {
        for (own_a, own_b) in [(true, true), (true, false), (false, true)] {
            let graph = &Graph::new();
            let node = |shape: &[usize], own: bool, seed| {
                let shape = if own { [&[3], shape].concat() } else { shape.to_vec() };
                graph.constant(whole(&shape, seed))
            };
            let (a, b) = (node(left, own_a, 1), node(right, own_b, 4));
            let run = |a: Var<'_>, b: Var<'_>| {
                let y = a.matmul(b);
                let [da, db] = y.square().sum().grad([a, b]).unwrap();
                [y, da, db].map(numbers).concat()
            };
            let all = match (own_a, own_b) {
                (true, true) => vmap([a, b], |[a, b]| together(a, b)),
                (true, false) => vmap(a, |a| together(a, b)),
                _ => vmap(b, |b| together(a, b)),
            };
            let all = all.unwrap();
            for i in 0..3 {
                let entry = |x: Var<'_>, own: bool| {
                    let x = x.value().unwrap();
                    graph.constant(if own { x.index_axis(ndarray::Axis(0), i).to_owned() } else { x })
                };
                let got: Vec<f64> = all.iter().flat_map(|y| numbers(entry(*y, true))).collect();
                let what = format!("{left:?} by {right:?}, {own_a} {own_b}");
                assert_eq!(got, run(entry(a, own_a), entry(b, own_b)), "{what}");
            }
        }
    }
}

fn together<'g>(a: Var<'g>, b: Var<'g>) -> chainrule::graph::Result<Vec<Var<'g>>> {
    let y = a.matmul(b);
    let [da, db] = y.square().sum().grad([a, b])?;
    Ok(vec![y, da, db])
}

/// The indices are the batch, the table is the batch, or both; at one and at two levels.
#[test]
fn each_example_has_its_own_indices() {
    let graph = &Graph::new();
    let table = graph.variable("table", array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let index = graph.constant(array![[2.0, 2.0], [0.0, 1.0]]);
    let [rows, d] = vmap(index, |i| {
        let rows = table.take(i, 0);
        Ok([rows, rows.square().sum().grad(table)?])
    })
    .unwrap();
    assert_eq!(rows.value().unwrap(), array![[[5.0, 6.0], [5.0, 6.0]], [[1.0, 2.0], [3.0, 4.0]]].into_dyn());
    let want =
        array![[[0.0, 0.0], [0.0, 0.0], [20.0, 24.0]], [[2.0, 4.0], [6.0, 8.0], [0.0, 0.0]]].into_dyn();
    assert_eq!(d.value().unwrap(), want);
    // indices of single examples of single examples
    let deep = vmap(index, |i| vmap(i, |i| Ok(table.take(i, 0)))).unwrap();
    assert_eq!(deep.value().unwrap(), rows.value().unwrap());
    // chosen inside, by values that are never read
    let best = vmap(table, |row| Ok(row.take(row.argmax(0), 0))).unwrap();
    assert_eq!(numbers(best), [2.0, 4.0, 6.0]);
    let added = vmap([index, index + 1.0], |[i, x]| {
        let y = graph.full([3], 0.0).scatter_add(i, x, 0);
        Ok([y, y.square().sum().grad(x)?])
    });
    let [y, dx] = added.unwrap();
    assert_eq!(y.value().unwrap(), array![[0.0, 0.0, 6.0], [1.0, 2.0, 0.0]].into_dyn());
    assert_eq!(dx.value().unwrap(), array![[12.0, 12.0], [2.0, 4.0]].into_dyn());
    // tables of each example's own, and the same indices for all
    let tables = graph.variable("tables", whole(&[2, 3, 4], 3));
    let picked = vmap(tables, |t| Ok([t.take([2, 0, 2], 0), t.take([3, 1], 1).t()])).unwrap();
    let put = vmap(tables, |t| Ok(graph.full([5, 4], 0.0).scatter_add([4, 0, 4], t, 0))).unwrap();
    for i in 0..2_usize {
        let table = tables.slice(s![i, .., ..]);
        let want = [table.take([2, 0, 2], 0), table.take([3, 1], 1).t()];
        for (picked, want) in picked.iter().zip(want) {
            assert_eq!(picked.take(i, 0).value().unwrap(), want.value().unwrap());
        }
        let want = graph.full([5, 4], 0.0).scatter_add([4, 0, 4], table, 0);
        assert_eq!(put.take(i, 0).value().unwrap(), want.value().unwrap());
    }
    let d = picked[0].sum().grad(tables).unwrap();
    assert_eq!(numbers(d)[..12], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 2.0, 2.0, 2.0, 2.0]);
    // an index outside in one example is the error of all, with the line
    let out = vmap(index + 1.0, |i| Ok(table.take(i, 0))).unwrap();
    let line = line!() - 1;
    let error = out.value().unwrap_err();
    assert_eq!((error.kind(), error.operation(), error.location().line()), (ErrorKind::Index, "take", line));
}

#[test]
fn structures_keep_their_form_and_a_batch_of_one_is_the_function() {
    let graph = &Graph::new();
    let (x, y) = (graph.variable("x", array![[1.0, 2.0]]), graph.variable("y", array![[[3.0], [4.0]]]));
    let named: IndexMap<String, Var<'_>> = [("x", x), ("y", y)].map(|(k, v)| (k.to_owned(), v)).into();
    let out = vmap(named, |mut named| {
        let row = named["x"];
        named["y"] = named["y"].t().matmul(row.unsqueeze(1));
        named["x"] = row.exp();
        Ok(named)
    })
    .unwrap();
    assert_eq!(out.keys().collect::<Vec<_>>(), ["x", "y"]);
    assert_eq!(out["x"].value().unwrap(), x.exp().value().unwrap());
    assert_eq!(out["y"].value().unwrap(), array![[[11.0]]].into_dyn());
    // what goes in may come out, also twice, and nothing may go in
    let (a, [b, c], none, Some(d)) =
        vmap((x, Some(vec![y])), |(x, y)| Ok((x, [x, y.unwrap()[0]], None::<Var<'_>>, Some(x.sum()))))
            .unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (numbers(a), numbers(b), numbers(c), numbers(d)),
        (vec![1.0, 2.0], vec![1.0, 2.0], vec![3.0, 4.0], vec![3.0])
    );
    assert!(none.is_none());
    assert_eq!(numbers(vmap(Vec::new(), |_: Vec<Var<'_>>| Ok(x)).unwrap()), [1.0, 2.0]);
    assert_eq!(vmap(x, |_| Ok(y)).unwrap().shape().unwrap(), [1, 1, 2, 1]);
}

/// Every transform inside of `vmap`, for the energy `Σ (sin(w x))³`, against the same without it.
#[test]
fn derivatives_of_all_sorts_inside() {
    let graph = &Graph::new();
    let w = graph.variable("w", array![[0.5, -1.0], [0.25, 0.75]]);
    let xs = graph.constant(array![[1.0, -0.5], [0.25, 2.0], [-1.5, 0.75]]);
    let v = graph.constant([0.5, -2.0]);
    let all = |x| {
        let energy = w.matmul(x).sin().powi(3).sum();
        let [third] = energy.hessian(x)?.square().sum().grad([x])?;
        let jacobian = w.matmul(x).sin().jacobian(x)?;
        Ok([energy.hessian(x)?, energy.hvp(x, v)?, energy.jvp(x, v)?, jacobian, third, energy.grad(w)?])
    };
    let batch = vmap(xs, all).unwrap();
    for i in 0..3_usize {
        let single = all(xs.slice(s![i, ..])).unwrap();
        for (k, (batch, single)) in batch.iter().zip(single).enumerate() {
            let (got, want) = (numbers(batch.take([i], 0)), numbers(single));
            for (g, w) in got.iter().zip(&want) {
                assert!((g - w).abs() <= 1e-13 * (1.0 + w.abs()), "{k}: {got:?}, not {want:?}");
            }
            assert_eq!(got.len(), want.len());
        }
    }
}

#[test]
fn gradients_through_vmap_are_those_of_the_sum() {
    let graph = &Graph::new();
    let w = graph.variable("w", array![[1.0, -2.0], [3.0, 0.5]]);
    let xs = graph.variable("xs", array![[1.0, 2.0], [3.0, -1.0]]);
    let all = vmap(xs, |x| Ok(w.matmul(x).square().sum())).unwrap();
    let [dw, dx] = (all * array![1.0, 10.0]).sum().grad([w, xs]).unwrap();
    let (mut want_w, mut want_x) = (ArrayD::zeros(vec![2, 2]), Vec::new());
    for (i, factor) in [1.0, 10.0].into_iter().enumerate() {
        let x = xs.slice(s![i, ..]);
        let [dw, dx] = (w.matmul(x).square().sum() * factor).grad([w, x]).unwrap();
        want_w += &dw.value().unwrap();
        want_x.extend(numbers(dx));
    }
    assert_eq!((dw.value().unwrap(), numbers(dx)), (want_w, want_x));
    // a gradient inside, and one through it: Σ over i of d/dw |dl_i/dx_i|², in both modes
    let norms = vmap(xs, |x| Ok(w.matmul(x).powi(3).sum().grad(x)?.square().sum())).unwrap().sum();
    let direction = graph.constant(array![[1.0, 0.0], [0.0, -1.0]]);
    let (back, there) = (norms.grad(w).unwrap() * direction, norms.jvp(w, direction).unwrap());
    let (back, there) = (back.sum().item().unwrap(), there.item().unwrap());
    assert!((back - there).abs() <= 1e-13 * there.abs() && there != 0.0, "{back} {there}");
}

#[test]
fn three_levels_are_an_outer_product_of_loops() {
    let graph = &Graph::new();
    let [a, b, c] = [whole(&[2], 1), whole(&[3], 2), whole(&[4], 3)].map(|x| graph.constant(x));
    let cube = vmap(a, |a| vmap(b, |b| vmap(c, |c| Ok((a - b).square() * c + a * b)))).unwrap();
    let (a, b, c) = (numbers(a), numbers(b), numbers(c));
    let want =
        ArrayD::from_shape_fn(vec![2, 3, 4], |i| (a[i[0]] - b[i[1]]).powi(2) * c[i[2]] + a[i[0]] * b[i[1]]);
    assert_eq!(cube.value().unwrap(), want);
}

/// Inside there are no values, but of nodes that do not depend on the examples; and a stand-in that escapes has none outside.
#[test]
fn stand_ins_have_no_values_wherever_they_are() {
    let graph = &Graph::new();
    let xs = graph.constant(array![[1.0, 2.0], [3.0, 4.0]]);
    let outer = graph.variable("outer", 2.0);
    let chosen = vmap(xs, |x| Ok(if outer.greater(1.0).holds()? { x * outer } else { x })).unwrap();
    assert_eq!(numbers(chosen), [2.0, 4.0, 6.0, 8.0]);
    let mut escaped = None;
    let fine = vmap(xs, |x| {
        escaped = Some((x, x.sum() * 2.0));
        Ok(x.sum())
    });
    let (example, derived) = escaped.unwrap();
    let (wanted, d) = ("inside of `vmap` there are no values", derived.grad(example).unwrap());
    let errors = [
        example.value().unwrap_err(),
        derived.item().unwrap_err(),
        (derived + outer).holds().unwrap_err(),
        graph.compute([outer, derived]).unwrap_err(),
        vmap(xs, |x| Ok(x * derived)).unwrap().value().unwrap_err(),
        vmap(xs, |x| x.sum().item().map(|_| x)).unwrap_err(),
        explain(derived.square(), example).unwrap_err(),
    ];
    for (i, error) in errors.into_iter().enumerate() {
        assert!(error.message().starts_with(wanted), "{i}: {error}");
        assert!(error.location().file().ends_with("vmap.rs"), "{i}: {error}");
    }
    // a derivative that needs no value has one all the same
    assert_eq!(numbers(d), [2.0, 2.0]);
    assert_eq!(numbers(fine.unwrap()), [3.0, 7.0]);
}

#[test]
fn errors_inside_have_their_own_lines() {
    let graph = &Graph::new();
    let xs = graph.variable("xs", array![[1.0, 2.0], [3.0, 4.0]]);
    let invalid = xs.reshape([5]);
    for error in [
        vmap(invalid, Ok).unwrap_err(),
        vmap([xs, invalid], Ok).unwrap_err(),
        vmap(xs, |_| Ok(invalid)).unwrap_err(),
        vmap(xs, |x| Ok([x, x.sum() + invalid])).unwrap_err(),
    ] {
        assert_eq!((error.operation(), error.location().line()), ("reshape", line!() - 7), "{error}");
    }
    let error = vmap(xs, |x| x.floor().sum().grad(x)).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Cut, line!() - 1));
    let error = vmap(xs, |x| x.grad(x)).unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::NotScalar, line!() - 1));
    // through the batched forms the cut is known by the line in the function
    let steps = vmap(xs, |x| Ok(x.sign().sum())).unwrap();
    let error = steps.sum().grad(xs).unwrap_err();
    assert!(error.message().contains(&format!("`sign` at {}:{}:", file!(), line!() - 2)), "{error}");
    let Explanation::Cut(places) = explain(steps.sum(), xs).unwrap() else { panic!() };
    assert_eq!(places[0].operation, "sign");
    let dead = vmap(xs, |x| Ok((-x).relu().sum())).unwrap();
    let Explanation::Zero(places) = explain(dead.sum(), xs).unwrap() else { panic!() };
    assert_eq!(places[0].operation, "relu");
    // one example of two without a logarithm, or without an inverse
    graph.check_finite(true);
    let logs = vmap(xs - 3.0, |x| Ok(x.square().ln().sum())).unwrap();
    let line = line!() - 1;
    let error = logs.value().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::NotFinite, "ln", line)
    );
    let pairs = graph.constant(array![[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]);
    let solved = vmap(pairs, |a| Ok(a.solve([1.0, 2.0]))).unwrap();
    let line = line!() - 1;
    let error = solved.value().unwrap_err();
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::Singular, "solve", line)
    );
    assert_eq!(numbers(xs.sum()), [10.0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 128, ..ProptestConfig::default() })]

    /// The transforms on any shapes, of nodes valid or not, of this graph or another, nested in any order: errors, never a panic.
    #[test]
    fn no_transform_panics(
        shape in prop::collection::vec(0usize..4, 0..4),
        other in prop::collection::vec(0usize..4, 0..4),
        axis in -4isize..4,
        pick in 0usize..9,
        foreign in prop::bool::weighted(0.2),
    ) {
        let (graph, elsewhere) = (Graph::new(), Graph::new());
        let x = graph.full(&shape, 0.5);
        let y = if foreign { elsewhere.full(&other, 0.25) } else { graph.full(&other, 0.25) };
        let f = |x, y| some(pick, axis, x, y);
        let read = |node: Result<Var<'_>, Error>| drop(node.and_then(|node| node.value()));
        read(vmap_both(x, y, &f));
        read(Ok(graph.checkpoint(|| f(x, y))));
        if let Some(inside) = graph.checkpoint(|| vmap_both(x, y, &f).ok()) {
            read(Ok(inside));
        }
        let node = f(x, y);
        for mode in [Mode::Auto, Mode::Forward, Mode::Reverse] {
            let jacobian = node.jacobian_by(mode, [x, y]);
            let _ = jacobian.map(|all| all.map(|j| j.value().is_ok()));
        }
        read(node.sum().hessian(x));
        read(node.sum().hvp(x, y));
        read(node.jvp(x, y));
        read(node.vjp(y, x));
        drop((explain(node, x), explain(node.sum(), y), graph.compute([node, x]), node.holds()));
        graph.check_finite(true);
        read(Ok(node.sum().ln()));
        prop_assert_eq!(x.shape().unwrap(), shape);
        prop_assert!(graph.constant(2.0).square().item().is_ok());
    }
}

fn vmap_both<'g>(x: Var<'g>, y: Var<'g>, f: &dyn Fn(Var<'g>, Var<'g>) -> Var<'g>) -> Result<Var<'g>, Error> {
    let one = vmap(x, |x| Ok(f(x, y)))?;
    let both = vmap([x, y], |[x, y]| f(x, y).square().sum().grad(x))?;
    one.value()?;
    Ok(both)
}

/// One of several functions, of arguments that suit it or not.
fn some<'g>(pick: usize, axis: isize, x: Var<'g>, y: Var<'g>) -> Var<'g> {
    match pick {
        0 => x.matmul(y),
        1 => x.softmax(axis) * y,
        2 => x.take([axis], axis).sum() + y,
        3 => x.cumsum(axis).argmax(axis),
        4 => x.solve(y),
        5 => x.greater(y).select(x.ln(), y),
        6 => x.permute([axis, 0]).cholesky(),
        7 => x.prod_axes(axis) + y.norm(),
        _ => x.flip(axis).sin() * y.max(),
    }
}
