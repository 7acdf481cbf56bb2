//! Sizes around the edges of tiles, blocks and tasks, and what must not depend on them.

use super::*;

/// All combinations around the heights of tiles and the widths of strips.
#[test]
fn edges_of_tiles() {
    for m in [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15, 17, 23] {
        for n in [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 127, 128, 129, 260] {
            for (p, q) in [(0, 0), (1, 1), (9, 9)] {
                check(&Owned::<f32>::new(m, 5, p, 0.1), &Owned::new(5, n, q, 0.2));
                check(&Owned::<f64>::new(m, 3, p, 0.1), &Owned::new(3, n, q, 0.2));
            }
        }
    }
}

#[test]
fn edges_of_blocks() {
    for k in [INNER - 1, INNER, INNER + 1, 2 * INNER, 2 * INNER + 1] {
        for (m, n) in [(1, 1), (1, 40), (40, 1), (3, 20), (13, 7)] {
            for layouts in [(0, 1), (1, 0), (10, 9)] {
                check_both((m, k, n), layouts);
            }
        }
    }
}

/// A row times a matrix with dense columns, and a matrix with dense rows times a column.
#[test]
fn vectors() {
    for n in [1, 7, 8, 9, 15, 31, 32, 33, 50, 130] {
        for k in [1, 5, 31, 40, INNER + 9] {
            check_both((1, k, n), (0, 1));
            check_both((n, k, 1), (2, 0));
        }
    }
}

/// Every way of packing, with several blocks of rows and several chunks of columns.
#[test]
fn many_tasks() {
    let layouts = [(0, 0), (0, 1), (1, 0), (4, 4), (9, 10), (10, 9), (11, 11), (12, 12), (13, 2)];
    for (at, (p, q)) in layouts.into_iter().enumerate() {
        let sizes =
            [(130, 270, 40), (20, 260, 300), (200, 20, 40), (9, 700, 16), (300, 60, 9), (1, 300, 700)];
        for (m, k, n) in sizes.into_iter().skip(at % 2).step_by(2) {
            check(&Owned::<f32>::new(m, k, p, 0.1), &Owned::new(k, n, q, 0.2));
            check(&Owned::<f64>::new(m, k, q, 0.1), &Owned::new(k, n, p, 0.2));
        }
    }
}

