//! Random numbers. There is no generator with a hidden state: a *key*, one number, determines them, so that a graph always
//! computes the same, and a compiled program draws anew when its key is a variable that every run counts up.

use std::panic::Location;

use ndarray::Array1;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault};
use crate::scalar::Binary;
use crate::var::Var;

/// How many whole numbers from 0 on every `f32` holds.
const WHOLE: usize = 1 << 24;

/// How many numbers are drawn at a time, at most.
const MOST: u64 = 1 << 40;

impl<'g, T: Scalar> Var<'g, T> {
    /// Random numbers of this shape, uniform in `[0, 1)`, determined by the bits of this number, the *key*: the same key
    /// gives the same numbers, another key others that have nothing to do with them. A key for each purpose is made by
    /// [`fold_in`](Var::fold_in).
    ///
    /// The numbers are multiples of 2⁻²⁴ in `f32`, of 2⁻⁵³ in `f64`. They are made by mixing the bits of the key with those
    /// of the place (`lowbias32` by C. Wellons, SplitMix64 by S. Vigna): good for dropout and noise, not for secrets.
    /// Constant in the key: a gradient that it alone could carry is refused.
    ///
    /// A key that is not a single number makes an invalid node; one that is NaN gives NaN.
    ///
    /// ```
    /// use chainrule_graph::{Graph, Program};
    ///
    /// let graph = Graph::new();
    /// let key = graph.variable("key", 1.0);
    /// let x = key.uniform([2, 3]);
    /// assert!(x.value()?.iter().all(|x| (0.0..1.0).contains(x)));
    /// assert_eq!(x.value()?, key.uniform([2, 3]).value()?);
    ///
    /// // Other numbers in every run:
    /// let mut draw = Program::new([], [x]).update(key, key + 1.0).compile()?;
    /// let first = draw.run(())?[0].to_owned();
    /// assert_ne!(draw.run(())?[0], first);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn uniform(self, shape: impl AsRef<[usize]>) -> Self {
        self.random("uniform", shape.as_ref(), |key, places| key.zip(Binary::Noise, places))
    }

    /// Random numbers of this shape from the normal distribution with mean 0 and standard deviation 1, determined by this
    /// number as by [`uniform`](Var::uniform).
    ///
    /// By the method of Box and Muller (1958), `√(-2 ln(1 - u)) cos(2πv)` of two uniform numbers; so none lies farther out
    /// than 5.8 in `f32`, 8.6 in `f64`.
    ///
    /// ```
    /// let graph = chainrule_graph::Graph::new();
    /// let x = graph.constant(7.0).normal([10000]);
    /// assert!(x.mean().item()?.abs() < 0.03 && (x.variance().item()? - 1.0).abs() < 0.05);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn normal(self, shape: impl AsRef<[usize]>) -> Self {
        self.random("normal", shape.as_ref(), |key, places| {
            let [u, v] = [1.0, 2.0].map(|i| key.fold_in(T::of(i)).zip(Binary::Noise, places));
            (-(-u).log1p() * T::of(2.0)).sqrt() * (v * T::of(std::f64::consts::TAU)).cos()
        })
    }

    /// A new key from this one and a number: for each layer its own, for each sample, for each purpose.
    ///
    /// It is `uniform` in `[0, 1)` too. The same two numbers give the same key; one that is NaN gives NaN.
    ///
    /// ```
    /// let graph = chainrule_graph::Graph::new();
    /// let key = graph.constant(3.0);
    /// let (weights, noise) = (key.fold_in(0.0).normal([4]), key.fold_in(1.0).normal([4]));
    /// assert_ne!(weights.value()?, noise.value()?);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn fold_in(self, number: impl IntoVar<'g, T>) -> Self {
        self.zip(Binary::Noise, number.into_var(self.graph()))
    }

    /// `draw(key, places)` in the shape asked for, where `places` are numbers of which no two are equal.
    #[track_caller]
    fn random(self, name: &str, shape: &[usize], draw: impl Fn(Self, Self) -> Self) -> Self {
        let graph = self.graph();
        if graph.tape.borrow().error(self.id).is_some() {
            return self;
        }
        let refuse = |kind, message: String, help: &str| {
            graph.refuse(name, &[self], Fault::new(kind, message, help), Location::caller())
        };
        if !self.sizes().is_empty() {
            let message =
                format!("the key has the shape {:?}, and it is a single number", self.sizes().as_slice());
            return refuse(
                ErrorKind::Shape,
                message,
                "begin with one number; `fold_in` makes many keys of one",
            );
        }
        let count = shape.iter().try_fold(1_usize, |n, &size| n.checked_mul(size));
        let Some(count) = count.filter(|&n| n as u64 <= MOST) else {
            let message = format!("{shape:?} random numbers are too many");
            return refuse(ErrorKind::TooLarge, message, "up to 2^40 are drawn at a time; draw fewer");
        };
        let places = graph.constant(Array1::from_shape_fn(count.min(WHOLE), |i| T::of(i as f64)));
        if count <= WHOLE {
            return draw(self, places).reshape(shape);
        }
        // More places than there are whole numbers: a key for each piece.
        let piece = |number: usize| {
            let key = if number == 0 { self } else { self.fold_in(T::of(number as f64)) };
            match count - number * WHOLE {
                rest if rest < WHOLE => draw(key, places.split([rest, WHOLE - rest], 0)[0]),
                _ => draw(key, places),
            }
        };
        let drawn = graph.concat((0..count.div_ceil(WHOLE)).map(piece), 0);
        drawn.reshape(shape)
    }
}
