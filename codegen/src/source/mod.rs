//! Parsers of stored schemas: one per format, each from bytes to [`crate::ir::Api`].

pub mod proto;
pub mod wsdl;
mod xml;
mod xsd;
