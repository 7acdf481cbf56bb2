//! Pictures of networks: the lecture's, with signals going forward and errors coming back.

use chainrule::ndarray::{Array1, Array2, array};
use chainrule::prelude::*;
use chainrule_book::picture::{Anchor, Picture, Place, Tone};

pub(crate) fn all() -> Vec<(&'static str, Picture)> {
    vec![
        ("network", network()),
        ("one-error", one_error()),
        ("two-outputs", two_outputs()),
        ("three-equal-rows", three_equal_rows()),
        ("matrix-of-shares", matrix_of_shares()),
        ("transposes", transposes()),
        ("tape", tape()),
        ("inside", inside()),
    ]
}

fn inputs() -> Array1<f64> {
    array![1.0, 0.5]
}

fn first() -> Array2<f64> {
    array![[0.3, 0.4, -1.2], [0.2, 0.2, -0.5]]
}

fn last() -> Array2<f64> {
    array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]
}

fn errors() -> Array1<f64> {
    array![0.42, 0.45]
}

/// The weights with each column divided by its sum, by the engine.
fn shares(w: Array2<f64>) -> Array2<f64> {
    let graph = Graph::new();
    let w = graph.constant(w);
    let shares = (w / w.sum_axes(keep(0))).value().unwrap();
    shares.into_dimensionality().unwrap()
}

/// A number as short as its digits permit, at most so many decimals.
pub(crate) fn short(x: f64, decimals: usize) -> String {
    let text = format!("{x:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').replace('-', "\u{2212}"),
        false => text.replace('-', "\u{2212}"),
    }
}

/// The places of `n` neurons in the column at `x`.
fn column(x: f64, middle: f64, n: usize, gap: f64) -> Vec<Place> {
    (0..n).map(|i| (x, middle + gap * (i as f64 - (n as f64 - 1.0) / 2.0))).collect()
}

/// A part of the way from one place to another.
fn between((x0, y0): Place, (x1, y1): Place, part: f64) -> Place {
    (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)
}

/// From the rim of one disc to that of another.
fn rims(from: Place, to: Place, radius: f64) -> (Place, Place) {
    let part = radius / (to.0 - from.0).hypot(to.1 - from.1);
    (between(from, to, part), between(from, to, 1.0 - part))
}

/// Neurons with a number in each.
fn neurons(
    picture: &mut Picture,
    tone: Tone,
    places: &[Place],
    numbers: &[f64],
    radius: f64,
    decimals: usize,
) {
    for (&at, &number) in places.iter().zip(numbers) {
        picture.disc(tone, at, radius);
        picture.text(Tone::Ink, Anchor::Middle, at, &short(number, decimals));
    }
}

fn network() -> Picture {
    let graph = Graph::new();
    let (w1, w2) = (graph.constant(first()), graph.constant(last()));
    let a1 = w1.t().matmul(inputs()).sigmoid();
    let a2 = w2.t().matmul(a1).sigmoid().value().unwrap().into_raw_vec_and_offset().0;
    let a1 = a1.value().unwrap().into_raw_vec_and_offset().0;

    let mut picture = Picture::new(660.0, 320.0);
    let (columns, middle, gap, radius) = ([90.0, 330.0, 570.0], 150.0, 100.0, 27.0);
    let places = [
        column(columns[0], middle, 2, gap),
        column(columns[1], middle, 3, gap),
        column(columns[2], middle, 2, gap),
    ];
    for (from, to, w) in [(&places[0], &places[1], first()), (&places[1], &places[2], last())] {
        for ((i, j), &weight) in w.indexed_iter() {
            let (a, b) = rims(from[i], to[j], radius);
            picture.arrow(Tone::Pale, 1.3, a, b);
            // Close to the sender, where links to different receivers are apart.
            let (x, y) = between(from[i], to[j], 0.21);
            picture.small(Tone::Ink, Anchor::Middle, (x, y - 8.0), &short(weight, 2));
        }
    }
    let signals = [inputs().to_vec(), a1, a2];
    for (i, title) in ["inputs", "hidden neurons", "outputs"].into_iter().enumerate() {
        neurons(&mut picture, Tone::Signal, &places[i], &signals[i], radius, 2);
        picture.small(Tone::Pale, Anchor::Middle, (columns[i], 305.0), title);
    }
    picture
}

fn one_error() -> Picture {
    let parts = shares(last()).column(0).to_owned() * errors()[0];
    let mut picture = Picture::new(560.0, 300.0);
    let (radius, output, hidden) = (30.0, (440.0, 145.0), column(120.0, 145.0, 3, 95.0));
    for i in 0..3 {
        let (a, b) = rims(output, hidden[i], radius);
        picture.arrow(Tone::Error, 1.0 + 22.0 * parts[i], a, b);
        let (x, y) = between(hidden[i], output, 0.42);
        picture.small(
            Tone::Ink,
            Anchor::Middle,
            (x, y - 18.0),
            &format!("{} / 0.6", short(last()[[i, 0]], 2)),
        );
    }
    neurons(&mut picture, Tone::Error, &hidden, &parts.to_vec(), radius, 2);
    neurons(&mut picture, Tone::Error, &[output], &[errors()[0]], radius, 2);
    picture.small(Tone::Pale, Anchor::Middle, (120.0, 285.0), "errors of the hidden neurons");
    picture.small(Tone::Pale, Anchor::Middle, (440.0, 285.0), "error of the output");
    picture
}

