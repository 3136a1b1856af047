//! What is generated from small schemas of one feature each, compared with files. Beside `NAME.xsd` (the schema of a
//! document/literal service), `NAME.wsdl`, `NAME.graph.json`, `NAME.openapi.json`, `NAME.errors.toml`,
//! `NAME.rules.toml` or `NAME.proto` stand `NAME.rs`, and `NAME.ir` with the prepared representation, or `NAME.err` with why it
//! is refused. `NAME.overlay.toml` is laid over it. `NAME.TYPE.sample.json` and `.xml` are for the tests of the runtime,
//! which compile what is expected here. `POLYPTYCH_BLESS=1` writes the expectations anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use polyptych_codegen::emit::shape::Model;
use polyptych_codegen::emit::{format, grpc, rest, soap, tables};
use polyptych_codegen::ir::Api;
use polyptych_codegen::pass::overlay::{self, Overlay};
use polyptych_codegen::pass::prepare;
use polyptych_codegen::pass::prune::Roots;
use polyptych_codegen::source::graph::{self, Spec};
use polyptych_codegen::source::tables::{parse_errors, parse_rules};
use polyptych_codegen::source::{openapi, proto};
use polyptych_codegen::{Errors, Inputs};
use serde_json::Value;

use crate::every_type;
use crate::support::{parse, service};

/// What a schema makes: the representation, where there is one, and Rust.
struct Made {
    api: Option<Api>,
    notes: Vec<String>,
    rust: String,
}

type Make = fn(&str, &[Overlay]) -> Result<Made, Errors>;

/// Endings of schemas, how each is made into Rust, and where its types travel.
const KINDS: &[(&str, Make, Option<Encoding>)] = &[
    (".xsd", |text, overlays| of_soap(&service(text), overlays), Some(Encoding::Both)),
    (".wsdl", of_soap, Some(Encoding::Both)),
    (".graph.json", |text, overlays| of_rest(of_graph(text)?, overlays), Some(Encoding::Json)),
    (".openapi.json", of_openapi, Some(Encoding::Json)),
    (".errors.toml", of_errors, None),
    (".rules.toml", of_rules, None),
    (".proto", of_proto, None),
];

#[derive(Clone, Copy, PartialEq)]
enum Encoding {
    Json,
    Both,
}

fn of_soap(wsdl: &str, overlays: &[Overlay]) -> Result<Made, Errors> {
    let api = prepare(parse(wsdl)?, overlays, Roots::default())?;
    let rust = format(soap::emit(&Model::new(&api), "A service.")?, "s.wsdl")?;
    Ok(Made { api: Some(api), notes: Vec::new(), rust })
}

fn of_graph(text: &str) -> Result<Api, Errors> {
    let parts: Value = serde_json::from_str(text).unwrap();
    let nodes: Vec<(&str, String)> =
        parts["nodes"].as_object().unwrap().iter().map(|(name, node)| (name.as_str(), node.to_string())).collect();
    let enums = parts["enums"].to_string();
    let nodes = nodes.iter().map(|(name, node)| (*name, ("s.json", node.as_bytes()))).collect();
    graph::parse("s", &Spec { nodes, enums: ("enums.json", enums.as_bytes()), overlay: None })
}

fn of_openapi(text: &str, overlays: &[Overlay]) -> Result<Made, Errors> {
    let openapi::Reading { api, notes } = openapi::read("s", "s.json", text.as_bytes())?;
    Ok(Made { notes, ..of_rest(api, overlays)? })
}

fn of_rest(api: Api, overlays: &[Overlay]) -> Result<Made, Errors> {
    let api = prepare(api, overlays, Roots::default())?;
    let rust = format(rest::emit(&api, "A service.")?, "s.json")?;
    Ok(Made { api: Some(api), notes: Vec::new(), rust })
}

fn of_errors(text: &str, _: &[Overlay]) -> Result<Made, Errors> {
    let rows = parse_errors("errors.toml", text.as_bytes())?;
    Ok(Made { api: None, notes: Vec::new(), rust: format(tables::errors(&rows, "Errors."), "errors.toml")? })
}

fn of_rules(text: &str, _: &[Overlay]) -> Result<Made, Errors> {
    let rules = parse_rules("rules.toml", text.as_bytes())?;
    Ok(Made { api: None, notes: Vec::new(), rust: format(tables::rules(&[("RULES", "Rules.", rules)]), "rules.toml")? })
}

