//! Values of a document with their JSON pointers, and what `$ref` leads to. References stay within the document.

use serde_json::Value;

use crate::ir::Origin;
use crate::{Error, ErrorKind};

#[derive(Clone, Copy)]
pub(super) struct Document<'d> {
    pub(super) file: &'d str,
    pub(super) root: &'d Value,
}

impl<'d> Document<'d> {
    /// The node at a pointer; `null` where there is none.
    pub(super) fn at(self, pointer: &str) -> Node<'d> {
        let value = self.root.pointer(pointer).unwrap_or(&Value::Null);
        let key = pointer.rsplit_once('/').map_or("", |(_, key)| key).replace("~1", "/").replace("~0", "~");
        Node { document: self, place: pointer.to_owned(), key, value }
    }
}

/// A value of the document and its JSON pointer.
#[derive(Clone)]
pub(super) struct Node<'d> {
    document: Document<'d>,
    pub(super) place: String,
    /// Its key in the object that holds it, or its index.
    pub(super) key: String,
    pub(super) value: &'d Value,
}

impl<'d> Node<'d> {
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        self.value.get(key).map(|value| self.child(key, value))
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some()
    }

    /// Whether the member is `true`.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.value.get(key) == Some(&Value::Bool(true))
    }

    fn child(&self, key: &str, value: &'d Value) -> Self {
        let place = format!("{}/{}", self.place, key.replace('~', "~0").replace('/', "~1"));
        Self { document: self.document, place, key: key.to_owned(), value }
    }

    /// The members by name: their order in the document has no meaning.
    pub(super) fn members(&self) -> Vec<Self> {
        let mut members: Vec<_> = self.value.as_object().into_iter().flatten().collect();
        members.sort_by_key(|(key, _)| *key);
        members.into_iter().map(|(key, value)| self.child(key, value)).collect()
    }

    /// The members of the object at `key`.
    pub(super) fn members_of(&self, key: &str) -> Vec<Self> {
        self.get(key).map(|node| node.members()).unwrap_or_default()
    }

    /// The items of the list at `key`.
    pub(super) fn elements_of(&self, key: &str) -> Vec<Self> {
        let Some(list) = self.get(key) else { return Vec::new() };
        let elements = list.value.as_array().into_iter().flatten().enumerate();
        elements.map(|(index, value)| list.child(&index.to_string(), value)).collect()
    }

    /// What `$ref` points at, over any number of steps, or the node itself.
    pub(super) fn target(&self) -> Result<Self, Error> {
        let mut node = self.clone();
        let mut seen = Vec::new();
        while let Some(next) = node.step()? {
            if seen.contains(&next.place) {
                return Err(self.error(ErrorKind::Unresolved, format!("`{}` refers to itself", next.place)));
            }
            seen.push(next.place.clone());
            node = next;
        }
        Ok(node)
    }

    /// What `$ref` points at, in one step; `None` without.
    pub(super) fn step(&self) -> Result<Option<Self>, Error> {
        let Some(reference) = self.text("$ref")? else { return Ok(None) };
        let Some(fragment) = reference.strip_prefix('#') else {
            let detail = format!("`{reference}` is in another document; put both into one first");
            return Err(self.error(ErrorKind::Unsupported, detail));
        };
        let pointer = decoded(fragment);
        match self.document.root.pointer(&pointer) {
            Some(_) => Ok(Some(self.document.at(&pointer))),
            None => Err(self.error(ErrorKind::Unresolved, format!("`{reference}` refers to nothing"))),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'d str>, Error> {
        match self.value.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.error(ErrorKind::Syntax, format!("`{key}` is not text"))),
        }
    }

    pub(super) fn origin(&self) -> Origin {
        Origin { file: self.document.file.to_owned(), place: self.place.clone() }
    }

    pub(super) fn error(&self, kind: ErrorKind, detail: impl Into<String>) -> Error {
        Error::new(kind, &self.origin(), detail)
    }
}

/// A fragment of an address without percent-encoding; as it is where that makes no text.
fn decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.filter(|_| *first == b'%').and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}
