//! Schemas that are made of others: `allOf` is one record with the members of all; a choice of several is any JSON
//! unless each choice is the same; a choice of one and `null` is that one.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::schema::{Shape, is_null, types};
use super::{Node, Reader};
use crate::ir::{Field, Scalar, TypeRef};
use crate::pass::names::pascal_case;
use crate::{Error, ErrorKind};

/// A schema that others are combined with, and whose members are called after `owner`.
struct Part<'d> {
    owner: String,
    node: Node<'d>,
}

/// Keywords by which a schema says what a value is; without any it allows everything.
const SAYING: &[&str] = &[
    "type",
    "properties",
    "additionalProperties",
    "patternProperties",
    "items",
    "prefixItems",
    "enum",
    "const",
    "allOf",
    "oneOf",
    "anyOf",
    "required",
];

/// Keywords of records.
const RECORD: &[&str] = &["properties", "additionalProperties", "patternProperties", "required"];

/// What a choice may hold and yet say nothing about the type of a value.
const CONSTRAINTS: &[&str] = &["required", "not", "title", "description", "minProperties", "maxProperties"];

impl<'d> Reader<'d> {
    /// What a schema says; its members are called after `owner`.
    pub(super) fn shape(&mut self, node: &Node<'d>, owner: &str) -> Result<Shape, Error> {
        if let Some(other) = other_name(node) {
            return Ok(Shape::Type(self.type_ref(&other, owner)?));
        }
        if let Some(target) = node.step()?.filter(|_| !self.says_more(node)) {
            return Ok(Shape::Type(self.refer(target)));
        }
        let mut parts = Vec::new();
        self.gather(node, owner, &mut Vec::new(), &mut parts)?;
        let (records, others): (Vec<&Part<'d>>, Vec<&Part<'d>>) =
            parts.iter().filter(|part| !is_silent(&part.node)).partition(|part| is_record(&part.node));
        let mut shapes: Vec<Shape> = Vec::new();
        for part in others {
            let shape = match choices(&part.node).as_slice() {
                [] | [_] => self.plain(&part.node, &part.owner)?,
                branches => self.choice(&part.node, branches)?,
            };
            if !shapes.contains(&shape) {
                shapes.push(shape);
            }
        }
        // A text that is one of some values is one of them.
        if shapes.iter().any(|shape| matches!(shape, Shape::Enum(_))) {
            shapes.retain(|shape| *shape != Shape::Type(TypeRef::Scalar(Scalar::String)));
        }
        match (records.is_empty(), shapes.as_slice()) {
            (true, []) => Ok(Shape::JSON),
            (true, [only]) => Ok(only.clone()),
            (false, []) => self.record(&records),
            _ if shapes.contains(&Shape::JSON) => Ok(Shape::JSON),
            _ => {
                self.note(node, "a combination of schemas of different kinds is any JSON");
                Ok(Shape::JSON)
            }
        }
    }

    /// In 3.1 a reference may stand beside other keywords, and all hold; in 3.0 those do not count.
    pub(super) fn says_more(&self, node: &Node<'d>) -> bool {
        let version = self.document.root.get("openapi").and_then(Value::as_str).unwrap_or_default();
        !version.starts_with("3.0") && node.has("$ref") && SAYING.iter().any(|key| node.has(key))
    }

    /// The schema and everything that it is combined with, what it is made of first.
    fn gather(
        &self,
        node: &Node<'d>,
        owner: &str,
        path: &mut Vec<String>,
        parts: &mut Vec<Part<'d>>,
    ) -> Result<(), Error> {
        if path.contains(&node.place) {
            return Err(node.error(ErrorKind::Unresolved, "the schema is combined with itself"));
        }
        path.push(node.place.clone());
        if let Some(target) = node.step()? {
            let owner = self.named.get(&target.place).map_or(owner.to_owned(), |name| name.local.clone());
            self.gather(&target, &owner, path, parts)?;
        }
        for part in node.elements_of("allOf") {
            self.gather(&part, owner, path, parts)?;
        }
        if let Some(only) = only_choice(node) {
            self.gather(&only, owner, path, parts)?;
        }
        path.pop();
        if !node.has("$ref") || self.says_more(node) {
            parts.push(Part { owner: owner.to_owned(), node: node.clone() });
        }
        Ok(())
    }

