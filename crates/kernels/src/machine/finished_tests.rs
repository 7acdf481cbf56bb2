//! A product that a kernel finishes gives what both give one after the other, or is refused.

use super::*;
use crate::function::{Binary, Unary};
use proptest::prelude::*;

fn at(area: u32, offset: usize) -> At {
    At { area, offset }
}

fn load<T>(at: At, layout: Layout) -> Value<T> {
    Value::Load { at, layout, level: Level::Full }
}

/// A product and a kernel.
struct Both<T> {
    product: Product,
    fusion: Fusion<T>,
    work: usize,
}

/// Which kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kernel {
    /// `relu(x + b)`: rows with a bias.
    Bias,
    /// `tanh(x) * y`: no rows, another array.
    Masked,
    /// Softmax of each row, kept with its largest element.
    Softmax,
}

// What both touch: the factors, the product, its memory for itself, another array that the kernel reads, what that writes, and
// its memory for itself.
const PLACES: usize = 7;
const A: usize = 0;
const B: usize = 1;
const OUT: usize = 2;
const OWN: usize = 3;
const OTHER: usize = 4;
const RESULT: usize = 5;
const SCRATCH: usize = 6;

impl<T: Scalar> Both<T> {
    /// Everything in the working memory and apart, but for what `moved` says: the place of one begins where that of another one
    /// does, and so many elements further on.
    fn new([m, k, n]: [usize; 3], kernel: Kernel, padded: bool, moved: &[(usize, usize, isize)]) -> Self {
        let axis = |size, stride: usize| Axis { size, stride: stride as isize };
        let mut product = Product {
            a: Operand::dense(at(WORK, 0), m * k),
            b: Operand::dense(at(WORK, 0), k * n),
            a_axes: Factor::Strided([axis(m, k), axis(k, 1)]),
            b_axes: Factor::Strided([axis(k, n), axis(n, 1)]),
            starts: [[0, 0]].into(),
            out: at(WORK, 0),
            scratch: at(WORK, 0),
        };
        let x = load(at(WORK, 0), Layout::Dense { padded });
        let (cols, other, values, kept): (_, _, Vec<Value<T>>, &[usize]) = match kernel {
            Kernel::Bias => {
                let bias = load(at(WORK, 0), Layout::Cycle { period: n });
                (n, n, vec![x, bias, Value::Zip(Binary::Add, 0, 1), Value::Map(Unary::Relu, 2)], &[3])
            }
            Kernel::Masked => {
                let other = load(at(WORK, 0), Layout::Dense { padded });
                (0, m * n, vec![x, other, Value::Map(Unary::Tanh, 0), Value::Zip(Binary::Mul, 2, 1)], &[3])
            }
            Kernel::Softmax => {
                let values = vec![
                    x,
                    load(at(WORK, 0), Layout::Same),
                    Value::ReduceRows(Reduction::Largest, 0),
                    Value::Map(Unary::Add(T::zero()), 2),
                    Value::Spread(3, Level::Full),
                    Value::Zip(Binary::Sub, 0, 4),
                    Value::Map(Unary::Exp, 5),
                    Value::ReduceRows(Reduction::Sum, 6),
                    Value::Spread(7, Level::Full),
                    Value::Zip(Binary::Div, 6, 8),
                ];
                (n, 1, values, &[9, 3])
            }
        };
        let outputs: Vec<_> = kept.iter().map(|&value| Output { value, at: at(WORK, 0), padded }).collect();
        let mut fusion = Fusion { len: m * n, cols, values, outputs, scratch: at(WORK, 0) };
        // The results behind each other.
        let results = (m * n).next_multiple_of(16) + if kept.len() > 1 { m.next_multiple_of(16) } else { 0 };
        let scratch = fusion.scratch_behind(&product);
        let lens = [m * k, k * n, m * n, product.scratch::<T>(), other, results, scratch];
        let mut bases = [0; PLACES];
        let mut work = 0;
        for (base, len) in bases.iter_mut().zip(lens) {
            // A gap, so that a little further on is not yet inside of the next one.
            *base = work;
            work += len.next_multiple_of(16) + 32;
        }
        let mut places = bases;
        for &(which, like, by) in moved {
            places[which] = bases[like].saturating_add_signed(by);
        }
        let place = |which: usize| at(WORK, places[which]);
        product.a = Operand::dense(place(A), m * k);
        product.b = Operand::dense(place(B), k * n);
        (product.out, product.scratch, fusion.scratch) = (place(OUT), place(OWN), place(SCRATCH));
        for (value, which) in fusion.values.iter_mut().zip([OUT, OTHER]) {
            if let Value::Load { at, .. } = value {
                *at = place(which);
            }
        }
        for (output, behind) in fusion.outputs.iter_mut().zip([0, (m * n).next_multiple_of(16)]) {
            output.at = place(RESULT).plus(behind);
        }
        Both { product, fusion, work }
    }

