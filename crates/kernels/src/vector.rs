//! Vector registers, by name: the one place of this crate that mentions instructions.
//!
//! Nearly every loop here is plain Rust, which the compiler vectorises. Two are not: the innermost loop of the matrix product,
//! and the chains of fused kernels. They are as fast as the processor only if what they compute stays in registers, and that
//! cannot be left to chance. So they are written once over a [`Vector`], of which there is one kind for each kind of processor:
//! [`Few`] (any processor, plain Rust), [`Ymm`] (AVX2 and FMA) and [`Zmm`] (AVX-512).
//!
//! *Why this is sound*: `Ymm` and `Zmm` execute instructions that not every processor has. They are reached through
//! [`Arithmetic::Vector`](crate::cpu::Arithmetic::Vector) alone, and the two arithmetics that name them are chosen only
//! inside of the functions of `cpu.rs` that are compiled for, and called on, a processor which has them.

use crate::scalar::Scalar;

/// A few numbers side by side.
///
/// The functions that take a pointer require that it is valid for `LANES` elements, or as many as the [`Mask`] lets
/// through (`count`, at most `LANES`), of any alignment.
///
/// [`Mask`]: Vector::Mask
#[allow(unreachable_pub, reason = "`Arithmetic` names it, which is public in name")]
pub trait Vector<T: Scalar>: Copy {
    /// How many.
    const LANES: usize;

    /// The number of rows of the accumulators' tile, two vectors wide, that the registers have room for.
    const ROWS: usize;

    /// The vectors in which squares of elements are turned, one side long; at most eight elements.
    type Side: Vector<T>;

    /// The first `count` of the lanes.
    type Mask: Copy;

    /// The mask of the first `count` lanes; `count` is at most `LANES`.
    fn mask(count: usize) -> Self::Mask;

    /// All +0.
    fn zero() -> Self;

    /// The elements from `from` on.
    unsafe fn load(from: *const T) -> Self;

    /// The same for those within the mask, and +0 in the other lanes.
    unsafe fn load_part(from: *const T, mask: Self::Mask) -> Self;

    /// The one element at `from`, in all lanes.
    unsafe fn splat(from: *const T) -> Self;

    /// Writes the elements.
    unsafe fn store(self, to: *mut T);

    /// Writes the elements within the mask.
    unsafe fn store_part(self, to: *mut T, mask: Self::Mask);

    /// `self + other`
    fn add(self, other: Self) -> Self;

    /// `self - other`
    fn sub(self, other: Self) -> Self;

    /// `self other`
    fn mul(self, other: Self) -> Self;

    /// `self / other`
    fn div(self, other: Self) -> Self;

    /// `-self`, of NaN and zeros too.
    fn neg(self) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// Whether there is a NaN in any lane of the two.
    fn unordered(self, other: Self) -> bool;

    /// `self b + c`, rounded as the arithmetic of this processor says.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// A square, transposed: vector `j` has the elements `from[i*stride + j]`, one for each `i`, for `i` and `j` below the
    /// number of lanes of `Side`. All of these must be valid. The vectors that follow are of no use.
    unsafe fn turned(from: *const T, stride: isize) -> [Self::Side; 8];
}

/// Four numbers, for any processor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Few<T>([T; 4]);

impl<T: Scalar> Vector<T> for Few<T> {
    const LANES: usize = 4;
    const ROWS: usize = if size_of::<T>() == 4 { 4 } else { 2 };

    type Side = Self;
    type Mask = usize;

    #[inline(always)]
    fn mask(count: usize) -> usize {
        count.min(4)
    }

    #[inline(always)]
    fn zero() -> Self {
        Few([T::zero(); 4])
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller says that four elements are valid; an array has the alignment of its elements.
        Few(unsafe { from.cast::<[T; 4]>().read() })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const T, mask: usize) -> Self {
        let mut all = [T::zero(); 4];
        for (i, to) in all.iter_mut().enumerate() {
            if i < mask {
                // SAFETY: the caller says that `mask` elements are valid.
                *to = unsafe { from.add(i).read() };
            }
        }
        Few(all)
    }

    #[inline(always)]
    unsafe fn splat(from: *const T) -> Self {
        // SAFETY: the caller says that the element is valid.
        Few([unsafe { from.read() }; 4])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as for `load`.
        unsafe { to.cast::<[T; 4]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut T, mask: usize) {
        for (i, from) in self.0.into_iter().enumerate() {
            if i < mask {
                // SAFETY: the caller says that `mask` elements are valid.
                unsafe { to.add(i).write(from) };
            }
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        let ([a, b, c, d], [x, y, z, w]) = (self.0, other.0);
        Few([a + x, b + y, c + z, d + w])
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        let ([a, b, c, d], [x, y, z, w]) = (self.0, other.0);
        Few([a - x, b - y, c - z, d - w])
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        let ([a, b, c, d], [x, y, z, w]) = (self.0, other.0);
        Few([a * x, b * y, c * z, d * w])
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let ([a, b, c, d], [x, y, z, w]) = (self.0, other.0);
        Few([a / x, b / y, c / z, d / w])
    }

    #[inline(always)]
    fn neg(self) -> Self {
        let [a, b, c, d] = self.0;
        Few([-a, -b, -c, -d])
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        let [a, b, c, d] = self.0;
        Few([a.sqrt(), b.sqrt(), c.sqrt(), d.sqrt()])
    }

    #[inline(always)]
    fn unordered(self, other: Self) -> bool {
        let [a, b, c, d] = self.0;
        let [x, y, z, w] = other.0;
        (a.is_nan() | b.is_nan() | c.is_nan() | d.is_nan())
            | (x.is_nan() | y.is_nan() | z.is_nan() | w.is_nan())
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        let ([x, y, z, w], [p, q, r, s]) = (self.0, b.0);
        Few([x * p, y * q, z * r, w * s]).add(c)
    }

    #[inline(always)]
    unsafe fn turned(from: *const T, stride: isize) -> [Self; 8] {
        let mut turned = [Self::zero(); 8];
        for (j, to) in turned.iter_mut().take(4).enumerate() {
            for (i, to) in to.0.iter_mut().enumerate() {
                // SAFETY: the caller says that all of these elements are valid.
                *to = unsafe { from.offset(i as isize * stride).add(j).read() };
            }
        }
        turned
    }
}

/// Brings an element into the cache, or not: that is a hint, for any address.
#[inline(always)]
pub(crate) fn fetch<T>(from: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, and no program can tell what it does.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(from.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = from;
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Ymm, Zmm};

#[cfg(target_arch = "x86_64")]
#[path = "vector_x86.rs"]
mod x86;
