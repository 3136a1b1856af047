//! The walk itself: nodes are met by name; members that only one side has do not disturb the order of the others.

use super::{Aspect, Change, Node, Side, location_text, type_text};
use crate::ir::{Api, Binding, Effect, Fault, Field, Operation, Origin, Param, SoapStyle, TypeDef, TypeKind};

pub(super) fn run(old: &Api, new: &Api) -> Vec<Change> {
    let mut walk = Walk(Vec::new());
    let names = |api: &Api| api.types.keys().cloned().collect::<Vec<_>>();
    for name in union(names(old), names(new)) {
        let node = Node::Type(name.to_string());
        match (old.types.get(&name), new.types.get(&name)) {
            (Some(old), Some(new)) => walk.types(&name.to_string(), old, new),
            (old, new) => {
                let side = |def: &TypeDef| (kind_text(def).to_owned(), def.origin.clone());
                walk.presence(node, old.map(side), new.map(side));
            }
        }
    }
    let names = |api: &Api| api.operations.keys().cloned().collect::<Vec<_>>();
    for name in union(names(old), names(new)) {
        match (old.operations.get(&name), new.operations.get(&name)) {
            (Some(old), Some(new)) => walk.operations(&name, old, new),
            (old, new) => {
                let side = |operation: &Operation| (address(operation), operation.origin.clone());
                walk.presence(Node::Operation(name), old.map(side), new.map(side));
            }
        }
    }
    walk.0
}

/// All of `old` in its order, then what only `new` has.
fn union<T: PartialEq>(old: Vec<T>, new: Vec<T>) -> Vec<T> {
    let more: Vec<T> = new.into_iter().filter(|item| !old.contains(item)).collect();
    old.into_iter().chain(more).collect()
}

struct Walk(Vec<Change>);

type Said = Option<(String, Origin)>;

impl Walk {
    fn presence(&mut self, node: Node, old: Said, new: Said) {
        let side = |said: Said| said.map(|(says, origin)| Side { says, origin });
        self.0.push(Change { node, aspect: Aspect::Presence, old: side(old), new: side(new) });
    }

    /// Notes a difference if what the two sides say is not the same.
    fn compare(&mut self, node: &Node, aspect: Aspect, old: (String, &Origin), new: (String, &Origin)) {
        if old.0 != new.0 {
            let side = |(says, origin): (String, &Origin)| Some(Side { says, origin: origin.clone() });
            self.0.push(Change { node: node.clone(), aspect, old: side(old), new: side(new) });
        }
    }

    fn types(&mut self, name: &str, old: &TypeDef, new: &TypeDef) {
        let node = Node::Type(name.to_owned());
        match (&old.kind, &new.kind) {
            (
                TypeKind::Struct { base: old_base, fields: old_fields },
                TypeKind::Struct { base: new_base, fields: new_fields },
            ) => {
                let base = |base: &Option<_>| base.as_ref().map_or("none".to_owned(), ToString::to_string);
                self.compare(&node, Aspect::Base, (base(old_base), &old.origin), (base(new_base), &new.origin));
                let fields = |fields: &[Field]| fields.iter().map(|field| field.wire.clone()).collect::<Vec<_>>();
                let (old_names, new_names) = (fields(old_fields), fields(new_fields));
                self.order(&node, (&old_names, &old.origin), (&new_names, &new.origin));
                for wire in union(old_names, new_names) {
                    let find = |fields: &'_ [Field]| fields.iter().find(|field| field.wire == wire).cloned();
                    let node = Node::Field(name.to_owned(), wire.clone());
                    self.fields(&node, find(old_fields), find(new_fields));
                }
            }
            (TypeKind::Enum { values: old_values }, TypeKind::Enum { values: new_values }) => {
                let texts = |values: &[crate::ir::EnumValue]| values.iter().map(|v| v.wire.clone()).collect::<Vec<_>>();
                let (old_texts, new_texts) = (texts(old_values), texts(new_values));
                self.order(&node, (&old_texts, &old.origin), (&new_texts, &new.origin));
                for value in union(old_texts.clone(), new_texts.clone()) {
                    let said = |texts: &[String], def: &TypeDef| {
                        texts.contains(&value).then(|| ("a value".to_owned(), def.origin.clone()))
                    };
                    let (old, new) = (said(&old_texts, old), said(&new_texts, new));
                    if old.is_none() || new.is_none() {
                        self.presence(Node::Value(name.to_owned(), value.clone()), old, new);
                    }
                }
            }
            (TypeKind::Alias(old_ty), TypeKind::Alias(new_ty)) => {
                self.compare(&node, Aspect::Type, (type_text(old_ty), &old.origin), (type_text(new_ty), &new.origin));
            }
            _ => {
                let kind = |def| kind_text(def).to_owned();
                self.compare(&node, Aspect::Kind, (kind(old), &old.origin), (kind(new), &new.origin));
            }
        }
    }

    /// The order of what both sides have.
    fn order(&mut self, node: &Node, old: (&[String], &Origin), new: (&[String], &Origin)) {
        let shared = |list: &[String], other: &[String]| {
            let shared: Vec<&str> = list.iter().filter(|item| other.contains(item)).map(String::as_str).collect();
            shared.join(", ")
        };
        let (old_text, new_text) = (shared(old.0, new.0), shared(new.0, old.0));
        self.compare(node, Aspect::Order, (old_text, old.1), (new_text, new.1));
    }

