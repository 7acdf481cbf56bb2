//! One source, several processors: a loop is written once and compiled for each kind of processor that is worth it; which
//! one runs is decided when the program runs.
//!
//! A loop is a [`Kernel`]: a value that holds its operands, with one generic method. [`Cpu::run`] calls it inside of a
//! function for which the compiler may use the vector instructions of that processor, and the compiler does the rest:
//! everything is inlined into that function and vectorised there. So no loop mentions an instruction.
//!
//! The one thing a body must know is whether `a b + c` can be rounded once, which is why it gets an [`Arithmetic`]. Both
//! vector paths can, and do nothing else differently, so they give the same bits; the portable path may differ from
//! them in the last ones.

use crate::scalar::Scalar;
use crate::vector::{Few, Vector};
#[cfg(target_arch = "x86_64")]
use crate::vector::{Ymm, Zmm};
use std::sync::OnceLock;

/// A kind of processor for which the loops are compiled, and which this machine has: there is no other way to one than
/// [`Cpu::current`] and [`Cpu::available`], and both ask the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpu(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Level {
    /// Any processor.
    Portable,
    /// x86-64 with AVX2 and FMA: vectors of 256 bits.
    Avx2,
    /// x86-64 with AVX-512 (F, BW, DQ, VL): vectors of 512 bits.
    Avx512,
}

impl Cpu {
    /// The best that this machine has, or the one that the environment variable `CHAINRULE_CPU` names (`portable`,
    /// `avx2` or `avx512`), if the machine has it. Decided at the first call, for the whole life of the process.
    #[inline]
    pub fn current() -> Cpu {
        static CURRENT: OnceLock<Cpu> = OnceLock::new();
        *CURRENT.get_or_init(|| Cpu::choose(std::env::var("CHAINRULE_CPU").ok().as_deref()))
    }

    /// The one with that name, if this machine has it; else the best.
    fn choose(name: Option<&str>) -> Cpu {
        let available = Cpu::available();
        let best = available.last().copied().unwrap_or(Cpu(Level::Portable));
        available.into_iter().find(|cpu| Some(cpu.name()) == name).unwrap_or(best)
    }

    /// All that this machine has, the best one last; the portable one is always there.
    pub fn available() -> Vec<Cpu> {
        let levels = [Level::Portable, Level::Avx2, Level::Avx512];
        levels.into_iter().filter(|level| level.is_here()).map(Cpu).collect()
    }

    /// The name by which `CHAINRULE_CPU` chooses it.
    pub fn name(self) -> &'static str {
        match self.0 {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// Runs a loop as compiled for this kind of processor.
    #[inline]
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        match self.0 {
            // SAFETY: the processor has what `avx512` is compiled for: a `Cpu` of this level is made only by
            // `Cpu::available`, after `is_here` has asked for each of the features.
            Level::Avx512 => return unsafe { avx512(kernel) },
            // SAFETY: as above.
            Level::Avx2 => return unsafe { avx2(kernel) },
            Level::Portable => {}
        }
        kernel.run::<Twice>()
    }
}

impl Level {
    /// Whether this machine has what the level is compiled for.
    #[cfg(target_arch = "x86_64")]
    fn is_here(self) -> bool {
        let avx2 = || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        match self {
            Level::Portable => true,
            Level::Avx2 => avx2(),
            Level::Avx512 => {
                avx2()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    /// Whether this machine has what the level is compiled for.
    #[cfg(not(target_arch = "x86_64"))]
    fn is_here(self) -> bool {
        self == Level::Portable
    }
}

/// A loop, with its operands.
pub(crate) trait Kernel {
    /// What it returns.
    type Output;

    /// The loop itself; `#[inline(always)]`, so that it is compiled anew inside of each of the functions below.
    fn run<A: Arithmetic>(self) -> Self::Output;
}

/// How `a b + c` is computed.
#[allow(unreachable_pub, reason = "`Math` names it, which is public in name")]
pub trait Arithmetic: Copy + Send + Sync + 'static {
    /// Whether it is rounded once.
    const FUSED: bool;

    /// The vectors to choose for a loop that is not left to the compiler, see `vector.rs`.
    type Vector<T: Scalar>: Vector<T>;

    /// `a b + c`
    #[inline(always)]
    fn mul_add<T: Scalar>(a: T, b: T, c: T) -> T {
        if Self::FUSED { a.mul_add(b, c) } else { a * b + c }
    }
}

/// Rounded twice. (Where there is no such instruction, rounding once would be a slow function call.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Twice;

/// Rounded once, by one instruction; chosen nowhere but inside of [`avx2`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
struct Once256;

/// Rounded once, by one instruction; chosen nowhere but inside of [`avx512`].
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
struct Once512;

impl Arithmetic for Twice {
    const FUSED: bool = false;
    type Vector<T: Scalar> = Few<T>;
}

#[cfg(target_arch = "x86_64")]
impl Arithmetic for Once256 {
    const FUSED: bool = true;
    type Vector<T: Scalar> = Ymm<T>;
}

#[cfg(target_arch = "x86_64")]
impl Arithmetic for Once512 {
    const FUSED: bool = true;
    type Vector<T: Scalar> = Zmm<T>;
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Once512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Once256>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_chooses_among_what_there_is() {
        assert_eq!(Cpu::choose(Some("portable")).name(), "portable");
        let best = Cpu::available().into_iter().max().unwrap();
        assert_eq!((Cpu::choose(None), Cpu::choose(Some("z80"))), (best, best));
        for cpu in Cpu::available() {
            assert_eq!(Cpu::choose(Some(cpu.name())), cpu);
        }
    }

    /// Both roundings, where they differ.
    #[test]
    fn rounds_once_or_twice() {
        struct Residue(f64);
        impl Kernel for Residue {
            type Output = (bool, f64);
            fn run<A: Arithmetic>(self) -> (bool, f64) {
                (A::FUSED, A::mul_add(self.0, self.0, -(self.0 * self.0)))
            }
        }
        for cpu in Cpu::available() {
            let (fused, residue) = cpu.run(Residue(1.0 + f64::EPSILON));
            assert_eq!(fused, cpu.name() != "portable");
            assert_eq!(residue, if fused { f64::EPSILON * f64::EPSILON } else { 0.0 });
        }
    }
}
