//! W7: functions of a million numbers, and their sum.

use chainrule::Var;

use crate::data::fill;
use crate::workload::{Id, Recorded, Result, Workload};

pub(super) fn gradient() -> Workload<f32, 1, 2> {
    Workload { id: Id::W7, inputs: [fill(700, &[1_000_000], 2.0)], state: vec![], record }
}

fn record<'g>([x]: [Var<'g, f32>; 1], _: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 2>> {
    let square = x.square();
    let y = ((-square).exp() * x.tanh() + square.log1p()).sum();
    let dx = y.grad(x)?;
    Ok(Recorded { outputs: [y, dx], next: vec![] })
}
