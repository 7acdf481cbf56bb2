//! What the operations refuse: the kind of error, the operation, its words and the exact line; and nothing panics.

use chainrule::graph::{Conv, CustomOp, Error, ErrorKind, Graph, LinearMap, Pool, Triangle, Var, keep};
use ndarray::{ArrayD, ArrayViewD, SliceInfoElem, array, s};
use proptest::prelude::*;

/// The error, after checking that everything computed from the node has it too.
fn error(x: Var<'_>) -> Error {
    let error = x.shape().unwrap_err();
    assert_eq!((x * 2.0).sum().value().unwrap_err().to_string(), error.to_string());
    assert!(!error.help().is_empty() || error.operation() == "odd", "{error}");
    error
}

/// Each line makes an invalid node, whose error has the operation, the kind, the beginning of the message, and this line.
/// (`line!()` is that of the whole macro; that the text of the error's line has the message says the same.)
macro_rules! refused {
    ($($node:expr => $operation:literal, $kind:ident, $message:literal;)+) => {
        $({
            let error = error($node);
            assert_eq!((error.operation(), error.kind()), ($operation, ErrorKind::$kind), "{error}");
            assert!(error.message().starts_with($message), "{error}\nwanted: {}", $message);
            let line = include_str!("refusals.rs").lines().nth(error.location().line() as usize - 1).unwrap();
            assert!(error.location().file().ends_with("refusals.rs"), "{error}");
            assert!(line.contains(concat!("=> ", stringify!($operation), ", ", stringify!($kind), ", ", stringify!($message))), "{error}\n{line}");
        })+
    };
}

