//! Verdicts: what can be said against a function at a point, each its own variant.

use std::fmt;
use std::panic::Location;

use chainrule_graph::Error;

use crate::guilty::Guilty;
use crate::program::Program;
use crate::reference::Reference;
use crate::report::places;
use crate::taylor::Taylor;

/// A derivative mode, or how derivatives of derivatives are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Cotangents of outputs to gradients of inputs: `vjp`, `grad`.
    Reverse,
    /// Tangents of inputs to derivatives of outputs: `jvp`.
    Forward,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Reverse => "reverse",
            Mode::Forward => "forward",
        })
    }
}

/// An input, and an element of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which input, from 0; none if it takes several to show the mistake.
    pub input: Option<usize>,
    /// The name it was given by `names`.
    pub name: Option<String>,
    /// Which element; none if it takes several to show the mistake.
    pub element: Option<Vec<usize>>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.input, &self.name) {
            (None, _) => return f.write_str("all inputs together"),
            (Some(_), Some(name)) => write!(f, "input `{name}`")?,
            (Some(number), None) => write!(f, "input {number}")?,
        }
        match &self.element {
            Some(element) if !element.is_empty() => write!(f, ", element {element:?}"),
            _ => Ok(()),
        }
    }
}

/// A derivative that is not what the reference gives.
#[derive(Clone, Debug)]
pub struct Mismatch {
    /// With respect to what.
    pub place: Place,
    /// The modes that made it, the last one first: `[Forward, Reverse]` is forward over reverse.
    pub modes: Vec<Mode>,
    /// Of which element of which output, in forward mode.
    pub output: Option<(usize, Vec<usize>)>,
    /// Whether it is the derivative of the sum of all outputs with random weights: in reverse mode, of several numbers.
    pub weighted: bool,
    /// What the gradient gives.
    pub claimed: f64,
    /// What the reference gives.
    pub expected: f64,
    /// How far the reference may be off itself.
    pub error: f64,
    /// How far the two may be apart.
    pub allowed: f64,
    /// What it was compared with: the oracle, or differences.
    pub reference: Reference,
    /// The slopes to the left and to the right, where they differ.
    pub slopes: Option<(f64, f64)>,
}

impl Mismatch {
    /// 1 for a gradient, 2 for a derivative of a gradient, ...
    pub fn order(&self) -> usize {
        self.modes.len()
    }

    /// `reverse mode`, `second order, forward over reverse`.
    pub(crate) fn way(&self) -> String {
        let modes: Vec<String> = self.modes.iter().map(Mode::to_string).collect();
        let order = match self.order() {
            0 | 1 => return format!("{} mode", modes.join("")),
            2 => "second",
            3 => "third",
            _ => "higher",
        };
        format!("{order} order, {}", modes.join(" over "))
    }
}

/// What is wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The gradient is not that of the function.
    Wrong(Box<Mismatch>),
    /// The function has a kink there, and the gradient is none of the slopes between those of the two sides.
    Kink(Box<Mismatch>),
    /// The reference is too inaccurate to tell: the function is too rough, or too near to where it has no values.
    Undecided(Box<Mismatch>),
    /// A value is not the oracle's: then the derivative is of another function.
    Value {
        /// Which operation computed it, from right operands.
        operation: String,
        /// The line that recorded it.
        location: &'static Location<'static>,
        /// Which element of the result.
        element: Vec<usize>,
        /// What the engine gives.
        value: f64,
        /// What the oracle gives.
        expected: f64,
        /// How far the two may be apart.
        allowed: f64,
    },
    /// The same inputs gave other numbers the second time.
    NonDeterministic {
        /// Of what: `"output 0"`, `"the gradient of input 1"`.
        what: String,
    },
    /// The function panicked.
    Panicked {
        /// With this message.
        message: String,
    },
    /// An output or a gradient is infinite or NaN.
    NotFinite {
        /// Which element of what, and what it is.
        what: String,
    },
    /// No output depends on an input, where all were said to matter.
    InputIgnored {
        /// Which input.
        place: Place,
    },
    /// The engine refuses the function: a wrong shape, a gradient that is cut.
    Invalid(Error),
    /// The function returned an error of its own.
    Refused {
        /// This one.
        message: String,
    },
    /// Gradients in another number or of other shapes than the inputs.
    Shape {
        /// What does not fit.
        message: String,
    },
    /// One of the [laws](crate::laws) does not hold.
    Law {
        /// Which one.
        law: crate::laws::Law,
        /// How it is broken.
        message: String,
    },
    /// One of the [claims](crate::program::claims) about random programs does not hold.
    Claim {
        /// Which value or derivative is wrong, what it is and what it should be.
        message: String,
    },
}

