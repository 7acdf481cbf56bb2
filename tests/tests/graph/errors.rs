//! Errors name the operation, the shapes, the reader's own line and the remedy: every kind of them, word for word.

use std::error::Error as _;

use chainrule::graph::{Error, ErrorKind, Graph, Var, jvp, keep, vjp};
use chainrule::ndarray::array;

/// What an error must say.
struct Expected<'a> {
    kind: ErrorKind,
    operation: &'a str,
    shapes: &'a [&'a [usize]],
    line: u32,
    message: &'a str,
    help: &'a str,
}

#[track_caller]
fn is(error: &Error, want: Expected<'_>) {
    assert_eq!((error.kind(), error.operation()), (want.kind, want.operation));
    assert_eq!(error.shapes(), want.shapes);
    assert_eq!(error.message(), want.message);
    assert_eq!(error.help(), want.help);
    assert_eq!(error.scope(), "");
    let location = error.location();
    assert!(location.file().ends_with("graph/errors.rs"), "{location}");
    assert_eq!(location.line(), want.line);
    let (operation, message, help) = (want.operation, want.message, want.help);
    let text = format!("{operation}: {message}\n  --> {location}\n  help: {help}");
    assert_eq!((error.to_string(), format!("{error:?}")), (text.clone(), text));
    assert!(error.source().is_none());
}

const EQUAL_OR_1: &str =
    "sizes must be equal or 1, counted from the last axis; `reshape` inserts an axis of size 1";

#[test]
fn operators_between_shapes_that_do_not_broadcast() {
    let graph = Graph::new();
    let (a, b) = (graph.full([2, 3], 1.0), graph.full([2], 1.0));
    let message = "[2, 3] and [2] cannot be broadcast: 3 meets 2 on axis 1 of the result";
    let (kind, shapes, help): (_, &[&[usize]], _) = (ErrorKind::Shape, &[&[2, 3], &[2]], EQUAL_OR_1);
    let (line, wrong) = (line!(), [a + b, a - b, a * b, a / b]);
    for (x, operation) in wrong.into_iter().zip(["add", "sub", "mul", "div"]) {
        is(&x.value().unwrap_err(), Expected { kind, operation, shapes, line, message, help });
    }
    // An array on the right is the same.
    let (line, wrong) = (line!(), a + array![1.0, 2.0]);
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "add", shapes, line, message, help });
    let (line, wrong) = (line!(), a * &array![1.0, 2.0]);
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "mul", shapes, line, message, help });
}

#[test]
fn products_of_shapes_that_do_not_fit() {
    let graph = Graph::new();
    let (a, b) = (graph.full([2, 3], 1.0), graph.full([2], 1.0));
    let kind = ErrorKind::Shape;
    let (line, wrong) = (line!(), a.matmul(b));
    let message = "[2, 3] times [2] pairs 3 columns with 2 rows";
    let help = "the inner sizes must agree; `.t()` transposes a matrix";
    let shapes: &[&[usize]] = &[&[2, 3], &[2]];
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "matmul", shapes, line, message, help });
    let (line, wrong) = (line!(), a.matmul(1.0));
    let message = "an operand of shape [] is neither a vector nor a matrix";
    let help = "a single number multiplies with `*`";
    let shapes: &[&[usize]] = &[&[2, 3], &[]];
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "matmul", shapes, line, message, help });
    let (line, wrong) = (line!(), graph.full([1, 2, 3], 1.0).matmul(b));
    let message = "[1, 2, 3] times [2] pairs 3 columns with 2 rows";
    let help = "the inner sizes must agree; `.mt()` transposes each matrix";
    let shapes: &[&[usize]] = &[&[1, 2, 3], &[2]];
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "matmul", shapes, line, message, help });
}

#[test]
fn reshapes_and_broadcasts_that_cannot_be() {
    let graph = Graph::new();
    let a = graph.full([2, 3], 1.0);
    let (kind, shapes): (_, &[&[usize]]) = (ErrorKind::Shape, &[&[2, 3]]);
    let (line, wrong) = (line!(), a.reshape([4, 2]));
    let (message, help) =
        ("[2, 3] has 6 elements, [4, 2] has 8", "the number of elements must stay the same");
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "reshape", shapes, line, message, help });
    let help = "counted from the last axis, each size must be the same, or 1, or missing";
    for (to, message) in [
        (vec![2], "[2, 3] cannot be broadcast to [2]"),
        (vec![3, 2, 4], "[2, 3] cannot be broadcast to [3, 2, 4]"),
        (vec![1, 3], "[2, 3] cannot be broadcast to [1, 3]"),
    ] {
        let (line, wrong) = (line!(), a.broadcast_to(to));
        is(
            &wrong.value().unwrap_err(),
            Expected { kind, operation: "broadcast_to", shapes, line, message, help },
        );
    }
}

