//! What the page shows of a network, computed on the tape.
//!
//! A [`Question`] is a network and how to look at it; [`answer`] records the network on a tape once, and everything on the
//! page is a value of a node of that tape: the signals, the three ways in which errors go back (split by shares,
//! simplified, exact), and the gradients.

use chainrule_graph::{Error, Graph, Result, Var, keep};
use ndarray::{Array1, Array2};

use crate::blocks::{Block, Kind};
use crate::network::{LARGEST, Network, Noted, column_without_shares};

/// What a row of a weight matrix stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// A row for each sending neuron: `Z = W'A`, and errors go back by `E = W E`.
    #[default]
    Senders,
    /// A row for each receiving neuron: `Z = W A`, and errors go back by `E = W'E`.
    Receivers,
}

/// A way in which errors go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Split by shares, with normalisers.
    Shares,
    /// Times the weights, without normalisers: the lecture's simplification.
    Simplified,
    /// By the chain rule, with the slopes of the sigmoids.
    Exact,
}

/// A network, and how to look at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The network.
    pub network: Network,
    /// How to write its matrices.
    pub rows: Rows,
    /// Whether the errors start from the noted outputs, if there are any. Without inputs they have to.
    pub from_noted: bool,
    /// A step of learning: each weight moves by so much times its update by this way.
    pub step: Option<(Way, f64)>,
}

impl Question {
    /// As blocks.
    pub fn blocks(&self) -> Vec<Block> {
        let depth = self.network.depth();
        let settings = [self.rows == Rows::Receivers, self.from_noted].map(|set| f64::from(u8::from(set)));
        let mut blocks = vec![Block::vector(Kind::Settings, 0, &settings)];
        let weights = self.network.weights.iter().enumerate();
        blocks.extend(weights.map(|(l, w)| Block::matrix(Kind::Weights, l + 1, w.view())));
        blocks
            .extend(self.step.map(|(way, rate)| Block::vector(Kind::Step, 0, &[f64::from(way as u8), rate])));
        blocks.push(Block::vector(Kind::Targets, depth, &self.network.targets));
        blocks.extend(self.network.inputs.iter().map(|a| Block::vector(Kind::Inputs, 0, a)));
        if let Some(noted) = &self.network.outputs {
            let numbers = Array2::from_shape_fn((2, noted.len()), |(row, j)| match row {
                0 => noted[j].value,
                _ => noted[j].decimals as f64,
            });
            blocks.push(Block { kind: Kind::Noted, layer: depth, numbers });
        }
        blocks
    }

    /// From blocks; `Err` says what is wrong with them.
    ///
    /// # Errors
    /// If something is missing, the sizes do not fit, or a number is not finite or too large.
    pub fn from_blocks(blocks: &[Block]) -> std::result::Result<Self, String> {
        let vector = |kind: Kind| -> Option<Array1<f64>> {
            let block = blocks.iter().find(|block| block.kind == kind)?;
            Some(block.numbers.iter().copied().collect())
        };
        if !blocks.iter().flat_map(|block| &block.numbers).all(|x| x.abs() <= LARGEST) {
            return Err(format!("a number is not finite, or beyond {LARGEST:e}; use a smaller one"));
        }
        let weights: Vec<Array2<f64>> =
            blocks.iter().filter(|b| b.kind == Kind::Weights).map(|b| b.numbers.clone()).collect();
        let noted = blocks.iter().find(|block| block.kind == Kind::Noted).map(|block| {
            let pairs = block.numbers.columns().into_iter();
            pairs
                .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
                .map(|(value, decimals)| Noted { value, decimals: decimals as usize })
                .collect::<Vec<_>>()
        });
        let network = Network {
            weights,
            targets: vector(Kind::Targets).ok_or("there are no targets")?,
            inputs: vector(Kind::Inputs),
            outputs: noted,
        };
        let widths = network.widths();
        let (Some(&first), Some(&last)) = (widths.first(), widths.last()) else {
            return Err("there are no weights".into());
        };
        let fits = network.weights.windows(2).all(|pair| pair[0].ncols() == pair[1].nrows())
            && network.targets.len() == last
            && network.inputs.as_ref().is_none_or(|a| a.len() == first)
            && network.outputs.as_ref().is_none_or(|a| a.len() == last)
            && widths.iter().all(|&width| width > 0);
        if !fits {
            return Err("the numbers of neurons do not fit together".into());
        }
        if network.inputs.is_none() && network.outputs.is_none() {
            return Err("there are neither inputs nor outputs".into());
        }
        let settings = vector(Kind::Settings).unwrap_or_default();
        let set = |place: usize| settings.get(place).is_some_and(|&x| x != 0.0);
        let rows = if set(0) { Rows::Receivers } else { Rows::Senders };
        let step = match vector(Kind::Step).map(|numbers| numbers.to_vec()).as_deref() {
            None => None,
            Some(&[way, rate]) => {
                let ways = [Way::Shares, Way::Simplified, Way::Exact];
                let way = ways.into_iter().find(|&known| f64::from(known as u8) == way);
                Some((way.ok_or("there is no such way")?, rate))
            }
            Some(_) => return Err("a step has a way and a rate".into()),
        };
        Ok(Question { network, rows, from_noted: set(1), step })
    }
}

