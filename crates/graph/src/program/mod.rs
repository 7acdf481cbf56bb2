//! Compiled programs: a recorded graph as a list of steps over memory that is laid out beforehand.
//!
//! The way of a program, a page each: `simplify.rs` makes items of nodes, each thing once (`windows.rs` those of pooling in the
//! order of memory, `gathered.rs` products of windows where they lie); `schedule.rs` decides which items share a kernel; `layout.rs` gives them places; `lower.rs` writes the steps of the machine (`fusion.rs` the fused ones, `epilogue.rs` those that finish a product,
//! `tiny.rs` those of programs too small for kernels), which is in the crate `chainrule-kernels`; `run.rs` runs them. This
//! page is what users hold.

mod arena;
mod commits;
mod describe;
mod epilogue;
mod feeds;
mod fusion;
mod gathered;
mod hash;
mod layout;
mod lower;
mod pairs;
mod run;
mod same;
mod schedule;
mod simplify;
mod source;
mod state;
mod tiny;
mod windows;

use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use chainrule_kernels::{At, STATE, WORK};
use ndarray::{ArrayViewD, IxDyn};
use smallvec::SmallVec;

pub use describe::{Plan, PlanStep};
pub use feeds::Feeds;
pub use state::State;

use crate::Scalar;
use crate::convert::IntoVar;
use crate::error::{ErrorKind, Fault, Result};
use crate::graph::Graph;
use crate::op::{NodeId, Op, Origin};
use crate::shape::{Shape, element_count};
use crate::structure::{Form, Structure, flatten};
use crate::var::Var;
use hash::{Hashes, Map};
use lower::{Lowered, Stage};
use run::StateRef;
use simplify::Request;
use source::ItemId;
use state::Aligned;

/// A recorded graph, compiled: it takes inputs, hands out outputs, and replaces the values of variables, as often as one
/// likes, without recording and without allocating.
///
/// ```
/// use chainrule_graph::{Graph, Program};
/// use ndarray::array;
///
/// // Recorded once: a linear fit, its loss and its gradient.
/// let graph = Graph::new();
/// let (w, b) = (graph.variable("w", [0.0, 0.0]), graph.variable("b", 0.0));
/// let (x, y) = (graph.constant(array![[0.0, 0.0], [0.0, 0.0]]), graph.constant([0.0, 0.0]));
/// let loss = (x.matmul(w) + b - y).square().mean();
/// let [dw, db] = loss.grad([w, b])?;
///
/// // Compiled once, run many times: one run is one step of gradient descent.
/// let mut step = Program::new([x, y], [loss]).update(w, w - 0.05 * dw).update(b, b - 0.05 * db).compile()?;
/// let (xs, ys) = (array![[1.0, 2.0], [3.0, -1.0]], array![5.0, 1.0]);
/// for _ in 0..2000 {
///     step.run((&xs, &ys))?;
/// }
/// let [loss] = step.run((&xs, &ys))?;
/// assert!(loss[[]] < 1e-9);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// **The same bits.** A program computes exactly what [`Var::value`] computes, at any number of threads.
///
/// **Variables** live in a [`State`], which programs can share. All new values are computed from the old ones, whatever
/// the order of the updates. A run that returns an error leaves the state as it was.
///
/// **Branches.** If [`Var::holds`] decided how the graph was recorded, the decision is checked in every run: one that would
/// have been decided otherwise is an error of the kind [`ErrorKind::Guard`], not a wrong number.
///
/// **Threads.** A program can be sent to another thread, and cloned cheaply: a clone shares the plan and the state and has its
/// own memory for everything else. Programs that only read the state run side by side; those that replace values
/// wait for each other. Large steps spread over the current `rayon` pool. If programs that share a state which one of them
/// updates are themselves tasks of that pool, a run may be taken up by a thread that waits for the parallel steps of another
/// run, its own or one of which it has taken over a piece. It cannot wait for the state then, because the other run may be
/// the one that has it; it returns an error of the kind [`ErrorKind::Busy`], and has changed nothing. Give such programs
/// threads of their own, or a [`State::snapshot`] each. (What an operation of the user's own forks by itself is not known
/// here: it must not run tasks that use the state of the program that it is part of.)
pub struct Program<T: Scalar, O: Form> {
    plan: Arc<Compiled<T>>,
    form: O,
    state: State<T>,
    work: Aligned<T>,
    /// Copies of inputs that do not lie in row-major order and are too large for the places of small ones.
    staged: Vec<Vec<T>>,
}

