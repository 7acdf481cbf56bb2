//! Where the circles and lines of a network lie, and where there is room for the weights.

use ndarray::Array2;

use crate::network::straight;
use crate::svg::xml::{Document, LINE, figure, text_width};
use crate::text::short;

/// The neurons of a layer that are drawn, by number; `None` stands for those left out.
const SHOWN: usize = 12;
/// From the middle of a layer to that of the next, in a network of few neurons.
const STRIDE: f64 = 230.0;

/// A drawn neuron.
struct Neuron {
    /// Its number in the layer; `None` for the words that stand for those left out.
    number: Option<usize>,
    y: f64,
    lines: Vec<(String, &'static str)>,
}

pub(crate) struct Neurons<'w> {
    layers: Vec<Vec<Neuron>>,
    weights: &'w [Array2<f64>],
    radius: f64,
    height: f64,
}

impl<'w> Neurons<'w> {
    pub(crate) fn new(
        widths: &[usize],
        weights: &'w [Array2<f64>],
        lines: impl Fn(usize, usize) -> Vec<(String, &'static str)>,
    ) -> Self {
        let mut layers: Vec<Vec<Neuron>> = Vec::new();
        for (layer, &width) in widths.iter().enumerate() {
            let neuron = |i: usize| Neuron { number: Some(i), y: 0.0, lines: lines(layer, i) };
            if width <= SHOWN {
                layers.push((0..width).map(neuron).collect());
                continue;
            }
            let (first, last) = (SHOWN - 3, 2);
            let left_out = vec![(format!("{} more", width - first - last), "cr-muted")];
            let mut shown: Vec<Neuron> = (0..first).map(neuron).collect();
            shown.push(Neuron { number: None, y: 0.0, lines: left_out });
            shown.extend((width - last..width).map(neuron));
            layers.push(shown);
        }
        let words = || layers.iter().flatten().filter(|neuron| neuron.number.is_some());
        let widest =
            words().flat_map(|neuron| &neuron.lines).map(|line| text_width(&line.0)).fold(0.0, f64::max);
        let radius = (widest / 2.0 + 5.0).max(26.0);
        let most = layers.iter().map(Vec::len).max().unwrap_or_default();
        let spacing = 2.0 * radius + 26.0;
        let height = most as f64 * spacing - 26.0;
        for layer in &mut layers {
            let top = (height - (layer.len() as f64 * spacing - 26.0)) / 2.0 + radius;
            for (i, neuron) in layer.iter_mut().enumerate() {
                neuron.y = top + i as f64 * spacing;
            }
        }
        Neurons { layers, weights, radius, height }
    }

    pub(crate) fn width(&self) -> f64 {
        self.layers.len().saturating_sub(1) as f64 * self.stride() + 2.0 * self.radius
    }

    pub(crate) fn height(&self) -> f64 {
        self.height
    }

    fn stride(&self) -> f64 {
        // More neurons, flatter lines: so that weights find room beside each other.
        let most = self.layers.iter().map(Vec::len).max().unwrap_or_default();
        STRIDE + 40.0 * most.saturating_sub(3).min(3) as f64 + 2.0 * (self.radius - 26.0)
    }

    /// The middle of each layer.
    pub(crate) fn columns(&self) -> impl Iterator<Item = f64> {
        (0..self.layers.len()).map(|layer| self.radius + layer as f64 * self.stride())
    }

    /// The middle between each two.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = f64> {
        self.columns().skip(1).map(|x| x - self.stride() / 2.0)
    }

