//! A reading as stable text: a line for each type, member, value, operation and parameter, with its place. Two readings
//! that say the same make the same text.

use std::fmt::Write as _;

use crate::ir::{Api, Binding, Field, Operation, TypeDef, TypeKind, TypeName};
use crate::structure::{address, effect_text, fault_text, field_text, location_text, output_text, type_text};

/// The whole reading; documentation is left out.
pub fn text(api: &Api) -> String {
    let mut out = format!("api {}\n", api.name);
    for (name, def) in &api.types {
        out += "\n";
        lines(&mut out, &type_lines(name, def));
    }
    for operation in api.operations.values() {
        out += "\n";
        lines(&mut out, &operation_lines(operation));
    }
    out
}

fn lines(out: &mut String, lines: &[String]) {
    for line in lines {
        // Writing to a string does not fail.
        let _ = writeln!(out, "{line}");
    }
}

/// A type: its own line, then a line for each member or value.
pub fn type_lines(name: &TypeName, def: &TypeDef) -> Vec<String> {
    let usage = match (def.usage.request, def.usage.response) {
        (true, true) => ", in requests and answers",
        (true, false) => ", in requests",
        (false, true) => ", in answers",
        (false, false) => "",
    };
    let head = |kind: &str, more: &str| format!("{kind} {name}{more}{}{usage} @ {}", rust(&def.rust_name), def.origin);
    match &def.kind {
        TypeKind::Struct { base, fields } => {
            let base = base.as_ref().map_or(String::new(), |base| format!(" extends {base}"));
            let fields = fields.iter().map(|field| format!("  {}", member(field)));
            [head("record", &base)].into_iter().chain(fields).collect()
        }
        TypeKind::Enum { values } => {
            let values = values.iter().map(|value| format!("  {:?}{}", value.wire, rust(&value.rust_name)));
            [head("enum", "")].into_iter().chain(values).collect()
        }
        TypeKind::Alias(target) => vec![head("alias", &format!(" = {}", type_text(target)))],
    }
}

/// An operation: how it is addressed, what it takes and answers, and a line for each parameter.
pub fn operation_lines(operation: &Operation) -> Vec<String> {
    let Operation { name, rust_name, binding, effect, origin, .. } = operation;
    let mut out = vec![
        format!("operation {name}{}, {} @ {origin}", rust(rust_name), effect_text(*effect)),
        format!("  {}", address(operation)),
    ];
    match binding {
        Binding::Soap { input, .. } => {
            out.push(format!("  takes {}", input.as_ref().map_or("nothing".to_owned(), type_text)));
        }
        Binding::Rest { params, .. } => {
            let params =
                params.iter().map(|param| format!("  {}, in {}", member(&param.field), location_text(param.location)));
            out.extend(params);
        }
    }
    out.push(format!("  answers {}", output_text(operation)));
    let faults = operation.faults().iter();
    out.extend(faults.map(|fault| format!("  fails with {}: {} @ {}", fault.name, fault_text(fault), fault.origin)));
    out
}

fn member(field: &Field) -> String {
    let mut text = format!("{}: {}", field.wire, field_text(field));
    for (holds, word) in [(field.inline, ", inline"), (field.boxed, ", boxed")] {
        if holds {
            text += word;
        }
    }
    format!("{text}{} @ {}", rust(&field.rust_name), field.origin)
}

fn rust(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" -> {name}") }
}

#[cfg(test)]
mod tests {
    use super::text;
    use crate::source::openapi;

    #[test]
    fn a_reading_is_told_line_by_line_with_its_places() {
        let document = r##"{"openapi": "3.0.3", "paths": {"/a/{id}": {"put": {"operationId": "write",
            "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["n"],
                "properties": {"n": {"type": "integer"}}}}}},
            "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}}}}}},
            "components": {"schemas": {"T": {"type": "object", "properties": {"e": {"$ref": "#/components/schemas/E"}}},
            "E": {"type": "string", "enum": ["ON"]}}}}"##;
        let api = openapi::parse("o", "o.json", document.as_bytes()).unwrap();
        let expected = "api o\n\nenum {openapi}E @ o.json:/components/schemas/E\n  \"ON\"\n\nrecord {openapi}T @ \
                        o.json:/components/schemas/T\n  e: {openapi}E @ \
                        o.json:/components/schemas/T/properties/e\n\noperation write, idempotent @ \
                        o.json:/paths/~1a~1{id}/put\n  PUT /a/{id} accept `application/json`\n  id: string, required @ \
                        o.json:/paths/~1a~1{id}/put/parameters/0, in path\n  n: int64, required @ \
                        o.json:/paths/~1a~1{id}/put/requestBody/content/application~1json/schema/properties/n, in \
                        json body\n  answers {openapi}T\n";
        assert_eq!(text(&api), expected);
    }
}
