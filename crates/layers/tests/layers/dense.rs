//! `Dense` against plain `ndarray` and against the lecture.

use chainrule_graph::Graph;
use chainrule_layers::{Convention, Dense, Init, Params};
use ndarray::{Array1, Array2, ArrayD, Axis, array};

fn close(got: &ArrayD<f64>, want: &ArrayD<f64>) {
    assert_eq!(got.shape(), want.shape());
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= 1e-14 * (1.0 + want.abs()), "{got} is not {want}");
    }
}

fn wavy(rows: usize, columns: usize, phase: f64) -> Array2<f64> {
    Array2::from_shape_fn((rows, columns), |(i, j)| (phase + 1.7 * i as f64 - 0.9 * j as f64).sin())
}

#[test]
fn both_conventions_agree_with_ndarray() {
    for (n, inputs, outputs) in [(5, 3, 2), (1, 1, 1), (0, 3, 2), (4, 3, 0), (4, 7, 1), (33, 65, 17)] {
        for biased in [true, false] {
            let (w, b) = (wavy(inputs, outputs, 0.3), Array1::from_shape_fn(outputs, |i| i as f64 - 0.5));
            let batch = wavy(n, inputs, 1.1);
            let vector = wavy(1, inputs, 2.2).row(0).to_owned();
            let b = if biased { b } else { Array1::zeros(outputs) };
            for convention in [Convention::InByOut, Convention::OutByIn] {
                let layer = Dense::new(inputs, outputs).weights(convention);
                let layer = if biased { layer } else { layer.without_bias() };
                let mut params = Params::init(&layer, 0).unwrap();
                assert_eq!(params.len(), 1 + usize::from(biased));
                match convention {
                    Convention::InByOut => params.insert("weight", &w),
                    Convention::OutByIn => params.insert("weight", w.t()),
                };
                if biased {
                    params.insert("bias", &b);
                }
                let graph = Graph::new();
                let bound = params.bind(&graph);
                close(&bound.apply(&layer, &batch).value().unwrap(), &(batch.dot(&w) + &b).into_dyn());
                close(&bound.apply(&layer, &vector).value().unwrap(), &(vector.dot(&w) + &b).into_dyn());
                // a vector is a batch of one
                let row = vector.view().insert_axis(Axis(0)).to_owned();
                close(&bound.apply(&layer, &row).value().unwrap(), &(row.dot(&w) + &b).into_dyn());
            }
        }
    }
}

/// The lecture's 3 x 2 matrix: the error of the hidden layer is `W E` with it, and `W' E` with its transpose.
#[test]
fn the_lecture_backwards_through_either_convention() {
    let w = array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]];
    for (convention, weight) in [(Convention::InByOut, w.to_owned()), (Convention::OutByIn, w.t().to_owned())]
    {
        let layer = Dense::new(3, 2).without_bias().weights(convention);
        let mut params = Params::new();
        params.insert("weight", weight);
        let graph = Graph::new();
        let bound = params.bind(&graph);
        let a = graph.variable("A1", array![0.1, 0.2, 0.3]);
        let [e1] = bound.apply(&layer, a).vjp(array![0.42, 0.45], [a]).unwrap();
        close(&e1.value().unwrap(), &array![0.216, 0.129, 0.087].into_dyn());
        // a batch of errors, one a row
        let rows = graph.constant(Array2::zeros((2, 3)));
        let errors = array![[0.42, 0.45], [1.0, -1.0]];
        let [e1] = bound.apply(&layer, rows).vjp(&errors, [rows]).unwrap();
        close(&e1.value().unwrap(), &errors.dot(&w.t()).into_dyn());
    }
}

#[test]
fn gradients_of_weight_and_bias() {
    let (x, e) = (wavy(4, 3, 0.0), wavy(4, 2, 5.0));
    for (convention, want) in
        [(Convention::InByOut, x.t().dot(&e).into_dyn()), (Convention::OutByIn, e.t().dot(&x).into_dyn())]
    {
        let layer = Dense::new(3, 2).weights(convention);
        let graph = Graph::new();
        let bound = Params::init(&layer, 9).unwrap().bind(&graph);
        let z = bound.apply(&layer, &x);
        let gradients = z.vjp(&e, bound).unwrap();
        assert_eq!(gradients.names().collect::<Vec<_>>(), ["weight", "bias"]);
        close(&gradients.get("weight").value().unwrap(), &want);
        close(&gradients.get("bias").value().unwrap(), &e.sum_axis(Axis(0)).into_dyn());
    }
}

#[test]
fn the_wrong_input_is_refused() {
    let layer = Dense::new(3, 2);
    let graph = Graph::new();
    let bound = Params::init(&layer, 0).unwrap().bind(&graph);
    for shape in [vec![2], vec![3, 2], vec![2, 3, 2], vec![], vec![3, 0]] {
        let error = bound.apply(&layer, ArrayD::zeros(shape.clone())).value().unwrap_err();
        assert_eq!(error.operation(), "dense");
        assert_eq!(
            error.message(),
            format!("this layer takes vectors [3] or batches [..., 3], and the input is {shape:?}")
        );
        assert_eq!(error.shapes(), [shape]);
    }
    // the graph stays usable, and the error of an invalid input is its own
    let oops = graph.constant([1.0, 2.0]) + graph.constant([1.0, 2.0, 3.0]);
    assert_eq!(bound.apply(&layer, oops).value().unwrap_err().operation(), "add");
    assert_eq!(bound.apply(&layer, [1.0, 2.0, 3.0]).shape().unwrap(), [2]);
}

#[test]
fn a_layer_without_inputs_needs_zeros() {
    let error = Params::<f64>::init(&Dense::new(0, 2), 0).unwrap_err();
    assert_eq!(error.message(), "`weight`: Xavier divides by the fan-in, which is 0");
    let layer = Dense::new(0, 2).init(Init::Zeros);
    let graph = Graph::new();
    let mut params = Params::init(&layer, 0).unwrap();
    params.insert("bias", [1.0, 2.0]);
    let z = params.bind(&graph).apply(&layer, Array2::zeros((3, 0)));
    assert_eq!(z.value().unwrap(), array![[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]].into_dyn());
}

#[test]
fn in_f32() {
    let layer = Dense::new(3, 2).weights(Convention::OutByIn);
    let mut params = Params::init(&layer, 0).unwrap();
    params.insert("weight", array![[0.5_f32, 1.0, 2.0], [-1.0, 0.0, 0.25]]);
    params.insert("bias", [1.0_f32, 2.0]);
    let graph = Graph::f32();
    let z = params.bind(&graph).apply(&layer, [2.0, 1.0, 4.0]);
    assert_eq!(z.value().unwrap(), array![11.0_f32, 1.0].into_dyn());
}