    fn fields(&mut self, node: &Node, old: Option<Field>, new: Option<Field>) {
        let (Some(old), Some(new)) = (&old, &new) else {
            let side = |field: Field| (field_text(&field), field.origin);
            return self.presence(node.clone(), old.map(side), new.map(side));
        };
        let flag = |set: bool, yes: &str, no: &str| if set { yes.to_owned() } else { no.to_owned() };
        for (aspect, say) in [
            (Aspect::Type, &(|field: &Field| type_text(&field.ty)) as &dyn Fn(&Field) -> String),
            (Aspect::Required, &|field| flag(field.required, "required", "optional")),
            (Aspect::Repeated, &|field| flag(field.repeated, "repeated", "single")),
            (Aspect::Nillable, &|field| flag(field.nillable, "nillable", "not nillable")),
        ] {
            self.compare(node, aspect, (say(old), &old.origin), (say(new), &new.origin));
        }
    }

    fn operations(&mut self, name: &str, old: &Operation, new: &Operation) {
        let node = Node::Operation(name.to_owned());
        let ty = |ty: Option<&crate::ir::TypeRef>| ty.map_or("nothing".to_owned(), type_text);
        let input = |operation: &Operation| match &operation.binding {
            Binding::Soap { input, .. } => ty(input.as_ref()),
            Binding::Rest { .. } => "parameters".to_owned(),
        };
        for (aspect, say) in [
            (Aspect::Address, &address as &dyn Fn(&Operation) -> String),
            (Aspect::Input, &input),
            (Aspect::Output, &output_text),
            (Aspect::Effect, &|operation: &Operation| effect_text(operation.effect).to_owned()),
        ] {
            self.compare(&node, aspect, (say(old), &old.origin), (say(new), &new.origin));
        }
        let (old_params, new_params) = (params(old), params(new));
        let names = |params: &[Param]| params.iter().map(|param| label(params, param)).collect::<Vec<_>>();
        for wire in union(names(old_params), names(new_params)) {
            let find = |params: &[Param]| params.iter().find(|param| label(params, param) == wire).cloned();
            let (old, new) = (find(old_params), find(new_params));
            let node = Node::Param(name.to_owned(), wire.clone());
            if let (Some(old), Some(new)) = (&old, &new) {
                let place = |param: &Param| location_text(param.location);
                let (old_side, new_side) = ((place(old), &old.field.origin), (place(new), &new.field.origin));
                self.compare(&node, Aspect::Location, old_side, new_side);
            }
            self.fields(&node, old.map(|param| param.field), new.map(|param| param.field));
        }
        let names = |operation: &Operation| operation.faults().iter().map(|fault| fault.name.clone()).collect();
        for fault in union::<String>(names(old), names(new)) {
            let find = |operation: &Operation| {
                let found = operation.faults().iter().find(|known| known.name == fault);
                found.map(|known| (fault_text(known), known.origin.clone()))
            };
            let node = Node::Fault(name.to_owned(), fault.clone());
            match (find(old), find(new)) {
                (Some((old, at)), Some((new, now))) => self.compare(&node, Aspect::Type, (old, &at), (new, &now)),
                (old, new) => self.presence(node, old, new),
            }
        }
    }
}

fn params(operation: &Operation) -> &[Param] {
    match &operation.binding {
        Binding::Rest { params, .. } => params,
        Binding::Soap { .. } => &[],
    }
}

/// The name of a parameter, with its place where another one of the operation has the same name.
fn label(params: &[Param], param: &Param) -> String {
    let wire = &param.field.wire;
    match params.iter().filter(|other| other.field.wire == *wire).count() {
        0 | 1 => wire.clone(),
        _ => format!("{wire} in {}", location_text(param.location)),
    }
}

fn kind_text(def: &TypeDef) -> &'static str {
    match &def.kind {
        TypeKind::Struct { .. } => "record",
        TypeKind::Enum { .. } => "enum",
        TypeKind::Alias(_) => "another name",
    }
}

pub(crate) fn effect_text(effect: Effect) -> &'static str {
    match effect {
        Effect::Safe => "safe",
        Effect::Idempotent => "idempotent",
        Effect::Write => "write",
    }
}

/// A member with everything that is said about it: `list<string>, optional`.
pub(crate) fn field_text(field: &Field) -> String {
    let mut text = type_text(&field.ty);
    for (holds, word) in
        [(field.required, ", required"), (field.repeated, ", repeated"), (field.nillable, ", nillable")]
    {
        if holds {
            text += word;
        }
    }
    text
}

/// What a fault holds.
pub(crate) fn fault_text(fault: &Fault) -> String {
    format!("{} in element {}", type_text(&fault.ty), fault.element)
}

/// What an operation answers.
pub(crate) fn output_text(operation: &Operation) -> String {
    let text = operation.output().map_or("nothing".to_owned(), type_text);
    match operation.binding {
        Binding::Rest { may_be_empty: true, .. } => format!("{text} or nothing"),
        _ => text,
    }
}

/// How an operation is addressed.
pub(crate) fn address(operation: &Operation) -> String {
    match &operation.binding {
        Binding::Soap { style, method, action, namespace, input_element, .. } => {
            let style = match style {
                SoapStyle::DocumentLiteral => "document/literal",
                SoapStyle::RpcEncoded => "rpc/encoded",
            };
            format!("{style} {{{namespace}}}{method} action `{action}` element `{input_element}`")
        }
        Binding::Rest { method, path, media, accept, .. } if media.is_empty() => {
            format!("{method} {path} accept `{accept}`")
        }
        Binding::Rest { method, path, media, accept, .. } => {
            format!("{method} {path} body `{media}` accept `{accept}`")
        }
    }
}