fn two_outputs() -> Picture {
    let shares = shares(last());
    let hidden_errors = shares.dot(&errors());
    let mut picture = Picture::new(600.0, 320.0);
    let (radius, hidden, outputs) = (33.0, column(130.0, 150.0, 3, 100.0), column(470.0, 150.0, 2, 120.0));
    for ((i, j), &share) in shares.indexed_iter() {
        let part = share * errors()[j];
        let (a, b) = rims(outputs[j], hidden[i], radius);
        picture.arrow(Tone::Error, 1.0 + 18.0 * part, a, b);
        // Near the output, where links to different hidden neurons are apart.
        let (x, y) = between(outputs[j], hidden[i], 0.2);
        picture.small(Tone::Ink, Anchor::Middle, (x, y - 12.0), &short(part, 4));
    }
    neurons(&mut picture, Tone::Error, &hidden, &hidden_errors.to_vec(), radius, 4);
    neurons(&mut picture, Tone::Error, &outputs, &errors().to_vec(), radius, 2);
    let sum = |numbers: &Array1<f64>| format!("sum {}", short(numbers.sum(), 4));
    picture.small(Tone::Pale, Anchor::Middle, (130.0, 305.0), &sum(&hidden_errors));
    picture.small(Tone::Pale, Anchor::Middle, (470.0, 305.0), &sum(&errors()));
    picture
}

fn three_equal_rows() -> Picture {
    let right = shares(last());
    let slide = Array2::from_shape_fn((3, 2), |(_, j)| right[[0, j]]);
    let mut picture = Picture::new(640.0, 190.0);
    let (left, unit) = (110.0, 370.0);
    let rows = [
        (30.0, "came in", errors().to_vec(), Tone::Error),
        (85.0, "the slide", slide.dot(&errors()).to_vec(), Tone::Error),
        (140.0, "corrected", right.dot(&errors()).to_vec(), Tone::Good),
    ];
    for (top, title, parts, tone) in rows {
        picture.text(Tone::Ink, Anchor::End, (left - 14.0, top + 17.0), title);
        let mut at = left;
        for &part in &parts {
            picture.frame(tone, (at, top), part * unit - 3.0, 34.0);
            picture.small(
                Tone::Ink,
                Anchor::Middle,
                (at + part * unit / 2.0 - 1.5, top + 17.0),
                &short(part, 4),
            );
            at += part * unit;
        }
        let sum: f64 = parts.iter().sum();
        picture.text(Tone::Ink, Anchor::Start, (at + 8.0, top + 17.0), &short(sum, 3));
    }
    let end = left + errors().sum() * unit - 1.5;
    picture.line(Tone::Pale, 1.0, &[(end, 18.0), (end, 184.0)]);
    picture
}

/// The numbers of a matrix in a frame.
fn grid(picture: &mut Picture, tone: Tone, (x, y): Place, matrix: &Array2<f64>, cell: (f64, f64)) {
    let (rows, columns) = matrix.dim();
    picture.frame(tone, (x, y), cell.0 * columns as f64, cell.1 * rows as f64);
    for ((i, j), &number) in matrix.indexed_iter() {
        let at = (x + cell.0 * (j as f64 + 0.5), y + cell.1 * (i as f64 + 0.5));
        picture.text(Tone::Ink, Anchor::Middle, at, &short(number, 3));
    }
}

fn matrix_of_shares() -> Picture {
    let (w, s) = (last(), shares(last()));
    let mut picture = Picture::new(600.0, 210.0);
    let (cell, top) = ((70.0, 38.0), 40.0);
    picture.text(Tone::Ink, Anchor::Middle, (110.0, 20.0), "W[2]");
    grid(&mut picture, Tone::Signal, (40.0, top), &w, cell);
    picture.text(Tone::Ink, Anchor::Middle, (490.0, 20.0), "S[2]");
    grid(&mut picture, Tone::Good, (420.0, top), &s, cell);
    for (x, matrix) in [(40.0, &w), (420.0, &s)] {
        picture.line(Tone::Pale, 1.0, &[(x, 168.0), (x + 140.0, 168.0)]);
        for j in 0..2 {
            let at = (x + cell.0 * (j as f64 + 0.5), 185.0);
            picture.text(Tone::Ink, Anchor::Middle, at, &short(matrix.column(j).sum(), 3));
        }
    }
    picture.arrow(Tone::Ink, 1.8, (205.0, 97.0), (395.0, 97.0));
    picture.small(Tone::Ink, Anchor::Middle, (300.0, 80.0), "each column");
    picture.small(Tone::Ink, Anchor::Middle, (300.0, 115.0), "divided by its sum");
    picture.small(Tone::Pale, Anchor::Middle, (300.0, 185.0), "sums of the columns");
    picture
}

