//! Functions of each element, and of two in the same place after broadcasting. The functions themselves are methods of
//! [`Number`].

use crate::{Array, Number};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident($($c:ident: $C:ty),*) = $method:ident;)+) => {
        $($(#[$doc])* pub fn $name<N: Number>(x: &Array<N>, $($c: $C),*) -> Array<N> { x.map(|x| x.$method($($c),*)) })+
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident = $method:ident;)+) => {
        $($(#[$doc])* pub fn $name<N: Number>(x: &Array<N>, y: &Array<N>) -> Array<N> { x.zip(y, |x, y| x.$method(y)) })+
    };
}

unary! {
    /// `x²`
    square() = square;
    /// `√x`
    sqrt() = sqrt;
    /// `eˣ`
    exp() = exp;
    /// Natural logarithm
    ln() = ln;
    /// `1 / (1 + e⁻ˣ)`
    sigmoid() = sigmoid;
    /// `σ(x) σ(-x)`
    logistic_density() = density;
    /// Hyperbolic tangent
    tanh() = tanh;
    /// `max(x, 0)`
    relu() = relu;
    /// `|x|`
    abs() = abs;
    /// `-1`, `0` or `1`
    sign() = sign;
    /// The largest whole number that is not above `x`
    floor() = floor;
    /// `eˣ - 1`
    expm1() = expm1;
    /// `ln(1 + x)`
    log1p() = log1p;
    /// Sine
    sin() = sin;
    /// Cosine
    cos() = cos;
    /// Tangent
    tan() = tan;
    /// Arc tangent
    atan() = atan;
    /// `ln(1 + eˣ)`
    softplus() = softplus;
    /// The error function
    erf() = erf;
    /// `1 - erf(x)`
    erfc() = erfc;
    /// `1 / x`
    recip() = recip;
    /// `xⁿ`
    powi(n: i32) = powi;
    /// `x^c`
    powf(c: f64) = powf;
    /// `min(max(x, low), high)`; infinite bounds leave an end open
    clamp(low: f64, high: f64) = clamp;
    /// 1 strictly between the bounds, else 0: the slope of [`clamp`]
    inside(low: f64, high: f64) = inside;
    /// 1 above 0, else 0: the slope of [`relu`]
    step() = step;
    /// `x` above 0, else `slope x`
    leaky_relu(slope: f64) = leaky_relu;
    /// `x` above 0, else `alpha (eˣ - 1)`
    elu(alpha: f64) = elu;
    /// `x σ(x)`
    silu() = silu;
    /// `x Φ(x)` with the normal distribution function `Φ`
    gelu() = gelu;
    /// `½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))`
    gelu_tanh() = gelu_tanh;
    /// `-x`
    neg() = neg;
}

binary! {
    /// `x + y`
    add = add;
    /// `x - y`
    sub = sub;
    /// `x y`
    mul = mul;
    /// `x / y`
    div = div;
    /// `x y`, where a factor 0 absorbs infinities and NaN
    chain = chain;
    /// `x^y`
    pow = pow;
    /// The larger of the two
    maximum = maximum;
    /// The smaller of the two
    minimum = minimum;
    /// 1 where `x > y`, ½ where they are equal, else 0: the slope of [`maximum`]
    above = above;
    /// 1 where `x < y`, else 0
    less = less;
    /// 1 where `x <= y`, else 0
    less_equal = less_equal;
    /// 1 where `x = y`, else 0
    equal = equal;
    /// 1 where `x > y`, else 0
    greater = greater;
    /// 1 where `x >= y`, else 0
    greater_equal = greater_equal;
    /// 0 where `x = y`, else 1
    not_equal = not_equal;
    /// The angle of the point with ordinate `x` and abscissa `y`
    atan2 = atan2;
    /// `√(x² + y²)`
    hypot = hypot;
    /// Binary cross-entropy `-y ln σ(x) - (1 - y) ln σ(-x)` of the logits `x`
    sigmoid_cross_entropy = sigmoid_cross_entropy;
}

/// `a` where the condition is not 0, else `b`; all three are broadcast to one shape.
///
/// ```
/// use chainrule_oracle::{Array, ops};
/// let condition = Array::vector(vec![1.0, 0.0]);
/// let y = ops::select(&condition, &Array::scalar(5.0), &Array::vector(vec![7.0, 8.0]));
/// assert_eq!(y.data, [5.0, 8.0]);
/// ```
pub fn select<N: Number>(condition: &Array<N>, a: &Array<N>, b: &Array<N>) -> Array<N> {
    let shapes = crate::common_shape(&a.shape, &b.shape);
    let Some(shape) = shapes.and_then(|shape| crate::common_shape(&condition.shape, &shape)) else {
        return Array::misfit();
    };
    let (condition, a, b) = (condition.broadcast(&shape), a.broadcast(&shape), b.broadcast(&shape));
    Array::from_fn(&shape, |i| {
        let c = condition.at(i);
        let (taken, other) = if c.real() == 0.0 { (b.at(i), a.at(i)) } else { (a.at(i), b.at(i)) };
        let undecided = c.undecided(N::of(0.0));
        N::choose(taken, if undecided { other } else { taken }, undecided)
    })
}
