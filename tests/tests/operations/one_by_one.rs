//! Every operation, in both modes, in first and second order, one at a time on every kind of shape: what the random
//! programs reach by chance is here on purpose. The oracle is `chainrule_oracle`.

use chainrule_check::program::{Call, Function, Line, Operator, Over, Program, Reduction, Verdict, claims};
use chainrule_oracle::{common_shape, count};
use ndarray::ArrayD;

/// Ranks 0 to 4 with sizes 0 and 1.
const SHAPES: &[&[usize]] = &[
    &[],
    &[1],
    &[3],
    &[0],
    &[2, 3],
    &[1, 3],
    &[2, 1],
    &[1, 1],
    &[0, 3],
    &[2, 0],
    &[2, 2, 3],
    &[2, 1, 3],
    &[1, 2, 1],
    &[3, 0, 2],
    &[2, 1, 2, 3],
    &[1, 2, 1, 3],
    &[2, 1, 0, 1],
];

const OPERATORS: [Operator; 4] = [Operator::Add, Operator::Sub, Operator::Mul, Operator::Div];

/// Sixteenths between -2 and 2 without pattern, off the eighths, so that none is 0 or at a kink.
fn numbers(shape: &[usize], seed: u64) -> ArrayD<f64> {
    let mut state = seed;
    ArrayD::from_shape_simple_fn(shape, || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 33) as f64 / 8.0 - 1.9375
    })
}

fn line(call: impl Into<Call>, operands: &[usize]) -> Line {
    Line { call: call.into(), operands: operands.to_vec() }
}

fn leaf(shape: &[usize], seed: u64) -> Line {
    line(Call::Leaf(numbers(shape, seed)), &[])
}

/// At least 1/4, for divisors, roots and logarithms.
fn positive(shape: &[usize], seed: u64) -> Line {
    line(Call::Leaf(numbers(shape, seed).mapv(|x| x.abs() + 0.25)), &[])
}

/// A node that is not a leaf's own dense array: the transpose of one with the sizes in reverse.
fn turned(shape: &[usize], seed: u64) -> Vec<Line> {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    vec![positive(&reversed, seed), line(Call::T, &[0])]
}

/// Checks one call behind others. A weighted sum of the squares of its result makes every element count in the first derivative and
/// in the second.
#[track_caller]
fn check(mut lines: Vec<Line>, call: impl Into<Call>, operands: &[usize]) {
    let tested = lines.len();
    lines.push(line(call, operands));
    let so_far = Program { lines, readout: tested + 1 };
    let shape = so_far.evaluate::<f64>(|_, x| x, &|_, _| None)[tested].shape.clone();
    let Program { mut lines, readout } = so_far;
    lines.push(line(Function::Square, &[tested]));
    lines.push(line(Call::Weigh(numbers(&shape, 7)), &[tested + 1]));
    let program = Program { lines, readout };
    claims::all::<f64>(&program, &mut Verdict::default())
        .unwrap_or_else(|failure| panic!("{failure}\n{program:?}"));
}

#[test]
fn operators_between_nodes_of_all_shapes_that_broadcast() {
    let mut pairs = 0;
    for &a in SHAPES {
        for &b in SHAPES {
            // Both orders come up, so each side is broadcast against the other.
            if common_shape(a, b).is_none_or(|s| count(&s) > 24) {
                continue;
            }
            pairs += 1;
            for operator in OPERATORS {
                check(vec![leaf(a, 1), positive(b, 2)], Call::Operator(operator), &[0, 1]);
            }
        }
    }
    assert!(pairs > 100, "{pairs}");
}

#[test]
fn operators_of_a_node_with_itself() {
    for &shape in SHAPES {
        for operator in OPERATORS {
            check(vec![positive(shape, 1)], Call::Operator(operator), &[0, 0]);
        }
    }
}

#[test]
fn operators_with_plain_numbers_on_both_sides() {
    for &shape in SHAPES {
        for operator in OPERATORS {
            for (number, left) in [(-1.5, false), (0.75, false), (-1.5, true), (0.75, true), (0.0, true)] {
                check(vec![positive(shape, 1)], Call::Number(operator, number, left), &[0]);
            }
        }
        check(vec![leaf(shape, 1)], Call::Neg, &[0]);
    }
}

#[test]
fn functions_of_arrays_dense_and_turned() {
    use Function::*;
    let functions = [
        Exp,
        Ln,
        Sqrt,
        Square,
        Sigmoid,
        Tanh,
        Relu,
        Recip,
        Powi(-2),
        Powi(-1),
        Powi(0),
        Powi(1),
        Powi(2),
        Powi(3),
        Powf(-0.5),
        Powf(0.0),
        Powf(1.0),
        Powf(1.5),
        Powf(2.0),
    ];
    for &shape in SHAPES {
        for f in functions {
            check(vec![positive(shape, 3)], f, &[0]);
            check(turned(shape, 3), f, &[1]);
        }
        // The whole line, where the functions have it.
        for f in [Exp, Square, Sigmoid, Tanh, Relu, Powi(2), Powi(3)] {
            check(vec![leaf(shape, 3)], f, &[0]);
        }
    }
}

