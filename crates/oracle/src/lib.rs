//! An independent evaluator: what the engine computes, computed again by plain loops, for numbers of any kind.
#![forbid(unsafe_code)]