/// All of a program that never changes.
struct Compiled<T> {
    lowered: Lowered<T>,
    constants: Aligned<T>,
    inputs: Vec<Input>,
    outputs: Vec<(At, Shape)>,
    /// What an error says, of each item that may have one of its own: those of single steps.
    blame: Map<ItemId, NodeBlame>,
    plan: Plan,
}

/// What a program takes.
struct Input {
    name: String,
    shape: Shape,
    /// Where it is copied to; the others are read where they lie.
    copied: Option<At>,
}

/// A node, for messages.
struct NodeBlame {
    name: String,
    shapes: Vec<Vec<usize>>,
    shape: Shape,
    origin: Origin,
    /// Of a branch: how it was taken.
    expected: bool,
}

impl<T: Scalar> Program<T, Vec<crate::structure::Single>> {
    /// Begins a program that takes a value for each of `inputs`, any nodes of a graph, and returns those of `outputs`, in
    /// the structure in which these stand here.
    #[track_caller]
    #[allow(clippy::new_ret_no_self, reason = "a program is built in steps, the last of which can fail")]
    pub fn new<'g, S: Structure<'g, T>>(
        inputs: impl IntoIterator<Item = Var<'g, T>>,
        outputs: S,
    ) -> Builder<'g, T, S::Form> {
        let (outputs, nodes) = flatten(outputs);
        Builder {
            inputs: inputs.into_iter().collect(),
            form: outputs.form(),
            outputs: nodes,
            updates: Vec::new(),
            state: None,
            caller: Location::caller(),
        }
    }
}

/// A [`Program`] in the making; see there.
#[must_use = "nothing is compiled before `compile`"]
pub struct Builder<'g, T, O> {
    inputs: Vec<Var<'g, T>>,
    outputs: Vec<Var<'g, T>>,
    form: O,
    updates: Vec<(Var<'g, T>, Var<'g, T>)>,
    state: Option<State<T>>,
    caller: Origin,
}

impl<'g, T: Scalar, O: Form> Builder<'g, T, O> {
    /// Each run replaces the value of `variable` by that of `value`, computed from the values before the run.
    #[track_caller]
    pub fn update(mut self, variable: Var<'g, T>, value: impl IntoVar<'g, T>) -> Self {
        let value = value.into_var(variable.graph());
        self.updates.push((variable, value));
        self
    }

    /// The same for many variables.
    pub fn updates(mut self, pairs: impl IntoIterator<Item = (Var<'g, T>, Var<'g, T>)>) -> Self {
        self.updates.extend(pairs);
        self
    }

    /// Keeps the variables in this state. Values that it has, under the same names, win over the graph's.
    pub fn state(mut self, state: &State<T>) -> Self {
        self.state = Some(state.clone());
        self
    }

