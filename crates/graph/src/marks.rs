//! A set of nodes that is emptied from its end: how a walk along the tape finds what is needed, without sorting.
//!
//! A node's operands stand before it. So whoever takes the last node out and puts its operands in meets every node once, and
//! only behind all that need it.

use crate::op::NodeId;

/// Nodes, a bit each. Adding one and taking the last one out go through no list; between them lie only the words of the
/// nodes in between, 64 to a word.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// All zero between two walks, so that the memory can be used again.
    words: Vec<u64>,
    /// The last word that is not zero, or one behind it.
    last: usize,
    count: usize,
}

impl Marks {
    pub(crate) fn insert(&mut self, id: NodeId) {
        let (word, bit) = (id.index() / 64, 1_u64 << (id.index() % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        if let Some(slot) = self.words.get_mut(word) {
            self.count += usize::from(*slot & bit == 0);
            *slot |= bit;
            self.last = self.last.max(word);
        }
    }

    /// Takes the last one out.
    pub(crate) fn pop(&mut self) -> Option<NodeId> {
        if self.count == 0 {
            self.last = 0;
            return None;
        }
        let words = self.words.get_mut(..=self.last)?;
        let (place, word) = words.iter_mut().enumerate().rev().find(|(_, word)| **word != 0)?;
        let bit = word.ilog2();
        *word ^= 1 << bit;
        (self.last, self.count) = (place, self.count - 1);
        Some(NodeId(place as u32 * 64 + bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_out_once_and_the_last_one_first() {
        let mut marks = Marks::default();
        for _ in 0..2 {
            for id in [70, 3, 1_000_000, 70, 64, 63, 0] {
                marks.insert(NodeId(id));
            }
            assert_eq!(marks.pop(), Some(NodeId(1_000_000)));
            marks.insert(NodeId(65));
            let rest: Vec<u32> = std::iter::from_fn(|| marks.pop()).map(|id| id.0).collect();
            assert_eq!(rest, [70, 65, 64, 63, 3, 0]);
        }
        assert!(marks.words.iter().all(|&word| word == 0));
    }
}
