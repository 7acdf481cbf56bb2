//! Operations against what defines them or what they must satisfy, where that is another computation than theirs.

mod common;

use chainrule_oracle::ops::{self, Conv, Pool};
use chainrule_oracle::{Array, Number, Precise, indices};
use common::Random;

fn random(shape: &[usize], random: &mut Random) -> Array<Precise> {
    Array::from_fn(shape, |_| Precise::of(random.between(-2.0, 2.0)))
}

/// To 25 digits, in proportion to numbers of ordinary size.
#[track_caller]
fn same(a: &Array<Precise>, b: &Array<Precise>) {
    assert_eq!(a.shape, b.shape);
    for (a, b) in a.data.iter().zip(&b.data) {
        assert!((*a - *b).real().abs() <= 1e-25 * b.real().abs().max(1.0), "{a:?}, not {b:?}");
    }
}

fn inner(a: &Array<Precise>, b: &Array<Precise>) -> Array<Precise> {
    assert_eq!(a.shape, b.shape);
    ops::sum(&ops::mul(a, b))
}

fn identity(n: usize) -> Array<Precise> {
    Array::from_fn(&[n, n], |i| Precise::of(f64::from(u8::from(i[0] == i[1]))))
}

/// By expansion along the first row.
fn determinant(a: &Array<Precise>) -> Precise {
    let n = a.size(0);
    if n == 0 {
        return Precise::of(1.0);
    }
    let terms: Vec<Precise> = (0..n)
        .map(|k| {
            let minor = Array::from_fn(&[n - 1, n - 1], |i| a.at(&[i[0] + 1, i[1] + usize::from(i[1] >= k)]));
            let sign = if k % 2 == 0 { 1.0 } else { -1.0 };
            a.at(&[0, k]) * determinant(&minor) * Precise::of(sign)
        })
        .collect();
    Precise::sum(&terms)
}

#[test]
fn decompositions_give_back_the_matrix() {
    let mut draw = Random(1);
    for n in 0..6 {
        let (a, b) = (random(&[n, n], &mut draw), random(&[n, 3], &mut draw));
        same(&ops::matmul(&a, &ops::solve(&a, &b)), &b);
        same(&ops::matmul(&ops::inverse(&a), &a), &identity(n));
        let definite = ops::add(&ops::matmul(&a, &ops::t(&a)), &identity(n));
        let l = ops::cholesky(&definite);
        same(&ops::matmul(&l, &ops::t(&l)), &definite);
        assert!(indices(&[n, n]).all(|i| i[0] >= i[1] || l.at(&i).real() == 0.0));
        same(&ops::log_det(&definite), &Array::scalar(determinant(&definite).ln()));
        // of any matrix, where the determinant is positive
        let size = determinant(&a);
        let log = ops::log_det(&a).data[0];
        assert!(if size.real() > 0.0 { (log - size.ln()).real().abs() < 1e-25 } else { log.real().is_nan() });
        for upper in [false, true] {
            let inside = |i: &[usize]| if upper { i[0] <= i[1] } else { i[0] >= i[1] };
            let triangle = Array::from_fn(&[n, n], |i| if inside(i) { a.at(i) } else { Precise::of(0.0) });
            same(&ops::matmul(&triangle, &ops::solve_triangular(&a, upper, &b)), &b);
        }
    }
}

/// `<conv(x), y> = <x, transposed(y)>` for the same kernels, and the same of windows and what adds them up.
#[test]
fn transposes_are_transposes() {
    let mut draw = Random(2);
    for stride in 1..4 {
        for padding in 0..3 {
            for dilation in 1..3 {
                for groups in [1, 2] {
                    let options = |output_padding| Conv {
                        stride: [stride, 1],
                        padding: [padding, 1],
                        dilation: [dilation, 2],
                        groups,
                        output_padding: [output_padding, 0],
                    };
                    let (x, w) =
                        (random(&[2, 4, 7, 5], &mut draw), random(&[2, 4 / groups, 2, 2], &mut draw));
                    let y = ops::conv2d(&x, &w, &options(0));
                    let seed = random(&y.shape, &mut draw);
                    // the rest of the axis that no window reaches
                    let rest = (7 + 2 * padding - dilation - 1) % stride;
                    let back = ops::conv_transpose2d(&seed, &w, &options(rest));
                    same(&inner(&y, &seed), &inner(&x, &back));
                }
            }
            let x = random(&[3, 7], &mut draw);
            let windows = ops::unfold(&x, 1, 2, stride, 1 + padding);
            let seed = random(&windows.shape, &mut draw);
            same(&inner(&windows, &seed), &inner(&x, &ops::fold(&seed, 1, 7, stride, 1 + padding)));
        }
    }
}

#[test]
fn a_convolution_is_a_product_of_windows_and_kernels() {
    let mut draw = Random(3);
    let (x, w) = (random(&[2, 3, 7], &mut draw), random(&[4, 3, 2], &mut draw));
    let options = Conv { stride: [2], dilation: [3], ..Conv::default() };
    let windows = ops::unfold(&x, 2, 2, 2, 3);
    same(&ops::conv1d(&x, &w, &options), &ops::einsum(&windows, "ncik,ock->noi", &w));
    // a mean is a convolution with equal weights, along each channel
    let mean = ops::avg_pool1d(&x, &Pool { stride: [2], ..Pool::new([3]) });
    let thirds = Array::filled(&[3, 1, 3], Precise::of(1.0) / Precise::of(3.0));
    same(&mean, &ops::conv1d(&x, &thirds, &Conv { stride: [2], groups: 3, ..Conv::default() }));
}

