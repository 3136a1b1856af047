//! What can be wrong with a schema, an overlay or what would be generated from them; always with the place.

use std::fmt;

use crate::ir::Origin;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Error {
    /// Class of the error.
    pub kind: ErrorKind,
    /// Where in `schemas/`.
    pub origin: Origin,
    /// What, in one line.
    pub detail: String,
}

/// Classes of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorKind {
    /// A stored input is not there.
    MissingInput,
    /// The input is not of its format.
    Syntax,
    /// The input is valid but uses something that the generator does not read.
    Unsupported,
    /// A name refers to nothing.
    Unresolved,
    /// An overlay matches no node, or more than one.
    Overlay,
    /// Two nodes would get one name.
    Clash,
    /// What was generated is not Rust; a defect of the generator.
    Emit,
}

impl Error {
    /// An error at `origin`.
    pub fn new(kind: ErrorKind, origin: &Origin, detail: impl Into<String>) -> Self {
        Self { kind, origin: origin.clone(), detail: detail.into() }
    }

    /// An error about a whole input.
    pub fn in_file(kind: ErrorKind, file: &str, detail: impl Into<String>) -> Self {
        let origin = Origin { file: file.to_owned(), place: String::new() };
        Self { kind, origin, detail: detail.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin.place.as_str() {
            "" => write!(f, "schemas/{}: {}", self.origin.file, self.detail),
            place => write!(f, "schemas/{}:{place}: {}", self.origin.file, self.detail),
        }
    }
}

impl std::error::Error for Error {}

/// Everything that was found wrong, in the order of finding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors(Vec<Error>);

impl Errors {
    /// Adds one.
    pub fn push(&mut self, error: Error) {
        self.0.push(error);
    }

    /// Adds all of `more`.
    pub fn extend(&mut self, more: Errors) {
        self.0.extend(more.0);
    }

    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, Error> {
        self.0.iter()
    }

    /// `value` if nothing was wrong.
    ///
    /// # Errors
    /// These errors, if there are any.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }
}

impl From<Error> for Errors {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
