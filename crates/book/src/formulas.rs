//! LaTeX between dollars as MathML, which every browser shows without a script, a font or a network.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

/// Turns formulas into MathML.
pub struct Formulas {
    converter: LatexToMathML,
}

impl Formulas {
    /// A converter without macros: forges show the same formulas, and know none of ours.
    ///
    /// # Errors
    /// None that is known: there are no macros to be wrong.
    pub fn new() -> Result<Self, String> {
        let config = MathCoreConfig::default();
        let converter = LatexToMathML::new(config).map_err(|(error, ..)| error.to_string())?;
        Ok(Formulas { converter })
    }

    /// The formula as one line of HTML that Markdown leaves as it is.
    ///
    /// # Errors
    /// What is wrong with the formula.
    pub fn convert(&self, latex: &str, display: bool) -> Result<String, String> {
        let mode = if display { MathDisplay::Block } else { MathDisplay::Inline };
        let result = self.converter.convert_with_local_state(latex.trim(), mode);
        let result = result.map_err(|error| format!("`{}`: {error}", latex.trim()))?;
        Ok(shielded(&result.mathml))
    }
}

/// Characters outside of tags that Markdown could take for markup, as entities.
fn shielded(html: &str) -> String {
    let (mut result, mut tag) = (String::new(), false);
    for character in html.chars() {
        match character {
            '<' => tag = true,
            '>' if tag => {
                tag = false;
                result.push('>');
                continue;
            }
            '\n' => continue,
            _ if tag => {}
            '*' | '_' | '`' | '[' | ']' | '|' | '\\' | '~' | '$' | '!' | '(' | ')' | '{' | '}' => {
                result.push_str(&format!("&#{};", u32::from(character)));
                continue;
            }
            _ => {}
        }
        result.push(character);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_becomes_one_line_without_markup_of_markdown() {
        let formulas = Formulas::new().unwrap();
        let html = formulas.convert(r"E_1 = W^\top E_2 * |x|", false).unwrap();
        assert!(html.starts_with("<math") && html.ends_with("</math>"), "{html}");
        assert!(!html.contains(['\n', '*', '|']), "{html}");
    }

    #[test]
    fn a_wrong_formula_is_an_error_that_shows_it() {
        let error = Formulas::new().unwrap().convert(r"\frac{1}{", true).unwrap_err();
        assert!(error.contains(r"\frac{1}{"), "{error}");
    }
}