    /// A choice of several: their type if it is the same, else any JSON.
    fn choice(&mut self, node: &Node<'d>, branches: &[Node<'d>]) -> Result<Shape, Error> {
        let mut scalars = BTreeSet::new();
        for branch in branches {
            scalars.insert(self.scalar_of(branch)?);
        }
        match scalars.into_iter().collect::<Vec<_>>().as_slice() {
            [Some(scalar)] => Ok(Shape::Type(TypeRef::Scalar(*scalar))),
            _ => {
                self.note(node, format!("a choice of {} schemas is any JSON", branches.len()));
                Ok(Shape::JSON)
            }
        }
    }

    /// The scalar that a schema allows: text for an enum.
    fn scalar_of(&mut self, node: &Node<'d>) -> Result<Option<Scalar>, Error> {
        let target = node.target()?;
        let compound = ["allOf", "oneOf", "anyOf"].iter().any(|key| target.has(key));
        let ty = match types(&target)?.as_slice() {
            [ty @ ("string" | "integer" | "number" | "boolean")] if !compound => *ty,
            _ => return Ok(None),
        };
        match self.plain(&target, ty)? {
            Shape::Enum(_) => Ok(Some(Scalar::String)),
            Shape::Type(TypeRef::Scalar(Scalar::Date | Scalar::DateTime | Scalar::Decimal)) => Ok(Some(Scalar::String)),
            Shape::Type(TypeRef::Scalar(scalar)) => Ok(Some(scalar)),
            _ => Ok(None),
        }
    }

    /// One record of all parts; of a member that several have the last counts.
    fn record(&mut self, parts: &[&Part<'d>]) -> Result<Shape, Error> {
        let mut members: BTreeMap<String, (String, Node<'d>)> = BTreeMap::new();
        let mut required: BTreeMap<String, Node<'d>> = BTreeMap::new();
        for part in parts {
            for member in part.node.members_of("properties") {
                members.insert(member.key.clone(), (part.owner.clone(), member));
            }
            for name in part.node.elements_of("required") {
                if let Some(text) = name.value.as_str() {
                    required.insert(text.to_owned(), name);
                }
            }
        }
        let has_properties = parts.iter().any(|part| part.node.has("properties"));
        if members.is_empty() && required.is_empty() && !has_properties {
            return self.map(parts);
        }
        for part in parts {
            if part.node.get("additionalProperties").is_some_and(|node| node.value.is_object()) {
                self.note(&part.node, "members of the record beside the named ones are not kept");
            }
        }
        let mut fields = Vec::new();
        for (name, (owner, node)) in &members {
            let ty = self.type_ref(node, &format!("{}{}", pascal_case(owner), pascal_case(name)))?;
            // What only the provider sets is never demanded of a caller.
            let demanded = required.contains_key(name) && !node.target()?.flag("readOnly") && !node.flag("readOnly");
            fields.push(Field { required: demanded, ..self.field(node, name, ty)? });
        }
        for (name, node) in required.iter().filter(|(name, _)| !members.contains_key(*name)) {
            let any = TypeRef::Scalar(Scalar::Json);
            let member = Field { required: true, nillable: false, ..self.field(node, name, any)? };
            fields.push(member);
        }
        fields.sort_by(|one, other| one.wire.cmp(&other.wire));
        Ok(Shape::Record(fields))
    }

    /// A record without named members: a map if its values have a schema.
    fn map(&mut self, parts: &[&Part<'d>]) -> Result<Shape, Error> {
        let mut values = Vec::new();
        for part in parts {
            let additional = part.node.get("additionalProperties").filter(|node| node.value.is_object());
            values.extend(additional.into_iter().map(|node| (part, node)));
            if !part.node.has("additionalProperties") {
                values.extend(part.node.members_of("patternProperties").into_iter().map(|node| (part, node)));
            }
        }
        match values.as_slice() {
            [(part, node)] => {
                let value = self.type_ref(node, &format!("{}Value", pascal_case(&part.owner)))?;
                let value = self.never_null(node, value)?;
                Ok(Shape::Type(TypeRef::Map(Box::new(value))))
            }
            _ => Ok(Shape::JSON),
        }
    }
}

/// The branches of a choice that are not `null`; none if there is no choice, or one that only demands members.
fn choices<'d>(node: &Node<'d>) -> Vec<Node<'d>> {
    let keys = ["oneOf", "anyOf"];
    let mut branches: Vec<_> = keys.iter().flat_map(|key| node.elements_of(key)).collect();
    branches.retain(|branch| !is_null(branch));
    let demands = |branch: &Node<'_>| {
        let members = branch.value.as_object();
        members.is_some_and(|members| members.keys().all(|key| CONSTRAINTS.contains(&key.as_str())))
    };
    let says = SAYING.iter().any(|key| !keys.contains(key) && node.has(key));
    if says && branches.iter().all(demands) { Vec::new() } else { branches }
}

/// The one branch of a choice that is not `null`.
fn only_choice<'d>(node: &Node<'d>) -> Option<Node<'d>> {
    let [only] = <[_; 1]>::try_from(choices(node)).ok()?;
    Some(only)
}

/// The reference that is all that a schema says: the one part of a combination, or the one choice beside `null`.
pub(super) fn other_name<'d>(node: &Node<'d>) -> Option<Node<'d>> {
    let [part] =
        <[_; 1]>::try_from(node.elements_of("allOf")).map_or_else(|_| only_choice(node).map(|one| [one]), Some)?;
    (part.has("$ref") && !says_otherwise(node)).then_some(part)
}

/// Whether a schema that holds one other says something of its own.
fn says_otherwise(node: &Node<'_>) -> bool {
    let held = ["allOf", "oneOf", "anyOf"].iter().filter(|key| node.has(key)).count();
    held > 1
        || SAYING.iter().any(|key| {
            let names_a_record = *key == "type" && node.value.get(key).is_some_and(|ty| *ty == "object");
            node.has(key) && !names_a_record && !matches!(*key, "allOf" | "oneOf" | "anyOf")
        })
}

/// Whether the schema, apart from what it is combined with, allows everything.
fn is_silent(node: &Node<'_>) -> bool {
    let own = SAYING.iter().any(|key| !matches!(*key, "allOf" | "oneOf" | "anyOf") && node.has(key));
    !own && choices(node).len() < 2
}

fn is_record(node: &Node<'_>) -> bool {
    let object = node.value.get("type").is_some_and(|ty| match ty {
        Value::Array(types) => types.iter().all(|ty| *ty == "object" || *ty == "null"),
        ty => *ty == "object",
    });
    let untyped = !node.has("type") && RECORD.iter().any(|key| node.has(key)) && !node.has("items");
    (object || untyped) && choices(node).len() < 2
}
