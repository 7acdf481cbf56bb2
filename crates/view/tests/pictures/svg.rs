//! SVG: well-formed, nothing overlaps, nothing overflows, the same bytes.

use crate::support::{HOSTILE, hostile, loss};
use chainrule_graph::{ErrorKind, Graph};
use chainrule_layers::{Momentum, Params, Sequential, mean_squared_error};
use chainrule_view::{Theme, View};
use proptest::prelude::*;
use roxmltree::{Document, Node};

/// Left, top, right, bottom.
type Frame = [f64; 4];

fn number(node: Node<'_, '_>, name: &str) -> f64 {
    node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

fn frame(rect: Node<'_, '_>) -> Frame {
    let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(rect, name));
    [x, y, x + width, y + height]
}

/// The boxes: a title, one sheet or two, lines of text.
fn boxes<'a, 'd>(document: &'a Document<'d>) -> impl Iterator<Item = Node<'a, 'd>> {
    let is_box = |node: &Node<'_, '_>| {
        node.has_tag_name("g") && node.children().any(|child| child.has_tag_name("title"))
    };
    document.descendants().filter(is_box)
}

/// The sheet in front.
fn sheet(node: Node<'_, '_>) -> Frame {
    frame(node.children().rfind(|child| child.has_tag_name("rect")).unwrap())
}

/// Points along the lines between boxes. The steps are `M x y`, `L x y` and `C x y x y x y`.
fn points(document: &Document<'_>) -> Vec<Vec<(f64, f64)>> {
    let is_line = |node: &Node<'_, '_>| {
        let class = node.attribute("class").unwrap_or_default();
        node.has_tag_name("path") && (class.starts_with("cr-edge") || class == "cr-join")
    };
    let walk = |path: Node<'_, '_>| {
        let steps = path.attribute("d").unwrap().replace('M', " M ").replace('L', " L ").replace('C', " C ");
        let mut words = steps.split_whitespace();
        let (mut points, mut at) = (Vec::new(), (0.0, 0.0));
        while let Some(word) = words.next() {
            let mut next = || {
                let mut number = || words.next().unwrap().parse::<f64>().unwrap();
                (number(), number())
            };
            match word {
                "M" => at = next(),
                "L" => {
                    let to = next();
                    points.extend(
                        (0..=20)
                            .map(|i| f64::from(i) / 20.0)
                            .map(|t| (at.0 + t * (to.0 - at.0), at.1 + t * (to.1 - at.1))),
                    );
                    at = to;
                }
                "C" => {
                    let (b, c, d) = (next(), next(), next());
                    let blend = |t: f64, [p, q, r, s]: [f64; 4]| {
                        let u = 1.0 - t;
                        u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s
                    };
                    let point = |t| (blend(t, [at.0, b.0, c.0, d.0]), blend(t, [at.1, b.1, c.1, d.1]));
                    points.extend((0..=20).map(|i| point(f64::from(i) / 20.0)));
                    at = d;
                }
                other => assert_eq!(other, "a step of a path"),
            }
        }
        points
    };
    document.descendants().filter(is_line).map(walk).collect()
}

/// What every picture fulfils.
fn check(svg: &str) {
    let document = Document::parse(svg).unwrap();
    let root = document.root_element();
    assert_eq!((root.attribute("role"), root.tag_name().name()), (Some("img"), "svg"));
    assert!(root.attribute("aria-label").is_some_and(|label| !label.is_empty()));
    let names: Vec<&str> =
        root.children().filter(Node::is_element).map(|node| node.tag_name().name()).take(2).collect();
    assert_eq!(names, ["title", "desc"]);
    for node in document.descendants().filter(Node::is_element) {
        assert!(!["script", "image", "foreignObject", "a", "use"].contains(&node.tag_name().name()));
        assert!(node.attributes().all(|attribute| !attribute.name().starts_with("on")));
    }
    let (width, height) = (number(root, "width"), number(root, "height"));
    let frames: Vec<Frame> = boxes(&document).map(sheet).collect();
    for (i, a) in frames.iter().enumerate() {
        assert!(a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= width && a[3] <= height, "{a:?} is outside");
        for b in &frames[i + 1..] {
            assert!(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1], "{a:?} and {b:?} overlap");
        }
    }
    for line in points(&document) {
        for (x, y) in line {
            assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "a line leaves the picture");
            // The second sheet of a folded layer begins 4 below; ends of lines touch borders.
            let through = |f: &&Frame| x > f[0] + 0.5 && x < f[2] - 0.5 && y > f[1] + 1.0 && y < f[3] - 1.0;
            let crossed = frames.iter().find(through);
            assert!(crossed.is_none(), "a line passes ({x}, {y}), in {crossed:?}");
        }
    }
    for node in boxes(&document) {
        let frame = sheet(node);
        for text in node.children().filter(|child| child.has_tag_name("text")) {
            // 0.602 of the size is what the widest usual fonts have; a letter outside of Latin 1 may be twice as wide, and its width is set.
            let words = text.text().unwrap_or_default();
            let width = match text.attribute("textLength") {
                Some(width) => width.parse().unwrap(),
                None => words.chars().count() as f64 * 12.0 * 0.602,
            };
            assert!(width <= frame[2] - frame[0] - 10.0, "{words:?} overflows its box");
            let y = number(text, "y");
            assert!(y > frame[1] + 9.0 && y < frame[3] - 3.0);
        }
    }
}

