//! The engine as a module that speaks in single numbers: what stands behind the exports of `examples/engine.rs`.

use crate::blocks;
use crate::lesson::{Question, answer};

/// A question as it comes in, and the answer to it.
///
/// ```
/// use chainrule_page::blocks::{Kind, read, write};
/// use chainrule_page::lesson::{Question, Rows};
/// use chainrule_page::module::Module;
/// use chainrule_page::network::Network;
///
/// let question = Question { network: Network::lecture(), rows: Rows::Senders, from_noted: true, step: None };
/// let mut module = Module::new();
/// module.begin();
/// write(&question.blocks()).into_iter().for_each(|number| module.push(number));
/// let answer: Vec<f64> = (0..module.run()).map(|place| module.get(place)).collect();
/// let simplified = read(&answer).unwrap().into_iter().find(|block| block.kind == Kind::Simplified).unwrap();
/// assert!((simplified.numbers[[0, 0]] - 0.216).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Module {
    question: Vec<f64>,
    answer: Vec<f64>,
}

impl Module {
    /// Without a question.
    pub const fn new() -> Self {
        Module { question: Vec::new(), answer: Vec::new() }
    }

    /// Forgets the last question.
    pub fn begin(&mut self) {
        self.question.clear();
    }

    /// The next number of the question.
    pub fn push(&mut self, number: f64) {
        self.question.push(number);
    }

    /// Answers the question; how many numbers the answer has.
    pub fn run(&mut self) -> usize {
        self.answer = respond(&self.question);
        self.answer.len()
    }

    /// A number of the answer; NaN if there are not so many.
    pub fn get(&self, place: usize) -> f64 {
        self.answer.get(place).copied().unwrap_or(f64::NAN)
    }
}

/// The answer to a question, both as lists of numbers. Every list has an answer: a block that says what is wrong, if it
/// must be.
pub fn respond(question: &[f64]) -> Vec<f64> {
    let blocks = blocks::read(question).ok_or_else(|| "the question is not made of blocks".to_owned());
    blocks::write(&match blocks.and_then(|blocks| Question::from_blocks(&blocks)) {
        Ok(question) => answer(&question),
        Err(message) => crate::lesson::refused(&message),
    })
}
