//! Resolves what a schema says by reference: bases become members, other names of scalars become the scalar, and every
//! name that is left is known to exist.

use std::collections::BTreeMap;

use crate::ir::{Api, Field, Operation, TypeDef, TypeKind, TypeName, TypeRef};
use crate::{Error, ErrorKind, Errors};

/// Runs the pass.
///
/// # Errors
/// For each name that refers to nothing or stands for itself, and each record that extends itself or something that is not a record.
pub fn run(mut api: Api) -> Result<Api, Errors> {
    unknown_names(&api).into_result(())?;
    endless_aliases(&api).into_result(())?;
    let mut errors = Errors::default();
    let mut flattened = BTreeMap::new();
    for name in api.types.keys() {
        match members(&api.types, name, &mut Vec::new()) {
            Ok(Some(fields)) => {
                flattened.insert(name.clone(), fields);
            }
            Ok(None) => {}
            Err(error) => errors.push(error),
        }
    }
    errors.into_result(())?;
    for (name, fields) in flattened {
        if let Some(def) = api.types.get_mut(&name) {
            def.kind = TypeKind::Struct { base: None, fields };
        }
    }
    let scalars = scalar_aliases(&api.types);
    let types = api.types.values_mut().flat_map(TypeDef::type_refs_mut);
    let operations = api.operations.values_mut().flat_map(Operation::type_refs_mut);
    for reference in types.chain(operations) {
        let core = reference.core_mut();
        if let Some(scalar) = core.name().and_then(|name| scalars.get(name)) {
            *core = scalar.clone();
        }
    }
    api.types.retain(|name, _| !scalars.contains_key(name));
    Ok(api)
}

fn unknown_names(api: &Api) -> Errors {
    let of_types = api.types.values().flat_map(|def| def.references().into_iter().map(move |name| (name, &def.origin)));
    let of_operations = api.operations.values().flat_map(|operation| {
        let faults = operation.faults().iter().map(|fault| &fault.ty);
        let references = operation.inputs().into_iter().chain(operation.output()).chain(faults);
        references.filter_map(|reference| reference.name()).map(move |name| (name, &operation.origin))
    });
    let mut errors = Errors::default();
    for (name, origin) in of_types.chain(of_operations) {
        if !api.types.contains_key(name) {
            errors.push(Error::new(ErrorKind::Unresolved, origin, format!("the type `{name}` is not declared")));
        }
    }
    errors
}

/// Other names that lead back to themselves, perhaps through lists and maps: nothing says what they stand for.
fn endless_aliases(api: &Api) -> Errors {
    let mut errors = Errors::default();
    for (name, def) in &api.types {
        let mut seen = vec![name];
        let mut next = Some(def);
        while let Some(TypeDef { kind: TypeKind::Alias(target), .. }) = next {
            let Some(target) = target.name() else { break };
            if target == name {
                errors.push(Error::new(
                    ErrorKind::Unresolved,
                    &def.origin,
                    format!("the type `{name}` stands for itself"),
                ));
            }
            if seen.contains(&target) {
                break;
            }
            seen.push(target);
            next = api.types.get(target);
        }
    }
    errors
}

/// The members of a record, those of its bases first; `None` for other types.
fn members(
    types: &BTreeMap<TypeName, TypeDef>,
    name: &TypeName,
    path: &mut Vec<TypeName>,
) -> Result<Option<Vec<Field>>, Error> {
    let Some(TypeDef { kind: TypeKind::Struct { base, fields }, origin, .. }) = types.get(name) else {
        return Ok(None);
    };
    if path.contains(name) {
        return Err(Error::new(ErrorKind::Unresolved, origin, format!("the type `{name}` extends itself")));
    }
    path.push(name.clone());
    let mut all = match base {
        None => Vec::new(),
        Some(base) => members(types, base, path)?
            .ok_or_else(|| Error::new(ErrorKind::Unsupported, origin, format!("the base `{base}` is not a record")))?,
    };
    all.extend(fields.iter().cloned());
    Ok(Some(all))
}

/// Aliases that end at a scalar, with that scalar.
fn scalar_aliases(types: &BTreeMap<TypeName, TypeDef>) -> BTreeMap<TypeName, TypeRef> {
    let scalar = |name: &TypeName| {
        let mut target = name;
        // A chain of aliases is at most as long as there are types; a longer one is a cycle.
        for _ in 0..types.len() {
            match types.get(target).map(|def| &def.kind) {
                Some(TypeKind::Alias(TypeRef::Scalar(scalar))) => return Some(TypeRef::Scalar(*scalar)),
                Some(TypeKind::Alias(TypeRef::Named(next))) => target = next,
                _ => return None,
            }
        }
        None
    };
    types.keys().filter_map(|name| Some((name.clone(), scalar(name)?))).collect()
}