impl Cause {
    /// The verdict in a few words.
    pub(crate) fn headline(&self) -> String {
        match self {
            Cause::Wrong(m) => format!("the gradient is wrong: {}, {}", m.place, m.way()),
            Cause::Kink(m) => format!("not differentiable there: {}, {}", m.place, m.way()),
            Cause::Undecided(m) => format!("undecided: {}, {}", m.place, m.way()),
            Cause::Value { operation, location, element, .. } => {
                let element =
                    if element.is_empty() { String::new() } else { format!(", element {element:?}") };
                format!("the value is wrong: `{operation}` at {location}{element}")
            }
            Cause::NonDeterministic { what } => format!("not deterministic: {what}"),
            Cause::Panicked { message } => format!("the function panicked: {message}"),
            Cause::NotFinite { what } => format!("not finite: {what}"),
            Cause::InputIgnored { place } => format!("ignored: no output depends on {place}"),
            Cause::Invalid(error) => format!("invalid: {}: {}", error.operation(), error.message()),
            Cause::Refused { message } => format!("the function refused: {message}"),
            Cause::Shape { message } => format!("shapes: {message}"),
            Cause::Law { law, message } => format!("a law is broken: {law}: {message}"),
            Cause::Claim { message } => message.clone(),
        }
    }

    pub(crate) fn mismatch(&self) -> Option<&Mismatch> {
        match self {
            Cause::Wrong(m) | Cause::Kink(m) | Cause::Undecided(m) => Some(m),
            _ => None,
        }
    }
}

/// A test that failed: of a gradient at inputs, or of a claim about a random program. Its [`Display`](fmt::Display) form is the
/// whole report, for a terminal; so is `Debug`, which is what `unwrap` and a test that returns it print.
///
/// It is one type for both, because both are the same in what matters: there is a cause, an operation that may be guilty, the
/// smallest example found, and a seed that makes it again. A function is tried at drawn [`inputs`](Failure::inputs), a claim on
/// a drawn [`program`](Failure::program), which has its inputs in it. A test may use `?` on either.
///
/// ```
/// use chainrule_check::{Cause, Mode, check_gradient};
///
/// let failure = check_gradient(|[x]| x * x.detach()).at([3.0]).unwrap_err();
/// let Cause::Wrong(mismatch) = failure.cause() else { panic!("{failure}") };
/// assert_eq!((mismatch.claimed, mismatch.modes.as_slice()), (3.0, &[Mode::Reverse][..]));
/// assert!((mismatch.expected - 6.0).abs() <= mismatch.allowed);
/// assert!(failure.taylor().and_then(|taylor| taylor.order).is_some_and(|order| order < 1.1));
/// assert_eq!(failure.guilty().map(|guilty| guilty.operation.as_str()), Some("detach"));
/// assert_eq!(failure.inputs(), ["3.0"]);
/// ```
#[derive(Clone)]
pub struct Failure(pub(crate) Box<Inner>);

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) cause: Cause,
    /// The inputs as Rust.
    pub(crate) inputs: Vec<String>,
    pub(crate) taylor: Option<Taylor>,
    pub(crate) guilty: Option<Guilty>,
    pub(crate) seed: u64,
    /// How many inputs or programs passed before, if they were drawn.
    pub(crate) drawn: Option<u32>,
    /// What a claim does not hold of.
    pub(crate) program: Option<Program>,
}

impl Failure {
    /// A claim of one's own that does not hold, for [`check_by`](crate::program::Programs::check_by). The program comes to it
    /// there.
    pub fn new(claim: impl Into<String>) -> Self {
        Failure::from(Cause::Claim { message: claim.into() })
    }

    /// What is wrong.
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    /// The inputs, the smallest found, as Rust expressions.
    pub fn inputs(&self) -> &[String] {
        &self.0.inputs
    }

    /// How the remainder of the first-order Taylor expansion shrinks with the step.
    pub fn taylor(&self) -> Option<&Taylor> {
        self.0.taylor.as_ref()
    }

    /// The operation whose own derivative is wrong, if the function is made of operations and one was found.
    pub fn guilty(&self) -> Option<&Guilty> {
        self.0.guilty.as_ref()
    }

    /// The seed of the directions, or of the programs: given to `seed`, it makes the same test.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// How many inputs or programs passed before this one, if they were drawn.
    pub fn passed(&self) -> Option<u32> {
        self.0.drawn
    }

