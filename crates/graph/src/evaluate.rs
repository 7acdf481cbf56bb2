//! Evaluating: which nodes a wanted value needs, and in which order; when values are let go of; what is done outside of
//! the tape. How one node is computed is the subject of [`execute`](crate::execute).

use std::sync::Arc;

use chainrule_kernels as kernels;
use ndarray::{ArrayD, IxDyn};
use smallvec::SmallVec;

use crate::Scalar;
use crate::custom::Custom;
use crate::error::{Error, ErrorKind, Fault};
use crate::graph::Graph;
use crate::op::{NodeId, Op, Operands, Origin};
use crate::shape::element_count;
use crate::tape::Tape;

/// Why a value could not be had.
#[derive(Debug)]
pub(crate) enum Failure {
    /// For a reason that is not the operation's: no memory.
    Run(Fault),
    /// The operation itself has no value for these operands; the fault is shown at the line that recorded it.
    Node(NodeId, Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Run(fault)
    }
}

/// What is left to compute.
#[derive(Default)]
struct Schedule {
    wanted: SmallVec<[NodeId; 2]>,
    /// In the order of the tape.
    queue: Vec<NodeId>,
    next: usize,
    /// For each of the queue, by how many others of the queue its value is still needed; empty if all values stay.
    uses: Vec<usize>,
}

/// A custom operation whose operands are known, to be run while nothing is borrowed.
struct Call<T> {
    id: NodeId,
    custom: Arc<Custom<T>>,
    operands: Vec<ArrayD<T>>,
}

impl<T: Scalar> Graph<T> {
    /// Computes what the wanted nodes, which must be valid, need and has not been computed.
    pub(crate) fn evaluate(&self, operation: &str, wanted: &[NodeId], caller: Origin) -> Result<(), Error> {
        let tested = self.tape.borrow().test_known(wanted);
        if let Err(failure) = tested {
            return Err(self.failure(operation, wanted, failure, caller));
        }
        if wanted.iter().all(|&id| self.tape.borrow().values.is_known(id)) {
            return Ok(());
        }
        let mut schedule = self.tape.borrow_mut().schedule(wanted);
        loop {
            let advanced = self.tape.borrow_mut().advance(&mut schedule);
            let call = match advanced {
                Ok(None) => return Ok(()),
                Ok(Some(call)) => call,
                Err(failure) => return Err(self.failure(operation, wanted, failure, caller)),
            };
            let views: Vec<_> = call.operands.iter().map(|x| x.view()).collect();
            let value = call.custom.op.value(&views);
            let taken = self.tape.borrow_mut().put(&schedule, &call, value);
            if let Err(failure) = taken {
                self.tape.borrow_mut().abandon(&schedule);
                return Err(self.failure(operation, wanted, failure, caller));
            }
        }
    }

    fn failure(&self, operation: &str, wanted: &[NodeId], failure: Failure, caller: Origin) -> Error {
        match failure {
            Failure::Run(fault) => self.tape.borrow().locate(operation, wanted, fault, caller),
            Failure::Node(id, fault) => self.tape.borrow().locate_node(id, fault),
        }
    }
}

impl<T: Scalar> Tape<T> {
    fn schedule(&mut self, wanted: &[NodeId]) -> Schedule {
        let Tape { nodes, values, marks, .. } = self;
        values.reach(wanted);
        let (mut queue, mut transient) = (Vec::new(), false);
        let Some(&last) = wanted.iter().max() else { return Schedule::default() };
        let mut walk = marks.walk(last);
        for &id in wanted.iter().filter(|&&id| !values.is_known(id)) {
            walk.insert(id);
        }
        while let Some(id) = walk.pop() {
            let Some(node) = nodes.get(id) else { continue };
            transient |= node.mark.transient;
            for &operand in nodes.operands(node).iter().filter(|&&id| !values.is_known(id)) {
                walk.insert(operand);
            }
            queue.push(id);
        }
        queue.reverse();
        let mut uses = Vec::new();
        if transient {
            uses = vec![0; queue.len()];
            for operand in queue.iter().flat_map(|&id| nodes.operands_of(id)) {
                if let Ok(place) = queue.binary_search(operand) {
                    uses[place] += 1;
                }
            }
        }
        Schedule { wanted: wanted.into(), queue, next: 0, uses }
    }

