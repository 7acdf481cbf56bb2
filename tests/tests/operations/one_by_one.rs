//! Every operation, in both modes, in first and second order, one at a time on every kind of shape: what the random
//! programs of `derivatives/random_programs.rs` reach by chance is here on purpose. The oracle is `chainrule_oracle`.

use chainrule_oracle::{Array, common_shape, count};
use chainrule_tests::claims::{check, program_of};
use chainrule_tests::program::{Function, Step, grid};

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

fn leaf(shape: &[usize], seed: u8) -> Step {
    // Off the grid, so that no element is 0 or at a kink.
    Step::Leaf(grid(shape, seed).map(|x| x + 0.0625))
}

/// At least 1/4, for divisors, roots and logarithms.
fn positive(shape: &[usize], seed: u8) -> Step {
    Step::Leaf(grid(shape, seed).map(|x| x.abs() + 0.25))
}

/// A node that is not a leaf's own dense array: the transpose of one with the sizes in reverse.
fn turned(shape: &[usize], seed: u8) -> [Step; 2] {
    let reversed: Vec<usize> = shape.iter().rev().copied().collect();
    [positive(&reversed, seed), Step::T(0)]
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
            for sign in ['+', '-', '*', '/'] {
                check(&program_of(vec![leaf(a, 1), positive(b, 2)], Step::Pair(sign, 0, 1))).unwrap();
            }
        }
    }
    assert!(pairs > 100, "{pairs}");
}

#[test]
fn operators_of_a_node_with_itself() {
    for &shape in SHAPES {
        for sign in ['+', '-', '*', '/'] {
            check(&program_of(vec![positive(shape, 1)], Step::Pair(sign, 0, 0))).unwrap();
        }
    }
}

#[test]
fn operators_with_plain_numbers_on_both_sides() {
    for &shape in SHAPES {
        for sign in ['+', '-', '*', '/'] {
            for (number, left) in [(-1.5, false), (0.75, false), (-1.5, true), (0.75, true), (0.0, true)] {
                check(&program_of(vec![positive(shape, 1)], Step::Number(sign, 0, number, left))).unwrap();
            }
        }
        check(&program_of(vec![leaf(shape, 1)], Step::Neg(0))).unwrap();
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
            check(&program_of(vec![positive(shape, 3)], Step::Function(f, 0))).unwrap();
            check(&program_of(turned(shape, 3).to_vec(), Step::Function(f, 1))).unwrap();
        }
        // The whole line, where the functions have it.
        for f in [Exp, Square, Sigmoid, Tanh, Relu, Powi(2), Powi(3)] {
            check(&program_of(vec![leaf(shape, 3)], Step::Function(f, 0))).unwrap();
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
                    check(&program_of(vec![leaf(a, 1), leaf(b, 2)], Step::MatMul(0, 1))).unwrap();
                }
                // Both factors transposed: other strides, the same product.
                let leaves = vec![leaf(&[k, m], 1), leaf(&[n, k], 2), Step::T(0), Step::T(1)];
                check(&program_of(leaves, Step::MatMul(2, 3))).unwrap();
            }
        }
        // A matrix times itself, and a vector with itself.
        check(&program_of(vec![leaf(&[m, m], 1)], Step::MatMul(0, 0))).unwrap();
        check(&program_of(vec![leaf(&[m], 1)], Step::MatMul(0, 0))).unwrap();
    }
    // Beyond the direct loops: in tiles, packed and not.
    for (m, k, n) in [(5, 7, 6), (1, 9, 8), (9, 1, 8), (8, 9, 1)] {
        check(&program_of(vec![leaf(&[m, k], 1), leaf(&[k, n], 2)], Step::MatMul(0, 1))).unwrap();
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
            check(&program_of(vec![leaf(shape, 1)], Step::Permute(0, axes))).unwrap();
        }
        check(&program_of(vec![leaf(shape, 1)], Step::T(0))).unwrap();
    }
}

#[test]
fn reductions_over_every_set_of_axes() {
    for &shape in SHAPES {
        for set in 0_u32..1 << shape.len() {
            // In falling order: the order in which axes are named does not matter.
            let axes: Vec<usize> = (0..shape.len()).rev().filter(|axis| set >> axis & 1 == 1).collect();
            let elements: usize = axes.iter().map(|&axis| shape[axis]).product();
            for keep in [false, true] {
                check(&program_of(vec![leaf(shape, 1)], Step::SumAxes(0, axes.clone(), keep))).unwrap();
                check(&program_of(turned(shape, 1).to_vec(), Step::SumAxes(1, axes.clone(), keep))).unwrap();
                // The mean of nothing is NaN; `derivatives/edges.rs` has it.
                if elements > 0 {
                    check(&program_of(vec![leaf(shape, 1)], Step::MeanAxes(0, axes.clone(), keep))).unwrap();
                }
            }
        }
        check(&program_of(vec![leaf(shape, 1)], Step::Sum(0))).unwrap();
        if count(shape) > 0 {
            check(&program_of(vec![leaf(shape, 1)], Step::Mean(0))).unwrap();
        }
    }
}

#[test]
fn reshapes_of_dense_and_turned_arrays() {
    for &from in SHAPES {
        for &to in SHAPES.iter().chain(&[&[3, 2][..], &[6], &[12], &[3, 4], &[1, 1, 1, 1], &[0, 5, 0]]) {
            if count(from) == count(to) {
                check(&program_of(vec![leaf(from, 1)], Step::Reshape(0, to.to_vec()))).unwrap();
                check(&program_of(turned(from, 1).to_vec(), Step::Reshape(1, to.to_vec()))).unwrap();
            }
        }
    }
}

#[test]
fn broadcasts_to_every_shape_that_fits() {
    for &from in SHAPES {
        for &to in SHAPES {
            if common_shape(from, to).is_some_and(|shape| shape == to) {
                check(&program_of(vec![leaf(from, 1)], Step::BroadcastTo(0, to.to_vec()))).unwrap();
            }
        }
    }
}

/// A detached node is a constant to both modes, and counts as one in the second order too.
#[test]
fn detached_nodes_are_constants() {
    for &shape in SHAPES {
        check(&program_of(vec![leaf(shape, 1), Step::Detach(0)], Step::Pair('*', 0, 1))).unwrap();
        check(&program_of(vec![leaf(shape, 1)], Step::Detach(0))).unwrap();
    }
}

/// The sweep itself, on the smallest program that shows each: reuse, fan-out, a line nobody needs.
#[test]
fn small_programs_by_hand_agree_with_the_oracle() {
    let x = || Step::Leaf(Array { shape: vec![2], data: vec![0.75, -1.25] });
    let reused = vec![x(), Step::Function(Function::Exp, 0), Step::Pair('*', 0, 1)];
    check(&program_of(reused, Step::Pair('+', 2, 1))).unwrap();
    let dead = vec![x(), Step::Function(Function::Tanh, 0), Step::Pair('*', 0, 0)];
    check(&program_of(dead, Step::Pair('-', 2, 0))).unwrap();
}
