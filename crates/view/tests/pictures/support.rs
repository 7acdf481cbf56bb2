//! Graphs that the tests draw, and pictures without the lines of this crate's own tests.

use chainrule_graph::{Graph, Var};
use ndarray::array;

/// `mean (sigmoid(w x + b) - y)^2`
pub(crate) fn loss(graph: &Graph) -> (Var<'_>, [Var<'_>; 2]) {
    let w = graph.variable("w", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
    let b = graph.variable("b", array![0.1, 0.0]);
    let (x, y) = (graph.constant(array![0.5, 0.6, 0.7]), graph.constant(array![1.0, 0.0]));
    (((w.matmul(x) + b).sigmoid() - y).square().mean(), [w, b])
}

/// Names that try to break out of whatever they are written into.
pub(crate) const HOSTILE: [&str; 9] = [
    "</text><script>alert(1)</script>",
    "\"]; evil -> node; x [label=\"",
    "a\\",
    "\\N\\G&lt;&#60;&nbsp;",
    "]]>&<!--",
    "\u{0}\u{1}\u{8}\u{1b}[2J\u{7f}\u{85}",
    "line\nbreak\r\ttab",
    "\u{202e}gnp.exe\u{200b}\u{feff}\u{fffe}\u{ffff}",
    "重み 🦀 e\u{301}",
];

/// A graph of variables with such names, an invalid node, and one without a value.
pub(crate) fn hostile(graph: &Graph) {
    for name in HOSTILE {
        let _ = graph.variable(name, [1.0, 2.0]).exp();
        let _scope = graph.scope(name);
        graph.constant(f64::NAN).sin();
    }
    let long = graph.variable("x".repeat(5000), [1.0, 2.0]);
    let _ = (long + array![1.0, 2.0, 3.0]).exp();
    graph.constant(array![[1.0, 2.0], [2.0, 4.0]]).solve(long);
    graph.invalid("</desc>\u{1b}", &[], "\u{0}<&>", "\u{1}");
}

/// The text without the places of the test file: those change with every edit.
pub(crate) fn without_places(text: &str) -> String {
    let file = |word: &&str| word.contains(".rs:");
    let clean = |line: &str| match line.split_once("  ") {
        Some(_) => line.split("  ").filter(|word| !file(word)).collect::<Vec<_>>().join("  "),
        None => line.to_owned(),
    };
    text.lines().map(|line| clean(line) + "\n").collect()
}
