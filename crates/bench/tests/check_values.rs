//! Every way of running a workload comes to the check values.

use chainrule_bench::engine::{Mode, Peer, prepared};
use chainrule_bench::measure::on_threads;
use chainrule_bench::workload::{Id, Result, check};

fn right(peer: Peer, mode: Mode, threads: usize, ids: &[Id]) -> Result<()> {
    for &id in ids {
        let done = on_threads(threads, || {
            prepared(peer, mode, id, &mut |calls, _| {
                let distance = check(id, calls)?.distance(id.expected());
                assert!(distance <= id.tolerance(), "{id}: off by {distance:e}");
                Ok(())
            })
        })??;
        assert!(done, "{id} is not there");
    }
    Ok(())
}

#[test]
fn recorded_anew() -> Result<()> {
    right(Peer::Chainrule, Mode::Record, 1, &Id::ALL)
}

#[test]
fn by_hand() -> Result<()> {
    let ids = [Id::W1, Id::W2, Id::W3, Id::W4, Id::W6, Id::W7, Id::W9];
    right(Peer::Limit, Mode::Replay, 1, &ids)?;
    right(Peer::Limit, Mode::Replay, 2, &ids)
}

#[test]
fn replayed() -> Result<()> {
    right(Peer::Chainrule, Mode::Replay, 1, &Id::ALL)?;
    right(Peer::Chainrule, Mode::Replay, 2, &Id::ALL)
}
