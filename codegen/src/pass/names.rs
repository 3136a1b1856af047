//! Gives every node its name in Rust: the provider's words in Rust's case. A name that an overlay set is kept.

use std::collections::BTreeMap;

use crate::emit::shape::is_name;
use crate::ir::{Api, Binding, Field, Operation, Origin, TypeKind};
use crate::{Error, ErrorKind, Errors};

/// Names that generated code uses unqualified; a type of that name gets another.
const RESERVED: &[&str] = &[
    "Blob",
    "BodyWriter",
    "Box",
    "CompactString",
    "Default",
    "Effect",
    "Err",
    "Into",
    "IntoIterator",
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Some",
    "String",
    "ToString",
    "Vec",
    "operation",
];

/// What modules of REST operations import beside them.
const RESERVED_IN_REST: &[&str] = &[
    "Body",
    "FilePart",
    "HeaderMap",
    "HeaderValue",
    "Method",
    "Multipart",
    "MultipartError",
    "Operation",
    "Query",
    "Request",
    "Style",
    "header",
    "query",
    "rest",
];

/// Runs the pass. Names that come to the same are made different: one that is as on the wire keeps it, others spell
/// their symbols or get a number.
///
/// # Errors
/// For each name of an overlay that is no name or is taken, and each two members or values that are the same on the wire.
pub fn run(mut api: Api) -> Result<Api, Errors> {
    let mut errors = Errors::default();
    let rest = api.operations.values().any(|operation| matches!(operation.binding, Binding::Rest { .. }));
    let reserved = |name: &str| RESERVED.contains(&name) || (rest && RESERVED_IN_REST.contains(&name));
    let mut types = Scope::of_types(reserved);
    let named = api.types.iter_mut().filter(|(_, def)| !matches!(def.kind, TypeKind::Alias(_)));
    let named: Vec<_> = named
        .map(|(name, def)| {
            let mut names = of_type(&name.local, "Type");
            // Of two types that generated code leaves alone neither is more of a type.
            names.wanted.truncate(if names.wanted.first().is_some_and(|name| reserved(name)) { 3 } else { 2 });
            Named { names, origin: &def.origin, set: &mut def.rust_name }
        })
        .collect();
    types.name(named, &mut errors);
    for (name, def) in &mut api.types {
        match &mut def.kind {
            TypeKind::Struct { fields, .. } => name_fields(fields.iter_mut().map(|field| (field, "")), &mut errors),
            TypeKind::Enum { values } => {
                let wires = values.iter().map(|value| ((value.wire.as_str(), ""), &def.origin));
                refuse_twice("value", wires, &mut errors);
                let named = values.iter_mut().map(|value| Named {
                    names: of_variant(&value.wire),
                    origin: &def.origin,
                    set: &mut value.rust_name,
                });
                Scope::default().name(named.collect(), &mut errors);
            }
            TypeKind::Alias(_) if def.rust_name.is_empty() => def.rust_name = or_unnamed(pascal_case(&name.local)),
            TypeKind::Alias(_) => {}
        }
    }
    // Markers of SOAP operations have a module of their own.
    let mut operations = if rest { types } else { Scope::of_types(reserved) };
    let named = api.operations.values_mut().map(|operation| Named {
        names: of_type(operation_name(operation), "Operation"),
        origin: &operation.origin,
        set: &mut operation.rust_name,
    });
    operations.name(named.collect(), &mut errors);
    for operation in api.operations.values_mut() {
        if let Binding::Rest { params, .. } = &mut operation.binding {
            let places: Vec<String> = params.iter().map(|param| format!("{:?}", param.location)).collect();
            let fields = params.iter_mut().map(|param| &mut param.field).zip(places.iter().map(String::as_str));
            name_fields(fields, &mut errors);
        }
    }
    errors.into_result(api)
}

/// Members, each with the place that it stands in.
fn name_fields<'f>(fields: impl Iterator<Item = (&'f mut Field, &'f str)>, errors: &mut Errors) {
    let fields: Vec<_> = fields.collect();
    let wires = fields.iter().map(|(field, place)| ((field.wire.as_str(), *place), &field.origin));
    refuse_twice("member", wires, errors);
    let named = fields.into_iter().map(|(field, _)| Named {
        names: of_member(&field.wire),
        origin: &field.origin,
        set: &mut field.rust_name,
    });
    Scope::default().name(named.collect(), errors);
}

fn refuse_twice<'w>(what: &str, wires: impl Iterator<Item = ((&'w str, &'w str), &'w Origin)>, errors: &mut Errors) {
    let mut seen = BTreeMap::new();
    for (wire, origin) in wires {
        if let Some(first) = seen.insert(wire, origin) {
            let detail = format!("the {what} `{}` is declared twice, first at schemas/{first}", wire.0);
            errors.push(Error::new(ErrorKind::Clash, origin, detail));
        }
    }
}

/// Something that gets a name.
struct Named<'n> {
    names: Names,
    origin: &'n Origin,
    set: &'n mut String,
}

