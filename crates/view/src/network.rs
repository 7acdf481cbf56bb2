//! [`network`]: a dense network as the lecture draws it, neurons as circles, with signals that go forward and errors that
//! come back.

use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Result, Scalar};
use ndarray::{Array1, Array2, ArrayView1, AsArray, Ix1, Ix2};

use crate::neurons::Neurons;
use crate::svg::xml::{Document, LINE, figure, text_width};
use crate::text::short;
use crate::theme::Theme;

const MARGIN: f64 = 16.0;
/// How far apart two sums may be that ought to be one number, in parts of its size: what six written digits leave open.
const ROUNDING: f64 = 1e-6;

/// A picture of a dense network that is still being described; [`to_svg`](Network::to_svg) draws it.
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn when it is asked for with `to_svg` or `save`"]
pub struct Network {
    weights: Vec<Array2<f64>>,
    signals: Vec<Array1<f64>>,
    errors: Vec<Array1<f64>>,
    arithmetic: bool,
    theme: Theme,
    title: Option<String>,
    desc: Option<String>,
}

/// A picture of a dense network with these weights: `W[1]`, `W[2]`, ..., each with a row for each sending neuron and a
/// column for each receiving one, so that `Z[l] = W[l]' A[l-1]`.
///
/// Lines are the thicker the larger their weight, and dashed if it is negative. Weights are written beside them where
/// there is room. Of a layer of more than twelve neurons the first and the last ones are drawn.
///
/// ```
/// use chainrule_view::network;
/// use ndarray::array;
///
/// let w2 = array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]];
/// let picture = network([&w2]).errors([&array![0.216, 0.129, 0.087], &array![0.42, 0.45]]);
/// let svg = picture.arithmetic(true).to_svg()?;
/// assert!(svg.contains("0.3 · 0.42 + 0.2 · 0.45 = 0.216"));
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
pub fn network<'a, T: Scalar, W: AsArray<'a, T, Ix2>>(weights: impl IntoIterator<Item = W>) -> Network {
    Network {
        weights: weights.into_iter().map(|w| w.into().map(number)).collect(),
        signals: Vec::new(),
        errors: Vec::new(),
        arithmetic: false,
        theme: Theme::Auto,
        title: None,
        desc: None,
    }
}

impl Network {
    /// With the signals `A[0]`, `A[1]`, ...: the inputs and what each layer makes of them, the last ones may be missing.
    pub fn signals<'a, T: Scalar, A: AsArray<'a, T, Ix1>>(
        mut self,
        signals: impl IntoIterator<Item = A>,
    ) -> Self {
        self.signals = signals.into_iter().map(|a| a.into().map(number)).collect();
        self
    }

    /// With the errors, the last of which are those of the outputs; the first layers may be missing. Lines then show
    /// the way back.
    pub fn errors<'a, T: Scalar, E: AsArray<'a, T, Ix1>>(
        mut self,
        errors: impl IntoIterator<Item = E>,
    ) -> Self {
        self.errors = errors.into_iter().map(|e| e.into().map(number)).collect();
        self
    }

    /// With the sums below the picture, number by number: of errors `E[l] = W[l+1] E[l+1]`, the lecture's closed form,
    /// which they must fulfil then; without errors those of the signals, `Z[l] = W[l]' A[l-1]`.
    pub fn arithmetic(mut self, on: bool) -> Self {
        self.arithmetic = on;
        self
    }

