//! Emitters: from a prepared [`crate::ir::Api`] to the text of Rust files.

pub mod grpc;
pub mod header;
mod imports;
pub mod json;
mod layout;
pub mod rest;
pub mod shape;
pub mod soap;
pub mod tables;
pub mod types;
pub mod xml;

use proc_macro2::TokenStream;

use crate::{Error, ErrorKind};

/// Formats `tokens` as a Rust file, without a header.
///
/// # Errors
/// [`ErrorKind::Emit`] if the tokens are not a Rust file. `file` is the schema that they come from.
pub fn format(tokens: TokenStream, file: &str) -> Result<String, Error> {
    let parsed = syn::parse2(tokens)
        .map_err(|error| Error::in_file(ErrorKind::Emit, file, format!("the generated code is not Rust: {error}")))?;
    Ok(layout::lay_out(&prettyplease::unparse(&parsed)))
}
