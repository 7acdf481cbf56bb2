//! How this crate says that something is wrong: with `chainrule_graph`'s own [`Error`](chainrule_graph::Error), so that
//! a user's program has one error type and one `?`.

use std::borrow::Cow;

use chainrule_graph::{Error, ErrorKind, Graph, Result, Scalar, Var};

/// What is wrong and how to mend it, before it is known where it happened.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) help: Cow<'static, str>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        Fault { message: message.into(), help: help.into() }
    }

    /// As an `Err`, at the caller's line.
    #[track_caller]
    pub(crate) fn raise<V>(self, operation: &str) -> Result<V> {
        Err(Error::new(ErrorKind::Argument, operation, self.message, self.help))
    }

    /// As an invalid node, at the caller's line.
    #[track_caller]
    pub(crate) fn node<'g, T: Scalar>(
        self,
        operation: &str,
        graph: &'g Graph<T>,
        operands: &[Var<'g, T>],
    ) -> Var<'g, T> {
        graph.invalid(operation, operands, self.message, self.help)
    }
}

/// `` `a`, `b`, `c` ``; long lists are cut, for they end up in an error message.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let count = names.len();
    if count == 0 {
        return "none".to_owned();
    }
    let mut text = names.take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if count > SHOWN {
        text.push_str(&format!(" and {} more", count - SHOWN));
    }
    text
}