#[test]
fn axes_that_are_not_there_or_named_twice() {
    let graph = Graph::new();
    let a = graph.full([2, 3], 1.0);
    let (kind, shapes): (_, &[&[usize]]) = (ErrorKind::Axis, &[&[2, 3]]);
    let range = "axes run from 0 to 1, or from -2 to -1 counted from the end";
    let message = "there is no axis 2 in 2 axes";
    let (line, wrong) = (line!(), [a.sum_axes(2), a.mean_axes(keep(2)), a.permute([0, 2])]);
    for (x, operation) in wrong.into_iter().zip(["sum_axes", "mean_axes", "permute"]) {
        is(&x.value().unwrap_err(), Expected { kind, operation, shapes, line, message, help: range });
    }
    let (line, wrong) = (line!(), a.sum_axes([0, -3]));
    let message = "there is no axis -3 in 2 axes";
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "sum_axes", shapes, line, message, help: range },
    );
    let (line, wrong) = (line!(), a.mean_axes([0, -2]));
    let (message, help) = ("axis -2 is named twice", "name each axis once");
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "mean_axes", shapes, line, message, help });
    let (line, wrong) = (line!(), a.permute([1]));
    let (message, help) = ("1 axes are named, and there are 2", "name every axis once");
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "permute", shapes, line, message, help });
    let (line, wrong) = (line!(), graph.constant(1.0).sum_axes(0));
    let (message, help) = ("there is no axis 0 in 0 axes", "a single number has no axes");
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "sum_axes", shapes: &[&[]], line, message, help },
    );
}

#[test]
fn a_name_given_twice() {
    let graph = Graph::new();
    let first = graph.variable("w", 1.0);
    let (declared, kind) = (line!() - 1, ErrorKind::DuplicateName);
    let (line, wrong) = (line!(), graph.variable("w", [2.0, 3.0]));
    let file = first.grad(wrong).unwrap_err().location().file();
    let error = wrong.value().unwrap_err();
    let message = format!("there is a variable `w` already, declared at {file}:{declared}:23");
    let help = "give each variable its own name, or find the first with `graph.get`";
    is(&error, Expected { kind, operation: "variable", shapes: &[], line, message: &message, help });
    // The first keeps the name.
    assert_eq!(graph.get("w").unwrap().item().unwrap(), 1.0);
    assert_eq!(graph.variables().len(), 1);
    assert!(graph.get("v").is_none());
}

#[test]
fn what_must_be_one_number() {
    let graph = Graph::new();
    let a = graph.full([2, 3], 1.0);
    let (kind, shapes): (_, &[&[usize]]) = (ErrorKind::NotScalar, &[&[2, 3]]);
    let (line, error) = (line!(), a.grad(a).unwrap_err());
    let message = "a gradient belongs to one number, and this node has the shape [2, 3]";
    let help = "reduce it with `sum` or `mean`, or give each element a seed with `vjp`";
    is(&error, Expected { kind, operation: "grad", shapes, line, message, help });
    let (line, error) = (line!(), a.item().unwrap_err());
    let message = "a node of shape [2, 3] has not one element";
    let help = "read the whole array with `value`";
    is(&error, Expected { kind, operation: "item", shapes, line, message, help });
}

