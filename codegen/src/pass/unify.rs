//! Makes one type of types that say the same under the same local name in different namespaces.

use std::collections::BTreeMap;

use crate::ir::{Api, Operation, Origin, TypeDef, TypeKind, TypeName, TypeRef};

/// Runs the pass. The first namespace in order keeps the type; usages are joined.
pub fn run(mut api: Api) -> Api {
    // Types that hold joined types may have become equal by it.
    while join(&mut api) {}
    api
}

/// Joins what is equal now; whether there was anything.
fn join(api: &mut Api) -> bool {
    let mut kept: Vec<TypeName> = Vec::new();
    let mut replaced: BTreeMap<TypeName, TypeName> = BTreeMap::new();
    for (name, def) in &api.types {
        let same = kept.iter().find(|other| other.local == name.local && shape(&api.types[*other]) == shape(def));
        match same {
            Some(other) => {
                replaced.insert(name.clone(), other.clone());
            }
            None => kept.push(name.clone()),
        }
    }
    for (name, other) in &replaced {
        let usage = api.types.remove(name).map(|def| def.usage).unwrap_or_default();
        if let Some(def) = api.types.get_mut(other) {
            def.usage.request |= usage.request;
            def.usage.response |= usage.response;
        }
    }
    let types = api.types.values_mut().flat_map(TypeDef::type_refs_mut);
    let operations = api.operations.values_mut().flat_map(Operation::type_refs_mut);
    for reference in types.chain(operations) {
        let core = reference.core_mut();
        if let Some(other) = core.name().and_then(|name| replaced.get(name)) {
            *core = TypeRef::Named(other.clone());
        }
    }
    !replaced.is_empty()
}

/// What a type says, without where and how it is documented.
fn shape(def: &TypeDef) -> TypeKind {
    let mut kind = def.kind.clone();
    match &mut kind {
        TypeKind::Struct { fields, .. } => {
            for field in fields {
                field.doc.clear();
                field.origin = Origin::default();
            }
        }
        TypeKind::Enum { values } => values.iter_mut().for_each(|value| value.doc.clear()),
        TypeKind::Alias(_) => {}
    }
    kind
}
