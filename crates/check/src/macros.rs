//! One line, one test.

/// A property test of a gradient, in one line: a name, a function of nodes, and a strategy for its inputs.
///
/// It tests first and second order in both modes at 32 drawn inputs, and the exact [laws](crate::laws) at each. A fourth
/// argument says otherwise, by the methods of [`Check`](crate::Check).
///
/// ```
/// use chainrule_check::gradient_test;
/// use chainrule_check::strategy::array;
///
/// gradient_test!(dense, |[x, w, b]| (x.matmul(w) + b).tanh(), [array([2, 3]), array([3, 2]), array([2])]);
/// gradient_test!(log, |[x]| x.ln(), [array([4]).positive()], |check| check.order(3).cases(8));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! gradient_test {
    ($(#[$meta:meta])* $name:ident, $function:expr, $strategy:expr $(,)?) => {
        $crate::gradient_test!($(#[$meta])* $name, $function, $strategy, |check| check);
    };
    ($(#[$meta:meta])* $name:ident, $function:expr, $strategy:expr, |$check:ident| $set:expr $(,)?) => {
        #[test]
        $(#[$meta])*
        fn $name() -> ::std::result::Result<(), $crate::Failure> {
            let $check = $crate::check_gradient($function).order(2).laws();
            $set.for_all($strategy).map(|report| ::std::println!("{report}"))
        }
    };
}
