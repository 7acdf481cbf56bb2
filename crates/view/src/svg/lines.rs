//! The lines between boxes: they leave below and arrive above (or the other way round, on the way back), pass between
//! boxes straight up or down, and bend only between the layers.

use std::fmt::Write;

use crate::svg::layout::Edge;
use crate::svg::xml::{Document, figure};

/// How long the point of an arrow is.
const HEAD: f64 = 6.0;

/// A line through these points, with a point at its end.
pub(crate) fn draw(out: &mut Document, edge: &Edge, route: &[(f64, f64)], shift: (f64, f64)) {
    let moved: Vec<(f64, f64)> = route.iter().map(|&(x, y)| (x + shift.0, y + shift.1)).collect();
    let Some((&(x, y), rest)) = moved.split_first() else { return };
    let Some(&(end_x, end_y)) = rest.last() else { return };
    // +1 downwards
    let way = if end_y >= y { 1.0 } else { -1.0 };
    let mut steps = format!("M{} {}", figure(x), figure(y));
    let (mut from_x, mut from_y) = (x, y);
    for (i, &(to_x, to_y)) in rest.iter().enumerate() {
        let short = if i + 1 == rest.len() && !edge.joins { way * HEAD } else { 0.0 };
        let to_y = to_y - short;
        // Writing to a string does not fail.
        let _ = if (to_x - from_x).abs() < 0.05 {
            write!(steps, "L{} {}", figure(to_x), figure(to_y))
        } else {
            let middle = figure((from_y + to_y) / 2.0);
            let (x0, x1, y1) = (figure(from_x), figure(to_x), figure(to_y));
            write!(steps, "C{x0} {middle} {x1} {middle} {x1} {y1}")
        };
        (from_x, from_y) = (to_x, to_y);
    }
    out.path(edge.class(), &steps);
    if !edge.joins {
        let [tip_x, tip_y, left, right, back] =
            [end_x, end_y, end_x - 3.5, end_x + 3.5, end_y - way * (HEAD + 1.0)].map(figure);
        let class = if edge.backward { "cr-head cr-back" } else { "cr-head" };
        out.path(class, &format!("M{tip_x} {tip_y}L{left} {back}L{right} {back}Z"));
    }
    out.put(format_args!("\n"));
}
