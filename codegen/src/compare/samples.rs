//! Sample values against the types that they should be of: each member must be declared and of its type, and nothing
//! that the schema demands may be missing.

use serde_json::{Map, Value};

use super::Difference;
use crate::ir::{Api, Origin, Scalar, TypeDef, TypeKind, TypeName, TypeRef};
use crate::structure::{Aspect, Change, Node, Side, type_text};
use crate::{Error, ErrorKind};

/// What came of one sample.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// How many values fit or did not fit.
    pub values: usize,
    /// What does not fit; old is the schema, new is the sample.
    pub differences: Vec<Difference>,
}

/// Checks the JSON sample in `file` against the type with the local name `ty`.
///
/// # Errors
/// If the sample is not JSON or there is no such type.
pub fn check(api: &Api, ty: &str, file: &str, sample: &[u8]) -> Result<Found, Error> {
    let value: Value = serde_json::from_slice(sample)
        .map_err(|error| Error::in_file(ErrorKind::Syntax, file, format!("not JSON: {error}")))?;
    let name = api.types.keys().find(|name| name.local == ty);
    let name = name.ok_or_else(|| Error::in_file(ErrorKind::Unresolved, file, format!("there is no type `{ty}`")))?;
    let mut walk = Walk { api, file, found: Found::default() };
    let node = Node::Type(name.local.clone());
    let origin = api.types.get(name).map(|def| def.origin.clone()).unwrap_or_default();
    walk.value(&node, &origin, &TypeRef::Named(name.clone()), &value, "");
    Ok(walk.found)
}

struct Walk<'a> {
    api: &'a Api,
    file: &'a str,
    found: Found,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, origin: &Origin, ty: &TypeRef, value: &Value, at: &str) {
        use Scalar::{Bool, Date, DateTime, Decimal, Float64, Int32, Int64, Json, String, UInt32, UInt64};
        self.found.values += 1;
        let fits = match (ty, value) {
            (TypeRef::Scalar(String | DateTime | Date), Value::String(_)) => true,
            (TypeRef::Scalar(Bool), Value::Bool(_)) => true,
            (TypeRef::Scalar(Float64 | Decimal), Value::Number(_)) => true,
            (TypeRef::Scalar(Int32), Value::Number(number)) => {
                number.as_i64().is_some_and(|n| i32::try_from(n).is_ok())
            }
            (TypeRef::Scalar(UInt32), Value::Number(number)) => {
                number.as_u64().is_some_and(|n| u32::try_from(n).is_ok())
            }
            (TypeRef::Scalar(Int64), Value::Number(number)) => number.is_i64(),
            (TypeRef::Scalar(UInt64), Value::Number(number)) => number.is_u64(),
            (TypeRef::Scalar(Json), _) => true,
            (TypeRef::List(item), Value::Array(items)) => {
                for (index, value) in items.iter().enumerate() {
                    self.value(node, origin, item, value, &format!("{at}/{index}"));
                }
                true
            }
            (TypeRef::Map(item), Value::Object(members)) => {
                for (key, value) in members {
                    self.value(node, origin, item, value, &step(at, key));
                }
                true
            }
            (TypeRef::Named(name), value) => return self.named(node, origin, name, value, at),
            _ => false,
        };
        if !fits {
            self.differs(node.clone(), Aspect::Type, Some((type_text(ty), origin)), Some(value), at);
        }
    }

    fn named(&mut self, node: &Node, origin: &Origin, name: &TypeName, value: &Value, at: &str) {
        let Some(TypeDef { kind, origin: declared, .. }) = self.api.types.get(name) else {
            return self.differs(node.clone(), Aspect::Type, None, Some(value), at);
        };
        match (kind, value) {
            (TypeKind::Alias(target), value) => self.value(node, origin, target, value, at),
            (TypeKind::Enum { values }, Value::String(text)) => {
                if !values.iter().any(|known| known.wire == *text) {
                    self.differs(
                        Node::Value(name.local.clone(), text.clone()),
                        Aspect::Presence,
                        None,
                        Some(value),
                        at,
                    );
                }
            }
            (TypeKind::Struct { fields, .. }, Value::Object(members)) => {
                self.members(name, declared, fields, members, at);
            }
            _ => self.differs(
                node.clone(),
                Aspect::Type,
                Some((type_text(&TypeRef::Named(name.clone())), origin)),
                Some(value),
                at,
            ),
        }
    }

    fn members(
        &mut self,
        name: &TypeName,
        declared: &Origin,
        fields: &[crate::ir::Field],
        members: &Map<String, Value>,
        at: &str,
    ) {
        for field in fields.iter().filter(|field| field.required && !members.contains_key(&field.wire)) {
            let node = Node::Field(name.local.clone(), field.wire.clone());
            self.differs(node, Aspect::Required, Some(("required".to_owned(), declared)), None, at);
        }
        for (key, value) in members {
            let node = Node::Field(name.local.clone(), key.clone());
            match fields.iter().find(|field| field.wire == *key) {
                Some(field) => self.value(&node, &field.origin, &field.ty, value, &step(at, key)),
                None => self.differs(node, Aspect::Presence, None, Some(value), &step(at, key)),
            }
        }
    }

    fn differs(&mut self, node: Node, aspect: Aspect, old: Option<(String, &Origin)>, new: Option<&Value>, at: &str) {
        let origin = Origin { file: self.file.to_owned(), place: at.to_owned() };
        let says = match new {
            None => "absent".to_owned(),
            Some(Value::Null) => "null".to_owned(),
            Some(Value::Bool(_)) => "a bool".to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::String(text)) => format!("a string of {} characters", text.chars().count()),
            Some(Value::Array(_)) => "a list".to_owned(),
            Some(Value::Object(_)) => "an object".to_owned(),
        };
        let old = old.map(|(says, origin)| Side { says, origin: origin.clone() });
        let change = Change { node, aspect, old, new: Some(Side { says, origin }) };
        self.found.differences.push(Difference { change, explained: None });
    }
}

fn step(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