/// The names that something can have.
struct Names {
    /// 0 if the first is as on the wire, 1 if it leaves nothing out, 2 otherwise.
    rank: u8,
    /// In the order of preference.
    wanted: Vec<String>,
    /// What a number goes behind if all others are taken.
    numbered: String,
}

/// Names taken so far and where, and names that are never free.
struct Scope<'r>(BTreeMap<String, Origin>, Box<dyn Fn(&str) -> bool + 'r>);

impl Default for Scope<'_> {
    fn default() -> Self {
        Self(BTreeMap::new(), Box::new(|_| false))
    }
}

impl<'r> Scope<'r> {
    fn of_types(reserved: impl Fn(&str) -> bool + 'r) -> Self {
        Self(BTreeMap::new(), Box::new(reserved))
    }

    /// Names everything that has no name yet; what an overlay named comes first.
    fn name(&mut self, named: Vec<Named<'_>>, errors: &mut Errors) {
        let (mut unnamed, set): (Vec<_>, Vec<_>) = named.into_iter().partition(|named| named.set.is_empty());
        for named in set {
            self.claim(named.set, named.origin, errors);
        }
        unnamed.sort_by_key(|named| named.names.rank);
        for named in unnamed {
            let Names { wanted, numbered, .. } = named.names;
            let joint = if numbered.ends_with(|c: char| c.is_ascii_digit()) || is_snake(&numbered) { "_" } else { "" };
            // As many numbers as there are names leave one that is free.
            let numbers = (2..self.0.len() + 3).map(|number| format!("{numbered}{joint}{number}"));
            let free = |name: &String| !self.1(name) && !self.0.contains_key(name);
            let name = wanted.into_iter().chain(numbers).find(free).unwrap_or(numbered);
            self.claim(&name, named.origin, errors);
            *named.set = name;
        }
    }

    fn claim(&mut self, name: &str, origin: &Origin, errors: &mut Errors) {
        // An overlay may have set anything.
        if !is_name(name) {
            errors.push(Error::new(ErrorKind::Syntax, origin, format!("`{name}` is not a name in Rust")));
        } else if (self.1)(name) {
            errors.push(Error::new(ErrorKind::Clash, origin, format!("the name `{name}` is used by generated code")));
        } else if let Some(first) = self.0.insert(name.to_owned(), origin.clone()) {
            errors.push(Error::new(ErrorKind::Clash, origin, format!("the name `{name}` is taken by schemas/{first}")));
        }
    }
}