    /// Computes until all is done, or until a custom operation must be run.
    fn advance(&mut self, schedule: &mut Schedule) -> Result<Option<Call<T>>, Failure> {
        let simply = schedule.uses.is_empty() && !self.check_finite;
        while let Some(&id) = schedule.queue.get(schedule.next) {
            if simply && self.compute_number(id) {
                schedule.next += 1;
                continue;
            }
            if !self.values.is_known(id) {
                match self.call(id) {
                    Ok(None) => {}
                    Ok(Some(call)) => return Ok(Some(call)),
                    Err(failure) => {
                        self.abandon(schedule);
                        return Err(failure);
                    }
                }
                let stays = schedule.stays(self, id);
                if let Err(failure) = self.compute(id, stays) {
                    self.abandon(schedule);
                    return Err(failure);
                }
            }
            if self.check_finite
                && let Err(failure) = self.test_finite(id)
            {
                self.abandon(schedule);
                return Err(failure);
            }
            self.let_go(schedule, id);
            schedule.next += 1;
        }
        Ok(None)
    }

    /// Releases the operands of a computed node that nothing else of the schedule needs.
    fn let_go(&mut self, schedule: &mut Schedule, id: NodeId) {
        if schedule.uses.is_empty() {
            return;
        }
        let operands = Operands::from_slice(self.nodes.operands_of(id));
        for operand in operands {
            let Ok(place) = schedule.queue.binary_search(&operand) else { continue };
            schedule.uses[place] = schedule.uses[place].saturating_sub(1);
            if schedule.uses[place] == 0 && !schedule.stays(self, operand) {
                self.values.release(operand);
            }
        }
    }

    /// Leaves no transient value behind.
    fn abandon(&mut self, schedule: &Schedule) {
        for &id in schedule.queue.iter().take(schedule.next) {
            if !schedule.stays(self, id) && self.values.is_known(id) {
                self.values.release(id);
            }
        }
    }

    /// The user's operation that this node is, if it is one.
    fn call(&self, id: NodeId) -> Result<Option<Call<T>>, Failure> {
        let Some(node) = self.nodes.get(id) else { return Ok(None) };
        let Op::Custom(custom) = &node.op else { return Ok(None) };
        let operands =
            self.nodes.operands(node).iter().map(|&x| self.read(x)).collect::<Result<_, Fault>>()?;
        Ok(Some(Call { id, custom: custom.clone(), operands }))
    }

    /// Takes the value of a custom operation in.
    fn put(
        &mut self,
        schedule: &Schedule,
        call: &Call<T>,
        value: Result<ArrayD<T>, String>,
    ) -> Result<(), Failure> {
        let refuse = |message: String, help: &str| {
            Err(Failure::Node(call.id, Fault::new(ErrorKind::Argument, message, help)))
        };
        let value = match value {
            Ok(value) => value,
            Err(message) => return refuse(message, ""),
        };
        let promised = self.sizes(call.id);
        if value.shape() != promised {
            let message = format!("the value has the shape {:?}, promised was {promised:?}", value.shape());
            return refuse(message, "`CustomOp::value` must return what `CustomOp::shape` says");
        }
        let transient = !schedule.stays(self, call.id);
        let place = self.values.fill(value.len(), transient, |_, out| {
            out.iter_mut().zip(&value).for_each(|(to, &from)| *to = from);
            Ok::<(), Fault>(())
        })?;
        self.values.hold(place);
        self.values.set(call.id, place);
        Ok(())
    }