    fn sizes(&self) -> Sizes {
        Sizes::new(self.work, 0, 0, [])
    }

    /// As one step; `None` if it is refused.
    fn together(&self) -> Option<Machine<T>> {
        let mut machine = Machine::new(self.sizes());
        machine.push_finished(&self.product, &self.fusion).then_some(machine)
    }

    /// As two steps.
    fn apart(&self) -> Option<Machine<T>> {
        let mut machine = Machine::new(self.sizes());
        let sound = machine.push_product(self.product.clone()) && machine.push_fusion(&self.fusion);
        sound.then_some(machine)
    }

    /// The memory behind a run, without that which the steps have for themselves.
    fn run(&self, machine: &Machine<T>, threads: usize) -> Vec<T> {
        let mut work: Vec<T> = (0..self.work).map(|i| T::of((i as f64 * 0.37).sin())).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = || machine.run(0..machine.len(), &mut Memory::new(&mut work, &mut [], &[], []));
        assert_eq!(pool.install(run), Ok(()));
        let own = [
            (self.product.scratch, self.product.scratch::<T>()),
            (self.fusion.scratch, self.fusion.scratch_behind(&self.product)),
        ];
        for (at, len) in own {
            work[at.offset..at.offset + len].fill(T::zero());
        }
        work
    }
}

/// Of which products there are several blocks of rows, and which kernels may go by them.
const SIZES: [([usize; 3], [bool; 3]); 12] = [
    ([128, 784, 512], [true, true, true]),
    ([80, 256, 16], [true, true, false]),
    ([320, 270, 48], [true, true, false]),
    ([1000, 300, 32], [true, true, true]),
    ([400, 3, 700], [true, true, true]),
    // a last block that is shorter, and ends at no multiple of 16
    ([130, 270, 44], [true, true, false]),
    ([201, 256, 10], [true, true, false]),
    // several threads cut the inner sum
    ([96, 2000, 96], [true, true, true]),
    // blocks that end at no multiple of 16; rows that are no tile
    ([201, 256, 9], [false, false, false]),
    ([70, 16, 1040], [false, true, false]),
    // a single block
    ([64, 784, 512], [false, false, false]),
    ([2000, 4, 1], [false, false, false]),
];

fn same_bits<T: Scalar>() {
    for (sizes, fits) in SIZES {
        let kernels = [Kernel::Bias, Kernel::Masked, Kernel::Softmax];
        for (i, (kernel, fits)) in kernels.into_iter().zip(fits).enumerate() {
            // Over the product, over the other array, and elsewhere.
            let mut places = vec![vec![], vec![(RESULT, OUT, 0)], vec![(RESULT, OTHER, 0)]];
            places.truncate([2, 3, 1][i]);
            for (number, moved) in places.iter().enumerate() {
                let both = Both::<T>::new(sizes, kernel, number != 1, moved);
                let Some(together) = both.together() else {
                    assert!(!fits, "{sizes:?} {kernel:?} {moved:?} is refused");
                    continue;
                };
                assert!(fits && together.len() == 1, "{sizes:?} {kernel:?} {moved:?}");
                let want = both.run(&both.apart().unwrap(), 1);
                for threads in [1, 2, 3, 8] {
                    let got = both.run(&together, threads);
                    let place = want.iter().zip(&got).position(|(a, b)| a != b);
                    assert_eq!(place, None, "{sizes:?} {kernel:?} {moved:?} {threads} threads");
                }
            }
        }
    }
}

#[test]
fn a_finished_product_has_the_bits_of_product_and_kernel() {
    same_bits::<f32>();
    same_bits::<f64>();
}

