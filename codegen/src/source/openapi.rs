//! OpenAPI 3 in JSON: paths, parameters, JSON and form bodies, and object schemas. It reads what REST providers of
//! ours need and refuses the rest by name, so that nothing of a document is lost in silence.

mod schema;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::ir::{Api, Binding, Effect, Field, Location, Operation, Origin, Param, TypeName, TypeRef};
use crate::{Error, ErrorKind, Errors};

const METHODS: &[(&str, Effect)] = &[
    ("delete", Effect::Idempotent),
    ("get", Effect::Safe),
    ("patch", Effect::Write),
    ("post", Effect::Write),
    ("put", Effect::Idempotent),
];

/// Parses the document at `file` (relative to `schemas/`).
///
/// # Errors
/// If it is not JSON, is not OpenAPI 3, refers to nothing, or uses something that is not read.
pub fn parse(api: &str, file: &str, content: &[u8]) -> Result<Api, Errors> {
    let root: Value =
        serde_json::from_slice(content).map_err(|error| Error::in_file(ErrorKind::Syntax, file, error.to_string()))?;
    let document = Document { file, root: &root };
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err(Error::in_file(ErrorKind::Unsupported, file, format!("`{version}` is not OpenAPI 3")).into());
    }
    let mut parsed = Api { name: api.to_owned(), types: BTreeMap::new(), operations: BTreeMap::new() };
    let mut errors = Errors::default();
    for node in document.at("/components/schemas").members() {
        match node.named_schema() {
            Ok(def) => {
                parsed.types.insert(type_name(&node.key), def);
            }
            Err(error) => errors.push(error),
        }
    }
    for path in document.at("/paths").members() {
        for (method, effect) in METHODS {
            let Some(node) = path.get(method) else { continue };
            match read_operation(&path, &node, method, *effect) {
                Ok(operation) => {
                    let name = operation.name.clone();
                    if parsed.operations.insert(name.clone(), operation).is_some() {
                        errors.push(node.error(ErrorKind::Clash, format!("there are two operations `{name}`")));
                    }
                }
                Err(error) => errors.push(error),
            }
        }
    }
    errors.into_result(parsed)
}

fn type_name(local: &str) -> TypeName {
    TypeName { namespace: "openapi".to_owned(), local: local.to_owned() }
}

fn read_operation(path: &Node<'_>, node: &Node<'_>, method: &str, effect: Effect) -> Result<Operation, Error> {
    let name = node.text("operationId")?.ok_or_else(|| node.error(ErrorKind::Syntax, "there is no `operationId`"))?;
    let mut params = Vec::new();
    for holder in [path, node] {
        let list = holder.get("parameters").map(|list| list.elements()).unwrap_or_default();
        for param in list {
            params.push(read_param(&param.target()?)?);
        }
    }
    if let Some(body) = node.get("requestBody") {
        read_body(&body.target()?, &mut params)?;
    }
    let (accept, output) = read_responses(node)?;
    let doc = [node.text("summary")?, node.text("description")?].into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    let rust_name = node.text("x-rust-name")?.unwrap_or_default().to_owned();
    let binding = Binding::Rest { method: method.to_uppercase(), path: path.key.clone(), params, accept, output };
    Ok(Operation { name: name.to_owned(), rust_name, binding, effect, doc, origin: node.origin() })
}

fn read_param(node: &Node<'_>) -> Result<Param, Error> {
    let name = node.text("name")?.ok_or_else(|| node.error(ErrorKind::Syntax, "the parameter has no name"))?;
    let schema = node.get("schema").ok_or_else(|| node.error(ErrorKind::Syntax, "the parameter has no schema"))?;
    let ty = schema.type_ref()?;
    let location = match (node.text("in")?, &ty) {
        (Some("path"), _) => Location::Path,
        (Some("query"), TypeRef::List(_)) if node.value.get("explode") == Some(&Value::Bool(false)) => {
            Location::QueryCommas
        }
        (Some("query"), TypeRef::Scalar(_) | TypeRef::Named(_)) => Location::Query,
        _ => return Err(node.error(ErrorKind::Unsupported, format!("the place or form of `{name}` is not read"))),
    };
    let required = node.value.get("required") == Some(&Value::Bool(true));
    Ok(Param { field: Field { required, ..node.field(name, ty)? }, location })
}