    pub(crate) fn draw(&self, out: &mut Document, (left, top): (f64, f64), backward: bool) {
        let columns: Vec<f64> = self.columns().map(|x| x + left).collect();
        let mut labels = Vec::new();
        for ((pair, x), w) in self.layers.windows(2).zip(columns.windows(2)).zip(self.weights) {
            let ([senders, receivers], &[from_x, to_x]) = (pair, x) else { continue };
            let largest = w.iter().map(|w| w.abs()).filter(|w| w.is_finite()).fold(0.0, f64::max);
            let place = self.label_place(senders, receivers, w);
            // Many lines are drawn finer.
            let pen = (60.0 / (senders.len() * receivers.len()) as f64).clamp(0.3, 1.0);
            for (sender, i) in senders.iter().filter_map(|neuron| Some((neuron, neuron.number?))) {
                for (receiver, j) in receivers.iter().filter_map(|neuron| Some((neuron, neuron.number?))) {
                    let Some(&weight) = w.get((i, j)) else { continue };
                    let (start, end) = ((from_x, sender.y + top), (to_x, receiver.y + top));
                    let share = if largest > 0.0 { (weight.abs() / largest).min(1.0) } else { 0.0 };
                    self.line(out, (start, end), (pen * (0.8 + 2.0 * share), weight < 0.0), backward);
                    if let Some(t) = place {
                        labels.push((
                            start.0 + t * (end.0 - start.0),
                            start.1 + t * (end.1 - start.1),
                            weight,
                        ));
                    }
                }
            }
        }
        for (x, y, weight) in labels {
            write_over(out, x, y + 4.0, "cr-text", &short(weight));
        }
        out.put(format_args!("\n"));
        let kind = if backward { "cr-backward" } else { "cr-forward" };
        for (layer, &x) in self.layers.iter().zip(&columns) {
            for neuron in layer {
                out.open("g", if neuron.number.is_some() { kind } else { "cr-rest" });
                if neuron.number.is_some() {
                    out.circle(x, neuron.y + top, self.radius);
                }
                let first = neuron.y + top - (neuron.lines.len() as f64 - 1.0) / 2.0 * LINE + 4.0;
                for (i, (text, class)) in neuron.lines.iter().enumerate() {
                    let y = first + i as f64 * LINE;
                    match neuron.number {
                        Some(_) => out.text(x, y, class, text),
                        None => write_over(out, x, y, class, text),
                    }
                }
                out.close("g");
            }
        }
    }

    /// From circle to circle, with a point at the end where the way goes.
    fn line(
        &self,
        out: &mut Document,
        ((x0, y0), (x1, y1)): ((f64, f64), (f64, f64)),
        (thick, negative): (f64, bool),
        backward: bool,
    ) {
        const HEAD: f64 = 8.0;
        let length = ((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)).sqrt();
        // The direction forward; the two are a layer apart, so the length is not 0.
        let (dx, dy) = ((x1 - x0) / length, (y1 - y0) / length);
        let (near, far) = (self.radius + 1.0, length - self.radius - 1.0);
        let at = |t: f64, side: f64| (x0 + dx * t - dy * side, y0 + dy * t + dx * side);
        let (tip, tail, back) = if backward { (near, far, near + HEAD) } else { (far, near, far - HEAD) };
        let (edge, head) =
            if backward { ("cr-edge cr-back", "cr-head cr-back") } else { ("cr-edge", "cr-head") };
        let dashes = if negative { ";stroke-dasharray:6 4" } else { "" };
        let (steps, thick) = (straight(at(tail, 0.0), at(back, 0.0)), figure(thick));
        out.put(format_args!(
            "<path class=\"{edge}\" style=\"stroke-width:{thick}{dashes}\" d=\"{steps}\"/>"
        ));
        let [tip, left, right] =
            [at(tip, 0.0), at(back, 4.0), at(back, -4.0)].map(|(x, y)| [figure(x), figure(y)].join(" "));
        out.path(head, &format!("M{tip}L{left}L{right}Z"));
    }

    /// Where along the lines between two layers the weights can stand one above the other, as a part of the way; `None`
    /// if there is no such place.
    fn label_place(&self, senders: &[Neuron], receivers: &[Neuron], w: &Array2<f64>) -> Option<f64> {
        let widest = w.iter().map(|&w| text_width(&short(w))).fold(0.0, f64::max);
        let nearest = (self.radius + 12.0 + widest / 2.0) / self.stride();
        let mut best: Option<(f64, f64)> = None;
        for step in 0..=100 {
            let t = nearest + (1.0 - 2.0 * nearest) * f64::from(step) / 100.0;
            let mut heights: Vec<f64> = Vec::new();
            for sender in senders.iter().filter(|neuron| neuron.number.is_some()) {
                let others = receivers.iter().filter(|neuron| neuron.number.is_some());
                heights.extend(others.map(|receiver| sender.y + t * (receiver.y - sender.y)));
            }
            heights.sort_by(f64::total_cmp);
            let room = heights.windows(2).map(|pair| pair[1] - pair[0]).fold(f64::INFINITY, f64::min);
            if best.is_none_or(|(most, _)| room > most + 1e-9) {
                best = Some((room, t));
            }
        }
        best.filter(|&(room, _)| room >= LINE - 3.0).map(|(_, t)| t)
    }
}

/// Words over lines, on ground of their own: a line that ends at a number would look like its sign.
fn write_over(out: &mut Document, x: f64, y: f64, class: &str, text: &str) {
    let width = text_width(text) + 8.0;
    let [left, top, width, height] = [x - width / 2.0, y - 11.0, width, 14.0].map(figure);
    out.put(format_args!(
        "<rect class=\"cr-ground\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"
    ));
    out.text(x, y, class, text);
}
