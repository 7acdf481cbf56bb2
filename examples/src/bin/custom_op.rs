//! An operation of one's own: Lambert's W, with which the current of a solar cell can be written down. `--bin custom_op`
//!
//! `W(x)` is the number with `W e^W = x`. Its derivative is `W' = 1 / (e^W (1 + W))`: one line, written with nodes, and it serves
//! reverse mode, forward mode and every higher derivative. `check_custom` tests it against differences.

use chainrule::Result;
use chainrule::graph::check_custom;
use chainrule::layers::{Lbfgs, LbfgsReport};
use chainrule::ndarray::{Array1, ArrayD, ArrayViewD, array};
use chainrule::prelude::*;

/// The principal branch of Lambert's W, for arguments from 0 on.
struct LambertW;

/// Newton's method on `w - ln(x / w)`, which doubles the digits in every step; four are enough from this beginning.
fn lambert_w(x: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    let mut w = if x < 3.0 {
        x.ln_1p() * (1.0 - x.ln_1p().ln_1p() / (2.0 + x.ln_1p()))
    } else {
        x.ln() - x.ln().ln()
    };
    for _ in 0..6 {
        w *= (1.0 + (x / w).ln()) / (1.0 + w);
    }
    w
}

impl CustomOp<f64> for LambertW {
    fn name(&self) -> &'static str {
        "lambert_w"
    }

    fn shape(&self, operands: &[&[usize]]) -> std::result::Result<Vec<usize>, String> {
        match operands {
            [x] => Ok(x.to_vec()),
            _ => Err(format!("one operand, not {}", operands.len())),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> std::result::Result<ArrayD<f64>, String> {
        let Some(x) = operands.first() else { return Err("no operand".into()) };
        match x.iter().find(|x| **x < 0.0) {
            Some(x) => Err(format!("{x} is below 0; this branch begins there")),
            None => Ok(x.mapv(lambert_w)),
        }
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], w: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::diag((w.exp() * (w + 1.0)).recip())
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// The current of a solar cell at these voltages: the diode equation with a resistance in series, solved for the current.
///
/// `I = (L + S) - (n V_t / R) W(z)` with `z = (R S / n V_t) e^((V + R (L + S)) / n V_t)`, where `L` is the current that light drives,
/// `S` the saturation current of the diode, `R` the resistance, and `n V_t` the thermal voltage. (A. Jain and A. Kapoor, "Exact
/// analytical solutions of the parameters of real solar cells using Lambert W-function", 2004.)
///
/// The last three are positive, so their logarithms are what is looked for.
fn current<'g>(voltages: Var<'g>, [light, saturation, resistance, thermal]: [Var<'g>; 4]) -> Var<'g> {
    let [saturation, resistance, thermal] = [saturation, resistance, thermal].map(|x| x.exp());
    let all = light + saturation;
    let z = resistance * saturation / thermal * ((voltages + resistance * all) / thermal).exp();
    all - thermal / resistance * voltages.graph().custom(LambertW, [z])
}

/// In amperes, logarithms of amperes, ohms and volts.
const NAMES: [&str; 4] = ["light", "ln saturation", "ln resistance", "ln thermal"];
const TRUTH: [f64; 4] = [0.76, -14.9, -1.02, -3.24];

/// The constants found from a curve of currents, what the search says of itself, and the largest distance from the curve.
fn fit() -> Result<([f64; 4], LbfgsReport, f64)> {
    let voltages = Array1::linspace(0.0, 0.58, 30);
    let graph = Graph::new();
    let measured = current(graph.constant(&voltages), TRUTH.map(|c| graph.constant(c))).value()?;
    let apart = |bound: &Bound<'_>| -> Result<ArrayD<f64>> {
        let computed = current(bound.graph().constant(&voltages), NAMES.map(|name| bound.get(name)));
        (computed - &measured).value()
    };

    let mut params = Params::new();
    for (name, guess) in NAMES.into_iter().zip([0.7, -12.0, -1.2, -3.0]) {
        params.insert(name, guess);
    }
    let report = Lbfgs::new().iterations(400).tolerance(1e-13).minimize(&mut params, |bound| {
        let computed = current(bound.graph().constant(&voltages), NAMES.map(|name| bound.get(name)));
        (computed - &measured).square().sum()
    })?;
    let graph = Graph::new();
    let worst = apart(&params.bind(&graph))?.iter().fold(0.0, |worst: f64, d| d.abs().max(worst));
    let found = NAMES.map(|name| params.get(name).and_then(|x| x.first().copied()).unwrap_or(f64::NAN));
    Ok((found, report, worst))
}

fn main() -> Result<()> {
    check_custom(LambertW, &[array![0.1, 1.0, 5.0, 300.0].into_dyn()])?;
    println!("the rule agrees with differences, in first and second order\n");
    let (found, report, worst) = fit()?;
    println!("                  true    found");
    for ((name, truth), found) in NAMES.iter().zip(TRUTH).zip(found) {
        println!("{name:>15}  {truth:>7.3}  {found:>7.3}");
    }
    println!("\nlargest distance from the curve: {worst:.1e} A, after {} steps", report.iterations);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn w_is_the_inverse_of_w_e_to_the_w() {
        for w in [1e-300, 1e-9, 0.01, 0.3, 1.0, 2.0, 10.0, 700.0_f64] {
            let x = if w < 1e-200 { w } else { w * w.exp() };
            if x.is_finite() {
                assert!((lambert_w(x) / w - 1.0).abs() < 1e-14, "{w}: {}", lambert_w(x));
            }
        }
    }

    #[test]
    fn the_rule_is_right_and_wrong_arguments_are_refused() {
        check_custom(LambertW, &[array![0.1, 1.0, 5.0, 300.0].into_dyn()]).unwrap();
        let graph = Graph::new();
        let error = graph.custom(LambertW, [graph.constant([-1.0])]).value().unwrap_err();
        assert!(error.message().contains("-1 is below 0"), "{error}");
    }

    #[test]
    fn the_curve_is_found() {
        let (found, _, worst) = fit().unwrap();
        assert!(worst < 1e-5, "{worst}");
        for (found, truth) in found.into_iter().zip(TRUTH) {
            assert!((found - truth).abs() < 1e-2 * truth.abs(), "{found} {truth}");
        }
    }
}
