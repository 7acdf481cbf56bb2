//! Arrays to be drawn: shapes, values that print short, domains, memory layouts.
//!
//! Values are dyadic: multiples of 1/8 between -2 and 2, exact in either precision and short in a report. They shrink towards
//! 0, and stay within their domain.
//!
//! ```
//! use chainrule_check::check_gradient;
//! use chainrule_check::strategy::{array, broadcast_pair};
//!
//! check_gradient(|[x]| x.ln() * x).for_all([array([2, 3]).positive()])?;
//! check_gradient(|[x]| x.atan()).for_all([array([4]).any_layout()])?;
//! check_gradient(|[a, b]| a * b).cases(8).for_all(broadcast_pair())?;
//! # Ok::<(), chainrule_check::Failure>(())
//! ```

use chainrule_graph::Scalar;
use ndarray::{ArrayD, Axis, Slice};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::{NewTree, ValueTree};
use proptest::test_runner::TestRunner;

/// An array of this shape, of multiples of 1/8 between -2 and 2.
///
/// ```
/// use chainrule_check::check_gradient;
/// use chainrule_check::strategy::array;
///
/// check_gradient(|[x]| x.sqrt()).for_all([array([3]).between(0.25, 4.0)])?;
/// check_gradient(|[x]| x.recip()).for_all([array([3]).away_from([0.0], 0.25)])?;
/// check_gradient(|[x]| (1.0 - x.square()).ln()).for_all([array([3]).inside_one()])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn array<T>(shape: impl AsRef<[usize]>) -> Arrays<T> {
    Arrays {
        shape: shape.as_ref().to_vec(),
        low: -16,
        high: 16,
        denominator: 8,
        avoided: Vec::new(),
        layouts: false,
        number: std::marker::PhantomData,
    }
}

/// A strategy for arrays; see [`array()`].
#[derive(Clone, Debug)]
pub struct Arrays<T> {
    shape: Vec<usize>,
    /// Bounds, in units of `1 / denominator`.
    low: i32,
    high: i32,
    denominator: i32,
    avoided: Vec<(f64, f64)>,
    layouts: bool,
    number: std::marker::PhantomData<fn() -> T>,
}

impl<T> Arrays<T> {
    /// Values from 1/8 to 2.
    pub fn positive(self) -> Self {
        self.between(0.125, 2.0)
    }

    /// Values between -1 and 1, both left out.
    pub fn inside_one(self) -> Self {
        self.between(-0.875, 0.875)
    }

    /// Multiples of 1/8 (of something finer, if the two are close) from `low` to `high`.
    pub fn between(mut self, low: f64, high: f64) -> Self {
        let (low, high) = (low.min(high), low.max(high));
        // Fine enough for at least eight steps, and coarse enough for an i32.
        let mut denominator = 8.0;
        while (high - low) * denominator < 8.0 && denominator < f64::from(1 << 20) {
            denominator *= 2.0;
        }
        self.denominator = denominator as i32;
        self.low = (low * denominator).ceil() as i32;
        self.high = ((high * denominator).floor() as i32).max(self.low);
        self
    }

    /// Values at least `distance` away from each of `kinks`.
    pub fn away_from(mut self, kinks: impl IntoIterator<Item = f64>, distance: f64) -> Self {
        self.avoided.extend(kinks.into_iter().map(|kink| (kink, distance)));
        self
    }

    /// Any layout in memory: row-major, column-major, backwards, every second element.
    pub fn any_layout(mut self) -> Self {
        self.layouts = true;
        self
    }

    /// Of single precision, where nothing else says it.
    pub fn f32(self) -> Arrays<f32> {
        let Arrays { shape, low, high, denominator, avoided, layouts, .. } = self;
        Arrays { shape, low, high, denominator, avoided, layouts, number: std::marker::PhantomData }
    }

