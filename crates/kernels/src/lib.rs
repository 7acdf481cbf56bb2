//! The numeric loops of chainrule. Nothing here knows about graphs or gradients: slices in, slices out.
//!
//! A short tour, in reading order:
//!
//! 1. [`Scalar`] is `f32` or `f64`, with the functions whose kinks, ties, tails and NaNs matter for gradients.
//! 2. [`View`] reads an array of any strides; it is checked once, when it is made.
//! 3. [`map`], [`zip`], [`select`] and [`copy`] go over the elements.
//! 4. [`sum`] and [`sum_all`] add them up, in an order that is part of the definition; [`extremum`] finds the largest
//!    with the same loops.
//! 5. [`place`] and [`accumulate`] write through strides: the transposes of reading a [`View`].
//! 6. Along one axis of [`Lanes`] go [`cumsum`] and [`arg_extremum`], and indexing with its transposes: [`gather`] and
//!    [`scatter_add`], [`take_along`] and [`put_along_add`].
//! 7. [`Matrix`] and [`matmul`] multiply matrices where they lie, in an order that is part of the definition, too; with
//!    tables of [`Offsets`], also the patches of an image. [`matmul_in`] allocates nothing, and [`matmul_with`] calls back
//!    while the rows are hot in the caches.
//! 8. [`cholesky`], [`triangular_solve`], [`solve`] and [`log_det`] are for single small matrices.
//!
//! ```
//! use chainrule_kernels::{Binary, Matrix, Unary, View, map, matmul, sum, zip};
//!
//! // The lecture's layer: Z = W A, then a bias, then the sigmoid.
//! let (w, a, b) = ([0.3, 0.2, 0.1, 0.2, 0.1, 0.1], [0.5, 0.6, 0.7], [0.1, -0.1]);
//! let mut z = [0.0; 2];
//! let fits = Matrix::new(&w, 0, 2, 3, 3, 1)
//!     .zip(Matrix::new(&a, 0, 3, 1, 1, 1))
//!     .is_some_and(|(w, a)| matmul(w, a, &mut z));
//! assert!(fits);
//! let mut y = [0.0_f64; 2];
//! zip(Binary::Add, View::dense(&z), View::dense(&b), &mut y);
//! map(Unary::Sigmoid, View::dense(&y.clone()), &mut y);
//! assert!((y[0] - 0.608_259).abs() < 1e-6);
//!
//! // The sum over the rows of a 2 x 3 matrix.
//! let mut columns = [0.0; 3];
//! assert!(sum(&w, 0, &[2, 3], &[3, 1], &[true, false], &mut columns));
//! assert_eq!(columns, [0.5, 0.30000000000000004, 0.2]);
//! ```
//!
//! Indices are numbers of the same type, because they may have been computed; a bad one is an error that names it:
//!
//! ```
//! use chainrule_kernels::{Lanes, gather, scatter_add, solve};
//!
//! // Rows 2 and 0 of a 3 x 2 matrix, and back to where they came from.
//! let rows = Lanes { outer: 1, size: 3, inner: 2 };
//! let (x, mut picked, mut back) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0; 4], [0.0; 6]);
//! gather(&x, rows, &[2.0, 0.0], &mut picked)?;
//! assert_eq!(picked, [5.0, 6.0, 1.0, 2.0]);
//! scatter_add(&picked, &[2.0, 0.0], rows, &mut back)?;
//! assert_eq!(back, [1.0, 2.0, 0.0, 0.0, 5.0, 6.0]);
//! let bad = gather(&x, rows, &[1.0, 3.0], &mut picked).map_err(|bad| bad.to_string());
//! assert_eq!(bad, Err("index number 1 is 3, on an axis of size 3".to_string()));
//!
//! let (mut x, mut scratch) = ([0.0; 2], [0.0; 4]);
//! solve(&[2.0, 1.0, 1.0, 3.0], 2, &[3.0, 5.0], 1, &mut x, &mut scratch)?;
//! assert!((x[0] - 0.8_f64).abs() < 1e-15 && (x[1] - 1.4).abs() < 1e-15);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Three promises hold everywhere. *No panic*: sizes that do not fit give `None`, `false` or an error, or only the
//! common part is computed. *The same bits* for any number of threads: work is cut into parts by its size alone. *No
//! allocation*, but for the scratch memory of [`matmul`], which [`matmul_in`] lets the caller bring.
//!
//! This is the one crate of the workspace where `unsafe` is allowed. It has two uses: to call loops compiled for the
//! processor at hand (`cpu.rs`), and to keep the innermost loops of the matrix product free of checks and in registers
//! (`product/`, `vector.rs`), after [`Matrix`] has checked where its elements lie.

mod columns;
mod cpu;
mod elementwise;
mod entry;
mod extremum;
mod function;
mod grid;
mod lanes;
mod linalg;
mod machine;
mod math;
mod nest;
mod pair;
mod pool;
mod product;
mod reduce;
mod scalar;
mod team;
mod vector;
mod view;

pub use cpu::Cpu;
pub use entry::{copy, extremum, fold, map, matmul, matmul_in, select, sum, sum_all, zip};
pub use function::{Binary, Domain, Unary};
pub use grid::{accumulate, place};
pub use lanes::{BadIndex, Lanes, arg_extremum, cumsum, gather, put_along_add, scatter_add, take_along};
pub use linalg::{LinalgError, cholesky, log_det, solve, triangular_solve};
pub use machine::{
    At, Axis, CONSTANTS, Factor, Fusion, INPUTS, Layout, Level, Machine, Memory, Operand, Other, Output,
    Part, Product, Reduction, STATE, ScalarCode, ScalarStep, Sizes, TILE, Trouble, Value, WORK,
};
pub use pair::Pair;
pub use pool::Awaited;
pub use product::{Blocks, INNER, Matrix, Offsets, matmul_scratch, matmul_with};
pub use scalar::Scalar;
pub use view::View;

/// The README's example is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