/// An answer that only says why there is none.
pub(crate) fn refused(message: &str) -> Vec<Block> {
    let characters: Vec<f64> = message.chars().map(|c| f64::from(u32::from(c))).collect();
    vec![Block::vector(Kind::Refused, 0, &characters)]
}

/// Everything that the page shows, or one block that says why there is nothing.
pub fn answer(question: &Question) -> Vec<Block> {
    match lesson(question) {
        Err(error) => refused(&error.to_string()),
        Ok(blocks) => match blocks.iter().find(|block| !block.numbers.iter().all(|x| x.is_finite())) {
            Some(block) => refused(&format!(
                "numbers of layer {} grow beyond all limits here; use smaller inputs, weights or targets",
                block.layer
            )),
            None => blocks,
        },
    }
}

/// A network on the tape.
struct Tape<'g> {
    graph: &'g Graph<f64>,
    rows: Rows,
    /// `W[1]`, `W[2]`, ... as `rows` says.
    w: Vec<Var<'g>>,
    /// `Z[1]`, `Z[2]`, ...
    z: Vec<Var<'g>>,
    /// `A[0]`, `A[1]`, ...
    a: Vec<Var<'g>>,
}

impl<'g> Tape<'g> {
    fn record(graph: &'g Graph<f64>, question: &Question) -> Self {
        let network = &question.network;
        let mut tape = Tape { graph, rows: question.rows, w: vec![], z: vec![], a: vec![] };
        // The pull-back of a product does not depend on the signals: without inputs any will do.
        let ones = Array1::ones(network.widths().first().copied().unwrap_or(0));
        let mut signal = graph.variable("A[0]", network.inputs.as_ref().unwrap_or(&ones));
        tape.a.push(signal);
        for (l, w) in network.weights.iter().enumerate() {
            let name = format!("W[{}]", l + 1);
            let w = match question.rows {
                Rows::Senders => graph.variable(name, w),
                Rows::Receivers => graph.variable(name, w.t()),
            };
            let sum = tape.forward(w, signal);
            signal = sum.sigmoid();
            tape.w.push(w);
            tape.z.push(sum);
            tape.a.push(signal);
        }
        tape
    }

    /// `Z` from `A`, over the links of a layer.
    fn forward(&self, w: Var<'g>, a: Var<'g>) -> Var<'g> {
        match self.rows {
            Rows::Senders => w.t().matmul(a),
            Rows::Receivers => w.matmul(a),
        }
    }

    /// What the links of a layer carry back: each weight times its receiver's error.
    fn terms(&self, w: Var<'g>, errors: Var<'g>) -> Var<'g> {
        match self.rows {
            Rows::Senders => w * errors,
            Rows::Receivers => w * errors.unsqueeze(1),
        }
    }

    /// What the links of a layer carry forward: each weight times its sender's signal.
    fn signal_terms(&self, w: Var<'g>, a: Var<'g>) -> Var<'g> {
        match self.rows {
            Rows::Senders => w * a.unsqueeze(1),
            Rows::Receivers => w * a,
        }
    }

    /// What arrives at the senders: `E = W E`, or `E = W'E`.
    fn back(&self, w: Var<'g>, errors: Var<'g>) -> Var<'g> {
        match self.rows {
            Rows::Senders => w.matmul(errors),
            Rows::Receivers => w.t().matmul(errors),
        }
    }

    /// A matrix with a row for each sender, however the tape writes it.
    fn add_next(&self, blocks: &mut Blocks, l: usize, w: Var<'g>) -> Result<()> {
        let w = if self.rows == Rows::Senders { w } else { w.t() };
        blocks.add(Kind::Next, l + 1, w)
    }

    /// The sums of the weights into each receiver, and the share of each weight in its sum.
    fn shares(&self, w: Var<'g>) -> (Var<'g>, Var<'g>) {
        let senders = match self.rows {
            Rows::Senders => 0,
            Rows::Receivers => 1,
        };
        (w.sum_axes(senders), w / w.sum_axes(keep(senders)))
    }
}

/// The blocks of an answer, as they are collected.
#[derive(Default)]
struct Blocks(Vec<Block>);

