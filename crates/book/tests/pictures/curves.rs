//! Pictures of curves and fields.

use chainrule::layers::Csv;
use chainrule::ndarray::{Array1, Array2, array};
use chainrule::prelude::*;
use chainrule_book::pages::root;
use chainrule_book::picture::{Anchor, Picture, Place, Tone};

pub(crate) fn all() -> Vec<(&'static str, Picture)> {
    vec![
        ("sigmoid", sigmoid()),
        ("slope", slope()),
        ("downhill", downhill()),
        ("first-training", first_training()),
        ("xor", xor()),
        ("digits", digits()),
        ("bump", bump()),
        ("banana", banana()),
        ("differences", differences()),
    ]
}

/// A rectangle of the sheet, and the numbers at its edges.
struct Axes {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: (f64, f64),
    y: (f64, f64),
}

impl Axes {
    fn at(&self, x: f64, y: f64) -> Place {
        let part = |value: f64, (low, high): (f64, f64)| (value - low) / (high - low);
        (
            self.left + (self.right - self.left) * part(x, self.x),
            self.bottom + (self.top - self.bottom) * part(y, self.y),
        )
    }

    /// Lines at the left and at the bottom, with numbers.
    fn draw(&self, picture: &mut Picture, xs: &[(f64, &str)], ys: &[(f64, &str)]) {
        for &(y, label) in ys {
            picture.line(Tone::Pale, 0.6, &[self.at(self.x.0, y), self.at(self.x.1, y)]);
            let (left, height) = self.at(self.x.0, y);
            picture.small(Tone::Pale, Anchor::End, (left - 8.0, height), label);
        }
        for &(x, label) in xs {
            let (place, bottom) = self.at(x, self.y.0);
            picture.small(Tone::Pale, Anchor::Middle, (place, bottom + 16.0), label);
        }
    }
}

fn sigmoid() -> Picture {
    let z = Array1::linspace(-6.0, 6.0, 97);
    let graph = Graph::new();
    let a = graph.constant(&z).sigmoid().value().unwrap();

    let mut picture = Picture::new(560.0, 240.0);
    let axes = Axes { left: 60.0, right: 530.0, top: 20.0, bottom: 195.0, x: (-6.0, 6.0), y: (0.0, 1.0) };
    let xs = [(-6.0, "\u{2212}6"), (-3.0, "\u{2212}3"), (0.0, "z = 0"), (3.0, "3"), (6.0, "6")];
    axes.draw(&mut picture, &xs, &[(0.0, "0"), (0.5, "½"), (1.0, "1")]);
    let curve: Vec<Place> = z.iter().zip(&a).map(|(&z, &a)| axes.at(z, a)).collect();
    picture.line(Tone::Signal, 2.5, &curve);
    picture.dot(Tone::Signal, axes.at(0.0, 0.5), 4.0);
    picture
}

/// The sigmoid and, below it, its derivative by the tape.
fn slope() -> Picture {
    let z = Array1::linspace(-6.0, 6.0, 97);
    let graph = Graph::new();
    let node = graph.constant(&z);
    let a = node.sigmoid();
    let slope = a.sum().grad(node).unwrap().value().unwrap();
    let a = a.value().unwrap();

    let mut picture = Picture::new(560.0, 240.0);
    let axes = Axes { left: 60.0, right: 530.0, top: 20.0, bottom: 195.0, x: (-6.0, 6.0), y: (0.0, 1.0) };
    let xs = [(-6.0, "\u{2212}6"), (-3.0, "\u{2212}3"), (0.0, "z = 0"), (3.0, "3"), (6.0, "6")];
    axes.draw(&mut picture, &xs, &[(0.0, "0"), (0.25, "¼"), (0.5, "½"), (1.0, "1")]);
    for (tone, values) in [(Tone::Signal, &a), (Tone::Error, &slope)] {
        let curve: Vec<Place> = z.iter().zip(values).map(|(&z, &a)| axes.at(z, a)).collect();
        picture.line(tone, 2.5, &curve);
    }
    picture.text(Tone::Signal, Anchor::Start, axes.at(3.2, 0.84), "g(z)");
    picture.text(Tone::Error, Anchor::Start, axes.at(1.6, 0.3), "its slope g\u{2032}(z)");
    picture
}

