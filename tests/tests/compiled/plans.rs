//! Plans of compiled programs: what is one step, what takes how much memory, and that both grow with the graph and no faster.

use chainrule::graph::{Graph, Plan, Program, Var, keep};
use ndarray::{Array2, ArrayD};

fn wave(shape: &[usize]) -> ArrayD<f64> {
    let len = shape.iter().product::<usize>();
    ArrayD::from_shape_vec(shape, (0..len).map(|i| (i as f64 * 0.37).sin() * 0.5).collect()).unwrap()
}

/// Of each step, its title and operations.
fn steps(plan: &Plan) -> Vec<(&str, Vec<&str>)> {
    let operations = |i: usize| plan.steps[i].operations.iter().map(|entry| &*entry.0).collect();
    plan.steps.iter().enumerate().map(|(i, step)| (&*step.title, operations(i))).collect()
}

#[test]
fn a_whole_softmax_is_one_step() {
    let graph = Graph::new();
    let x = graph.constant(wave(&[50, 40]));
    let plan = Program::new([x], [x.softmax(1)]).compile().unwrap().explain();
    assert_eq!(steps(&plan).len(), 1, "{plan}");
    assert_eq!(plan.steps[0].title, "fused over 50 rows of 40");
    assert_eq!((plan.steps[0].bytes_read / 100, plan.steps[0].bytes_written), (160, 16_000), "{plan}");
    let line = line!() - 4;
    assert!(
        plan.steps[0].lines.iter().any(|at| at.contains(&format!("compiled/plans.rs:{line}:"))),
        "{plan}"
    );
    // Normalizing rows, too; and what is done with all of it before and behind.
    let y = (x * 2.0 + 1.0).tanh();
    let centred = y - y.mean_axes(keep(1));
    let norm = (centred / (centred.square().mean_axes(keep(1)) + 1e-5).sqrt()).exp();
    let plan = Program::new([x], [norm]).compile().unwrap().explain();
    assert_eq!(steps(&plan).len(), 1, "{plan}");
}

#[test]
fn the_plan_of_a_small_network() {
    let graph = Graph::new();
    let (x, target) = (graph.constant(wave(&[64, 20])), graph.constant(wave(&[64, 10])));
    let (w, b) = (graph.variable("w", wave(&[20, 10])), graph.variable("b", wave(&[10])));
    let y = (x.matmul(w) + b).tanh();
    let plan = Program::new([x], [y]).compile().unwrap().explain();
    let want = [("matmul [64, 20] [20, 10]", vec!["matmul"]), ("fused over 640", vec!["add", "tanh"])];
    let got = steps(&plan);
    assert_eq!((got.len(), &got[0]), (2, &want[0]), "{plan}");
    assert!(got[1].0.starts_with("fused over 64") && got[1].1 == want[1].1, "bias and activation: {plan}");
    assert_eq!(plan.steps[0].flops, 2.0 * 64.0 * 20.0 * 10.0);
    assert_eq!(plan.steps[0].bytes_read, 8 * (64 * 20 + 20 * 10));
    // Written over the product.
    assert!(plan.in_place >= 1 && plan.unshared_bytes > 0 && plan.work_bytes > 0, "{plan}");
    assert!(
        plan.steps.iter().all(|step| step.time.is_none()) && plan.time().is_none_or(|time| time.is_zero())
    );
    assert_eq!(plan.items, 3, "{plan}");

    let loss = (y - target).square().mean();
    let [dw, db] = loss.grad([w, b]).unwrap();
    let step = Program::new([x, target], [loss]).update(w, w - dw * 0.1).update(b, b - db * 0.1);
    let step = step.compile().unwrap();
    let plan = step.explain();
    assert!(plan.in_place >= 3, "the variables' new values are written over the old: {plan}");
    assert!(plan.steps.iter().all(|step| step.title != "new value"), "{plan}");
    assert!(plan.steps.len() <= 9, "{plan}");
    assert!((8 * 210..8 * 300).contains(&plan.state_bytes), "{plan}");
    // What a person reads.
    let text = plan.to_string();
    assert!(text.starts_with(&format!(
        "{} nodes -> {} to compute -> {} steps",
        plan.nodes,
        plan.items,
        plan.steps.len()
    )));
    assert!(text.contains("matmul [64, 20] [20, 10]") && text.contains("compiled/plans.rs:"), "{text}");
    assert!(!text.contains("all steps"), "{text}");

    // A profile has a time for each step, and leaves the state alone.
    let before = (step.state().get("w").unwrap(), step.state().get("b").unwrap());
    for runs in [0, 1, 5] {
        let profile = step.profile((&wave(&[64, 20]), &wave(&[64, 10])), runs).unwrap();
        assert_eq!(steps(&profile), steps(&plan));
        assert!(profile.steps.iter().all(|step| step.time.is_some()));
        assert!(profile.time().is_some_and(|time| !time.is_zero()));
        assert!(profile.to_string().contains("all steps"), "{profile}");
    }
    assert_eq!(before, (step.state().get("w").unwrap(), step.state().get("b").unwrap()));
}