impl Blocks {
    fn add(&mut self, kind: Kind, layer: usize, node: Var<'_>) -> Result<()> {
        self.0.push(Block::value(kind, layer, node.value()?));
        Ok(())
    }
}

fn lesson(question: &Question) -> Result<Vec<Block>, Error> {
    let network = &question.network;
    let depth = network.depth();
    let graph = Graph::new();
    let tape = Tape::record(&graph, question);
    let mut blocks = Blocks::default();
    for (l, &w) in tape.w.iter().enumerate() {
        blocks.add(Kind::Weights, l + 1, w)?;
    }
    if network.inputs.is_some() {
        signals(&tape, network, &mut blocks)?;
    }

    let computed = tape.a.last().copied();
    let outputs = match (&network.inputs, network.noted_outputs(), computed) {
        (Some(_), noted, Some(computed)) if noted.is_none() || !question.from_noted => computed,
        (_, noted, _) => graph.constant(noted.unwrap_or_default()),
    };
    let errors = graph.constant(&network.targets) - outputs;
    blocks.add(Kind::Error, depth, errors)?;
    blocks.add(Kind::ErrorTotal, depth, errors.sum())?;
    by_shares(&tape, network, errors, Some(&mut blocks))?;
    simplified(&tape, network, errors, &mut blocks)?;
    if let (Some(_), Some(computed)) = (&network.inputs, computed) {
        exact(&tape, question, computed, &mut blocks)?;
    }
    Ok(blocks.0)
}

/// The way forward.
fn signals(tape: &Tape<'_>, network: &Network, blocks: &mut Blocks) -> Result<()> {
    for (l, &a) in tape.a.iter().enumerate() {
        blocks.add(Kind::Signal, l, a)?;
    }
    for (l, (&z, &a)) in tape.z.iter().zip(tape.a.iter().skip(1)).enumerate() {
        blocks.add(Kind::Sum, l + 1, z)?;
        if let (Some(&w), Some(&sent)) = (tape.w.get(l), tape.a.get(l)) {
            blocks.add(Kind::SignalTerm, l + 1, tape.signal_terms(w, sent))?;
        }
        let ones = tape.graph.constant(Array1::ones(z.value()?.len()));
        let [slope] = a.vjp(ones, [z])?;
        blocks.add(Kind::Slope, l + 1, slope)?;
    }
    if let (Some(noted), Some(outputs)) = (&network.outputs, tape.a.last()) {
        let outputs = outputs.value()?;
        let rounded: Vec<f64> = noted.iter().zip(&outputs).map(|(n, &x)| rounded(x, n.decimals)).collect();
        blocks.0.push(Block::vector(Kind::Rounded, network.depth(), &rounded));
    }
    Ok(())
}

/// As one notes a number between 0 and 1 with so many decimals.
fn rounded(x: f64, decimals: usize) -> f64 {
    let power = 10_f64.powi(decimals.min(15) as i32);
    (x * power).round() / power
}

/// Errors go back in shares, until a neuron has none. The errors of each layer, from layer 1 (or the inputs of a network
/// without hidden neurons) to the outputs; `None` where a layer has no shares.
fn by_shares<'g>(
    tape: &Tape<'g>,
    network: &Network,
    errors: Var<'g>,
    mut blocks: Option<&mut Blocks>,
) -> Result<Option<Vec<Var<'g>>>> {
    let mut all = vec![errors];
    let mut errors = errors;
    for l in network.pulled_back() {
        let (Some(matrix), Some(&w)) = (network.weights.get(l), tape.w.get(l)) else { continue };
        let (normalisers, shares) = tape.shares(w);
        let next = tape.back(shares, errors);
        let sizes = [shares.value()?, next.value()?];
        let without = match column_without_shares(matrix) {
            Some(column) => Some(column as f64),
            None if sizes.iter().flatten().all(|x| x.abs() <= LARGEST) => None,
            None => Some(-1.0),
        };
        if let Some(blocks) = &mut blocks {
            blocks.add(Kind::Normaliser, l + 1, normalisers)?;
            if let Some(column) = without {
                blocks.0.push(Block::vector(Kind::NoShares, l + 1, &[column]));
            } else {
                blocks.add(Kind::Share, l + 1, shares)?;
                blocks.add(Kind::ShareTerm, l + 1, tape.terms(shares, errors))?;
                blocks.add(Kind::ByShares, l, next)?;
                blocks.add(Kind::BySharesTotal, l, next.sum())?;
            }
        }
        if without.is_some() {
            return Ok(None);
        }
        errors = next;
        all.insert(0, errors);
    }
    Ok(Some(all))
}

