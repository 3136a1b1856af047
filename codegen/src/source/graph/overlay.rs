//! The overlay of a Graph spec: what Meta's own generator keeps in `SDKCodegen.json`, and what no file states.
//! An entry that hits nothing is an error, so that none outlives the bug that it works around.

mod entries;

use entries::{Entries, EnumEntry, NewField, NewLocation, NewType, NodeEntry, OperationEntry, TypeEntry, Upload};

use super::types::{Names, parse_overlay_type, type_name};
use super::{File, field, operation_name, origin};
use crate::ir::{Api, Binding, Field, Location, Operation, Origin, Param, Scalar, TypeDef, TypeKind, TypeRef, Usage};
use crate::source::toml::parse_toml;
use crate::{Error, ErrorKind, Errors};

/// A parsed overlay.
pub(super) struct Overlay {
    file: String,
    entries: Entries,
}

impl Overlay {
    /// Parses an `overlay.toml`.
    pub(super) fn parse((path, content): File<'_>) -> Result<Self, Error> {
        Ok(Self { file: path.to_owned(), entries: parse_toml(path, content)? })
    }

    /// Names of the types that the overlay adds.
    pub(super) fn type_names(&self) -> impl Iterator<Item = &str> {
        self.entries.add_type.iter().map(|entry| entry.name.as_str())
    }

    /// Where each entry stands and why it is there.
    pub(super) fn entries(&self) -> Vec<(Origin, String)> {
        let Entries { node, operation, types, enums, add_type } = &self.entries;
        let at = |table: &str, name: &str, reason: &str| (self.at(format!("{table}.{name}")), reason.to_owned());
        let types = types.iter().map(|entry| at("type", &entry.name, &entry.reason));
        let enums = enums.iter().map(|entry| at("enum", &entry.name, &entry.reason));
        let added = add_type.iter().map(|entry| at("add_type", &entry.name, &entry.reason));
        let nodes = node.iter().map(|entry| at("node", &entry.name, &entry.reason));
        let operations = operation.iter().map(|entry| at("operation", &entry.name, &entry.reason));
        nodes.chain(operations).chain(types).chain(enums).chain(added).collect()
    }

    /// Lays the entries over `api`.
    pub(super) fn apply(&self, api: &mut Api, names: &Names<'_>) -> Result<(), Errors> {
        let mut errors = Errors::default();
        let mut note = |result: Result<(), Error>| {
            if let Err(error) = result {
                errors.push(error);
            }
        };
        for entry in &self.entries.add_type {
            note(self.add_type(api, entry, names));
        }
        for entry in &self.entries.node {
            note(self.apply_node(api, entry));
        }
        for entry in &self.entries.operation {
            note(self.apply_operation(api, entry, names));
        }
        for entry in &self.entries.types {
            note(self.apply_type(api, entry));
        }
        for entry in &self.entries.enums {
            note(self.apply_enum(api, entry));
        }
        errors.into_result(())
    }

