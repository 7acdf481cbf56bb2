//! What the tests share: tables, units in the last place, random numbers.
#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what tests share are tests too")]

pub mod operations;
pub mod single;

use chainrule_oracle::Number;

/// The distance from a number to the next larger one in size.
pub fn ulp(x: f64) -> f64 {
    let x = x.abs();
    if x.is_finite() { f64::from_bits(x.to_bits() + 1) - x } else { 0.0 }
}

/// The rows of a table: a name and numbers.
pub fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, Vec<f64>)> {
    table.lines().map(|line| {
        let mut fields = line.split(',');
        (fields.next().unwrap(), fields.map(|x| x.parse().unwrap()).collect())
    })
}

/// A function of one number by its name in the table.
pub fn function<N: Number>(name: &str, x: N) -> N {
    match name {
        "exp" => x.exp(),
        "expm1" => x.expm1(),
        "ln" => x.ln(),
        "log1p" => x.log1p(),
        "sqrt" => x.sqrt(),
        "sin" => x.sin(),
        "cos" => x.cos(),
        "tan" => x.tan(),
        "atan" => x.atan(),
        "tanh" => x.tanh(),
        "sigmoid" => x.sigmoid(),
        "density" => x.density(),
        "softplus" => x.softplus(),
        "erf" => x.erf(),
        "erfc" => x.erfc(),
        "bell" => x.bell(),
        "powi(-3)" => x.powi(-3),
        "powi(2)" => x.powi(2),
        "powi(7)" => x.powi(7),
        "powf(-0.5)" => x.powf(-0.5),
        "powf(0.1)" => x.powf(0.1),
        "powf(1.75)" => x.powf(1.75),
        "powf(3)" => x.powf(3.0),
        other => panic!("no function {other}"),
    }
}

/// A function of two numbers by its name in the table.
pub fn pair<N: Number>(name: &str, x: N, y: N) -> N {
    match name {
        "pow" => x.pow(y),
        "atan2" => x.atan2(y),
        "hypot" => x.hypot(y),
        other => panic!("no function {other}"),
    }
}

/// Reproducible random numbers.
pub struct Random(pub u64);

impl Random {
    /// 53 random bits in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below a bound.
    pub fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
}
