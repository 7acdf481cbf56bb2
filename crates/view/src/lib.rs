//! Pictures of [computation graphs](chainrule_graph::Graph): text for the terminal, DOT for Graphviz, SVG without any
//! program beside this one; and of dense networks, as a lecture draws them.
//!
//! One `use` gives every graph three methods:
//!
//! ```
//! use chainrule_graph::Graph;
//! use chainrule_view::View;
//! use ndarray::array;
//!
//! let graph = Graph::new();
//! let w = graph.variable("W2", array![[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]);
//! let a = graph.variable("A1", array![0.5, 0.6, 0.7]);
//! let e2 = graph.constant(array![0.42, 0.45]);
//! let [e1] = w.matmul(a).vjp(e2, [a])?; // E1 = W2' E2
//!
//! let text = graph.tree().of(e1).values(true).to_string();
//! let text: Vec<&str> = text.lines().collect();
//! assert!(text[0].starts_with("%5 matmul [3]  = [0.216, 0.129, 0.087]  of %3"));
//! assert!(text[1].starts_with("├─ %4 permute [1, 0] [3, 2]  = [[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]]  of %3"));
//! assert!(text[2].starts_with("│  └─ %0 W2 [2, 3]  = [[0.3, 0.2, 0.1], [0.2, 0.1, 0.1]]"));
//! assert!(text[3].starts_with("└─ %2 constant [2]  = [0.42, 0.45]"));
//!
//! let dot = graph.dot().to_string();  // for Graphviz
//! let svg = graph.svg().to_svg()?;    // for a page; `.save("graph.svg")` writes a file
//! assert!(dot.starts_with("digraph") && svg.starts_with("<svg"));
//! # Ok::<(), chainrule_graph::Error>(())
//! ```
//!
//! # What is in a picture
//!
//! A box a node: its number and operation with the options (axes, exponents), its shape, and on request its
//! [value](Picture::values) and the [gradient](Picture::gradients) of a loss with respect to it. The source line stands
//! in the tree, and in the tooltip of the other two. What a derivative has recorded has a colour of its own, and a
//! dotted line to the operation whose derivative it is: in an SVG it flows back up beside the formula that flows down.
//!
//! # What to leave out
//!
//! ```
//! # use chainrule_graph::Graph;
//! # use chainrule_view::View;
//! # let graph = Graph::new();
//! # let w = graph.variable("w", [1.0, 2.0]);
//! # let layer = graph.scope("layer");
//! # let y = (w * w).tanh();
//! # drop(layer);
//! # let loss = y.sum();
//! # let [dw] = loss.grad([w])?;
//! graph.tree().of(loss);                    // only what this node needs
//! graph.tree().backward(false);             // without derivatives
//! graph.tree().fold(true);                  // a layer (what was recorded in a scope) as one box
//! graph.tree().limit(100);                  // the last hundred boxes
//! # let folded = graph.tree().of(loss).fold(true).to_string();
//! # assert!(folded.contains("layer (3 nodes) [2]"), "{folded}");
//! # let _ = dw;
//! # Ok::<(), chainrule_graph::Error>(())
//! ```
//!
//! All of them hold for [`dot`](View::dot) and [`svg`](View::svg) too, and can be combined.
//!
//! # A network
//!
//! [`network`] draws neurons as circles and weights beside lines, the signals on their way forward and the errors on
//! their way back, with the sums below, number by number.
//!
//! # Promises
//!
//! * The same graph gives the same bytes.
//! * Nothing panics and nothing recurses: empty graphs, invalid nodes, values that cannot be computed, chains of a
//!   hundred thousand nodes are drawn, and hostile names are harmless in a terminal, in DOT and in XML.
//! * An SVG is one element that loads nothing and runs nothing. Its colours follow the reader's light or dark
//!   [`Theme`], with a contrast of 4.5 or more; text has room in its box in every usual monospaced font; a title and a
//!   description are there for those who hear it.
//!
//! Start reading at `scene.rs`: what is shown, before it has a form. Then a page a form: `tree.rs`, `dot.rs`, `svg/`.
#![forbid(unsafe_code)]

mod dot;
mod gradient;
mod network;
mod neurons;
mod picture;
mod scene;
mod svg;
mod text;
mod theme;
mod tree;

use chainrule_graph::{Graph, Scalar};

pub use network::{Network, network};
pub use picture::{Dot, Picture, Svg, Tree};
pub use theme::Theme;

/// The pictures of a [`Graph`], as methods of it. What they show is said by the methods of [`Picture`].
pub trait View<T: Scalar> {
    /// The graph as text for a terminal, like `cargo tree`: each node above what it is computed from. A node that
    /// several others use is written out once; further down its number stands for it.
    ///
    /// ```
    /// # use chainrule_view::View;
    /// let graph = chainrule_graph::Graph::new();
    /// let x = graph.variable("x", 2.0);
    /// let y = x.exp();
    /// let z = y * y.sin();
    /// let text = graph.tree().to_string();
    /// # let shown = |line: &str| line.rsplit_once("  ").map_or(line, |(shown, _)| shown).to_owned() + "\n";
    /// # let text: String = text.lines().map(|line| if line.ends_with("(above)") { format!("{line}\n") } else { shown(line) }).collect();
    /// assert_eq!(text, "\
    /// %3 mul []
    /// ├─ %1 exp []
    /// │  └─ %0 x []
    /// └─ %2 sin []
    ///    └─ %1 exp (above)
    /// "); // and behind each node its source line
    /// # let _ = z;
    /// ```
    fn tree(&self) -> Picture<'_, T, Tree>;

    /// The graph as the source of a Graphviz picture: `dot -Tsvg` draws it. Scopes become clusters.
    fn dot(&self) -> Picture<'_, T, Dot>;

    /// The graph as an SVG picture, laid out here: [`to_svg`](Picture::to_svg) returns it, [`save`](Picture::save)
    /// writes it.
    ///
    /// For up to a few thousand boxes (about a second); of a larger graph the last 2000 unless
    /// [`limit`](Picture::limit) says otherwise. A line that would pass through very many layers is not drawn; its end
    /// says `from %12`.
    fn svg(&self) -> Picture<'_, T, Svg>;
}

impl<T: Scalar> View<T> for Graph<T> {
    fn tree(&self) -> Picture<'_, T, Tree> {
        Picture::new(self, usize::MAX, Tree::default())
    }

    fn dot(&self) -> Picture<'_, T, Dot> {
        Picture::new(self, usize::MAX, Dot::default())
    }

    fn svg(&self) -> Picture<'_, T, Svg> {
        Picture::new(self, 2000, Svg::default())
    }
}

/// The code of the README runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
