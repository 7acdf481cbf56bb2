//! What a picture shows, before it has a form: boxes in the order of the tape, each with its words and with the boxes
//! that it is computed from. All forms are written from this.

use std::collections::BTreeSet;

use chainrule_graph::{Error, Graph, Scalar, Section, Var};

use crate::picture::Shown;
use crate::text::{WIDEST, abridged, counted, printable, summary};

/// A picture's content.
pub(crate) struct Scene {
    /// Operands before their users.
    pub(crate) items: Vec<Item>,
    /// The scopes that hold them, outer ones first.
    pub(crate) scopes: Vec<Scope>,
    /// How many nodes a limit has left out.
    pub(crate) hidden: usize,
    /// What went wrong.
    pub(crate) problem: Option<Error>,
}

/// A named stretch of the tape, not folded.
pub(crate) struct Scope {
    pub(crate) name: String,
    pub(crate) outer: Option<usize>,
}

/// What a box stands for, which gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Variable,
    Constant,
    Forward,
    Backward,
    Invalid,
}

impl Kind {
    pub(crate) const ALL: [Kind; 5] =
        [Kind::Variable, Kind::Constant, Kind::Forward, Kind::Backward, Kind::Invalid];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Variable => "variable",
            Kind::Constant => "constant",
            Kind::Forward => "forward",
            Kind::Backward => "backward",
            Kind::Invalid => "invalid",
        }
    }
}

/// A box: a node, or several that are folded.
pub(crate) struct Item {
    /// The number of its node; of a folded box, of its output.
    pub(crate) number: usize,
    pub(crate) kind: Kind,
    /// How many nodes are folded, if any.
    pub(crate) folded: Option<usize>,
    /// What the folded nodes do, in a few words.
    pub(crate) operations: String,
    /// The operation with its options, or a name.
    pub(crate) title: String,
    pub(crate) shape: String,
    pub(crate) value: Option<String>,
    pub(crate) gradient: Option<String>,
    /// What is wrong with it.
    pub(crate) error: Option<String>,
    /// The source line, as `file:line`.
    pub(crate) place: String,
    /// All that is known of it, in lines.
    pub(crate) details: String,
    /// The places of the boxes it is computed from, in order, each once.
    pub(crate) operands: Vec<usize>,
    /// The numbers of operands that are not shown.
    pub(crate) absent: Vec<usize>,
    /// The number of the node outside of all derivatives whose derivative it is a part of; of a folded layer's, that of
    /// its box.
    pub(crate) root: Option<usize>,
    /// The place of the box that holds that node.
    pub(crate) primal: Option<usize>,
    /// Whether it is the first part of the derivative of that box, so that a line joins the two.
    pub(crate) joined: bool,
    pub(crate) scope: Option<usize>,
}

/// Which box a node belongs to, while boxes are made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Alone,
    Section(usize),
    /// The derivatives of a section.
    Backward(usize),
}

impl Scene {
    pub(crate) fn new<'g, T: Scalar>(graph: &'g Graph<T>, shown: &Shown<'g, T>) -> Self {
        let nodes: Vec<Var<'g, T>> = graph.nodes().take(shown.end).collect();
        let operands: Vec<Vec<usize>> =
            nodes.iter().map(|node| node.operands().iter().map(|x| x.number()).collect()).collect();
        let primals: Vec<Option<usize>> =
            nodes.iter().map(|node| node.derived_from().map(|x| x.number())).collect();
        let visible = visible(&nodes, &operands, &primals, shown);
        let sections = graph.sections();
        let groups = if shown.fold { groups(&sections, &primals) } else { vec![Group::Alone; nodes.len()] };
        let boxes = boxes(&operands, &visible, &groups);
        let first = boxes.len().saturating_sub(shown.limit);
        let hidden = boxes.iter().take(first).map(Vec::len).sum();
        let boxes = &boxes[first..];

