//! How a type came about: where the schema declares it, what each pass made of it, where it is used and the Rust that
//! it becomes.

use std::fmt::Write as _;

use crate::dump::{operation_lines, type_lines};
use crate::ir::{Api, TypeDef, TypeName};
use crate::target::Service;
use crate::{Errors, Inputs};

/// The story of every type of `service` whose local name or Rust name is `name`, and of every operation of that name;
/// `None` if there is none. `file` is the generated file's text.
///
/// # Errors
/// If the stored schema cannot be read or prepared.
pub fn explain(service: &Service, inputs: &Inputs, name: &str, file: Option<&str>) -> Result<Option<String>, Errors> {
    let stages = service.stages(inputs)?;
    let mut types: Vec<&TypeName> = Vec::new();
    for stage in &stages {
        let named = stage.api.types.iter().filter(|(known, def)| known.local == name || def.rust_name == name);
        for (known, _) in named {
            if !types.contains(&known) {
                types.push(known);
            }
        }
    }
    let mut out = String::new();
    for known in types {
        let lines: Vec<_> = stages
            .iter()
            .map(|stage| (stage.pass, stage.api.types.get(known).map(|def| type_lines(known, def))))
            .collect();
        story(&mut out, &format!("type {known} of {}", service.name), &lines);
        if let Some(def) = stages.last().and_then(|stage| stage.api.types.get(known)) {
            overlays(&mut out, service, inputs, &known.local)?;
            uses(&mut out, &stages.last().map(|stage| &stage.api).cloned().unwrap_or_default(), known);
            rust(&mut out, def, file);
        } else {
            out += "it is not generated: no root reaches it save by a fault, another type says the same, or it stands for a scalar\n";
        }
        out += "\n";
    }
    let operations: Vec<&str> = stages
        .last()
        .into_iter()
        .flat_map(|stage| stage.api.operations.values())
        .filter(|operation| operation.name == name || operation.rust_name == name)
        .map(|operation| operation.name.as_str())
        .collect();
    for operation in operations {
        let lines: Vec<_> =
            stages.iter().map(|stage| (stage.pass, stage.api.operations.get(operation).map(operation_lines))).collect();
        story(&mut out, &format!("operation {operation} of {}", service.name), &lines);
        overlays(&mut out, service, inputs, operation)?;
        out += "\n";
    }
    Ok((!out.is_empty()).then_some(out))
}

/// What the parser read, and for each pass that changed it the lines that went and came.
fn story(out: &mut String, title: &str, stages: &[(&str, Option<Vec<String>>)]) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{title}");
    let mut before: Option<&Vec<String>> = None;
    for (pass, now) in stages {
        let now = now.as_ref();
        match (before, now) {
            (None, Some(lines)) => {
                let _ = writeln!(out, "{pass}:");
                lines.iter().for_each(|line| out.push_str(&format!("    {line}\n")));
            }
            (Some(old), Some(new)) if old != new => {
                let _ = writeln!(out, "{pass} changes:");
                for line in old.iter().filter(|line| !new.contains(line)) {
                    let _ = writeln!(out, "  - {line}");
                }
                for line in new.iter().filter(|line| !old.contains(line)) {
                    let _ = writeln!(out, "  + {line}");
                }
            }
            (Some(_), None) => {
                let _ = writeln!(out, "{pass} takes it away");
            }
            _ => {}
        }
        before = now;
    }
}

fn overlays(out: &mut String, service: &Service, inputs: &Inputs, owner: &str) -> Result<(), Errors> {
    for overlay in (service.overlays)(inputs)?.iter().filter(|overlay| overlay.target().0 == owner) {
        let member = overlay.target().1.map_or(String::new(), |member| format!(" on {member}"));
        let _ = writeln!(out, "overlay {}{member}: {}", overlay.origin, overlay.reason());
    }
    Ok(())
}

fn uses(out: &mut String, api: &Api, name: &TypeName) {
    let types = api.types.iter().filter(|(_, def)| def.references().contains(&name));
    let types = types.map(|(user, def)| format!("type {user} @ {}", def.origin));
    let operations = api.operations.values().flat_map(|operation| {
        let takes = operation.inputs().into_iter().any(|ty| ty.name() == Some(name));
        let answers = operation.output().and_then(|ty| ty.name()) == Some(name);
        let line = |how: &str| format!("operation {} {how} it @ {}", operation.name, operation.origin);
        [takes.then(|| line("takes")), answers.then(|| line("answers"))].into_iter().flatten()
    });
    let users: Vec<String> = types.chain(operations).collect();
    let _ = writeln!(out, "used by:{}", if users.is_empty() { " nothing; it is a root" } else { "" });
    for user in users {
        let _ = writeln!(out, "    {user}");
    }
}

/// The declaration in the generated file: from its documentation to its end.
fn rust(out: &mut String, def: &TypeDef, file: Option<&str>) {
    let Some(file) = file else { return };
    let names = ["struct", "enum"].map(|kind| format!("pub {kind} {} {{", def.rust_name));
    let items = file
        .split("\n\n")
        .filter(|item| item.lines().any(|line| names.iter().any(|name| line.trim_start().starts_with(name.as_str()))));
    for item in items {
        let _ = writeln!(out, "in Rust:");
        for line in item.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ir::{Origin, TypeKind, TypeRef, Usage};

    use super::*;

    #[test]
    fn the_story_tells_what_went_and_what_came() {
        let stages = [
            ("source", Some(vec!["a".to_owned(), "b".to_owned()])),
            ("resolve", Some(vec!["a".to_owned(), "b".to_owned()])),
            ("overlay", Some(vec!["a".to_owned(), "c".to_owned()])),
            ("prune", None),
        ];
        let mut out = String::new();
        story(&mut out, "type T", &stages);
        assert_eq!(out, "type T\nsource:\n    a\n    b\noverlay changes:\n  - b\n  + c\nprune takes it away\n");
    }

    #[test]
    fn the_rust_is_cut_out_of_the_generated_file() {
        let def = TypeDef {
            kind: TypeKind::Alias(TypeRef::Scalar(crate::ir::Scalar::Json)),
            rust_name: "Image".to_owned(),
            doc: String::new(),
            usage: Usage::default(),
            origin: Origin::default(),
        };
        let file =
            "/// Other.\npub struct ImageList {}\n\n/// It.\npub struct Image {\n    a: u8,\n}\n\nimpl Image {}\n";
        let mut out = String::new();
        rust(&mut out, &def, Some(file));
        assert_eq!(out, "in Rust:\n    /// It.\n    pub struct Image {\n        a: u8,\n    }\n");
    }
}
