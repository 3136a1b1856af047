//! Parsers of stored schemas: one per format, each from bytes to [`crate::ir::Api`].

pub mod graph;
pub mod lines;
pub mod openapi;
pub mod proto;
pub mod tables;
pub(crate) mod toml;
pub mod wsdl;
mod xml;
mod xsd;
