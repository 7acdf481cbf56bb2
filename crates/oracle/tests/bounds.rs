//! That error bounds hold for any order of additions and multiplications, over many sizes, with cancellation, and through
//! chains of operations; and that they say something.

mod common;

use chainrule_oracle::{Array, Bounded, Double, Dual, Number, Precise, Single, ops};
use common::Random;
use common::single::Rounded;

fn shuffled(x: &[f64], random: &mut Random) -> Vec<f64> {
    let mut x = x.to_vec();
    for i in (1..x.len()).rev() {
        x.swap(i, random.below(i + 1));
    }
    x
}

fn exactly(x: &[f64]) -> Vec<Bounded> {
    x.iter().map(|&x| Bounded::exact(x)).collect()
}

fn precisely(x: &[f64]) -> Vec<Precise> {
    x.iter().map(|&x| Precise::of(x)).collect()
}

/// Added up as a random tree.
fn tree<N: Number>(x: &[N], random: &mut Random, join: fn(N, N) -> N) -> N {
    match x {
        [] => N::of(0.0),
        [one] => *one,
        _ => {
            let (a, b) = x.split_at(1 + random.below(x.len() - 1));
            join(tree(a, random, join), tree(b, random, join))
        }
    }
}

#[test]
fn sums_and_products_in_any_order_are_within_the_bound() {
    let mut random = Random(1);
    let mut ratios = Vec::new();
    for n in [2, 3, 10, 100, 1000] {
        for _ in 0..20 {
            // sizes over 12 decades; half of the terms cancel others
            let mut x: Vec<f64> =
                (0..n).map(|_| random.between(-1.0, 1.0) * 10_f64.powf(random.between(-6.0, 6.0))).collect();
            for i in (1..n).step_by(2) {
                x[i] = -x[i - 1] * (1.0 + f64::EPSILON * random.below(3) as f64);
            }
            let exact = <Precise as Number>::sum(&precisely(&x));
            let bound = <Bounded as Number>::sum(&exactly(&x)).error;
            let mut worst = 0.0_f64;
            for _ in 0..10 {
                let sum = tree(&shuffled(&x, &mut random), &mut random, |a, b| a + b);
                worst = worst.max(exact.distance(sum).abs());
            }
            assert!(worst <= bound, "a sum of {n}: {worst:e} above {bound:e}");
            if worst > 0.0 {
                ratios.push(bound / worst);
            }
            let x: Vec<f64> = (0..n).map(|_| random.between(0.5, 1.9)).collect();
            let exact = <Precise as Number>::product(&precisely(&x));
            let bound = <Bounded as Number>::product(&exactly(&x)).error;
            for _ in 0..10 {
                let product = tree(&shuffled(&x, &mut random), &mut random, |a, b| a * b);
                let off = exact.distance(product).abs();
                assert!(
                    off <= bound && bound <= 1e4 * off.max(exact.hi() * 1e-16),
                    "a product of {n}: {off:e}, {bound:e}"
                );
            }
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!("bound over error of sums, median: {}", ratios[ratios.len() / 2]);
    assert!(ratios[ratios.len() / 2] < 1000.0);
}

/// A chain of random steps on a few numbers, in any arithmetic.
fn chain<N: Number>(x: &[N], seed: u64) -> Vec<N> {
    let mut random = Random(seed);
    let mut live = x.to_vec();
    for _ in 0..12 {
        let a = live[random.below(live.len())];
        let b = live[random.below(live.len())];
        live.push(match random.below(16) {
            0 => a + b,
            1 => a - b,
            2 => a * b,
            3 => a / (b.square() + N::of(0.3)),
            4 => a.sin(),
            5 => a.sigmoid(),
            6 => a.tanh(),
            7 => (-a.square()).exp(),
            8 => (a.square() + N::of(0.1)).ln(),
            9 => (a.square() + N::of(0.1)).sqrt(),
            10 => a.relu(),
            11 => a.maximum(b),
            12 => a.softplus(),
            13 => a.erf(),
            14 => a.hypot(b),
            _ => N::sum(&live),
        });
    }
    live
}

fn number<N: Number>(x: f64, v: f64) -> Dual<N> {
    Dual { value: N::of(x), tangent: N::of(v) }
}

#[test]
fn bounds_hold_through_chains_of_operations() {
    let mut random = Random(5);
    let mut ratios = [const { Vec::new() }; 4];
    for seed in 0..2000 {
        let x: Vec<(f64, f64)> = (0..3)
            .map(|_| (f64::from(random.between(-2.0, 2.0) as f32), f64::from(random.below(2) as u32)))
            .collect();
        let at = |(x, v): &(f64, f64)| (*x, *v);
        let exact = chain(&x.iter().map(at).map(|(x, v)| number::<Precise>(x, v)).collect::<Vec<_>>(), seed);
        let double = chain(&x.iter().map(at).map(|(x, v)| number::<f64>(x, v)).collect::<Vec<_>>(), seed);
        let single = chain(&x.iter().map(at).map(|(x, v)| number::<Rounded>(x, v)).collect::<Vec<_>>(), seed);
        let bound =
            chain(&x.iter().map(at).map(|(x, v)| number::<Bounded<Double>>(x, v)).collect::<Vec<_>>(), seed);
        let bound32 =
            chain(&x.iter().map(at).map(|(x, v)| number::<Bounded<Single>>(x, v)).collect::<Vec<_>>(), seed);
        for i in 0..exact.len() {
            let pairs = [
                (exact[i].value.distance(double[i].value), bound[i].value.error),
                (exact[i].tangent.distance(double[i].tangent), bound[i].tangent.error),
                (exact[i].value.distance(single[i].value.real()), bound32[i].value.error),
                (exact[i].tangent.distance(single[i].tangent.real()), bound32[i].tangent.error),
            ];
            for (ratios, (off, bound)) in ratios.iter_mut().zip(pairs) {
                // of infinite values nothing is claimed but that they are infinite
                let inside = off.abs() <= bound || (off.is_nan() && !exact[i].value.hi().is_finite());
                assert!(inside, "chain {seed}, step {i}: off by {off:e}, bound {bound:e}");
                if off != 0.0 && off.is_finite() && bound.is_finite() {
                    ratios.push(bound / off.abs());
                }
            }
        }
    }
    let medians = ratios.map(|mut r| {
        r.sort_by(f64::total_cmp);
        r[r.len() / 2]
    });
    println!("bound over error, medians of values and derivatives in f64 and f32: {medians:?}");
    assert!(medians.iter().all(|m| *m < 100.0), "{medians:?}");
}

/// Forward mode cancels at once what reverse mode carries to the end: the bound must be of the size of what is carried.
#[test]
fn a_bound_counts_what_cancels() {
    let x: Dual<Bounded> = Dual::variable(Bounded::exact(0.3));
    // f(x) - f(x) by two ways, times something large
    let zero = (x * Dual::of(1e10)) - (x * Dual::of(1e10));
    let y = zero * Dual::of(3.0) * Dual::of(0.7);
    assert_eq!(y.tangent.value, 0.0);
    let carried = 2.1e10 - 2.1e10 * (1.0 + 3.0 * f64::EPSILON / 2.0);
    assert!(y.tangent.admits(carried) && !y.tangent.admits(1e-3), "{:?}", y.tangent);
}

#[test]
fn undecided_branches_widen_the_bound() {
    let third = Bounded::<Double>::of(1.0) / Bounded::of(3.0);
    let zero = third * Bounded::of(3.0) - Bounded::of(1.0);
    assert!(zero.error > 0.0 && zero.undecided(Bounded::of(0.0)));
    assert!(zero.sign().error >= 1.0);
    assert!(zero.floor().admits(-1.0) && zero.floor().admits(0.0));
    assert!(zero.less(Bounded::of(0.0)).admits(1.0) && zero.less(Bounded::of(0.0)).admits(0.0));
    let x = Dual { value: zero, tangent: Bounded::exact(2.0) };
    for (what, y) in [("relu", x.relu()), ("max", x.maximum(Dual::of(0.0))), ("leaky", x.leaky_relu(0.0))] {
        assert!(y.tangent.admits(0.0) && y.tangent.admits(2.0), "{what}: {:?}", y.tangent);
    }
    let abs = x.abs().tangent;
    assert!(abs.admits(-2.0) && abs.admits(2.0), "{abs:?}");
    let clamped = x.clamp(0.0, 1.0).tangent;
    assert!(clamped.admits(0.0) && clamped.admits(2.0), "{clamped:?}");
    // far from the kink nothing is widened
    let far = Dual { value: third, tangent: Bounded::exact(2.0) };
    assert!(far.relu().tangent.error == 0.0 && far.abs().value.error == third.error);
}

#[test]
fn what_is_not_known_is_said_to_be_unknown() {
    let zero = Bounded::<Double>::new(0.0, 1e-17);
    assert_eq!((Bounded::of(1.0) / zero).error, f64::INFINITY);
    assert_eq!(zero.ln().error, f64::INFINITY);
    assert!(zero.sqrt().error >= 3e-9 && zero.sqrt().error < 1e-8);
    // exact operands make exact infinities
    let infinite = Bounded::<Double>::of(1.0) / Bounded::of(0.0);
    assert!(infinite.admits(f64::INFINITY) && !infinite.admits(1e308));
    assert!(Bounded::<Double>::of(-1.0).ln().admits(f64::NAN));
    assert!(!Bounded::<Double>::of(1.0).admits(f64::NAN));
    // what overflows f32 does not overflow f64
    assert_eq!((Bounded::<Single>::of(1e30) * Bounded::of(1e30)).error, f64::INFINITY);
}

#[test]
fn a_norm_a_softmax_and_a_solution_are_bounded_closely() {
    let mut random = Random(11);
    let x: Vec<f64> = (0..50).map(|_| random.between(-30.0, 30.0)).collect();
    let bound = Array::vector(exactly(&x));
    for y in [ops::norm(&bound), ops::logsumexp(&bound), ops::variance(&bound)] {
        assert!(y.data[0].error < 200.0 * f64::EPSILON * y.data[0].value.abs(), "{:?}", y.data[0]);
    }
    for p in ops::softmax(&bound, &[0]).data {
        assert!(p.error < 200.0 * f64::EPSILON * p.value, "{p:?}");
    }
}

#[test]
fn the_bound_of_a_triangular_solve_holds_in_every_order_of_subtraction() {
    // Each product is half a unit in the last place of x: taken off one by one, nothing is left of any of them.
    let (x, half) = (1.0 + 2_f64.powi(-50), 2_f64.powi(-53));
    let n = 4;
    let a = Array::from_fn(&[n, n], |i| match i {
        [i, j] if i == j => Bounded::exact(1.0),
        [0, _] => Bounded::exact(half),
        _ => Bounded::exact(0.0),
    });
    let b = Array::vector([x, 1.0, 1.0, 1.0].map(Bounded::exact).to_vec());
    let solved: Array<Bounded> = ops::solve_triangular(&a, true, &b);
    let one_by_one = ((x - half) - half) - half;
    assert_eq!(one_by_one, x);
    assert!(solved.data[0].admits(one_by_one), "{:?}", solved.data[0]);
    assert!(solved.data[0].admits(x - 3.0 * half), "{:?}", solved.data[0]);
    assert!(solved.data[0].error < 3.1 * half, "{:?}", solved.data[0]);
}

#[test]
fn a_mask_of_infinities_leaves_the_bounds_of_what_is_not_masked() {
    // The formula of `softmax` as it is recorded, not the function: what is masked is exactly minus infinity until it is exactly 0.
    let near = |x: f64| Bounded::<Double>::new(x, 1e-15);
    let hidden = Bounded::exact(f64::NEG_INFINITY);
    let powers = [near(1.5), hidden, near(0.25)].map(|x| (x - near(1.5)).exp());
    assert!(powers[1].value == 0.0 && powers[1].error < 1e-300, "{:?}", powers[1]);
    let sum = Number::sum(&powers);
    let total: Bounded = Number::sum(&powers.map(|x| x / sum * near(2.0)));
    assert!(total.error < 1e-13, "{total:?}");
    // Where a sign is not known, nothing is.
    let small = Bounded::<Double>::new(1e-16, 1e-15);
    assert_eq!((hidden * small).error, f64::INFINITY);
    assert!((hidden * near(-2.0)).admits(f64::INFINITY) && !(hidden * near(-2.0)).admits(1e300));
    // One term without a bound: none of the sum either, and not NaN.
    let unknown = Bounded::<Double>::new(1.0, f64::INFINITY);
    let sum: Bounded = Number::sum(&[unknown, Bounded::exact(0.0)]);
    assert_eq!(sum.error, f64::INFINITY);
}
