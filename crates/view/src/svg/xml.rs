//! SVG as text: elements, escapes, the style sheet, and how wide a line of text is.

use std::fmt::Write;

use crate::scene::Kind;
use crate::text::columns;
use crate::theme::{DARK, LIGHT, Palette, Theme};

/// From one line of text to the next.
pub(crate) const LINE: f64 = 16.0;

/// Of a letter of 12 pixels: the widest of the usual monospaced fonts have 0.602 of the size.
const LETTER: f64 = 7.3;

/// How wide a line of text is, at most.
pub(crate) fn text_width(text: &str) -> f64 {
    columns(text) as f64 * LETTER
}

/// An SVG element that is being written.
pub(crate) struct Document {
    text: String,
}

impl Document {
    pub(crate) fn new(width: f64, height: f64, theme: Theme, title: &str, desc: &str) -> Self {
        let (width, height) = (width.ceil(), height.ceil());
        let class = match theme {
            Theme::Auto => "cr-auto",
            Theme::Light => "cr-light",
            Theme::Dark => "cr-dark",
        };
        let mut out = Document { text: String::new() };
        out.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{class}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{0}\">\n<title>{0}</title>\n<desc>{1}</desc>\n",
            escaped(title),
            escaped(desc),
        ));
        out.style(class, theme);
        out.put(format_args!("<rect class=\"cr-ground\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"));
        out
    }

    pub(crate) fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }

    pub(crate) fn open(&mut self, element: &str, class: &str) {
        self.put(format_args!("<{element} class=\"{class}\">"));
    }

    pub(crate) fn close(&mut self, element: &str) {
        self.put(format_args!("</{element}>\n"));
    }

    /// What is shown where the pointer rests.
    pub(crate) fn title(&mut self, text: &str) {
        self.put(format_args!("<title>{}</title>", escaped(text)));
    }

    pub(crate) fn rect(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let [x, y, width, height] = [x, y, width, height].map(figure);
        self.put(format_args!("<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"5\"/>"));
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64) {
        let [x, y, radius] = [x, y, radius].map(figure);
        self.put(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    pub(crate) fn path(&mut self, class: &str, steps: &str) {
        self.put(format_args!("<path class=\"{class}\" d=\"{steps}\"/>"));
    }

    /// A line of text whose middle (of class `cr-start`, whose beginning) is at `x`.
    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let (place_x, place_y) = (figure(x), figure(y));
        // Where a font may lack letters another one steps in, of whatever width: then the width is set.
        let fixed = match text.chars().all(|c| c <= '\u{ff}') {
            true => String::new(),
            false => format!(
                " textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"",
                figure(text_width(text) * 0.99)
            ),
        };
        let text = escaped(text);
        self.put(format_args!(
            "<text x=\"{place_x}\" y=\"{place_y}\" class=\"{class}\"{fixed}>{text}</text>"
        ));
    }

    pub(crate) fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(text);
    }

    fn style(&mut self, class: &str, theme: Theme) {
        let scope = format!(".{class}");
        self.put(format_args!(
            "<style>\n{scope} text{{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;\
             text-anchor:middle;white-space:pre}}\n\
             {scope} .cr-start{{text-anchor:start}}\n{scope} .cr-title{{font-weight:bold}}\n\
             {scope} .cr-edge{{fill:none;stroke-width:1.3}}\n{scope} .cr-head{{stroke:none}}\n\
             {scope} .cr-join{{fill:none;stroke-width:1.3;stroke-dasharray:1.5 4;stroke-linecap:round}}\n\
             {scope} .cr-invalid rect{{stroke-dasharray:4 3}}\n"
        ));
        let light = colours(&scope, &LIGHT);
        let dark = colours(&scope, &DARK);
        match theme {
            Theme::Light => self.text.push_str(&light),
            Theme::Dark => self.text.push_str(&dark),
            Theme::Auto => {
                self.put(format_args!("{light}@media (prefers-color-scheme:dark){{\n{dark}}}\n"));
            }
        }
        self.text.push_str("</style>\n");
    }
}

/// The rules of one palette.
fn colours(scope: &str, palette: &Palette) -> String {
    let Palette { ground, text, muted, line, gradient, .. } = palette;
    let backward = palette.stroke(Kind::Backward);
    let mut rules = format!(
        "{scope} .cr-ground{{fill:{ground}}}\n{scope} text{{fill:{text}}}\n{scope} .cr-muted{{fill:{muted}}}\n\
         {scope} .cr-gradient{{fill:{gradient}}}\n{scope} .cr-edge{{stroke:{line}}}\n{scope} .cr-head{{fill:{line}}}\n\
         {scope} .cr-back{{stroke:{backward}}}\n{scope} .cr-head.cr-back{{fill:{backward};stroke:none}}\n\
         {scope} .cr-join{{stroke:{backward}}}\n"
    );
    for kind in Kind::ALL {
        let (name, fill, stroke) = (kind.name(), palette.fill(kind), palette.stroke(kind));
        let shapes = format!("{scope} .cr-{name} rect,{scope} .cr-{name} circle");
        // Writing to a string does not fail.
        let _ = writeln!(rules, "{shapes}{{fill:{fill};stroke:{stroke};stroke-width:1.3}}");
    }
    rules
}

/// A coordinate, to a tenth of a pixel.
pub(crate) fn figure(x: f64) -> String {
    let tenths = (x * 10.0).round() / 10.0;
    // Not "-0".
    format!("{}", if tenths == 0.0 { 0.0 } else { tenths })
}

/// Text for XML: its own signs escaped, and the characters that it forbids replaced.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_gets_no_character_that_it_forbids() {
        let hostile: String = (0..0x11_0000).filter_map(char::from_u32).collect();
        let text = format!("<a b=\"{0}\">{0}</a>", escaped(&hostile));
        let document = roxmltree::Document::parse(&text).unwrap();
        let shown = document.root_element().text().unwrap();
        assert!(shown.starts_with("\u{fffd}") && shown.contains("<=>?@ABC") && shown.contains("&'()"));
    }

    #[test]
    fn coordinates_have_one_decimal_and_no_negative_zero() {
        assert_eq!([figure(0.04), figure(-0.04), figure(12.25), figure(3.0)], ["0", "0", "12.3", "3"]);
    }
}
