//! Turning a SOAP structure into the value that its JSON form would be, by the shape table: so both forms are checked
//! and read by the same code. An element that is nil or empty counts as left out, as recorded of v5.

use serde_json::{Map, Number, Value};

use super::read::Element;
use crate::shape::{Kind, Member};

/// How lists are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lists {
    /// Repeated elements without a wrapper (document/literal).
    Repeated,
    /// An element whose children are the items, whatever their names (rpc/encoded).
    Wrapped,
}

/// The members of `element` as an object. Unknown elements become nulls, for the check to find.
pub(crate) fn object(element: Element, members: &'static [Member], lists: Lists) -> Value {
    let mut object = Map::new();
    for child in element.children {
        let Some(member) = members.iter().find(|member| member.name == child.name) else {
            object.insert(child.name, Value::Null);
            continue;
        };
        match (&member.kind, lists) {
            (Kind::List(kind), Lists::Repeated) => {
                let Some(item) = value(child, kind, lists) else { continue };
                match object.entry(member.name).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(items) => items.push(item),
                    other => *other = item,
                }
            }
            (kind, _) => {
                let Some(read) = value(child, kind, lists) else { continue };
                // A member given twice has no single value; a list never fits the kinds that reach this point.
                let read = if object.contains_key(member.name) { Value::Array(vec![read]) } else { read };
                object.insert(member.name.to_owned(), read);
            }
        }
    }
    Value::Object(object)
}

fn value(element: Element, kind: &'static Kind, lists: Lists) -> Option<Value> {
    if element.nil || (element.children.is_empty() && element.text.is_empty()) {
        return None;
    }
    Some(match kind {
        Kind::Text | Kind::Word(_) if element.children.is_empty() => Value::String(element.text),
        Kind::Text | Kind::Word(_) => Value::Null,
        Kind::Long => match element.text.trim().parse::<i64>() {
            Ok(number) => Value::Number(Number::from(number)),
            Err(_) => Value::String(element.text),
        },
        Kind::List(kind) if !element.children.is_empty() => {
            Value::Array(element.children.into_iter().filter_map(|child| value(child, kind, lists)).collect())
        }
        Kind::List(_) if element.text.trim().is_empty() => return None,
        Kind::List(_) => Value::String(element.text),
        Kind::Struct(members) => {
            if element.children.is_empty() && !element.text.trim().is_empty() {
                return Some(Value::String(element.text));
            }
            object(element, members, lists)
        }
    })
}
