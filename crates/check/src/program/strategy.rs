//! Programs as a strategy of proptest, and claims run over many of them.

use std::cell::RefCell;
use std::sync::Arc;

use chainrule_graph::Graph;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::blame::blame;
use super::decode::{Choice, decode};
use super::fault::Fault;
use super::guest::Guest;
use super::shrink::{fewer_genes, fewer_lines};
use super::{Call, Failure, Program, Verdict, claims, kinds};

/// What random programs are made of.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) choices: Vec<Choice>,
    /// Leaves have many equal elements, and elements at kinks, and nothing is moved away from them.
    pub(super) kinks: bool,
}

/// Random programs of up to 12 instructions of all operations.
pub fn programs() -> Programs {
    let choices = kinds::all().map(Choice::Kind).collect();
    Programs { settings: Settings { choices, kinks: false }, lines: 12, seed: None }
}

/// Random networks of up to 5 layers (dense, convolution, norm, attention, residual, recurrent) and losses, each made from
/// operations of the engine: programs of a few dozen lines.
pub fn networks() -> Programs {
    let choices = kinds::layers().map(Choice::Kind).collect();
    Programs { settings: Settings { choices, kinks: false }, lines: 5, seed: None }
}

/// Random programs, to be narrowed down or widened, then drawn or checked.
#[derive(Clone)]
pub struct Programs {
    settings: Settings,
    lines: usize,
    seed: Option<u64>,
}

/// What came of many programs that all passed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// How many programs.
    pub cases: usize,
    /// The largest error in parts of its bound.
    pub worst: f64,
    /// The same of each program.
    pub errors: Vec<f64>,
    /// How many numbers were compared with the oracle's.
    pub compared: usize,
}

impl Programs {
    /// So many instructions at most. Mends (a shift away from a kink) and the reading of the results come to these.
    #[must_use]
    pub fn lines(mut self, lines: usize) -> Self {
        self.lines = lines;
        self
    }

    /// These operations only, by the names of their methods (`+` is `"add"`); see [`operations`](super::operations).
    #[must_use]
    pub fn only(mut self, operations: &[&str]) -> Self {
        self.settings.choices.retain(|choice| operations.contains(&choice.name()));
        self
    }

    /// Without these operations.
    #[must_use]
    pub fn without(mut self, operations: &[&str]) -> Self {
        self.settings.choices.retain(|choice| !operations.contains(&choice.name()));
        self
    }

    /// With operations of the user's own among the others; each is drawn as often as all others together are drawn a tenth.
    #[must_use]
    pub fn with(mut self, guests: impl IntoIterator<Item = Guest>) -> Self {
        let often = self.settings.choices.len() / 10 + 1;
        for guest in guests {
            let guest = Arc::new(guest);
            self.settings.choices.extend((0..often).map(|_| Choice::Guest(guest.clone())));
        }
        self
    }

    /// These operations as often as all others together are drawn a tenth, to look closely at them.
    #[must_use]
    pub fn favour(mut self, operations: &[&str]) -> Self {
        let often = self.settings.choices.len() / 10;
        let favoured = self.settings.choices.iter().filter(|choice| operations.contains(&choice.name()));
        let more: Vec<Choice> = favoured.flat_map(|choice| vec![choice.clone(); often]).collect();
        self.settings.choices.extend(more);
        self
    }

    /// With equal elements and elements at kinks, where conventions hold instead of derivatives.
    #[must_use]
    pub fn at_kinks(mut self) -> Self {
        self.settings.kinks = true;
        self
    }

    /// Other programs than those that are always the same.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// As a strategy, for property tests of one's own. What fails is shrunk to few lines and small numbers.
    pub fn strategy(&self) -> impl Strategy<Value = Program> + use<> {
        let settings = self.settings.clone();
        self.genes().prop_map(move |genes| decode(&genes, &settings))
    }

    fn genes(&self) -> impl Strategy<Value = Vec<[u8; 8]>> + use<> {
        vec(any::<[u8; 8]>(), 0..=self.lines)
    }

    /// The program that a list of bytes stands for, eight for an instruction: any bytes are a program.
    pub fn decode(&self, bytes: &[u8]) -> Program {
        let genes: Vec<[u8; 8]> = bytes.chunks_exact(8).filter_map(|gene| gene.try_into().ok()).collect();
        decode(&genes, &self.settings)
    }

    /// Checks everything there is to check, on so many programs in double precision.
    ///
    /// # Errors
    /// Of the smallest program found what is wrong, with the operation to blame.
    pub fn check(&self, cases: u32) -> Result<Report, Failure> {
        self.check_by(cases, claims::all::<f64>)
    }

