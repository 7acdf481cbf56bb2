//! Products that a kernel finishes, block by block: which there are, and that they change no bit.

use chainrule::graph::{Graph, Plan, Program, Var};
use ndarray::ArrayD;

fn wave(shape: &[usize], seed: f64) -> ArrayD<f32> {
    let len = shape.iter().product::<usize>();
    let data = (0..len).map(|i| ((i as f64 + seed) * 0.37).sin() as f32 * 0.5).collect();
    ArrayD::from_shape_vec(shape, data).unwrap()
}

/// How many steps are a product and the kernel that finishes it.
fn finished(plan: &Plan) -> usize {
    plan.steps.iter().filter(|step| step.title.contains(", then fused")).count()
}

fn bits(x: &ArrayD<f32>) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn bias_and_activation_are_one_step_with_the_product() {
    let graph = Graph::f32();
    let x = graph.constant(wave(&[128, 300], 0.1));
    let (w, b) = (graph.variable("w", wave(&[300, 64], 0.2)), graph.variable("b", wave(&[64], 0.3)));
    let z = x.matmul(w) + b;
    for y in [z.relu(), z.sigmoid(), z.tanh()] {
        let mut program = Program::new([x], [y]).compile().unwrap();
        let plan = program.explain();
        assert_eq!(plan.steps.len(), 1, "{plan}");
        let step = &plan.steps[0];
        assert_eq!(step.title, "matmul [128, 300] [300, 64], then fused over 128 rows of 64", "{plan}");
        let operations: Vec<_> = step.operations.iter().map(|operation| &*operation.0).collect();
        assert_eq!(operations.first(), Some(&"matmul"), "{plan}");
        assert!(operations.len() > 1 && step.lines.len() > 1, "{plan}");
        assert_eq!(step.bytes_read, 4 * (128 * 300 + 300 * 64 + 64), "{plan}");
        let [got] = program.run([wave(&[128, 300], 0.1)]).unwrap();
        assert_eq!(bits(&got.to_owned()), bits(&y.value().unwrap()));
        let profile = program.profile([wave(&[128, 300], 0.1)], 2).unwrap();
        assert!(profile.steps.iter().all(|step| step.time.is_some()), "{profile}");
    }
    // Several activations of the same product, and the product itself.
    let mut all = Program::new([x], [z.relu(), z.tanh(), x.matmul(w)]).compile().unwrap();
    assert_eq!(finished(&all.explain()), 1, "{}", all.explain());
    let got = all.run([wave(&[128, 300], 0.1)]).unwrap().map(|y| bits(&y.to_owned()));
    assert_eq!(got, [z.relu(), z.tanh(), x.matmul(w)].map(|y| bits(&y.value().unwrap())));
}

#[test]
fn a_single_block_of_rows_has_two_steps() {
    let graph = Graph::f32();
    let x = graph.constant(wave(&[32, 300], 0.1));
    let y = (x.matmul(wave(&[300, 64], 0.2)) + wave(&[64], 0.3)).relu();
    let plan = Program::new([x], [y]).compile().unwrap().explain();
    assert_eq!((plan.steps.len(), finished(&plan)), (2, 0), "{plan}");
}

/// A step of training: forward, backward, and updates of weights behind the products that are their gradients.
#[test]
fn a_step_of_training_has_the_same_bits_at_any_number_of_threads() {
    let sizes = [96, 320, 320, 272];
    let graph = Graph::f32();
    let x = graph.constant(wave(&[80, sizes[0]], 0.1));
    let mut h = x;
    let mut parameters: Vec<Var<'_, f32>> = Vec::new();
    for (layer, pair) in sizes.windows(2).enumerate() {
        let w = graph.variable(format!("w{layer}"), wave(pair, layer as f64));
        let b = graph.variable(format!("b{layer}"), wave(&pair[1..], layer as f64 + 0.5));
        parameters.extend([w, b]);
        let z = h.matmul(w) + b;
        // A shortcut, so that the factor of the product is read by the kernel behind it as well.
        h = match layer {
            0 => z.relu(),
            1 => z.tanh() + h,
            _ => z.sigmoid(),
        };
    }
    let loss = (h - wave(&[80, sizes[3]], 0.7)).square().mean();
    let gradients = loss.grad(parameters.clone()).unwrap();
    let updates: Vec<_> = parameters.iter().zip(&gradients).map(|(&p, &g)| (p, p - g * 0.1)).collect();
    let want: Vec<_> = updates.iter().map(|(_, new)| bits(&new.value().unwrap())).collect();
    for threads in [1, 2, 3, 8] {
        let state = chainrule::graph::State::new();
        let program = Program::new([x], [loss, h]).updates(updates.clone()).state(&state);
        let mut program = program.compile().unwrap();
        let plan = program.explain();
        assert!(finished(&plan) >= 7, "three layers, two inner gradients, two weights at least: {plan}");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let [l, last] = pool.install(|| {
            let outputs = program.run([wave(&[80, sizes[0]], 0.1)]).unwrap();
            outputs.map(|output| bits(&output.to_owned()))
        });
        assert_eq!(l, bits(&loss.value().unwrap()), "{threads} threads");
        assert_eq!(last, bits(&h.value().unwrap()), "{threads} threads");
        for ((p, _), want) in updates.iter().zip(&want) {
            let name = p.name().unwrap();
            assert_eq!(&bits(&state.get(&name).unwrap()), want, "{name}, {threads} threads");
        }
    }
}

/// Rows that are normalized, and products that may not be finished: what comes out is the same.
#[test]
fn rows_sums_and_shared_products_keep_their_bits() {
    let graph = Graph::f32();
    let x = graph.constant(wave(&[256, 128], 0.1));
    let w = graph.variable("w", wave(&[128, 128], 0.2));
    let z = x.matmul(w);
    let softmax = z.softmax(1);
    let cases = [
        (vec![softmax], 1),
        // The kernel reads the product transposed, too; or reduces it to a number.
        (vec![z.tanh() + z.t().tanh().reshape([256, 128])], 0),
        (vec![z.square().sum()], 0),
        // A kernel needs a product of its own rows: with two of them it finishes one.
        (vec![(z + (x * 2.0).matmul(w)).relu()], 1),
        // Its factor is overwritten by nobody before the last block.
        (vec![(x.tanh().matmul(w) + x.tanh()).sigmoid(), z.relu()], 2),
    ];
    for (number, (outputs, want)) in cases.into_iter().enumerate() {
        let mut program = Program::new([x], outputs.clone()).compile().unwrap();
        assert_eq!(finished(&program.explain()), want, "{number}: {}", program.explain());
        let got = program.run([wave(&[256, 128], 0.1)]).unwrap();
        for (got, output) in got.iter().zip(&outputs) {
            assert_eq!(bits(&got.to_owned()), bits(&output.value().unwrap()), "{number}");
        }
    }
}
