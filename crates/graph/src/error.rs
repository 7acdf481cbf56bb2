//! The one error type of the crate.
//!
//! Recording never fails: a wrong shape makes an *invalid node* that carries an [`Error`], and the first call that
//! can return a `Result` returns it. So an error is made long before it is seen, and has to bring everything with
//! it: the operation, the operand shapes, the user's own source line and how to mend it.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

/// What is wrong, where, and how to mend it. Cheap to clone; several nodes may share one.
///
/// Its [`Display`](fmt::Display) form has the operation and the reason, the source line, and a remedy:
///
/// ```text
/// matmul: [2, 3] times [2] pairs 3 columns with 2 rows
///   --> src/main.rs:12:15
///   help: the inner sizes must agree; `.t()` transposes a matrix
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: ErrorKind,
    operation: String,
    shapes: Vec<Vec<usize>>,
    message: String,
    help: String,
    location: &'static Location<'static>,
    scope: String,
}

/// `Result` with this crate's [`Error`].
pub type Result<V, E = Error> = std::result::Result<V, E>;

/// The kinds of [`Error`], for a program that has to tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Shapes that do not fit the operation or each other.
    Shape,
    /// An axis that does not exist, is named twice, or is missing.
    Axis,
    /// A node of another graph.
    ForeignNode,
    /// A name that the graph has already given to another variable.
    DuplicateName,
    /// A gradient of something that is not one number.
    NotScalar,
    /// Structures (outputs and seeds, inputs and tangents) with different numbers of nodes.
    Count,
    /// An array, a rank or a tape beyond what can be addressed.
    TooLarge,
    /// The memory for a value could not be had.
    OutOfMemory,
    /// An index outside of the axis it counts along, or not a whole number.
    Index,
    /// A matrix that is singular, or not positive definite.
    Singular,
    /// A gradient that only operations without one could carry.
    Cut,
    /// A derivative rule of an operation of the user's own that is not the derivative of its value.
    WrongDerivative,
    /// A condition that a branch was taken on, and that holds no more.
    Guard,
    /// A value that is not finite, in a graph that was told to refuse such.
    NotFinite,
    /// A state that cannot be waited for, because whoever uses it waits for this thread.
    Busy,
    /// A file that cannot be read or written, or holds something else than it should.
    File,
    /// A wrong argument of another sort: a layer of no width, a probability above one, ...
    Argument,
}

/// An [`Error`] before it knows where it happened: what a shape rule returns.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Fault {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, help: impl Into<String>) -> Self {
        Fault { kind, message: message.into(), help: help.into() }
    }

    pub(crate) fn foreign() -> Self {
        Fault::new(
            ErrorKind::ForeignNode,
            "an operand belongs to another graph",
            "record both in one graph, or carry the value over: `graph.constant(other.value()?)`",
        )
    }

    pub(crate) fn at(
        self,
        operation: impl Into<String>,
        shapes: Vec<Vec<usize>>,
        location: &'static Location<'static>,
        scope: String,
    ) -> Error {
        Error(Arc::new(Inner {
            kind: self.kind,
            operation: operation.into(),
            shapes,
            message: self.message,
            help: self.help,
            location,
            scope,
        }))
    }
}

impl Error {
    /// An error at the caller's line: for what is built on this crate, and has errors that no node carries.
    ///
    /// ```
    /// use chainrule_graph::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::File, "load", "`net.toml` does not exist", "give another path");
    /// assert!(error.to_string().starts_with("load: `net.toml` does not exist\n  --> "));
    /// ```
    #[track_caller]
    pub fn new(
        kind: ErrorKind,
        operation: impl Into<String>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Fault::new(kind, message, help).at(operation, Vec::new(), Location::caller(), String::new())
    }

    /// What sort of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that could not be done, as the user calls it: `"matmul"`, `"grad"`.
    pub fn operation(&self) -> &str {
        &self.0.operation
    }

    /// The shapes of its operands, in order.
    pub fn shapes(&self) -> &[Vec<usize>] {
        &self.0.shapes
    }

    /// The source line of the user's call.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// The layers around it, outermost first, joined by dots; empty outside of any
    /// [scope](crate::Graph::scope).
    pub fn scope(&self) -> &str {
        &self.0.scope
    }

    /// What is wrong, in one sentence, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// How to mend it.
    pub fn help(&self) -> &str {
        &self.0.help
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { operation, message, help, location, scope, .. } = &*self.0;
        write!(f, "{operation}: {message}\n  --> {location}")?;
        if !scope.is_empty() {
            write!(f, ", in `{scope}`")?;
        }
        if !help.is_empty() {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

/// The same text as [`Display`](fmt::Display): it is what `fn main() -> Result<(), Error>` and `unwrap` print.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}