#[test]
fn wrong_arguments_make_invalid_nodes_with_the_line() {
    let (graph, other) = (&Graph::new(), Graph::new());
    let x = graph.variable("x", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let v = graph.constant([1.0, 2.0]);
    let foreign = other.constant([1.0, 2.0]);
    let images = graph.constant(ArrayD::<f64>::zeros(vec![1, 2, 4, 4]));
    let kernels = graph.constant(ArrayD::<f64>::zeros(vec![3, 2, 3, 3]));
    refused! {
        x.clamp(1.0, -1.0) => "clamp", Argument, "there is no number between 1 and -1";
        x.clamp(f64::NAN, None) => "clamp", Argument, "there is no number between NaN";
        x.pow(v) => "pow", Shape, "[2, 3] and [2] cannot be broadcast";
        x.greater(foreign) => "less", ForeignNode, "an operand belongs to another graph";
        x.select(v, 0.0) => "select", Shape, "[2, 3] and [2] cannot be broadcast";
        x.select(foreign, 0.0) => "select", ForeignNode, "an operand belongs";
        x.max_axes(2) => "max_axes", Axis, "there is no axis 2 in 2 axes";
        x.min_axes([0, -2]) => "min_axes", Axis, "axis -2 is named twice";
        x.prod_axes(-3) => "prod_axes", Axis, "there is no axis -3";
        x.variance_axes(keep(5)) => "variance_axes", Axis, "there is no axis 5";
        x.norm_axes(2) => "norm_axes", Axis, "there is no axis 2";
        x.logsumexp_axes(2) => "logsumexp_axes", Axis, "there is no axis 2";
        x.softmax(2) => "softmax", Axis, "there is no axis 2";
        x.log_softmax(2) => "log_softmax", Axis, "there is no axis 2";
        x.cumsum(2) => "cumsum", Axis, "there is no axis 2";
        x.argmax(-3) => "argmax", Axis, "there is no axis -3";
        x.slice(s![2..2, ..]).max_axes(0) => "max", Shape, "[0, 3] has no element to choose along the axis";
        x.reshape([4, -1]) => "reshape", Shape, "6 elements cannot have the shape [4, -1]";
        x.reshape([-1, -1]) => "reshape", Shape, "6 elements cannot have the shape [-1, -1]";
        x.reshape([-2, 3]) => "reshape", Shape, "6 elements cannot have the shape [-2, 3]";
        x.squeeze(0) => "squeeze", Shape, "axis 0 of [2, 3] has not size 1";
        x.unsqueeze(4) => "unsqueeze", Axis, "there is no axis 4 in 3 axes";
        x.tile([1 << 40, 1 << 40]) => "tile", TooLarge, "an array of shape";
        x.slice(s![3, ..]) => "slice", Index, "there is no place 3 on axis 0 of size 2";
        x.slice(s![.., 1..5]) => "slice", Index, "there is no place 5 on axis 1 of size 3";
        x.slice(s![0, 0, 0]) => "slice", Axis, "more parts than the 2 axes";
        x.flip(2) => "flip", Axis, "there is no axis 2";
        x.split([1, 1], 1)[1] => "split", Shape, "axis 1 has size 3 and cannot be split into [1, 1]";
        x.split([usize::MAX, 2], 1)[0] => "split", Shape, "axis 1 has size 3 and cannot be split";
        x.chunks(2, 1)[0] => "chunks", Shape, "axis 1 has size 3 and cannot be split into 2 equal parts";
        x.chunks(0, 1)[0] => "chunks", Shape, "axis 1 has size 3 and cannot be split into 0 equal parts";
        x.pad([[0, 0], [0, 0], [1, 1]], 0.0) => "pad", Axis, "3 axes to pad, and there are 2";
        x.pad([[usize::MAX, 1]], 0.0) => "pad", TooLarge, "an array of shape";
        graph.concat([x, v], 0) => "concat", Shape, "[2, 3] and [2] do not fit together along axis 0";
        graph.concat([], 0) => "concat", Count, "there are no nodes to join";
        graph.concat([x, foreign], 0) => "concat", ForeignNode, "an operand belongs";
        graph.stack([x, v], 0) => "stack", Shape, "shapes [2, 3] and [2] are not equal";
        graph.stack([x, x], 3) => "stack", Axis, "there is no axis 3 in 3 axes";
        x.take([0, 2], 0) => "indices", Index, "index number 1 is 2, on an axis of size 2";
        x.take([-3], 0) => "indices", Index, "index number 0 is -3";
        x.take([0], 2) => "take", Axis, "there is no axis 2";
        x.take(foreign, 0) => "take", ForeignNode, "an operand belongs";
        x.take_along([0, 1], 1) => "take_along", Shape, "indices of shape [2] along axis 1 of [2, 3]";
        x.scatter_add([0], v, 0) => "scatter_add", Shape, "updates of shape [2] where [1, 3] is needed";
        graph.one_hot([3], 3) => "indices", Index, "index number 0 is 3, on an axis of size 3";
        graph.one_hot([0], usize::MAX) => "one_hot", TooLarge, "18446744073709551615 places are more than an f64 can number";
        x.matmul(graph.constant(ArrayD::<f64>::zeros(vec![2, 2, 2]))) => "matmul", Shape, "[2, 3] times [2, 2, 2] pairs 3 columns";
        images.matmul(graph.constant(ArrayD::<f64>::zeros(vec![3, 4, 4]))) => "matmul", Shape, "[1, 2] and [3] cannot be broadcast";
        images.matmul(1.0) => "matmul", Shape, "an operand of shape";
        x.dot(v) => "dot", Shape, "[2, 3] and [2] are not vectors of the same size";
        x.outer(v) => "outer", Shape, "[2, 3] and [2] are not vectors of any size";
        x.einsum("ij", v) => "einsum", Argument, "\"ij\" has no comma";
        x.einsum("ijk,i->j", v) => "einsum", Argument, "\"ijk\" names 3 axes of an operand of shape [2, 3]";
        x.einsum("ij,j->i", v) => "einsum", Shape, "`j` in \"ij,j->i\" has the sizes 3 and 2";
        x.einsum("ij,i->k", v) => "einsum", Argument, "the result of \"ij,i->k\" has `k` twice, or no operand has it";
        x.einsum("i1,i->i", v) => "einsum", Argument, "`1` in \"i1,i->i\" is not a letter";
        images.conv2d(x, Conv::new()) => "conv2d", Shape, "a batch of shape [1, 2, 4, 4] and kernels of shape [2, 3], for 2 axes";
        images.conv2d(kernels, Conv::new().groups(2)) => "conv2d", Shape, "2 channels do not go with kernels of shape [3, 2, 3, 3] in 2 groups";
        images.conv2d(kernels, Conv::new().groups(0)) => "conv2d", Argument, "there are no groups";
        images.conv2d(kernels, Conv::new().groups(3)) => "conv2d", Argument, "3 groups of 2 channels";
        images.conv2d(kernels, Conv::new().stride([1, 0])) => "conv2d", Argument, "windows of size [3, 3], stride [1, 0]";
        images.conv2d(kernels, Conv::new().dilation(2)) => "conv2d", Shape, "a window of 3 elements, 2 apart, does not fit into 4";
        images.conv_transpose2d(kernels, Conv::new()) => "conv_transpose2d", Shape, "2 channels do not go";
        images.max_pool2d(Pool::new(5)) => "max_pool2d", Shape, "a window of 5 elements, 1 apart, does not fit";
        images.max_pool2d(Pool::new(2).padding(2)) => "max_pool2d", Argument, "with padding [2, 2], windows of [2, 2] would see nothing";
        v.avg_pool2d(Pool::new(1)) => "avg_pool2d", Axis, "2 axes are pooled, and there are 1";
        x.softmax_cross_entropy(v) => "softmax_cross_entropy", Shape, "probabilities of shape [2] for logits of [2, 3]";
        x.softmax_cross_entropy_labels([0]) => "softmax_cross_entropy_labels", Shape, "labels of shape [1] for logits";
        x.softmax_cross_entropy_labels([0, 3]) => "indices", Index, "index number 1 is 3, on an axis of size 3";
        graph.constant(1.0).softmax_cross_entropy(1.0) => "softmax_cross_entropy", Shape, "a single number has no axis of classes";
        x.sigmoid_cross_entropy(v) => "sigmoid_cross_entropy", Shape, "probabilities of shape [2] for logits";
        x.cholesky() => "cholesky", Shape, "an operand of shape [2, 3] is not a square matrix";
        x.log_det() => "log_det", Shape, "an operand of shape [2, 3] is not a square matrix";
        x.solve(v) => "solve", Shape, "an operand of shape [2, 3] is not a square matrix";
        v.outer(v).solve([1.0]) => "solve", Shape, "[2, 2] cannot divide [1]";
        v.outer(v).solve_triangular(Triangle::Lower, [1.0]) => "solve_triangular", Shape, "[2, 2] cannot divide [1]";
        x.inverse() => "solve", Shape, "an operand of shape [2, 3] is not a square matrix";
    }
    // The rest of the graph is as usable as before.
    assert_eq!(x.sum().item().unwrap(), 21.0);
}

#[test]
fn what_only_values_can_tell_is_said_at_the_line_that_recorded_it() {
    let graph = Graph::new();
    let x = graph.variable("x", array![[1.0, 2.0], [2.0, 4.0]]);
    let check = |node: Var<'_>, line: u32, kind: ErrorKind, operation: &str, message: &str| {
        assert!(node.shape().is_ok());
        let error = node.value().unwrap_err();
        assert_eq!(
            (error.kind(), error.operation(), error.location().line()),
            (kind, operation, line),
            "{error}"
        );
        assert!(error.message().starts_with(message), "{error}");
        // and asking again says it again
        assert_eq!(node.value().unwrap_err().to_string(), error.to_string());
    };
    let node = x.take(graph.constant([0.0, 2.0]), 0);
    check(node, line!() - 1, ErrorKind::Index, "take", "index number 1 is 2, on an axis of size 2");
    let node = x.take(graph.constant(0.5), 0);
    check(node.sum(), line!() - 1, ErrorKind::Index, "take", "index number 0 is 0.5");
    let node = x.solve([1.0, 1.0]);
    check(node * 2.0, line!() - 1, ErrorKind::Singular, "solve", "the matrix is singular");
    let node = x.cholesky();
    check(node, line!() - 1, ErrorKind::Singular, "cholesky", "the matrix is not positive definite");
    let node = graph.constant(array![[0.0]]).solve_triangular(Triangle::Upper, [1.0]);
    check(node, line!() - 1, ErrorKind::Singular, "solve_triangular", "the matrix is singular");
    assert_eq!(x.log_det().item().unwrap(), f64::NEG_INFINITY);
    // matrices that memory cannot hold
    let vast = graph.full([1 << 23, 1 << 23], 1.0);
    assert_eq!(vast.inverse().value().unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert_eq!(vast.cholesky().value().unwrap_err().kind(), ErrorKind::OutOfMemory);
    assert!(graph.constant(array![[-2.0]]).log_det().item().unwrap().is_nan());
    assert_eq!(x.sum().item().unwrap(), 9.0);
}

/// An operation of a user's own that does what it is told.
struct Odd(fn(usize) -> Result<ArrayD<f64>, String>);

impl CustomOp<f64> for Odd {
    fn name(&self) -> &'static str {
        "odd"
    }

    fn shape(&self, operands: &[&[usize]]) -> Result<Vec<usize>, String> {
        match operands {
            [[n]] => Ok(vec![*n]),
            _ => Err(format!("one vector, not {operands:?}")),
        }
    }

    fn value(&self, operands: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>, String> {
        (self.0)(operands[0].len())
    }

    fn derivative<'g>(&self, _: usize, _: &[Var<'g>], _: Var<'g>) -> LinearMap<'g, f64> {
        LinearMap::identity()
    }

    fn cuts(&self, i: usize) -> bool {
        i > 0
    }
}

