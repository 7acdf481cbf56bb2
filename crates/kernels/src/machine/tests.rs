//! What a machine refuses: it takes any plan, and runs none that would touch what it may not.

use super::*;
use crate::function::{Binary, Unary};
use proptest::prelude::*;

fn at(area: u32, offset: usize) -> At {
    At { area, offset }
}

/// 64 elements of work, 16 of state, 16 constants, and an input of 5.
fn machine() -> Machine<f64> {
    Machine::new(Sizes::new(64, 16, 16, [5]))
}

fn load(at: At, padded: bool) -> Value<f64> {
    Value::Load { at, layout: Layout::Dense { padded }, level: Level::Full }
}

/// `out = -x` for five elements.
fn negation(from: At, to: At) -> Fusion<f64> {
    Fusion {
        len: 5,
        cols: 0,
        values: vec![load(from, false), Value::Map(Unary::Neg, 0)],
        outputs: vec![Output { value: 1, at: to, padded: false }],
        scratch: at(WORK, 16),
    }
}

#[test]
fn fused_kernels_that_touch_what_they_may_not_are_refused() {
    let refused = |fusion: Fusion<f64>| !machine().push_fusion(&fusion);
    let input = at(INPUTS, 0);
    assert!(!refused(negation(input, at(WORK, 0))) && !refused(negation(at(STATE, 0), at(STATE, 0))));
    // beyond an area, into one that is only read, into none
    for to in [at(WORK, 60), at(WORK, usize::MAX), at(CONSTANTS, 0), at(INPUTS, 0), at(9, 0)] {
        assert!(refused(negation(input, to)), "{to:?}");
    }
    for from in [at(INPUTS, 1), at(INPUTS, usize::MAX), at(STATE, 12), at(9, 0)] {
        assert!(refused(negation(from, at(WORK, 0))), "{from:?}");
    }
    // over its operand by half, over its own memory, padded beyond an area
    assert!(refused(negation(at(WORK, 0), at(WORK, 3))) && refused(negation(input, at(WORK, 18))));
    assert!(refused(Fusion { scratch: at(STATE, 0), ..negation(input, at(WORK, 0)) }));
    assert!(refused(Fusion { scratch: at(WORK, usize::MAX), ..negation(input, at(WORK, 0)) }));
    let padded = [Output { value: 1, at: at(STATE, 8), padded: true }];
    assert!(refused(Fusion { outputs: padded.to_vec(), ..negation(input, at(WORK, 0)) }));
    assert!(refused(Fusion { values: vec![load(input, true)], ..negation(input, at(WORK, 0)) }));
    // operands that do not exist, or have another level; rows where there are none
    for value in [
        Value::Map(Unary::Neg, 1),
        Value::Map(Unary::Neg, usize::MAX),
        Value::ReduceRows(Reduction::Sum, 0),
        Value::Spread(0, Level::Full),
    ] {
        let values = vec![load(input, false), value];
        assert!(refused(Fusion { values, ..negation(input, at(WORK, 0)) }));
    }
    let mixed = vec![load(input, false), Value::ReduceAll(Reduction::Sum, 0), Value::Zip(Binary::Add, 0, 1)];
    assert!(refused(Fusion { values: mixed, ..negation(input, at(WORK, 0)) }));
}