        let mut place = vec![None; nodes.len()];
        for (i, members) in boxes.iter().enumerate() {
            for &member in members {
                place[member] = Some(i);
            }
        }
        let scopes = Scopes::new(&sections, shown.fold);
        let mut used = vec![false; nodes.len()];
        for (node, node_operands) in operands.iter().enumerate() {
            for &operand in node_operands {
                used[operand] |= visible[node] && place[node] != place[operand];
            }
        }
        let roots = roots(&primals);
        let mut last_joined = None;
        let mut items: Vec<Item> = Vec::with_capacity(boxes.len());
        for (here, members) in boxes.iter().enumerate() {
            let group = members.iter().map(|&member| groups[member]).find(|group| *group != Group::Alone);
            // The output of a folded layer: what others use, or the end.
            let inner = || members.iter().rev().filter(|&&member| !operands[member].is_empty());
            let output = inner().find(|&&member| used[member]).or_else(|| inner().next());
            let Some(&output) = output.or(members.last()) else { continue };
            let node = nodes[output];
            let mut item = describe(node, shown);
            if primals[output].is_some() && item.kind == Kind::Forward {
                item.kind = Kind::Backward;
            }
            match group {
                Some(Group::Section(section) | Group::Backward(section)) if members.len() > 1 => {
                    let name = sections.get(section).map_or("", |section| section.name.as_str());
                    fold(&mut item, name, members, &nodes);
                    let derivative = matches!(group, Some(Group::Backward(_)));
                    item.kind = if derivative { Kind::Backward } else { Kind::Forward };
                }
                _ => {}
            }
            for &operand in members.iter().flat_map(|&member| &operands[member]) {
                match place[operand] {
                    Some(there) if there == here || item.operands.contains(&there) => {}
                    Some(there) => item.operands.push(there),
                    None if item.absent.contains(&operand) => {}
                    None => item.absent.push(operand),
                }
            }
            item.root = roots[output];
            item.primal = item.root.and_then(|root| place[root]).filter(|&there| there != here);
            if let Some(primal) = item.primal.and_then(|place| items.get(place)) {
                item.root = Some(primal.number);
            }
            item.joined = item.primal.is_some() && item.primal != last_joined;
            last_joined = item.primal;
            item.scope = scopes.innermost(output);
            if let Some(scope) = item.scope {
                item.details.push_str(&format!("\nin {}", scopes.path(scope)));
            }
            items.push(item);
        }
        Scene { items, scopes: scopes.list, hidden, problem: shown.problem.clone() }
    }

    /// `97 000 nodes are not shown`
    pub(crate) fn omission(&self) -> Option<String> {
        let verb = if self.hidden == 1 { "is" } else { "are" };
        (self.hidden > 0).then(|| format!("{} {verb} not shown", counted(self.hidden, "node")))
    }
}

impl Item {
    /// `%3 matmul`
    pub(crate) fn heading(&self) -> String {
        match self.folded {
            Some(_) if self.kind == Kind::Backward => format!("{} backward", self.title),
            Some(_) => self.title.clone(),
            None => format!("%{} {}", self.number, self.title),
        }
    }
}

