//! What a new version of a schema adds, removes and changes, and whom that breaks.
//!
//! Both versions are resolved first, so that a member that moves into a base is no change. Whether a type travels in
//! requests or in answers decides; it is told from the operations of both versions.
//!
//! | change | breaks Rust users | breaks the wire |
//! |---|---|---|
//! | type, field, value, operation or optional parameter added | no: records are made by constructors, enums are open | no |
//! | required field or parameter of a request added | yes: the constructor takes it | yes: old requests lack it |
//! | type removed | yes | no: its members tell |
//! | field removed | yes | in requests: the old one may be refused |
//! | value of an enum removed | yes | in requests |
//! | operation or parameter removed | yes | yes |
//! | kind, type or repetition of a field, input or output of an operation changed | yes | yes |
//! | text becomes an enum, or an enum text | yes | no: both are text |
//! | field of a request becomes required | yes | yes |
//! | field of a request becomes optional | yes: it leaves the constructor | no |
//! | field of a request becomes nillable or stops being so | if required: the constructor changes | if it stops |
//! | order of members | in requests, if it is the constructor's | in requests over SOAP: sequences are ordered |
//! | address of an operation, place of a parameter | no | yes |
//! | fault that an operation declares added | no | no |
//! | such a fault removed, or its element or type changed | no: faults are read by hand | yes: its details may not be found |
//! | effect | no | no |
//!
//! A type that is reached from declared faults alone, or from nothing, breaks no Rust users, since nothing is generated of it.
//!
//! In answers everything is read leniently, so that a field that is missing or becomes optional breaks nothing there.

use std::fmt::Write as _;

use crate::Errors;
use crate::ir::{Api, Binding, Scalar, TypeDef, TypeKind, TypeRef, Usage};
use crate::pass::{prune, prune::Roots, resolve};
use crate::structure::{Aspect, Change, Node, Side, changes, scalar_text};

/// A change and whom it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What changed.
    pub change: Change,
    /// Code that uses the generated types may stop to compile.
    pub breaks_rust: bool,
    /// A program of the old version may be refused, or may misread what it is answered.
    pub breaks_wire: bool,
}

/// Everything that `new` changes of `old`.
///
/// # Errors
/// If one of them does not resolve.
pub fn run(old: &Api, new: &Api) -> Result<Vec<Judged>, Errors> {
    let (old, new) = (ready(old)?, ready(new)?);
    let found = changes(&old, &new);
    Ok(found.into_iter().map(|change| judge(change, &old, &new)).collect())
}

/// Resolved, and with usages, but with nothing taken away.
fn ready(api: &Api) -> Result<Api, Errors> {
    let mut api = resolve::run(api.clone())?;
    let used = prune::run(api.clone(), Roots::default())?;
    for (name, def) in &mut api.types {
        def.usage = used.types.get(name).map_or(Usage::default(), |used| used.usage);
    }
    Ok(api)
}

fn judge(change: Change, old: &Api, new: &Api) -> Judged {
    let usage = match &change.node {
        Node::Type(owner) | Node::Field(owner, _) | Node::Value(owner, _) => {
            let of = |api: &Api| find(api, owner).map(|def| def.usage).unwrap_or_default();
            let (old, new) = (of(old), of(new));
            Usage { request: old.request || new.request, response: old.response || new.response }
        }
        Node::Operation(_) | Node::Param(..) | Node::Fault(..) => Usage { request: true, response: false },
    };
    let demanded = |api: &Api| is_demanded(api, &change.node);
    let (added, removed) = (change.old.is_none(), change.new.is_none());
    let (rust, wire) = match (change.aspect, &change.node) {
        (_, Node::Fault(..)) => (false, !added),
        (Aspect::Presence, Node::Field(..) | Node::Param(..)) if added => {
            let demands = usage.request && demanded(new);
            (demands, demands)
        }
        (Aspect::Presence, _) if added => (false, false),
        (Aspect::Presence, Node::Type(_)) if removed => (true, false),
        (Aspect::Presence, Node::Field(..) | Node::Value(..)) => (true, usage.request),
        (Aspect::Presence, Node::Type(_) | Node::Operation(_) | Node::Param(..)) => (true, true),
        (Aspect::Kind | Aspect::Type, _) => (true, !is_text(old, &change.old) || !is_text(new, &change.new)),
        (Aspect::Repeated | Aspect::Input | Aspect::Output, _) => (true, true),
        (Aspect::Required, _) => (usage.request && demanded(old) != demanded(new), usage.request && demanded(new)),
        (Aspect::Nillable, _) => {
            let stops = change.new.as_ref().is_some_and(|side| side.says.starts_with("not"));
            (usage.request && demanded(old) != demanded(new), usage.request && stops)
        }
        (Aspect::Order, Node::Type(owner)) => {
            let record = find(old, owner).is_some_and(|def| matches!(def.kind, TypeKind::Struct { .. }));
            let constructor = constructor(old, owner) != constructor(new, owner);
            (record && usage.request && constructor, record && usage.request && is_soap(old))
        }
        (Aspect::Address | Aspect::Location, _) => (false, true),
        (Aspect::Base | Aspect::Effect | Aspect::Order, _) => (false, false),
    };
    Judged { change, breaks_rust: rust && usage != Usage::default(), breaks_wire: wire }
}