    /// Computes one node whose operands are known.
    fn compute(&mut self, id: NodeId, stays: bool) -> Result<(), Failure> {
        let mut place = self.place_of(id, stays)?;
        if stays && self.values.buffer_of(place).is_some() {
            // A view of a value that will be let go of.
            self.values.set(id, place);
            let shape: SmallVec<[usize; 4]> = self.sizes(id).into();
            place = self.values.fill(element_count(&shape), false, |known, out| {
                known.with(id, &shape, |x| kernels::copy(x, out));
                Ok::<(), Fault>(())
            })?;
        }
        self.values.hold(place);
        self.values.set(id, place);
        Ok(())
    }
    /// A copy of a known value.
    pub(crate) fn read(&self, id: NodeId) -> Result<ArrayD<T>, Fault> {
        let sizes = self.sizes(id);
        let elements = self.values.reader().dense(id, sizes)?.into_owned();
        ArrayD::from_shape_vec(IxDyn(sizes), elements)
            .map_err(|e| Fault::new(ErrorKind::TooLarge, e.to_string(), "use a smaller array"))
    }

    /// The only element of a known value.
    pub(crate) fn read_one(&self, id: NodeId) -> T {
        let mut one = [T::nan()];
        self.values.reader().with(id, self.sizes(id), |x| x.read(0, &mut one));
        one[0]
    }

    /// Where finite values are asked for, fails at the first known value, in the order of the tape, that is not finite and that
    /// the wanted nodes are computed from. Known values are tested at every reading: a value that was refused once is refused
    /// again, and so is one from before the switch was turned on.
    fn test_known(&self, wanted: &[NodeId]) -> Result<(), Failure> {
        if !self.check_finite {
            return Ok(());
        }
        let end = wanted.iter().map(|id| id.index() + 1).max().unwrap_or(0);
        let mut needed = vec![false; end];
        for id in wanted {
            needed[id.index()] = true;
        }
        for place in (0..end).rev() {
            if needed[place] {
                for operand in self.nodes.operands_of(NodeId(place as u32)) {
                    needed[operand.index()] = true;
                }
            }
        }
        let ids = (0..end).filter(|&place| needed[place]).map(|place| NodeId(place as u32));
        ids.filter(|&id| self.values.is_known(id)).try_for_each(|id| self.test_finite(id))
    }

    /// Fails if a known value has an element that is not finite. Those it is computed from have been tested before.
    fn test_finite(&self, id: NodeId) -> Result<(), Failure> {
        let Some((index, value)) = self.find_not_finite(id)? else { return Ok(()) };
        Err(Failure::Node(id, not_finite(value, &index)))
    }

    /// The first element of a known value that is not finite, and its index.
    pub(crate) fn find_not_finite(&self, id: NodeId) -> Result<Option<(Vec<usize>, T)>, Fault> {
        let sizes = self.sizes(id);
        let elements = self.values.reader().dense(id, sizes)?;
        let Some(position) = elements.iter().position(|x| !x.is_finite()) else { return Ok(None) };
        Ok(Some((index_of(position, sizes), elements[position])))
    }
}

/// The index of the element with this number, in an array of these sizes.
pub(crate) fn index_of(mut position: usize, sizes: &[usize]) -> Vec<usize> {
    let mut index = vec![0; sizes.len()];
    for (i, &size) in index.iter_mut().zip(sizes).rev() {
        *i = position % size.max(1);
        position /= size.max(1);
    }
    index
}

/// A value that is not finite, in a graph that refuses such.
pub(crate) fn not_finite(value: impl std::fmt::Display, index: &[usize]) -> Fault {
    let message = format!("the value is {value} at {index:?}");
    let help = "what it is computed from is finite; `check_finite` is on for this graph";
    Fault::new(ErrorKind::NotFinite, message, help)
}

impl Schedule {
    /// Whether the value of a node is kept after this run.
    fn stays<T: Scalar>(&self, tape: &Tape<T>, id: NodeId) -> bool {
        let transient = tape.nodes.get(id).is_some_and(|node| node.mark.transient);
        !transient || self.wanted.contains(&id)
    }
}
