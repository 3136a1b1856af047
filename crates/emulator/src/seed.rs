//! What the libraries' surroundings are told to hold before a test: reading the members of a seeded object by a table of
//! names and kinds, and why a seed is refused. It knows no provider.

use std::fmt;

use serde_json::{Map, Value};

/// Why a seed was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SeedFault {
    /// The member is missing, of another kind, or not one that such an object has.
    Member(String),
    /// What the seed belongs to has not been seeded.
    Orphan(String),
    /// As many were seeded as the emulator holds.
    Full,
}

impl fmt::Display for SeedFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(name) => write!(out, "the member {name} is missing, wrong, or unknown"),
            Self::Orphan(name) => write!(out, "{name} is not seeded"),
            Self::Full => out.write_str("no more can be seeded"),
        }
    }
}

/// The kind of a seeded member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SeedKind {
    Text,
    Number,
    Flag,
    Texts,
}

impl SeedKind {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        }
    }
}

/// The members of a seeded object, each one checked against `table`; `null` counts as absent.
///
/// # Errors
/// [`SeedFault::Member`] for a value that is no object, an unknown name or another kind.
pub(crate) fn members(seed: &Value, table: &[(&str, SeedKind)]) -> Result<Map<String, Value>, SeedFault> {
    let object = seed.as_object().ok_or_else(|| SeedFault::Member("(the object itself)".to_owned()))?;
    let mut members = Map::new();
    for (name, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        let known = table.iter().find(|(known, _)| known == name);
        if !known.is_some_and(|(_, kind)| kind.takes(value)) {
            return Err(SeedFault::Member(name.clone()));
        }
        members.insert(name.clone(), value.clone());
    }
    Ok(members)
}

/// The text of a member that must be there, with 1 to 200 characters.
///
/// # Errors
/// [`SeedFault::Member`] when it is not.
pub(crate) fn text(members: &Map<String, Value>, name: &str) -> Result<String, SeedFault> {
    let text = members.get(name).and_then(Value::as_str).filter(|text| (1..=200).contains(&text.chars().count()));
    text.map(str::to_owned).ok_or_else(|| SeedFault::Member(name.to_owned()))
}
