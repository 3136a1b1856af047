//! Operations: what the body takes and what a success answers. Of several media types one is taken, JSON before forms
//! before bytes; the others are noted.

use super::combined::other_name;
use super::schema::{Shape, nullable};
use super::{Node, Reader};
use crate::ir::{Binding, Effect, Field, Location, Operation, Param, Scalar, Style, TypeRef};
use crate::pass::names::pascal_case;
use crate::{Error, ErrorKind};

pub(super) const METHODS: &[(&str, Effect)] = &[
    ("delete", Effect::Idempotent),
    ("get", Effect::Safe),
    ("head", Effect::Safe),
    ("options", Effect::Safe),
    ("patch", Effect::Write),
    ("post", Effect::Write),
    ("put", Effect::Idempotent),
    ("trace", Effect::Safe),
];

const FORM: &str = "multipart/form-data";
const FIELDS: &str = "application/x-www-form-urlencoded";

impl<'d> Reader<'d> {
    pub(super) fn operation(
        &mut self,
        path: &str,
        item: &Node<'d>,
        node: &Node<'d>,
        method: &str,
        effect: Effect,
    ) -> Result<Operation, Error> {
        let upper = method.to_uppercase();
        let name = node.text("operationId")?.map_or_else(|| format!("{upper} {path}"), str::to_owned);
        let owner = pascal_case(&name);
        let mut params = self.params(path, [item, node], &owner)?;
        let media = match node.get("requestBody") {
            Some(body) => self.body(&body.target()?, &owner, &mut params)?,
            None => String::new(),
        };
        let (accept, mut output, may_be_empty) = self.responses(node, &owner)?;
        if method == "head" {
            output = None;
        }
        for callback in node.members_of("callbacks") {
            self.note(
                &callback,
                format!("the callback `{}` is a request of the provider; nothing is made of it", callback.key),
            );
        }
        let doc = [node.text("summary")?, node.text("description")?].into_iter().flatten();
        let doc = doc.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
        let rust_name = node.text("x-rust-name")?.unwrap_or_default().to_owned();
        let may_be_empty = may_be_empty && output.is_some();
        let binding =
            Binding::Rest { method: upper, path: path.to_owned(), params, media, accept, output, may_be_empty };
        Ok(Operation { name, rust_name, binding, effect, doc, origin: node.origin() })
    }

    /// The body as parameters, and its media type where it is not told by their places.
    fn body(&mut self, node: &Node<'d>, owner: &str, params: &mut Vec<Param>) -> Result<String, Error> {
        let Some(media) = self.chosen(node) else { return Ok(String::new()) };
        let required = node.flag("required");
        let schema = media.get("schema");
        let hint = format!("{owner}Body");
        match media.key.as_str() {
            key if is_json(key) => {
                self.json_body(&media, required, owner, params)?;
                Ok(if key == "application/json" { String::new() } else { key.to_owned() })
            }
            FORM => {
                let schema = schema.ok_or_else(|| media.error(ErrorKind::Unsupported, "a form without a schema"))?;
                let Shape::Record(fields) = self.members(&schema, &hint)? else {
                    return Err(schema.error(ErrorKind::Unsupported, "a form that is not a record"));
                };
                params.extend(fields.into_iter().map(|field| Param { field, location: Location::FormPart }));
                Ok(String::new())
            }
            FIELDS => {
                let members = schema.as_ref().map(|schema| self.members(schema, &hint)).transpose()?;
                let encoding = media.get("encoding");
                let style = |name: &str| encoding.as_ref().and_then(|encoding| encoding.get(name)).map(field_style);
                match members {
                    Some(Shape::Record(fields)) => params.extend(fields.into_iter().map(|field| {
                        let style = style(&field.wire).unwrap_or(Style::Each);
                        Param { field, location: Location::FormField(style) }
                    })),
                    _ => {
                        let ty = TypeRef::Scalar(Scalar::Json);
                        let field = Field { required, ..self.field(&media, "body", ty)? };
                        params.push(Param { field, location: Location::FormField(Style::Each) });
                    }
                }
                Ok(String::new())
            }
            key => {
                let field = self.field(&media, "body", TypeRef::Scalar(Scalar::Bytes))?;
                params.push(Param { field: Field { required, ..field }, location: Location::RawBody });
                if key.contains('*') {
                    self.note(&media, format!("the body of `{key}` is sent as application/octet-stream"));
                    return Ok("application/octet-stream".to_owned());
                }
                Ok(key.to_owned())
            }
        }
    }

