//! A graph as DOT, the language of Graphviz.

use std::fmt::{self, Write};

use crate::scene::{Item, Kind, Scene};
use crate::svg::words;
use crate::text::printable;
use crate::theme::LIGHT;

pub(crate) fn write(scene: &Scene, f: &mut impl Write) -> fmt::Result {
    f.write_str("digraph chainrule {\n")?;
    f.write_str("  graph [bgcolor=\"white\" fontname=\"monospace\" fontsize=11]\n")?;
    f.write_str("  node [shape=box style=\"rounded,filled\" fontname=\"monospace\" fontsize=11]\n")?;
    writeln!(f, "  edge [color=\"{}\" arrowsize=0.7]", LIGHT.line)?;
    let mut inside: Vec<Vec<usize>> = vec![Vec::new(); scene.scopes.len()];
    for (place, item) in scene.items.iter().enumerate() {
        match item.scope {
            Some(scope) => inside[scope].push(place),
            None => write_node(item, place, 1, f)?,
        }
    }
    // Scopes are in the order in which they begin: those that are open now are a stack.
    let mut open: Vec<usize> = Vec::new();
    for (number, scope) in scene.scopes.iter().enumerate() {
        while open.last().copied() != scope.outer && open.pop().is_some() {
            indent(open.len() + 1, f)?;
            f.write_str("}\n")?;
        }
        indent(open.len() + 1, f)?;
        writeln!(f, "subgraph cluster_{number} {{")?;
        open.push(number);
        indent(open.len() + 1, f)?;
        writeln!(f, "label={} color=\"{}\" style=rounded", quoted(&scope.name), LIGHT.muted)?;
        for &place in &inside[number] {
            write_node(&scene.items[place], place, open.len() + 1, f)?;
        }
    }
    while open.pop().is_some() {
        indent(open.len() + 1, f)?;
        f.write_str("}\n")?;
    }
    for (place, item) in scene.items.iter().enumerate() {
        for operand in &item.operands {
            write!(f, "  n{operand} -> n{place}")?;
            if item.kind == Kind::Backward {
                write!(f, " [color=\"{}\"]", LIGHT.stroke(Kind::Backward))?;
            }
            f.write_str("\n")?;
        }
        if let (true, Some(primal)) = (item.joined, item.primal)
            && !item.operands.contains(&primal)
        {
            let colour = LIGHT.stroke(Kind::Backward);
            writeln!(
                f,
                "  n{primal} -> n{place} [style=dotted arrowhead=none constraint=false color=\"{colour}\"]"
            )?;
        }
    }
    let problem = scene.problem.as_ref().map(|problem| {
        let lines: Vec<String> = problem.to_string().lines().map(printable).collect();
        lines.join("\n")
    });
    let notes = [scene.omission(), problem];
    for (number, note) in notes.iter().flatten().enumerate() {
        writeln!(f, "  note{number} [shape=note fillcolor=\"{}\" label={}]", LIGHT.ground, quoted(note))?;
    }
    f.write_str("}\n")
}

fn write_node(item: &Item, place: usize, depth: usize, f: &mut impl Write) -> fmt::Result {
    indent(depth, f)?;
    let lines: Vec<String> = words(item, &[]).into_iter().map(|line| line.text).collect();
    write!(f, "n{place} [label={} tooltip={}", quoted(&lines.join("\n")), quoted(&item.details))?;
    write!(f, " fillcolor=\"{}\" color=\"{}\"", LIGHT.fill(item.kind), LIGHT.stroke(item.kind))?;
    if item.folded.is_some() {
        write!(f, " peripheries=2")?;
    }
    if item.kind == Kind::Invalid {
        write!(f, " style=\"rounded,filled,dashed\"")?;
    }
    f.write_str("]\n")
}

fn indent(depth: usize, f: &mut impl Write) -> fmt::Result {
    (0..depth).try_for_each(|_| f.write_str("  "))
}

/// A string that Graphviz shows as it is: `\` begins its escapes, and `&` those of HTML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '&' => quoted.push_str("&amp;"),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
