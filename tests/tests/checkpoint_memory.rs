//! What checkpoints are for: the peak of memory, measured in a process of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::process::Command;

use chainrule::graph::{Graph, Var};

const CHILD: &str = "CHAINRULE_CHECKPOINTS";
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
fn run(saving: bool) -> Vec<f64> {
    let graph = Graph::new();
    let x = graph.full([SIZE], 0.25);
    let mut y = x;
    for _ in 0..LAYERS {
        y = if saving { graph.checkpoint(|| layer(y)) } else { layer(y) };
    }
    let dx = y.sum().grad(x).unwrap();
    dx.value().unwrap().iter().take(3).copied().collect()
}

/// The highest resident memory of this process in KiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[test]
fn checkpoints_save_most_of_the_memory() {
    if let Ok(saving) = std::env::var(CHILD) {
        let gradient = run(saving == "yes");
        println!("gradient {:?} peak {}", bits(gradient), peak().unwrap_or(0));
        return;
    }
    let measure = |saving: &str| -> (String, u64) {
        let this = std::env::current_exe().unwrap();
        let output =
            Command::new(this).args(["--nocapture", "--test-threads=1"]).env(CHILD, saving).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let line =
            text.lines().find_map(|line| line.split_once("gradient ")).unwrap_or_else(|| panic!("{text}")).1;
        let (gradient, peak) = line.split_once(" peak ").unwrap();
        (gradient.to_owned(), peak.parse().unwrap())
    };
    let ((plain, much), (saved, little)) = (measure("no"), measure("yes"));
    assert_eq!(plain, saved);
    if much == 0 {
        return; // a system that does not tell
    }
    println!("peak {much} KiB without, {little} KiB with checkpoints");
    assert!(little < much / 4, "{little} KiB with checkpoints, {much} KiB without");
}

fn bits(numbers: Vec<f64>) -> Vec<u64> {
    numbers.into_iter().map(f64::to_bits).collect()
}
