//! Three arms of a spiral, told apart by a small network, and a picture of where it draws the borders: `--bin spiral`
//!
//! The picture is written to `spiral.svg`, the curves of the losses to `spiral-loss.svg`; another place is the argument.

use std::f64::consts::TAU;
use std::path::PathBuf;

use chainrule::Result;
use chainrule::graph::{Error, ErrorKind};
use chainrule::ndarray::{Array2, Axis};
use chainrule::prelude::*;
use plotters::prelude::*;

const ARMS: usize = 3;
const COLOURS: [RGBColor; ARMS] = [RGBColor(31, 95, 191), RGBColor(200, 80, 20), RGBColor(20, 130, 80)];

/// `n` points on each arm, and which arm each is on.
fn spiral(n: usize) -> Result<Dataset> {
    let graph = Graph::new();
    let noise = (graph.constant(8.0).normal([ARMS * n]) * 0.12).value()?;
    let mut points = Array2::zeros((ARMS * n, 2));
    let mut labels = Vec::with_capacity(ARMS * n);
    for (i, mut point) in points.axis_iter_mut(Axis(0)).enumerate() {
        let (arm, along) = (i % ARMS, (i / ARMS + 1) as f64 / n as f64);
        let angle = TAU * (arm as f64 / ARMS as f64 + 0.65 * along) + noise[[i]];
        point[0] = along * angle.cos();
        point[1] = along * angle.sin();
        labels.push(arm as f64);
    }
    Dataset::new(points, labels)
}

fn train(epochs: usize) -> Result<(Dataset, Report<Sequential>)> {
    let (train, valid) = spiral(150)?.shuffled(1).split(0.8)?;
    let model = Sequential::new().dense(2, 32).tanh().dense(32, 32).tanh().dense(32, ARMS);
    let report = Trainer::new(model, Loss::SoftmaxCrossEntropy, Adam::new(0.01))
        .batch(32)
        .epochs(epochs)
        .seed(4)
        .metric(Metric::Accuracy)
        .fit(&train, &valid)?;
    Ok((train, report))
}

/// The plane in the colours of the arms the network takes each place for, paler where it is less sure, with the points.
fn picture(data: &Dataset, model: &Model<Sequential>, path: &std::path::Path) -> Result<()> {
    const CELLS: usize = 120;
    let at = |i: usize| -1.2 + 2.4 * (i as f64 + 0.5) / CELLS as f64;
    let places =
        Array2::from_shape_fn((CELLS * CELLS, 2), |(i, j)| at(if j == 0 { i % CELLS } else { i / CELLS }));
    let graph = Graph::new();
    let sure = graph.constant(model.predict(&places)?).softmax(1).value()?;
    let draw = || -> std::result::Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::new(path, (640, 640)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area).margin(10).build_cartesian_2d(-1.2..1.2, -1.2..1.2)?;
        let half = 1.2 / CELLS as f64;
        chart.draw_series(sure.outer_iter().zip(places.outer_iter()).map(|(sure, place)| {
            let (arm, p) = sure
                .iter()
                .enumerate()
                .fold((0, 0.0), |best, (i, &p)| if p > best.1 { (i, p) } else { best });
            let colour = COLOURS.get(arm).copied().unwrap_or(BLACK).mix(0.5 * (p - 0.2));
            Rectangle::new(
                [(place[0] - half, place[1] - half), (place[0] + half, place[1] + half)],
                colour.filled(),
            )
        }))?;
        chart.draw_series(data.inputs().outer_iter().zip(data.targets()).map(|(point, &label)| {
            let colour = COLOURS.get(label as usize).copied().unwrap_or(BLACK);
            Circle::new((point[[0]], point[[1]]), 3, colour.filled())
        }))?;
        area.present()?;
        Ok(())
    };
    draw().map_err(|reason| {
        let message = format!("{}: {reason}", path.display());
        Error::new(ErrorKind::File, "picture", message, "give a folder that can be written to")
    })
}

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let (data, report) = train(100)?;
    let best = report.history.best().and_then(|epoch| epoch.metrics.first().copied()).unwrap_or(f64::NAN);
    println!("best accuracy on other points: {best:.3}");
    let (plane, losses) = (folder.join("spiral.svg"), folder.join("spiral-loss.svg"));
    picture(&data, &report.model, &plane)?;
    report.history.save_svg(&losses)?;
    println!("wrote {} and {}", plane.display(), losses.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arms_are_told_apart_and_drawn() {
        let (data, report) = super::train(40).unwrap();
        assert!(report.history.best().unwrap().metrics[0] > 0.95);
        let path = std::env::temp_dir().join(format!("chainrule-spiral-{}.svg", std::process::id()));
        super::picture(&data, &report.model, &path).unwrap();
        let svg = std::fs::read_to_string(&path).unwrap();
        assert!(svg.starts_with("<svg") && svg.matches("<rect").count() > 120 * 120);
        std::fs::remove_file(path).unwrap();
    }
}