    /// Plans the program and takes the memory that it needs.
    ///
    /// # Errors
    /// If a node is invalid or belongs to another graph, an input is given twice, an update's target is no variable, is an
    /// input too, is given twice or has another shape than its new value; if a constant cannot be computed, the state has a
    /// variable of the same name and another shape, or there is not enough memory.
    pub fn compile(self) -> Result<Program<T, O>> {
        let caller = self.caller;
        let nodes = || {
            let updates = self.updates.iter().flat_map(|pair| [&pair.0, &pair.1]);
            self.inputs.iter().chain(&self.outputs).chain(updates)
        };
        let Some(graph) = nodes().next().map(|x| x.graph()) else {
            let fault =
                Fault::new(ErrorKind::Count, "neither outputs nor updates", "a program computes something");
            return Err(fault.at("compile", Vec::new(), caller, String::new()));
        };
        for x in nodes() {
            if !x.is_in(graph) {
                return graph.error("compile", &[], Fault::foreign(), caller);
            }
            graph.check(x.id)?;
        }
        self.check(graph)?;
        let ids = |list: &[Var<'g, T>]| list.iter().map(|x| x.id).collect::<Vec<_>>();
        let (inputs, outputs) = (ids(&self.inputs), ids(&self.outputs));
        let updates: Vec<_> = self.updates.iter().map(|(x, y)| (x.id, y.id)).collect();
        let request = Request { inputs: &inputs, outputs: &outputs, updates: &updates, caller };
        let state = self.state.unwrap_or_default();
        let plan = compile(graph, &request, &state)?;
        let memory = |fault| graph.tape.borrow().locate("compile", &outputs, fault, caller);
        let work = Aligned::zeros(plan.lowered.work).map_err(memory)?;
        let staged = plan.inputs.iter().map(|_| Vec::new()).collect();
        Ok(Program { plan: Arc::new(plan), form: self.form, state, work, staged })
    }

    /// What can be wrong with the lists.
    fn check(&self, graph: &Graph<T>) -> Result<()> {
        let refuse = |id: NodeId, kind: ErrorKind, message: String, help: &str| {
            graph.error("compile", &[id], Fault::new(kind, message, help), self.caller)
        };
        let name = |x: &Var<'g, T>| describe_node(graph, x.id);
        let mut inputs: Map<NodeId, ()> = Map::default();
        for x in &self.inputs {
            if inputs.insert(x.id, ()).is_some() {
                let message = format!("{} is given as an input twice", name(x));
                return refuse(x.id, ErrorKind::Argument, message, "an input has one value");
            }
        }
        let mut updated: Map<NodeId, ()> = Map::default();
        for (x, value) in &self.updates {
            let is_variable =
                graph.tape.borrow().nodes.get(x.id).is_some_and(|n| matches!(n.op, Op::Variable(_)));
            if !is_variable {
                let message = format!("{} is no variable, and only variables live from run to run", name(x));
                return refuse(
                    x.id,
                    ErrorKind::Argument,
                    message,
                    "declare it with `graph.variable(name, value)`",
                );
            }
            if inputs.contains_key(&x.id) {
                let message =
                    format!("{} is an input, so it has a value of the caller's in every run", name(x));
                return refuse(
                    x.id,
                    ErrorKind::Argument,
                    message,
                    "leave it out of the inputs, or return the new value",
                );
            }
            if updated.insert(x.id, ()).is_some() {
                let message = format!("{} is updated twice", name(x));
                return refuse(x.id, ErrorKind::Argument, message, "a variable gets one new value in a run");
            }
            if x.shape_id() != value.shape_id() {
                let message = format!(
                    "{} has the shape {:?}, its new value {:?}",
                    name(x),
                    x.sizes().as_slice(),
                    value.sizes().as_slice()
                );
                return refuse(x.id, ErrorKind::Shape, message, "a variable keeps its shape");
            }
        }
        Ok(())
    }
}

/// A node as a message calls it.
fn describe_node<T: Scalar>(graph: &Graph<T>, id: NodeId) -> String {
    let tape = graph.tape.borrow();
    match tape.variable_name(id) {
        Some(name) => format!("variable `{name}`"),
        None => format!("a `{}`", tape.nodes.get(id).map_or("node", |node| node.op.name())),
    }
}

/// All of it but the memory.
fn compile<T: Scalar>(graph: &Graph<T>, request: &Request<'_>, state: &State<T>) -> Result<Compiled<T>> {
    let mut program = simplify::simplify(graph, request)?;
    pairs::bring_together(&mut program);
    let check_finite = graph.tape.borrow().check_finite;
    let refuse = |fault| graph.tape.borrow().locate("compile", request.outputs, fault, request.caller);
    let mut variables = Vec::new();
    for (name, _, node) in &program.states {
        variables.push((name.clone(), graph.tape.borrow().read(*node).map_err(refuse)?));
    }
    let (states, state_len) = state.declare(&variables).map_err(refuse)?;
    let tiny = if check_finite { None } else { tiny(&program, &states, state_len) };
    let (layout, lowered) = match tiny {
        Some(tiny) => tiny,
        None => {
            let schedule = schedule::schedule(&program, !check_finite);
            let layout = layout::lay_out(&program, &schedule, &states);
            let lowered = lower::lower(&program, &schedule, &layout, &states, state_len, check_finite)
                .map_err(|item| {
                    let node = program.items.get(item).map_or(NodeId(0), |item| item.node);
                    let fault = Fault::new(
                        ErrorKind::TooLarge,
                        "there is no plan for this operation at this size",
                        "evaluate it with `value()`, and report this: every recorded graph should compile",
                    );
                    graph.tape.borrow().locate_node(node, fault)
                })?;
            (layout, lowered)
        }
    };
    let mut constants = Aligned::zeros(layout.constants.len()).map_err(refuse)?;
    constants.get_mut().copy_from_slice(&layout.constants);
    let tape = graph.tape.borrow();
    let input = |(number, &id): (usize, &NodeId)| Input {
        name: tape.variable_name(id).map_or_else(|| format!("number {number}"), |name| format!("`{name}`")),
        shape: tape.sizes(id).into(),
        copied: layout.copied.get(number).copied().flatten(),
    };
    let inputs = request.inputs.iter().enumerate().map(input).collect();
    let outputs = program
        .outputs
        .iter()
        .zip(request.outputs)
        .map(|(&item, &id)| (layout.place(item), Shape::from(tape.sizes(id))))
        .collect();
    let calls = lowered.stages.iter().filter_map(|stage| match stage {
        Stage::Call(call) => Some(call.item),
        Stage::Steps(_) => None,
    });
    let first = lowered.infos.iter().filter_map(|info| info.items.first().copied());
    let of = |id: ItemId| Some((id, NodeBlame::of(&tape, program.items.get(id)?.node)));
    let blame = first.chain(calls).filter_map(of).collect();
    let plan = plan(&program, &lowered, &layout, state_len, &tape);
    drop(tape);
    Ok(Compiled { lowered, constants, inputs, outputs, blame, plan })
}

impl NodeBlame {
    fn of<T: Scalar>(tape: &crate::tape::Tape<T>, id: NodeId) -> Self {
        let node = tape.nodes.get(id);
        NodeBlame {
            name: tape.node_name(id),
            shapes: node.map_or_else(Vec::new, |node| {
                tape.nodes.operands(node).iter().map(|&operand| tape.sizes(operand).to_vec()).collect()
            }),
            shape: tape.sizes(id).into(),
            origin: node.map_or(Location::caller(), |node| node.origin),
            expected: matches!(node.map(|node| &node.op), Some(Op::Guard(true))),
        }
    }
}

/// A program that is best run as scalar code, if this is one.
fn tiny<T: Scalar>(
    program: &simplify::Items<T>,
    states: &[usize],
    state_len: usize,
) -> Option<(layout::Layout<T>, Lowered<T>)> {
    if !tiny::may_be(program) {
        return None;
    }
    // One item after the other: nothing is written over a variable before the end.
    let schedule = schedule::schedule(program, false);
    let mut layout = layout::lay_out(program, &schedule, states);
    let steps = tiny::expand(program, &schedule, &layout, states)?;
    layout.constants.resize(layout.constants.len() + layout::GRAIN, T::zero());
    let lowered = lower::lower_tiny(program, &layout, steps, state_len)?;
    Some((layout, lowered))
}

/// The plan for a person.
fn plan<T: Scalar>(
    program: &simplify::Items<T>,
    lowered: &Lowered<T>,
    layout: &layout::Layout<T>,
    state: usize,
    tape: &crate::tape::Tape<T>,
) -> Plan {
    let bytes = |elements: usize| elements * size_of::<T>();
    let steps = lowered.infos.iter().map(|info| {
        // What differs is counted first, and written afterwards.
        let mut operations: indexmap::IndexMap<_, (NodeId, usize), Hashes> = indexmap::IndexMap::default();
        let mut lines: Vec<Origin> = Vec::new();
        for node in info.items.iter().filter_map(|&item| program.items.get(item)).map(|item| item.node) {
            operations.entry(tape.node_names(node)).or_insert((node, 0)).1 += 1;
            if lines.len() < 4
                && let Some(line) = tape.nodes.get(node).map(|node| node.origin)
                && !lines.iter().any(|&known| std::ptr::eq(known, line) || known == line)
            {
                lines.push(line);
            }
        }
        PlanStep {
            title: info.title.clone(),
            operations: operations.into_values().map(|(node, count)| (tape.node_name(node), count)).collect(),
            lines: lines.into_iter().map(|line| line.to_string()).collect(),
            bytes_read: bytes(info.read),
            bytes_written: bytes(info.written),
            flops: info.flops,
            time: None,
        }
    });
    let computed =
        |item: &&simplify::Item<T>| matches!(item.kind, simplify::Kind::Compute(_) | simplify::Kind::Copy);
    let in_memory: usize = program
        .items
        .iter()
        .enumerate()
        .filter(|(id, _)| layout.is_stored(*id) && layout.place(*id).area == WORK)
        .map(|(_, item)| item.len)
        .sum();
    let over = program.items.iter().enumerate().filter(|(id, item)| computed(item) && layout.is_stored(*id));
    Plan {
        nodes: program.nodes,
        items: program.items.iter().filter(computed).count(),
        steps: steps.collect(),
        work_bytes: bytes(lowered.work),
        unshared_bytes: bytes(in_memory),
        state_bytes: bytes(state),
        constant_bytes: bytes(layout.constants.len()),
        in_place: layout.reused + over.filter(|(id, _)| layout.place(*id).area == STATE).count(),
    }
}

impl<T: Scalar, O: Form> Program<T, O> {
    /// Runs the program: the outputs, as views of its memory, until it runs again.
    ///
    /// # Errors
    /// If there are more or fewer inputs than the program takes, or one has another shape. If a matrix is singular, an
    /// index is none, an operation of the user's own fails, a branch would be taken otherwise than it was recorded, or (in a
    /// graph that was told to [refuse such](Graph::check_finite)) a value is not finite. The state is unchanged then.
    #[track_caller]
    pub fn run(&mut self, inputs: impl Feeds<T>) -> Result<O::Of<ArrayViewD<'_, T>>> {
        self.execute(&inputs, Location::caller(), None)?;
        Ok(self.hand_out())
    }

