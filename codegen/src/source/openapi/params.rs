//! Parameters of path, query, headers and cookies, in the styles that OpenAPI names. A path item's parameters hold for
//! each of its operations, which may declare them anew.

use super::{Node, Reader};
use crate::ir::{Field, Location, Param, Scalar, Style, TypeKind, TypeRef};
use crate::pass::names::pascal_case;
use crate::{Error, ErrorKind, Errors};

/// Headers that a parameter cannot set: the specification leaves them to the body, the answer and the credential.
const NOT_PARAMETERS: &[&str] = &["accept", "content-type", "authorization"];

impl<'d> Reader<'d> {
    pub(super) fn params(&mut self, path: &str, holders: [&Node<'d>; 2], operation: &str) -> Result<Vec<Param>, Error> {
        let mut found: Vec<((&str, &str), Node<'d>)> = Vec::new();
        for holder in holders {
            for node in holder.elements_of("parameters") {
                let node = node.target()?;
                let name = node.text("name")?;
                let name = name.ok_or_else(|| node.error(ErrorKind::Syntax, "the parameter has no name"))?;
                let place = node.text("in")?;
                let place = place.ok_or_else(|| node.error(ErrorKind::Syntax, format!("`{name}` has no place")))?;
                match found.iter_mut().find(|(key, _)| *key == (place, name)) {
                    Some((_, first)) => *first = node,
                    None => found.push(((place, name), node)),
                }
            }
        }
        let mut params = Vec::new();
        for ((place, name), node) in found {
            if place == "path" && !path.contains(&format!("{{{name}}}")) {
                self.note(&node, format!("the parameter `{name}` is not in the path and is left out"));
            } else if place != "header" || !NOT_PARAMETERS.contains(&name.to_ascii_lowercase().as_str()) {
                params.push(self.param(&node, place, name, operation)?);
            }
        }
        Ok(params)
    }

    fn param(&mut self, node: &Node<'d>, place: &str, name: &str, operation: &str) -> Result<Param, Error> {
        let content = node.members_of("content");
        let schema = node.get("schema").or_else(|| content.first().and_then(|media| media.get("schema")));
        let ty = match &schema {
            Some(schema) => self.type_ref(schema, &format!("{}{}", pascal_case(operation), pascal_case(name)))?,
            None => TypeRef::Scalar(Scalar::String),
        };
        self.drain_into_error()?;
        let unread = |detail: &str| node.error(ErrorKind::Unsupported, format!("the {detail} of `{name}` is not read"));
        let style = node.text("style")?;
        let form = style.is_none_or(|style| style == "form");
        let each = node.value.get("explode").map_or(form, |explode| *explode == true);
        let structured = self.is_structured(&ty);
        let plain_text = |ty: &TypeRef| matches!(ty, TypeRef::Scalar(scalar) if *scalar != Scalar::Json);
        let location = match (place, style) {
            _ if !content.is_empty() && place != "query" => return Err(unread("media type")),
            ("path", None | Some("simple")) => Location::Path,
            ("header", None | Some("simple")) => Location::Header,
            ("cookie", None | Some("form")) => Location::Cookie,
            ("query", _) if !content.is_empty() => Location::QueryStyled(Style::Json),
            ("query", _) if !structured => Location::Query,
            ("query", Some("deepObject")) => Location::QueryStyled(Style::Deep),
            ("query", None | Some("form" | "spaceDelimited" | "pipeDelimited")) if each => {
                Location::QueryStyled(Style::Each)
            }
            ("query", Some("spaceDelimited")) => Location::QueryStyled(Style::Spaces),
            ("query", Some("pipeDelimited")) => Location::QueryStyled(Style::Pipes),
            ("query", None | Some("form")) => match &ty {
                TypeRef::List(item) if plain_text(item) && self.is_text(item) => Location::QueryCommas,
                _ => Location::QueryStyled(Style::Commas),
            },
            ("path" | "header" | "cookie" | "query", _) => return Err(unread("style")),
            _ => return Err(unread("place")),
        };
        if matches!(location, Location::Header | Location::Cookie) && !name.bytes().all(is_token) {
            return Err(node.error(ErrorKind::Syntax, format!("`{name}` cannot be the name of a {place}")));
        }
        let required = location == Location::Path || node.flag("required");
        let doc = self.field(node, name, ty)?;
        let inline = doc.inline || schema.is_some_and(|schema| schema.flag("x-inline"));
        let wire = if location == Location::Header { name.to_ascii_lowercase() } else { name.to_owned() };
        Ok(Param { field: Field { wire, required, inline, nillable: false, ..doc }, location })
    }

    /// Reads what was referred to, so that it is known what it is.
    pub(super) fn drain_into_error(&mut self) -> Result<(), Error> {
        let mut errors = Errors::default();
        self.drain(&mut errors);
        match errors.iter().next() {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Whether values are more than one text.
    pub(super) fn is_structured(&self, ty: &TypeRef) -> bool {
        match self.behind(ty) {
            Some(TypeRef::Named(name)) => {
                !self.types.get(name).is_some_and(|def| matches!(def.kind, TypeKind::Enum { .. }))
            }
            Some(TypeRef::Scalar(scalar)) => *scalar == Scalar::Json,
            Some(TypeRef::List(_) | TypeRef::Map(_)) | None => true,
        }
    }

    fn is_text(&self, ty: &TypeRef) -> bool {
        matches!(self.behind(ty), Some(TypeRef::Scalar(scalar)) if crate::emit::shape::is_text(*scalar))
    }
}

/// Characters of a token (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