/// Runs a test on a thread with a stack of 2 MiB, the size that threads have by default, whatever the environment says.
fn on_a_small_stack(test: fn()) {
    std::thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

/// A long tape of numbers, differentiated, compiled and run: memory and steps grow as the tape does.
#[test]
fn a_long_chain_of_numbers() {
    on_a_small_stack(|| {
        let plan = |length: usize| {
            let graph = Graph::new();
            let (x, a) = (graph.variable("x", 0.5), graph.variable("a", 0.01));
            let y = (0..length).fold(x, |y, _| y.sin() * a + y);
            let [dx, da] = y.grad([x, a]).unwrap();
            let program = Program::new([], [y, dx, da]).update(x, x - dx * 1e-3);
            let mut program = program.compile().unwrap();
            let want = [y, dx, da].map(|y| y.item().unwrap().to_bits());
            assert_eq!(program.run(()).unwrap().map(|y| y[[]].to_bits()), want);
            program.explain()
        };
        let (one, two) = (plan(10_000), plan(20_000));
        assert!(one.items > 30_000, "{}", one.items);
        for (what, one, two) in [
            ("steps", one.steps.len(), two.steps.len()),
            ("items", one.items, two.items),
            ("work", one.work_bytes, two.work_bytes),
            ("constants", one.constant_bytes, two.constant_bytes),
        ] {
            assert!(two as f64 <= 2.2 * one as f64, "{what}: {one}, twice as long {two}");
        }
        // Numbers that nobody needs any more have given up their places.
        assert!(two.work_bytes < two.unshared_bytes / 2, "{} {}", two.work_bytes, two.unshared_bytes);
    });
}

/// Many steps on small vectors and matrices, with the shapes of a network that reads a text.
#[test]
fn a_long_chain_of_small_vectors() {
    on_a_small_stack(|| {
        let graph = Graph::new();
        let (x, w) = (graph.variable("x", wave(&[14])), graph.variable("w", Array2::eye(14) * 0.9));
        let (mut h, mut c) = (x, x * 0.5);
        for step in 0..2000 {
            if step % 100 == 0 {
                h = w.matmul(h);
            }
            c = h.sigmoid() * c + (h * 0.3).tanh() * 0.1;
            h = c.tanh() * h.exp().recip() + x * 0.01;
        }
        let loss = h.square().sum();
        let outputs: [Var<'_>; 4] = [h, c, loss, loss.grad(x).unwrap()];
        let mut program = Program::new([], outputs).compile().unwrap();
        let got = program.run(()).unwrap();
        for (got, want) in got.iter().zip(outputs) {
            let (got, want) = (got.iter().map(|x| x.to_bits()), want.value().unwrap());
            assert!(got.eq(want.iter().map(|x| x.to_bits())));
        }
    });
}
