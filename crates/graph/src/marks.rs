//! A set of nodes that is emptied from its end: how a walk along the tape finds what is needed, without sorting.
//!
//! A node's operands stand before it. So whoever takes the last node out and puts its operands in meets every node once, and
//! only behind all that need it.

use crate::op::NodeId;

/// Nodes, a bit each: between two of them lie only the words of the nodes in between, 64 to a word.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// All zero between two walks, so that the memory can be used again.
    words: Vec<u64>,
}

/// A walk from the last of some nodes backwards.
pub(crate) struct Walk<'m> {
    words: &'m mut [u64],
    /// Which word the walk is at.
    place: usize,
    /// That word: being here, it is not written and read again for each node.
    word: u64,
    /// How many nodes are in the other words.
    others: usize,
}

impl Marks {
    /// A walk on which only nodes up to `last` will be met.
    pub(crate) fn walk(&mut self, last: NodeId) -> Walk<'_> {
        let place = last.index() / 64;
        if self.words.len() <= place {
            self.words.resize(place + 1, 0);
        }
        Walk { words: &mut self.words, place, word: 0, others: 0 }
    }
}

impl Walk<'_> {
    /// Puts a node in that the walk has not come to yet.
    #[inline]
    pub(crate) fn insert(&mut self, id: NodeId) {
        let (place, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if place == self.place {
            self.word |= bit;
        } else if let Some(word) = self.words.get_mut(place) {
            self.others += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    /// Takes the last one out.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<NodeId> {
        while self.word == 0 {
            if self.others == 0 {
                return None;
            }
            self.place = self.place.checked_sub(1)?;
            self.word = std::mem::take(self.words.get_mut(self.place)?);
            self.others = self.others.saturating_sub(self.word.count_ones() as usize);
        }
        let bit = self.word.ilog2();
        self.word ^= 1 << bit;
        Some(NodeId(self.place as u32 * 64 + bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_out_once_and_the_last_one_first() {
        let mut marks = Marks::default();
        for _ in 0..2 {
            let mut walk = marks.walk(NodeId(1_000_000));
            for id in [70, 3, 1_000_000, 70, 64, 63, 0] {
                walk.insert(NodeId(id));
            }
            assert_eq!(walk.pop(), Some(NodeId(1_000_000)));
            walk.insert(NodeId(65));
            let rest: Vec<u32> = std::iter::from_fn(|| walk.pop()).map(|id| id.0).collect();
            assert_eq!(rest, [70, 65, 64, 63, 3, 0]);
            assert!(marks.words.iter().all(|&word| word == 0));
        }
    }
}
