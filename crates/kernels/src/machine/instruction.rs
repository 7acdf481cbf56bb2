//! What tiles are computed by: instructions, each a loop over a tile, and the places of their operands.

use super::chain::Chain;
use super::fused::{Level, Reduction, Tiling};
use super::memory::At;
use crate::function::{Binary, Unary};
use crate::pair::Pair;

/// Where an operand of an instruction is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Slot {
    /// An area, or [`REGISTERS`].
    pub(crate) area: u32,
    /// From the begin of the area, or of the registers.
    pub(crate) offset: usize,
    /// What is added to the offset: the number of the tile's first element of this level. A register is always at
    /// [`Level::One`], as that number is 0.
    pub(crate) moves: Level,
}

/// The area of the registers, which each task has for itself.
pub(crate) const REGISTERS: u32 = u32::MAX;

/// What an instruction does with its operands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code<T> {
    Map(Unary<T>),
    /// Both functions; the second result goes to the place of the second operand, which is none.
    Pair(Pair),
    Zip(Binary),
    Select,
    ReduceRows(Reduction),
    /// Everything, in a kernel that is a single tile.
    ReduceAll(Reduction),
    /// What a tile adds to a block of everything; the number says of which reduction.
    ReduceBlock(Reduction, u32),
    SpreadRows,
    SpreadOne,
    /// Several cheap operations after each other; the number says which chain.
    Chain(u32),
    /// Copies exactly the elements of the tile.
    Copy,
    /// Fills a register by repeating the first so many elements.
    Cycle(u32),
    /// Reads a grid; the number says which.
    Grid(u32),
}

/// One loop over a tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction<T> {
    pub(crate) code: Code<T>,
    /// Over as many elements as this level has in the tile.
    pub(crate) level: Level,
    pub(crate) operands: [Slot; 3],
    pub(crate) to: Slot,
}

/// A grid that is read tile by tile.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// The first place in memory that belongs to it, and how many elements lie from there to the last.
    pub(crate) at: At,
    pub(crate) len: usize,
    /// Its first element, counted from there.
    pub(crate) offset: usize,
    pub(crate) shape: Box<[usize]>,
    pub(crate) strides: Box<[isize]>,
}

/// A reduction that is finished behind the last tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late {
    pub(crate) reduction: Reduction,
    /// Where its partial results are.
    pub(crate) partials: At,
    /// Where the result goes, for each place.
    pub(crate) to: [Option<At>; 2],
}

/// A fused kernel, ready to run.
#[derive(Clone, Debug)]
pub(crate) struct Fused<T> {
    pub(crate) len: usize,
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) tile: Tiling,
    pub(crate) long: bool,
    /// The registers of all tasks.
    pub(crate) scratch: At,
    pub(crate) registers: usize,
    /// What is the same for all tiles.
    pub(crate) once: Vec<Instruction<T>>,
    pub(crate) body: Vec<Instruction<T>>,
    pub(crate) chains: Vec<Chain<T>>,
    pub(crate) grids: Vec<Grid>,
    pub(crate) late: Vec<Late>,
    /// What goes through memory element by element, to be fetched before the tile is computed.
    pub(crate) streams: Vec<Slot>,
}
