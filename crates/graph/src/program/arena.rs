//! Offsets for values that live for a while: best fit, with neighbouring gaps made one.

use std::collections::{BTreeMap, BTreeSet};

/// A stretch of memory that is handed out in pieces.
#[derive(Debug, Default)]
pub(super) struct Arena {
    /// Gaps: begin and length.
    gaps: BTreeMap<usize, usize>,
    /// The same by length and begin.
    by_length: BTreeSet<(usize, usize)>,
    /// How much memory there must be.
    end: usize,
    /// Lengths and begins are multiples of this.
    grain: usize,
}

impl Arena {
    pub(super) fn new(grain: usize) -> Self {
        Arena { grain, ..Arena::default() }
    }

    /// How much memory there must be.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// A place for `len` elements.
    pub(super) fn take(&mut self, len: usize) -> usize {
        let len = self.rounded(len);
        if len == 0 {
            return 0;
        }
        if let Some(&(gap, begin)) = self.by_length.range((len, 0)..).next() {
            self.remove(begin, gap);
            if gap > len {
                self.insert(begin + len, gap - len);
            }
            return begin;
        }
        // A gap at the end grows.
        let last = self.gaps.last_key_value().map(|(&begin, &gap)| (begin, gap));
        let begin = match last {
            Some((begin, gap)) if begin + gap == self.end => {
                self.remove(begin, gap);
                begin
            }
            _ => self.end,
        };
        self.end = begin + len;
        begin
    }

    /// The place is free again.
    pub(super) fn give(&mut self, begin: usize, len: usize) {
        let (mut begin, mut len) = (begin, self.rounded(len));
        if len == 0 {
            return;
        }
        if let Some((&before, &gap)) = self.gaps.range(..begin).next_back()
            && before + gap == begin
        {
            self.remove(before, gap);
            (begin, len) = (before, len + gap);
        }
        if let Some(&gap) = self.gaps.get(&(begin + len)) {
            self.remove(begin + len, gap);
            len += gap;
        }
        self.insert(begin, len);
    }

    fn rounded(&self, len: usize) -> usize {
        len.next_multiple_of(self.grain.max(1))
    }

    fn insert(&mut self, begin: usize, len: usize) {
        self.gaps.insert(begin, len);
        self.by_length.insert((len, begin));
    }

    fn remove(&mut self, begin: usize, len: usize) {
        self.gaps.remove(&begin);
        self.by_length.remove(&(len, begin));
    }
}

/// Places for single numbers: the one that was given back last is taken first, while it is in the cache.
#[derive(Debug, Default)]
pub(super) struct Singles {
    free: Vec<usize>,
    /// How many places there must be.
    pub(super) end: usize,
}

impl Singles {
    pub(super) fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.end += 1;
            self.end - 1
        })
    }

    /// The place is free again.
    pub(super) fn give(&mut self, place: usize) {
        self.free.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Live pieces never overlap, lie below the end, and what was given back is used again.
        #[test]
        fn pieces_do_not_overlap(steps in prop::collection::vec((1usize..90, any::<prop::sample::Index>(), 0..3), 1..80)) {
            let mut arena = Arena::new(16);
            let mut live: Vec<(usize, usize)> = Vec::new();
            let (mut now, mut most) = (0, 0);
            for (len, which, action) in steps {
                if action == 0 && !live.is_empty() {
                    let (begin, len) = live.swap_remove(which.index(live.len()));
                    arena.give(begin, len);
                    now -= len.next_multiple_of(16);
                } else {
                    let begin = arena.take(len);
                    prop_assert!(begin.is_multiple_of(16) && begin + len <= arena.end());
                    for &(other, size) in &live {
                        prop_assert!(begin + len <= other || other + size <= begin);
                    }
                    live.push((begin, len));
                    now += len.next_multiple_of(16);
                    most = most.max(now);
                }
            }
            prop_assert!(arena.end() >= most);
            for (begin, len) in live {
                arena.give(begin, len);
            }
            // All of it is one gap again.
            let end = arena.end();
            prop_assert!(end == 0 || (arena.take(end) == 0 && arena.end() == end));
        }
    }
}
