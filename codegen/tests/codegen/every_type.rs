//! Tables of every generated type, for the round trips in the tests of the wire crates: what the schema says of each
//! member, so that neither the tables nor the tests ask the emitters.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use polyptych_codegen::emit::shape::ident;
use polyptych_codegen::ir::{Api, Field, TypeDef, TypeKind, TypeRef};
use polyptych_codegen::pass::names::snake_case;
use polyptych_codegen::target;

use crate::support::stored;

/// Target, file of the table below `crates/`, and module of the types.
const TABLES: &[(&str, &str, &str)] = &[
    ("yandex-direct-v5", "wire-yandex/tests/wire/every_type_v5.rs", "polyptych_wire_yandex::v5"),
    ("yandex-direct-live4", "wire-yandex/tests/wire/every_type_live4.rs", "polyptych_wire_yandex::live4"),
    ("facebook", "wire-facebook/tests/wire/every_type_facebook.rs", "polyptych_wire_facebook"),
    ("evotor", "wire-evotor/tests/wire/every_type_evotor.rs", "polyptych_wire_evotor"),
];

#[test]
fn the_tables_of_every_type_say_what_the_schemas_say() {
    let mut different = Vec::new();
    let inputs = stored();
    for service in target::services() {
        let (_, path, module) = TABLES.iter().find(|(target, ..)| *target == service.name).unwrap();
        let prepared = service.stages(&inputs).unwrap().pop().unwrap();
        let table = table(&prepared.api, module, "crate::round_trips");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(path);
        if env::var_os("POLYPTYCH_BLESS").is_some() {
            fs::write(&path, &table).unwrap();
        } else if fs::read_to_string(&path).ok().as_deref() != Some(table.as_str()) {
            different.push(path);
        }
    }
    assert!(different.is_empty(), "write them anew with POLYPTYCH_BLESS=1: {different:?}");
}

/// The table of the types of `module`, and their tests by the macros in `checks`.
pub(crate) fn table(api: &Api, module: &str, checks: &str) -> String {
    let imports = match api.types.values().any(|def| matches!(def.kind, TypeKind::Enum { .. })) {
        true => "{open_enum, record}",
        false => "record",
    };
    let mut table = format!(
        "//! What the schema of {} says of every type. Written by the tests of the generator with `POLYPTYCH_BLESS=1`; do\n\
         //! not edit.\n\nuse {module} as types;\n\nuse crate::every_type::{imports};\n\n",
        api.name
    );
    let (mut sent, mut answered, mut enums) = (Vec::new(), Vec::new(), Vec::new());
    for (name, def) in &api.types {
        let rust = &def.rust_name;
        let test = snake_case(&name.local);
        let alone = api.types.keys().filter(|other| snake_case(&other.local) == test).count() == 1;
        let test = format!("{}: {rust}", ident(&if alone { test } else { snake_case(rust) }));
        match &def.kind {
            TypeKind::Struct { fields, .. } => {
                writeln!(table, "record!(types::{rust} {{").unwrap();
                for field in fields {
                    let (member, wire) = (ident(&field.rust_name), &field.wire);
                    writeln!(table, "    {member}: {wire:?} {},", holder(api, def, field)).unwrap();
                }
                writeln!(table, "}});\n").unwrap();
            }
            TypeKind::Enum { values } => {
                let values: Vec<String> = values.iter().map(|value| format!("{:?}", value.wire)).collect();
                writeln!(table, "open_enum!(types::{rust} {{ {} }});\n", values.join(", ")).unwrap();
                enums.push(test);
                continue;
            }
            TypeKind::Alias(_) => continue,
        }
        if def.usage.request {
            sent.push(test.clone());
        }
        if def.usage.response {
            answered.push(test);
        }
    }
    for (direction, tests) in [("sent", sent), ("answered", answered), ("enums", enums)] {
        if !tests.is_empty() {
            writeln!(table, "{checks}::{direction}! {{\n    {},\n}}", tests.join(",\n    ")).unwrap();
        }
    }
    table
}

/// What the schema lets a member hold, in the words of the tables.
fn holder(api: &Api, def: &TypeDef, field: &Field) -> String {
    let mut ty = &field.ty;
    while let TypeRef::Named(name) = ty {
        match &api.types[name].kind {
            TypeKind::Alias(target) => ty = target,
            _ => break,
        }
    }
    let holder = match ty {
        _ if field.repeated => "Repeated",
        TypeRef::List(_) => "Wrapped",
        TypeRef::Map(_) => "Map",
        _ => return "One".to_owned(),
    };
    let kept = field.required && !field.nillable && def.usage.request;
    format!("{holder}{}", if kept { "Kept" } else { "" })
}