#[test]
fn operations_of_the_users_own_are_held_to_their_word() {
    let graph = Graph::new();
    let (x, other) = (graph.variable("x", [1.0, 2.0]), Graph::new());
    let ok: fn(usize) -> _ = |n| Ok(ArrayD::zeros(vec![n]));
    refused! {
        graph.custom(Odd(ok), [x.sum()]) => "odd", Shape, "one vector, not [[]]";
        graph.custom(Odd(ok), [x, x]) => "odd", Shape, "one vector, not [[2], [2]]";
        graph.custom(Odd(ok), [other.constant([1.0])]) => "odd", ForeignNode, "an operand belongs";
    }
    let wrong = graph.custom(Odd(|n| Ok(ArrayD::zeros(vec![n, 1]))), [x]);
    let line = line!() - 1;
    let error = wrong.value().unwrap_err();
    let want = "the value has the shape [2, 1], promised was [2]";
    assert_eq!((error.message(), error.location().line()), (want, line));
    let refuses = graph.custom(Odd(|_| Err("not today".to_owned())), [x]);
    assert_eq!(refuses.sum().value().unwrap_err().message(), "not today");
    let y = graph.custom(Odd(ok), [x]);
    assert_eq!(y.sum().grad(x).unwrap().value().unwrap(), array![1.0, 1.0].into_dyn());
    // a rule whose two halves do not agree is found out
    let right =
        LinearMap::pair(|x: Var<'_>| x * 3.0, |y| y * 3.0).check_transpose([1.0, 2.0], [3.0, 4.0], &graph);
    assert_eq!(right[0].item().unwrap(), right[1].item().unwrap());
    let wrong =
        LinearMap::pair(|x: Var<'_>| x * 3.0, |y| y * 2.0).check_transpose([1.0, 2.0], [3.0, 4.0], &graph);
    assert_ne!(wrong[0].item().unwrap(), wrong[1].item().unwrap());
    // then, and transposed
    let twice = LinearMap::scale(2.0).then(LinearMap::left(graph.constant(array![[1.0, 0.0], [5.0, 1.0]])));
    let [there, back] = twice.check_transpose([1.0, 2.0], [3.0, 4.0], &graph);
    assert_eq!((there.item().unwrap(), back.item().unwrap()), (62.0, 62.0));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any arguments, sensible or not: an invalid node or a valid one, never a panic.
    #[test]
    fn no_arguments_make_them_panic(
        shape in prop::collection::vec(0usize..4, 0..5),
        other in prop::collection::vec(0usize..4, 0..5),
        axis in -6isize..6,
        numbers in prop::collection::vec(prop_oneof![0usize..5, Just(usize::MAX)], 2),
        wanted in prop::collection::vec(-3isize..5, 0..5),
        text in "[abij.,> -]{0,9}",
    ) {
        let graph = Graph::new();
        let (x, y) = (graph.full(&shape, 0.5), graph.full(&other, 0.25));
        let (a, b) = (numbers[0], numbers[1]);
        let conv = Conv::<1>::new().stride(a).padding(b).dilation(b).groups(a).output_padding(b);
        let mut nodes = vec![
            x.reshape(&wanted), x.permute(wanted.clone()), x.squeeze(axis), x.unsqueeze([axis, 0]), x.tile(&numbers),
            x.slice([SliceInfoElem::Slice { start: axis, end: None, step: wanted.len() as isize - 2 }]), x.slice(s![axis, ..]), x.flip(axis), x.pad([[a, b]], 1.0),
            graph.concat([x, y], axis), graph.stack([x, y], axis), x.take([axis], axis), x.take_along(y, axis),
            x.scatter_add(y, x, axis), graph.one_hot([a.min(9)], b.min(9)), x.max_axes(axis), x.prod_axes([axis, 0]),
            x.softmax(axis), x.cumsum(axis), x.argmax(axis), x.matmul(y), x.dot(y), x.outer(y), x.einsum(&text, y),
            x.conv1d(y, conv), x.conv_transpose1d(y, conv), x.max_pool1d(Pool::new(a).stride(b).padding(a)),
            x.avg_pool2d(Pool::new(a).dilation(b)), x.softmax_cross_entropy(y), x.sigmoid_cross_entropy(y),
            x.softmax_cross_entropy_labels([axis]), x.cholesky(), x.solve(y), x.inverse(), x.log_det(),
            x.solve_triangular(Triangle::Upper, y), x.select(y, 1.0), x.pow(y), x.norm_axes(axis),
        ];
        nodes.extend(x.split([a.min(9), b.min(9)], axis));
        nodes.extend(x.chunks(a.min(9), axis));
        for node in nodes {
            if node.shape().is_err() || node.shape().is_ok_and(|s| s.iter().product::<usize>() > 1 << 16) {
                continue;
            }
            let _ = node.value();
            if let Ok(gradients) = node.sum().grad([x, y]) {
                let _ = gradients.map(|g| g.value().ok());
            }
        }
        prop_assert_eq!(x.shape().unwrap(), shape);
    }
}

/// Every call with several nodes, with one of another graph in each place but the first (which says where to record).
#[test]
fn foreign_nodes_are_refused_in_every_place() {
    let (graph, other) = (&Graph::new(), Graph::new());
    let (v, m) = (graph.constant([1.0, 2.0]), graph.constant(array![[2.0, 1.0], [1.0, 3.0]]));
    let (i, k) = (graph.constant(array![[[1.0, 2.0, 3.0]]]), graph.constant(0.0));
    let f = other.constant([1.0, 2.0]);
    refused! {
        v.maximum(f) => "maximum", ForeignNode, "an operand belongs";
        v.minimum(f) => "minimum", ForeignNode, "an operand belongs";
        v.pow(f) => "pow", ForeignNode, "an operand belongs";
        v.hypot(f) => "hypot", ForeignNode, "an operand belongs";
        v.atan2(f) => "atan2", ForeignNode, "an operand belongs";
        v.less(f) => "less", ForeignNode, "an operand belongs";
        v.less_equal(f) => "less_equal", ForeignNode, "an operand belongs";
        v.greater_equal(f) => "less_equal", ForeignNode, "an operand belongs";
        v.equal(f) => "equal", ForeignNode, "an operand belongs";
        v.not_equal(f) => "equal", ForeignNode, "an operand belongs";
        v.select(0.0, f) => "select", ForeignNode, "an operand belongs";
        m.matmul(f) => "matmul", ForeignNode, "an operand belongs";
        v.dot(f) => "dot", ForeignNode, "an operand belongs";
        v.outer(f) => "outer", ForeignNode, "an operand belongs";
        v.einsum("i,i->", f) => "einsum", ForeignNode, "an operand belongs";
        m.solve(f) => "solve", ForeignNode, "an operand belongs";
        m.solve_triangular(Triangle::Lower, f) => "solve_triangular", ForeignNode, "an operand belongs";
        i.conv1d(f, Conv::new()) => "conv1d", ForeignNode, "an operand belongs";
        m.conv2d(f, Conv::new()) => "conv2d", ForeignNode, "an operand belongs";
        i.conv_transpose1d(f, Conv::new()) => "conv_transpose1d", ForeignNode, "an operand belongs";
        m.conv_transpose2d(f, Conv::new()) => "conv_transpose2d", ForeignNode, "an operand belongs";
        graph.stack([v, f], 0) => "stack", ForeignNode, "an operand belongs";
        graph.stack([f, v], 0) => "stack", ForeignNode, "an operand belongs";
        graph.concat([f, v], 0) => "concat", ForeignNode, "an operand belongs";
        graph.concat([f, f], 0) => "concat", ForeignNode, "an operand belongs";
        v.take_along(f, 0) => "take_along", ForeignNode, "an operand belongs";
        v.scatter_add(f, 1.0, 0) => "scatter_add", ForeignNode, "an operand belongs";
        v.scatter_add(k, f, 0) => "scatter_add", ForeignNode, "an operand belongs";
        graph.one_hot(f, 2) => "one_hot", ForeignNode, "an operand belongs";
        v.softmax_cross_entropy(f) => "softmax_cross_entropy", ForeignNode, "an operand belongs";
        v.sigmoid_cross_entropy(f) => "sigmoid_cross_entropy", ForeignNode, "an operand belongs";
    }
    assert_eq!((v.sum().item().unwrap(), f.sum().item().unwrap()), (3.0, 3.0));
}

#[test]
fn more_wrong_arguments() {
    let graph = &Graph::new();
    let x = graph.variable("x", array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let (v, signal) = (graph.constant([1.0, 2.0]), graph.constant(ArrayD::<f64>::zeros(vec![1, 2, 5])));
    let kernels = graph.constant(ArrayD::<f64>::zeros(vec![2, 2, 3]));
    refused! {
        x.clamp(None, f64::NAN) => "clamp", Argument, "there is no number between -inf and NaN";
        x.sum_axes([1, 1]) => "sum_axes", Axis, "axis 1 is named twice";
        x.mean_axes(7) => "mean_axes", Axis, "there is no axis 7 in 2 axes";
        x.argmin(2) => "argmin", Axis, "there is no axis 2";
        v.slice(s![1..1]).argmax(0) => "argmax", Shape, "[0] has no element";
        v.slice(s![1..1]).min() => "min", Shape, "[0] has no element";
        x.permute([0]) => "permute", Axis, "1 axes are named, and there are 2";
        x.permute([0, 0]) => "permute", Axis, "axis 0 is named twice";
        x.permute([0, 2]) => "permute", Axis, "there is no axis 2";
        x.squeeze(-3) => "squeeze", Axis, "there is no axis -3";
        x.unsqueeze([0, 0]) => "unsqueeze", Axis, "axis 0 is named twice";
        x.broadcast_to([2, 2, 2]) => "broadcast_to", Shape, "[2, 3] cannot";
        x.broadcast_to([3]) => "broadcast_to", Shape, "[2, 3] cannot";
        x.slice(s![-3, ..]) => "slice", Index, "there is no place -3 on axis 0 of size 2";
        graph.concat([x, x], 2) => "concat", Axis, "there is no axis 2";
        x.split([1, 1], 2)[0] => "split", Axis, "there is no axis 2";
        x.chunks(2, -3)[0] => "chunks", Axis, "there is no axis -3";
        graph.stack([], 0) => "stack", Count, "there are no nodes to join";
        x.take(-4, 1) => "indices", Index, "index number 0 is -4, on an axis of size 3";
        x.take([u64::MAX], 0) => "indices", Index, "index number 0 is too large";
        x.take_along([[0_usize; 2]; 3].concat(), 0) => "take_along", Shape, "indices of shape [6] along axis 0";
        x.scatter_add([2], 1.0, 0) => "indices", Index, "index number 0 is 2, on an axis of size 2";
        x.scatter_add([0], 1.0, 5) => "scatter_add", Axis, "there is no axis 5";
        graph.one_hot([-1], 0) => "indices", Index, "index number 0 is -1, on an axis of size 0";
        signal.conv1d(kernels, Conv::new().stride(0)) => "conv1d", Argument, "windows of size [3], stride [0]";
        signal.conv1d(kernels, Conv::new().dilation(0)) => "conv1d", Argument, "windows of size [3], stride [1], dilation [0]";
        signal.conv1d(kernels, Conv::new().dilation(3)) => "conv1d", Shape, "a window of 3 elements, 3 apart, does not fit into 5";
        signal.conv_transpose1d(kernels, Conv::new().stride(0)) => "conv_transpose1d", Argument, "windows of size [3], stride [0]";
        signal.max_pool1d(Pool::new(0)) => "max_pool1d", Argument, "windows of size [0]";
        signal.avg_pool1d(Pool::new(2).stride(0)) => "avg_pool1d", Argument, "windows of size [2], stride [0]";
        signal.avg_pool1d(Pool::new(6)) => "avg_pool1d", Shape, "a window of 6 elements, 1 apart, does not fit";
        v.log_det() => "log_det", Shape, "an operand of shape [2] is not a square matrix";
        graph.constant(1.0).inverse() => "solve", Shape, "an operand of shape [] is not a square matrix";
        graph.constant(1.0).matmul(v) => "matmul", Shape, "an operand of shape []";
        v.einsum("i,j,k->i", v) => "einsum", Argument, "\"j,k\" names 3 axes of an operand of shape [2]";
        v.einsum("ii,i->i", v) => "einsum", Argument, "\"ii\" names 2 axes";
        v.einsum("", v) => "einsum", Argument, "\"\" has no comma";
    }
    assert_eq!(x.sum().item().unwrap(), 21.0);
}

/// As the other losses do, it names itself, and not the operation that it is made of.
#[test]
fn labels_of_another_graph_are_an_error_of_the_loss() {
    let (graph, other) = (&Graph::new(), Graph::new());
    let logits = graph.constant(array![[2.0, 1.0], [1.0, 3.0]]);
    let labels = other.constant([1.0, 0.0]);
    refused! {
        logits.softmax_cross_entropy_labels(labels) => "softmax_cross_entropy_labels", ForeignNode, "an operand belongs";
    }
}

/// Numbers that are no places are found when the value is computed, in every operation that takes a node for indices, with
/// the line that recorded it; also in gradients, which need them too.
#[test]
fn nodes_that_are_no_indices_are_found_with_the_value() {
    let graph = &Graph::new();
    let x = graph.variable("x", [1.0, 2.0, 3.0]);
    for (index, shown) in
        [(3.0, "3"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN"), (f64::INFINITY, "inf"), (1e300, "1")]
    {
        let bad = graph.constant([0.0, index, 1.0]);
        let line = line!() + 2;
        let nodes = [
            x.take(bad, 0),
            x.take_along(bad, 0),
            graph.full([3], 0.0).scatter_add(bad, x, 0),
            graph.stack([x, x, x], 0).softmax_cross_entropy_labels(bad),
        ];
        for (i, node) in nodes.into_iter().enumerate() {
            let slope = node.square().sum().grad(x).unwrap();
            for wanted in [node, node.exp().sum(), slope] {
                let error = wanted.value().unwrap_err();
                assert_eq!(
                    (error.kind(), error.location().line()),
                    (ErrorKind::Index, line + i as u32),
                    "{error}"
                );
                assert!(error.message().starts_with(&format!("index number 1 is {shown}")), "{error}");
            }
        }
    }
    assert_eq!(x.sum().item().unwrap(), 6.0);
}
