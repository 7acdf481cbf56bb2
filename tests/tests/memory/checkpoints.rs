//! What checkpoints are for: the peak of memory.

use chainrule::graph::{Graph, Var};

use crate::counter::Counter;

static COUNTER: Counter = Counter::new();

const LAYERS: usize = 12;
const SIZE: usize = 1 << 16;

fn layer<'g>(x: Var<'g>) -> Var<'g> {
    let mut y = x;
    for _ in 0..4 {
        y = (y.sin() * 0.5 + x.tanh()).sigmoid();
    }
    y
}

/// The gradient of a deep chain of layers of half a megabyte each: 16 operations a layer.
fn run(saving: bool) -> [f64; 3] {
    let graph = Graph::new();
    let x = graph.full([SIZE], 0.25);
    let mut y = x;
    for _ in 0..LAYERS {
        y = if saving { graph.checkpoint(|| layer(y)) } else { layer(y) };
    }
    let dx = y.sum().grad(x).unwrap();
    let dx = dx.value().unwrap();
    [dx[0], dx[1], dx[SIZE - 1]]
}

#[test]
fn checkpoints_save_most_of_the_memory() {
    let threads = COUNTER.threads(2);
    let measure = |saving| {
        threads.install(|| {
            let before = COUNTER.used();
            COUNTER.since();
            let gradient = run(saving);
            (gradient.map(f64::to_bits), COUNTER.since().0 - before)
        })
    };
    let ((plain, much), (saved, little)) = (measure(false), measure(true));
    assert_eq!(plain, saved);
    println!("at most {much} bytes without, {little} bytes with checkpoints");
    // The 16 values of each layer, or those of one layer and the last one of each.
    assert!(much > 8 * SIZE * 16 * LAYERS, "{much} bytes without checkpoints");
    assert!(little < much / 4, "{little} bytes with checkpoints, {much} bytes without");
}