/// Which nodes are shown, before any limit.
fn visible<T: Scalar>(
    nodes: &[Var<'_, T>],
    operands: &[Vec<usize>],
    primals: &[Option<usize>],
    shown: &Shown<'_, T>,
) -> Vec<bool> {
    let mut visible = vec![shown.outputs.is_empty(); nodes.len()];
    for output in &shown.outputs {
        visible[output.number()] = true;
    }
    if !shown.outputs.is_empty() {
        for node in (0..nodes.len()).rev() {
            if visible[node] {
                operands[node].iter().for_each(|&operand| visible[operand] = true);
            }
        }
    }
    if !shown.backward {
        let wanted: BTreeSet<usize> = shown.outputs.iter().map(|output| output.number()).collect();
        // A sweep begins with a constant, the seed; without the sweep it stands for nothing.
        let (mut fixed, mut users, mut kept) =
            (vec![false; nodes.len()], vec![0_usize; nodes.len()], vec![0_usize; nodes.len()]);
        for (node, its) in operands.iter().enumerate() {
            fixed[node] = match its.as_slice() {
                [] => nodes[node].operation() == "constant",
                its => its.iter().all(|&operand| fixed[operand]),
            };
        }
        for node in (0..nodes.len()).rev() {
            let seed = fixed[node] && users[node] > 0 && kept[node] == 0;
            if (primals[node].is_some() || seed) && !wanted.contains(&node) {
                visible[node] = false;
            }
            for &operand in &operands[node] {
                users[operand] += 1;
                kept[operand] += usize::from(visible[node]);
            }
        }
    }
    visible
}

/// Of each part of a derivative, the node outside of all derivatives whose it is.
fn roots(primals: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut roots = vec![None; primals.len()];
    for (node, primal) in primals.iter().enumerate() {
        roots[node] = primal.map(|primal| roots[primal].unwrap_or(primal));
    }
    roots
}

/// What is folded with what.
fn groups(sections: &[Section], primals: &[Option<usize>]) -> Vec<Group> {
    let mut groups = vec![Group::Alone; primals.len()];
    for (number, section) in sections.iter().enumerate().filter(|(_, section)| section.depth == 0) {
        for group in groups.iter_mut().take(section.nodes.end).skip(section.nodes.start) {
            *group = Group::Section(number);
        }
    }
    for (node, root) in roots(primals).into_iter().enumerate() {
        if let (Group::Alone, Some(root)) = (groups[node], root)
            && let Group::Section(section) = groups[root]
        {
            groups[node] = Group::Backward(section);
        }
    }
    groups
}

/// The nodes of each box. A box holds a stretch of the tape (leaves aside, which have no operands), so the boxes have
/// an order in which operands come before users.
fn boxes(operands: &[Vec<usize>], visible: &[bool], groups: &[Group]) -> Vec<Vec<usize>> {
    let mut boxes: Vec<Vec<usize>> = Vec::new();
    let mut place = vec![None; operands.len()];
    let mut open = (Group::Alone, 0);
    let mut leaves = Vec::new();
    for node in (0..operands.len()).filter(|&node| visible[node]) {
        let group = groups[node];
        if operands[node].is_empty() && (group == Group::Alone || open.0 != group) {
            leaves.push(node);
            continue;
        }
        if group == Group::Alone || open.0 != group {
            open = (group, boxes.len());
            boxes.push(Vec::new());
        }
        boxes[open.1].push(node);
        place[node] = Some(open.1);
    }
    // Leaves that only one layer uses, with its derivatives, belong to it.
    let mut owners: Vec<Option<BTreeSet<usize>>> = vec![None; operands.len()];
    for node in (0..operands.len()).filter(|&node| visible[node]) {
        for &operand in &operands[node] {
            owners[operand].get_or_insert_default().extend(place[node]);
        }
    }
    let section_of = |owner: usize| match boxes[owner].first().map(|&node| groups[node]) {
        Some(Group::Section(section) | Group::Backward(section)) => Some(section),
        _ => None,
    };
    let mut absorbed = Vec::new();
    leaves.retain(|&leaf| {
        let Some(owners) = &owners[leaf] else { return true };
        let sections: BTreeSet<Option<usize>> = owners.iter().map(|&owner| section_of(owner)).collect();
        match (owners.first(), sections.iter().next()) {
            (Some(&first), Some(Some(_))) if sections.len() == 1 => {
                absorbed.push((first, leaf));
                false
            }
            _ => true,
        }
    });
    for (owner, leaf) in absorbed {
        let members = &mut boxes[owner];
        let inner = members.iter().take_while(|&&member| operands[member].is_empty()).count();
        members.insert(inner, leaf);
    }
    // In the order of the tape, by the first node that has operands; a leaf stands before all boxes that use it.
    let first = |members: &Vec<usize>| {
        let inner = members.iter().find(|&&member| !operands[member].is_empty());
        inner.or(members.first()).copied().unwrap_or_default()
    };
    let mut keyed: Vec<((usize, bool), Vec<usize>)> = Vec::with_capacity(boxes.len() + leaves.len());
    for leaf in leaves {
        let users = owners[leaf].iter().flatten().map(|&owner| first(&boxes[owner]));
        keyed.push(((users.fold(leaf, usize::min), false), vec![leaf]));
    }
    keyed.extend(boxes.into_iter().map(|members| ((first(&members), true), members)));
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|(_, members)| members).collect()
}

