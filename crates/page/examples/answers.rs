//! Questions about random networks and the answers of the native engine, bit by bit, for the comparison with the module
//! (`browser/bits.test.mjs`).
//!
//! Each line of the output is a question and its answer, two lists of numbers with a tab between them; a number is written as
//! the 16 hexadecimal digits of its bits. With `CHAINRULE_CPU=portable`, because the vector instructions of other processors
//! round once where the module rounds twice.

use std::io::Write;

use chainrule_page::blocks::write;
use chainrule_page::lesson::{Question, Rows, Way};
use chainrule_page::module::respond;
use chainrule_page::network::{Network, Noted};
use ndarray::{Array1, Array2};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;

/// So many networks.
const NETWORKS: usize = 300;

struct Random(Pcg64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    /// Between -1 and 1.
    fn number(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    }

    fn question(&mut self) -> Question {
        let depth = self.below(5) + 1;
        let widths: Vec<usize> = (0..=depth).map(|_| self.below(9) as usize + 1).collect();
        // Ordinary sizes mostly, and now and then tiny, saturating and huge ones.
        let scale = [1.0, 1.0, 1.0, 1e-160, 30.0, 1e60][self.below(6) as usize];
        let weights = widths
            .windows(2)
            .map(|pair| Array2::from_shape_simple_fn((pair[0], pair[1]), || scale * self.number()));
        let weights = weights.collect();
        let outputs = widths[widths.len() - 1];
        let noted = |random: &mut Self| Noted {
            value: random.below(1001) as f64 / 1000.0,
            decimals: random.below(4) as usize,
        };
        let has_inputs = self.below(6) > 0;
        let has_noted = !has_inputs || self.below(2) == 0;
        let ways = [None, Some(Way::Shares), Some(Way::Simplified), Some(Way::Exact)];
        Question {
            network: Network {
                weights,
                targets: Array1::from_shape_simple_fn(outputs, || self.number()),
                inputs: has_inputs.then(|| Array1::from_shape_simple_fn(widths[0], || self.number())),
                outputs: has_noted.then(|| (0..outputs).map(|_| noted(self)).collect()),
            },
            rows: if self.below(2) == 0 { Rows::Senders } else { Rows::Receivers },
            from_noted: self.below(2) == 0,
            step: ways[self.below(4) as usize].map(|way| (way, self.number())),
        }
    }
}

fn main() -> std::io::Result<()> {
    let mut random = Random(Pcg64::new(21, 42));
    let mut out = std::io::stdout().lock();
    let list =
        |numbers: &[f64]| -> String { numbers.iter().map(|x| format!("{:016x}", x.to_bits())).collect() };
    for _ in 0..NETWORKS {
        let question = write(&random.question().blocks());
        writeln!(out, "{}\t{}", list(&question), list(&respond(&question)))?;
    }
    Ok(())
}
