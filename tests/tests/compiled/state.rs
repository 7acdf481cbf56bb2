//! What programs keep from run to run: the meaning of updates, and states that are shared.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use chainrule::graph::{CustomOp, Error, ErrorKind, Graph, LinearMap, Program, State, Var};
use ndarray::{Array1, Array2, ArrayD, ArrayViewD, array, s};

const SHAPES: [&[usize]; 9] = [&[], &[1], &[5], &[1024], &[1025], &[300, 7], &[70_000], &[0], &[2, 3, 4]];

fn wave(shape: &[usize], seed: f64) -> ArrayD<f64> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| (i as f64 * 0.37 + seed).sin() * 2.0).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

fn nothing<'g>() -> [Var<'g>; 0] {
    []
}

#[track_caller]
fn holds(state: &State, name: &str, want: &ArrayD<f64>) {
    let got = state.get(name).unwrap();
    assert_eq!(got.shape(), want.shape(), "`{name}`");
    let wrong = got.iter().zip(want).position(|(a, b)| a.to_bits() != b.to_bits());
    assert!(wrong.is_none(), "`{name}`, element {wrong:?}");
}

fn variables<'g>(graph: &'g Graph, values: &[ArrayD<f64>]) -> Vec<Var<'g>> {
    values.iter().enumerate().map(|(i, x)| graph.variable(format!("v{i}"), x)).collect()
}

/// Runs a program of these updates three times, and compares with the values of a graph that has the state's values as leaves.
#[track_caller]
fn as_by_values(
    what: &str,
    starts: &[ArrayD<f64>],
    updates: impl for<'g> Fn(&'g Graph, &[Var<'g>]) -> Vec<(usize, Var<'g>)>,
) {
    let graph = Graph::new();
    let nodes = variables(&graph, starts);
    let pairs = updates(&graph, &nodes).into_iter().map(|(i, value)| (nodes[i], value));
    let mut program = Program::new([], nothing()).updates(pairs).compile().unwrap();
    let mut now = starts.to_vec();
    for run in 0..3 {
        program.run(()).map(drop).unwrap();
        let graph = Graph::new();
        let nodes = variables(&graph, &now);
        let mut next = now.clone();
        for (i, value) in updates(&graph, &nodes) {
            next[i] = value.value().unwrap();
        }
        now = next;
        for (i, want) in now.iter().enumerate() {
            let Ok(got) = program.state().get(&format!("v{i}")) else { continue };
            let wrong = got.iter().zip(want).position(|(a, b)| a.to_bits() != b.to_bits());
            let plan = program.explain();
            assert!(wrong.is_none(), "{what}, run {run}, v{i}, element {wrong:?}\n{plan}");
        }
    }
}

#[test]
fn all_new_values_are_made_of_the_old_ones() {
    for shape in SHAPES {
        let starts: Vec<_> = (0..3).map(|i| wave(shape, i as f64)).collect();
        let what = |how: &str| format!("{how} at {shape:?}");
        as_by_values(&what("swap"), &starts, |_, v| vec![(0, v[1]), (1, v[0])]);
        as_by_values(&what("rotate"), &starts, |_, v| vec![(0, v[1]), (1, v[2]), (2, v[0])]);
        as_by_values(&what("rotate back"), &starts, |_, v| vec![(2, v[1]), (1, v[0]), (0, v[2])]);
        as_by_values(&what("Fibonacci"), &starts, |_, v| vec![(0, v[1]), (1, v[0] + v[1])]);
        as_by_values(&what("Fibonacci, turned"), &starts, |_, v| vec![(1, v[0] + v[1]), (0, v[1])]);
        as_by_values(&what("w, then v of w"), &starts, |_, v| {
            let w = v[0] * 0.5 + v[2];
            vec![(0, w), (1, w * v[1] - v[0])]
        });
        as_by_values(&what("the same for all"), &starts, |_, v| {
            let w = v[0] + v[1];
            vec![(0, w), (1, w), (2, w)]
        });
        as_by_values(&what("one shared, one more of it"), &starts, |_, v| {
            let w = v[0].tanh();
            vec![(0, w), (1, w), (2, w + v[0])]
        });
        as_by_values(&what("to itself"), &starts, |_, v| vec![(0, v[0]), (1, v[1] * 1.0), (2, v[0])]);
        as_by_values(&what("constants"), &starts, |graph, v| {
            vec![(0, graph.full(shape, 3.0)), (1, graph.constant(wave(shape, 9.0))), (2, v[0] * 0.0)]
        });
        as_by_values(&what("sums of others"), &starts, |_, v| {
            vec![
                (0, v[0] + v[1].sum()),
                (1, v[1] - v[0].mean().tanh()),
                (2, v[0] / (v[2].square().sum() + 1.0)),
            ]
        });
        as_by_values(&what("backwards"), &starts, |_, v| {
            vec![(0, flip(v[1], shape)), (1, flip(v[0], shape)), (2, flip(v[2], shape) + v[2])]
        });
    }
}

