//! OpenAPI 3.0 and 3.1 in JSON: parameters wherever they stand, JSON, form and raw bodies, and schemas. What Rust types
//! do not say (a choice of schemas, values of several types) is any JSON and is noted with its place; what would change
//! a request and is not read is refused. It never follows a reference out of the document.

mod bytes;
mod combined;
mod node;
mod operation;
mod params;
mod schema;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ir::{Api, Operation, TypeDef, TypeKind, TypeName, TypeRef, Usage};
use crate::pass::names::pascal_case;
use crate::{Error, ErrorKind, Errors};

use node::{Document, Node};
use schema::Shape;

/// A document as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it says.
    pub api: Api,
    /// What of it has no types of its own, a line each with its place: a choice of schemas that is any JSON, a media
    /// type that is left out.
    pub notes: Vec<String>,
}

/// Parses the document at `file` (relative to `schemas/`) and demands that all of it has types.
///
/// # Errors
/// Those of [`read`], and one for each note.
pub fn parse(api: &str, file: &str, content: &[u8]) -> Result<Api, Errors> {
    let Reading { api, notes } = read(api, file, content)?;
    let mut errors = Errors::default();
    notes.into_iter().for_each(|note| errors.push(Error::in_file(ErrorKind::Unsupported, file, note)));
    errors.into_result(api)
}

/// Parses the document at `file`.
///
/// # Errors
/// If it is not JSON, is not OpenAPI 3, refers to nothing, or uses something that is not read.
pub fn read(api: &str, file: &str, content: &[u8]) -> Result<Reading, Errors> {
    let root: Value =
        serde_json::from_slice(content).map_err(|error| Error::in_file(ErrorKind::Syntax, file, error.to_string()))?;
    let version = root.get("openapi").and_then(Value::as_str).unwrap_or_default();
    if !version.starts_with("3.") {
        return Err(Error::in_file(ErrorKind::Unsupported, file, format!("`{version}` is not OpenAPI 3")).into());
    }
    let document = Document { file, root: &root };
    let mut reader = Reader::new(document);
    let mut errors = Errors::default();
    reader.components(&mut errors);
    let operations = reader.operations(&mut errors);
    let mut parsed = Api { name: api.to_owned(), types: reader.types, operations };
    errors.into_result(())?;
    let mut notes = reader.notes;
    bytes::settle(&mut parsed, &mut notes);
    let notes = notes.into_iter().map(|(place, note)| format!("{note} ({file}:{place})")).collect();
    Ok(Reading { api: parsed, notes })
}

/// Places and what is to be said about them.
type Notes = BTreeSet<(String, String)>;

/// A document being read.
struct Reader<'d> {
    document: Document<'d>,
    types: BTreeMap<TypeName, TypeDef>,
    /// Schemas with a name of their own, by place.
    named: BTreeMap<String, TypeName>,
    /// Names that are taken, as they are in Rust.
    taken: BTreeSet<String>,
    /// Schemas that were referred to and are to be read yet.
    open: Vec<(TypeName, Node<'d>)>,
    notes: Notes,
}

impl<'d> Reader<'d> {
    fn new(document: Document<'d>) -> Self {
        Self {
            document,
            types: BTreeMap::new(),
            named: BTreeMap::new(),
            taken: BTreeSet::new(),
            open: Vec::new(),
            notes: Notes::new(),
        }
    }

    /// Every schema under its own name, whether something uses it or not.
    fn components(&mut self, errors: &mut Errors) {
        let schemas = self.document.at("/components/schemas").members();
        for node in &schemas {
            self.taken.insert(pascal_case(&node.key));
            self.named.insert(node.place.clone(), type_name(&node.key));
        }
        for node in &schemas {
            if let Err(error) = self.define(&type_name(&node.key), node) {
                errors.push(error);
            }
        }
        self.drain(errors);
    }

    /// Reads what was referred to.
    fn drain(&mut self, errors: &mut Errors) {
        while let Some((name, node)) = self.open.pop() {
            if let Err(error) = self.define(&name, &node) {
                errors.push(error);
            }
        }
    }

    fn define(&mut self, name: &TypeName, node: &Node<'d>) -> Result<(), Error> {
        let kind = match self.shape(node, &name.local)? {
            Shape::Record(fields) => TypeKind::Struct { base: None, fields },
            Shape::Enum(values) => TypeKind::Enum { values },
            Shape::Type(ty) => TypeKind::Alias(ty),
        };
        self.insert(name.clone(), kind, node)
    }

    fn insert(&mut self, name: TypeName, kind: TypeKind, node: &Node<'_>) -> Result<(), Error> {
        let doc = node.text("description")?.or(node.text("title")?).unwrap_or_default().to_owned();
        let def = TypeDef { kind, rust_name: String::new(), doc, usage: Usage::default(), origin: node.origin() };
        self.types.insert(name, def);
        Ok(())
    }

    /// A name that nothing has yet: the hint, or the hint with the first number that is free.
    fn free_name(&mut self, hint: &str) -> TypeName {
        let hint = pascal_case(hint);
        let names = (1..).map(|number| if number == 1 { hint.clone() } else { format!("{hint}{number}") });
        let free = names.take(usize::from(u16::MAX)).find(|name| !self.taken.contains(name)).unwrap_or(hint);
        self.taken.insert(free.clone());
        type_name(&free)
    }

    fn note(&mut self, node: &Node<'_>, text: impl Into<String>) {
        self.notes.insert((node.place.clone(), text.into()));
    }

    fn operations(&mut self, errors: &mut Errors) -> BTreeMap<String, Operation> {
        let mut operations = BTreeMap::new();
        for path in self.document.at("/paths").members().iter().filter(|path| path.key.starts_with('/')) {
            match path.target() {
                Ok(item) => self.path(&path.key, &item, &mut operations, errors),
                Err(error) => errors.push(error),
            }
        }
        for hook in self.document.at("/webhooks").members() {
            self.note(&hook, format!("the webhook `{}` is a request of the provider; nothing is made of it", hook.key));
        }
        operations
    }

    fn path(&mut self, path: &str, item: &Node<'d>, operations: &mut BTreeMap<String, Operation>, errors: &mut Errors) {
        for (method, effect) in operation::METHODS {
            let Some(node) = item.get(method) else { continue };
            let read = self.operation(path, item, &node, method, *effect);
            self.drain(errors);
            match read {
                Ok(operation) => {
                    let name = operation.name.clone();
                    if operations.insert(name.clone(), operation).is_some() {
                        errors.push(node.error(ErrorKind::Clash, format!("there are two operations `{name}`")));
                    }
                }
                Err(error) => errors.push(error),
            }
        }
    }

    /// What a type is, other names looked through; `None` for a reference that leads nowhere or round.
    fn behind<'t>(&'t self, mut ty: &'t TypeRef) -> Option<&'t TypeRef> {
        for _ in 0..=self.types.len() {
            let TypeRef::Named(name) = ty else { return Some(ty) };
            match self.types.get(name).map(|def| &def.kind) {
                Some(TypeKind::Alias(target)) => ty = target,
                Some(_) => return Some(ty),
                None => return None,
            }
        }
        None
    }
}

fn type_name(local: &str) -> TypeName {
    TypeName { namespace: "openapi".to_owned(), local: local.to_owned() }
}
