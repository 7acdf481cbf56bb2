//! Chains: cheap operations, each of which uses the result of the one before it, in one loop.
//!
//! A loop over a tile for an addition loads twice and stores once for each vector, which takes longer than the addition. A
//! [`Chain`] goes over the tile in groups of a few vectors, stays in registers from [`Link`] to [`Link`], and loads
//! only the other operands; a result is stored if somebody else needs it. Which link comes next is looked up once for a group,
//! which the loads hide. So there is one loop for all chains, and no combination of operations has code of its own.
//!
//! Rounding is that of the operations one by one: a product and a sum are rounded twice.
//!
//! [`join`] finds the chains among instructions that follow each other; `arrange.rs` sees to it that they do.

use super::fused::{Level, Reduction, Value};
use super::instruction::{Code, Instruction, REGISTERS, Slot};
use crate::cpu::{Arithmetic, Kernel};
use crate::function::{Binary, Unary};
use crate::reduce::LANES;
use crate::scalar::Scalar;
use crate::vector::Vector;

/// What a link does with the number `x` that the link before it has left, and its operand `y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step<T> {
    /// `-x`
    Neg,
    /// `x x`
    Square,
    /// The square root of `x`.
    Sqrt,
    /// `x + c`
    AddNumber(T),
    /// `c x`
    MulNumber(T),
    /// `x / c`
    DivNumber(T),
    /// `c / x`
    DivIntoNumber(T),
    /// `x + y`
    Add,
    /// `x - y`
    Sub,
    /// `y - x`
    SubFrom,
    /// `x y`
    Mul,
    /// `x / y`
    Div,
    /// `y / x`
    DivInto,
    /// `x y`, where 0 absorbs everything: [`Binary::Chain`]
    Chain,
}

/// An operation of a chain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link<T> {
    pub(crate) step: Step<T>,
    pub(crate) operand: Slot,
    /// Where the result is needed besides.
    pub(crate) to: Option<Slot>,
}

/// Links over the same elements.
#[derive(Clone, Debug)]
pub(crate) struct Chain<T> {
    /// The operand from which the first link goes on.
    pub(crate) first: Slot,
    pub(crate) links: Vec<Link<T>>,
    /// The sum to which the last result is added: its number and its lanes.
    pub(crate) sum: Option<(u32, Slot)>,
}

/// No chain has more links.
pub(crate) const MOST: usize = 16;

impl<T: Scalar> Step<T> {
    /// The operation on the operand in this position, if there is one.
    fn of(code: &Code<T>, left: bool) -> Option<Step<T>> {
        Some(match *code {
            Code::Map(Unary::Neg) => Step::Neg,
            Code::Map(Unary::Square | Unary::Powi(2)) => Step::Square,
            Code::Map(Unary::Sqrt) => Step::Sqrt,
            Code::Map(Unary::Add(c)) => Step::AddNumber(c),
            Code::Map(Unary::Mul(c)) => Step::MulNumber(c),
            Code::Map(Unary::Div(c)) => Step::DivNumber(c),
            Code::Map(Unary::DivInto(c)) => Step::DivIntoNumber(c),
            Code::Zip(Binary::Add) => Step::Add,
            Code::Zip(Binary::Sub) if left => Step::Sub,
            Code::Zip(Binary::Sub) => Step::SubFrom,
            Code::Zip(Binary::Mul) => Step::Mul,
            Code::Zip(Binary::Div) if left => Step::Div,
            Code::Zip(Binary::Div) => Step::DivInto,
            Code::Zip(Binary::Chain) => Step::Chain,
            _ => return None,
        })
    }
}

/// Whether a value can be computed by a link.
pub(crate) fn is_link<T: Scalar>(value: &Value<T>) -> bool {
    let code = match value {
        Value::Map(f, _) => Code::Map(*f),
        Value::Zip(f, ..) => Code::Zip(*f),
        _ => return false,
    };
    Step::of(&code, true).is_some()
}

/// The next link for an instruction, if it is one that goes on from a result in this place.
fn next<T: Scalar>(instruction: &Instruction<T>, from: Slot) -> Option<Link<T>> {
    let [a, b, _] = instruction.operands;
    let binary = matches!(instruction.code, Code::Zip(_));
    let (left, right) = (a == from, binary && b == from);
    let (step, operand) = match (left, right) {
        (true, true) if matches!(instruction.code, Code::Zip(Binary::Mul)) => (Step::Square, a),
        (true, true) | (false, false) => return None,
        (true, false) => (Step::of(&instruction.code, true)?, b),
        (false, true) => (Step::of(&instruction.code, false)?, a),
    };
    Some(Link { step, operand, to: Some(instruction.to) })
}

