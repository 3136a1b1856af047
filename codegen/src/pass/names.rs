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
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Some",
    "String",
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
    "header",
    "query",
    "rest",
];

/// Runs the pass.
///
/// # Errors
/// For each two nodes that would get one name.
pub fn run(mut api: Api) -> Result<Api, Errors> {
    let mut errors = Errors::default();
    let rest = api.operations.values().any(|operation| matches!(operation.binding, Binding::Rest { .. }));
    let reserved = |name: &str| RESERVED.contains(&name) || (rest && RESERVED_IN_REST.contains(&name));
    let mut types = Scope::of_types(reserved);
    for (name, def) in &mut api.types {
        set(&mut def.rust_name, || free_name(&name.local, "Type", reserved));
        if !matches!(def.kind, TypeKind::Alias(_)) {
            types.claim(&def.rust_name, &def.origin, &mut errors);
        }
        match &mut def.kind {
            TypeKind::Struct { fields, .. } => name_fields(fields.iter_mut(), &mut errors),
            TypeKind::Enum { values } => {
                let mut variants = Scope::default();
                for value in values {
                    set(&mut value.rust_name, || variant_name(&value.wire));
                    variants.claim(&value.rust_name, &def.origin, &mut errors);
                }
            }
            TypeKind::Alias(_) => {}
        }
    }
    // Markers of SOAP operations have a module of their own.
    let mut operations = if rest { types } else { Scope::of_types(reserved) };
    for operation in api.operations.values_mut() {
        let name = free_name(operation_name(operation), "Operation", reserved);
        set(&mut operation.rust_name, || name);
        operations.claim(&operation.rust_name, &operation.origin, &mut errors);
        if let Binding::Rest { params, .. } = &mut operation.binding {
            name_fields(params.iter_mut().map(|param| &mut param.field), &mut errors);
        }
    }
    errors.into_result(api)
}

fn name_fields<'f>(fields: impl Iterator<Item = &'f mut Field>, errors: &mut Errors) {
    let mut scope = Scope::default();
    for field in fields {
        set(&mut field.rust_name, || snake_case(&field.wire));
        scope.claim(&field.rust_name, &field.origin, errors);
    }
}

fn set(rust_name: &mut String, name: impl FnOnce() -> String) {
    if rust_name.is_empty() {
        *rust_name = name();
    }
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

/// The name of a type; with `more` if generated code uses it otherwise.
fn free_name(wire: &str, more: &str, reserved: impl Fn(&str) -> bool) -> String {
    match pascal_case(wire) {
        name if name.is_empty() => "Unnamed".to_owned(),
        name if reserved(&name) => name + more,
        name => name,
    }
}

/// `Unknown` is the variant that every open enum has.
fn variant_name(wire: &str) -> String {
    match pascal_case(wire) {
        name if name == "Unknown" || name == "Self" => name + "Value",
        name if name.is_empty() => "Empty".to_owned(),
        name => name,
    }
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
    use super::{pascal_case, snake_case};

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
