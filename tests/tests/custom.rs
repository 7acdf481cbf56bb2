//! Operations of the user's own, and the test that finds a wrong rule of one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use chainrule::graph::{CustomOp, ErrorKind, Graph, LinearMap, Var, check_custom, vmap};
use ndarray::{ArrayD, ArrayViewD, Ix2, array};

/// What is wrong with the rules of [`Weigh`].
#[derive(Clone, Copy, Debug, PartialEq)]
enum Wrong {
    Nothing,
    Sign,
    Factor,
    OtherOperand,
    NotTransposed,
    FirstOrderOnly,
}

/// `y = W x²`, a matrix and a vector.
struct Weigh(Wrong);

impl CustomOp<f64> for Weigh {
    fn name(&self) -> &'static str {
        "weigh"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        match operands {
            [[m, n], [k]] if n == k => Ok(vec![*m]),
            _ => Err("a matrix and a vector".to_owned()),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        let w = operands[0].view().into_dimensionality::<Ix2>().map_err(|e| e.to_string())?;
        let x =
            operands[1].mapv(|x| x * x).into_dimensionality::<ndarray::Ix1>().map_err(|e| e.to_string())?;
        Ok(w.dot(&x).into_dyn())
    }

    fn derivative<'g>(&self, i: usize, operands: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        let (w, x) = (operands[0], operands[1]);
        if i == 0 {
            let square = x.square();
            return LinearMap::pair(move |dw| dw.matmul(square), move |e| e.outer(square));
        }
        let slope = match self.0 {
            Wrong::Sign => x * -2.0,
            Wrong::Factor => x * 3.0,
            Wrong::OtherOperand => w.sum_axes(0) * 2.0,
            Wrong::FirstOrderOnly => x.detach() * 2.0,
            Wrong::Nothing | Wrong::NotTransposed => x * 2.0,
        };
        match self.0 {
            Wrong::NotTransposed => LinearMap::pair(move |dx| w.matmul(slope * dx), move |e| w.t().matmul(e)),
            _ => LinearMap::diag(slope).then(LinearMap::left(w)),
        }
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

fn operands() -> [ArrayD<f64>; 2] {
    [array![[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]].into_dyn(), array![0.75, -1.25, 0.5].into_dyn()]
}

#[test]
fn wrong_rules_are_found_and_named() {
    check_custom(Weigh(Wrong::Nothing), &operands()).unwrap();
    for (wrong, want) in [
        (Wrong::Sign, "the derivative by operand 1 is wrong"),
        (Wrong::Factor, "the derivative by operand 1 is wrong"),
        (Wrong::OtherOperand, "the derivative by operand 1 is wrong"),
        (Wrong::NotTransposed, "the transpose of the derivative by operand 1 is wrong"),
        (Wrong::FirstOrderOnly, "the second derivative by operands 1 and 1 is wrong"),
    ] {
        let error = check_custom(Weigh(wrong), &operands()).unwrap_err();
        let line = line!() - 1;
        assert_eq!(
            (error.kind(), error.operation(), error.location().line()),
            (ErrorKind::WrongDerivative, "weigh", line)
        );
        assert!(error.message().starts_with(want), "{wrong:?}: {error}");
    }
    // what is refused is refused
    assert_eq!(check_custom(Weigh(Wrong::Nothing), &operands()[..1]).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn one_rule_serves_both_modes_every_order_and_vmap() {
    let graph = &Graph::new();
    let [w, x] = operands().map(|x| graph.constant(x));
    let own = graph.custom(Weigh(Wrong::Nothing), [w, x]);
    let ours = w.matmul(x.square());
    assert_eq!(own.value().unwrap(), ours.value().unwrap());
    let seed = array![1.0, -2.0];
    let near = |a: Var<'_>, b: Var<'_>| {
        let (a, b) = (a.value().unwrap(), b.value().unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14), "{a} {b}");
    };
    let [dw, dx] = own.vjp(&seed, [w, x]).unwrap();
    let [ew, ex] = ours.vjp(&seed, [w, x]).unwrap();
    near(dw, ew);
    near(dx, ex);
    let along = (graph.full([2, 3], 0.5), graph.constant([1.0, 2.0, 3.0]));
    near(own.jvp((w, x), along).unwrap(), ours.jvp((w, x), along).unwrap());
    near(own.square().sum().hessian(x).unwrap(), ours.square().sum().hessian(x).unwrap());
    let [own, ours] = [own, ours].map(|y| y.powi(3).sum().hessian(x).unwrap().sum().grad(w).unwrap());
    near(own, ours);
    let batch = graph.constant(array![[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]]);
    let own = vmap(batch, |x| graph.custom(Weigh(Wrong::Nothing), [w, x]).sum().grad([w, x])).unwrap();
    let ours = vmap(batch, |x| w.matmul(x.square()).sum().grad([w, x])).unwrap();
    near(own[0], ours[0]);
    near(own[1], ours[1]);
}

/// Its value, and a look at another node of the same graph, which is recorded and computed on the way.
struct Nosy(std::sync::mpsc::SyncSender<f64>);

impl CustomOp<f64> for Nosy {
    fn name(&self) -> &'static str {
        "nosy"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        // Another graph while this one is computing.
        let graph = Graph::new();
        let sum = graph.constant(operands[0].to_owned()).sum().item().map_err(|e| e.to_string())?;
        self.0.send(sum).map_err(|e| e.to_string())?;
        Ok(operands[0].to_owned())
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }

    fn cuts(&self, _: usize) -> bool {
        false
    }
}

#[test]
fn a_value_is_computed_once_and_may_use_graphs_itself() {
    let (sender, receiver) = std::sync::mpsc::sync_channel(8);
    let graph = Graph::new();
    let x = graph.variable("x", [1.0, 2.0]);
    let y = graph.custom(Nosy(sender), [x]) * 2.0;
    let z = y.exp().sum();
    assert_eq!(z.item().unwrap(), 2_f64.exp() + 4_f64.exp());
    assert_eq!(y.sum().item().unwrap(), 6.0);
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [3.0]);
}
