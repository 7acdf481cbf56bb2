//! The vectors of x86-64. Each is one register, of whose two readings the size of `T` chooses one when it is compiled
//! (`Scalar` is sealed: it is `f32` or `f64`); to read a register the other way is no instruction.

use super::Vector;
use crate::scalar::Scalar;
use std::arch::x86_64::*;
use std::marker::PhantomData;

/// 256 bits, for AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ymm<T>(__m256, PhantomData<T>);

/// 512 bits, for AVX-512.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Zmm<T>(__m512, PhantomData<T>);

const fn single<T>() -> bool {
    size_of::<T>() == 4
}

impl<T> Ymm<T> {
    #[inline(always)]
    fn of(x: __m256) -> Self {
        Ymm(x, PhantomData)
    }

    #[inline(always)]
    fn of_pd(x: __m256d) -> Self {
        // SAFETY: this type is used only where the processor has AVX2 (see the module `vector`).
        Ymm::of(unsafe { _mm256_castpd_ps(x) })
    }

    #[inline(always)]
    fn pd(self) -> __m256d {
        // SAFETY: as above.
        unsafe { _mm256_castps_pd(self.0) }
    }
}

impl<T> Zmm<T> {
    #[inline(always)]
    fn of(x: __m512) -> Self {
        Zmm(x, PhantomData)
    }

    #[inline(always)]
    fn of_pd(x: __m512d) -> Self {
        // SAFETY: this type is used only where the processor has AVX-512 (see the module `vector`).
        Zmm::of(unsafe { _mm512_castpd_ps(x) })
    }

    #[inline(always)]
    fn pd(self) -> __m512d {
        // SAFETY: as above.
        unsafe { _mm512_castps_pd(self.0) }
    }
}

/// Read from `8 - count` on: `count` lanes with all bits set, then none.
static LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

impl<T: Scalar> Vector<T> for Ymm<T> {
    const LANES: usize = 32 / size_of::<T>();
    const ROWS: usize = 6;

    type Side = Ymm<T>;
    type Mask = __m256i;

    #[inline(always)]
    fn mask(count: usize) -> __m256i {
        let count = count.min(Self::LANES) * (8 / Self::LANES);
        // SAFETY: AVX2 as above; `count` is at most 8, so the eight numbers from `8 - count` on are inside of the array.
        unsafe { _mm256_loadu_si256(LANES.as_ptr().add(8 - count).cast()) }
    }

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: AVX2 as above.
        Ymm::of(unsafe { _mm256_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: AVX2 as above; the caller says that `LANES` elements are valid.
        Ymm::of(unsafe { _mm256_loadu_ps(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const T, mask: __m256i) -> Self {
        // SAFETY: AVX2 as above; nothing is read outside of the mask, and the caller says that the rest is valid.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_maskload_ps(from.cast(), mask))
            } else {
                Ymm::of_pd(_mm256_maskload_pd(from.cast(), mask))
            }
        }
    }

    #[inline(always)]
    unsafe fn splat(from: *const T) -> Self {
        // SAFETY: AVX2 as above; the caller says that the element is valid.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_set1_ps(from.cast::<f32>().read()))
            } else {
                Ymm::of_pd(_mm256_set1_pd(from.cast::<f64>().read()))
            }
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as for `load`.
        unsafe { _mm256_storeu_ps(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut T, mask: __m256i) {
        // SAFETY: as for `load_part`.
        unsafe {
            if single::<T>() {
                _mm256_maskstore_ps(to.cast(), mask, self.0);
            } else {
                _mm256_maskstore_pd(to.cast(), mask, self.pd());
            }
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_add_ps(self.0, other.0))
            } else {
                Ymm::of_pd(_mm256_add_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_sub_ps(self.0, other.0))
            } else {
                Ymm::of_pd(_mm256_sub_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_mul_ps(self.0, other.0))
            } else {
                Ymm::of_pd(_mm256_mul_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_div_ps(self.0, other.0))
            } else {
                Ymm::of_pd(_mm256_div_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_xor_ps(self.0, _mm256_set1_ps(-0.0)))
            } else {
                Ymm::of_pd(_mm256_xor_pd(self.pd(), _mm256_set1_pd(-0.0)))
            }
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_sqrt_ps(self.0))
            } else {
                Ymm::of_pd(_mm256_sqrt_pd(self.pd()))
            }
        }
    }

    #[inline(always)]
    fn unordered(self, other: Self) -> bool {
        // SAFETY: AVX2 as above.
        unsafe {
            if single::<T>() {
                _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, other.0)) != 0
            } else {
                _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_UNORD_Q>(self.pd(), other.pd())) != 0
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: FMA as above.
        unsafe {
            if single::<T>() {
                Ymm::of(_mm256_fmadd_ps(self.0, b.0, c.0))
            } else {
                Ymm::of_pd(_mm256_fmadd_pd(self.pd(), b.pd(), c.pd()))
            }
        }
    }

    #[inline(always)]
    unsafe fn turned(from: *const T, stride: isize) -> [Self; 8] {
        // SAFETY: AVX2 as above; the caller says that the elements are valid.
        unsafe {
            if single::<T>() {
                let [a, b, c, d] = turned_ps(from.cast(), stride);
                let [e, f, g, h] = turned_ps(from.cast::<f32>().add(4), stride);
                let (a, b, c, d) = (Ymm::of(a), Ymm::of(b), Ymm::of(c), Ymm::of(d));
                [a, b, c, d, Ymm::of(e), Ymm::of(f), Ymm::of(g), Ymm::of(h)]
            } else {
                let [a, b] = turned_pd(from.cast(), stride);
                let [c, d] = turned_pd(from.cast::<f64>().add(2), stride);
                let (a, b, c, d) = (Ymm::of_pd(a), Ymm::of_pd(b), Ymm::of_pd(c), Ymm::of_pd(d));
                [a, b, c, d, a, b, c, d]
            }
        }
    }
}