    /// The values of the variables, shared with whoever has a clone of this handle.
    pub fn state(&self) -> &State<T> {
        &self.state
    }

    /// The same program with the variables of another state.
    ///
    /// # Errors
    /// If the state has not the variables of this one, in the same places: it must be a [`State::snapshot`] of it.
    #[track_caller]
    pub fn with_state(mut self, state: &State<T>) -> Result<Self> {
        let fits = self.state.shapes().iter().zip(state.shapes().iter()).all(|(a, b)| a == b);
        if !fits || state.shapes().len() < self.state.shapes().len() {
            let fault = Fault::new(
                ErrorKind::Argument,
                "the state has other variables, or has them in another order",
                "hand over a `snapshot` of this program's state",
            );
            return Err(fault.at("with_state", Vec::new(), Location::caller(), String::new()));
        }
        self.state = state.clone();
        Ok(self)
    }

    /// The plan: steps, what is computed together, bytes, arithmetic, and where the memory goes.
    pub fn explain(&self) -> Plan {
        self.plan.plan.clone()
    }

    /// The plan with the time of each step: the median of `runs` runs. The state is that of a snapshot, and is not changed.
    ///
    /// # Errors
    /// As [`run`](Program::run).
    #[track_caller]
    pub fn profile(&self, inputs: impl Feeds<T>, runs: usize) -> Result<Plan> {
        let caller = Location::caller();
        let mut program = Program { state: self.state.snapshot()?, ..self.clone() };
        let steps = self.plan.lowered.infos.len();
        let mut times = vec![Vec::with_capacity(runs); steps];
        program.execute(&inputs, caller, None)?;
        for _ in 0..runs.max(1) {
            program.execute(&inputs, caller, Some(&mut times))?;
        }
        let mut plan = self.explain();
        for (step, times) in plan.steps.iter_mut().zip(&mut times) {
            times.sort_unstable();
            step.time = times.get(times.len() / 2).copied();
        }
        Ok(plan)
    }

