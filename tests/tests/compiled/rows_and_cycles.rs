//! A short row that is read again and again beside what a fused kernel computes of each row of another array.

use chainrule::prelude::*;

#[test]
fn a_cycle_at_the_level_of_rows_is_read_at_its_own_places() {
    for (outer, period, cols) in [(100, 3, 96), (7, 5, 2), (64, 16, 33), (300, 3, 5), (2, 96, 3)] {
        let graph = Graph::new();
        let x = graph.constant(3.0).normal([outer, period, cols]);
        let p = graph.constant(4.0).normal([period]);
        let rows = x.sum_axes(2) + p;
        let y = x * rows.unsqueeze(2) + rows.unsqueeze(2).exp();
        let mut program = Program::new([x, p], [y, rows]).compile().unwrap();
        let [got_y, got_rows] = program.run((&x.value().unwrap(), &p.value().unwrap())).unwrap();
        assert_eq!(got_rows, rows.value().unwrap(), "{outer} {period} {cols}");
        assert_eq!(got_y, y.value().unwrap(), "{outer} {period} {cols}");
    }
}