// No closures here: the compiler may make functions of them, which have no vector instructions to be compiled with.

/// Four columns of eight rows. The halves of a column are brought together when they are loaded, so that the rest
/// happens inside of the halves.
#[inline(always)]
unsafe fn turned_ps(from: *const f32, stride: isize) -> [__m256; 4] {
    // SAFETY: AVX2 as above; the caller says that the elements are valid.
    unsafe {
        let a = halves_ps(from, from.offset(4 * stride));
        let b = halves_ps(from.offset(stride), from.offset(5 * stride));
        let c = halves_ps(from.offset(2 * stride), from.offset(6 * stride));
        let d = halves_ps(from.offset(3 * stride), from.offset(7 * stride));
        let (p, q) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (r, s) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        let (first, second) = (_mm256_shuffle_ps::<0x44>(p, r), _mm256_shuffle_ps::<0xee>(p, r));
        [first, second, _mm256_shuffle_ps::<0x44>(q, s), _mm256_shuffle_ps::<0xee>(q, s)]
    }
}

#[inline(always)]
unsafe fn halves_ps(low: *const f32, high: *const f32) -> __m256 {
    // SAFETY: AVX2 as above; the caller says that four elements are valid at each pointer.
    unsafe { _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(_mm_loadu_ps(low)), _mm_loadu_ps(high)) }
}

/// Two columns of four rows, in the same way.
#[inline(always)]
unsafe fn turned_pd(from: *const f64, stride: isize) -> [__m256d; 2] {
    // SAFETY: AVX2 as above; the caller says that the elements are valid.
    unsafe {
        let a = halves_pd(from, from.offset(2 * stride));
        let b = halves_pd(from.offset(stride), from.offset(3 * stride));
        [_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b)]
    }
}

#[inline(always)]
unsafe fn halves_pd(low: *const f64, high: *const f64) -> __m256d {
    // SAFETY: AVX2 as above; the caller says that two elements are valid at each pointer.
    unsafe { _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(_mm_loadu_pd(low)), _mm_loadu_pd(high)) }
}

impl<T: Scalar> Vector<T> for Zmm<T> {
    const LANES: usize = 64 / size_of::<T>();
    const ROWS: usize = 8;

    type Side = Ymm<T>;
    type Mask = u16;

    #[inline(always)]
    fn mask(count: usize) -> u16 {
        // For `f64` only the lower half is looked at.
        ((1u32 << count.min(Self::LANES)) - 1) as u16
    }

    #[inline(always)]
    fn zero() -> Self {
        // SAFETY: AVX-512 as above.
        Zmm::of(unsafe { _mm512_setzero_ps() })
    }

    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: AVX-512 as above; the caller says that `LANES` elements are valid.
        Zmm::of(unsafe { _mm512_loadu_ps(from.cast()) })
    }

    #[inline(always)]
    unsafe fn load_part(from: *const T, mask: u16) -> Self {
        // SAFETY: AVX-512 as above; nothing is read outside of the mask, and the caller says that the rest is valid.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_maskz_loadu_ps(mask, from.cast()))
            } else {
                Zmm::of_pd(_mm512_maskz_loadu_pd(mask as u8, from.cast()))
            }
        }
    }

    #[inline(always)]
    unsafe fn splat(from: *const T) -> Self {
        // SAFETY: AVX-512 as above; the caller says that the element is valid.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_set1_ps(from.cast::<f32>().read()))
            } else {
                Zmm::of_pd(_mm512_set1_pd(from.cast::<f64>().read()))
            }
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: as for `load`.
        unsafe { _mm512_storeu_ps(to.cast(), self.0) }
    }

    #[inline(always)]
    unsafe fn store_part(self, to: *mut T, mask: u16) {
        // SAFETY: as for `load_part`.
        unsafe {
            if single::<T>() {
                _mm512_mask_storeu_ps(to.cast(), mask, self.0);
            } else {
                _mm512_mask_storeu_pd(to.cast(), mask as u8, self.pd());
            }
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_add_ps(self.0, other.0))
            } else {
                Zmm::of_pd(_mm512_add_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_sub_ps(self.0, other.0))
            } else {
                Zmm::of_pd(_mm512_sub_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_mul_ps(self.0, other.0))
            } else {
                Zmm::of_pd(_mm512_mul_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_div_ps(self.0, other.0))
            } else {
                Zmm::of_pd(_mm512_div_pd(self.pd(), other.pd()))
            }
        }
    }

    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_xor_ps(self.0, _mm512_set1_ps(-0.0)))
            } else {
                Zmm::of_pd(_mm512_xor_pd(self.pd(), _mm512_set1_pd(-0.0)))
            }
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_sqrt_ps(self.0))
            } else {
                Zmm::of_pd(_mm512_sqrt_pd(self.pd()))
            }
        }
    }

    #[inline(always)]
    fn unordered(self, other: Self) -> bool {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, other.0) != 0
            } else {
                _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(self.pd(), other.pd()) != 0
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: AVX-512 as above.
        unsafe {
            if single::<T>() {
                Zmm::of(_mm512_fmadd_ps(self.0, b.0, c.0))
            } else {
                Zmm::of_pd(_mm512_fmadd_pd(self.pd(), b.pd(), c.pd()))
            }
        }
    }

    #[inline(always)]
    unsafe fn turned(from: *const T, stride: isize) -> [Ymm<T>; 8] {
        // SAFETY: where there is AVX-512 there is AVX2; the caller says that the elements are valid.
        unsafe { Ymm::<T>::turned(from, stride) }
    }
}