fn flip<'g>(x: Var<'g>, shape: &[usize]) -> Var<'g> {
    x.reshape([-1]).flip(0).reshape(shape)
}

#[test]
fn turned_and_sliced_others() {
    for n in [1, 2, 16, 17, 70] {
        let (square, long) = (wave(&[n, n], 0.0), wave(&[2 * n, n], 1.0));
        let starts = [square, long, wave(&[n, n], 2.0), wave(&[n], 3.0)];
        as_by_values(&format!("transposed, {n}"), &starts, |_, v| vec![(0, v[2].t()), (2, v[0].t())]);
        as_by_values(&format!("its own transpose, {n}"), &starts, |_, v| {
            vec![(0, v[0].t()), (2, v[2] + v[2].t())]
        });
        as_by_values(&format!("parts, {n}"), &starts, |graph, v| {
            vec![
                (0, v[1].slice(s![n.., ..])),
                (1, graph.concat([v[2], v[0]], 0)),
                (2, v[1].slice(s![..;2, ..;-1]) * 0.5),
                (3, v[0].slice(s![0, ..])),
            ]
        });
        as_by_values(&format!("spread, {n}"), &starts, |_, v| {
            vec![
                (0, v[3].broadcast_to([n, n])),
                (3, v[0].sum_axes(1)),
                (2, v[3].unsqueeze(1).broadcast_to([n, n])),
            ]
        });
        // A product, a step of its own, reads the old value of what is replaced.
        as_by_values(&format!("products, {n}"), &starts, |_, v| {
            vec![(0, v[0] * 0.9), (2, v[0].matmul(v[2])), (3, v[0].matmul(v[3]).tanh())]
        });
        as_by_values(&format!("products of new and old, {n}"), &starts, |_, v| {
            let new = v[0] * 0.9 + 0.1;
            vec![(0, new), (2, new.matmul(v[0]) * 0.1), (3, (v[0].matmul(new).sum_axes(0) * 0.01).tanh())]
        });
        as_by_values(&format!("softmax and sums, {n}"), &starts, |_, v| {
            vec![(0, v[0].softmax(1)), (2, v[0] * v[2].sum_axes(0)), (3, v[0].max_axes(1))]
        });
        as_by_values(&format!("gathered, {n}"), &starts, |graph, v| {
            let index = graph.constant((0..n).rev().map(|i| i as f64).collect::<Vec<_>>());
            vec![(0, v[0].take(index, 0)), (2, v[0].cumsum(1) * 0.01), (3, v[3].take(index, 0) * v[3])]
        });
    }
}

/// To an input; from views of it, small and large; and the input's memory is not the variable's.
#[test]
fn from_inputs() {
    for n in [1, 2, 60, 80] {
        let graph = Graph::new();
        let x = graph.constant(Array2::<f64>::zeros((n, n)));
        let [a, b, c] = ["a", "b", "c"].map(|name| graph.variable(name, Array2::<f64>::zeros((n, n))));
        let updates = [(a, x), (b, x.t()), (c, x.slice(s![..;-1, ..]) + a)];
        let mut program = Program::new([x], [x, a]).updates(updates).compile().unwrap();
        let mut old = ArrayD::zeros(vec![n, n]);
        for run in 0..3 {
            let given = wave(&[n, n], f64::from(run));
            program.run([&given]).map(drop).unwrap();
            holds(program.state(), "a", &given);
            holds(program.state(), "b", &given.t().as_standard_layout().to_owned());
            holds(program.state(), "c", &(given.slice(s![..;-1, ..]).into_dyn().to_owned() + &old));
            old = given;
        }
    }
}

