//! What goes over the wire, and what is said of it: recorded traffic, descriptions that the emulator serves, and its page.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod emulator_page;
mod over_the_wire;
mod recorded;
mod served_schemas;
