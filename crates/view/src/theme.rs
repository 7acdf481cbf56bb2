//! The colours, for light and for dark surroundings.

use crate::scene::Kind;

/// For which surroundings a picture is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// What the reader's system prefers.
    #[default]
    Auto,
    /// Dark writing on white.
    Light,
    /// Light writing on black.
    Dark,
}

/// The colours of one sort of surroundings, as `#rrggbb`.
pub(crate) struct Palette {
    pub(crate) ground: &'static str,
    pub(crate) text: &'static str,
    pub(crate) muted: &'static str,
    pub(crate) line: &'static str,
    /// Of a gradient in a box.
    pub(crate) gradient: &'static str,
    /// The inside and the border of a box.
    pub(crate) kinds: [(&'static str, &'static str); 5],
}

pub(crate) const LIGHT: Palette = Palette {
    ground: "#ffffff",
    text: "#1f2328",
    muted: "#57606a",
    line: "#57606a",
    gradient: "#8f3a00",
    kinds: [
        ("#dafbe1", "#1a7f37"),
        ("#f3f4f6", "#6e7781"),
        ("#ddf4ff", "#0969da"),
        ("#fff1e5", "#bc4c00"),
        ("#ffebe9", "#cf222e"),
    ],
};

pub(crate) const DARK: Palette = Palette {
    ground: "#0d1117",
    text: "#f0f6fc",
    muted: "#a5adb7",
    line: "#9198a1",
    gradient: "#ffb77c",
    kinds: [
        ("#12351f", "#3fb950"),
        ("#22272e", "#8b949e"),
        ("#0c2d4d", "#58a6ff"),
        ("#42210b", "#f0883e"),
        ("#4b1113", "#ff7b72"),
    ],
};

impl Palette {
    pub(crate) fn fill(&self, kind: Kind) -> &'static str {
        self.kinds[kind as usize].0
    }

    pub(crate) fn stroke(&self, kind: Kind) -> &'static str {
        self.kinds[kind as usize].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colours, from 1 to 21, by the definition of the WCAG 2.
    fn contrast(a: &str, b: &str) -> f64 {
        let luminance = |colour: &str| -> f64 {
            let channel = |i: usize| {
                let c = f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
                if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        assert_eq!(contrast("#000000", "#ffffff"), 21.0);
        assert!((contrast("#777777", "#ffffff") - 4.48).abs() < 0.005);
    }

    #[test]
    fn writing_can_be_read_and_borders_be_seen_in_both_themes() {
        for palette in [LIGHT, DARK] {
            for text in [palette.text, palette.muted, palette.gradient] {
                assert!(contrast(text, palette.ground) >= 4.5, "{text} on {}", palette.ground);
                for kind in Kind::ALL {
                    let fill = palette.fill(kind);
                    assert!(contrast(text, fill) >= 4.5, "{text} on {fill}: {}", contrast(text, fill));
                }
            }
            for kind in Kind::ALL {
                let stroke = palette.stroke(kind);
                assert!(contrast(stroke, palette.ground) >= 3.0, "{stroke} on {}", palette.ground);
                assert!(contrast(stroke, palette.fill(kind)) >= 3.0, "{stroke} on {}", palette.fill(kind));
            }
            assert!(contrast(palette.line, palette.ground) >= 4.5);
        }
    }
}
