//! The paths that are measured, as pieces of work of any size, the floors they stand beside, and how often they allocate.
//! It reads no clock: what takes time is measured by the program, what is counted is compared by a test with what was
//! counted before.

pub mod allocations;
pub mod floors;
pub mod messages;
pub mod work;
