//! Schema objects: scalars by `type` and `format`, lists, maps, open enums and records.

use serde_json::Value;

use super::{Node, type_name};
use crate::ir::{EnumValue, Field, Scalar, TypeDef, TypeKind, TypeRef, Usage};
use crate::{Error, ErrorKind};

const SCALARS: &[(&str, &str, Scalar)] = &[
    ("string", "", Scalar::String),
    ("string", "uuid", Scalar::String),
    ("string", "uri", Scalar::String),
    ("string", "date-time", Scalar::DateTime),
    ("string", "byte", Scalar::Base64),
    ("string", "binary", Scalar::File),
    ("integer", "", Scalar::Int64),
    ("integer", "int32", Scalar::Int32),
    ("integer", "int64", Scalar::Int64),
    ("number", "", Scalar::Float64),
    ("number", "double", Scalar::Float64),
    ("boolean", "", Scalar::Bool),
];

/// Keywords that would change what a schema means and that are not read.
const UNREAD: &[&str] = &["allOf", "anyOf", "oneOf", "not"];

impl Node<'_> {
    /// A schema that has a name of its own.
    pub(super) fn named_schema(&self) -> Result<TypeDef, Error> {
        self.refuse_unread()?;
        let kind = match self.value.get("enum") {
            Some(values) => TypeKind::Enum { values: self.enum_values(values)? },
            None if self.value.get("properties").is_some() => {
                TypeKind::Struct { base: None, fields: self.object_fields()? }
            }
            None => TypeKind::Alias(self.type_ref()?),
        };
        let doc = self.text("description")?.unwrap_or_default().to_owned();
        Ok(TypeDef { kind, rust_name: String::new(), doc, usage: Usage::default(), origin: self.origin() })
    }

    /// The type that a schema or a reference to one stands for.
    pub(super) fn type_ref(&self) -> Result<TypeRef, Error> {
        if let Some(reference) = self.text("$ref")? {
            let target = self.target()?;
            return match reference.strip_prefix("#/components/schemas/") {
                Some(name) => Ok(TypeRef::Named(type_name(name))),
                None => target.type_ref(),
            };
        }
        self.refuse_unread()?;
        let format = self.text("format")?.unwrap_or_default();
        match self.text("type")? {
            Some("array") => {
                let items =
                    self.get("items").ok_or_else(|| self.error(ErrorKind::Syntax, "the list has no `items`"))?;
                Ok(TypeRef::List(Box::new(items.type_ref()?)))
            }
            Some("object") if self.value.get("properties").is_some() => {
                Err(self.error(ErrorKind::Unsupported, "a record without a name is not read; give it one"))
            }
            Some("object") => match self.get("additionalProperties").filter(|node| node.value.is_object()) {
                Some(values) => Ok(TypeRef::Map(Box::new(values.type_ref()?))),
                None => Ok(TypeRef::Scalar(Scalar::Json)),
            },
            None => Ok(TypeRef::Scalar(Scalar::Json)),
            Some(ty) => match SCALARS.iter().find(|(known, of, _)| (*known, *of) == (ty, format)) {
                Some((_, _, scalar)) => Ok(TypeRef::Scalar(*scalar)),
                None => Err(self.error(ErrorKind::Unsupported, format!("`{ty}` of format `{format}` is not read"))),
            },
        }
    }

    /// The members of a record, ordered by name.
    pub(super) fn object_fields(&self) -> Result<Vec<Field>, Error> {
        let required: Vec<&str> = self
            .value
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let Some(properties) = self.get("properties") else {
            return Err(self.error(ErrorKind::Unsupported, "a record without `properties` is not read"));
        };
        let mut fields = Vec::new();
        for node in properties.members() {
            let name = node.key.as_str();
            fields.push(Field { required: required.contains(&name), ..node.field(name, node.type_ref()?)? });
        }
        if let Some(name) = required.iter().find(|name| fields.iter().all(|field| field.wire != **name)) {
            return Err(self.error(ErrorKind::Unresolved, format!("the required `{name}` is not among the properties")));
        }
        Ok(fields)
    }

    /// An optional member, documented by the node or by what it refers to.
    pub(super) fn field(&self, name: &str, ty: TypeRef) -> Result<Field, Error> {
        let doc = match self.text("description")? {
            Some(doc) => doc,
            None => self.target()?.text("description")?.unwrap_or_default(),
        };
        Ok(Field {
            wire: name.to_owned(),
            rust_name: String::new(),
            ty,
            required: false,
            repeated: false,
            nillable: self.value.get("nullable") == Some(&Value::Bool(true)),
            inline: self.value.get("x-inline") == Some(&Value::Bool(true)),
            boxed: false,
            doc: doc.to_owned(),
            origin: self.origin(),
        })
    }

    fn enum_values(&self, values: &Value) -> Result<Vec<EnumValue>, Error> {
        let texts = values.as_array().into_iter().flatten().map(|value| value.as_str());
        let values =
            texts.map(|text| Some(EnumValue { wire: text?.to_owned(), rust_name: String::new(), doc: String::new() }));
        let values: Option<Vec<_>> = values.collect();
        values.ok_or_else(|| self.error(ErrorKind::Unsupported, "an enum of other than texts is not read"))
    }

    fn refuse_unread(&self) -> Result<(), Error> {
        match UNREAD.iter().find(|key| self.value.get(**key).is_some()) {
            Some(key) => Err(self.error(ErrorKind::Unsupported, format!("`{key}` is not read"))),
            None => Ok(()),
        }
    }
}
