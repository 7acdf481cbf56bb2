//! Not yet written.
use chainrule_graph::*;

pub const ALL: &[(&str, for<'g> fn(&'g Graph) -> Var<'g>)] = &[];