#[test]
fn formulas_and_their_derivatives_are_drawn_without_overlaps() {
    let graph = Graph::new();
    let (loss, [w, b]) = loss(&graph);
    check(&graph.svg().values(true).gradients(loss).to_svg().unwrap());
    let [dw, db] = loss.grad([w, b]).unwrap();
    let [hv] = (dw * w).sum().grad([w]).unwrap();
    let _ = (w - 0.1 * dw, b - 0.1 * db, hv.exp());
    for picture in
        [graph.svg(), graph.svg().of(hv).values(true), graph.svg().backward(false), graph.svg().limit(7)]
    {
        let svg = picture.to_svg().unwrap();
        check(&svg);
        assert_eq!(svg, picture.to_string());
        assert_eq!(svg, picture.clone().to_svg().unwrap());
    }
}

#[test]
fn a_derivative_flows_up_beside_the_formula_that_flows_down() {
    let graph = Graph::new();
    let mut y = graph.variable("x", 0.5);
    for _ in 0..5 {
        y = y.sin();
    }
    let [dx] = y.grad([graph.get("x").unwrap()]).unwrap();
    let svg = graph.svg().to_svg().unwrap();
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    let place = |name: &str| {
        let found = boxes(&document).find(|node| {
            node.children().any(|child| {
                child.has_tag_name("text") && child.text().is_some_and(|text| text.starts_with(name))
            })
        });
        sheet(found.unwrap())[1]
    };
    let sines: Vec<f64> = (1..=5).map(|number| place(&format!("%{number} sin"))).collect();
    assert!(sines.is_sorted(), "{sines:?}");
    let chains = graph.nodes().filter(|node| node.operation() == "chain");
    let chains: Vec<f64> = chains.map(|node| place(&format!("%{} chain", node.number()))).collect();
    assert!(chains.len() >= 4 && chains.iter().rev().is_sorted(), "{chains:?}");
    assert!(place(&format!("%{} ", dx.number())) < sines[2], "the gradient is not near its variable");
}

#[test]
fn layers_are_folded() {
    let model = Sequential::new().dense(4, 3).tanh().dense(3, 2);
    let params = Params::<f64>::init(&model, 1).unwrap();
    let graph = Graph::new();
    let bound = params.bind(&graph).train(0);
    let x = ndarray::Array2::<f64>::ones((2, 4));
    let loss = mean_squared_error(ndarray::Array2::zeros((2, 2)), bound.apply(&model, &x));
    let whole = graph.svg().to_svg().unwrap();
    check(&whole);
    let folded = graph.svg().fold(true).values(true).to_svg().unwrap();
    check(&folded);
    let count = |svg: &str| boxes(&Document::parse(svg).unwrap()).count();
    // Two dense layers and one tanh; behind them the loss.
    let behind = loss.number() + 1 - graph.sections().iter().map(|section| section.nodes.end).max().unwrap();
    assert_eq!(count(&folded), 3 + behind);
    assert_eq!(count(&whole), graph.len());
    Momentum::new(0.5, 0.9).minimize(loss, &bound).unwrap();
    check(&graph.svg().fold(true).to_svg().unwrap());
    check(&graph.svg().to_svg().unwrap());
}

#[test]
fn hostile_names_are_text_and_nothing_else() {
    let graph = Graph::new();
    hostile(&graph);
    let hostile = HOSTILE[0];
    let svg = graph.svg().values(true).title(hostile).desc(HOSTILE.concat()).to_svg().unwrap();
    check(&svg);
    let document = Document::parse(&svg).unwrap();
    assert_eq!(document.root_element().attribute("aria-label"), Some(hostile));
    check_folded(&graph);
}

fn check_folded(graph: &Graph) {
    check(&graph.svg().values(true).fold(true).to_svg().unwrap());
}

