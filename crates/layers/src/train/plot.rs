//! The curves of a [`History`] as a picture.

use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Result};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

use super::{Epoch, History};

const SIZE: (u32, u32) = (720, 420);
const TRAIN: RGBColor = RGBColor(31, 95, 191);
const VALID: RGBColor = RGBColor(191, 87, 0);

impl History {
    /// The losses over the epochs as an SVG picture, the scale logarithmic if all are positive.
    ///
    /// # Errors
    /// If there are no epochs, or no finite losses.
    #[track_caller]
    pub fn to_svg(&self) -> Result<String> {
        let refuse =
            |message: String| Error::new(ErrorKind::Argument, "to_svg", message, "train for an epoch first");
        let train = points(self, |epoch| Some(epoch.loss));
        let valid = points(self, |epoch| epoch.valid_loss);
        let all = || train.iter().chain(&valid).map(|point| point.1);
        let (low, high) =
            all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
        if !low.is_finite() || !high.is_finite() {
            return Err(refuse("there is nothing to draw".into()));
        }
        let last = self.epochs.iter().map(|epoch| epoch.number as f64).fold(2.0, f64::max);
        let mut svg = String::new();
        let drawn = if low > 0.0 && high > low {
            let (low, high) = (low / 1.1, high * 1.1);
            draw(&mut svg, (low..high).log_scale(), last, &train, &valid)
        } else {
            let margin = (high - low).max(high.abs()).max(f64::MIN_POSITIVE) * 0.05;
            draw(&mut svg, low - margin..high + margin, last, &train, &valid)
        };
        match drawn {
            Ok(()) => Ok(svg),
            Err(reason) => Err(refuse(reason)),
        }
    }

    /// Writes [`to_svg`](History::to_svg) into a file.
    ///
    /// # Errors
    /// As there, and if the file cannot be written.
    #[track_caller]
    pub fn save_svg(&self, path: impl AsRef<Path>) -> Result<()> {
        crate::files::write_atomically(path.as_ref(), self.to_svg()?.as_bytes())
    }
}

fn points(history: &History, figure: impl Fn(&Epoch) -> Option<f64>) -> Vec<(f64, f64)> {
    let point = |epoch: &Epoch| figure(epoch).filter(|y| y.is_finite()).map(|y| (epoch.number as f64, y));
    history.epochs.iter().filter_map(point).collect()
}

/// Three digits, without zeros at the end.
fn short(y: f64) -> String {
    if y != 0.0 && !(1e-3..1e5).contains(&y.abs()) {
        return format!("{y:.0e}");
    }
    let places = if y == 0.0 { 0.0 } else { (2.0 - y.abs().log10().floor()).max(0.0) };
    let text = format!("{y:.*}", places as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The two curves with axes and names.
fn draw<Y>(
    svg: &mut String,
    y: Y,
    last: f64,
    train: &[(f64, f64)],
    valid: &[(f64, f64)],
) -> Result<(), String>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let say = |reason: &dyn std::fmt::Display| reason.to_string();
    area.fill(&WHITE).map_err(|e| say(&e))?;
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(1.0..last, y)
        .map_err(|e| say(&e))?;
    let whole = |x: &f64| if x.fract() == 0.0 { format!("{x:.0}") } else { String::new() };
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_desc("epoch")
        .y_desc("loss")
        .x_label_formatter(&whole)
        .y_label_formatter(&|y| short(*y))
        .label_style(("sans-serif", 14))
        .draw()
        .map_err(|e| say(&e))?;
    for (curve, colour, name) in [(train, TRAIN, "training"), (valid, VALID, "validation")] {
        if curve.is_empty() {
            continue;
        }
        let points = curve.iter().map(|&point| Circle::new(point, 2, colour.filled()));
        chart.draw_series(points).map_err(|e| say(&e))?;
        chart
            .draw_series(LineSeries::new(curve.iter().copied(), colour.stroke_width(2)))
            .map_err(|e| say(&e))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()
        .map_err(|e| say(&e))?;
    area.present().map_err(|e| say(&e))
}
