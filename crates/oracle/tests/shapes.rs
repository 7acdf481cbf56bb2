//! Shapes that do not fit, empty ones and sizes that lie: the result is a NaN that can be seen, never a panic.

mod common;

use chainrule_oracle::{Array, Dual, Number};
use common::Random;
use common::operations::{ALL, evaluate};

#[test]
fn no_shapes_make_an_operation_panic() {
    let mut random = Random(3);
    for number in 0..ALL.len() {
        for _ in 0..60 {
            let mut operand = || {
                let shape: Vec<usize> = (0..random.below(5)).map(|_| random.below(4)).collect();
                let mut array = Array::from_fn(&shape, |_| Dual::variable(random.between(-3.0, 3.0).round()));
                if random.below(8) == 0 {
                    array.data.pop(); // fewer elements than the shape says
                }
                array
            };
            let operands = [operand(), operand()];
            evaluate(number, &operands);
        }
    }
}

#[test]
fn what_does_not_fit_is_nan() {
    let (a, b) = (Array::<f64>::zeros(&[2, 3]), Array::<f64>::zeros(&[2]));
    for nan in [
        a.zip(&b, |x, y| x + y),
        a.reshape(&[5]),
        a.permute(&[0, 0]),
        a.broadcast(&[3, 3]),
        chainrule_oracle::ops::matmul(&a, &a),
        chainrule_oracle::ops::einsum(&a, "i,j", &b),
        chainrule_oracle::ops::concat(&[&a, &b], 0),
        chainrule_oracle::ops::solve(&a, &b),
    ] {
        assert_eq!(nan.shape, [0; 0]);
        assert!(nan.data[0].is_nan());
    }
    assert!(a.at(&[0, 3]).is_nan() && a.at(&[0]).is_nan());
    assert!(Dual::<f64>::blend(&[]).value.is_nan());
}
