//! Parsers of stored schemas: one per format, each from bytes to [`crate::ir::Api`].
