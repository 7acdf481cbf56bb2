//! The language of Graphviz.

use crate::support::{hostile, loss};
use chainrule_graph::Graph;
use chainrule_view::View;
use insta::assert_snapshot;
use layout::gv::DotParser;

/// An independent parser accepts it.
fn parse(text: &str) {
    let mut parser = DotParser::new(text);
    let parsed = parser.process();
    assert!(parsed.is_ok(), "{:?}\n{text}", parsed.err());
}

#[test]
fn a_formula_is_drawn_with_colours_and_dotted_lines() {
    let graph = Graph::new();
    let w = graph.variable("w", [2.0, 3.0]);
    let y = w.exp();
    y.sum().grad([w]).unwrap();
    let text = graph.dot().values(true).to_string();
    parse(&text);
    let tooltip = |line: &str| match (line.find(" tooltip="), line.find(" fillcolor")) {
        (Some(start), Some(end)) => format!("{}{}\n", &line[..start], &line[end..]),
        _ => format!("{line}\n"),
    };
    assert_snapshot!(text.lines().skip(4).map(str::trim_start).map(tooltip).collect::<String>(), @r##"
    n0 [label="%0 w\n[2]\n[2, 3]" fillcolor="#dafbe1" color="#1a7f37"]
    n1 [label="%1 exp\n[2]\n[7.389, 20.09]" fillcolor="#ddf4ff" color="#0969da"]
    n2 [label="%2 sum [0]\n[]\n27.47" fillcolor="#ddf4ff" color="#0969da"]
    n3 [label="%3 constant\n[]\n1" fillcolor="#f3f4f6" color="#6e7781"]
    n4 [label="%4 broadcast [0]\n[2]\n[1, 1]" fillcolor="#fff1e5" color="#bc4c00"]
    n5 [label="%5 chain\n[2]\n[7.389, 20.09]" fillcolor="#fff1e5" color="#bc4c00"]
    n0 -> n1
    n1 -> n2
    n3 -> n4 [color="#bc4c00"]
    n2 -> n4 [style=dotted arrowhead=none constraint=false color="#bc4c00"]
    n1 -> n5 [color="#bc4c00"]
    n4 -> n5 [color="#bc4c00"]
    }
    "##);
}

#[test]
fn scopes_are_clusters_that_nest() {
    let graph = Graph::new();
    let x = graph.variable("x", 1.0);
    let outer = graph.scope("outer");
    let y = x.exp();
    let inner = graph.scope("in\"ner");
    let z = y.sin();
    drop(inner);
    let z = z * y;
    drop(outer);
    let _next = graph.scope("next");
    let _ = z.cos();
    drop(_next);
    let text = graph.dot().to_string();
    parse(&text);
    let kept = |line: &&str| {
        ["cluster", "label=\"", "}"].iter().any(|part| line.trim().starts_with(part)) || line.contains(" n")
    };
    let shown: Vec<&str> =
        text.lines().filter(kept).map(|line| line.split(" tooltip").next().unwrap()).collect();
    let nested: Vec<&str> =
        text.lines().map(str::trim).filter(|line| line.starts_with("subgraph") || *line == "}").collect();
    assert_eq!(
        nested,
        ["subgraph cluster_0 {", "subgraph cluster_1 {", "}", "}", "subgraph cluster_2 {", "}", "}"],
        "{shown:?}"
    );
    assert!(text.contains("label=\"in\\\"ner\""));
    let of = |node: &str| text.lines().find(|line| line.contains(node)).unwrap().to_owned();
    assert!(of("label=\"%2 sin").contains("\\nin outer.in\\\"ner\""), "{}", of("label=\"%2 sin"));
    assert!(of("label=\"%3 mul").contains("\\nin outer\""));
    // Folded, the scopes are boxes and no clusters.
    assert!(!graph.dot().fold(true).to_string().contains("cluster"));
}

#[test]
fn hostile_names_stay_in_their_labels() {
    let graph = Graph::new();
    hostile(&graph);
    let text = graph.dot().values(true).to_string();
    parse(&text);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
    // A line is a statement; without what stands in quotes, none has a word that is not ours.
    for line in text.lines() {
        let line = line.replace("\\\\", "").replace("\\\"", "");
        let outside: String = line.split('"').step_by(2).collect();
        assert!(!outside.contains("evil") && !outside.contains('<'), "{line}");
    }
}

#[test]
fn empty_graphs_and_limits_are_drawn() {
    parse(&Graph::new().dot().to_string());
    let graph = Graph::new();
    loss(&graph);
    let text = graph.dot().limit(2).to_string();
    parse(&text);
    assert!(text.contains("from %8") && text.contains("9 nodes are not shown"), "{text}");
}

/// Graphviz itself, where it is installed.
#[test]
fn graphviz_draws_it_where_it_is_installed() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let graph = Graph::new();
    hostile(&graph);
    let (loss, [w, _]) = loss(&graph);
    loss.grad([w]).unwrap();
    let dot = Command::new("dot")
        .arg("-Tsvg")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut dot) = dot else { return };
    let text = graph.dot().values(true).to_string();
    let mut stdin = dot.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()).unwrap());
    let output = dot.wait_with_output().unwrap();
    writer.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("syntax"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("class=\"node\"").count(), graph.len());
}