/// The words of one node.
fn describe<T: Scalar>(node: Var<'_, T>, shown: &Shown<'_, T>) -> Item {
    let (number, operation, options) = (node.number(), node.operation(), node.options());
    let name = node.name();
    let title = match &name {
        Some(name) => printable(name),
        None if options.is_empty() => printable(&operation),
        None => format!("{} {}", printable(&operation), printable(&options)),
    };
    let (kind, shape, error) = match (node.shape(), operation.as_str()) {
        (Err(error), _) => {
            let said = format!("{}: {}", error.operation(), error.message());
            (Kind::Invalid, String::new(), Some(printable(&said)))
        }
        (Ok(shape), "variable") => (Kind::Variable, format!("{shape:?}"), None),
        (Ok(shape), "constant" | "example") => (Kind::Constant, format!("{shape:?}"), None),
        (Ok(shape), _) => (Kind::Forward, format!("{shape:?}"), None),
    };
    let (mut value, mut error) = (None, error);
    if shown.values && error.is_none() {
        match node.value() {
            Ok(array) => value = Some(summary(array.view())),
            // A stand-in of `vmap` has no value, and that is no mistake.
            Err(_) if operation == "example" => {}
            Err(reason) => error = Some(printable(&format!("no value: {}", reason.message()))),
        }
    }
    let location = node.location();
    let file = location.file().rsplit(['/', '\\']).next().unwrap_or_default();
    let gradient = shown.gradients.as_ref().and_then(|all| all.get(number).cloned().flatten());
    Item {
        number,
        kind,
        folded: None,
        operations: String::new(),
        title: abridged(&title, WIDEST - 8),
        shape,
        value,
        gradient,
        error,
        place: printable(&format!("{file}:{}", location.line())),
        details: printable(&format!("{node:?}")),
        operands: Vec::new(),
        absent: Vec::new(),
        root: None,
        primal: None,
        joined: false,
        scope: None,
    }
}

/// Makes of the output's box that of the whole layer.
fn fold<T: Scalar>(item: &mut Item, name: &str, members: &[usize], nodes: &[Var<'_, T>]) {
    const LISTED: usize = 12;
    const NAMED: usize = 3;
    let mut lines: Vec<String> = vec![format!("{}: {}", printable(name), counted(members.len(), "node"))];
    lines.extend(members.iter().take(LISTED).map(|&member| printable(&format!("{:?}", nodes[member]))));
    if members.len() > LISTED {
        lines.push(format!("and {} more", members.len() - LISTED));
    }
    item.details = lines.join("\n");
    item.folded = Some(members.len());
    let mut operations: Vec<String> = Vec::new();
    for node in members.iter().map(|&member| nodes[member]).filter(|node| !node.operands().is_empty()) {
        let operation = printable(&node.operation());
        if !operations.contains(&operation) {
            operations.push(operation);
        }
    }
    if operations.len() > NAMED {
        operations.truncate(NAMED);
        operations.push("…".into());
    }
    item.operations = operations.join(", ");
    item.title = abridged(&printable(name), WIDEST - 8);
    if let Some(wrong) = members.iter().find(|&&member| nodes[member].shape().is_err()) {
        item.error.get_or_insert(format!("%{wrong} is invalid"));
    }
}

/// The scopes that are drawn as such, and where on the tape they lie.
struct Scopes {
    list: Vec<Scope>,
    nodes: Vec<std::ops::Range<usize>>,
}

impl Scopes {
    fn new(sections: &[Section], folded: bool) -> Self {
        let mut scopes = Scopes { list: Vec::new(), nodes: Vec::new() };
        if folded {
            return scopes;
        }
        let mut open: Vec<usize> = Vec::new();
        for section in sections {
            open.truncate(section.depth);
            scopes.list.push(Scope { name: printable(&section.name), outer: open.last().copied() });
            scopes.nodes.push(section.nodes.clone());
            open.push(scopes.list.len() - 1);
        }
        scopes
    }

    /// The name of a scope behind those of the outer ones.
    fn path(&self, scope: usize) -> String {
        let mut names = Vec::new();
        let mut here = self.list.get(scope);
        while let Some(Scope { name, outer }) = here {
            names.push(name.as_str());
            here = outer.and_then(|outer| self.list.get(outer));
        }
        names.reverse();
        names.join(".")
    }

    /// The innermost scope in which a node was recorded: the last one to begin that has not ended.
    fn innermost(&self, node: usize) -> Option<usize> {
        let mut scope = self.nodes.partition_point(|nodes| nodes.start <= node).checked_sub(1);
        while let Some(here) = scope {
            if self.nodes[here].contains(&node) {
                return scope;
            }
            scope = self.list[here].outer;
        }
        None
    }
}