/// Lines of equal distance in the plane of the two outputs, and where both pieces of advice of chapter 6 lead.
fn downhill() -> Picture {
    let graph = Graph::new();
    let w = graph.constant(array![[0.3, -0.5], [0.2, 0.1], [-0.4, 0.3]]);
    let e = graph.constant(array![0.42, 0.45]);
    let moved = |advice: Var<'_>| -> Place {
        // What a step of this length makes of the outputs.
        let step = w.t().matmul(advice * 0.35 / advice.norm()).value().unwrap();
        (step[[0]], step[[1]])
    };
    let shares = moved((w / w.sum_axes(keep(0))).matmul(e));
    let weights = moved(w.matmul(e));

    let mut picture = Picture::new(560.0, 330.0);
    // The outputs, seen from where they are now; one unit is as long in both directions.
    let axes = Axes { left: 20.0, right: 540.0, top: 15.0, bottom: 315.0, x: (-0.42, 0.88), y: (-0.25, 0.5) };
    let target = axes.at(0.42, 0.45);
    for i in 1..=8 {
        let radius = 0.42_f64.hypot(0.45) * f64::from(i) / 6.0;
        let circle: Vec<Place> = (0..=120)
            .map(|k| {
                let angle = f64::from(k) * std::f64::consts::TAU / 120.0;
                axes.at(0.42 + radius * angle.cos(), 0.45 + radius * angle.sin())
            })
            .collect();
        let inside = |(x, y): Place| (5.0..555.0).contains(&x) && (5.0..325.0).contains(&y);
        for run in circle.split(|&place| !inside(place)).filter(|run| run.len() > 1) {
            picture.line(Tone::Pale, if i == 6 { 1.4 } else { 0.6 }, run);
        }
    }
    let origin = axes.at(0.0, 0.0);
    picture.arrow(Tone::Good, 3.0, origin, axes.at(weights.0, weights.1));
    picture.arrow(Tone::Error, 3.0, origin, axes.at(shares.0, shares.1));
    picture.dot(Tone::Ink, origin, 5.0);
    picture.dot(Tone::Ink, target, 5.0);
    picture.small(Tone::Ink, Anchor::Start, (target.0 + 10.0, target.1), "targets");
    picture.small(Tone::Ink, Anchor::End, (origin.0 - 9.0, origin.1 + 14.0), "outputs now");
    let label = |place: Place| axes.at(place.0, place.1);
    let (x, y) = label(weights);
    picture.text(Tone::Good, Anchor::End, (x - 8.0, y - 12.0), "by weights");
    let (x, y) = label(shares);
    picture.text(Tone::Error, Anchor::Start, (x + 12.0, y + 4.0), "by shares");
    picture
}

/// The cost of chapter 10's network in every step.
fn first_training() -> Picture {
    let graph = Graph::new();
    let w1 = graph.variable("W[1]", array![[0.3, 0.4, -1.2], [0.2, 0.2, -0.5]]);
    let w2 = graph.variable("W[2]", array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]);
    let output = w2.t().matmul(w1.t().matmul(array![1.0, 0.5]).sigmoid()).sigmoid();
    let cost = half_squared_error(array![0.9, 0.2], output);
    let [d1, d2] = cost.grad([w1, w2]).unwrap();
    let mut step = Program::new([], [cost]).update(w1, w1 - d1).update(w2, w2 - d2).compile().unwrap();

    let mut picture = Picture::new(560.0, 240.0);
    let axes = Axes { left: 70.0, right: 535.0, top: 20.0, bottom: 195.0, x: (0.0, 200.0), y: (0.0, 0.12) };
    let xs = [(0.0, "step 0"), (50.0, "50"), (100.0, "100"), (150.0, "150"), (200.0, "200")];
    axes.draw(&mut picture, &xs, &[(0.0, "0"), (0.04, "0.04"), (0.08, "0.08"), (0.12, "cost 0.12")]);
    let curve: Vec<Place> =
        (0..=200).map(|number| axes.at(f64::from(number), step.run(()).unwrap()[0][[]])).collect();
    picture.line(Tone::Error, 2.5, &curve);
    picture
}