fn is_snake(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Names of a type or an operation; `more` goes behind one that generated code uses otherwise, or that a type has.
fn of_type(wire: &str, more: &str) -> Names {
    let name = or_unnamed(pascal_case(wire));
    names(wire, name.clone(), pascal_case(&spelled(wire)), Some(name + more))
}

/// `Unknown` is the variant that every open enum has.
fn of_variant(wire: &str) -> Names {
    let name = match pascal_case(wire) {
        name if name == "Unknown" || name == "Self" => name + "Value",
        name if !name.is_empty() => name,
        _ if wire.is_empty() => "Empty".to_owned(),
        _ => pascal_case(&spelled(wire)),
    };
    let spelled = match pascal_case(&spelled(wire)) {
        name if name == "Unknown" || name == "Self" => name + "Value",
        name if name.is_empty() => "Empty".to_owned(),
        name => name,
    };
    names(wire, name, spelled, None)
}

fn of_member(wire: &str) -> Names {
    let spelled = snake_case(&spelled(wire));
    let named = wire.contains(|c: char| c.is_ascii_alphanumeric());
    names(wire, if named { snake_case(wire) } else { spelled.clone() }, spelled, None)
}

fn names(wire: &str, name: String, spelled: String, more: Option<String>) -> Names {
    let rank = match () {
        () if wire == name => 0,
        () if spelled == name => 1,
        () => 2,
    };
    let numbered = name.clone();
    let spelled = Some(spelled).filter(|spelled| !spelled.is_empty());
    Names { rank, wanted: [Some(name), spelled, more].into_iter().flatten().collect(), numbered }
}

fn or_unnamed(name: String) -> String {
    if name.is_empty() { "Unnamed".to_owned() } else { name }
}

/// Words for symbols, so that `+1` and `-1` can be told apart.
const SYMBOLS: &[(char, &str)] = &[
    ('+', "plus"),
    ('-', "minus"),
    ('_', "underscore"),
    ('.', "dot"),
    (',', "comma"),
    (':', "colon"),
    (';', "semicolon"),
    ('/', "slash"),
    ('\\', "backslash"),
    ('|', "bar"),
    ('*', "star"),
    ('<', "less"),
    ('>', "greater"),
    ('=', "equal"),
    ('!', "not"),
    ('?', "question"),
    ('&', "and"),
    ('%', "percent"),
    ('#', "hash"),
    ('@', "at"),
    ('$', "dollar"),
    ('~', "tilde"),
    ('^', "caret"),
    (' ', "space"),
];

/// The text with its symbols as words; `_`, `-` and spaces between others are only their joints.
fn spelled(wire: &str) -> String {
    let mut out = String::new();
    let mut chars = wire.chars().peekable();
    let mut inside = false;
    while let Some(c) = chars.next() {
        let joint = matches!(c, '_' | '-' | ' ') && inside && chars.peek().is_some_and(char::is_ascii_alphanumeric);
        inside = c.is_ascii_alphanumeric();
        match SYMBOLS.iter().find(|(symbol, _)| *symbol == c) {
            _ if inside => out.push(c),
            _ if joint => out.push(c),
            Some((_, word)) => out += &format!(" {word} "),
            None => out += &format!(" u{:x} ", u32::from(c)),
        }
    }
    out
}

/// The method of a service, without the service's name.
fn operation_name(operation: &Operation) -> &str {
    match &operation.binding {
        Binding::Soap { method, .. } => method,
        Binding::Rest { .. } => &operation.name,
    }
}

/// `FIXED_IMAGE` and `fixedImage` to `FixedImage`. An underscore stays between digits, so that sizes can be told apart:
/// `IMG_240_400` is `Img240_400`.
pub fn pascal_case(wire: &str) -> String {
    let mut name = String::new();
    for word in words(wire) {
        let digits = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if name.is_empty() && digits(word.chars().next()) {
            name.push_str("Value");
        } else if digits(name.chars().last()) && digits(word.chars().next()) {
            name.push('_');
        }
        let mut chars = word.chars();
        name.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        name.extend(chars.map(|c| c.to_ascii_lowercase()));
    }
    name
}

/// `AdImageURL` to `ad_image_url`, `AdIDS` to `ad_ids`.
pub fn snake_case(wire: &str) -> String {
    let name = words(wire).join("_").to_ascii_lowercase();
    match name.as_str() {
        // The keywords that cannot be raw identifiers.
        "self" | "super" | "crate" => name + "_",
        "" => "unnamed".to_owned(),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("value_{name}"),
        _ => name,
    }
}

/// Splits where the case rises, where a run of capitals ends, and at anything that is not a letter or a digit.
fn words(wire: &str) -> Vec<String> {
    let chars: Vec<char> = wire.chars().collect();
    let mut words = vec![String::new()];
    for (index, c) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|index| chars.get(index));
        let next = chars.get(index + 1);
        let rises = c.is_ascii_uppercase() && previous.is_some_and(|p| p.is_ascii_lowercase() || p.is_ascii_digit());
        let ends_run = c.is_ascii_uppercase()
            && previous.is_some_and(char::is_ascii_uppercase)
            && next.is_some_and(char::is_ascii_lowercase);
        if rises || ends_run || !c.is_ascii_alphanumeric() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphanumeric()) {
            word.push(*c);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variants(wires: &[&str]) -> Vec<String> {
        let mut set = vec![String::new(); wires.len()];
        let origin = Origin::default();
        let named = wires.iter().zip(&mut set);
        let named = named.map(|(wire, set)| Named { names: of_variant(wire), origin: &origin, set });
        let mut errors = Errors::default();
        Scope::default().name(named.collect(), &mut errors);
        errors.into_result(set).unwrap()
    }

    #[test]
    fn names_that_come_to_the_same_are_made_different() {
        for (wires, expected) in [
            (&["asc", "ASC", "Asc"][..], &["Asc2", "Asc3", "Asc"][..]),
            (&["-created", "created"], &["MinusCreated", "Created"]),
            (&["+1", "-1"], &["Value1", "Minus1"]),
            (&["<", "<=", ">", "", "*", "é"], &["Less", "LessEqual", "Greater", "Empty", "Star", "Ue9"]),
            (&["a-b", "a_b", "aB"], &["AB", "AB2", "AB3"]),
            (&["v1", "v-1", "V1"], &["V1_2", "V1_3", "V1"]),
            (&["unknown", "UnknownValue"], &["UnknownValue2", "UnknownValue"]),
        ] {
            assert_eq!(variants(wires), expected, "{wires:?}");
        }
    }

    #[test]
    fn names_follow_the_providers_words() {
        let cases = [
            ("AdImageURL", "AdImageUrl", "ad_image_url"),
            ("AdIDS", "AdIds", "ad_ids"),
            ("AdImageUploadTaskIDS", "AdImageUploadTaskIds", "ad_image_upload_task_ids"),
            ("URL", "Url", "url"),
            ("url_128", "Url128", "url_128"),
            ("FIXED_IMAGE", "FixedImage", "fixed_image"),
            ("IMG_240_400", "Img240_400", "img_240_400"),
            ("requestId", "RequestId", "request_id"),
            ("PingAPI_XInfo", "PingApiXInfo", "ping_api_x_info"),
        ];
        for (wire, pascal, snake) in cases {
            assert_eq!((pascal_case(wire).as_str(), snake_case(wire).as_str()), (pascal, snake), "{wire}");
        }
    }
}