    /// The same in single precision. Programs with random numbers, which are others in that precision, are passed over.
    ///
    /// # Errors
    /// As [`check`](Programs::check).
    pub fn check_single(&self, cases: u32) -> Result<Report, Failure> {
        self.check_by(cases, |program, verdict| match program.is_single() {
            true => claims::all::<f32>(program, verdict),
            false => Ok(()),
        })
    }

    /// Checks a claim of one's own.
    ///
    /// # Errors
    /// As [`check`](Programs::check).
    pub fn check_by(
        &self,
        cases: u32,
        claim: impl Fn(&Program, &mut Verdict) -> Result<(), Failure>,
    ) -> Result<Report, Failure> {
        self.run(cases, |program| program, claim)
    }

    /// Whether so many programs show a wrong rule: the failure, or `None`.
    pub fn catch(&self, fault: Fault, cases: u32) -> Option<Failure> {
        let spoiled = move |program: Program| program.with_fault(fault);
        self.run(cases, spoiled, |program, verdict| match program.contains(fault.operation) {
            true => claims::all::<f64>(program, verdict),
            false => Ok(()),
        })
        .err()
    }

    fn run(
        &self,
        cases: u32,
        prepare: impl Fn(Program) -> Program,
        claim: impl Fn(&Program, &mut Verdict) -> Result<(), Failure>,
    ) -> Result<Report, Failure> {
        let config = Config { cases, failure_persistence: None, max_shrink_iters: 0, ..Config::default() };
        let rng = match self.seed {
            None => TestRng::deterministic_rng(RngAlgorithm::ChaCha),
            Some(seed) => {
                let mut bytes = [0; 32];
                bytes[..8].copy_from_slice(&seed.to_le_bytes());
                TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
            }
        };
        let report = RefCell::new(Report::default());
        let failed = std::cell::Cell::new(false);
        let result = TestRunner::new_with_rng(config, rng).run(&self.genes(), |genes| {
            let program = prepare(decode(&genes, &self.settings));
            let mut verdict = Verdict::default();
            let outcome = claim(&program, &mut verdict);
            if !failed.get() {
                let mut report = report.borrow_mut();
                report.cases += 1;
                report.compared += verdict.compared;
                if outcome.is_ok() {
                    report.worst = report.worst.max(verdict.worst);
                    report.errors.push(verdict.worst);
                }
            }
            outcome.map_err(|failure| {
                failed.set(true);
                TestCaseError::fail(failure.claim)
            })
        });
        let report = report.into_inner();
        match result {
            Ok(()) => Ok(report),
            Err(TestError::Abort(reason)) => Err(Failure::new(reason.to_string())),
            Err(TestError::Fail(_, genes)) => {
                let fails = |genes: &[[u8; 8]]| {
                    claim(&prepare(decode(genes, &self.settings)), &mut Verdict::default()).is_err()
                };
                let genes = fewer_genes(genes, fails);
                let program = fewer_lines(prepare(decode(&genes, &self.settings)), |program| {
                    claim(program, &mut Verdict::default()).is_err()
                });
                let mut failure = match claim(&program, &mut Verdict::default()) {
                    Err(failure) => failure,
                    Ok(()) => Failure::new("the claim failed once, and then held of the same program"),
                };
                failure.blame = program.blame().map(Box::new);
                failure.instructions = program.instructions();
                failure.program = format!("{program:?}");
                failure.cases = report.cases;
                Err(failure)
            }
        }
    }
}

impl Choice {
    fn name(&self) -> &str {
        match self {
            Choice::Kind(kind) => kind.name,
            Choice::Guest(guest) => guest.name(),
        }
    }
}

impl Program {
    /// The operation whose own derivative is wrong, if there is one.
    pub fn blame(&self) -> Option<super::Blame> {
        let graph = Graph::<f64>::new();
        let nodes = self.record(&graph);
        let leaves: Vec<_> = self.leaves().into_iter().filter_map(|id| nodes.get(id).copied()).collect();
        blame(nodes.get(self.output()).copied()?, &leaves).or_else(|| claims::conventions(self))
    }

    /// Whether it runs in single precision to the same values.
    fn is_single(&self) -> bool {
        self.lines.iter().all(|line| match &line.call {
            Call::Uniform(_) | Call::Normal(_) | Call::FoldIn(_) => false,
            Call::Guest(guest) => guest.is_generic(),
            _ => true,
        })
    }
}
