//! [`History`]: what happened in training, epoch by epoch.

use std::fmt;

/// The figures of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The learning rate of its last step.
    pub rate: f64,
    /// The mean of the loss over all samples, while they were learnt from.
    pub loss: f64,
    /// The mean of the loss over all samples of the validation set, after the epoch.
    pub valid_loss: Option<f64>,
    /// The metrics, on the validation set, in the order in which they were asked for; on the training set, while it was
    /// learnt from, where there is no other.
    pub metrics: Vec<f64>,
}

/// What happened in training, epoch by epoch. It is data (`epochs`), a table ([`to_csv`](History::to_csv), `Display`) and a
/// picture (`to_svg`, with the feature `plot`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The names of the metrics.
    pub metrics: Vec<String>,
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// The epoch with the smallest loss on the validation set (on the training set, where there is no other); of equal ones the
    /// first.
    pub fn best(&self) -> Option<&Epoch> {
        let measured = |epoch: &Epoch| epoch.valid_loss.unwrap_or(epoch.loss);
        // `min_by` returns the first of equal ones; NaN counts as the largest.
        self.epochs.iter().min_by(|a, b| measured(a).total_cmp(&measured(b)))
    }

    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// A table with a line for each epoch and a head, separated by commas. Numbers have all their digits.
    pub fn to_csv(&self) -> String {
        let mut text = format!(
            "epoch,rate,loss,valid_loss{}\n",
            self.metrics.iter().map(|m| format!(",{m}")).collect::<String>()
        );
        for epoch in &self.epochs {
            let valid = epoch.valid_loss.map(|loss| loss.to_string()).unwrap_or_default();
            let metrics: String = epoch.metrics.iter().map(|m| format!(",{m}")).collect();
            text.push_str(&format!("{},{},{},{valid}{metrics}\n", epoch.number, epoch.rate, epoch.loss));
        }
        text
    }

    /// The line of an epoch as progress shows it.
    pub(crate) fn line(&self, epoch: &Epoch, of: usize) -> String {
        let width = of.to_string().len();
        let mut line = format!("epoch {:>width$}/{of}  loss {:.5}", epoch.number, epoch.loss);
        if let Some(loss) = epoch.valid_loss {
            line.push_str(&format!("  valid {loss:.5}"));
        }
        for (name, figure) in self.metrics.iter().zip(&epoch.metrics) {
            line.push_str(&format!("  {name} {figure:.4}"));
        }
        line
    }
}

/// A line for each epoch.
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.epochs.len();
        for epoch in &self.epochs {
            writeln!(f, "{}  rate {}", self.line(epoch, of), epoch.rate)?;
        }
        Ok(())
    }
}