    /// The values that may be drawn, those nearest to 0 first.
    fn values(&self) -> Vec<f64> {
        let all = (self.low..=self.high).map(|n| f64::from(n) / f64::from(self.denominator));
        let far = |x: &f64| self.avoided.iter().all(|(kink, distance)| (x - kink).abs() >= *distance);
        let mut values: Vec<f64> = all.filter(far).collect();
        // Whole numbers before halves before quarters, small before large: the order of shrinking.
        let rank = |x: f64| (0..24).find(|k| (x * f64::from(1 << k)).fract() == 0.0).unwrap_or(24);
        values.sort_by(|a, b| {
            (rank(*a), a.abs(), *a < 0.0)
                .partial_cmp(&(rank(*b), b.abs(), *b < 0.0))
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        values
    }
}

impl<T: Scalar> Strategy for Arrays<T> {
    type Tree = Tree<T>;
    type Value = ArrayD<T>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let values: Vec<T> = self.values().into_iter().map(T::of).collect();
        let Some(&simplest) = values.first() else {
            return Err("an array without values: the domain is empty".into());
        };
        let count: usize = self.shape.iter().product();
        let mut below = |n: usize| (runner.rng().next_u64() % n as u64) as usize;
        let places = (0..count).map(|_| below(values.len())).collect();
        let layout = if self.layouts { below(5) } else { 0 };
        let block = count.max(1);
        Ok(Tree {
            shape: self.shape.clone(),
            values,
            simplest,
            places,
            layout,
            plain_tried: false,
            block,
            next: 0,
            undo: None,
        })
    }
}

/// An array that was drawn, on its way to a simpler one: all elements at once become the simplest, then half of them, ...,
/// then each by itself takes the simplest value that will do.
#[derive(Clone, Debug)]
pub struct Tree<T> {
    shape: Vec<usize>,
    /// Simplest first.
    values: Vec<T>,
    simplest: T,
    /// The value of each element.
    places: Vec<usize>,
    layout: usize,
    plain_tried: bool,
    /// How many elements are tried at once, and the number of the next try with so many.
    block: usize,
    next: usize,
    /// What was before the last try.
    undo: Option<(Vec<usize>, usize)>,
}

/// So many of the simplest values are tried for an element.
const TRIES: usize = 12;

impl<T: Scalar> ValueTree for Tree<T> {
    type Value = ArrayD<T>;

    fn current(&self) -> ArrayD<T> {
        let numbers =
            self.places.iter().map(|&place| self.values.get(place).copied().unwrap_or(self.simplest));
        let array = ArrayD::from_shape_vec(self.shape.clone(), numbers.collect());
        laid_out(array.unwrap_or_else(|_| ArrayD::zeros(self.shape.clone())), self.layout)
    }

    fn simplify(&mut self) -> bool {
        let before = (self.places.clone(), self.layout);
        if !std::mem::replace(&mut self.plain_tried, true) && self.layout != 0 {
            (self.layout, self.undo) = (0, Some(before));
            return true;
        }
        loop {
            let tries = if self.block > 1 { 1 } else { TRIES };
            let (start, value) = (self.next / tries * self.block, self.next % tries);
            if start >= self.places.len() {
                if self.block == 1 {
                    return false;
                }
                (self.block, self.next) = (self.block / 2, 0);
                continue;
            }
            self.next += 1;
            let simpler = self.places.iter_mut().skip(start).take(self.block).filter(|place| **place > value);
            if simpler.map(|place| *place = value).count() > 0 {
                self.undo = Some(before);
                return true;
            }
        }
    }

