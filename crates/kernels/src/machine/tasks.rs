//! Parts of a step on several threads.

use crate::pool::join;

/// The most tasks of a step: each has memory of its own, so their number is known when memory is laid out.
pub(super) const TASKS: usize = 16;

/// Halves `count` parts from number `first` on, and with them the tasks, until there is one task for each range of parts;
/// `work` gets the range and the number of the task. Only multiples of `grain` parts are split off.
pub(super) fn divide(
    (first, count): (usize, usize),
    (task, tasks): (usize, usize),
    grain: usize,
    work: &(impl Fn(usize, usize, usize) + Sync),
) {
    if tasks <= 1 {
        return work(first, count, task);
    }
    let (left, left_tasks) = (count / 2 / grain * grain, tasks / 2);
    join(
        || divide((first, left), (task, left_tasks), grain, work),
        || divide((first + left, count - left), (task + left_tasks, tasks - left_tasks), grain, work),
    );
}