/// The same six links, once with signals and once with errors.
fn transposes() -> Picture {
    let mut picture = Picture::new(660.0, 300.0);
    let radius = 20.0;
    for (left, tone, forward, title, formula) in [
        (70.0, Tone::Signal, true, "forward", "each receiver collects from all senders"),
        (410.0, Tone::Error, false, "back", "each sender collects from all receivers"),
    ] {
        let (senders, receivers) = (column(left, 150.0, 3, 80.0), column(left + 190.0, 150.0, 2, 90.0));
        for ((i, j), &weight) in last().indexed_iter() {
            let bold = if forward { j == 0 } else { i == 0 };
            let (a, b) = rims(senders[i], receivers[j], radius);
            let (a, b) = if forward { (a, b) } else { (b, a) };
            picture.arrow(if bold { tone } else { Tone::Pale }, if bold { 2.4 } else { 1.0 }, a, b);
            if bold {
                let (x, y) = between(senders[i], receivers[j], 0.5);
                picture.small(Tone::Ink, Anchor::Middle, (x, y - 11.0), &short(weight, 2));
            }
        }
        for at in senders.iter().chain(&receivers) {
            picture.disc(tone, *at, radius);
        }
        picture.text(tone, Anchor::Middle, (left + 95.0, 20.0), title);
        picture.small(Tone::Pale, Anchor::Middle, (left + 95.0, 285.0), formula);
    }
    picture
}

/// `f = (a b + a) c` as a graph, with values and derivatives from the engine.
fn tape() -> Picture {
    let graph = Graph::new();
    let (a, b, c) = (graph.variable("a", 2.0), graph.variable("b", 3.0), graph.variable("c", -1.0));
    let p = a * b;
    let s = p + a;
    let f = s * c;
    let nodes = [a, b, c, p, s, f];
    let gradients: Vec<f64> = f.grad(nodes).unwrap().iter().map(|g| g.item().unwrap()).collect();
    let values: Vec<f64> = nodes.iter().map(|node| node.item().unwrap()).collect();

    let mut picture = Picture::new(660.0, 290.0);
    let radius = 24.0;
    let places = [(70.0, 60.0), (70.0, 145.0), (70.0, 235.0), (240.0, 120.0), (400.0, 90.0), (560.0, 150.0)];
    for (from, to) in [(0, 3), (1, 3), (3, 4), (0, 4), (4, 5), (2, 5)] {
        let (start, end) = rims(places[from], places[to], radius);
        picture.arrow(Tone::Pale, 1.3, start, end);
    }
    for (i, name) in ["a", "b", "c", "\u{00d7}", "+", "\u{00d7}"].into_iter().enumerate() {
        let (x, y) = places[i];
        picture.disc(Tone::Ink, (x, y), radius);
        picture.text(Tone::Ink, Anchor::Middle, (x, y), name);
        picture.text(Tone::Signal, Anchor::Start, (x + 26.0, y - 22.0), &short(values[i], 0));
        picture.text(Tone::Error, Anchor::Start, (x + 26.0, y + 24.0), &short(gradients[i], 0));
    }
    picture.small(Tone::Signal, Anchor::Start, (300.0, 235.0), "above: values, computed from the left");
    picture.small(
        Tone::Error,
        Anchor::Start,
        (300.0, 257.0),
        "below: derivatives of the result, computed from the right",
    );
    picture
}

/// The house: one way through it.
fn inside() -> Picture {
    let mut picture = Picture::new(680.0, 190.0);
    let rooms = [
        ("record", "nodes", Tone::Signal),
        ("differentiate", "more nodes", Tone::Error),
        ("simplify", "each thing once", Tone::Ink),
        ("plan", "loops and places", Tone::Ink),
        ("run", "steps", Tone::Good),
    ];
    for (i, (name, what, tone)) in rooms.into_iter().enumerate() {
        let left = 8.0 + 136.0 * i as f64;
        picture.frame(tone, (left, 30.0), 112.0, 64.0);
        picture.text(Tone::Ink, Anchor::Middle, (left + 56.0, 52.0), name);
        picture.small(Tone::Pale, Anchor::Middle, (left + 56.0, 76.0), what);
        if i + 1 < rooms.len() {
            picture.arrow(Tone::Ink, 1.5, (left + 114.0, 62.0), (left + 134.0, 62.0));
        }
    }
    picture.line(Tone::Pale, 1.2, &[(64.0, 104.0), (64.0, 140.0), (236.0, 140.0)]);
    picture.line(Tone::Pale, 1.2, &[(200.0, 104.0), (200.0, 140.0)]);
    picture.arrow(Tone::Pale, 1.2, (236.0, 140.0), (272.0, 140.0));
    picture.small(
        Tone::Ink,
        Anchor::Start,
        (282.0, 140.0),
        "value(): the same operations, one after the other",
    );
    picture.small(Tone::Pale, Anchor::Start, (282.0, 160.0), "and the same bits");
    picture
}
