//! Graph API specs as the generator of Meta's SDKs reads them: `{Node}.json` (apis, params, fields) and
//! `enum_types.json`. What they leave out (generic parameters, envelopes, documentation) comes from an overlay in the
//! same terms. Names of nodes that are not among the inputs stand for any JSON.

mod overlay;
mod types;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::ir::{
    Api, Binding, Effect, EnumValue, Field, Location, Operation, Origin, Param, TypeDef, TypeKind, TypeName, TypeRef,
    Usage,
};
use crate::{Error, ErrorKind, Errors};

use types::{Names, parse_type, type_name};

/// A stored file: path relative to `schemas/`, and content.
pub type File<'a> = (&'a str, &'a [u8]);

/// The files of one spec.
#[derive(Debug, Clone)]
pub struct Spec<'a> {
    /// Node name and its `{Node}.json`.
    pub nodes: Vec<(&'a str, File<'a>)>,
    /// `enum_types.json`.
    pub enums: File<'a>,
    /// What the spec leaves out; see `overlay.toml` of a stored spec for its form.
    pub overlay: Option<File<'a>>,
}

#[derive(Deserialize)]
struct Node {
    apis: Vec<SpecApi>,
    fields: Vec<SpecField>,
}

#[derive(Deserialize)]
struct SpecApi {
    method: String,
    endpoint: Option<String>,
    name: Option<String>,
    #[serde(rename = "return")]
    returns: String,
    params: Vec<SpecField>,
}

#[derive(Deserialize)]
struct SpecField {
    name: String,
    #[serde(default)]
    required: bool,
    #[serde(rename = "type")]
    ty: String,
}

#[derive(Deserialize)]
struct SpecEnum {
    name: String,
    values: Vec<String>,
}

/// Parses a spec and lays the overlay over it.
///
/// # Errors
/// If a file is not of its format, a type cannot be read, or an entry of the overlay hits no node or two.
pub fn parse(api: &str, spec: &Spec<'_>) -> Result<Api, Errors> {
    let overlay = spec.overlay.map(overlay::Overlay::parse).transpose()?;
    let enums: Vec<SpecEnum> = from_json(spec.enums)?;
    let mut nodes = Vec::new();
    for (name, file) in &spec.nodes {
        nodes.push((*name, file.0, from_json::<Node>(*file)?));
    }
    let mut names: Names = enums.iter().map(|item| item.name.as_str()).collect();
    names.extend(nodes.iter().filter(|(_, _, node)| !node.fields.is_empty()).map(|(name, _, _)| *name));
    if let Some(overlay) = &overlay {
        names.extend(overlay.type_names());
    }

    let mut parsed = Api { name: api.to_owned(), types: BTreeMap::new(), operations: BTreeMap::new() };
    let mut errors = Errors::default();
    for (index, item) in enums.iter().enumerate() {
        let values = item.values.iter().map(|value| EnumValue {
            wire: value.clone(),
            rust_name: String::new(),
            doc: String::new(),
        });
        let origin = origin(spec.enums.0, format!("/{index}"));
        let kind = TypeKind::Enum { values: values.collect() };
        let def = TypeDef {
            kind,
            rust_name: String::new(),
            doc: String::new(),
            usage: Usage::default(),
            origin: origin.clone(),
        };
        if parsed.types.insert(type_name(&item.name), def).is_some() {
            errors.push(Error::new(ErrorKind::Clash, &origin, format!("there are two enums `{}`", item.name)));
        }
    }
    for (name, file, node) in &nodes {
        if let Err(more) = read_node(&mut parsed, name, file, node, &names) {
            errors.extend(more);
        }
    }
    errors.into_result(())?;
    if let Some(overlay) = &overlay {
        overlay.apply(&mut parsed, &names)?;
    }
    Ok(parsed)
}

/// Every name that a spec uses and does not hold, with what stands for it and the first place of its use.
///
/// # Errors
/// If a file is not of its format.
pub fn missing_names(spec: &Spec<'_>) -> Result<Vec<String>, Error> {
    let enums: Vec<SpecEnum> = from_json(spec.enums)?;
    let mut names: Names = enums.iter().map(|item| item.name.as_str()).collect();
    names.extend(spec.nodes.iter().map(|(name, _)| *name));
    let mut missing = BTreeMap::new();
    for (_, file) in &spec.nodes {
        let node: Node = from_json(*file)?;
        let mut note = |ty: &str, place: String| {
            for name in types::missing(ty, &names) {
                missing.entry(name.to_owned()).or_insert_with(|| format!("{}:{place}", file.0));
            }
        };
        for (index, api) in node.apis.iter().enumerate() {
            note(&api.returns, format!("/apis/{index}"));
            for (param, item) in api.params.iter().enumerate() {
                note(&item.ty, format!("/apis/{index}/params/{param}"));
            }
        }
        for (index, field) in node.fields.iter().enumerate() {
            note(&field.ty, format!("/fields/{index}"));
        }
    }
    let line = |(name, place): (String, String)| match types::is_enum(&name) {
        true => format!("enum `{name}` is text ({place})"),
        false => format!("node `{name}` is any JSON ({place})"),
    };
    Ok(missing.into_iter().map(line).collect())
}

