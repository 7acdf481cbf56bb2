//! Layers
