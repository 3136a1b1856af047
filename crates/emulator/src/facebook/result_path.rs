//! References of a batch's operations to answers of others: `{result=name:$.data.*.id}`. Of JSONPath it knows members,
//! indices and `*`.

use serde_json::Value;

const OPENING: &str = "{result=";
/// The most bytes that references may add to a text (assumption).
const MOST_ADDED: usize = 1 << 20;

/// The names of the operations that a text refers to, whether or not the text is percent-encoded.
pub(super) fn names(text: &str) -> Vec<String> {
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let mut names = Vec::new();
    let mut rest: &str = &decoded;
    while let Some((_, after)) = rest.split_once(OPENING) {
        if let Some((expression, _)) = after.split_once('}')
            && let Some((name, _)) = expression.split_once(':')
        {
            names.push(name.to_owned());
        }
        rest = after;
    }
    names
}

/// The text with each reference replaced by what `find` makes of its name and path.
///
/// # Errors
/// The first reference that has no closing brace, finds nothing or finds too much.
pub(super) fn fill(text: &str, find: impl Fn(&str, &str) -> Option<String>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = text;
    let mut room = MOST_ADDED;
    while let Some((before, after)) = rest.split_once(OPENING) {
        out.push_str(before);
        let (expression, after) = after.split_once('}').ok_or_else(|| after.to_owned())?;
        let found = expression.split_once(':').and_then(|(name, path)| find(name, path));
        let found = found.ok_or_else(|| expression.to_owned())?;
        room = room.checked_sub(found.len()).ok_or_else(|| expression.to_owned())?;
        out.push_str(&found);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The values at a path, joined by commas; `None` for a path that cannot be read or finds no text, number or flag.
pub(super) fn find(body: &Value, path: &str) -> Option<String> {
    let mut rest = path.strip_prefix('$')?;
    let mut found = vec![body];
    while !rest.is_empty() {
        let key;
        (key, rest) = if let Some(after) = rest.strip_prefix('[') {
            let (key, after) = after.split_once(']')?;
            (key.trim_matches(['\'', '"']), after)
        } else {
            let after = rest.strip_prefix('.')?;
            after.split_at(after.find(['.', '[']).unwrap_or(after.len()))
        };
        if key.is_empty() {
            return None;
        }
        found = found.into_iter().flat_map(|value| inside(value, key)).collect();
    }
    let texts: Vec<String> = found
        .into_iter()
        .filter_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

fn inside<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match (value, key) {
        (Value::Array(items), "*") => items.iter().collect(),
        (Value::Object(members), "*") => members.values().collect(),
        (Value::Array(items), key) => key.parse::<usize>().ok().and_then(|at| items.get(at)).into_iter().collect(),
        (Value::Object(members), key) => members.get(key).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_find_members_indices_and_all() {
        let body = json!({ "data": [{ "id": "a" }, { "id": 2 }], "images": { "x.png": { "hash": "h" } } });
        for (path, expected) in [
            ("$.data.*.id", Some("a,2")),
            ("$.data[*].id", Some("a,2")),
            ("$.data.1.id", Some("2")),
            ("$['data'][0]['id']", Some("a")),
            ("$.images.*.hash", Some("h")),
            ("$.images['x.png'].hash", Some("h")),
            ("$.nothing", None),
            ("$.data", None),
            ("data", None),
            ("$.", None),
            ("$[0", None),
        ] {
            assert_eq!(find(&body, path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn references_are_named_and_filled() {
        assert_eq!(names("ids=%7Bresult%3Da%3A%24.x%7D&b={result=c:$.y}"), ["a", "c"]);
        let find = |name: &str, path: &str| (name == "a").then(|| path.to_owned());
        assert_eq!(fill("<{result=a:$.x}>", find).as_deref(), Ok("<$.x>"));
        assert_eq!(fill("{result=b:$.x}", find), Err("b:$.x".to_owned()));
        assert_eq!(fill("{result=a:$.x", find), Err("a:$.x".to_owned()));
        let long = |_: &str, _: &str| Some("x".repeat(MOST_ADDED / 2 + 1));
        assert!(fill("{result=a:$.x}", long).is_ok() && fill("{result=a:$.x}{result=a:$.x}", long).is_err());
    }
}