    fn hand_out(&self) -> O::Of<ArrayViewD<'_, T>> {
        let mut outputs = self.plan.outputs.iter();
        let work = self.work.get();
        self.form.fill(&mut || {
            // There is an output for each place of the form, and its elements are in the working memory.
            let view = outputs.next().and_then(|(at, shape)| {
                let elements = work.get(at.offset..at.offset + element_count(shape))?;
                match (shape.as_slice(), elements) {
                    // Small views are made directly: the general way costs as much as a tenth of a tiny program's run.
                    ([], [number]) => Some(ndarray::aview0(number).into_dyn()),
                    ([_], elements) => Some(ndarray::aview1(elements).into_dyn()),
                    (shape, elements) => ArrayViewD::from_shape(IxDyn(shape), elements).ok(),
                }
            });
            view.unwrap_or_else(|| ndarray::aview1(&[]).into_dyn())
        })
    }

    fn execute(
        &mut self,
        inputs: &impl Feeds<T>,
        caller: Origin,
        mut times: Option<&mut [Vec<Duration>]>,
    ) -> Result<()> {
        let Program { plan, state, work, staged, .. } = self;
        if inputs.count() != plan.inputs.len() {
            return Err(plan.refuse_count(inputs.count(), caller));
        }
        // Each input is looked at once: for a tiny program a look costs as much as a tenth of the run.
        let mut borrowed: SmallVec<[&[T]; 12]> = SmallVec::new();
        for (number, (input, staged)) in plan.inputs.iter().zip(staged).enumerate() {
            let Some(view) = inputs.feed(number) else { continue };
            if view.shape() != input.shape.as_slice() {
                return Err(input.refuse(view.shape(), caller));
            }
            if let Some(at) = input.copied {
                let to = work.get_mut().get_mut(at.offset..at.offset + view.len()).unwrap_or(&mut []);
                copy(&view, to);
                borrowed.push(&[]);
            } else if let Some(elements) = view.to_slice() {
                borrowed.push(elements);
            } else {
                staged.resize(element_count(&input.shape), T::zero());
                copy(&view, staged);
                borrowed.push(staged);
            }
        }
        let busy = || state::busy().at("run", Vec::new(), caller, String::new());
        let machine = &plan.lowered.machine;
        if machine.writes_state() {
            let mut values = state.write().ok_or_else(busy)?;
            plan.stages(work, &mut StateRef::Write(&mut values), &borrowed, times.as_deref_mut(), caller)
        } else {
            let values = state.read().ok_or_else(busy)?;
            plan.stages(work, &mut StateRef::Read(&values), &borrowed, times, caller)
        }
    }
}

fn copy<T: Scalar>(from: &ArrayViewD<'_, T>, to: &mut [T]) {
    match from.as_slice() {
        Some(from) if from.len() == to.len() => to.copy_from_slice(from),
        _ => to.iter_mut().zip(from).for_each(|(to, &from)| *to = from),
    }
}

impl<T: Scalar, O: Form> Clone for Program<T, O> {
    fn clone(&self) -> Self {
        Program {
            plan: self.plan.clone(),
            form: self.form.clone(),
            state: self.state.clone(),
            work: self.work.clone(),
            staged: self.staged.clone(),
        }
    }
}

impl<T: Scalar, O: Form> fmt::Debug for Program<T, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs = self.plan.inputs.iter().map(|input| (&input.name, input.shape.as_slice()));
        f.debug_struct("Program")
            .field("inputs", &inputs.collect::<Vec<_>>())
            .field("outputs", &self.plan.outputs.iter().map(|output| output.1.as_slice()).collect::<Vec<_>>())
            .field("steps", &self.plan.plan.steps.len())
            .finish_non_exhaustive()
    }
}