    /// Members of a record become parameters; anything else, and a record that may be left out though it demands
    /// members, is one parameter.
    fn json_body(
        &mut self,
        media: &Node<'d>,
        required: bool,
        owner: &str,
        params: &mut Vec<Param>,
    ) -> Result<(), Error> {
        let hint = format!("{owner}Body");
        let Some(schema) = media.get("schema") else {
            let field = self.field(media, "body", TypeRef::Scalar(Scalar::Json))?;
            params.push(Param { field: Field { required, ..field }, location: Location::JsonWhole });
            return Ok(());
        };
        match self.members(&schema, owner)? {
            Shape::Record(fields) if required || fields.iter().all(|field| !field.required) => {
                params.extend(fields.into_iter().map(|field| Param { field, location: Location::JsonBody }));
            }
            _ => {
                let ty = self.type_ref(&schema, &hint)?;
                let field = self.field(&schema, "body", ty)?;
                let field = Field { required, nillable: false, ..field };
                params.push(Param { field, location: Location::JsonWhole });
            }
        }
        Ok(())
    }

    /// What a schema says without a name of its own: of one that has a name, under that name.
    fn members(&mut self, schema: &Node<'d>, owner: &str) -> Result<Shape, Error> {
        let mut node = schema.clone();
        let mut seen = Vec::new();
        loop {
            let target = if self.says_more(&node) { node } else { node.target()? };
            if seen.contains(&target.place) {
                return Err(target.error(ErrorKind::Unresolved, "the schema stands for itself"));
            }
            seen.push(target.place.clone());
            match other_name(&target) {
                Some(other) => node = other,
                None => {
                    let owner = self.named.get(&target.place).map_or(owner.to_owned(), |name| name.local.clone());
                    return self.shape(&target, &owner);
                }
            }
        }
    }

    /// The media type to ask for, the type of a success, and whether it may have no body.
    fn responses(&mut self, node: &Node<'d>, owner: &str) -> Result<(String, Option<TypeRef>, bool), Error> {
        let responses: Vec<_> =
            node.members_of("responses").into_iter().filter(|response| !response.key.starts_with("x-")).collect();
        let coded = responses.iter().any(|response| response.key.starts_with('2'));
        let mut accept = String::new();
        let mut asked_by_success = false;
        let mut outputs: Vec<TypeRef> = Vec::new();
        let mut empty = false;
        for response in responses {
            let success = response.key.starts_with('2') || (!coded && response.key == "default");
            let target = response.target()?;
            let Some(media) = self.chosen(&target) else {
                empty |= success;
                continue;
            };
            if (success && !asked_by_success) || accept.is_empty() {
                accept.clone_from(&media.key);
            }
            if success {
                asked_by_success = true;
                let output = self.answer(&media, owner)?;
                if !outputs.contains(&output) {
                    outputs.push(output);
                }
            }
        }
        let output = match outputs.as_slice() {
            [] => None,
            [only] => Some(only.clone()),
            several => {
                self.note(node, format!("a success of {} types is any JSON", several.len()));
                let bytes = TypeRef::Scalar(Scalar::Bytes);
                Some(if several.contains(&bytes) { bytes } else { TypeRef::Scalar(Scalar::Json) })
            }
        };
        Ok((accept, output, empty))
    }

    fn answer(&mut self, media: &Node<'d>, owner: &str) -> Result<TypeRef, Error> {
        if !is_json(&media.key) {
            return Ok(TypeRef::Scalar(Scalar::Bytes));
        }
        let Some(schema) = media.get("schema") else { return Ok(TypeRef::Scalar(Scalar::Json)) };
        let ty = self.type_ref(&schema, &format!("{owner}Answer"))?;
        if ty != TypeRef::Scalar(Scalar::Json) && nullable(&schema)? {
            self.note(&schema, "an answer that can be null is any JSON");
            return Ok(TypeRef::Scalar(Scalar::Json));
        }
        Ok(ty)
    }

    /// The media type that is taken; the others are noted.
    fn chosen(&mut self, node: &Node<'d>) -> Option<Node<'d>> {
        let rank = |key: &str| match key {
            "application/json" => 0,
            json if is_json(json) => 1,
            FORM => 2,
            FIELDS => 3,
            _ => 4,
        };
        let mut media = node.members_of("content");
        media.sort_by_key(|media| rank(&media.key));
        let mut media = media.into_iter();
        let first = media.next()?;
        for other in media {
            self.note(&other, format!("`{}` is left out for `{}`", other.key, first.key));
        }
        Some(first)
    }
}

/// Whether bodies of the media type are JSON, whatever its parameters.
fn is_json(media: &str) -> bool {
    let plain = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    plain == "application/json" || plain == "text/json" || plain.ends_with("+json")
}

/// How a member of a form of fields is written: `style` and `explode` of its encoding.
fn field_style(encoding: Node<'_>) -> Style {
    let style = encoding.value.get("style").and_then(|style| style.as_str()).unwrap_or("form");
    let each = encoding.value.get("explode").map_or(style == "form", |explode| *explode == true);
    match style {
        "deepObject" => Style::Deep,
        _ if encoding.value.get("contentType").and_then(|ty| ty.as_str()).is_some_and(is_json) => Style::Json,
        _ if each => Style::Each,
        "spaceDelimited" => Style::Spaces,
        "pipeDelimited" => Style::Pipes,
        _ => Style::Commas,
    }
}