/// Makes chains of instructions that follow each other; `registers` is how many there are.
pub(crate) fn join<T: Scalar>(
    body: &[Instruction<T>],
    registers: usize,
) -> (Vec<Instruction<T>>, Vec<Chain<T>>) {
    let needed = needed(body, registers);
    let (mut joined, mut chains) = (Vec::with_capacity(body.len()), Vec::new());
    let mut rest = body.iter().zip(needed).peekable();
    while let Some((first, first_needed)) = rest.next() {
        let start = Some(first).filter(|first| first.level != Level::One);
        let start = start.and_then(|first| Some((first, next(first, first.operands[0])?)));
        let Some((first, link)) = start else {
            joined.push(*first);
            continue;
        };
        let mut chain = Chain { first: first.operands[0], links: vec![link], sum: None };
        let (mut last, mut last_needed) = (first, first_needed);
        while let Some((following, needed)) = rest.next_if(|(following, _)| {
            following.level == last.level && chain.links.len() < MOST && goes_on(following, last.to)
        }) {
            if let (false, Some(link)) = (last_needed, chain.links.last_mut()) {
                link.to = None;
            }
            if let Code::ReduceBlock(_, number) = following.code {
                chain.sum = Some((number, following.to));
                break;
            }
            chain.links.extend(next(following, last.to));
            (last, last_needed) = (following, needed);
        }
        if chain.links.len() == 1 && chain.sum.is_none() {
            joined.push(*first);
        } else {
            joined.push(Instruction { code: Code::Chain(chains.len() as u32), ..*last });
            chains.push(chain);
        }
    }
    (joined, chains)
}

/// Whether an instruction goes on from a result in this place.
fn goes_on<T: Scalar>(instruction: &Instruction<T>, from: Slot) -> bool {
    match instruction.code {
        Code::ReduceBlock(Reduction::Sum, _) => instruction.operands[0] == from,
        _ => next(instruction, from).is_some(),
    }
}

/// For each instruction whether its result is needed by others than the next instruction, as the operand from which that
/// goes on. What is no register always is.
fn needed<T: Scalar>(body: &[Instruction<T>], registers: usize) -> Vec<bool> {
    let number = |slot: Slot| (slot.area == REGISTERS).then_some(slot.offset);
    let mut live = vec![false; registers];
    let mut set = |slot: Slot, now: bool| {
        number(slot).and_then(|register| live.get_mut(register)).map(|live| std::mem::replace(live, now))
    };
    let mut needed = vec![true; body.len()];
    for (i, instruction) in body.iter().enumerate().rev() {
        set(instruction.to, false);
        // What the instruction before this one has made, if this one were to take it from there.
        if let Some(before) = i.checked_sub(1).and_then(|before| body.get(before)) {
            let later = set(before.to, false);
            later.map(|later| set(before.to, later));
            if let Some(needed) = needed.get_mut(i - 1) {
                *needed = later.unwrap_or(true);
            }
        }
        instruction.operands.iter().for_each(|slot| {
            set(*slot, true);
        });
        if let Code::ReduceBlock(..) = instruction.code {
            set(instruction.to, true);
        }
    }
    if let (Some(needed), Some(last)) = (needed.last_mut(), body.last()) {
        *needed = number(last.to).is_none();
    }
    needed
}

/// A link with the places of this tile.
#[derive(Clone, Copy)]
pub(crate) struct Placed<T> {
    pub(crate) step: Step<T>,
    pub(crate) operand: *const T,
    /// Null if nobody needs the result.
    pub(crate) to: *mut T,
}

/// A chain over a tile.
pub(crate) struct Run<'a, T> {
    first: *const T,
    links: &'a [Placed<T>],
    len: usize,
    lanes: Option<&'a mut [T; LANES]>,
}

impl<'a, T: Scalar> Run<'a, T> {
    /// Over `len` elements, the last results added to the lanes.
    ///
    /// # Safety
    /// All operands may be read, and all results written, up to the next multiple of 16 elements, and nobody else writes
    /// or reads them meanwhile; two of them overlap only if they are the same.
    pub(crate) unsafe fn new(
        first: *const T,
        links: &'a [Placed<T>],
        len: usize,
        lanes: Option<&'a mut [T; LANES]>,
    ) -> Self {
        Run { first, links, len, lanes }
    }

