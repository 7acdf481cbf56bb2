//! Chains and pairs give the bits of the operations one by one, on every kind of processor, and are made where they can be.

use super::chain::{Placed, Run, Step};
use super::instruction::Code;
use super::*;
use crate::cpu::Cpu;
use crate::elementwise::{map, zip};
use crate::function::{Binary, Unary};
use crate::pair::{Pair, PairSlices};
use crate::reduce::LANES;
use crate::view::View;
use proptest::prelude::*;

/// One NaN is as good as another.
fn bits<T: Scalar>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| if x.is_nan() { u64::MAX } else { x.bits() }).collect()
}

/// Ordinary numbers, with all that is special in between.
fn numbers<T: Scalar>(len: usize, seed: usize) -> Vec<T> {
    let special = [
        T::zero(),
        -T::zero(),
        T::infinity(),
        T::neg_infinity(),
        T::nan(),
        T::min_positive_value() / T::of(4.0),
        T::max_value(),
        T::one(),
        T::of(70000.0),
        T::of(-3e6),
        T::of(10.0),
        T::of(-52.0),
    ];
    let number = |i: usize| match (i * 7 + seed) % 5 {
        0 => special[(i * 5 + seed * 3) % special.len()],
        _ => T::of(((i + seed) as f64 * 0.37).sin() * 3.0 + 0.01),
    };
    (0..len).map(number).collect()
}

/// What a step makes of the result before it and its operand.
type Meaning<T> = Box<dyn Fn(T, T) -> T>;

/// Each step by itself and behind another one, with and without its result stored, at every length of groups.
fn every_step<T: Scalar>() {
    let c = T::of(-1.75);
    let steps: Vec<(Step<T>, Meaning<T>)> = vec![
        (Step::Neg, Box::new(|x, _| Unary::Neg.value(x))),
        (Step::Square, Box::new(|x, _| Unary::Square.value(x))),
        (Step::Sqrt, Box::new(|x, _| Unary::Sqrt.value(x))),
        (Step::AddNumber(c), Box::new(move |x, _| Unary::Add(c).value(x))),
        (Step::MulNumber(c), Box::new(move |x, _| Unary::Mul(c).value(x))),
        (Step::DivNumber(c), Box::new(move |x, _| Unary::Div(c).value(x))),
        (Step::DivIntoNumber(c), Box::new(move |x, _| Unary::DivInto(c).value(x))),
        (Step::Add, Box::new(|x, y| Binary::Add.value(x, y))),
        (Step::Sub, Box::new(|x, y| Binary::Sub.value(x, y))),
        (Step::SubFrom, Box::new(|x, y| Binary::Sub.value(y, x))),
        (Step::Mul, Box::new(|x, y| Binary::Mul.value(x, y))),
        (Step::Div, Box::new(|x, y| Binary::Div.value(x, y))),
        (Step::DivInto, Box::new(|x, y| Binary::Div.value(y, x))),
        (Step::Chain, Box::new(|x, y| Binary::Chain.value(x, y))),
    ];
    for cpu in Cpu::available() {
        for len in [1, 15, 16, 40, 128, 129, 300, 1024] {
            let room = usize::next_multiple_of(len, 16);
            let (x, y) = (numbers::<T>(room, 0), numbers::<T>(room, 2));
            for (first, one) in &steps {
                for (second, two) in &steps {
                    let (mut inner, mut outer) = (vec![T::one(); room], vec![T::one(); room]);
                    let placed = |step: &Step<T>, to: &mut [T]| Placed {
                        step: *step,
                        operand: y.as_ptr(),
                        to: to.as_mut_ptr(),
                    };
                    let mut links = [placed(first, &mut inner), placed(second, &mut outer)];
                    let mut lanes = [T::zero(); LANES];
                    // SAFETY: all arrays have `room` elements, and nobody else uses them.
                    cpu.run(unsafe { Run::new(x.as_ptr(), &links, len, Some(&mut lanes)) });
                    let middle: Vec<T> = x.iter().zip(&y).map(|(&x, &y)| one(x, y)).collect();
                    let end: Vec<T> = middle.iter().zip(&y).map(|(&x, &y)| two(x, y)).collect();
                    let what = format!("{} {len} {first:?} {second:?}", cpu.name());
                    assert_eq!(bits(&inner), bits(&middle), "{what}");
                    assert_eq!(bits(&outer), bits(&end), "{what}");
                    let mut sums = [T::zero(); LANES];
                    crate::reduce::add_lanes::<T, crate::reduce::Add>(&mut sums, &end[..len]);
                    assert_eq!(bits(&lanes), bits(&sums), "{what}");
                    // In place, and nothing stored in between.
                    let mut all = x.clone();
                    links[0].to = std::ptr::null_mut();
                    links[1].to = all.as_mut_ptr();
                    // SAFETY: as above.
                    cpu.run(unsafe { Run::new(all.as_ptr(), &links, len, None) });
                    assert_eq!(bits(&all), bits(&end), "{what}");
                }
            }
        }
    }
}

