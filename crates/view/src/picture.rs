//! [`Picture`]: what to show of a graph, and how. One builder for all forms.

use std::fmt;
use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Graph, Result, Scalar, Var};

use crate::gradient::{Gradients, gradients};
use crate::scene::Scene;
use crate::theme::Theme;

/// As the source of a Graphviz picture: what [`View::dot`](crate::View::dot) returns.
#[derive(Clone, Debug, Default)]
pub struct Dot(());

/// As text for a terminal: what [`View::tree`](crate::View::tree) returns.
#[derive(Clone, Debug, Default)]
pub struct Tree(());

/// As a picture in a file or a web page: what [`View::svg`](crate::View::svg) returns.
#[derive(Clone, Debug, Default)]
pub struct Svg {
    pub(crate) theme: Theme,
    pub(crate) title: Option<String>,
    pub(crate) desc: Option<String>,
}

/// A picture of a graph that is still being described; printing it draws it.
///
/// Without any of the methods below, all nodes are shown, each with its operation, the options of it and its shape, and
/// nothing is computed.
///
/// ```
/// use chainrule_graph::Graph;
/// use chainrule_view::View;
///
/// let graph = Graph::new();
/// let (x, w) = (graph.constant([1.0, 2.0]), graph.variable("w", [0.5, -0.5]));
/// let loss = (w * x).sum().square();
/// let tree = graph.tree().of(loss).values(true).gradients(loss).to_string();
/// assert!(tree.starts_with("%4 square []  = 0.25  grad 1"));
/// ```
///
/// What goes wrong meanwhile (a gradient that does not exist, a node of another graph) is written into the picture
/// where it is printed; [`to_text`](Picture::to_text), `to_svg` and [`save`](Picture::save) return it as an error.
/// Nodes that are invalid, or whose value cannot be computed, are part of the picture and say why.
#[derive(Clone)]
#[must_use = "a picture is drawn when it is printed or saved"]
pub struct Picture<'g, T: Scalar, F> {
    pub(crate) graph: &'g Graph<T>,
    pub(crate) shown: Shown<'g, T>,
    pub(crate) format: F,
}

/// What is shown.
#[derive(Clone)]
pub(crate) struct Shown<'g, T: Scalar> {
    /// How many nodes there were when the picture was begun.
    pub(crate) end: usize,
    pub(crate) outputs: Vec<Var<'g, T>>,
    pub(crate) values: bool,
    pub(crate) gradients: Option<Gradients>,
    pub(crate) fold: bool,
    pub(crate) backward: bool,
    pub(crate) limit: usize,
    /// What went wrong while the picture was described.
    pub(crate) problem: Option<Error>,
}

impl<'g, T: Scalar, F> Picture<'g, T, F> {
    pub(crate) fn new(graph: &'g Graph<T>, limit: usize, format: F) -> Self {
        let shown = Shown {
            end: graph.len(),
            outputs: Vec::new(),
            values: false,
            gradients: None,
            fold: false,
            backward: true,
            limit,
            problem: None,
        };
        Picture { graph, shown, format }
    }

    /// Only this node and what it is computed from. Several calls add up.
    #[track_caller]
    pub fn of(mut self, output: Var<'g, T>) -> Self {
        if std::ptr::eq(output.graph(), self.graph) {
            self.shown.end = self.shown.end.max(output.number() + 1);
            self.shown.outputs.push(output);
        } else {
            self.shown.problem.get_or_insert(Error::new(
                ErrorKind::ForeignNode,
                "of",
                "the node belongs to another graph",
                "draw it with `node.graph().tree().of(node)`",
            ));
        }
        self
    }

    /// With the values of the nodes: whole if they are small, else their range and mean. They are computed where they
    /// have not been before.
    pub fn values(mut self, on: bool) -> Self {
        self.shown.values = on;
        self
    }

    /// With the gradient of `of`, a single number, with respect to each node that it depends on.
    ///
    /// The gradients are computed now. That records their nodes on the tape, behind all that this picture shows.
    /// A node from which no derivative reaches `of` has no gradient in the picture.
    #[track_caller]
    pub fn gradients(mut self, of: Var<'g, T>) -> Self {
        match gradients(self.graph, of) {
            Ok(gradients) => self.shown.gradients = Some(gradients),
            Err(error) => {
                self.shown.problem.get_or_insert(error);
            }
        }
        self
    }

