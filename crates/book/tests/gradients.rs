//! The tests that the page on testing gradients shows.

use chainrule_check::gradient_test;
use chainrule_check::strategy::array;

gradient_test!(dense, |[x, w, b]| (x.matmul(w) + b).tanh(), [array([2, 3]), array([3, 2]), array([2])]);
gradient_test!(entropy, |[p]| -(p * p.ln()).sum(), [array([4]).positive()], |check| check.cases(8));