#[test]
fn chains_have_the_bits_of_their_steps() {
    every_step::<f32>();
    every_step::<f64>();
}

fn every_pair<T: Scalar>() {
    let mut x: Vec<T> = numbers(1000, 1);
    x.extend((0..4000).map(|i| T::of((f64::from(i) - 2000.0) * 0.061)));
    for cpu in Cpu::available() {
        for pair in Pair::ALL {
            let (mut out, mut other) = (x.clone(), x.clone());
            cpu.run(PairSlices { pair, x: &x, out: &mut out, other: &mut other });
            let [first, second] = pair.functions::<T>();
            let mut want = x.clone();
            crate::elementwise::map_slice(cpu, first, &x, &mut want);
            assert_eq!(bits(&out), bits(&want), "{} {pair:?}", cpu.name());
            let scaled: Vec<T> = x.iter().map(|&x| T::of(pair.factor()) * x).collect();
            crate::elementwise::map_slice(cpu, second, &scaled, &mut want);
            assert_eq!(bits(&other), bits(&want), "{} {pair:?}", cpu.name());
        }
    }
    for pair in Pair::ALL {
        let [first, second] = pair.functions::<T>();
        for &x in &x {
            let (one, other) = pair.values(x);
            let want = [first.value(x), second.value(T::of(pair.factor()) * x)];
            assert_eq!(bits(&[one, other]), bits(&want), "{pair:?} of {x}");
        }
    }
}

#[test]
fn pairs_have_the_bits_of_their_functions() {
    every_pair::<f32>();
    every_pair::<f64>();
}

fn at(area: u32, offset: usize) -> At {
    At { area, offset }
}

fn load(area: u32) -> Value<f32> {
    Value::Load { at: at(area, 0), layout: Layout::Dense { padded: false }, level: Level::Full }
}

/// These values of two inputs, all that `kept` numbers kept.
fn fusion(values: Vec<Value<f32>>, kept: &[usize], len: usize) -> Fusion<f32> {
    let all = |value: &usize| matches!(values.get(*value), Some(Value::ReduceAll(..)));
    let outputs = kept.iter().zip(0..).map(|(&value, place)| Output {
        value,
        at: at(WORK, place * usize::next_multiple_of(len, 16)),
        padded: !all(&value),
    });
    let outputs: Vec<Output> = outputs.collect();
    let scratch = at(WORK, outputs.len() * usize::next_multiple_of(len, 16));
    Fusion { len, cols: 0, values, outputs, scratch }
}

/// What a kernel makes of the numbers, output by output.
fn run(fusion: &Fusion<f32>, inputs: [&[f32]; 2]) -> Vec<Vec<f32>> {
    let size = fusion.scratch.offset + fusion.scratch();
    let mut machine = Machine::new(Sizes::new(size, 0, 0, inputs.map(<[f32]>::len)));
    assert!(machine.push_fusion(fusion));
    let mut work = vec![0.0; size];
    let mut memory = Memory::new(&mut work, &mut [], &[], inputs);
    assert_eq!(machine.run(0..1, &mut memory), Ok(()));
    let output = |output: &Output| {
        let all = matches!(fusion.values.get(output.value), Some(Value::ReduceAll(..)));
        work[output.at.offset..][..if all { 1 } else { fusion.len }].to_vec()
    };
    fusion.outputs.iter().map(output).collect()
}