fn find<'a>(api: &'a Api, name: &str) -> Option<&'a TypeDef> {
    api.types.iter().find(|(known, _)| known.to_string() == name).map(|(_, def)| def)
}

/// Whether the constructor takes the member.
fn is_demanded(api: &Api, node: &Node) -> bool {
    let field = match node {
        Node::Field(owner, wire) => match find(api, owner).map(|def| &def.kind) {
            Some(TypeKind::Struct { fields, .. }) => fields.iter().find(|field| field.wire == *wire),
            _ => None,
        },
        Node::Param(owner, wire) => match api.operations.get(owner).map(|operation| &operation.binding) {
            Some(Binding::Rest { params, .. }) => {
                params.iter().map(|param| &param.field).find(|field| field.wire == *wire)
            }
            _ => None,
        },
        _ => None,
    };
    field.is_some_and(|field| field.required && !field.nillable)
}

/// The members that the constructor takes and the other version has too, in order.
fn constructor(api: &Api, owner: &str) -> Vec<String> {
    match find(api, owner).map(|def| &def.kind) {
        Some(TypeKind::Struct { fields, .. }) => {
            fields.iter().filter(|field| field.required && !field.nillable).map(|field| field.wire.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether what a side says is text on the wire: a string, or an enum by its name.
fn is_text(api: &Api, side: &Option<Side>) -> bool {
    let Some(side) = side else { return false };
    let strings = [Scalar::String, Scalar::Date, Scalar::DateTime, Scalar::Decimal].map(scalar_text);
    let is_enum = |def: &TypeDef| match &def.kind {
        TypeKind::Enum { .. } => true,
        TypeKind::Alias(TypeRef::Scalar(scalar)) => strings.contains(&scalar_text(*scalar)),
        _ => false,
    };
    side.says == scalar_text(Scalar::String) || find(api, &side.says).is_some_and(is_enum)
}

fn is_soap(api: &Api) -> bool {
    api.operations.values().any(|operation| matches!(operation.binding, Binding::Soap { .. }))
}

/// The changes as text: added, removed, changed, each with its places, and the counts.
pub fn render(judged: &[Judged]) -> String {
    let mut out = String::new();
    for (title, chosen) in [
        ("added", &(|change: &Change| change.old.is_none()) as &dyn Fn(&Change) -> bool),
        ("removed", &|change| change.new.is_none()),
        ("changed", &|change| change.old.is_some() && change.new.is_some()),
    ] {
        let lines: Vec<&Judged> = judged.iter().filter(|item| chosen(&item.change)).collect();
        if lines.is_empty() {
            continue;
        }
        // Writing to a string does not fail.
        let _ = writeln!(out, "{title}:");
        for item in lines {
            let _ = writeln!(out, "  {}", line(item));
        }
    }
    let count = |broken: fn(&Judged) -> bool| judged.iter().filter(|item| broken(item)).count();
    let _ = writeln!(
        out,
        "{} changes; {} break Rust users, {} break the wire",
        judged.len(),
        count(|item| item.breaks_rust),
        count(|item| item.breaks_wire)
    );
    out
}

fn line(item: &Judged) -> String {
    let Change { node, aspect, old, new } = &item.change;
    let side = |side: &Side| format!("{} ({})", side.says, side.origin);
    let what = match (old, new) {
        (Some(old), Some(new)) => format!("{node}, {aspect}: {} -> {}", side(old), side(new)),
        (one, other) => format!("{node}: {}", one.as_ref().or(other.as_ref()).map(side).unwrap_or_default()),
    };
    match (item.breaks_rust, item.breaks_wire) {
        (true, true) => format!("{what} [breaks Rust users and the wire]"),
        (true, false) => format!("{what} [breaks Rust users]"),
        (false, true) => format!("{what} [breaks the wire]"),
        (false, false) => what,
    }
}

#[cfg(test)]
mod tests;
