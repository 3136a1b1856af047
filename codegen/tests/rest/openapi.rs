//! What is read of an OpenAPI document, what is refused, and what REST operations cannot be made.

use polyptych_codegen::emit::{format, rest};
use polyptych_codegen::pass::prepare;
use polyptych_codegen::pass::prune::Roots;
use polyptych_codegen::source::openapi;
use serde_json::{Value, json};

fn document(operation: Value, schemas: Value) -> Vec<u8> {
    json!({"openapi": "3.1.0", "paths": {"/things/{id}": {"post": operation}}, "components": {"schemas": schemas}})
        .to_string()
        .into_bytes()
}

fn id() -> Value {
    json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}})
}

fn made(operation: Value, schemas: Value) -> Result<String, polyptych_codegen::Errors> {
    let api = openapi::parse("x", "x.json", &document(operation, schemas))?;
    let api = prepare(api, &[], Roots::default())?;
    Ok(format(rest::emit(&api, "X.")?, "x.json")?)
}

fn refused(operation: Value, schemas: Value) -> String {
    made(operation, schemas).unwrap_err().to_string()
}

#[test]
fn parameters_go_where_the_document_says() {
    let operation = json!({
        "operationId": "addThing",
        "summary": "Adds a thing.",
        "parameters": [
            id(),
            {"name": "tags", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "string"}}},
            {"name": "color", "in": "query", "schema": {"$ref": "#/components/schemas/Color"}}
        ],
        "requestBody": {"required": true, "content": {"application/json": {"schema": {
            "type": "object",
            "required": ["picture"],
            "properties": {"picture": {"type": "string", "format": "byte"}, "count": {"type": "integer"}}
        }}}},
        "responses": {"204": {"description": ""}}
    });
    let made = made(operation, json!({"Color": {"type": "string", "enum": ["RED", "dark blue"]}})).unwrap();
    for part in [
        "/// Adds a thing.\n///\n/// `POST /things/{id}`; answered without a body. Schema: `x.json`.",
        "pub enum Color {",
        "DarkBlue = \"dark blue\"",
        "query.push(\"tags\", &self.tags.join(\",\"));",
        "query.push(\"color\", value.as_str());",
        "WriteJson::write_json(\n            &self.picture,\n            object.key(\"picture\"),",
        "type Answer = ();",
    ] {
        assert!(made.contains(part), "{part}\nis not in\n{made}");
    }
}

#[test]
fn a_list_in_a_form_is_written_as_parts_of_one_name() {
    let operation = json!({
        "operationId": "addThings",
        "parameters": [id()],
        "requestBody": {"content": {"multipart/form-data": {"schema": {
            "type": "object",
            "required": ["pictures"],
            "properties": {
                "pictures": {"type": "array", "items": {"type": "string", "format": "binary"}},
                "tags": {"type": "array", "items": {"type": "string"}}
            }
        }}}},
        "responses": {"204": {"description": ""}}
    });
    let made = made(operation, json!({})).unwrap();
    for part in [
        "pub pictures: Vec<FilePart>,",
        "for value in &self.pictures {",
        "form.file(\"pictures\", &part.file_name, &part.media_type, &part.content)?;",
        "for value in &self.tags {",
        "form.text(\"tags\", value)?;",
    ] {
        assert!(made.contains(part), "{part}\nis not in\n{made}");
    }
}

#[test]
fn records_and_lists_are_answers_read_by_one_reader() {
    let answered = |schema: Value| {
        let content = json!({"application/json": {"schema": schema}});
        let operation = json!({"operationId": "o", "parameters": [id()],
            "responses": {"200": {"description": "", "content": content}}});
        made(operation, json!({"R": {"type": "object", "properties": {"a": {"type": "string"}}}})).unwrap()
    };
    let record = json!({"$ref": "#/components/schemas/R"});
    assert!(answered(record.clone()).contains("json::parse(body)"));
    assert!(answered(json!({"type": "array", "items": record})).contains("json::parse(body)"));
}

