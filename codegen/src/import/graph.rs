//! The spec of a Graph node: the apis that are stored, and of the fields those that are stored; with it the stored enums
//! of the node, where the published ones are beside the spec.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::{Error, ErrorKind, Errors, Inputs, Output};

const ENUMS: &str = "facebook/enum_types.json";

/// `file` is `{Node}.json`; its node must be stored already, as the stored spec names what is kept.
pub(super) fn import(file: &str, published: &Inputs, stored: &Inputs) -> Result<Output, Errors> {
    let base = file.rsplit_once('/').map_or(file, |(_, base)| base);
    let path = format!("facebook/{base}");
    let ours = parse(&path, stored)?;
    let theirs = parse(file, published)?;
    let node = base.strip_suffix(".json").unwrap_or(base);
    let mut errors = Errors::default();
    let mut missing = |what: String| errors.push(Error::in_file(ErrorKind::Unresolved, file, what));
    let key = |api: &Value| ["method", "endpoint", "name"].map(|key| api.get(key).cloned().unwrap_or(Value::Null));
    let kept_apis: Vec<Value> = list(&ours, "apis")
        .iter()
        .filter_map(|known| {
            let found = list(&theirs, "apis").iter().find(|api| key(api) == key(known)).cloned();
            if found.is_none() {
                missing(format!("{node} has no api {:?} any more", key(known).map(|key| key.to_string())));
            }
            found
        })
        .collect();
    let kept_fields: Vec<Value> = list(&theirs, "fields")
        .iter()
        .filter(|field| list(&ours, "fields").iter().any(|known| known.get("name") == field.get("name")))
        .cloned()
        .collect();
    for known in list(&ours, "fields") {
        if !kept_fields.iter().any(|field| field.get("name") == known.get("name")) {
            missing(format!("{node} has no field {} any more", known.get("name").unwrap_or(&Value::Null)));
        }
    }
    errors.into_result(())?;
    let mut made = Output::from([(path, layout(&kept_apis, &kept_fields).into_bytes())]);
    made.extend(enums(file, node, published, stored)?);
    Ok(made)
}

/// The stored enums of the node, with the values of those beside the published spec; nothing if none are beside it or
/// none of the node are stored.
fn enums(file: &str, node: &str, published: &Inputs, stored: &Inputs) -> Result<Output, Errors> {
    let folder = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let beside = [format!("{folder}enum_types.{node}.json"), format!("{folder}enum_types.json")];
    let Some(theirs) = beside.iter().find(|path| published.contains_key(*path)) else { return Ok(Output::new()) };
    let (published, ours) = (parse(theirs, published)?, parse(ENUMS, stored)?);
    let published = published.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut errors = Errors::default();
    let mut kept = Vec::new();
    let mut hit = false;
    for known in ours.as_array().into_iter().flatten() {
        let name = known.get("name");
        if known.get("node").and_then(Value::as_str) != Some(node) {
            kept.push(known.clone());
            continue;
        }
        hit = true;
        match published.iter().find(|item| item.get("name") == name) {
            Some(found) => kept.push(found.clone()),
            None => {
                let detail = format!("there is no enum {} any more", name.unwrap_or(&Value::Null));
                errors.push(Error::in_file(ErrorKind::Unresolved, theirs, detail));
            }
        }
    }
    errors.into_result(())?;
    if !hit {
        return Ok(Output::new());
    }
    let items = lines(&kept, &["name", "node", "field_or_param", "values"], "  ");
    let text = if items.is_empty() { "[]\n".to_owned() } else { format!("[\n{items}\n]\n") };
    Ok(Output::from([(ENUMS.to_owned(), text.into_bytes())]))
}

fn parse(path: &str, inputs: &Inputs) -> Result<Value, Error> {
    let content = crate::target::input(inputs, path)?;
    serde_json::from_slice(content).map_err(|error| Error::in_file(ErrorKind::Syntax, path, error.to_string()))
}

fn list<'v>(node: &'v Value, key: &str) -> &'v [Value] {
    node.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// In our layout: a line for each parameter and field.
fn layout(apis: &[Value], fields: &[Value]) -> String {
    let mut out = "{\n  \"apis\": [".to_owned();
    for (index, api) in apis.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = write!(out, "{}\n    {{\n", if index == 0 { "" } else { "," });
        for key in ["method", "endpoint", "name", "return"] {
            if let Some(value) = api.get(key) {
                let _ = writeln!(out, "      \"{key}\": {value},");
            }
        }
        let params = lines(list(api, "params"), &["name", "required", "type"], "        ");
        let _ = write!(out, "      \"params\": {}\n    }}", close(&params, "      "));
    }
    let fields = lines(fields, &["name", "type"], "    ");
    let _ =
        write!(out, "{}],\n  \"fields\": {}\n}}\n", if apis.is_empty() { "" } else { "\n  " }, close(&fields, "  "));
    out
}

fn close(lines: &str, indent: &str) -> String {
    if lines.is_empty() { "[]".to_owned() } else { format!("[\n{lines}\n{indent}]") }
}

fn lines(items: &[Value], keys: &[&str], indent: &str) -> String {
    let line = |item: &Value| {
        let members: Vec<String> = keys
            .iter()
            .filter_map(|key| Some(format!("\"{key}\": {}", spaced(item.get(*key)?))))
            .chain(
                item.as_object()
                    .unwrap_or(&Map::new())
                    .iter()
                    .filter(|(key, _)| !keys.contains(&key.as_str()))
                    .map(|(key, value)| format!("{}: {value}", Value::String(key.clone()))),
            )
            .collect();
        format!("{indent}{{{}}}", members.join(", "))
    };
    items.iter().map(line).collect::<Vec<_>>().join(",\n")
}

/// A value in our layout: a space behind each comma of a list.
fn spaced(value: &Value) -> String {
    match value.as_array() {
        Some(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        None => value.to_string(),
    }
}