/// Errors go back over the weights: the tape's pull-back, layer by layer.
fn simplified(tape: &Tape<'_>, network: &Network, errors: Var<'_>, blocks: &mut Blocks) -> Result<()> {
    let mut errors = errors.value()?;
    for l in network.pulled_back() {
        let (Some(&w), Some(&z), Some(&a)) = (tape.w.get(l), tape.z.get(l), tape.a.get(l)) else { continue };
        let seed = tape.graph.constant(&errors);
        blocks.add(Kind::Term, l + 1, tape.terms(w, seed))?;
        let [pulled] = z.vjp(seed, [a])?; // E[l] = W[l+1]' E[l+1], by the tape
        blocks.add(Kind::Simplified, l, pulled)?;
        blocks.add(Kind::SimplifiedTotal, l, pulled.sum())?;
        errors = pulled.value()?;
    }
    Ok(())
}

/// The exact recursion, the gradients, and how far the lecture's updates are from them. From the computed outputs.
fn exact<'g>(tape: &Tape<'g>, question: &Question, outputs: Var<'g>, blocks: &mut Blocks) -> Result<()> {
    let network = &question.network;
    let depth = network.depth();
    let targets = tape.graph.constant(&network.targets);
    let cost = (targets - outputs).square().sum() * 0.5; // C = 1/2 |Y - A|^2
    blocks.add(Kind::Cost, depth, cost)?;
    let (of_signals, of_weights) = cost.grad((tape.a.clone(), tape.w.clone()))?;

    let first = targets - outputs; // E[depth]
    let mut errors = first;
    blocks.add(Kind::Exact, depth, errors)?;
    blocks.add(Kind::ExactTotal, depth, errors.sum())?;
    for (l, (&w, (&z, &a))) in tape.w.iter().zip(tape.z.iter().zip(tape.a.iter().skip(1))).enumerate().rev() {
        let [delta] = a.vjp(errors, [z])?; // E[l+1] * g'(Z[l+1])
        blocks.add(Kind::Delta, l + 1, delta)?;
        blocks.add(Kind::ExactTerm, l + 1, tape.terms(w, delta))?;
        errors = tape.back(w, delta);
        blocks.add(Kind::Exact, l, errors)?;
        blocks.add(Kind::ExactTotal, l, errors.sum())?;
    }
    for (l, &gradient) in of_signals.iter().enumerate() {
        blocks.add(Kind::SignalGradient, l, gradient)?;
    }
    for (l, &gradient) in of_weights.iter().enumerate() {
        blocks.add(Kind::WeightGradient, l + 1, gradient)?;
    }

    if let Some((Way::Exact, rate)) = question.step {
        for (l, (&w, &gradient)) in tape.w.iter().zip(&of_weights).enumerate() {
            tape.add_next(blocks, l, w - rate * gradient)?;
        }
    }
    updates(tape, question, first, of_weights.first().copied(), blocks)
}

/// The updates by the lecture's two ways: each layer's errors pulled back to its own weights.
fn updates<'g>(
    tape: &Tape<'g>,
    question: &Question,
    first: Var<'g>,
    gradient: Option<Var<'g>>,
    blocks: &mut Blocks,
) -> Result<()> {
    let network = &question.network;
    let mut plain = vec![first];
    for &w in tape.w.iter().skip(1).rev() {
        let errors = tape.back(w, plain[0]);
        plain.insert(0, errors);
    }
    let shared = if network.depth() > 1 { by_shares(tape, network, first, None)? } else { Some(vec![first]) };
    for (way, errors, kind, angle) in [
        (Way::Simplified, Some(plain), Kind::Update, Kind::Cosine),
        (Way::Shares, shared, Kind::UpdateByShares, Kind::CosineByShares),
    ] {
        for (l, &errors) in errors.iter().flatten().enumerate() {
            let (Some(&w), Some(&a)) = (tape.w.get(l), tape.a.get(l + 1)) else { continue };
            let [update] = a.vjp(errors, [w])?;
            blocks.add(kind, l + 1, update)?;
            if let Some((_, rate)) = question.step.filter(|step| step.0 == way) {
                tape.add_next(blocks, l, w + rate * update)?;
            }
            if let (0, Some(gradient)) = (l, gradient)
                && let Some(cosine) = cosine(update, -gradient)?
            {
                blocks.add(angle, 1, cosine)?;
            }
        }
    }
    Ok(())
}

/// The cosine of the angle between two directions; `None` if one of them is zero.
fn cosine<'g>(a: Var<'g>, b: Var<'g>) -> Result<Option<Var<'g>>> {
    let (length_a, length_b) = (a.norm(), b.norm());
    if length_a.item()? == 0.0 || length_b.item()? == 0.0 {
        return Ok(None);
    }
    Ok(Some(((a / length_a) * (b / length_b)).sum()))
}
