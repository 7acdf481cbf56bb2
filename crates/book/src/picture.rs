//! Drawing the tutorial's figures: a few shapes on a sheet, in colours that are readable on light and on dark paper.

use std::fmt::Write;

/// A place on the sheet, from the upper left corner.
pub type Place = (f64, f64);

/// What a shape stands for, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// What is there: neurons, words.
    Ink,
    /// In the background.
    Pale,
    /// Signals, which go forward.
    Signal,
    /// Errors and gradients, which come back.
    Error,
    /// What is gained, or right.
    Good,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Ink => "ink",
            Tone::Pale => "pale",
            Tone::Signal => "signal",
            Tone::Error => "error",
            Tone::Good => "good",
        }
    }
}

/// Where a text stands in relation to its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Outside of the book a picture follows the system's choice of light and dark. In the book, the preprocessor takes away the
/// class `standalone`, and the picture follows the page.
const STYLE: &str = "\
.cr-picture { color: inherit; font: 15px system-ui, 'Segoe UI', 'Noto Sans', sans-serif; }
.cr-picture.standalone { color: #24292f; }
@media (prefers-color-scheme: dark) { .cr-picture.standalone { color: #d5dbe1; } }
.cr-picture .line { fill: none; stroke-linecap: round; stroke-linejoin: round; }
.cr-picture .ink { --tone: currentColor; }
.cr-picture .pale { --tone: #8a929b; }
.cr-picture .signal { --tone: #2b82cc; }
.cr-picture .error { --tone: #d4602a; }
.cr-picture .good { --tone: #2c9a60; }
.cr-picture .line, .cr-picture .disc { stroke: var(--tone); }
.cr-picture .disc { fill: var(--tone); fill-opacity: 0.13; stroke-width: 1.6; }
.cr-picture .solid, .cr-picture text { fill: var(--tone); stroke: none; }
.cr-picture .small { font-size: 12.5px; }";

/// A sheet to draw on.
#[derive(Clone, Debug)]
pub struct Picture {
    width: f64,
    height: f64,
    shapes: String,
}

impl Picture {
    /// An empty sheet.
    pub fn new(width: f64, height: f64) -> Self {
        Picture { width, height, shapes: String::new() }
    }

    fn shape(&mut self, shape: std::fmt::Arguments<'_>) -> &mut Self {
        // Writing to a string does not fail.
        let _ = writeln!(self.shapes, "{shape}");
        self
    }

    /// A line through places.
    pub fn line(&mut self, tone: Tone, width: f64, places: &[Place]) -> &mut Self {
        let places: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let (tone, places) = (tone.class(), places.join(" "));
        self.shape(format_args!(
            r#"<polyline class="line {tone}" stroke-width="{width}" points="{places}"/>"#
        ))
    }

    /// A straight arrow.
    pub fn arrow(&mut self, tone: Tone, width: f64, from: Place, to: Place) -> &mut Self {
        let length = (to.0 - from.0).hypot(to.1 - from.1).max(1e-9);
        let (dx, dy) = ((to.0 - from.0) / length, (to.1 - from.1) / length);
        let size = 6.0 + 1.6 * width;
        let neck = (to.0 - dx * size, to.1 - dy * size);
        self.line(tone, width, &[from, neck]);
        let (left, right) = (
            (neck.0 - dy * size * 0.45, neck.1 + dx * size * 0.45),
            (neck.0 + dy * size * 0.45, neck.1 - dx * size * 0.45),
        );
        let tone = tone.class();
        self.shape(format_args!(
            r#"<polygon class="solid {tone}" points="{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}"/>"#,
            to.0, to.1, left.0, left.1, right.0, right.1
        ))
    }

    /// A disc: a neuron.
    pub fn disc(&mut self, tone: Tone, (x, y): Place, radius: f64) -> &mut Self {
        let tone = tone.class();
        self.shape(format_args!(r#"<circle class="disc {tone}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#))
    }

    /// A dot.
    pub fn dot(&mut self, tone: Tone, (x, y): Place, radius: f64) -> &mut Self {
        let tone = tone.class();
        self.shape(format_args!(r#"<circle class="solid {tone}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#))
    }

    /// A box with round corners, by its upper left corner.
    pub fn frame(&mut self, tone: Tone, (x, y): Place, width: f64, height: f64) -> &mut Self {
        let tone = tone.class();
        self.shape(format_args!(
            r#"<rect class="disc {tone}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="6"/>"#
        ))
    }

    /// A filled box without corners, as opaque as asked for.
    pub fn field(&mut self, tone: Tone, (x, y): Place, width: f64, height: f64, opacity: f64) -> &mut Self {
        let tone = tone.class();
        self.shape(format_args!(
            r#"<rect class="solid {tone}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" fill-opacity="{opacity:.3}"/>"#
        ))
    }

    /// Words, whose line lies through the place.
    pub fn text(&mut self, tone: Tone, anchor: Anchor, place: Place, words: &str) -> &mut Self {
        self.words(tone, anchor, place, words, "")
    }

    /// Small words.
    pub fn small(&mut self, tone: Tone, anchor: Anchor, place: Place, words: &str) -> &mut Self {
        self.words(tone, anchor, place, words, " small")
    }

    fn words(&mut self, tone: Tone, anchor: Anchor, (x, y): Place, words: &str, size: &str) -> &mut Self {
        let tone = tone.class();
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let words = words.replace('&', "&amp;").replace('<', "&lt;");
        self.shape(format_args!(
            r#"<text class="{tone}{size}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" dominant-baseline="central">{words}</text>"#
        ))
    }

    /// The picture as an SVG file.
    pub fn svg(&self) -> String {
        let Picture { width, height, shapes } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cr-picture standalone\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\">\n<style>\n{STYLE}\n</style>\n{shapes}</svg>\n"
        )
    }
}
