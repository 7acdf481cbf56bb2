//! Where boxes and lines lie. `dugong`, a port of dagre, puts the boxes of each connected part into layers with few
//! crossings; here is decided what is above what, which lines are drawn, and how the parts are packed.
//!
//! A formula flows down. Its derivative flows back up beside it: each part of it stands by the operation it is the
//! derivative of, as the lecture draws it. So lines stay short: with the derivative below the formula, the first
//! operation and its derivative would be the whole picture apart.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chainrule_graph::{Error, ErrorKind, Result};
use dugong::graphlib::{Graph, GraphOptions};
use dugong::{EdgeLabel, GraphLabel, NodeLabel};

use crate::scene::{Kind, Scene};

/// Width and height of a box.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// A line between two boxes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Whether it leads to a part of a derivative.
    pub(crate) backward: bool,
    /// Whether it only joins an operation and its derivative.
    pub(crate) joins: bool,
    /// Whether the box it comes from stands above the other.
    pub(crate) down: bool,
}

impl Edge {
    /// The upper box and the lower one.
    fn ends(&self) -> (usize, usize) {
        if self.down { (self.from, self.to) } else { (self.to, self.from) }
    }
}

/// Where everything is.
pub(crate) struct Layout {
    pub(crate) centres: Vec<(f64, f64)>,
    /// The corners of each line, from its beginning to its end.
    pub(crate) routes: Vec<Vec<(f64, f64)>>,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The lines of a picture, and for each box the numbers of the operands to which none leads, because it would be too
/// long.
pub(crate) fn edges(scene: &Scene) -> (Vec<Edge>, Vec<Vec<usize>>) {
    let keys = keys(scene);
    let mut edges = Vec::new();
    for (to, item) in scene.items.iter().enumerate() {
        let backward = item.kind == Kind::Backward;
        let edge = |from: usize, joins| Edge { from, to, backward, joins, down: keys[from] < keys[to] };
        edges.extend(item.operands.iter().map(|&from| edge(from, false)));
        let joint = item.primal.filter(|primal| item.joined && !item.operands.contains(primal));
        // A join in the other direction of a line that is there already would be a second line between two boxes.
        let double = |primal: &usize| scene.items[*primal].operands.contains(&to);
        edges.extend(joint.filter(|primal| !double(primal)).map(|from| edge(from, true)));
    }
    let mut cut = vec![Vec::new(); scene.items.len()];
    let spans = spans(scene.items.len(), &edges, &keys);
    let mut total: usize = spans.iter().sum();
    // Each layer that a line passes costs time like a box.
    let most = 1500 + scene.items.len() / 4;
    let mut longest: Vec<usize> = (0..edges.len()).collect();
    longest.sort_by_key(|&edge| Reverse(spans[edge]));
    let mut kept = vec![true; edges.len()];
    for edge in longest {
        if total <= most || spans[edge] < 2 {
            break;
        }
        total -= spans[edge];
        kept[edge] = false;
        let Edge { from, to, joins, .. } = edges[edge];
        if !joins {
            cut[to].push(scene.items[from].number);
        }
    }
    cut.iter_mut().for_each(|numbers| numbers.sort_unstable());
    let mut kept = kept.into_iter();
    edges.retain(|_| kept.next().unwrap_or(true));
    (edges, cut)
}

/// What decides which of two joined boxes stands above: a total order, so that nothing goes in circles.
fn keys(scene: &Scene) -> Vec<(usize, bool, i64)> {
    // Whether a part of a derivative comes from that of a later operation (reverse mode), or of an earlier one.
    let mut upwards = vec![true; scene.items.len()];
    for (place, item) in scene.items.iter().enumerate() {
        let Some(root) = item.root else { continue };
        let mut before =
            item.operands.iter().filter_map(|&operand| Some((operand, scene.items[operand].root?)));
        if let Some((operand, other)) = before.next_back() {
            upwards[place] = if other == root { upwards[operand] } else { other > root };
        }
    }
    let key = |(item, &upwards): (&crate::scene::Item, &bool)| {
        let number = item.number as i64;
        match item.root {
            None => (item.number, false, number),
            Some(root) => (root, true, if upwards { -number } else { number }),
        }
    };
    scene.items.iter().zip(&upwards).map(key).collect()
}

/// How many layers each line passes between those of its ends, about.
fn spans(boxes: usize, edges: &[Edge], keys: &[(usize, bool, i64)]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..boxes).collect();
    order.sort_by_key(|&place| keys[place]);
    let (mut below, mut above) = (vec![Vec::new(); boxes], vec![0_usize; boxes]);
    for edge in edges {
        let (upper, lower) = edge.ends();
        below[upper].push(lower);
        above[lower] += 1;
    }
    let mut rank = vec![0_usize; boxes];
    for &place in &order {
        for &lower in &below[place] {
            rank[lower] = rank[lower].max(rank[place] + 1);
        }
    }
    // Leaves stand right above what uses them.
    for &place in order.iter().rev().filter(|&&place| above[place] == 0) {
        let first = below[place].iter().map(|&lower| rank[lower]).min();
        rank[place] = first.unwrap_or(1).saturating_sub(1);
    }
    let span = |edge: &Edge| {
        let (upper, lower) = edge.ends();
        rank[lower].saturating_sub(rank[upper] + 1)
    };
    edges.iter().map(span).collect()
}

