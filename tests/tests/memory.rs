//! Memory is used again. In a file of its own, which is a process of its own: nothing else moves its memory.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use chainrule::graph::Graph;

/// The memory of this process in KiB; nothing where the system does not tell, and then nothing is claimed.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs something often. What it leaves behind each time may add up to a tenth of what it works with.
fn often(what: &str, mut work: impl FnMut()) {
    const MIB: usize = 1 << 10;
    for _ in 0..5 {
        work();
    }
    let before = resident();
    for _ in 0..100 {
        work();
    }
    if let (Some(before), Some(after)) = (before, resident()) {
        assert!(after < before + 40 * MIB, "{what}: {before} KiB before, {after} KiB after");
    }
}

#[test]
fn cleared_graphs_and_repeated_reading_use_their_memory_again() {
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
