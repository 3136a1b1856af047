//! A crate from any schema of these providers: a Direct v5 service description, the whole of v4 Live, the spec of any
//! Graph node, an OpenAPI 3 document. What the schema names and does not hold becomes an open text or any JSON and is
//! listed; what the generator does not read is an error with its place. Bytes in, files out.

mod imports;

use serde_json::Value;

use crate::emit::shape::Model;
use crate::emit::{format, header, rest, soap};
use crate::ir::Api;
use crate::pass::prepare;
use crate::pass::prune::Roots;
use crate::source::graph::{self, Spec};
use crate::source::{openapi, wsdl};
use crate::{Error, ErrorKind, Errors, Inputs, Output};

pub use imports::{Import, imports};

/// What to make.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Name of the package: lower-case letters, digits and `-`.
    pub package: &'a str,
    /// The schema among the inputs.
    pub file: &'a str,
    /// Path of `polyptych-wire` as the new `Cargo.toml` is to name it.
    pub wire: &'a str,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// Files, relative to the folder of the crate.
    pub files: Output,
    /// The format of the schema: `WSDL`, `Graph spec`, `OpenAPI`.
    pub format: &'static str,
    /// How many types there are.
    pub types: usize,
    /// How many operations there are.
    pub operations: usize,
    /// What the schema names and does not hold, or says in a way that has no type, and what stands for it.
    pub notes: Vec<String>,
}

/// A schema that was read, of whatever format.
#[derive(Debug, Clone)]
pub struct Read {
    /// What it says.
    pub api: Api,
    /// Its format.
    pub format: &'static str,
    /// What it names and does not hold, or says in a way that has no type, and what stands for it.
    pub notes: Vec<String>,
}

/// Reads the schema `file` of `inputs`, which also hold what it imports: schemas, and beside a Graph node its
/// `enum_types.json` or `enum_types.{Node}.json`. The format is told by the content.
///
/// # Errors
/// If the format is none of these, or the schema uses what the generator does not read.
pub fn read(name: &str, file: &str, inputs: &Inputs) -> Result<Read, Errors> {
    let Some(content) = inputs.get(file) else {
        return Err(Error::in_file(ErrorKind::MissingInput, file, "there is no such schema").into());
    };
    let whole = |api, format| Ok(Read { api, format, notes: Vec::new() });
    if content.iter().find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii()) == Some(&b'<') {
        let files: Vec<_> = inputs
            .iter()
            .filter(|(path, _)| !path.ends_with(".json"))
            .map(|(path, content)| (path.as_str(), content.as_slice()))
            .collect();
        return whole(wsdl::parse(name, file, &files)?, "WSDL");
    }
    if is_yaml(file, content) {
        let detail = "YAML is not read; convert the document to JSON";
        return Err(Error::in_file(ErrorKind::Unsupported, file, detail).into());
    }
    let value: Value = serde_json::from_slice(content)
        .map_err(|error| Error::in_file(ErrorKind::Syntax, file, format!("neither XML nor JSON: {error}")))?;
    if value.get("openapi").is_some() {
        let openapi::Reading { api, notes } = openapi::read(name, file, content)?;
        return Ok(Read { api, format: "OpenAPI", notes });
    }
    if value.get("swagger").is_some() {
        let detail = "OpenAPI 2 (Swagger) is not read; convert it to OpenAPI 3";
        return Err(Error::in_file(ErrorKind::Unsupported, file, detail).into());
    }
    if value.get("apis").is_some() && value.get("fields").is_some() {
        return graph_node(name, file, content, inputs);
    }
    let detail = "neither a service description, nor the spec of a Graph node, nor an OpenAPI 3 document";
    Err(Error::in_file(ErrorKind::Unsupported, file, detail).into())
}

/// Whether the document is called YAML and is no JSON, or starts as OpenAPI in YAML does.
fn is_yaml(file: &str, content: &[u8]) -> bool {
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace());
    let named = file.ends_with(".yaml") || file.ends_with(".yml");
    let starts =
        [&b"openapi:"[..], b"swagger:", b"---"].iter().any(|start| content.trim_ascii_start().starts_with(start));
    starts || (named && first != Some(&b'{'))
}