/// Members of the body become parameters: of a JSON object, or of a form.
fn read_body(node: &Node<'_>, params: &mut Vec<Param>) -> Result<(), Error> {
    let content = node.get("content").map(|content| content.members()).unwrap_or_default();
    let [media] = content.as_slice() else {
        return Err(node.error(ErrorKind::Unsupported, "a body of other than one media type is not read"));
    };
    let location = match media.key.as_str() {
        "multipart/form-data" => Location::FormPart,
        json if json == "application/json" || json.ends_with("+json") => Location::JsonBody,
        other => return Err(media.error(ErrorKind::Unsupported, format!("bodies of `{other}` are not read"))),
    };
    let schema = media.get("schema").ok_or_else(|| media.error(ErrorKind::Syntax, "the body has no schema"))?;
    params.extend(schema.target()?.object_fields()?.into_iter().map(|field| Param { field, location }));
    Ok(())
}

/// The media type to ask for and the type of a success.
fn read_responses(node: &Node<'_>) -> Result<(String, Option<TypeRef>), Error> {
    let mut accept = String::new();
    let mut output = None;
    for response in node.get("responses").map(|list| list.members()).unwrap_or_default() {
        let success = response.key.starts_with('2');
        let content = response.target()?.get("content").map(|content| content.members()).unwrap_or_default();
        let Some(media) = content.first() else { continue };
        if success || accept.is_empty() {
            accept.clone_from(&media.key);
        }
        if success {
            let schema =
                media.get("schema").ok_or_else(|| media.error(ErrorKind::Syntax, "the answer has no schema"))?;
            if output.replace(schema.type_ref()?).is_some() {
                return Err(node.error(ErrorKind::Unsupported, "two successes with a body are not read"));
            }
        }
    }
    Ok((accept, output))
}

#[derive(Clone, Copy)]
struct Document<'d> {
    file: &'d str,
    root: &'d Value,
}

impl<'d> Document<'d> {
    fn at(self, pointer: &str) -> Node<'d> {
        let value = self.root.pointer(pointer).unwrap_or(&Value::Null);
        let key = pointer.rsplit_once('/').map_or("", |(_, key)| key).to_owned();
        Node { document: self, place: pointer.to_owned(), key, value }
    }
}

/// A value of the document and its JSON pointer.
#[derive(Clone)]
struct Node<'d> {
    document: Document<'d>,
    place: String,
    /// Its key in the object that holds it, or its index.
    key: String,
    value: &'d Value,
}

impl<'d> Node<'d> {
    fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| self.child(key, value))
    }

    fn child(&self, key: &str, value: &'d Value) -> Self {
        let place = format!("{}/{}", self.place, key.replace('~', "~0").replace('/', "~1"));
        Self { document: self.document, place, key: key.to_owned(), value }
    }

    fn members(&self) -> Vec<Self> {
        let members = self.value.as_object().map(Map::iter).into_iter().flatten();
        members.map(|(key, value)| self.child(key, value)).collect()
    }

    fn elements(&self) -> Vec<Self> {
        let elements = self.value.as_array().into_iter().flatten().enumerate();
        elements.map(|(index, value)| self.child(&index.to_string(), value)).collect()
    }

    /// What `$ref` points at, or the node itself.
    fn target(&self) -> Result<Self, Error> {
        let Some(reference) = self.text("$ref")? else {
            return Ok(self.clone());
        };
        let found = reference.strip_prefix('#').filter(|pointer| self.document.root.pointer(pointer).is_some());
        let pointer =
            found.ok_or_else(|| self.error(ErrorKind::Unresolved, format!("`{reference}` refers to nothing")))?;
        Ok(self.document.at(pointer))
    }

    fn text(&self, key: &str) -> Result<Option<&'d str>, Error> {
        match self.value.get(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(ErrorKind::Syntax, format!("`{key}` is not text"))),
        }
    }

    fn origin(&self) -> Origin {
        Origin { file: self.document.file.to_owned(), place: self.place.clone() }
    }

    fn error(&self, kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error::new(kind, &self.origin(), detail)
    }
}
