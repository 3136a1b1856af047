//! Finds records that hold themselves and marks the members that close the cycle, so that those are boxed. Lists and
//! maps need no box.

use std::collections::BTreeSet;

use crate::ir::{Api, Field, TypeKind, TypeName, TypeRef};

/// Runs the pass.
pub fn run(mut api: Api) -> Api {
    let mut boxed = BTreeSet::new();
    let mut done = BTreeSet::new();
    for name in api.types.keys() {
        visit(&api, name, &mut Vec::new(), &mut done, &mut boxed);
    }
    for (name, wire) in boxed {
        if let Some(TypeKind::Struct { fields, .. }) = api.types.get_mut(&name).map(|def| &mut def.kind) {
            fields.iter_mut().filter(|field| field.wire == wire).for_each(|field| field.boxed = true);
        }
    }
    api
}

fn visit(
    api: &Api,
    name: &TypeName,
    path: &mut Vec<TypeName>,
    done: &mut BTreeSet<TypeName>,
    boxed: &mut BTreeSet<(TypeName, String)>,
) {
    if done.contains(name) {
        return;
    }
    path.push(name.clone());
    if let Some(TypeKind::Struct { fields, .. }) = api.types.get(name).map(|def| &def.kind) {
        for field in fields {
            match held(field) {
                Some(inner) if path.contains(inner) => {
                    boxed.insert((name.clone(), field.wire.clone()));
                }
                Some(inner) => visit(api, inner, path, done, boxed),
                None => {}
            }
        }
    }
    path.pop();
    done.insert(name.clone());
}

/// The type that the member holds in place.
fn held(field: &Field) -> Option<&TypeName> {
    match &field.ty {
        TypeRef::Named(name) if !field.repeated => Some(name),
        _ => None,
    }
}
