//! A graph as SVG: boxes, laid out in layers by [`layout`], joined by lines that pass between them.

pub(crate) mod layout;
mod lines;
pub(crate) mod xml;

use std::collections::BTreeSet;
use std::fmt::Write;

use chainrule_graph::Result;

use crate::picture::Svg;
use crate::scene::{Item, Kind, Scene};
use crate::svg::layout::{Edge, Layout, Size};
use crate::svg::xml::{Document, LINE, text_width};
use crate::text::{WIDEST, abridged, counted};
use crate::theme::Theme;
use crate::tree::numbers;

const PADDING: f64 = 10.0;
/// Around the whole picture.
const MARGIN: f64 = 16.0;

/// A line of a box.
pub(crate) struct Line {
    pub(crate) text: String,
    /// Its class in the style sheet.
    pub(crate) class: &'static str,
}

/// What stands in a box; `cut` are more operands to which no line leads.
pub(crate) fn words(item: &Item, cut: &[usize]) -> Vec<Line> {
    let line = |text: String, class| Line { text: abridged(&text, WIDEST), class };
    let mut lines = vec![line(item.heading(), "cr-title")];
    match item.folded {
        Some(count) => {
            if !item.operations.is_empty() {
                lines.push(line(item.operations.clone(), "cr-muted"));
            }
            lines.push(line(format!("{} {}", counted(count, "node"), item.shape), "cr-muted"));
        }
        None if item.shape.is_empty() => {}
        None => lines.push(line(item.shape.clone(), "cr-muted")),
    }
    lines.extend(item.value.iter().map(|value| line(value.clone(), "cr-text")));
    lines.extend(item.gradient.iter().map(|gradient| line(format!("grad {gradient}"), "cr-gradient")));
    lines.extend(item.error.iter().map(|error| line(error.clone(), "cr-text")));
    let mut missing = item.absent.clone();
    missing.extend(cut);
    if !missing.is_empty() {
        lines.push(line(format!("from {}", numbers(&missing)), "cr-muted"));
    }
    lines
}

pub(crate) fn svg(scene: &Scene, format: &Svg) -> Result<String> {
    let (edges, cut) = layout::edges(scene);
    let words: Vec<Vec<Line>> = scene.items.iter().zip(&cut).map(|(item, cut)| words(item, cut)).collect();
    let sizes: Vec<Size> = words
        .iter()
        .map(|lines| {
            let width = lines.iter().map(|line| text_width(&line.text)).fold(40.0, f64::max);
            Size { width: width + 2.0 * PADDING, height: lines.len() as f64 * LINE + 12.0 }
        })
        .collect();
    let Layout { centres, routes, width, height } = layout::layout(&sizes, &edges)?;

    let kinds: BTreeSet<Kind> = scene.items.iter().map(|item| item.kind).collect();
    let mut notes: Vec<String> = scene.omission().into_iter().collect();
    if scene.items.is_empty() {
        notes.push("no nodes".into());
    }
    let legend = legend_width(&kinds);
    let notes_width = notes.iter().map(|note| text_width(note)).fold(0.0, f64::max);
    let foot = if kinds.is_empty() { 0.0 } else { 2.0 * LINE } + notes.len() as f64 * LINE;
    let inner = width.max(legend).max(notes_width);
    let shift = (MARGIN + (inner - width) / 2.0, MARGIN);
    let (width, height) = (inner + 2.0 * MARGIN, height + foot + 2.0 * MARGIN);

    let title = format.title.clone().unwrap_or_else(|| "A computation graph".into());
    let desc = format.desc.clone().unwrap_or_else(|| description(scene));
    let mut out = Document::new(width, height, format.theme, &title, &desc);
    for (edge, route) in edges.iter().zip(&routes) {
        lines::draw(&mut out, edge, route, shift);
    }
    for ((item, lines), (&(x, y), size)) in scene.items.iter().zip(&words).zip(centres.iter().zip(&sizes)) {
        draw_box(&mut out, item, lines, (x + shift.0, y + shift.1), *size);
    }
    let mut y = height - MARGIN - foot + LINE;
    for note in &notes {
        out.text(MARGIN, y, "cr-muted cr-start", note);
        y += LINE;
    }
    if !kinds.is_empty() {
        draw_legend(&mut out, &kinds, height - MARGIN - 2.0);
    }
    Ok(out.finish())
}

/// A picture of a message, for where there is no other way to say it.
pub(crate) fn message(message: &str, theme: Theme) -> String {
    let lines: Vec<&str> = message.lines().collect();
    let width = lines.iter().map(|line| text_width(&crate::text::printable(line))).fold(0.0, f64::max);
    let height = lines.len() as f64 * LINE + 2.0 * MARGIN;
    let mut out = Document::new(width + 2.0 * MARGIN, height, theme, "No picture", message);
    for (i, line) in lines.iter().enumerate() {
        let line = crate::text::printable(line);
        out.text(MARGIN, MARGIN + (i as f64 + 0.75) * LINE, "cr-text cr-start", &line);
    }
    out.finish()
}

fn draw_box(out: &mut Document, item: &Item, lines: &[Line], (x, y): (f64, f64), size: Size) {
    let Size { width, height } = size;
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    out.open("g", &format!("cr-{}", item.kind.name()));
    out.title(&item.details);
    if item.folded.is_some() {
        // A second sheet behind the first.
        out.rect(left + 4.0, top + 4.0, width, height);
    }
    out.rect(left, top, width, height);
    for (i, line) in lines.iter().enumerate() {
        out.text(x, top + 6.0 + (i as f64 + 0.75) * LINE, line.class, &line.text);
    }
    out.close("g");
}

const SWATCH: f64 = 14.0;

fn legend_width(kinds: &BTreeSet<Kind>) -> f64 {
    kinds.iter().map(|kind| SWATCH + 6.0 + text_width(kind.name()) + 16.0).sum()
}

fn draw_legend(out: &mut Document, kinds: &BTreeSet<Kind>, baseline: f64) {
    let mut x = MARGIN;
    for kind in kinds {
        out.open("g", &format!("cr-{}", kind.name()));
        out.rect(x, baseline - 10.0, SWATCH, 12.0);
        x += SWATCH + 6.0;
        out.text(x, baseline, "cr-muted cr-start", kind.name());
        x += text_width(kind.name()) + 16.0;
        out.close("g");
    }
}

/// `12 boxes: 3 variable, 9 forward`
fn description(scene: &Scene) -> String {
    let mut said = format!("{}{}", scene.items.len(), if scene.items.len() == 1 { " box" } else { " boxes" });
    let mut separator = ": ";
    for kind in Kind::ALL {
        let count = scene.items.iter().filter(|item| item.kind == kind).count();
        if count > 0 {
            // Writing to a string does not fail.
            let _ = write!(said, "{separator}{count} {}", kind.name());
            separator = ", ";
        }
    }
    said
}

impl Edge {
    /// Whether it is part of a derivative.
    pub(crate) fn class(&self) -> &'static str {
        match (self.joins, self.backward) {
            (true, _) => "cr-join",
            (false, true) => "cr-edge cr-back",
            (false, false) => "cr-edge",
        }
    }
}
