//! The loop: every sample in every epoch, the same bits when resumed, and each way to stop.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chainrule_graph::{ErrorKind, Graph, Scalar, Var};
use chainrule_layers::{
    Adam, Dataset, Declarations, Init, Layer, Loss, Metric, Model, Momentum, Optimizer, Params, Report,
    Scoped, Sequential, Sgd, Stop, Trainer, mean_squared_error,
};
use ndarray::{Array2, ArrayD, Axis, array};

/// Points and a smooth function of them.
fn data(n: usize) -> Dataset {
    let points = Array2::from_shape_fn((n, 2), |(i, j)| ((i * (13 + 8 * j)) % 53) as f64 / 26.0 - 1.0);
    let values = points.map_axis(Axis(1), |p| (2.0 * p[0]).sin() * p[1] + 0.3);
    Dataset::new(points, values.insert_axis(Axis(1))).unwrap()
}

fn network() -> Sequential {
    Sequential::new().dense(2, 12).tanh().dropout(0.1).dense(12, 1)
}

/// A file of this name that is not there.
fn file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("chainrule-{}-{name}", std::process::id()));
    drop(std::fs::remove_file(&path));
    path
}

type Ours = Report<Sequential>;

fn same(a: &Ours, b: &Ours) {
    assert_eq!(a.history, b.history);
    assert_eq!(a.model.params, b.model.params);
}

/// A counter of how often each sample is seen: `w <- w - rate d(loss)/dw` with a one-hot input counts them.
#[test]
fn every_sample_is_seen_once_in_every_epoch_and_none_is_left_out() {
    struct Weights;
    impl<T: Scalar> Layer<T> for Weights {
        fn declare(&self, params: &mut Declarations<T>) {
            params.parameter("w", [10], Init::Zeros);
        }
        fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
            x.matmul(params.get("w"))
        }
    }
    let data = Dataset::<f64>::new(Array2::eye(10), ArrayD::zeros(vec![10])).unwrap();
    // The sum of the outputs: each sample adds 1 to its own weight.
    let count = Loss::custom(|_, output| -output.sum());
    let report =
        Trainer::new(Weights, count, Sgd::new(1.0)).batch(4).epochs(3).silent().fit(&data, None).unwrap();
    assert_eq!(report.model.params.get("w").unwrap(), ArrayD::from_elem(vec![10], 3.0));
}

#[test]
fn the_trainer_is_the_plain_loop() {
    // One batch of all samples: gradient descent, written by hand.
    let data = data(20);
    let model = Sequential::new().dense(2, 5).tanh().dense(5, 1);
    let report = Trainer::new(model.clone(), Loss::MeanSquaredError, Sgd::new(0.1))
        .batch(20)
        .epochs(25)
        .seed(3)
        .in_order()
        .silent()
        .fit(&data, None)
        .unwrap();
    let mut params = Params::init(&model, 3).unwrap();
    let mut losses = Vec::new();
    for _ in 0..25 {
        let graph = Graph::new();
        let bound = params.bind(&graph);
        let loss = mean_squared_error(data.targets(), bound.apply(&model, data.inputs()));
        losses.push(loss.item().unwrap());
        params.step(&loss.grad(bound).unwrap(), 0.1).unwrap();
    }
    assert_eq!(report.history.epochs.iter().map(|epoch| epoch.loss).collect::<Vec<_>>(), losses);
    assert_eq!(report.model.params, params);
}

#[test]
fn the_loss_of_an_epoch_is_the_mean_over_samples() {
    // With a rate of 0 nothing changes, and the odd last batch counts by its size.
    let data = data(23);
    let run = |loss: Loss| {
        let model = Sequential::new().dense(2, 3).tanh().dense(3, 1);
        Trainer::new(model, loss, Sgd::new(0.0)).batch(5).epochs(1).silent().fit(&data, &data).unwrap()
    };
    for loss in [Loss::MeanSquaredError, Loss::HalfSquaredError] {
        let report = run(loss.clone());
        let whole = report.model.evaluate(&data, &loss, &[]).unwrap().loss;
        let epoch = &report.history.epochs[0];
        for got in [epoch.loss, epoch.valid_loss.unwrap()] {
            assert!((got - whole).abs() < 1e-14 * whole, "{loss:?}: {got} and {whole}");
        }
    }
}

