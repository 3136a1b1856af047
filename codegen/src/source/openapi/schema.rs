//! Schemas that say one thing: scalars by `type` and `format`, lists, maps, open enums. A record or an enum that stands
//! inside of another schema is called after its place: the owner and the member.

use serde_json::Value;

use super::{Node, Reader};
use crate::ir::{EnumValue, Field, Scalar, TypeKind, TypeRef};
use crate::pass::names::pascal_case;
use crate::{Error, ErrorKind};

/// What a schema says, before it has a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    Record(Vec<Field>),
    Enum(Vec<EnumValue>),
    Type(TypeRef),
}

impl Shape {
    pub(super) const JSON: Self = Self::Type(TypeRef::Scalar(Scalar::Json));
}

/// Scalars by type and format. The formats are an open set: one that is not here says nothing.
const SCALARS: &[(&str, &str, Scalar)] = &[
    ("string", "", Scalar::String),
    ("string", "date", Scalar::Date),
    ("string", "date-time", Scalar::DateTime),
    ("string", "decimal", Scalar::Decimal),
    ("string", "byte", Scalar::Base64),
    ("string", "binary", Scalar::File),
    ("integer", "", Scalar::Int64),
    ("integer", "int32", Scalar::Int32),
    ("integer", "uint32", Scalar::UInt32),
    ("integer", "uint64", Scalar::UInt64),
    ("number", "", Scalar::Float64),
    ("boolean", "", Scalar::Bool),
];

impl<'d> Reader<'d> {
    /// The type that a schema or a reference to one stands for. `hint` names it if it needs a name.
    pub(super) fn type_ref(&mut self, node: &Node<'d>, hint: &str) -> Result<TypeRef, Error> {
        if let Some(target) = node.step()?.filter(|_| !self.says_more(node)) {
            return Ok(self.refer(target));
        }
        if let Some(name) = self.named.get(&node.place) {
            return Ok(TypeRef::Named(name.clone()));
        }
        let kind = match self.shape(node, hint)? {
            Shape::Type(ty) => return Ok(ty),
            Shape::Record(fields) => TypeKind::Struct { base: None, fields },
            Shape::Enum(values) => TypeKind::Enum { values },
        };
        let name = self.free_name(hint);
        self.named.insert(node.place.clone(), name.clone());
        self.insert(name.clone(), kind, node)?;
        Ok(TypeRef::Named(name))
    }

    /// The name of a schema that is referred to; one that has none is called after its pointer.
    pub(super) fn refer(&mut self, target: Node<'d>) -> TypeRef {
        if let Some(name) = self.named.get(&target.place) {
            return TypeRef::Named(name.clone());
        }
        let words = target.place.split('/').filter(|word| !PLACES.contains(word));
        let hint: String = words.map(|word| pascal_case(&word.replace("~1", "/").replace("~0", "~"))).collect();
        let name = self.free_name(if hint.is_empty() { "Schema" } else { &hint });
        self.named.insert(target.place.clone(), name.clone());
        self.open.push((name.clone(), target));
        TypeRef::Named(name)
    }

    /// What a schema of a single type says.
    pub(super) fn plain(&mut self, node: &Node<'d>, owner: &str) -> Result<Shape, Error> {
        let types = types(node)?;
        let values = node.get("enum").or_else(|| node.get("const"));
        let texts = values.filter(|_| types.iter().all(|ty| *ty == "string"));
        if let Some(values) = texts.and_then(|values| enum_values(values.value)) {
            return Ok(Shape::Enum(values));
        }
        match types.as_slice() {
            ["array"] => self.list(node, owner),
            ["integer", "number"] | ["number", "integer"] => Ok(Shape::Type(TypeRef::Scalar(Scalar::Float64))),
            [] if node.has("items") => self.list(node, owner),
            [] => Ok(Shape::Type(TypeRef::Scalar(self.guessed(node)))),
            [ty] => scalar(node, ty).map(|scalar| Shape::Type(TypeRef::Scalar(scalar))),
            several => {
                self.note(node, format!("a value of the types {} is any JSON", several.join(", ")));
                Ok(Shape::JSON)
            }
        }
    }

    /// The type of what has values and no type.
    fn guessed(&mut self, node: &Node<'d>) -> Scalar {
        let values = node.value.get("enum").and_then(Value::as_array).map(Vec::as_slice);
        let values = values.or_else(|| node.value.get("const").map(std::slice::from_ref)).unwrap_or_default();
        let all = |test: fn(&Value) -> bool| !values.is_empty() && values.iter().all(test);
        match () {
            () if all(|value| value.is_i64()) => Scalar::Int64,
            () if all(Value::is_number) => Scalar::Float64,
            () if all(Value::is_boolean) => Scalar::Bool,
            () if values.is_empty() => Scalar::Json,
            () => {
                self.note(node, "an enum of several types is any JSON");
                Scalar::Json
            }
        }
    }

