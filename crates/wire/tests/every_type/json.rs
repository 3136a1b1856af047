//! A writer of JSON beside the one under test.

use serde_json::{Map, Value, json};

use super::Shown;

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the schema says: what is absent is not there.
    Strict,
    /// As services may also do: absent members and empty lists as `null`, integers of members as text, members that
    /// nobody knows, and the members in reverse.
    Sloppy,
}

/// The JSON of a value; `None` if it is absent.
pub(crate) fn written(shown: &Shown, manner: Manner) -> Option<Value> {
    let sloppy = manner == Manner::Sloppy;
    Some(match shown {
        Shown::Absent => return None,
        Shown::Scalar(value, _) => value.clone(),
        Shown::List { items, kept: false, .. } if items.is_empty() => return None,
        Shown::List { items, .. } => items.iter().filter_map(|item| written(item, manner)).collect(),
        Shown::Map(entries) => {
            let entry = |(key, value): &(String, Shown)| Some((key.clone(), written(value, manner)?));
            Value::Object(entries.iter().filter_map(entry).collect())
        }
        Shown::Record(members) => {
            let mut object = Map::new();
            if sloppy {
                object.insert("NobodyKnows".to_owned(), json!({"this": [1, null, {"one": "!"}]}));
            }
            for (wire, member) in members {
                match written(member, manner) {
                    Some(Value::Number(number)) if sloppy && !number.is_f64() => {
                        object.insert((*wire).to_owned(), Value::from(number.to_string()));
                    }
                    Some(value) => {
                        object.insert((*wire).to_owned(), value);
                    }
                    None if sloppy => {
                        object.insert((*wire).to_owned(), Value::Null);
                    }
                    None => {}
                }
            }
            Value::Object(object)
        }
    })
}