#[test]
fn numbers_and_shapes_of_directions() {
    let graph = Graph::new();
    let (a, b) = (graph.full([2, 3], 1.0), graph.full([2], 1.0));
    let kind = ErrorKind::Count;
    let (line, error) = (line!(), vjp(vec![a, a], vec![a], vec![a]).unwrap_err());
    let (message, help) = ("2 nodes as output, 1 as seed", "give one seed to each output, in the same order");
    is(&error, Expected { kind, operation: "vjp", shapes: &[], line, message, help });
    let (line, error) = (line!(), jvp(a, vec![a], vec![]).unwrap_err());
    let (message, help) =
        ("1 nodes as input, 0 as tangent", "give one tangent to each input, in the same order");
    is(&error, Expected { kind, operation: "jvp", shapes: &[], line, message, help });
    // A count is wrong even where nothing is asked for.
    assert_eq!(vjp(vec![], vec![a], Vec::<Var<'_>>::new()).unwrap_err().kind(), kind);
    assert_eq!(jvp(Vec::<Var<'_>>::new(), vec![], vec![a]).unwrap_err().kind(), kind);
    assert_eq!(a.jvp(vec![a], vec![a, a]).unwrap_err().kind(), kind);

    let kind = ErrorKind::Shape;
    let (line, error) = (line!(), a.vjp(b, [a]).unwrap_err());
    let message = "the seed has the shape [2], its output [2, 3]";
    let help = "a seed has one number for each element of the output";
    let shapes: &[&[usize]] = &[&[2, 3], &[2]];
    is(&error, Expected { kind, operation: "vjp", shapes, line, message, help });
    let (line, error) = (line!(), b.jvp([b, a], [b, b]).unwrap_err());
    let message = "the tangent has the shape [2], its input [2, 3]";
    let help = "a tangent has one number for each element of the input";
    is(&error, Expected { kind, operation: "jvp", shapes, line, message, help });
    // A number stands for a filled array as a seed, not as a tangent.
    assert!(a.vjp(2.0, a).is_ok());
    assert_eq!(a.jvp(a, graph.constant(1.0)).unwrap_err().kind(), kind);
}

#[test]
fn arrays_too_large_to_address() {
    let graph = Graph::new();
    let one = graph.constant(1.0);
    let kind = ErrorKind::TooLarge;
    let help = "check the shapes that meet here: a broadcast of [n, 1] with [m] has n * m elements";
    let (line, wrong) = (line!(), graph.full([usize::MAX, 2], 1.0));
    let message = format!("an array of shape [{}, 2] has more elements than memory can address", usize::MAX);
    let message = message.as_str();
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "full", shapes: &[&[]], line, message, help },
    );
    let (line, wrong) = (line!(), one.broadcast_to([usize::MAX, 2]));
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "broadcast_to", shapes: &[&[]], line, message, help },
    );
    let (line, wrong) = (line!(), one.reshape([usize::MAX, 2]));
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "reshape", shapes: &[&[]], line, message, help },
    );
    // An operator that broadcasts to it: 2^40 times 2^40.
    let size = 1_usize << 40;
    let (tall, wide) = (graph.full([size, 1], 1.0), graph.full([size], 1.0));
    let (line, wrong) = (line!(), tall + wide);
    let message = format!("an array of shape [{size}, {size}] has more elements than memory can address");
    let shapes: &[&[usize]] = &[&[size, 1], &[size]];
    let error = wrong.value().unwrap_err();
    is(&error, Expected { kind, operation: "add", shapes, line, message: &message, help });
    let (line, error) = (line!(), tall.matmul(wide.reshape([1, size])).value().unwrap_err());
    let shapes: &[&[usize]] = &[&[size, 1], &[1, size]];
    is(&error, Expected { kind, operation: "matmul", shapes, line, message: &message, help });
    let (line, wrong) = (line!(), one.reshape([1; 65]));
    let (message, help) = ("65 axes are more than the 64 an array can have", "merge axes with `reshape`");
    is(
        &wrong.value().unwrap_err(),
        Expected { kind, operation: "reshape", shapes: &[&[]], line, message, help },
    );
    assert_eq!(one.reshape([1; 64]).sum().item().unwrap(), 1.0);
}

#[test]
fn memory_that_cannot_be_had() {
    let graph = Graph::new();
    let size = 1_usize << 55;
    // A repeated number needs no memory, so this can be recorded, and its sum never read.
    let huge = graph.full([size], 1.0);
    assert_eq!(huge.shape().unwrap(), [size]);
    let kind = ErrorKind::OutOfMemory;
    let message = format!("no memory for {size} more numbers beside the 1 there are");
    let help = "use smaller arrays, or clear the graph between steps";
    let double = huge * 2.0;
    let shapes: &[&[usize]] = &[&[size]];
    let (line, error) = (line!(), double.value().unwrap_err());
    is(&error, Expected { kind, operation: "value", shapes, line, message: &message, help });
    // The node was valid, so it says so again, at the line of the next call.
    let (line, error) = (line!(), double.sum().item().unwrap_err());
    is(&error, Expected { kind, operation: "item", shapes: &[&[]], line, message: &message, help });
    // The copy for the caller is what there is no memory for.
    let message = format!("no memory for {size} more numbers beside the 0 there are");
    let (line, error) = (line!(), huge.value().unwrap_err());
    is(&error, Expected { kind, operation: "value", shapes, line, message: &message, help });
    assert_eq!((graph.constant(2.0) + 1.0).item().unwrap(), 3.0);
}

#[test]
fn errors_of_the_users_own() {
    let graph = Graph::new();
    let x = graph.full([2], 1.0);
    let kind = ErrorKind::Argument;
    let (line, wrong) = (line!(), graph.invalid("dropout", &[x, x], "the rate is 1.5", "from 0 to 1"));
    let shapes: &[&[usize]] = &[&[2], &[2]];
    let (message, help) = ("the rate is 1.5", "from 0 to 1");
    is(&wrong.value().unwrap_err(), Expected { kind, operation: "dropout", shapes, line, message, help });
    // Without a remedy there is no empty line for it.
    let bare = graph.invalid("dropout", &[], "no", "").value().unwrap_err();
    assert_eq!(bare.to_string(), format!("dropout: no\n  --> {}", bare.location()));
    // The error of an operand is the cause, and stays.
    let earlier = x.reshape([3]);
    let later = graph.invalid("dropout", &[x, earlier], "the rate is 1.5", "");
    assert_eq!(later.value().unwrap_err().operation(), "reshape");
}
