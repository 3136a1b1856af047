//! Tools for comparing what goes over the wire with what the providers publish.
//!
//! The published documents are not in the repository: `POLYPTYCH_REFERENCE_DIR` says where they are. What is missing is
//! skipped aloud, or fails where `POLYPTYCH_REQUIRE` asks for it.

pub mod exchange;
pub mod reference;
pub mod schema;
pub mod tap;
