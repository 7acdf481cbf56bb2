//! A graph as text for a terminal, like `cargo tree`: each node above what it is computed from.

use std::fmt::{self, Write};

use crate::scene::{Item, Kind, Scene};
use crate::text::{counted, printable};

/// How deep lines are indented. What is deeper begins a tree of its own further below, so that lines stay readable, and
/// short.
const DEEPEST: usize = 16;

/// What is still to be written: a node, where it hangs, and whether it is the last there.
struct Branch {
    item: usize,
    depth: usize,
    last: bool,
}

pub(crate) fn write(scene: &Scene, f: &mut impl Write) -> fmt::Result {
    let items = &scene.items;
    let mut used = vec![false; items.len()];
    for &operand in items.iter().flat_map(|item| &item.operands) {
        used[operand] = true;
    }
    let mut written = vec![false; items.len()];
    // Those to begin with, the next one at the end.
    let mut roots: Vec<usize> = (0..items.len()).rev().filter(|&item| !used[item]).collect();
    let mut prefix: Vec<bool> = Vec::new();
    while let Some(root) = roots.pop() {
        if written[root] {
            continue;
        }
        let mut later = Vec::new();
        let mut branches = vec![Branch { item: root, depth: 0, last: true }];
        while let Some(Branch { item, depth, last }) = branches.pop() {
            prefix.truncate(depth.saturating_sub(1));
            for &ended in &prefix {
                f.write_str(if ended { "   " } else { "│  " })?;
            }
            if depth > 0 {
                f.write_str(if last { "└─ " } else { "├─ " })?;
                prefix.push(last);
            }
            let here = &items[item];
            f.write_str(&here.heading())?;
            if written[item] {
                // A leaf is as well written again.
                let leaf = here.operands.is_empty() && here.folded.is_none();
                f.write_str(if leaf { "\n" } else { " (above)\n" })?;
                continue;
            }
            if depth == DEEPEST && !here.operands.is_empty() {
                f.write_str(" (below)\n")?;
                later.push(item);
                continue;
            }
            written[item] = true;
            write_details(scene, here, f)?;
            let count = here.operands.len();
            let children = here.operands.iter().enumerate().rev();
            branches.extend(children.map(|(i, &item)| Branch {
                item,
                depth: depth + 1,
                last: i + 1 == count,
            }));
        }
        roots.extend(later.into_iter().rev());
    }
    if let Some(omission) = scene.omission() {
        writeln!(f, "({omission})")?;
    }
    if let Some(problem) = &scene.problem {
        for line in problem.to_string().lines() {
            writeln!(f, "{}", printable(line))?;
        }
    }
    Ok(())
}

/// What stands behind the name of a node.
fn write_details(scene: &Scene, item: &Item, f: &mut impl Write) -> fmt::Result {
    if let Some(count) = item.folded {
        write!(f, " ({})", counted(count, "node"))?;
    }
    if !item.shape.is_empty() {
        write!(f, " {}", item.shape)?;
    }
    if let Some(value) = &item.value {
        write!(f, "  = {value}")?;
    }
    if let Some(gradient) = &item.gradient {
        write!(f, "  grad {gradient}")?;
    }
    if let Some(error) = &item.error {
        write!(f, "  ! {error}")?;
    }
    if let (Kind::Backward, None, Some(root)) = (item.kind, item.folded, item.root) {
        match item.primal {
            Some(primal) => write!(f, "  of {}", scene.items[primal].heading())?,
            None => write!(f, "  of %{root}")?,
        }
    }
    if !item.absent.is_empty() {
        write!(f, "  from {}, not shown", numbers(&item.absent))?;
    }
    if item.folded.is_none() {
        write!(f, "  {}", item.place)?;
    }
    f.write_str("\n")
}

/// `%3, %7`
pub(crate) fn numbers(nodes: &[usize]) -> String {
    const LISTED: usize = 4;
    let mut listed: Vec<String> = nodes.iter().take(LISTED).map(|number| format!("%{number}")).collect();
    if nodes.len() > LISTED {
        listed.push(format!("{} more", nodes.len() - LISTED));
    }
    listed.join(", ")
}
