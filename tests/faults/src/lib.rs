//! Faults on the way between Polyptych and its providers: a proxy that makes them, worlds to make them in, and the rules
//! of what ought to become of each. It knows the layers from outside, as a program that links them does.

pub mod canary;
pub mod clock;
pub mod expect;
pub mod fault;
pub mod form;
pub mod hostile;
pub mod identity;
pub mod matrix;
pub mod outage;
pub mod picture;
pub mod process;
pub mod proxy;
pub mod storm;
pub mod world;