    fn list(&mut self, node: &Node<'d>, owner: &str) -> Result<Shape, Error> {
        let json = TypeRef::Scalar(Scalar::Json);
        let item = match node.get("items") {
            Some(items) if !node.has("prefixItems") => {
                let item = self.type_ref(&items, &format!("{owner}Item"))?;
                self.never_null(&items, item)?
            }
            _ if node.has("prefixItems") => {
                self.note(node, "the items of a tuple are any JSON");
                json
            }
            _ => json,
        };
        Ok(Shape::Type(TypeRef::List(Box::new(item))))
    }

    /// Items of lists and values of maps have no way to be `null`, so that those which can be are any JSON.
    pub(super) fn never_null(&mut self, node: &Node<'d>, ty: TypeRef) -> Result<TypeRef, Error> {
        let json = TypeRef::Scalar(Scalar::Json);
        if ty == json || !nullable(node)? {
            return Ok(ty);
        }
        self.note(node, "an item that can be null is any JSON");
        Ok(json)
    }

    /// An optional member, documented by the node or by what it refers to.
    pub(super) fn field(&mut self, node: &Node<'d>, name: &str, ty: TypeRef) -> Result<Field, Error> {
        let doc = match node.text("description")? {
            Some(doc) => doc,
            None => node.target()?.text("description")?.unwrap_or_default(),
        };
        Ok(Field {
            wire: name.to_owned(),
            rust_name: String::new(),
            ty,
            required: false,
            repeated: false,
            nillable: nullable(node)?,
            inline: node.flag("x-inline"),
            boxed: false,
            doc: doc.to_owned(),
            origin: node.origin(),
        })
    }
}

/// Words of pointers that name no schema.
const PLACES: &[&str] = &[
    "",
    "components",
    "schemas",
    "schema",
    "properties",
    "$defs",
    "definitions",
    "paths",
    "content",
    "items",
    "allOf",
    "responses",
    "parameters",
    "requestBody",
    "requestBodies",
];

/// The types without `null`: one in 3.0, any number in 3.1.
pub(super) fn types<'d>(node: &Node<'d>) -> Result<Vec<&'d str>, Error> {
    let types: Vec<&Value> = match node.value.get("type") {
        None => Vec::new(),
        Some(Value::Array(types)) => types.iter().collect(),
        Some(ty) => vec![ty],
    };
    let texts: Option<Vec<&str>> = types.into_iter().map(Value::as_str).collect();
    let texts = texts.ok_or_else(|| node.error(ErrorKind::Syntax, "`type` is neither a text nor a list of texts"))?;
    Ok(texts.into_iter().filter(|ty| *ty != "null").collect())
}

fn scalar(node: &Node<'_>, ty: &str) -> Result<Scalar, Error> {
    let encoded = node.text("contentEncoding")?.is_some_and(|encoding| encoding.starts_with("base64"));
    let raw = node.has("contentMediaType") && !node.has("contentEncoding");
    let format = match node.text("format")?.unwrap_or_default() {
        _ if ty == "string" && encoded => "byte",
        _ if ty == "string" && raw => "binary",
        format => format,
    };
    let of = |format: &str| SCALARS.iter().find(|(known, of, _)| (*known, *of) == (ty, format));
    let found = of(format).or_else(|| of("")).map(|(_, _, scalar)| *scalar);
    found.ok_or_else(|| node.error(ErrorKind::Syntax, format!("`{ty}` is not a type")))
}

/// Texts of an enum or of one constant, each once, `null` left out; `None` if there are others.
fn enum_values(value: &Value) -> Option<Vec<EnumValue>> {
    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    let mut values: Vec<EnumValue> = Vec::new();
    for value in all.iter().filter(|value| !value.is_null()) {
        let wire = value.as_str()?.to_owned();
        if values.iter().all(|known| known.wire != wire) {
            values.push(EnumValue { wire, rust_name: String::new(), doc: String::new() });
        }
    }
    (!values.is_empty()).then_some(values)
}

/// Whether the value can be `null`: by `nullable`, by its types, or by a branch that is `null`.
pub(super) fn nullable(node: &Node<'_>) -> Result<bool, Error> {
    let of = |node: &Node<'_>| {
        let null = |value: &Value| *value == Value::String("null".to_owned());
        node.flag("nullable")
            || node
                .value
                .get("type")
                .is_some_and(|ty| null(ty) || ty.as_array().is_some_and(|all| all.iter().any(null)))
            || node.value.get("enum").and_then(Value::as_array).is_some_and(|all| all.contains(&Value::Null))
            || ["oneOf", "anyOf"].iter().any(|key| node.elements_of(key).iter().any(is_null))
    };
    let target = node.target()?;
    let inner = match target.elements_of("allOf").as_slice() {
        [inner] => of(&inner.target()?),
        _ => false,
    };
    Ok(of(node) || of(&target) || inner)
}

/// Whether the schema allows `null` alone.
pub(super) fn is_null(node: &Node<'_>) -> bool {
    let only = |values: &Value| values.as_array().is_some_and(|all| all.len() == 1 && all.contains(&Value::Null));
    node.value.get("type").is_some_and(|ty| *ty == "null") || node.value.get("enum").is_some_and(only)
}