#[test]
fn themes_are_the_readers_or_fixed() {
    let graph = Graph::new();
    loss(&graph);
    let [auto, light, dark] =
        [Theme::Auto, Theme::Light, Theme::Dark].map(|theme| graph.svg().theme(theme).to_svg().unwrap());
    assert_eq!(auto.matches("@media (prefers-color-scheme:dark)").count(), 1);
    assert!(!light.contains("@media") && !dark.contains("@media") && light != dark);
    assert!(light.contains("#ffffff") && !dark.contains("#ffffff"));
}

#[test]
fn empty_graphs_foreign_nodes_and_files_that_cannot_be() {
    let (graph, other) = (Graph::new(), Graph::new());
    let svg = graph.svg().to_svg().unwrap();
    check(&svg);
    assert!(svg.contains(">no nodes</text>"));
    let picture = graph.svg().of(other.variable("<z>", 1.0));
    assert_eq!(picture.to_svg().unwrap_err().kind(), ErrorKind::ForeignNode);
    let shown = picture.to_string();
    assert!(Document::parse(&shown).is_ok() && shown.contains("the node belongs to another graph"));
    assert_eq!(graph.svg().save("no/such/folder/graph.svg").unwrap_err().kind(), ErrorKind::File);
    let path = std::env::temp_dir().join(format!("chainrule-view-{}.svg", std::process::id()));
    graph.svg().save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), svg);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn stand_ins_of_a_batch_have_no_value_and_are_no_error() {
    let graph = Graph::new();
    let x = graph.variable("x", ndarray::array![[1.0, 2.0], [3.0, 4.0]]);
    let y = chainrule_graph::vmap(x, |x| Ok(x.square().sum())).unwrap();
    y.value().unwrap();
    check(&graph.svg().values(true).to_svg().unwrap());
}

#[test]
fn three_thousand_nodes_and_their_derivatives_are_drawn() {
    let graph = Graph::new();
    let x = graph.variable("x", 0.5);
    let mut y = x;
    for i in 0..700 {
        y = if i % 3 == 0 { y.sin() * x } else { y.exp() };
    }
    y.grad([x]).unwrap();
    assert!(graph.len() > 2000);
    let svg = graph.svg().limit(3000).to_svg().unwrap();
    let document = Document::parse(&svg).unwrap();
    assert_eq!(boxes(&document).count(), graph.len());
    // The lines that are too long are named at their ends.
    assert!(svg.contains(">from %0</text>"));
    // Without a limit, the last 2000.
    let svg = graph.svg().to_svg().unwrap();
    assert_eq!(boxes(&Document::parse(&svg).unwrap()).count(), 2000);
    assert!(svg.contains("nodes are not shown</text>"));
}

/// `PROPTEST_CASES`, where set, makes a soak of it.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Any graph: operands, scopes, derivatives of any order, all options.
    #[test]
    fn any_graph_is_drawn(
        steps in prop::collection::vec((0..8_u8, any::<u16>(), any::<u16>()), 1..40),
        (fold, backward, values) in any::<(bool, bool, bool)>(),
        limit in 1..60_usize,
    ) {
        let graph = Graph::new();
        let mut nodes = vec![graph.variable("x", 0.5), graph.constant(1.5)];
        let mut scopes = Vec::new();
        for (i, &(step, a, b)) in steps.iter().enumerate() {
            let (a, b) = (nodes[a as usize % nodes.len()], nodes[b as usize % nodes.len()]);
            match step {
                0 => nodes.push(a + b),
                1 => nodes.push(a * b),
                2 => nodes.push(a.sin()),
                3 => nodes.push(graph.variable(format!("v{i}"), 1.0)),
                4 => nodes.extend(a.grad([b]).into_iter().flatten()),
                5 => scopes.push(graph.scope(format!("scope {i}"))),
                6 => drop(scopes.pop()),
                _ => nodes.push(graph.variable(format!("wrong{i}"), [1.0, 2.0]).matmul(ndarray::array![1.0])),
            }
        }
        while scopes.pop().is_some() {}
        let svg = graph.svg().fold(fold).backward(backward).values(values).limit(limit);
        check(&svg.to_svg().unwrap());
        let last = nodes[nodes.len() - 1];
        check(&graph.svg().fold(fold).of(last).to_svg().unwrap());
        let tree = graph.tree().fold(fold).backward(backward).to_string();
        if !fold && backward {
            for node in graph.nodes() {
                let name = format!("%{} ", node.number());
                prop_assert!(tree.contains(&name), "{} is missing", name);
            }
        }
        let dot = graph.dot().fold(fold).backward(backward).limit(limit).to_string();
        prop_assert!(layout::gv::DotParser::new(&dot).process().is_ok());
    }
}
