//! Step 4: the closed form through many layers, against the tape's vector-Jacobian product.

use chainrule::prelude::*;
use ndarray::Array1;

use crate::network::{Network, flat};
use crate::random::Random;
use crate::report::{Report, short};
use crate::rounding::gamma;

/// The errors of one layer, computed in two ways.
pub struct Compared {
    /// The layer's number.
    pub layer: usize,
    /// The largest difference of two elements.
    pub difference: f64,
    /// The largest that rounding can explain.
    pub allowed: f64,
    /// Whether each difference is one that rounding can explain.
    pub agrees: bool,
}

/// `E[l] = W[l+1]' E[l+1]` from the last layer down to the inputs: by plain `ndarray`, and by the tape's vector-Jacobian
/// product of the linear part `A[l] = W[l] A[l-1]`. For this the matrices are turned: one row a receiver, as the closed form
/// needs them; step 5 says why.
///
/// # Errors
/// Only if the engine has one.
pub fn compare(network: &Network, errors: &Array1<f64>) -> Result<Vec<Compared>, chainrule::Error> {
    // The tape: record the layers, then pull the errors of the last one back to all of them at once.
    let graph = Graph::new();
    let mut a =
        graph.variable("A[0]", Array1::<f64>::zeros(network.weights().next().map_or(0, |w| w.nrows())));
    let mut layers = vec![];
    for w in network.weights() {
        layers.push(a);
        a = graph.constant(w.t()).matmul(a);
    }
    let pulled_back = a.vjp(errors, layers)?;

    // The closed form, with a bound of what rounding can do: each product adds γₙ |W| |E|, and carries on what was there.
    let (mut e, mut bound) = (errors.clone(), Array1::<f64>::zeros(errors.len()));
    let mut compared = Vec::new();
    for (l, (w, tape)) in network.weights().zip(pulled_back).enumerate().collect::<Vec<_>>().into_iter().rev()
    {
        bound = w.mapv(f64::abs).dot(&bound) + super::size(w, &e) * (2.0 * gamma(w.ncols()));
        let receivers = w.t();
        e = receivers.t().dot(&e);
        let differences = (flat(tape)? - &e).mapv(f64::abs);
        compared.push(Compared {
            layer: l,
            difference: differences.iter().copied().fold(0.0, f64::max),
            allowed: bound.iter().copied().fold(0.0, f64::max),
            agrees: differences.iter().zip(&bound).all(|(d, b)| *d <= b + f64::MIN_POSITIVE),
        });
    }
    Ok(compared)
}

/// # Errors
/// Only if the engine has one.
pub fn tell(report: &mut Report, network: &Network, errors: &Array1<f64>) -> Result<(), chainrule::Error> {
    report.section("The closed form, layer by layer, against the tape");
    explain(report);
    for Compared { layer, difference, allowed, agrees } in compare(network, errors)? {
        report.check(
            &format!("E[{layer}]: largest difference {}, of at most {}", short(difference), short(allowed)),
            agrees,
        );
    }
    Ok(())
}

/// For networks of several random shapes.
///
/// # Errors
/// Only if the engine has one.
pub fn tell_random(report: &mut Report) -> Result<(), chainrule::Error> {
    report.section("The closed form on deeper networks, against the tape");
    explain(report);
    let mut random = Random::new(8);
    let mut lines = vec![format!(
        "{:<22} {:>5}   {:>18}   {:>18}",
        "neurons", "layer", "largest difference", "rounding may cause"
    )];
    let mut claims = Vec::new();
    let mut shapes = vec![vec![1, 64, 1]];
    shapes.extend((2..=6).map(|depth| (0..=depth).map(|_| random.whole(1, 64)).collect()));
    for sizes in shapes {
        let network = Network::random(&mut random, &sizes);
        let errors = random.units(network.last.ncols());
        let shape = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        let compared = compare(&network, &errors)?;
        for (i, c) in compared.iter().enumerate() {
            let name = if i == 0 { &shape } else { "" };
            lines.push(format!(
                "{name:<22} {:>5}   {:>18}   {:>18}",
                c.layer,
                short(c.difference),
                short(c.allowed)
            ));
        }
        claims.push((
            format!("{shape}: the closed form is the tape's, in all {} layers", sizes.len() - 1),
            compared.iter().all(|c| c.agrees),
        ));
    }
    report.lines(lines);
    for (claim, holds) in claims {
        report.check(&claim, holds);
    }
    Ok(())
}

fn explain(report: &mut Report) {
    report.say(
        "Without normalisers, one step back is one product, and many steps are many products: E[l] = W[l+1]' E[l+1]. Here, as \
         this form needs it, each matrix is written with one row a receiver, A[l] = W[l] A[l-1]; step 5 says why. The tape \
         knows nothing of the formula: it records these products and pulls the errors back by its own rule, the transpose of \
         each recorded map. For linear layers the two are the same thing, so they may differ by rounding only.",
    );
}
