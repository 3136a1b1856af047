//! Which schemas make a crate, what stands for what they do not hold, and what is refused.

use super::*;

const NODE: &str = r#"{"apis": [
{"method": "POST", "endpoint": "videos", "return": "Video", "params": [
 {"name": "source", "required": false, "type": "file"},
 {"name": "mode", "required": true, "type": "pagevideos_mode_enum_param"},
 {"name": "tags", "required": false, "type": "list<Tag>"}]}],
"fields": [{"name": "id", "type": "string"}]}"#;

fn request(file: &str) -> Request<'_> {
    Request { package: "made", file, wire: "../wire" }
}

fn make(files: &[(&str, &str)]) -> Result<Made, Errors> {
    let inputs = files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    generate(&request(files[0].0), &inputs)
}

fn rust(made: &Made) -> &str {
    std::str::from_utf8(&made.files["src/generated.rs"]).unwrap()
}

#[test]
fn names_that_a_graph_spec_does_not_hold_are_replaced_and_listed() {
    let made = make(&[("Page.json", NODE)]).unwrap();
    assert_eq!((made.format, made.operations), ("Graph spec", 1));
    assert_eq!(
        made.notes,
        [
            "node `Tag` is any JSON (Page.json:/apis/0/params/2)",
            "node `Video` is any JSON (Page.json:/apis/0)",
            "enum `pagevideos_mode_enum_param` is text (Page.json:/apis/0/params/1)",
        ]
    );
    assert!(rust(&made).contains("pub mode: String"), "{}", rust(&made));
    assert!(rust(&made).contains("pub tags: Vec<::serde_json::Value>"));
}

#[test]
fn enums_beside_a_graph_node_are_used() {
    let enums = r#"[{"name": "pagevideos_mode_enum_param", "node": "Page", "values": ["FAST"]}]"#;
    for file in ["enum_types.json", "enum_types.Page.json"] {
        let made = make(&[("Page.json", NODE), (file, enums)]).unwrap();
        assert_eq!(made.notes.len(), 2, "{:?}", made.notes);
        assert!(rust(&made).contains("Fast = \"FAST\""));
    }
}

#[test]
fn what_is_no_schema_is_refused() {
    let cases = [
        ("", "neither XML nor JSON"),
        ("{}", "neither a service description, nor the spec of a Graph node, nor an OpenAPI 3 document"),
        ("<x/>", "neither a WSDL nor a schema"),
        ("<x", "not XML"),
    ];
    for (text, expected) in cases {
        let error = make(&[("x", text)]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_construct_that_is_not_read_is_told_with_its_place() {
    let text = "<w:definitions xmlns:w=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:x=\"http://www.w3.org/2001/XMLSchema\">\n\
                <w:types><x:schema targetNamespace=\"urn:s\">\n<x:group name=\"g\"/></x:schema></w:types></w:definitions>";
    let error = make(&[("s.wsdl", text)]).unwrap_err().to_string();
    assert_eq!(error, "schemas/s.wsdl:3: `group` is not supported here");
}

#[test]
fn a_name_that_is_no_package_is_refused() {
    let inputs = Inputs::from([("Page.json".to_owned(), NODE.as_bytes().to_vec())]);
    for package in ["", "A", "1a", "a b", "a-", "a\"b"] {
        let error = generate(&Request { package, ..request("Page.json") }, &inputs).unwrap_err().to_string();
        assert!(error.contains("not a name of a package"), "{error}");
    }
}

#[test]
fn imports_are_looked_for_by_path_and_then_by_name() {
    let text = br#"<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema">
<s:import namespace="a" schemaLocation="https://example.com/v5/general.xsd?x=1"/>
<s:import namespace="b" schemaLocation="../common/b.xsd"/><s:import namespace="c"/>
</s:schema>"#;
    let found = imports("s.xsd", text).unwrap();
    let candidates: Vec<_> = found.iter().map(|import| (import.origin.to_string(), import.candidates())).collect();
    let of = |place: &str, paths: &[&str]| (place.to_owned(), paths.iter().map(|path| (*path).to_owned()).collect());
    assert_eq!(candidates, [of("s.xsd:2", &["general.xsd"]), of("s.xsd:3", &["../common/b.xsd", "b.xsd"])]);
    assert_eq!(imports("x.json", b"{}"), Ok(Vec::new()));
}

#[test]
fn bytes_that_json_cannot_hold_are_text_and_noted() {
    let file = r#"{"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}}"#;
    let document = format!(
        r#"{{"openapi": "3.0.3", "paths": {{"/a": {{"post": {{"operationId": "send", "requestBody": {{"content":
        {{"application/json": {{"schema": {file}}}}}}}, "responses": {{}}}}}}}}}}"#
    );
    let made = make(&[("o.json", &document)]).unwrap();
    let place = "/paths/~1a/post/requestBody/content/application~1json/schema/properties/f";
    assert_eq!(made.notes, [format!("the bytes `f` are text here (o.json:{place})")]);
    assert!(rust(&made).contains("pub f: Option<String>"), "{}", rust(&made));
}

#[test]
fn yaml_and_the_version_before_are_refused_by_their_names() {
    for (file, text, expected) in [
        ("o.yaml", "paths: {}", "YAML is not read; convert the document to JSON"),
        ("o.json", "openapi: 3.0.3", "YAML is not read; convert the document to JSON"),
        ("o.json", r#"{"swagger": "2.0"}"#, "OpenAPI 2 (Swagger) is not read; convert it to OpenAPI 3"),
    ] {
        assert_eq!(make(&[(file, text)]).unwrap_err().to_string(), format!("schemas/{file}: {expected}"));
    }
}
