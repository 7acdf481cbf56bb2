//! Reproducible operands.

use chainrule_oracle::{Array, count};

/// How the elements of an operand are drawn. All are numbers of single precision, so both precisions compute the same.
#[derive(Clone, Copy, Debug)]
pub enum Draw {
    /// Between two bounds.
    Between(f64, f64),
    /// Between -2.5 and 2.5, at a distance from the places where the operation has a kink or a jump.
    Away(&'static [f64]),
    /// At a distance from all other elements of all operands drawn so, and from whole numbers and quarters: for what compares.
    Apart,
    /// As `Between(-2, 2)`, with a 0 now and then.
    Zeros,
    /// Whole numbers from 0 to below this one.
    Below(usize),
    /// A square matrix with a large element in each row: regular, but in need of pivoting.
    Regular,
    /// A matrix with a large diagonal, whose determinant is positive; both of its triangles are regular.
    Dominant,
}

/// A small generator (SplitMix64), the same on every machine.
pub struct Random(pub u64);

impl Random {
    /// Any 64 bits.
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of single precision between two bounds.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        single(low + (high - low) * unit)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    /// A direction or a seed: elements of size 1/4 to 1, of both signs.
    pub fn direction(&mut self, shape: &[usize]) -> Array {
        Array::from_fn(shape, |_| {
            let size = self.between(0.25, 1.0);
            if self.below(2) == 0 { size } else { -size }
        })
    }

    /// All operands of a row.
    pub fn operands(&mut self, draws: &[(Draw, &[usize])]) -> Vec<Array> {
        let apart = |(draw, shape): &(Draw, &[usize])| matches!(draw, Draw::Apart).then(|| count(shape));
        let total: usize = draws.iter().filter_map(apart).sum();
        // Shuffled cells of a grid, and a place within 1/5 of each one's middle.
        let mut places: Vec<usize> = (0..total).collect();
        for i in (1..total).rev() {
            places.swap(i, self.below(i + 1));
        }
        let width = if total <= 16 { 0.25 } else { 0.125 };
        let mut place = |random: &mut Random| {
            let cell = places.pop().unwrap_or(0) as f64 - (total / 2) as f64;
            single((cell + 0.5 + random.between(-0.2, 0.2)) * width)
        };
        draws.iter().map(|&(draw, shape)| self.operand(draw, shape, &mut place)).collect()
    }

    fn operand(&mut self, draw: Draw, shape: &[usize], place: &mut impl FnMut(&mut Self) -> f64) -> Array {
        match draw {
            Draw::Between(low, high) => Array::from_fn(shape, |_| self.between(low, high)),
            Draw::Away(kinks) => Array::from_fn(shape, |_| {
                loop {
                    let x = self.between(-2.5, 2.5);
                    if kinks.iter().all(|kink| (x - kink).abs() > 0.05) {
                        return x;
                    }
                }
            }),
            Draw::Apart => Array::from_fn(shape, |_| place(self)),
            Draw::Zeros => {
                Array::from_fn(shape, |_| if self.below(3) == 0 { 0.0 } else { self.between(-2.0, 2.0) })
            }
            Draw::Below(n) => Array::from_fn(shape, |_| self.below(n) as f64),
            Draw::Regular => self.near(shape, |i, j, n| f64::from(j == (i + 1) % n) * 3.0),
            Draw::Dominant => self.near(shape, |i, j, _| f64::from(i == j) * 3.0),
        }
    }

    /// A matrix, plus numbers between -1 and 1.
    fn near(&mut self, shape: &[usize], f: impl Fn(usize, usize, usize) -> f64) -> Array {
        Array::from_fn(shape, |index| {
            let noise = self.between(-1.0, 1.0);
            single(f(index[0], index[1], shape[0]) + noise)
        })
    }
}

fn single(x: f64) -> f64 {
    f64::from(x as f32)
}
