//! A tape of a million nodes, from its recording to a run of the compiled program, on a small stack: memory and work grow as
//! the tape does. No time is asserted.

use chainrule::graph::{Graph, Program};

use crate::counter::Counter;

static COUNTER: Counter = Counter::new();

/// What a tape has cost.
struct Cost {
    nodes: usize,
    /// What is counted, each with a name.
    counts: Vec<(&'static str, usize)>,
}

impl Cost {
    fn add(&mut self, what: &'static str, count: usize) {
        self.counts.push((what, count));
    }

    /// The most memory there was above what was in use `before`, and how often it was asked for, since the last time.
    fn add_memory(&mut self, bytes: &'static str, calls: &'static str, before: usize) {
        let (most, asked) = COUNTER.since();
        self.add(bytes, most - before);
        self.add(calls, asked);
    }
}

/// `y -> sin(y) a + y`, so often, with its value and both derivatives: interactively, and as a program.
fn cost(length: usize) -> Cost {
    let before = COUNTER.used();
    COUNTER.since();
    let graph = Graph::new();
    let (x, a) = (graph.variable("x", 0.5), graph.variable("a", 0.0001));
    let y = (0..length).fold(x, |y, _| y.sin() * a + y);
    let mut cost = Cost { nodes: 0, counts: Vec::new() };
    cost.add_memory("bytes to record", "allocations to record", before);
    let [dx, da] = y.grad([x, a]).unwrap();
    cost.nodes = graph.len();
    cost.add_memory("bytes to differentiate", "allocations to differentiate", before);
    let want = [y, dx, da].map(|y| y.item().unwrap().to_bits());
    cost.add_memory("bytes to evaluate", "allocations to evaluate", before);
    let mut program = Program::new([], [y, dx, da]).compile().unwrap();
    cost.add_memory("bytes to compile", "allocations to compile", before);
    assert_eq!(program.run(()).unwrap().map(|y| y[[]].to_bits()), want);
    cost.add_memory("bytes to run", "allocations to run", before);
    let plan = program.explain();
    cost.add("nodes", plan.nodes);
    cost.add("items", plan.items);
    cost.add("operations", plan.steps.iter().flat_map(|step| &step.operations).map(|entry| entry.1).sum());
    cost.add("steps", plan.steps.len());
    cost.add("bytes of a run's own", plan.work_bytes);
    cost
}

#[test]
fn a_million_nodes_cost_four_times_as_much_as_a_quarter_of_a_million() {
    COUNTER.threads(1).install(|| {
        let (quarter, million) = (cost(28_000), cost(112_000));
        assert!(million.nodes > 1_000_000, "{}", million.nodes);
        let ratio = million.nodes as f64 / quarter.nodes as f64;
        for (&(what, some), &(_, all)) in quarter.counts.iter().zip(&million.counts) {
            // Lists double as they grow; what is there once is there once.
            assert!(all as f64 <= 1.05 * ratio * some as f64 + 64.0, "{what}: {some}, then {all}");
        }
    });
}
