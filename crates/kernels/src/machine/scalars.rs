//! Scalar code: long stretches of operations on single numbers, each a few nanoseconds.

use super::memory::{At, Memory, STATE, Sizes};
use crate::cpu::{Arithmetic, Cpu, Kernel};
use crate::function::{At as Single, Binary, Unary};
use crate::pair::Pair;
use crate::scalar::Scalar;

/// What is done with single numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalarCode<T> {
    /// A function of the first operand.
    Map(Unary<T>),
    /// Both functions of the first operand; the second result goes to the place of the second operand, which is none.
    Pair(Pair),
    /// A function of the first two.
    Zip(Binary),
    /// The second if the first is not 0, else the third.
    Select,
    /// The first.
    Copy,
    /// The product of the first two, and the third, rounded twice.
    MulAdd,
    /// The product of the first two, and the third, as in a matrix product: rounded once where the processor can.
    Fma,
    /// The product of the chain rule of the first two ([`Binary::Chain`]), and the third.
    ChainAdd,
}

/// One operation on single numbers.
#[derive(Clone, Copy, Debug)]
pub struct ScalarStep<T> {
    code: ScalarCode<T>,
    operands: [Place; 3],
    to: Place,
}

/// An [`At`] in four bytes: the area in the upper two bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(u32);

const OFFSET: u32 = (1 << 30) - 1;

impl Place {
    fn new(at: At) -> Option<Place> {
        let offset = u32::try_from(at.offset).ok().filter(|&offset| offset <= OFFSET)?;
        (at.area < 4).then_some(Place(at.area << 30 | offset))
    }

    fn at(self) -> At {
        At { area: self.0 >> 30, offset: (self.0 & OFFSET) as usize }
    }
}

impl<T: Scalar> ScalarStep<T> {
    /// With unused operands anywhere. `None` for a place that four bytes cannot hold: behind 2^30 elements, or in a
    /// later area than the first input's.
    pub fn new(code: ScalarCode<T>, operands: [At; 3], to: At) -> Option<Self> {
        let [a, b, c] = operands;
        let operands = [Place::new(a)?, Place::new(b)?, Place::new(c)?];
        Some(ScalarStep { code, operands, to: Place::new(to)? })
    }
}

impl<T> ScalarStep<T> {
    /// Where a second result goes, if there is one.
    fn also(&self) -> Option<At> {
        matches!(self.code, ScalarCode::Pair(_)).then(|| self.operands[1].at())
    }
}

/// Whether all places are in memory.
pub(super) fn is_sound<T>(steps: &[ScalarStep<T>], sizes: &Sizes) -> bool {
    steps.iter().all(|step| {
        step.operands.iter().all(|place| sizes.hold(place.at(), 1))
            && sizes.hold_mut(step.to.at(), 1)
            && step.also().is_none_or(|at| sizes.hold_mut(at, 1))
    })
}

/// Whether a step writes to an area.
pub(super) fn writes<T>(steps: &[ScalarStep<T>], area: u32) -> bool {
    steps.iter().any(|step| step.to.at().area == area || step.also().is_some_and(|at| at.area == area))
}

/// Runs the code.
///
/// # Safety
/// It was sound for sizes that the memory fits, and nobody else uses the memory.
pub(super) unsafe fn run<T: Scalar>(steps: &[ScalarStep<T>], memory: &Memory<'_, T>) {
    let start = |area| {
        // SAFETY: every memory has the areas of its own; the first input is asked for only if there is one.
        if memory.has(area) { unsafe { memory.start(At { area, offset: 0 }) } } else { std::ptr::null_mut() }
    };
    let areas = [start(0), start(STATE), start(2), start(3)];
    Cpu::current().run(Code { steps, areas });
}

struct Code<'a, T> {
    steps: &'a [ScalarStep<T>],
    areas: [*mut T; 4],
}

impl<T: Scalar> Kernel for Code<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let place = |place: Place| {
            // SAFETY: `is_sound` found the place inside of its area.
            unsafe { self.areas[(place.0 >> 30) as usize].add((place.0 & OFFSET) as usize) }
        };
        // The result before this one stays in a register, because it is often the next operand: through memory, a chain of
        // operations would wait for the store each time.
        let (mut last, mut last_place) = (T::zero(), Place(u32::MAX));
        for step in self.steps {
            let [a, b, c] = step.operands;
            let read = |from: Place| {
                // SAFETY: as above; scalar code runs on one thread, and nobody else uses the memory.
                if from == last_place { last } else { unsafe { place(from).read() } }
            };
            let result = match step.code {
                ScalarCode::Map(f) => f.visit::<A, _>(Single(read(a))),
                ScalarCode::Pair(pair) => {
                    let (first, second) = pair.at::<A, T>(read(a));
                    // SAFETY: as above, and `is_sound` found that the place may be written.
                    unsafe { place(b).write(second) };
                    first
                }
                ScalarCode::MulAdd => read(a) * read(b) + read(c),
                ScalarCode::Fma => A::mul_add(read(a), read(b), read(c)),
                ScalarCode::ChainAdd => Binary::Chain.visit(Single((read(a), read(b)))) + read(c),
                ScalarCode::Zip(f) => f.visit(Single((read(a), read(b)))),
                ScalarCode::Select => {
                    if read(a) == T::zero() {
                        read(c)
                    } else {
                        read(b)
                    }
                }
                ScalarCode::Copy => read(a),
            };
            // SAFETY: as above, and the place may be written.
            unsafe { place(step.to).write(result) };
            (last, last_place) = (result, step.to);
        }
    }
}