#[test]
fn matrix_products_of_all_ranks_and_sizes() {
    for m in 0..4 {
        for k in 0..4 {
            for n in 0..4 {
                // Seeds that differ, so that an operand taken for the other shows.
                let shapes: [(Vec<usize>, Vec<usize>); 4] = [
                    (vec![m, k], vec![k, n]),
                    (vec![m, k], vec![k]),
                    (vec![k], vec![k, n]),
                    (vec![k], vec![k]),
                ];
                for (a, b) in &shapes {
                    check(vec![leaf(a, 1), leaf(b, 2)], Call::MatMul, &[0, 1]);
                }
                // Both factors transposed: other strides, the same product.
                let leaves =
                    vec![leaf(&[k, m], 1), leaf(&[n, k], 2), line(Call::T, &[0]), line(Call::T, &[1])];
                check(leaves, Call::MatMul, &[2, 3]);
            }
        }
        // A matrix times itself, and a vector with itself.
        check(vec![leaf(&[m, m], 1)], Call::MatMul, &[0, 0]);
        check(vec![leaf(&[m], 1)], Call::MatMul, &[0, 0]);
    }
    // Beyond the direct loops: in tiles, packed and not.
    for (m, k, n) in [(5, 7, 6), (1, 9, 8), (9, 1, 8), (8, 9, 1)] {
        check(vec![leaf(&[m, k], 1), leaf(&[k, n], 2)], Call::MatMul, &[0, 1]);
    }
}

/// All orders of the axes of a rank.
fn orders(rank: usize) -> Vec<Vec<usize>> {
    if rank == 0 {
        return vec![vec![]];
    }
    let smaller = orders(rank - 1).into_iter();
    smaller
        .flat_map(|order| {
            (0..rank).map(move |place| {
                let mut order = order.clone();
                order.insert(place, rank - 1);
                order
            })
        })
        .collect()
}

#[test]
fn every_order_of_the_axes() {
    for &shape in SHAPES {
        for axes in orders(shape.len()) {
            check(vec![leaf(shape, 1)], Call::Permute(axes), &[0]);
        }
        check(vec![leaf(shape, 1)], Call::T, &[0]);
    }
}

#[test]
fn reductions_over_every_set_of_axes() {
    for &shape in SHAPES {
        for set in 0_u32..1 << shape.len() {
            // In falling order: the order in which axes are named does not matter.
            let axes: Vec<usize> = (0..shape.len()).rev().filter(|axis| set >> axis & 1 == 1).collect();
            let elements: usize = axes.iter().map(|&axis| shape[axis]).product();
            for over in [Over::Axes(axes.clone()), Over::Kept(axes)] {
                check(vec![leaf(shape, 1)], Call::Reduce(Reduction::Sum, over.clone()), &[0]);
                check(turned(shape, 1), Call::Reduce(Reduction::Sum, over.clone()), &[1]);
                // The mean of nothing is NaN; `derivatives/edges.rs` has it.
                if elements > 0 {
                    check(vec![leaf(shape, 1)], Call::Reduce(Reduction::Mean, over), &[0]);
                }
            }
        }
        check(vec![leaf(shape, 1)], Call::Reduce(Reduction::Sum, Over::All), &[0]);
        if count(shape) > 0 {
            check(vec![leaf(shape, 1)], Call::Reduce(Reduction::Mean, Over::All), &[0]);
        }
    }
}

#[test]
fn reshapes_of_dense_and_turned_arrays() {
    for &from in SHAPES {
        for &to in SHAPES.iter().chain(&[&[3, 2][..], &[6], &[12], &[3, 4], &[1, 1, 1, 1], &[0, 5, 0]]) {
            if count(from) == count(to) {
                check(vec![leaf(from, 1)], Call::Reshape(to.to_vec()), &[0]);
                check(turned(from, 1), Call::Reshape(to.to_vec()), &[1]);
            }
        }
    }
}

#[test]
fn broadcasts_to_every_shape_that_fits() {
    for &from in SHAPES {
        for &to in SHAPES {
            if common_shape(from, to).is_some_and(|shape| shape == to) {
                check(vec![leaf(from, 1)], Call::BroadcastTo(to.to_vec()), &[0]);
            }
        }
    }
}

/// A detached node is a constant to both modes, and counts as one in the second order too.
#[test]
fn detached_nodes_are_constants() {
    for &shape in SHAPES {
        check(vec![leaf(shape, 1), line(Call::Detach, &[0])], Call::Operator(Operator::Mul), &[0, 1]);
        check(vec![leaf(shape, 1)], Call::Detach, &[0]);
    }
}

/// The sweep itself, on the smallest program that shows each: reuse, fan-out, a line nobody needs.
#[test]
fn small_programs_by_hand_agree_with_the_oracle() {
    let x = || line(Call::Leaf(ndarray::arr1(&[0.75, -1.25]).into_dyn()), &[]);
    let reused = vec![x(), line(Function::Exp, &[0]), line(Call::Operator(Operator::Mul), &[0, 1])];
    check(reused, Call::Operator(Operator::Add), &[2, 1]);
    let dead = vec![x(), line(Function::Tanh, &[0]), line(Call::Operator(Operator::Mul), &[0, 0])];
    check(dead, Call::Operator(Operator::Sub), &[2, 0]);
}
