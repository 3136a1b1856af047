//! `cargo xtask codegen --explain` and `--dump`: what the generator sees, without writing anything.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use polyptych_codegen::target::{Service, services};
use polyptych_codegen::{Inputs, dump, explain};

use crate::tree::print;

/// Services of the targets; of all without any.
fn selected(targets: &[String]) -> Result<Vec<Service>> {
    let chosen = |service: &Service| targets.is_empty() || targets.iter().any(|name| name == service.name);
    let found: Vec<Service> = services().into_iter().filter(chosen).collect();
    if found.is_empty() {
        let known: Vec<&str> = services().iter().map(|service| service.name).collect();
        bail!("{} is not a service with types; there are {}", targets.join(", "), known.join(", "));
    }
    Ok(found)
}

/// Prints the story of each type and operation of that name.
pub(super) fn explain(root: &Path, inputs: &Inputs, targets: &[String], name: &str) -> Result<bool> {
    let mut found = false;
    for service in selected(targets)? {
        let file = fs::read_to_string(root.join(service.file)).ok();
        match explain::explain(&service, inputs, name, file.as_deref()) {
            Ok(Some(story)) => {
                found = true;
                print(&story)?;
            }
            Ok(None) => {}
            Err(errors) => {
                eprintln!("{errors}");
                return Ok(false);
            }
        }
    }
    if !found {
        eprintln!("no service has a type or an operation `{name}`; `--dump ir` lists all");
    }
    Ok(found)
}

/// Prints what is emitted from.
pub(super) fn dump(inputs: &Inputs, targets: &[String]) -> Result<bool> {
    for service in selected(targets)? {
        match service.stages(inputs) {
            Ok(stages) => print(&stages.last().map(|stage| dump::text(&stage.api) + "\n").unwrap_or_default())?,
            Err(errors) => {
                eprintln!("{errors}");
                return Ok(false);
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_without_types_is_named_with_those_that_have_some() {
        let error = selected(&["rules".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("rules is not a service with types; there are yandex-direct-v5,"), "{error}");
    }
}