fn of_proto(text: &str, _: &[Overlay]) -> Result<Made, Errors> {
    let inputs = Inputs::from([("s.proto".to_owned(), text.as_bytes().to_vec())]);
    let packages = grpc::packages(proto::compile(&inputs, &["s.proto"])?.files)?;
    Ok(Made { api: None, notes: Vec::new(), rust: packages.into_values().collect() })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/codegen/fixtures")
}

/// The files of the folder and their content, by name.
fn files() -> BTreeMap<String, String> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// Every file that is expected in the folder beside the inputs.
fn expected(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut expected = BTreeMap::new();
    let mut modules = String::from(
        "//! The Rust that the fixtures make, and what their schemas say of it. Written by the tests of the generator with\n\
         //! `POLYPTYCH_BLESS=1`; do not edit.\n\n",
    );
    let mut samples = String::new();
    for (file, text) in files.iter().filter(|(file, _)| !file.contains(".overlay.") && !file.contains(".sample.")) {
        let Some((ending, make, encoding)) = KINDS.iter().find(|(ending, ..)| file.ends_with(ending)) else { continue };
        let name = file.strip_suffix(ending).unwrap();
        let overlays =
            files.get(&format!("{name}.overlay.toml")).map(|text| overlay::parse("overlay.toml", text.as_bytes()));
        let overlays = overlays.transpose().unwrap().unwrap_or_default();
        let made = match make(text, &overlays) {
            Ok(made) => made,
            Err(errors) => {
                expected.insert(format!("{name}.err"), format!("{errors}\n"));
                continue;
            }
        };
        expected.insert(format!("{name}.rs"), made.rust);
        let Some(api) = made.api else {
            if *ending == ".errors.toml" {
                modules += &format!("pub mod {name};\n");
            }
            continue;
        };
        expected.insert(format!("{name}.ir"), format!("{api:#?}\n{}", made.notes.join("\n")));
        modules += &format!("pub mod {name};\n");
        let checks = if *encoding == Some(Encoding::Both) { "crate::round_trips" } else { "crate::round_trips_json" };
        if !api.types.is_empty() {
            let table = every_type::table(&api, &format!("crate::fixtures::{name}"), checks);
            expected.insert(format!("{name}_table.rs"), table);
            modules += &format!("mod {name}_table;\n");
        }
        let prefix = format!("{name}.");
        for sample in files.keys().filter(|file| file.starts_with(&prefix) && file.ends_with(".sample.json")) {
            let ty = sample.strip_prefix(&prefix).unwrap().strip_suffix(".sample.json").unwrap();
            let xml = format!("{name}.{ty}.sample.xml");
            let xml = if files.contains_key(&xml) { format!(", include_str!({xml:?})") } else { String::new() };
            samples += &format!("crate::sample!({name}: {name}::{ty}, include_str!({sample:?}){xml});\n");
        }
    }
    expected.insert("all.rs".to_owned(), format!("{modules}\n{samples}"));
    expected
}

#[test]
fn each_schema_makes_the_files_beside_it() {
    let files = files();
    let expected = expected(&files);
    if env::var_os("POLYPTYCH_BLESS").is_some() {
        for (file, text) in &expected {
            fs::write(folder().join(file), text).unwrap();
        }
    }
    let written = [".rs", ".ir", ".err"];
    let written = |file: &&String| written.iter().any(|ending| file.ends_with(ending));
    let orphans: Vec<_> = files.keys().filter(written).filter(|file| !expected.contains_key(*file)).collect();
    assert!(orphans.is_empty(), "no schema makes these: {orphans:?}");
    if env::var_os("POLYPTYCH_BLESS").is_none() {
        let different: Vec<_> =
            expected.iter().filter(|(file, text)| files.get(*file) != Some(*text)).map(|(file, _)| file).collect();
        assert!(different.is_empty(), "these are not what is made now; look with POLYPTYCH_BLESS=1: {different:?}");
    }
    let schemas = files
        .keys()
        .filter(|file| !file.contains(".overlay.") && KINDS.iter().any(|(ending, ..)| file.ends_with(ending)));
    assert!(schemas.count() >= 40, "the fixtures are found");
}