/// Momentum and Adam against loops over plain arrays; gradients of a linear fit.
#[test]
fn optimizers_are_what_they_are() {
    let (n, rate, decay) = (40, 0.05, 0.9);
    let data = wave(&[n, 3], 0.5).into_dimensionality::<ndarray::Ix2>().unwrap();
    let target = data.dot(&array![1.0, -2.0, 0.5]);
    let slope = |w: &Array1<f64>| data.t().dot(&(data.dot(w) - &target)) * (2.0 / n as f64);
    let near = |got: ArrayD<f64>, want: &Array1<f64>, what: &str| {
        for (got, want) in got.iter().zip(want) {
            assert!((got - want).abs() <= 1e-13 * want.abs().max(1.0), "{what}: {got:e}, not {want:e}");
        }
    };
    let graph = Graph::new();
    let [w, v, m, s] = ["w", "v", "m", "s"].map(|name| graph.variable(name, [0.0; 3]));
    let (x, y, t) = (graph.constant(&data), graph.constant(&target), graph.variable("t", 0.0));
    let loss = (x.matmul(w) - y).square().mean();
    let dw = loss.grad(w).unwrap();
    let next_v = v * decay + dw;
    let momentum = Program::new([x, y], [loss]).update(v, next_v).update(w, w - next_v * rate);
    let mut momentum = momentum.state(&State::new()).compile().unwrap();
    let (now, next_m, next_s) = (t + 1.0, m * 0.9 + dw * 0.1, s * 0.999 + dw.square() * 0.001);
    let rates = [0.9_f64, 0.999].map(|beta| 1.0 - (now * beta.ln()).exp());
    let adam = w - next_m / rates[0] * rate / ((next_s / rates[1]).sqrt() + 1e-8);
    let adam = Program::new([x, y], [loss]).updates([(t, now), (m, next_m), (s, next_s), (w, adam)]);
    let mut adam = adam.state(&State::new()).compile().unwrap();
    let [mut pw, mut pv, mut aw, mut am, mut a2] = [(); 5].map(|()| Array1::<f64>::zeros(3));
    for step in 1..=20 {
        let [before] = momentum.run((&data, &target)).unwrap();
        let want = (data.dot(&pw) - &target).mapv(|e| e * e).mean().unwrap();
        assert!((before[[]] - want).abs() <= 1e-13 * want, "the loss is that of the old values");
        pv = pv * decay + slope(&pw);
        pw = pw - &pv * rate;
        near(momentum.state().get("w").unwrap(), &pw, "momentum");
        near(momentum.state().get("v").unwrap(), &pv, "velocity");
        adam.run((&data, &target)).map(drop).unwrap();
        let g = slope(&aw);
        am = am * 0.9 + &g * 0.1;
        a2 = a2 * 0.999 + (&g * &g) * 0.001;
        let rates = [0.9_f64, 0.999].map(|beta| 1.0 - (f64::from(step) * beta.ln()).exp());
        aw = aw - (&am / rates[0]) * rate / ((&a2 / rates[1]).mapv(f64::sqrt) + 1e-8);
        near(adam.state().get("w").unwrap(), &aw, "Adam");
        assert_eq!(adam.state().get("t").unwrap()[[]], f64::from(step));
    }
    let error = |w: &Array1<f64>| (data.dot(w) - &target).mapv(|e| e * e).sum();
    assert!(error(&pw) < 0.7 * error(&Array1::zeros(3)), "momentum learns: {pw}");
}