    fn add_type(&self, api: &mut Api, entry: &NewType, names: &Names<'_>) -> Result<(), Error> {
        let at = self.at(format!("add_type.{}", entry.name));
        let fields = entry.fields.iter().map(|item| self.new_field(item, &at, names)).collect::<Result<_, _>>()?;
        let def = TypeDef {
            kind: TypeKind::Struct { base: None, fields },
            rust_name: String::new(),
            doc: entry.doc.clone(),
            usage: Usage::default(),
            origin: at.clone(),
        };
        match api.types.insert(type_name(&entry.name), def) {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::Overlay, &at, "the spec states this type already")),
        }
    }

    /// The spec knows no prefix of ids; `act_` is put into the path, so that callers give the number alone. A path
    /// without a parameter stands for one node: `me`.
    fn apply_node(&self, api: &mut Api, entry: &NodeEntry) -> Result<(), Error> {
        let at = self.at(format!("node.{}", entry.name));
        let old = format!("{{{}_id}}", super::snake(&entry.name));
        let name = entry.path.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
        if name.is_none() && entry.path.contains(['{', '}', '/']) {
            return Err(Error::new(ErrorKind::Overlay, &at, "the path is neither a parameter nor one segment"));
        }
        let mut hit = false;
        for operation in api.operations.values_mut() {
            let Binding::Rest { path, params, .. } = &mut operation.binding else { continue };
            if !path.contains(&old) {
                continue;
            }
            hit = true;
            *path = path.replace(&old, &entry.path);
            let id = old.trim_matches(['{', '}']);
            match name {
                None => params.retain(|param| param.location != Location::Path || param.field.wire != id),
                Some(name) => {
                    let ids = params.iter_mut().map(|param| &mut param.field).filter(|field| field.wire == id);
                    ids.for_each(|field| {
                        name.clone_into(&mut field.wire);
                        field.doc.clone_from(&entry.doc);
                    });
                }
            }
        }
        self.must_hit(hit, &at)
    }

    fn apply_operation(&self, api: &mut Api, entry: &OperationEntry, names: &Names<'_>) -> Result<(), Error> {
        let at = self.at(format!("operation.{}", entry.name));
        let old = operation_name(&entry.matches.node, &entry.matches.method, &entry.matches.endpoint);
        let Some(mut operation) = api.operations.remove(&old) else {
            return Err(Error::new(ErrorKind::Overlay, &at, format!("the spec has no operation `{old}`")));
        };
        operation.name.clone_from(&entry.name);
        operation.rust_name.clone_from(&entry.rust_name);
        operation.doc.clone_from(&entry.doc);
        let Binding::Rest { params, output, .. } = &mut operation.binding else {
            return Err(Error::new(ErrorKind::Overlay, &at, "the operation does not travel over plain HTTP"));
        };
        if let Some(returns) = &entry.returns {
            let ty = Some(parse_overlay_type(returns, names, &at)?);
            if *output == ty {
                return Err(Error::new(ErrorKind::Overlay, &at, format!("the spec returns `{returns}` already")));
            }
            *output = ty;
        }
        for (name, ty) in &entry.retype {
            let field = self.param(params, name, &at)?;
            let retyped = parse_overlay_type(ty, names, &at)?;
            if field.ty == retyped {
                return Err(Error::new(ErrorKind::Overlay, &at, format!("`{name}` is of type `{ty}` already")));
            }
            field.ty = retyped;
        }
        for (name, doc) in &entry.docs {
            self.param(params, name, &at)?.doc.clone_from(doc);
        }
        for item in &entry.add_params {
            if params.iter().any(|param| param.field.wire == item.name) {
                let detail = format!("the spec states the parameter `{}` already", item.name);
                return Err(Error::new(ErrorKind::Overlay, &at, detail));
            }
            let location = match item.location {
                None | Some(NewLocation::Query) => Location::Query,
                Some(NewLocation::QueryCommas) => Location::QueryCommas,
                Some(NewLocation::JsonBody) => Location::JsonBody,
            };
            params.push(Param { field: self.new_field(item, &at, names)?, location });
        }
        for upload in &entry.upload {
            let form = self.upload_form(&operation, upload, &at);
            self.insert(api, form, &at)?;
        }
        self.insert(api, operation, &at)
    }

    /// The same path with a file as a part of a form, or files as numbered parts, in place of the parameters of the
    /// JSON body.
    fn upload_form(&self, operation: &Operation, upload: &Upload, at: &Origin) -> Operation {
        let mut form = operation.clone();
        form.name.clone_from(&upload.name);
        form.rust_name.clone_from(&upload.rust_name);
        form.doc.clone_from(&upload.doc);
        form.origin = at.clone();
        if let Binding::Rest { params, .. } = &mut form.binding {
            params.retain(|param| param.location != Location::JsonBody);
            let file = TypeRef::Scalar(Scalar::File);
            let (ty, location) = match upload.each {
                true => (TypeRef::List(Box::new(file)), Location::FormPartEach),
                false => (file, Location::FormPart),
            };
            let part = field(&upload.part, ty, at.clone());
            params.push(Param { field: Field { required: true, doc: upload.part_doc.clone(), ..part }, location });
        }
        form
    }

    fn insert(&self, api: &mut Api, operation: Operation, at: &Origin) -> Result<(), Error> {
        match api.operations.insert(operation.name.clone(), operation) {
            None => Ok(()),
            Some(other) => Err(Error::new(ErrorKind::Clash, at, format!("there are two operations `{}`", other.name))),
        }
    }

    fn apply_type(&self, api: &mut Api, entry: &TypeEntry) -> Result<(), Error> {
        let at = self.at(format!("type.{}", entry.name));
        let Some(TypeDef { kind: TypeKind::Struct { fields, .. }, doc, .. }) =
            api.types.get_mut(&type_name(&entry.name))
        else {
            return self.must_hit(false, &at);
        };
        doc.clone_from(&entry.doc);
        for name in &entry.inline {
            self.member(fields, name, &at)?.inline = true;
        }
        for (name, text) in &entry.docs {
            self.member(fields, name, &at)?.doc.clone_from(text);
        }
        Ok(())
    }

    fn apply_enum(&self, api: &mut Api, entry: &EnumEntry) -> Result<(), Error> {
        let at = self.at(format!("enum.{}", entry.name));
        match api.types.get_mut(&type_name(&entry.name)) {
            Some(def @ TypeDef { kind: TypeKind::Enum { .. }, .. }) => def.doc.clone_from(&entry.doc),
            _ => return self.must_hit(false, &at),
        }
        Ok(())
    }

    fn param<'p>(&self, params: &'p mut [Param], name: &str, at: &Origin) -> Result<&'p mut Field, Error> {
        let found = params.iter_mut().map(|param| &mut param.field).find(|field| field.wire == name);
        found.ok_or_else(|| Error::new(ErrorKind::Overlay, at, format!("the spec has no parameter `{name}`")))
    }

    fn member<'f>(&self, fields: &'f mut [Field], name: &str, at: &Origin) -> Result<&'f mut Field, Error> {
        let found = fields.iter_mut().find(|field| field.wire == name);
        found.ok_or_else(|| Error::new(ErrorKind::Overlay, at, format!("the spec has no field `{name}`")))
    }

    fn new_field(&self, item: &NewField, at: &Origin, names: &Names<'_>) -> Result<Field, Error> {
        let ty = parse_overlay_type(&item.ty, names, at)?;
        let place = Origin { file: at.file.clone(), place: format!("{}.{}", at.place, item.name) };
        Ok(Field {
            required: item.required,
            inline: item.inline,
            doc: item.doc.clone(),
            ..field(&item.name, ty, place)
        })
    }

    fn must_hit(&self, hit: bool, at: &Origin) -> Result<(), Error> {
        if hit { Ok(()) } else { Err(Error::new(ErrorKind::Overlay, at, "the entry hits nothing in the spec")) }
    }

    fn at(&self, place: String) -> Origin {
        origin(&self.file, place)
    }
}