#[test]
fn parameters_that_are_all_optional_have_a_default() {
    let document = json!({"openapi": "3.0.3", "paths": {"/things": {"get": {"operationId": "list", "responses": {},
        "parameters": [{"name": "cursor", "in": "query", "schema": {"type": "string"}}]}}}});
    let api = openapi::parse("x", "x.json", document.to_string().as_bytes()).unwrap();
    let api = prepare(api, &[], Roots::default()).unwrap();
    let made = format(rest::emit(&api, "X.").unwrap(), "x.json").unwrap();
    assert!(made.contains("#[derive(Debug, Clone, Default)]\npub struct List {"), "{made}");
}

#[test]
fn what_is_not_read_is_refused_by_name_and_place() {
    let body = |media: &str, schema: Value| {
        json!({"operationId": "o", "parameters": [id()], "responses": {},
            "requestBody": {"content": {media: {"schema": schema}}}})
    };
    let plain = |param: Value| json!({"operationId": "o", "parameters": [id(), param], "responses": {}});
    let schema = |schema: Value| (plain(json!({"name": "q", "in": "query", "schema": schema})), json!({}));
    let styled = |place: &str, style: &str| {
        let param = json!({"name": "q", "in": place, "style": style, "schema": {"type": "array"}});
        (plain(param), json!({}))
    };
    let circle = json!({"T": {"allOf": [{"$ref": "#/components/schemas/U"}, {"type": "object"}]},
        "U": {"allOf": [{"$ref": "#/components/schemas/T"}, {"type": "object"}]}});
    let cases = [
        ((body("multipart/form-data", json!({"type": "string"})), json!({})), "a form that is not a record"),
        (schema(json!({"type": "text"})), "`text` is not a type"),
        (schema(json!({"type": 1})), "`type` is neither a text nor a list of texts"),
        (schema(json!({"$ref": "#/components/schemas/None"})), "`#/components/schemas/None` refers to nothing"),
        (schema(json!({"$ref": "x.json#/A"})), "`x.json#/A` is in another document; put both into one first"),
        (styled("query", "matrix"), "the style of `q` is not read"),
        (styled("header", "form"), "the style of `q` is not read"),
        ((plain(json!({"name": "q", "in": "body", "schema": {}})), json!({})), "the place of `q` is not read"),
        (
            (plain(json!({"name": "a b", "in": "header", "schema": {}})), json!({})),
            "`a b` cannot be the name of a header",
        ),
        ((plain(json!({"in": "query"})), json!({})), "the parameter has no name"),
        ((json!({"operationId": "o", "responses": {}}), json!({})), "`id` of the path is not a required parameter"),
        ((plain(json!({"name": "q", "in": "query", "schema": {}})), circle), "the schema is combined with itself"),
    ];
    for ((operation, schemas), expected) in cases {
        let error = refused(operation, schemas);
        assert!(error.starts_with("schemas/x.json:/") && error.contains(expected), "{error}\nis not\n{expected}");
    }
}

#[test]
fn what_has_no_type_is_told_where_all_is_demanded_and_noted_where_not() {
    let operation = json!({"operationId": "o", "parameters": [id()], "responses": {}});
    let document = document(operation, json!({"T": {"oneOf": [{"type": "string"}, {"type": "integer"}]}}));
    let note = "a choice of 2 schemas is any JSON (x.json:/components/schemas/T)";
    assert_eq!(openapi::read("x", "x.json", &document).unwrap().notes, [note]);
    assert_eq!(openapi::parse("x", "x.json", &document).unwrap_err().to_string(), format!("schemas/x.json: {note}"));
}

#[test]
fn two_operations_of_one_name_are_refused() {
    let operation = json!({"operationId": "addThing", "responses": {}});
    let paths = json!({"/a": {"post": operation}, "/b": {"post": operation}});
    let document = json!({"openapi": "3.1.0", "paths": paths}).to_string();
    let errors = openapi::parse("x", "x.json", document.as_bytes()).unwrap_err();
    assert_eq!(errors.to_string(), "schemas/x.json:/paths/~1b/post: there are two operations `addThing`");
}

#[test]
fn another_version_is_refused() {
    let error = openapi::parse("x", "x.json", br#"{"swagger":"2.0"}"#).unwrap_err();
    assert_eq!(error.to_string(), "schemas/x.json: `` is not OpenAPI 3");
}