/// What chapter 11's trained network answers, over the plane.
fn xor() -> Picture {
    let inputs = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    let targets = array![[0.0], [1.0], [1.0], [0.0]];
    let model = Sequential::new().dense(2, 3).sigmoid().dense(3, 1).sigmoid();
    let mut params = Params::init(&model, 2).unwrap();
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let loss = mean_squared_error(&targets, bound.apply(&model, &inputs));
    let updates = Momentum::new(0.5, 0.9).minimize(loss, &bound).unwrap();
    let mut step = Program::new([], [loss]).updates(updates).compile().unwrap();
    for _ in 0..2000 {
        step.run(()).unwrap();
    }
    params.read(step.state()).unwrap();

    let (fields, low, high) = (36_usize, -0.3, 1.3);
    let place = |i: usize| low + (high - low) * (i as f64 + 0.5) / fields as f64;
    let points = Array2::from_shape_fn((fields * fields, 2), |(row, axis)| {
        place(if axis == 0 { row % fields } else { row / fields })
    });
    let graph = Graph::new();
    let answers = params.bind(&graph).apply(&model, &points).value().unwrap();

    let mut picture = Picture::new(420.0, 330.0);
    let axes = Axes { left: 60.0, right: 345.0, top: 15.0, bottom: 300.0, x: (low, high), y: (low, high) };
    let side = (axes.right - axes.left) / fields as f64;
    for (row, &answer) in answers.iter().enumerate() {
        let (x, y) = axes.at(points[[row, 0]], points[[row, 1]]);
        picture.field(Tone::Signal, (x - side / 2.0, y - side / 2.0), side + 0.3, side + 0.3, 0.85 * answer);
    }
    axes.draw(&mut picture, &[(0.0, "0"), (1.0, "1")], &[(0.0, "0"), (1.0, "1")]);
    for (input, target) in inputs.rows().into_iter().zip(&targets) {
        let at = axes.at(input[0], input[1]);
        picture.disc(Tone::Ink, at, 14.0);
        picture.text(Tone::Ink, Anchor::Middle, at, &format!("{target}"));
    }
    picture
}

/// Loss and accuracy of chapter 12's network.
fn digits() -> Picture {
    let file = root().join("examples/data/digits.csv");
    let data: Dataset<f32> = Csv::new().without_header().target(64).load(file).unwrap();
    let data = data.map(|pictures, digits| (pictures / 16.0, digits)).unwrap();
    let (train, held_out) = data.shuffled(1).split(0.8).unwrap();
    let model = Sequential::new().dense(64, 32).sigmoid().dense(32, 10);
    let trainer = Trainer::new(model, Loss::SoftmaxCrossEntropy, Adam::new(0.01));
    let trainer = trainer.batch(32).epochs(15).seed(1).metric(Metric::Accuracy).silent();
    let report = trainer.fit(&train, &held_out).unwrap();

    let mut picture = Picture::new(560.0, 250.0);
    let axes = Axes { left: 60.0, right: 450.0, top: 20.0, bottom: 205.0, x: (1.0, 15.0), y: (0.0, 2.0) };
    let xs = [(1.0, "epoch 1"), (5.0, "5"), (10.0, "10"), (15.0, "15")];
    axes.draw(&mut picture, &xs, &[(0.0, "0"), (0.5, "0.5"), (1.0, "1"), (1.5, "1.5"), (2.0, "2")]);
    let curve = |figure: &dyn Fn(usize) -> f64| -> Vec<Place> {
        (0..15).map(|i| axes.at(i as f64 + 1.0, figure(i))).collect()
    };
    let epochs = &report.history.epochs;
    let loss = curve(&|i| epochs[i].loss);
    let accuracy = curve(&|i| epochs[i].metrics[0]);
    for (tone, curve, name) in [(Tone::Error, loss, "loss"), (Tone::Good, accuracy, "accuracy")] {
        picture.line(tone, 2.5, &curve);
        let (x, y) = curve[14];
        picture.text(tone, Anchor::Start, (x + 12.0, y), name);
    }
    picture
}

/// `exp(-s² |x - c|²)` over the plane, as squares the darker the larger.
fn bump() -> Picture {
    let fields = 30_usize;
    let place = |i: usize| -1.0 + 2.0 * (i as f64 + 0.5) / fields as f64;
    let points = Array2::from_shape_fn((fields * fields, 2), |(row, axis)| {
        place(if axis == 0 { row % fields } else { row / fields })
    });
    let graph = Graph::new();
    let distances = (graph.constant(&points) - array![0.25, 0.2]).square().sum_axes(1);
    let answers = (-(4.0 * distances)).exp().value().unwrap();

    let mut picture = Picture::new(420.0, 290.0);
    let axes = Axes { left: 75.0, right: 335.0, top: 10.0, bottom: 270.0, x: (-1.0, 1.0), y: (-1.0, 1.0) };
    let side = (axes.right - axes.left) / fields as f64;
    for (row, &answer) in answers.iter().enumerate() {
        let (x, y) = axes.at(points[[row, 0]], points[[row, 1]]);
        picture.field(Tone::Signal, (x - side / 2.0, y - side / 2.0), side + 0.3, side + 0.3, 0.9 * answer);
    }
    picture.dot(Tone::Ink, axes.at(0.25, 0.2), 4.0);
    let (x, y) = axes.at(0.25, 0.2);
    picture.small(Tone::Ink, Anchor::Start, (x + 9.0, y), "c");
    picture
}

