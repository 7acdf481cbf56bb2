//! The constants of a pendulum from a film of it: a fit through a solver of differential equations. `--bin pendulum`
//!
//! A pendulum with friction follows `θ'' = -ω² sin θ - 2ζ θ'`. Its angle was measured, with errors, at 60 moments. The solver,
//! the method of Runge and Kutta of fourth order, is recorded on the graph like any other formula; so the distance between
//! what it computes and what was measured has a gradient by `ω`, `ζ` and the beginning, and gradient descent finds them.

use chainrule::Result;
use chainrule::prelude::*;

/// Seconds between two measurements, and steps of the solver in between.
const INTERVAL: f64 = 0.1;
const STEPS: usize = 2;

/// One moment's angle and velocity.
type Motion<'g> = [Var<'g>; 2];

/// The time derivative of a motion.
fn flow<'g>([omega, zeta]: [Var<'g>; 2], [angle, velocity]: Motion<'g>) -> Motion<'g> {
    [velocity, -(omega.square() * angle.sin()) - zeta * velocity * 2.0]
}

/// One step of the classical Runge-Kutta method.
fn step<'g>(constants: [Var<'g>; 2], now: Motion<'g>, h: f64) -> Motion<'g> {
    let ahead = |slope: Motion<'g>, h: f64| [0, 1].map(|i| now[i] + slope[i] * h);
    let k1 = flow(constants, now);
    let k2 = flow(constants, ahead(k1, h / 2.0));
    let k3 = flow(constants, ahead(k2, h / 2.0));
    let k4 = flow(constants, ahead(k3, h));
    [0, 1].map(|i| now[i] + (k1[i] + (k2[i] + k3[i]) * 2.0 + k4[i]) * (h / 6.0))
}

/// The angles at so many moments.
fn angles<'g>(constants: [Var<'g>; 2], beginning: Motion<'g>, moments: usize) -> Var<'g> {
    let (mut now, mut angles) = (beginning, Vec::new());
    for _ in 0..moments {
        angles.push(now[0]);
        for _ in 0..STEPS {
            now = step(constants, now, INTERVAL / STEPS as f64);
        }
    }
    beginning[0].graph().stack(angles, 0)
}

/// What the film shows, and what nobody but this function knows.
const TRUTH: [(&str, f64); 4] = [("omega", 3.1), ("zeta", 0.12), ("angle", 1.4), ("velocity", 0.0)];

/// The constants found, in the order of [`TRUTH`], and the root of the mean squared distance.
fn fit(moments: usize, steps: usize) -> Result<([f64; 4], f64)> {
    let graph = Graph::new();
    let [omega, zeta, angle, velocity] = TRUTH.map(|(_, value)| graph.constant(value));
    let noise = graph.constant(1.0).normal([moments]) * 0.02;
    let measured = (angles([omega, zeta], [angle, velocity], moments) + noise).value()?;

    let mut params = Params::new();
    for ((name, _), guess) in TRUTH.iter().zip([2.5, 0.0, 1.0, 0.5]) {
        params.insert(*name, guess);
    }
    let graph = Graph::new();
    let bound = params.bind(&graph);
    let [omega, zeta, angle, velocity] = TRUTH.map(|(name, _)| bound.get(name));
    let loss = (angles([omega, zeta], [angle, velocity], moments) - measured).square().mean();
    let adam = Adam::new(Schedule::cosine(0.05, steps));
    let mut descend = Program::new([], [loss]).updates(adam.minimize(loss, &bound)?).compile()?;
    let mut last = 0.0;
    for _ in 0..steps {
        last = descend.run(())?[0][[]];
    }
    params.read(descend.state())?;
    let found = TRUTH.map(|(name, _)| params.get(name).map_or(f64::NAN, |x| x[[]]));
    Ok((found, last.sqrt()))
}

fn main() -> Result<()> {
    let (found, distance) = fit(60, 2000)?;
    println!("           true   found");
    for ((name, truth), found) in TRUTH.iter().zip(found) {
        println!("{name:>9}  {truth:.3}  {found:>6.3}");
    }
    println!("\ndistance {distance:.4}; the measurements have errors of 0.02");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_constants_are_found() {
        let (found, distance) = super::fit(40, 600).unwrap();
        for ((name, truth), found) in super::TRUTH.iter().zip(found) {
            assert!((truth - found).abs() < 0.03, "{name} {found}");
        }
        assert!(distance < 0.025, "{distance}");
    }
}
