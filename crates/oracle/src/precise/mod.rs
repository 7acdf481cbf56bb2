//! Numbers of about 31 digits: an unevaluated sum of two `f64`.
//!
//! The arithmetic is Dekker's and Knuth's: the rounding error of a sum or a product of two floating-point numbers is
//! itself one, and can be computed (Dekker 1971; Hida, Li and Bailey 2001). The functions are in
//! `functions.rs`. Besides being a [`Number`](crate::Number) for exact answers, it is where the special functions of
//! `f64` come from: computed here, rounded once.

mod functions;

use std::cmp::Ordering;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo` with `|lo|` at most half a unit in the last place of `hi`.
///
/// Relative error: below 2⁻¹⁰⁰ for arithmetic, below 2⁻⁹⁷ for functions, as long as `lo` is not subnormal (results above
/// 1e-290); below that the precision falls to that of `f64`. (Sines of numbers above 4e15 have the precision of `f64` too.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precise {
    hi: f64,
    lo: f64,
}

impl Precise {
    /// The sum of two numbers, exactly (as long as it does not overflow).
    pub fn sum_of(a: f64, b: f64) -> Precise {
        let hi = a + b;
        if !hi.is_finite() {
            return Precise { hi, lo: 0.0 };
        }
        let part = hi - a;
        Precise { hi, lo: (a - (hi - part)) + (b - part) }
    }

    /// The product of two numbers, exactly (as long as it neither overflows nor underflows).
    pub fn product_of(a: f64, b: f64) -> Precise {
        let hi = a * b;
        if !hi.is_finite() || hi == 0.0 {
            return Precise { hi, lo: 0.0 };
        }
        Precise { hi, lo: a.mul_add(b, -hi) }
    }

    /// The leading part: the nearest `f64`.
    pub fn hi(self) -> f64 {
        self.hi
    }

    /// The rest.
    pub fn lo(self) -> f64 {
        self.lo
    }

    /// `self - x` as a plain number: how far a computed `x` is off.
    ///
    /// ```
    /// use chainrule_oracle::{Number, Precise};
    /// let third = Precise::of(1.0) / Precise::of(3.0);
    /// assert_eq!(third.distance(1.0 / 3.0), 1.0 / 54043195528445952.0); // 1/3 less its nearest f64
    /// ```
    pub fn distance(self, x: f64) -> f64 {
        if self.hi == x { self.lo } else { (self.hi - x) + self.lo }
    }

    /// With the two parts brought apart again.
    fn normal(hi: f64, lo: f64) -> Precise {
        let sum = hi + lo;
        if !sum.is_finite() {
            return Precise { hi: if lo.is_nan() && !hi.is_nan() { hi } else { sum }, lo: 0.0 };
        }
        Precise { hi: sum, lo: lo - (sum - hi) }
    }

    /// Times a power of 2.
    fn shifted(self, exponent: i32) -> Precise {
        // in two steps: the factor alone may be out of range
        let half = exponent / 2;
        let (a, b) = (2_f64.powi(half), 2_f64.powi(exponent - half));
        Precise::normal(self.hi * a * b, self.lo * a * b)
    }
}

impl Add for Precise {
    type Output = Precise;
    fn add(self, other: Precise) -> Precise {
        let high = Precise::sum_of(self.hi, other.hi);
        if !high.hi.is_finite() {
            return high;
        }
        let low = Precise::sum_of(self.lo, other.lo);
        let sum = Precise::normal(high.hi, high.lo + low.hi);
        Precise::normal(sum.hi, sum.lo + low.lo)
    }
}

impl Sub for Precise {
    type Output = Precise;
    fn sub(self, other: Precise) -> Precise {
        self + -other
    }
}

impl Neg for Precise {
    type Output = Precise;
    fn neg(self) -> Precise {
        Precise { hi: -self.hi, lo: -self.lo }
    }
}

impl Mul for Precise {
    type Output = Precise;
    fn mul(self, other: Precise) -> Precise {
        let exact = Precise::product_of(self.hi, other.hi);
        if !exact.hi.is_finite() || exact.hi == 0.0 {
            return exact;
        }
        Precise::normal(exact.hi, exact.lo + (self.hi * other.lo + self.lo * other.hi))
    }
}

impl Div for Precise {
    type Output = Precise;
    fn div(self, other: Precise) -> Precise {
        let first = self.hi / other.hi;
        if !first.is_finite() || first == 0.0 || other.hi.is_infinite() {
            return Precise { hi: first, lo: 0.0 };
        }
        if self.hi.abs() < 1e-250 && other.hi.abs() < 1e-50 {
            return self.shifted(400) / other.shifted(400); // the product would lose its second part
        }
        if self.hi.abs() < 1e-250 {
            return (self.shifted(200) / other).shifted(-200);
        }
        let times = |q: f64| Precise { hi: q, lo: 0.0 } * other;
        let rest = self - times(first);
        let second = rest.hi / other.hi;
        let third = (rest - times(second)).hi / other.hi;
        if !second.is_finite() || !third.is_finite() {
            return Precise { hi: first, lo: 0.0 }; // the product left the range that the quotient is in
        }
        let sum = Precise::normal(first, second);
        Precise::normal(sum.hi, sum.lo + third)
    }
}

impl PartialOrd for Precise {
    fn partial_cmp(&self, other: &Precise) -> Option<Ordering> {
        match self.hi.partial_cmp(&other.hi) {
            Some(Ordering::Equal) => self.lo.partial_cmp(&other.lo),
            order => order,
        }
    }
}