#[test]
fn sums_of_products_are_einsums() {
    let mut draw = Random(4);
    let (a, b) = (random(&[2, 1, 3, 4], &mut draw), random(&[5, 4, 2], &mut draw));
    same(&ops::matmul(&a, &b), &ops::einsum(&a, "...ij,...jk->...ik", &b));
    let (a, b) = (random(&[3, 4], &mut draw), random(&[4], &mut draw));
    same(&ops::matmul(&a, &b), &ops::einsum(&a, "ij,j", &b));
    same(&ops::outer(&b, &b), &ops::einsum(&b, "i,j->ij", &b));
    same(&ops::dot(&b, &b), &ops::square(&ops::norm(&b)));
}

#[test]
fn reductions_satisfy_their_definitions() {
    let mut draw = Random(5);
    let x = random(&[3, 4, 2], &mut draw);
    let n = Precise::of(4.0);
    // Σ (x - m)² / n = Σ x² / n - m²
    let squares = ops::mean_axes(&ops::square(&x), &[1], false);
    let mean = ops::mean_axes(&x, &[1], false);
    same(&ops::variance_axes(&x, &[1], false), &ops::sub(&squares, &ops::square(&mean)));
    same(&mean.map(|m| m * n), &ops::sum_axes(&x, &[1], false));
    same(&ops::exp(&ops::logsumexp_axes(&x, &[0, 2], true)), &ops::sum_axes(&ops::exp(&x), &[0, 2], true));
    same(&ops::exp(&ops::log_softmax(&x, &[1])), &ops::softmax(&x, &[1]));
    same(&ops::sum_axes(&ops::softmax(&x, &[1]), &[1], false), &Array::filled(&[3, 2], Precise::of(1.0)));
    // the last of the running sums is the sum, and each grows by an element
    let running = ops::cumsum(&x, 1);
    let last = ops::slice(&running, &[ops::Part::ALL, ops::Part::Place(-1)]);
    same(&last, &ops::sum_axes(&x, &[1], false));
    same(&ops::take_along(&x, &ops::unsqueeze(&ops::argmax(&x, 1), &[1]), 1), &ops::max_axes(&x, &[1], true));
    same(
        &ops::ln(&ops::abs(&ops::prod_axes(&x, &[1], false))),
        &ops::sum_axes(&ops::ln(&ops::abs(&x)), &[1], false),
    );
}

#[test]
fn losses_satisfy_their_definitions() {
    let mut draw = Random(6);
    let logits = random(&[4, 3], &mut draw);
    let labels = Array::vector([0.0, 2.0, 1.0, -1.0].map(Precise::of).to_vec());
    let by_label = ops::softmax_cross_entropy_labels(&logits, &labels);
    same(&by_label, &ops::softmax_cross_entropy(&logits, &ops::one_hot(&labels, 3)));
    let t = random(&[4, 3], &mut draw);
    let (p, q) = (ops::sigmoid(&logits), ops::sigmoid(&ops::neg(&logits)));
    let terms =
        ops::add(&ops::mul(&t, &ops::ln(&p)), &ops::mul(&t.map(|t| Precise::of(1.0) - t), &ops::ln(&q)));
    same(&ops::sigmoid_cross_entropy(&logits, &t), &ops::neg(&terms));
}

#[test]
fn what_moves_elements_moves_them_back() {
    let mut draw = Random(7);
    let x = random(&[3, 4, 2], &mut draw);
    same(&ops::permute(&ops::permute(&x, &[2, 0, 1]), &[1, 2, 0]), &x);
    same(&ops::flip(&ops::flip(&x, &[0, 2]), &[0, 2]), &x);
    same(&ops::squeeze(&ops::unsqueeze(&x, &[0, 3]), &[0, 3]), &x);
    let parts = ops::split(&x, &[1, 0, 3], 1);
    same(&ops::concat(&parts.iter().collect::<Vec<_>>(), 1), &x);
    let padded = ops::pad(&x, &[[1, 2], [0, 1]], 5.0);
    same(&ops::slice(&padded, &[ops::Part::range(1, 4), ops::Part::range(0, 4)]), &x);
    same(&ops::sum(&padded), &ops::sum(&x).map(|s| s + Precise::of(5.0 * 36.0)));
    // <take(x), y> = <x, scatter(y)>
    let numbers = Array::new(&[2, 2], [3.0, 0.0, 3.0, -1.0].map(Precise::of).to_vec());
    let taken = ops::take(&x, &numbers, 1);
    let seed = random(&taken.shape, &mut draw);
    let back = ops::scatter_add(&Array::zeros(&x.shape), &numbers, &seed, 1);
    same(&inner(&taken, &seed), &inner(&x, &back));
    let stacked = ops::stack(&[&x, &x], 1);
    same(&ops::tile(&x, &[1, 2, 1]), &ops::reshape(&stacked, &[3, 8, 2]));
}
