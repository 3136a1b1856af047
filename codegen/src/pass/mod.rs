//! Passes from a parsed schema to one that can be emitted; each is a pure function of its input.