/// Between boxes beside each other, and parts.
const GAP: f64 = 24.0;

pub(crate) fn layout(sizes: &[Size], edges: &[Edge]) -> Result<Layout> {
    let parts = parts(sizes.len(), edges);
    let mut layouts = Vec::with_capacity(parts.len());
    for part in &parts {
        layouts.push(part.layout(sizes, edges)?);
    }
    // The parts in rows that are about as wide as all of them are high, the largest first.
    let area: f64 = layouts.iter().map(|part| (part.width + GAP) * (part.height + GAP)).sum();
    let widest = layouts.iter().map(|part| part.width).fold((area * 1.8).sqrt(), f64::max);
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by(|&a, &b| layouts[b].height.total_cmp(&layouts[a].height));
    let mut whole = Layout {
        centres: vec![(0.0, 0.0); sizes.len()],
        routes: vec![Vec::new(); edges.len()],
        width: 0.0,
        height: 0.0,
    };
    let (mut x, mut y, mut row) = (0.0, 0.0, 0.0_f64);
    for number in order {
        let (part, laid) = (&parts[number], &layouts[number]);
        if x > 0.0 && x + laid.width > widest {
            (x, y, row) = (0.0, y + row + GAP, 0.0);
        }
        for (&place, centre) in part.boxes.iter().zip(&laid.centres) {
            whole.centres[place] = (centre.0 + x, centre.1 + y);
        }
        for (&edge, route) in part.edges.iter().zip(&laid.routes) {
            whole.routes[edge] = route.iter().map(|point| (point.0 + x, point.1 + y)).collect();
        }
        whole.width = whole.width.max(x + laid.width);
        whole.height = whole.height.max(y + laid.height);
        (x, row) = (x + laid.width + GAP, row.max(laid.height));
    }
    Ok(whole)
}

/// Boxes that lines connect, in order.
#[derive(Default)]
struct Part {
    boxes: Vec<usize>,
    edges: Vec<usize>,
}

fn parts(boxes: usize, edges: &[Edge]) -> Vec<Part> {
    let mut neighbours = vec![Vec::new(); boxes];
    for edge in edges {
        neighbours[edge.from].push(edge.to);
        neighbours[edge.to].push(edge.from);
    }
    let mut part_of: Vec<Option<usize>> = vec![None; boxes];
    let mut count = 0;
    for start in 0..boxes {
        if part_of[start].is_some() {
            continue;
        }
        part_of[start] = Some(count);
        let mut open = vec![start];
        while let Some(place) = open.pop() {
            for &next in &neighbours[place] {
                if part_of[next].is_none() {
                    part_of[next] = Some(count);
                    open.push(next);
                }
            }
        }
        count += 1;
    }
    let mut parts: Vec<Part> = (0..count).map(|_| Part::default()).collect();
    for (place, part) in part_of.iter().enumerate() {
        if let Some(part) = part.and_then(|part| parts.get_mut(part)) {
            part.boxes.push(place);
        }
    }
    for (number, edge) in edges.iter().enumerate() {
        if let Some(part) = part_of[edge.from].and_then(|part| parts.get_mut(part)) {
            part.edges.push(number);
        }
    }
    parts
}