    /// Light, dark, or what the reader prefers, which is the default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = theme;
        self
    }

    /// What the picture shows, in a few words: for those who hear it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// What the picture shows, in a few sentences: for those who hear it. Without it, the numbers are read out.
    pub fn desc(mut self, desc: impl Into<String>) -> Self {
        self.desc = Some(desc.into());
        self
    }

    /// The picture as SVG: one element, which needs nothing from outside.
    ///
    /// # Errors
    /// If there are no weights, if the sizes of weights, signals and errors do not fit each other, or if the arithmetic
    /// was asked for and errors are not the sums that it shows.
    #[track_caller]
    pub fn to_svg(&self) -> Result<String> {
        let widths = self.widths()?;
        let sums = if self.arithmetic { self.sums()? } else { Vec::new() };
        let backward = !self.errors.is_empty();
        // The errors of the last layers, by layer.
        let error_of = |layer: usize| (layer + self.errors.len()).checked_sub(widths.len());
        let lines = |layer: usize, i: usize| -> Vec<(String, &'static str)> {
            let signal = self.signals.get(layer).and_then(|a| a.get(i)).map(|&a| (short(a), "cr-text"));
            let error = error_of(layer).and_then(|l| self.errors.get(l)?.get(i));
            signal.into_iter().chain(error.map(|&e| (short(e), "cr-gradient"))).collect()
        };
        let neurons = Neurons::new(&widths, &self.weights, lines);

        let sums_width = sums.iter().map(|sum| text_width(sum)).fold(0.0, f64::max);
        let width = neurons.width().max(sums_width) + 2.0 * MARGIN;
        let top = MARGIN + 1.5 * LINE;
        let foot = if sums.is_empty() { 0.0 } else { (sums.len() as f64 + 0.5) * LINE };
        let height = top + neurons.height() + 0.5 * LINE + foot + MARGIN;
        let shift = ((width - neurons.width()) / 2.0, top);

        let default = if backward {
            "Errors on their way back through a network"
        } else {
            "Signals on their way through a network"
        };
        let title = self.title.clone().unwrap_or_else(|| default.into());
        let desc = self.desc.clone().unwrap_or_else(|| self.description());
        let mut out = Document::new(width, height, self.theme, &title, &desc);
        for (layer, x) in neurons.columns().enumerate() {
            let signal = self.signals.get(layer).map(|_| format!("A[{layer}]"));
            let error = error_of(layer).and_then(|l| self.errors.get(l)).map(|_| format!("E[{layer}]"));
            let heading: Vec<String> = signal.into_iter().chain(error).collect();
            out.text(x + shift.0, MARGIN + 0.75 * LINE, "cr-title", &heading.join(", "));
        }
        for (layer, (x, w)) in neurons.gaps().zip(&self.weights).enumerate() {
            let text = format!("W[{}] {} x {}", layer + 1, w.nrows(), w.ncols());
            out.text(x + shift.0, MARGIN + 0.75 * LINE, "cr-muted", &text);
        }
        neurons.draw(&mut out, shift, backward);
        for (i, sum) in sums.iter().enumerate() {
            let y = height - MARGIN - foot + (i as f64 + 1.0) * LINE;
            out.text(MARGIN, y, "cr-text cr-start", sum);
        }
        Ok(out.finish())
    }

    /// Writes [`to_svg`](Network::to_svg) into a file.
    ///
    /// # Errors
    /// As there, and if the file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::picture::write(path.as_ref(), &self.to_svg()?)
    }

    /// The number of neurons of each layer, from the inputs on.
    #[track_caller]
    fn widths(&self) -> Result<Vec<usize>> {
        let Some(first) = self.weights.first() else {
            let help = "give at least one matrix, a row for each sending neuron";
            return Err(Error::new(ErrorKind::Argument, "network", "there are no weights", help));
        };
        let mut widths = vec![first.nrows()];
        for (l, w) in self.weights.iter().enumerate() {
            let before = widths.last().copied().unwrap_or_default();
            if w.nrows() != before {
                let message =
                    format!("W[{}] has {} rows, the layer before it {before} neurons", l + 1, w.nrows());
                return misfit(message, "a row stands for a sending neuron; `.t()` turns a matrix around");
            }
            widths.push(w.ncols());
        }
        if let Some(empty) = widths.iter().position(|&width| width == 0) {
            return misfit(format!("layer {empty} has no neurons"), "give matrices with rows and columns");
        }
        for (what, name, given, first) in [
            ("signals", "A", &self.signals, Some(0)),
            ("errors", "E", &self.errors, widths.len().checked_sub(self.errors.len())),
        ] {
            let Some(first) = first.filter(|first| first + given.len() <= widths.len()) else {
                let message =
                    format!("{} layers of {what}, and {} layers of neurons", given.len(), widths.len());
                return misfit(
                    message,
                    "the inputs count as a layer: there is one more than there are matrices",
                );
            };
            for (l, (numbers, &width)) in given.iter().zip(widths.iter().skip(first)).enumerate() {
                if numbers.len() != width {
                    let message = format!(
                        "{name}[{}] has {} numbers, its layer {width} neurons",
                        l + first,
                        numbers.len()
                    );
                    return misfit(message, "give one number a neuron, the layers in their order");
                }
            }
        }
        Ok(widths)
    }

    /// The arithmetic, a line a neuron.
    #[track_caller]
    fn sums(&self) -> Result<Vec<String>> {
        let mut lines = Vec::new();
        if self.errors.is_empty() {
            for (l, (a, w)) in self.signals.iter().zip(&self.weights).enumerate() {
                let of = |i: usize| (w.column(i), a.view());
                lines.extend((0..w.ncols()).map(|i| sum(&format!("Z[{}]", l + 1), i, of(i)).0));
            }
            return Ok(lines);
        }
        let first = (self.weights.len() + 1).saturating_sub(self.errors.len());
        for (l, (pair, w)) in self.errors.windows(2).zip(self.weights.iter().skip(first)).enumerate().rev() {
            let [given, after] = pair else { continue };
            for (i, &given) in given.iter().enumerate() {
                let name = format!("E[{}]", l + first);
                let (text, computed) = sum(&name, i, (w.row(i), after.view()));
                let near = (computed - given).abs() <= ROUNDING * computed.abs().max(given.abs());
                if !near && (computed.is_finite() || given.is_finite()) {
                    let message = format!("{name} of neuron {} is {given}, the sum {computed}", i + 1);
                    let help = "the arithmetic is that of E[l] = W[l+1] E[l+1]; draw other errors without it";
                    return Err(Error::new(ErrorKind::Argument, "network", message, help));
                }
                lines.push(text);
            }
        }
        Ok(lines)
    }

    fn description(&self) -> String {
        let joined = |numbers: &Array1<f64>| numbers.iter().map(|&x| short(x)).collect::<Vec<_>>().join(", ");
        let widths = self.weights.first().map(Array2::nrows);
        let widths: Vec<String> =
            widths.into_iter().chain(self.weights.iter().map(Array2::ncols)).map(|n| n.to_string()).collect();
        let mut said = vec![format!("A dense network of {} neurons.", widths.join("-"))];
        said.extend(self.signals.iter().enumerate().map(|(l, a)| format!("A[{l}] = ({}).", joined(a))));
        let first = (self.weights.len() + 1).saturating_sub(self.errors.len());
        said.extend(
            self.errors.iter().enumerate().map(|(l, e)| format!("E[{}] = ({}).", l + first, joined(e))),
        );
        said.join(" ")
    }
}