/// Rosenbrock's valley: levels, Newton's steps, and the path of gradient descent.
fn banana() -> Picture {
    let graph = Graph::new();
    let w = graph.variable("w", array![-1.2, 1.0]);
    let xy = w.split([1, 1], 0);
    let (x, y) = (xy[0], xy[1]);
    let cost = ((1.0 - x).square() + 100.0 * (y - x.square()).square()).sum();
    let (g, h) = (cost.grad(w).unwrap(), cost.hessian(w).unwrap());
    let path = |next: Var<'_>, steps: usize, every: usize| -> Vec<Place> {
        let mut step = Program::new([], [w]).update(w, next).compile().unwrap();
        let mut places = Vec::new();
        for number in 0..steps {
            let [w] = step.run(()).unwrap();
            if number % every == 0 {
                places.push((w[[0]], w[[1]]));
            }
        }
        places
    };
    let newton = path(w - h.solve(g), 7, 1);
    let descent = path(w - 0.001 * g, 10_000, 50);

    let mut picture = Picture::new(560.0, 400.0);
    let axes = Axes { left: 20.0, right: 540.0, top: 10.0, bottom: 390.0, x: (-1.75, 1.55), y: (-3.4, 1.9) };
    // On the level c, x is 1 - √c sin t and y is x² + √c cos t / 10.
    for level in [1.0, 4.0, 16.0, 64.0, 256.0, 700.0] {
        let mut line: Vec<Place> = (0..=2400)
            .map(|k| {
                let angle = f64::from(k) * std::f64::consts::TAU / 2400.0;
                let x = 1.0 - f64::sqrt(level) * angle.sin();
                axes.at(x, x * x + f64::sqrt(level) * angle.cos() / 10.0)
            })
            .collect();
        // Places that the eye cannot tell apart are one.
        line.dedup_by(|next, kept| (next.0 - kept.0).hypot(next.1 - kept.1) < 3.0);
        let inside = |(x, y): Place| (8.0..552.0).contains(&x) && (8.0..392.0).contains(&y);
        for run in line.split(|&place| !inside(place)).filter(|run| run.len() > 1) {
            picture.line(Tone::Pale, 0.7, run);
        }
    }
    let on_sheet = |path: &[Place]| -> Vec<Place> { path.iter().map(|&(x, y)| axes.at(x, y)).collect() };
    picture.line(Tone::Error, 3.0, &on_sheet(&descent));
    let newton = on_sheet(&newton);
    picture.line(Tone::Good, 1.6, &newton);
    for &place in &newton {
        picture.dot(Tone::Good, place, 3.6);
    }
    picture.small(Tone::Ink, Anchor::End, (newton[0].0 - 9.0, newton[0].1 + 5.0), "start");
    picture.small(
        Tone::Ink,
        Anchor::Start,
        (axes.at(1.0, 1.0).0 + 10.0, axes.at(1.0, 1.0).1 + 8.0),
        "bottom",
    );
    picture.text(Tone::Good, Anchor::Start, (40.0, 330.0), "Newton: 6 steps");
    picture.text(Tone::Error, Anchor::Start, (40.0, 355.0), "gradient descent: 10,000 steps");
    picture
}

/// How far a central difference of `eˣ` at 1 is off, against its step, both in powers of ten.
fn differences() -> Picture {
    let mut picture = Picture::new(560.0, 290.0);
    let axes = Axes { left: 75.0, right: 535.0, top: 15.0, bottom: 245.0, x: (-16.0, 0.0), y: (-11.0, 1.0) };
    let xs = [(0.0, "h = 1"), (-4.0, "10\u{207b}\u{2074}"), (-8.0, "10\u{207b}\u{2078}")];
    let xs = [xs.as_slice(), &[(-12.0, "10\u{207b}\u{00b9}\u{00b2}"), (-16.0, "10\u{207b}\u{00b9}\u{2076}")]]
        .concat();
    axes.draw(
        &mut picture,
        &xs,
        &[(0.0, "1"), (-5.0, "10\u{207b}\u{2075}"), (-10.0, "10\u{207b}\u{00b9}\u{2070}")],
    );
    for i in 0..=128 {
        let exponent = -f64::from(i) / 8.0;
        let h = 10.0_f64.powf(exponent);
        let off = ((f64::exp(1.0 + h) - f64::exp(1.0 - h)) / (2.0 * h) - 1.0_f64.exp()).abs();
        let tone = if exponent > -5.2 { Tone::Signal } else { Tone::Error };
        if off.log10() > -11.0 {
            picture.dot(tone, axes.at(exponent, off.log10()), 2.6);
        }
    }
    picture.text(Tone::Signal, Anchor::Start, axes.at(-3.2, -7.5), "the curve bends");
    picture.text(Tone::Error, Anchor::Middle, axes.at(-13.2, -6.2), "rounding");
    picture
}
