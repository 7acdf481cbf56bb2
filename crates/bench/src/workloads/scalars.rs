//! W6: a long chain of operations on single numbers.

use chainrule::Var;
use ndarray::arr0;

use crate::workload::{Id, Recorded, Result, Workload};

pub(super) fn gradient() -> Workload<f32, 2, 3> {
    Workload { id: Id::W6, inputs: [arr0(0.5).into_dyn(), arr0(0.001).into_dyn()], state: vec![], record }
}

fn record<'g>([x, a]: [Var<'g, f32>; 2], _: &[Var<'g, f32>]) -> Result<Recorded<'g, f32, 3>> {
    let y = (0..3333).fold(x, |x, _| x.sin() * a + x);
    let [dx, da] = y.grad([x, a])?;
    Ok(Recorded { outputs: [y, dx, da], next: vec![] })
}
