//! Stored schemas, the reference folder and the way from a schema to Rust.

use std::path::{Path, PathBuf};
use std::{env, fs};

use polyptych_codegen::emit::{format, shape::Model, soap};
use polyptych_codegen::ir::Api;
use polyptych_codegen::pass::overlay::Overlay;
use polyptych_codegen::pass::prepare;
use polyptych_codegen::pass::prune::Roots;
use polyptych_codegen::source::wsdl;
use polyptych_codegen::{Errors, Inputs};

/// The folder `schemas/` as inputs.
pub(crate) fn stored() -> Inputs {
    tree(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas"))
}

/// Every file of a folder by its path in it.
pub(crate) fn tree(base: &Path) -> Inputs {
    let mut inputs = Inputs::new();
    let mut open = vec![base.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().replace('\\', "/");
                inputs.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    inputs
}

/// Whether what is missing is a failure: `POLYPTYCH_REQUIRE` names it.
pub(crate) fn required(what: &str) -> bool {
    env::var("POLYPTYCH_REQUIRE").unwrap_or_default().split(',').any(|name| name.trim() == what)
}

/// The folder of the reference data; `None` if it is not here and may be missing.
pub(crate) fn reference() -> Option<PathBuf> {
    let folder = env::var_os("POLYPTYCH_REFERENCE_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    if folder.is_none() {
        assert!(!required("reference"), "the reference folder is required");
        println!("skipped: POLYPTYCH_REFERENCE_DIR names no folder");
    }
    folder
}

/// A document/literal service `S` with the operation `do`, whose elements `Request` and `Response` `schema` declares.
pub(crate) fn service(schema: &str) -> String {
    let schema = schema.trim();
    format!(
        r#"<w:definitions name="S" targetNamespace="urn:s" xmlns:t="urn:s" xmlns:w="http://schemas.xmlsoap.org/wsdl/"
 xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="http://www.w3.org/2001/XMLSchema">
<w:types><x:schema targetNamespace="urn:s">
{schema}
</x:schema></w:types>
<w:message name="in"><w:part name="parameters" element="t:Request"/></w:message>
<w:message name="out"><w:part name="parameters" element="t:Response"/></w:message>
<w:portType name="p"><w:operation name="do"><w:input message="t:in"/><w:output message="t:out"/></w:operation></w:portType>
<w:binding name="b" type="t:p"><s:binding style="document"/>
<w:operation name="do"><s:operation soapAction="urn:s/do"/>
<w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
</w:definitions>"#
    )
}

/// Parses one service description.
pub(crate) fn parse(wsdl: &str) -> Result<Api, Errors> {
    Ok(wsdl::parse("s", "s.wsdl", &[("s.wsdl", wsdl.as_bytes())])?)
}

/// Parses, prepares and emits one service description.
pub(crate) fn generate(wsdl: &str, overlays: &[Overlay]) -> Result<String, Errors> {
    let api = prepare(parse(wsdl)?, overlays, Roots::default())?;
    Ok(format(soap::emit(&Model::new(&api), "A service.")?, "s.wsdl")?)
}