/// The values one by one.
fn one_by_one(values: &[Value<f32>], inputs: [&[f32]; 2]) -> Vec<Vec<f32>> {
    let mut done: Vec<Vec<f32>> = Vec::new();
    for value in values {
        let mut out = vec![0.0; inputs[0].len()];
        match *value {
            Value::Load { at, .. } => out.copy_from_slice(inputs[(at.area - INPUTS) as usize]),
            Value::Map(f, x) => map(f, View::dense(&done[x]), &mut out),
            Value::Zip(f, a, b) => zip(f, View::dense(&done[a]), View::dense(&done[b]), &mut out),
            Value::ReduceAll(_, x) => out = vec![crate::reduce::sum_all(View::dense(&done[x]))],
            _ => {}
        }
        done.push(out);
    }
    done
}

/// `sum(e^(-x²) tanh x + ln(1 + x²))` and its gradient.
fn gradient() -> Vec<Value<f32>> {
    vec![
        load(INPUTS),
        Value::Map(Unary::Square, 0),
        Value::Map(Unary::Neg, 1),
        Value::Map(Unary::Exp, 2),
        Value::Map(Unary::Tanh, 0),
        Value::Zip(Binary::Mul, 3, 4),
        Value::Map(Unary::Log1p, 1),
        Value::Zip(Binary::Add, 5, 6),
        Value::ReduceAll(Reduction::Sum, 7),
        Value::Map(Unary::Add(1.0), 1),
        Value::Map(Unary::DivInto(1.0), 9),
        Value::Map(Unary::Mul(2.0), 0),
        Value::Map(Unary::LogisticDensity, 11),
        Value::Map(Unary::Mul(4.0), 12),
        Value::Zip(Binary::Chain, 3, 13),
        Value::Zip(Binary::Chain, 4, 3),
        Value::Map(Unary::Neg, 15),
        Value::Zip(Binary::Add, 16, 10),
        Value::Zip(Binary::Chain, 17, 11),
        Value::Zip(Binary::Add, 18, 14),
    ]
}

#[test]
fn a_gradient_is_made_of_chains_and_a_pair() {
    let len = 4096 + 40;
    let fusion = fusion(gradient(), &[8, 19], len);
    let size = fusion.scratch.offset + fusion.scratch();
    let fused = fusion.assemble(&Sizes::new(size, 0, 0, [len])).unwrap();
    let count = |what: fn(&Code<f32>) -> bool| fused.body.iter().filter(|i| what(&i.code)).count();
    assert_eq!(count(|code| matches!(code, Code::Pair(Pair::Tanh))), 1);
    assert_eq!(count(|code| matches!(code, Code::Chain(_))), fused.chains.len());
    let links: usize = fused.chains.iter().map(|chain| chain.links.len()).sum();
    assert!(fused.chains.len() <= 5 && links >= 11, "{:#?}", fused.chains);
    assert_eq!(fused.chains.iter().filter(|chain| chain.sum.is_some()).count(), 1);
    assert_eq!(count(|code| matches!(code, Code::ReduceBlock(..) | Code::Zip(_))), 0);
}