fn same_bits<T: Scalar>() {
    let sizes = [(96, 900, 96), (7, 20_000, 9), (400, 3, 700), (1, 700, 1000), (1000, 700, 1), (65, 4000, 3)];
    for (m, k, n) in sizes {
        for (p, q) in [(0, 0), (1, 1), (9, 10)] {
            let (a, b) = (Owned::<T>::new(m, k, p, 0.5), Owned::<T>::new(k, n, q, 0.6));
            assert!(m * n * k >= PARALLEL);
            let run = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let mut scratch = vec![T::nan(); matmul_scratch::<T>(m, k, n)];
                let (mut out, blocks) = (vec![T::zero(); m * n], Mutex::new(Vec::new()));
                let finish = |first: usize, rows: &mut [T]| {
                    blocks.lock().unwrap().push((first, rows.len()));
                    rows.iter_mut().for_each(|x| *x += T::one());
                };
                assert!(pool.install(|| matmul_with(a.matrix(), b.matrix(), &mut out, &mut scratch, finish)));
                let mut blocks = blocks.into_inner().unwrap();
                blocks.sort_unstable();
                (out, blocks)
            };
            let serial = run(1);
            for threads in [2, 3, 8] {
                assert!(run(threads) == serial, "{m}x{k}x{n}, {threads} threads");
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    same_bits::<f32>();
    same_bits::<f64>();
}

/// A part of a product is a product of parts.
#[test]
fn an_element_depends_on_its_inner_sum_alone() {
    let (m, k, n) = (70, 600, 90);
    let (a, b) = (Owned::<f32>::new(m, k, 0, 0.3), Owned::<f32>::new(k, n, 0, 0.4));
    let mut whole = vec![0.0; m * n];
    assert!(matmul(a.matrix(), b.matrix(), &mut whole));
    for (i, j) in [(0, 0), (3, 17), (69, 89), (64, 33), (40, 64)] {
        let row = Matrix::new(&a.data, i * k, 1, k, 1, 1).unwrap();
        let col = Matrix::new(&b.data, j, k, 1, n as isize, 1).unwrap();
        let mut element = [0.0];
        assert!(matmul(row, col, &mut element));
        assert_eq!(element[0].to_bits(), whole[i * n + j].to_bits());
    }
}

#[test]
fn both_vector_paths_give_the_same_bits() {
    let (a, b) = (Owned::<f64>::new(19, 300, 0, 0.3), Owned::<f64>::new(300, 21, 1, 0.4));
    let run = |cpu: Cpu| {
        let mut out = vec![0.0; 19 * 21];
        let mut scratch = vec![0.0; matmul_scratch::<f64>(19, 300, 21)];
        // SAFETY: the output is borrowed exclusively.
        assert!(unsafe { product(cpu, a.matrix(), b.matrix(), &mut *out, &mut scratch, &|_, _| ()) });
        bits(&out)
    };
    let all: Vec<_> = Cpu::available().into_iter().filter(|cpu| cpu.name() != "portable").map(run).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

/// An odd number reaches its row, or its column, and nothing else; not by way of a mask or of old scratch either.
#[test]
fn nan_and_infinity_pass_through() {
    for odd in [f64::NAN, f64::INFINITY] {
        for (m, k, n) in [(1, 3, 2), (5, 7, 11), (20, 300, 19), (90, 20, 70)] {
            for layout in [0, 1] {
                let (mut a, b) = (Owned::<f64>::new(m, k, layout, 0.3), Owned::<f64>::new(k, n, layout, 0.4));
                let place = (m / 2) as isize * a.strides.0 + (k / 2) as isize * a.strides.1;
                a.data[place as usize] = odd;
                let mut out = vec![0.0; m * n];
                assert!(matmul(a.matrix(), b.matrix(), &mut out));
                for (at, x) in out.iter().enumerate() {
                    assert_eq!(x.is_finite(), at / n != m / 2);
                    assert!(x.is_finite() || x.is_nan() == odd.is_nan());
                }
            }
        }
    }
}

#[test]
fn sizes_must_fit() {
    let data = [1.0; 6];
    let matrix = |rows, cols| Matrix::new(&data, 0, rows, cols, cols as isize, 1).unwrap();
    let mut out = [7.0; 4];
    assert!(!matmul(matrix(2, 3), matrix(2, 3), &mut out));
    assert!(!matmul(matrix(2, 3), matrix(3, 1), &mut out));
    assert!(!matmul_in(matrix(2, 3), matrix(3, 1), &mut out, &mut []));
    assert!(!matmul_with(matrix(2, 3), matrix(3, 1), &mut out, &mut [], |_, _| ()));
    assert_eq!(out, [7.0; 4]);
    assert!(matmul(matrix(2, 0), matrix(0, 2), &mut out));
    assert_eq!(out, [0.0; 4]);
    assert!(matmul(matrix(0, 3), matrix(3, 2), &mut []));
    assert!(matmul_with(matrix(0, 3), matrix(3, 2), &mut [], &mut [], |_, _| ()));
    assert!(matmul_with(matrix(3, 2), matrix(2, 0), &mut [], &mut [], |_, _| ()));
    assert!(Matrix::new(&data, 0, 2, 4, 4, 1).is_none() && Matrix::new(&data, 1, 2, 3, 3, 1).is_none());
    assert!(Matrix::new(&data, 0, 2, 3, -3, 1).is_none());
    // The strides of axes of size 1 are never used, so they may be anything.
    let odd = Matrix::new(&data, 5, 1, 1, isize::MIN, isize::MAX).unwrap();
    assert!((odd.rows(), odd.cols()) == (1, 1) && matmul(odd, odd, &mut out[..1]));
    assert_eq!(out[0], 1.0);
    let row = Matrix::new(&data, 0, 1, 3, isize::MIN, 2).unwrap();
    assert!(matmul(row, Matrix::new(&data, 5, 3, 4, 0, 0).unwrap(), &mut out));
    assert_eq!(out, [3.0; 4]);
    // Too little scratch.
    let (a, b) = (Owned::<f32>::new(90, 30, 0, 0.1), Owned::<f32>::new(30, 80, 1, 0.1));
    let (mut out, mut scratch) = (vec![7.0; 7200], vec![0.0; 100]);
    assert!(!matmul_in(a.matrix(), b.matrix(), &mut out, &mut scratch));
    assert!(out.iter().all(|&x| x == 7.0));
}

#[test]
fn gathered_matrices_are_checked() {
    let data = [1.0, 2.0, 3.0, 4.0];
    let offsets = |x: &[isize]| Offsets::new(x.iter().copied()).unwrap();
    let (rows, cols) = (offsets(&[0, 2, 1]), offsets(&[-1, 1]));
    assert!((rows.len(), rows.is_empty()) == (3, false));
    let matrix = Matrix::gathered(&data, 1, &rows, &cols);
    assert!(matrix.is_none() && Matrix::gathered(&data[..3], 0, &rows, &cols).is_none());
    let few = offsets(&[0, 1]);
    let matrix = Matrix::gathered(&data, 1, &few, &cols).unwrap();
    let one = Matrix::new(&data, 0, 2, 1, 0, 0).unwrap();
    let mut out = [0.0; 2];
    assert!((matrix.rows(), matrix.cols()) == (2, 2) && matmul(matrix, one, &mut out));
    assert_eq!(out, [4.0, 6.0]);
    assert!(Matrix::gathered(&data, 9, &offsets(&[]), &cols).is_some());
    assert!(Offsets::new([isize::MAX]).is_none());
}
