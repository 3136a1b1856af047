//! Bytes in records: what goes out as base64 of an image stays a reference to it, but only where a record holds it
//! itself. In answers, and inside of lists and maps, it is text; so are bytes that JSON is said to hold as they are.

use std::collections::BTreeSet;

use super::Notes;
use crate::ir::{Api, Binding, Field, Location, Scalar, TypeKind, TypeName, TypeRef};

/// Makes text of bytes that cannot stay a reference, any JSON of other names that lead back to themselves, and notes
/// each.
pub(super) fn settle(api: &mut Api, notes: &mut Notes) {
    open_circles(api, notes);
    let aliases = byte_aliases(api);
    let answers = answered(api);
    for (name, def) in &mut api.types {
        match &mut def.kind {
            TypeKind::Struct { fields, .. } => {
                for field in fields {
                    let scalar = bytes(&field.ty, &aliases);
                    let direct = !matches!(field.ty, TypeRef::List(_) | TypeRef::Map(_));
                    if scalar == Some(Scalar::File) || (scalar.is_some() && (answers.contains(name) || !direct)) {
                        note_text(field, notes);
                    }
                }
            }
            TypeKind::Alias(target @ (TypeRef::List(_) | TypeRef::Map(_))) if bytes(target, &aliases).is_some() => {
                *target.core_mut() = TypeRef::Scalar(Scalar::String);
                notes.insert((def.origin.place.clone(), "bytes in a list or a map are text".to_owned()));
            }
            _ => {}
        }
    }
    for operation in api.operations.values_mut() {
        let Binding::Rest { params, output, .. } = &mut operation.binding else { continue };
        for param in params {
            let direct = !matches!(param.field.ty, TypeRef::List(_) | TypeRef::Map(_));
            let keeps = match (bytes(&param.field.ty, &aliases), param.location) {
                (None, _) | (Some(Scalar::File), Location::FormPart) => true,
                (Some(Scalar::Base64), Location::JsonBody) => direct,
                _ => false,
            };
            if !keeps {
                note_text(&mut param.field, notes);
            }
        }
        if let Some(output) = output.as_mut().filter(|output| bytes(output, &aliases).is_some()) {
            *output.core_mut() = TypeRef::Scalar(Scalar::String);
        }
    }
}

fn note_text(field: &mut Field, notes: &mut Notes) {
    *field.ty.core_mut() = TypeRef::Scalar(Scalar::String);
    notes.insert((field.origin.place.clone(), format!("the bytes `{}` are text here", field.wire)));
}

/// What bytes a type is, other names looked through.
fn bytes(ty: &TypeRef, aliases: &BTreeSet<(TypeName, Scalar)>) -> Option<Scalar> {
    match ty {
        TypeRef::Scalar(scalar @ (Scalar::Base64 | Scalar::File)) => Some(*scalar),
        TypeRef::Scalar(_) => None,
        TypeRef::Named(name) => aliases.iter().find(|(known, _)| known == name).map(|(_, scalar)| *scalar),
        TypeRef::List(item) | TypeRef::Map(item) => bytes(item, aliases),
    }
}

/// Other names of bytes themselves.
fn byte_aliases(api: &Api) -> BTreeSet<(TypeName, Scalar)> {
    let mut found = BTreeSet::new();
    loop {
        let more = api.types.iter().filter_map(|(name, def)| match &def.kind {
            TypeKind::Alias(target @ (TypeRef::Scalar(_) | TypeRef::Named(_))) => {
                Some((name.clone(), bytes(target, &found)?))
            }
            _ => None,
        });
        let more: BTreeSet<_> = more.collect();
        if more == found {
            return found;
        }
        found = more;
    }
}

/// The types that answers reach.
fn answered(api: &Api) -> BTreeSet<TypeName> {
    let outputs = api.operations.values().filter_map(|operation| operation.output());
    let mut open: Vec<TypeName> = outputs.filter_map(TypeRef::name).cloned().collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        let Some(def) = api.types.get(&name) else { continue };
        if reached.insert(name) {
            open.extend(def.references().into_iter().cloned());
        }
    }
    reached
}

/// A list of itself, or a map of itself, has no type without a name in Rust.
fn open_circles(api: &mut Api, notes: &mut Notes) {
    let aliases = api.types.iter().filter(|(_, def)| matches!(def.kind, TypeKind::Alias(_)));
    let names: Vec<TypeName> = aliases.map(|(name, _)| name.clone()).collect();
    for name in names {
        let mut seen = BTreeSet::new();
        let mut next = Some(&name);
        while let Some(TypeKind::Alias(target)) =
            next.filter(|next| seen.insert(*next)).and_then(|next| api.types.get(next)).map(|def| &def.kind)
        {
            next = target.name();
        }
        let circular = next == Some(&name);
        if let Some(def) = api.types.get_mut(&name).filter(|_| circular) {
            def.kind = TypeKind::Alias(TypeRef::Scalar(Scalar::Json));
            let text = format!("`{}` is a list, a map or another name of itself and is any JSON", name.local);
            notes.insert((def.origin.place.clone(), text));
        }
    }
}
