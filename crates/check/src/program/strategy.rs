//! Programs as a strategy of proptest, and claims run over many of them.

use std::sync::Arc;

use chainrule_graph::Graph;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::decode::{Choice, decode};
use super::fault::Fault;
use super::guest::Guest;
use super::shrink::{fewer_genes, fewer_lines};
use super::{Call, Program, Verdict, claims, kinds};
use crate::failure::{Cause, Failure};
use crate::guilty::{Guilty, Search};
use crate::subject::caught;

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
    Programs { settings: Settings { choices, kinks: false }, lines: 12, seed: 0 }
}

/// Random networks of up to 5 layers (dense, convolution, norm, attention, residual, recurrent) and losses, each made from
/// operations of the engine: programs of a few dozen lines.
pub fn networks() -> Programs {
    let choices = kinds::layers().map(Choice::Kind).collect();
    Programs { settings: Settings { choices, kinks: false }, lines: 5, seed: 0 }
}

/// Random programs, to be narrowed down or widened, then drawn or checked.
///
/// They are the same ones every time: a failure in CI is one at home. A failure names its seed and how many programs passed
/// before it, which is how to make it again. To see other programs, give another [`seed`](Programs::seed); to see more,
/// set the environment variable `PROPTEST_CASES`, which takes the place of the number in the test; or let the program `soak`
/// run for a while, with a seed of its own:
///
/// ```text
/// cargo run --release -p chainrule-check --example soak -- --cases 1000000 --seed 7
/// ```
#[derive(Clone)]
pub struct Programs {
    settings: Settings,
    lines: usize,
    seed: u64,
}

/// What came of many programs that all passed.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// How many programs.
    pub cases: usize,
    /// The largest error in parts of its bound.
    pub worst: f64,
    /// Of which value or derivative that is, what was computed and what the oracle has; empty if there is no error at all.
    pub worst_of: String,
    /// The program with it.
    pub worst_program: Option<Program>,
    /// The largest error of each program.
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

    /// Other programs. The same seed makes the same ones; the default is 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
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

    /// Checks everything there is to check, on so many programs in double precision; on as many as the environment variable
    /// `PROPTEST_CASES` says, if it is set.
    ///
    /// # Errors
    /// Of the smallest program found what is wrong, with the guilty operation.
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
        self.run(crate::settings::cases(cases), |program| program, claim)
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

    /// So many programs, the very ones that [`check`](Programs::check) looks at.
    ///
    /// ```
    /// use chainrule_check::program::programs;
    ///
    /// let lines = programs().lines(3).draw(100).map(|program| program.instructions());
    /// assert!(lines.max() > Some(2));
    /// ```
    pub fn draw(&self, cases: u32) -> impl Iterator<Item = Program> + use<> {
        let settings = self.settings.clone();
        self.drawn(cases).map(move |genes| decode(&genes, &settings))
    }

    fn drawn(&self, cases: u32) -> impl Iterator<Item = Vec<[u8; 8]>> + use<> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let genes = self.genes();
        (0..cases).map(move |_| {
            // As `TestRunner::run` does: a seed means the same programs there and here.
            let rng = runner.new_rng();
            *runner.rng() = rng;
            // Drawing numbers cannot fail; if it did, the list would be empty.
            genes.new_tree(&mut runner).map(|tree| tree.current()).unwrap_or_default()
        })
    }

    fn run(
        &self,
        cases: u32,
        prepare: impl Fn(Program) -> Program,
        claim: impl Fn(&Program, &mut Verdict) -> Result<(), Failure>,
    ) -> Result<Report, Failure> {
        let judge = |program: &Program| {
            let mut verdict = Verdict::default();
            // Guests are code of the user's.
            let outcome = caught(|| claim(program, &mut verdict));
            outcome.unwrap_or_else(|trouble| Err(Cause::from(trouble).into())).map(|()| verdict)
        };
        let of = |genes: &[[u8; 8]]| prepare(decode(genes, &self.settings));
        let mut report = Report::default();
        for genes in self.drawn(cases) {
            let program = of(&genes);
            if let Ok(verdict) = judge(&program) {
                report.add(&program, verdict);
                continue;
            }
            let genes = fewer_genes(genes, |genes| judge(&of(genes)).is_err());
            let smallest = fewer_lines(of(&genes), |program| judge(program).is_err());
            // It failed a moment ago.
            let flaky = || Cause::NonDeterministic { what: "the verdict itself".into() }.into();
            let mut failure = judge(&smallest).err().unwrap_or_else(flaky);
            failure.0.guilty = smallest.guilty();
            failure.0.program = Some(smallest);
            failure.0.seed = self.seed;
            failure.0.drawn = Some(report.cases as u32);
            return Err(failure);
        }
        Ok(report)
    }
}

impl Report {
    fn add(&mut self, program: &Program, verdict: Verdict) {
        self.cases += 1;
        self.compared += verdict.compared;
        self.errors.push(verdict.worst);
        if verdict.worst > self.worst {
            self.worst = verdict.worst;
            self.worst_of = verdict.worst_of;
            self.worst_program = Some(program.clone());
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
    /// The operation whose own derivative is wrong, if there is one. (A [`detach`](chainrule_graph::Var::detach) is not: what it
    /// does to a derivative is what the oracle does, too.)
    pub fn guilty(&self) -> Option<Guilty> {
        let graph = Graph::<f64>::new();
        let nodes = self.record(&graph);
        let leaves: Vec<_> = self.leaves().into_iter().filter_map(|id| nodes.get(id).copied()).collect();
        let output = nodes.get(self.output()).copied()?;
        let search = Search { graph: &graph, inputs: &leaves, outputs: &[output], order: 2 };
        search.rule().or_else(|| self.unconventional())
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
