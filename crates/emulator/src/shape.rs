//! What a request structure may hold, as a table, and the check of a received value against it. The Yandex APIs word
//! their refusals differently; here a refusal is only described.

use serde_json::{Map, Value};

/// The kind of a member.
#[derive(Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number.
    Long,
    /// A list.
    List(&'static Kind),
    /// A structure.
    Struct(&'static [Member]),
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

/// A member that must be present.
pub(crate) const fn required(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: true }
}

/// A member that may be left out.
pub(crate) const fn optional(name: &'static str, kind: Kind) -> Member {
    Member { name, kind, required: false }
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    Omitted,
    Unknown,
    NotText,
    NotLong,
    NotList,
    NotStruct,
    NotInEnum,
}

/// Where a value departs from its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    pub(crate) wrong: Wrong,
    pub(crate) member: String,
    /// The structure around the member; empty at the top.
    pub(crate) within: String,
    /// Whether that structure is an item of a list.
    pub(crate) in_item: bool,
}

/// Checks the members of a structure. A null counts as left out.
///
/// # Errors
/// The first departure found.
pub(crate) fn check(value: &Value, members: &'static [Member]) -> Result<(), Misfit> {
    let misfit =
        |wrong, member: &str| Misfit { wrong, member: member.to_owned(), within: String::new(), in_item: false };
    let object = value.as_object().ok_or_else(|| misfit(Wrong::NotStruct, "params"))?;
    check_members(object, members, "", false)
}

fn check_members(
    object: &Map<String, Value>,
    members: &'static [Member],
    within: &str,
    in_item: bool,
) -> Result<(), Misfit> {
    let misfit = |wrong, member: &str| Misfit { wrong, member: member.to_owned(), within: within.to_owned(), in_item };
    for member in members {
        match object.get(member.name) {
            None | Some(Value::Null) if member.required => return Err(misfit(Wrong::Omitted, member.name)),
            None | Some(Value::Null) => {}
            Some(value) => match check_value(value, &member.kind, member.name, false) {
                Ok(()) => {}
                Err(Depart::Here(wrong)) => return Err(misfit(wrong, member.name)),
                Err(Depart::Below(inner)) => return Err(inner),
            },
        }
    }
    match object.keys().find(|key| members.iter().all(|member| member.name != key.as_str())) {
        Some(key) => Err(misfit(Wrong::Unknown, &key.chars().take(80).collect::<String>())),
        None => Ok(()),
    }
}

enum Depart {
    Here(Wrong),
    Below(Misfit),
}

fn check_value(value: &Value, kind: &'static Kind, name: &str, in_item: bool) -> Result<(), Depart> {
    match (kind, value) {
        (Kind::Text, Value::String(_)) => Ok(()),
        (Kind::Text, _) => Err(Depart::Here(Wrong::NotText)),
        (Kind::Word(words), Value::String(word)) if words.contains(&word.as_str()) => Ok(()),
        (Kind::Word(_), _) => Err(Depart::Here(Wrong::NotInEnum)),
        (Kind::Long, value) if value.is_i64() => Ok(()),
        (Kind::Long, _) => Err(Depart::Here(Wrong::NotLong)),
        (Kind::List(kind), Value::Array(items)) => {
            items.iter().try_for_each(|item| check_value(item, kind, name, true))
        }
        (Kind::List(_), _) => Err(Depart::Here(Wrong::NotList)),
        (Kind::Struct(members), Value::Object(object)) => {
            check_members(object, members, name, in_item).map_err(Depart::Below)
        }
        (Kind::Struct(_), _) => Err(Depart::Here(Wrong::NotStruct)),
    }
}

/// Takes a member out as text; absent or null is empty.
pub(crate) fn take_text(object: &mut Map<String, Value>, name: &str) -> String {
    match object.remove(name) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Takes a member out as a list; `None` when absent or null.
pub(crate) fn take_list(object: &mut Map<String, Value>, name: &str) -> Option<Vec<Value>> {
    match object.remove(name) {
        Some(Value::Array(items)) => Some(items),
        _ => None,
    }
}

/// Takes a member out as a list of texts; `None` when absent or null.
pub(crate) fn take_texts(object: &mut Map<String, Value>, name: &str) -> Option<Vec<String>> {
    take_list(object, name).map(|items| {
        let texts = items.into_iter().filter_map(|item| match item {
            Value::String(text) => Some(text),
            _ => None,
        });
        texts.collect()
    })
}

/// Takes a member out as a structure; absent or null is an empty one.
pub(crate) fn take_object(object: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    match object.remove(name) {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    }
}

/// A member as a whole number; `None` when absent or null.
pub(crate) fn long(object: &Map<String, Value>, name: &str) -> Option<i64> {
    object.get(name).and_then(Value::as_i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static ITEM: [Member; 2] = [required("Name", Kind::Text), optional("Type", Kind::Word(&["AUTO"]))];
    static TOP: [Member; 2] = [required("Items", Kind::List(&Kind::Struct(&ITEM))), optional("Limit", Kind::Long)];

    #[test]
    fn a_departure_names_its_member_and_the_list_around_it() {
        let cases = [
            (json!({}), Wrong::Omitted, "Items", "", false),
            (json!({"Items": [{"Type": "AUTO"}]}), Wrong::Omitted, "Name", "Items", true),
            (json!({"Items": [{"Name": "a", "Type": "X"}]}), Wrong::NotInEnum, "Type", "Items", true),
            (json!({"Items": [{"Name": 1}]}), Wrong::NotText, "Name", "Items", true),
            (json!({"Items": {}}), Wrong::NotList, "Items", "", false),
            (json!({"Items": [], "Limit": "1"}), Wrong::NotLong, "Limit", "", false),
            (json!({"Items": [], "Ids": null}), Wrong::Unknown, "Ids", "", false),
        ];
        for (value, wrong, member, within, in_item) in cases {
            let expected = Misfit { wrong, member: member.to_owned(), within: within.to_owned(), in_item };
            assert_eq!(check(&value, &TOP), Err(expected), "{value}");
        }
        assert_eq!(check(&json!({"Items": [{"Name": "a", "Type": null}], "Limit": 3}), &TOP), Ok(()));
    }
}