/// The entries of an overlay: where each stands, and what it is about. Each hits the spec, or parsing fails.
///
/// # Errors
/// If it is not of its format.
pub fn overlay_entries(file: File<'_>) -> Result<Vec<(Origin, String)>, Error> {
    Ok(overlay::Overlay::parse(file)?.entries())
}

/// The name of a node as a type.
pub fn node_name(node: &str) -> TypeName {
    type_name(node)
}

fn read_node(api: &mut Api, name: &str, file: &str, node: &Node, names: &Names) -> Result<(), Errors> {
    let mut errors = Errors::default();
    if !node.fields.is_empty() {
        let mut fields = Vec::new();
        for (index, item) in node.fields.iter().enumerate() {
            match read_field(item, origin(file, format!("/fields/{index}")), names) {
                Ok(field) => fields.push(field),
                Err(error) => errors.push(error),
            }
        }
        let kind = TypeKind::Struct { base: None, fields };
        let def = TypeDef {
            kind,
            rust_name: String::new(),
            doc: String::new(),
            usage: Usage::default(),
            origin: origin(file, "/fields".to_owned()),
        };
        api.types.insert(type_name(name), def);
    }
    for (index, item) in node.apis.iter().enumerate() {
        match read_api(name, item, &origin(file, format!("/apis/{index}")), names) {
            Ok(operation) => {
                let (name, at) = (operation.name.clone(), operation.origin.clone());
                if api.operations.insert(name.clone(), operation).is_some() {
                    errors.push(Error::new(ErrorKind::Clash, &at, format!("there are two operations `{name}`")));
                }
            }
            Err(error) => errors.push(error),
        }
    }
    errors.into_result(())
}

/// The name of an operation until an overlay gives it a better one: `AdAccount.GET.adimages`, `AdImage.GET.#get`.
fn operation_name(node: &str, method: &str, endpoint: &str) -> String {
    format!("{node}.{method}.{endpoint}")
}

fn read_api(node: &str, item: &SpecApi, at: &Origin, names: &Names) -> Result<Operation, Error> {
    let Some(endpoint) = item.endpoint.as_deref().or(item.name.as_deref()) else {
        return Err(Error::new(ErrorKind::Syntax, at, "the api has neither an endpoint nor a name"));
    };
    let (effect, location) = match item.method.as_str() {
        "GET" => (Effect::Safe, Location::Query),
        "DELETE" => (Effect::Idempotent, Location::Query),
        "POST" => (Effect::Write, Location::JsonBody),
        other => return Err(Error::new(ErrorKind::Unsupported, at, format!("the method `{other}` is not read"))),
    };
    let id = format!("{}_id", snake(node));
    let tail = item.endpoint.as_ref().map(|endpoint| format!("/{endpoint}")).unwrap_or_default();
    let mut params = vec![
        path_param("version", "Version of the Graph API: `v26.0`.", at),
        path_param(&id, &format!("Id of the {node}."), at),
    ];
    for (index, param) in item.params.iter().enumerate() {
        let place = Origin { file: at.file.clone(), place: format!("{}/params/{index}", at.place) };
        params.push(Param { field: read_field(param, place, names)?, location });
    }
    // A file needs a form; the other parameters then go into the query, which the API reads as well.
    let is_file = |param: &Param| param.field.ty == TypeRef::Scalar(crate::ir::Scalar::File);
    if params.iter().any(is_file) {
        for param in params.iter_mut().filter(|param| param.location != Location::Path) {
            param.location = if is_file(param) { Location::FormPart } else { Location::Query };
        }
    }
    Ok(Operation {
        name: operation_name(node, &item.method, endpoint),
        rust_name: String::new(),
        binding: Binding::Rest {
            method: item.method.clone(),
            path: format!("/{{version}}/{{{id}}}{tail}"),
            params,
            media: String::new(),
            accept: "application/json".to_owned(),
            output: Some(parse_type(&item.returns, names, at)?),
            may_be_empty: false,
        },
        effect,
        doc: String::new(),
        origin: at.clone(),
    })
}

fn path_param(name: &str, doc: &str, at: &Origin) -> Param {
    let ty = TypeRef::Scalar(crate::ir::Scalar::String);
    Param {
        field: Field { required: true, doc: doc.to_owned(), ..field(name, ty, at.clone()) },
        location: Location::Path,
    }
}

fn read_field(item: &SpecField, at: Origin, names: &Names) -> Result<Field, Error> {
    let ty = parse_type(&item.ty, names, &at)?;
    Ok(Field { required: item.required, ..field(&item.name, ty, at) })
}

/// An optional member without documentation.
fn field(name: &str, ty: TypeRef, origin: Origin) -> Field {
    Field {
        wire: name.to_owned(),
        rust_name: String::new(),
        ty,
        required: false,
        repeated: false,
        nillable: false,
        inline: false,
        boxed: false,
        doc: String::new(),
        origin,
    }
}

fn origin(file: &str, place: String) -> Origin {
    Origin { file: file.to_owned(), place }
}

fn from_json<T: DeserializeOwned>((path, content): File<'_>) -> Result<T, Error> {
    serde_json::from_slice(content).map_err(|error| Error::in_file(ErrorKind::Syntax, path, error.to_string()))
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for (index, character) in name.char_indices() {
        if character.is_ascii_uppercase() && index > 0 {
            out.push('_');
        }
        out.push(character.to_ascii_lowercase());
    }
    out
}