fn trainer(epochs: usize) -> Trainer<Sequential, Adam> {
    Trainer::new(network(), Loss::MeanSquaredError, Adam::new(0.01))
        .batch(8)
        .epochs(epochs)
        .seed(5)
        .metric(Metric::R2)
        .silent()
}

#[test]
fn a_run_in_two_parts_ends_with_the_bits_of_one() {
    let (train, valid) = data(50).shuffled(2).split(0.8).unwrap();
    let whole = trainer(6).fit(&train, &valid).unwrap();
    let path = file("parts");
    trainer(2).checkpoint(&path).fit(&train, &valid).unwrap();
    let rest = trainer(6).checkpoint(&path).resume().fit(&train, &valid).unwrap();
    same(&whole, &rest);
    // The end again: there is nothing left to do.
    same(&whole, &trainer(6).checkpoint(&path).resume().fit(&train, &valid).unwrap());
    // Without a file to go on from it begins.
    std::fs::remove_file(&path).unwrap();
    same(&whole, &trainer(6).checkpoint(&path).resume().fit(&train, &valid).unwrap());
    std::fs::remove_file(&path).unwrap();
}

/// Stops after so many batches, in the middle of an epoch: a loss that counts how often it is computed would not do, for it is
/// recorded once, but a flag can be raised from another thread, at any time.
#[test]
fn interrupted_at_any_time_it_goes_on_to_the_same_bits() {
    let (train, valid) = data(400).shuffled(2).split(0.8).unwrap();
    let whole = trainer(8).fit(&train, &valid).unwrap();
    let path = file("interrupted");
    let mut interruptions = 0;
    let mut micros = 300;
    let report = loop {
        let flag = Arc::new(AtomicBool::new(false));
        let raise = flag.clone();
        let raiser = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_micros(micros));
            raise.store(true, Ordering::SeqCst);
        });
        let report = trainer(8).checkpoint(&path).resume().stop_on(flag).fit(&train, &valid).unwrap();
        raiser.join().unwrap();
        match report.stop {
            Stop::Interrupted => interruptions += 1,
            stop => {
                assert_eq!(stop, Stop::Finished);
                break report;
            }
        }
        micros += 1700;
    };
    assert!(interruptions > 1, "{interruptions}");
    same(&whole, &report);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn another_run_s_checkpoint_is_refused_and_nothing_changes() {
    let (train, valid) = data(50).split(0.8).unwrap();
    let path = file("another");
    trainer(1).checkpoint(&path).fit(&train, &valid).unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = |trainer: Trainer<Sequential, Adam>, train: &Dataset, want: &str| {
        let error = trainer.checkpoint(&path).resume().fit(train, &valid).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::File);
        assert!(error.message().contains(want), "{error}");
        assert!(error.message().contains(&path.display().to_string()), "{error}");
    };
    refused(trainer(2).batch(9), &train, "the size of batches was 8 and is 9");
    refused(trainer(2).seed(6), &train, "the seed was 5 and is 6");
    refused(trainer(2).in_order(), &train, "shuffling was true and is false");
    refused(trainer(2), &train.shuffled(9), "the checksum of the training data was");
    let wide = Sequential::new().dense(2, 13).tanh().dropout(0.1).dense(13, 1);
    let other = Trainer::new(wide, Loss::MeanSquaredError, Adam::new(0.01))
        .batch(8)
        .seed(5)
        .metric(Metric::R2)
        .silent();
    refused(other, &train, "`0.weight` has shape [2, 12] there, and [2, 13] here");
    let other = Trainer::new(network(), Loss::MeanSquaredError, Momentum::new(0.01, 0.9))
        .batch(8)
        .seed(5)
        .metric(Metric::R2)
        .silent();
    let error = other.checkpoint(&path).resume().fit(&train, &valid).unwrap_err();
    assert!(error.message().contains("it has no `optimizer.velocity.0.weight`"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    // Torn or foreign files.
    for bytes in [&before[..before.len() / 2], b"", b"hello, this is no such file at all"] {
        std::fs::write(&path, bytes).unwrap();
        assert_eq!(
            trainer(2).checkpoint(&path).resume().fit(&train, &valid).unwrap_err().kind(),
            ErrorKind::File
        );
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn each_way_to_stop() {
    let (train, valid) = data(40).split(0.5).unwrap();
    // Nothing becomes better with a rate of 0.
    let still =
        || Trainer::new(network(), Loss::MeanSquaredError, Sgd::new(0.0)).batch(10).epochs(50).silent();
    let report = still().patience(3).fit(&train, &valid).unwrap();
    assert_eq!((report.stop, report.history.epochs.len()), (Stop::Patience, 4));
    let report = still()
        .on_epoch(|epoch| if epoch.number == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        .fit(&train, None)
        .unwrap();
    assert_eq!((report.stop, report.history.epochs.len()), (Stop::Asked, 2));
    let raised = Arc::new(AtomicBool::new(true));
    let report = still().stop_on(raised).fit(&train, None).unwrap();
    assert_eq!((report.stop, report.history.epochs.len()), (Stop::Interrupted, 0));
    assert_eq!(report.model.params, Params::init(&network(), 0).unwrap());
    let report = still().epochs(0).fit(&train, None).unwrap();
    assert_eq!(report.stop, Stop::Finished);
}

#[test]
fn a_loss_without_bounds_stops_with_the_last_good_parameters() {
    let data = data(40);
    let model = Sequential::new().dense(2, 1);
    let run = |epochs| {
        Trainer::new(model.clone(), Loss::MeanSquaredError, Sgd::new(1e30))
            .batch(40)
            .epochs(epochs)
            .silent()
            .fit(&data, None)
            .unwrap()
    };
    let report = run(100);
    assert_eq!(report.stop, Stop::Diverged);
    let good = report.history.epochs.len();
    assert!(good > 0 && report.history.epochs.iter().all(|epoch| epoch.loss.is_finite()));
    assert_eq!(report.model.params, run(good).model.params);
    assert_eq!(run(good).stop, Stop::Finished);
}

#[test]
fn the_best_epoch_s_parameters_are_returned_unless_told_otherwise() {
    let (train, valid) = data(60).shuffled(1).split(0.3).unwrap();
    // So large a rate that the loss goes up and down.
    let run = || {
        Trainer::new(
            Sequential::new().dense(2, 30).tanh().dense(30, 1),
            Loss::MeanSquaredError,
            Adam::new(0.2),
        )
        .batch(6)
        .epochs(30)
        .silent()
    };
    let report = run().fit(&train, &valid).unwrap();
    let loss = |report: &Ours| report.model.evaluate(&valid, &Loss::MeanSquaredError, &[]).unwrap().loss;
    let best = report.history.best().unwrap().valid_loss.unwrap();
    assert!(best < report.history.last().unwrap().valid_loss.unwrap());
    assert!((loss(&report) - best).abs() < 1e-12 * best);
    let last = run().keep_last().fit(&train, &valid).unwrap();
    let want = last.history.last().unwrap().valid_loss.unwrap();
    assert!((loss(&last) - want).abs() < 1e-12 * want);
}

#[test]
fn frozen_parameters_stay_and_training_starts_where_it_is_told() {
    let data = data(40);
    let mut params = Params::init(&network(), 77).unwrap();
    params.freeze("0").unwrap();
    let report = Trainer::new(network(), Loss::MeanSquaredError, Adam::new(0.01))
        .start(params.clone())
        .epochs(2)
        .silent()
        .fit(&data, None)
        .unwrap();
    for (name, value) in &params {
        assert_eq!(report.model.params.get(name) == Some(value), name.starts_with("0."), "{name}");
    }
}

#[test]
fn wrong_settings_are_refused() {
    let some = data(10);
    let run = || Trainer::new(network(), Loss::MeanSquaredError, Sgd::new(0.1)).silent();
    let empty = some.select(&[]).unwrap();
    let other = Dataset::new(ArrayD::zeros(vec![4, 3]), ArrayD::zeros(vec![4, 1])).unwrap();
    let messages = [
        run().batch(0).fit(&some, None).unwrap_err(),
        run().patience(0).fit(&some, None).unwrap_err(),
        run().fit(&empty, None).unwrap_err(),
        run().fit(&some, &empty).unwrap_err(),
        run().fit(&some, &other).unwrap_err(),
        run().resume().fit(&some, None).unwrap_err(),
        run().fit(&other, None).unwrap_err(),
        Trainer::new(network(), Loss::MeanSquaredError, Sgd::new(f64::NAN))
            .silent()
            .fit(&some, None)
            .unwrap_err(),
        run().checkpoint("/nowhere/at/all").epochs(1).fit(&some, None).unwrap_err(),
    ]
    .map(|error| error.message().to_owned());
    let wants = [
        "batches have 0 samples",
        "the patience is 0 epochs",
        "there are no samples to learn from",
        "the validation set is empty",
        "the sets have samples of different shapes",
        "there is no checkpoint to resume from",
        "this layer takes vectors [2] or batches [..., 2], and the input is [4, 3]",
        "the rate is NaN",
        "/nowhere/at/all",
    ];
    for (message, want) in messages.iter().zip(wants) {
        assert!(message.contains(want), "{message}, not {want}");
    }
}

#[test]
fn accumulated_gradients_are_those_of_the_large_batch() {
    let data = data(40);
    let model = || Sequential::new().dense(2, 5).tanh().dense(5, 1);
    let run = |optimizer: Optimizer<Momentum>, batch| {
        Trainer::new(model(), Loss::MeanSquaredError, optimizer)
            .batch(batch)
            .epochs(5)
            .in_order()
            .silent()
            .fit(&data, None)
            .unwrap()
            .model
            .params
    };
    let (whole, pieces) = (run(Momentum::new(0.1, 0.9), 40), run(Momentum::new(0.1, 0.9).accumulate(5), 8));
    for ((name, a), (_, b)) in whole.iter().zip(pieces.iter()) {
        assert!((a - b).iter().all(|d| d.abs() < 1e-14), "{name}");
    }
}

#[test]
fn metrics_by_definition() {
    let outputs = array![[2.0, 1.0, 0.0], [0.0, 3.0, 3.0], [f64::NAN, 1.0, 2.0]].into_dyn();
    let labels = array![0.0, 1.0, 2.0].into_dyn();
    assert_eq!(Metric::Accuracy.of(&labels, &outputs).unwrap(), 2.0 / 3.0);
    let y = array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]].into_dyn();
    let o = array![[1.5, 0.0], [2.0, 0.0], [2.5, 0.0]].into_dyn();
    // sklearn.metrics.r2_score gives 0.875: the mean of 0.75 and 1.
    assert_eq!(Metric::R2.of(&y, &o).unwrap(), 0.875);
    assert_eq!(Metric::MeanAbsoluteError.of(&y, &o).unwrap(), 1.0 / 6.0);
    let logits = array![[0.3, -2.0], [-0.1, 5.0]].into_dyn();
    assert_eq!(Metric::BinaryAccuracy.of(&array![[1.0, 0.0], [1.0, 1.0]].into_dyn(), &logits).unwrap(), 0.75);
    let error = Metric::R2.of(&labels, &outputs).unwrap_err();
    assert_eq!(error.message(), "targets have shape [3], outputs [3, 3]");
    assert!(chainrule_layers::confusion_matrix(&array![0.0, 7.0, 1.0].into_dyn(), &outputs).is_err());
}

#[test]
fn histories_as_tables() {
    let report = trainer(2).fit(&data(20), &data(9)).unwrap();
    let csv = report.history.to_csv();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("epoch,rate,loss,valid_loss,R2"));
    for epoch in &report.history.epochs {
        let numbers: Vec<f64> =
            lines.next().unwrap().split(',').map(|field| field.parse().unwrap()).collect();
        let want = [epoch.number as f64, epoch.rate, epoch.loss, epoch.valid_loss.unwrap(), epoch.metrics[0]];
        assert_eq!(numbers, want);
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn a_model_predicts_what_its_layer_computes() {
    let model = Model::init(network(), 4).unwrap();
    let graph = Graph::new();
    let x = array![[0.1, 0.2], [-1.0, 3.0]];
    assert_eq!(model.predict(&x).unwrap(), model.params.bind(&graph).apply(&network(), &x).value().unwrap());
}