    fn complicate(&mut self) -> bool {
        let Some((places, layout)) = self.undo.take() else { return false };
        (self.places, self.layout) = (places, layout);
        // The next try at once, if there is one: that the state before fails is known.
        self.simplify();
        true
    }
}

/// The same array, otherwise in memory.
fn laid_out<T: Scalar>(x: ArrayD<T>, layout: usize) -> ArrayD<T> {
    match layout {
        // Column-major.
        1 => {
            let mut y = ArrayD::zeros(x.t().raw_dim()).reversed_axes();
            y.assign(&x);
            y
        }
        // Backwards along every axis.
        2 => {
            let mut y = x.clone();
            (0..x.ndim()).for_each(|axis| y.invert_axis(Axis(axis)));
            y.assign(&x);
            y
        }
        // Every second element of a larger array, along the first or the last axis.
        3 | 4 if x.ndim() > 0 => {
            let axis = if layout == 3 { 0 } else { x.ndim() - 1 };
            let mut sizes = x.shape().to_vec();
            if let Some(size) = sizes.get_mut(axis) {
                *size *= 2;
            }
            let mut y = ArrayD::from_elem(sizes, T::nan());
            y.slice_axis_inplace(Axis(axis), Slice::new(0, None, 2));
            y.assign(&x);
            y
        }
        _ => x,
    }
}

/// A shape of at most `most_axes` axes of sizes from 0 to 3; 1 and 0 are as likely as the others.
pub fn shape(most_axes: usize) -> impl Strategy<Value = Vec<usize>> + Clone {
    vec(prop_oneof![Just(1_usize), Just(2), Just(3), Just(0)], 0..=most_axes)
}

/// An array of a shape that is drawn too.
///
/// ```
/// use chainrule_check::check_gradient;
/// use chainrule_check::strategy::{array_of, shape};
///
/// check_gradient(|[x]| x.sin().sum()).cases(8).for_all([array_of(shape(3))])?;
/// # Ok::<(), chainrule_check::Failure>(())
/// ```
pub fn array_of<T: Scalar>(shapes: impl Strategy<Value = Vec<usize>> + 'static) -> BoxedStrategy<ArrayD<T>> {
    shapes.prop_flat_map(array).boxed()
}

/// Two shapes that broadcast against each other: axes of size 1 or missing in either.
pub fn broadcast_shapes() -> impl Strategy<Value = [Vec<usize>; 2]> + Clone {
    let axis = (prop_oneof![Just(2_usize), Just(3), Just(1), Just(0)], 0..4_usize);
    (vec(axis, 0..=3), 0..3_usize, any::<bool>()).prop_map(|(axes, missing, swap)| {
        let a = axes.iter().map(|&(size, which)| if which == 1 { 1 } else { size }).collect::<Vec<_>>();
        let b =
            axes.iter().map(|&(size, which)| if which == 2 { 1 } else { size }).skip(missing.min(axes.len()));
        let pair = [a, b.collect()];
        if swap {
            let [a, b] = pair;
            [b, a]
        } else {
            pair
        }
    })
}

/// Two arrays whose shapes broadcast against each other.
pub fn broadcast_pair<T: Scalar>() -> BoxedStrategy<[ArrayD<T>; 2]> {
    broadcast_shapes().prop_flat_map(|[a, b]| [array(a), array(b)]).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_holds_the_same_numbers() {
        let x = ArrayD::from_shape_fn(vec![2, 3], |i| (3 * i[0] + i[1]) as f64);
        for layout in 0..5 {
            assert_eq!(laid_out(x.clone(), layout), x);
            assert_eq!(laid_out(x.clone(), layout).is_standard_layout(), layout == 0, "{layout}");
        }
    }

    #[test]
    fn values_keep_to_their_domain_and_shrink_to_short_ones() {
        let values = array::<f64>([1]).between(-1.0, 1.0).away_from([0.0], 0.25).values();
        assert!(values.iter().all(|x| (0.25..=1.0).contains(&x.abs())), "{values:?}");
        assert_eq!(&values[..4], [1.0, -1.0, 0.5, -0.5]);
        assert!(array::<f64>([1]).between(0.5, 0.51).values().len() >= 8);
        assert_eq!(array::<f64>([1]).values()[..3], [0.0, 1.0, -1.0]);
    }
}