    /// The program of which a claim does not hold, the smallest found.
    pub fn program(&self) -> Option<&Program> {
        self.0.program.as_ref()
    }
}

impl From<Cause> for Failure {
    /// Before it is known at which inputs, or of which program.
    fn from(cause: Cause) -> Self {
        Failure(Box::new(Inner {
            cause,
            inputs: Vec::new(),
            taylor: None,
            guilty: None,
            seed: 0,
            drawn: None,
            program: None,
        }))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::from(Cause::Invalid(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { cause, inputs, taylor, guilty, seed, drawn, program } = &*self.0;
        if inputs.is_empty() && program.is_none() {
            // Of a claim about a graph, say.
            return match cause {
                Cause::Invalid(error) => write!(f, "{error}"),
                _ => f.write_str(&cause.headline()),
            };
        }
        writeln!(f, "{}", cause.headline())?;
        if let Some(m) = cause.mismatch() {
            comparison(f, cause, m)?;
        }
        if let Cause::Value { value, expected, allowed, .. } = cause {
            let (digits, off) = (places(*allowed), (value - expected).abs());
            writeln!(f, "\n  the engine gives     {:>+.digits$}", value + 0.0)?;
            writeln!(f, "  the oracle gives     {:>+.digits$}", expected + 0.0)?;
            writeln!(f, "  apart by             {off:.1e}, allowed {allowed:.1e}")?;
        }
        if let Cause::Invalid(error) = cause {
            writeln!(f, "\n{error}")?;
        }
        if let Some(taylor) = taylor {
            write!(f, "\n{taylor}")?;
        }
        if let Some(guilty) = guilty {
            write!(f, "\n{guilty}")?;
        }
        let found = match drawn {
            Some(n) => format!(", the smallest found; {n} passed before"),
            None => String::new(),
        };
        if let Some(program) = program {
            writeln!(f, "\nprogram{found}; {} of its lines compute", program.instructions())?;
            writeln!(f, "{program:?}")?;
            return write!(f, "again: .seed({seed}).check({})", drawn.unwrap_or(0).saturating_add(1));
        }
        writeln!(f, "\ninputs{found}")?;
        for (number, input) in inputs.iter().enumerate() {
            if input.len() <= LONGEST {
                writeln!(f, "  let x{number} = {input};")?;
            } else {
                let numbers = input.matches(',').count() + 1;
                writeln!(f, "  // x{number} has {numbers} numbers: see `Failure::inputs`")?;
            }
        }
        let names: Vec<String> = (0..inputs.len()).map(|number| format!("x{number}")).collect();
        let tuple = if names.len() == 1 {
            format!("[{}]", names.join(""))
        } else {
            format!("({})", names.join(", "))
        };
        write!(f, "again: .seed({seed}).at({tuple})")
    }
}

/// Inputs that take more characters are not in a report.
const LONGEST: usize = 400;

/// The numbers below each other. (Plus zero, so that there is no `-0`.)
fn comparison(f: &mut fmt::Formatter<'_>, cause: &Cause, m: &Mismatch) -> fmt::Result {
    let off = (m.claimed - m.expected).abs();
    let digits = places(m.allowed);
    if let Some((output, element)) = &m.output {
        let element = if element.is_empty() { String::new() } else { format!(", element {element:?}") };
        writeln!(f, "of output {output}{element}")?;
    }
    if m.weighted {
        writeln!(f, "of the sum of all outputs with random weights")?;
    }
    writeln!(f)?;
    writeln!(f, "  the gradient gives   {:>+.digits$}", m.claimed + 0.0)?;
    match (cause, m.slopes) {
        (Cause::Kink(_), Some((left, right))) => {
            writeln!(f, "  slope to the left    {left:>+.digits$}")?;
            writeln!(f, "  slope to the right   {right:>+.digits$}")?;
            writeln!(f, "  anything between the two would be accepted")
        }
        (Cause::Undecided(_), _) => {
            writeln!(f, "  {:<19}  {:>+.digits$}", m.reference.gives(), m.expected + 0.0)?;
            writeln!(f, "  but may be off by    {:.1e}, which decides nothing", m.error)?;
            writeln!(f, "  help: choose inputs away from kinks, poles and the border of the domain")
        }
        _ => {
            writeln!(f, "  {:<19}  {:>+.digits$}", m.reference.gives(), m.expected + 0.0)?;
            writeln!(f, "  apart by             {off:.1e}, allowed {:.1e}", m.allowed)
        }
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Invalid(error) => Some(error),
            _ => None,
        }
    }
}