impl Part {
    fn layout(&self, sizes: &[Size], edges: &[Edge]) -> Result<Layout> {
        let mut graph: Graph<NodeLabel, EdgeLabel, GraphLabel> =
            Graph::new(GraphOptions { multigraph: false, compound: false, directed: true });
        graph.set_graph(GraphLabel { nodesep: GAP, ranksep: 34.0, edgesep: 12.0, ..GraphLabel::default() });
        let names: BTreeMap<usize, String> =
            self.boxes.iter().enumerate().map(|(i, &place)| (place, i.to_string())).collect();
        let name = |place: usize| names.get(&place).cloned().unwrap_or_default();
        for &place in &self.boxes {
            let Size { width, height } = sizes[place];
            graph.set_node(name(place), NodeLabel { width, height, ..NodeLabel::default() });
        }
        for &edge in &self.edges {
            let (upper, lower) = edges[edge].ends();
            let weight = if edges[edge].joins { 1.0 } else { 3.0 };
            graph.set_edge_with_label(name(upper), name(lower), EdgeLabel { weight, ..EdgeLabel::default() });
        }
        // The crate promises errors; should it panic all the same, that is one too.
        let laid = catch_unwind(AssertUnwindSafe(|| dugong::layout(&mut graph)));
        let refuse = |reason: String| {
            let help =
                "this is a fault of the picture, not of the graph; `dot` and `tree` do without a layout";
            Error::new(ErrorKind::Argument, "to_svg", format!("the boxes cannot be laid out: {reason}"), help)
        };
        laid.map_err(|_| refuse("the layout panicked".into()))?
            .map_err(|reason| refuse(reason.to_string()))?;

        let mut centres = Vec::with_capacity(self.boxes.len());
        // How far the highest box of each layer reaches from its middle.
        let mut layers: BTreeMap<i64, f64> = BTreeMap::new();
        for &place in &self.boxes {
            let centre = graph.node(&name(place)).and_then(|node| Some((node.x?, node.y?)));
            let centre = centre.ok_or_else(|| refuse("a box has no place".into()))?;
            let reach = layers.entry(layer(centre.1)).or_default();
            *reach = reach.max(sizes[place].height / 2.0);
            centres.push(centre);
        }
        let where_is = |place: usize| {
            let i = self.boxes.binary_search(&place).ok()?;
            Some((*centres.get(i)?, sizes[place]))
        };
        let mut routes = Vec::with_capacity(self.edges.len());
        for &edge in &self.edges {
            let (upper, lower) = edges[edge].ends();
            let label = graph.edge(&name(upper), &name(lower), None);
            let points: Vec<(f64, f64)> = label
                .map(|label| label.points.iter().map(|point| (point.x, point.y)).collect())
                .unwrap_or_default();
            let ends = where_is(upper).zip(where_is(lower));
            let (upper, lower) = ends.ok_or_else(|| refuse("a line has no ends".into()))?;
            let mut route = route(&points, upper, lower, &layers);
            if !edges[edge].down {
                route.reverse();
            }
            routes.push(route);
        }
        let mut whole = Layout { centres, routes, width: 0.0, height: 0.0 };
        whole.frame(self.boxes.iter().map(|&place| sizes[place]));
        Ok(whole)
    }
}

/// All middles of a layer have the same height, up to rounding.
fn layer(y: f64) -> i64 {
    (y * 16.0).round() as i64
}

/// The corners of a line from the lower border of a box to the upper one of another, straight where it passes a layer.
fn route(
    points: &[(f64, f64)],
    (upper, upper_size): ((f64, f64), Size),
    (lower, lower_size): ((f64, f64), Size),
    layers: &BTreeMap<i64, f64>,
) -> Vec<(f64, f64)> {
    let inside = |x: f64, centre: f64, width: f64| {
        let reach = (width / 2.0 - 10.0).max(0.0);
        x.clamp(centre - reach, centre + reach)
    };
    let (first, last) = (points.first().map_or(upper.0, |p| p.0), points.last().map_or(lower.0, |p| p.0));
    let mut route = vec![(inside(first, upper.0, upper_size.width), upper.1 + upper_size.height / 2.0)];
    // Within their layer, boxes of different heights are aligned by their middles.
    let leave = upper.1 + layers.get(&layer(upper.1)).copied().unwrap_or(upper_size.height / 2.0);
    let arrive = lower.1 - layers.get(&layer(lower.1)).copied().unwrap_or(lower_size.height / 2.0);
    route.push((route[0].0, leave));
    for &(x, y) in points.iter().take(points.len().saturating_sub(1)).skip(1) {
        if let Some(reach) = layers.get(&layer(y)) {
            route.extend([(x, y - reach), (x, y + reach)]);
        }
    }
    let end = inside(last, lower.0, lower_size.width);
    route.extend([(end, arrive), (end, lower.1 - lower_size.height / 2.0)]);
    route.dedup_by(|a, b| (a.0 - b.0).abs() < 0.05 && (a.1 - b.1).abs() < 0.05);
    // Corners on a straight line are none.
    let mut kept: Vec<(f64, f64)> = Vec::with_capacity(route.len());
    for (i, &point) in route.iter().enumerate() {
        let same = |other: Option<&(f64, f64)>| other.is_some_and(|other| (other.0 - point.0).abs() < 0.05);
        let straight = same(kept.last()) && same(route.get(i + 1));
        if !straight {
            kept.push(point);
        }
    }
    kept
}

impl Layout {
    /// Moves everything so that it begins at the origin, and measures it.
    fn frame(&mut self, sizes: impl Iterator<Item = Size>) {
        let (mut left, mut top, mut right, mut bottom) = (f64::INFINITY, f64::INFINITY, 0.0_f64, 0.0_f64);
        let mut cover = |x: f64, y: f64, width: f64, height: f64| {
            (left, top) = (left.min(x - width / 2.0), top.min(y - height / 2.0));
            (right, bottom) = (right.max(x + width / 2.0), bottom.max(y + height / 2.0));
        };
        for (&(x, y), size) in self.centres.iter().zip(sizes) {
            cover(x, y, size.width, size.height);
        }
        for &(x, y) in self.routes.iter().flatten() {
            cover(x, y, 4.0, 0.0);
        }
        if !left.is_finite() {
            return;
        }
        for point in self.centres.iter_mut().chain(self.routes.iter_mut().flatten()) {
            *point = (point.0 - left, point.1 - top);
        }
        (self.width, self.height) = (right - left, bottom - top);
    }
}
