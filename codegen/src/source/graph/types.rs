//! Type expressions of Graph specs: `unsigned int`, `list<string>`, `map<string, int>`, node and enum names.

use std::collections::BTreeSet;

use crate::ir::{Origin, Scalar, TypeName, TypeRef};
use crate::{Error, ErrorKind};

/// Names of types that are among the inputs.
pub(super) type Names<'a> = BTreeSet<&'a str>;

const SCALARS: &[(&str, Scalar)] = &[
    ("string", Scalar::String),
    ("bool", Scalar::Bool),
    ("int", Scalar::Int64),
    ("unsigned int", Scalar::UInt64),
    ("float", Scalar::Float64),
    ("datetime", Scalar::DateTime),
    ("file", Scalar::File),
    ("Object", Scalar::Json),
    ("object", Scalar::Json),
    ("map", Scalar::Json),
    ("list", Scalar::Json),
];

/// The name of a type of a spec.
pub(super) fn type_name(local: &str) -> TypeName {
    TypeName { namespace: "graph".to_owned(), local: local.to_owned() }
}

/// Reads a type expression of a spec. A name that is not among `names` was not loaded: an enum is text then, and a
/// node is any JSON.
pub(super) fn parse_type(text: &str, names: &Names<'_>, at: &Origin) -> Result<TypeRef, Error> {
    parse(text, at, &|name| match (names.contains(name), is_enum(name)) {
        (true, _) => Ok(TypeRef::Named(type_name(name))),
        (false, true) => Ok(TypeRef::Scalar(Scalar::String)),
        (false, false) => Ok(TypeRef::Scalar(Scalar::Json)),
    })
}

/// Whether a name is one of an enum: those have an underscore, nodes have none.
pub(super) fn is_enum(name: &str) -> bool {
    name.contains('_')
}

/// The names in a type expression that are neither scalars nor among `names`.
pub(super) fn missing<'t>(text: &'t str, names: &Names<'_>) -> Vec<&'t str> {
    let words = text.split(['<', '>', ',']).map(str::trim);
    let known = |word: &str| SCALARS.iter().any(|(name, _)| *name == word) || names.contains(word);
    words.filter(|word| !word.is_empty() && !known(word)).collect()
}

/// Reads a type expression of an overlay, where a name must be known and `base64` is a scalar too.
pub(super) fn parse_overlay_type(text: &str, names: &Names<'_>, at: &Origin) -> Result<TypeRef, Error> {
    parse(text, at, &|name| match name {
        "base64" => Ok(TypeRef::Scalar(Scalar::Base64)),
        _ if names.contains(name) => Ok(TypeRef::Named(type_name(name))),
        _ => Err(Error::new(ErrorKind::Unresolved, at, format!("there is no type `{name}`"))),
    })
}

fn parse(text: &str, at: &Origin, named: &dyn Fn(&str) -> Result<TypeRef, Error>) -> Result<TypeRef, Error> {
    let text = text.trim();
    if let Some((_, scalar)) = SCALARS.iter().find(|(name, _)| *name == text) {
        return Ok(TypeRef::Scalar(*scalar));
    }
    let Some((outer, rest)) = text.split_once('<') else {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(unreadable(text, at));
        }
        return named(text);
    };
    let inner = rest.strip_suffix('>').ok_or_else(|| unreadable(text, at))?;
    match outer {
        "list" => Ok(TypeRef::List(Box::new(parse(inner, at, named)?))),
        // A map's key is text, whatever the spec calls it.
        "map" => {
            let (_, value) = inner.split_once(',').ok_or_else(|| unreadable(text, at))?;
            Ok(TypeRef::Map(Box::new(parse(value, at, named)?)))
        }
        _ => Err(unreadable(text, at)),
    }
}

fn unreadable(text: &str, at: &Origin) -> Error {
    Error::new(ErrorKind::Syntax, at, format!("`{text}` is not a type"))
}
