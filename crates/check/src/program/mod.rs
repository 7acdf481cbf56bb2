//! Random programs, and what is claimed of each.