/// What would be overwritten while the product still needs it, or read before it is there.
#[test]
fn kernels_that_get_in_the_way_of_the_product_are_refused() {
    let sizes = [192, 270, 48];
    let [m, _, n] = sizes;
    let refused = |moved: &[(usize, usize, isize)]| {
        let both = Both::<f32>::new(sizes, Kernel::Masked, true, moved);
        assert!(both.apart().is_some(), "{moved:?}: both are sound by themselves");
        both.together().is_none()
    };
    assert!(!refused(&[]) && !refused(&[(OTHER, A, 0)]) && !refused(&[(OTHER, OUT, 0)]));
    for which in [A, B, OWN] {
        assert!(refused(&[(RESULT, which, 0)]) && refused(&[(RESULT, which, 16)]), "results over {which}");
        assert!(refused(&[(SCRATCH, which, 0)]), "registers over {which}");
    }
    assert!(refused(&[(OTHER, OWN, 0)]), "reads what the product writes for itself");
    assert!(refused(&[(OTHER, OUT, 16)]) && refused(&[(OTHER, OUT, -16)]), "reads other rows");

    let both = Both::<f32>::new(sizes, Kernel::Bias, true, &[]);
    let refused = |fusion: &Fusion<f32>| {
        let mut machine = Machine::new(both.sizes());
        assert!(machine.push_product(both.product.clone()) && machine.push_fusion(fusion));
        !machine.push_finished(&both.product, fusion)
    };
    assert!(!refused(&both.fusion));
    let with = |change: &dyn Fn(&mut Fusion<f32>)| {
        let mut fusion = both.fusion.clone();
        change(&mut fusion);
        fusion
    };
    let first = at(WORK, both.product.out.offset);
    let grid = Layout::Grid { shape: [n, m].into(), strides: [1, n as isize].into() };
    assert!(refused(&with(&|fusion| fusion.values[0] = load(first, grid.clone()))), "transposed");
    assert!(refused(&with(&|fusion| fusion.values[1] = load(first, Layout::Same))), "an element for all");
    let cycle = Layout::Cycle { period: n };
    assert!(refused(&with(&|fusion| fusion.values[1] = load(first, cycle.clone()))), "a row for all");
    let masked = Both::<f32>::new(sizes, Kernel::Masked, true, &[]);
    let rows = |cols: usize| {
        let fusion = Fusion { cols, ..masked.fusion.clone() };
        let mut machine = Machine::new(masked.sizes());
        assert!(machine.push_product(masked.product.clone()) && machine.push_fusion(&fusion));
        machine.push_finished(&masked.product, &fusion)
    };
    assert!(rows(16) && !rows(1024), "rows that end in the middle of a block");
    assert!(refused(&with(&|fusion| fusion.len /= 2)), "half of it");
    // One of all: behind the last block.
    let sum = with(&|fusion| {
        fusion.cols = 0;
        fusion.values[1] = Value::Map(Unary::Neg, 0);
        fusion.values[3] = Value::ReduceAll(Reduction::Sum, 2);
    });
    assert!(refused(&sum), "a sum of all");
    // Many products, and memory that is not there.
    let mut many = both.product.clone();
    many.starts = [[0, 0], [0, 0]].into();
    assert!(!both.together().unwrap().push_finished(&many, &both.fusion));
    let mut small = Machine::new(Sizes::new(both.work - 64, 0, 0, []));
    assert!(!small.push_finished(&both.product, &both.fusion));
}

proptest! {
    /// Any places: refused, or the same as both steps one after the other.
    #[test]
    fn nonsense_is_refused_or_gives_the_same(
        moves in prop::collection::vec((0..PLACES, 0..PLACES, -2_isize..=2, -20_isize..=20), 1..3),
        (kernel, wide, padded) in (0_usize..3, any::<bool>(), any::<bool>()),
    ) {
        let kernel = [Kernel::Bias, Kernel::Masked, Kernel::Softmax][kernel];
        let sizes = [80, 256, if wide { 32 } else { 16 }];
        let moves: Vec<_> = moves.iter().map(|&(a, b, blocks, by)| (a, b, blocks * 640 + by)).collect();
        let both = Both::<f32>::new(sizes, kernel, padded, &moves);
        if let Some(together) = both.together() {
            let apart = both.apart();
            prop_assert!(apart.is_some());
            let want = both.run(&apart.unwrap(), 1);
            for threads in [1, 2] {
                let got = both.run(&together, threads);
                let place = want.iter().zip(&got).position(|(a, b)| a != b && !(a.is_nan() && b.is_nan()));
                prop_assert_eq!(place, None);
            }
        }
    }
}
