use super::*;
use crate::{Conv, CustomOp, Error, Graph, LinearMap, Pool, Triangle, vmap};
use ndarray::{ArrayD, ArrayViewD, SliceInfoElem, array};

struct Same;

impl CustomOp<f64> for Same {
    fn name(&self) -> &'static str {
        "same"
    }
    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        Ok(operands[0].to_vec())
    }
    fn value(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        Ok(x[0].to_owned())
    }
    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::scale(1.0)
    }
    fn cuts(&self, _: usize) -> bool {
        false
    }
}

/// The last node whose operation has this name.
fn kind(graph: &Graph, name: &str) -> Operation<f64> {
    let last = graph.nodes().filter(|node| node.operation() == name).last();
    last.unwrap_or_else(|| panic!("no {name} among\n{graph}")).kind()
}

#[test]
fn every_operation_says_what_it_was_told() -> Result<(), Error> {
    let graph = Graph::new();
    let x = graph.variable("x", array![[4.0, 1.0, 0.5], [1.0, 3.0, 0.25]]);
    let a = graph.constant(array![[4.0, 1.0], [1.0, 3.0]]);
    let line = graph.constant([1.0, 2.0, 3.0, 4.0, 5.0]);
    let part = |start, step, len| SliceAxis { start, step, len };
    let range = |start, end, step| SliceInfoElem::Slice { start, end, step };
    let gradient = |y: Var<'_>| y.sum().grad(line).map(|_| ());

    assert_eq!(x.kind(), Operation::Variable { name: "x".into() });
    assert_eq!(a.kind(), Operation::Constant);
    assert_eq!(x.matmul(x).kind(), Operation::Invalid);
    vmap([x], |[row]| Ok([row.exp()]))?;
    assert_eq!(kind(&graph, "example"), Operation::Example);
    assert_eq!(x.detach().kind(), Operation::Detach);
    assert!(!a.sum().less(0.0).holds()?);
    assert_eq!(kind(&graph, "holds"), Operation::Guard { expected: false });

    assert_eq!(x.clamp(-1.0, 2.0).kind(), Operation::Map(Unary::Clamp(-1.0, 2.0)));
    assert_eq!(x.hypot(x).kind(), Operation::Zip(Binary::Hypot));
    assert_eq!((line.slice([range(0, Some(3), 1)]) + x).kind(), Operation::Zip(Binary::Add));
    assert_eq!(kind(&graph, "broadcast"), Operation::Broadcast { axes: vec![0], shape: vec![2, 3] });

    assert_eq!(x.sum_axes([1, 0]).kind(), Operation::Sum { axes: vec![0, 1] });
    assert_eq!(x.reshape([3, 2]).kind(), Operation::Reshape { shape: vec![3, 2] });
    assert_eq!(x.t().kind(), Operation::Permute { axes: vec![1, 0] });
    assert_eq!(a.matmul(x).kind(), Operation::MatMul);
    assert_eq!(x.greater(1.0).select(x, 0.0).kind(), Operation::Select);
    assert_eq!(x.max_axes(1).kind(), Operation::Extremum { axes: vec![1], largest: true });
    assert_eq!(x.min_axes(0).kind(), Operation::Extremum { axes: vec![0], largest: false });
    assert_eq!(x.argmin(1).kind(), Operation::ArgExtremum { axis: 1, largest: false });
    assert_eq!(x.cumsum(1).kind(), Operation::CumSum { axis: 1, reverse: false });
    gradient(line.cumsum(0))?;
    assert_eq!(kind(&graph, "cumsum"), Operation::CumSum { axis: 0, reverse: true });

    let backwards = line.slice([range(0, None, -2)]);
    assert_eq!(backwards.kind(), Operation::Slice { parts: vec![part(4, -2, 3)] });
    gradient(backwards)?;
    assert_eq!(kind(&graph, "unslice"), Operation::Unslice { parts: vec![part(4, -2, 3)], shape: vec![5] });
    assert_eq!(graph.concat([x, a], 1).kind(), Operation::Concat { axis: 1 });

    let [numbers, places] = [graph.constant([1.0, 0.0]), graph.constant([0.0])];
    assert_eq!(x.take(numbers, 1).kind(), Operation::Gather { axis: 1, along: false });
    gradient(line.take(numbers, 0))?;
    assert_eq!(kind(&graph, "scatter_add"), Operation::Scatter { axis: 0, along: false, shape: vec![5] });
    let picked = line.take_along(places, 0);
    assert_eq!(picked.kind(), Operation::Gather { axis: 0, along: true });
    gradient(picked)?;
    assert_eq!(
        kind(&graph, "scatter_add_along"),
        Operation::Scatter { axis: 0, along: true, shape: vec![5] }
    );

    gradient(line.reshape([1, 5]).max_pool1d(Pool::new(3).stride(2)))?;
    assert_eq!(kind(&graph, "unfold"), Operation::Unfold { axis: 1, size: 3, stride: 2, dilation: 1 });
    let fold = Operation::Fold { axis: 1, size: 3, stride: 2, dilation: 1, shape: vec![1, 5] };
    assert_eq!(kind(&graph, "fold"), fold);
    line.reshape([1, 1, 5]).conv1d(array![[[1.0, 2.0]]], Conv::new().dilation(3));
    assert_eq!(kind(&graph, "unfold"), Operation::Unfold { axis: 2, size: 2, stride: 1, dilation: 3 });

    assert_eq!(a.cholesky().kind(), Operation::Cholesky);
    let solved = a.solve_triangular(Triangle::Upper, array![1.0, 2.0]);
    assert_eq!(solved.kind(), Operation::TriangularSolve { upper: true, transposed: false });
    solved.sum().grad(a)?;
    assert_eq!(
        kind(&graph, "solve_triangular"),
        Operation::TriangularSolve { upper: true, transposed: true }
    );
    assert_eq!(a.inverse().kind(), Operation::Solve);
    assert_eq!(a.log_det().kind(), Operation::LogDet);
    assert_eq!(graph.custom(Same, [x]).kind(), Operation::Custom { name: "same" });
    Ok(())
}
