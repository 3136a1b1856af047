//! Structured parameters as text, in the styles that OpenAPI 3 names ("Style Values"). Names and values are
//! percent-encoded as everywhere; a value that is absent writes nothing.

use serde::Serialize;
use serde_json::Value;

use super::Query;

/// How a parameter that may be a list or a record stands in a query or a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As JSON text.
    Json,
    /// `form` without `explode`: items, or names and values of members, separated by commas.
    Commas,
    /// `form` with `explode`: a parameter for each item, or for each member under its own name.
    Each,
    /// `spaceDelimited`: items separated by spaces.
    Spaces,
    /// `pipeDelimited`: items separated by `|`.
    Pipes,
    /// `deepObject`: `name[member]=value`, deeper members and the places of items in further brackets.
    Deep,
}

impl Query {
    /// Adds the parameter in its style.
    ///
    /// # Panics
    /// If `Serialize` of the value fails, which the generated types (string keys only) never do.
    pub fn push_styled(&mut self, name: &str, value: &(impl Serialize + ?Sized), style: Style) {
        let value = to_value(value);
        match (style, &value) {
            (_, Value::Null) => {}
            (Style::Json, _) => self.push(name, &value.to_string()),
            (Style::Each, Value::Array(items)) => items.iter().for_each(|item| self.push(name, &plain(item))),
            (Style::Each, Value::Object(members)) => {
                members.iter().filter(|(_, value)| !value.is_null()).for_each(|(key, value)| {
                    self.push(key, &plain(value));
                });
            }
            (Style::Deep, _) => self.push_deep(name, &value),
            (Style::Spaces, _) => self.push(name, &joined(&value, " ")),
            (Style::Pipes, _) => self.push(name, &joined(&value, "|")),
            (Style::Commas | Style::Each, _) => self.push(name, &joined(&value, ",")),
        }
    }

    fn push_deep(&mut self, name: &str, value: &Value) {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| self.push_deep(&format!("{name}[{key}]"), value));
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.push_deep(&format!("{name}[{index}]"), item));
            }
            scalar => self.push(name, &plain(scalar)),
        }
    }
}

/// A value in the style `simple`, of paths and headers: items, or names and values of members, separated by commas.
/// Not encoded yet.
///
/// # Panics
/// If `Serialize` of the value fails, which the generated types (string keys only) never do.
pub fn simple(value: &(impl Serialize + ?Sized)) -> String {
    joined(&to_value(value), ",")
}

#[expect(clippy::expect_used, reason = "generated types have string keys and no failing fields")]
fn to_value(value: &(impl Serialize + ?Sized)) -> Value {
    serde_json::to_value(value).expect("generated types serialise to JSON")
}

fn joined(value: &Value, separator: &str) -> String {
    match value {
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(separator),
        Value::Object(members) => {
            let present = members.iter().filter(|(_, value)| !value.is_null());
            present.flat_map(|(key, value)| [key.clone(), plain(value)]).collect::<Vec<_>>().join(separator)
        }
        scalar => plain(scalar),
    }
}

/// A text as it is, nothing for `null`, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(value: Value, style: Style) -> String {
        let mut query = Query::new();
        query.push_styled("c", &value, style);
        query.finish()
    }

    /// The values of the table "Style Examples" of OpenAPI 3.1; delimiters are encoded here as every reserved
    /// character is.
    #[test]
    fn each_style_writes_what_openapi_shows_for_it() {
        let (list, record) = (json!(["blue", "black"]), json!({"G": 200, "R": 100}));
        let cases = [
            (&list, Style::Each, "?c=blue&c=black"),
            (&record, Style::Each, "?G=200&R=100"),
            (&list, Style::Commas, "?c=blue%2Cblack"),
            (&record, Style::Commas, "?c=G%2C200%2CR%2C100"),
            (&list, Style::Spaces, "?c=blue%20black"),
            (&list, Style::Pipes, "?c=blue%7Cblack"),
            (&record, Style::Deep, "?c%5BG%5D=200&c%5BR%5D=100"),
            (&record, Style::Json, "?c=%7B%22G%22%3A200%2C%22R%22%3A100%7D"),
        ];
        for (value, style, expected) in cases {
            assert_eq!(query(value.clone(), style), expected, "{style:?}");
        }
    }

    #[test]
    fn scalars_are_the_same_in_every_style_but_json() {
        for style in [Style::Each, Style::Commas, Style::Spaces, Style::Pipes, Style::Deep] {
            assert_eq!(query(json!("a b"), style), "?c=a%20b");
            assert_eq!(query(json!(1.5), style), "?c=1.5");
            assert_eq!(query(Value::Null, style), "");
        }
        assert_eq!(query(json!("a"), Style::Json), "?c=%22a%22");
    }

    #[test]
    fn what_is_absent_in_a_record_is_not_written() {
        let record = json!({"a": null, "b": {"x": [true, null], "y": 2}});
        assert_eq!(query(record.clone(), Style::Deep), "?c%5Bb%5D%5Bx%5D%5B0%5D=true&c%5Bb%5D%5By%5D=2");
        assert_eq!(simple(&json!({"a": null, "b": 1})), "b,1");
        assert_eq!(simple(&json!(["x", 2])), "x,2");
    }
}