#[test]
fn programs_share_a_state() {
    let state = State::new();
    let graph = Graph::new();
    let (x, w) = (graph.constant(Array2::<f64>::zeros((4, 2))), graph.variable("w", [1.0, 1.0]));
    let sum = x.matmul(w).sum();
    let step = Program::new([x], [sum]).update(w, w + x.sum_axes(0));
    let mut step = step.state(&state).compile().unwrap();
    let mut read = Program::new([], [w * 1.0]).state(&state).compile().unwrap();
    // Another graph, for the last batch: other shapes of inputs, and a value of its own that loses against the state's.
    let other = Graph::new();
    let (x, w, b) = (
        other.constant(Array2::<f64>::zeros((3, 2))),
        other.variable("w", [100.0, 100.0]),
        other.variable("b", wave(&[70_000], 0.0)),
    );
    step.run([&Array2::from_elem((4, 2), 1.0)]).map(drop).unwrap();
    let last = Program::new([x], nothing()).update(w, w + x.sum_axes(0)).update(b, b + 1.0);
    let mut last = last.state(&state).compile().unwrap();
    holds(&state, "w", &array![5.0, 5.0].into_dyn());
    last.run([&Array2::from_elem((3, 2), 10.0)]).map(drop).unwrap();
    holds(&state, "w", &array![35.0, 35.0].into_dyn());
    holds(&state, "b", &(wave(&[70_000], 0.0) + 1.0));
    assert_eq!(read.run(()).unwrap()[0], array![35.0, 35.0].into_dyn());
    assert_eq!(step.run([&Array2::from_elem((4, 2), 1.0)]).unwrap()[0][[]], 280.0);
    assert_eq!(read.run(()).unwrap()[0], array![39.0, 39.0].into_dyn());
    let shapes: Vec<_> = state.shapes().into_iter().collect();
    assert_eq!(shapes, [("w".to_owned(), vec![2]), ("b".to_owned(), vec![70_000])]);
    assert_eq!(format!("{state:?}"), r#"{"w": [2], "b": [70000]}"#);
    // Clones of programs share it too; a graph's own values do not change, and other states have nothing of it.
    step.clone().run([&Array2::from_elem((4, 2), 1.0)]).map(drop).unwrap();
    holds(&state, "w", &array![43.0, 43.0].into_dyn());
    assert_eq!(graph.get("w").unwrap().value().unwrap(), array![1.0, 1.0].into_dyn());
    let mut fresh = Program::new([], graph.get("w").unwrap()).compile().unwrap();
    assert_eq!(fresh.run(()).unwrap(), array![1.0, 1.0].into_dyn());
    assert!(State::<f64>::new().shapes().is_empty() && !State::<f64>::default().contains("w"));
}

#[test]
fn values_can_be_read_set_and_kept() {
    let graph = Graph::new();
    let (w, m) = (graph.variable("w", [1.0, 2.0, 3.0]), graph.variable("m", wave(&[3, 2], 0.0)));
    let program = Program::new([], [w.sum()]).update(w, w * 2.0).update(m, m + 1.0);
    let mut program = program.compile().unwrap();
    let state = program.state().clone();
    let early = state.snapshot().unwrap();
    program.run(()).map(drop).unwrap();
    holds(&early, "w", &array![1.0, 2.0, 3.0].into_dyn());
    holds(&early, "m", &wave(&[3, 2], 0.0));
    holds(&state, "w", &array![2.0, 4.0, 6.0].into_dyn());
    early.set("w", 7.0 + array![0.0, 0.0, 0.0]).unwrap();
    holds(&state, "w", &array![2.0, 4.0, 6.0].into_dyn());
    // From any memory.
    let wide = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
    state.set("w", wide.slice(s![..;-1, 1])).unwrap();
    state.set("m", wide.t().as_standard_layout().t()).unwrap();
    holds(&state, "w", &array![6.0, 4.0, 2.0].into_dyn());
    holds(&state, "m", &wide.clone().into_dyn());
    assert_eq!(program.run(()).unwrap()[0][[]], 12.0);
    let before = (state.get("w").unwrap(), state.get("m").unwrap());
    let error = state.set("v", 1.0).unwrap_err();
    let line = line!() - 1;
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::Argument, "set", line)
    );
    assert_eq!(error.message(), "there is no value `v`");
    assert!(error.help().contains("`w`, `m`"), "{error}");
    let error = state.set("w", [1.0, 2.0]).unwrap_err();
    assert_eq!(error.message(), "`w` has the shape [3], not [2]");
    assert!(error.location().file().ends_with("compiled/state.rs"), "{error}");
    assert!(state.set("m", wide.t()).is_err() && state.set("w", array![[1.0, 2.0, 3.0]]).is_err());
    assert_eq!(before, (state.get("w").unwrap(), state.get("m").unwrap()));
    let error = state.get("v").unwrap_err();
    let line = line!() - 1;
    assert_eq!((error.operation(), error.location().line()), ("get", line));
    assert_eq!((error.message(), error.kind()), ("there is no value `v`", ErrorKind::Argument));
    assert!(!state.contains("v") && state.contains("m"));
    // The program with the values of a snapshot: the two go separate ways.
    let kept = state.snapshot().unwrap();
    let mut second = program.clone().with_state(&kept).unwrap();
    for _ in 0..3 {
        second.run(()).map(drop).unwrap();
    }
    holds(&kept, "w", &array![96.0, 64.0, 32.0].into_dyn());
    holds(&state, "w", &array![12.0, 8.0, 4.0].into_dyn());
    // A state without its variables is none for it.
    let error = program.clone().with_state(&State::new()).unwrap_err();
    let line = line!() - 1;
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::Argument, "with_state", line)
    );
    let turned = Graph::new();
    let (m, w) = (turned.variable("m", wave(&[3, 2], 0.0)), turned.variable("w", [1.0, 2.0, 3.0]));
    let other = Program::new([], [m.sum(), w.sum()]).compile().unwrap();
    assert!(program.with_state(other.state()).is_err());
}

