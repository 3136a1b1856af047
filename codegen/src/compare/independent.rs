//! Our reading of a schema against a list of its types that another tool made: a JSON object `types` from names of
//! types to their members in order (`name`, `type`, `nillable`, and `required` and `repeated` where the tool knows) or
//! to `{"array_of": "T[]"}`. Namespaces are not part of such a list.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Check, Difference};
use crate::ir::{Api, Field, Origin, Scalar, TypeDef, TypeKind, TypeName, TypeRef, Usage};
use crate::pass::resolve;
use crate::structure::{Aspect, Change, changes};
use crate::{Error, ErrorKind, Errors};

#[derive(Deserialize)]
struct List {
    types: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Array { array_of: String },
    Record(Vec<Member>),
}

#[derive(Deserialize)]
struct Member {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    nillable: bool,
    required: Option<bool>,
    repeated: Option<bool>,
}

/// Scalars by the names of XML Schema; stated here again, so that a mistake of the parser is not repeated.
const SCALARS: &[(&str, Scalar)] = &[
    ("string", Scalar::String),
    ("int", Scalar::Int32),
    ("long", Scalar::Int64),
    ("boolean", Scalar::Bool),
    ("float", Scalar::Float64),
    ("decimal", Scalar::Decimal),
    ("date", Scalar::Date),
    ("dateTime", Scalar::DateTime),
    ("base64Binary", Scalar::Base64),
];

/// Compares the types of `api` with the list in `file`: types that the list does not name, and values of enums, are
/// left out.
///
/// # Errors
/// If the list is not of its form, or `api` does not resolve.
pub fn check(name: &str, api: &Api, file: &str, list: &[u8]) -> Result<Check, Errors> {
    let list: List =
        serde_json::from_slice(list).map_err(|error| Error::in_file(ErrorKind::Syntax, file, error.to_string()))?;
    let mut ours = bare(resolve::run(api.clone())?);
    let enums: Vec<TypeName> = ours
        .types
        .iter()
        .filter(|(_, def)| matches!(def.kind, TypeKind::Enum { .. }))
        .map(|(name, _)| name.clone())
        .collect();
    let theirs = read(&list, file)?;
    let mut check = Check { name: name.to_owned(), ..Check::default() };
    ours.types.retain(|name, _| {
        let listed = theirs.types.contains_key(name);
        if !listed {
            let what = if enums.contains(name) { "an enum, of which the list says nothing" } else { "not in the list" };
            check.left_out.push(format!("type {}: {what}", name.local));
        }
        listed
    });
    check.compared = theirs.types.keys().map(|name| format!("type {}", name.local)).collect();
    let found = changes(&ours, &theirs);
    let differences = found.into_iter().filter(|change| counts(change, &list));
    check.differences = differences.map(|change| Difference { change, explained: None }).collect();
    Ok(check)
}

/// Whether the list knows of the respect in which something differs.
fn counts(change: &Change, list: &List) -> bool {
    let crate::structure::Node::Field(owner, wire) = &change.node else { return true };
    let local = owner.rsplit_once('}').map_or(owner.as_str(), |(_, local)| local);
    let member = match list.types.get(local) {
        Some(Entry::Record(members)) => members.iter().find(|member| member.name == *wire),
        _ => None,
    };
    match (change.aspect, member) {
        (Aspect::Required, Some(member)) => member.required.is_some(),
        (Aspect::Repeated, Some(member)) => member.repeated.is_some(),
        _ => true,
    }
}

/// The types without namespaces and without operations.
fn bare(api: Api) -> Api {
    let types = api.types.into_iter().map(|(name, mut def)| {
        for reference in def.type_refs_mut() {
            if let TypeRef::Named(name) = reference.core_mut() {
                name.namespace.clear();
            }
        }
        (local(&name.local), def)
    });
    Api { name: api.name, types: types.collect(), operations: BTreeMap::new() }
}

fn local(name: &str) -> TypeName {
    TypeName { namespace: String::new(), local: name.to_owned() }
}

fn read(list: &List, file: &str) -> Result<Api, Error> {
    let mut api = Api::default();
    for (name, entry) in &list.types {
        let origin = Origin { file: file.to_owned(), place: format!("/types/{name}") };
        let kind = match entry {
            Entry::Array { array_of } => {
                let item = array_of.strip_suffix("[]").unwrap_or(array_of);
                TypeKind::Alias(TypeRef::List(Box::new(reference(item, &origin)?)))
            }
            Entry::Record(members) => {
                let fields = members.iter().enumerate().map(|(index, member)| {
                    let origin = Origin { file: file.to_owned(), place: format!("{}/{index}", origin.place) };
                    Ok(field(member, reference(&member.ty, &origin)?, origin))
                });
                TypeKind::Struct { base: None, fields: fields.collect::<Result<_, Error>>()? }
            }
        };
        let def = TypeDef { kind, rust_name: String::new(), doc: String::new(), usage: Usage::default(), origin };
        api.types.insert(local(name), def);
    }
    Ok(api)
}

fn field(member: &Member, ty: TypeRef, origin: Origin) -> Field {
    Field {
        wire: member.name.clone(),
        rust_name: String::new(),
        ty,
        required: member.required.unwrap_or(false),
        repeated: member.repeated.unwrap_or(false),
        nillable: member.nillable,
        inline: false,
        boxed: false,
        doc: String::new(),
        origin,
    }
}

fn reference(name: &str, origin: &Origin) -> Result<TypeRef, Error> {
    let Some(scalar) = name.strip_prefix("xsd:") else { return Ok(TypeRef::Named(local(name))) };
    match SCALARS.iter().find(|(known, _)| *known == scalar) {
        Some((_, scalar)) => Ok(TypeRef::Scalar(*scalar)),
        None => Err(Error::new(ErrorKind::Unsupported, origin, format!("the type `{name}` is not known here"))),
    }
}
