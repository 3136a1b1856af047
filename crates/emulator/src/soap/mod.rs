//! XML as the two SOAP forms need it: a bounded reader into a small tree, the turning of that tree into values for the
//! shape tables, and a writer. It knows no operation.

pub(crate) mod read;
pub(crate) mod references;
pub(crate) mod value;
pub(crate) mod write;

/// Namespace of the SOAP 1.1 envelope.
pub(crate) const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