#[test]
fn a_state_with_another_shape_is_refused_and_unchanged() {
    let state = State::new();
    let graph = Graph::new();
    let w = graph.variable("w", [1.0, 2.0]);
    let mut first = Program::new([], nothing()).update(w, w + 1.0).state(&state).compile().unwrap();
    let other = Graph::new();
    // The variable that is new comes first: it must not be there afterwards.
    let (new, w) = (other.variable("new", [1.0]), other.variable("w", [1.0, 2.0, 3.0]));
    let sum = (new + w).sum();
    let error = Program::new([], [sum]).state(&state).compile().map(drop).unwrap_err();
    let line = line!() - 1;
    assert_eq!(
        (error.kind(), error.operation(), error.location().line()),
        (ErrorKind::Shape, "compile", line)
    );
    assert!(error.message().contains("`w`") && error.message().contains("[2]"), "{error}");
    assert!(error.message().contains("[3]") && !error.help().is_empty(), "{error}");
    assert_eq!(state.shapes().into_iter().collect::<Vec<_>>(), [("w".to_owned(), vec![2])]);
    holds(&state, "w", &array![1.0, 2.0].into_dyn());
    first.run(()).map(drop).unwrap();
    holds(&state, "w", &array![2.0, 3.0].into_dyn());
}

/// New values in tiny programs, where one is computed from another, is the old value of another, or is handed out too: each
/// is computed from the old values, whatever is written first.
#[test]
fn updates_of_tiny_programs_see_old_values() {
    let graph = Graph::new();
    let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| graph.variable(name, [0.25, -2.0]));
    let step = a - 0.5 * b;
    let next = [(a, step), (b, step * 3.0 + c), (c, a), (d, d - 0.1 * step)];
    let mut orders = vec![next.to_vec(), next.iter().rev().copied().collect()];
    orders.push(vec![next[2], next[0], next[3], next[1]]);
    for order in orders {
        for outputs in [vec![], vec![step], vec![a, b, next[1].1]] {
            let state = State::new();
            let mut program = Program::new([], outputs.clone()).state(&state);
            for &(variable, value) in &order {
                program = program.update(variable, value);
            }
            let mut program = program.compile().unwrap();
            let mut want = [[0.25, -2.0]; 4];
            for _ in 0..4 {
                program.run(()).unwrap();
                let [old_a, old_b, old_c, old_d] = want;
                for i in 0..2 {
                    let step = old_a[i] - 0.5 * old_b[i];
                    want[0][i] = step;
                    want[1][i] = step * 3.0 + old_c[i];
                    want[2][i] = old_a[i];
                    want[3][i] = old_d[i] - 0.1 * step;
                }
                for (name, want) in ["a", "b", "c", "d"].iter().zip(want) {
                    assert_eq!(state.get(name).unwrap().as_slice().unwrap(), want, "{name}");
                }
            }
        }
    }
}

/// An operation that uses a state when it is computed.
struct Uses(State, Arc<Mutex<Vec<Option<ErrorKind>>>>);

impl CustomOp<f64> for Uses {
    fn name(&self) -> &'static str {
        "uses"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        let Uses(state, seen) = self;
        let graph = Graph::new();
        let other = Program::new([], [graph.variable("other", 1.0)]).state(state).compile();
        let kind = |error: Error| error.kind();
        let results = [
            state.get("w").err().map(kind),
            state.set("w", [0.0, 0.0]).err().map(kind),
            state.snapshot().err().map(kind),
            other.err().map(kind),
        ];
        seen.lock().unwrap().extend(results);
        // What has no values needs not wait.
        assert!(state.contains("w") && state.shapes()["w"] == [2] && format!("{state:?}") == r#"{"w": [2]}"#);
        Ok(operands[0].to_owned())
    }
    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// In a thread of its own, so that it fails and does not hang.
#[test]
fn an_operation_that_uses_the_state_of_its_own_run_is_told_that_it_is_busy() {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let busy = Some(ErrorKind::Busy);
        for (updates, want) in [(true, [busy; 4]), (false, [None, busy, None, busy])] {
            let graph = Graph::new();
            let w = graph.variable("w", [1.0, 2.0]);
            let state = Program::new([], [w]).compile().unwrap().state().clone();
            let seen = Arc::new(Mutex::new(Vec::new()));
            let y = graph.custom(Uses(state.clone(), seen.clone()), [w]);
            let program = Program::new([], [y]).state(&state);
            let program = if updates { program.update(w, w + y) } else { program };
            let mut program = program.compile().unwrap();
            seen.lock().unwrap().clear();
            program.run(()).map(drop).unwrap();
            assert_eq!(*seen.lock().unwrap(), want);
            let now = if updates { array![2.0, 4.0] } else { array![1.0, 2.0] };
            assert_eq!(state.get("w").unwrap(), now.into_dyn());
            state.set("w", [3.0, 4.0]).unwrap();
        }
        done.send(()).unwrap();
    });
    assert_eq!(ended.recv_timeout(Duration::from_secs(60)), Ok(()), "a deadlock, or another error");
}
