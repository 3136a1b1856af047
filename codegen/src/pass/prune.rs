//! Keeps what the roots reach and notes in which direction each type travels.

use crate::ir::{Api, TypeName, TypeRef, Usage};
use crate::{Error, ErrorKind, Errors};

/// Where generation starts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Roots<'r> {
    /// Names of operations; empty means all.
    pub operations: &'r [&'r str],
    /// Local names of types that are kept beside those that the operations reach; they count as answers.
    pub types: &'r [&'r str],
    /// Whether what only a declared fault holds is kept, too, as if it were answered. Comparing and storing need it; no
    /// code is made of it.
    pub faults: bool,
}

impl<'r> Roots<'r> {
    /// These operations and what they take and answer.
    pub const fn of(operations: &'r [&'r str]) -> Self {
        Self { operations, types: &[], faults: false }
    }
}

/// Runs the pass.
///
/// # Errors
/// For each root that does not exist.
pub fn run(mut api: Api, roots: Roots<'_>) -> Result<Api, Errors> {
    let mut errors = Errors::default();
    let missing = |kind: &str, root: &str| {
        Error::in_file(ErrorKind::Unresolved, &api.name, format!("there is no {kind} `{root}` to start from"))
    };
    for root in roots.operations {
        if !api.operations.contains_key(*root) {
            errors.push(missing("operation", root));
        }
    }
    for root in roots.types {
        if !api.types.keys().any(|name| name.local == *root) {
            errors.push(missing("type", root));
        }
    }
    errors.into_result(())?;

    api.operations.retain(|name, _| roots.operations.is_empty() || roots.operations.contains(&name.as_str()));
    let requests = api.operations.values().flat_map(|operation| operation.inputs());
    let requests: Vec<TypeName> = requests.filter_map(TypeRef::name).cloned().collect();
    let responses = api.operations.values().filter_map(|operation| operation.output());
    let extra = api.types.keys().filter(|name| roots.types.contains(&name.local.as_str()));
    let faults = api.operations.values().filter(|_| roots.faults).flat_map(|operation| operation.faults());
    let faults = faults.filter_map(|fault| fault.ty.name());
    let responses: Vec<TypeName> = responses.filter_map(TypeRef::name).chain(extra).chain(faults).cloned().collect();
    reach(&mut api, requests, |usage| std::mem::replace(&mut usage.request, true));
    reach(&mut api, responses, |usage| std::mem::replace(&mut usage.response, true));
    api.types.retain(|_, def| def.usage != Usage::default());
    Ok(api)
}

/// Marks everything reachable; `mark` says whether it was marked before.
fn reach(api: &mut Api, mut open: Vec<TypeName>, mark: fn(&mut Usage) -> bool) {
    while let Some(name) = open.pop() {
        let Some(def) = api.types.get_mut(&name) else { continue };
        if !mark(&mut def.usage) {
            open.extend(def.references().into_iter().cloned());
        }
    }
}
