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

/// The pictures of a [`Graph`], as methods of it.
pub trait View<T: Scalar> {
    /// As the source of a Graphviz picture.
    fn dot(&self) -> Picture<'_, T, Dot>;
    /// As a tree.
    fn tree(&self) -> Picture<'_, T, Tree>;
    /// As SVG.
    fn svg(&self) -> Picture<'_, T, Svg>;
}

impl<T: Scalar> View<T> for Graph<T> {
    fn dot(&self) -> Picture<'_, T, Dot> {
        Picture::new(self, usize::MAX, Dot::default())
    }

    fn tree(&self) -> Picture<'_, T, Tree> {
        Picture::new(self, usize::MAX, Tree::default())
    }

    fn svg(&self) -> Picture<'_, T, Svg> {
        Picture::new(self, 2000, Svg::default())
    }
}