#[test]
fn other_pairs_are_found_in_either_order() {
    for pair in Pair::ALL.into_iter().filter(|pair| pair.factor() == 1.0) {
        let [first, second] = pair.functions::<f32>();
        for [one, other] in [[first, second], [second, first]] {
            let values = vec![
                load(INPUTS),
                Value::Map(one, 0),
                Value::Map(Unary::Exp, 1),
                Value::Map(other, 0),
                Value::Zip(Binary::Mul, 2, 3),
            ];
            let x: Vec<f32> = numbers(2000, 4);
            let fusion = fusion(values, &[1, 3, 4], x.len());
            let sizes = Sizes::new(fusion.scratch.offset + fusion.scratch(), 0, 0, [x.len()]);
            let fused = fusion.assemble(&sizes).unwrap();
            assert!(fused.body.iter().any(|i| matches!(i.code, Code::Pair(found) if found == pair)));
            let want = one_by_one(&fusion.values, [&x, &x]);
            let got = run(&fusion, [&x, &x]);
            for (got, want) in got.iter().zip([&want[1], &want[3], &want[4]]) {
                assert_eq!(bits(got), bits(want));
            }
        }
    }
}

#[test]
fn scalar_pairs_write_two_places() {
    for pair in Pair::ALL {
        let code = ScalarCode::Pair(pair);
        let step = |x, also, to| ScalarStep::<f64>::new(code, [x, also, x], to).unwrap();
        let machine = || Machine::new(Sizes::new(2, 1, 0, [1]));
        assert!(!machine().push_scalars(vec![step(at(INPUTS, 0), at(INPUTS, 0), at(WORK, 0))]));
        assert!(!machine().push_scalars(vec![step(at(INPUTS, 0), at(WORK, 2), at(WORK, 0))]));
        let mut machine = machine();
        assert!(machine.push_scalars(vec![step(at(INPUTS, 0), at(STATE, 0), at(WORK, 1))]));
        assert!(machine.writes_state());
        let (mut work, mut state) = ([0.0; 2], [0.0]);
        let mut memory = Memory::new(&mut work, &mut state, &[], [&[0.7][..]]);
        assert_eq!(machine.run(0..1, &mut memory), Ok(()));
        assert_eq!((work[1], state[0]), pair.values(0.7));
    }
}

/// A value of earlier ones: mostly what chains and pairs are made of.
fn value(number: usize) -> impl Strategy<Value = Value<f32>> {
    let unary = prop::sample::select(vec![
        Unary::Neg,
        Unary::Square,
        Unary::Sqrt,
        Unary::Add(0.5),
        Unary::Mul(2.0),
        Unary::Div(3.0),
        Unary::DivInto(1.0),
        Unary::Tanh,
        Unary::LogisticDensity,
        Unary::Sigmoid,
        Unary::Sin,
        Unary::Cos,
    ]);
    let binary = prop::sample::select(vec![
        Binary::Add,
        Binary::Sub,
        Binary::Mul,
        Binary::Div,
        Binary::Chain,
        Binary::Maximum,
    ]);
    // Among the last ones, so that there are chains.
    let operand = move || (number.saturating_sub(5)..number).boxed();
    prop_oneof![
        (unary, operand()).prop_map(|(f, x)| Value::Map(f, x)),
        (binary, operand(), operand()).prop_map(|(f, a, b)| Value::Zip(f, a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the order, the chains and the pairs: the bits are those of the values one by one.
    #[test]
    fn any_kernel_against_its_values(
        rest in (0_usize..30).prop_flat_map(|count| (2..count + 2).map(value).collect::<Vec<_>>()),
        kept in prop::collection::btree_set(0_usize..32, 1..6),
        sum in 0_usize..32,
        len in prop::sample::select(vec![3_usize, 16, 100, 1024, 1500, 4096]),
    ) {
        let mut values = vec![load(INPUTS), load(INPUTS + 1)];
        values.extend(rest);
        let last = values.len() - 1;
        values.push(Value::ReduceAll(Reduction::Sum, sum.min(last)));
        let mut kept: Vec<usize> = kept.into_iter().filter(|&kept| kept <= last).collect();
        kept.push(last + 1);
        let (x, y): (Vec<f32>, Vec<f32>) = (numbers(len, 0), numbers(len, 3));
        let want = one_by_one(&values, [&x, &y]);
        let got = run(&fusion(values, &kept, len), [&x, &y]);
        for (got, kept) in got.iter().zip(kept) {
            prop_assert_eq!(bits(got), bits(&want[kept]), "value {}", kept);
        }
    }
}