fn graph_node(name: &str, file: &str, content: &[u8], inputs: &Inputs) -> Result<Read, Errors> {
    let (folder, base) = file.rsplit_once('/').map_or(("", file), |(folder, base)| (folder, base));
    let node = base.strip_suffix(".json").unwrap_or(base);
    let enums = [format!("enum_types.{node}.json"), "enum_types.json".to_owned()];
    let beside = |name: &String| if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
    let enums = enums.iter().map(beside).find_map(|path| inputs.get_key_value(&path));
    let enums = enums.map_or(("enum_types.json", b"[]".as_slice()), |(path, content)| (path.as_str(), content));
    let spec = Spec { nodes: vec![(node, (file, content))], enums, overlay: None };
    let api = graph::parse(name, &spec)?;
    Ok(Read { api, format: "Graph spec", notes: graph::missing_names(&spec)? })
}

/// Makes the crate.
///
/// # Errors
/// Those of [`read`], and what the passes and emitters refuse.
pub fn generate(request: &Request<'_>, inputs: &Inputs) -> Result<Made, Errors> {
    let Request { package, file, wire } = *request;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !package.starts_with(|c: char| c.is_ascii_lowercase()) || !package.chars().all(plain) || package.ends_with('-') {
        let detail = format!("`{package}` is not a name of a package: lower-case letters, digits and `-`");
        return Err(Error::in_file(ErrorKind::Unsupported, file, detail).into());
    }
    let read = read(package, file, inputs)?;
    let api = prepare(read.api, &[], Roots::default())?;
    let base = file.rsplit_once('/').map_or(file, |(_, base)| base);
    let about = format!("Types, codecs and operations of `{base}`.");
    let tokens = match read.format {
        "WSDL" => soap::emit(&Model::new(&api), &about)?,
        _ => rest::emit(&api, &about)?,
    };
    let body = format(tokens, file)?;
    let hash = header::sha256_hex(inputs.get(file).map(Vec::as_slice).unwrap_or_default());
    let generated =
        format!("// @generated by `cargo xtask codegen --schema` from {base} (sha256 {hash}); do not edit.\n\n{body}");
    let files = Output::from([
        ("Cargo.toml".to_owned(), manifest(package, base, wire).into_bytes()),
        ("src/lib.rs".to_owned(), library(base).into_bytes()),
        ("src/generated.rs".to_owned(), generated.into_bytes()),
    ]);
    Ok(Made { files, format: read.format, types: api.types.len(), operations: api.operations.len(), notes: read.notes })
}

fn library(base: &str) -> String {
    format!(
        "//! The API that `{base}` describes: its types, their codecs and its operations. Nothing here sends anything or \
         knows a token.\n\n#[rustfmt::skip]\nmod generated;\n\npub use generated::*;\n"
    )
}

/// The empty workspace keeps the crate apart from any workspace that its folder is in. Examples in the documentation of a
/// schema are in other languages and are not tests.
fn manifest(package: &str, base: &str, wire: &str) -> String {
    // What serde_json writes as a string is a basic string of TOML too.
    let quoted = |text: &str| Value::String(text.to_owned()).to_string();
    format!(
        "[package]\nname = {}\ndescription = {}\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
         [lib]\ndoctest = false\n\n[dependencies]\nhttp = \"1\"\npolyptych-wire = {{ path = {} }}\nserde = {{ version = \"1\", features = \
         [\"derive\"] }}\nserde_json = \"1\"\nschemars = {{ version = \"1\", default-features = false, features = \
         [\"derive\"], optional = true }}\n\n[features]\nschema = [\"dep:schemars\", \"polyptych-wire/schema\"]\n\n\
         [workspace]\n",
        quoted(package),
        quoted(&format!("Generated from {base}")),
        quoted(wire),
    )
}

#[cfg(test)]
mod tests;