    /// `N` vectors from this element on; `N` times their lanes is a multiple of 16.
    ///
    /// # Safety
    /// They are inside of what `new` was promised.
    #[inline(always)]
    unsafe fn group<V: Vector<T>, const N: usize>(&mut self, start: usize) {
        let mut x = [V::zero(); N];
        for (i, x) in x.iter_mut().enumerate() {
            // SAFETY: the caller says that these vectors may be read.
            *x = unsafe { V::load(self.first.add(start + i * V::LANES)) };
        }
        for &link in self.links {
            let operand = link.operand.wrapping_add(start);
            // A macro: a closure might become a function of its own, which has no vector instructions to be compiled with.
            macro_rules! each {
                (|$x:ident, $y:ident| $result:expr) => {
                    for (i, to) in x.iter_mut().enumerate() {
                        let $x = *to;
                        // SAFETY: the caller says that these vectors may be read.
                        let $y = unsafe { V::load(operand.add(i * V::LANES)) };
                        *to = $result;
                    }
                };
                ($c:ident, |$x:ident| $result:expr) => {
                    // SAFETY: this is a number on the stack.
                    let $c = unsafe { V::splat(&raw const $c) };
                    each!(|$x| $result);
                };
                (|$x:ident| $result:expr) => {
                    for to in &mut x {
                        let $x = *to;
                        *to = $result;
                    }
                };
            }
            match link.step {
                Step::Neg => each!(|x| x.neg()),
                Step::Square => each!(|x| x.mul(x)),
                Step::Sqrt => each!(|x| x.sqrt()),
                Step::AddNumber(c) => {
                    each!(c, |x| x.add(c));
                }
                Step::MulNumber(c) => {
                    each!(c, |x| c.mul(x));
                }
                Step::DivNumber(c) => {
                    each!(c, |x| x.div(c));
                }
                Step::DivIntoNumber(c) => {
                    each!(c, |x| c.div(x));
                }
                Step::Add => each!(|x, y| x.add(y)),
                Step::Sub => each!(|x, y| x.sub(y)),
                Step::SubFrom => each!(|x, y| y.sub(x)),
                Step::Mul => each!(|x, y| x.mul(y)),
                Step::Div => each!(|x, y| x.div(y)),
                Step::DivInto => each!(|x, y| y.div(x)),
                Step::Chain => {
                    let before = x;
                    each!(|x, y| x.mul(y));
                    let mut odd = false;
                    for pair in x.chunks(2) {
                        odd |= pair[0].unordered(pair[pair.len() - 1]);
                    }
                    if odd {
                        // As in `Binary::visit`: rare, so that it may be slow.
                        x = before;
                        each!(|x, y| absorbing(x, y));
                    }
                }
            }
            if !link.to.is_null() {
                for (i, x) in x.into_iter().enumerate() {
                    // SAFETY: the caller says that these vectors may be written.
                    unsafe { x.store(link.to.add(start + i * V::LANES)) };
                }
            }
        }
        let rest = self.len - start;
        if let Some(lanes) = &mut self.lanes {
            let lanes = lanes.as_mut_ptr();
            if rest < LANES {
                let mut last = [T::zero(); LANES];
                for (i, x) in x.into_iter().enumerate().take(LANES / V::LANES) {
                    // SAFETY: this is inside of the array.
                    unsafe { x.store(last.as_mut_ptr().add(i * V::LANES)) };
                }
                for (i, &x) in last.iter().enumerate().take(rest) {
                    // SAFETY: `i` is below the number of lanes.
                    unsafe { *lanes.add(i) += x };
                }
            } else {
                let parts = LANES / V::LANES;
                let mut sums = [V::zero(); 4];
                for (i, sum) in sums.iter_mut().enumerate().take(parts) {
                    // SAFETY: inside of the lanes, of which there are `parts` vectors.
                    *sum = unsafe { V::load(lanes.add(i * V::LANES)) };
                }
                for (i, x) in x.into_iter().enumerate() {
                    sums[i % parts] = sums[i % parts].add(x);
                }
                for (i, sum) in sums.into_iter().enumerate().take(parts) {
                    // SAFETY: as above.
                    unsafe { sum.store(lanes.add(i * V::LANES)) };
                }
            }
        }
    }
}

/// The product of the chain rule, one by one.
#[inline(always)]
fn absorbing<T: Scalar, V: Vector<T>>(a: V, b: V) -> V {
    let (mut products, mut others) = ([T::zero(); LANES], [T::zero(); LANES]);
    // SAFETY: no vector has more than 16 lanes.
    unsafe {
        a.store(products.as_mut_ptr());
        b.store(others.as_mut_ptr());
    }
    one_by_one(&mut products, &others);
    // SAFETY: as above.
    unsafe { V::load(products.as_ptr()) }
}

#[cold]
#[inline(never)]
fn one_by_one<T: Scalar>(products: &mut [T; LANES], others: &[T; LANES]) {
    for (product, &other) in products.iter_mut().zip(others) {
        *product = product.chain(other);
    }
}

impl<T: Scalar> Kernel for Run<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        // As many vectors as registers hold beside operands; the portable ones may be two registers each.
        let long = if A::FUSED { 8 } else { 4 } * <A::Vector<T> as Vector<T>>::LANES;
        let mut start = 0;
        while start + long <= self.len {
            // SAFETY: these are inside of the length.
            unsafe {
                if A::FUSED {
                    self.group::<A::Vector<T>, 8>(start);
                } else {
                    self.group::<A::Vector<T>, 4>(start);
                }
            }
            start += long;
        }
        while start < self.len {
            // SAFETY: 16 elements, which are inside of the next multiple of 16.
            unsafe {
                match LANES / <A::Vector<T> as Vector<T>>::LANES {
                    1 => self.group::<A::Vector<T>, 1>(start),
                    2 => self.group::<A::Vector<T>, 2>(start),
                    _ => self.group::<A::Vector<T>, 4>(start),
                }
            }
            start += LANES;
        }
    }
}
