//! Every way of running a workload comes to the check values.

use chainrule_bench::engine::{Mode, Peer, prepared};
use chainrule_bench::measure::on_threads;
use chainrule_bench::workload::{Id, check};

fn right(peer: Peer, mode: Mode, threads: usize, ids: &[Id]) {
    for &id in ids {
        let done = on_threads(threads, || {
            prepared(peer, mode, id, &mut |calls, _| {
                let distance = check(id, calls)?.distance(id.expected());
                assert!(distance <= id.tolerance(), "{id}: off by {distance:e}");
                Ok(())
            })
            .unwrap()
        });
        assert!(done.unwrap(), "{id} is not there");
    }
}

#[test]
fn recorded_anew() {
    right(Peer::Chainrule, Mode::Record, 1, &Id::ALL);
}

#[test]
fn by_hand() {
    for threads in [1, 2] {
        right(Peer::Limit, Mode::Replay, threads, &[Id::W1, Id::W2, Id::W3, Id::W4, Id::W6, Id::W7, Id::W9]);
    }
}

// #[test]
// fn replayed() {
//     for threads in [1, 2] {
//         right(Peer::Chainrule, Mode::Replay, threads, &Id::ALL);
//     }
// }