/// Sizes that do not fit each other.
#[track_caller]
fn misfit<V>(message: String, help: &str) -> Result<V> {
    Err(Error::new(ErrorKind::Shape, "network", message, help))
}

/// `E[1], neuron 1: 0.3 · 0.42 + 0.2 · 0.45 = 0.216`, and the sum.
fn sum(name: &str, i: usize, (w, x): (ArrayView1<'_, f64>, ArrayView1<'_, f64>)) -> (String, f64) {
    const LISTED: usize = 4;
    let mut terms: Vec<String> =
        w.iter().zip(&x).take(LISTED).map(|(&w, &x)| format!("{} · {}", factor(w), factor(x))).collect();
    if w.len() > LISTED {
        terms.push("...".into());
    }
    let total: f64 = w.iter().zip(&x).map(|(w, x)| w * x).sum();
    (format!("{name}, neuron {}: {} = {}", i + 1, terms.join(" + "), short(total)), total)
}

/// Negative numbers in brackets.
fn factor(x: f64) -> String {
    if x < 0.0 { format!("({})", short(x)) } else { short(x) }
}

fn number<T: Scalar>(x: &T) -> f64 {
    x.to_f64().unwrap_or(f64::NAN)
}

/// The steps of a straight line.
pub(crate) fn straight((x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> String {
    format!("M{} {}L{} {}", figure(x0), figure(y0), figure(x1), figure(y1))
}