#[test]
fn products_and_others_that_touch_what_they_may_not_are_refused() {
    let axis = |size, stride| Axis { size, stride };
    let product = |offset: usize, start: isize, out: At| Product {
        a: Operand::dense(at(CONSTANTS, 0), 6),
        b: Operand::dense(at(CONSTANTS, offset), 3),
        a_axes: Factor::Strided([axis(2, 3), axis(3, 1)]),
        b_axes: Factor::Strided([axis(3, 1), axis(1, 1)]),
        starts: [[start, 0]].into(),
        out,
        scratch: at(WORK, 32),
    };
    assert!(machine().push_product(product(6, 0, at(WORK, 0))));
    for (offset, start, out) in [
        (14, 0, at(WORK, 0)),
        (6, 1, at(WORK, 0)),
        (6, isize::MIN, at(WORK, 0)),
        (6, 0, at(WORK, 63)),
        (6, 0, at(CONSTANTS, 14)),
        (usize::MAX, 0, at(WORK, 0)),
    ] {
        assert!(!machine().push_product(product(offset, start, out)), "{offset} {start} {out:?}");
    }
    let solve = |n| Other::Solve {
        a: at(CONSTANTS, 0),
        n,
        b: at(INPUTS, 0),
        columns: 1,
        scratch: Some(at(WORK, 0)),
        triangle: None,
        out: at(WORK, 32),
    };
    assert!(machine().push(solve(4)) && !machine().push(solve(5)) && !machine().push(solve(usize::MAX)));
    let step = |from, to| ScalarStep::new(ScalarCode::Map(Unary::Neg), [from; 3], to);
    assert!(step(at(9, 0), at(WORK, 0)).is_none() && step(at(WORK, usize::MAX), at(WORK, 0)).is_none());
    let refused = |from, to| !machine().push_scalars(step(from, to).into_iter().collect());
    assert!(!refused(at(INPUTS, 4), at(STATE, 15)));
    assert!(refused(at(INPUTS, 5), at(WORK, 0)) && refused(at(WORK, 0), at(CONSTANTS, 0)));
    assert!(refused(at(WORK, 0), at(STATE, 16)));
}

/// A machine does not run in memory that is smaller than declared, and writes no state that others read.
#[test]
fn memory_must_fit() {
    let mut writes = machine();
    assert!(writes.push_fusion(&negation(at(INPUTS, 0), at(STATE, 0))) && writes.writes_state());
    let (mut work, mut state, constants, input) = ([0.0; 64], [0.0; 16], [0.0; 16], [1.0; 5]);
    let mut memory = Memory::new(&mut work, &mut state, &constants, [&input[..4]]);
    assert_eq!(writes.run(0..1, &mut memory), Err((0, Trouble::Memory)));
    let mut memory = Memory::reading(&mut work, &state, &constants, [&input[..]]);
    assert_eq!(writes.run(0..1, &mut memory), Err((0, Trouble::Memory)));
    let mut memory = Memory::new(&mut work, &mut state, &constants, [&input[..]]);
    assert_eq!(writes.run(0..1, &mut memory), Ok(()));
    assert_eq!(state[..6], [-1.0, -1.0, -1.0, -1.0, -1.0, 0.0]);
}

proptest! {
    /// Any places: refused, or run without touching anything but the output.
    #[test]
    fn nonsense_is_refused_or_harmless(
        (from, to, scratch) in (0usize..80, 0usize..80, 0usize..80), (areas, padded) in (0u32..16, any::<bool>()),
    ) {
        let (from, to) = (at(areas % 4, from), at(areas / 4, to));
        let mut fusion = Fusion { scratch: at(WORK, scratch), ..negation(from, to) };
        fusion.values[0] = load(from, padded);
        fusion.outputs[0].padded = padded;
        let mut machine = machine();
        if machine.push_fusion(&fusion) {
            let mut work: Vec<f64> = (0..64).map(f64::from).collect();
            let mut state: Vec<f64> = (100..116).map(f64::from).collect();
            let constants: Vec<f64> = (200..216).map(f64::from).collect();
            let input: Vec<f64> = (300..305).map(f64::from).collect();
            let before = [work.clone(), state.clone(), constants.clone(), input.clone()];
            let mut memory = Memory::new(&mut work, &mut state, &constants, [&input[..]]);
            prop_assert_eq!(machine.run(0..1, &mut memory), Ok(()));
            let after = [work, state, constants, input];
            for i in 0..5 {
                let x = before[from.area as usize][from.offset + i];
                prop_assert_eq!(after[to.area as usize][to.offset + i], -x);
            }
            let own = if padded { 16 } else { 5 };
            for (area, (before, after)) in (0..).zip(before.iter().zip(&after)) {
                for (offset, (before, after)) in before.iter().zip(after).enumerate() {
                    let target = to.area == area && (to.offset..to.offset + own).contains(&offset);
                    let registers = area == WORK && offset >= scratch;
                    prop_assert!(before == after || target || registers, "{area} {offset}");
                }
            }
        }
    }
}
