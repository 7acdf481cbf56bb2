//! Functions of two nodes that are not operators: powers, the larger and the smaller one, comparisons, the choice
//! between two.

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::Fault;
use crate::op::Op;
use crate::scalar::Binary;
use crate::var::Var;

/// One method a function of the table, for nodes, numbers and arrays.
macro_rules! functions {
    ($($(#[$doc:meta])* $method:ident => $Function:ident;)+) => {
        impl<'g, T: Scalar> Var<'g, T> {
            $($(#[$doc])*
            #[track_caller]
            pub fn $method(self, other: impl IntoVar<'g, T>) -> Self {
                self.zip(Binary::$Function, other.into_var(self.graph))
            })+
        }
    };
}

functions! {
    /// `self^other`, elementwise, after broadcasting. For fixed exponents [`powi`](Var::powi) and [`powf`](Var::powf) are
    /// better.
    ///
    /// Derivatives: `b a^(b-1)` with respect to the base `a`, `a^b ln a` with respect to the exponent `b`; 0 for a zero
    /// base, also where there is no limit (`0^0`). `x^0` is 1 for every `x`; NaN for a negative base and a broken exponent.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (a, b) = (graph.variable("a", 2.0), graph.variable("b", 3.0));
    /// let [da, db] = a.pow(b).grad([a, b])?;
    /// assert_eq!((a.pow(b).item()?, da.item()?, db.item()?), (8.0, 12.0, 8.0 * 2_f64.ln()));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    pow => Pow;

    /// The larger of the two, elementwise, after broadcasting; NaN if either is. The derivative belongs to the larger one;
    /// where they are equal each has half of it.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (a, b) = (graph.variable("a", [1.0, 2.0]), graph.variable("b", [3.0, 2.0]));
    /// let [da, db] = a.maximum(b).sum().grad([a, b])?;
    /// assert_eq!(da.value()?, ndarray::arr1(&[0.0, 0.5]).into_dyn());
    /// assert_eq!(db.value()?, ndarray::arr1(&[1.0, 0.5]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    maximum => Maximum;

    /// The smaller of the two, elementwise, after broadcasting; NaN if either is. The derivative belongs to the smaller one;
    /// where they are equal each has half of it.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 5.0]).minimum(3.0).value()?, ndarray::arr1(&[1.0, 3.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    minimum => Minimum;

    /// 1 where `self < other`, else 0. Constant between jumps: a gradient that it alone could carry is refused.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0]).less(2.0).value()?, ndarray::arr1(&[1.0, 0.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    less => Less;

    /// 1 where `self <= other`, else 0; as [`less`](Var::less).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0]).less_equal(2.0).value()?, ndarray::arr1(&[1.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    less_equal => LessEqual;

    /// 1 where the two are equal, else 0 (also where either is NaN); as [`less`](Var::less).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0]).equal(2.0).value()?, ndarray::arr1(&[0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    equal => Equal;

    /// The angle in radians, between -π and π, of the point with ordinate `self` and abscissa `other`. Derivatives:
    /// `x / (x² + y²)` with respect to `y = self`, `-y / (x² + y²)` with respect to `x = other`; 0 at the origin.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (y, x) = (graph.variable("y", 3.0), graph.variable("x", 4.0));
    /// let [dy, dx] = y.atan2(x).grad([y, x])?;
    /// assert!((dy.item()? - 0.16).abs() < 1e-16 && (dx.item()? + 0.12).abs() < 1e-16);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    atan2 => Atan2;

    /// `√(self² + other²)` without overflow of the squares. Derivatives `self / y` and `other / y` of the result `y`; 0 at
    /// the origin.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// let (a, b) = (graph.variable("a", 3e200), graph.variable("b", 4e200));
    /// let [da, _] = a.hypot(b).grad([a, b])?;
    /// assert!((a.hypot(b).item()? / 5e200 - 1.0).abs() < 1e-15 && (da.item()? - 0.6).abs() < 1e-15);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    hypot => Hypot;
}

impl<'g, T: Scalar> Var<'g, T> {
    /// 1 where `self > other`, else 0; as [`less`](Var::less).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 3.0]).greater(2.0).value()?, ndarray::arr1(&[0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn greater(self, other: impl IntoVar<'g, T>) -> Self {
        other.into_var(self.graph).zip(Binary::Less, self)
    }

    /// 1 where `self >= other`, else 0; as [`less`](Var::less).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, 2.0]).greater_equal(2.0).value()?, ndarray::arr1(&[0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn greater_equal(self, other: impl IntoVar<'g, T>) -> Self {
        other.into_var(self.graph).zip(Binary::LessEqual, self)
    }

    /// 0 where the two are equal, else 1 (also where either is NaN); as [`less`](Var::less).
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// assert_eq!(graph.constant([1.0, f64::NAN]).not_equal(1.0).value()?, ndarray::arr1(&[0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn not_equal(self, other: impl IntoVar<'g, T>) -> Self {
        T::one().into_var(self.graph) - self.equal(other)
    }

    /// `a` where this condition is not 0, else `b`; all three are broadcast to one shape.
    ///
    /// The derivative passes to the one that was taken. The other one, however large or undefined, adds exactly nothing to
    /// any gradient. None passes to the condition.
    ///
    /// ```
    /// # let graph = chainrule_graph::Graph::new();
    /// // x ln x, which is 0 at 0
    /// let x = graph.variable("x", [0.0, 1.0]);
    /// let y = x.greater(0.0).select(x * x.ln(), 0.0);
    /// let [dx] = y.sum().grad([x])?;
    /// assert_eq!(y.value()?, ndarray::arr1(&[0.0, 0.0]).into_dyn());
    /// assert_eq!(dx.value()?, ndarray::arr1(&[0.0, 1.0]).into_dyn());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    #[track_caller]
    pub fn select(self, a: impl IntoVar<'g, T>, b: impl IntoVar<'g, T>) -> Self {
        let (a, b) = (a.into_var(self.graph), b.into_var(self.graph));
        if !(a.is_in(self.graph) && b.is_in(self.graph)) {
            return self.reject("select", &[self, a, b], Fault::foreign());
        }
        match self.broadcast_all([self, a, b]) {
            Ok([condition, a, b]) => condition.record_of(Op::Select, &[condition, a, b]),
            Err(fault) => self.reject("select", &[self, a, b], fault),
        }
    }

    /// Nodes of one graph, each repeated to the shape that NumPy's rule gives all of them.
    #[track_caller]
    pub(crate) fn broadcast_all<const N: usize>(self, nodes: [Self; N]) -> Result<[Self; N], Fault> {
        let caller = std::panic::Location::caller();
        let mut tape = self.graph.tape.borrow_mut();
        let mut shape = crate::shape::Shape::new();
        for x in &nodes {
            shape = crate::shape::broadcast_shape(&shape, tape.sizes(x.id))?;
        }
        let to = tape.shapes.intern(&shape)?;
        let mut broadcast = nodes;
        for x in &mut broadcast {
            if tape.error(x.id).is_none() {
                x.id = tape.broadcast(x.id, to, caller)?;
            }
        }
        Ok(broadcast)
    }
}