    /// What was recorded in one [scope](Graph::scope), a layer say, as one box with the name of the scope: the
    /// outermost ones, with the leaves that nothing else uses; and the derivatives of a folded layer as one box too.
    pub fn fold(mut self, on: bool) -> Self {
        self.shown.fold = on;
        self
    }

    /// Whether the nodes that a derivative has recorded are shown. They are, unless this says `false`.
    pub fn backward(mut self, on: bool) -> Self {
        self.shown.backward = on;
        self
    }

    /// At most so many boxes, those recorded last; the picture says how many nodes are left out, and boxes name the
    /// operands that are missing. Unlimited for [`Dot`] and [`Tree`], 2000 for [`Svg`] unless said otherwise.
    pub fn limit(mut self, boxes: usize) -> Self {
        self.shown.limit = boxes;
        self
    }

    pub(crate) fn scene(&self) -> Scene {
        Scene::new(self.graph, &self.shown)
    }

    fn checked(&self) -> Result<()> {
        self.shown.problem.clone().map_or(Ok(()), Err)
    }
}

impl<T: Scalar> Picture<'_, T, Dot> {
    /// The text that printing gives, or what went wrong.
    ///
    /// # Errors
    /// If a node was given that belongs to another graph, or the gradients that were asked for do not exist.
    pub fn to_text(&self) -> Result<String> {
        self.checked().map(|()| self.to_string())
    }

    /// Writes [`to_text`](Picture::to_text) into a file.
    ///
    /// # Errors
    /// As there, and if the file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_text()?)
    }
}

impl<T: Scalar> Picture<'_, T, Tree> {
    /// The text that printing gives, or what went wrong.
    ///
    /// # Errors
    /// If a node was given that belongs to another graph, or the gradients that were asked for do not exist.
    pub fn to_text(&self) -> Result<String> {
        self.checked().map(|()| self.to_string())
    }

    /// Writes [`to_text`](Picture::to_text) into a file.
    ///
    /// # Errors
    /// As there, and if the file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_text()?)
    }
}

impl<T: Scalar> Picture<'_, T, Svg> {
    /// Light, dark, or what the reader prefers, which is the default.
    pub fn theme(mut self, theme: Theme) -> Self {
        self.format.theme = theme;
        self
    }

    /// What the picture shows, in a few words: for those who hear it.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.format.title = Some(title.into());
        self
    }

    /// What the picture shows, in a few sentences: for those who hear it. Without it, the number of nodes and their
    /// kinds are said.
    pub fn desc(mut self, desc: impl Into<String>) -> Self {
        self.format.desc = Some(desc.into());
        self
    }

    /// The picture as SVG: one element, which needs nothing from outside.
    ///
    /// # Errors
    /// If a node was given that belongs to another graph, the gradients that were asked for do not exist, or the boxes
    /// cannot be laid out.
    #[track_caller]
    pub fn to_svg(&self) -> Result<String> {
        self.checked()?;
        crate::svg::svg(&self.scene(), &self.format)
    }

    /// Writes [`to_svg`](Picture::to_svg) into a file.
    ///
    /// # Errors
    /// As there, and if the file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write(path.as_ref(), &self.to_svg()?)
    }
}

impl<T: Scalar> fmt::Display for Picture<'_, T, Dot> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::dot::write(&self.scene(), f)
    }
}

impl<T: Scalar> fmt::Display for Picture<'_, T, Tree> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::tree::write(&self.scene(), f)
    }
}

/// The picture, or a picture of what went wrong.
impl<T: Scalar> fmt::Display for Picture<'_, T, Svg> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_svg() {
            Ok(svg) => f.write_str(&svg),
            Err(error) => f.write_str(&crate::svg::message(&error.to_string(), self.format.theme)),
        }
    }
}

#[track_caller]
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    // Not in a closure: the error has the line of the caller.
    let Err(reason) = std::fs::write(path, text) else { return Ok(()) };
    let message = format!("`{}` cannot be written: {reason}", path.display());
    let help = "give the path of a file in a folder that exists and may be written to";
    Err(Error::new(ErrorKind::File, "save", message, help))
}
