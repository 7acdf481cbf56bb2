//! Memory is used again.

use chainrule::graph::Graph;

use crate::counter::Counter;

static COUNTER: Counter = Counter::new();

/// Runs something often. All that is left behind by a hundred times may add up to a quarter of what one of them works with.
fn often(what: &str, mut work: impl FnMut()) {
    const MIB: usize = 1 << 20;
    for _ in 0..5 {
        work();
    }
    let before = COUNTER.used();
    for _ in 0..100 {
        work();
    }
    let after = COUNTER.used();
    assert!(after <= before + MIB, "{what}: {before} bytes before, {after} bytes after");
}

#[test]
fn cleared_graphs_and_repeated_reading_use_their_memory_again() {
    COUNTER.threads(2).install(reuse);
    assert!(COUNTER.since().0 > 8 << 20, "the counter counts");
}

fn reuse() {
    let data = vec![1.0; 1 << 19];
    let mut graph = Graph::new();
    // 4 MiB each time: 400 MiB if they stayed.
    often("clear", || {
        graph.clear();
        let x = graph.variable("x", &data[..]);
        assert_eq!(x.sum().item().unwrap(), 524288.0);
    });
    let x = graph.constant(&data[..]);
    let y = x + 1.0;
    let nodes = graph.len();
    often("value", || assert_eq!(y.value().unwrap()[[7]], 2.0));
    assert_eq!(graph.len(), nodes, "reading records nothing");
    // Views of what is there: a broadcast to 2^40 elements, turned.
    often("views", || {
        let wide = graph.constant(&data[..8]).broadcast_to([1 << 37, 8]).t();
        assert_eq!(wide.detach().shape().unwrap(), [8, 1 << 37]);
    });
    // A dropped graph gives all back.
    often("drop", || {
        let graph = Graph::new();
        assert_eq!(graph.constant(&data[..]).mean().item().unwrap(), 1.0);
    });
}
