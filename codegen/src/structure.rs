//! What two readings of a schema say differently: a pure walk over two [`Api`]s by name, blind to documentation, Rust
//! names and places. [`crate::compare`] and [`crate::diff`] judge what it finds; it judges nothing itself.

mod walk;

pub(crate) use walk::{address, effect_text, fault_text, field_text, output_text};

use std::fmt;

use crate::ir::{Api, Location, Origin, Scalar, TypeRef};
use crate::pass::names::snake_case;

/// One difference between an old and a new reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What differs.
    pub node: Node,
    /// In which respect.
    pub aspect: Aspect,
    /// What the old one says; `None` where it does not have the node.
    pub old: Option<Side>,
    /// What the new one says; `None` where it does not have the node.
    pub new: Option<Side>,
}

/// What one reading says, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// In a few words: `string`, `required`.
    pub says: String,
    /// Where it is declared.
    pub origin: Origin,
}

/// A node by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// A type, by its full name.
    Type(String),
    /// A member of a record: type and member.
    Field(String, String),
    /// A value of an enum: type and value.
    Value(String, String),
    /// An operation.
    Operation(String),
    /// A parameter of an operation: operation and parameter.
    Param(String, String),
    /// A fault that an operation declares: operation and fault.
    Fault(String, String),
}

/// Respects in which a node can differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Whether it is there.
    Presence,
    /// Record, enum or another name for a type.
    Kind,
    /// The type that a record extends.
    Base,
    /// The type of one value; of a fault its element, too.
    Type,
    /// Whether requests must have it.
    Required,
    /// Whether it is a repeated element.
    Repeated,
    /// Whether it can be `nil`.
    Nillable,
    /// In which order the members stand.
    Order,
    /// Where a parameter is written.
    Location,
    /// How an operation is addressed: style, method, path, action, namespace, root element, media type.
    Address,
    /// The type of the parameters of an operation.
    Input,
    /// The type of its answer.
    Output,
    /// What a repetition of it does.
    Effect,
}

/// Everything that `new` says differently, ordered by node: types first, then operations.
pub fn changes(old: &Api, new: &Api) -> Vec<Change> {
    walk::run(old, new)
}

/// A type reference in a few words: `list<{urn:x}Item>`.
pub fn type_text(ty: &TypeRef) -> String {
    match ty {
        TypeRef::Scalar(scalar) => scalar_text(*scalar).to_owned(),
        TypeRef::Named(name) => name.to_string(),
        TypeRef::List(item) => format!("list<{}>", type_text(item)),
        TypeRef::Map(value) => format!("map<{}>", type_text(value)),
    }
}

/// A scalar in a word.
pub fn scalar_text(scalar: Scalar) -> &'static str {
    match scalar {
        Scalar::String => "string",
        Scalar::Bool => "bool",
        Scalar::Int32 => "int32",
        Scalar::Int64 => "int64",
        Scalar::UInt32 => "uint32",
        Scalar::UInt64 => "uint64",
        Scalar::Float64 => "float64",
        Scalar::Base64 => "base64",
        Scalar::Base64Text => "base64 in a string",
        Scalar::File => "file",
        Scalar::Decimal => "decimal",
        Scalar::Date => "date",
        Scalar::DateTime => "dateTime",
        Scalar::Json => "any JSON",
        Scalar::Bytes => "bytes",
    }
}

/// The place of a parameter in a few words: `json body`.
pub fn location_text(location: Location) -> String {
    snake_case(&format!("{location:?}")).replace('_', " ")
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type(name) => write!(f, "type {name}"),
            Self::Field(owner, member) => write!(f, "field {owner}.{member}"),
            Self::Value(owner, value) => write!(f, "value {owner} `{value}`"),
            Self::Operation(name) => write!(f, "operation {name}"),
            Self::Param(owner, name) => write!(f, "parameter {owner}({name})"),
            Self::Fault(owner, name) => write!(f, "fault {name} of {owner}"),
        }
    }
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Presence => "presence",
            Self::Kind => "kind",
            Self::Base => "base",
            Self::Type => "type",
            Self::Required => "required",
            Self::Repeated => "repeated",
            Self::Nillable => "nillable",
            Self::Order => "order",
            Self::Location => "place",
            Self::Address => "address",
            Self::Input => "input",
            Self::Output => "output",
            Self::Effect => "effect",
        })
    }
}

#[cfg(test)]
mod tests;
