//! What the WSDL and the XSD parser share: places, qualified names and documentation of nodes.

use roxmltree::{Document, Node};

use crate::ir::{Origin, TypeName};
use crate::{Error, ErrorKind};

pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
pub(super) const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
pub(super) const SOAP_ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";

/// Parses one file.
pub(super) fn document<'i>(file: &str, bytes: &'i [u8]) -> Result<Document<'i>, Error> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Error::in_file(ErrorKind::Syntax, file, format!("not UTF-8: {error}")))?;
    Document::parse(text).map_err(|error| Error::in_file(ErrorKind::Syntax, file, format!("not XML: {error}")))
}

/// A file being read, for the places of its nodes.
#[derive(Clone, Copy)]
pub(super) struct File<'f>(pub(super) &'f str);

impl File<'_> {
    /// Where `node` starts.
    pub(super) fn origin(&self, node: Node<'_, '_>) -> Origin {
        let line = node.document().text_pos_at(node.range().start).row;
        Origin { file: self.0.to_owned(), place: line.to_string() }
    }

    /// An error at `node`.
    pub(super) fn error(&self, kind: ErrorKind, node: Node<'_, '_>, detail: impl Into<String>) -> Error {
        Error::new(kind, &self.origin(node), detail)
    }

    /// The error for a construct that the parser does not read.
    pub(super) fn unsupported(&self, node: Node<'_, '_>) -> Error {
        self.error(ErrorKind::Unsupported, node, format!("`{}` is not supported here", node.tag_name().name()))
    }

    /// The attribute that the format demands.
    pub(super) fn attribute<'n>(&self, node: Node<'n, '_>, name: &str) -> Result<&'n str, Error> {
        node.attribute(name)
            .ok_or_else(|| self.error(ErrorKind::Syntax, node, format!("`{}` has no `{name}`", node.tag_name().name())))
    }

    /// The name that `prefixed` stands for at `node`.
    pub(super) fn qualified(&self, node: Node<'_, '_>, prefixed: &str) -> Result<TypeName, Error> {
        let (prefix, local) = match prefixed.split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, prefixed),
        };
        match (node.lookup_namespace_uri(prefix), prefix) {
            (Some(namespace), _) => Ok(TypeName { namespace: namespace.to_owned(), local: local.to_owned() }),
            (None, None) => Ok(TypeName { namespace: String::new(), local: local.to_owned() }),
            (None, Some(prefix)) => {
                Err(self.error(ErrorKind::Unresolved, node, format!("the prefix `{prefix}` is not declared")))
            }
        }
    }
}

/// Child elements of `node` in the namespace of schemas or service descriptions, annotations left out.
pub(super) fn children<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children()
        .filter(|child| child.is_element() && !matches!(child.tag_name().name(), "annotation" | "documentation"))
}

/// Child elements with a name.
pub(super) fn named<'a, 'i>(node: Node<'a, 'i>, namespace: &str, name: &str) -> Vec<Node<'a, 'i>> {
    node.children().filter(|child| child.has_tag_name((namespace, name))).collect()
}

/// The documentation of a schema node or a service description node, its white space joined; may be empty.
pub(super) fn documentation(node: Node<'_, '_>) -> String {
    let holders = node.children().filter(|child| child.has_tag_name((XSD, "annotation"))).chain([node]);
    let texts = holders
        .flat_map(|holder| holder.children())
        .filter(|child| child.has_tag_name((XSD, "documentation")) || child.has_tag_name((WSDL, "documentation")));
    let joined: Vec<&str> = texts.filter_map(|text| text.text()).flat_map(str::split_whitespace).collect();
    joined.join(" ")
}
