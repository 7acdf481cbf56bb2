//! A network that writes: one character after the other, by an LSTM that read our own architecture page. `--bin char_lstm`

use chainrule::Result;
use chainrule::ndarray::{Array2, ArrayD, Axis, Ix2};
use chainrule::prelude::*;

/// What is read.
const TEXT: &str = include_str!("../../../docs/architecture.md");
/// How many characters a sample has.
const LENGTH: usize = 48;

/// The characters that occur, in order; a character's number is its place.
fn alphabet(text: &str) -> Vec<char> {
    let mut all: Vec<char> = text.chars().collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The text in numbers.
fn numbers(text: &str, alphabet: &[char]) -> Vec<f32> {
    text.chars().filter_map(|c| alphabet.binary_search(&c).ok()).map(|i| i as f32).collect()
}

/// Pieces of the text, each with the same piece one character later: what comes next, at every place.
fn samples(numbers: &[f32]) -> Result<Dataset<f32>> {
    let starts: Vec<usize> = (0..numbers.len().saturating_sub(LENGTH + 1)).step_by(LENGTH / 4).collect();
    let piece = |after: usize| {
        Array2::from_shape_fn((starts.len(), LENGTH), |(i, j)| {
            numbers.get(starts[i] + j + after).copied().unwrap_or(0.0)
        })
    };
    Dataset::new(piece(0), piece(1))
}

fn network(characters: usize) -> Sequential<f32> {
    Sequential::new().embedding(characters, 24).lstm(24, 96).dense(96, characters)
}

/// Cross-entropy over every place of every sample.
fn loss() -> Loss<f32> {
    Loss::custom(|target, logits| match logits.shape() {
        Ok(shape) => {
            let classes = shape.last().copied().unwrap_or(0);
            logits
                .reshape([shape.iter().product::<usize>() / classes.max(1), classes])
                .softmax_cross_entropy_labels(target.reshape([-1]))
                .mean()
        }
        Err(_) => logits,
    })
}

/// What happened, with the network, and the characters that its numbers stand for.
type Reader = (Report<Sequential<f32>, f32>, Vec<char>);

fn train(text: &str, epochs: usize) -> Result<Reader> {
    let alphabet = alphabet(text);
    let data = samples(&numbers(text, &alphabet))?;
    let adam = Adam::new(Schedule::cosine(1e-2, epochs * data.len().div_ceil(32))).clip_norm(1.0);
    let report =
        Trainer::new(network(alphabet.len()), loss(), adam).epochs(epochs).seed(1).fit(&data, None)?;
    Ok((report, alphabet))
}

/// So many characters after a beginning, drawn from what the network thinks likely; the smaller the temperature, the bolder.
fn write(
    model: &Model<Sequential<f32>, f32>,
    alphabet: &[char],
    beginning: &str,
    count: usize,
    temperature: f32,
) -> Result<String> {
    let mut text = beginning.to_owned();
    let graph = Graph::f32();
    let dice = graph.constant(3.0).uniform([count]).value()?;
    // The last places only: as many as a sample has, so that one program serves every character.
    let (graph, window) = (Graph::f32(), Array2::<f32>::zeros((1, LENGTH)));
    let x = graph.constant(&window);
    let logits = model.params.bind(&graph).apply(&model.layer, x) / temperature;
    let mut program = Program::new([x], [logits.softmax(-1)]).compile()?;
    for die in dice {
        let known = numbers(&text, alphabet);
        let recent = known.get(known.len().saturating_sub(LENGTH)..).unwrap_or(&[]);
        let mut window = Array2::zeros((1, LENGTH));
        window.iter_mut().zip(recent).for_each(|(to, &from)| *to = from);
        let [likely] = program.run([&window])?;
        let likely: ArrayD<f32> = likely.index_axis(Axis(0), 0).to_owned();
        let Ok(likely) = likely.into_dimensionality::<Ix2>() else { break };
        let row = likely.row(recent.len().saturating_sub(1));
        let mut left = die;
        let drawn = row.iter().position(|&p| {
            left -= p;
            left < 0.0
        });
        text.push(alphabet.get(drawn.unwrap_or(0)).copied().unwrap_or(' '));
    }
    Ok(text)
}

fn main() -> Result<()> {
    let (report, alphabet) = train(TEXT, 30)?;
    let first = report.history.epochs.first().map_or(f64::NAN, |epoch| epoch.loss);
    let last = report.history.last().map_or(f64::NAN, |epoch| epoch.loss);
    println!(
        "loss a character: {first:.3} in the first epoch, {last:.3} in the last (without reading: {:.3})\n",
        (alphabet.len() as f64).ln()
    );
    println!("{}", write(&report.model, &alphabet, "The graph ", 400, 0.4)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_learns_to_spell_one_sentence() {
        let text = "the tape remembers what was computed, and the walk backwards asks it. ".repeat(12);
        let (report, alphabet) = super::train(&text, 25).unwrap();
        assert!(report.history.last().unwrap().loss < 0.5, "{:?}", report.history.last());
        let written = super::write(&report.model, &alphabet, "the tape rem", 20, 0.1).unwrap();
        assert!(written.starts_with("the tape remembers what"), "{written}");
    }
}
